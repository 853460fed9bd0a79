"""A dialogue drawn in pixels and vectors, and as a page of its own."""

from __future__ import annotations

import base64
import io
import re
import zlib
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pytest
from PIL import Image

from demo.__main__ import main
from demo.answers.finding import Finding, TraceText
from demo.dialogue.archive import save_zip
from demo.dialogue.session import Look, ReasonerInfo, SecondOpinion, Session, Turn
from demo.errors import InputError
from demo.figures.drawing import (
    KINDS,
    WIDTHS,
    beside_dialogue,
    dialogue_figure,
    opinions_of,
    picture_figure,
    regions_of,
)
from demo.figures.page import dialogue_page
from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.masks import Mask
from demo.picture.palette import PALETTE
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import RegionObject

WIDTH, HEIGHT = 300, 200
BOX = PictureBox(60, 50, 160, 150)
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script> for $5 & $6 狗在左边"


def ring() -> Mask:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(columns - 110, rows - 100)
    return Mask.from_array((distance < 48) & (distance > 20))


@pytest.fixture(scope="module")
def shown() -> tuple[Picture, Session]:
    """Two questions, one of them without an answer, a region that was drawn, and one that is hidden."""
    picture = open_picture(np.full((HEIGHT, WIDTH, 3), 235, np.uint8), "grey.png")
    session = Session.begin(picture.info, ReasonerInfo("nano", Size(840, 840)))
    item = RegionObject("", BOX, PicturePoint(110, 60), ring())
    registry, _ = session.registry.add([item], label="ring <b>")
    other = Turn(HOSTILE, HOSTILE, raw="other")
    second = SecondOpinion(
        ReasonerInfo("other/model", Size(840, 840)), other, (RegionObject("R1.1", BOX),)
    )
    trace = TraceText(scene="A ring.", think="It is round.", answer="[]")
    first = Turn(HOSTILE, HOSTILE, (), "R1", trace=trace, second_opinions=(second,), next_region=1)
    session = session.with_turn(first, registry)
    findings = (
        Finding("answer.empty", "note", "empty"),
        Finding("contradiction", "warning", "Look!"),
    )
    session = session.with_turn(
        Turn("find the cat", "find the cat", ("R1",), None, trace=trace, findings=findings),
        session.registry,
    )
    registry, _ = session.registry.add(
        [RegionObject("", PictureBox(200, 20, 260, 60))], label="кот"
    )
    registry, hidden = registry.add([RegionObject("", PictureBox(1, 1, 20, 20))], label="secret")
    return picture, session.with_registry(registry.replace(replace(hidden, hidden=True)))


def texts(root: Element) -> str:
    return " ".join("".join(element.itertext()).strip() for element in root.iter(f"{SVG}text"))


def ink(drawn: np.ndarray, number: int) -> np.ndarray:
    colour = [int(PALETTE[number - 1][at : at + 2], 16) for at in (1, 3, 5)]
    return np.asarray((np.abs(drawn.astype(int) - colour) < 90).all(axis=2))


@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_pixels_at_any_scale(shown: tuple[Picture, Session], scale: float) -> None:
    picture, session = shown
    png = picture_figure(picture, regions_of(session), "png", scale=scale)
    drawn = np.array(Image.open(io.BytesIO(png)).convert("RGB"))
    assert drawn.shape == (HEIGHT * scale, WIDTH * scale, 3)
    rows, columns = np.nonzero(ink(drawn, 1))
    assert rows.max() == pytest.approx(BOX.y2 * scale, abs=2 * scale + 1)
    assert columns.max() == pytest.approx(BOX.x2 * scale, abs=2 * scale + 1)
    inside, hole = (int(100 * scale), int(140 * scale)), (int(100 * scale), int(110 * scale))
    assert drawn[inside].tolist() != [235, 235, 235]
    assert drawn[hole].tolist() == [235, 235, 235]


def test_a_png_has_bounded_pixels(shown: tuple[Picture, Session]) -> None:
    with pytest.raises(InputError, match="take a smaller scale"):
        picture_figure(shown[0], regions_of(shown[1]), "png", scale=100)


