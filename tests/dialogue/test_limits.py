"""What a dialogue from outside may hold: measured before anything is made of it, and refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo.answers.finding import TraceText
from demo.dialogue import limits, room
from demo.dialogue.archive import read_session, read_zip
from demo.dialogue.extent import is_large
from demo.dialogue.owner import Owner
from demo.dialogue.session import ReasonerInfo, Session, Turn
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.dialogue.store import Store
from demo.errors import InputError, SessionFormatError
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.picture import Picture, PictureInfo, open_picture
from demo.picture.regions import Origin, Region, RegionObject, Registry

SIDE = 100
INFO = PictureInfo("p.png", Size(SIDE, SIDE), "0" * 64)


def begun(info: PictureInfo = INFO) -> dict[str, Any]:
    return session_to_json(Session.begin(info, ReasonerInfo("nano", Size(840, 840))))


def turn(**values: Any) -> dict[str, Any]:
    trace = {"scene": None, "focus": None, "think": "a dog", "answer": "[]"}
    return {"question": "dog", "prompted": "dog", "trace": trace, "raw": "a dog"} | values


def thing(number: int, **values: Any) -> dict[str, Any]:
    return {"id": f"R1.{number}", "bbox_xyxy": [0, 0, 5, 5]} | values


def region(number: int, **values: Any) -> dict[str, Any]:
    item = {"id": f"R{number}.1", "bbox_xyxy": [0, 0, 5, 5]}
    return {"id": f"R{number}", "origin": "user", "objects": [item]} | values


LOOK = {"box_xyxy": [0, 0, 5, 5], "size": [28, 28], "call": "<look>" * 183}
FINDING = {"kind": "x", "level": "note", "text": "t", "part": "think", "span": [0, 1]}
OPINION = {
    "reasoner": {"name": "m", "frame": [840, 840]},
    "turn": turn(),
    "objects": [],
}


def thinking(text: str) -> dict[str, Any]:
    return turn(trace={"scene": None, "focus": None, "think": text, "answer": None})


TOO_MUCH: list[Any] = [
    pytest.param({"turns": [turn()] * 251}, "251 rounds", id="turns"),
    pytest.param({"regions": [region(i) for i in range(1, 1002)]}, "1,001 regions", id="regions"),
    pytest.param(
        {"regions": [region(1, objects=[thing(i) for i in range(1, 302)])]},
        "301 objects in one region",
        id="objects",
    ),
    pytest.param(
        {"regions": [region(1, objects=[thing(1, clicks=[[1, 1, 1]] * 101)])]},
        "101 clicks",
        id="clicks",
    ),
    pytest.param({"regions": [region(1, label="R1 and " * 99)]}, "one label", id="a label"),
    pytest.param({"turns": [turn(findings=[FINDING] * 301)]}, "301 findings", id="findings"),
    pytest.param({"turns": [turn(findings=[FINDING] * 300)] * 21}, "6,300 findings", id="all findings"),
    pytest.param({"turns": [turn(looks=[LOOK] * 41)]}, "41 looks", id="looks"),
    pytest.param({"turns": [turn(looks=[LOOK | {"call": "a" * 1_101}])]}, "1,101 characters", id="a call"),
    pytest.param({"turns": [turn(references=["R1"] * 4001)]}, "4,001 names", id="references"),
    pytest.param(
        {
            "turns": [turn(references=["R1"], region="R1")] * 20,
            "regions": [region(1, objects=[thing(i) for i in range(1, 301)])],
        },
        "12,000 objects named",
        id="objects named again and again",
    ),
    pytest.param({"turns": [turn(question="R1 and " * 999)]}, "characters in one", id="a question"),
    pytest.param({"turns": [thinking("a" * 60_001)]}, "60,001 characters in one text", id="a text"),
    pytest.param({"turns": [thinking("a" * 60_000)] * 40}, "characters of text", id="all texts"),
    pytest.param({"turns": [turn(second_opinions=[OPINION] * 17)]}, "17 second", id="opinions"),
    pytest.param({"turns": [turn(second_opinions=[OPINION] * 16)] * 32}, "512 second", id="all opinions"),
    pytest.param({"more": [0] * 300_001}, "values", id="what nobody reads"),
    pytest.param({"more": {str(i): 0 for i in range(300_001)}}, "values", id="names that nobody reads"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "sentence"), TOO_MUCH)
def test_more_than_people_need_is_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SessionFormatError, match="cannot be opened: it has") as caught:
        session_from_json(begun() | values)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(("values", "sentence"), TOO_MUCH[:4])
def test_what_is_too_much_costs_nothing_more(
    values: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before any mask is read."""
    monkeypatch.setattr(Mask, "run_lengths", lambda _: pytest.fail("a mask was read"))
    with pytest.raises(SessionFormatError, match=sentence):
        session_from_json(begun() | values)


