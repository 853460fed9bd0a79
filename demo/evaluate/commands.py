"""The commands `python -m demo evaluate` and `export`: their options and what they call.

Modules that take long to import are imported by the command that needs them.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.dialects.ways import QUICK, in_way
from demo.errors import InputError, OptionError, one_line
from demo.options import Parser, add_model_options, check_models, count, whole

if TYPE_CHECKING:
    from demo.dialogue.session import Session
    from demo.evaluate.data import BadRow, Dialogue
    from demo.evaluate.folder import RunFolder
    from demo.evaluate.play import FailedDialogue
    from demo.evaluate.tables import ScoredRun
    from demo.models.workers import ModelInfo
    from demo.picture.picture import Picture

REGIONDIAL, VSTAR = "regiondial", "vstar"
MAX_WORST = 12
MAX_BAD_ROWS = 5


def add_evaluate_commands(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add ``evaluate DATA.json`` and ``export SESSION … --dialogues DIR`` to the command line."""
    evaluate = commands.add_parser(
        "evaluate",
        help="score a model on RegionDial-Bench dialogues, or on V*; resumes a run that was stopped",
    )
    evaluate.add_argument(
        "data", type=Path, help="a file in the benchmark's format; of V* the folder of its files"
    )
    evaluate.add_argument(
        "--benchmark", choices=(REGIONDIAL, VSTAR), default=REGIONDIAL,
        help="RegionDial-Bench, or V*, small things in large pictures (default: regiondial)",
    )  # fmt: skip
    evaluate.add_argument(
        "--protocol", choices=("letter", "likelihood"),
        help="of V*: the option that the model writes, or the one that is likeliest as its answer, as V*'s "
        "authors measure (default: letter)",
    )  # fmt: skip
    evaluate.add_argument(
        "--looks", type=whole, metavar="N",
        help="at most so many looks at parts of the picture an answer, 0 for none (default: as many as the "
        "model's family may take)",
    )  # fmt: skip
    add_model_options(evaluate)
    evaluate.add_argument(
        "--reference", choices=("predicted", "truth", "none"), default="predicted",
        help="what stands for a reference to an earlier round: the box that the model found there, the "
        "true box, or the word “it” (default: predicted)",
    )  # fmt: skip
    evaluate.add_argument(
        "--reference-frame", choices=("model", "original"), default="model",
        help="write references in the model's frame, or in pixels of the original picture, as the "
        "authors' script does (default: model)",
    )  # fmt: skip
    evaluate.add_argument(
        "--reference-form", choices=("bbox", "bare"), default="bbox",
        help="write references as the model's dialect does (bbox=[x1, y1, x2, y2]), or as [x1, y1, x2, "
        "y2] alone, as the authors' script does (default: bbox)",
    )  # fmt: skip
    evaluate.add_argument("--limit", type=count, metavar="N", help="only the first N rows")
    evaluate.add_argument(
        "--images", type=Path, metavar="DIR", help="where the pictures are (default: beside DATA)"
    )
    evaluate.add_argument(
        "--workers", type=count, default=1, metavar="N",
        help="processes with a model each, or parallel requests to --server (default: 1)",
    )  # fmt: skip
    evaluate.add_argument(
        "--out", type=Path, metavar="DIR",
        help="where rows and report go (default: evaluation/ and a name made of the settings)",
    )  # fmt: skip
    evaluate.add_argument(
        "--compare", type=Path, action="append", default=[], metavar="DIR",
        help="another run on the same data, to compare with in the report; may be repeated",
    )  # fmt: skip
    evaluate.set_defaults(run=_evaluate)

    export = commands.add_parser(
        "export", help="dialogues and people's feedback, as benchmark and training data"
    )
    export.add_argument(
        "sessions", nargs="*", type=Path, metavar="SESSION",
        help="zip files of dialogues, or session.json files with their pictures beside them",
    )  # fmt: skip
    export.add_argument(
        "--dialogues", type=Path, required=True, metavar="DIR",
        help="where dialogues.json, single_turn.jsonl and images/ go",
    )  # fmt: skip
    export.add_argument(
        "--images", type=Path, metavar="DIR", help="where the pictures of session.json files are"
    )
    export.add_argument(
        "--only", choices=("rated",), help="leave out answers that nobody rated or corrected"
    )
    export.set_defaults(run=_export)


