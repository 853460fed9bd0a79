"""The plot of a run on V*: accuracy beside other runs and published results, and whether it was seen."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demo.evaluate.plot import plain, png
from demo.evaluate.vstar.published import OFFICIAL, RESULTS, Result
from demo.evaluate.vstar.score import Seen, Totals
from demo.evaluate.vstar.tables import NAMES, ScoredRun
from demo.picture.palette import PALETTE

_WRONG = "0.8"


def accuracy_plot(runs: Sequence[ScoredRun]) -> bytes:
    """Accuracy of the runs by category, with their intervals, above the published results, as a PNG."""
    published = sorted(RESULTS, key=lambda r: r.overall)
    height = 1.4 + 0.2 * len(published) + 0.55 * len(runs)
    figure = Figure(figsize=(8, height), dpi=120, layout="constrained")
    panel = figure.subplots()
    _draw_published(panel, published)
    labels = [plain(f"{result.model} ({result.source})") for result in published]
    at = float(len(published))
    places = [*map(float, range(len(published)))]
    for number, run in enumerate(reversed(runs)):
        colour = PALETTE[(len(runs) - 1 - number) % len(PALETTE)]
        _draw_run(panel, at + 0.8, run, colour, is_last=number == len(runs) - 1)
        places.append(at + 0.8)
        labels.append(plain(run.label))
        at += 1.9
    _draw_guessing(panel, runs[0].scores.overall)
    panel.set_yticks(places, labels, fontsize=7.5)
    panel.set_ylim(-0.8, at + 0.4)
    panel.set_xlim(0, 101)
    panel.set_xlabel("accuracy (%)")
    panel.grid(axis="x", alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(loc="lower left", frameon=False, fontsize=8)
    return png(figure)


def _draw_published(panel: Axes, published: Sequence[Result]) -> None:
    kinds = (("published, likelihood", True, "none"), ("published, otherwise", False, "0.45"))
    for name, is_likelihood, filled in kinds:
        points = [
            (result.overall, row)
            for row, result in enumerate(published)
            if (result.protocol == OFFICIAL) == is_likelihood
        ]
        panel.plot(
            *zip(*points, strict=True), "o", color="0.45", markerfacecolor=filled, markersize=5,
            label=name,
        )  # fmt: skip


def _draw_run(panel: Axes, at: float, run: ScoredRun, colour: str, *, is_last: bool) -> None:
    """The accuracy of all questions, and smaller ones of the categories below it."""
    found = [
        ("all", run.scores.overall),
        *((NAMES[n], t) for n, t in run.scores.categories.items()),
    ]
    for row, (name, totals) in enumerate(found):
        if totals.accuracy is None or totals.low is None or totals.high is None:
            continue
        share = 100 * totals.accuracy
        reach = [[share - 100 * totals.low], [100 * totals.high - share]]
        panel.errorbar(
            share, at - 0.42 * row, xerr=reach, fmt="osD"[row % 3], color=colour,
            markersize=7 if row == 0 else 4, elinewidth=2 if row == 0 else 1, capsize=2,
            alpha=1.0 if row == 0 else 0.75, label=name if is_last else None,
        )  # fmt: skip


def _draw_guessing(panel: Axes, totals: Totals) -> None:
    if totals.guessing is not None:
        panel.axvline(
            100 * totals.guessing, color="0.5", linestyle=":", linewidth=1, label="guessing"
        )


def seen_plot(runs: Sequence[ScoredRun]) -> bytes:
    """Of how many questions the targets were seen and the answer was right, run by run, as a PNG."""
    bars = [(run, what, seen) for run in runs for what, seen in _seen(run.scores.overall)]
    figure = Figure(figsize=(8, 1.5 + 0.5 * len(bars)), dpi=120, layout="constrained")
    panel = figure.subplots()
    for at, (_, _, seen) in enumerate(reversed(bars)):
        _draw_bar(panel, at, seen, is_first=at == 0)
    labels = [plain(f"{run.label}: {what}") for run, what, _ in reversed(bars)]
    panel.set_yticks(range(len(bars)), labels, fontsize=8)
    panel.set_ylim(-0.6, len(bars) - 0.4)
    panel.set_xlim(0, 100)
    panel.set_xlabel("questions with targets (%)")
    panel.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    return png(figure)


def has_seen(runs: Sequence[ScoredRun]) -> bool:
    """Whether any of the runs has looks or boxes to be judged."""
    return any(_seen(run.scores.overall) for run in runs)


def _seen(totals: Totals) -> list[tuple[str, Seen]]:
    pairs = (("looks", totals.looked), ("boxes", totals.boxed))
    return [(name, seen) for name, seen in pairs if seen is not None]


def _draw_bar(panel: Axes, at: int, seen: Seen, *, is_first: bool) -> None:
    parts = (
        ("covered every target, right", seen.covered_right, PALETTE[0], ""),
        ("covered every target, wrong", seen.covered_wrong, PALETTE[0], "////"),
        ("did not, right", seen.missed_right, _WRONG, ""),
        ("did not, wrong", seen.missed_wrong, _WRONG, "////"),
    )
    whole, left = sum(count for _, count, _, _ in parts), 0.0
    for name, count, colour, hatch in parts:
        width = 100 * count / whole
        panel.barh(
            at, width, left=left, height=0.6, color=colour, hatch=hatch, edgecolor="white",
            label=name if is_first else None,
        )  # fmt: skip
        if count:
            panel.text(
                left + width / 2, at, str(count), ha="center", va="center", fontsize=8,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
            )  # fmt: skip
        left += width