def test_svg_has_outlines_and_text(shown: tuple[Picture, Session]) -> None:
    picture, session = shown
    root = fromstring(picture_figure(picture, regions_of(session), "svg"))
    assert texts(root).split() == ["R1", "R2"]  # not the hidden R3
    outlines = [path.get("d", "") for path in root.iter(f"{SVG}path")]
    assert any(outline.count("z") == 2 and outline.count("L") > 20 for outline in outlines)
    (image,) = root.iter(f"{SVG}image")
    assert image.get("{http://www.w3.org/1999/xlink}href", "").startswith("data:image/png")
    assert "pixelated" not in str(image.attrib)  # a photograph is smooth when it is enlarged
    assert {element.tag.removeprefix(SVG) for element in root.iter()}.isdisjoint({"script", "a"})


def test_a_figure_has_questions_and_answers_and_another_models(
    shown: tuple[Picture, Session],
) -> None:
    picture, session = shown
    beside = opinions_of(session, "other/model")
    root = fromstring(dialogue_figure(picture, session, "svg", beside=beside))
    said = texts(root)
    for words in ("Q1 <script>", "$5 & $6", "狗在左边", "find the cat", "nothing found", "R1*"):
        assert words in said
    assert "other/model" in said
    assert len(list(root.iter(f"{SVG}image"))) == 2


def test_pdf_has_outlines_and_fonts(shown: tuple[Picture, Session]) -> None:
    picture, session = shown
    pdf = dialogue_figure(picture, session, "pdf")
    assert pdf.startswith(b"%PDF-")
    assert b"/ToUnicode" in pdf or b"/FontFile2" in pdf  # letters, not outlines of letters
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    content = b"".join(zlib.decompress(s) for s in streams if s[:1] == b"x")
    assert content.count(b" l\n") > 40
    assert b"BT" in content


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_dialogue_makes_the_same_file(shown: tuple[Picture, Session], kind: str) -> None:
    picture, session = shown
    assert dialogue_figure(picture, session, kind) == dialogue_figure(picture, session, kind)


def test_the_page_says_all_and_loads_nothing(shown: tuple[Picture, Session]) -> None:
    page = dialogue_page(*shown)
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    for words in (
        "find the cat",
        "Nothing in the picture matches.",
        "Look!",
        "It is round.",
        "кот",
    ):
        assert words in page
    assert "secret" not in page
    assert set(re.findall(r'(?:src|href|url)\s*[=(]\s*"?([a-z]+:|#)', page)) == {"data:", "#"}
    assert "ring &lt;b&gt;" in page


def test_a_photograph_is_stored_as_one() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1800, 3000, 3), np.uint8)
    picture = open_picture(noise, "photo.jpg")
    session = Session.begin(picture.info, ReasonerInfo("nano", Size(840, 840)))
    page = dialogue_page(picture, session)
    assert "data:image/jpeg" in page
    assert 'viewBox="0 0 3000 1800"' in page  # regions stay in picture pixels


def test_convert_writes_figures_and_pages(shown: tuple[Picture, Session], tmp_path: Path) -> None:
    picture, session = shown
    save_zip(session, picture, tmp_path / "a.zip")
    for kind in (*KINDS, "html"):
        out = tmp_path / kind
        assert main(["convert", str(tmp_path / "a.zip"), "--to", kind, "--out", str(out)]) == 0
        names = sorted(file.name for file in out.iterdir())
        figures = [f"grey-dialogue.{kind}", f"grey-model.{kind}", f"grey.{kind}"]
        assert names == (["grey.html"] if kind == "html" else figures)


@pytest.mark.parametrize("columns", [1, 2])
def test_a_figure_is_as_wide_as_columns_of_a_paper(
    shown: tuple[Picture, Session], columns: int
) -> None:
    picture, session = shown
    beside = opinions_of(session, "other/model")
    root = fromstring(dialogue_figure(picture, session, "svg", beside=beside, columns=columns))
    assert float(root.get("width", "").removesuffix("pt")) == pytest.approx(72 * WIDTHS[columns])
    tops = {image.get("transform", "").split()[-1] for image in root.iter(f"{SVG}image")}
    assert len(tops) == {1: 2, 2: 1}[columns]  # below or beside each other
    said = texts(root)
    assert all(words in said for words in ("nano", "other/model", "R1*", "find the cat"))


def looked(session: Session) -> Session:
    """Two looks of the model at the first question, and a second one about a part."""
    size = Size(224, 224)
    own = Look(PictureBox(200, 100, 280, 180), size, "<look>"), Look(BOX, size, "<look>")
    about = Look(PictureBox(10, 120, 40, 190), size, is_answered=True)
    first, second = session.turns
    turns = replace(first, question="the ring", looks=own), replace(second, looks=(about,))
    return replace(session, turns=turns)


