"""Scores as tables of texts, for Markdown and HTML alike; nothing is escaped yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demo.evaluate.folder import Settings
from demo.evaluate.published import DATA_SETS, Curve, DataSet
from demo.evaluate.score import Scores, Totals
from demo.figures.tables import UNKNOWN, Table


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """The scores of a run and its label."""

    label: str
    scores: Scores


def run_label(settings: Settings) -> str:
    """A label that tells a run from others: model, way of asking, references, frame and form, and looks."""
    reference, frame = settings["reference"], settings["reference_frame"]
    form = "" if settings.get("reference_form", "bbox") == "bbox" else ", bare"
    where = "" if frame == "model" else ", original frame"
    what = {
        "predicted": "predicted references",
        "truth": "true references",
        "none": "no references",
    }
    how = "" if reference == "none" else f"{where}{form}"
    way = f", {settings['asking']}" if "asking" in settings else ""
    return f"{settings['model']}{way}, {what[reference]}{how}{limit_words(settings)}"


def limit_words(settings: Settings) -> str:
    """How many looks a run was allowed, for its label; empty where its family decides."""
    most = settings.get("looks")
    if most is None:
        return ""
    if most == 0:
        return ", without looks"
    return f", {_at_most(most)}"


def limit_sentences(settings: Settings) -> list[str]:
    """How many looks a run was allowed, for its report."""
    most = settings.get("looks")
    if most is None:
        return []
    if most == 0:
        return ["The model was not allowed to look closer."]
    return [f"The model was allowed {_at_most(most)} an answer."]


def _at_most(looks: int) -> str:
    return "at most one look" if looks == 1 else f"at most {looks} looks"


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
        ("… answered without a box", lambda t: percent(t.false_empty)),
        ("rounds with nothing to find (absent)", lambda t: f"{t.summary.absent:,}"),
        ("… answered correctly", lambda t: percent(t.summary.absent_accuracy)),
        ("citation reward", lambda t: percent(t.citation)),
        ("cites exactly what was given", lambda t: percent(t.exact)),
        ("rounds with a given box", lambda t: f"{t.given:,}"),
        ("references to earlier rounds", lambda t: f"{t.places:,}"),
        ("… that fell back to the true box", lambda t: f"{t.fallbacks:,}"),
        ("looks a round", lambda t: mean(t.looks)),
        ("rounds with something to find that looked for it", lambda t: f"{t.looked:,}"),
        ("… whose looks cover all of it", lambda t: percent(t.covered)),
        ("seconds a round", lambda t: mean(t.seconds)),
    ]
    rare: list[tuple[str, Callable[[Totals], int]]] = [
        ("… without any box", lambda t: t.missing),
        ("references to the round itself or a later one", lambda t: t.ahead),
        ("box places that name no round", lambda t: t.literal),
        ("answers that cannot be read", lambda t: t.unreadable),
        ("rounds whose masks failed", lambda t: t.masks_failed),
    ]
    rows = [(name, *(cell(t) for t in columns)) for name, cell in lines]
    rows += [
        (name, *(f"{count(t):,}" for t in columns)) for name, count in rare if count(scores.overall)
    ]
    return Table(
        "By round",
        "Percent, or numbers. Absent rounds count in neither AP nor gIoU nor cIoU.",
        ("", *(f"R{n}" for n in scores.rounds), "all"),
        tuple(rows),
    )


@dataclass(frozen=True, slots=True)
class Measure:
    """A score that was published, too: its name, its share in totals, and its published curves."""

    name: str
    share: Callable[[Totals], float | None]
    curves: Callable[[DataSet], Sequence[Curve]]


AP = Measure("AP", lambda totals: totals.summary.ap, lambda data: data.ap)
GIOU = Measure("gIoU", lambda totals: totals.summary.giou, lambda data: data.giou)


def published_table(measure: Measure, runs: Sequence[ScoredRun], data: DataSet | None) -> Table:
    """A score of runs by round, then the published results on ``data``, or on both sets for None."""
    last = max([7, *(n for run in runs for n in run.scores.rounds)])
    rows = [
        (
            run.label,
            *(
                percent(measure.share(t)) if (t := run.scores.rounds.get(n)) else "–"
                for n in _upto(last)
            ),
            percent(measure.share(run.scores.overall)),
        )
        for run in runs
    ]
    rows += [
        (f"{curve.model}, published, {one.name}", *_published(curve, last))
        for one in ([data] if data else DATA_SETS)
        for curve in measure.curves(one)
    ]
    return Table(
        f"{measure.name} beside other results",
        _info_of(data, runs[0].scores),
        ("", *(f"R{n}" for n in _upto(last)), "all"),
        tuple(rows),
    )


def _info_of(data: DataSet | None, scores: Scores) -> str:
    if data is None:
        return "The published results are on other data than this file."
    return (
        f"This file is {data.name}, by its name or size. Of the {data.dialogues:,} dialogues and "
        f"{data.rounds:,} rounds that its authors released, {scores.dialogues:,} and "
        f"{scores.overall.rounds:,} are scored here; the paper's table 6 counts {data.paper_rounds:,} "
        "rounds."
    )


def _published(curve: Curve, last: int) -> tuple[str, ...]:
    cells = [f"{v:.1f}" for v in curve.rounds] + ["–"] * (last - len(curve.rounds))
    return (*cells, f"{curve.average:.1f}")


def _upto(last: int) -> range:
    return range(1, last + 1)


def runs_table(runs: Sequence[ScoredRun]) -> Table:
    """Several runs over the same dialogues compared, over all rounds."""
    rows = [
        (
            run.label,
            percent(t.summary.ap),
            percent(t.referring_ap),
            percent(t.summary.giou),
            percent(t.summary.ciou),
            percent(t.citation),
            percent(t.summary.absent_accuracy),
            mean(t.looks),
            percent(t.covered),
            mean(t.seconds),
            f"{run.scores.dialogues:,}",
            f"{t.fallbacks:,} of {t.places:,}",
        )
        for run in runs
        for t in [run.scores.overall]
    ]
    head = (
        "run", "AP", "AP of rounds that refer to an earlier one", "gIoU", "cIoU",
        "citation reward", "absent, answered correctly", "looks a round",
        "looks cover all that is to be found", "seconds a round", "dialogues", "fallbacks",
    )  # fmt: skip
    return Table("Runs compared", "Percent, or numbers; over all rounds.", head, tuple(rows))


def label_tables(scores: Scores) -> list[Table]:
    """AP by each label of the file, weakest first."""
    head = (
        "", "AP", "gIoU", "rounds", "absent, answered correctly", "absent rounds", "looks a round",
    )  # fmt: skip
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
        f"{s.absent:,}", mean(totals.looks),
    )  # fmt: skip


def mean(value: float | None) -> str:
    """1.25, or a dash for None."""
    return UNKNOWN if value is None else f"{value:.2f}"


def percent(share: float | None) -> str:
    """55.0 for 0.55, a dash for None."""
    return UNKNOWN if share is None else f"{100 * share:.1f}"
