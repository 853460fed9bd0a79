"""Benchmark files as people write them: masks in every form, rows that cannot be used, broken files."""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from demo.errors import InputError
from demo.evaluate import json_stream
from demo.evaluate.data import PLACE as PLACE_FORM
from demo.evaluate.data import BadRow, Dialogue, read_dialogues
from demo.evaluate.json_stream import read_list
from demo.evaluate.mask_forms import read_mask, read_masks
from demo.evaluate.play import play
from demo.evaluate.reference_policy import ReferencePolicy
from demo.evaluate.worst_rounds import worst_rounds
from demo.picture.geometry import Size
from demo.picture.masks import Mask
from tests.evaluate.test_evaluate import scripted

SIZE = Size(20, 16)
PIXELS = np.zeros((16, 20), dtype=int)
PIXELS[4:8, 5:15] = 1
RUNS = [84, *([4, 12] * 9), 4, 88]  # column by column
CORNERS = [[5, 4], [15, 4], [15, 8], [5, 8]]
PLACE = "<box>{context_bbox}</box>"


def answer_with(*objects: dict[str, Any]) -> str:
    return f"<think>Look.</think><answer>{json.dumps(list(objects))}</answer>"


# Lists read value by value


@given(st.lists(st.recursive(st.text() | st.integers(), st.lists, max_leaves=5)), st.booleans())
def test_a_list_is_read_as_json_reads_it(values: list[object], indented: bool) -> None:
    text = json.dumps(values, indent=1 if indented else None, ensure_ascii=False)
    read = list(json_stream._values(_chopped(text)))
    assert [value for value, _, _ in read] == values
    assert [json.loads(text.encode()[first:end]) for _, first, end in read] == values


def _chopped(text: str) -> json_stream._Text:
    """A reader that gets three characters at a time."""

    class Chopped:
        at = 0

        def read(self, _: int) -> str:
            self.at += 3
            return text[self.at - 3 : self.at]

    return json_stream._Text(Chopped())  # type: ignore[arg-type]


GROUPS = [{"a": 1, "turns": [[]]}, {"b": "é}"}, {"turns": [1, {"data": 2}]}]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps(GROUPS), id="a list"),
        pytest.param("\n".join(map(json.dumps, GROUPS)), id="JSON Lines"),
        pytest.param(
            "\r\n\r\n".join(map(json.dumps, GROUPS)) + "\r\n\r\n", id="empty lines between"
        ),
        pytest.param("\n".join(json.dumps(g, indent=2) for g in GROUPS), id="indented lines"),
        pytest.param(json.dumps({"data": GROUPS}), id="a list with a name"),
        pytest.param(
            json.dumps({"version": 1, "data": GROUPS, "info": {"data": [1]}, "n": []}, indent=1),
            id="other things beside it",
        ),
        pytest.param(json.dumps({"info": [1], "dialogues": GROUPS}), id="a list before it"),
        pytest.param(
            "\ufeff" + json.dumps({"rows": GROUPS}, ensure_ascii=False), id="a mark before it"
        ),
    ],
)
def test_lists_and_lines_are_read_alike(text: str) -> None:
    read = list(json_stream._values(_chopped(text)))
    assert [value for value, _, _ in read] == GROUPS
    assert [json.loads(text.encode()[first:end]) for _, first, end in read] == GROUPS


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "does not hold a list", id="empty file"),
        pytest.param('{"a": {"b": 1}}', "does not hold a list", id="groups only"),
        pytest.param('{"data": []}', "its list is empty", id="an empty list with a name"),
        pytest.param('{"data": [{}', "list breaks off", id="a list with a name cut off"),
        pytest.param('{"data": [{}]', "group breaks off", id="what follows it cut off"),
        pytest.param('{"data": [{}], "a": 1} and', "something follows", id="text after a group"),
        pytest.param('{"data" [{}]}', "group is damaged", id="no colon"),
        pytest.param('{"a": [1] "b": 2}', "group is damaged", id="no comma in a group"),
        pytest.param('{"a": [1]}\n{"a"', "Expecting", id="a line cut off"),
        pytest.param("{}", "does not hold a list", id="an object"),
        pytest.param("[]", "its list is empty", id="empty list"),
        pytest.param("[{}", "breaks off", id="no end"),
        pytest.param("[{} {}]", "damaged", id="no comma"),
        pytest.param("[{},]", "Expecting value", id="nothing after a comma"),
        pytest.param('[{"a": tru', "Expecting value", id="cut off within a value"),
        pytest.param("[{}] and more", "something follows", id="text after the list"),
        pytest.param("[" * 100_000, "too deep", id="nested without end"),
        pytest.param("[1" + "0" * 5_000 + "]", "digits", id="a number without end"),
        pytest.param(b"\xff\xfe[]", "codec", id="not UTF-8"),
    ],
)
def test_a_bad_file_is_one_sentence(text: str | bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=f"holds no dialogues: .*{why}"):
        list(read_dialogues(path))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        list(read_list(tmp_path / "none.json"))