def test_a_figure_of_a_dialogue_shows_where_it_was_looked(
    shown: tuple[Picture, Session], tmp_path: Path
) -> None:
    picture, session = shown[0], looked(shown[1])
    beside = opinions_of(session, "other/model")
    root = fromstring(dialogue_figure(picture, session, "svg", beside=beside))
    named = [text.text for text in root.iter(f"{SVG}text")]
    assert [named.count(name) for name in ("Q1.1", "Q1.2")] == [1, 1]  # not on the other's picture
    assert named.count("Q2") == 2  # at its row, too
    assert "the ring — looked closer (dashed)" in named
    assert "find the cat — about a part (dashed) — nothing found" in named
    assert b"stroke-dasharray" not in picture_figure(picture, regions_of(session), "svg")

    save_zip(session, picture, tmp_path / "a.zip")
    arguments = ["convert", str(tmp_path / "a.zip"), "--to", "svg", "--no-looks"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    without = (tmp_path / "out" / "grey-dialogue.svg").read_text(encoding="utf-8")
    assert "dash" not in without
    assert "Q1.1" not in without


def test_the_frame_of_a_look_lies_round_its_place(shown: tuple[Picture, Session]) -> None:
    picture, session = shown[0], looked(shown[1])
    pngs = [dialogue_figure(picture, session, "png", looks=looks) for looks in (True, False)]
    images = [np.array(Image.open(io.BytesIO(png)).convert("L"), int) for png in pngs]
    scale = images[0].shape[1] / WIDTH
    changed = images[0] != images[1]

    def is_changed(x: float, y: float) -> bool:
        row, column = round(y * scale), round(x * scale)
        return bool(changed[row - 8 : row + 9, column - 8 : column + 9].any())  # a dash at least

    assert all(is_changed(x, y) for x, y in ((200, 140), (280, 140), (240, 100), (240, 180)))
    assert not any(is_changed(x, y) for x, y in ((240, 140), (190, 140), (290, 140), (240, 190)))


def test_letters_that_run_to_the_left_are_joined(shown: tuple[Picture, Session]) -> None:
    """Each has another form within a word than by itself."""
    picture, session = shown
    drawn = []
    for question in ("كلب", "ك\u200cل\u200cب"):  # the same letters, kept from joining
        turn = replace(session.turns[1], question=question)
        png = dialogue_figure(picture, replace(session, turns=(turn,)), "png")
        drawn.append(np.array(Image.open(io.BytesIO(png)).convert("L")))
    assert drawn[0].shape == drawn[1].shape
    assert not np.array_equal(drawn[0], drawn[1])


def test_a_large_picture_is_no_larger_than_it_is_printed() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (2000, 4000, 3), np.uint8)
    picture = open_picture(noise, "photo.jpg")
    session = Session.begin(picture.info, ReasonerInfo("nano", Size(840, 840)))
    root = fromstring(dialogue_figure(picture, session, "svg"))
    (image,) = root.iter(f"{SVG}image")
    address = image.get("{http://www.w3.org/1999/xlink}href", "")
    inside = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    assert inside.width == round(7.0 * 300)


def test_what_lies_in_the_same_place_has_the_same_colour_beside(
    shown: tuple[Picture, Session],
) -> None:
    picture, session = shown
    registry, _ = Session.begin(picture.info, session.reasoner).registry.add(
        [RegionObject("", PictureBox(0, 150, 40, 200))], label="only there"
    )
    registry, _ = registry.add([RegionObject("", PictureBox(62, 52, 160, 150))], label="ring")
    other = replace(session, turns=(), registry=registry)
    beside = beside_dialogue(session, other, "truth")
    assert beside.title == "truth"
    assert [(name, number) for _, name, number in beside.objects] == [("only there", 3), ("R1*", 1)]


