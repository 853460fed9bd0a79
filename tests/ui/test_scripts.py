"""The page's scripts: their types, their form, their own tests, and what Python says to them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demo.answers.finding import Finding
from demo.language.chains import is_name
from demo.language.names import read_names
from demo.picture.geometry import PicturePoint
from demo.picture.masks import Mask
from demo.picture.regions import RegionObject, Registry
from demo.ui.canvas.scene import running, scene
from demo.ui.shared import sentences
from demo.ui.sheet.numbers import numbers, score_card
from tests.language.test_names import NO_NAMES, NUMBERED, RANGES, SEVERAL, TOUCHED, WRITTEN
from tests.language.test_references import NOT_NAMES
from tests.ui.test_asides import two_turns
from tests.ui.test_values import EMPTY, LEFT, RIGHT, TRACE, answered, workspace

ROOT = Path(__file__).parents[2]
UI = ROOT / "demo" / "ui"
TESTS = Path(__file__).with_name("scripts")
CONFIG = ("--config", UI / "deno.json")
SCRIPTS = sorted(UI.glob("*/*.js"))
DENO = Path(sys.executable).with_name("deno")
STRICT = {"compilerOptions": {"strict": True, "lib": ["dom", "esnext"]}}
_LEADING = re.compile(r'from "([^"]+/demo/ui/[^"]+)";$', re.MULTILINE)
_IMPORTS = re.compile(r'^import (?:[^"]* from )?"([^"]+)";$', re.MULTILINE)


def deno(*arguments: str | Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """What it makes of the scripts; it may ask nobody, and keeps what it has compiled in ``cache``."""
    environment = {"PATH": os.environ["PATH"], "DENO_DIR": str(cache), "NO_COLOR": "1"}
    return subprocess.run(
        [DENO, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.process
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("check", "--no-remote", *CONFIG, *SCRIPTS), id="types"),
        pytest.param(("lint", *CONFIG, UI, TESTS), id="lint"),
        pytest.param(("fmt", "--check", *CONFIG, UI, TESTS), id="form"),
        pytest.param(
            ("test", "--no-remote", "--no-check", f"--allow-read={UI}", *CONFIG, TESTS), id="tests"
        ),
    ],
)
def test_scripts_pass(command: Sequence[str | Path], tmp_path: Path) -> None:
    done = deno(*command, cache=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.process
def test_modules_with_tests_of_their_own_leave_no_type_open(tmp_path: Path) -> None:
    """They need no page, so the type of everything in them can be said."""
    texts = [path.read_text("utf-8") for path in TESTS.glob("*.js")]
    tested = {(TESTS / name).resolve() for text in texts for name in _LEADING.findall(text)}
    config = json.loads((UI / "deno.json").read_text("utf-8"))
    assert config["compilerOptions"].pop("noImplicitAny") is False
    (tmp_path / "deno.json").write_text(json.dumps(config), encoding="utf-8")
    done = deno(
        "check",
        "--no-remote",
        "--config",
        tmp_path / "deno.json",
        *tested,
        cache=tmp_path / "cache",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_leads_back_to_itself() -> None:
    imports = {path: _imports(path) for path in SCRIPTS}
    assert sum(map(len, imports.values())) > len(SCRIPTS)
    order = list(TopologicalSorter(imports).static_order())  # raises CycleError
    assert set(order) == set(SCRIPTS)


def _imports(path: Path) -> list[Path]:
    return [(path.parent / name).resolve() for name in _IMPORTS.findall(path.read_text("utf-8"))]


@pytest.mark.process
def test_what_python_sends_has_the_types_that_scripts_count_on(tmp_path: Path) -> None:
    """Neither a field less nor one more, and each of its type."""
    sent = [("canvas/scene", "Scene", scene(None)), *_sent()]
    lines = [
        f"const value{i}: {_type(path, name)} = {json.dumps(value)};"
        for i, (path, name, value) in enumerate(sent)
    ]
    (tmp_path / "deno.json").write_text(json.dumps(STRICT), encoding="utf-8")
    script = tmp_path / "sent.ts"
    script.write_text("\n".join(lines), encoding="utf-8")
    done = deno(
        "check", "--no-remote", "--config", tmp_path / "deno.json", script, cache=tmp_path / "cache"
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.process
def test_a_field_more_or_less_would_be_found(tmp_path: Path) -> None:
    wrong: list[dict[str, Any]] = [{}, {"busy": 1}, {"busy": "", "other": 1}]
    for i, busy in enumerate(wrong):
        script = tmp_path / f"{i}.ts"
        value = json.dumps({"provisional": [], **busy})
        line = f"const value: {_type('canvas/scene', 'RunningScene')} = {value};"
        script.write_text(line, encoding="utf-8")
        assert deno("check", "--no-remote", script, cache=tmp_path / "cache").returncode == 1


def _type(path: str, name: str) -> str:
    return f"import({json.dumps((UI / path).with_suffix('.d.ts').as_uri())}).{name}"


def _sent() -> Iterator[tuple[str, str, dict[str, Any]]]:
    mask = Mask.from_array(np.pad(np.ones((100, 100)), ((60, 140), (40, 260))))
    found = RegionObject("", LEFT, PicturePoint(90, 110), mask, 0.87)
    registry, _ = Registry().add([found, RegionObject("", RIGHT)], label="block")
    finding = Finding("citation.invented", "warning", "A box that nobody gave.")
    session = answered(
        EMPTY.with_registry(registry), "block", LEFT, findings=(finding,), trace=TRACE
    )
    yield "canvas/scene", "Scene", scene(workspace(session))
    yield "canvas/scene", "Scene", scene(two_turns())
    yield "canvas/scene", "RunningScene", running("Looking…", [found])
    yield "sheet/sheet", "Numbers", numbers(session, 1)
    yield "sheet/sheet", "Scores", score_card(session, 1)
    yield "composer/hint", "HintValue", sentences.hint(None)
    yield "composer/hint", "HintValue", sentences.hint(workspace(session))


@pytest.mark.process
def test_the_page_finds_the_names_that_stand_by_themselves_where_the_server_finds_them(
    tmp_path: Path,
) -> None:
    tables = [TOUCHED, WRITTEN, NUMBERED, SEVERAL]
    sentences = [sentence for table in tables for _, sentence, _ in table]
    sentences += [*RANGES, *(sentence for _, sentence in NO_NAMES), *(s for _, s in NOT_NAMES)]
    script = tmp_path / "names.js"
    script.write_text(
        f"import {{ mentions }} from {json.dumps((UI / 'shared' / 'names.js').as_uri())};\n"
        f"console.log(JSON.stringify({json.dumps(sentences)}.map((text) => mentions(text))));",
        encoding="utf-8",
    )
    done = deno("run", "--no-remote", "--no-check", script, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    for sentence, found in zip(sentences, json.loads(done.stdout), strict=True):
        units = sentence.encode("utf-16-le")
        shown = [
            (units[2 * m["start"] : 2 * m["end"]].decode("utf-16-le"), m["name"]) for m in found
        ]
        expected = [
            (sentence[start:end], name)
            for mention in read_names(sentence, ["R1", "R2", "R2.1", "R3"]).mentions
            for start, end, name in mention.spots
            if mention.is_sure and is_name(sentence[start:end])
        ]
        assert shown == expected, sentence
