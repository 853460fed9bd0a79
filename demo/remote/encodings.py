"""Bodies that arrive compressed although they were not asked to be, as some proxies send them.

What comes out is bounded, for a few bytes can hold gigabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from demo.remote.faults import EncodingError

_ANY = 32 + zlib.MAX_WBITS  # gzip and zlib, told apart by their first bytes
_UNREAD = ("br", "zstd", "compress")


def decoder(headers: Mapping[str, str]) -> Callable[[bytes, int], bytes]:
    """What makes the next bytes of a body plain, at most as many as it is told.

    Raises EncodingError, also when it is used, for a body that cannot be made plain.
    """
    named = headers.get("content-encoding", "").lower().replace(" ", "").split(",")
    packed = [name.removeprefix("x-") for name in named if name not in ("", "identity")]
    if unread := next((name for name in packed if name in _UNREAD), ""):
        raise EncodingError(unread)
    if packed not in (["gzip"], ["deflate"]):  # some write what is none, such as utf-8
        return lambda part, _most: part
    unpack = zlib.decompressobj(_ANY)

    def plain(part: bytes, most: int) -> bytes:
        try:
            return unpack.decompress(part, most)
        except zlib.error:
            raise EncodingError(packed[0]) from None

    return plain
