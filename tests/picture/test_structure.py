"""Picture files of very many parts, or of parts that lie over each other: refused, or read all the same."""

from __future__ import annotations

import io
import struct
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from demo.errors import PictureError
from demo.picture import structure
from demo.picture.geometry import Size
from demo.picture.picture import open_picture
from tests.support import structures
from tests.support.structures import SIZE, blocks, exif, gif, jpeg, png, saved, segment, tiff

pillow_heif.register_heif_opener()

EXIF = b"Exif\0\0"
COMMENT = b"!\xfe\1a\0"
PLAIN = b"P3\n64 48 255\n"
VALUES = b"7 " * (64 * 48 * 3)
NOT_RAW = {struct.pack("<HHII", 259, 4, 1, 1): struct.pack("<HHII", 259, 4, 1, 5)}  # but LZW
MUCH = 30_000_000

TOO_MANY: dict[str, Callable[[], bytes]] = {
    "JPEG: fill bytes": lambda: jpeg(b"\xff" * 50_000),
    "JPEG: bytes between segments": lambda: jpeg(segment(0xE4, b"") + bytes(50_000)),
    "JPEG: empty segments": lambda: jpeg(segment(0xE4, b"") * 5_000),
    "JPEG: EXIF that goes on": lambda: jpeg(segment(0xE1, EXIF + bytes(9_000)) * 100),
    "JPEG: scans": lambda: structures.scans(101),
    "GIF: comments": lambda: gif(COMMENT * 10_000),
    "GIF: a comment of small blocks": lambda: gif(b"!\xfe" + blocks(bytes(20_000), 1)),
    "GIF: pixels of small blocks": lambda: gif()[:-2] + b"\1a" * 2_000_001 + b"\0;",
    "GIF: comments behind the frame": lambda: gif(after=COMMENT * 1_000_000),
    "PPM: a comment in the head": lambda: b"P3\n#" + b"a" * 50_000 + b"\n64 48 255\n" + VALUES,
    "PPM: spaces in the head": lambda: (
        b"P6\n" + b" " * 50_000 + b"64 48 255\n" + bytes(64 * 48 * 3)
    ),
    "PPM: comments": lambda: PLAIN + b"#\n" * 1_001 + VALUES,
    "PNG: chunks": lambda: png([(b"aaAa", b"")] * 10_000),
    "PNG: profiles that unpack": lambda: png([structures.packed_profile()] * 101),
    "PNG: profiles behind the pixels": lambda: png(after=[structures.packed_profile()] * 101),
    "ICO: pictures": lambda: b"\0\0\1\0\xff\xff" + bytes(16) * 65_535,
    "TIFF: strips": lambda: tiff(strips=1_000_000),
    "TIFF: strips over each other": lambda: tiff(
        strips=800, rows=999, apart=1_000, size=(1_000, 1_000)
    ),
    "TIFF: tags": lambda: tiff(more=structures.overlapping(1_100, 1)),
    "TIFF: the same bytes": lambda: tiff(
        more=structures.overlapping(900, 9_000), after=bytes(9_000)
    ),
    "TIFF: the same bytes, of a type that PIL does not know": lambda: replaced(
        tiff(more=[(41_000 + n, 17, 1_000, 8) for n in range(900)], after=bytes(9_000)), NOT_RAW
    ),
    "TIFF: EXIF of the same bytes": lambda: below(
        structures.overlapping(900, 9_000), after=bytes(9_000)
    ),
    "TIFF: many numbers": lambda: below([(41_000, 3, 700_000, 8)], after=bytes(1_400_000)),
    "TIFF: EXIF in a circle": lambda: below([(34_665, 4, 1, 200)]),
    "TIFF: EXIF behind one that is not there": lambda: tiff(
        more=[(34_665, 4, 1, 200), (34_853, 4, 1, 9_000_000)],
        after=structures.directory(structures.overlapping(900, 9_000)) + bytes(9_000),
    ),
    "TIFF: EXIF at two places": lambda: below([], field=(34_665, 4, 2, 8)),
    "HEIC: EXIF of the same bytes": lambda: described(90, 40_000, 3_000_000),
    "HEIC: boxes": lambda: saved("HEIF") + b"\0\0\0\x08free" * 5_001,
    "AVIF: EXIF": lambda: structures.with_exif("AVIF", exif(900, 900_000)),
}


