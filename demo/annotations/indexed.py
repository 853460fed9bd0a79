"""One PNG for all masks of a picture: each pixel holds the number of its object (1, 2, …), 0 is none."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.annotations.annotated import MAX_OBJECTS, AnnotatedPicture
from demo.dialogue import limits
from demo.errors import PictureError
from demo.machine.effort import breathe
from demo.picture.geometry import Size
from demo.picture.masks import Mask
from demo.picture.parts import open_part
from demo.picture.runs import runs_between

MAX_INDEX = 254  # 255 stands for “void”, the pixels between objects
_WHITE = 255
Colour = tuple[int, int, int]
_MAX_STRETCHES = limits.MASK_TEXTS.most // 2  # each is two characters of a mask or more


def indexed_png(annotated: AnnotatedPicture, numbers: Sequence[int] | None = None) -> bytes:
    """The objects that have masks, later ones over earlier ones, by these numbers, else by their place.

    In VOC's colours, by which other tools know the numbers.
    """
    size = annotated.size
    pixels = np.zeros((size.height, size.width), np.uint8)
    of_objects = numbers or range(1, len(annotated.annotations) + 1)
    for number, annotation in zip(of_objects, annotated.annotations, strict=True):
        if annotation.mask and number <= MAX_INDEX:
            pixels[annotation.mask.to_array()] = number
    image = Image.fromarray(pixels, "P")
    image.putpalette([value for number in range(256) for value in colour_of(number)])
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def colour_of(number: int) -> Colour:
    """The red, green and blue that VOC has for a number up to 255."""
    red, green, blue = (int(table[number]) for table in _COLOURS)
    return red, green, blue


def read_indexed(path: Path, size: Size) -> dict[int, Mask]:
    """The mask of each number; one alone where the file is white on black, also with smooth edges.

    Raises PictureError for a file that is none, has other colours than VOC's, or another size.
    """
    pixels, has_palette = _numbers(path, size)
    if not has_palette and _is_white_on_black(pixels):
        return {1: Mask.from_array(pixels > _WHITE // 2)}
    down = np.asfortranarray(pixels).ravel(order="F")  # as runs go
    starts = np.concatenate(([0], np.flatnonzero(down[1:] != down[:-1]) + 1))
    if len(starts) > _MAX_STRETCHES:
        raise PictureError(
            f"{path.name} changes its number {len(starts):,} times down its columns, and at most "
            f"{_MAX_STRETCHES:,} times are read. Make its outlines coarser."
        )
    is_void = {0, MAX_INDEX + 1} if pixels.dtype == np.uint8 else {0}
    places = {n: at for n, at in _by_number(down[starts]).items() if n not in is_void}
    if len(places) > MAX_OBJECTS:
        raise PictureError(
            f"{path.name} holds {len(places):,} numbers: at most {MAX_OBJECTS:,} objects can be read."
        )
    stops, masks = np.append(starts[1:], down.size), dict[int, Mask]()
    for number, at in places.items():
        breathe()
        masks[number] = Mask.from_runs(runs_between(starts[at], stops[at], down.size), size)
    return masks


def _by_number(numbers: NDArray[Any]) -> dict[int, NDArray[np.intp]]:
    """Where each number stands in a row of them, without looking for one after the other."""
    order = np.argsort(numbers, kind="stable")
    bounds = np.flatnonzero(np.diff(numbers[order])) + 1
    return {int(numbers[at[0]]): at for at in np.split(order, bounds)}


def read_mask(path: Path, size: Size) -> Mask | None:
    """All that is not 0 in the file of one object; None where nothing is.

    Raises PictureError as `read_indexed` does.
    """
    found = _numbers(path, size)[0] > 0
    return Mask.from_array(found) if found.any() else None


def colours_in(path: Path, size: Size) -> NDArray[np.uint8]:
    """The red, green and blue of each pixel [H, W, 3]. Raises PictureError as `read_indexed` does."""
    with _opened(path, size) as image:
        return np.array(image.convert("RGB"))


def _is_white_on_black(pixels: NDArray[Any]) -> bool:
    """Whether all that is grey lies at the edge of something white; the numbers of objects do not."""
    if pixels.dtype != np.uint8 or not (pixels == _WHITE).any():
        return False
    near = cv2.dilate((pixels == _WHITE).astype(np.uint8), np.ones((5, 5), np.uint8))
    return not pixels[near == 0].any()


def _numbers(path: Path, size: Size) -> tuple[NDArray[Any], bool]:
    """The value of each pixel [H, W], and whether these are places in a palette."""
    with _opened(path, size) as image:
        if image.mode in ("1", "L", "P", "I;16", "I"):
            values = np.array(image)
            return (values.astype(np.uint8) if image.mode == "1" else values), image.mode == "P"
        pixels = np.array(image.convert("RGBA"))
    if (pixels[..., :1] == pixels[..., 1:3]).all():
        return pixels[..., 0] * (pixels[..., 3] > 0), False
    numbers = _numbers_of_voc(pixels[..., :3])
    if numbers is None:
        raise PictureError(f"{path.name} has colours, not the numbers of objects.")
    return numbers, True


@contextmanager
def _opened(path: Path, size: Size) -> Iterator[Image.Image]:
    try:
        with open_part(path.read_bytes(), "PNG")[0] as image:
            if image.size != (size.width, size.height):
                raise PictureError(f"{path.name} has another size than its picture.")
            yield image
    except (OSError, SyntaxError, ValueError) as error:
        raise PictureError(f"{path.name} cannot be read as a PNG file.") from error


def _moved(bits: Sequence[tuple[int, int]]) -> NDArray[np.uint8]:
    """Every byte with these of its bits moved from one place to another."""
    table = np.zeros(256, np.uint8)
    for source, target in bits:
        table |= (np.arange(256) >> source & 1).astype(np.uint8) << target
    return table


# The bits of a number are the highest of red, green and blue, then the next ones of these.
_BITS = [[(bit, 7 - bit // 3) for bit in range(band, 8, 3)] for band in range(3)]
_COLOURS = [_moved(bits) for bits in _BITS]
_NUMBERS = [_moved([(target, source) for source, target in bits]) for bits in _BITS]


def _numbers_of_voc(pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The numbers [H, W] of pixels [H, W, 3] in the colours that VOC has for them, as CVAT and datumaro
    write them; None where one has another colour.
    """
    bands = [np.ascontiguousarray(pixels[..., band]) for band in range(3)]
    red, green, blue = map(cv2.LUT, bands, _NUMBERS)
    numbers = np.asarray(red | green | blue, np.uint8)
    colours = (cv2.LUT(numbers, table) for table in _COLOURS)
    is_voc = all((colour == band).all() for colour, band in zip(colours, bands, strict=True))
    return numbers if is_voc else None
