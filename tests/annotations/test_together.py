"""Labels and pictures that came together: what belongs to what, and what hostile files do."""

from __future__ import annotations

import base64
import io
import json
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.annotations.costs import Room
from demo.annotations.files import Candidate, Candidates
from demo.annotations.formats import FORMATS
from demo.annotations.indexed import read_indexed
from demo.annotations.together import Labelled, Together, holds_labels
from demo.errors import InputError, PictureError, UnreadFormError
from demo.machine.effort import long_work
from demo.picture.geometry import Size
from demo.picture.masks import Mask
from demo.picture.picture import Picture, open_picture
from tests.annotations.test_formats import DISC, RING, labelled, picture, samples
from tests.support import structures

Content = bytes | str
Files = Mapping[str, Content]
WIDTH, HEIGHT = 64, 48


def png(colour: str = "blue", width: int = WIDTH, height: int = HEIGHT, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, kind)
    return file.getvalue()


def zipped(files: Files) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def read(
    folder: Path,
    files: Files,
    shown: Picture | None = None,
    cancel: threading.Event | None = None,
) -> Labelled:
    """These files, as a page takes them: each came in a folder of its own."""
    root = folder / "root"
    root.mkdir()
    together = Together(root)
    with long_work(cancel):
        for at, (name, content) in enumerate(files.items()):
            path = folder / str(at) / name
            path.parent.mkdir(parents=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            together.add(path)
        return together.read(shown)


def seen(found: Labelled) -> dict[str, list[str]]:
    return {one.name: [a.label for a in one.annotations] for one in found.pictures}


def coco(*names: str, **image: object) -> str:
    images = [{"id": at, "file_name": name, **image} for at, name in enumerate(names)]
    rows = [
        {"id": at, "image_id": at, "category_id": 1, "bbox": [1, 2, 10, 10]}
        for at in range(len(names))
    ]
    kinds = [{"id": 1, "name": "dog"}]
    return json.dumps({"images": images, "annotations": rows, "categories": kinds})


def labelme(name: str, **more: object) -> str:
    shape = {"label": "dog", "points": [[1, 2], [11, 12]], "shape_type": "rectangle"}
    return json.dumps({"imagePath": name, "shapes": [shape], **more})


VOC = (
    "<annotation><filename>{}</filename><object><name>dog</name><bndbox><xmin>2</xmin>"
    "<ymin>3</ymin><xmax>11</xmax><ymax>12</ymax></bndbox></object></annotation>"
)
CVAT = (
    '<annotations><image id="0" name="{}" width="64" height="48"><box label="dog" xtl="1" '
    'ytl="2" xbr="11" ybr="12"/></image></annotations>'
)
YAML, LINE = "train: images\nnames: [dog]\n", "0 0.5 0.5 0.5 0.5\n"


@pytest.mark.parametrize("name", FORMATS)
def test_one_zip_file_of_every_format_is_read(name: str, tmp_path: Path) -> None:
    given = samples()
    found = read(tmp_path, {"all.zip": zipped(dict(FORMATS[name].write(given)))})
    by_size = sorted(found.pictures, key=lambda one: -len(one.annotations))
    assert [len(one.annotations) for one in by_size] in ([5, 1, 0], [5, 1])
    assert [a.label for a in by_size[0].annotations] == [a.label for a in given[0].annotations]
    assert by_size[0].open().sha256 == given[0].open().sha256
    assert not found.lacking


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_in_it_may_come_as_loose_files(name: str, tmp_path: Path) -> None:
    given = labelled(picture("пляж (1).png"), RING, DISC)
    written = {
        Path(path).name: content
        for path, content in FORMATS[name].write([given])
        if not path.startswith("Segmentation")
    }
    found = read(tmp_path, written)
    assert list(seen(found).values()) == [["кольцо 环", "twins"]]
    assert found.pictures[0].open().sha256 == given.open().sha256
    if name != "voc":  # its masks are known by their folder
        assert all(a.mask for a in found.pictures[0].annotations)


BY_NAME: list[tuple[str, Files]] = [
    ("COCO", {"dog.png": png(), "labels.json": coco("dog.png")}),
    ("the labels first", {"labels.json": coco("dog.png"), "dog.png": png()}),
    ("a path before the name", {"dog.png": png(), "a.json": coco("data\\train/dog.png")}),
    ("another ending", {"dog.jpg": png(kind="JPEG"), "a.json": coco("dog.png")}),
    ("what a browser changes", {"dog 1.png": png(), "a.json": coco("dog (1).PNG")}),
    ("another name, the same size", {"x.png": png(), "a.json": coco("dog.png", width=64, height=48)}),
    ("without an ending", {"dog.png": png(), "dog.xml": VOC.format("dog")}),
    ("of the labels’ own name", {"dog.png": png(), "dog.xml": VOC.format("0001.jpg")}),
    ("VOC in UTF-16", {"dog.png": png(), "a.xml": VOC.format("dog").encode("utf-16")}),
    ("CVAT", {"dog.png": png(), "annotations.xml": CVAT.format("set/dog.png")}),
    ("LabelMe", {"dog.png": png(), "dog.json": labelme("..\\dog.png")}),
    ("Label Studio", {"dog.png": png(), "a.json": json.dumps([{
        "data": {"image": "https://x.test/a/dog.png?X-Amz-Date=1"},
        "annotations": [{"result": [{"value": {
            "x": 1, "y": 1, "width": 9, "height": 9, "rectanglelabels": ["dog"]}}]}]}])}),
    ("YOLO", {"dog.png": png(), "dog.txt": LINE, "data.yaml": YAML}),
    ("YOLO with a list of classes", {"dog.png": png(), "dog.txt": LINE, "classes.txt": "dog\ncat\n"}),
    ("labels alone in a zip", {
        "dog.png": png(), "a.zip": zipped({"data.yaml": YAML, "labels/dog.txt": LINE})}),
    ("YOLO of darknet", {"a.zip": zipped({
        "obj.names": "dog\n", "obj.data": "classes = 1\n", "train.txt": "data/obj_train_data/dog.png\n",
        "obj_train_data/dog.png": png(), "obj_train_data/dog.txt": LINE})}),
    ("YOLO of Roboflow", {"a.zip": zipped({
        "data.yaml": "train: ../train/images\nval: ../valid/images\nnc: 1\nnames: ['dog']\n",
        "train/images/dog.png": png(), "train/labels/dog.txt": LINE,
        "README.roboflow.txt": "dog - 1\n=======\n"})}),
    ("a folder and what a Mac adds", {"a.zip": zipped({
        "my set/images/dog.png": png(), "my set/result.json": coco("images/dog.png"),
        "__MACOSX/my set/._result.json": b"\x00", "my set/notes.json": '{"info": 1}'})}),
    ("without any ending", {"dog": png(), "labels": coco("dog")}),
    ("what looks like an escape", {"a%20b.png": png(), "a.json": coco("a%20b.png")}),
    ("an escape", {"a b.png": png(), "a.json": coco("a%20b.png")}),
    ("what another tool changes", {"dog & cat (1).png": png(), "a.json": coco("dog__cat_1.png")}),
    ("signs only", {"🐶.png": png(), "🐱.png": png("red"), "a.json": coco("🐶.png")}),
    ("marks of Devanagari", {"कि.png": png(), "का.png": png("red"), "कि.txt": LINE, "classes.txt": "dog"}),
    ("another letter case only", {"Dog.png": png("red"), "dog.png": png(), "a.json": coco("dog.png")}),
    ("other signs only", {"dog 1.png": png("red"), "dog (1).png": png(), "dog (1).xml": VOC.format("x")}),
]  # fmt: skip


@pytest.mark.parametrize("files", [pytest.param(f, id=name) for name, f in BY_NAME])
def test_labels_find_their_picture(files: Files, tmp_path: Path) -> None:
    found = read(tmp_path, files)
    assert list(seen(found).values()) == [["dog"]]
    assert found.pictures[0].open().size.width == WIDTH
    assert found.pictures[0].open().pixels[0, 0, 2] > 250  # it is blue, and others are red


@pytest.mark.parametrize(
    ("picture", "name"),
    [("img_11_2.png", "img_1_12.jpg"), ("1.10.png", "11.0.png"), ("a-bc.png", "ab-c.png"),
     ("🐱.png", "🐶.png"), ("a b.png", "ab.png")],
)  # fmt: skip
def test_another_name_is_another_picture(picture: str, name: str, tmp_path: Path) -> None:
    found = read(tmp_path, {picture: png(), "a.json": coco(name)})
    assert not found.pictures
    assert found.lacking == (name,)


def test_classes_without_names_have_numbers(tmp_path: Path) -> None:
    found = read(tmp_path, {"dog.png": png(), "dog.txt": "7 0.5 0.5 0.5 0.5\n"})
    assert seen(found) == {"dog.png": ["class 7"]}


def test_a_picture_may_be_in_its_labels(tmp_path: Path) -> None:
    inside = base64.b64encode(png("red")).decode()
    found = read(tmp_path, {"dog.json": labelme("dog.png", imageData=inside, imageWidth=64)})
    assert seen(found) == {"dog.png": ["dog"]}
    assert found.pictures[0].open().pixels[0, 0].tolist() == [255, 0, 0]


def test_labels_of_what_is_shown(tmp_path: Path) -> None:
    shown = open_picture(png(), "dog.png")
    found = read(tmp_path, {"a.json": coco("cat.png", "dog.png")}, shown)
    assert found.pictures[0].open() is shown
    assert found.lacking == ("cat.png",)


def test_labels_of_something_else_are_about_nothing(tmp_path: Path) -> None:
    shown = open_picture(png(), "cat.png")
    found = read(tmp_path, {"a.json": coco("dog.png", "bird.png")}, shown)
    assert not found.pictures
    assert found.lacking == ("dog.png", "bird.png")


def test_several_files_say_something_of_one_picture(tmp_path: Path) -> None:
    files: Files = {"dog.png": png(), "a.json": coco("dog.png"), "b.json": labelme("dog.png"),
             "c.xml": VOC.format("dog.png"), "d.txt": "no label"}  # fmt: skip
    assert seen(read(tmp_path, files)) == {"dog.png": ["dog"]}  # all three say the same


def test_pictures_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    files = {"a/dog.png": png("red"), "b/dog.png": png("blue")}
    whole = zipped({**files, "labels.json": coco("a/dog.png", "b/dog.png")})
    found = read(tmp_path, {"all.zip": whole})
    assert [one.open().pixels[0, 0].tolist() for one in found.pictures] == [
        [255, 0, 0],
        [0, 0, 255],
    ]
    (tmp_path / "again").mkdir()
    with pytest.raises(InputError, match="several pictures have the name “dog"):
        read(tmp_path / "again", {"all.zip": zipped({**files, "labels.json": coco("dog.png")})})


TRAIN_AND_VAL: list[tuple[str, Files]] = [
    ("YOLO", {"data.yaml": YAML, "images/{}/1.png": "", "labels/{}/1.txt": LINE}),
    ("YOLO of Roboflow", {"data.yaml": YAML, "{}/images/1.png": "", "{}/labels/1.txt": LINE}),
    ("YOLO in one folder", {"data.yaml": YAML, "{}/1.png": "", "{}/1.txt": LINE}),
    ("YOLO in folders of other names", {"data.yaml": YAML, "{}/img/1.png": "", "{}/txt/1.txt": LINE}),
    ("LabelMe", {"{}/1.png": "", "{}/1.json": labelme("1.png")}),
    ("VOC", {"{}/JPEGImages/1.png": "", "{}/Annotations/1.xml": VOC.format("1.png")}),
    ("VOC by kind", {"JPEGImages/{}/1.png": "", "Annotations/{}/1.xml": VOC.format("1.png")}),
    ("COCO", {"{}/1.png": "", "{}/labels.json": coco("1.png")}),
]  # fmt: skip


@pytest.mark.parametrize("files", [pytest.param(f, id=name) for name, f in TRAIN_AND_VAL])
def test_labels_of_one_name_belong_to_the_picture_in_their_folder(
    files: Files, tmp_path: Path
) -> None:
    made = dict[str, Content]()
    for split, colour in (("train", "red"), ("val", "blue")):
        for name, content in files.items():
            is_val_text = name.endswith("txt") and split == "val"
            text = content if not is_val_text else LINE * 2
            made[name.format(split)] = text or png(colour)
    found = read(tmp_path, {"set.zip": zipped(made)})
    colours = [one.open().pixels[0, 0].tolist() for one in found.pictures]
    assert sorted(colours) == [[0, 0, 255], [255, 0, 0]]
    if "data.yaml" in files:
        counts = [len(one.annotations) for one in found.pictures]
        assert counts == [2 if colour == [0, 0, 255] else 1 for colour in colours]


def test_the_maps_of_coco_are_no_pictures(tmp_path: Path) -> None:
    files: Files = {
        "annotations/instances_train.json": coco("a/dog.png"),
        "annotations/panoptic_train.json": '{"images": [], "annotations": [{"segments_info": []}]}',
        "annotations/panoptic_train/a/dog.png": png("red"),
        "images/train/a/dog.png": png(),
    }
    (found,) = read(tmp_path, {"set.zip": zipped(files)}).pictures
    assert found.path is not None
    assert "images" in found.path.parts


def test_pictures_in_their_labels_stay_apart(tmp_path: Path) -> None:
    inside = {c: base64.b64encode(png(c)).decode() for c in ("red", "blue")}
    files = {
        "cam1/0001.json": labelme("0001.png", imageData=inside["red"]),
        "cam2/0001.json": labelme("0001.png", imageData=inside["blue"]),
        "again/0001.json": labelme("1.png", imageData=inside["blue"]),
    }
    found = read(tmp_path, {"all.zip": zipped(files)})
    assert [(len(one.annotations), one.open().pixels[0, 0].tolist()) for one in found.pictures] == [
        (1, [255, 0, 0]),
        (1, [0, 0, 255]),  # the same picture under two names
    ]


def test_labels_of_what_is_shown_may_spell_its_name(tmp_path: Path) -> None:
    shown = open_picture(png(), "dog (1).png")
    other = coco("dog 1.png").replace('"dog"', '"cat"')
    found = read(tmp_path, {"a.json": coco("dog (1).png"), "b.json": other}, shown)
    assert [[a.label for a in one.annotations] for one in found.pictures] == [["dog", "cat"]]


def test_labels_in_two_frames_stay_in_theirs(tmp_path: Path) -> None:
    frames = ((48, 64), (64, 48))
    labels = {
        f"{w}.json": coco("dog.jpg", width=w, height=h).replace('"dog"', f'"{w}"')
        for w, h in frames
    }
    found = read(tmp_path, {"dog.jpg": turned(6), **labels})
    assert [(one.size.width, one.annotations[0].label) for one in found.pictures] == [
        (48, "48"),
        (64, "64"),
    ]


@pytest.mark.parametrize(
    ("packed", "folder"), [pytest.param("all.zip", "", id="all"), pytest.param("set.zip", "all/", id="set")]
)  # fmt: skip
def test_a_table_of_masks_has_the_name_of_its_folder(
    packed: str, folder: str, tmp_path: Path
) -> None:
    table = "number,mask,label,x1,y1,x2,y2\n1,,dog,1,2,11,12\n"
    inside: Files = {f"{folder}objects.csv": table, f"{folder}picture.png": png()}
    assert seen(read(tmp_path, {packed: zipped(inside)})) == {"all.png": ["dog"]}
    (tmp_path / "loose").mkdir()
    loose: Files = {"objects.csv": table, "picture.png": png()}
    assert seen(read(tmp_path / "loose", loose)) == {"picture.png": ["dog"]}


RESIZED = {"icon": png(width=8, height=6), "large": png("blue", 32_100, 330)}


@pytest.mark.parametrize("content", RESIZED.values(), ids=RESIZED)
@pytest.mark.parametrize(
    "labels",
    [
        {"a.json": coco("dog.png")},
        {"dog.json": labelme("dog.png")},
        {"dog.xml": VOC.format("dog.png")},
        {"dog.geojson": json.dumps({"type": "FeatureCollection", "features": []})},
    ],
    ids=lambda files: next(iter(files)),
)
def test_pixels_of_another_size_are_no_place(labels: Files, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"in pixels, but not .*This picture was made"):
        read(tmp_path, {"dog.png": content, **labels})


@pytest.mark.parametrize("content", RESIZED.values(), ids=RESIZED)
def test_shares_of_a_picture_fit_any_size(content: bytes, tmp_path: Path) -> None:
    found = read(tmp_path, {"dog.png": content, "dog.txt": "0 0.5 0.5 0.5 0.5\n"}).pictures[0]
    box, size = found.annotations[0].box, found.open().size
    assert (box.width, box.height) == pytest.approx((size.width / 2, size.height / 2), abs=1)


def turned(orientation: int) -> bytes:
    """A picture that is stored 64 × 48."""
    file, image = io.BytesIO(), Image.new("RGB", (WIDTH, HEIGHT), "blue")
    exif = image.getexif()
    exif[274] = orientation
    image.save(file, "JPEG", exif=exif)
    return file.getvalue()


@pytest.mark.parametrize(("width", "height"), [(48, 64), (64, 48)])
def test_labels_may_be_for_a_picture_as_it_is_stored(
    width: int, height: int, tmp_path: Path
) -> None:
    files: Files = {"dog.jpg": turned(6), "a.json": coco("dog.jpg", width=width, height=height)}
    shown = read(tmp_path, files).pictures[0].open()
    assert (shown.size.width, shown.size.height) == (width, height)
    assert any("as it is stored" in note for note in shown.notes) == (width == WIDTH)


# What cannot be used

LONG = [[0, 0] if at % 2 else [1e6, 1e6] for at in range(50_000)]
ROW = {"id": 1, "image_id": 0, "category_id": 1}


def many(count: int, **row: object) -> str:
    data = json.loads(coco("dog.png"))
    data["annotations"] = [{**ROW, "bbox": [1, 2, 10, 10], **row}] * count
    return json.dumps(data)


def linked(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
        archive.writestr("labels.json", coco(name))
    return file.getvalue()


def claiming(content: bytes, size: int) -> bytes:
    """A zip file whose first entry says that it is that large."""
    at = content.index(b"PK\x01\x02") + 24
    return content[:at] + struct.pack("<I", size) + content[at + 4 :]


def painted(rle: object) -> str:
    """Label Studio's painted mask of the picture."""
    value = {"brushlabels": ["dog"], "rle": rle}
    result = {"original_width": WIDTH, "original_height": HEIGHT, "value": value}
    return json.dumps([{"data": {"image": "dog.png"}, "annotations": [{"result": [result]}]}])


def boasting(content: bytes, side: int) -> str:
    """LabelMe's mask as a PNG that says it has that many pixels at a side."""
    head = content[12:16] + struct.pack(">II", side, side) + content[24:29]
    claims = content[:12] + head + struct.pack(">I", zlib.crc32(head)) + content[33:]
    shape = {"label": "dog", "points": [[0, 0], [1, 1]], "shape_type": "mask"}
    encoded = base64.b64encode(claims).decode()
    return json.dumps({"imagePath": "dog.png", "shapes": [{**shape, "mask": encoded}]})


PACKED = structures.png([structures.packed_profile()] * 101)
DUST = [[at % 60, at % 45, at % 60 + 2, at % 45, at % 60, at % 45 + 2] for at in range(5_001)]
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghi"))
    + "]><annotation><filename>&i;</filename></annotation>"
)  # fmt: skip
FETCHES = (
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename>'
    "</annotation>"
)
ALIASES = (
    "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in pairwise("abcdefghi"))
    + "names: [*i]\n"
)  # fmt: skip
HOSTILE: list[tuple[str, Callable[[], Files], str]] = [
    ("many objects", lambda: {"a.json": many(120_000)}, "about "),
    ("too many objects", lambda: {"a.json": many(20_000)}, "20,000 objects are too many: at most 1,000"),
    ("many shapes", lambda: {"a.xml": CVAT.replace("<box", "<box/>" * 50_000 + "<box").format("dog.png")},
     "50,001 objects are too many"),
    ("many lines", lambda: {"dog.txt": LINE * 150_000}, "about "),
    ("some lines", lambda: {"dog.txt": LINE * 45_000}, "45,000 objects are too many"),
    ("many values", lambda: {"a.json": many(1, segmentation=[[1] * 600_000])}, "about 600,"),
    ("a long way", lambda: {"a.json": many(1, segmentation=[[v for p in LONG for v in p]])},
     "leads far out of the picture"),
    ("three far corners", lambda: {"a.json": many(1, segmentation=[[0, 0, 9e6, 9e6, 0, 9e6]])},
     "leads far out of the picture"),
    ("a run for ever", lambda: {"a.json": many(1, segmentation={"size": [48, 64], "counts": [2**31]})},
     "dog.png, annotation 1: "),
    ("dust", lambda: {"a.json": many(1, segmentation=DUST)}, "5,001 parts and holes"),
    ("a mask of two billion bytes", lambda: {"a.json": painted(2_000_000_000)}, "not a list of numbers"),
    ("a mask of four gigapixels", lambda: {"a.json": boasting(png(), 60_000)}, "larger than the picture"),
    ("a mask that unpacks a hundred profiles", lambda: {"a.json": boasting(PACKED, 40)},
     "mask is not a PNG file"),
    ("a name of a megabyte", lambda: {"a.json": coco("../" * 400_000 + "dog.png")}, "more than 4,096"),
    ("such a name in CVAT", lambda: {"a.xml": CVAT.format("../" * 400_000 + "dog.png")}, "more than 4,096"),
    ("such a name in VIA", lambda: {
        "a.json": json.dumps({"x": {"filename": "../" * 400_000 + "dog.png", "regions": []}})},
     "more than 4,096"),
    ("deep JSON", lambda: {"a.json": '{"images":' + "[" * 200_000}, "not JSON"),
    ("deep XML", lambda: {"a.xml": "<annotation>" + "<a>" * 200_000}, "about 800,"),
    ("billion laughs", lambda: {"a.xml": LAUGHS}, "defines entities"),
    ("a file of this machine", lambda: {"a.xml": FETCHES}, "defines entities"),
    ("attributes out of nothing", lambda: {
        "a.xml": '<!DOCTYPE a [<!ATTLIST a b CDATA "long">]><annotation><a/></annotation>'},
     "defines entities or attributes"),
    ("aliases", lambda: {"data.yaml": ALIASES, "dog.txt": LINE}, "aliases"),
    ("a long YAML", lambda: {"data.yaml": "names:\n" + "- a\n" * 60_000, "dog.txt": LINE}, "too large"),
    ("a large file", lambda: {"a.json": coco("dog.png") + " " * 30_000_001}, "too large"),
    ("broken JSON", lambda: {"a.json": '{"images": [\n1,}'}, "a.json, line 2: this is not JSON"),
    ("broken XML", lambda: {"a.xml": "<annotation>\n<a"}, "a.xml, line 2: this is not XML"),
    ("a video", lambda: {"a.xml": '<annotations><track id="0"/></annotations>'}, "about a video"),
    ("pictures of one name", lambda: {
        "all.zip": zipped({"a/dog.png": png(), "b/dog.png": png(), "labels/dog.txt": LINE})},
     "dog.txt: several pictures have the name “dog”: open one at a time"),
    ("key points", lambda: {"dog.txt": "0 0.5 0.5 0.2 0.2 0.4 0.4 2 0.6 0.6 2\n"}, "for key points, open"),
    ("boxes with an angle", lambda: {"dog.txt": "0 0.5 0.5 0.2 0.2 45\n"}, "turned boxes as four corners"),
    ("names that are a path", lambda: {"data.yaml": "names: obj.names", "dog.txt": LINE}, "neither a list"),
    ("another size", lambda: {"a.json": coco("dog.png", width=640, height=480)},
     "it is 640 × 480, but the picture is 64 × 48"),
    ("names that lead out", lambda: {"a.zip": zipped({"../../evil.png": png()})}, "lead out"),
    ("an absolute name", lambda: {"a.zip": zipped({"/evil.png": png()})}, "lead out"),
    ("a drive", lambda: {"a.zip": zipped({"C:\\evil.png": png()})}, "lead out"),
    ("a link", lambda: {"a.zip": linked("dog.png")}, "links"),
    ("a bomb", lambda: {"a.zip": zipped({f"{n}.png": bytes(9_000_000) for n in range(50)})}, "too large"),
    ("many files", lambda: {"a.zip": zipped({f"{n}.txt": "" for n in range(2_500)})}, "too large"),
    ("a false size", lambda: {"a.zip": claiming(zipped({"a.json": coco("dog.png")}), 4_000_000_000)},
     "zip file"),
    ("a zip that breaks off", lambda: {"a.zip": zipped({"a.json": coco("dog.png")})[:-30]}, "damaged"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "sentence"), [pytest.param(f, s, id=name) for name, f, s in HOSTILE]
)
def test_what_would_cost_too_much_is_refused(
    files: Callable[[], Files], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=sentence) as error:
        read(tmp_path, {"dog.png": png(), **files()})
    assert str(error.value).endswith(".")
    assert len(str(error.value)) < 1_000
    assert not (tmp_path.parent / "evil.png").exists()


class Watched(threading.Event):
    """An event that nobody sets, and how often work looked whether it is."""

    looked = 0

    def is_set(self) -> bool:
        self.looked += 1
        return super().is_set()


def indexed(count: int) -> bytes:
    """An indexed PNG of so many objects."""
    numbers = (np.arange(WIDTH * HEIGHT) % (count + 1)).astype(np.uint8).reshape(HEIGHT, WIDTH)
    file = io.BytesIO()
    Image.fromarray(numbers).save(file, "PNG")
    return file.getvalue()


def grouped(count: int) -> str:
    """LabelMe's object of so many parts."""
    points = [[1, 2], [11, 2], [11, 12]]
    shape = {"label": "dog", "points": points, "shape_type": "polygon", "group_id": 1}
    return json.dumps({"imagePath": "dog.png", "shapes": [shape] * count})


def with_holes(count: int) -> str:
    """GeoJSON's object of so many parts, each with a hole."""
    ring = [[1, 2], [11, 2], [11, 12], [1, 12]]
    hole = [[3, 4], [5, 4], [5, 6], [3, 6]]
    geometry = {"type": "MultiPolygon", "coordinates": [[ring, hole]] * count}
    return json.dumps({"type": "Feature", "geometry": geometry, "properties": {"name": "dog"}})


# The number of values (32 bits), one bit each, four lengths of one bit; then runs of one value each.
BRUSH = f"{4 * WIDTH * HEIGHT:032b}" + "0" * 21 + "10000" * 600
PAINTED = [int(BRUSH[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(BRUSH), 8)]
STEPS: list[tuple[str, Callable[[], Files], int]] = [
    ("many files", lambda: {"a.zip": zipped({f"{n}.json": labelme("x.png") for n in range(300)})}, 600),
    ("many names", lambda: {"a.json": coco(*(f"{n}.png" for n in range(300)))}, 300),
    ("many numbers", lambda: {"a.zip": zipped({
        "Annotations/dog.xml": VOC.format("dog.png"), "SegmentationObject/dog.png": indexed(250)})}, 250),
    ("a group of many", lambda: {"a.json": grouped(300)}, 600),
    ("many holes", lambda: {"dog.geojson": with_holes(300)}, 600),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "steps"), [pytest.param(f, steps, id=name) for name, f, steps in STEPS]
)
def test_work_is_in_steps_between_which_it_can_be_ended(
    files: Callable[[], Files], steps: int, tmp_path: Path
) -> None:
    watched = Watched()
    read(tmp_path, {"dog.png": png(), **files()}, cancel=watched)
    assert watched.looked >= steps


def test_a_painted_mask_can_be_ended(tmp_path: Path) -> None:
    watched = Watched()
    with pytest.raises(InputError, match="ends early"):
        read(tmp_path, {"dog.png": png(), "a.json": painted(PAINTED)}, cancel=watched)
    assert watched.looked >= 600


def test_no_name_is_compared_with_all_pictures() -> None:
    asked = list[str]()

    def key(name: str) -> str:
        asked.append(name)
        return name

    here = Candidates(Candidate((f"{n}.png",), b"") for n in range(1_000))
    assert not any(here.alike(f"{n}.jpg", key) for n in range(1_000))
    assert len(here.alike("7.png", key)) == 1
    assert len(asked) == 2_001


def test_masks_are_bounded_by_what_they_cover(tmp_path: Path) -> None:
    side = 4_000
    whole = Mask.from_array(np.ones((side, side), bool)).to_dict()
    files: Files = {"dog.png": png("blue", side, side), "a.json": many(300, segmentation=whole)}
    with pytest.raises(InputError, match=r"dog\.png: .*pixels within the outlines of its masks"):
        read(tmp_path, files)


SIDE = 3_000  # of a picture of which 334 masks are too much
MANY = 340


def tasks(**value: object) -> str:
    """Label Studio's task of many such masks."""
    sides = {"original_width": SIDE, "original_height": SIDE}
    result = {**sides, "value": {"brushlabels": ["dog"], **value}}
    annotations = [{"result": [result] * MANY}]
    return json.dumps([{"data": {"image": "dog.png"}, "annotations": annotations}])


def head_only() -> str:
    """A PNG file of that side that ends behind its head."""
    content = png(width=SIDE, height=SIDE)
    return base64.b64encode(content[: content.index(b"IDAT") + 4]).decode()


def labelme_masks() -> str:
    shape = {"label": "dog", "points": [[0, 0], [1, 1]], "shape_type": "mask", "mask": head_only()}
    return json.dumps({"imagePath": "dog.png", "shapes": [shape] * MANY})


def zigzag() -> list[float]:
    return [v for n in range(160) for v in (SIDE * (n % 2), n)]


def via_outlines() -> str:
    x, y = zigzag()[::2], zigzag()[1::2]
    region = {"shape_attributes": {"name": "polygon", "all_points_x": x, "all_points_y": y}}
    regions = [{**region, "region_attributes": {"label": "dog"}}] * 900
    return json.dumps({"dog.png1": {"filename": "dog.png", "size": 1, "regions": regions}})


# No mask here is whole: whoever decoded one would say something else.
COSTLY: list[tuple[str, Callable[[], Files]]] = [
    ("CVAT", lambda: {"a.xml": CVAT.replace("64", str(SIDE)).replace("48", str(SIDE)).replace(
        "<box", f'<mask label="dog" left="0" top="0" width="{SIDE}" height="{SIDE}" rle="1, 1"/>' * MANY
        + "<box").format("dog.png")}),
    ("LabelMe", lambda: {"a.json": labelme_masks()}),
    ("Label Studio, painted", lambda: {"a.json": tasks(rle=[0])}),
    ("Label Studio, drawn", lambda: {"a.json": tasks(imageDataURL="data:image/png;base64,")}),
    ("a table of masks", lambda: {"a.zip": zipped({
        "set/picture.png": png(width=SIDE, height=SIDE),
        "set/objects.csv": "number,mask,label,x1,y1,x2,y2\n" + "1,none.png,dog,1,2,11,12\n" * MANY})}),
    ("VIA", lambda: {"a.json": via_outlines()}),
    ("COCO’s outlines", lambda: {"a.json": many(900, segmentation=[zigzag()])}),
]  # fmt: skip


@pytest.mark.parametrize("files", [pytest.param(f, id=name) for name, f in COSTLY])
def test_what_masks_cost_is_known_before_one_is_decoded(
    files: Callable[[], Files], tmp_path: Path
) -> None:
    whole = {"dog.png": png(width=SIDE, height=SIDE), **files()}
    with pytest.raises(InputError, match=r"stand for [\d,]+ pixels, and at most .* objects out\.$"):
        read(tmp_path, whole)


def test_what_masks_cost_is_counted_over_all_pictures() -> None:
    room = Room(100)
    room.take([30, 30])
    with pytest.raises(InputError, match="stand for 110 pixels, and at most 100 are read"):
        room.take([20, 30])
    room.take([40])


def test_numbers_of_objects_are_read_in_one_pass(tmp_path: Path) -> None:
    """So nothing is gone through for each of them; dust, which would make long strings, is refused."""
    numbers = np.random.default_rng(22).integers(0, 999, (2_010, 2_000)).astype(np.uint16)
    path = tmp_path / "a.png"
    Image.fromarray(numbers).save(path)
    with pytest.raises(PictureError, match=r"changes its number 4,0\d\d,\d{3} times .* coarser"):
        read_indexed(path, Size(2_000, 2_010))
    small = numbers[:40, :50] % 9
    Image.fromarray(small).save(path)
    found = read_indexed(path, Size(50, 40))
    assert found == {n: Mask.from_array(small == n) for n in range(1, 9)}


def test_a_string_of_run_lengths_is_measured_before_it_is_read(tmp_path: Path) -> None:
    mask = {"size": [HEIGHT, WIDTH], "counts": "x" * 2_000_001}
    with pytest.raises(InputError, match="its mask has 2,000,001 characters, of which 2,000,000"):
        read(tmp_path, {"dog.png": png(), "a.json": many(1, segmentation=mask)})


def test_of_a_zip_file_that_breaks_off_nothing_is_taken(tmp_path: Path) -> None:
    together = Together(tmp_path / "root")
    together.root.mkdir()
    for at, name in enumerate(("dog.png", "0")):
        (tmp_path / name).write_bytes(png())
        together.add(tmp_path / name)
        damaged = bytearray(zipped({"a.json": coco("dog.png"), "b.png": png()}))
        damaged[damaged.rindex(b"b.png", 0, damaged.index(b"PK\x01\x02")) + 5] ^= 0xFF
        (tmp_path / "all.zip").write_bytes(damaged)
        with pytest.raises(InputError, match="damaged"):
            together.add(tmp_path / "all.zip")
        assert len(together.sources) == at + 1


CAPTIONS = json.dumps({"images": [], "annotations": [{"image_id": 1, "caption": "a dog"}]})


def test_what_is_not_read_is_passed_over_in_a_zip_file_with_others(tmp_path: Path) -> None:
    inside: Files = {
        "a/captions.json": CAPTIONS,
        "a/instances.json": coco("dog.png"),
        "a/dog.png": png(),
    }
    assert seen(read(tmp_path, {"all.zip": zipped(inside)})) == {"dog.png": ["dog"]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("captions.json", CAPTIONS),
        ("boxes.csv", "filename,class,xmin,ymin,xmax,ymax\n"),
        ("a.xml", "<?xml version='1.0'?>\n<dataset><name>a</name></dataset>"),
    ],
)
@pytest.mark.parametrize("is_packed", [True, False])
def test_alone_or_loose_it_is_named(
    name: str, content: str, is_packed: bool, tmp_path: Path
) -> None:
    files: Files = {name: content, "dog.png": png()}
    packed: Files = {"all.zip": zipped(files)}
    with pytest.raises(UnreadFormError, match=f"{name} is in the form of"):
        read(tmp_path, packed if is_packed else {**files, "instances.json": coco("dog.png")})


def test_a_zip_file_with_a_session_is_no_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    for names, expected in (
        (("labels.json", "a.png"), True),
        (("session.json", "picture.png"), False),
        (("a.png",), False),
    ):
        path.write_bytes(zipped(dict.fromkeys(names, "")))
        assert holds_labels(path) == expected
    path.write_bytes(b"PK\x03\x04")
    assert not holds_labels(path)
