"""Decompression of bodies that arrive compressed without being asked for, as some proxies send them.

The output is bounded, because a few bytes can expand to gigabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from demo.remote.errors import EncodingError

_ANY = 32 + zlib.MAX_WBITS  # gzip and zlib, told apart by their first bytes
_UNSUPPORTED = ("br", "zstd", "compress")


def decoder(headers: Mapping[str, str]) -> Callable[[bytes, int], bytes]:
    """A function that decompresses the next bytes of a body, into at most the given number of bytes.

    Raises EncodingError, as does the function, for a body that cannot be decompressed.
    """
    named = headers.get("content-encoding", "").lower().replace(" ", "").split(",")
    packed = [name.removeprefix("x-") for name in named if name not in ("", "identity")]
    if unread := next((name for name in packed if name in _UNSUPPORTED), ""):
        raise EncodingError(unread)
    if packed not in (
        ["gzip"],
        ["deflate"],
    ):  # some write values that are no compression, such as utf-8
        return lambda part, _max_bytes: part
    unpack = zlib.decompressobj(_ANY)

    def plain(part: bytes, max_bytes: int) -> bytes:
        try:
            return unpack.decompress(part, max_bytes)
        except zlib.error:
            raise EncodingError(packed[0]) from None

    return plain
