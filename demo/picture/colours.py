"""An image of any mode → RGB bytes as a browser shows them, band by band, so that memory stays bounded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from demo.picture.depth import Span, span_of

Pixels = NDArray[np.uint8]
Convert = Callable[[Image.Image], Image.Image]

_BAND = 1_000_000  # pixels that are converted at once; none other runs Python meanwhile
_MAX_PROFILE = 4_000_000  # bytes; those of printers have about two million
_TABLE = 128 + 4 + 12 * 100  # bytes at a profile's begin, in which all that is in it is named
_SPACES = {"RGB": "RGB ", "CMYK": "CMYK", "L": "GRAY", "LAB": "Lab "}


def rgb_pixels(image: Image.Image, factor: int = 1) -> tuple[Pixels, tuple[str, ...]]:
    """The image's pixels, uint8 RGB [⌈H / factor⌉, ⌈W / factor⌉, 3], and what is to be said about them.

    Transparency lies over white, deep grey is scaled to 8 bits (`span_of`), and a colour profile is
    followed. Raises PictureError when no value is a number.
    """
    convert, notes = _conversion(image)
    width, height = (-(-side // factor) for side in image.size)
    pixels = np.empty((height, width, 3), np.uint8)
    for top, band in bands(image, factor):
        rgb = convert(band)
        part = np.asarray(rgb.reduce(factor) if factor > 1 else rgb)
        pixels[top // factor : top // factor + len(part)] = part
    return pixels, notes


def bands(image: Image.Image, factor: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """Strips of the image from top to bottom, each with its first row, a multiple of ``factor``."""
    rows = max(1, _BAND // image.width // factor) * factor
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _conversion(image: Image.Image) -> tuple[Convert, tuple[str, ...]]:
    if image.mode.startswith(("I", "F")):
        span = span_of(np.asarray(band) for _, band in bands(image))
        return _from_deep(span), (span.note,) if span.stretched else ()
    to_srgb = _to_srgb(_profile_of(image), _flat_mode(image))
    return (lambda band: _followed(_flat(band), to_srgb)), ()


def _from_deep(span: Span) -> Convert:
    return lambda band: Image.fromarray(span.to_bytes(np.asarray(band))).convert("RGB")


def _flat(image: Image.Image) -> Image.Image:
    """Without transparency, in one of the modes that a profile speaks of."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        over_white = Image.new("RGB", image.size, "white")
        over_white.paste(image, mask=image.getchannel("A"))
        return over_white
    return image if image.mode in _SPACES else image.convert(_flat_mode(image))


def _flat_mode(image: Image.Image) -> str:
    """The mode that its bands have when they are flat."""
    if image.has_transparency_data:
        return "RGB"
    return image.mode if image.mode in _SPACES else "L" if image.mode == "1" else "RGB"


def _profile_of(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The profile to follow; None where there is none, it cannot be read, or it is sRGB."""
    if image.mode == "LAB":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    data = image.info.get("icc_profile")
    if not isinstance(data, bytes) or not 128 <= len(data) <= _MAX_PROFILE:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(_without_steps(data)))
        is_srgb = "sRGB" in ImageCms.getProfileDescription(profile)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return None if is_srgb else profile


def _without_steps(data: bytes) -> bytes:
    """The profile without the ways to colours of any number of steps that it may have beside the usual ones
    (D2B0 … D2B3 of ICC.1:2022). Browsers do not follow them, either.
    """
    return data[:_TABLE].replace(b"D2B", b"x2B") + data[_TABLE:]


def _to_srgb(
    profile: ImageCms.ImageCmsProfile | None, mode: str
) -> ImageCms.ImageCmsTransform | None:
    """What takes pixels of that mode to sRGB, which may take a second to make; None where none fits."""
    if profile is None or profile.profile.xcolor_space != _SPACES[mode]:
        return None
    try:
        return ImageCms.buildTransform(
            profile,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _followed(image: Image.Image, to_srgb: ImageCms.ImageCmsTransform | None) -> Image.Image:
    """The image in sRGB, by its profile where that fits."""
    applied = None
    if to_srgb is not None:
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            applied = ImageCms.applyTransform(image, to_srgb)
    return applied or image.convert("RGB")
