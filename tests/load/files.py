"""Hostile files, all within what a stranger may send: small to send, and costly to draw, read or keep.

Each is made by a function of this module that returns its bytes; `FILES` names them with what they hold.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pycocotools import mask as coco

from demo.picture.picture import open_picture
from tests.support import structures

LARGE = (7071, 7071)  # the most pixels that a picture may have
WIDE = (7000, 7000)
SMALL = (640, 480)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class HostileFile:
    """``holds`` says in a few words what is in it; ``ending`` that of its name."""

    holds: str
    make: Callable[[], bytes]
    ending: str = "zip"


# Sessions ------------------------------------------------------------------------------------------


@cache
def plain(size: tuple[int, int], shade: int = 200) -> bytes:
    """A picture of one colour, as a PNG."""
    return _saved(Image.new("RGB", size, (shade, shade, shade)), "PNG", compress_level=9)


@cache
def sha256_of(size: tuple[int, int]) -> str:
    """The hash by which sessions know that picture."""
    return open_picture(plain(size)).sha256


def session(
    size: tuple[int, int] = SMALL, turns: Iterable[Json] = (), regions: Iterable[Json] = ()
) -> Json:
    """A session of version 1 about the plain picture of that size."""
    return {
        "version": 1, "id": "hostile", "branch": None,
        "picture": {"name": "a.png", "width": size[0], "height": size[1], "sha256": sha256_of(size)},
        "reasoner": {"name": "x", "frame": [840, 840]},
        "turns": list(turns), "regions": list(regions),
    }  # fmt: skip


def packed(value: Json) -> bytes:
    """The session in a zip file with its picture."""
    size = value["picture"]["width"], value["picture"]["height"]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("session.json", json.dumps(value))
        archive.writestr("picture.png", plain(size))
    return file.getvalue()


def turn(**more: Any) -> Json:
    """A turn with a question and a short answer; ``more`` are other fields."""
    trace = {"scene": "", "focus": None, "think": "It is there.", "answer": "[]"}
    return {"question": "find it", "prompted": "find it", "trace": trace, "raw": "", **more}


def thought(text: str, **more: Any) -> Json:
    """A turn whose reasoning is that text."""
    trace = {"scene": "", "focus": None, "think": text, "answer": "[]"}
    return turn(trace=trace, raw=f"<think>{text}</think><answer>[]</answer>", **more)


def region(number: int, objects: Iterable[Json], **more: Any) -> Json:
    """A region of those objects, which get their names here."""
    named = [{"id": f"R{number}.{i}", **each} for i, each in enumerate(objects, 1)]
    return {"id": f"R{number}", "origin": "user", "label": "it", "objects": named, **more}


def box(size: tuple[int, int], **more: Any) -> Json:
    """An object that fills the picture."""
    return {"bbox_xyxy": [0, 0, *size], **more}


def mask(size: tuple[int, int], runs: list[int]) -> Json:
    """A mask of that picture from its runs; what they leave is outside."""
    height, width = size[1], size[0]
    whole = [*runs, height * width - sum(runs)]
    counts = coco.frPyObjects({"size": [height, width], "counts": whole}, height, width)["counts"]
    return {"size": [height, width], "counts": counts.decode("ascii")}


def masks(count: int, size: tuple[int, int] = WIDE) -> Json:
    """A session of so many regions, each with another mask of nearly the whole picture."""
    pixels = size[0] * size[1]
    return session(
        size,
        regions=(
            region(i, [box(size, mask=mask(size, [i, pixels - 2 * i]))])
            for i in range(1, count + 1)
        ),
    )


def stretched(letters: int, findings: int) -> Json:
    """A session of one long thought with so many findings about ranges of it."""
    found = [
        {"kind": "citation.valid", "level": "ok", "text": "x", "part": "think", "span": [i, i + 9]}
        for i in (letters * n // findings for n in range(findings))
    ]
    return session(turns=[thought("a b " * (letters // 4), findings=found)])


def _same_boxes(count: int) -> Json:
    return session(regions=[region(1, [box(SMALL)] * count)])


def _regions(count: int) -> Json:
    return session(regions=(region(i, [box(SMALL)]) for i in range(1, count + 1)))


def _clicks() -> Json:
    return session(regions=[region(1, [box(SMALL, clicks=[[5, 5, 1]] * 300_000)])])


def _opinions(count: int, objects: int) -> Json:
    seconds = [
        {
            "reasoner": {"name": f"m{i}", "frame": [840, 840]}, "turn": thought("It is R1. " * 20),
            "label": "it", "objects": [{"id": f"R1.{n}", **box(SMALL)} for n in range(1, objects + 1)],
        }
        for i in range(count)
    ]  # fmt: skip
    return session(
        turns=[turn(region="R1", second_opinions=seconds)], regions=[region(1, [box(SMALL)])]
    )


def _turns(count: int, references: int = 0) -> Json:
    named = [f"R{i}" for i in range(1, references + 1)]
    regions = [region(i, [box(SMALL)]) for i in range(1, references + 1)]
    return session(turns=[turn(references=named) for _ in range(count)], regions=regions)


def _stripes(size: tuple[int, int], step: int) -> Json:
    """One mask of as many runs as its pixels allow."""
    runs = [step] * (size[0] * size[1] // step // 2 * 2 - 1)
    return session(size, regions=[region(1, [box(size, mask=mask(size, runs))])])


def _specks(count: int, size: tuple[int, int]) -> Json:
    """Masks of thousands of separate specks each, whose outlines have as many pieces."""
    pixels = size[0] * size[1]
    made = [mask(size, [i + 1, *[1, 96] * (pixels // 100 - 20)]) for i in range(count)]
    return session(size, regions=(region(i, [box(size, mask=m)]) for i, m in enumerate(made, 1)))


def _names() -> str:
    return " ".join(f"R{i % 999 + 1}" for i in range(100_000))


def _deep(levels: int) -> bytes:
    """A session whose turns nest lists in lists."""
    file = io.BytesIO()
    text = json.dumps(session())[:-1] + ', "more": ' + "[" * levels + "]" * levels + "}"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("session.json", text)
        archive.writestr("picture.png", plain(SMALL))
    return file.getvalue()


def _many_pictures() -> bytes:
    """A dialogue whose picture stands behind others of its size, each of which must be decoded."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("session.json", json.dumps(session(LARGE)))
        for number in range(8):
            archive.writestr(f"{number}.png", plain(LARGE, 10 * number))
    return file.getvalue()


