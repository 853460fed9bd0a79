"""Dialogues as zip files, which may be hostile, and as data to train on."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from demo.answers.finding import Finding
from demo.dialogue.archive import MAX_SESSION_BYTES, matching_picture, read_zip, save_zip, to_zip
from demo.dialogue.session import ReasonerInfo, SecondOpinion, Session, Turn
from demo.dialogue.session_json import session_to_json
from demo.errors import InputError, PictureError, SessionFormatError
from demo.evaluate.data import Dialogue, read_dialogues
from demo.evaluate.feedback import Export, export_dialogues
from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.masks import Mask
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import Origin, RegionObject
from tests import ROOT

PLACE = "<box>{context_bbox}</box>"
WIDTH, HEIGHT = 420, 210  # 840 × 840 is twice as wide and four times as high


def made_picture() -> Picture:
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return open_picture(noise, "noise.png")


PICTURE = made_picture()


def item(x: int, *, point: bool = True, corrected: bool = False) -> RegionObject:
    pixels = np.zeros((HEIGHT, WIDTH), dtype=bool)
    pixels[20:60, x : x + 30] = True
    return RegionObject(
        "", PictureBox(x, 20, x + 30, 60), PicturePoint(x + 5, 25) if point else None,
        Mask.from_array(pixels), corrected=corrected,
    )  # fmt: skip


def begun(side: int = 840) -> Session:
    return Session.begin(PICTURE.info, ReasonerInfo("told", Size(side, side)))


def told(
    session: Session, prompted: str, objects: Sequence[RegionObject], *names: str, **changed: Any
) -> Session:
    """One turn more, asked in words that hold their boxes already."""
    registry, region = session.registry, None
    if objects:
        registry, made = registry.add(objects)
        region = made.id
    turn = Turn(prompted, prompted, names, region, raw="text", **changed)
    return session.with_turn(turn, registry)


@pytest.fixture
def dialogue() -> Session:
    """The dog, and the cat beside it, found good."""
    session = told(begun(), "the dog", [item(10)])
    return told(session, "right of bbox=[20, 80, 80, 240]", [item(100)], "R1", feedback="up")


# Zip files


def test_a_dialogue_comes_back_as_it_was(dialogue: Session, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    save_zip(dialogue, PICTURE, path)
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        session, picture = read_zip(source)
        assert session == dialogue
        assert (picture, picture.name) == (PICTURE, "noise.png")
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


def test_a_picture_of_another_dialogue_is_not_kept(dialogue: Session) -> None:
    other = open_picture(np.zeros((20, 20, 3), dtype=np.uint8))
    with pytest.raises(ValueError, match="expected the picture"):
        to_zip(dialogue, other)
    png = io.BytesIO()
    Image.fromarray(other.pixels).save(png, "PNG")
    with pytest.raises(PictureError, match="not the one"):
        matching_picture(dialogue, png.getvalue())


def test_a_folder_that_is_not_there(dialogue: Session, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        save_zip(dialogue, PICTURE, tmp_path / "no" / "a.zip")
    with pytest.raises(SessionFormatError, match="cannot be read"):
        read_zip(tmp_path / "no" / "a.zip")


GOOD = to_zip(told(begun(), "the dog", [item(10)]), PICTURE)
with zipfile.ZipFile(io.BytesIO(GOOD)) as _archive:
    TEXT, PNG = _archive.read("session.json"), _archive.read("picture.png")
_blank = io.BytesIO()
Image.new("RGB", (20, 20)).save(_blank, "PNG")
BLANK = _blank.getvalue()


def packed(*entries: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def test_a_zip_made_by_hand_may_name_its_picture_otherwise() -> None:
    session, picture = read_zip(packed(("beach.png", PNG), ("session.json", TEXT)))
    assert (len(session.turns), picture) == (1, PICTURE)


DICT = json.loads(TEXT)
LITTER = [
    ("__MACOSX/", b""),
    ("__MACOSX/._walk", b"\0\5\26\7"),
    ("__MACOSX/walk/._picture.png", b"\0\5\26\7"),
    ("__MACOSX/walk/._session.json", b"\0\5\26\7"),
    ("walk/.DS_Store", b"\0\0\0\1Bud1"),
]
WITHOUT_NULLS = {
    **DICT,
    "turns": [{k: v for k, v in t.items() if v not in (None, [])} for t in DICT["turns"]],
}


class Written(io.BytesIO):
    """A file that cannot be gone back in, as a pipe is: sizes come behind what they measure."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


