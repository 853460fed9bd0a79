"""The report of a run: ``report.md`` with its pictures, ``report.html`` in one file, ``scores.json``, and
the tables alone as ``tables.tex``, ``tables.csv`` and ``tables.md``.

Texts of files and models are escaped here and nowhere else.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from demo.evaluate.data import BadRow
from demo.evaluate.folder import FORMER_DEFAULTS, Settings, as_input_error, save
from demo.evaluate.play import FailedDialogue
from demo.evaluate.plot import Line, runs_plot, score_plot
from demo.evaluate.published import REFCOCOG, DataSet, data_set_of
from demo.evaluate.score import Scores, Totals
from demo.evaluate.tables import (
    AP,
    GIOU,
    ScoredRun,
    label_tables,
    limit_sentences,
    percent,
    published_table,
    round_table,
    runs_table,
)
from demo.evaluate.worst_rounds import WorstRound
from demo.figures import tables
from demo.figures.tables import Table, markdown_table, markdown_text

LEGEND = (
    "The truth is the white and black outline. Coloured regions are what the model found and the "
    "references it was given, with the names they had in the dialogue."
)
TABLES = {"tex": tables.latex, "csv": tables.csv_text, "md": tables.markdown}
_REFERENCES = {
    "predicted": "the model's own first predicted box, or the true box where it predicted none",
    "truth": "the first true box",
    "none": "not given: the word “it” stands in their place",
}
_FRAMES = {
    "model": "written in the model's own frame",
    "original": "written in pixels of the original picture, as the authors' script does",
}
_FORMS = {
    "bbox": "as the model's dialect has them (RegionReasoner's: bbox=[x1, y1, x2, y2])",
    "bare": "as [x1, y1, x2, y2] alone, as the authors' script does",
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot below the table with the title ``beside``; ``file`` is its name on disk."""

    title: str
    beside: str
    file: str
    png: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """One question and its answer: a line on it, its picture as a JPEG file, what was asked and what
    came."""

    caption: str
    jpeg: bytes
    asked: str
    raw: str


@dataclass(frozen=True, slots=True)
class Report:
    """The contents of a report, with all texts unescaped.

    ``policy`` has the settings that say how references were given; ``wrong`` are cases of another
    benchmark.
    """

    title: str
    policy: dict[str, str]
    summary: tuple[str, ...]
    tables: tuple[Table, ...]
    plots: tuple[Plot, ...]
    unplayed: tuple[str, ...]
    worst: tuple[WorstRound, ...]
    legend: str = LEGEND
    wrong: tuple[Case, ...] = ()


def build_report(
    settings: Settings,
    run: ScoredRun,
    others: Sequence[ScoredRun],
    unplayed: Sequence[BadRow | FailedDialogue],
    worst: Sequence[WorstRound],
) -> Report:
    """Put the report together; ``others`` are runs over the same dialogues to compare with."""
    runs = [run, *others]
    rounds = run.scores.overall.rounds
    data = data_set_of(settings["data_name"], run.scores.dialogues, rounds)
    published = [published_table(measure, runs, data) for measure in (AP, GIOU)]
    all_tables = [round_table(run.scores)]
    if others:
        all_tables.append(runs_table(runs))
    all_tables += [*published, *label_tables(run.scores)]
    return Report(
        title=f"{settings['model']} on {settings['data_name']}",
        policy=_policy(settings),
        summary=_summary(settings, run, unplayed),
        tables=tuple(all_tables),
        plots=_plots(runs, data, published),
        unplayed=tuple(
            f"Row {row.index}: {row.why}" for row in sorted(unplayed, key=lambda r: r.index)
        ),
        worst=tuple(worst),
    )


def _policy(settings: Settings) -> dict[str, str]:
    names = ("reference", "reference_frame", "reference_form")
    return {name: {**FORMER_DEFAULTS, **settings}[name] for name in names}


def _summary(
    settings: Settings, run: ScoredRun, unplayed: Sequence[BadRow | FailedDialogue]
) -> tuple[str, ...]:
    overall = run.scores.overall
    sentences = [
        f"{run.scores.dialogues:,} dialogues, {overall.summary.turns:,} rounds with something to find "
        f"and {overall.summary.absent:,} without. AP {percent(overall.summary.ap)}, "
        f"gIoU {percent(overall.summary.giou)}, cIoU {percent(overall.summary.ciou)}, "
        f"citation reward {percent(overall.citation)} (percent).",
        *how_sentences(settings, run.scores),
        f"Model {settings['model']} {_frame(settings['frame'])}, quantization "
        f"{settings['quantize']}{', low memory' if settings['low_memory'] else ''}, masks: "
        f"{settings['segmenter']}. Data {settings['data_name']} with SHA-256 {settings['data']}.",
    ]
    if unplayed:
        sentences.append(f"{len(unplayed):,} rows could not be played; they are listed below.")
    return tuple(sentences)


