"""Two segmenters behind one: which of them takes a picture is decided by the picture.

It knows neither how pictures are told apart nor how masks are made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from demo.picture.picture import Picture
from demo.segmenters.base import MaskPrompt, Segment, Segmenter


class SegmenterByPicture:
    """``usual`` for the pictures that it ``suits``, ``other`` for all others."""

    def __init__(
        self, usual: Segmenter, suits: Callable[[Picture], bool], other: Segmenter
    ) -> None:
        self._usual, self._suits, self._other = usual, suits, other

    @property
    def name(self) -> str:
        return self._usual.name

    @property
    def parts(self) -> tuple[Segmenter, Segmenter]:
        """The two."""
        return self._usual, self._other

    def prepare(self, picture: Picture) -> None:
        """Whatever the one that takes the picture can prepare."""
        self._for(picture).prepare(picture)

    def segment(self, picture: Picture, prompts: Sequence[MaskPrompt]) -> list[Segment]:
        """One mask for each prompt, by the one that takes the picture."""
        return self._for(picture).segment(picture, prompts)

    def _for(self, picture: Picture) -> Segmenter:
        return self._usual if self._suits(picture) else self._other
