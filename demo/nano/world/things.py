"""How each of the twelve kinds looks, in each of its colours and variants."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from demo.nano.world.scene import COLOURS, Rgb
from demo.nano.world.shapes import Points, Sketch, dark, light, mix, ring, smooth

INK: Rgb = (46, 36, 48)
SKINS: tuple[Rgb, ...] = ((250, 212, 180), (233, 184, 142), (190, 132, 92), (130, 84, 58))
HAIRS: tuple[Rgb, ...] = ((58, 40, 34), (112, 66, 36), (214, 164, 84), (40, 36, 42))
TROUSERS: tuple[Rgb, ...] = ((72, 80, 104), (104, 98, 100))
GLASS: Rgb = (196, 226, 238)


def _face(s: Sketch, x: float, y: float, skin: Rgb) -> None:
    for side in (-1, 1):
        s.oval(x + 5 * side, y, 1.7, 2.1, INK, False)
        s.oval(x + 8 * side, y + 5, 2.6, 1.7, mix(skin, (238, 96, 92), 0.4), False)
    smile = [(x - 4, y + 5), (x - 2.4, y + 7), (x, y + 7.8), (x + 2.4, y + 7), (x + 4, y + 5)]
    s.curve(smile, 1.4, mix(skin, INK, 0.75), False)


def _man(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    skin, hair, wave = SKINS[look % 4], HAIRS[look // 4 % 4], look // 16 % 2
    legs = TROUSERS[look % 2]
    for side in (-1, 1):
        s.oval(50 + 9.5 * side, 98, 8, 4, (66, 50, 46))
        x0, x1 = 50 + 1.2 * side, 50 + 14.5 * side
        tone = dark(legs) if side > 0 else legs
        s.poly([(x0, 62), (x1 + side, 62), (x1, 97), (x0 + 2 * side, 97)], tone)
    s.bar(34, 40, 24, 62, 10, dark(rgb))
    s.oval(23, 66, 5, 5, skin)
    if wave:
        s.bar(66, 40, 80, 26, 10, dark(rgb))
        s.oval(83, 22, 5, 5, skin)
    else:
        s.bar(66, 40, 76, 62, 10, dark(rgb))
        s.oval(77, 66, 5, 5, skin)
    s.box(45, 26, 55, 38, dark(skin))
    s.blob([(38, 34), (50, 35), (62, 34), (70, 40), (67, 55), (67, 68), (50, 69), (33, 68),
            (33, 55), (30, 40)], rgb)  # fmt: skip
    s.poly([(44, 34), (56, 34), (50, 41)], skin, False)
    s.box(34, 64.5, 66, 68, mix(legs, INK, 0.5), False)
    s.oval(36.5, 19, 3, 4, skin)
    s.oval(63.5, 19, 3, 4, skin)
    s.oval(50, 18, 13.5, 15, skin)
    s.blob([(36.5, 15), (37, 6), (44, 1), (54, 0), (62, 5), (63.5, 15), (59, 10.5), (50, 10),
            (41, 10.5)], hair)  # fmt: skip
    _face(s, 50, 19, skin)
    if hat is not None:
        s.blob([(37, 9), (38, -4), (46, -9), (54, -9), (62, -4), (63, 9)], hat)
        s.bar(33, 9, 67, 9, 5, dark(hat))


def _woman(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    skin, hair, wave = SKINS[look % 4], HAIRS[look // 4 % 4], look // 16 % 2
    s.blob([(50, 1), (64, 6), (68, 20), (70, 36), (66, 46), (50, 42), (34, 46), (30, 36),
            (32, 20), (36, 6)], dark(hair))  # fmt: skip
    for side in (-1, 1):
        s.bar(50 + 7 * side, 74, 50 + 7 * side, 95, 6.5, skin)
        s.oval(50 + 8.5 * side, 98, 7, 3.6, dark(rgb))
    s.bar(38, 41, 25, 60, 6.5, skin)
    s.oval(24, 62, 4.2, 4.2, skin)
    if wave:
        s.bar(62, 41, 77, 28, 6.5, skin)
        s.oval(79, 26, 4.2, 4.2, skin)
    else:
        s.bar(62, 41, 75, 60, 6.5, skin)
        s.oval(76, 62, 4.2, 4.2, skin)
    s.box(46, 26, 54, 38, dark(skin))
    s.blob([(41, 35), (50, 38), (59, 35), (66, 41), (60, 51), (68, 66), (77, 83), (64, 86),
            (50, 87), (36, 86), (23, 83), (32, 66), (40, 51), (34, 41)], rgb)  # fmt: skip
    s.poly([(40.5, 50), (59.5, 50), (61, 54), (39, 54)], dark(rgb), False)
    s.curve([(27, 79), (40, 82), (60, 82), (73, 79)], 2.2, light(rgb), False)
    s.oval(50, 19, 13, 14.5, skin)
    s.blob([(50, 2), (62, 5), (66, 18), (65, 32), (61, 24), (60, 14), (52, 10), (42, 14),
            (39, 24), (35, 32), (34, 18), (38, 5)], hair)  # fmt: skip
    _face(s, 50, 20, skin)
    if hat is not None:
        s.blob([(37, 8), (39, -3), (50, -8), (61, -3), (63, 8)], hat)
        s.oval(50, 8, 23, 4, hat)
        s.curve([(38, 4.5), (50, 6), (62, 4.5)], 3, dark(hat), False)


def _dog(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    shade = dark(rgb)
    ear = mix(rgb, INK, 0.45) if sum(rgb) > 160 else mix(rgb, (255, 255, 255), 0.16)
    s.curve([(14, 38), (4, 28), (2, 12)], 9, rgb, end=5)
    s.bar(28, 54, 27, 82, 10, shade, end=8)
    s.bar(66, 54, 67, 82, 10, shade, end=8)
    s.blob([(8, 42), (16, 31), (36, 32), (56, 30), (72, 22), (84, 34), (80, 54), (66, 61),
            (44, 58), (24, 62), (11, 56)], rgb)  # fmt: skip
    s.bar(18, 54, 17, 83, 12, rgb, end=9)
    s.bar(76, 52, 77, 83, 11, rgb, end=9)
    s.oval(19, 85, 7, 4, light(rgb))
    s.oval(79, 85, 7, 4, light(rgb))
    s.blob([(48, 54), (62, 56), (70, 50), (60, 60), (46, 58)], light(rgb), False)
    s.oval(100, 25, 13, 8, light(rgb))
    s.oval(84, 19, 15, 15, rgb)
    s.oval(110.5, 20.5, 4.6, 4, INK)
    s.curve([(108, 28), (102, 30), (96, 28)], 1.8, mix(shade, INK, 0.6), False)
    s.oval(90, 15, 3.1, 3.6, (255, 255, 255), False)
    s.oval(91, 15.4, 2, 2.5, INK, False)
    s.blob([(73, 6), (80, 8), (82, 20), (79, 36), (71, 39), (67, 28), (69, 14)], ear)
    s.bar(72, 42, 88, 37, 4, (226, 190, 92) if look % 2 else (120, 170, 190), False)


def _cat(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    shade = mix(rgb, INK, 0.35) if sum(rgb) > 160 else mix(rgb, (255, 255, 255), 0.14)
    pale = light(light(rgb))
    s.curve([(64, 92), (88, 94), (100, 80), (98, 62), (86, 58), (84, 68)], 9, rgb, end=7)
    s.blob([(50, 36), (66, 48), (75, 74), (74, 94), (60, 99), (40, 99), (26, 94), (25, 74),
            (34, 48)], rgb)  # fmt: skip
    s.blob([(50, 46), (58, 54), (58, 72), (50, 78), (42, 72), (42, 54)], pale, False)
    for side in (-1, 1):
        s.curve([(50 + 20 * side, 70), (50 + 23 * side, 82), (50 + 14 * side, 95)], 2.2, shade,
                False)  # fmt: skip
        s.bar(50 + 8 * side, 66, 50 + 8.5 * side, 94, 10, rgb, False)
        s.bar(50 + 2.4 * side, 72, 50 + 2.4 * side, 94, 1.4, shade, False)
        s.oval(50 + 9 * side, 96, 7.5, 4.2, pale)
        s.poly([(50 + 24 * side, 24), (50 + 23 * side, -6), (50 + 4 * side, 11)], rgb)
        s.poly([(50 + 20.5 * side, 16), (50 + 20 * side, 1), (50 + 10 * side, 10)],
               (240, 170, 168), False)  # fmt: skip
    s.blob([(50, 8), (66, 11), (75, 26), (68, 40), (50, 45), (32, 40), (25, 26), (34, 11)], rgb)
    for x in (-6.0, 0.0, 6.0):
        s.bar(50 + x, 11, 50 + x * 0.8, 17, 2.4, shade, False)
    s.oval(50, 35, 10, 7, pale, False)
    for side in (-1, 1):
        s.oval(50 + 10.5 * side, 26, 4.6, 5, (188, 214, 92), False)
        s.oval(50 + 10.5 * side, 26, 1.8, 4.4, INK, False)
        s.bar(50 + 9 * side, 35, 50 + 22 * side, 33, 1.0, mix(shade, INK, 0.4), False)
        s.bar(50 + 9 * side, 37, 50 + 21 * side, 38, 1.0, mix(shade, INK, 0.4), False)
    s.poly([(46.5, 31), (53.5, 31), (50, 35)], (226, 110, 116), False)
    s.curve([(45, 37), (50, 38.5), (55, 37)], 1.4, INK, False)


def _bird(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    beak = (92, 78, 74) if rgb in (COLOURS["orange"], COLOURS["yellow"]) else (248, 164, 36)
    shade, pale = dark(dark(rgb)), light(light(rgb))
    if rgb == COLOURS["black"]:
        shade = mix(rgb, (255, 255, 255), 0.2)
    if look % 2 == 0:  # flying
        s.blob([(54, 46), (60, 20), (76, 2), (82, 10), (78, 30), (72, 48)], shade)
        s.poly([(22, 50), (-8, 42), (-2, 51), (-9, 60), (24, 58)], shade)
        s.blob([(14, 53), (36, 43), (62, 40), (84, 46), (80, 60), (56, 68), (32, 64)], rgb)
        s.blob([(40, 62), (60, 60), (78, 58), (60, 67)], pale, False)
        s.oval(85, 45, 12.5, 12, rgb)
        s.poly([(95, 40), (111, 47), (95, 51)], beak)
        s.oval(89, 42, 3.1, 3.4, (255, 255, 255), False)
        s.oval(89.8, 42.3, 1.9, 2.4, INK, False)
        s.blob([(62, 50), (54, 30), (38, 10), (18, -6), (20, 8), (12, 10), (20, 22), (16, 28),
                (28, 38), (38, 52), (52, 58)], rgb)  # fmt: skip
        s.blob([(58, 48), (48, 34), (36, 22), (38, 36), (50, 50)], shade, False)
        return
    s.bar(48, 68, 47, 92, 3.6, beak)
    s.bar(58, 68, 58, 92, 3.6, beak)
    s.bar(44, 93, 54, 93, 3.4, beak)
    s.bar(55, 93, 66, 93, 3.4, beak)
    s.poly([(30, 46), (-4, 60), (0, 68), (34, 64)], shade)
    s.blob([(20, 54), (36, 38), (58, 30), (80, 36), (82, 54), (66, 72), (42, 72)], rgb)
    s.blob([(58, 66), (74, 56), (79, 44), (83, 54), (68, 71), (50, 71)], pale, False)
    s.oval(72, 25, 16.5, 16, rgb)
    s.poly([(86, 18), (107, 26), (86, 32)], beak)
    s.oval(77, 21, 4.0, 4.5, (255, 255, 255), False)
    s.oval(78, 21.4, 2.6, 3.2, INK, False)
    s.blob([(62, 44), (64, 56), (48, 64), (24, 60), (34, 50), (46, 40)], shade, False)


def _car(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    shade, glass = dark(rgb), GLASS
    if look % 3 == 0:  # saloon
        s.blob([(18, 24), (24, 14), (32, 4), (48, 1), (62, 3), (74, 14), (84, 24)], rgb)
        s.poly([(28, 20), (35, 7), (48, 5.5), (48, 20)], glass, False)
        s.poly([(52, 5.5), (60, 7), (72, 20), (52, 20)], glass, False)
    elif look % 3 == 1:  # hatchback
        s.blob([(8, 26), (10, 10), (20, 1), (42, 0), (58, 2), (72, 14), (82, 25)], rgb)
        s.poly([(15, 19), (19, 6), (38, 4.5), (38, 19)], glass, False)
        s.poly([(42, 4.5), (56, 6), (69, 19), (42, 19)], glass, False)
    else:  # van
        s.box(3, -8, 74, 30, rgb, r=6)
        s.poly([(64, -8), (74, -6), (90, 20), (64, 24)], rgb)
        for x in (9, 29, 49):
            s.box(x, -3, x + 16, 13, glass, False, r=2)
        s.poly([(69, -3), (73, -3), (84, 15), (69, 15)], glass, False)
    s.poly(smooth([(1, 30), (5, 21), (30, 19), (60, 19), (84, 21), (97, 25), (100, 34), (97, 42),
                    (50, 43), (4, 42)]), rgb)  # fmt: skip
    s.poly([(2, 37), (98, 37), (97, 42), (4, 42)], shade, False)
    s.bar(50, 21, 50, 37, 1.2, shade, False)
    s.bar(54, 26, 59, 26, 2, shade, False)
    s.oval(95.5, 28, 3.2, 3.4, (255, 238, 160), False)
    s.oval(3.6, 28, 2.2, 3, (236, 92, 70), False)
    for x in (24, 77):
        s.oval(x, 42, 11, 11, (48, 46, 54))
        s.oval(x, 42, 5.6, 5.6, (206, 208, 212), False)
        s.oval(x, 42, 2, 2, (120, 122, 130), False)


def _boat(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    wood = (112, 78, 56) if rgb != COLOURS["brown"] else (80, 52, 40)
    s.bar(48, 0, 48, 80, 3.6, wood)
    s.poly([*smooth([(52, 6), (70, 30), (84, 54), (90, 69)], False).tolist(), (52, 70)], rgb)
    s.poly([(44, 12), (44, 70), (12, 70), (28, 44)], light(rgb))
    for y, x in ((30.0, 67.0), (50.0, 79.0)):
        s.bar(53, y, x, y, 1.3, dark(rgb), False)
    s.poly([(2, 76), (98, 76), (93, 88), (84, 99), (18, 99), (8, 88)], rgb)
    s.poly([(3, 79), (97, 79), (95.5, 83.5), (5, 83.5)], mix(rgb, (255, 255, 255), 0.75), False)
    s.poly([(11, 92), (90, 92), (84, 99), (18, 99)], dark(rgb), False)
    if look % 2:
        s.poly([(49, 0), (62, 3.5), (49, 8)], dark(rgb))


def _tree(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    bark: Rgb = (120, 82, 56)
    shade, pale = dark(rgb), light(rgb)
    if look % 3 == 2:  # a fir
        s.poly([(45, 84), (55, 84), (58, 104), (42, 104)], bark)
        for k, (top, foot, half) in enumerate(((44, 90, 38), (22, 66, 31), (0, 42, 23))):
            s.poly([(50, top), (50 + half, foot), (50 + half * 0.4, foot - 3), (50, foot + 1),
                    (50 - half * 0.4, foot - 3), (50 - half, foot)],
                   mix(shade, rgb, k / 2))  # fmt: skip
            s.poly([(50, top + 4), (50 - half * 0.78, foot - 3), (50 - half * 0.3, foot - 6)],
                   mix(pale, rgb, 0.2), False)  # fmt: skip
        return
    s.poly([(44, 58), (56, 58), (57, 92), (64, 104), (36, 104), (43, 92)], bark)
    s.poly([(52, 60), (56, 60), (57, 92), (64, 104), (54, 104)], dark(bark), False)
    if look % 3 == 0:  # round
        clumps = ((24, 50, 22, 19), (76, 50, 22, 19), (30, 27, 24, 22), (70, 27, 24, 22),
                  (50, 17, 24, 18), (50, 48, 30, 24))  # fmt: skip
    else:  # tall
        clumps = ((32, 58, 18, 16), (68, 58, 18, 16), (34, 38, 20, 20), (66, 38, 20, 20),
                  (50, 18, 22, 22), (50, 50, 24, 24))  # fmt: skip
    for x, y, rx, ry in clumps:
        s.oval(x, y, rx, ry, shade)
    for x, y, rx, ry in clumps:
        s.oval(x - 1.5, y - 3, rx * 0.92, ry * 0.86, rgb, False)
    for x, y, rx, ry in clumps[2:5]:
        s.oval(x - 4, y - 7, rx * 0.5, ry * 0.4, pale, False)
    for x, y in ((38, 46), (62, 42), (50, 58), (70, 56), (30, 58)):
        s.curve([(x - 5, y), (x, y + 3), (x + 5, y)], 1.6, shade, False)


def _pane(s: Sketch, x: float, y: float, r: float) -> None:
    s.box(x - r - 2, y - r - 2, x + r + 2, y + r + 2, (250, 246, 236), False)
    s.box(x - r, y - r, x + r, y + r, (255, 226, 142), False)
    s.bar(x, y - r, x, y + r, 1.6, (250, 246, 236), False)
    s.bar(x - r, y, x + r, y, 1.6, (250, 246, 236), False)
    s.box(x - r - 3, y + r + 1, x + r + 3, y + r + 4, (150, 134, 128), False)


def _house(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    roof = (92, 84, 100) if look // 2 % 2 or rgb == COLOURS["brown"] else (128, 92, 80)
    door: Rgb = (102, 70, 58) if rgb != COLOURS["brown"] else (226, 206, 170)
    if look % 2 == 0:  # a gable
        s.box(70, 8, 81, 34, (150, 128, 118))
        s.box(68, 5, 83, 11, dark((150, 128, 118)))
        s.poly([(10, 40), (50, 6), (90, 40), (90, 104), (10, 104)], rgb)
        s.poly([(50, -2), (104, 42), (97, 50), (50, 11), (3, 50), (-4, 42)], roof)
        s.oval(50, 34, 7, 7, (250, 246, 236), False)
        s.oval(50, 34, 5, 5, (255, 226, 142), False)
        s.box(41, 70, 59, 104, door, False, r=2)
        s.oval(55.5, 88, 1.6, 1.6, (250, 220, 130), False)
        _pane(s, 25.5, 66, 6.5)
        _pane(s, 74.5, 66, 6.5)
        s.box(10, 99, 90, 104, dark(rgb), False)
        s.box(39, 101, 61, 104, (172, 160, 152), False)
        return
    s.box(18, 6, 29, 30, (150, 128, 118))
    s.box(16, 3, 31, 9, dark((150, 128, 118)))
    s.box(4, 36, 116, 96, rgb)
    s.poly([(-4, 40), (14, 12), (106, 12), (124, 40)], roof)
    for y in (21.0, 30.0):
        s.bar(12 - (y - 20) * 0.6, y, 108 + (y - 20) * 0.6, y, 1.4, dark(roof), False)
    s.box(4, 40, 116, 44, dark(rgb), False)
    s.box(50, 62, 70, 96, door, False, r=2)
    s.oval(66, 80, 1.8, 1.8, (250, 220, 130), False)
    _pane(s, 27, 66, 8)
    _pane(s, 93, 66, 8)
    s.box(4, 91, 116, 96, dark(rgb), False)
    s.box(48, 93, 72, 96, (172, 160, 152), False)


def _bench(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    iron: Rgb = (74, 72, 82)
    for x in (14, 86):
        s.box(x - 3, 0, x + 3, 58, iron)
    for y in (2, 14, 26):
        s.box(1, y, 99, y + 9.5, rgb, r=2.5)
        s.box(3, y + 6.5, 97, y + 9, dark(rgb), False)
    for x in (8, 92):
        s.bar(x, 44, x, 62, 6, iron)
        s.bar(x, 27, x, 40, 4, iron)
        s.bar(x - 5, 27, x + 5, 27, 5, dark(rgb))
    s.box(-4, 38, 104, 48, rgb, r=3)
    s.box(-2, 44.5, 102, 47.5, dark(rgb), False)


def _ball(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    stripe = mix(rgb, (255, 255, 255), 0.8) if rgb != COLOURS["white"] else (196, 204, 216)
    s.oval(50, 50, 50, 50, dark(rgb))
    s.oval(47, 47, 46, 46, rgb, False)
    if look % 2 == 0:
        s.curve([(13, 22), (36, 34), (62, 34), (88, 20)], 7, stripe, False)
        s.curve([(4, 60), (34, 76), (68, 75), (97, 58)], 7, stripe, False)
    else:
        star = ring(10) * np.where(np.arange(10) % 2, 11.0, 27.0)[:, None]
        s.poly(np.stack([star[:, 1], -star[:, 0]], axis=1) + np.array((50, 52)), stripe, False)
    s.oval(32, 24, 10, 7, mix(rgb, (255, 255, 255), 0.6), False)


def _kite(s: Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    shade, pale = dark(rgb), light(rgb)
    spar = mix(shade, INK, 0.5)
    s.curve([(50, 94), (43, 106), (54, 118), (44, 130), (52, 142)], 3.4, spar)
    for x, y in ((46, 108), (52, 121), (46, 134)):
        s.poly([(x - 11, y - 5), (x + 11, y + 5), (x + 11, y - 5), (x - 11, y + 5)], rgb)
    s.poly([(50, 0), (90, 40), (50, 100), (10, 40)], rgb)
    s.poly([(50, 0), (90, 40), (50, 40)], pale, False)
    s.poly([(10, 40), (50, 40), (50, 100)], shade, False)
    s.bar(50, 2, 50, 98, 2.2, spar, False)
    s.bar(12, 40, 88, 40, 2.2, spar, False)


_Painter = Callable[[Sketch, Rgb, Rgb | None, int], None]
_PAINTERS: dict[str, _Painter] = {
    "man": _man, "woman": _woman, "dog": _dog, "cat": _cat, "bird": _bird, "car": _car,
    "boat": _boat, "tree": _tree, "house": _house, "bench": _bench, "ball": _ball, "kite": _kite,
}  # fmt: skip
LOOKS: dict[str, int] = {
    "man": 32, "woman": 32, "dog": 2, "cat": 1, "bird": 2, "car": 3,
    "boat": 2, "tree": 3, "house": 4, "bench": 1, "ball": 2, "kite": 1,
}  # fmt: skip
_TILT = {"kite": 0.42}


@dataclass(frozen=True)
class Figure:
    """A painted kind: all its points in the unit box, cut into coloured parts."""

    ratio: float  # natural width / height
    points: Points
    cuts: tuple[tuple[int, int, Rgb, bool], ...]
    ink: Rgb


def _dusky(rgb: Rgb) -> Rgb:
    return (round(rgb[0] * 0.97), round(rgb[1] * 0.92), round(rgb[2] * 0.94))


@lru_cache(maxsize=4096)
def figure(kind: str, colour: str, hat: str | None, look: int, time: str) -> Figure:
    """A kind in a colour, with a hat or none, as one of its LOOKS variants, by day or dusk."""
    s = Sketch()
    rgb = COLOURS[colour]
    _PAINTERS[kind](s, rgb, COLOURS[hat] if hat else None, look)
    points = np.concatenate([p for p, _, _ in s.parts])
    tilt = _TILT.get(kind, 0.0)
    if tilt:
        c, d = math.cos(tilt), math.sin(tilt)
        points = points @ np.array([(c, d), (-d, c)])
    low = points.min(axis=0)
    size = points.max(axis=0) - low
    cuts: list[tuple[int, int, Rgb, bool]] = []
    at = 0
    for p, tone, edge in s.parts:
        cuts.append((at, at + len(p), _dusky(tone) if time == "dusk" else tone, edge))
        at += len(p)
    ink = mix(rgb, INK, 0.72) if colour != "black" else (18, 16, 24)
    return Figure(float(size[0] / size[1]), (points - low) / size, tuple(cuts), ink)
