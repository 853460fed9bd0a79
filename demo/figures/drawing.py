"""The picture with its regions as PNG, SVG or PDF, alone or with the dialogue, in vectors and text.

Matplotlib draws; the colours are those of the page, by the number of a region.
"""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.dialogue.look_frames import is_by_person, own_looks
from demo.dialogue.second_opinion import pairs
from demo.dialogue.session import Session
from demo.errors import InputError, ModelError, join_with_and, one_line
from demo.figures.beside import Besides, opinions_in
from demo.figures.labels import HEIGHT, places, width_of
from demo.machine.effort import breathe
from demo.machine.packages import INSTALL
from demo.picture.geometry import PictureBox, Size
from demo.picture.palette import colour_of, contrast
from demo.picture.picture import Picture
from demo.picture.polygons import Polygon, Ring, polygons_unless_dust
from demo.picture.regions import RegionObject, names_of, number_of

try:
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import findfont, get_font, get_font_names
    from matplotlib.patches import Circle, PathPatch, Rectangle
    from matplotlib.path import Path as Outline
except ModuleNotFoundError as error:
    raise ModelError(f"Drawing a figure needs matplotlib, not installed here: {INSTALL}") from error

KINDS = ("png", "svg", "pdf")
MAX_PIXELS, MAX_SIDE = 100_000_000, 65_000  # of a PNG
MAX_ROWS = 120  # of questions in a figure
_MAX_HEIGHT = 9.0  # inches of a panel, so that it fits on a page
_BAND = 256  # rows of pixels that are laid over the picture at a time
_SMALL = 8.0  # points of the names in a figure with more than one panel or with questions
_PER_INCH = 96  # picture pixels, at scale 1, as browsers count them
_MAX_NAME = 24  # letters of a label
_PAPER = 300  # dots for an inch of a paper
WIDTHS = {1: 3.35, 2: 7.0}  # inches of a column, and of both with the gap, of usual papers
_PAPER_COLOUR = "#ffffff"
_GAP, _TITLE, _ROW, _INDENT = 0.1, 0.25, 0.2, 0.35  # inches
_TEXT_SHARE, _MIN_TEXT = 0.022, 11.0  # of the long side; picture pixels
_FONTS = (
    "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "PingFang SC", "Microsoft YaHei",
    "Hiragino Sans", "WenQuanYi Zen Hei", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari",
    "Noto Sans Thai", "Arial Unicode MS",
)  # fmt: skip
# A word, with the space before it; scripts that know none break between any two letters.
_WORD = re.compile(
    r"\s*(?:[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]|[^\s\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]{1,40})"
)
# Text stays text: to be found, copied, and set in another font.
_PIXELATED = (
    b' style="image-rendering:crisp-edges;image-rendering:pixelated"'  # what an SVG says of images
)
_AS_TEXT: Any = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "figure"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """Objects to draw on the picture under one title, each with its name and the number of its colour.

    ``looks`` are parts of the picture that a model was shown enlarged, each with its name.
    """

    objects: tuple[tuple[RegionObject, str, int], ...]
    title: str = ""
    looks: tuple[tuple[PictureBox, str], ...] = ()


def regions_of(session: Session) -> Drawn:
    """All visible regions of the dialogue."""
    objects = tuple(
        (item, name, region.number)
        for region in session.registry
        if not region.hidden
        for item, name in names_of(region)
    )
    return Drawn(objects, join_with_and(session.answered_by))


def looks_of(session: Session) -> tuple[tuple[PictureBox, str], ...]:
    """Where a model looked closer, named by its question: Q2, or Q2.1 and Q2.2 where there are several."""
    return tuple(
        (look.box, f"Q{number}" if len(turn.looks) == 1 else f"Q{number}.{place}")
        for number, turn in enumerate(session.turns[:MAX_ROWS], start=1)
        for place, look in enumerate(turn.looks, start=1)
    )


def opinions_of(session: Session, model: str) -> Drawn:
    """What another model answered to the same questions, in the colours of the regions of those answers."""
    return beside_of(session, opinions_in(session), model)


def beside_of(session: Session, besides: Besides, name: str) -> Drawn:
    """Somebody's answers to the same questions, in the colours of the regions of those answers."""
    objects = tuple(
        (item, f"{turn.region or f'Q{number}'}*", _number(turn.region, number))
        for number, turn in enumerate(session.turns, start=1)
        for beside in besides.get(number, ())
        if beside.name == name
        for item in beside.objects
    )
    return Drawn(objects, name)