def masked(count: int, side: int) -> dict[str, Any]:
    """A dialogue with so many masks of the whole picture, of a few characters each."""
    size = Size(side, side)
    counts = Mask.from_array(np.ones((2, 2))).counts
    assert Mask(Size(2, 2), counts).area == 4
    info = PictureInfo("p.png", size, "0" * 64)
    whole = {"size": [side, side], "counts": run(0) + run(side * side)}
    box = [0, 0, side, side]
    things = [
        region(i, objects=[{"id": f"R{i}.1", "bbox_xyxy": box, "mask": whole}])
        for i in range(1, count + 1)
    ]
    return begun(info) | {"regions": things}


def run(length: int) -> str:
    """One number of a COCO string."""
    written = ""
    while True:
        group, length = length & 31, length >> 5
        is_last = length == 0 and not group & 16
        written += chr(48 + (group | (0 if is_last else 32)))
        if is_last:
            return written


def test_masks_are_bounded_by_the_pixels_that_they_lie_on() -> None:
    assert len(session_from_json(masked(60, 6900)).registry) == 60
    with pytest.raises(SessionFormatError, match="pixels within the outlines of its masks"):
        session_from_json(masked(200, 7000))


def test_masks_are_bounded_by_their_text() -> None:
    long = {"size": [SIDE, SIDE], "counts": "1" * 2_000_001}
    with pytest.raises(SessionFormatError, match="characters in one mask"):
        session_from_json(begun() | {"regions": [region(1, objects=[thing(1, mask=long)])]})
    some = {**long, "counts": "1" * 1_900_000}
    things = [thing(i, mask=some) for i in range(1, 6)]
    with pytest.raises(SessionFormatError, match="characters of masks"):
        session_from_json(begun() | {"regions": [region(1, objects=things)]})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("[" + "0," * 150_001 + "0]", "commas", id="numbers"),
        pytest.param("[" + "[]," * 150_001 + "0]", "commas", id="lists"),
        pytest.param('{"a":' * 100_000, "not JSON", id="depth"),
        pytest.param('["' + "\\u0041" * 1_000_001 + '"]', "escaped", id="escapes"),
        pytest.param("[" + "9" * 4000 + "]", "digits", id="a long number"),
        pytest.param("[0." + "9" * 4000 + "]", "digits", id="a long fraction"),
    ],
)
def test_json_that_would_hold_up_everything_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(SessionFormatError, match=sentence):
        read_session(text.encode())


def test_a_hundred_rounds_and_five_hundred_regions_are_read() -> None:
    regions = [region(i, label=f"thing {i}") for i in range(1, 501)]
    text = "The dog is left of the tree. " * 100
    turns = [thinking(text) | {"raw": text * 2, "findings": [FINDING] * 20}] * 100
    session = session_from_json(begun() | {"regions": regions, "turns": turns})
    assert (len(session.registry), len(session.turns)) == (500, 100)
    assert session_from_json(session_to_json(session)) == session


@pytest.mark.parametrize("count", [1_001, 20_000])
def test_a_small_file_is_measured_before_its_picture_is_decoded(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.dialogue.archive.open_picture", lambda *_: pytest.fail("decoded"))
    file, image = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (SIDE, SIDE)).save(image, "PNG")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        value = begun() | {"regions": [region(i) for i in range(1, count + 1)]}
        packed.writestr("session.json", json.dumps(value))
        packed.writestr("picture.png", image.getvalue())
    with pytest.raises(SessionFormatError, match="are read"):
        read_zip(file.getvalue())


# Dialogues that grow here ----------------------------------------------------------------------------


def grown(regions: int) -> Registry:
    item = RegionObject("", PictureBox(0, 0, 5, 5))
    made = (
        Region(f"R{i}", (replace(item, id=f"R{i}.1"),), Origin.USER) for i in range(1, regions + 1)
    )
    return Registry(tuple(made), regions + 1)


