"""A dialogue as one HTML page that opens anywhere, offline: it loads nothing and runs no script."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from PIL import Image

from demo.answers.citations import XYXY, find_citations
from demo.dialogue.archive import to_zip
from demo.dialogue.look_frames import (
    asked_part,
    is_by_person,
    look_sentence,
    nothing_sentence,
    own_looks,
    pieces_of,
)
from demo.dialogue.session import Session, Turn
from demo.errors import InputError, one_line
from demo.figures.beside import Beside, Besides, opinions_in, together
from demo.figures.labels import HEIGHT, places, width_of
from demo.language.names import read_names
from demo.machine.effort import breathe
from demo.picture.crops import Part
from demo.picture.geometry import ModelBox, PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.palette import PALETTE, contrast, tone
from demo.picture.picture import Picture
from demo.picture.polygons import polygons_unless_dust
from demo.picture.regions import Origin, Region, RegionObject, names_of, number_of

MAX_FILE = (
    14_000_000  # bytes of the dialogue's own file in the page: browsers save no longer address
)
_MAX_FILE_PIXELS = 24_000_000  # of a picture whose file is tried
MAX_OUTLINES = 6_000_000  # characters of all outlines
_MAX_SIDE = 2400  # pixels of the picture in the page; its regions keep those of the picture
_MAX_PNG = 1_500_000  # bytes; a larger picture is a photograph, and stored as one
_MAX_EXACT = 40_000  # characters of a mask whose outline follows every pixel
_MAX_LOOKS = 400  # that have a small picture and a place on the large one; the others are in words
_MAX_FRAMES = 4  # of models, whose boxes are held for all objects
_MAX_MARKED = 300  # names that mark their region while the pointer is on them
_LETTERS = 0.024  # how high the letters of names are, as a share of the picture's long side
_NOTHING = "answer.empty"
_PARTS = (("scene", "Scene"), ("focus", "Focus"), ("think", "Reasoning"))
_LOOK = Markup('<a class="look" href="#{}">{} <span>{}</span></a>')
_LOOK_IN_WORDS = Markup('<span class="look">{}</span>')
_PART = Markup(  # the inner one cuts off what is beside the part
    '<svg viewBox="0 0 {} {}" aria-hidden="true"><svg width="{}" height="{}" viewBox="{} {} {} {}">'
    '<use href="#pixels"/></svg></svg>'
)
_NO_BESIDES: Besides = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shape:
    """One object as the page draws it, in picture pixels: the SVG path of its mask, its box, its name and
    where that stands.
    """

    name: str
    path: str
    box: PictureBox
    point: tuple[int, int] | None
    at: tuple[float, float] = (0, 0)
    width: float = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A region as the page shows it; ``tone`` is the number of its colour."""

    name: str
    label: str
    tone: int
    shapes: tuple[Shape, ...]
    remark: str


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else's answer as the page shows it; ``id`` is the place of its outlines."""

    id: str
    name: str
    is_truth: bool
    shapes: tuple[Shape, ...]
    says: tuple[str, ...]
    parts: tuple[tuple[str, Markup], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the picture that was looked at, in picture pixels; its look leads to the ``id``."""

    id: str
    box: PictureBox


@dataclass(frozen=True, slots=True)
class Round:
    """A question, the part of the picture that it is about where that is not the whole, what was answered,
    and what was noted about the answer.
    """

    question: Markup
    about: tuple[Markup, ...]
    model: str
    region: Shown | None
    references: tuple[str, ...]
    outcome: str
    parts: tuple[tuple[str, Markup], ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    feedback: str
    others: tuple[Other, ...]


def dialogue_page(
    picture: Picture, session: Session, besides: Besides = _NO_BESIDES, *, remark: str = ""
) -> str:
    """The page, with all visible regions. Hidden ones are listed where they are an answer, not drawn.

    What other models say is in it, and ``besides`` what is not in the dialogue, such as the truth. The
    dialogue's own file is in it as well, unless that is very large. ``remark`` stands below the name.
    """
    besides = together(besides, opinions_in(session))
    drawing = _Drawing(session)
    shown = {region.id: drawing.region(region) for region in session.registry}
    rounds = [drawing.round(n, turn, shown, besides) for n, turn in enumerate(session.turns, 1)]
    visible = [shown[region.id] for region in session.registry if not region.hidden]
    answers = {turn.region for turn in session.turns}
    sheet = _sheet(visible, rounds, drawing.looks, session)
    return _environment().get_template("page.html").render(
        name=session.picture.name,
        models=" and ".join(session.answered_by),
        remark=remark,
        size=session.picture.size,
        letters=drawing.letters,
        label_height=HEIGHT * drawing.letters,
        image=_data_url(picture),
        regions=visible,
        rounds=rounds,
        looks=drawing.looks,
        drawn=[region for region in visible if region.name not in answers],
        left_out=drawing.left_out,
        sheet=Markup(sheet),
        sheet_hash=base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode(),
        file=_file(session, picture),
        file_name=f"{Path(one_line(session.picture.name, 60)).stem or 'dialogue'}.zip",
    )  # fmt: skip


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


# What is drawn -------------------------------------------------------------------------------


class _Drawing:
    """The shapes of a dialogue; ``left_out`` counts objects whose outlines had no room any more, ``looks``
    are the places of the looks so far.
    """

    def __init__(self, session: Session) -> None:
        size = session.picture.size
        self.session, self.left_out = session, 0
        self.letters = round(_LETTERS * max(size.width, size.height), 1)
        self._room, self.looks = MAX_OUTLINES, list[Place]()
        shown = [region for region in session.registry if not region.hidden]
        items = [(item, name) for region in shown for item, name in names_of(region)]
        corners = places([o.box for o, _ in items], [n for _, n in items], size, self.letters)
        self._corners = {name: at for (_, name), at in zip(items, corners, strict=True)}
        self._items, self._names = items, session.registry.names()
        self._by_box = {item.box: name for item, name in items}
        self._named_in_frame = lru_cache(_MAX_FRAMES)(self._all_in_frame)

    def region(self, region: Region) -> Shown:
        """A region with all its objects."""
        shapes = tuple(self._shape(item, name) for item, name in names_of(region))
        return Shown(region.id, region.label, tone(region.number), shapes, _remark(region))

    def round(self, number: int, turn: Turn, shown: Mapping[str, Shown], besides: Besides) -> Round:
        """A turn (1, 2, …) and what stands beside its answer."""
        breathe()
        asked = asked_part(self.session, turn)
        region = shown.get(turn.region) if turn.region else None
        others = enumerate(besides.get(number, ()), start=1)
        return Round(
            self._linked(
                turn.question, asked, self.session.reasoner_of(turn).frame, turn.references
            ),
            tuple(self._look(turn, n) for n, look in enumerate(turn.looks) if is_by_person(look)),
            self.session.reasoner_of(turn).name,
            region,
            turn.references,
            outcome(turn, region is not None),
            self._parts(turn),
            _texts(turn, ("warning",)),
            _texts(turn, ("note", "ok")),
            {"up": "Rated good.", "down": "Rated bad."}.get(turn.feedback or "", ""),
            tuple(self._other(f"q{number}b{place}", beside) for place, beside in others),
        )

    def _other(self, at: str, beside: Beside) -> Other:
        shapes = tuple(self._shape(item, "") for item in beside.objects)
        parts = () if beside.turn is None else self._parts(beside.turn)
        return Other(at, beside.name, beside.is_truth, shapes, beside.says, parts)

    def _shape(self, item: RegionObject, name: str) -> Shape:
        path = path_of(item.mask) if item.mask and self._room > 0 else ""
        self._room -= len(path)
        self.left_out += bool(item.mask) and not path
        at, width = self._corners.get(name, (0, 0)), width_of(name, self.letters)
        return Shape(name, path, item.box, item.point.xy if item.point else None, at, width)

    def _parts(self, turn: Turn) -> tuple[tuple[str, Markup], ...]:
        """What the model wrote before its answer, with its looks where it took them, or else after it."""
        frame, told, left = self.session.reasoner_of(turn).frame, [], dict(own_looks(turn.looks))
        for name, title in _PARTS:
            words, goes_on = list[Markup](), False  # whether a text comes behind another one
            for piece in pieces_of(self.session, turn, name) if getattr(turn.trace, name) else ():
                if piece.look is None:
                    text = getattr(turn.trace, name)[piece.start : piece.end]
                    linked_text = self._linked(text.strip(), piece.part, frame, turn.references)
                    words += [Markup(" ")] * goes_on + [linked_text]
                else:
                    words.append(self._look(turn, piece.look))
                    del left[piece.look]
                goes_on = piece.look is None
            if any(words):
                told.append((title, Markup().join(words)))
        if left:
            told.append(("Looks", Markup().join(self._look(turn, number) for number in left)))
        return tuple(told)

    def _look(self, turn: Turn, number: int) -> Markup:
        """A look as a small picture, cut from the page's own, and in words; it leads to its place."""
        box = turn.looks[number].box
        words = look_sentence(turn.looks, number, self.session.picture.size)
        if len(self.looks) == _MAX_LOOKS:
            return _LOOK_IN_WORDS.format(words)
        place, sides = Place(f"look{len(self.looks) + 1}", box), (box.width, box.height)
        self.looks.append(place)
        drawn = _PART.format(*sides, *sides, box.x1, box.y1, *sides)
        return _LOOK.format(place.id, drawn, words)

    def _linked(self, text: str, part: Part, frame: Size, references: Sequence[str] = ()) -> Markup:
        """A text in which names of regions, and their boxes (model frame over a part), lead to them."""
        breathe()
        spots = [s for m in read_names(text, self._names).mentions for s in m.spots]
        spots = [spot for spot in spots if spot[2] in self.session.registry]
        return linked(text, [*spots, *self._cited(text, part, frame, references)])

    def _cited(
        self, text: str, part: Part, frame: Size, references: Sequence[str]
    ) -> Iterator[tuple[int, int, str]]:
        citations = find_citations(text)
        if not citations:
            return
        if part == Part.whole(self.session.picture.size, frame):
            named = self._named_in_frame(frame)
        else:
            named = self._named_in(part, frame, {c.box for c in citations}, references)
        for citation in citations:
            if (name := named.get(citation.box)) is not None:
                yield citation.start, citation.end, name

    def _all_in_frame(self, frame: Size) -> Mapping[XYXY, str]:
        """The names of all objects by their boxes, as a model with that frame writes them."""
        whole = Part.whole(self.session.picture.size, frame)
        return {_written(item.box, whole, frame): name for item, name in self._items}

    def _named_in(
        self, part: Part, frame: Size, cited: Iterable[XYXY], references: Sequence[str]
    ) -> Mapping[XYXY, str]:
        """Those of the boxes cited about a part that have a name: what was found, and what was asked about.

        There are as many parts as looks, so not all objects are laid over each.
        """
        found = {box: self._by_box.get(_on_picture(box, part, frame)) for box in cited}
        known = [name for name in dict.fromkeys(references) if name in self.session.registry]
        boxes = {item.box for name in known for item in self.session.registry.objects(name)}
        asked = {
            _written(box, part, frame): self._by_box.get(box)
            for box in boxes
            if box.intersection(part.box)
        }
        return {box: name for box, name in (found | asked).items() if name is not None}


def linked(text: str, spots: Iterable[tuple[int, int, str]]) -> Markup:
    """The text, escaped, with characters ``start:end`` of each spot as a link to the region it names."""
    pieces, position = [], 0
    for start, end, name in sorted(spots):
        if start < position:
            continue
        pieces += [escape(text[position:start]), _link(name, text[start:end])]
        position = end
    return Markup("").join([*pieces, escape(text[position:])])


def _link(name: str, words: str) -> Markup:
    told = words if words == name or "[" not in words else f"{name} {words}"
    return Markup('<a class="name-in t{}" href="#{}"><bdi>{}</bdi></a>').format(
        tone(number_of(name)), name, told
    )


def _written(box: PictureBox, part: Part, frame: Size) -> XYXY:
    breathe()
    return part.box_from_picture(box, frame).xyxy


def _on_picture(box: XYXY, part: Part, frame: Size) -> PictureBox:
    breathe()
    return part.box_to_picture(ModelBox.ordered(box), frame)


def path_of(mask: Mask) -> str:
    """The outline of a mask as an SVG path, with its holes; a very fine one is made coarser."""
    if len(mask.counts) > _MAX_EXACT:
        return mask.svg_path(max_side=_MAX_SIDE // 2)
    parts = polygons_unless_dust(mask)
    if parts is None:
        return mask.svg_path(max_side=_MAX_SIDE // 2)
    rings = (ring for part in parts for ring in (part.outline, *part.holes))
    return "".join(f"M{' '.join(f'{x:g} {y:g}' for x, y in ring)}Z" for ring in rings)


# What is said --------------------------------------------------------------------------------


def _remark(region: Region) -> str:
    if region.origin is Origin.USER:
        return "drawn by hand"
    return "corrected by hand" if region.corrected else ""


def _texts(turn: Turn, levels: Collection[str]) -> tuple[str, ...]:
    return tuple(finding.text for finding in turn.findings if finding.level in levels)


def outcome(turn: Turn, is_there: bool) -> str:
    """What became of a question in words, beside its region where it ``is_there``."""
    if turn.region:
        stopped = "Stopped before its end." if turn.partial else ""
        gone = "" if is_there else f"{turn.region}, which was removed since."
        return " ".join(filter(None, (gone, "A guess." if turn.is_guess else "", stopped)))
    if turn.partial:
        return "Stopped before there was an answer."
    if any(finding.kind == _NOTHING for finding in turn.findings):
        return nothing_sentence(turn)
    return (turn.trace.answer or turn.raw).strip() or "No region."


# How it looks --------------------------------------------------------------------------------


def _sheet(
    regions: Sequence[Shown], rounds: Sequence[Round], looks: Sequence[Place], session: Session
) -> str:
    """The style sheet: the colours, and what makes a name mark its region, a look its place."""
    size, names = session.picture.size, [s.name for r in regions for s in r.shapes]
    names = list(dict.fromkeys([*(region.name for region in regions), *names]))
    others = [other.id for one in rounds for other in one.others if other.shapes]
    return _environment().get_template("page.css").render(
        tones=[(n, colour, _ink(colour)) for n, colour in enumerate(PALETTE, start=1)],
        letters=round(_LETTERS * max(size.width, size.height), 1),
        names=[(name, name.split(".")[0]) for name in names[:_MAX_MARKED]],
        hidden=[*others[:_MAX_MARKED], *(look.id for look in looks)],
    )  # fmt: skip


def _ink(ground: str) -> str:
    return max(("#ffffff", "#000000"), key=lambda letters: contrast(letters, ground))


def _data_url(picture: Picture) -> str:
    image = Image.fromarray(picture.pixels)
    image.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=False)
    kind = "png"
    if file.tell() > _MAX_PNG:
        file, kind = io.BytesIO(), "jpeg"
        image.save(file, "JPEG", quality=90)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _file(session: Session, picture: Picture) -> str:
    """The dialogue's own file as an address; empty where it is too large for one."""
    if picture.size.width * picture.size.height > _MAX_FILE_PIXELS:
        return ""
    try:
        content = to_zip(session, picture)
    except InputError:  # too large to be read again
        return ""
    breathe()
    if len(content) > MAX_FILE:
        return ""
    return f"data:application/zip;base64,{base64.b64encode(content).decode('ascii')}"
