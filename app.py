"""Start the app: ``python app.py``; ``--help`` lists the options."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")


from demo.access.accounts import AccountsFile
from demo.access.agent_token import AgentToken, agent_token, new_token
from demo.access.exposure import is_private
from demo.access.peers import Proxies
from demo.agents.commands import check_package
from demo.errors import DemoError, InputError, StoreError
from demo.machine.ending import ended_by_signal
from demo.machine.environment import (
    say,
    settle_certificates,
    settle_gradio,
    settle_plots,
    settle_streams,
    settle_uploads,
    settle_user,
    without_stubs,
)
from demo.machine.private_files import keep_private, run_folder
from demo.machine.proxies import settle_proxies
from demo.options import Parser, add_model_options, check_models
from demo.web.address import address_of
from demo.web.logs import set_up
from demo.web.rules import check_root
from demo.web.standard_error import wrap_standard_error
from demo.zerogpu import on_space, on_zero_gpu

if TYPE_CHECKING:
    from demo.dialogue.store import Store
    from demo.evaluate.index import Index
    from demo.models.models import Models


def main(arguments: list[str] | None = None) -> int:
    """Read the options, see that all is ready, serve the page, load the models.

    The exit status is 2 for bad options. Whatever can be found to be wrong is, before the page is served.
    """
    keep_private()
    settle_streams()
    settle_user(os.environ)
    options = parser().parse_args(arguments)
    if options.log_json:
        wrap_standard_error()
    try:
        check_models(options)
        accounts = accounts_of(options)
        agents = agents_of(options)
        address = address_of(options.host, options.port)
        address.check()
        options.host = address.host
        check_root(os.environ)
        if left_out := settle_gradio(os.environ):
            print(left_out, file=sys.stderr)
        folder = settle_uploads(os.environ)
        settle_plots(os.environ, folder)
        for said in settle_certificates(os.environ) + settle_proxies(os.environ, address.host):
            print(said, file=sys.stderr)
        store = open_store(options.sessions)
        index = open_benchmark(options.benchmark, options.images)
        set_up(as_json=options.log_json)
        # Also while much is imported, where nothing else hears a signal that process 1 gets.
        with ended_by_signal(), run_folder(os.environ, folder):
            models = first_models(options)
            with without_stubs():  # of Gradio, which bad options need not wait for
                from demo.web.serve import serve

            serve(models, options, accounts, store, index, agents)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    return 0


def first_models(options: argparse.Namespace) -> Models:
    """The models that are expected, which are loaded while the page is there already.

    On a ZeroGPU Space the real ones, whose weights must be there when the page starts.
    """
    if not on_zero_gpu():
        from demo.models.expected import expected_models

        return expected_models(options)
    from demo.models.selection import choose

    models = choose(options)
    say(f"{models.status}. {models.why}")
    return models


def parser() -> Parser:
    """All options of the app."""
    made = Parser(
        prog=_name(), description="Talk about a picture, region by region, in your browser."
    )
    add_model_options(made)
    # Spaces and containers say by Gradio's own variables where to listen.
    made.add_argument(
        "--host", default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        help="address to listen on, such as 0.0.0.0 or ::1 (default: 127.0.0.1)",
    )  # fmt: skip
    made.add_argument(
        "--port", type=port, default=os.environ.get("GRADIO_SERVER_PORT") or "7860",
        help="port to listen on (default: 7860)",
    )  # fmt: skip
    made.add_argument(
        "--sessions", metavar="DIR", default=os.environ.get("REGIONREASONER_SESSIONS"),
        help="folder to keep dialogues in; none keeps them in memory (default: a folder of your own)",
    )  # fmt: skip
    made.add_argument(
        "--benchmark", type=Path, metavar="FILE",
        help="a RegionDial-Bench file, whose dialogues can be played in the page beside the truth",
    )  # fmt: skip
    made.add_argument(
        "--images", type=Path, metavar="DIR",
        help="where the pictures of --benchmark are (default: beside its file)",
    )  # fmt: skip
    made.add_argument(
        "--behind-proxy", type=proxies, nargs="?", const="", metavar="ADDRESS",
        default=_behind_proxy(os.environ.get("REGIONREASONER_BEHIND_PROXY", "")),
        help="believe what a proxy before it (JupyterHub, code-server, nginx) says of host and path; and, "
        "where its addresses or networks are given, of a visitor's address",
    )  # fmt: skip
    made.add_argument("--share", action="store_true", help="make a public link as well")
    made.add_argument(
        "--auth", metavar="FILE",
        help="user names with password hashes, which python -m demo user NAME FILE makes",
    )  # fmt: skip
    made.add_argument(
        "--mcp", action="store_true",
        help="tools for agents as well, at /mcp, through the Model Context Protocol; they need a token",
    )  # fmt: skip
    made.add_argument(
        "--mcp-token", type=Path, metavar="FILE",
        help="the token of agents, made where the file is not there (default: a new one at each start)",
    )  # fmt: skip
    made.add_argument(
        "--no-links", action="store_true",
        help="let nobody share a dialogue by a link, which can be read without logging in; those that were "
        "made lead nowhere",
    )  # fmt: skip
    made.add_argument(
        "--log-json", action="store_true", default=os.environ.get("REGIONREASONER_LOG") == "json",
        help="write the log as JSON lines",
    )  # fmt: skip
    return made


def _behind_proxy(variable: str) -> str | None:
    """What the variable says as the option's value: 1 is the option alone."""
    return {"": None, "0": None, "1": ""}.get(variable, variable)


