"""Pictures: every kind of file becomes upright RGB, or a sentence."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import sys
import warnings
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import AppendingTiffWriter

from demo.errors import PictureError
from demo.picture.geometry import Size
from demo.picture.picture import AS_STORED, MAX_NAME, Picture, Source, open_picture, safe_name
from tests import ROOT

pillow_heif.register_heif_opener()  # so that it can be written; the demo does without
EXAMPLES = ROOT / "examples"
WIDTH, HEIGHT = 40, 24
RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 200, 30), (30, 30, 200), (255, 255, 255)


def quarters() -> Image.Image:
    """40 × 24: red, green over blue, white, so that every turn and flip shows."""
    image = Image.new("RGB", (WIDTH, HEIGHT), WHITE)
    image.paste(RED, (0, 0, 20, 12))
    image.paste(GREEN, (20, 0, 40, 12))
    image.paste(BLUE, (0, 12, 20, 24))
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def corners(picture: Picture) -> list[tuple[int, ...]]:
    """Colours near the four corners: top left, top right, bottom left, bottom right."""
    p = picture.pixels
    return [tuple(int(v) for v in p[y, x]) for y in (3, -4) for x in (3, -4)]


def png(width: int, height: int, depth: int, colours: int, data: bytes) -> bytes:
    """A PNG of that header and compressed data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    return png(width, height, 8, 2, zlib.compress(b""))


LOSSLESS = [
    pytest.param("PNG", {}, id="PNG"),
    pytest.param("BMP", {}, id="BMP"),
    pytest.param("TIFF", {}, id="TIFF"),
    pytest.param("TIFF", {"compression": "tiff_lzw"}, id="compressed TIFF"),
    pytest.param("WEBP", {"lossless": True}, id="WebP"),
    pytest.param("GIF", {}, id="GIF"),
    pytest.param("JPEG2000", {}, id="JPEG 2000"),
    pytest.param("PPM", {}, id="PPM"),
    pytest.param("TIFF", {"big_tiff": True}, id="BigTIFF"),
]


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_lossless_formats_keep_every_pixel(kind: str, options: dict[str, Any]) -> None:
    picture = open_picture(encoded(quarters(), kind, **options), "a.b")
    assert np.array_equal(picture.pixels, np.asarray(quarters()))
    assert picture.notes == ()


@pytest.mark.parametrize("name", ["photo.jpg", "PHOTO.HEIC", "picture.png", "download"])
@pytest.mark.parametrize("kind", ["JPEG", "MPO", "HEIF", "AVIF"])
def test_photographs_keep_their_colours_whatever_they_are_called(kind: str, name: str) -> None:
    more = {"save_all": True, "append_images": [quarters()]} if kind == "MPO" else {}
    picture = open_picture(encoded(quarters(), kind, quality=95, **more), name)
    for found, expected in zip(corners(picture), (RED, GREEN, BLUE, WHITE), strict=True):
        assert np.allclose(found, expected, atol=12)
    assert picture.notes == ()


def test_a_cmyk_photograph_becomes_rgb() -> None:
    picture = open_picture(encoded(quarters().convert("CMYK"), "JPEG", quality=95))
    assert np.allclose(corners(picture)[0], RED, atol=15)


