"""The report of a run on V*, in the same files as one on dialogues."""

from __future__ import annotations

from collections.abc import Sequence

from demo.evaluate.data import BadRow
from demo.evaluate.folder import Settings
from demo.evaluate.play import FailedDialogue
from demo.evaluate.report import Case, Plot, Report
from demo.evaluate.tables import limit_sentences, percent
from demo.evaluate.vstar.asking import Asked
from demo.evaluate.vstar.cases import LEGEND
from demo.evaluate.vstar.play import LIKELIHOOD
from demo.evaluate.vstar.plot import accuracy_plot, has_seen, seen_plot
from demo.evaluate.vstar.published import QUESTIONS
from demo.evaluate.vstar.questions import SEED
from demo.evaluate.vstar.score import Scores
from demo.evaluate.vstar.tables import (
    ScoredRun,
    accuracy_table,
    interval,
    published_table,
    runs_table,
    seen_and_right_tables,
    seen_table,
)

_PROTOCOLS = {
    "letter": "Protocol: letter. The model writes, and the option counts that its answer chooses, by a "
    "letter that stands alone or by the option's own words.",
    "likelihood": "Protocol: likelihood, as V*'s authors measure. The model is asked the question alone "
    "and writes nothing; the option counts whose text, with the token that ends an answer, has the lowest "
    "mean loss.",
}


def build_report(
    settings: Settings,
    asked: Asked,
    run: ScoredRun,
    others: Sequence[ScoredRun],
    notes: Sequence[str],
    unplayed: Sequence[BadRow | FailedDialogue],
    wrong: Sequence[Case] = (),
) -> Report:
    """Put the report together; ``others`` are runs on the same questions, to compare with."""
    runs = [run, *others]
    tables = [
        accuracy_table(run.scores),
        seen_table(run.scores),
        *seen_and_right_tables(run.scores),
    ]
    if others:
        tables.append(runs_table(runs))
    beside = published_table(runs, is_complete(run.scores))
    tables.append(beside)
    plots = [Plot("Accuracy", beside.title, "accuracy.png", accuracy_plot(runs))]
    if has_seen(runs):
        title = "Whether the targets were seen, and the answer right"
        plots.append(Plot(title, "Where it looked", "seen.png", seen_plot(runs)))
    return Report(
        title=f"{settings['model']} on V*, {settings['protocol']}",
        policy={},
        summary=tuple(_summary(settings, asked, run.scores, notes, unplayed)),
        tables=tuple(tables),
        plots=tuple(plots),
        unplayed=tuple(
            f"Question {row.index}: {row.why}" for row in sorted(unplayed, key=lambda r: r.index)
        ),
        worst=(),
        legend=LEGEND,
        wrong=tuple(wrong),
    )


def is_complete(scores: Scores) -> bool:
    """Whether all of V*'s questions are scored."""
    return {name: t.questions for name, t in scores.categories.items()} == QUESTIONS


def _summary(
    settings: Settings,
    asked: Asked,
    scores: Scores,
    notes: Sequence[str],
    unplayed: Sequence[BadRow | FailedDialogue],
) -> list[str]:
    overall = scores.overall
    return [
        f"{overall.questions:,} questions, {overall.right:,} right: {percent(overall.accuracy)} % (95 % "
        f"interval {interval(overall)}; guessing would give {percent(overall.guessing)} %).",
        *how_sentences(settings, asked, scores),
        f"Model {settings['model']}, quantization {settings['quantize']}"
        f"{', low memory' if settings['low_memory'] else ''}. Folder {settings['data_name']}, whose "
        f"questions have the SHA-256 {settings['data']}.",
        *notes,
        *(
            [f"{len(unplayed):,} questions were not asked; they are listed below."]
            if unplayed
            else []
        ),
    ]


def how_sentences(settings: Settings, asked: Asked, scores: Scores) -> list[str]:
    """Sentences on the protocol, on how was asked, and on the order of the options."""
    protocol = _PROTOCOLS[settings["protocol"]]
    if settings["protocol"] == LIKELIHOOD:
        return [protocol]
    sentences = [protocol, asked.sentence, *limit_sentences(settings)]
    if scores.shuffled:
        sentences.append(
            f"The files give no order of options for {scores.shuffled:,} questions. They stand in an order "
            f"that is drawn by the question's name, with seed {SEED}, the same in every run."
        )
    return sentences
