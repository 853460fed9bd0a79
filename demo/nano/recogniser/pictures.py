"""Pictures that the recogniser learns to tell apart: scenes of nano's world, and everything else.

Scenes are drawn here. Other pictures are read from a folder that has a folder for each source (photographs
cannot be shipped), or generated here, among them worlds that look much like nano's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.errors import PictureError
from demo.models.drawn_world import Pixels
from demo.nano.lessons.augment import compress
from demo.nano.world.drawing import draw
from demo.nano.world.layout import sample_scene
from demo.picture.picture import open_picture

MAX_SIDE = 240  # pixels of a foreign picture in memory
Rng = np.random.Generator


# Drawn scenes -------------------------------------------------------------------------------------


def draw_scene(rng: Rng, least: int = 160, most: int = 360) -> Pixels:
    """A random scene, ``least`` to ``most`` pixels on its long side; a third have another shape."""
    scene = sample_scene(rng)
    width, height = scene.aspect
    long = float(np.exp(rng.uniform(np.log(least), np.log(most))))
    if rng.random() < 0.33:
        ratio = float(np.exp(rng.uniform(-0.9, 0.9)))
        width, height = round(1000 * min(1.0, ratio)), round(1000 * min(1.0, 1 / ratio))
    scale = long / max(width, height)
    image: Pixels = draw(scene, round(width * scale), round(height * scale)).image
    return image


def augment(rng: Rng, image: Pixels) -> Pixels:
    """The picture with random changes: cropped a little, darker or brighter, blurred, as a JPEG."""
    height, width = image.shape[:2]
    if rng.random() < 0.3:
        x0, x1 = (rng.uniform(0, 0.1, 2) * width).astype(int)
        y0, y1 = (rng.uniform(0, 0.1, 2) * height).astype(int)
        image = image[y0 : height - y1, x0 : width - x1]
    if rng.random() < 0.6:
        image = change_light(rng, image)
    if rng.random() < 0.15:
        image = _blurred(rng, image)
    if rng.random() < 0.5:
        image = compress(image, int(rng.integers(25, 96)))
    return image


def change_light(rng: Rng, image: Pixels) -> Pixels:
    """The picture in another light: gain 0.4 to 1.8, gamma 0.6 to 1.7, and a slight tint."""
    gain = np.exp(rng.uniform(np.log(0.4), np.log(1.8))) * np.exp(rng.normal(0, 0.04, 3))
    gamma = float(np.exp(rng.uniform(np.log(0.6), np.log(1.7))))
    levels = 255 * gain * (np.arange(256)[:, None] / 255) ** gamma + rng.uniform(-12, 12)
    table = _bytes(levels)
    return np.stack([table[:, c][image[:, :, c]] for c in range(3)], axis=2)


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(values, 0, 255), dtype=np.uint8)


def _blurred(rng: Rng, image: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 2.0)), dtype=np.uint8)


# Generated pictures that are not of the world ---------------------------------------------------------


def _tone(rng: Rng) -> list[int]:
    return [int(v) for v in rng.integers(0, 256, 3)]


def _size(rng: Rng) -> tuple[int, int]:
    return int(rng.integers(100, 260)), int(rng.integers(100, 260))


def _bands(rng: Rng) -> Pixels:
    """One colour, or a gradient of a few, vertical or slanted."""
    height, width = _size(rng)
    tones = rng.integers(0, 256, (int(rng.integers(1, 5)), 3))
    slope = 0.0 if rng.random() < 0.6 else float(rng.uniform(-1, 1))
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    place = np.clip(y + slope * (x - 0.5), 0, 1) * max(1, len(tones) - 1)
    runs = [np.interp(place, np.arange(len(tones)), tones[:, c]) for c in range(3)]
    return np.stack(runs, axis=2).astype(np.uint8)


def _noise(rng: Rng) -> Pixels:
    """Noise from fine to cloudy, coloured or grey."""
    height, width = _size(rng)
    grain = float(np.exp(rng.uniform(0, np.log(60))))
    rough = rng.random((max(2, round(height / grain)), max(2, round(width / grain)), 3))
    smooth = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.3:
        smooth = smooth.mean(axis=2, keepdims=True).repeat(3, axis=2)
    low, high = np.sort(rng.integers(0, 256, (2, 3)), axis=0)
    return _bytes(low + smooth * (high - low))


def _shapes(rng: Rng) -> Pixels:
    """Flat shapes, some outlined, on a sky and hills of any colours: another cartoon."""
    canvas = _bands(rng)
    if rng.random() < 0.6:
        _hills(rng, canvas)
    for _ in range(int(rng.integers(1, 14))):
        _shape(rng, canvas)
    return canvas


def _hills(rng: Rng, canvas: Pixels) -> None:
    height, width = canvas.shape[:2]
    x = np.linspace(0, width, 40)
    for top in np.sort(rng.uniform(0.2, 0.9, int(rng.integers(1, 4)))):
        roll = 0.06 * np.sin(x / width * rng.uniform(2, 14) + rng.uniform(0, 6))
        edge = np.stack([x, (top + roll) * height], axis=1)
        outline = np.concatenate([edge, [(width, height), (0, height)]]).astype(np.int32)
        cv2.fillPoly(canvas, [outline], _tone(rng), cv2.LINE_AA)


def _shape(rng: Rng, canvas: Pixels) -> None:
    height, width = canvas.shape[:2]
    centre = rng.random(2) * (width, height)
    size = np.exp(rng.uniform(np.log(0.03), np.log(0.35))) * min(width, height)
    if rng.random() < 0.4:
        angles, reach = np.linspace(0, 2 * np.pi, 24, endpoint=False), np.ones(24)
    else:
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
        reach = rng.uniform(0.4, 1.2, len(angles))
    rim = np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, None] * size
    points = (centre + rim * rng.uniform(0.4, 1.2, 2)).astype(np.int32)
    cv2.fillPoly(canvas, [points], _tone(rng), cv2.LINE_AA)
    if rng.random() < 0.5:
        ink = [v // 4 for v in _tone(rng)]
        cv2.polylines(canvas, [points], True, ink, int(rng.integers(1, 4)), cv2.LINE_AA)


def _page(rng: Rng) -> Pixels:
    """A page or a screen: panels, lines of letters, buttons."""
    height, width = _size(rng)
    dark = rng.random() < 0.3
    paper, ink = (rng.integers(0, 60), 220) if dark else (rng.integers(225, 256), 40)
    canvas: Pixels = np.full((height, width, 3), paper, dtype=np.uint8)
    for _ in range(int(rng.integers(0, 6))):
        x, y = (int(v) for v in rng.random(2) * (width, height))
        end = (x + int(rng.integers(20, 200)), y + int(rng.integers(8, 120)))
        cv2.rectangle(canvas, (x, y), end, _tone(rng), int(rng.choice((-1, 1))))
    step = int(rng.integers(9, 26))
    for y in range(step, height, step):
        count = int(rng.integers(0, width // 7))
        text = "".join(chr(int(c)) for c in rng.integers(48, 122, count))
        cv2.putText(canvas, text, (int(rng.integers(2, 30)), y), cv2.FONT_HERSHEY_SIMPLEX,
                    step / 45, (ink, ink, ink), 1, cv2.LINE_AA)  # fmt: skip
    return canvas


def _chart(rng: Rng) -> Pixels:
    """Lines, bars or dots on white."""
    height, width = _size(rng)
    canvas: Pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    cv2.rectangle(canvas, (25, 10), (width - 10, height - 20), (60, 60, 60), 1)
    for _ in range(int(rng.integers(1, 5))):
        count, tone = int(rng.integers(4, 40)), _tone(rng)
        x = np.linspace(28, width - 14, count).astype(int)
        y = (rng.uniform(0.1, 0.9) + 0.1 * rng.normal(size=count).cumsum()) * height
        y = np.clip(y, 12, height - 22).astype(int)
        kind = rng.integers(3)
        if kind == 0:
            cv2.polylines(
                canvas, [np.stack([x, y], 1).astype(np.int32)], False, tone, 1, cv2.LINE_AA
            )
        for a, b in zip(x.tolist(), y.tolist(), strict=True):
            if kind == 1:
                cv2.rectangle(
                    canvas, (a, b), (a + max(2, width // count // 2), height - 20), tone, -1
                )
            elif kind == 2:
                cv2.circle(canvas, (a, b), int(rng.integers(1, 6)), tone, -1, cv2.LINE_AA)
    return canvas


def _shuffled(rng: Rng) -> Pixels:
    """A scene of the world cut into shuffled tiles, or rotated: its look without its order."""
    image = draw_scene(rng)
    if rng.random() < 0.3:
        return np.ascontiguousarray(np.rot90(image, int(rng.integers(1, 4))))
    across = int(rng.integers(3, 6))  # of four pieces, one order in 24 would be the scene itself
    height, width = (s // across for s in image.shape[:2])
    tiles = [
        image[r * height : (r + 1) * height, c * width : (c + 1) * width]
        for r in range(across)
        for c in range(across)
    ]
    order = rng.permutation(len(tiles))
    rows = [
        np.concatenate([tiles[i] for i in order[r * across : (r + 1) * across]], axis=1)
        for r in range(across)
    ]
    return np.concatenate(rows)


GENERATORS: Mapping[str, Callable[[Rng], Pixels]] = {
    "bands": _bands, "noise": _noise, "shapes": _shapes, "page": _page, "chart": _chart,
    "shuffled": _shuffled,
}  # fmt: skip


# Foreign pictures -----------------------------------------------------------------------------------


def files_by_source(folder: Path) -> dict[str, list[Path]]:
    """The files of each source, by its name; the sources are the folders in ``folder``."""
    inner = sorted(p for p in folder.iterdir() if p.is_dir())
    return {p.name: sorted(f for f in p.rglob("*") if f.is_file()) for p in inner}


def pictures_by_source(folder: Path) -> dict[str, list[Pixels]]:
    """The pictures of each source; files that are no pictures are skipped."""
    return {name: read_pictures(paths) for name, paths in files_by_source(folder).items()}


def read_pictures(paths: Sequence[Path]) -> list[Pixels]:
    """The pictures among the files, scaled to at most `MAX_SIDE` pixels."""
    pictures = []
    for path in paths:
        try:
            image = Image.fromarray(open_picture(path).pixels)
        except PictureError:
            continue
        image.thumbnail((MAX_SIDE, MAX_SIDE))
        pictures.append(np.asarray(image))
    return pictures


def foreign_picture(rng: Rng, sources: Sequence[Sequence[Pixels]], scene: Pixels) -> Pixels:
    """A picture that is not of the world: mostly from ``sources``, else generated; some are given the
    colours of ``scene``.
    """
    if not sources or rng.random() < 0.3:
        return list(GENERATORS.values())[int(rng.integers(len(GENERATORS)))](rng)
    counts = np.array([len(pictures) for pictures in sources]) ** 0.5
    source = sources[int(rng.choice(len(sources), p=counts / counts.sum()))]
    image = _cut(rng, source[int(rng.integers(len(source)))])
    kind = rng.random()
    if kind < 0.12:
        return _flattened(rng, image)
    if kind < 0.3:
        image = _recoloured(image, scene)
        return _flattened(rng, image) if rng.random() < 0.4 else image
    if kind < 0.36:
        return _collage(rng, image)
    return image


def _cut(rng: Rng, image: Pixels) -> Pixels:
    """A crop of at least half the width and height, perhaps mirrored."""
    height, width = image.shape[:2]
    share = rng.uniform(0.5, 1.0, 2) if rng.random() < 0.6 else np.ones(2)
    h, w = max(8, int(height * share[0])), max(8, int(width * share[1]))
    y, x = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    image = image[y : y + h, x : x + w]
    return np.ascontiguousarray(image[:, ::-1] if rng.random() < 0.5 else image)


def _flattened(rng: Rng, image: Pixels) -> Pixels:
    """The picture in a few flat colours, as if drawn."""
    smooth = cv2.medianBlur(image, int(rng.choice((3, 5, 7, 9))))
    levels = int(rng.integers(3, 10))
    return np.asarray((smooth // (256 // levels)) * (256 // levels) + 128 // levels, dtype=np.uint8)


def _recoloured(image: Pixels, scene: Pixels) -> Pixels:
    """The picture in the colours of a scene: each row gets the mean and spread of the scene's row."""
    rows = cv2.resize(scene, (64, image.shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32)
    values = image.astype(np.float32)
    mean, spread = values.mean((0, 1)), values.std((0, 1)) + 1
    dressed = (values - mean) / spread * rows.std((0, 1)) * 0.7 + rows.mean(1, keepdims=True)
    return _bytes(dressed)


def _collage(rng: Rng, image: Pixels) -> Pixels:
    """The picture, small, on a cartoon that is not the world's."""
    canvas = _shapes(rng)
    height, width = (int(s * rng.uniform(0.3, 0.7)) for s in canvas.shape[:2])
    y, x = int(rng.integers(canvas.shape[0] - height)), int(rng.integers(canvas.shape[1] - width))
    canvas[y : y + height, x : x + width] = cv2.resize(image, (width, height))
    return canvas
