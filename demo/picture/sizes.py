"""In which size a picture, or a part of it, is talked about: smaller, larger, or as it is."""

from __future__ import annotations

import numpy as np
from PIL import Image

from demo.errors import PictureError
from demo.picture.colours import Pixels
from demo.picture.geometry import (
    MAX_PICTURE_PIXELS,
    MAX_PICTURE_RATIO,
    MAX_PICTURE_SIDE,
    MIN_PICTURE_SIDE,
    PictureBox,
    Size,
)

_MIN_GIVEN_SIDE = 4  # of less nobody can say anything


def check_size(size: tuple[int, int], as_stored: bool) -> None:
    """Raise unless a picture of that size in pixels can be used, resized where it may be."""
    short, long = min(size), max(size)
    least = MIN_PICTURE_SIDE if as_stored else _MIN_GIVEN_SIDE
    if short < least:
        raise PictureError(
            f"This picture is too small: it has {in_pixels(size)}, and each side needs at least {least}."
        )
    if long > MAX_PICTURE_RATIO * short:
        raise PictureError(
            f"This picture is too elongated: it has {in_pixels(size)}, and one side may be at most "
            f"{MAX_PICTURE_RATIO} times as long as the other. Cut out a part of it."
        )
    if as_stored and factor_for(size) > 1:
        raise PictureError(
            f"This picture is too large: it has {in_pixels(size)} ({short * long / 1e6:,.1f} megapixels), "
            f"and at most {MAX_PICTURE_PIXELS // 1_000_000} megapixels and {MAX_PICTURE_SIDE:,} pixels at "
            "a side can be used where boxes belong to it."
        )


def factor_for(size: tuple[int, int]) -> int:
    """How many times smaller a picture of that size is read: a power of two, as JPEGs can be."""
    factor, (width, height) = 1, size
    while width * height > MAX_PICTURE_PIXELS or max(width, height) > MAX_PICTURE_SIDE:
        factor *= 2
        width, height = (-(-side // factor) for side in size)
    return factor


def enlarged(pixels: Pixels) -> Pixels:
    """Pixels, each drawn as a square where a side would be too short for a model."""
    times = -(-MIN_PICTURE_SIDE // min(pixels.shape[:2]))
    return pixels if times == 1 else pixels.repeat(times, axis=0).repeat(times, axis=1)


def resized_part(pixels: Pixels, box: PictureBox, size: Size, how: str = "LANCZOS") -> Pixels:
    """The pixels [H, W, 3] in a box of them, resized to ``size`` with a filter; a copy, read-only."""
    part = Image.fromarray(pixels[box.y1 : box.y2, box.x1 : box.x2])
    resized = np.asarray(part.resize((size.width, size.height), Image.Resampling[how]))
    resized.flags.writeable = False
    return resized


def in_pixels(size: tuple[int, int]) -> str:
    """Width and height as they are said."""
    return f"{size[0]:,} × {size[1]:,} pixels"