# Where the corners of the stored file go: EXIF 2.32, tag 274.
ORIENTATIONS = {
    1: (RED, GREEN, BLUE, WHITE),
    2: (GREEN, RED, WHITE, BLUE),
    3: (WHITE, BLUE, GREEN, RED),
    4: (BLUE, WHITE, RED, GREEN),
    5: (RED, BLUE, GREEN, WHITE),
    6: (BLUE, RED, WHITE, GREEN),
    7: (WHITE, GREEN, BLUE, RED),
    8: (GREEN, WHITE, RED, BLUE),
}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_exif_orientation_is_made_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = open_picture(encoded(quarters(), kind, exif=exif, **options))
    assert corners(picture) == list(ORIENTATIONS[orientation])
    turned = Size(HEIGHT, WIDTH) if orientation >= 5 else Size(WIDTH, HEIGHT)
    assert picture.size == turned


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_photograph_that_says_twice_how_it_lies_is_turned_once(
    orientation: int, kind: str
) -> None:
    """Phones write EXIF's orientation beside the one of the format itself."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    large = quarters().resize((160, 96), Image.Resampling.NEAREST)
    data = encoded(large, kind, quality=95, exif=exif.tobytes())
    assert orientation == 1 or b"irot" in data or b"imir" in data
    picture = open_picture(data)
    assert np.allclose(corners(picture), ORIENTATIONS[orientation], atol=12)
    assert picture.size == (Size(96, 160) if orientation >= 5 else Size(160, 96))


def test_a_jpeg_from_a_phone_is_made_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = open_picture(encoded(quarters(), "JPEG", quality=95, exif=exif))
    assert picture.size == Size(HEIGHT, WIDTH)
    assert np.allclose(corners(picture)[0], BLUE, atol=12)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [*ORIENTATIONS, None, 0, 9])
def test_a_picture_can_be_left_as_it_is_stored(orientation: int | None, kind: str) -> None:
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    options: dict[str, Any] = {"quality": 95} if kind == "JPEG" else {"lossless": True}
    picture = open_picture(encoded(quarters(), kind, exif=exif, **options), upright=False)
    assert np.allclose(corners(picture), ORIENTATIONS[1], atol=12)
    assert picture.size == Size(WIDTH, HEIGHT)
    assert picture.notes == ((AS_STORED,) if orientation in range(2, 9) else ())


@pytest.mark.parametrize("upright", [True, False])
@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b""])
def test_damaged_exif_does_not_cost_the_picture(exif: bytes, upright: bool) -> None:
    picture = open_picture(encoded(quarters(), "JPEG", quality=95, exif=exif), upright=upright)
    assert picture.size == Size(WIDTH, HEIGHT)


def see_through(mode: str) -> Image.Image:
    """Left half opaque black, right half black and fully transparent."""
    image = Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (20, 0, 40, 24))
    return image.convert(mode)


def palette_with_transparency() -> Image.Image:
    image = Image.new("P", (WIDTH, HEIGHT), 0)
    image.putpalette([0, 0, 0, 10, 10, 10])
    image.paste(1, (20, 0, 40, 24))
    image.info["transparency"] = 1
    return image


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(see_through("RGBA"), id="RGBA"),
        pytest.param(see_through("LA"), id="grey with alpha"),
        pytest.param(palette_with_transparency(), id="palette with a transparent entry"),
    ],
)
def test_transparency_lies_over_white(image: Image.Image) -> None:
    picture = open_picture(encoded(image, "PNG"))
    assert corners(picture) == [(0, 0, 0), WHITE, (0, 0, 0), WHITE]


def test_half_transparency_is_mixed_with_white() -> None:
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 128))
    assert corners(open_picture(encoded(image, "PNG")))[0] == (127, 127, 127)


def ramp(values: list[int], dtype: str) -> NDArray[Any]:
    return np.repeat(np.array(values, dtype=dtype), 16).reshape(len(values), 16).repeat(8, axis=0)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param(
            Image.fromarray(ramp([0, 32768, 65535], "uint16")), [0, 128, 255], id="16 bits"
        ),
        pytest.param(
            Image.fromarray(ramp([0, 32768, 65535], "int32")), [0, 128, 255], id="32 bits"
        ),
        pytest.param(Image.fromarray(ramp([-10, 0, 10], "int32")), [0, 128, 255], id="negative"),
        pytest.param(
            Image.fromarray(ramp([0, 1, 2], "float32") / 2), [0, 128, 255], id="floats to 1"
        ),
        pytest.param(
            Image.fromarray(ramp([0, 128, 255], "float32")), [0, 128, 255], id="floats to 255"
        ),
        pytest.param(Image.fromarray(ramp([0, 128, 255], "uint8")), [0, 128, 255], id="grey"),
        pytest.param(Image.fromarray(ramp([0, 1, 1], "bool")), [0, 255, 255], id="1 bit"),
    ],
)
def test_grey_of_any_depth_is_scaled_not_cut(image: Image.Image, expected: list[int]) -> None:
    picture = open_picture(encoded(image, "TIFF"))
    assert [picture.pixels[y, 0].tolist() for y in (0, 8, 16)] == [[v] * 3 for v in expected]


def test_a_16_bit_png_is_scaled_not_cut() -> None:
    picture = open_picture(encoded(Image.fromarray(ramp([0, 257, 65535], "uint16")), "PNG"))
    assert [int(picture.pixels[y, 0, 0]) for y in (0, 8, 16)] == [0, 1, 255]


def stretched(low: str, high: str) -> str:
    return (
        f"This picture uses the values from {low} to {high} only: "
        "they are shown stretched, from black to white."
    )


def with_marks(values: NDArray[Any], *marks: float) -> NDArray[Any]:
    """The values, and a row of each mark, which says that nothing was measured there."""
    rows = [np.full((1, values.shape[1]), mark, values.dtype) for mark in marks]
    return np.vstack([values, *rows])


def slope(low: float, high: float, dtype: str) -> NDArray[Any]:
    """[32, 32] from the low value to the high one, row by row."""
    return np.linspace(low, high, 1024).reshape(32, 32).astype(dtype)


DEEP = [
    pytest.param(slope(0, 1023, "uint16"), ("0", "1,023"), id="10 bits"),
    pytest.param(slope(0, 4095, "uint16"), ("0", "4,095"), id="12 bits of a microscope"),
    pytest.param(slope(200, 16383, "uint16"), ("200", "16,383"), id="14 bits"),
    pytest.param(slope(500, 8000, "uint16"), ("500", "8,000"), id="depth in millimetres"),
    pytest.param(slope(29000, 31000, "uint16"), ("29,000", "31,000"), id="a thermal camera"),
    pytest.param(
        with_marks(slope(5000, 8000, "uint16"), 0, 65535), ("5,000", "8,000"), id="depth with holes"
    ),
    pytest.param(slope(-300, 2900, "int32"), ("-300", "2,900"), id="signed heights"),
    pytest.param(
        with_marks(slope(-300, 2900, "int32"), -32768), ("-300", "2,900"), id="heights, and no data"
    ),
    pytest.param(slope(0, 90000, "int32"), ("0", "90,000"), id="32 bits"),
    pytest.param(slope(0.5, 8, "float32"), ("0.5", "8"), id="depth in metres"),
    pytest.param(slope(0, 0.125, "float32"), ("0", "0.125"), id="reflectance"),
    pytest.param(
        with_marks(slope(0.5, 8, "float32"), np.nan, np.inf, -np.inf), ("0.5", "8"), id="no numbers"
    ),
    pytest.param(
        with_marks(slope(100, 900, "float32"), -9999), ("100", "900"), id="-9999 is no height"
    ),
    pytest.param(
        with_marks(slope(100, 900, "float32"), -3.4e38), ("100", "900"), id="nor is the least float"
    ),
]


@pytest.mark.parametrize("is_file", [True, False], ids=["TIFF", "array"])
@pytest.mark.parametrize(("values", "used"), DEEP)
def test_what_uses_little_of_its_range_is_stretched_and_said(
    values: NDArray[Any], used: tuple[str, str], is_file: bool
) -> None:
    picture = open_picture(encoded(Image.fromarray(values), "TIFF") if is_file else values)
    assert picture.notes == (stretched(*used),)
    assert [int(picture.pixels[y, x, 0]) for y, x in ((0, 0), (31, 31))] == [0, 255]
    assert abs(int(picture.pixels[16, 0, 0]) - 128) <= 1


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(slope(0, 65535, "uint16"), id="all 16 bits"),
        pytest.param(slope(2000, 30000, "uint16"), id="a dark photograph"),
        pytest.param(with_marks(slope(20000, 60000, "uint16"), 0), id="a photograph with a frame"),
        pytest.param(
            np.where(slope(0, 1, "float32") > 0.5, 65535, 0).astype("uint16"), id="a mask"
        ),
        pytest.param(np.full((32, 32), 3000, "uint16"), id="one shade"),
        pytest.param(slope(0, 1, "float32"), id="floats to 1"),
        pytest.param(slope(3, 250, "float32"), id="floats to 255"),
        pytest.param(slope(0, 9, "uint8"), id="nearly black, in 8 bits"),
    ],
)
def test_what_uses_its_range_stays_as_it_is(values: NDArray[Any]) -> None:
    picture = open_picture(encoded(Image.fromarray(values), "TIFF"))
    usual = {"uint16": 65535, "uint8": 255, "float32": 1 if values.max() <= 1 else 255}
    expected = np.floor(values / usual[str(values.dtype)] * 255 + 0.5)
    assert picture.notes == ()
    assert np.abs(picture.pixels[:, :, 0] - expected).max() <= 1


@pytest.mark.parametrize("kind", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [3, 4])
def test_colours_of_12_bits_in_16_are_stretched_too(kind: str, channels: int) -> None:
    values = np.dstack([slope(0, 4095, "uint16"), slope(4095, 0, "uint16"), slope(0, 0, "uint16")])
    if channels == 4:
        values = np.dstack([values, np.full((32, 32), 65535, "uint16")])
    order = [2, 1, 0, 3][:channels]
    data = cv2.imencode(kind, np.ascontiguousarray(values[:, :, order]))[1].tobytes()
    for picture in (open_picture(data), open_picture(values)):
        assert picture.notes == (stretched("0", "4,095"),)
        assert picture.pixels[0, 0].tolist() == [0, 255, 0]
        assert picture.pixels[31, 31].tolist() == [255, 0, 0]
        assert len(np.unique(picture.pixels[:, :, 0])) == 256
    full = cv2.imencode(kind, values[:, :, order] * 16)[1].tobytes()
    assert open_picture(full).notes == ()


def test_12_bit_grey_with_opacity_can_be_seen() -> None:
    """PIL reads only the high bytes of it, so the shades are few."""
    rows = np.dstack([slope(0, 4095, "uint16"), np.full((32, 32), 65535, "uint16")]).astype(">u2")
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    picture = open_picture(png(32, 32, 16, 4, data))
    assert picture.notes == (stretched("0", "3,840"),)
    assert picture.pixels[[0, 31], [0, 31], 0].tolist() == [0, 255]


def test_a_photograph_of_10_bits_is_as_bright_as_it_was() -> None:
    file = io.BytesIO()
    values = np.ascontiguousarray(np.dstack([slope(0, 65535, "uint16")] * 3))
    pillow_heif.encode("RGB;16", (32, 32), values.tobytes(), file, quality=95)
    picture = open_picture(file.getvalue(), "photo.hif")
    assert np.abs(picture.pixels[:, :, 0] - slope(0, 255, "float32")).max() < 8
    assert picture.notes == ()


@pytest.mark.parametrize(
    ("kind", "part"),
    [("GIF", "frame"), ("WEBP", "frame"), ("PNG", "frame"), ("TIFF", "page"), ("AVIF", "frame")],
)
def test_of_several_frames_the_first_is_used_and_said(kind: str, part: str) -> None:
    frames = {"save_all": True, "append_images": [Image.new("RGB", (WIDTH, HEIGHT), GREEN)]}
    lossless: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    lossless |= {"quality": 100, "subsampling": "4:4:4"} if kind == "AVIF" else {}
    picture = open_picture(encoded(quarters(), kind, **frames, **lossless))
    assert np.allclose(picture.pixels, np.asarray(quarters()), atol=2 if kind == "AVIF" else 0)
    assert picture.notes == (f"This file holds several {part}s: only the first {part} is used.",)


def test_of_several_heic_pictures_the_main_one_is_used_and_said() -> None:
    others = {"save_all": True, "append_images": [quarters(), quarters()], "primary_index": 1}
    first = Image.new("RGB", (64, 64), GREEN)
    picture = open_picture(encoded(first, "HEIF", quality=95, **others))
    assert picture.size == Size(WIDTH, HEIGHT)
    assert picture.notes == ("This file holds several pictures: only its main one is used.",)


def test_of_an_icon_the_largest_size_is_used_and_said() -> None:
    large = quarters().resize((64, 64), Image.Resampling.NEAREST)
    picture = open_picture(encoded(large, "ICO", sizes=[(16, 16), (64, 64), (32, 32)]))
    assert np.array_equal(picture.pixels, np.asarray(large))
    assert picture.notes == ("This file holds several sizes: only the largest one is used.",)


def pages(*images: Image.Image, reduced: tuple[int, ...] = ()) -> bytes:
    """A TIFF of several pages, some of them marked as smaller copies of others."""
    file = io.BytesIO()
    with AppendingTiffWriter(file) as tiff:
        for number, image in enumerate(images):
            image.save(tiff, "TIFF", tiffinfo={254: 1} if number in reduced else {})
            tiff.newFrame()
    return file.getvalue()


@pytest.mark.parametrize(
    ("sizes", "reduced", "used", "is_said"),
    [
        pytest.param([(40, 24), (400, 240)], (), 1, False, id="a thumbnail before the picture"),
        pytest.param([(300, 180), (400, 240)], (0,), 1, False, id="a marked thumbnail before it"),
        pytest.param([(400, 240), (200, 120)], (1,), 0, False, id="a pyramid"),
        pytest.param([(400, 240), (40, 24)], (), 0, False, id="a thumbnail after the picture"),
        pytest.param([(40, 24), (400, 240), (400, 240)], (), 1, True, id="and one more page"),
        pytest.param([(40, 40), (400, 240)], (), 0, True, id="pages of different forms"),
    ],
)
def test_a_thumbnail_is_not_taken_for_the_picture(
    sizes: list[tuple[int, int]], reduced: tuple[int, ...], used: int, is_said: bool
) -> None:
    images = [Image.new("RGB", size, (40 * n, 0, 0)) for n, size in enumerate(sizes)]
    picture = open_picture(pages(*images, reduced=reduced))
    assert picture.size == Size(*sizes[used])
    assert int(picture.pixels[0, 0, 0]) == 40 * used
    shown = "the first page" if used == 0 else f"page {used + 1}"
    said = f"This file holds several pages: only {shown} is used."
    assert picture.notes == ((said,) if is_said else ())


# Colours -----------------------------------------------------------------------------------------


def linear_profile() -> bytes:
    """A profile with the colours of sRGB whose values grow as light does, so that following it shows."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(int.from_bytes(data[128:132], "big")):
        name, start, _ = struct.unpack_from(">4sII", data, 132 + 12 * number)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            data[start : start + 12] = b"curv" + bytes(8)
        if name == b"desc":
            at = data.index(b"s\0R\0G\0B", start)
            data[at : at + 7] = b"l\0i\0n\0e"
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG", "HEIF", "AVIF"])
def test_a_colour_profile_is_followed(kind: str) -> None:
    grey = Image.new("RGB", (WIDTH, HEIGHT), (128, 128, 128))
    picture = open_picture(encoded(grey, kind, icc_profile=linear_profile()))
    assert np.abs(picture.pixels.astype(int) - 188).max() <= 2


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param(b"no profile at all" * 20, id="garbage"),
        pytest.param(linear_profile()[:400], id="a cut profile"),
        pytest.param(linear_profile().replace(b"RGB XYZ", b"CMYKXYZ"), id="one for other colours"),
        pytest.param(
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), id="sRGB itself"
        ),
    ],
)
def test_a_profile_that_cannot_be_followed_costs_nothing(profile: bytes) -> None:
    picture = open_picture(encoded(quarters(), "PNG", icc_profile=profile))
    assert np.array_equal(picture.pixels, np.asarray(quarters()))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = (
        quarters().convert("L").convert(mode) if mode in ("1", "LA") else quarters().convert(mode)
    )
    picture = open_picture(encoded(image, "TIFF"))
    assert np.array_equal(picture.pixels, np.asarray(image.convert("RGB")))


