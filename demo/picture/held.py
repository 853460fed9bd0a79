"""The pixels of all pictures that are open, within one number of bytes.

A file of 160 KB may hold 150 MB of pixels. So a picture keeps what it was read from, and its pixels go when
there is no room: those unused longest first. Whoever asks for them later gets them again, and notices
nothing but that it takes as long as opening the picture did.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakValueDictionary, ref

from demo.errors import PictureError
from demo.picture.colours import Pixels

MAX_BYTES_HELD = 200_000_000  # of decoded pixels; more than the largest picture has
_GONE = "The file of this picture is not there any more. Open it again."


class HeldPixels:
    """The pixels of one picture, uint8 [H, W, 3], read-only; ``again`` reads them once more.

    Without ``again`` they stay. ``source_bytes`` is what it holds on to for that.
    """

    def __init__(
        self, pixels: Pixels, again: Callable[[], Pixels] | None = None, source_bytes: int = 0
    ) -> None:
        self.shape, self.nbytes, self.source_bytes = pixels.shape, pixels.nbytes, source_bytes
        self._pixels: Pixels | None = pixels
        self._again, self._reading = again, threading.Lock()
        _note_use(self)

    @property
    def is_here(self) -> bool:
        """Whether they are in memory."""
        return self._pixels is not None

    @property
    def may_go(self) -> bool:
        """Whether they are in memory and could be read again."""
        return self.is_here and self._again is not None

    def get(self) -> Pixels:
        """The pixels. Raises PictureError when what they were read from is gone."""
        pixels = self._pixels
        if pixels is None:
            with self._reading:
                pixels = self._pixels if self._pixels is not None else self._read()
                self._pixels = pixels
        _note_use(self)
        return pixels

    def __reduce__(self) -> tuple[type[HeldPixels], tuple[Pixels]]:
        """To another process they go as they are: it may not see what they were read from."""
        return HeldPixels, (self.get(),)

    def drop(self) -> None:
        """Let them go."""
        self._pixels = None

    def _read(self) -> Pixels:
        assert self._again is not None
        pixels = self._again()
        if pixels.shape != self.shape:
            raise PictureError(_GONE)
        pixels.flags.writeable = False
        return pixels


_lock = threading.Lock()
_in_order: OrderedDict[int, ref[HeldPixels]] = OrderedDict()  # those used last at the end
_by_hash: WeakValueDictionary[str, HeldPixels] = WeakValueDictionary()


def shared(sha256: str, held: HeldPixels) -> HeldPixels:
    """The pixels under that hash that are open already, or else these; either can be read as both can."""
    with _lock:
        one = _by_hash.setdefault(sha256, held)
        if one._again is None:
            one._again, one.source_bytes = held._again, held.source_bytes
        return one


def held_bytes() -> int:
    """Bytes of all pixels that are in memory."""
    with _lock:
        return sum(held.nbytes for held in _here())


def _here() -> list[HeldPixels]:
    live = (known() for known in _in_order.values())
    return [held for held in live if held is not None and held.is_here]


def _note_use(newest: HeldPixels) -> None:
    with _lock:
        _in_order[id(newest)] = ref(newest)
        _in_order.move_to_end(id(newest))
        for key in [key for key, known in _in_order.items() if known() is None]:
            del _in_order[key]
        here = _here()
        total = sum(held.nbytes for held in here)
        for held in here:
            if total <= MAX_BYTES_HELD:
                break
            if held.may_go and held is not newest:
                held.drop()
                total -= held.nbytes
