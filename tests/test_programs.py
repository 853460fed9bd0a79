"""The examples of docs/programs.md, run as they stand there: what they say is printed is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo.reasoners.local import LocalReasoner
from tests import ROOT
from tests.support.served import serving

pytestmark = pytest.mark.process

PAGE = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:7860"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAID = re.compile(r"(?:#|//) → (.+)$", re.MULTILINE)
DENO = Path(sys.executable).with_name("deno")
COMMANDS = {
    "python": ([sys.executable, "-"], "utf-8"),
    "bash": (["bash", "-euo", "pipefail"], "utf-8"),
    "js": (
        [str(DENO), "run", "--no-config", "--allow-net=127.0.0.1", "--allow-read", "-"],
        "utf-8",
    ),
}


def test_the_page_s_examples_run(nano_to_close: LocalReasoner, tmp_path: Path) -> None:
    examples = BLOCK.findall(PAGE)
    assert {language for language, _ in examples} == set(COMMANDS)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DENO_NO_UPDATE_CHECK": "1"}
    with serving(nano_to_close) as served:
        for language, text in examples:
            assert ADDRESS in text
            done = subprocess.run(
                COMMANDS[language][0],
                input=text.replace(ADDRESS, served.url),
                cwd=tmp_path,
                env=environment,
                text=True,
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, f"{language}: {done.stderr}{done.stdout}"
            assert SAID.findall(text), text
            for said in SAID.findall(text):
                assert said in done.stdout, f"{language}: {said} is not in {done.stdout}"
    assert (tmp_path / "overlay.png").read_bytes().startswith(b"\x89PNG")


def test_the_client_needs_little() -> None:
    large = "{'torch', 'gradio', 'numpy', 'PIL', 'cv2'}"
    code = f"import sys, demo.client; print({large} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True)
    assert done.stdout == "set()\n", done.stderr
