"""One PNG for all masks of a picture: each pixel holds the number of its object (1, 2, …), 0 is none."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.annotations.annotated import AnnotatedPicture
from demo.errors import PictureError
from demo.machine.effort import breathe
from demo.picture.geometry import Size
from demo.picture.masks import Mask
from demo.picture.palette import PALETTE

MAX_INDEX = 254  # 255 stands for “void”, the pixels between objects


def indexed_png(annotated: AnnotatedPicture) -> bytes:
    """The objects that have masks, later ones over earlier ones, in the colours of the page."""
    size = annotated.size
    pixels = np.zeros((size.height, size.width), np.uint8)
    for at, annotation in enumerate(annotated.annotations[:MAX_INDEX], start=1):
        if annotation.mask:
            pixels[annotation.mask.to_array()] = at
    image = Image.fromarray(pixels, "P")
    image.putpalette(_palette())
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _palette() -> list[int]:
    colours = [bytes.fromhex(colour.lstrip("#")) for colour in PALETTE]
    shown = [colours[(at - 1) % len(colours)] for at in range(1, MAX_INDEX + 1)]
    return [*(0, 0, 0), *(value for colour in shown for value in colour), *(224, 224, 192)]


def read_indexed(path: Path, size: Size, *, is_two_valued: bool = False) -> dict[int, Mask]:
    """The mask of each number; all that is not 0 is one where the file ``is_two_valued``.

    Raises PictureError for a file that is none, or of another size.
    """
    pixels = _numbers(path, size)
    if is_two_valued:
        pixels = (pixels > 0).astype(np.uint8)
    counts = np.bincount(pixels.ravel(), minlength=MAX_INDEX + 1)
    masks = dict[int, Mask]()
    for value in np.flatnonzero(counts[1 : MAX_INDEX + 1]) + 1:
        breathe()
        masks[int(value)] = Mask.from_array(pixels == value)
    return masks


def _numbers(path: Path, size: Size) -> NDArray[np.uint8]:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.mode not in ("P", "L", "1"):
                raise PictureError(f"{path.name} has colours, not the numbers of objects.")
            if image.size != (size.width, size.height):
                raise PictureError(f"{path.name} has another size than its picture.")
            return np.array(image.convert("L") if image.mode == "1" else image, np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(f"{path.name} cannot be read as a PNG file.") from error