def beside_dialogue(session: Session, other: Session, title: str) -> Drawn:
    """The regions of another dialogue about the same picture, or of labels for it, under that title.

    What lies where a region of the dialogue does has its colour and its name with a star. What only the
    other has is named by its own label, or its own name.
    """
    mine = [(item, r.number) for r in session.registry if not r.hidden for item in r.objects]
    found = [(item, name, r) for r in other.registry if not r.hidden for item, name in names_of(r)]
    paired = pairs(tuple(i.box for i, _ in mine), tuple(i.box for i, _, _ in found))
    numbers = {theirs: mine[own][1] for own, theirs, _ in paired}
    free = count(1 + max((number for _, number in mine), default=0))
    objects = tuple(
        (item, f"R{numbers[at]}*", numbers[at])
        if at in numbers
        else (item, one_line(region.label, _MAX_NAME) or name, next(free))
        for at, (item, name, region) in enumerate(found)
    )
    return Drawn(objects, title)


def _number(region: str | None, turn: int) -> int:
    return number_of(region) if region else turn


def picture_figure(picture: Picture, drawn: Drawn, kind: str, *, scale: float = 1.0) -> bytes:
    """The picture alone with its regions. ``scale`` is PNG pixels for a picture pixel.

    Raises InputError for a PNG that would be too large.
    """
    if kind == "png":
        return _png(picture, drawn, scale)
    size = picture.size
    figure = Figure(figsize=(size.width / _PER_INCH, size.height / _PER_INCH))
    axes = figure.add_axes((0, 0, 1, 1))
    _draw(axes, picture, drawn)
    return _saved(figure, kind, _PER_INCH)


def _png(picture: Picture, drawn: Drawn, scale: float) -> bytes:
    """The regions are drawn on nothing and laid over the picture: of its own pixels matplotlib would need
    a hundred bytes for each.
    """
    width, height = (max(1, round(n * scale)) for n in (picture.size.width, picture.size.height))
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise InputError(
            f"This picture would have more than {MAX_PIXELS // 1_000_000} megapixels, or more than "
            f"{MAX_SIDE:,} pixels at a side: take a smaller scale."
        )
    dpi = _PER_INCH * scale
    figure = Figure(
        figsize=((width + 0.01) / dpi, (height + 0.01) / dpi), dpi=dpi, facecolor="none"
    )
    axes = figure.add_axes((0, 0, 1, 1))
    _draw_regions(axes, picture.size, drawn, picture.size.width / _PER_INCH, is_alone=True)
    canvas: Any = FigureCanvasAgg(figure)
    with _quietly():
        canvas.draw()
    layer, image = np.asarray(canvas.buffer_rgba()), Image.fromarray(picture.pixels)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    for top in range(0, height, _BAND):
        breathe()
        band = layer[top : top + _BAND]
        if band[..., 3].any():
            over = Image.fromarray(np.ascontiguousarray(band[..., :3]))
            image.paste(over, (0, top), Image.fromarray(np.ascontiguousarray(band[..., 3])))
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=4)
    return file.getvalue()


def dialogue_figure(
    picture: Picture,
    session: Session,
    kind: str,
    *,
    beside: Drawn | Sequence[Drawn] = (),
    columns: int = 2,
    looks: bool = True,
) -> bytes:
    """Picture, questions and answers, for a paper; with another model's (or the true) objects beside it.

    It is as wide as so many ``columns`` (1 or 2) of a page that has two; in one column, what would be
    beside the picture is below it. With ``looks`` the parts that were looked at have a dashed frame.
    """
    own = replace(regions_of(session), looks=looks_of(session) if looks else ())
    others = [beside] if isinstance(beside, Drawn) else [*beside]
    sheet = _Sheet(picture, [own, *others], session, WIDTHS[columns], columns)
    return _saved(sheet.draw(), kind, _PAPER)


