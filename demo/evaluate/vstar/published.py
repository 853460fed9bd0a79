"""Published results on V*, in percent, with the protocol by which each was measured as far as it is known.

The same model differs by up to eight points between papers.
"""

from __future__ import annotations

from dataclasses import dataclass

QUESTIONS = {"direct_attributes": 115, "relative_position": 76}

OFFICIAL = "likelihood, as V*'s authors"
_UNKNOWN = "not stated here"


@dataclass(frozen=True, slots=True)
class Result:
    """One model's results, percent; None where only the one over all questions is known."""

    model: str
    source: str
    protocol: str
    overall: float
    attributes: float | None = None
    positions: float | None = None


RESULTS = (
    Result("people", "V*, 2312.14135", "people", 98.95),
    Result("GPT-4V", "V*, 2312.14135", _UNKNOWN, 54.97, 51.30, 60.52),
    Result("GPT-4o", "later papers", _UNKNOWN, 65.2),
    Result("Qwen2.5-VL-7B", "RegionReasoner, 2602.03733", OFFICIAL, 67.53, 72.17, 60.52),
    Result("Qwen2.5-VL-7B", "Mini-o3, 2509.07969", _UNKNOWN, 75.5),
    Result("VisionReasoner-7B", "RegionReasoner, 2602.03733", OFFICIAL, 69.63, 75.62, 60.52),
    Result("RegionReasoner-7B", "RegionReasoner, 2602.03733", OFFICIAL, 72.77, 75.65, 68.42),
    Result("LLaVA-OneVision", "later papers", _UNKNOWN, 70.9),
    Result("SEAL", "V*, 2312.14135", OFFICIAL, 75.39, 74.78, 76.31),
    Result("DyFo", "later papers", _UNKNOWN, 81.2),
    Result("Qwen3-VL-4B, no tool", "later papers", _UNKNOWN, 81.7),
    Result("Qwen3-VL-8B, no tool", "later papers", _UNKNOWN, 83.8),
    Result("DeepEyes-7B", "Mini-o3, 2509.07969", "mean of 32 sampled answers", 83.3),
    Result("DeepEyes-7B", "DeepEyes, 2505.14362", _UNKNOWN, 90.1),
    Result("VLM-R³-7B", "its repository's log", "judged by another model", 84.29, 86.96, 80.26),
    Result("Pixel-Reasoner-7B", "lowest of several papers", _UNKNOWN, 84.0),
    Result("Pixel-Reasoner-7B", "highest of several papers", _UNKNOWN, 86.3),
    Result("ViGoRL", "later papers", _UNKNOWN, 86.4),
    Result("Chain-of-Focus-7B", "2505.15436", "letter, other answers judged", 88.0),
    Result("Mini-o3-7B", "Mini-o3, 2509.07969", _UNKNOWN, 88.2),
    Result("CVSearch", "2605.23655", _UNKNOWN, 91.6),
    Result("PixelEyes-4B", "2607.00115", _UNKNOWN, 91.6),
    Result("PixelEyes-8B", "2607.00115", _UNKNOWN, 94.2),
    Result("P2R-4B", "2607.01191", "letter", 93.2),
    Result("P2R-8B", "2607.01191", "letter", 93.7),
)
