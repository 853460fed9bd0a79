"""Published results on RegionDial-Bench, in percent by round (R1 … R7) and on average.

From the paper (arXiv 2602.03733), tables 1 and 2, on both data sets. A file is recognised as one of them by
its name or by its number of dialogues and rounds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Curve:
    """One model's results, percent."""

    model: str
    rounds: tuple[float, ...]
    average: float


@dataclass(frozen=True, slots=True)
class DataSet:
    """Published results on one set of dialogues.

    ``dialogues`` and ``rounds`` count those of the file that the authors released, ``paper_rounds`` is the
    count in the paper's table 6. ``file`` matches the names under which the file is known.
    """

    name: str
    file: re.Pattern[str]
    dialogues: int
    rounds: int
    paper_rounds: int
    ap: tuple[Curve, ...]
    giou: tuple[Curve, ...]


def data_set_of(file: str, dialogues: int, rounds: int) -> DataSet | None:
    """The data set of a file with that name, or with those numbers; None for any other file."""
    for one in DATA_SETS:
        if one.file.search(file) or (dialogues, rounds) == (one.dialogues, one.rounds):
            return one
    return None


REFCOCO_PLUS = DataSet(
    "RefCOCO+ multi-turn",
    re.compile(r"refcoco(plus|\+|_plus)_(multi|questions?\b)", re.IGNORECASE),
    dialogues=715,
    rounds=2289,
    paper_rounds=2355,
    ap=(
        Curve("Qwen2-VL-7B", (6.2, 8.5, 6.5, 5.4, 7.5, 3.6, 3.5), 6.7),
        Curve("Qwen2.5-VL-7B", (65.5, 49.0, 48.1, 36.5, 30.0, 38.2, 25.9), 49.9),
        Curve("Seg-Zero-7B", (90.5, 71.2, 73.6, 59.6, 48.8, 58.2, 48.2), 73.1),
        Curve("VisionReasoner-7B", (88.3, 74.7, 75.8, 64.2, 56.3, 57.3, 47.0), 74.8),
        Curve("RegionReasoner-7B", (89.3, 83.2, 81.6, 69.6, 61.9, 69.1, 64.7), 80.7),
    ),
    giou=(
        Curve("Qwen2-VL-7B", (12.2, 9.0, 6.5, 5.3, 6.3, 6.3, 9.5), 9.4),
        Curve("Qwen2.5-VL-7B", (56.5, 43.3, 41.4, 34.5, 23.4, 33.6, 24.9), 43.6),
        Curve("Seg-Zero-7B", (78.6, 62.8, 64.0, 51.6, 42.4, 50.8, 46.7), 64.0),
        Curve("SegLLM-7B", (71.1, 71.7, 70.4, 58.7, 41.9, 39.2, 30.3), 60.7),
        Curve("VisionReasoner-7B", (75.6, 65.0, 65.9, 54.9, 46.6, 48.9, 40.8), 64.3),
        Curve("RegionReasoner-7B", (76.4, 73.1, 72.0, 58.8, 51.3, 59.4, 54.6), 69.6),
    ),
)
REFCOCOG = DataSet(
    "RefCOCOg multi-turn",
    re.compile(r"refcocog_(multi|questions?\b)", re.IGNORECASE),
    dialogues=1580,
    rounds=4115,
    paper_rounds=4405,
    ap=(
        Curve("Qwen2-VL-7B", (7.8, 6.2, 3.5, 3.5, 5.6, 4.0, 5.0), 6.1),
        Curve("Qwen2.5-VL-7B", (63.9, 43.7, 39.0, 37.9, 42.2, 43.2, 33.8), 49.7),
        Curve("Seg-Zero-7B", (85.3, 61.8, 61.6, 64.8, 70.0, 69.6, 68.8), 71.1),
        Curve("VisionReasoner-7B", (85.0, 65.8, 66.8, 69.3, 68.3, 75.2, 72.5), 73.6),
        Curve("RegionReasoner-7B", (87.1, 73.7, 71.8, 68.6, 75.0, 78.4, 75.0), 78.2),
    ),
    giou=(
        Curve("Qwen2-VL-7B", (8.5, 11.6, 8.8, 10.0, 7.0, 6.4, 4.4), 9.3),
        Curve("Qwen2.5-VL-7B", (53.8, 36.3, 35.5, 31.6, 37.3, 36.8, 28.6), 42.1),
        Curve("Seg-Zero-7B", (72.3, 52.3, 53.5, 55.4, 59.4, 59.5, 58.3), 60.5),
        Curve("SegLLM-7B", (68.9, 55.3, 50.5, 47.7, 47.3, 37.8, 25.4), 56.7),
        Curve("VisionReasoner-7B", (69.5, 52.7, 55.4, 56.0, 57.8, 64.1, 57.6), 59.9),
        Curve("RegionReasoner-7B", (73.9, 62.9, 60.7, 58.9, 64.4, 66.8, 63.3), 66.5),
    ),
)
DATA_SETS = (REFCOCO_PLUS, REFCOCOG)
