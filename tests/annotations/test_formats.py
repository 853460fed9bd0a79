"""Labels written and read again in every format, and read by other tools' own readers."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from PIL import Image
from pycocotools.coco import COCO

from demo.__main__ import main
from demo.annotations.annotated import (
    CORRECTED,
    HAND,
    MODEL,
    AnnotatedPicture,
    Annotation,
    masked,
    of_session,
    to_session,
    with_regions,
)
from demo.annotations.formats import FORMATS, format_of, read_labels
from demo.annotations.left_out import left_out
from demo.dialogue.archive import read_zip, to_zip
from demo.dialogue.session import ReasonerInfo, Session, Turn
from demo.errors import InputError
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.picture import Picture, open_picture
from demo.picture.polygons import placed_mask, polygons_of
from demo.picture.regions import Origin, RegionObject

WIDTH, HEIGHT = 120, 90
EXACT = ("coco", "cvat", "voc", "labelme", "masks")  # of masks with holes


def picture(name: str = "beach.jpg", seed: int = 1) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    return open_picture(noise, name)


def disc(x: int, y: int, radius: int, hole: int = 0) -> Mask:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(columns + 0.5 - x, rows + 0.5 - y)
    return Mask.from_array((distance < radius) & (distance >= hole))


def twins() -> Mask:
    return Mask.from_array(disc(20, 70, 8).to_array() | disc(40, 80, 6).to_array())


def of_mask(label: str, mask: Mask, name: str, origin: str = MODEL) -> Annotation:
    box = mask.bounding_box()
    assert box is not None
    return Annotation(label, box, mask, name, origin, "Find the “ring”, left of R1")


def labelled(shown: Picture, *annotations: Annotation) -> AnnotatedPicture:
    return AnnotatedPicture(shown.name, shown.size, lambda: shown, annotations)


BOXED = Annotation("Hund & Katze", PictureBox(0, 0, WIDTH, 31), None, "R1.1", HAND)
RING = of_mask("кольцо 环", disc(60, 45, 25, 9), "R2.1")
TWINS = of_mask("twins", twins(), "R2.2", CORRECTED)
DISC = of_mask("twins", disc(104, 25, 14), "R4.1")
PIXEL = of_mask(
    "twins", Mask.from_array(np.eye(HEIGHT, WIDTH, 5) * (np.arange(WIDTH) == 7)), "R7.1"
)


def samples() -> list[AnnotatedPicture]:
    """Labels in three scripts, a hole, two parts, a single pixel, no object, two pictures of one name."""
    return [
        labelled(picture(), BOXED, RING, TWINS, DISC, PIXEL),
        labelled(picture("Beach.PNG", 2), BOXED),
        labelled(picture("пустая 空.png", 3)),
    ]


def save(name: str, pictures: Sequence[AnnotatedPicture], folder: Path) -> Path:
    for path, content in FORMATS[name].write(pictures):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def label_files(folder: Path) -> list[Path]:
    """What a person would open of a folder: the files that hold labels."""
    suffixes = (".json", ".geojson", ".xml", ".yaml", ".csv")
    files = sorted(f for f in folder.rglob("*") if f.suffix in suffixes)
    return [f for f in files if f.name != "labels.xml"]


def read_all(name: str, folder: Path) -> list[AnnotatedPicture]:
    files = label_files(folder)
    images = folder / "JPEGImages" if name == "voc" else None
    found = [format_of(file).name for file in files]
    assert found == [name] * len(files)
    return [one for file in files for one in read_labels(file, images, None)]


def iou(mask: Mask | None, other: Mask | None) -> float:
    assert mask is not None
    assert other is not None
    one, two = mask.to_array(), other.to_array()
    return float((one & two).sum() / (one | two).sum())


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_is_read_again(name: str, tmp_path: Path) -> None:
    given = samples()
    read = read_all(name, save(name, given, tmp_path))
    by_size = sorted(read, key=lambda one: -len(one.annotations))
    assert [len(one.annotations) for one in by_size] == [5, 1, 0]
    assert len({one.open().sha256 for one in read}) == 3
    for annotation, expected in zip(by_size[0].annotations, given[0].annotations, strict=True):
        assert annotation.label == expected.label
        if expected.mask is None or (name == "yolo" and expected is PIXEL):  # a box to YOLO
            assert annotation.box == expected.box
            assert annotation.mask is None
        else:
            assert annotation.box.iou(expected.box) > 0.9
            assert iou(annotation.mask, expected.mask) > 0.95
    if name in EXACT:
        assert by_size[0].annotations[1].mask == RING.mask


def dust() -> AnnotatedPicture:
    """A picture of one object that is thousands of single pixels."""
    size = Size(300, 150)
    pixels = np.zeros((size.height, size.width), bool)
    pixels[::2, ::2] = True
    shown = open_picture(np.zeros((size.height, size.width, 3), np.uint8), "dust.png")
    return labelled(shown, of_mask("dust", Mask.from_array(pixels), "R1.1"))


@pytest.mark.parametrize("name", EXACT)
def test_dust_is_kept_as_pixels(name: str, tmp_path: Path) -> None:
    (read,) = read_all(name, save(name, (dust(),), tmp_path))
    assert read.annotations[0].mask == dust().annotations[0].mask


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in EXACT])
def test_dust_has_no_outline(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"more than 5,000 parts and holes.*as masks or as COCO\."):
        save(name, (dust(),), tmp_path)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "yolo"])
def test_names_origins_and_questions_stay_where_the_format_has_a_place(
    name: str, tmp_path: Path
) -> None:
    read = read_all(name, save(name, samples()[:1], tmp_path))[0]
    for annotation, expected in zip(read.annotations, samples()[0].annotations, strict=True):
        assert annotation.attributes == expected.attributes


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_read_becomes_regions_that_can_be_cited(name: str, tmp_path: Path) -> None:
    read = read_all(name, save(name, samples()[:1], tmp_path))[0]
    session = to_session(read)
    names = ("R1", "R2", "R3", "R4", "R5") if name == "yolo" else ("R1", "R2", "R4", "R7", "R8")
    assert tuple(region.id for region in session.registry) == names
    labels = sorted(region.label for region in session.registry)
    assert labels == sorted(a.label for a in samples()[0].annotations)  # R2.2 has one of its own
    again, shown = read_zip(to_zip(session, read.open()))
    assert again.registry == session.registry
    assert shown == read.open()


def told(label: str, name: str = "", origin: str = MODEL) -> Annotation:
    return Annotation(label, BOXED.box, None, name, origin)


DOGS = (told("dog", "R1.1"), told("dog", "R1.2"), told("cat", "R3.1", HAND))
Regions = dict[str, list[str]]


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        pytest.param(DOGS, {"R1": ["dog", "dog"], "R3": ["cat"]}, id="as written"),
        pytest.param(DOGS[::-1], {"R1": ["dog", "dog"], "R3": ["cat"]}, id="in another order"),
        pytest.param((DOGS[0], told("wolf", "R1.2"), DOGS[2]),
                     {"R1": ["dog"], "R3": ["cat"], "R4": ["wolf"]}, id="one has another label"),
        pytest.param((told("wolf", "R1.1"), DOGS[1], told("dog", "R1.3")),
                     {"R1": ["dog", "dog"], "R2": ["wolf"]}, id="the first has another label"),
        pytest.param((told("bird", "", HAND), *DOGS),
                     {"R1": ["dog", "dog"], "R3": ["cat"], "R4": ["bird"]}, id="one is new"),
        pytest.param((*DOGS, told("dog", "R1.2")),
                     {"R1": ["dog", "dog"], "R3": ["cat"], "R4": ["dog"]}, id="one is a copy"),
        pytest.param((*DOGS, told("dog", "R1.3", HAND)),
                     {"R1": ["dog", "dog"], "R3": ["cat"], "R4": ["dog"]}, id="one is by hand"),
        pytest.param((told("dog"), told("dog")), {"R1": ["dog"], "R2": ["dog"]}, id="without names"),
    ],
)  # fmt: skip
def test_what_was_changed_elsewhere_leaves_the_other_names_and_labels(
    annotations: Sequence[Annotation], expected: Regions
) -> None:
    registry = to_session(labelled(picture(), *annotations)).registry
    found = {region.id: [region.label] * len(region.objects) for region in registry}
    assert found == expected
    again = with_regions(registry, annotations)
    assert len(again) == 2 * len(registry)
    assert again.regions[: len(registry)] == registry.regions


@pytest.fixture
def dialogue() -> tuple[Session, Picture]:
    """A question whose answer has two objects, and a region that was drawn after another was deleted."""
    shown = picture()
    session = Session.begin(shown.info, ReasonerInfo("told", Size(840, 840)))
    objects = [RegionObject("", a.box, mask=a.mask) for a in (RING, DISC)]
    registry, _ = session.registry.add(objects, label="ring")
    turn = Turn("find the rings", "find the rings", (), "R1", raw="text", next_region=1)
    session = session.with_turn(turn, registry)
    registry, gone = session.registry.add(objects[:1])
    registry, _ = registry.remove(gone.id).add(
        [RegionObject("", BOXED.box)], origin=Origin.USER, label="Hund"
    )
    return session.with_registry(registry), shown


def test_a_dialogue_keeps_names_origins_and_questions(dialogue: tuple[Session, Picture]) -> None:
    session, shown = dialogue
    annotated = of_session(session, partial(lambda picture: picture, shown))
    assert [a.name for a in annotated.annotations] == [
        o.id for r in session.registry for o in r.objects
    ]
    assert annotated.annotations[0].question == session.turns[0].question
    assert {a.origin for a in annotated.annotations} == {MODEL, HAND}


# Other tools' own readers


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_pycocotools_reads_boxes_and_exact_masks(tmp_path: Path) -> None:
    save("coco", samples(), tmp_path)
    coco = COCO(str(tmp_path / "annotations.json"))
    rows = coco.loadAnns(coco.getAnnIds(imgIds=[1]))
    assert [coco.cats[row["category_id"]]["name"] for row in rows] == [
        a.label for a in samples()[0].annotations
    ]
    for row, expected in zip(rows[1:], (RING, TWINS, DISC, PIXEL), strict=True):
        mask = Mask.from_array(coco.annToMask(row))
        assert iou(mask, expected.mask) > 0.97
    assert Mask.from_array(coco.annToMask(rows[1])) == RING.mask
    assert all(row["iscrowd"] == 0 for row in rows)  # crowds do not count when models are scored


@pytest.mark.parametrize("name", ["coco", "yolo", "voc", "labelme"])
def test_supervision_reads_it(name: str, tmp_path: Path) -> None:
    given = [labelled(picture(), BOXED, DISC, TWINS), labelled(picture("empty.png", 2))]
    folder = str(save(name, given, tmp_path))
    images = {"coco": "images", "yolo": "images", "voc": "JPEGImages", "labelme": ""}[name]
    where = f"{folder}/{images}"
    match name:
        case "coco":
            path = f"{folder}/annotations.json"
            read = sv.DetectionDataset.from_coco(where, path, force_masks=True)
        case "yolo":
            read = sv.DetectionDataset.from_yolo(where, f"{folder}/labels", f"{folder}/data.yaml")
        case "voc":
            read = sv.DetectionDataset.from_pascal_voc(where, f"{folder}/Annotations")
        case _:
            read = sv.DetectionDataset.from_labelme(folder, folder, force_masks=True)
    by_count = sorted((found for _, _, found in read), key=len)
    assert [len(found) for found in by_count] == [0, 3]
    found = by_count[-1]
    labels = [read.classes[at] for at in found.class_id]
    assert labels == ["Hund & Katze", "twins", "twins"]
    for box, expected in zip(found.xyxy, given[0].annotations, strict=True):
        x1, y1, x2, y2 = map(float, box)
        assert np.allclose((x1, y1, x2, y2), expected.box.xyxy, atol=1.01)
    if name != "voc":
        assert iou(Mask.from_array(found.mask[1]), DISC.mask) > 0.9


@pytest.mark.parametrize("name", ["coco", "yolo", "voc", "labelme"])
def test_what_supervision_writes_is_read(name: str, tmp_path: Path) -> None:
    shown, folder = picture("a b.png"), str(tmp_path)
    image = tmp_path / "images" / "a b.png"
    image.parent.mkdir()
    Image.fromarray(shown.pixels).save(image)
    assert DISC.mask
    found = sv.Detections(
        np.array([DISC.box.xyxy], float), DISC.mask.to_array()[None], class_id=np.array([0])
    )
    data = sv.DetectionDataset(["ball"], [str(image)], {str(image): found})
    match name:
        case "coco":
            data.as_coco(annotations_path=f"{folder}/a.json", approximation_percentage=0)
        case "yolo":
            labels = f"{folder}/labels"
            data.as_yolo(None, labels, f"{folder}/data.yaml", approximation_percentage=0)
        case "voc":
            data.as_pascal_voc(None, f"{folder}/Annotations", approximation_percentage=0)
        case _:
            data.as_labelme(None, f"{folder}/annotations")
    (file,) = label_files(tmp_path)
    (read,) = read_labels(file, image.parent, None)
    (annotation,) = read.annotations
    assert annotation.label == "ball"
    assert annotation.box.iou(DISC.box) > 0.9
    assert iou(annotation.mask, DISC.mask) > 0.9


def test_masks_of_one_name_have_files_of_their_own(tmp_path: Path) -> None:
    given = labelled(picture(), RING, replace(DISC, name=RING.name), replace(TWINS, name=RING.name))
    (read,) = read_all("masks", save("masks", [given], tmp_path))
    assert [a.mask for a in read.annotations] == [RING.mask, DISC.mask, TWINS.mask]


def test_voc_masks_are_the_numbers_of_objects(tmp_path: Path) -> None:
    save("voc", samples(), tmp_path)
    pixels = np.array(Image.open(tmp_path / "SegmentationObject" / "beach.png"))
    assert Mask.from_array(pixels == 4) == DISC.mask


def test_tasks_of_label_studio_have_the_numbers_that_its_converter_asks_for(tmp_path: Path) -> None:
    save("label-studio", samples(), tmp_path)
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    assert [task["id"] for task in tasks] == [1, 2, 3]
    assert [task["annotations"][0]["id"] for task in tasks] == [1, 2, 3]


# Outlines


@pytest.mark.parametrize("annotation", [RING, TWINS, DISC, PIXEL], ids=lambda a: a.name)
def test_outlines_have_parts_and_holes(annotation: Annotation) -> None:
    assert annotation.mask
    parts = polygons_of(annotation.mask)
    assert len(parts) == (2 if annotation is TWINS else 1)
    assert len(parts[0].holes) == (annotation is RING)
    assert all(len(part.outline) >= 3 for part in parts)
    assert polygons_of(Mask.from_array(np.zeros((5, 5)))) == ()


# The command


def test_convert_goes_through_every_format_and_back(
    dialogue: tuple[Session, Picture], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "dialogue.zip"
    saved.write_bytes(to_zip(*dialogue))
    names = [region.id for region in dialogue[0].registry]
    for name in FORMATS:
        out, back = tmp_path / name, tmp_path / f"{name}-back"
        assert main(["convert", str(saved), "--to", name, "--out", str(out)]) == 0
        files = [str(file) for file in label_files(out)]
        images = ["--images", str(out / "JPEGImages")] if name == "voc" else []
        assert main(["convert", *files, *images, "--to", "session", "--out", str(back)]) == 0
        (file,) = back.glob("*.zip")
        session, shown = read_zip(file)
        assert shown == dialogue[1]
        assert name == "yolo" or [region.id for region in session.registry] == names
    assert "1 pictures" in capsys.readouterr().out


# What cannot be used

TINY = {"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "dog"}]}
BOX = {"id": 5, "image_id": 1, "category_id": 1, "bbox": [1, 2, 10, 10]}


@pytest.mark.parametrize(
    ("annotation", "sentence"),
    [
        ({"bbox": [900, 2, 10, 10]}, "a.png, annotation 5: the box lies outside the picture"),
        ({"bbox": [1, 2, "nan", 10]}, "a.png, annotation 5"),
        ({"bbox": [1, 2, 3]}, "a.png, annotation 5: this is not written as its format"),
        ({"category_id": 9}, "a.png, annotation 5: there is no category 9"),
        ({"image_id": 9}, "there is no image 9"),
        ({"segmentation": {"size": [90, 120], "counts": [5]}}, "its mask does not fit its size"),
        ({"segmentation": {"size": [9, 9], "counts": "0"}}, "another size than the picture"),
        ({"segmentation": {"size": [90, 120], "counts": "{{"}}, "a.png, annotation 5"),
    ],
)
def test_faults_are_named_with_their_place(
    annotation: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    Image.fromarray(picture().pixels).save(tmp_path / "a.png")
    file = tmp_path / "labels.json"
    file.write_text(json.dumps({**TINY, "annotations": [{**BOX, **annotation}]}))
    with pytest.raises(InputError) as error:
        list(read_labels(file, None, None))
    assert sentence in str(error.value)
    assert str(error.value).startswith("labels.json")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.json", "{", "a.json, line 1: this is not JSON"),
        ("a.json", "[" * 100_000, "is not JSON"),
        ("a.json", '{"some": 1}', "neither a saved dialogue nor labels of"),
        ("a.xml", "<a", "this is not XML"),
        ("a.xml", '<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>', "entities"),
        ("a.xml", "<annotations><track/></annotations>", "about a video"),
        ("a.xml", "<annotation><filename>../../x.png</filename></annotation>", "is not in"),
        ("a.yaml", "names: [", "is not YAML"),
        ("a.yaml", "path: here", "“names” is missing"),
        ("a.txt", "0 1 2 3", "neither a saved dialogue"),
        ("a.json", "\udcff", "UTF-8"),
    ],
)
def test_files_that_are_none_are_refused(
    name: str, text: str, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=sentence):
        list(read_labels(file, None, None))


def test_a_bad_input_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["convert", str(tmp_path / "no.json"), "--to", "coco", "--out", str(out)]) == 2
    assert not out.exists()
    assert "no.json is not a file" in capsys.readouterr().err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    arguments = ["convert", "x", "--to", "coco", "--out", str(tmp_path / "full")]
    assert main(arguments) == 2
    assert "not empty" in capsys.readouterr().err


def test_what_is_no_folder_of_pictures_and_no_dialogue_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, packed, broken = (tmp_path / name for name in ("a.json", "labels.zip", "broken.zip"))
    labels.write_text(json.dumps(TINY))
    with zipfile.ZipFile(packed, "w") as file:
        file.write(labels, "annotations.json")
    broken.write_bytes(packed.read_bytes()[:-9])
    for given, said in (
        ([str(labels), "--images", str(tmp_path / "nowhere")], "nowhere is not a folder"),
        ([str(packed)], "There is no dialogue in"),
        ([str(broken)], "not a dialogue of this demo"),
    ):
        assert main(["convert", *given, "--to", "yolo", "--out", str(tmp_path / "out")]) == 2
        told = capsys.readouterr().err
        assert said in told
        assert told.count("\n") == 1


def test_no_picture_outside_the_named_folders_is_opened(tmp_path: Path) -> None:
    Image.fromarray(picture().pixels).save(tmp_path / "secret.png")
    inner = tmp_path / "a" / "b" / "c"
    inner.mkdir(parents=True)
    file = inner / "labels.json"
    for name in ("../../../secret.png", str(tmp_path / "secret.png")):
        rows = {"images": [{"id": 1, "file_name": name}], "categories": [], "annotations": []}
        file.write_text(json.dumps(rows))
        with pytest.raises(InputError, match="is not in"):
            list(read_labels(file, None, None))


def test_sizes_are_checked(tmp_path: Path) -> None:
    Image.fromarray(picture().pixels).save(tmp_path / "a.png")
    file = tmp_path / "labels.json"
    image = {"id": 1, "file_name": "a.png", "width": 5, "height": 5}
    file.write_text(json.dumps({"images": [image], "annotations": []}))
    with pytest.raises(InputError, match="it is 5 × 5, but the picture is 120 × 90"):
        list(read_labels(file, None, None))
    assert Size(WIDTH, HEIGHT) == picture().size


@pytest.mark.parametrize("name", FORMATS)
def test_a_picture_s_name_leads_nowhere_out_of_the_results(name: str) -> None:
    shown = picture()
    for told in ("../../evil.png", "/etc/evil.png", "a\\..\\..\\evil.png", "..", ""):
        given = AnnotatedPicture(told, shown.size, lambda: shown, (DISC,))
        for path, _ in FORMATS[name].write([given]):
            assert not Path(path).is_absolute()
            assert ".." not in Path(path).parts
            assert "\\" not in path


@pytest.mark.parametrize("left", [0, 7, WIDTH - 20])
@pytest.mark.parametrize("top", [0, 11, HEIGHT - 10])
def test_a_part_is_placed_where_it_belongs(left: int, top: int) -> None:
    part = np.random.default_rng(left + top).random((10, 20)) > 0.5
    pixels = np.zeros((HEIGHT, WIDTH), bool)
    pixels[top : top + 10, left : left + 20] = part
    assert placed_mask(part, left, top, Size(WIDTH, HEIGHT)) == Mask.from_array(pixels)
    none = placed_mask(np.zeros((3, 3), bool), left, top, Size(WIDTH, HEIGHT))
    assert none.area == 0
    whole = placed_mask(np.ones((HEIGHT, WIDTH), bool), 0, 0, Size(WIDTH, HEIGHT))
    assert whole.area == WIDTH * HEIGHT


def test_what_voc_loses_where_masks_overlap_is_said() -> None:
    pixels = np.zeros((HEIGHT, WIDTH), bool)
    pixels[20:40, 20:40] = True
    square = masked("square", Mask.from_array(pixels))
    beside = masked("beside", Mask.from_array(np.roll(pixels, 20, axis=1)))
    shown = picture()
    for second, said in ((beside, []), (square, ["Where masks overlap"])):
        given = AnnotatedPicture("a.png", shown.size, lambda: shown, (square, second))
        assert [line[:19] for line in left_out("voc", [given])] == said