def test_lab_becomes_rgb() -> None:
    spaces = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.applyTransform(quarters(), ImageCms.buildTransform(*spaces, "RGB", "LAB"))
    assert lab is not None
    picture = open_picture(encoded(lab, "TIFF"))
    assert np.allclose(corners(picture), ORIENTATIONS[1], atol=16)


# Sizes -------------------------------------------------------------------------------------------


def resized(how: str, before: str, after: str) -> str:
    return (
        f"This picture was made {how}, from {before} to {after} pixels, "
        "in which its regions are given."
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "AVIF"])
def test_a_large_photograph_is_made_smaller_and_that_is_said(kind: str) -> None:
    large = quarters().resize((9504, 6336), Image.Resampling.NEAREST)
    quickly = {"PNG": {"compress_level": 1}, "AVIF": {"speed": 10}}
    picture = open_picture(encoded(large, kind, **quickly.get(kind, {})))
    assert picture.size == Size(4752, 3168)
    assert np.allclose(corners(picture), ORIENTATIONS[1], atol=12)
    assert picture.notes == (resized("smaller", "9,504 × 6,336", "4,752 × 3,168"),)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(Image.new("1", (10_001, 9_000), 1), id="1 bit"),
        pytest.param(Image.new("P", (10_001, 9_000), 0), id="palette"),
        pytest.param(Image.new("I;16", (10_001, 9_000), 65535), id="16 bits"),
    ],
)
def test_large_pictures_of_other_depths_are_made_smaller(image: Image.Image) -> None:
    picture = open_picture(encoded(image, "PNG", compress_level=1))
    assert picture.size == Size(5001, 4500)
    assert picture.notes == (resized("smaller", "10,001 × 9,000", "5,001 × 4,500"),)
    assert len(np.unique(picture.pixels)) == 1


