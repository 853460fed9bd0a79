"""What an installed package brings: the command, everything the app reads, and the pinned packages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, requires
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import app
from demo.machine.own_files import ASSETS, EXAMPLES, own_folder
from tests import ROOT

WRITTEN = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = WRITTEN["project"]
LISTED = [Requirement(line) for line in PROJECT["dependencies"]]
LIGHT = [Requirement(line) for line in WRITTEN["dependency-groups"]["light"]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds, as an installer lays it out; packing it takes longer."""
    folder = tmp_path_factory.mktemp("installed")
    for file in WheelBuilder(str(ROOT)).recurse_included_files():
        target = folder / file.distribution_path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, target)
    return folder


def files_in(*folders: Path) -> set[Path]:
    """All files there, relative to the checkout, without what Python caches."""
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(ROOT) for path in found if "__pycache__" not in path.parts}


def test_the_wheel_holds_all_code_and_what_the_page_is_made_of(installed: Path) -> None:
    code = {Path("app.py"), *files_in(ROOT / "demo")}
    assert {path for path in code if not (installed / path).is_file()} == set()


def test_the_wheel_holds_the_models_and_the_examples(installed: Path) -> None:
    own = own_folder(installed / "demo")
    data = files_in(ROOT / "assets" / "nano", ROOT / "assets" / "nano-sam2", ROOT / "examples")
    assert own == installed / "demo" / "_files"
    for path in data:
        assert (own / path).read_bytes() == (ROOT / path).read_bytes()


def test_a_checkout_has_its_files_beside_its_code() -> None:
    assert (ASSETS, EXAMPLES) == (ROOT / "assets", ROOT / "examples")


def test_the_wheel_brings_nothing_else(installed: Path) -> None:
    assert {path.name for path in installed.iterdir()} == {"app.py", "demo"}


def test_the_command_is_the_app() -> None:
    command = EntryPoint("regionreasoner", PROJECT["scripts"]["regionreasoner"], "console_scripts")
    assert command.load() is app.main


@pytest.mark.process
def test_an_installed_package_works_in_any_folder(installed: Path, tmp_path: Path) -> None:
    code = (
        "from demo.dialogue.examples import load_examples\n"
        "from demo.models.drawn_world import World\n"
        "from demo.picture.picture import open_picture\n"
        "world = World.load()\n"
        "print(sum(world.belongs(open_picture(e.picture)) for e in load_examples()))\n"
        "import demo; print(demo.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env={"PYTHONPATH": str(installed)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, where = done.stdout.splitlines()
    assert int(count) >= 1
    assert Path(where).is_relative_to(installed)


# --- pinned packages -------------------------------------------------------------------------------


def pins(name: str) -> dict[str, str]:
    """The lines of a file of pins, by package and marker; a line without its hashes."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", "")
    lines = [re.sub(r"\s+--hash=\S+", "", line).strip() for line in text.splitlines()]
    return {re.sub("==[^ ;]+", "", line): line for line in lines}


def pinned_versions(name: str) -> list[str]:
    """The versions of a package in requirements.txt, which may differ by Python and system."""
    pinned = [Requirement(line) for line in pins("requirements.txt").values()]
    same = [pin for pin in pinned if canonicalize_name(pin.name) == canonicalize_name(name)]
    return [next(iter(pin.specifier)).version for pin in same]


@pytest.mark.parametrize("listed", LISTED, ids=str)
def test_what_is_listed_is_pinned_as_listed(listed: Requirement) -> None:
    versions = pinned_versions(listed.name)
    assert versions
    assert all(version in listed.specifier for version in versions)


def test_the_pins_with_hashes_are_the_same() -> None:
    assert pins("requirements.lock") == pins("requirements.txt")


def test_the_tests_run_with_the_packages_of_the_app() -> None:
    app, tests = pins("requirements.txt"), pins("tests/requirements.txt")
    shared = app.keys() & tests.keys()
    assert "gradio" in shared
    assert {name: tests[name] for name in shared} == {name: app[name] for name in shared}


def test_the_light_app_has_the_packages_of_the_app_but_the_large_ones() -> None:
    listed, light = ({line.name for line in lines} for lines in (LISTED, LIGHT))
    heavy = {"accelerate", "bitsandbytes", "tokenizers", "torch", "torchvision", "transformers"}
    assert (listed - light, light - listed) == (heavy | {"matplotlib", "supervision"}, set())
    whole, part = pins("requirements.txt"), pins("requirements-light.txt")
    assert part.items() <= whole.items()
    assert not part.keys() & heavy
    assert not any(name.startswith("nvidia") for name in part)


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-light.txt", "tests/requirements.txt"]
)
def test_every_pin_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert all("--hash=sha256:" in pin for pin in re.split(r"\n(?=\S)", text.strip()))
    assert "://" not in text


def test_a_space_can_install_packages_without_hashes_beside_the_pins() -> None:
    assert "--hash" not in (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_a_space_can_install_gradio_with_its_extras_beside_the_pins() -> None:
    """A Space installs ``gradio[mcp,oauth]`` in the same command."""
    needed = [Requirement(line) for line in requires("gradio") or ()]
    extras = [
        need
        for need in needed
        if need.marker and any(need.marker.evaluate({"extra": extra}) for extra in ("mcp", "oauth"))
    ]
    assert extras
    for need in extras:
        assert all(version in need.specifier for version in pinned_versions(need.name)), str(need)