# Masks


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(PIXELS.tolist(), id="numbers 0 and 1"),
        pytest.param(PIXELS.astype(bool).tolist(), id="booleans"),
        pytest.param(PIXELS.astype(float).tolist(), id="floats"),
        pytest.param(Mask.from_array(PIXELS).to_dict(), id="compressed run lengths"),
        pytest.param({"size": [16, 20], "counts": RUNS}, id="run lengths"),
        pytest.param([[5, 4, 15, 4, 15, 8, 5, 8]], id="a polygon"),
        pytest.param([5.0, 4.0, 15.0, 4.0, 15.0, 8.0, 5.0, 8.0], id="a polygon by itself"),
        pytest.param(
            [[5, 4, 10, 4, 10, 8, 5, 8], [10, 4, 15, 4, 15, 8, 10, 8]],
            id="two polygons, one object",
        ),
        pytest.param((PIXELS * 255).tolist(), id="0 and 255"),
        pytest.param([PIXELS.tolist()], id="numbers, one list more"),
        pytest.param(CORNERS, id="pairs of corners"),
        pytest.param([*CORNERS, CORNERS[0]], id="the first corner once more"),
        pytest.param([CORNERS], id="pairs in a list"),
        pytest.param([[CORNERS]], id="pairs, one list more"),
        pytest.param(
            [[[5, 4], [10, 4], [10, 8], [5, 8]], [[10.0, 4], [15, 4], [15, 8], [10, 8], [10, 6]]],
            id="two polygons of pairs",
        ),
        pytest.param([[[5, 4, 15, 4, 15, 8, 5, 8]]], id="a polygon, one list more"),
        pytest.param([{"x": x, "y": y} for x, y in CORNERS], id="named corners"),
        pytest.param({"points": CORNERS, "shape_type": "polygon", "label": "a"}, id="LabelMe"),
        pytest.param({"points": CORNERS}, id="points alone"),
        pytest.param({"points": [[15, 8], [5, 4]], "shape_type": "rectangle"}, id="two corners"),
        pytest.param({"points": CORNERS, "shape_type": "rectangle"}, id="four corners"),
        pytest.param({"all_points_x": [5, 15, 15, 5], "all_points_y": [4, 4, 8, 8]}, id="VIA"),
        pytest.param(
            {"segmentation": [[5, 4, 15, 4, 15, 8, 5, 8]], "iscrowd": 0}, id="COCO's whole row"
        ),
        pytest.param(
            {"segmentation": {"size": [16, 20], "counts": RUNS}}, id="COCO's row, run lengths"
        ),
        pytest.param({"polygon": CORNERS}, id="a polygon with a name"),
        pytest.param({"mask": PIXELS.tolist()}, id="pixels with a name"),
    ],
)
def test_every_form_of_a_mask_is_the_same_pixels(value: object) -> None:
    assert read_mask(value, SIZE).to_array().tolist() == PIXELS.astype(bool).tolist()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        pytest.param(None, "neither pixels", id="nothing"),
        pytest.param([], "neither pixels", id="empty"),
        pytest.param("mask.png", "is a text. Write its pixels", id="a path"),
        pytest.param(7, "neither pixels", id="a number"),
        pytest.param(PIXELS.T.tolist(), "16 × 20 pixels, its picture 20 × 16", id="turned"),
        pytest.param((PIXELS * 7).tolist(), "neither all 0 or 1 nor", id="0 and 7"),
        pytest.param(
            (PIXELS + PIXELS * 254 + 1).tolist(), "neither all 0 or 1 nor", id="1 and 256"
        ),
        pytest.param((PIXELS.T * 255).tolist(), "16 × 20 pixels, its", id="0 and 255 turned"),
        pytest.param([CORNERS[:2]], "three corners", id="two pairs"),
        pytest.param([[*CORNERS, [1, "2"]]], "not a number", id="text in a pair"),
        pytest.param([[*CORNERS, [1, 2, 3]]], "three corners", id="a corner of three numbers"),
        pytest.param([[[[1, 2], [3]], [[4, 5], [6]]]], "three corners", id="ragged pairs"),
        pytest.param(
            {"points": CORNERS, "shape_type": "circle"}, "is circle, and only", id="circle"
        ),
        pytest.param({"points": 5}, "three corners", id="points are a number"),
        pytest.param({"points": [[1], [2, 3]], "shape_type": "rectangle"}, "read", id="no corner"),
        pytest.param([[0, 1], [0]], "three corners", id="ragged"),
        pytest.param([0.1, 0.2, 0.5, 0.2, 0.5, 0.7], "between 0 and 1", id="shares of the picture"),
        pytest.param(
            {"all_points_x": [1, 2, 3], "all_points_y": [1, 2]}, "3 x and 2 y", id="VIA, one short"
        ),
        pytest.param({"segmentation": "mask.png"}, "is a text", id="a path with a name"),
        pytest.param({"segmentation": {"segmentation": []}}, "counts|size", id="names in names"),
        pytest.param([[[0, 1]]], "cannot be read", id="one level too many"),
        pytest.param({"size": [16, 20]}, "counts", id="no counts"),
        pytest.param({"size": [20, 16], "counts": RUNS}, "its picture 20 × 16", id="runs turned"),
        pytest.param({"size": [16, 20], "counts": [1, 2]}, "add up to 3", id="runs too short"),
        pytest.param({"size": [16, 20], "counts": [400, -80]}, "from 0", id="negative run"),
        pytest.param({"size": [16, 20], "counts": "~~~"}, "run-length", id="no run-length string"),
        pytest.param({"size": 16, "counts": RUNS}, "cannot be read", id="size is a number"),
        pytest.param([[1, 2, 3, 4]], "three corners", id="polygon of two corners"),
        pytest.param([[1, 2, 3, 4, 5, 6, 7]], "three corners", id="odd polygon"),
        pytest.param([[1, 2, 3, 4, 5, float("nan")]], "too far", id="not a number"),
        pytest.param([[1, 2, 3, 4, 5, 1e12]], "too far", id="far away"),
        pytest.param([[1, 2, 3, 4, 5, "6"]], "not a number", id="text in a polygon"),
    ],
)
def test_a_broken_mask_is_one_sentence(value: object, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_mask(value, SIZE)


NAMES = [
    "x",
    "y",
    "points",
    "size",
    "counts",
    "mask",
    "segmentation",
    "all_points_x",
    "all_points_y",
]
NESTED = st.recursive(
    st.integers(-3, 20) | st.floats() | st.booleans() | st.text(max_size=3) | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=12,
)


@given(NESTED)
def test_any_value_is_a_mask_or_a_sentence(value: object) -> None:
    with suppress(InputError):
        assert read_mask(value, SIZE).size == SIZE
    with suppress(InputError):
        assert {mask.size for mask in read_masks(value, SIZE)} <= {SIZE}


# Rows


def turn(**changed: Any) -> dict[str, Any]:
    whole = {"question": "the dog", "bboxes": [[1, 2, 9, 9]], "masks": [], "ann_ids": [7]}
    return {**whole, **changed}


def row(*turns: Any, **changed: Any) -> dict[str, Any]:
    return {
        "image_id": 3,
        "image_path": "images/a.png",
        "conversational_turns": list(turns or [turn()]),
        **changed,
    }


ONE = Mask.from_array(PIXELS)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        pytest.param([CORNERS], 1, id="a list of one"),
        pytest.param(CORNERS, 1, id="corners alone"),
        pytest.param([5, 4, 15, 4, 15, 8, 5, 8], 1, id="numbers alone"),
        pytest.param([{"x": x, "y": y} for x, y in CORNERS], 1, id="named corners alone"),
        pytest.param(PIXELS.tolist(), 1, id="rows of pixels alone"),
        pytest.param((PIXELS * 255).tolist(), 1, id="rows of 0 and 255 alone"),
        pytest.param(PIXELS.astype(bool).tolist(), 1, id="rows of truths alone"),
        pytest.param(ONE.to_dict(), 1, id="run lengths alone"),
        pytest.param({"points": CORNERS, "label": "dog"}, 1, id="a shape alone"),
        pytest.param([CORNERS, [CORNERS], ONE.to_dict(), PIXELS.tolist()], 4, id="four forms"),
        pytest.param([[5, 4, 15, 4, 15, 8, 5, 8]] * 3, 3, id="three polygons, three things"),
        pytest.param(None, 0, id="null"),
        pytest.param([], 0, id="none"),
    ],
)
def test_masks_of_a_turn(folder: Path, value: object, count: int) -> None:
    (found,) = read(folder, [row(turn(masks=value))])
    assert isinstance(found, Dialogue), found.why
    assert (found.turns[0].masks or ()) == (ONE,) * count


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([[1, 2, 9, 9]], id="a list of one"),
        pytest.param([1, 2, 9, 9], id="numbers alone"),
        pytest.param([1.0, 2.2, 8.9, 9.4], id="decimals alone"),
        pytest.param([[[1, 2], [9, 9]]], id="two corners"),
        pytest.param([[1, 2], [9, 9]], id="two corners alone"),
        pytest.param([{"x1": 1, "y1": 2, "x2": 9, "y2": 9, "label": "dog"}], id="names"),
        pytest.param([{"xmin": 1, "ymin": 2, "xmax": 9, "ymax": 9}], id="names of VOC"),
        pytest.param([{"left": 1, "top": 2, "right": 9, "bottom": 9}], id="sides"),
        pytest.param([{"x": 1, "y": 2, "width": 8, "height": 7}], id="names of a size"),
    ],
)
def test_boxes_of_a_turn(folder: Path, value: object) -> None:
    (found,) = read(folder, [row(turn(bboxes=value))])
    assert isinstance(found, Dialogue), found.why
    assert [box.xyxy for box in found.turns[0].boxes] == [(1, 2, 9, 9)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    (path / "images").mkdir()
    Image.new("RGB", (20, 16), "white").save(path / "images" / "a.png")
    (path / "images" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    return path


def read(folder: Path, rows: list[Any], **options: Any) -> list[Dialogue | BadRow]:
    path = folder / "data.json"
    path.write_text(json.dumps(rows))
    return list(read_dialogues(path, **options))


def test_a_row_is_read_whole(folder: Path) -> None:
    follow = turn(question=f"left of {PLACE}", context_from_turn=0, bboxes=[], skill="left", n=4)
    found = read(folder, [row(turn(masks=[PIXELS.tolist()]), follow)])[0]
    assert isinstance(found, Dialogue)
    first, second = found.turns
    assert (found.index, found.image_id, found.picture) == (0, "3", folder / "images/a.png")
    assert [b.xyxy for b in first.boxes] == [(1, 2, 9, 9)]
    assert first.masks == (Mask.from_array(PIXELS),)
    assert (second.contexts, second.boxes, second.masks) == ((0,), (), None)
    assert second.labels == {"skill": "left"}


@pytest.mark.parametrize(
    ("question", "context", "expected"),
    [
        pytest.param(f"left of {PLACE}", 1, (1,), id="a number"),
        pytest.param(f"left of {PLACE}", [1], (1,), id="a list of one"),
        pytest.param("left of {context_bbox}", 1, (1,), id="without tags"),
        *[
            pytest.param(f"what is left of {place}?", 1, (1,), id=place)
            for place in (
                "{{context_bbox}}",
                "<box>{{ context_bbox }}</box>",
                "${context_bbox}",
                "<context_bbox>",
                "[context_bbox]",
                "<box>[context_bbox]</box>",
                "<bbox>{context_bbox}</bbox>",
                "<box></box>",
                "<|box_start|>{context_bbox}<|box_end|>",
                "bbox={context_bbox}",
                "bbox=[{context_bbox}]",
                "{context_box}",
                "{context bbox}",
                "{contextBbox}",
            )
        ],
        pytest.param("left of <box>[1, 2, 3, 4]</box>", None, (), id="a box as it is written"),
        pytest.param("left of <BOX> { Context_BBox }</Box>", 1, (1,), id="as people type"),
        pytest.param(f"left of {PLACE}", 2, (2,), id="itself"),
        pytest.param(f"left of {PLACE}", 3, (3,), id="a later turn"),
        pytest.param(f"left of {PLACE}", None, (), id="a place, no turn"),
        pytest.param(f"left of {PLACE}", float("nan"), (), id="a place, not a number"),
        pytest.param(f"left of {PLACE}", 1.0, (1,), id="a whole number with a point"),
        pytest.param(f"left of {PLACE}", [], (), id="a place, an empty list"),
        pytest.param(f"{PLACE} or {PLACE}", [1, 0], (1, 0), id="two places, two turns"),
        pytest.param(f"{PLACE} or {PLACE}", 1, (1, 1), id="two places, one turn"),
        pytest.param("the same again", 1, (), id="no place"),
        pytest.param("the same again", None, (), id="nothing"),
        pytest.param("the same again", [], (), id="an empty list"),
    ],
)
def test_contexts(folder: Path, question: str, context: object, expected: tuple[int, ...]) -> None:
    rows = [row(turn(), turn(), turn(question=question, context_from_turn=context), turn())]
    found = read(folder, rows)[0]
    assert isinstance(found, Dialogue)
    assert found.turns[2].contexts == expected
    assert found.turns[2].literal == (question.count(PLACE) if not expected else 0)
    assert "box" not in PLACE_FORM.sub("", question) or "[1, 2, 3, 4]" in question


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        pytest.param("a dialogue", "not a dialogue", id="a text"),
        pytest.param({}, "names no picture", id="nothing in it"),
        pytest.param(row(image_path=7), "names no picture", id="picture is a number"),
        pytest.param(row(image_path="images/b.png"), "no file b.png", id="missing picture"),
        pytest.param(row(image_path="images/broken.png"), "is damaged", id="broken picture"),
        pytest.param(row(image_path="../a.png"), "outside the file's folder", id="path upwards"),
        pytest.param(row(image_path="/etc/a.png"), "outside the file's folder", id="whole path"),
        pytest.param(row(image_path="images/a.png\0"), "not a path", id="null in a path"),
        pytest.param(row(image_path="a" * 300 + ".png"), "cannot be found", id="an endless name"),
        pytest.param(row(conversational_turns=[]), "no turns", id="no turns"),
        pytest.param(row(conversational_turns={"a": 1}), "no turns", id="turns are no list"),
        pytest.param(row(None), "Turn 0 .*named values", id="a turn that is nothing"),
        pytest.param(row(turn(question=None)), "not a text", id="no question"),
        pytest.param(row(turn(question=" ?! ")), "no words", id="no words"),
        pytest.param(row(turn(question="dog " * 600)), "characters", id="too long a question"),
        pytest.param(row(turn(bboxes=None)), "“bboxes” is not a list", id="no boxes"),
        pytest.param(row(turn(bboxes=[[1, 2, 3]])), "four numbers", id="three numbers"),
        pytest.param(row(turn(bboxes=[[1, 2, 3, "4"]])), "four numbers", id="text in a box"),
        pytest.param(row(turn(bboxes=[[1, 2, 3, True]])), "four numbers", id="true in a box"),
        pytest.param(row(turn(bboxes=[[1, 2, 3, float("nan")]])), "four numbers", id="NaN"),
        pytest.param(row(turn(bboxes=[[1, 2, 3, 10**400]])), "four numbers", id="huge"),
        pytest.param(row(turn(bboxes=[[9, 2, 3, 4]])), "x1 < x2", id="corners swapped"),
        pytest.param(row(turn(bboxes="1, 2, 9, 9")), "“bboxes” is not a list", id="boxes as a text"),
        pytest.param(row(turn(bboxes=["1, 2, 9, 9"])), "four numbers", id="a box as a text"),
        pytest.param(row(turn(bboxes=[[0.1, 0.2, 0.5, 0.7]])), "between 0 and 1", id="shares"),
        pytest.param(row(turn(bboxes=[{"x": 1, "y": "2", "w": 3, "h": 4}])), "four numbers", id="names"),
        pytest.param(
            row(turn(bboxes=[[5, 4, 10, 4]], masks=[PIXELS.tolist()])),
            "fits its mask only as x, y, width, height", id="a size for a corner",
        ),
        *[
            pytest.param(
                row(turn(), turn(question=f"left of {place}", context_from_turn=0)),
                "Turn 1 .*not written as <box>{context_bbox}</box>", id=place,
            )
            for place in ("<box>", "<box>{bbox}</box>", "<box>[1, 2, 3, 4]</box>", "{bbox}", "<BBOX>")
        ],
        pytest.param(row(turn(masks={})), None, id="no masks at all is fine"),
        pytest.param(row(turn(masks="x")), "“masks” is not a list", id="masks are a text"),
        pytest.param(row(turn(masks=[[[1]]])), "1 × 1 pixels", id="mask of another size"),
        pytest.param(row(turn(bboxes=[], masks=[PIXELS.tolist()])), "no box", id="mask, no box"),
        pytest.param(
            row(turn(), turn(context_from_turn=2)), "Turn 1 .*turn 2, but there are only turns 0 to 1",
            id="behind the end",
        ),
        pytest.param(row(turn(), turn(context_from_turn=-1)), "turns 0 to 1", id="from the end"),
        pytest.param(row(turn(), turn(context_from_turn="0")), "neither a number", id="a text"),
        pytest.param(row(turn(), turn(context_from_turn=True)), "neither a number", id="true"),
        pytest.param(row(turn(), turn(context_from_turn=0.5)), "neither a number", id="half"),
        pytest.param(
            row(turn(), turn(), turn(question=PLACE, context_from_turn=[0, 1])),
            "1 places .*2 turns", id="more contexts than places",
        ),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_and_the_others_are_read(folder: Path, bad: Any, why: str | None) -> None:
    first, found, last = read(folder, [row(), bad, row()])
    assert isinstance(first, Dialogue)
    assert isinstance(last, Dialogue)
    assert last.index == 2
    if why is None:
        assert isinstance(found, Dialogue)
    else:
        assert isinstance(found, BadRow)
        assert found.index == 1
        assert re.search(why, found.why), found.why


def test_pictures_elsewhere(folder: Path, tmp_path: Path) -> None:
    """The path from there, or the name alone."""
    path = tmp_path / "data.json"
    paths = ["images/a.png", "/data/coco/a.png", "../a.png", "C:\\coco\\a.png"]
    path.write_text(json.dumps([row(image_path=p) for p in paths]))
    for one in read_dialogues(path, images=folder / "images"):
        assert isinstance(one, Dialogue)
        assert one.picture == folder / "images" / "a.png"
    first = next(read_dialogues(path, images=folder))
    assert isinstance(first, Dialogue)
    assert first.picture == folder / "images/a.png"


@pytest.mark.parametrize(
    ("written", "there"),
    [
        pytest.param("/data/coco/train/a.jpg", "train/a.jpg", id="the end of a path"),
        pytest.param("D:\\coco\\train\\a.jpg", "train/a.jpg", id="of Windows"),
        pytest.param("\\\\nas\\coco\\train\\a.jpg", "train/a.jpg", id="of a share"),
        pytest.param("a.jpg", "some/where/below/a.jpg", id="below it"),
        pytest.param("/etc/passwd.jpg", "passwd.jpg", id="never its own path"),
        pytest.param("file:///home/ann/a.jpg", "a.jpg", id="an address of a file"),
        pytest.param("http://images.cocodataset.org/train/a.jpg", "train/a.jpg", id="an address"),
        pytest.param("../../train/A.JPG", "train/a.jpg", id="letters' case"),
        pytest.param("x/a.jpeg", "train/a.JPG", id="jpeg and JPG"),
        pytest.param("Stra\u0308nde/ma\u0308r.png", "m\u00e4r.png", id="a letter in two parts"),
    ],
)
def test_pictures_of_another_machine_are_found_by_name(
    tmp_path: Path, written: str, there: str
) -> None:
    path = tmp_path / "images" / there
    path.parent.mkdir(parents=True)
    Image.new("RGB", (20, 16), "white").save(path)
    (tmp_path / "images" / "b.jpg").write_bytes(b"")
    (found,) = read(tmp_path, [row(image_path=written)], images=tmp_path / "images")
    assert isinstance(found, Dialogue), found.why
    assert found.picture == path


def test_a_name_without_end_is_one_sentence_in_another_folder_too(tmp_path: Path) -> None:
    (found,) = read(tmp_path, [row(image_path="a" * 300)], images=tmp_path)
    assert isinstance(found, BadRow)
    assert "cannot be found" in found.why


def test_what_is_said_of_a_row_is_one_plain_line(tmp_path: Path) -> None:
    name = "a\x1b[2J\nb.png"
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).touch()
    (found,) = read(tmp_path, [row(image_path=name)], images=tmp_path)
    assert isinstance(found, BadRow)
    assert "are called a [2J b.png: which one" in found.why
    assert found.why.isprintable()


def test_of_several_pictures_of_a_name_none_is_taken(tmp_path: Path) -> None:
    for name in ("train", "val"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (20, 16), "white").save(tmp_path / name / "a.jpg")
    paths = ["/data/a.jpg", "/data/val/a.jpg", "/data/c.jpg"]
    rows = read(tmp_path, [row(image_path=p) for p in paths], images=tmp_path)
    assert [getattr(one, "why", "") for one in rows] == [
        f"2 pictures in {tmp_path} are called a.jpg: which one is meant is not clear.", "",
        "There is no file c.jpg.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "there"),
    [
        pytest.param("images\\a.png", "images/a.png", id="backslashes"),
        pytest.param("Images/A.PNG", "images/a.png", id="letters' case"),
        pytest.param("images/a.jpeg", "images/a.jpg", id="jpeg and jpg"),
    ],
)
def test_pictures_beside_the_file(tmp_path: Path, written: str, there: str) -> None:
    (tmp_path / there).parent.mkdir()
    Image.new("RGB", (20, 16), "white").save(tmp_path / there)
    (found,) = read(tmp_path, [row(image_path=written)])
    assert isinstance(found, Dialogue), found.why
    assert found.picture == tmp_path / there


@pytest.mark.parametrize("kind", ["jpg", "png", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_truth_is_in_the_pixels_as_they_are_stored(
    tmp_path: Path, orientation: int, kind: str
) -> None:
    """An EXIF orientation turns neither the picture nor what is compared with it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (20, 16), "white").save(tmp_path / f"a.{kind}", exif=exif)
    turns = [turn(masks=[PIXELS.tolist()]), turn(bboxes=[[12, 2, 19, 9]])]
    (found,) = read(tmp_path, [row(*turns, image_path=f"a.{kind}")])
    assert isinstance(found, Dialogue)
    assert found.turns[0].masks == (Mask.from_array(PIXELS),)
    box = answer_with({"bbox_2d": [504, 105, 798, 473]})  # the second truth in the model's frame
    played = play(found, scripted(box, box), None, ReferencePolicy())
    assert (played["turns"][1]["iou"], played["turns"][0]["iou"]) == (1.0, 0.0)
    assert played.get("as_stored", False) is (orientation > 1)
    drawn = worst_rounds([played], [found], 5)
    assert [Image.open(io.BytesIO(case.jpeg)).size for case in drawn] == [(20, 16)]
    upright = turn(masks=[PIXELS.T.tolist()])
    (refused,) = read(tmp_path, [row(upright, image_path=f"a.{kind}")])
    assert isinstance(refused, BadRow)
    assert ("EXIF orientation, which is not followed" in refused.why) is (orientation > 1)


@pytest.mark.parametrize(("box", "is_outside"), [([12, 2, 20, 17], False), ([2, 12, 9, 19], True)])
def test_truth_outside_its_picture_is_counted(
    folder: Path, box: list[int], is_outside: bool
) -> None:
    """As it is where somebody turned or resized the pictures; what rounding does is none."""
    Image.new("RGB", (20, 16), "white").save(folder / "a.png")
    (found,) = read(folder, [row(turn(bboxes=[box]), image_path="a.png")])
    assert isinstance(found, Dialogue)
    assert (
        play(found, scripted(answer_with()), None, ReferencePolicy()).get("outside", False)
        is is_outside
    )


def test_only_the_first_rows_are_read(folder: Path) -> None:
    assert len(read(folder, [row()] * 5, limit=2)) == 2
