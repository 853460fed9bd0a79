"""Files as other tools write them, with the habits that ours do not have."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo.annotations.annotated import AnnotatedPicture
from demo.annotations.formats import read_labels
from demo.errors import InputError, UnreadFormError
from tests.annotations.conftest import HEIGHT, WIDTH

# What Label Studio's own converter makes of a mask with ones in rows 3 to 8 and columns 4 to 14.
BRUSHED = [
    0, 0, 5, 0, 57, 27, 254, 255, 0, 197, 127, 248, 140, 3, 21, 255, 226, 48, 12, 87, 255, 136, 192,
    49, 95, 254, 35, 0, 197, 127, 248, 140, 3, 21, 255, 240, 36, 48, 0,
]  # fmt: skip


def read(folder: Path, name: str, content: object, source: str | None = None) -> AnnotatedPicture:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_text(text, encoding="utf-8")
    (found,) = read_labels(folder / name, None, source)
    return found


def found_in(picture: AnnotatedPicture) -> list[tuple[str, tuple[int, int, int, int], int | None]]:
    return [(a.label, a.box.xyxy, a.mask.area if a.mask else None) for a in picture.annotations]


def label_studio(*results: dict[str, object], **task: object) -> list[dict[str, object]]:
    image = {"image": "/data/upload/3/1a2b3c4d-dog%20park.png", "note": "seen"}
    return [{"id": 7, "data": image, "annotations": [{"result": list(results)}], **task}]


@pytest.mark.parametrize("before", ["1a2b3c4d-", "1a2b3c4d__"])
def test_what_label_studio_exports_in_other_forms_has_names_of_its_own(
    folder: Path, before: str
) -> None:
    data = coco(bbox=[2, 4, 10, 8])
    data["images"] = [{"id": "a", "file_name": f"images/{before}dog park.png", "width": None}]
    expected = [("dog", (2, 4, 12, 12), None)]
    assert found_in(read(folder, "result.json", data)) == expected
    (folder / "classes.txt").write_text("dog\n")
    (folder / "labels").mkdir()
    (folder / "labels" / f"{before}dog park.txt").write_text("0 0.35 0.5 0.5 0.5\n")
    (found,) = read_labels(folder / "classes.txt", None, None)
    assert found_in(found) == expected


def test_label_studio_paints_turns_relates_and_withdraws(folder: Path) -> None:
    sizes = {"original_width": WIDTH, "original_height": HEIGHT}
    brush = {"format": "rle", "rle": BRUSHED, "brushlabels": ["dog"]}
    turned = {"x": 50, "y": 25, "width": 20, "height": 50, "rotation": 90, "rectanglelabels": ["a"]}
    tasks = label_studio(
        {"type": "brushlabels", "value": brush, **sizes},
        {"type": "rectanglelabels", "value": turned, **sizes},
        {"type": "relation", "from_id": "a", "to_id": "b"},
        {"type": "keypointlabels", "value": {"x": 1, "y": 1, "keypointlabels": ["eye"]}},
    )
    tasks[0]["annotations"].append({"was_cancelled": True, "result": []})  # type: ignore[attr-defined]
    picture = read(folder, "tasks.json", tasks)
    # Four pixels wide and eight high at (10, 4), turned about that corner.
    assert found_in(picture) == [("dog", (4, 3, 15, 9), 66), ("a", (2, 4, 10, 8), 32)]
    assert picture.notes == (
        "tasks.json, dog park.png: 2 objects without an area (points, lines) left out.",
    )


def test_label_studio_has_a_short_form_and_predictions(folder: Path) -> None:
    box = {"x": 10, "y": 25, "width": 50, "height": 50, "rotation": 0, "rectanglelabels": ["cat"]}
    short = [{"id": 1, "image": "dog park.png", "label": [box], "annotator": 1}]
    assert found_in(read(folder, "short.json", short)) == [("cat", (2, 4, 12, 12), None)]
    guess = label_studio(annotations=[], predictions=[{"result": [{"value": box}]}])
    assert found_in(read(folder, "guess.json", guess)) == [("cat", (2, 4, 12, 12), None)]


@pytest.mark.parametrize(
    ("rle", "sentence"),
    [(BRUSHED[:-6], "ends early"), ([0, 0, 9, *BRUSHED[3:]], "does not fit the picture")],
)
def test_a_broken_brush_is_refused(folder: Path, rle: list[int], sentence: str) -> None:
    value = {"format": "rle", "rle": rle, "brushlabels": ["dog"]}
    sizes = {"original_width": WIDTH, "original_height": HEIGHT}
    with pytest.raises(InputError, match=sentence) as error:
        read(folder, "tasks.json", label_studio({"value": value, **sizes}))
    assert str(error.value).startswith("tasks.json, task 7, label 1: ")


CVAT = f"""<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><task><name>t</name></task></meta>
 <image id="0" name="set/dog park.png" width="{WIDTH}" height="{HEIGHT}">
  <ellipse label="ball" source="manual" occluded="0" cx="10" cy="8" rx="6" ry="3" z_order="0"/>
  <box label="bone" source="auto" occluded="0" xtl="4.00" ytl="6.00" xbr="12.00" ybr="8.00" rotation="90"/>
  <polyline label="path" points="1,1;2,2"/>
  <mask label="dog" source="semi-auto" rle="1, 2, 2, 1" left="3" top="5" width="3" height="2"/>
  <polygon label="dog" points="1.2,1.2;9.8,1.2;9.8,6.6"><attribute name="colour">red</attribute></polygon>
 </image>
