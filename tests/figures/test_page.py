"""The page of a dialogue: what it says of others and of people, what its names lead to, what bounds it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from unittest.mock import Mock

import numpy as np
import pytest

from demo.answers.finding import Finding, TraceText
from demo.dialogue.archive import read_zip
from demo.dialogue.session import Look, ReasonerInfo, SecondOpinion, Session, Turn
from demo.figures import page as pages
from demo.figures.beside import Beside
from demo.figures.page import dialogue_page, linked
from demo.picture.crops import Part
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import Origin, RegionObject, Registry

FRAME = Size(840, 840)
BOX, OTHER = PictureBox(30, 20, 90, 70), PictureBox(100, 20, 150, 90)


@pytest.fixture(scope="module")
def picture() -> Picture:
    return open_picture(np.full((120, 200, 3), 220, np.uint8), "غرفة <b>.png")


def blob(width: int = 200, height: int = 120) -> Mask:
    pixels = np.zeros((height, width), bool)
    pixels[20:70, 30:90] = True
    pixels[30:40, 40:60] = False
    return Mask.from_array(pixels)


@pytest.fixture(scope="module")
def session(picture: Picture) -> Session:
    """R1 of two objects that a person corrected, R2 by hand; the answer is rated, another one beside it."""
    start = Session.begin(picture.info, ReasonerInfo("first <model>", FRAME))
    items = [RegionObject("", BOX, mask=blob(), corrected=True), RegionObject("", OTHER)]
    registry, _ = start.registry.add(items, label="الكلب")
    box = BOX.to_model(picture.size, FRAME).xyxy
    think = f"R1.2 is right of bbox=[{', '.join(map(str, box))}], not of [1, 2, 3, 4]. <i>"
    findings = (Finding("answer.clamped", "note", "cut to the frame"),)
    trace = TraceText(think=think, answer="[]")
    turn = Turn("what is next to R1 or R9?", "", ("R1",), "R1", trace=trace, findings=findings)
    warned = Turn("", "", raw="x", findings=(Finding("contradiction", "warning", "odd <u>"),))
    second = SecondOpinion(
        ReasonerInfo("second & model", FRAME), warned, (replace(items[0], id="R1.1"),)
    )
    asked = start.with_turn(replace(turn, next_region=1, second_opinions=(second,)), registry)
    drawn, _ = registry.add([RegionObject("", PictureBox(0, 0, 9, 9))], origin=Origin.USER)
    return asked.with_registry(drawn).with_feedback(1, "down")


class Read(HTMLParser):
    """What a browser makes of a page: its words, where its links lead, and the places that there are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.leads, self.places = "", set[str](), set[str]()
        self.tags, self.open = set[str](), list[str]()
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.leads |= {given["href"] or ""} if tag == "a" else set()
        self.places |= {given["id"] or ""} if "id" in given else set()
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data if "style" not in self.open else ""


def test_it_says_what_people_and_other_models_did(picture: Picture, session: Session) -> None:
    truth = {
        1: (Beside("truth", (RegionObject("", OTHER),), ("IoU 0.12, a miss.",), is_truth=True),)
    }
    read = Read(dialogue_page(picture, session, truth, remark="as it was"))
    for words in (
        "غرفة <b>.png", "answered by first <model>", "as it was", "Rated bad.", "corrected by hand",
        "drawn by hand", "What second & model says", "They disagree", "odd <u>", "cut to the frame",
        "IoU 0.12, a miss.", "Truth on the picture", "2 objects", "الكلب",
    ):  # fmt: skip
        assert words in read.words
    assert not {"script", "i", "u", "link", "iframe"} & read.tags


def test_every_name_leads_to_a_region_that_is_there(picture: Picture, session: Session) -> None:
    page = dialogue_page(picture, session)
    read = Read(page)
    within = {lead[1:] for lead in read.leads if lead.startswith("#")}
    assert within <= read.places
    assert {"R1", "R1.1", "R1.2", "R2", "q1b1"} <= within
    assert re.search(r'href="#R1.1"><bdi>R1.1 bbox=\[', page)  # a box that is a region's
    assert "of [1, 2, 3, 4]" in read.words
    assert 'href="#R9"' not in page