def test_convert_sets_a_figure_beside_a_model_or_a_file(
    shown: tuple[Picture, Session], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, session = shown
    save_zip(session, picture, tmp_path / "a.zip")
    save_zip(replace(session, turns=()), picture, tmp_path / "truth.zip")
    other = open_picture(np.zeros((50, 60, 3), np.uint8), "other.png")
    save_zip(Session.begin(other.info, session.reasoner), other, tmp_path / "b.zip")

    def figures(*options: str) -> list[str]:
        out = tmp_path / "-".join(["out", *options]).replace("/", "_")
        arguments = ["convert", str(tmp_path / "a.zip"), "--to", "svg", "--out", str(out)]
        if main([*arguments, *options]):
            return [capsys.readouterr().err]
        return sorted(file.name for file in out.iterdir())

    both = ["grey-dialogue.svg", "grey.svg"]
    assert figures("--beside", "other/model") == [both[0], "grey-model.svg", both[1]]
    assert figures("--beside", str(tmp_path / "truth.zip")) == [both[0], "grey-truth.svg", both[1]]
    (said,) = figures("--beside", "nobody")
    assert "no answers of “nobody”" in said
    assert "other/model" in said
    (said,) = figures("--beside", str(tmp_path / "b.zip"))
    assert "about another picture than grey.png, which has 300 × 200 pixels" in said
    alike = open_picture(np.zeros((200, 300, 3), np.uint8), "alike.png")
    save_zip(Session.begin(alike.info, session.reasoner), alike, tmp_path / "c.zip")
    (said,) = figures("--beside", str(tmp_path / "c.zip"))
    assert "about another picture than grey.png" in said  # of the same size
    renamed = replace(session, picture=replace(picture.info, name="x.png"), turns=())
    save_zip(renamed, picture, tmp_path / "d.zip")
    assert figures("--beside", str(tmp_path / "d.zip")) == [both[0], "grey-truth.svg", both[1]]


def test_figures_of_names_that_are_alike_are_all_there(
    shown: tuple[Picture, Session], tmp_path: Path
) -> None:
    picture, session = shown
    first, *others = session.turns
    (second,) = first.second_opinions
    owners = [replace(second, reasoner=ReasonerInfo(f"{o}/model", Size(840, 840))) for o in "ab"]
    session = replace(session, turns=(replace(first, second_opinions=tuple(owners)), *others))
    save_zip(session, picture, tmp_path / "a.zip")
    named = replace(picture, name="grey-dialogue.png")
    save_zip(replace(session, picture=named.info, turns=()), named, tmp_path / "b.zip")
    inputs, out = [str(tmp_path / name) for name in ("a.zip", "b.zip")], tmp_path / "out"
    assert main(["convert", *inputs, "--to", "svg", "--out", str(out)]) == 0
    names = ("grey", "grey-dialogue", "grey-dialogue-2", "grey-model", "grey-model-2")
    assert sorted(file.stem for file in out.iterdir()) == sorted(names)
    assert b"a/model" in (out / "grey-model.svg").read_bytes()
    assert b"b/model" in (out / "grey-model-2.svg").read_bytes()


def test_convert_takes_a_scale_and_columns(
    shown: tuple[Picture, Session], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, session = shown
    save_zip(session, picture, tmp_path / "a.zip")
    arguments = ["convert", str(tmp_path / "a.zip"), "--to", "png", "--out", str(tmp_path / "out")]
    assert main([*arguments, "--scale", "1.5", "--columns", "1"]) == 0
    alone, said = (
        open_picture(tmp_path / "out" / name) for name in ("grey.png", "grey-dialogue.png")
    )
    assert (alone.size, said.size.width) == (Size(450, 300), round(300 * WIDTHS[1]))
    for scale in ("0", "-1", "nan", "inf", "2x", "1e9"):
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--scale", scale])
        assert ended.value.code == 2
        assert "is not a scale" in capsys.readouterr().err


@pytest.mark.parametrize(("width", "height"), [(20, 1800), (1800, 20)])
def test_a_figure_of_a_picture_of_any_shape_fits_on_a_page(width: int, height: int) -> None:
    picture = open_picture(np.full((height, width, 3), 200, np.uint8), "strip.png")
    session = Session.begin(picture.info, ReasonerInfo("nano", Size(840, 840)))
    registry, _ = session.registry.add([RegionObject("", PictureBox(2, 2, 18, 18))])
    session = session.with_registry(registry)
    root = fromstring(dialogue_figure(picture, session, "svg"))
    assert float(root.get("height", "").removesuffix("pt")) <= 72 * 9.01
    assert picture_figure(picture, regions_of(session), "png").startswith(b"\x89PNG")
    with pytest.raises(InputError, match="take a smaller scale"):
        picture_figure(picture, regions_of(session), "png", scale=40)


def test_a_figure_lists_as_many_questions_as_fit(shown: tuple[Picture, Session]) -> None:
    picture, session = shown
    turn = replace(session.turns[1], question="a very long question " * 90)
    session = replace(session, turns=(turn,) * 200)
    said = texts(fromstring(dialogue_figure(picture, session, "svg")))
    assert "Q1 a very long" in said
    assert "more questions." in said
    assert "Q200" not in said
