"""A plot of a training's log: losses, and accuracies on held-out pictures.

In the rows of ``log.jsonl``, plain numbers are losses and dictionaries (``held_out``) hold accuracies.
"""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from demo.errors import InputError

NOT_LOSSES = ("step", "seconds")
MAX_POINTS = 60  # of one curve: each is the mean of several rows, so that it is smooth
MIN_LOSS = 1e-3  # smaller losses are drawn as this: their noise would take up most of the scale
Points = dict[str, list[tuple[int, float]]]


def plot(log: Path, out: Path) -> None:
    """Draw the log of a training as a PNG.

    Steps of the phases follow each other. Raises InputError when the log cannot be read or holds no
    losses.
    """
    rows = _rows(log)
    starts = _starts(rows)
    losses, accuracies = _losses(rows, starts), _accuracies(rows, starts)
    if not losses:
        raise InputError(f"The log {log} holds no losses to draw.")
    figure = Figure(figsize=(8, 6.4 if accuracies else 4), dpi=120, layout="constrained")
    ratios = [3, 2] if accuracies else [3]
    panels = figure.subplots(
        len(ratios), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": ratios}
    )[:, 0]
    _draw_losses(panels[0], losses)
    if accuracies:
        _draw_accuracies(panels[1], accuracies)
    _mark(panels, starts)
    save(figure, out)


def save(figure: Figure, out: Path) -> None:
    """Save with few colours, which are enough for lines on white and make a small file."""
    whole = io.BytesIO()
    figure.savefig(whole, format="png")
    try:
        Image.open(whole).convert("RGB").quantize(64).save(out, "PNG", optimize=True)
    except OSError as error:
        raise InputError(f"The plot {out} cannot be written: {error.strerror}.") from error


def _rows(log: Path) -> list[dict[str, Any]]:
    """The rows of the log; for a step that a resumed run repeated, the later one counts."""
    try:
        read = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line]
        kept = {(row["phase"], row["step"], "held_out" in row): row for row in read}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"The file {log} is not the log of a training: {error}.") from error
    return list(kept.values())


def _starts(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """The step, counted from the start of the run, at which each phase begins."""
    last: dict[str, int] = {}
    for row in rows:
        last[row["phase"]] = max(row["step"], last.get(row["phase"], 0))
    ends = np.cumsum([0, *last.values()])
    return {phase: int(end) for phase, end in zip(last, ends, strict=False)}


def _losses(rows: Iterable[dict[str, Any]], starts: dict[str, int]) -> Points:
    """Losses of one family (``tower_box``, ``tower_kind``; ``look3``, ``look4``) as their mean."""
    points: Points = defaultdict(list)
    for row in rows:
        families: dict[str, list[float]] = defaultdict(list)
        for name, value in row.items():
            if isinstance(value, int | float) and name not in NOT_LOSSES:
                families[re.split(r"[\d_]", name)[0]].append(value)
        for family, values in families.items():
            points[family].append((starts[row["phase"]] + row["step"], float(np.mean(values))))
    return {family: sorted(found) for family, found in points.items()}


def _accuracies(rows: Iterable[dict[str, Any]], starts: dict[str, int]) -> Points:
    points: Points = defaultdict(list)
    for row in rows:
        for measured in row.values():
            for name, value in measured.items() if isinstance(measured, dict) else ():
                points[name].append((starts[row["phase"]] + row["step"], float(value)))
    return {name: sorted(found) for name, found in points.items()}


def _draw_losses(panel: Axes, losses: Points) -> None:
    for number, (name, points) in enumerate(losses.items()):
        steps, values = _smooth(points)
        panel.plot(steps, values, label=name, color=f"C{number % 10}", linewidth=1.3)
    panel.set_yscale("log")
    panel.set_ylabel("loss (log scale)")
    _finish(panel)


def _draw_accuracies(panel: Axes, accuracies: Points) -> None:
    for number, (name, points) in enumerate(accuracies.items()):
        steps, values = zip(*points, strict=True)
        label = f"{name.replace('_', ' ')}: {values[-1]:.3f}"
        panel.plot(steps, values, "o-", label=label, color=f"C{number % 10}", markersize=3)
    panel.set_ylim(0, 1.02)
    panel.set_ylabel("on held-out pictures")
    _finish(panel)


def _finish(panel: Axes) -> None:
    panel.grid(alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)


def _mark(panels: Iterable[Axes], starts: dict[str, int]) -> None:
    """Mark the beginning of each phase with a line and its name; label the axis of steps."""
    for number, panel in enumerate(panels):
        for place, (phase, start) in enumerate(starts.items()):
            panel.axvline(start, color="0.6", linewidth=0.8, linestyle=":")
            if number == 0:
                panel.annotate(
                    phase, (start, 1.0), xycoords=("data", "axes fraction"), fontsize=9,
                    xytext=(3, 3 + 11 * (place % 2)), textcoords="offset points",
                )  # fmt: skip  # a short phase must not write over the next
        panel.set_xlim(left=0)
    panel.set_xlabel("step")


def _smooth(points: list[tuple[int, float]]) -> tuple[list[int], list[float]]:
    """Means of neighbouring points, so that about `MAX_POINTS` are left; none below `MIN_LOSS`."""
    width = max(1, len(points) // MAX_POINTS)
    groups = [points[i : i + width] for i in range(0, len(points), width)]
    means = [max(MIN_LOSS, float(np.mean([v for _, v in group]))) for group in groups]
    return [group[-1][0] for group in groups], means
