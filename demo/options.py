"""The options that the app and the command line share; reading them loads nothing."""

from __future__ import annotations

import argparse
import os
from typing import NoReturn

from demo.checkpoints.catalogue import find_model
from demo.dialects.dialect import Dialect
from demo.dialects.known import DIALECTS
from demo.dialects.ways import WAYS, has_ways
from demo.errors import OptionError
from demo.remote.address import read_address
from demo.segmenters.names import NAMES_IN_WORDS, check_segmenter


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence, with exit status 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[:1].upper()}{message[1:]}. See {self.prog} --help.\n")


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """The options that the app and the command line share."""
    parser.add_argument(
        "--model", default=os.environ.get("REGIONREASONER_MODEL", "auto"), metavar="NAME",
        help="auto, nano, regionreasoner-7b, another name, a hub id, or a folder; NAME@REVISION takes "
        "another commit, branch or tag of the hub’s (default: auto)",
    )  # fmt: skip
    parser.add_argument(
        "--dialect", choices=tuple(DIALECTS), metavar="NAME",
        help=f"the family for which questions are worded: {', '.join(DIALECTS)} (default: the model's own)",
    )  # fmt: skip
    parser.add_argument(
        "--asking", choices=("auto", *WAYS), default="auto",
        help="ask a general model, such as a Qwen3-VL, for boxes alone, for its reasoning, too, or for "
        "words after looking closer (default: auto, by the speed of this machine)",
    )  # fmt: skip
    parser.add_argument(
        "--quantize", choices=("auto", "4bit", "none"), default="auto",
        help="4 bits for the language layers (default: auto, which is 4bit for large models on CUDA)",
    )  # fmt: skip
    parser.add_argument(
        "--engine", choices=("auto", "transformers", "llama.cpp"), default="auto",
        help="what runs the model (default: auto, which is llama.cpp for large models without a CUDA card)",
    )  # fmt: skip
    parser.add_argument(
        "--low-memory", action="store_true",
        help="4 bits for the vision tower and the output head, too",
    )  # fmt: skip
    parser.add_argument(
        "--server", metavar="URL", help="use an OpenAI-compatible server instead of loading a model"
    )
    parser.add_argument(
        "--segmenter", default="auto", metavar="NAME",
        help=f"{NAMES_IN_WORDS} (default: auto)",
    )  # fmt: skip
    parser.add_argument(
        "--yes", action="store_true", help="fetch weights that are not here without asking"
    )


def check_models(options: argparse.Namespace) -> None:
    """Raises OptionError for a model, a server or a segmenter that cannot be, before anything is loaded."""
    check_segmenter(options.segmenter)
    if not options.model.strip():
        raise OptionError("--model is empty: give a name, a hub id or a folder, or leave it out.")
    if options.server is not None:
        read_address(options.server)
    elif options.model != "auto":
        entry = find_model(options.model, options.dialect)
        check_asking(options.asking, DIALECTS[entry.dialect], entry.title)


def check_asking(asking: str, dialect: Dialect, title: str) -> None:
    """Raises OptionError for a way of asking that a model does not have."""
    if asking in WAYS and not has_ways(dialect):
        raise OptionError(
            f"{title} is asked in one way only, the one that it was trained on: leave out --asking."
        )


def count(text: str) -> int:
    """A whole number above 0, as an option's type."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def whole(text: str) -> int:
    """A whole number from 0, as an option's type."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0")
    return int(text)