</annotations>"""


def test_cvat_turns_draws_ellipses_and_counts_runs_row_by_row(folder: Path) -> None:
    picture = read(folder, "annotations.xml", CVAT)
    ball, bone, dog, outline = found_in(picture)
    assert ball[:2] == ("ball", (4, 5, 16, 11))
    assert ball[2] == pytest.approx(np.pi * 6 * 3, rel=0.1)
    assert bone == ("bone", (7, 3, 9, 11), 16)
    assert dog == ("dog", (4, 5, 6, 7), 3)
    assert outline[:2] == ("dog", (1, 1, 10, 7))
    assert [a.origin for a in picture.annotations] == ["hand", "model", "model", "hand"]
    assert "1 object without an area (points, lines) left out" in picture.notes[0]


@pytest.mark.parametrize(
    "mask",
    [
        'rle="1, 2" left="3" top="5" width="3" height="2"',
        'rle="-1, 7" left="3" top="5" width="3" height="2"',
        'rle="0, 6" left="19" top="5" width="3" height="2"',
        'rle="0, 1000000000000" left="0" top="0" width="1000000" height="1000000"',
        'rle="a" left="3" top="5" width="3" height="2"',
    ],
)
def test_a_broken_run_is_refused(folder: Path, mask: str) -> None:
    image = f'<image name="dog park.png"><mask label="dog" {mask}/></image>'
    with pytest.raises(InputError, match=r"annotations\.xml, image “dog park\.png”, shape 1: "):
        read(folder, "annotations.xml", f"<annotations>{image}</annotations>")


@pytest.mark.parametrize("names", ["[dog, кот]", "{0: dog, 1: кот}", '{"0": dog, "1": кот}'])
def test_yolo_has_confidences_lists_of_names_and_labels_beside_pictures(
    folder: Path, names: str
) -> None:
    lines = [
        "1 0.5 0.5 0.5 0.5 0.93",
        "",
        "0.0 0.5 0.5 1.4 0.5",
        "0 0.1 0.1 0.9 0.1 0.5 0.9 0.8",
    ]
    (folder / "dog park.txt").write_text("\n".join(lines))
    text = f"path: ../elsewhere\ntrain: .\nnames: {names}\n"
    boxed, wide, outline = found_in(read(folder, "data.yaml", text))
    assert boxed == ("кот", (5, 4, 15, 12), None)
    assert wide == ("dog", (0, 4, 20, 12), None)  # cut to the picture
    assert outline[:2] == ("dog", (2, 2, 18, 14))


@pytest.mark.parametrize("line", ["0 0.5 0.5", "7 0.5 0.5 0.5 0.5", "0 a 0.5 0.5 0.5"])
def test_a_broken_line_is_named(folder: Path, line: str) -> None:
    (folder / "dog park.txt").write_text(f"\n{line}\n")
    with pytest.raises(InputError, match=r"dog park\.txt, line 2: "):
        read(folder, "data.yaml", "train: .\nnames: [dog]\n")


def test_voc_without_a_name_of_its_picture_and_with_parts_of_pixels(folder: Path) -> None:
    edges = "<xmin>3.5</xmin><ymin>1</ymin><xmax>10</xmax><ymax>99</ymax>"
    item = f"<object><name>dog</name><bndbox>{edges}</bndbox></object>"
    picture = read(folder, "dog park.xml", f"<annotation>{item}</annotation>")
    assert found_in(picture) == [("dog", (3, 0, 10, 16), None)]


def voc(*inside: str, encoding: str = "") -> str:
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>\n' if encoding else ""
    return (
        f"{declaration}<annotation><filename>dog park.png</filename>{''.join(inside)}</annotation>"
    )


EDGES = "<bndbox><xmin>4</xmin><ymin>3</ymin><xmax>10</xmax><ymax>8</ymax></bndbox>"


def test_roboflow_writes_outlines_into_voc(folder: Path) -> None:
    corners = [(4, 3), (11, 3), (11, 9)]
    ring = "".join(f"<x{at}>{x}</x{at}><y{at}>{y}</y{at}>" for at, (x, y) in enumerate(corners, 1))
    dog = f"<object><name>dog</name><polygon>{ring}</polygon>{EDGES}</object>"
    line = f"<object><name>cat</name><polygon><x1>4</x1><y1>3</y1></polygon>{EDGES}</object>"
    picture = read(folder, "a.xml", voc(dog, line))
    (*outlined, area), boxed = found_in(picture)
    assert outlined == ["dog", (3, 2, 10, 8)]
    assert area == pytest.approx(21, abs=4)
    assert boxed == ("cat", (3, 2, 10, 8), None)


def test_the_old_labelme_writes_points_and_keeps_what_was_deleted(folder: Path) -> None:
    points = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in [(3, 2), (9, 2), (9, 8), (3, 8)])
    rest = f"<polygon><username>ann</username>{points}</polygon></object>"
    objects = (
        f"<object><name>{n}</name><deleted>{d}</deleted>{rest}" for n, d in (("a", 0), ("b", 1))
    )
    assert found_in(read(folder, "a.xml", voc(*objects))) == [("a", (3, 2, 9, 8), 36)]


def test_masks_of_the_old_labelme_are_named(folder: Path) -> None:
    inside = "<box><xmin>3</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></box><mask>m.png</mask>"
    with pytest.raises(
        InputError, match=r"a\.xml, object 1: masks of the old LabelMe are not read"
    ):
        read(folder, "a.xml", voc(f"<object><name>a</name><segm>{inside}</segm></object>"))


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("GB2312", "gb2312"), ("windows-1251", "cp1251"), ("ISO-8859-5", "iso8859-5"), ("utf-16", "utf-16"),
        ("Shift_JIS", "shift_jis"), ("UTF-8", "utf-8-sig"), ("utf-16", "utf-8"), ("utf8", "utf-8"),
    ],
)  # fmt: skip
def test_xml_is_in_the_encoding_that_it_declares(folder: Path, declared: str, written: str) -> None:
    name = "собака" if "125" in written or "8859" in written else "犬"
    text = voc(f"<object><name>{name}</name>{EDGES}</object>", encoding=declared)
    (folder / "a.xml").write_bytes(text.encode(written))
    (picture,) = read_labels(folder / "a.xml", None, None)
    assert [a.label for a in picture.annotations] == [name]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (voc("<b>é</b>").encode("latin-1"), "a.xml is not a text in UTF-8: save it in that"),
        (voc(encoding="gbk").encode() + b"\xff", "a.xml is not a text in gbk, as it says: save it in"),
        (voc(encoding="punycode").encode(), "a.xml is in “punycode”, which is not read: save it in UTF-8."),
        (voc(encoding="klingon").encode(), "a.xml is in “klingon”, which is not read: save it in UTF-8."),
    ],
)  # fmt: skip
def test_xml_in_no_encoding_is_refused(folder: Path, content: bytes, sentence: str) -> None:
    (folder / "a.xml").write_bytes(content)
    with pytest.raises(InputError) as refused:
        list(read_labels(folder / "a.xml", None, None))
    assert str(refused.value).startswith(sentence)


def test_labelme_has_circles_groups_and_lines(folder: Path) -> None:
    circle = {"shape_type": "circle", "label": "ball", "points": [[10, 8], [14, 8]]}
    parts = [[[1, 1], [4, 1], [4, 4], [1, 4]], [[10, 10], [14, 10], [14, 14], [10, 14]]]
    legs = [
        {"shape_type": "polygon", "label": "legs", "points": part, "group_id": 3} for part in parts
    ]
    line = {"shape_type": "line", "label": "path", "points": [[1, 1], [2, 2]]}
    data = {"imagePath": "..\\pictures\\dog park.png", "shapes": [legs[0], circle, line, legs[1]]}
    picture = read(folder, "dog park.json", data)
    legs_found, ball = found_in(picture)
    assert legs_found == ("legs", (1, 1, 14, 14), 9 + 16)
    assert ball[:2] == ("ball", (6, 4, 14, 12))
    assert "1 object without an area (points, lines) left out" in picture.notes[0]


def test_geojson_of_other_programs(folder: Path) -> None:
    outer, hole = [[2, 2], [12, 2], [12, 12], [2, 12], [2, 2]], [[4, 4], [6, 4], [6, 6], [4, 6]]
    features = [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [outer, hole]},
         "properties": {"classification": {"name": "Tumor", "color": [1, 2, 3]}}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 1]}, "properties": {}},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [outer]}, "properties": None},
    ]  # fmt: skip
    data = {"type": "FeatureCollection", "features": features}
    picture = read(folder, "dog park.geojson", data)
    assert found_in(picture) == [("Tumor", (2, 2, 12, 12), 96), ("object", (2, 2, 12, 12), None)]


def test_geojson_of_shapely(folder: Path) -> None:
    square = [[8.0, 2.0], [8.0, 8.0], [2.0, 8.0], [2.0, 2.0], [8.0, 2.0]]
    part = [[10.0, 2.0], [14.0, 2.0], [14.0, 4.0], [10.0, 4.0], [10.0, 2.0]]
    bare = {"type": "MultiPolygon", "coordinates": [[square], [part]]}
    assert found_in(read(folder, "dog park.geojson", bare)) == [("object", (2, 2, 14, 8), 36 + 8)]
    line = {"type": "LineString", "coordinates": [[0.0, 0.0], [3.0, 3.0]]}
    polygon = {"type": "Polygon", "coordinates": [square]}
    features = [
        # What it calls a box may be left, top, width and height.
        {"type": "Feature", "properties": {"class_name": "dog", "bbox": [10, 2, 4, 2]},
         "geometry": {"type": "MultiPolygon", "coordinates": [[part]]}},
        {"type": "Feature", "properties": {"label": "cat"},
         "geometry": {"type": "GeometryCollection", "geometries": [line, bare, polygon]}},
        {"type": "Feature", "properties": {},
         "geometry": {"type": "GeometryCollection", "geometries": [line]}},
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": []}},
    ]  # fmt: skip
    picture = read(folder, "dog park.geojson", {"type": "FeatureCollection", "features": features})
    assert found_in(picture) == [("dog", (10, 2, 14, 4), None), ("cat", (2, 2, 14, 8), 44)]
    assert picture.notes[0].endswith(": 2 objects without an area (points, lines) left out.")


def test_an_indexed_png_needs_no_table(folder: Path, tmp_path: Path) -> None:
    numbers = np.zeros((HEIGHT, WIDTH), np.uint8)
    numbers[2:5, 3:9], numbers[8:10, 1:3], numbers[0, 0] = 1, 7, 255
    (tmp_path / "masks").mkdir()
    file = tmp_path / "masks" / "dog park.png"
    Image.fromarray(numbers).save(file)
    (picture,) = read_labels(file, folder, "masks")
    assert found_in(picture) == [
        ("object 1", (3, 2, 9, 5), 18),
        ("object 7", (1, 8, 3, 10), 4),
    ]
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), (9, 0, 0), np.uint8)).save(file)
    with pytest.raises(InputError, match="has colours, not the numbers of objects"):
        list(read_labels(file, folder, "masks"))


def coco(**row: object) -> dict[str, object]:
    about = {"id": 1, "image_id": "a", "category_id": 3, "bbox": [2.25, 4.5, 9.5, 3]}
    return {
        "info": {"year": 2026}, "licenses": [],
        "images": [{"id": "a", "license": 1, "file_name": "dog park.png", "date_captured": ""}],
        "categories": [{"id": 3, "name": "dog", "keypoints": ["eye"], "skeleton": []}],
        "annotations": [{**about, **row}],
    }  # fmt: skip


FIELD: list[tuple[str, str, object, list[tuple[str, tuple[int, int, int, int], int | None]]]] = [
    ("parts of pixels and key points", "a.json",
     coco(keypoints=[1, 1, 2], num_keypoints=1, iscrowd=0, segmentation=None),
     [("dog", (2, 5, 12, 8), None)]),
    ("a crowd", "a.json",
     coco(iscrowd=1, segmentation={"size": [HEIGHT, WIDTH], "counts": [16 * 2 + 5, 3, 317 - 37]}),
     [("dog", (2, 5, 12, 8), 3)]),
    ("only an outline", "a.json",
     coco(bbox=[], segmentation=[[2, 3, 6, 3, 6, 5, 2, 5]]), [("dog", (2, 3, 6, 5), 8)]),
    ("key points of YOLO", "data.yaml", "train: .\nkpt_shape: [1, 3]\nnames: [dog]\n",
     [("dog", (5, 4, 15, 12), None)]),
    ("an old LabelMe", "a.json",
     {"imagePath": "dog park.png", "shapes": [{"label": 7, "points": [[1, 1], [5, 1], [5, 4], [1, 4]]}]},
     [("7", (1, 1, 5, 4), 12)]),
    ("a turned rectangle of LabelMe", "a.json",
     {"imagePath": "dog park.png", "imageData": None, "imageWidth": WIDTH, "imageHeight": HEIGHT,
      "shapes": [
         {"label": "dog", "shape_type": "oriented_rectangle", "points": [[4, 2], [8, 6], [6, 8], [2, 4]]},
         {"label": "path", "shape_type": "linestrip", "points": [[1, 1], [2, 2]]}]},
     [("dog", (2, 2, 8, 8), 16)]),
    ("a list of QuPath", "dog park.geojson",
     [{"type": "Feature", "properties": {"classification": {"name": "dog"}}, "geometry": {
         "type": "Polygon", "coordinates": [[[1, 1], [5, 1], [5, 4], [1, 4], [1, 1]]]}}],
     [("dog", (1, 1, 5, 4), None)]),
    ("one feature", "dog park.json",
     {"type": "Feature", "properties": {"name": "dog"}, "geometry": {
         "type": "Polygon", "coordinates": [[[1, 1], [5, 1], [3, 5], [1, 1]]]}},
     [("dog", (1, 1, 5, 5), 7)]),
    ("tags of VOC", "a.xml",
     "<annotation verified='yes'><folder>x</folder><filename>dog park</filename><size><width>20</width>"
     "<height>16</height><depth>3</depth></size><segmented>0</segmented><object><name>dog</name>"
     "<pose>Left</pose><truncated>1</truncated><difficult>1</difficult><occluded>0</occluded>"
     "<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox>"
     "</part><bndbox><xmax>10</xmax><xmin>1</xmin><ymax>16.0</ymax><ymin>1.0</ymin></bndbox></object>"
     "</annotation>", [("dog", (0, 0, 10, 16), None)]),
    ("a VOC that states no size", "dog park.xml",
     "<annotation><filename>elsewhere.jpg</filename><size><width>0</width><height>0</height></size>"
     "</annotation>", []),
    ("CVAT with tags and skeletons", "a.xml",
     f'<annotations><version>1.1</version><image id="0" name="dog park.png" width="{WIDTH}" '
     f'height="{HEIGHT}" task_id="3" subset="default"><tag label="x" source="manual"/>'
     '<skeleton label="s"><points label="1" points="1,1"/></skeleton><box label="dog" source="manual" '
     'occluded="1" xtl="1.50" ytl="2.50" xbr="4.49" ybr="5.00" z_order="3" group_id="7"/></image>'
     "</annotations>", [("dog", (2, 3, 4, 5), None)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "expected"), [pytest.param(*case, id=what) for what, *case in FIELD]
)
def test_the_field_writes_it_so(
    folder: Path, name: str, content: object, expected: list[tuple[object, ...]]
) -> None:
    (folder / "dog park.txt").write_text("0 0.5 0.5 0.5 0.5 0.1 0.1 2\n")
    found = found_in(read(folder, name, content))
    assert [one[:2] for one in found] == [one[:2] for one in expected]
    for (_, _, area), (_, _, other) in zip(found, expected, strict=True):
        assert area == (other if other is None else pytest.approx(other, abs=3))


def test_label_studio_has_ellipses_and_signed_addresses(folder: Path) -> None:
    value = {"x": 50, "y": 50, "radiusX": 20, "radiusY": 25, "rotation": 90, "ellipselabels": ["a"]}
    tasks = label_studio({"type": "ellipselabels", "value": value})
    tasks[0]["data"] = {"image": "s3://bucket/set/dog park.png?versionId=3"}
    ((label, box, area),) = found_in(read(folder, "tasks.json", tasks))
    assert (label, box) == ("a", (6, 4, 14, 12))
    assert area == pytest.approx(np.pi * 16, rel=0.1)


UNREAD: list[tuple[str, str, object]] = [
    ("COCO results", "a.json", [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]),
    ("COCO captions", "a.json", {"images": [], "annotations": [{"image_id": 1, "caption": "a dog"}]}),
    ("COCO captions", "a.json", [{"image_id": 1, "caption": "a dog"}]),
    ("COCO panoptic", "a.json", {"images": [{"id": 1, "file_name": "dog park.png"}], "annotations": [
        {"image_id": 1, "file_name": "dog park.png", "segments_info": [{"id": 1, "category_id": 1}]}]}),
    ("Datumaro", "a.json", {"info": {}, "categories": {"label": {}}, "items": [{"id": "a"}]}),
    ("FiftyOne", "samples.json", {"samples": [{"filepath": "data/a.png", "_media_type": "image"}]}),
    ("VoTT", "a.json", {"asset": {"name": "a.png"}, "regions": [], "version": "2.1.0"}),
    ("Cityscapes", "a.json", {"imgHeight": 16, "imgWidth": 20, "objects": [{"label": "car"}]}),
    ("Supervisely", "a.json", {"tags": [], "size": {"height": 16, "width": 20}, "objects": []}),
    ("SA-1B", "sa_1.json", {"image": {"image_id": 1}, "annotations": [{"segmentation": {}}]}),
    ("Lightly", "a.json", {"file_name": "dog park.png", "predictions": [
        {"category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]}),
    ("Segment Anything’s masks", "a.json", [{"segmentation": {}, "predicted_iou": 0.9, "area": 3}]),
    ("CreateML", "a.json", [{"image": "dog park.png", "annotations": [{"label": "dog"}]}]),
    ("Labelbox", "a.json", {"data_row": {"id": "a"}, "projects": {}}),
    ("Open Images", "a.csv", "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\n"),
    ("Label Studio’s CSV", "a.csv", "annotation_id,annotator,id,image,label\n1,1,1,a.png,[]\n"),
    ("a table of boxes", "a.csv", "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,9,9,d,1,1,2,2\n"),
    ("a table of boxes", "a.csv", '"image","xmin","ymin","xmax","ymax","label"\r\n'),
    ("DOTA", "a.txt", "2 3 9 3 9 8 2 8 small-vehicle 0\n"),
    ("DOTA", "a.txt", "imagesource:GoogleEarth\ngsd:0.1\n"),
    ("KITTI", "a.txt", "Car 0.00 0 -1.57 1.0 2.0 9.0 8.0 1.5 1.6 3.2 -0.7 1.7 9.1 -1.6\n"),
    ("MOT", "gt.txt", "1,-1,2,3,4,5,1,-1,-1,-1\n"),
    ("imglab", "a.xml", "<dataset><images><image file='dog park.png'/></images></dataset>"),
    ("TFRecord", "a.tfrecord", "anything"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "name", "content"),
    [pytest.param(*case, id=f"{case[0]} {case[1]}") for case in UNREAD],
)
def test_what_is_known_and_not_read_is_named(
    folder: Path, title: str, name: str, content: object
) -> None:
    with pytest.raises(UnreadFormError) as refused:
        read(folder, name, content)
    assert str(refused.value).startswith(f"{name} is in the form of {title}, which is not read: ")


def test_a_file_of_anything_else_is_none(folder: Path) -> None:
    for name, content in (("a.json", [{"a": 1}]), ("a.json", {"a": 1}), ("a.csv", "a,b\n1,2\n")):
        with pytest.raises(
            InputError, match=r" is neither a saved dialogue nor labels of"
        ) as refused:
            read(folder, name, content)
        assert not isinstance(refused.value, UnreadFormError)


def test_pictures_of_a_data_set_of_ultralytics_lie_beside_its_own_folder(folder: Path) -> None:
    (folder / "train" / "images").mkdir(parents=True)
    (folder / "train" / "labels").mkdir()
    (folder / "dog park.png").rename(folder / "train" / "images" / "dog park.png")
    (folder / "train" / "labels" / "dog park.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    text = "train: ../train/images\nval: ../valid/images\nnc: 1\nnames: ['dog']\n"
    assert found_in(read(folder, "data.yaml", text)) == [("dog", (5, 4, 15, 12), None)]


def test_a_text_of_objects_and_a_list_of_classes_need_no_yaml(folder: Path) -> None:
    line = "1 0.5 0.5 0.5 0.5\n"
    assert found_in(read(folder, "dog park.txt", line)) == [("class 1", (5, 4, 15, 12), None)]
    (folder / "classes.txt").write_text("cat\ndog\n")
    assert found_in(read(folder, "dog park.txt", line)) == [("dog", (5, 4, 15, 12), None)]
    (found,) = read_labels(folder / "classes.txt", None, None)
    assert found_in(found) == [("dog", (5, 4, 15, 12), None)]


@pytest.mark.parametrize(
    ("names", "text"), [("data.yaml", "train: images\nnames: {1: dog}\n"), ("classes.txt", "cat\ndog\n")]
)  # fmt: skip
def test_texts_of_yolo_may_lie_apart_from_their_pictures(
    folder: Path, tmp_path: Path, names: str, text: str
) -> None:
    labels = tmp_path / "export" / "labels" / "train"
    labels.mkdir(parents=True)
    (labels / "1a2b3c4d-dog%20park.txt").write_text("1 0.5 0.5 0.5 0.5\n")
    file = tmp_path / "export" / names
    file.write_text(text)
    (found,) = read_labels(file, folder, None)
    assert found_in(found) == [("dog", (5, 4, 15, 12), None)]
    (labels / "house.txt").write_text("1 0.5 0.5 0.5 0.5\n")
    with pytest.raises(InputError, match=r"house\.txt: there is no picture named “train/house”"):
        list(read_labels(file, folder, None))


@pytest.mark.parametrize(
    "address",
    ["/data/upload/1/dog%20park", "s3://bucket/a/dog park", "/data/local-files/?d=a/dog%20park",
     "https://example.org/dog%20park?token=a.b"],
)  # fmt: skip
def test_a_picture_of_label_studio_may_have_an_address_without_an_ending(
    folder: Path, address: str
) -> None:
    box = {"x": 10, "y": 25, "width": 50, "height": 50, "rotation": 0, "rectanglelabels": ["cat"]}
    task = {
        "data": {"note": "a park", "image": address},
        "annotations": [{"result": [{"value": box}]}],
    }
    assert found_in(read(folder, "tasks.json", [task])) == [("cat", (2, 4, 12, 12), None)]


# What covers nothing

NOTHING: list[tuple[str, str, object]] = [
    ("a click of COCO", "a.json", coco(bbox=[3, 3, 0, 5])),
    ("a key point of VIA", "a.json", coco(bbox=[], segmentation=[[]], keypoints=[1, 1, 2])),
    ("a class of the whole picture", "a.json", coco(bbox=None)),
    ("a line of YOLO", "data.yaml", "train: .\nnames: [dog]\n"),
    ("a click of LabelMe", "a.json", {"imagePath": "dog park.png", "shapes": [
        {"label": "dog", "shape_type": "rectangle", "points": [[3, 3], [3, 3]]}]}),
    ("an open outline", "a.json", {"imagePath": "dog park.png", "shapes": [
        {"label": "dog", "shape_type": "polygon", "points": [[3, 3], [9, 5]]}]}),
    ("an erased mask of CVAT", "a.xml",
     '<annotations><image name="dog park.png"><mask label="dog" rle="4" left="1" top="1" width="2" '
     'height="2"/></image></annotations>'),
    ("a click of Label Studio", "a.json", label_studio(
        {"id": "a", "value": {"x": 1, "y": 1, "width": 0, "height": 5, "rectanglelabels": ["a"]}})),
    ("a feature without a place", "dog park.geojson",
     {"type": "Feature", "geometry": None, "properties": {}}),
    ("a feature without parts", "dog park.geojson",
     {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": []}, "properties": {}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"), [pytest.param(*case, id=what) for what, *case in NOTHING]
)
def test_what_covers_nothing_is_left_out_and_counted(
    folder: Path, name: str, content: object
) -> None:
    (folder / "dog park.txt").write_text("0 0.5 0.5 0.5 0\n")
    picture = read(folder, name, content)
    assert picture.annotations == ()
    assert picture.notes[0].endswith("1 object without an area (points, lines) left out.")


def test_parts_of_an_outline_that_cover_nothing_leave_the_others(folder: Path) -> None:
    rings = [[1, 1, 2, 2], [2, 3, 6, 3, 6, 5, 2, 5], []]
    assert found_in(read(folder, "a.json", coco(segmentation=rings))) == [("dog", (2, 5, 12, 8), 8)]


# Where pictures are


def test_lvis_gives_addresses_only(folder: Path) -> None:
    content = coco()
    content["images"] = [
        {"id": "a", "coco_url": "http://images.cocodataset.org/val/dog%20park.png"}
    ]
    assert read(folder, "a.json", content).name == "dog park.png"


@pytest.mark.parametrize("place", ["images/train", "train"])
def test_coco_keeps_the_pictures_of_a_part_in_a_folder_of_its_name(
    folder: Path, place: str
) -> None:
    for part in ("annotations", place):
        (folder / part).mkdir(parents=True)
    (folder / "dog park.png").rename(folder / place / "dog park.png")
    assert read(folder, "annotations/instances_train.json", coco()).size.width == WIDTH


YOLO_SETS = [
    ("of CVAT", "data.yaml", "path: ./\ntrain: train.txt\nnames: {0: dog}\n", "images/train"),
    ("of Ultralytics", "coco8.yaml", "path: coco8\ntrain: images/train\nnames: [dog]\n",
     "coco8/images/train"),
    ("with parts", "data.yaml", "train: images\nnames: [dog]\n", "images/train"),
    ("of elsewhere", "data.yaml", "train: /home/ann/set/images/train\nnames: [dog]\n", "images/train"),
    ("of Darknet", "obj.names", "dog\n", "obj_train_data"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "place"), [pytest.param(*case, id=what) for what, *case in YOLO_SETS]
)
def test_yolo_s_pictures_lie_in_many_places(
    folder: Path, name: str, content: str, place: str
) -> None:
    texts = place.replace("images", "labels")
    for part in {place, texts}:
        (folder / part).mkdir(parents=True)
    (folder / "dog park.png").rename(folder / place / "dog park.png")
    (folder / texts / "dog park.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    prefix = "data/" if name == "obj.names" else "./"
    (folder / "train.txt").write_text(f"{prefix}{place}/dog park.png\n\n{prefix}{place}/lost.png\n")
    assert found_in(read(folder, name, content)) == [("dog", (5, 4, 15, 12), None)]


def test_the_picture_of_one_text_lies_where_those_of_its_folder_do(folder: Path) -> None:
    for part in ("images/train", "labels/train"):
        (folder / part).mkdir(parents=True)
    (folder / "dog park.png").rename(folder / "images" / "train" / "dog park.png")
    found = read(folder, "labels/train/dog park.txt", "0 0.5 0.5 0.5 0.5\n")
    assert found_in(found) == [("class 0", (5, 4, 15, 12), None)]


def test_a_list_of_pictures_leads_nowhere_else(folder: Path) -> None:
    (folder / "set").mkdir()
    (folder / "dog park.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (folder / "set" / "train.txt").write_text(f"../dog park.png\n{folder}/dog park.png\n")
    with pytest.raises(InputError, match=r"data\.yaml: its pictures are not there"):
        read(folder, "set/data.yaml", "train: train.txt\nnames: [dog]\n")


def test_pictures_without_any_text_of_objects_are_no_data_set(folder: Path) -> None:
    with pytest.raises(InputError, match="none of its pictures has a text of its objects"):
        read(folder, "data.yaml", "train: .\nnames: [dog]\n")


def test_labels_of_no_picture_are_refused(folder: Path) -> None:
    nothing: list[object] = [[], {"images": [], "annotations": []}]
    for content in nothing:
        with pytest.raises(InputError, match=r"a\.json names no picture"):
            read(folder, "a.json", content)


@pytest.mark.parametrize(
    "content",
    [
        {"imagePath": "C:\\photos\\dog park.png", "shapes": []},
        [{"data": {"image": "/data/local-files/?d=set%2Fdog%20park.png"}}],
        [{"data": {"image": "/data/upload/3/1a2b3c4d-dog park.png"}}],
    ],
)
def test_a_picture_has_its_own_name(folder: Path, content: object) -> None:
    assert read(folder, "dog park.json", content).name == "dog park.png"


# Label Studio

BOXED = {"x": 10, "y": 25, "width": 50, "height": 50, "rotation": 0}
ONE: dict[str, Any] = {
    "id": "q",
    "type": "rectanglelabels",
    "value": {**BOXED, "rectanglelabels": ["cat"]},
}
CAT = ("cat", (2, 4, 12, 12), None)


def test_of_several_people_s_annotations_one_is_read_and_that_is_said(folder: Path) -> None:
    both = [{"result": [ONE], "ground_truth": True}, {"result": []}]
    picture = read(folder, "a.json", label_studio(annotations=both))
    assert found_in(picture) == [CAT]
    assert (
        "of its 2 annotations only the one that is marked as the truth is read" in picture.notes[0]
    )
    picture = read(folder, "a.json", label_studio(annotations=[both[1], {"result": [ONE]}]))
    assert found_in(picture) == [CAT]
    assert "only the newest is read" in picture.notes[0]


@pytest.mark.parametrize("form", ["a task", "an annotation"])
def test_label_studio_keeps_one_task_or_annotation_a_file(folder: Path, form: str) -> None:
    value = {"x": 25, "y": 25, "width": 50, "height": 50, "rectanglelabels": ["dog"]}
    annotation = {"id": 9, "result": [{"type": "rectanglelabels", "value": value}]}
    task = {"id": 7, "data": {"image": "/data/dog park.png"}}
    a_task, an_annotation = {**task, "annotations": [annotation]}, {**annotation, "task": task}
    whole = a_task if form == "a task" else an_annotation
    assert found_in(read(folder, "7.json", whole)) == [("dog", (5, 4, 15, 12), None)]


def test_label_studio_once_called_annotations_completions(folder: Path) -> None:
    tasks = label_studio(completions=[{"result": [ONE]}])
    del tasks[0]["annotations"]
    assert found_in(read(folder, "a.json", tasks)) == [CAT]


def test_shape_label_and_words_about_a_region_may_be_results_of_their_own(folder: Path) -> None:
    shape: dict[str, object] = {"id": "q", "type": "rectangle", "value": BOXED}
    label: dict[str, object] = {"id": "q", "type": "labels", "value": {**BOXED, "labels": ["cat"]}}
    words: dict[str, object] = {
        "id": "q",
        "type": "textarea",
        "value": {**BOXED, "text": ["a stray"]},
    }
    picture = read(folder, "a.json", label_studio(shape, label, words, {**shape, "id": "r"}))
    assert found_in(picture) == [CAT, ("object", *CAT[1:])]
    assert picture.notes == ()


def test_who_made_a_region_is_told_by_label_studio_itself(folder: Path) -> None:
    ours = {"meta": {"text": ["region: R1.1", "origin: model", "question: the cat"]}}
    made = [{**ONE, "id": origin, "origin": origin, **ours}
            for origin in ("manual", "prediction", "prediction-changed")]  # fmt: skip
    picture = read(folder, "a.json", label_studio(*made))
    assert [a.origin for a in picture.annotations] == ["model", "model", "corrected"]
    guess = label_studio(annotations=[], predictions=[{"result": [{**ONE, "origin": "manual"}]}])
    assert [a.origin for a in read(folder, "a.json", guess).annotations] == ["model"]


def bitmap(width: int, height: int) -> dict[str, object]:
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[2:5, 3:9, 3] = 255  # black on nothing
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    address = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    return {"type": "bitmasklabels", "value": {"imageDataURL": address, "bitmasklabels": ["dog"]}}


def test_label_studio_draws_bitmaps(folder: Path) -> None:
    picture = read(folder, "a.json", label_studio(bitmap(WIDTH, HEIGHT)))
    assert found_in(picture) == [("dog", (3, 2, 9, 5), 18)]
    for size in ((WIDTH - 1, HEIGHT), (WIDTH + 1, HEIGHT)):
        with pytest.raises(InputError, match="label 1: its mask is"):
            read(folder, "a.json", label_studio(bitmap(*size)))


def test_lists_of_other_tools_are_not_taken_for_tasks(folder: Path) -> None:
    for row in ({"image": "dog park.png", "annotations": []}, {"filename": "dog park.png"}):
        with pytest.raises(InputError, match=r"neither a saved dialogue nor labels of|CreateML"):
            read(folder, "a.json", [row])


# Masks

VOC_COLOURS = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 0], [224, 224, 192]], np.uint8)
SQUARE = np.zeros((HEIGHT, WIDTH), np.uint8)
SQUARE[2:6, 3:9] = 255
VOID = np.eye(HEIGHT, WIDTH, 9, int) * 3
SMOOTH = SQUARE.copy()
SMOOTH[1, 3:9], SMOOTH[6, 3:9] = 100, 200
OPAQUE = np.full_like(SQUARE, 255)
FILES = [
    ("white", SQUARE, {"object 1": 24}),
    ("smooth edges", SMOOTH, {"object 1": 30}),
    ("one bit", SQUARE > 0, {"object 1": 24}),
    ("three alike bands", np.dstack([SQUARE] * 3), {"object 1": 24}),
    ("transparency", np.dstack([OPAQUE, SQUARE]), {"object 1": 24}),
    ("16 bits", (SQUARE > 0).astype(np.uint16) * 300, {"object 300": 24}),
    ("colours of VOC", VOC_COLOURS[np.where(SMOOTH == 255, 2, SMOOTH == 100) + VOID],
     {"object 1": 6, "object 2": 24}),
    ("numbers and void", np.where(SMOOTH == 255, 7, SMOOTH == 100) + np.eye(HEIGHT, WIDTH, 9) * 255,
     {"object 1": 6, "object 7": 24}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pixels", "expected"), [pytest.param(*case, id=what) for what, *case in FILES]
)
def test_masks_are_drawn_in_many_ways(
    folder: Path, pixels: np.ndarray, expected: dict[str, int]
) -> None:
    (folder / "masks").mkdir()
    file = folder / "masks" / "dog park.png"
    whole = pixels.astype(np.uint8) if pixels.dtype == np.float64 else pixels
    Image.fromarray(whole).save(file)
    (picture,) = read_labels(file, folder, "masks")
    assert {label: area for label, _, area in found_in(picture)} == expected


def test_more_numbers_than_can_be_read_are_refused(folder: Path) -> None:
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(folder / "large.png")
    (folder / "masks").mkdir()
    numbers = np.arange(1600, dtype=np.uint16).reshape(40, 40)
    Image.fromarray(numbers).save(folder / "masks" / "large.png")
    with pytest.raises(InputError, match="1,599 numbers: at most 1,000 objects"):
        list(read_labels(folder / "masks" / "large.png", folder, "masks"))


@pytest.mark.parametrize(
    "classification", ["dog", {"name": "dog"}, {"names": ["dog"], "name": "dog"}]
)
def test_classes_of_qupath(folder: Path, classification: object) -> None:
    ring = [[1, 1], [5, 1], [5, 4], [1, 4], [1, 1]]
    feature = {"type": "Feature", "properties": {"classification": classification},
               "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    assert found_in(read(folder, "dog park.geojson", feature)) == [("dog", (1, 1, 5, 4), None)]
