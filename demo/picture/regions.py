"""What has been found or drawn on a picture so far: regions R1, R2, … in an immutable registry.

A region holds one or more objects (R2.1, R2.2); every change returns a new registry, so to undo is to
go back to the old one. This file knows nothing of sentences, prompts or models.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from demo.errors import UnknownRegionError, join_with_and
from demo.picture.geometry import PictureBox, PicturePoint

if TYPE_CHECKING:
    from demo.picture.masks import Mask


def number_of(name: str) -> int:
    """2 for R2 and for R2.1."""
    return int(name[1:].split(".")[0])


class Origin(StrEnum):
    """Who made a region."""

    MODEL = "model"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Click:
    """A person's click on the picture: on the object that is meant (positive), or beside it."""

    point: PicturePoint
    positive: bool = True


@dataclass(frozen=True, slots=True)
class RegionObject:
    """One object of a region, in picture pixels.

    ``mask_quality`` is the segmenter's own estimate of its mask (0…1), not a confidence that the
    right object was found. ``clicks`` are those with which a person shaped its mask; ``by_hand`` says
    that a person set the box, which a mask then does not change.
    """

    id: str
    box: PictureBox
    point: PicturePoint | None = None
    mask: Mask | None = None
    mask_quality: float | None = None
    corrected: bool = False
    clicks: tuple[Click, ...] = ()
    by_hand: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, as in a saved session."""
        return {
            "id": self.id,
            "bbox_xyxy": list(self.box.xyxy),
            "point_xy": None if self.point is None else list(self.point.xy),
            "corrected": self.corrected,
            "mask": None if self.mask is None else self.mask.to_dict(),
            "mask_quality": self.mask_quality,
            "clicks": [[*c.point.xy, int(c.positive)] for c in self.clicks],
            "by_hand": self.by_hand,
        }


@dataclass(frozen=True, slots=True)
class Region:
    """What one turn found, or one thing a person drew."""

    id: str
    objects: tuple[RegionObject, ...]
    origin: Origin = Origin.MODEL
    label: str = ""
    hidden: bool = False

    @property
    def number(self) -> int:
        """2 for R2."""
        return number_of(self.id)

    @property
    def corrected(self) -> bool:
        """Whether a person corrected one of its objects."""
        return any(o.corrected for o in self.objects)

    def with_object(self, item: RegionObject) -> Region:
        """The same region with the object of that id replaced."""
        return replace(self, objects=tuple(item if o.id == item.id else o for o in self.objects))


def names_of(region: Region) -> Iterator[tuple[RegionObject, str]]:
    """Its objects with the names that are shown: a single one has that of its region."""
    is_single = len(region.objects) == 1
    return ((item, region.id if is_single else item.id) for item in region.objects)


@dataclass(frozen=True, slots=True)
class Registry:
    """All regions of one dialogue in order of creation; numbers are never given out twice."""

    regions: tuple[Region, ...] = ()
    next_number: int = 1
    _by_id: dict[str, Region] = field(init=False, repr=False, compare=False)
    _by_object_id: dict[str, RegionObject] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {region.id: region for region in self.regions})
        items = {item.id: item for region in self.regions for item in region.objects}
        object.__setattr__(self, "_by_object_id", items)

    def __iter__(self) -> Iterator[Region]:
        return iter(self.regions)

    def __len__(self) -> int:
        return len(self.regions)

    def __contains__(self, name: str) -> bool:
        return bool(self._named(name))

    def names(self) -> tuple[str, ...]:
        """R1, R2, R2.1, R2.2, …: every name that can be cited (single objects as well)."""
        objects = (o.id for r in self.regions for o in r.objects)
        return (*self._by_id, *objects)

    def add(
        self, objects: Sequence[RegionObject], *, origin: Origin = Origin.MODEL, label: str = ""
    ) -> tuple[Registry, Region]:
        """A registry with one more region; the objects' ids are set here (R3.1, R3.2, …)."""
        if not objects:
            raise ValueError("a region needs at least one object")
        name = f"R{self.next_number}"
        named = tuple(replace(o, id=f"{name}.{i}") for i, o in enumerate(objects, start=1))
        region = Region(name, named, origin, label)
        return Registry((*self.regions, region), self.next_number + 1), region

    def replace(self, region: Region) -> Registry:
        """The same registry with the region of that id replaced. Raises UnknownRegionError."""
        self.region(region.id)
        kept = tuple(region if r.id == region.id else r for r in self.regions)
        return Registry(kept, self.next_number)

    def remove(self, region_id: str) -> Registry:
        """Without that region, whose number is not given out again. Raises UnknownRegionError."""
        self.region(region_id)
        kept = tuple(r for r in self.regions if r.id != region_id)
        return Registry(kept, self.next_number)

    def rolled_back(self, number: int) -> Registry:
        """Without the regions from ``number`` on, which is given out next; the others as they are now."""
        return Registry(tuple(r for r in self.regions if r.number < number), number)

    def region(self, name: str) -> Region:
        """The region named ``R2``, or the one that holds ``R2.1``.

        Raises UnknownRegionError with a sentence that lists the existing ones.
        """
        region = self._by_id.get(name.split(".")[0])
        if region is None or not self._named(name):
            raise UnknownRegionError(self.no_such_name(name))
        return region

    def objects(self, name: str) -> tuple[RegionObject, ...]:
        """All objects of ``R2``, or the one named ``R2.1``. Raises UnknownRegionError."""
        objects = self._named(name)
        if not objects:
            raise UnknownRegionError(self.no_such_name(name))
        return objects

    def _named(self, name: str) -> tuple[RegionObject, ...]:
        """What goes by that name; nothing where nothing does."""
        if (region := self._by_id.get(name)) is not None:
            return region.objects
        item = self._by_object_id.get(name)
        return () if item is None else (item,)

    def no_such_name(self, name: str) -> str:
        """The sentence for a name that does not exist."""
        if not self.regions:
            return f"There is no {name} yet: nothing has been found or drawn on this picture."
        return (
            f"There is no {name} here. You can cite {join_with_and([r.id for r in self.regions])}."
        )