def packed_bmp(content: bytes) -> bytes:
    """A grey BMP of 2000 × 2000 pixels with that for its runs."""
    head = bytearray(saved("BMP", (2000, 2000), "L")[:1078])
    head[30:34] = struct.pack("<I", 1)
    return bytes(head) + content


def below(
    tags: list[structures.Tag], after: bytes = b"", field: structures.Tag = (34_665, 4, 1, 200)
) -> bytes:
    """A TIFF whose EXIF is a directory of those tags, from byte 8 + 4 * 48 on."""
    return tiff(more=[field], after=structures.directory(tags) + after)


def described(pictures: int, size: int, each: int) -> bytes:
    """A HEIC of so many pictures, whose EXIF has that size and is said to have another one, ``each``."""
    images = [Image.new("RGB", SIZE, (shade, 0, 0)) for shade in range(pictures)]
    notes = EXIF + exif(0, size, orientation=1)
    content = encoded(images[0], "HEIF", save_all=True, append_images=images[1:], exif=notes)
    length = struct.pack(">I", len(notes) + 4)
    assert content.count(length) == pictures
    return content.replace(length, struct.pack(">I", each))


def replaced(data: bytes, what: dict[bytes, bytes]) -> bytes:
    for before, now in what.items():
        data = data.replace(before, now)
    return data


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in TOO_MANY.items()])
def test_very_many_parts_are_refused(make: Callable[[], bytes]) -> None:
    with pytest.raises(PictureError, match="too many parts"):
        open_picture(make())


@pytest.mark.parametrize("head", [b"P3\n4000 4000 255\n", b"P6\n4000 4000 254\n"])
def test_large_pictures_that_are_slow_to_read_are_refused(head: bytes) -> None:
    with pytest.raises(PictureError, match="at most 12 can be read from such a file"):
        open_picture(head + b"7 " * 100)


def in_two_segments(content: bytes) -> bytes:
    return jpeg(segment(0xE1, EXIF + content[:40_000]) + segment(0xE1, EXIF + content[40_000:]))


FORGED: dict[str, Callable[[bytes], bytes]] = {
    "JPEG": in_two_segments,
    "PNG": lambda content: png([(b"eXIf", content)]),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_exif_of_the_same_bytes_takes_no_memory(kind: str) -> None:
    content = FORGED.get(kind, partial(structures.with_exif, kind))(exif(900, 50_000))
    tracemalloc.start()
    try:
        picture = open_picture(content)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert picture.size == (Size(*SIZE) if kind == "HEIF" else Size(*SIZE[::-1]))
    assert most < MUCH


def test_large_jpegs_of_several_scans_are_refused_progressive_or_not() -> None:
    """All of it is kept until the last one is there."""
    size, large = struct.pack(">HH", *SIZE[::-1]), struct.pack(">HH", 20_000, 20_000)
    content = structures.scans(3)
    assert open_picture(content).size == Size(*SIZE)
    with pytest.raises(PictureError, match="at most 210 can be read"):
        open_picture(content.replace(size, large))


def test_previews_of_a_camera_cost_nothing() -> None:
    """PIL reads all tags of their list to find out how many there are."""
    content = jpeg(segment(0xE2, b"MPF\0" + exif(2_000, 30_000)))
    tracemalloc.start()
    try:
        assert open_picture(content).size == Size(*SIZE)
        assert tracemalloc.get_traced_memory()[1] < MUCH
    finally:
        tracemalloc.stop()


def test_a_file_is_read_so_often_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "_TO_LOAD", 50_000)
    with pytest.raises(PictureError, match="too many parts"):
        open_picture(packed_bmp(b"\0\0" * 50_000))


# Ordinary files ------------------------------------------------------------------------------------


def noise(size: tuple[int, int]) -> Image.Image:
    values = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(values)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def camera_exif(size: int) -> bytes:
    """EXIF with a maker's note of so many bytes, a place, and a thumbnail."""
    made = Image.Exif()
    made[274], made[271], made[282] = 6, "Maker", 72.0
    made.get_ifd(0x8769).update({37_500: bytes(size), 36_867: "2026:11:30 12:00:00"})
    made.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0)})
    return made.tobytes() + encoded(noise((160, 120)), "JPEG")


