"""Small things are segmented in a window of the picture around them, where they are as large as others.

A network sees every picture in one size and answers in a coarser one (SAM 2: 256 pixels at a side), in
which of a thing of 20 pixels in a large picture hardly anything is left. The windows lie on a grid, so
that things that are close to each other share one, and what a mask is does not depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.segmenters.base import MaskPrompt

MAX_WINDOWS = 4  # at once, besides the whole picture: each costs an encoding
_ROOM = 4  # a window's sides are at least so many times those of the box
_MAX_HALVINGS = 6
_MIN_SIDE = 64  # pixels


def by_window(prompts: Sequence[MaskPrompt], size: Size) -> dict[PictureBox, list[int]]:
    """The places of the prompts by their windows, in picture pixels; for most things the whole picture.

    Where there would be too many windows, the smallest are made larger until enough things share one.
    """
    halvings = [_MAX_HALVINGS] * len(prompts)
    while True:
        found: dict[PictureBox, list[int]] = {}
        for place, prompt in enumerate(prompts):
            halvings[place], window = _window(prompt, size, halvings[place])
            found.setdefault(window, []).append(place)
        if sum(window.width < size.width for window in found) <= MAX_WINDOWS:
            return found
        most = max(halvings)
        halvings = [min(each, most - 1) for each in halvings]


def moved(prompt: MaskPrompt, window: PictureBox) -> MaskPrompt:
    """A prompt in the pixels of a window around it."""
    box, dx, dy = prompt.box, window.x1, window.y1
    return MaskPrompt(
        box and PictureBox(box.x1 - dx, box.y1 - dy, box.x2 - dx, box.y2 - dy),
        prompt.point and PicturePoint(prompt.point.x - dx, prompt.point.y - dy),
        tuple(
            replace(click, point=PicturePoint(click.point.x - dx, click.point.y - dy))
            for click in prompt.clicks
        ),
    )


def _window(prompt: MaskPrompt, size: Size, most: int) -> tuple[int, PictureBox]:
    """The smallest window with room around a box and its points, and how often it halves the picture."""
    points = (*prompt.on_it, *prompt.beside_it)
    for halvings in range(most, 0, -1):
        if (box := prompt.box) is None or not box.is_inside(size):
            break
        width, height = size.width >> halvings, size.height >> halvings
        if (
            min(width, height) < _MIN_SIDE
            or _ROOM * max(box.width / width, box.height / height) > 1
        ):
            continue
        left = _start((box.x1 + box.x2) / 2, width, size.width)
        top = _start((box.y1 + box.y2) / 2, height, size.height)
        window = PictureBox(left, top, left + width, top + height)
        if all(point.is_inside(window) for point in points):
            return halvings, window
    return 0, PictureBox.whole(size)


def _start(middle: float, side: int, of: int) -> int:
    """Where a window with that middle begins, on a grid of half of its side."""
    step = side / 2
    return min(max(round(round((middle - side / 2) / step) * step), 0), of - side)