# Pictures ------------------------------------------------------------------------------------------


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _float_tiff() -> bytes:
    return _saved(Image.new("F", (6900, 6900), 0.5), "TIFF", compression="tiff_lzw")


def _sixteen_bits() -> bytes:
    return _saved(Image.fromarray(np.full((7000, 7000), 30_000, np.uint16)), "PNG")


def _frames() -> bytes:
    shown = [Image.new("P", (1000, 1000), shade) for shade in range(100)]
    return _saved(shown[0], "GIF", save_all=True, append_images=shown[1:])


def _progressive() -> bytes:
    return _saved(Image.new("RGB", LARGE, "gray"), "JPEG", progressive=True, quality=95)


def _webp() -> bytes:
    return _saved(Image.new("RGB", (7000, 7000), "gray"), "WEBP", lossless=True)


def _long_text_chunk() -> bytes:
    told = PngInfo()
    for number in range(50):
        told.add_text(f"t{number}", "a" * 1_000_000, zip=True)
    return _saved(Image.new("RGB", SMALL), "PNG", pnginfo=told)


def _bomb() -> bytes:
    """A zip whose session unpacks to a gigabyte."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("session.json", "w", force_zip64=True) as entry:
            for _ in range(1_000):
                entry.write(b" " * 1_000_000)
        archive.writestr("picture.png", plain(SMALL))
    return file.getvalue()


# Labels of other tools -----------------------------------------------------------------------------


def _labels(labels: dict[str, bytes], size: tuple[int, int] = WIDE) -> bytes:
    """Labels with their picture."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("JPEGImages/a.png", plain(size))
        for name, content in labels.items():
            archive.writestr(name, content)
    return file.getvalue()


