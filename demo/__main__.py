"""Work without the page: ``python -m demo COMMAND``; ``--help`` lists the commands."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from demo.agents.commands import add_mcp_command
from demo.annotations.command import add_convert_command
from demo.batch.commands import add_batch_command
from demo.dialects.ways import ALL_DIALECTS
from demo.doctor.commands import add_doctor_command
from demo.errors import DemoError, InputError
from demo.evaluate.commands import add_evaluate_commands
from demo.machine.environment import settle_certificates, settle_streams, settle_user
from demo.machine.private_files import keep_private, temporary_run
from demo.machine.proxies import settle_proxies
from demo.models.conversion import add_gguf_command
from demo.nano.commands import add_nano_commands
from demo.options import Parser, add_model_options, check_models, count, whole
from demo.picture.geometry import ModelBox, PictureBox, Size

if TYPE_CHECKING:
    from demo.dialogue.session import Session
    from demo.picture.picture import Picture


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status is 2 for unusable input and 1 for a failed model."""
    keep_private()
    settle_streams()
    settle_user(os.environ)
    for said in settle_certificates(os.environ) + settle_proxies(os.environ):
        print(said, file=sys.stderr)
    options = _parser().parse_args(arguments)
    try:
        with temporary_run(os.environ):
            status = int(options.run(options))
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader (such as `head`) has seen enough; nothing is left to write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except DemoError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1


def _parser() -> Parser:
    parser = Parser(prog="python -m demo", description="Work without the page.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    ground = commands.add_parser("ground", help="ask questions about a picture, as one dialogue")
    ground.add_argument("image", type=Path)
    ground.add_argument("questions", nargs="+", metavar="question")
    add_model_options(ground)
    ground.add_argument(
        "--within", type=_box, metavar="x1,y1,x2,y2",
        help="look closer: ask about this part of the picture only, enlarged; in picture pixels, cut to "
        "the picture (--within=-9,0,90,90 where it begins with a minus)",
    )  # fmt: skip
    ground.add_argument(
        "--looks", type=whole, metavar="N",
        help="how often a model may look closer by itself in one answer (default: as it was trained to)",
    )  # fmt: skip
    ground.add_argument("--json", type=Path, metavar="FILE", help="write the session there")
    ground.add_argument("--overlay", type=Path, metavar="FILE.png", help="draw the regions there")
    ground.set_defaults(run=_ground)

    parse = commands.add_parser("parse", help="read a model's text and print what is in it")
    parse.add_argument("raw", type=Path, help="a text file; - for standard input")
    parse.add_argument("--size", type=_size, required=True, metavar="WxH", help="of the picture")
    parse.add_argument(
        "--dialect", choices=tuple(ALL_DIALECTS), default="region-reasoner", help="how it was asked"
    )
    parse.add_argument(
        "--frame", type=count, help="side of the model frame, if not the dialect's own"
    )
    parse.add_argument(
        "--given", type=_box, action="append", default=[], metavar="x1,y1,x2,y2",
        help="a reference box of the question, in the model frame; may be repeated",
    )  # fmt: skip
    parse.set_defaults(run=_parse)

    user = commands.add_parser("user", help="add a user to a file for --auth, or change a password")
    user.add_argument("name")
    user.add_argument("file", type=Path)
    user.set_defaults(run=_user)

    add_convert_command(commands)
    add_batch_command(commands)
    add_mcp_command(commands)
    add_gguf_command(commands)
    add_doctor_command(commands)
    add_evaluate_commands(commands)
    nano = commands.add_parser("nano", help="the built-in model: its world, training and tests")
    add_nano_commands(nano.add_subparsers(required=True, metavar="COMMAND"))
    return parser


def _ground(options: argparse.Namespace) -> int:
    from demo.dialogue.engine import answer, begin
    from demo.dialogue.look_parts import cut_within
    from demo.picture.picture import open_picture

    check_models(options)
    picture = open_picture(options.image)
    for note in picture.notes:
        print(note, file=sys.stderr)
    within = options.within and cut_within(picture.size, PictureBox(*options.within.xyxy))
    if options.overlay:  # what it lacks is said before a model is asked
        import demo.dialogue.overlay  # noqa: F401
    from demo.models.selection import (
        choose,  # takes seconds, which what is wrong above need not wait for
    )

    models = choose(options)
    if advice := models.advice_for(picture):
        print(advice.text, *(f"{why} {command}" for why, command in advice.ways), file=sys.stderr)
    session = begin(picture, models.reasoner)
    failed: BaseException | None = None
    try:
        for question in options.questions:
            session = answer(
                session,
                question,
                picture=picture,
                reasoner=models.reasoner,
                segmenter=models.segmenter,
                doubt=models.doubt_about(picture),
                asking=models.asking,
                within=within,
                max_looks=options.looks,
            )
    except BaseException as error:
        failed = error
    finally:
        models.reasoner.close()
    try:
        _write(session, picture, options)
    except InputError as error:
        # What went wrong first is what the exit status is about.
        if failed is None:
            raise
        print(error, file=sys.stderr)
    if failed is not None:
        raise failed
    return 0


def _write(session: Session, picture: Picture, options: argparse.Namespace) -> None:
    from demo.dialogue.session_json import session_to_json

    text = json.dumps(session_to_json(session), ensure_ascii=False, indent=2)
    if options.json:
        _save(options.json, f"{text}\n".encode())
    else:
        print(text)
    if options.overlay:
        from demo.dialogue.overlay import overlay_png

        _save(options.overlay, overlay_png(picture, session))


def _save(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"The file {path} cannot be written: {error.strerror}.") from error


def _parse(options: argparse.Namespace) -> int:
    from demo.dialogue.parsed import parse_report

    try:
        raw = sys.stdin.buffer.read() if str(options.raw) == "-" else options.raw.read_bytes()
    except OSError as error:
        raise InputError(f"The file {options.raw} cannot be read: {error.strerror}.") from error
    dialect = ALL_DIALECTS[options.dialect]
    side = options.frame
    frame = Size(side, side) if side else dialect.view(options.size).frame
    found = parse_report(
        raw.decode("utf-8", "replace"), options.size, frame, options.given, dialect
    )
    print(json.dumps(found, ensure_ascii=False, indent=2))
    return 0


def _user(options: argparse.Namespace) -> int:
    from demo.access.accounts import save_account

    is_new = save_account(options.file, options.name, _password())
    done = "was added" if is_new else "has a new password"
    print(f"{options.name} {done}. A running app takes it at once.")
    return 0


def _password() -> str:
    """Asked for twice on a terminal; else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise InputError("The two passwords differ: nothing was written.")
    return password


def _size(text: str) -> Size:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text} is not a size; write it like 640x480")
    return Size(int(width), int(height))


def _box(text: str) -> ModelBox:
    try:
        return ModelBox(*(int(v) for v in text.strip("[] ").split(",")))
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(
            f"{text} is not a box; write it like 10,20,30,40"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