def test_a_large_photograph_from_a_phone_is_upright_and_its_note_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    large = quarters().resize((8000, 7000), Image.Resampling.NEAREST)
    picture = open_picture(encoded(large, "JPEG", exif=exif))
    assert np.allclose(corners(picture), ORIENTATIONS[6], atol=12)
    assert picture.notes == (resized("smaller", "7,000 × 8,000", "3,500 × 4,000"),)


def test_a_large_array_is_made_smaller() -> None:
    picture = open_picture(np.full((8000, 8000), 90, np.uint8))
    assert (picture.size, int(picture.pixels.min()), int(picture.pixels.max())) == (
        Size(4000, 4000),
        90,
        90,
    )


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        pytest.param((1080, 24_000), (1080, 24_000), id="a long screenshot"),
        pytest.param((400, 15), (800, 30), id="a flat one"),
        pytest.param((2000, 20), (2000, 20), id="a strip"),
        pytest.param((12, 12), (24, 24), id="an icon"),
        pytest.param((4, 400), (16, 1600), id="a narrow one"),
        pytest.param((400, 40_000), (200, 20_000), id="a very long one"),
    ],
)
def test_what_a_model_could_look_at_is_opened(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    picture = open_picture(encoded(Image.new("L", size, 77), "PNG"))
    assert picture.size == Size(*shown)
    assert set(np.unique(picture.pixels)) == {77}
    how = "larger" if shown > size else "smaller"
    sizes = (f"{w:,} × {h:,}" for w, h in (size, shown))
    assert picture.notes == (() if size == shown else (resized(how, *sizes),))


@given(st.integers(4, 60), st.integers(4, 60))
def test_what_was_opened_opens_again_as_it_is(width: int, height: int) -> None:
    picture = open_picture(np.zeros((height, width, 3), np.uint8))
    again = open_picture(encoded(Image.fromarray(picture.pixels), "PNG"))
    assert again == picture
    assert again.notes == ()


AS_IT_IS = [
    pytest.param(png_header(10_000, 10_000), "10,000 × 10,000 .*100.0 meg.*at most 50", id="large"),
    pytest.param(encoded(Image.new("L", (400, 15)), "PNG"), "400 × 15 .*at least 16", id="flat"),
    pytest.param(
        encoded(Image.new("L", (400, 33_000)), "PNG"), "33,000 pix.*32,000 pixels at a", id="long"
    ),
    pytest.param(encoded(quarters(), "BMP")[:-900], "damaged or incomplete", id="cut"),
]


@pytest.mark.parametrize(("data", "sentence"), AS_IT_IS)
def test_a_picture_with_boxes_of_its_own_keeps_its_size_or_is_refused(
    data: bytes, sentence: str
) -> None:
    with pytest.raises(PictureError, match=sentence):
        open_picture(data, upright=False)


# Files whose end is missing ----------------------------------------------------------------------


def noise() -> Image.Image:
    return Image.effect_noise((160, 96), 60).convert("RGB")


NOISE = encoded(noise(), "JPEG", quality=90)


@pytest.mark.parametrize("upright", [True, False])
@pytest.mark.parametrize("lacking", [1, 2, 10])
@pytest.mark.parametrize(
    "data", [NOISE, encoded(quarters(), "JPEG", quality=95)[:-2] + b"\xff\xd9"]
)
def test_a_jpeg_without_its_last_bytes_opens_and_that_is_said(
    data: bytes, lacking: int, upright: bool
) -> None:
    whole, picture = open_picture(data), open_picture(data[:-lacking], upright=upright)
    assert np.array_equal(picture.pixels[:-16], whole.pixels[:-16])
    assert picture.size == whole.size
    assert whole.notes == ()
    assert picture.notes == (
        "The end of this file is missing: nothing of the picture seems to be lost.",
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "PPM"])
def test_the_first_half_of_a_file_is_shown_and_that_is_said(kind: str) -> None:
    data = NOISE if kind == "JPEG" else encoded(noise(), kind)
    whole, picture = open_picture(data), open_picture(data[: len(data) // 2])
    assert np.array_equal(picture.pixels[:32], whole.pixels[:32])
    assert len(np.unique(picture.pixels[-32:])) == 1
    (note,) = picture.notes
    lost = r"The end of this file is missing: about [45]\d % of the picture is empty\."
    assert re.fullmatch(lost, note)


def test_a_large_jpeg_without_its_end_is_both() -> None:
    large = quarters().resize((8000, 7000), Image.Resampling.NEAREST)
    picture = open_picture(encoded(large, "JPEG")[:-2])
    assert picture.size == Size(4000, 3500)
    assert [note.split(":")[0].split(",")[0] for note in picture.notes] == [
        "The end of this file is missing",
        "This picture was made smaller",
    ]


def test_half_of_a_progressive_jpeg_is_less_sharp() -> None:
    data = encoded(noise(), "JPEG", quality=90, progressive=True)
    picture = open_picture(data[: len(data) // 2])
    assert picture.notes == ("The end of this file is missing: the picture may be less sharp.",)


# Refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(np.full((20, 30), 90, np.uint8), id="grey"),
        pytest.param(np.full((20, 30, 1), 90, np.uint8), id="grey with a channel axis"),
        pytest.param(np.full((20, 30, 3), 90, np.uint8), id="RGB"),
        pytest.param(np.full((20, 30, 3), 90 / 255), id="floats"),
        pytest.param(np.full((20, 30, 3), 90 * 257, np.uint16), id="16 bits"),
    ],
)
def test_arrays_are_pictures(array: NDArray[Any]) -> None:
    picture = open_picture(array)
    assert picture.pixels.shape == (20, 30, 3)
    assert picture.pixels.dtype == np.uint8
    assert set(picture.pixels.ravel().tolist()) == {90}


def test_all_sources_give_the_same_picture(tmp_path: Path) -> None:
    data = encoded(quarters(), "PNG")
    path = tmp_path / "quarters.png"
    path.write_bytes(data)
    sources: list[Source] = [
        path,
        str(path),
        data,
        io.BytesIO(data),
        quarters(),
        np.asarray(quarters()),
    ]
    pictures = [open_picture(source) for source in sources]
    assert len(set(pictures)) == 1
    assert [p.name for p in pictures] == ["quarters.png"] * 2 + ["picture"] * 4


def test_a_picture_does_not_change_with_its_source() -> None:
    array = np.full((20, 30, 3), 90, np.uint8)
    picture = open_picture(array)
    array[:] = 0
    assert int(picture.pixels.min()) == 90
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0] = 1


def test_the_hash_is_of_size_and_pixels_and_never_changes() -> None:
    grey = np.full((16, 32, 3), 7, np.uint8)
    picture = open_picture(grey, "grey.png")
    assert picture.sha256 == hashlib.sha256(b"32x16:" + bytes([7]) * (32 * 16 * 3)).hexdigest()
    assert picture.info.sha256 == picture.sha256
    assert picture.info.name == "grey.png"
    assert picture.info.size == Size(32, 16)
    assert picture != open_picture(grey.reshape(32, 16, 3))
    assert picture == open_picture(grey, "another name")


REFUSED = [
    pytest.param(b"", "empty", id="an empty file"),
    pytest.param(b"hello, this is no picture", "not a picture", id="a text"),
    pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture", id="an SVG"),
    pytest.param(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "damaged", id="a HEIC of nothing"),
    pytest.param(encoded(quarters(), "SGI"), "not a picture", id="a format off the list"),
    pytest.param(b"\0\0\1\0\1\0" + bytes(16), "damaged", id="an icon of nothing"),
    pytest.param(encoded(quarters(), "PNG")[:60], "damaged or incomplete", id="a cut PNG"),
    pytest.param(encoded(quarters(), "JPEG")[:400], "damaged or incomplete", id="a cut JPEG"),
    pytest.param(encoded(quarters(), "WEBP")[:50], "damaged|not a picture", id="a cut WebP"),
    pytest.param(
        encoded(Image.new("RGB", (1, 1)), "PNG"), "1 × 1 pixels.*at least 4", id="one pixel"
    ),
    pytest.param(
        encoded(Image.new("RGB", (300, 3)), "PNG"), "300 × 3 pixels.*at least 4", id="too flat"
    ),
    pytest.param(
        encoded(Image.new("L", (2020, 20)), "PNG"), "elongated.*2,020 × 20.*100 times", id="a strip"
    ),
    pytest.param(png_header(20_000, 20_000), "400.0 megapixels.*at most 210", id="a huge header"),
    pytest.param(png_header(10_000, 10_000), "damaged or incomplete", id="large, and empty"),
    pytest.param(png_header(2**31 - 1, 2**31 - 1), "at most 210", id="the largest header"),
    pytest.param(png_header(0, 10), "damaged|not a picture|small", id="no width"),
    pytest.param(Path("nowhere/at-all.png"), "There is no file at-all.png", id="no file"),
    pytest.param(Path("/"), "is a folder", id="a folder"),
    pytest.param("a\0b.png", "cannot be read", id="an impossible path"),
    pytest.param(np.zeros((20, 20, 2), np.uint8), r"got shape \(20, 20, 2\)", id="two channels"),
    pytest.param(np.zeros(20, np.uint8), r"got shape \(20,\)", id="one axis"),
    pytest.param(np.zeros((0, 20, 3), np.uint8), "too small", id="an empty array"),
    pytest.param(np.full((20, 20), np.nan), "not numbers", id="an array of NaN"),
]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        pytest.param("notes.txt", "Save it in one of these formats", id="called something else"),
        pytest.param("notes.PNG", "is damaged or holds something else", id="called a picture"),
    ],
)
def test_a_file_that_is_only_called_a_picture_says_so(name: str, sentence: str) -> None:
    with pytest.raises(PictureError, match=sentence):
        open_picture(b"hello, this is no picture", name)


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_the_brands_of_a_box_say_what_it_holds(kind: str) -> None:
    """A first brand that both have, with the others behind it."""
    data = encoded(quarters(), kind, quality=95)
    own = data[8:12]
    picture = open_picture(data[:8] + b"mif1" + data[12:])
    assert own in data[12:40]
    assert np.allclose(corners(picture), ORIENTATIONS[1], atol=12)