def streamed(*entries: tuple[str, bytes]) -> bytes:
    file = Written()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def large(*entries: tuple[str, bytes]) -> bytes:
    """With the records of zip64, which some programs always write."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries:
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
                entry.write(content)
    plain = file.getvalue()
    end = len(plain) - 22
    *_, count, size, at, _ = struct.unpack("<4s4H2LH", plain[end:])
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, at)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    return plain[:end] + record + locator + plain[end:]


def noted(content: bytes, comment: bytes) -> bytes:
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = comment
    return file.getvalue()


def resaved(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PICTURE.pixels).convert(mode).save(file, kind, **options)
    return file.getvalue()


SESSION, BOTH = ("session.json", TEXT), [("session.json", TEXT), ("picture.png", PNG)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(packed(("walk/", b""), *[(f"walk/{n}", c) for n, c in BOTH], *LITTER), id="Finder"),
        pytest.param(streamed(*[(f"walk/{n}", c) for n, c in BOTH], *LITTER), id="sizes behind"),
        pytest.param(
            packed(*[(f"walk\\{n}", c) for n, c in BOTH], ("walk\\Thumbs.db", b"x")), id="backslashes"
        ),
        pytest.param(
            packed(*BOTH, ("desktop.ini", b"x"), ("Icon\r", b""), ("@eaDir/a", b"")), id="litter"
        ),
        pytest.param(packed(("./session.json", TEXT), ("./picture.png", PNG), ("./", b"")), id="dots"),
        pytest.param(
            packed(*[(f"Spaziergänge/1/{n}", c) for n, c in BOTH]), id="a name in two parts"
        ),
        pytest.param(packed(*[(f"a/b/c/{n}", c) for n, c in BOTH]), id="folders in folders"),
        pytest.param(packed(*BOTH, compression=zipfile.ZIP_BZIP2), id="BZip2"),
        pytest.param(packed(*BOTH, compression=zipfile.ZIP_STORED), id="not compressed"),
        pytest.param(large(*BOTH), id="zip64"),
        pytest.param(noted(packed(*BOTH), b"checked by the mail gateway"), id="a comment"),
        pytest.param(packed(*BOTH) + b"\r\n", id="an empty line behind it"),
        pytest.param(packed(*BOTH) + bytes(700), id="padded with zeros"),
        pytest.param(packed(("dialogue.zip", packed(*BOTH))), id="a zip in a zip"),
        pytest.param(
            packed(("x/the dialogue (1).ZIP", GOOD), ("x/.DS_Store", b"x")), id="a saved one in a zip"
        ),
        pytest.param(packed(*BOTH, ("notes.txt", b"x"), ("report.docx", b"x")), id="notes beside"),
        pytest.param(packed(*BOTH, ("other.jpg", resaved("JPEG"))), id="another picture beside"),
        pytest.param(packed(("other.jpg", b"x"), *BOTH), id="a broken picture beside"),
        pytest.param(packed(SESSION, ("Strand bei Ebbe.PNG", PNG)), id="the picture renamed"),
        pytest.param(packed(SESSION, ("picture.png.download", PNG)), id="a download's name"),
        pytest.param(packed(SESSION, ("picture", PNG)), id="no suffix"),
        pytest.param(packed(("session (1).json", TEXT), ("picture (1).png", PNG)), id="numbered"),
        pytest.param(packed(("Copy of SESSION.json.txt", TEXT), ("picture.png", PNG)), id="copied"),
        pytest.param(packed(SESSION, ("picture.bmp", resaved("BMP"))), id="BMP"),
        pytest.param(packed(SESSION, ("picture.webp", resaved("WEBP", lossless=True))), id="WebP"),
        pytest.param(packed(SESSION, ("p.png", resaved("PNG", optimize=True))), id="other bytes"),
        pytest.param(packed(SESSION, ("p.tif", resaved("TIFF", compression="tiff_lzw"))), id="TIFF"),
        pytest.param(packed(SESSION, ("p.png", resaved("PNG", mode="RGBA"))), id="with transparency"),
        pytest.param(packed(("session.json", TEXT.replace(b"\n", b"\r\n")), BOTH[1]), id="CRLF"),
        *[
            pytest.param(packed(("session.json", TEXT.decode().encode(code)), BOTH[1]), id=code)
            for code in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32")
        ],
        *[
            pytest.param(packed(("session.json", json.dumps(data, **form).encode()), BOTH[1]), id=said)
            for said, data, form in (
                ("sorted", DICT, {"sort_keys": True}),
                ("on one line", DICT, {"separators": (",", ":")}),
                ("other values beside", {**DICT, "editor": {"name": "x"}, "tags": [1]}, {"indent": 8}),
                ("without empty values", WITHOUT_NULLS, {}),
            )
        ],
    ],
)  # fmt: skip
def test_what_a_computer_packed_again_opens(content: bytes) -> None:
    session, picture = read_zip(content)
    assert session == read_zip(GOOD)[0]
    assert (picture, picture.notes) == (PICTURE, ())


def test_a_compressed_picture_opens_where_it_may_and_is_said() -> None:
    content = packed(SESSION, ("picture.jpg", resaved("JPEG", quality=60)))
    with pytest.raises(PictureError, match="Put the original in its place"):
        read_zip(content)
    session, picture = read_zip(content, same_pixels=False)
    assert session.picture == picture.info != PICTURE.info
    assert (session.turns, session.registry) == (
        read_zip(GOOD)[0].turns,
        read_zip(GOOD)[0].registry,
    )
    (note,) = picture.notes
    assert "edited or compressed since" in note
    small = packed(SESSION, ("picture.png", BLANK))
    with pytest.raises(PictureError, match="not the one that its dialogue is about"):
        read_zip(small, same_pixels=False)


def locked(content: bytes) -> bytes:
    """With the bit set, in both places, that says an entry needs a password."""
    at = content.index(b"PK\x01\x02")
    changed = bytearray(content)
    changed[6] |= 1
    changed[at + 8] |= 1
    return bytes(changed)


def otherwise_packed(content: bytes, way: int) -> bytes:
    """With another number for how its entries are compressed, in both places."""
    changed = bytearray(content)
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = content.find(mark)
        while at >= 0:
            changed[at + place : at + place + 2] = way.to_bytes(2, "little")
            at = content.find(mark, at + 1)
    return bytes(changed)


BZIP2 = zipfile.ZIP_BZIP2
HOSTILE = [
    pytest.param(b"", "not a dialogue", id="nothing"),
    pytest.param(TEXT, "not a dialogue", id="no zip file"),
    pytest.param(PNG, "not a dialogue", id="a picture"),
    pytest.param(packed(), "not a dialogue", id="an empty zip"),
    pytest.param(packed(("session.json", TEXT)), "not a dialogue", id="no picture"),
    pytest.param(packed(("a.json", TEXT), ("a.png", PNG)), "not a dialogue", id="no session"),
    pytest.param(
        packed(("session.json", TEXT), ("a.png", PNG), ("b", b"")), "not a dialogue", id="three"
    ),
    pytest.param(
        packed(("session.json", TEXT), ("../../a.png", PNG)), "not a dialogue", id="path upwards"
    ),
    pytest.param(packed(("session.json", TEXT), ("/a.png", PNG)), "not a dialogue", id="root"),
    pytest.param(packed(("session.json", TEXT), ("a\\b", PNG)), "not a dialogue", id="backslash"),
    pytest.param(packed(("session.json", TEXT), ("d/", b"")), "not a dialogue", id="a folder"),
    pytest.param(
        packed(("session.json", TEXT), ("a.png", PNG), compression=zipfile.ZIP_LZMA),
        "not a dialogue", id="another compression",
    ),
    pytest.param(
        packed(("session.json", TEXT), ("a.png", PNG), compression=zipfile.ZIP_LZMA),
        "packed with LZMA. Unpack it", id="which compression",
    ),
    pytest.param(
        otherwise_packed(packed(("session.json", TEXT), ("a.png", PNG)), 9), "Deflate64", id="Deflate64"
    ),
    pytest.param(
        otherwise_packed(packed(("session.json", TEXT), ("a.png", PNG)), 77), "not known", id="some way"
    ),
    pytest.param(packed(("..\\session.json", TEXT), ("..\\a.png", PNG)), "lead out", id="both upwards"),
    pytest.param(packed(("/session.json", TEXT), ("/a.png", PNG)), "lead out", id="both at the root"),
    pytest.param(packed(("session.json", TEXT), ("a.txt", PNG)), "no picture beside", id="a text beside"),
    pytest.param(
        packed(("a/session.json", TEXT), ("b/a.png", PNG)), "no picture beside", id="in two folders"
    ),
    pytest.param(
        packed(*[(f"{d}/{n}", c) for d in "ab" for n, c in (("session.json", TEXT), ("a.png", PNG))]),
        "several dialogues", id="two in one",
    ),
    pytest.param(packed(("a.zip", GOOD), ("b.zip", GOOD)), "several dialogues", id="two zips in one"),
    pytest.param(packed(("a.zip", packed(("b.zip", GOOD)))), "not a dialogue", id="three zips deep"),
    pytest.param(packed(("a.zip", b"PK")), "not a dialogue", id="no zip within"),
    pytest.param(packed((".", b""), ("./", b""), ("//", b"")), "not a dialogue", id="no names"),
    pytest.param(
        packed(*[(f"{n}.txt", b"") for n in range(6_000)], ("session.json", TEXT), ("a.png", PNG)),
        "not a dialogue", id="thousands of files",
    ),
    pytest.param(
        packed(("session.json", b"0" * (MAX_SESSION_BYTES + 1)), ("a.png", PNG), compression=BZIP2),
        "too large", id="a bomb of BZip2",
    ),
    pytest.param(large(*BOTH).replace(b"PK\6\6", b"PK\6\5"), "not a dialogue", id="half of zip64"),
    pytest.param(
        packed(("session.json", TEXT.decode().encode("utf-16-be")[1:]), ("a.png", PNG)), "not a session",
        id="half letters",
    ),
    pytest.param(
        packed(("session.json", TEXT + "é".encode("cp1252")), ("a.png", PNG)), "UTF-8", id="cp1252"
    ),
    pytest.param(
        packed(("session.json", TEXT[:-9]), ("a.png", PNG)), "not JSON from line", id="cut off"
    ),
    pytest.param(
        packed(("session.json", b"0" * (MAX_SESSION_BYTES + 1)), ("a.png", PNG)), "too large",
        id="a bomb",
    ),
    pytest.param(packed(("session.json", b"{"), ("a.png", PNG)), "not JSON", id="half a session"),
    pytest.param(
        packed(("session.json", b"[" * 100_000), ("a.png", PNG)), "not JSON", id="nested deeply"
    ),
    pytest.param(packed(("session.json", b"{}"), ("a.png", PNG)), "not a session", id="version"),
    pytest.param(packed(("session.json", TEXT), ("a.png", b"hi")), "is damaged", id="a text"),
    pytest.param(GOOD + b"!", "not a dialogue", id="something after its end"),
    pytest.param(GOOD[100:], "damaged", id="without its beginning"),
    pytest.param(GOOD[:-300], "breaks off before its end. Download", id="without its end"),
    pytest.param(GOOD[:40] + b"\xff" * 20 + GOOD[60:], "damaged", id="other bytes"),
    pytest.param(locked(GOOD), "password", id="locked"),
    pytest.param(
        GOOD[:-10] + b"\xff\xff\xff\x00" + GOOD[-6:], "not a dialogue", id="a huge directory"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "why"), HOSTILE)
def test_what_is_no_dialogue_is_one_sentence(content: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_zip(content)


def test_an_entry_that_lies_about_its_size() -> None:
    """It says 10 bytes in both places and holds 60 million."""
    content = bytearray(packed(("session.json", b"0" * 60_000_000), ("a.png", PNG)))
    at = content.index(b"PK\x01\x02")
    content[22:26] = content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    with pytest.raises(SessionFormatError, match="is damaged"):
        read_zip(bytes(content))


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4))
def test_any_damage_is_an_input_error_or_none(at: int, junk: bytes) -> None:
    content = GOOD[:at] + junk + GOOD[at + len(junk) :]
    with suppress(InputError):
        session, picture = read_zip(content)
        assert session.picture.sha256 == picture.sha256


# Data


def exported(folder: Path, *sessions: Session, rated_only: bool = False) -> Export:
    return export_dialogues([(s, PICTURE) for s in sessions], folder, rated_only=rated_only)


def test_a_dialogue_in_both_forms(dialogue: Session, tmp_path: Path) -> None:
    made = exported(tmp_path, dialogue)
    (read,) = read_dialogues(tmp_path / "dialogues.json")
    assert isinstance(read, Dialogue)
    first, second = read.turns
    assert (first.question, second.question) == ("the dog", f"right of {PLACE}")
    assert (first.boxes, second.contexts) == ((PictureBox(10, 20, 40, 60),), (0,))
    assert second.masks == (item(100).mask,)
    assert second.labels == {"feedback": "up"}
    assert open_picture(read.picture) == PICTURE
    rows = [json.loads(line) for line in (tmp_path / "single_turn.jsonl").read_text().splitlines()]
    assert rows == made.single_turns
    assert rows[1]["question"] == "right of bbox=[20, 80, 80, 240]"
    assert 'Please find "right of bbox=[20, 80, 80, 240]" with' in rows[1]["instruction"]
    assert rows[1]["references"] == [[20, 80, 80, 240]]
    assert rows[1]["answer"] == [{"bbox_2d": [200, 80, 260, 240], "point_2d": [210, 100]}]
    assert (rows[0]["feedback"], rows[1]["feedback"], rows[1]["frame"]) == (None, "up", [840, 840])
    assert (tmp_path / rows[1]["image"]).is_file()


def test_other_models_answers_go_with_an_answer(dialogue: Session, tmp_path: Path) -> None:
    other = replace(dialogue.reasoner, name="other", frame=Size(1000, 1000))
    turn = replace(dialogue.turns[1], region=None)
    noted = dialogue.with_second_opinion(2, SecondOpinion(other, turn, (item(100),)))
    first, second = exported(tmp_path, noted).single_turns
    assert "second_opinions" not in first
    assert second["second_opinions"] == [{"model": "other", "answer": second["answer"]}]


def test_another_frame_becomes_840(tmp_path: Path) -> None:
    session = told(begun(224), "the dog", [item(10)])
    session = told(session, "above bbox=[5, 21, 21, 64] or bbox=[5, 21, 21, 64]", [item(9)], "R1")
    made = exported(tmp_path, session)
    there = "bbox=[18, 80, 78, 240]"  # as near as the coarser frame tells
    assert made.single_turns[1]["question"] == f"above {there} or {there}"
    turn = made.dialogues[0]["conversational_turns"][1]
    assert (turn["question"], turn["context_from_turn"]) == (f"above {PLACE} or {PLACE}", [0, 0])


GONE = "its region was deleted"
ALONE = "kept as a single turn only: its references fit no benchmark dialogue"


def corrected(session: Session) -> Session:
    region = session.registry.region("R1")
    mended = replace(region.objects[0], box=PictureBox(12, 22, 40, 60), corrected=True)
    return session.with_region(region.with_object(mended))


@pytest.mark.parametrize(
    ("change", "kept", "left_out"),
    [
        pytest.param(lambda s: s, 1, {}, id="nobody said anything"),
        pytest.param(lambda s: s.with_feedback(1, "up"), 1, {}, id="found good"),
        pytest.param(
            lambda s: s.with_feedback(1, "down"), 0, {"rated as bad and not corrected": 1}, id="found bad"
        ),
        pytest.param(lambda s: corrected(s).with_feedback(1, "down"), 1, {}, id="bad and corrected"),
        pytest.param(
            lambda s: s.with_registry(s.registry.remove("R1")).with_feedback(1, "up"), 0, {GONE: 1},
            id="deleted",
        ),
    ],
)  # fmt: skip
def test_which_answers_are_the_truth(
    change: Callable[[Session], Session], kept: int, left_out: dict[str, int], tmp_path: Path
) -> None:
    made = exported(tmp_path, change(told(begun(), "the dog", [item(10)])))
    assert (len(made.single_turns), len(made.dialogues)) == (kept, kept)
    assert made.left_out == left_out


@pytest.mark.parametrize(
    ("turn", "left_out"),
    [
        pytest.param({"partial": True}, {"stopped": 1}, id="stopped"),
        pytest.param({"partial": True, "feedback": "up"}, {}, id="stopped but good"),
        pytest.param(
            {"findings": (Finding("answer.unreadable", "warning", "No box."),)},
            {"no box could be read": 1}, id="unreadable",
        ),
        pytest.param({"findings": (Finding("answer.empty", "note", "None."),)}, {}, id="absent"),
    ],
)  # fmt: skip
def test_answers_without_boxes(
    turn: dict[str, Any], left_out: dict[str, int], tmp_path: Path
) -> None:
    made = exported(tmp_path, told(begun(), "the ghost", [], **turn))
    assert made.left_out == left_out
    assert [row["answer"] for row in made.single_turns] == ([] if left_out else [[]])


def test_corrected_objects_are_the_truth(tmp_path: Path) -> None:
    made = exported(tmp_path, corrected(told(begun(), "the dog", [item(10, point=False)])))
    (turn,) = made.dialogues[0]["conversational_turns"]
    assert (turn["bboxes"], turn["corrected"]) == ([[12, 22, 40, 60]], True)
    answer = made.single_turns[0]["answer"][0]
    assert answer["bbox_2d"] == [24, 88, 80, 240]
    x, y = answer["point_2d"]
    assert 24 < x < 80
    assert 88 < y < 240


def test_references_a_benchmark_cannot_say(tmp_path: Path) -> None:
    session = told(begun(), "all dogs", [item(10), item(60)])
    registry, _ = session.registry.add([item(200)], origin=Origin.USER)
    session = session.with_registry(registry)
    both = "left of bbox=[20, 80, 80, 240] and bbox=[120, 80, 180, 240]"
    session = told(session, both, [item(100)], "R1")
    session = told(session, "left of bbox=[400, 80, 460, 240]", [item(100)], "R2")
    session = told(session, "left of bbox=[120, 80, 180, 240]", [item(10)], "R1.2")
    session = told(session, "left of bbox=[20, 80, 80, 240]", [item(10)], "R1.1")
    session = told(session, "left of r1 at (20, 80)", [item(10)], "R1")
    made = exported(tmp_path, session)
    turns = made.dialogues[0]["conversational_turns"]
    assert [turn["question"] for turn in turns] == ["all dogs", f"left of {PLACE}"]
    assert len(made.single_turns) == 5
    assert made.left_out == {ALONE: 3, "its references are written for another kind of model": 1}


def test_only_what_was_rated(dialogue: Session, tmp_path: Path) -> None:
    """Its reference is not there then, so no benchmark dialogue can hold it."""
    made = exported(tmp_path, dialogue, rated_only=True)
    assert [row["turn"] for row in made.single_turns] == [2]
    assert made.dialogues == []
    assert made.left_out == {"neither rated nor corrected": 1, ALONE: 1}


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo", "export", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.process
def test_files_are_exported_from_the_command_line(dialogue: Session, tmp_path: Path) -> None:
    save_zip(dialogue, PICTURE, tmp_path / "a.zip")
    (tmp_path / "b.json").write_text(json.dumps(session_to_json(dialogue)))
    Image.fromarray(PICTURE.pixels).save(tmp_path / "noise.png")
    out = tmp_path / "data"
    done = call(tmp_path / "a.zip", tmp_path / "b.json", "--dialogues", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"2 dialogues and 4 single turns are in {out}.\n"
    assert len(list(read_dialogues(out / "dialogues.json"))) == 2
    assert len(list((out / "images").iterdir())) == 1


@pytest.mark.process
def test_an_unpacked_dialogue_is_exported(dialogue: Session, tmp_path: Path) -> None:
    """Its folder, or its session, beside which the picture has the name that it has in the zip file."""
    save_zip(dialogue, PICTURE, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "walk")
    for path in (tmp_path / "walk", tmp_path / "walk" / "session.json"):
        out = tmp_path / "rows" / path.name
        done = call(path, "--dialogues", out)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"1 dialogues and 2 single turns are in {out}.\n"


@pytest.mark.process
@pytest.mark.parametrize(
    ("files", "says"),
    [
        pytest.param([], "Give the dialogues", id="none given"),
        pytest.param(["README.md"], "README.md: This file is not a dialogue", id="no zip"),
        pytest.param(["none.json"], "none.json cannot be read", id="no such file"),
    ],
)
def test_what_cannot_be_exported_is_said(files: list[str], says: str, tmp_path: Path) -> None:
    done = call(*files, "--dialogues", tmp_path)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr
