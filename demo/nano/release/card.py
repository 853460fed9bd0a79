"""The measured part of a model card: reports of `evaluate` and `robust` as Markdown tables.

Reports are dictionaries, fresh or read from JSON; the tables replace what is between two markers of a card.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo.errors import InputError
from demo.evaluate.tables import percent

BEGIN = "<!-- measured:begin -->"
END = "<!-- measured:end -->"
Scores = dict[str, Any]


def write_card(card: Path, report: Scores, robust: Scores | None = None, about: str = "") -> None:
    """Put the tables between the markers of a card.

    ``about`` is a sentence on how it was measured. Raises InputError when the file cannot be read or
    written, or lacks the markers.
    """
    text = measured(report, robust, about)
    try:
        before, _, rest = card.read_text(encoding="utf-8").partition(BEGIN)
        _, end, after = rest.partition(END)
        if not end:
            raise InputError(f"The card {card} has no lines “{BEGIN}” and “{END}”, in this order.")
        card.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The card {card} cannot be written: {error}.") from error


def measured(report: Scores, robust: Scores | None = None, about: str = "") -> str:
    """All tables, with a sentence before each."""
    parts = [
        _summary(report, about),
        rounds_table(report),
        figures_table(report),
        "AP by what is asked:",
        scores_table(_weakest_first(report["skills"])),
    ]
    if report["kinds"]:
        parts += ["AP by what is sought:", scores_table(_weakest_first(report["kinds"]))]
    if report.get("sizes"):
        parts += ["By the size of what is asked about:", sizes_table(report)]
    if robust is not None:
        parts += robust_tables(robust)
    return "\n\n".join(parts)


def _summary(report: Scores, about: str) -> str:
    overall = report["overall"]
    counts = (
        f"{report['dialogues']:,} held-out dialogues, {overall['turns']:,} rounds with something to "
        f"find and {overall['absent']:,} without. References are the model's own earlier predictions."
    )
    return f"{counts} {about}".strip()


def rounds_table(report: Scores) -> str:
    """AP, gIoU and cIoU in percent, per round and over all."""
    rounds = sorted(report["rounds"].items(), key=lambda item: int(item[0]))
    columns = [*(scores for _, scores in rounds), report["overall"]]
    rows = [["round", *(str(n) for n, _ in rounds), "all"]]
    for name, key in (("AP", "ap"), ("gIoU", "giou"), ("cIoU", "ciou")):
        cells = [percent(c[key]) for c in columns]
        rows.append([name, *cells[:-1], f"**{cells[-1]}**"])
    rows.append(["rounds", *(f"{c['turns']:,}" for c in columns)])
    return _table(rows)


def figures_table(report: Scores) -> str:
    """Figures besides AP: boxes, absent things, several at once, citations, masks, time."""
    overall = report["overall"]
    several = f"of {report['plural_turns']:,} rounds"
    rows = [
        ["", ""],
        ["mean box IoU", _decimal(report["mean_box_iou"], 3)],
        ["gIoU against that of the same segmenter on the true boxes", _reached(report)],
        ["things that are absent, answered with `[]`",
         f"{_share(report['absent_right'])} of {overall['absent']:,}"],
        ["things that are there, answered with `[]`", _share(report["false_empty"])],
        ["several asked for: boxes found", f"{_share(report['plural_recall'])} {several}"],
        ["several asked for: as many boxes as there are",
         f"{_share(report['plural_exact_count'])} {several}"],
        ["traces that cite exactly the given boxes", _share(report["exact_citations"])],
        ["references that fell back to the true box",
         f"{report['fallbacks']:,} of {report['references']:,}"],
        ["first token, whole turn (medians)", _times(report)],
    ]  # fmt: skip
    return _table(rows)


def scores_table(scores: Scores) -> str:
    """AP of each and, where some things are absent, the share of those answered with none."""
    absent = any(s["absent"] for s in scores.values())
    rows = [["", "AP", "rounds", "absent, answered with `[]`", "rounds"]]
    rows += [[name, *_cells(s)] for name, s in scores.items()]
    return _table(rows if absent else [row[:3] for row in rows])


def sizes_table(report: Scores) -> str:
    """AP and absent things as in `scores_table`, and how often the model looked closer."""
    header = ["", "AP", "rounds", "absent, answered with `[]`", "rounds", "looks a turn"]
    looks = report["looks"]
    rows = [[name, *_cells(s), _decimal(looks[name], 2)] for name, s in report["sizes"].items()]
    return _table([header, *rows])


def robust_tables(report: Scores) -> list[str]:
    """Tables on paraphrases, pictures and things outside the world, with sentences."""
    ways = {"**all of these**": report["paraphrases"], **_weakest_first(report["skills"])}
    strange = report["outside"]
    return [
        f"Robustness, on {report['scenes']:,} more held-out scenes (seed {report['seed']}). Questions "
        "in ways of asking that training does not use, references are true boxes:",
        scores_table({**ways, "words that its world does not use": report["rare"]}),
        "First questions about the same scenes in other shapes, sizes and lights:",
        scores_table(report["pictures"]),
        "Things outside its world, answered with `[]`: "
        f"{_share(strange['absent_accuracy'])} of {strange['absent']:,}.",
    ]


def _weakest_first(scores: Scores) -> Scores:
    """Sorted by AP, or by what was right where all was absent."""
    rights = {n: s["absent_accuracy"] if s["ap"] is None else s["ap"] for n, s in scores.items()}
    return {n: scores[n] for n in sorted(scores, key=lambda n: (rights[n] or 0.0, n))}


def _cells(scores: Scores) -> list[str]:
    return [
        percent(scores["ap"]), _count(scores["turns"]),
        percent(scores["absent_accuracy"]), _count(scores["absent"]),
    ]  # fmt: skip


def _reached(report: Scores) -> str:
    giou, best = report["overall"]["giou"], report["ceiling"]
    return f"{percent(giou)} of {percent(best)}: {_decimal(report['giou_of_ceiling'], 3)}"


def _times(report: Scores) -> str:
    first, whole = report["median_first_token_s"], report["median_total_s"]
    return f"{_decimal(first, 2)} s, {_decimal(whole, 2)} s"


def _share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _decimal(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _count(number: int) -> str:
    return f"{number:,}" if number else "–"


def _table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose first row is its head; numbers stand on the right."""
    head, *body = rows
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))
