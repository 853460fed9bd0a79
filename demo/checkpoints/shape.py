"""How many numbers the parts of a model hold."""

from __future__ import annotations

from dataclasses import dataclass

# A picture in the 840 frame is 60 × 60 patches, which make 30 × 30 tokens.
PATCHES = 3600
PICTURE_TOKENS = 925  # with the system line and the marks round the picture
QUESTION_TOKENS = 600
# A model as narrow as nano gains nothing from 4 bits, half precision or another engine.
NARROW = 1024


@dataclass(frozen=True, slots=True)
class Shape:
    """How many numbers the parts of a Qwen-VL model hold, and how wide its layers are.

    ``…_linear`` can be quantized to 4 bits, ``…_other`` (norms, biases, the first convolution) cannot;
    a head that shares the embedding's weights counts 0. ``kv`` counts keys and values for each token.
    """

    layers_linear: int
    layers_other: int
    tower_linear: int
    tower_other: int
    embedding: int
    head: int
    kv: int
    width: int
    inner: int
    tower_width: int
    tower_inner: int

    @property
    def parameters(self) -> int:
        """All numbers of the checkpoint; shared ones count once."""
        tower = self.tower_linear + self.tower_other
        return self.layers_linear + self.layers_other + tower + self.embedding + self.head

    @property
    def read_per_token(self) -> int:
        """Numbers that a step of decoding reads: all layers and the head, which may be shared."""
        return self.layers_linear + (self.head or self.embedding)