def _numbered() -> bytes:
    """A VOC segmentation of 250 numbers."""
    rows = np.repeat(np.arange(WIDE[1]) // 28, WIDE[0]).astype(np.uint8).reshape(WIDE[1], WIDE[0])
    xml = b"<annotation><filename>a.png</filename></annotation>"
    numbers = _saved(Image.fromarray(rows), "PNG")
    return _labels({"Annotations/a.xml": xml, "SegmentationObject/a.png": numbers})


def _cvat_masks() -> bytes:
    width, height = WIDE
    place = f'left="0" top="0" width="{width}" height="{height}"'
    shape = f'<mask label="it" {place} rle="0, {width * height}"/>'
    text = f'<annotations><image id="0" name="a.png">{shape * 1_000}</image></annotations>'
    return _labels({"annotations.xml": text.encode()})


def _long_text() -> bytes:
    """COCO's run lengths of 28 MB."""
    mask = {"size": [WIDE[1], WIDE[0]], "counts": "1" * 28_000_000}
    row = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": mask}
    content = {
        "images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "it"}],
        "annotations": [row],
    }  # fmt: skip
    return _labels({"a.json": json.dumps(content).encode()})


def _holes() -> bytes:
    """GeoJSON's outlines with holes, each nearly as large as the picture."""
    whole = [[0, 0], [7000, 0], [7000, 7000], [0, 7000]]
    hole = [[1, 1], [6999, 1], [6999, 6999], [1, 6999]]
    geometry = {"type": "MultiPolygon", "coordinates": [[whole, hole]] * 8}
    feature = {"type": "Feature", "geometry": geometry, "properties": {"name": "it"}}
    content = {"type": "FeatureCollection", "image": "a.png", "features": [feature] * 300}
    return _labels({"a.geojson": json.dumps(content).encode()})


FILES: Mapping[str, HostileFile] = {
    # Those that worked.
    "mask200": HostileFile("200 masks of 49 Mpx", lambda: packed(masks(200))),
    "mask5000": HostileFile("5,000 masks of 49 Mpx", lambda: packed(masks(5_000))),
    "stretch": HostileFile(
        "30,000 findings in 420 kB of thought", lambda: packed(stretched(420_000, 30_000))
    ),
    "reg100k": HostileFile("100,000 regions", lambda: packed(_regions(100_000))),
    "largest": HostileFile("a picture of 50 Mpx in 162 kB", lambda: plain(LARGE), "png"),
    "float": HostileFile("a TIFF of 48 M floats", _float_tiff, "tiff"),
    # Their relatives.
    "mask20": HostileFile("20 masks of 49 Mpx", lambda: packed(masks(20))),
    "boxes": HostileFile("20,000 equal boxes in one region", lambda: packed(_same_boxes(20_000))),
    "clicks": HostileFile("300,000 clicks on one object", lambda: packed(_clicks())),
    "opinions": HostileFile(
        "2,000 second opinions of 20 objects", lambda: packed(_opinions(2_000, 20))
    ),
    "turns": HostileFile("20,000 turns", lambda: packed(_turns(20_000))),
    "references": HostileFile(
        "400 turns with 500 references", lambda: packed(_turns(400, references=500))
    ),
    "runs": HostileFile("one mask of 12 million runs", lambda: packed(_stripes((5000, 4900), 2))),
    "specks": HostileFile("40 masks of 60,000 specks", lambda: packed(_specks(40, (3000, 2000)))),
    "names": HostileFile(
        "100,000 names of regions in a thought", lambda: packed(session(turns=[thought(_names())]))
    ),
    "label": HostileFile(
        "a label of 2 MB",
        lambda: packed(session(regions=[region(1, [box(SMALL)], label="R1 it " * 330_000)])),
    ),
    "brackets": HostileFile(
        "400 kB of opening brackets in a thought",
        lambda: packed(session(turns=[thought("bbox=[1, 2, 3, " * 27_000)])),
    ),
    "spaces": HostileFile(
        "400 kB of spaces and line ends",
        lambda: packed(session(turns=[thought(" \n\t" * 140_000)])),
    ),
    "marks": HostileFile(
        "400 kB of Markdown's own signs",
        lambda: packed(session(turns=[thought("*_`[<>](#R1)" * 35_000)])),
    ),
    "question": HostileFile(
        "a question of 2 MB",
        lambda: packed(session(turns=[turn(question="find R1 and it " * 130_000)])),
    ),
    "deep": HostileFile("lists 100,000 deep", lambda: _deep(100_000)),
    "bomb": HostileFile("a session of 1 GB in 1 MB", _bomb),
    "several": HostileFile("8 pictures of 50 Mpx for one dialogue", _many_pictures),
    "sixteen": HostileFile("a 16-bit PNG of 49 Mpx", _sixteen_bits, "png"),
    "frames": HostileFile("a GIF of 100 frames of 1 Mpx", _frames, "gif"),
    "progressive": HostileFile("a progressive JPEG of 50 Mpx", _progressive, "jpg"),
    "webp": HostileFile("a WebP of 49 Mpx", _webp, "webp"),
    "fill-bytes": HostileFile(
        "a JPEG of 90 MB of fill bytes", lambda: structures.jpeg(b"\xff" * 90_000_000), "jpg"
    ),
    "comments": HostileFile(
        "a GIF of 2 million comments", lambda: structures.gif(b"!\xfe\1a\0" * 2_000_000), "gif"
    ),
    "strips": HostileFile(
        "a TIFF of 5 million strips", lambda: structures.tiff(strips=5_000_000), "tiff"
    ),
    "tags": HostileFile(
        "EXIF of 24,000 tags of the same 500 kB",
        lambda: structures.with_exif("WEBP", structures.exif(24_000, 500_000)),
        "webp",
    ),
    "profiles": HostileFile(
        "a PNG of 60,000 profiles of 1 MB",
        lambda: structures.png([structures.packed_profile()] * 60_000),
        "png",
    ),
    "steps": HostileFile(
        "a colour profile of 120,000 steps",
        lambda: structures.saved("PNG", icc_profile=structures.profile(120_000)),
        "png",
    ),
    "digits": HostileFile(
        "a PPM of 48 million numbers", lambda: b"P3\n4000 4000 255\n" + b"1 " * 48_000_000, "ppm"
    ),
    "chunks": HostileFile("a PNG with 50 MB of packed notes", _long_text_chunk, "png"),
    "labels-numbers": HostileFile("labels: a picture of 250 numbers of 49 Mpx", _numbered),
    "labels-masks": HostileFile("labels: 1,000 masks of 49 Mpx", _cvat_masks),
    "labels-text": HostileFile("labels: a mask of 28 MB of text", _long_text),
    "labels-holes": HostileFile("labels: 2,400 holes of 49 Mpx", _holes),
}
