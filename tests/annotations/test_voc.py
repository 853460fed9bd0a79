"""Data sets in VOC's form as CVAT, datumaro and others write them: colours, a list of labels, folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.annotations.annotated import AnnotatedPicture
from demo.annotations.formats import read_labels
from demo.annotations.left_out import left_out
from demo.errors import InputError
from tests.annotations.conftest import HEIGHT, WIDTH
from tests.annotations.test_foreign import found_in
from tests.annotations.test_formats import DISC, RING, labelled, picture, save
from tests.annotations.test_together import read as read_together
from tests.annotations.test_together import zipped

# CVAT writes the colours of its labels, datumaro none where they are VOC's own.
OF_CVAT = (
    "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:250,50,83::\nдог 狗:51,221,255::\n"
)
OF_DATUMARO = "# label:color_rgb:parts:actions\nbackground:::\ncat:::\nдог 狗:::\n"
COLOURS = {OF_CVAT: ((250, 50, 83), (51, 221, 255)), OF_DATUMARO: ((128, 0, 0), (0, 128, 0))}
FIRST, SECOND = (128, 0, 0), (0, 128, 0)  # the colours of the numbers 1 and 2
LEFT, RIGHT = (slice(2, 7), slice(3, 8)), (slice(8, 12), slice(10, 19))


def painted(file: Path, left: tuple[int, int, int], right: tuple[int, int, int]) -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[LEFT], pixels[RIGHT] = left, right
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def of_boxes(*boxes: tuple[float, ...], name: str = "dog park.png") -> str:
    """An XML file as datumaro writes it, with these edges."""
    edges = ("xmin", "ymin", "xmax", "ymax")
    objects = ""
    for box in boxes:
        places = "".join(f"<{k}>{value}</{k}>" for k, value in zip(edges, box, strict=True))
        objects += (
            f"<object><name>cat</name><occluded>0</occluded><bndbox>{places}</bndbox></object>"
        )
    size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"
    about = f"<folder></folder><filename>{name}</filename>{size}<segmented>1</segmented>"
    return f"<annotation>{about}{objects}</annotation>"


def of_set(folder: Path, labels: str) -> AnnotatedPicture:
    """The one picture of a set of masks whose list of labels is this."""
    (folder / "labelmap.txt").write_text(labels, encoding="utf-8")
    painted(folder / "SegmentationClass" / "dog park.png", *COLOURS[labels])
    painted(folder / "SegmentationObject" / "dog park.png", FIRST, SECOND)
    (found,) = read_labels(folder / "labelmap.txt", None, None)
    return found


@pytest.mark.parametrize("labels", COLOURS, ids=["CVAT", "datumaro"])
def test_masks_without_boxes_have_the_label_of_their_colour(folder: Path, labels: str) -> None:
    expected = [("cat", (3, 2, 8, 7), 25), ("дог 狗", (10, 8, 19, 12), 36)]
    assert found_in(of_set(folder, labels)) == expected
    files = {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
    (folder / "together").mkdir()
    together = read_together(folder / "together", {"set.zip": zipped(files)})
    assert [found_in(one) for one in together.pictures] == [expected]


def test_a_colour_of_no_label_is_refused(folder: Path) -> None:
    of_set(folder, OF_CVAT)
    painted(folder / "SegmentationClass" / "dog park.png", (1, 2, 3), (51, 221, 255))
    with pytest.raises(
        InputError, match=r"labelmap\.txt, dog park\.png: there is no label of the colour 1,2,3"
    ):
        list(read_labels(folder / "labelmap.txt", None, None))


@pytest.mark.parametrize("pictures", ["JPEGImages", "Images"])
def test_a_file_in_a_folder_has_its_picture_in_the_same_one(folder: Path, pictures: str) -> None:
    file = folder / "Annotations" / "train" / "dog park.xml"
    for home in (file.parent, folder / pictures / "train"):
        home.mkdir(parents=True)
    (folder / "dog park.png").rename(folder / pictures / "train" / "dog park.png")
    file.write_text(of_boxes((4, 3, 8, 7)))
    (found,) = read_labels(file, None, None)
    assert found_in(found) == [("cat", (3, 2, 8, 7), None)]


def test_a_list_of_labels_stands_for_the_whole_set_also_in_folders(folder: Path) -> None:
    for home in ("a", "b"):
        (folder / "JPEGImages" / home).mkdir(parents=True)
        (folder / "Annotations" / home).mkdir(parents=True)
        Image.new("RGB", (WIDTH, HEIGHT)).save(folder / "JPEGImages" / home / "same.png")
    (folder / "Annotations" / "a" / "same.xml").write_text(
        of_boxes((4, 3, 8, 7), name="a/same.png")
    )
    painted(folder / "SegmentationObject" / "a" / "same.png", FIRST, SECOND)
    painted(folder / "SegmentationObject" / "b" / "same.png", FIRST, SECOND)
    painted(folder / "SegmentationClass" / "b" / "same.png", FIRST, SECOND)
    (folder / "labelmap.txt").write_text(OF_DATUMARO, encoding="utf-8")
    boxed, masks = read_labels(folder / "labelmap.txt", None, None)
    assert found_in(boxed) == [("cat", (3, 2, 8, 7), 25)]
    assert [a.label for a in masks.annotations] == ["cat", "дог 狗"]
    assert [one.path and one.path.parent.name for one in (boxed, masks)] == ["a", "b"]
    (alone,) = read_labels(folder / "Annotations" / "a" / "same.xml", None, None)
    assert found_in(alone) == found_in(boxed)
    assert alone.notes == (
        "same.xml: 1 mask in SegmentationObject left out: no box of the file fits.",
    )


def test_a_mask_belongs_to_no_box_that_it_hardly_touches(folder: Path) -> None:
    (folder / "Annotations").mkdir()
    (folder / "Annotations" / "dog park.xml").write_text(of_boxes((1, 1, 5, 6)))
    painted(folder / "SegmentationObject" / "dog park.png", FIRST, (0, 0, 0))
    (found,) = read_labels(folder / "Annotations" / "dog park.xml", folder, None)
    assert found_in(found) == [("cat", (0, 0, 5, 6), None)]
    assert len(found.notes) == 1


def test_a_file_with_an_edge_at_0_counts_from_0(folder: Path) -> None:
    (folder / "a.xml").write_text(of_boxes((3, 2, 8, 7), (0.0, 1.0, 4.0, 5.0)))
    (found,) = read_labels(folder / "a.xml", None, None)
    assert [a.box.xyxy for a in found.annotations] == [(3, 2, 8, 7), (0, 1, 4, 5)]


def test_what_is_written_has_the_colours_and_labels_by_which_others_read_it(tmp_path: Path) -> None:
    save("voc", [labelled(picture(), RING, DISC)], tmp_path)
    assert (tmp_path / "labelmap.txt").read_text(encoding="utf-8") == (
        "# label:color_rgb:parts:actions\nbackground:0,0,0::\nкольцо 环:128,0,0::\ntwins:0,128,0::\n"
    )
    for kind in ("Object", "Class"):
        pixels = np.array(Image.open(tmp_path / f"Segmentation{kind}" / "beach.png").convert("RGB"))
        assert (pixels[25, 104] == SECOND).all()
    for file in (tmp_path / "Annotations").iterdir():
        file.unlink()
    (found,) = read_labels(tmp_path / "labelmap.txt", None, None)
    assert [(a.label, a.mask) for a in found.annotations] == [
        (a.label, a.mask) for a in (RING, DISC)
    ]
    assert not list(left_out("voc", [labelled(picture(), RING, DISC)]))