def test_the_policy_lets_in_its_own_style_alone(picture: Picture, session: Session) -> None:
    page = dialogue_page(picture, session)
    (sheet,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'" in page
    assert "style=" not in page
    assert "url(" not in page


def test_the_dialogue_itself_comes_out_of_the_page(picture: Picture, session: Session) -> None:
    page = dialogue_page(picture, session)
    (address,) = re.findall(r'href="data:application/zip;base64,([^"]+)"', page)
    again, same = read_zip(base64.b64decode(address))
    assert (again, same) == (session, picture)


def test_a_file_that_browsers_cannot_save_is_left_out(
    picture: Picture, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MAX_FILE", 100)
    page = dialogue_page(picture, session)
    assert "application/zip" not in page
    assert "too large for this page" in page


def test_outlines_are_bounded_together(
    picture: Picture, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MAX_OUTLINES", 10)
    page = dialogue_page(picture, session)
    assert page.count('class="mask"') == 1
    assert "Left out, because all together are too long: 1 outline." in page


FRAME, PART = Size(840, 840), PictureBox(10, 20, 110, 80)


def about_parts(session: Session, *parts: PictureBox, references: tuple[str, ...]) -> Session:
    """R3 is a drawn box, which a model cites as it is in each of the parts that it was shown alone."""
    think, looks = "", []
    for n, box in enumerate(parts):
        part = Part.of_box(box, session.picture.size, FRAME)
        call = f"<look>[{n}, 0, 9, 9]</look>"
        cited = list(part.box_from_picture(PictureBox(20, 30, 40, 50), FRAME).xyxy)
        think += f"{call} see {cited} and [1, 2, 3, 4] "
        looks.append(Look(box, FRAME, call))
    turn = Turn("q", "q", references, trace=TraceText(think=think, answer="[]"), looks=tuple(looks))
    info = ReasonerInfo("looker", FRAME)
    item = RegionObject("", PictureBox(20, 30, 40, 50))
    registry, _ = Registry().add([item])
    return replace(session, turns=(turn,), registry=registry, reasoner=info)


@pytest.mark.parametrize("references", [(), ("R1",)])
def test_boxes_about_a_part_lead_to_their_region(
    picture: Picture, session: Session, references: tuple[str, ...]
) -> None:
    looking = about_parts(session, PART, PictureBox(0, 0, 60, 60), references=references)
    page = dialogue_page(picture, looking)
    assert len(re.findall(r'href="#R1"><bdi>R1 \[', page)) == 2
    assert "[1, 2, 3, 4]" in page


def test_a_look_leads_to_its_place_also_where_another_model_took_it(
    picture: Picture, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = about_parts(session, PART, PictureBox(0, 0, 60, 60), references=())
    second = SecondOpinion(ReasonerInfo("other", FRAME), looking.turns[0])
    looking = replace(looking, turns=(replace(looking.turns[0], second_opinions=(second,)),))
    page = dialogue_page(picture, looking)
    places = re.findall(r'<g class="place" id="(\w+)">.*?V(\d+)Z"', page)
    assert places == [("look1", "20"), ("look2", "0"), ("look3", "20"), ("look4", "0")]
    assert re.findall(r'class="look" href="#(\w+)"', page) == [name for name, _ in places]
    assert "&lt;look&gt;" not in page
    monkeypatch.setattr(pages, "_MAX_LOOKS", 1)
    few = dialogue_page(picture, looking)
    assert few.count('<g class="place"') == few.count('class="look" href') == 1
    assert few.count('<span class="look">Look') == 3


def test_only_cited_boxes_are_laid_over_the_parts(
    picture: Picture, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not all objects over each part: there may be thousands of both."""
    looking = about_parts(session, *(PictureBox(0, 0, 60 + n, 60) for n in range(5)), references=())
    items = [RegionObject("", PictureBox(n, 60, n + 5, 70)) for n in range(100)]
    registry, _ = looking.registry.add(items)
    laid = Mock(wraps=pages._on_picture)
    monkeypatch.setattr(pages, "_on_picture", laid)
    monkeypatch.setattr(Part, "box_from_picture", lambda *_: pytest.fail("all were laid over it"))
    dialogue_page(picture, replace(looking, registry=registry))
    assert laid.call_count == 10  # two boxes for each of five parts


def test_a_mask_of_noise_is_drawn_coarser() -> None:
    noise = Mask.from_array(np.random.default_rng(1).random((900, 900)) < 0.5)
    assert 0 < len(pages.path_of(noise)) < 2_000_000
    assert pages.path_of(blob()).count("M") == 2  # with its hole


@pytest.mark.parametrize(
    ("text", "spots", "words"),
    [
        ("<R1> & R2", [(1, 3, "R1"), (7, 9, "R2")], ["&lt;", "R1", "&gt; &amp; ", "R2", ""]),
        ("R1", [(0, 2, "R1"), (0, 2, "R1")], ["", "R1", ""]),
        ("the first", [(0, 9, "R1")], ["", "the first", ""]),
        ("בכלב R1", [], ["בכלב R1"]),
        ("", [], [""]),
    ],
)
def test_names_in_a_text_are_links(
    text: str, spots: list[tuple[int, int, str]], words: list[str]
) -> None:
    pieces = re.split(r"<a [^>]*>|</a>", re.sub("</?bdi>", "", linked(text, spots)))
    assert pieces == words


@pytest.mark.parametrize(
    ("turn", "is_there", "said"),
    [
        (Turn("", "", region="R2"), True, ""),
        (Turn("", "", region="R2"), False, "R2, which was removed since."),
        (Turn("", "", region="R2", partial=True), True, "Stopped before its end."),
        (Turn("", "", partial=True), False, "Stopped before there was an answer."),
        (Turn("", "", findings=(Finding("answer.empty", "note", ""),)), False, "Nothing in the"),
        (Turn("", "", raw=" It is grey. "), False, "It is grey."),
        (Turn("", "", region="R1", findings=(Finding("world.outside", "note", ""),)), True, "A guess."),
    ],
)  # fmt: skip
def test_what_became_of_a_question(turn: Turn, is_there: bool, said: str) -> None:
    outcome = pages.outcome(turn, is_there)
    assert outcome.startswith(said)
    assert bool(outcome) == bool(said)
