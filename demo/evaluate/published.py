"""Results that others published on RegionDial-Bench, in percent by round (R1 … R7) and on average.

From the paper (arXiv 2602.03733); of two of its four tables only the first round of one model is known
here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Curve:
    """One model's results, percent."""

    model: str
    rounds: tuple[float, ...]
    average: float | None = None


AP_DATA = "RefCOCO+ multi-turn"
GIOU_DATA = "RefCOCOg multi-turn"

AP = (
    Curve("Qwen2-VL-7B", (6.2, 8.5, 6.5, 5.4, 7.5, 3.6, 3.5), 6.7),
    Curve("Qwen2.5-VL-7B", (65.5, 49.0, 48.1, 36.5, 30.0, 38.2, 25.9), 49.9),
    Curve("Seg-Zero-7B", (90.5, 71.2, 73.6, 59.6, 48.8, 58.2, 48.2), 73.1),
    Curve("VisionReasoner-7B", (88.3, 74.7, 75.8, 64.2, 56.3, 57.3, 47.0), 74.8),
    Curve("RegionReasoner-7B", (89.3, 83.2, 81.6, 69.6, 61.9, 69.1, 64.7), 80.7),
)
GIOU = (
    Curve("Qwen2-VL-7B", (8.5, 11.6, 8.8, 10.0, 7.0, 6.4, 4.4), 9.3),
    Curve("Qwen2.5-VL-7B", (53.8, 36.3, 35.5, 31.6, 37.3, 36.8, 28.6), 42.1),
    Curve("Seg-Zero-7B", (72.3, 52.3, 53.5, 55.4, 59.4, 59.5, 58.3), 60.5),
    Curve("SegLLM-7B", (68.9, 55.3, 50.5, 47.7, 47.3, 37.8, 25.4), 56.7),
    Curve("VisionReasoner-7B", (69.5, 52.7, 55.4, 56.0, 57.8, 64.1, 57.6), 59.9),
    Curve("RegionReasoner-7B", (73.9, 62.9, 60.7, 58.9, 64.4, 66.8, 63.3), 66.5),
)
# RegionReasoner-7B on the other data of each: the first round only.
AP_REFCOCOG = Curve("RegionReasoner-7B", (87.1,))
GIOU_REFCOCO_PLUS = Curve("RegionReasoner-7B", (76.4,))