def proxies(text: str) -> Proxies:
    """The addresses of proxies, separated by commas or spaces."""
    try:
        return Proxies.read(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text} is not the address of a proxy; give one such as 127.0.0.1, "
            "or a network such as 10.0.0.0/8"
        ) from error


def _name() -> str:
    """What the app was started as: its file, or the command of an installed package."""
    name = Path(sys.argv[0]).stem
    return name if name == "regionreasoner" else "app.py"


def port(text: str) -> int:
    """A port number, 1 to 65535."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port; give a number from 1 to 65535")
    return int(text)


def accounts_of(options: argparse.Namespace) -> AccountsFile | None:
    """The users of --auth; None without it. Raises InputError."""
    if not options.auth:
        return None
    if os.environ.get("GRADIO_MCP_SERVER", "").lower() == "true":
        raise InputError(
            "--auth cannot be combined with GRADIO_MCP_SERVER: its tools ask for no login."
        )
    return AccountsFile(Path(options.auth))


def agents_of(options: argparse.Namespace) -> AgentToken | None:
    """The token of --mcp; None without it. Raises InputError, and ModelError without the package.

    One that is made for this run is printed, once, where only the person who started it can read it.
    """
    if not options.mcp:
        if options.mcp_token is not None:
            raise InputError("--mcp-token is the token of --mcp: give that as well.")
        return None
    check_package()
    if (given := agent_token(options.mcp_token, os.environ)) is not None:
        return given
    is_open = options.share or options.behind_proxy is not None
    if is_open or not is_private(options.host, os.environ) or not sys.stdout.isatty():
        raise InputError(
            "--mcp needs a token of your own where others can reach the page or read what it prints: name "
            "a file with --mcp-token, which is made if it is not there."
        )
    token = new_token()
    say(f"The token of agents, until this ends: {token}")
    return AgentToken.of(token)


def open_store(folder: str | None) -> Store | None:
    """Where dialogues are kept; None for in memory only. Raises InputError for a folder of one's choice.

    Without a choice it is a folder of the user's own, except on a Space, whose disk is not the visitor's
    and is emptied with each restart.
    """
    if folder == "none" or (folder is None and on_space()):
        return None
    if folder is not None:
        return _store_in(Path(folder))
    from demo.machine.folders import sessions_folder

    try:
        return _store_in(sessions_folder())
    except InputError as error:
        print(f"{error} They are kept in memory only.", file=sys.stderr)
        return None


def _store_in(folder: Path) -> Store:
    from demo.dialogue.store import Store

    try:
        store = Store(folder)
    except StoreError as error:
        raise InputError(str(error)) from error
    if store.notice:
        print(store.notice, file=sys.stderr)
    return store


def open_benchmark(path: Path | None, images: Path | None) -> Index | None:
    """The benchmark to play, if one is named. Raises InputError."""
    if path is None:
        if images is not None:
            raise InputError(
                "--images says where the pictures of --benchmark are: give that as well."
            )
        return None
    from demo.evaluate.index import open_index

    return open_index(path, images)


if __name__ == "__main__":
    sys.exit(main())