def test_a_motion_photo_is_its_photograph() -> None:
    film = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + b"\0\0\1\0mdat" + bytes(248)
    assert open_picture(NOISE + film) == open_picture(NOISE)
    assert open_picture(NOISE + film).notes == ()


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "file"])
@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7", "a PDF"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "a video"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "a video"),
        (b"\x1aE\xdf\xa3\x01\0\0\0", "a video"),
        (b"RIFF\0\0\0\0AVI LIST", "a video"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a camera’s raw file"),
        (b"II*\0\x10\0\0\0CR\2\0", "a camera’s raw file"),
        (b"FUJIFILMCCD-RAW 0201", "a camera’s raw file"),
        (b"8BPS\0\1", "a Photoshop file"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
        (b"\xff\x0a\0\0", "a JPEG XL picture"),
        (encoded(quarters(), "QOI"), "a QOI picture"),
        (encoded(quarters(), "TGA"), "a TGA picture"),
        (encoded(quarters(), "DDS"), "a DDS texture"),
        (bytes(128) + b"DICM", "a DICOM file"),
        (b"PK\3\4", "a zip file"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X", "what a Mac notes beside a file"),
        (b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS"),
        (b"\x93NUMPY\1\0", "a NumPy array"),
    ],
)  # fmt: skip
def test_what_is_something_else_is_called_by_its_name(data: bytes, what: str, name: str) -> None:
    with pytest.raises(PictureError, match=f"^This is {re.escape(what)}, not a picture that.*: .*"):
        open_picture(data, name)


@pytest.mark.parametrize(
    "tags", [{50706: b"\1\4\0\0"}, {254: 1, 330: 8, 271: "NIKON CORPORATION"}], ids=["DNG", "NEF"]
)
def test_the_preview_in_a_raw_file_is_not_taken_for_the_picture(tags: dict[int, Any]) -> None:
    with pytest.raises(PictureError, match=r"^This is a camera’s raw file"):
        open_picture(encoded(quarters(), "TIFF", tiffinfo=tags), "photo.tif")


def test_without_its_package_a_heic_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(quarters(), "HEIF")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PictureError, match=r"HEIC picture.*pip install pillow-heif, or save.*JPEG"):
        open_picture(data)


def with_size(data: bytes, width: int, height: int) -> bytes:
    """A HEIC or AVIF that claims another size."""
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
@pytest.mark.parametrize(
    ("width", "height"), [(60_000, 60_000), (2**32 - 1, 2**32 - 1), (0, 0), (100, 200_000)]
)
def test_a_false_size_in_a_box_is_a_sentence(kind: str, width: int, height: int) -> None:
    with pytest.raises(PictureError, match=r"too large|too elongated|damaged"):
        open_picture(with_size(encoded(quarters(), kind), width, height))


def test_a_heic_that_is_larger_than_it_says_is_not_decoded() -> None:
    data = encoded(Image.new("RGB", (2048, 2048)), "HEIF")
    with pytest.raises(PictureError, match="damaged"):
        open_picture(with_size(data, 64, 64))


def test_a_progressive_jpeg_of_endless_scans_is_refused() -> None:
    data = encoded(quarters(), "JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    with pytest.raises(PictureError, match="too many parts"):
        open_picture(data[:at] + data[at:-2] * 120 + data[-2:])


def test_a_picture_for_which_there_is_no_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.picture.reading.free_main_memory", lambda: 100_000_000)
    with pytest.raises(PictureError, match=r"needs 0\.\d GB of memory.*Make it smaller"):
        open_picture(png_header(14_000, 14_000))


@pytest.mark.parametrize(("source", "sentence"), REFUSED)
def test_what_is_no_picture_is_refused_with_a_sentence(source: Any, sentence: str) -> None:
    with pytest.raises(PictureError, match=sentence) as caught:
        open_picture(source)
    assert str(caught.value).endswith(".")


def test_a_picture_above_pils_own_warning_limit_leaks_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PictureError, match=r"100\.0 megapixels"):
            open_picture(png_header(10_000, 10_000), upright=False)


@given(
    st.integers(0, 10_000), st.integers(0, 255), st.sampled_from(["PNG", "JPEG", "HEIF", "AVIF"])
)
def test_a_damaged_file_is_a_picture_or_a_sentence(position: int, value: int, kind: str) -> None:
    data = bytearray(encoded(quarters(), kind))
    data[position % len(data)] = value
    with suppress(PictureError):
        picture = open_picture(bytes(data))
        assert picture.pixels.shape == (picture.size.height, picture.size.width, 3)


@given(
    st.binary(max_size=200),
    st.sampled_from(
        [
            *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"\0\0\1\0"),
            *(b"\0\0\0\x14ftypheic", b"\0\0\0\x14ftypavif", b"\0\0\0\x14ftypmif1"),
            *(b"\xff\x4f\xff\x51", b"RIFF\0\0\0\0WEBP", b"P6\n"),
        ]
    ),
)
def test_noise_behind_a_signature_is_a_sentence(noise: bytes, signature: bytes) -> None:
    with pytest.raises(PictureError):
        open_picture(signature + noise)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("dog.png", "dog.png", id="a plain name"),
        pytest.param("/home/me/dog.png", "dog.png", id="a path"),
        pytest.param("C:\\Users\\me\\dog.png", "dog.png", id="a Windows path"),
        pytest.param("../../etc/passwd", "passwd", id="a path that climbs"),
        pytest.param("dog\n\x00\x1b[31m.png", "dog[31m.png", id="control characters"),
        pytest.param("dog\u202egnp.exe", "doggnp.exe", id="a right-to-left override"),
        pytest.param("  my   dog .png ", "my dog .png", id="white space"),
        pytest.param("", "picture", id="nothing"),
        pytest.param("///", "picture", id="only slashes"),
        pytest.param("犬.webp", "犬.webp", id="another alphabet"),
        pytest.param("d" * 200 + ".png", "d" * 115 + "….png", id="a long name keeps its ending"),
        pytest.param("d" * 200, "d" * 119 + "…", id="a long name without an ending"),
    ],
)
def test_names_are_safe_to_show(name: str, shown: str) -> None:
    assert safe_name(name) == shown


@given(st.text(max_size=300))
def test_any_name_is_short_printable_and_no_path(name: str) -> None:
    shown = safe_name(name)
    assert 0 < len(shown) <= MAX_NAME
    assert "/" not in shown
    assert "\\" not in shown
    assert safe_name(shown) == shown


@pytest.mark.parametrize(
    ("name", "size"), [("coffee.jpg", Size(600, 400)), ("astronaut.jpg", Size(512, 512))]
)
def test_the_photographs_open(name: str, size: Size) -> None:
    picture = open_picture(EXAMPLES / name)
    assert picture.size == size
    assert picture.name == name
    assert picture.notes == ()
