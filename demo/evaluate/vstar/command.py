"""``python -m demo evaluate --benchmark vstar DIR``: a resumable run over V*, and its report."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from demo.dialects.ways import LOOKING
from demo.errors import InputError, ModelError, OptionError
from demo.evaluate.data import BadRow
from demo.evaluate.folder import Row, RunFolder, check_folder, open_folder, read_folder
from demo.evaluate.play import FailedDialogue
from demo.evaluate.report import write_files
from demo.evaluate.run import run_each
from demo.evaluate.vstar.asking import Asked, asked_in
from demo.evaluate.vstar.cases import wrong_cases
from demo.evaluate.vstar.play import LETTER, LIKELIHOOD, Protocol, play
from demo.evaluate.vstar.questions import Benchmark, Question, read_benchmark
from demo.evaluate.vstar.report import build_report, how_sentences
from demo.evaluate.vstar.score import is_right, score
from demo.evaluate.vstar.tables import ScoredRun, accuracy_table, run_label, seen_table
from demo.figures.tables import markdown_table
from demo.models.models import Models
from demo.models.workers import ModelInfo, start_workers

MAX_BAD_ROWS = 5
MAX_WRONG = 12
_NO_WEIGHING = (
    "The likelihood protocol weighs texts that the model does not write, which only a model in this "
    "process can do, through transformers: leave out --server, give --engine transformers, or use "
    "--protocol letter."
)


def evaluate_vstar(options: argparse.Namespace) -> int:
    """Run the command; the exit status. Raises InputError and ModelError with a sentence."""
    protocol = _protocol(options)
    benchmark = read_benchmark(options.data, options.limit)
    _tell(benchmark)
    others = [_other(path, benchmark.digest) for path in options.compare]
    options.segmenter = "none"  # nothing is asked of it
    check_folder(_out(options, protocol), {})
    with start_workers(options, options.workers) as workers:
        if protocol.name == LIKELIHOOD and not workers.info.weighs:
            raise OptionError(_NO_WEIGHING)
        asked = asked_in(workers.info.dialect, protocol.max_looks)
        settings = _settings(options, protocol, benchmark.digest, workers.info)
        print(workers.info.status, file=sys.stderr)
        if options.looks and not asked.may_look:
            print(f"{workers.info.model} does not look closer by itself.", file=sys.stderr)
        with open_folder(_out(options, protocol), settings) as folder:
            left = run_each(
                benchmark.questions,
                partial(_play, protocol),
                workers,
                folder,
                _Tally().add,
                "question",
            )
            unplayed: list[BadRow | FailedDialogue] = [*benchmark.bad, *left.bad, *left.failed]
            _report(settings, asked, benchmark, folder, others, unplayed)
    left.check("questions")
    return 0


def _protocol(options: argparse.Namespace) -> Protocol:
    """Raises OptionError for what cannot be asked together."""
    name = options.protocol or LETTER
    if (options.reference, options.reference_frame, options.reference_form) != (
        "predicted",
        "model",
        "bbox",
    ):
        raise OptionError(
            "The questions of V* refer to no earlier ones: leave out --reference and what begins with it."
        )
    if options.images is not None:
        raise OptionError("The pictures of V* lie beside its questions: leave out --images.")
    if options.asking not in ("auto", LOOKING):
        raise OptionError(
            "V* asks for words: leave out --asking, and give --looks 0 for answers without looks."
        )
    if options.asking == LOOKING and options.looks == 0:
        raise OptionError(
            "--asking looking and --looks 0 contradict each other: leave out one of them."
        )
    if name == LIKELIHOOD:
        if options.looks:
            raise OptionError(
                "With --protocol likelihood the model writes nothing, so it cannot look: leave out --looks."
            )
        if options.server is not None or options.engine == "llama.cpp":
            raise OptionError(_NO_WEIGHING)
        return Protocol(name)
    return Protocol(name, options.looks)


def _tell(benchmark: Benchmark) -> None:
    """What was left out, for people."""
    for note in benchmark.notes[:MAX_BAD_ROWS]:
        print(note, file=sys.stderr)
    for row in benchmark.bad[:MAX_BAD_ROWS]:
        print(f"Question {row.index} is left out: {row.why}", file=sys.stderr)
    more = max(len(benchmark.bad) - MAX_BAD_ROWS, 0) + max(len(benchmark.notes) - MAX_BAD_ROWS, 0)
    if more:
        print(f"{more} more things are left out; the report lists them.", file=sys.stderr)


def _settings(
    options: argparse.Namespace, protocol: Protocol, digest: str, info: ModelInfo
) -> dict[str, Any]:
    """What must be the same for all rows in one folder."""
    return {
        "version": 1,
        "benchmark": "vstar",
        "data_name": options.data.resolve().name,
        "data": digest,
        "model": info.model,
        "quantize": options.quantize,
        "low_memory": options.low_memory,
        "server": options.server,
        "protocol": protocol.name,
        **({} if protocol.max_looks is None else {"looks": protocol.max_looks}),
        **({"dialect": options.dialect} if options.dialect else {}),
    }


def _out(options: argparse.Namespace, protocol: Protocol) -> Path:
    if options.out is not None:
        return Path(options.out)
    looks = "" if protocol.max_looks is None else f"-{protocol.max_looks}-looks"
    return Path("evaluation") / f"vstar-{protocol.name}{looks}"


def _other(path: Path, digest: str) -> tuple[str, str, dict[int, Any]]:
    """Label, protocol and rows of another run. Raises InputError when it is on other questions."""
    settings, rows = read_folder(path)
    if settings.get("data") != digest:
        raise InputError(f"The run in {path} is on other questions, so it cannot be compared.")
    return run_label(settings), settings["protocol"], rows


def _play(protocol: Protocol, question: Question, models: Models) -> Row:
    return play(question, models.reasoner, protocol)


class _Tally:
    """How a run stands, for its progress bar."""

    def __init__(self) -> None:
        self._right = self._count = 0

    def add(self, row: Any) -> str:
        """The accuracy so far."""
        self._right += is_right(row)
        self._count += 1
        return f"accuracy={self._right / self._count:.3f}"


def _report(
    settings: dict[str, Any],
    asked: Asked,
    benchmark: Benchmark,
    folder: RunFolder,
    others: list[tuple[str, str, dict[int, Any]]],
    unplayed: list[BadRow | FailedDialogue],
) -> None:
    played = [q.index for q in benchmark.questions if q.index in folder.rows]
    if not played:
        why = unplayed[0].why if unplayed else "There are none."
        raise ModelError(f"No question was answered. {why}")
    rows = [folder.rows[index] for index in played]
    this = ScoredRun(run_label(settings), settings["protocol"], score(rows))
    beside = [
        ScoredRun(label, protocol, score(found[index] for index in played if index in found))
        for label, protocol, found in others
    ]
    wrong = wrong_cases(rows, benchmark.questions, MAX_WRONG)
    report = build_report(settings, asked, this, beside, benchmark.notes, unplayed, wrong)
    named = {name: settings[name] for name in ("benchmark", "protocol")}
    write_files(folder.path, report, {**named, **this.scores.to_dict()})
    for table in (accuracy_table(this.scores), seen_table(this.scores)):
        print(f"{markdown_table(table)}\n")
    print(*how_sentences(settings, asked, this.scores), sep="\n")
    print(f"\n{folder.path / 'report.html'}")
