"""The command `python -m demo batch`: its options and what it calls."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from demo.annotations.command import DIALOGUE, OUTPUTS
from demo.errors import ModelError
from demo.options import Parser, add_model_options, check_models, count

_FOLDER = "folder.txt"  # whose pictures the results are about; empty where that is not sure


def add_batch_command(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add ``batch DIR QUESTION … --out DIR`` to the command line."""
    batch = commands.add_parser(
        "batch", help="ask the same questions about every picture of a folder; resumes when stopped"
    )
    batch.add_argument("folder", type=Path, help="with pictures, also in folders inside it")
    batch.add_argument("questions", nargs="+", metavar="question")
    add_model_options(batch)
    batch.add_argument("--out", type=Path, required=True, metavar="DIR", help="for the results")
    batch.add_argument(
        "--to", nargs="+", default=[], choices=OUTPUTS, metavar="FORMAT",
        help=f"write them like this as well: {', '.join(OUTPUTS)}",
    )  # fmt: skip
    batch.add_argument(
        "--workers", type=count, default=1, metavar="N",
        help="processes with a model each, or requests at a time to a --server (default: 1)",
    )  # fmt: skip
    batch.set_defaults(run=_batch)


def _batch(options: argparse.Namespace) -> int:
    from demo.annotations.left_out import left_out
    from demo.batch.kept import LEFT_OUT, TABLE, kept_dialogues, left_out_table, table
    from demo.batch.others import write_form
    from demo.batch.pictures import pictures_in
    from demo.batch.run import Left, run
    from demo.evaluate.folder import check_folder, open_folder, save
    from demo.language.references import check_question
    from demo.models.workers import start_workers

    check_models(options)
    for question in options.questions:
        check_question(question)
    pictures, left = pictures_in(options.folder, options.out), Left()
    asked = {"questions": options.questions, "asking": options.asking}
    check_folder(options.out, asked)
    try:
        with start_workers(options, options.workers) as workers:
            print(workers.info.status, file=sys.stderr)
            with open_folder(options.out, {**asked, "model": workers.info.model}):
                try:
                    run(
                        options.folder,
                        pictures,
                        options.questions,
                        workers,
                        options.out,
                        asking="" if options.asking == "auto" else options.asking,
                        may_differ=_is_another_folder(options),
                        left=left,
                    )
                finally:  # what there is, also of a run that is stopped
                    if left.is_compared:
                        _note_folder(options)
                        kept = kept_dialogues(options.out, pictures)
                        save(options.out / TABLE, table(kept))
                        save(options.out / LEFT_OUT, left_out_table(left.reasons))
                for to in sorted(set(options.to) - {DIALOGUE}):  # which are kept already
                    for note in left_out(to, list(kept.values())):
                        print(f"{to}: {note}", file=sys.stderr)
                    write_form(to, list(kept.values()), options.out)
    except KeyboardInterrupt:
        print("Stopped. The same command continues from here.", file=sys.stderr)
        return 130
    print(
        json.dumps({"pictures": len(kept), "unusable": len(left.unusable), "out": str(options.out)})
    )
    if left.failed:
        raise ModelError(
            f"The model failed on {len(left.failed)} pictures: {left.failed[0].why} "
            "The same command tries them again."
        )
    return 0


def _is_another_folder(options: argparse.Namespace) -> bool:
    """Whether there may be results about another folder. Until the pictures are compared, that stays so."""
    from demo.evaluate.folder import as_input_error, save

    note = options.out / _FOLDER
    with as_input_error(options.out):
        before = note.read_bytes() if note.exists() else _name_of(options)
    is_another = before != _name_of(options)
    save(note, b"" if is_another else before)
    return is_another


def _note_folder(options: argparse.Namespace) -> None:
    """From now on the results under the names of these pictures are about this folder."""
    from demo.evaluate.folder import save

    save(options.out / _FOLDER, _name_of(options))


def _name_of(options: argparse.Namespace) -> bytes:
    return os.fsencode(options.folder.resolve())