class _Sheet:
    """A figure for a paper: panels beside or below each other, and the questions; lengths are inches."""

    def __init__(
        self,
        picture: Picture,
        panels: Sequence[Drawn],
        session: Session,
        width: float,
        columns: int,
    ) -> None:
        self.picture, self.panels, self.width = picture, panels, width
        self.across = min(len(panels), columns) if columns > 1 else 1
        self.down = -(-len(panels) // self.across)
        shape = picture.size.height / picture.size.width
        self.side = min((width - _GAP * (self.across - 1)) / self.across, _MAX_HEIGHT / shape)
        self.height = self.side * shape
        self.title = _TITLE if len(panels) > 1 else 0.0
        self.rows = _rows(session, width, looks=bool(panels[0].looks))
        self.above = self.down * (self.height + self.title) + _GAP * (self.down - 1)
        self.whole = self.above + _ROW * len(self.rows) + (_GAP if self.rows else 0)

    def draw(self) -> Figure:
        """All of it."""
        figure = Figure(figsize=(self.width, self.whole))
        for at, panel in enumerate(self.panels):
            breathe()
            column, row = at % self.across, at // self.across
            below = self.whole - (row + 1) * (self.height + self.title) - row * _GAP
            left = column * (self.side + _GAP) / self.width
            place = (left, below / self.whole, self.side / self.width, self.height / self.whole)
            axes = figure.add_axes(place)
            _draw(axes, self.picture, panel, width=self.side)
            if self.title:
                axes.set_title(one_line(panel.title, 60), pad=4, **_font(9))
        for at, (number, row_text, names) in enumerate(self.rows):
            y = 1 - (self.above + _GAP + _ROW * (at + 0.5)) / self.whole
            _write(figure, self.width, y, number, row_text, names)
        return figure


@dataclass(frozen=True, slots=True)
class _Line:
    """A question and the regions of its answer."""

    number: int
    text: str
    names: tuple[str, ...]

    def rows(self, width: float) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Number, words and names of each row; the number stands in the first, the names in the last."""
        room = int((width - _INDENT) * 14) - 6 * len(self.names)
        broken = list(_wrapped(self.text, room))
        for at, row in enumerate(broken):
            is_last = at == len(broken) - 1
            yield f"Q{self.number}" if at == 0 else "", row, self.names if is_last else ()


def _rows(session: Session, width: float, *, looks: bool) -> list[tuple[str, str, tuple[str, ...]]]:
    """Number, words and names of each row, as many as a figure has room for."""
    rows = list[tuple[str, str, tuple[str, ...]]]()
    for number in range(1, len(session.turns) + 1):
        rows += _line(session, number, looks=looks).rows(width)
        if len(rows) > MAX_ROWS:
            left = len(session.turns) - number
            return [*rows[:MAX_ROWS], ("", f"… and {left} more questions." if left else "…", ())]
    return rows


def _line(session: Session, number: int, *, looks: bool) -> _Line:
    turn = session.turns[number - 1]
    names = (turn.region,) if turn.region and turn.region in session.registry else ()
    notes = [
        *(["about a part (dashed)"] if looks and any(map(is_by_person, turn.looks)) else []),
        *(["looked closer (dashed)"] if looks and own_looks(turn.looks) else []),
        *([] if names else ["nothing found"]),
    ]
    return _Line(number, "  —  ".join([turn.question, *notes]), names)


def _wrapped(text: str, columns: int) -> Iterator[str]:
    row = ""
    for word in _WORD.findall(one_line(text, 2_000)):
        if row and _columns(row + word) > columns:
            yield row
            row = ""
        row = row + word if row else word.lstrip()
    yield row


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _write(
    figure: Figure, width: float, y: float, number: str, row: str, names: Sequence[str]
) -> None:
    fonts = _font(9) | {"va": "center"}
    figure.text(0.02 / width, y, number, color="#555", **fonts)
    figure.text(_INDENT / width, y, row, **fonts)
    for at, name in enumerate(reversed(names)):
        x = 1 - (0.05 + 0.42 * at) / width
        figure.text(
            x, y, name, ha="right", **_on(colour_of(number_of(name))), bbox=_plate(name), **fonts
        )


def _draw(axes: Axes, picture: Picture, drawn: Drawn, *, width: float | None = None) -> None:
    """Draw on axes that are ``width`` inches wide, or so wide as the picture at scale 1."""
    size = picture.size
    pixels = picture.pixels if width is None else _enough(picture, width)
    axes.imshow(pixels, extent=(0, size.width, size.height, 0), interpolation="none")
    _draw_regions(axes, size, drawn, width or size.width / _PER_INCH, is_alone=width is None)


def _draw_regions(axes: Axes, size: Size, drawn: Drawn, inches: float, *, is_alone: bool) -> None:
    """Draw objects and names; letters grow with a picture that ``is_alone``."""
    point = 72 * inches / size.width  # points for a picture pixel
    letters = max(_TEXT_SHARE * max(size.width, size.height), _MIN_TEXT)
    points = letters * point if is_alone else _SMALL
    axes.set(xlim=(0, size.width), ylim=(size.height, 0))
    axes.set_axis_off()
    for box, _ in drawn.looks:
        breathe()
        _draw_look(axes, box, points / 14)
    for item, _, number in drawn.objects:
        breathe()
        _draw_object(axes, item, number, points / 7)
    named = [(item.box, name, colour_of(number)) for item, name, number in drawn.objects]
    named += [(box, name, _PAPER_COLOUR) for box, name in drawn.looks]
    corners = places([b for b, _, _ in named], [n for _, n, _ in named], size, points / point)
    for (x, y), (_, name, ground) in zip(corners, named, strict=True):
        _label(axes, x, y, name, ground, points, points / point)


def _enough(picture: Picture, inches: float) -> NDArray[np.uint8]:
    """The pixels, no more of them than are printed on so many inches."""
    image = Image.fromarray(picture.pixels)
    if image.width > inches * _PAPER:
        height = round(image.height * inches * _PAPER / image.width)
        image = image.resize((round(inches * _PAPER), max(1, height)), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _draw_look(axes: Axes, box: PictureBox, line: float) -> None:
    """A dashed frame, dark on light: it is seen on any picture, and is no region's colour."""
    for colour, style in ((_PAPER_COLOUR, "solid"), ("#000000", (0, (3, 3)))):
        frame = Rectangle(
            (box.x1, box.y1), box.width, box.height,
            fill=False, edgecolor=colour, linewidth=line, linestyle=style,
        )  # fmt: skip
        axes.add_patch(frame)


def _draw_object(axes: Axes, item: RegionObject, number: int, line: float) -> None:
    colour, box = colour_of(number), item.box
    parts = polygons_unless_dust(item.mask) if item.mask else ()
    if parts:
        outline = _outline(parts)
        axes.add_patch(PathPatch(outline, facecolor=colour, alpha=0.35, linewidth=0))
        axes.add_patch(PathPatch(outline, fill=False, edgecolor=colour, linewidth=line / 2))
    corner = (box.x1, box.y1)
    axes.add_patch(
        Rectangle(corner, box.width, box.height, fill=False, edgecolor=colour, linewidth=line)
    )
    if item.point:
        radius = max(2.0, 0.006 * max(axes.get_xlim()[1], axes.get_ylim()[0]))
        axes.add_patch(Circle(item.point.xy, radius, facecolor="#282828", edgecolor="white"))


def _outline(parts: Sequence[Polygon]) -> Outline:
    return Outline.make_compound_path(
        *(_ring(ring) for part in parts for ring in (part.outline, *part.holes))
    )


def _ring(ring: Ring) -> Outline:
    return Outline(np.array([*ring, ring[0]]), closed=True)


def _label(
    axes: Axes, x: float, y: float, name: str, ground: str, points: float, letters: float
) -> None:
    """A name on its plate, whose upper left corner is there; letters are so many picture pixels high."""
    width, height = width_of(name, letters), HEIGHT * letters
    axes.add_patch(Rectangle((x, y), width, height, facecolor=ground, linewidth=0, zorder=3))
    middle: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
    axes.text(x + width / 2, y + height / 2, name, **_on(ground), **middle, **_font(points))


def _on(ground: str) -> dict[str, Any]:
    """Letters that can be read on that colour."""
    return {"color": max(("#ffffff", "#000000"), key=lambda ink: contrast(ink, ground))}


def _plate(name: str) -> dict[str, Any]:
    ground = colour_of(number_of(name))
    return {"boxstyle": "square,pad=0.2", "facecolor": ground, "edgecolor": "none"}


def _font(points: float) -> dict[str, Any]:
    """A dollar is a dollar, not the beginning of a formula."""
    return {"fontsize": points, "fontfamily": _fonts(), "parse_math": False}


@cache
def _fonts() -> list[str]:
    """Fonts for all scripts, of those that are here: the first that has a letter is taken."""
    here = set(get_font_names())
    return [name for name in _FONTS if name in here]


def has_letters(text: str) -> bool:
    """Whether the fonts that are here can write all of it; else PNG and PDF show boxes in its place.

    An SVG is written with the fonts of the machine that shows it.
    """
    fonts = [get_font(findfont(name)) for name in _fonts()]
    return all(any(font.get_char_index(ord(c)) for font in fonts) for c in {*text} if c > " ")


@contextmanager
def _quietly() -> Iterator[None]:
    """What is said of letters that are missing is left to `has_letters`."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def _saved(figure: Figure, kind: str, dpi: float) -> bytes:
    file = io.BytesIO()
    # Without a date, so that the same dialogue makes the same file.
    about = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[kind]
    with mpl.rc_context(_AS_TEXT), _quietly():
        figure.savefig(file, format=kind, dpi=dpi, metadata=about)
    return file.getvalue().replace(_PIXELATED, b"") if kind == "svg" else file.getvalue()
