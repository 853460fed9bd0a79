"""The cartoon world: the kinds, colours, places and times there are, and what a scene is.

Every length is a fraction of the picture, so one scene gives the same picture at 320 x 240
and at 960 x 720.
"""

from __future__ import annotations

from dataclasses import dataclass

Rgb = tuple[int, int, int]

KINDS: tuple[str, ...] = (
    "man", "woman", "dog", "cat", "bird", "car",
    "boat", "tree", "house", "bench", "ball", "kite",
)  # fmt: skip
COLOURS: dict[str, Rgb] = {
    "red": (216, 38, 44),
    "orange": (247, 137, 28),
    "yellow": (252, 214, 44),
    "green": (44, 148, 66),
    "blue": (36, 88, 210),
    "purple": (138, 60, 176),
    "brown": (124, 76, 44),
    "white": (248, 247, 242),
    "black": (44, 43, 50),
}
PLACES: tuple[str, ...] = ("park", "beach", "street", "meadow", "lake")
TIMES: tuple[str, ...] = ("day", "dusk")
ASPECTS: tuple[tuple[int, int], ...] = (
    (640, 480), (480, 640), (600, 600), (768, 432), (720, 480), (480, 720), (560, 480),
)  # fmt: skip

PETS = ("brown", "black", "white", "orange")
CROWNS = ("green", "orange", "yellow", "red")
ANY = tuple(COLOURS)
COLOURS_OF: dict[str, tuple[str, ...]] = {
    kind: PETS if kind in ("dog", "cat") else CROWNS if kind == "tree" else ANY for kind in KINDS
}


@dataclass(frozen=True)
class Thing:
    """One thing: what it is, and the box it fills, in fractions of the picture."""

    kind: str
    colour: str
    hat: str | None
    x: float  # centre of the box, fraction of the width
    y: float  # foot of the box, fraction of the height
    w: float  # fraction of the width
    h: float  # fraction of the height
    flip: bool = False
    depth: float = 0.5  # larger is nearer
    look: int = 0  # which of the kind's variants
    aloft: bool = False  # in the air: no shadow

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom, as fractions."""
        return (self.x - self.w / 2, self.y - self.h, self.x + self.w / 2, self.y)


@dataclass(frozen=True)
class Scene:
    """A laid-out picture; its things stand in drawing order, the farthest first."""

    place: str
    time: str
    aspect: tuple[int, int]
    things: tuple[Thing, ...]
    horizon: float = 0.48
    seed: int = 0  # of the background's hills, clouds and flowers
