"""Scores of V* as tables of texts; nothing is escaped yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demo.evaluate.folder import Settings
from demo.evaluate.tables import limit_words, mean, percent
from demo.evaluate.vstar.published import RESULTS, Result
from demo.evaluate.vstar.score import Scores, Seen, Totals
from demo.figures.tables import UNKNOWN, Table

NAMES = {"direct_attributes": "attributes", "relative_position": "relations"}
_ALL = "all"
PROTOCOL_WARNING = (
    "Protocols differ, and so do the figures of one model between papers, by up to eight points: only "
    "figures of one protocol and one program can be compared closely."
)


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """The scores of a run, its label, and the name of its protocol."""

    label: str
    protocol: str
    scores: Scores


def run_label(settings: Settings) -> str:
    """A label that tells a run from others: model, protocol and looks."""
    return f"{settings['model']}, {settings['protocol']}{limit_words(settings)}"


def _groups(scores: Scores) -> list[tuple[str, Totals]]:
    """Categories under their names, then all questions."""
    named = [(NAMES.get(name, name), totals) for name, totals in scores.categories.items()]
    return [*named, (_ALL, scores.overall)]


def accuracy_table(scores: Scores) -> Table:
    """How often the right option was chosen, by category and over all."""
    head = ("", "accuracy", "95 % interval", "right", "questions", "by guessing", "no option read")
    rows = (
        (
            name, percent(t.accuracy), interval(t), f"{t.right:,}", f"{t.questions:,}",
            percent(t.guessing), f"{t.unread:,}",
        )
        for name, t in _groups(scores)
    )  # fmt: skip
    note = "Percent, or counts. The interval is Wilson's; an answer in which no option is read is wrong."
    return Table("Accuracy", note, head, tuple(rows))


def interval(totals: Totals) -> str:
    """The bounds of the accuracy in percent, such as *66.1–78.6*."""
    if totals.low is None:
        return UNKNOWN
    return f"{percent(totals.low)}–{percent(totals.high)}"


def seen_table(scores: Scores) -> Table:
    """Whether the targets were seen, and what that took."""
    head = (
        "", "looks cover every target", "looks hit every target", "boxes cover every target",
        "boxes hit every target", "looks a question", "most looks", "shown by a look", "seconds a question",
        "questions with targets",
    )  # fmt: skip
    rows = ((name, *_seen_cells(t)) for name, t in _groups(scores))
    note = (
        "Percent of the questions with targets; percent of the picture that a look shows; or numbers. A "
        "target is covered where one look, or box of the answer, holds at least half of it, and hit where "
        "its IoU with one is above 0.5. A look shows what is around its target, too: it hits less than it "
        "covers."
    )
    return Table("Where it looked", note, head, tuple(rows))


def _seen_cells(t: Totals) -> tuple[str, ...]:
    shares: list[Callable[[Seen], float]] = [lambda s: s.covered, lambda s: s.hit]
    seen = [percent(share(s)) if s else UNKNOWN for s in (t.looked, t.boxed) for share in shares]
    return (
        *seen, mean(t.looks), UNKNOWN if t.most_looks is None else str(t.most_looks),
        percent(t.look_area), mean(t.seconds), f"{t.with_targets:,}",
    )  # fmt: skip


def seen_and_right_tables(scores: Scores) -> list[Table]:
    """Right and wrong answers where the targets were covered, and where they were not."""
    head = ("", "right", "wrong", "accuracy")
    kinds = (
        ("Looked and right", "looked at every target", "did not", scores.overall.looked),
        ("Boxed and right", "every target in a box of the answer", "not so", scores.overall.boxed),
    )
    return [
        Table(
            title,
            "Questions with targets; a target counts where at least half of it is covered.",
            head,
            (
                _crossed(yes, seen.covered_right, seen.covered_wrong),
                _crossed(no, seen.missed_right, seen.missed_wrong),
            ),
        )
        for title, yes, no, seen in kinds
        if seen is not None
    ]


def _crossed(name: str, right: int, wrong: int) -> tuple[str, ...]:
    count = right + wrong
    return name, f"{right:,}", f"{wrong:,}", percent(right / count if count else None)


def runs_table(runs: Sequence[ScoredRun]) -> Table:
    """Several runs over the same questions compared."""
    head = (
        "run", "accuracy", "95 % interval", "attributes", "relations", "looks cover every target",
        "boxes cover every target", "looks a question", "seconds a question", "questions",
    )  # fmt: skip
    rows = (
        (
            run.label, percent(t.accuracy), interval(t), *_by_category(run.scores),
            _covered(t.looked), _covered(t.boxed),
            mean(t.looks), mean(t.seconds), f"{t.questions:,}",
        )
        for run in runs
        for t in [run.scores.overall]
    )  # fmt: skip
    return Table("Runs compared", "Percent, or numbers.", head, tuple(rows))


def _covered(seen: Seen | None) -> str:
    return percent(seen.covered) if seen else UNKNOWN


def _by_category(scores: Scores) -> tuple[str, ...]:
    found = (scores.categories.get(name) for name in NAMES)
    return tuple(percent(t.accuracy) if t else UNKNOWN for t in found)


def published_table(runs: Sequence[ScoredRun], is_complete: bool) -> Table:
    """Runs, then published results from the lowest to the highest, each with its protocol."""
    rows = [
        (run.label, *_by_category(run.scores), percent(run.scores.overall.accuracy), run.protocol, "here")
        for run in runs
    ]  # fmt: skip
    rows += [_published(result) for result in sorted(RESULTS, key=lambda r: r.overall)]
    note = (
        PROTOCOL_WARNING
        if is_complete
        else f"The published results are on all 191 questions, not on these. {PROTOCOL_WARNING}"
    )
    head = ("", "attributes", "relations", "all", "protocol", "source")
    return Table("Beside published results", note, head, tuple(rows))


def _published(result: Result) -> tuple[str, ...]:
    values = (result.attributes, result.positions, result.overall)
    cells = (UNKNOWN if value is None else f"{value:.1f}" for value in values)
    return f"{result.model}, published", *cells, result.protocol, result.source
