"""The VGG Image Annotator: its projects and exports, as its versions 1 to 3 and makesense.ai write them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from demo.annotations.annotated import AnnotatedPicture
from demo.annotations.formats import read_labels
from demo.errors import InputError
from tests.annotations.test_foreign import found_in, read
from tests.annotations.test_together import Files, png, seen
from tests.annotations.test_together import read as open_together

HEAD = (
    "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,"
    "region_attributes"
)
RECT = {"name": "rect", "x": 2, "y": 3, "width": 6, "height": 5}
SQUARE = ((4, 2), (12, 2), (12, 10), (4, 10))
KINDS = {
    "kind": {"type": "dropdown", "options": {"d": "dog", "c": "cat", "x": ""}},
    "icon": {"type": "image", "options": {"d": "http://icons.example/dog.png"}},
}


def region(shape: dict[str, Any], **said: object) -> dict[str, Any]:
    return {"shape_attributes": shape, "region_attributes": said}


def ring(*corners: tuple[float, float]) -> dict[str, list[float]]:
    return {"all_points_x": [x for x, _ in corners], "all_points_y": [y for _, y in corners]}


def export(*regions: dict[str, Any], name: str = "dog park.png") -> dict[str, Any]:
    file = {"filename": name, "size": 9, "regions": list(regions), "file_attributes": {}}
    return {f"{name}9": file}


def project(*regions: dict[str, Any], label: str = "__via_region_id__") -> dict[str, Any]:
    return {
        "_via_settings": {"ui": {"image": {"region_label": label}}, "core": {}, "project": {}},
        "_via_img_metadata": export(*regions),
        "_via_attributes": {"region": KINDS, "file": {}},
    }


def table(*rows: Iterable[object], head: str = "") -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return f"{head or HEAD}\n{text.getvalue()}"


def version_3(
    *places: list[object], said: object = None, type_: int = 2, views: object = None
) -> dict[str, Any]:
    rows = {f"1_{at}": {"vid": "1", "flg": 0, "z": [], "xy": xy, "av": said or {}}
            for at, xy in enumerate(places)}  # fmt: skip
    return {
        "project": {"pname": "a", "vid_list": ["1"]},
        "config": {"ui": {"spatial_region_label_attribute_id": "2"}},
        "attribute": {
            "1": {"aname": "note", "type": 1, "options": {}},
            "2": {"aname": "kind", "type": 4, "options": {"0": "dog", "1": "cat"}},
            "3": {"aname": "parts", "type": 2, "options": {"0": "tail", "1": "ear"}},
        },
        "file": {"1": {"fid": "1", "fname": "dog park.png", "type": type_, "loc": 1, "src": ""},
                 "2": {"fid": "2", "fname": "", "type": 2, "loc": 2, "src": "http://a.example/cat.png"}},
        "metadata": rows,
        "view": views or {"1": {"fid_list": ["1"]}},
    }  # fmt: skip


SHAPES: list[tuple[str, dict[str, Any], tuple[int, int, int, int], int | None]] = [
    ("rect", RECT, (2, 3, 8, 8), None),
    ("circle", {"name": "circle", "cx": 10, "cy": 8, "r": 4}, (6, 4, 14, 12), 50),
    ("ellipse", {"name": "ellipse", "cx": 10, "cy": 8, "rx": 6, "ry": 3}, (4, 5, 16, 11), 57),
    ("a turned ellipse", {"name": "ellipse", "cx": 10, "cy": 8, "rx": 6, "ry": 3, "theta": 1.5707963},
     (7, 2, 13, 14), 57),
    ("polygon", {"name": "polygon", **ring(*SQUARE)}, (4, 2, 12, 10), 64),
    ("a polyline that closes", {"name": "polyline", **ring(*SQUARE, SQUARE[0])}, (4, 2, 12, 10), 64),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "box", "area"), [pytest.param(*case, id=what) for what, *case in SHAPES]
)
@pytest.mark.parametrize("form", ["project", "export", "the first version", "table"])
def test_all_shapes_of_all_its_forms(
    folder: Path,
    shape: dict[str, Any],
    box: object,
    area: int | None,
    form: str,
) -> None:
    one = region(shape, name="dog")
    content: object = {"project": project(one), "export": export(one)}.get(form)
    if form == "the first version":  # and makesense.ai
        file = {
            "fileref": "",
            "base64_img_data": "",
            "filename": "dog park.png",
            "regions": {"0": one},
        }
        content = {"dog park.png": file}
    elif form == "table":
        content = table(["dog park.png", 9, "{}", 1, 0, json.dumps(shape), '{"name": "dog"}'])
    found = read(folder, "a.csv" if form == "table" else "a.json", content)
    assert found_in(found) == [("dog", box, area and pytest.approx(area, abs=6))]


@pytest.mark.parametrize(
    ("xy", "box", "area"),
    [
        ([2, 2.2, 3.2, 6, 5], (2, 3, 8, 8), None),
        ([3, 10, 8, 4], (6, 4, 14, 12), 50),
        ([4, 10, 8, 6, 3], (4, 5, 16, 11), 57),
        ([7, 4, 2, 12, 2, 12, 10, 4, 10], (4, 2, 12, 10), 64),
        ([8, 5, 2, 12, 4, 7, 10, 4, 6], (4, 2, 12, 10), None),  # four points of the edges of a box
        ([9, 14, 8, 10, 12, 6, 8], (6, 4, 14, 12), 50),  # three of a circle
    ],
)
@pytest.mark.parametrize("form", ["project", "table"])
def test_version_3_has_shapes_by_number(
    folder: Path,
    xy: list[object],
    box: object,
    area: int | None,
    form: str,
) -> None:
    whole = version_3(xy, [], said={"1": "seen", "2": "1"})
    content: object = whole
    if form == "table":
        notes = ["# Exported using VGG Image Annotator (http://…)",
                 f"# ATTRIBUTE = {json.dumps(whole['attribute'])}", "# CSV_HEADER = …"]  # fmt: skip
        row = ["1_a", '["dog park.png"]', 0, "[]", json.dumps(xy), '{"2": "1"}']
        content = table(row, head="\n".join(notes))
    found = read(folder, "a.csv" if form == "table" else "a.json", content)
    assert found_in(found) == [("cat", box, area and pytest.approx(area, abs=6))]


def test_points_and_lines_cover_nothing(folder: Path) -> None:
    nothing: list[dict[str, Any]] = [
        {"name": "point", "cx": 1, "cy": 1},
        {"name": "polyline", **ring(*SQUARE)},
        {"name": "circle", "cx": 5, "cy": 5, "r": 0},
        {**RECT, "width": 0},
    ]
    found = read(folder, "a.json", export(*map(region, nothing)))
    assert found.annotations == ()
    assert "4 objects without an area (points, lines) left out" in found.notes[0]
    found = read(folder, "a.json", version_3([1, 1, 1], [5, 1, 1, 9, 9], [9, 1, 1, 2, 2, 3, 3]))
    assert "3 objects without an area" in found.notes[0]


LABELS: list[tuple[str, dict[str, object], str]] = [
    ("the only one", {"Tier": "собака"}, "собака"),
    ("a number", {"id": 7}, "7"),
    ("a known name before others", {"note": "seen", "Class": "dog", "name": "Rex"}, "dog"),
    ("the words of an option", {"kind": "d"}, "dog"),
    ("an option without words", {"kind": "x"}, "x"),
    ("pictures are no words", {"icon": "d"}, "d"),
    ("all that is ticked", {"type": {"dog": True, "wet": True, "lost": False}}, "dog, wet"),
    ("a list", {"label": ["dog", "wet"]}, "dog, wet"),
    ("nothing ticked, then the next", {"type": {}, "colour": "red"}, "red"),
    ("nothing", {"type": "", "name": None}, "object"),
]


@pytest.mark.parametrize(
    ("said", "label"), [pytest.param(*case, id=what) for what, *case in LABELS]
)
def test_the_attribute_that_names_a_region(
    folder: Path,
    said: dict[str, object],
    label: str,
) -> None:
    found = read(folder, "a.json", project(region(RECT, **said)))
    assert [a.label for a in found.annotations] == [label]


def test_a_project_says_which_attribute_it_shows(folder: Path) -> None:
    both = region(RECT, type="human", who="Plato")
    found = read(folder, "a.json", project(both, region(RECT, type="cup"), label="who"))
    assert [a.label for a in found.annotations] == ["Plato", "cup"]
    ticked = version_3([2, 2, 3, 6, 5], said={"1": "seen", "3": "0,1"})
    assert [a.label for a in read(folder, "a.json", ticked).annotations] == ["seen"]
    ticked["config"]["ui"]["spatial_region_label_attribute_id"] = "3"
    assert [a.label for a in read(folder, "a.json", ticked).annotations] == ["tail, ear"]


def test_a_table_has_names_with_commas_and_pictures_without_regions(folder: Path) -> None:
    for name in ("a, b.png", "empty.png"):
        (folder / name).write_bytes((folder / "dog park.png").read_bytes())
    quoted = json.dumps(RECT).replace('"', '""')
    text = table().strip() + f'\na, b.png,9,"{{}}",1,0,"{quoted}","{{""name"":""x, y""}}"\n'
    (folder / "a.csv").write_text(f'#{text}empty.png,9,"{{}}",0,0,"{{}}","{{}}"')
    found = {p.name: [a.label for a in p.annotations] for p in labels(folder / "a.csv")}
    assert found == {"a, b.png": ["x, y"], "empty.png": []}


def labels(path: Path) -> list[AnnotatedPicture]:
    return list(read_labels(path, None, None))


BROKEN: list[tuple[str, str, object, str]] = [
    ("a film", "a.json", version_3(type_=4), "a.json: it is about a film or a sound"),
    ("a moment of a film", "a.csv", table(
        ["1", '["a.mp4"]', 0, "[1.5]", "[2,1,1,5,5]", "{}"], head="# Exported using VGG Image Annotator"),
     "a.csv, line 2: it is about a film"),
    ("pictures side by side", "a.json", version_3([2, 1, 1, 5, 5], views={"1": {"fid_list": ["1", "2"]}}),
     "a.json: regions on pictures that stand side by side"),
    ("no shape", "a.json", export({"region_attributes": {}}),
     "a.json, dog park.png, region 1: “shape_attributes” is missing"),
    ("another shape", "a.json", export(region(RECT), region({"name": "blob"})),
     "a.json, dog park.png, region 2: a shape of the kind “blob” is not known"),
    ("another number", "a.json", version_3([77, 1, 2]), "a shape of the kind “number 77” is not known"),
    ("a corner without its other number", "a.json", export(region({"name": "polygon", **ring(*SQUARE),
     "all_points_x": [1]})), "region 1: this is not written as its format has it"),
    ("words for numbers", "a.json", export(region({**RECT, "x": "left"})), "region 1: this is not written"),
    ("outside", "a.json", export(region({**RECT, "x": 500})), "region 1: the box lies outside the picture"),
    ("another picture", "a.json", export(region(RECT), name="cat.png"), "the picture “cat.png” is not in"),
    ("a short row", "a.csv", table(["dog park.png", 9]), "a.csv, line 2: this is not written"),
    ("a row without JSON", "a.csv", table(["a.png", 9, "{}", 1, 0, "rect", "{}"]), "a.csv, line 2: "),
    ("deep JSON", "a.csv", table(["dog park.png", 9, "{}", 1, 0, "[" * 100_000, "{}"]), "a.csv, line 2: "),
    ("too many", "a.json", export(*[region(RECT)] * 1_001), "1,001 objects are too many"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "sentence"), [pytest.param(*case, id=what) for what, *case in BROKEN]
)
def test_faults_are_named_with_their_place(
    folder: Path,
    name: str,
    content: object,
    sentence: str,
) -> None:
    with pytest.raises(InputError) as refused:
        read(folder, name, content)
    assert sentence in str(refused.value)


def test_it_comes_with_its_pictures(tmp_path: Path) -> None:
    two = {**export(region(RECT, name="dog")), **export(region(RECT, name="cat"), name="b.png")}
    row = ["dog park.png", 9, "{}", 1, 0, json.dumps(RECT), '{"name": "bone"}']
    files: Files = {
        "dog park.png": png(),
        "b.png": png("red"),
        "all.json": json.dumps(two),
        "all.csv": table(row),
    }
    assert seen(open_together(tmp_path, files)) == {
        "dog park.png": ["dog", "bone"],
        "b.png": ["cat"],
    }
