"""What the app is made of: pinned with hashes, listed as it is locked, and an audit that says what it could
not ask.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.supply import CLEAN, KNOWN, NOT_ASKED, components_in, difference, pins_in, verdict

HASHED = (
    "requirements.lock",
    "requirements-light.txt",
    "tests/requirements.txt",
    "tests/supply.txt",
)
_BASE = r"(?:nvidia/cuda:[\w.-]+|ubuntu:[\d.]+)@sha256:[0-9a-f]{64}"


@pytest.mark.parametrize("name", HASHED)
def test_every_package_has_a_version_and_the_hashes_of_its_files(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[\w.-]+==[^\s;]+ .*--hash=sha256:[0-9a-f]{64}", line), line[:60]


def test_the_files_of_pins_agree() -> None:
    lock = pins_in(ROOT / "requirements.lock")
    assert pins_in(ROOT / "requirements.txt") == lock
    assert pins_in(ROOT / "requirements-light.txt") <= lock
    versions = {name: version for name, _, version in (pin.partition("==") for pin in lock)}
    for pin in pins_in(ROOT / "tests/requirements.txt"):
        name, _, version = pin.partition("==")
        assert name not in versions or f"{name}=={version}" in lock, pin


def test_the_wheel_is_built_with_what_the_tests_build_it_with() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [builder] = settings["build-system"]["requires"]
    assert builder in pins_in(ROOT / "tests/requirements.txt")


def test_images_are_built_on_digests_and_install_by_hashes() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"BASE=(\S+)", text)
    assert len(bases) == 2
    for base in bases:
        assert re.fullmatch(_BASE, base), base
    assert bases[0] in (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    for line in text.splitlines():
        assert "pip install" not in line or "--require-hashes" in line


def test_the_list_is_compared_with_the_lock(tmp_path: Path) -> None:
    lock, listed = tmp_path / "some.lock", tmp_path / "sbom.json"
    lock.write_text(
        "A.b==1.0 \\\n    --hash=sha256:0\nc_d==2 ; python_full_version < '3.12' \\\n    --hash=sha256:1\n"
    )
    components = [{"name": "a-b", "version": "1.0"}, {"name": "c-d", "version": "2"}]
    listed.write_text(json.dumps({"components": components}))
    assert difference(pins_in(lock), components_in(listed)) == set()
    listed.write_text(json.dumps({"components": components[:1]}))
    assert difference(pins_in(lock), components_in(listed)) == {"c-d==2"}


FINE: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}
WEAK = {"name": "b", "version": "2", "vulns": [{"id": "CVE-2026-1"}, {"id": "PYSEC-2"}]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("told", "status", "says"),
    [
        pytest.param([FINE], CLEAN, "No weakness is known of the 1 packages in x.", id="clean"),
        pytest.param([FINE, WEAK], KNOWN, "b 2: CVE-2026-1, PYSEC-2.", id="weak"),
        pytest.param([SKIPPED, WEAK], KNOWN, "b 2: CVE-2026-1", id="weak, and one not known"),
        pytest.param([FINE, SKIPPED], NOT_ASKED, "does not know c.", id="one not known"),
        pytest.param([SKIPPED], NOT_ASKED, "This is no pass", id="nothing was answered"),
        pytest.param([], NOT_ASKED, "NOT AUDITED: ", id="the tool failed"),
    ],
)
def test_a_failure_to_ask_is_no_pass(told: list[dict[str, Any]], status: int, says: str) -> None:
    found, said = verdict("x", told)
    assert found == status
    assert says in said
