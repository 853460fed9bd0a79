"""A segmenter on a ZeroGPU Space: it goes through the same gateway as the model (see `zerogpu`)."""

from __future__ import annotations

from collections.abc import Sequence

from demo.picture.picture import Picture
from demo.segmenters.base import MaskPrompt, Segment, Segmenter
from demo.zerogpu import GpuGateway

_SECONDS = 20  # an estimate: a new process may need the weights first


class ZeroSegmenter:
    """A segmenter behind a `GpuGateway`, whose work ``segment`` takes a picture and prompts."""

    def __init__(self, segmenter: Segmenter, gateway: GpuGateway) -> None:
        self._name, self._gateway = segmenter.name, gateway

    @property
    def name(self) -> str:
        return self._name

    def prepare(self, picture: Picture) -> None:
        """Nothing: outside a call there is no GPU, and what it computed would not stay."""

    def segment(self, picture: Picture, prompts: Sequence[MaskPrompt]) -> list[Segment]:
        """One segment for each prompt, in order. Raises ModelError with a sentence."""
        return list(self._gateway(_SECONDS, "segment", picture, list(prompts)))