def _evaluate(options: argparse.Namespace) -> int:
    check_models(options)
    try:
        if options.benchmark == VSTAR:
            from demo.evaluate.vstar.command import evaluate_vstar

            return evaluate_vstar(options)
        return _evaluate_dialogues(options)
    except KeyboardInterrupt:
        print("Stopped. The same command continues from here.", file=sys.stderr)
        return 130


def _evaluate_dialogues(options: argparse.Namespace) -> int:
    from demo.evaluate.folder import check_folder, open_folder
    from demo.evaluate.reference_policy import ReferencePolicy

    if options.protocol is not None:
        raise OptionError("--protocol belongs to --benchmark vstar.")
    if options.data.is_dir():
        raise InputError(
            f"{options.data} is a folder: give a file of dialogues, or add --benchmark vstar to read V*."
        )
    dialogues, bad = _read(options)
    data = _digest(options.data)
    others = [_other(path, data) for path in options.compare]

    from demo.evaluate.run import run
    from demo.models.workers import start_workers

    # The machine's speed does not decide what is measured.
    asking = QUICK if options.asking == "auto" else options.asking
    policy = ReferencePolicy(
        options.reference, options.reference_frame, options.reference_form, asking
    )
    check_folder(_out(options), {})
    with start_workers(options, options.workers) as workers:
        settings = _settings(options, data, workers.info)
        print(workers.info.status, file=sys.stderr)
        if options.looks and in_way(workers.info.dialect, asking).looking is None:
            print(
                f"{workers.info.model} does not look closer when it is asked in this way.",
                file=sys.stderr,
            )
        with open_folder(_out(options), settings) as folder:
            left = run(dialogues, workers, policy, folder, options.looks)
            unplayed: list[BadRow | FailedDialogue] = [*bad, *left.bad, *left.failed]
            _report(settings, dialogues, folder, others, unplayed)
    left.check("dialogues")
    return 0


def _read(options: argparse.Namespace) -> tuple[list[Dialogue], list[BadRow]]:
    """Good and bad rows; the first bad ones are printed. Raises InputError when there is no good one."""
    from demo.evaluate.data import Dialogue, read_dialogues

    dialogues: list[Dialogue] = []
    bad: list[BadRow] = []
    for row in read_dialogues(options.data, images=options.images, limit=options.limit):
        if isinstance(row, Dialogue):
            dialogues.append(row)
        else:
            bad.append(row)
    if not dialogues:
        raise InputError(f"No row of {options.data} can be used. Row 0: {bad[0].why}")
    for row in bad[:MAX_BAD_ROWS]:
        print(f"Row {row.index} is left out: {row.why}", file=sys.stderr)
    if len(bad) > MAX_BAD_ROWS:
        more = len(bad) - MAX_BAD_ROWS
        print(f"{more} more rows are left out; the report lists them.", file=sys.stderr)
    return dialogues, bad


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"The file {path} cannot be read: {error.strerror}.") from error


def _settings(options: argparse.Namespace, data: str, info: ModelInfo) -> dict[str, Any]:
    """What must be the same for all rows in one folder."""
    return {
        "version": 1,
        "data_name": options.data.name,
        "data": data,
        "model": info.model,
        "frame": None if info.frame is None else list(info.frame),
        "segmenter": info.segmenter,
        "quantize": options.quantize,
        "low_memory": options.low_memory,
        "server": options.server,
        "reference": options.reference,
        "reference_frame": options.reference_frame,
        "reference_form": options.reference_form,
        **({"dialect": options.dialect} if options.dialect else {}),
        **({} if options.asking in ("auto", QUICK) else {"asking": options.asking}),
        **({} if options.looks is None else {"looks": options.looks}),
    }


