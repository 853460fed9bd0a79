"""What kind of file somebody gives as a picture, by its first bytes, whatever its name says.

Some kinds are pictures that can be opened; the others that people have are called by their name, with what
can be done. Nothing is decoded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from demo.errors import PictureError

Kind = Literal[
    "JPEG", "PNG", "HEIF", "AVIF", "WEBP", "GIF", "TIFF", "BMP", "JPEG2000", "PPM", "ICO"
]  # fmt: skip

_SHOWN = "JPEG, PNG, HEIC, AVIF, WebP, GIF, TIFF or BMP"
_NOT_A_PICTURE = (
    f"This is not a picture this demo can open ({_SHOWN}). "
    "Save it in one of these formats and try again."
)
_SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
    *(".heic", ".heif", ".hif", ".avif", ".jp2", ".j2k", ".ppm", ".pgm", ".ico"),
)
_MISNAMED = (
    "This file has a picture’s name but is damaged or holds something else. Choose another file."
)

_MAGIC: dict[bytes, Kind] = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF, as the next
    b"MM\0+": "TIFF",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",
    b"\0\0\1\0": "ICO",
}
_PPM = re.compile(rb"P(?:[1-6]|f|y|F|yP)\s")

# Brands of the boxed formats, ISO/IEC 23008-12 and AV1 Image File Format.
_AVIF = frozenset({b"avif", b"avis"})
_HEVC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_BOXED = _AVIF | _HEVC | {b"mif1", b"mif2", b"msf1", b"miaf"}
_MAX_BRANDS_BYTES = 256

# How to go on, for what is no picture that can be opened.
_SAVE = "save it as PNG or JPEG and open that"
_VIDEO = "a video", "take a screenshot of the moment you mean and open that"
_RAW = "a camera’s raw file", "export it as JPEG with your photo program, or open its preview"
_PDF = "a PDF", "save the page as PNG, or take a screenshot of it"
_DOCUMENT = "a document of an office program", "save the picture in it as PNG and open that"
_SVG = "an SVG drawing", "export it as PNG and open that"
_WEB_PAGE = "a web page", "open the page, save the picture itself and open that"
_OTHERS: tuple[tuple[bytes, int, str, str], ...] = (
    (b"%PDF", 0, *_PDF),
    (b"%!PS", 0, "a PostScript drawing", "export it as PNG and open that"),
    (b"\xc5\xd0\xd3\xc6", 0, "a PostScript drawing", "export it as PNG and open that"),
    (b"8BPS", 0, "a Photoshop file", _SAVE),
    (b"8BPB", 0, "a Photoshop file", _SAVE),
    (b"gimp xcf", 0, "a GIMP file", "export it as PNG and open that"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", 0, "a JPEG XL picture", _SAVE),
    (b"\xff\x0a", 0, "a JPEG XL picture", _SAVE),
    (b"\xff\xd8\xff\xf7", 0, "a JPEG-LS picture", _SAVE),
    (b"II\xbc\x01", 0, "a JPEG XR picture", _SAVE),
    (b"qoif", 0, "a QOI picture", _SAVE),
    (b"DDS ", 0, "a DDS texture", _SAVE),
    (b"v/1\x01", 0, "an OpenEXR picture", _SAVE),
    (b"#?RADIANCE", 0, "a Radiance HDR picture", _SAVE),
    (b"icns", 0, "an icon of macOS", _SAVE),
    (b"\0\0\2\0\0\0\0\0", 0, "a TGA picture", _SAVE),
    (b"\0\0\x0a\0\0\0\0\0", 0, "a TGA picture", _SAVE),
    (b"\0\0\2\0", 0, "a mouse pointer", _SAVE),
    (b"\xd7\xcd\xc6\x9a", 0, "a Windows drawing (WMF)", _SAVE),
    (b" EMF", 40, "a Windows drawing (EMF)", _SAVE),
    (b"BPG\xfb", 0, "a BPG picture", _SAVE),
    (b"AT&TFORM", 0, "a DjVu document", "save the page as PNG and open that"),
    (b"DICM", 128, "a DICOM file", "export its picture as PNG and open that"),
    (b"SIMPLE  =", 0, "a FITS file", "export its picture as PNG and open that"),
    (b"\x93NUMPY", 0, "a NumPy array", _SAVE),
    (b"\x89HDF", 0, "an HDF5 file", "export its picture as PNG and open that"),
    (b"FUJIFILMCCD-RAW", 0, *_RAW),
    (b"IIRO", 0, *_RAW),
    (b"IIRS", 0, *_RAW),
    (b"MMOR", 0, *_RAW),
    (b"IIU\0", 0, *_RAW),
    (b"CR\2\0", 8, *_RAW),
    (b"HEAPCCDR", 6, *_RAW),
    (b"FOVb", 0, *_RAW),
    (b"\0MRM", 0, *_RAW),
    (b"\x1aE\xdf\xa3", 0, *_VIDEO),
    (b"AVI ", 8, *_VIDEO),
    (b"\0\0\1\xba", 0, *_VIDEO),
    (b"\0\0\1\xb3", 0, *_VIDEO),
    (b"FLV\1", 0, *_VIDEO),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0, *_VIDEO),
    (b"OggS", 0, *_VIDEO),
    (b"moov", 4, *_VIDEO),
    (b"mdat", 4, *_VIDEO),
    (b"wide", 4, *_VIDEO),
    (b"\xd0\xcf\x11\xe0", 0, *_DOCUMENT),
    (b"PK\3\4", 0, "a zip file", "unpack it and open the picture in it"),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7z file", "unpack it and open the picture in it"),
    (b"Rar!", 0, "a RAR file", "unpack it and open the picture in it"),
    (b"\x1f\x8b", 0, "a compressed file", "unpack it and open the picture in it"),
    (b"\0\5\x16\7", 0, "what a Mac notes beside a file", "open the file itself, without “._”"),
    (b"version https://git-lfs", 0, "a pointer of Git LFS", "fetch the file itself first"),
)  # fmt: skip
_SUBFILE, _MAKE, _SUB_IFDS, _DNG_VERSION = 254, 271, 330, 50706  # tags of TIFF
_TGA_END = b"TRUEVISION-XFILE.\0"
_WORDS = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<(?:!doctype |html|head|\?xml|!--|svg)", re.IGNORECASE)


def kind_of(data: bytes, name: str) -> Kind:
    """The kind of picture whose bytes these are. Raises PictureError for all that cannot be opened."""
    other = next(_others(data), None)
    if other is not None:
        raise _refusal(*other)
    kind = _kind(data)
    if kind is None:
        raise PictureError(_MISNAMED if name.lower().endswith(_SUFFIXES) else _NOT_A_PICTURE)
    return kind


def check_tags(tags: Mapping[int, Any]) -> None:
    """Raise PictureError for the tags of a TIFF that is a camera's raw file: DNG, NEF, ARW, …

    Such a file begins with a small preview; the picture itself would first have to be developed.
    """
    is_preview = tags.get(_SUBFILE) == 1 and _SUB_IFDS in tags and _MAKE in tags
    if _DNG_VERSION in tags or is_preview:
        raise _refusal(*_RAW)


def _refusal(what: str, todo: str) -> PictureError:
    return PictureError(f"This is {what}, not a picture that this demo can open: {todo}.")


def _kind(data: bytes) -> Kind | None:
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return kind
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith(b"BM") and data[15:18] == bytes(3):  # two letters alone begin texts, too
        return "BMP"
    if _PPM.match(data):
        return "PPM"
    return _boxed_kind(data)


def _boxed_kind(data: bytes) -> Kind | None:
    brands = _brands(data)
    if not brands or brands[0] not in _BOXED:
        return None
    is_avif = brands[0] in _AVIF or (not _HEVC & set(brands) and bool(_AVIF & set(brands)))
    return "AVIF" if is_avif else "HEIF"


def _brands(data: bytes) -> list[bytes]:
    """The brands of a file that begins with ``ftyp``, the major one first; empty for others."""
    if data[4:8] != b"ftyp":
        return []
    end = min(max(int.from_bytes(data[:4], "big"), 12), _MAX_BRANDS_BYTES)
    return [data[8:12], *(data[i : i + 4] for i in range(16, end - 3, 4))]


def _others(data: bytes) -> Iterator[tuple[str, str]]:
    for magic, start, what, todo in _OTHERS:
        if data[start : start + len(magic)] == magic:
            yield what, todo
    brands = _brands(data)
    if brands and brands[0] not in _BOXED:
        yield _RAW if brands[0] == b"crx " else _VIDEO
    if data.endswith(_TGA_END):
        yield "a TGA picture", _SAVE
    if _WORDS.match(data[:256]):
        yield _SVG if b"<svg" in data[:4096].lower() else _WEB_PAGE
