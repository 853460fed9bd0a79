"""A score round by round as a picture: this run, other runs, and published curves.

Scores are shares from 0 to 1 and drawn in percent.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from demo.evaluate.published import Curve
from demo.picture.palette import PALETTE


@dataclass(frozen=True, slots=True)
class Line:
    """A run's scores by round (from 1), shares from 0 to 1; None where a round has none."""

    label: str
    rounds: Mapping[int, float | None]


def score_plot(name: str, lines: Sequence[Line], published: Sequence[Curve], data: str) -> bytes:
    """One score as a PNG; published curves, which are on ``data``, are thin and grey."""
    figure = Figure(figsize=(8, 4.2), dpi=120, layout="constrained")
    panel = figure.subplots()
    _draw_published(panel, published)
    _draw_lines(panel, lines)
    _finish(panel, name, 0)
    panel.legend(
        title=plain(f"grey: published, {data}"), loc="center left", bbox_to_anchor=(1.0, 0.5),
        frameon=False, fontsize=8, title_fontsize=8,
    )  # fmt: skip
    return png(figure)


def runs_plot(scores: Mapping[str, Sequence[Line]]) -> bytes:
    """Several scores of several runs side by side, as a PNG."""
    figure = Figure(figsize=(9, 3.8), dpi=120, layout="constrained")
    panels = figure.subplots(1, len(scores), squeeze=False)[0]
    for panel, (name, lines) in zip(panels, scores.items(), strict=True):
        _draw_lines(panel, lines)
        _finish(panel, name, _floor(lines))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return png(figure)


def _draw_published(panel: Axes, published: Sequence[Curve]) -> None:
    styles = ("-", "--", "-.", ":", (0, (1, 4)), (0, (5, 5)))
    for number, curve in enumerate(reversed(published)):
        rounds = range(1, len(curve.rounds) + 1)
        style = styles[number % len(styles)]
        panel.plot(
            rounds, curve.rounds, label=curve.model, color="0.55", linewidth=1, linestyle=style
        )


def _draw_lines(panel: Axes, lines: Sequence[Line]) -> None:
    for number, line in enumerate(lines):
        known = [(n, 100 * share) for n, share in sorted(line.rounds.items()) if share is not None]
        rounds, shares = [n for n, _ in known], [share for _, share in known]
        panel.plot(
            rounds,
            shares,
            "o-",
            label=plain(line.label),
            color=PALETTE[number % len(PALETTE)],
            linewidth=2,
            markersize=4,
            zorder=10 - number,  # this run lies on top of those it is compared with
        )


def plain(label: str) -> str:
    """A label that matplotlib takes neither for a formula nor for a hidden line."""
    return label.replace("$", r"\$").lstrip("_")


def _floor(lines: Sequence[Line]) -> float:
    """A multiple of ten (percent) below the lowest score, so that close lines can be told apart."""
    shares = [share for line in lines for share in line.rounds.values() if share is not None]
    return max(0, 10 * math.floor(10 * min(shares, default=0) - 0.5))


def _finish(panel: Axes, name: str, lowest: float) -> None:
    panel.set_ylim(lowest, 101)
    panel.set_xlabel("round")
    panel.set_ylabel(f"{name} (%)")
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.grid(alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png", pil_kwargs={"optimize": True})
    return file.getvalue()