def test_a_dialogue_that_grows_is_full_before_it_could_not_be_opened() -> None:
    session = Session.begin(INFO, ReasonerInfo("nano", Size(840, 840)))
    full = replace(session, registry=grown(limits.MAX_REGIONS + 1))
    more, _ = full.registry.add([RegionObject("", PictureBox(1, 1, 9, 9))], origin=Origin.USER)
    with pytest.raises(InputError, match="full"):
        full.with_registry(more)
    assert len(full.with_registry(full.registry.remove("R1")).registry) == limits.MAX_REGIONS
    room.check_room_for_turn(limits.MAX_TURNS - 1, limits.MAX_TEXTS, session.registry)
    with pytest.raises(InputError, match="Branch at an earlier answer"):
        room.check_room_for_turn(limits.MAX_TURNS, 0, session.registry)
    with pytest.raises(InputError, match="characters of text"):
        room.check_room_for_turn(1, limits.MAX_TEXTS + 1, session.registry)
    assert session_from_json(session_to_json(full)).registry == full.registry


WIDE = Size(7_000, 7_000)
WHOLE = RegionObject("", PictureBox(0, 0, 7_000, 7_000), mask=Mask(WIDE, "0`aZk1"))
FINE = RegionObject("", PictureBox(0, 0, 9, 9), mask=Mask(WIDE, "0" * 1_900_000))


@pytest.mark.parametrize(
    ("item", "fit"),
    [
        pytest.param(WHOLE, limits.MAX_MASK_PIXELS // WHOLE.box.area, id="large"),
        pytest.param(FINE, limits.MAX_MASK_TEXTS // 1_900_000, id="fine"),
    ],
)
def test_masks_for_which_there_is_no_room_are_left_out_or_refused(
    item: RegionObject, fit: int
) -> None:
    half = fit // 2
    registry, _ = Registry().add([item] * half)
    rest = room.with_masks_that_fit([item] * fit, registry)
    assert [o.mask is not None for o in rest] == [True] * (fit - half) + [False] * half
    full, region = registry.add(rest)
    session = replace(Session.begin(INFO, ReasonerInfo("nano", Size(840, 840))), registry=full)
    more, _ = full.add([item])
    with pytest.raises(InputError, match="Delete some regions"):
        session.with_registry(more)
    assert tuple(session.with_registry(full.remove(region.id)).registry) == tuple(registry)
    fewer = full.remove("R1").add(
        [replace(item, mask=Mask(WIDE, "0"), box=WHOLE.box)] * (half + 1)
    )[0]
    if item is WHOLE:  # more pixels in fewer characters
        with pytest.raises(InputError, match="Delete some regions"):
            session.with_registry(fewer)
    boxes_only, _ = full.add([replace(item, mask=None)])
    assert len(session.with_registry(boxes_only).registry) == 3


def test_a_dialogue_that_has_grown_beyond_what_is_read_from_others_is_kept(tmp_path: Path) -> None:
    picture: Picture = open_picture(np.zeros((SIDE, SIDE, 3), np.uint8), "p.png")
    text = TraceText(think="a" * 40_000)
    rounds = (Turn("dog", "dog", trace=text),) * limits.MAX_TURNS
    session = replace(
        Session.begin(picture.info, ReasonerInfo("nano", Size(840, 840))), turns=rounds
    )
    assert is_large(session)
    with pytest.raises(SessionFormatError, match="characters of text"):
        session_from_json(session_to_json(session))
    store, owner = Store(tmp_path), Owner("somebody")
    saved = store.save(owner, session, picture)
    assert store.load(owner, saved.id)[0] == session
    store.close()


# Work that grows with what was sent, not with its square ------------------------------------------------


def counted(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[int]:
    calls: list[int] = []
    original: Callable[..., Any] = getattr(owner, name)

    def count(*args: Any, **options: Any) -> Any:
        calls.append(1)
        return original(*args, **options)

    monkeypatch.setattr(owner, name, count)
    return calls


def test_a_name_is_found_without_looking_at_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = grown(1000)
    listed = counted(monkeypatch, Registry, "names")
    assert all(f"R{i}" in registry and f"R{i}.1" in registry for i in range(1, 1001))
    assert registry.objects("R7.1")[0].id == "R7.1"
    assert not listed