def how_sentences(settings: Settings, scores: Scores) -> list[str]:
    """Sentences on the looks that were allowed, the references, and pictures not turned upright."""
    policy, overall = _policy(settings), scores.overall
    how = f", {_FRAMES[policy['reference_frame']]}, {_FORMS[policy['reference_form']]}"
    how = "" if policy["reference"] == "none" else how
    counts = (
        ("References that name the round itself or a later one", overall.ahead,
         "Its true box stands there, as in the authors' script."),
        ("Places for a box that name no round", overall.literal,
         "They stay as they are written, as in the authors' script."),
        ("Pictures with an EXIF orientation, which the truth does not follow", scores.as_stored,
         "They were shown as they are stored."),
        ("Dialogues with a true box that reaches outside its picture", scores.outside,
         "Their pictures may be others, resized or turned since."),
    )  # fmt: skip
    sentences = [
        *limit_sentences(settings),
        f"References to earlier rounds: {_REFERENCES[policy['reference']]}{how}.",
    ]
    if overall.fallbacks:
        sentences.append(
            f"{overall.fallbacks:,} of {overall.places:,} references fell back to the true box, "
            "because no box had been predicted."
        )
    return sentences + [f"{what}: {count:,}. {why}" for what, count, why in counts if count]


def _frame(frame: Sequence[int] | None) -> str:
    if frame is None:
        return "in the pixels of each picture as it was shown"
    return f"in a frame of {frame[0]} × {frame[1]}"


def _plots(
    runs: Sequence[ScoredRun], data: DataSet | None, published: Sequence[Table]
) -> tuple[Plot, ...]:
    lines = {measure.name: _lines(runs, measure.share) for measure in (AP, GIOU)}
    data, plots = data or REFCOCOG, list[Plot]()
    for measure, table in zip((AP, GIOU), published, strict=True):
        name = measure.name
        png = score_plot(name, lines[name][:1], measure.curves(data), data.name)
        plots.append(Plot(f"{name} by round", table.title, f"{name.lower()}.png", png))
    if len(runs) > 1:
        png = runs_plot(lines)
        plots.append(Plot("AP and gIoU of the runs by round", "Runs compared", "runs.png", png))
    return tuple(plots)


def _lines(runs: Sequence[ScoredRun], share: Callable[[Totals], float | None]) -> list[Line]:
    return [Line(r.label, {n: share(t) for n, t in r.scores.rounds.items()}) for r in runs]


def write_report(folder: Path, report: Report, run: ScoredRun) -> None:
    """Write all files of the report. Raises InputError."""
    write_files(folder, report, {**report.policy, **run.scores.to_dict()})


def write_files(folder: Path, report: Report, scores: Mapping[str, Any]) -> None:
    """Write the report, its plots and tables, and the scores as JSON. Raises InputError."""
    with as_input_error(folder):
        for name in ["worst"] * bool(report.worst) + ["wrong"] * bool(report.wrong):
            (folder / name).mkdir(exist_ok=True)
    for plot in report.plots:
        save(folder / plot.file, plot.png)
    for number, case in enumerate(report.worst, start=1):
        save(folder / _worst_file(number), case.jpeg)
        save((folder / _worst_file(number)).with_suffix(".pdf"), case.pdf)
    for number, wrong in enumerate(report.wrong, start=1):
        save(folder / _wrong_file(number), wrong.jpeg)
    save(folder / "scores.json", json.dumps(scores, indent=2) + "\n")
    for ending, write in TABLES.items():
        save(folder / f"tables.{ending}", write(report.tables))
    save(folder / "report.md", markdown(report))
    save(folder / "report.html", html(report))


def _worst_file(number: int) -> str:
    return f"worst/{number:02}.jpg"


def _wrong_file(number: int) -> str:
    return f"wrong/{number:02}.jpg"


def caption(case: WorstRound) -> str:
    """One line on what happened in a round."""
    turn = case.turn
    if turn["truth"]:
        best = f"best IoU {turn['iou'] or 0:.2f}" if turn["objects"] else "nothing was found"
    else:
        best = "there is nothing to find"
    return f"Row {case.index}, round {turn['round']}: “{turn['question']}” – {best}."


# HTML: jinja2 escapes every text.


def html(report: Report) -> str:
    """The report as one HTML page that contains its pictures and loads nothing else."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {"data_url": _data_url, "caption": caption}
    return environment.get_template("report.html").render(report=report)


def _data_url(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


# Markdown


def markdown(report: Report) -> str:
    """The report as Markdown, with links to the pictures beside it."""
    parts = [
        f"# {markdown_text(report.title)}",
        *(markdown_text(sentence) for sentence in report.summary),
    ]
    for table in report.tables:
        parts += [
            f"## {markdown_text(table.title)}",
            *([markdown_text(table.note)] if table.note else ()),
        ]
        parts.append(markdown_table(table))
        parts += [
            f"![{markdown_text(p.title)}]({p.file})"
            for p in report.plots
            if p.beside == table.title
        ]
    if report.unplayed:
        parts += [
            "## Rows that were not played",
            "\n".join(f"- {markdown_text(u)}" for u in report.unplayed),
        ]
    if report.worst:
        parts += ["## Worst rounds", report.legend]
        parts += [
            f"![{markdown_text(caption(case))}]({_worst_file(number)})\n\n{markdown_text(caption(case))}"
            for number, case in enumerate(report.worst, start=1)
        ]
    if report.wrong:
        parts += ["## Wrong answers", report.legend]
        parts += [
            f"![{markdown_text(case.caption)}]({_wrong_file(number)})\n\n{markdown_text(case.caption)}"
            for number, case in enumerate(report.wrong, start=1)
        ]
    return "\n\n".join(parts) + "\n"
