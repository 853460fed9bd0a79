"""A picture with named objects, as annotation tools know it; a dialogue becomes one and comes of one.

This file knows no format and writes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from demo.dialogue.session import ReasonerInfo, Session
from demo.errors import InputError, NoAreaError, one_line
from demo.picture.geometry import PictureBox, Size, round_half_up
from demo.picture.masks import Mask
from demo.picture.picture import Picture, safe_name
from demo.picture.polygons import Polygon, bounds_of, mask_of
from demo.picture.regions import Origin, Region, RegionObject, Registry

MAX_OBJECTS = 1_000  # of one picture
MAX_LABEL = 200  # characters
UNNAMED = "object"
MODEL, HAND, CORRECTED = "model", "hand", "corrected"
ORIGINS = (MODEL, HAND, CORRECTED)

_NAME = re.compile(r"R[1-9][0-9]{0,4}(?:\.[1-9][0-9]{0,4})?")  # which leaves numbers for more


@dataclass(frozen=True, slots=True)
class Annotation:
    """One object, in picture pixels.

    ``name`` is that of the region's object (R2.1; empty where a format does not say), ``origin`` who made
    it (``model``, ``hand``, or ``corrected`` by hand), ``question`` what it answers.
    """

    label: str
    box: PictureBox
    mask: Mask | None = None
    name: str = ""
    origin: str = HAND
    question: str = ""

    @property
    def region(self) -> str:
        """R2 of R2.1; empty where it has no name."""
        return self.name.split(".")[0]

    @property
    def attributes(self) -> dict[str, str]:
        """What is said of it beside label and place, without what is empty."""
        said = {"region": self.name, "origin": self.origin, "question": self.question}
        return {key: value for key, value in said.items() if value}

    def described(self, attributes: object) -> Annotation:
        """With those of `attributes` that a file gives, as far as they can be used."""
        if not isinstance(attributes, dict):
            return self
        name, origin, question = (attributes.get(key) for key in ("region", "origin", "question"))
        return replace(
            self,
            name=name if isinstance(name, str) and _NAME.fullmatch(name) else "",
            origin=origin if origin in ORIGINS else HAND,
            question=one_line(question, 2_000) if isinstance(question, str) else "",
        )


@dataclass(frozen=True, slots=True)
class AnnotatedPicture:
    """A picture and its objects. ``name`` is that of its file, without a folder.

    ``open`` reads its pixels, which are not kept: a data set holds more than memory does. ``notes`` are
    sentences about what of a file was left out; ``session`` is the dialogue that it comes of, ``path``
    the file of the picture.
    """

    name: str
    size: Size
    open: Callable[[], Picture]
    annotations: tuple[Annotation, ...] = ()
    notes: tuple[str, ...] = ()
    session: Session | None = None
    path: Path | None = None


def of_session(session: Session, open_picture: Callable[[], Picture]) -> AnnotatedPicture:
    """All regions of a dialogue, also those that are hidden in the page."""
    questions = {turn.region: turn.question for turn in reversed(session.turns)}
    annotations = (
        Annotation(
            region.label or UNNAMED,
            item.box,
            item.mask,
            item.id,
            _origin(region, item),
            questions.get(region.id, ""),
        )
        for region in session.registry
        for item in region.objects
    )
    about = session.picture
    return AnnotatedPicture(
        about.name, about.size, open_picture, tuple(annotations), session=session
    )


def _origin(region: Region, item: RegionObject) -> str:
    if region.origin is Origin.USER:
        return HAND
    return CORRECTED if item.corrected else MODEL


def to_session(annotated: AnnotatedPicture) -> Session:
    """A new dialogue without a turn, whose regions can be cited.

    Objects of one region stay together and regions keep their names, as far as the file gives names; any
    other object becomes a region of its own.
    """
    start = Session.begin(annotated.open().info, ReasonerInfo("labels", Size(840, 840)))
    return replace(start, registry=with_regions(Registry(), annotated.annotations))


def with_regions(registry: Registry, annotations: Sequence[Annotation]) -> Registry:
    """A registry with these as regions as well; where there are none yet they keep their names."""
    keeps_names = registry == Registry()
    named, others = _by_region(annotations)
    for group in named:
        if keeps_names:
            registry = Registry(registry.regions, int(group[0].region[1:]))
        registry = _with_region(registry, group)
    for annotation in others:
        registry = _with_region(registry, [annotation])
    return registry


def _with_region(registry: Registry, group: Sequence[Annotation]) -> Registry:
    origin = Origin.USER if group[0].origin == HAND else Origin.MODEL
    longer, _ = registry.add([_object(a) for a in group], origin=origin, label=_label(group[0]))
    return longer


def _by_region(
    annotations: Sequence[Annotation],
) -> tuple[list[list[Annotation]], list[Annotation]]:
    """The objects of each region, by number, and those that are of none, in the order of the file.

    A region has one label and one origin, so an object whose own was changed leaves it, and of several
    with one name only the first is meant: another tool copies names with objects.
    """
    first = {a.name: at for at, a in reversed([*enumerate(annotations)]) if a.name}
    groups = dict[str, list[int]]()
    for name in sorted(first, key=_numbers):
        groups.setdefault(annotations[first[name]].region, []).append(first[name])
    alike = [_alike(annotations, places) for places in groups.values()]
    in_regions = {at for places in alike for at in places}
    others = [a for at, a in enumerate(annotations) if at not in in_regions]
    return [[annotations[at] for at in places] for places in alike], others


def _alike(annotations: Sequence[Annotation], places: Sequence[int]) -> list[int]:
    """Those of the label and origin that most of them have."""
    kinds = {at: (annotations[at].label, annotations[at].origin == HAND) for at in places}
    ((most, _),) = Counter(kinds.values()).most_common(1)
    return [at for at in places if kinds[at] == most]


def _numbers(name: str) -> list[int]:
    return [int(number) for number in name[1:].split(".")]


def _object(annotation: Annotation) -> RegionObject:
    is_corrected = annotation.origin == CORRECTED
    return RegionObject("", annotation.box, mask=annotation.mask, corrected=is_corrected)


def _label(annotation: Annotation) -> str:
    return "" if annotation.label == UNNAMED else annotation.label


def box_of(xyxy: tuple[float, float, float, float], size: Size) -> PictureBox:
    """A box in picture pixels from a file's numbers, cut to the picture.

    Raises InputError, in words that follow a place in a file, for one that lies outside, and NoAreaError
    for one that is empty.
    """
    x1, y1, x2, y2 = xyxy
    if not all(-1e7 < value < 1e7 for value in xyxy):
        raise InputError("the box is not four numbers")
    x1, x2, y1, y2 = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    if x1 == x2 or y1 == y2:
        raise NoAreaError("the box has no area")
    if x2 <= 0 or y2 <= 0 or x1 >= size.width or y1 >= size.height:
        raise InputError(f"the box lies outside the picture, which is {size.width} × {size.height}")
    return PictureBox(*map(round_half_up, (x1, y1, x2, y2))).clamped(size)


def outlined(label: str, parts: Sequence[Polygon], size: Size) -> Annotation:
    """An object of that outline, in a box around it. Raises InputError as `box_of` and `mask_of` do."""
    return Annotation(label, box_of(bounds_of(parts), size), mask_of(parts, size))


def masked(label: str, mask: Mask) -> Annotation:
    """An object of these pixels, in a box around them.

    Raises NoAreaError where there are none.
    """
    box = mask.bounding_box()
    if box is None:
        raise NoAreaError("its mask is empty")
    return Annotation(label, box, mask)


def label_of(value: object) -> str:
    """A label from a file, on one line. Raises InputError, in words that follow a place in a file."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise InputError("the label is not text")
    return one_line(value, MAX_LABEL) or UNNAMED


def labels_of(pictures: Iterable[AnnotatedPicture]) -> list[str]:
    """All labels, each once, in order of appearance."""
    return list(dict.fromkeys(a.label for picture in pictures for a in picture.annotations))


def unique_names(pictures: Iterable[AnnotatedPicture]) -> Iterator[str]:
    """For each picture the name of a PNG file, also where two differ in letter case or ending only."""
    used = set[str]()
    for picture in pictures:
        safe = safe_name(picture.name)  # a file may name it as it likes
        yield f"{unused(safe.rpartition('.')[0] or safe, used)}.png"


def unused(stem: str, used: set[str]) -> str:
    """The stem, with a number where it is among those that are ``used``, whatever its letter case."""
    number, name = 1, stem
    while name.casefold() in used:
        number += 1
        name = f"{stem}-{number}"
    used.add(name.casefold())
    return name