def _out(options: argparse.Namespace) -> Path:
    if options.out is not None:
        return Path(options.out)
    form = "" if options.reference_form == "bbox" else f"-{options.reference_form}"
    form += "" if options.asking in ("auto", QUICK) else f"-{options.asking}"
    form += "" if options.looks is None else f"-{options.looks}-looks"
    return Path("evaluation") / (
        f"{options.data.stem}-{options.reference}-{options.reference_frame}{form}"
    )


def _other(path: Path, data: str) -> tuple[str, dict[int, Any]]:
    """The label and the rows of another run. Raises InputError when it is on other data."""
    from demo.evaluate.folder import read_folder
    from demo.evaluate.tables import run_label

    settings, rows = read_folder(path)
    if settings.get("data") != data:
        raise InputError(f"The run in {path} is on another data file, so it cannot be compared.")
    return run_label(settings), rows


def _report(
    settings: dict[str, Any],
    dialogues: Sequence[Dialogue],
    folder: RunFolder,
    others: Sequence[tuple[str, dict[int, Any]]],
    unplayed: Sequence[BadRow | FailedDialogue],
) -> None:
    from demo.evaluate.report import build_report, how_sentences, write_report
    from demo.evaluate.score import score
    from demo.evaluate.tables import ScoredRun, round_table, run_label
    from demo.evaluate.worst_rounds import worst_rounds
    from demo.figures.tables import markdown_table

    played = [d.index for d in dialogues if d.index in folder.rows]
    rows = [folder.rows[index] for index in played]
    this = ScoredRun(run_label(settings), score(rows))
    beside: list[ScoredRun] = [
        ScoredRun(label, score(found[index] for index in played if index in found))
        for label, found in others
    ]
    worst = worst_rounds(rows, dialogues, MAX_WORST)
    write_report(folder.path, build_report(settings, this, beside, unplayed, worst), this)
    print(markdown_table(round_table(this.scores)))
    print("", *how_sentences(settings, this.scores), sep="\n")
    print(f"\n{folder.path / 'report.html'}")


def _export(options: argparse.Namespace) -> int:
    from demo.evaluate.feedback import export_dialogues

    if not options.sessions:
        raise InputError(
            "Give the dialogues to export: zip files, or session.json files with their pictures."
        )
    sessions = (_session(path, options.images) for path in options.sessions)
    made = export_dialogues(sessions, options.dialogues, rated_only=options.only == "rated")
    for why, turns in made.left_out.items():
        print(f"{turns} turns: {why}.", file=sys.stderr)
    print(
        f"{len(made.dialogues)} dialogues and {len(made.single_turns)} single turns are in "
        f"{options.dialogues}."
    )
    return 0


def _session(path: Path, images: Path | None) -> tuple[Session, Picture]:
    """A dialogue and its picture. Raises InputError with a sentence that names the file."""
    from demo.dialogue.archive import (
        PICTURE_NAME,
        SESSION_NAME,
        matching_picture,
        read_session,
        read_zip,
    )
    from demo.evaluate.data import MAX_WHY
    from demo.picture.picture import safe_name

    try:
        path = path / SESSION_NAME if path.is_dir() else path
        if path.suffix.lower() != ".json":
            return read_zip(path)
        session = read_session(path.read_bytes())
        folder = path.parent if images is None else images
        named, unpacked = folder / safe_name(session.picture.name), folder / PICTURE_NAME
        is_unpacked = unpacked.is_file() and not named.is_file()
        return session, matching_picture(session, unpacked if is_unpacked else named)
    except OSError as error:
        raise InputError(f"The file {path} cannot be read: {error.strerror}.") from error
    except InputError as error:
        raise InputError(f"{path}: {one_line(str(error), MAX_WHY)}") from error
