"""Pictures: every kind of file becomes upright RGB, or a sentence."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from demo.errors import PictureError
from demo.picture.geometry import Size
from demo.picture.picture import AS_STORED, MAX_NAME, Picture, Source, open_picture, safe_name
from tests import ROOT

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


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


LOSSLESS = [
    pytest.param("PNG", {}, id="PNG"),
    pytest.param("BMP", {}, id="BMP"),
    pytest.param("TIFF", {}, id="TIFF"),
    pytest.param("TIFF", {"compression": "tiff_lzw"}, id="compressed TIFF"),
    pytest.param("WEBP", {"lossless": True}, id="WebP"),
    pytest.param("GIF", {}, id="GIF"),
]


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_lossless_formats_keep_every_pixel(kind: str, options: dict[str, Any]) -> None:
    picture = open_picture(encoded(quarters(), kind, **options), "a.b")
    assert np.array_equal(picture.pixels, np.asarray(quarters()))
    assert picture.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "MPO"])
def test_photographs_keep_their_colours(kind: str) -> None:
    more = {"save_all": True, "append_images": [quarters()]} if kind == "MPO" else {}
    picture = open_picture(encoded(quarters(), kind, quality=95, **more))
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


@pytest.mark.parametrize(
    ("kind", "part"),
    [("GIF", "frame"), ("WEBP", "frame"), ("PNG", "frame"), ("TIFF", "page")],
)
def test_of_several_frames_the_first_is_used_and_said(kind: str, part: str) -> None:
    frames = {"save_all": True, "append_images": [Image.new("RGB", (WIDTH, HEIGHT), GREEN)]}
    lossless = {"lossless": True} if kind == "WEBP" else {}
    picture = open_picture(encoded(quarters(), kind, **frames, **lossless))
    assert np.array_equal(picture.pixels, np.asarray(quarters()))
    assert picture.notes == (f"This file holds several {part}s: only the first {part} is used.",)


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
    pytest.param(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "not a picture", id="a HEIC"),
    pytest.param(encoded(quarters(), "PPM"), "not a picture", id="a format off the list"),
    pytest.param(encoded(quarters(), "ICO"), "not a picture", id="an icon"),
    pytest.param(encoded(quarters(), "PNG")[:60], "damaged or incomplete", id="a cut PNG"),
    pytest.param(encoded(quarters(), "JPEG")[:400], "damaged or incomplete", id="a cut JPEG"),
    pytest.param(encoded(quarters(), "WEBP")[:50], "damaged|not a picture", id="a cut WebP"),
    pytest.param(
        encoded(Image.new("RGB", (1, 1)), "PNG"), "1 × 1 pixels.*at least 16", id="one pixel"
    ),
    pytest.param(
        encoded(Image.new("RGB", (400, 15)), "PNG"), "400 × 15 pixels.*at least 16", id="too flat"
    ),
    pytest.param(
        encoded(Image.new("L", (2000, 20)), "PNG"), "elongated.*2,000 × 20.*20 times", id="a strip"
    ),
    pytest.param(png_header(20_000, 20_000), "400 megapixels.*at most 50", id="a huge header"),
    pytest.param(
        png_header(10_000, 10_000), "10,000 × 10,000 .*100.0 megapixels.*at most 50", id="too large"
    ),
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


@pytest.mark.parametrize(("source", "sentence"), REFUSED)
def test_what_is_no_picture_is_refused_with_a_sentence(source: Any, sentence: str) -> None:
    with pytest.raises(PictureError, match=sentence) as caught:
        open_picture(source)
    assert str(caught.value).endswith(".")


def test_a_picture_above_pils_own_warning_limit_leaks_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PictureError, match=r"100\.0 megapixels"):
            open_picture(png_header(10_000, 10_000))


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_file_is_a_picture_or_a_sentence(position: int, value: int) -> None:
    data = bytearray(encoded(quarters(), "PNG"))
    data[position % len(data)] = value
    with suppress(PictureError):
        picture = open_picture(bytes(data))
        assert picture.pixels.shape == (picture.size.height, picture.size.width, 3)


@given(
    st.binary(max_size=200),
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0"]),
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
