"""The colours of regions, by their number."""

from __future__ import annotations

PALETTE = ("#0072B2", "#C14F00", "#007D5C", "#E69F00", "#A8417F", "#56B4E9", "#F0E442")


def tone(number: int) -> int:
    """Which of the colours (1, 2, …) region number ``number`` has; the same for ever."""
    return (number - 1) % len(PALETTE) + 1


def colour_of(number: int) -> str:
    """The colour ``#rrggbb`` of region number ``number``."""
    return PALETTE[tone(number) - 1]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
