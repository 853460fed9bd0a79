"""The command ``python -m demo mcp``: its options and what it calls."""

from __future__ import annotations

import argparse

from demo.errors import ModelError
from demo.machine.packages import INSTALL, is_installed
from demo.options import Parser, add_model_options, check_models


def add_mcp_command(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add ``mcp`` to the command line."""
    mcp = commands.add_parser(
        "mcp", help="tools for agents: a Model Context Protocol server on standard input and output"
    )
    add_model_options(mcp)
    mcp.set_defaults(run=_mcp)


def check_package() -> None:
    """Raises ModelError without the package of the protocol."""
    if not is_installed("mcp"):
        raise ModelError(f"Tools for agents need the package mcp, not installed here: {INSTALL}")


def _mcp(options: argparse.Namespace) -> int:
    check_models(options)
    check_package()
    from demo.agents.stdio import Streams, serve

    streams = Streams.take()  # before anything is loaded that might print
    serve(options, streams)
    return 0
