"""A plot of large scenes: what is found of small and of large things, with closer looks and without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demo.nano.training.plot import save

SIZES = ("small", "large")
Reports = Mapping[str, dict[str, Any]]
_BARS = 0.8  # the width of all bars at one place together


def sizes_plot(reports: Reports, out: Path) -> None:
    """Draw AP, absent things and looks of some reports of `evaluate`, by their names, as a PNG.

    Raises InputError when it cannot be written.
    """
    figure = Figure(figsize=(8, 3.2), dpi=120, layout="constrained")
    found, absent, looks = figure.subplots(1, 3)
    _draw(found, "AP", reports, lambda r, size: 100 * (r["sizes"][size]["ap"] or 0))
    _draw(
        absent,
        "absent things, answered with []: %",
        reports,
        lambda r, size: 100 * (r["sizes"][size]["absent_accuracy"] or 0),
    )
    _draw(looks, "looks a turn", reports, lambda r, size: r["looks"][size])
    handles = found.get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    save(figure, out)


def _draw(
    panel: Axes, title: str, reports: Reports, value: Callable[[dict[str, Any], str], float]
) -> None:
    width = _BARS / len(reports)
    for number, (name, report) in enumerate(reports.items()):
        places = [i + width * (number - (len(reports) - 1) / 2) for i in range(len(SIZES))]
        heights = [value(report, size) for size in SIZES]
        bars = panel.bar(places, heights, width * 0.92, label=name, color=f"C{number}")
        panel.bar_label(bars, fmt="%.2g" if max(heights) < 10 else "%.1f", fontsize=8)
    panel.set_title(title, fontsize=9)
    panel.set_xticks(range(len(SIZES)), [f"{size} things" for size in SIZES])
    panel.spines[["top", "right"]].set_visible(False)
    panel.margins(y=0.1)
