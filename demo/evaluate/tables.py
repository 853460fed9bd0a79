"""Scores as tables of texts: one form for Markdown and for HTML.

It knows scores and published results; it neither reads rows nor escapes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demo.evaluate import published
from demo.evaluate.folder import Settings
from demo.evaluate.published import Curve
from demo.evaluate.score import Scores, Totals


@dataclass(frozen=True, slots=True)
class Run:
    """The scores of a run, and what to call it."""

    label: str
    scores: Scores


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as texts; the first column names the row. ``note`` is a sentence, or empty."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def run_label(settings: Settings) -> str:
    """What to call a run beside others."""
    reference, frame = settings["reference"], settings["reference_frame"]
    where = "" if reference == "none" or frame == "model" else ", original frame"
    what = {
        "predicted": "predicted references",
        "truth": "true references",
        "none": "no references",
    }
    return f"{settings['model']}, {what[reference]}{where}"


def round_table(scores: Scores) -> Table:
    """Every score in percent, and every count, by round and over all."""
    columns = [*scores.rounds.values(), scores.overall]
    lines: list[tuple[str, Callable[[Totals], str]]] = [
        ("AP", lambda t: percent(t.summary.ap)),
        ("… of rounds that refer to an earlier one", lambda t: percent(t.referring_ap)),
        ("gIoU", lambda t: percent(t.summary.giou)),
        ("cIoU", lambda t: percent(t.summary.ciou)),
        ("mean box IoU", lambda t: percent(t.box_iou)),
        ("rounds with something to find", lambda t: f"{t.summary.turns:,}"),
        ("… answered with no box", lambda t: percent(t.false_empty)),
        ("rounds with nothing to find (absent)", lambda t: f"{t.summary.absent:,}"),
        ("… answered with no box", lambda t: percent(t.summary.absent_accuracy)),
        ("citation reward", lambda t: percent(t.citation)),
        ("cites exactly what was given", lambda t: percent(t.exact)),
        ("rounds with a given box", lambda t: f"{t.given:,}"),
        ("references to earlier rounds", lambda t: f"{t.places:,}"),
        ("… that fell back to the true box", lambda t: f"{t.fallbacks:,}"),
    ]
    if scores.overall.missing:
        lines.append(("… without any box", lambda t: f"{t.missing:,}"))
    if scores.overall.masks_failed:
        lines.append(("rounds whose masks failed", lambda t: f"{t.masks_failed:,}"))
    return Table(
        "By round",
        "Percent, or counts. Absent rounds count in neither AP nor gIoU nor cIoU.",
        ("", *(f"R{n}" for n in scores.rounds), "all"),
        tuple((name, *(cell(t) for t in columns)) for name, cell in lines),
    )


def ap_table(runs: Sequence[Run]) -> Table:
    """AP of runs by round, above the published curves."""
    others = [(curve, published.AP_DATA) for curve in published.AP]
    others.append((published.AP_REFCOCOG, published.GIOU_DATA))
    return _beside("AP", runs, lambda t: t.summary.ap, others)


def giou_table(runs: Sequence[Run]) -> Table:
    """GIoU of runs by round, above the published curves."""
    others = [(curve, published.GIOU_DATA) for curve in published.GIOU]
    others.append((published.GIOU_REFCOCO_PLUS, published.AP_DATA))
    return _beside("gIoU", runs, lambda t: t.summary.giou, others)


def _beside(
    name: str,
    runs: Sequence[Run],
    of: Callable[[Totals], float | None],
    others: Sequence[tuple[Curve, str]],
) -> Table:
    last = max([7, *(n for run in runs for n in run.scores.rounds)])
    rows = [
        (
            run.label,
            *(percent(of(t)) if (t := run.scores.rounds.get(n)) else "–" for n in _upto(last)),
            percent(of(run.scores.overall)),
        )
        for run in runs
    ]
    rows += [(f"{c.model}, published, {data}", *_published(c, last)) for c, data in others]
    note = "Published results are on other data, unless this is the file that their row names."
    return Table(
        f"{name} beside other results",
        note,
        ("", *(f"R{n}" for n in _upto(last)), "all"),
        tuple(rows),
    )


def _published(curve: Curve, last: int) -> tuple[str, ...]:
    cells = [f"{v:.1f}" for v in curve.rounds] + ["–"] * (last - len(curve.rounds))
    return (*cells, "–" if curve.average is None else f"{curve.average:.1f}")


def _upto(last: int) -> range:
    return range(1, last + 1)


def runs_table(runs: Sequence[Run]) -> Table:
    """Several runs over the same dialogues, over all rounds."""
    rows = [
        (
            run.label,
            percent(t.summary.ap),
            percent(t.referring_ap),
            percent(t.summary.giou),
            percent(t.summary.ciou),
            percent(t.citation),
            percent(t.summary.absent_accuracy),
            f"{run.scores.dialogues:,}",
            f"{t.fallbacks:,} of {t.places:,}",
        )
        for run in runs
        for t in [run.scores.overall]
    ]
    head = (
        "run", "AP", "AP of rounds that refer to an earlier one", "gIoU", "cIoU",
        "citation reward", "absent, answered with no box", "dialogues", "fallbacks",
    )  # fmt: skip
    return Table("Runs compared", "Percent, or counts; over all rounds.", head, tuple(rows))


def label_tables(scores: Scores) -> list[Table]:
    """AP by what the file says of its turns, the weakest first."""
    head = ("", "AP", "gIoU", "rounds", "absent, answered with no box", "rounds")
    return [
        Table(f"By {name}", "", head, tuple(_label_row(v, groups[v]) for v in _weakest(groups)))
        for name, groups in scores.labels.items()
    ]


def _weakest(groups: dict[str, Totals]) -> list[str]:
    def right(name: str) -> tuple[float, str]:
        found = groups[name].summary
        return (found.absent_accuracy or 0.0) if found.ap is None else found.ap, name

    return sorted(groups, key=right)


def _label_row(name: str, totals: Totals) -> tuple[str, ...]:
    s = totals.summary
    return (
        name, percent(s.ap), percent(s.giou), f"{s.turns:,}", percent(s.absent_accuracy),
        f"{s.absent:,}",
    )  # fmt: skip


def percent(share: float | None) -> str:
    """55.0 for 0.55, a dash for None."""
    return "–" if share is None else f"{100 * share:.1f}"
