"""The command `python -m demo gguf`: a checkpoint as files that llama.cpp runs.

Modules that take long to import are imported when it runs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from demo.checkpoints.catalogue import LLAMA_CPP, find_model
from demo.dialects.known import DIALECTS
from demo.errors import CheckpointError, OptionError
from demo.options import Parser

TYPES = ("q4_0", "q8_0", "f16")


def add_gguf_command(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add ``gguf`` to the command line."""
    gguf = commands.add_parser("gguf", help="write a checkpoint as GGUF files, for llama.cpp")
    gguf.add_argument("model", help="a name, a hub id or a folder, as --model takes them")
    gguf.add_argument(
        "--out", type=Path, required=True, metavar="DIR",
        help="the folder for model.gguf and mmproj.gguf; what an earlier run left there is gone on with",
    )  # fmt: skip
    gguf.add_argument(
        "--type", choices=TYPES, default=TYPES[0],
        help="the precision of the weights: 4, 8 or 16 bits (default: q4_0)",
    )  # fmt: skip
    gguf.add_argument(
        "--dialect", choices=tuple(DIALECTS), metavar="NAME",
        help="the family for which questions are worded, to be noted in the files",
    )  # fmt: skip
    gguf.add_argument(
        "--yes", action="store_true", help="fetch weights that are not here without asking"
    )
    gguf.set_defaults(run=_gguf)


def _gguf(options: argparse.Namespace) -> int:
    """Fetch the checkpoint, if needed and agreed to, and write it.

    Raises OptionError for a model that is no checkpoint, and CheckpointError for one that cannot be fetched
    or written.
    """
    entry = find_model(options.model, options.dialect)
    if entry.engine == LLAMA_CPP:
        raise OptionError(
            f"{options.model} is in GGUF files already: python app.py --model {options.model} uses them."
        )
    from tqdm import tqdm

    from demo.checkpoints.fetch import ensure_fetched, folder_of, gb
    from demo.checkpoints.gguf.convert import plan_conversion

    ensure_fetched(entry, agreed=options.yes)
    folder = folder_of(entry)
    assert folder is not None
    dialect = entry.dialect if entry.because else ""
    plan = plan_conversion(entry.title, folder, options.out, options.type, dialect)
    kept = plan.size - plan.missing
    with tqdm(total=plan.size, initial=kept, unit="B", unit_scale=True, desc=entry.title) as bar:
        try:
            plan.run(bar.update)
        except KeyboardInterrupt:
            raise CheckpointError(
                f"Writing {entry.title} was stopped. What is there is kept: start again to continue."
            ) from None
    written = " and ".join(f"{file.path} ({gb(file.size)})" for file in plan.files)
    print(f"Written: {written}. python app.py --model {options.out} uses them.")
    return 0
