"""Commands as people call them: in a process of their own, or in this one, which has all it takes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from unittest.mock import patch

import app
from demo import __main__ as demo
from tests import ROOT

_PROGRAMS = {"app.py": app.main, "-m demo": demo.main}
Ended = subprocess.CompletedProcess[str]


def run(*arguments: object, stdin: str = "") -> Ended:
    """``python ARGUMENTS`` in a process of its own."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=300, check=False
    )


def call(program: str, *arguments: object, stdin: str = "") -> Ended:
    """The same as `run` in this process; ``program`` is app.py or -m demo. What fails is raised."""
    said, complained = io.StringIO(), io.StringIO()
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    with (
        chdir(ROOT),
        patch.dict(os.environ),
        patch("sys.stdin", given),
        redirect_stdout(said),
        redirect_stderr(complained),
    ):
        try:
            status = _PROGRAMS[program](list(map(str, arguments)))
        except SystemExit as end:
            status = int(end.code or 0)
    return subprocess.CompletedProcess(
        [program, *map(str, arguments)], status, said.getvalue(), complained.getvalue()
    )