ORDINARY: dict[str, Callable[[], bytes]] = {
    "JPEG: restart markers": lambda: encoded(noise((900, 600)), "JPEG", restart_marker_blocks=1),
    "JPEG: progressive": lambda: encoded(noise((900, 600)), "JPEG", progressive=True),
    "JPEG: a maker's note": lambda: encoded(noise((900, 600)), "JPEG", exif=camera_exif(40_000)),
    "JPEG: a large profile": lambda: encoded(
        noise((900, 600)), "JPEG", icc_profile=bytes(65_000 * 40)
    ),
    "JPEG: many segments": lambda: jpeg(segment(0xE1, b"http://ns.adobe.com/xmp/" * 2_500) * 600),
    "PNG: 20,000 chunks of pixels": lambda: png(piece=1, size=(900, 4_000)),
    "PNG: EXIF within EXIF": lambda: png([(b"eXIf", EXIF * 500_000 + exif(0, 0, orientation=1))]),
    "PNG: EXIF": lambda: encoded(noise((90, 60)), "PNG", exif=camera_exif(100_000)),
    "WebP: EXIF": lambda: encoded(noise((90, 60)), "WEBP", exif=camera_exif(100_000)),
    "AVIF: EXIF": lambda: encoded(noise((90, 60)), "AVIF", exif=camera_exif(100_000)),
    "HEIC: EXIF of many": lambda: described(60, 40_000, 40_000 + 36),
    "HEIC: EXIF": lambda: encoded(noise((90, 60)), "HEIF", exif=camera_exif(100_000)),
    "TIFF: EXIF": lambda: encoded(noise((90, 60)), "TIFF", exif=camera_exif(100_000)),
    "GIF: blocks of 255 bytes": lambda: encoded(noise((2_000, 1_500)).getchannel(0), "GIF"),
    "GIF: a comment": lambda: encoded(noise((90, 60)), "GIF", comment=b"a" * 100_000),
    "TIFF: a raw strip a row": lambda: tiff(strips=50_000, size=(600, 50_000)),
    "TIFF: a packed strip a row": lambda: encoded(
        Image.new("RGB", (600, 50_000)), "TIFF", compression="tiff_lzw", strip_size=1_800
    ),
    "TIFF: tiles": lambda: encoded(
        noise((900, 600)), "TIFF", tile=(16, 16), compression="tiff_lzw"
    ),
    "PPM: as text": lambda: PLAIN + b"# made by hand\n" + VALUES,
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in ORDINARY.items()])
def test_ordinary_files_are_read(make: Callable[[], bytes]) -> None:
    assert not [note for note in open_picture(make()).notes if "end" in note]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("frames", [1, 2, 300])
def test_of_many_frames_the_first_is_read(kind: str, frames: int) -> None:
    shown = [Image.new("RGB", SIZE, (shade % 256, 90, 0)) for shade in range(frames)]
    options = {"lossless": True} if kind == "WEBP" else {}
    content = encoded(shown[0], kind, save_all=True, append_images=shown[1:], **options)
    picture = open_picture(content)
    assert picture.pixels[0, 0].tolist() == [0, 90, 0]
    assert len(picture.notes) == (frames > 1)


def test_what_follows_the_first_frame_is_not_read() -> None:
    following = b"!\xf9\4\0\0\0\0\0" + gif()[gif().index(b",\0\0\0\0") : -1]
    assert open_picture(gif(after=COMMENT * 30_000)).notes == ()
    assert open_picture(gif(after=COMMENT * 30_000 + following)).notes != ()
    assert open_picture(structures.pages(3_000)).notes != ()


def test_a_profile_is_prepared_once_for_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    made, build = list[object](), ImageCms.buildTransform

    def counted(*arguments: Any) -> ImageCms.ImageCmsTransform | None:
        made.append(arguments)
        return build(*arguments)

    monkeypatch.setattr(ImageCms, "buildTransform", counted)
    unfit = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    open_picture(encoded(noise((2_000, 2_000)), "PNG", icc_profile=unfit))
    assert not made
    open_picture(encoded(Image.new("LAB", (2_000, 2_000), (90, 30, 200)), "TIFF"))
    assert len(made) == 1


def test_the_endless_steps_of_a_profile_are_not_followed() -> None:
    """They would make everything black, one after the other."""
    image = noise((90, 60))
    followed = open_picture(encoded(image, "PNG", icc_profile=structures.profile(3)))
    assert np.abs(followed.pixels.astype(int) - np.asarray(image)).max() <= 2
