"""The documents hold: the picture of the house, links, names in the code, and commands."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from demo import __main__ as command_line
from tests import ROOT

DEMO = ROOT / "demo"
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "assets").glob("*/README.md")),
]
# Options of other programs that the documents name.
FOREIGN = {"--gpus", "--require-hashes"}


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def prose_of(document: Path) -> str:
    """Its text without blocks of code."""
    return re.sub(r"^```.*?^```$", "", text_of(document), flags=re.MULTILINE | re.DOTALL)


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


# --- the house -------------------------------------------------------------------------------------


def drawing(name: str) -> list[str]:
    """The lines of one of the drawings in docs/develop.md."""
    text = text_of(ROOT / "docs" / "develop.md")
    _, _, rest = text.partition(f"```text {name}\n")
    return rest.partition("\n```")[0].splitlines()


def sentences(name: str) -> dict[str, str]:
    """What a drawing says of each room."""
    rows = (re.fullmatch(r"(\w+) +[┐┤┘]? *(.+)", line) for line in drawing(name))
    return {row[1]: row[2] for row in rows if row}


def first_sentence(module: Path) -> str:
    """The first paragraph of a module's docstring, in one line."""
    told = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return " ".join(told.partition("\n\n")[0].split()).replace("``", "`")


def rooms_in(folder: Path) -> dict[str, str]:
    return {path.parent.name: first_sentence(path) for path in folder.glob("*/__init__.py")}


def floors_drawn() -> Iterator[set[str]]:
    floor: set[str] = set()
    for line in drawing("house"):
        floor.add(line.split()[0])
        if not re.match(r"\w+ +[┐┤]", line):
            yield floor
            floor = set()


def test_the_floors_are_those_of_the_rule_of_imports() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert list(floors_drawn()) == [set(re.findall(r"\w+", layer)) for layer in layers]


def test_the_house_shows_every_room_in_its_own_words() -> None:
    modules = {p.stem: first_sentence(p) for p in DEMO.glob("*.py") if p.stem[0] != "_"}
    assert sentences("house") == rooms_in(DEMO) | modules


NESTED = ("ui", "nano", "reasoners", "evaluate", "checkpoints")


@pytest.mark.parametrize("room", NESTED)
def test_the_rooms_within_a_room_are_shown_in_their_own_words(room: str) -> None:
    assert sentences(room) == rooms_in(DEMO / room)


def test_no_other_room_has_rooms_within() -> None:
    nested = {path.parent.parent.name for path in DEMO.glob("*/*/__init__.py")}
    assert nested == {*NESTED}


def test_what_lies_at_the_top_is_small() -> None:
    large = [path.name for path in ROOT.iterdir() if path.is_file() and path.stat().st_size > 1e6]
    assert large == []


# --- the documents ---------------------------------------------------------------------------------


def test_the_readme_is_short() -> None:
    assert len(text_of(ROOT / "README.md").splitlines()) <= 130


def anchors_of(document: Path) -> set[str]:
    """The addresses of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose_of(document)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


def names_in(module: Path) -> Iterator[str]:
    """What a module defines, and its classes, as ``Class.member``."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        yield from (name for name in named_by(node))
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{name}" for inner in node.body for name in named_by(inner))


def named_by(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return (
        [node.target.id]
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        else []
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_name_in_the_code_exists(document: Path) -> None:
    for path, name in re.findall(r"`(?:demo/)?([\w/]+/\w+\.py)(?::([\w.]+))?`", prose_of(document)):
        module = ROOT / path if path.startswith("tests/") else DEMO / path
        assert module.is_file(), path
        assert not name or name in set(names_in(module)), f"{path}:{name}"
    for path in re.findall(r"`(?:demo/)?([\w/]+/\w+\.(?:js|html|css|d\.ts))`", prose_of(document)):
        assert (DEMO / path).is_file(), path


def parsers() -> Iterator[argparse.ArgumentParser]:
    """The app's parser and all those of the command line."""
    waiting: list[argparse.ArgumentParser] = [app.parser(), command_line._parser()]
    while waiting:
        parser = waiting.pop()
        yield parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting.extend(action.choices.values())


def commands_in(document: Path) -> Iterator[list[str]]:
    """The app's own commands that stand in a document, as words: ``app.py …`` or ``-m demo …``."""
    text = text_of(document)
    blocks = re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`((?:\.venv/bin/)?python [^`]+)`", prose_of(document))
    for line in lines:
        command = re.search(r"python (app\.py|-m demo)( .*)?$", line)
        if command and "COMMAND" not in line:
            yield shlex.split(command[0], comments=True)[1:]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_can_be_read(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands_in(document):
        if words == ["-m", "demo"] or words[-1] == "--help":
            continue
        if words[0] == "app.py":
            app.parser().parse_args(words[1:])
        else:
            command_line._parser().parse_args(words[2:])


def test_there_are_commands_to_read() -> None:
    found = [words[:3] for document in DOCUMENTS for words in commands_in(document)]
    assert ["app.py"] in found
    assert ["-m", "demo", "doctor"] in found


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_option_exists(document: Path) -> None:
    known = {option for parser in parsers() for option in parser._option_string_actions}
    inline = " ".join(re.findall(r"`([^`]+)`", prose_of(document)))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", inline))
    assert named - known - FOREIGN == set()
