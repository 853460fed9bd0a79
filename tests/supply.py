"""Look at what the app is made of: ``python -m tests.supply`` lists it as CycloneDX, and asks whether
weaknesses of it are known.

The exit status is 1 for a known weakness, and 3 where the database could not be asked: that is no pass.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from tests import ROOT

LOCKS = ("requirements.lock", "tests/requirements.txt")
LISTED = ROOT / "test-results" / "sbom.cdx.json"
CLEAN, KNOWN, NOT_ASKED = 0, 1, 3
_PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)
_TOOLS = ROOT / ".venv" / "supply"


def main() -> int:
    """Make the list, check it against the lock, audit; print what was found."""
    set_up()
    LISTED.parent.mkdir(exist_ok=True)
    write_list(ROOT / LOCKS[0], LISTED)
    missing = difference(pins_in(ROOT / LOCKS[0]), components_in(LISTED))
    if missing:
        print(f"The list of components differs from {LOCKS[0]}: {', '.join(sorted(missing))}.")
        return KNOWN
    print(f"{LISTED.relative_to(ROOT)} lists {len(components_in(LISTED))} packages.")
    status = CLEAN
    for name in LOCKS:
        found, said = verdict(name, audit(ROOT / name))
        print(said)
        status = KNOWN if KNOWN in (status, found) else max(status, found)
    return status


def set_up() -> None:
    """The tools, in an environment of their own, each file checked by its hash."""
    if not (_TOOLS / "bin" / "pip-audit").exists():
        venv.create(_TOOLS, with_pip=True)
    pip = [str(_TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    own = ["--disable-pip-version-check", "--require-hashes", "-r", str(ROOT / "tests/supply.txt")]
    subprocess.run([*pip, *own], check=True)


def write_list(lock: Path, place: Path) -> None:
    """The packages of a lock with the hashes of their files, as CycloneDX."""
    tool = [str(_TOOLS / "bin" / "cyclonedx-py"), "requirements", str(lock)]
    form = ["--output-reproducible", "--output-file", str(place)]
    subprocess.run([*tool, *form], check=True, stderr=subprocess.DEVNULL)


def pins_in(lock: Path) -> set[str]:
    """Its packages as *name==version*; one that depends on Python's own version may be there twice."""
    pinned = _PIN.findall(lock.read_text(encoding="utf-8"))
    return {f"{_plain(name)}=={version}" for name, version in pinned}


def components_in(place: Path) -> set[str]:
    """The packages of a list."""
    listed = json.loads(place.read_text(encoding="utf-8"))["components"]
    return {f"{_plain(each['name'])}=={each['version']}" for each in listed}


def difference(one: set[str], other: set[str]) -> set[str]:
    """What stands in one of them only."""
    return one ^ other


def audit(lock: Path) -> list[dict[str, Any]]:
    """What is known of each package; asked for one first, as nothing answers where there is no network."""
    first = lock.read_text(encoding="utf-8").split("\n", 1)[0]
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.txt"
        one.write_text(first.rstrip(" \\") + "\n", encoding="utf-8")
        told = _ask(one, "--no-deps")
    if not told or any("skip_reason" in each for each in told):
        return told
    return _ask(lock, "--require-hashes")


def _ask(requirements: Path, *more: str) -> list[dict[str, Any]]:
    tool = [str(_TOOLS / "bin" / "pip-audit"), "-r", str(requirements), *more]
    form = ["--disable-pip", "--progress-spinner", "off", "--format", "json"]
    done = subprocess.run([*tool, *form], capture_output=True, text=True, check=False)
    try:
        told = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):  # it ended with an error
        return []
    return list(told)


def verdict(name: str, told: list[dict[str, Any]]) -> tuple[int, str]:
    """The exit status for what was told of a lock's packages, and a sentence."""
    weak = [
        f"{each['name']} {each['version']}: {', '.join(one['id'] for one in each['vulns'])}"
        for each in told
        if each.get("vulns")
    ]
    if weak:
        return KNOWN, f"Weaknesses are known of packages in {name}. {'; '.join(weak)}."
    skipped = [str(each["name"]) for each in told if "skip_reason" in each]
    if skipped and len(skipped) < len(told):
        return NOT_ASKED, (
            f"NOT AUDITED: of packages in {name} the database does not know {', '.join(skipped)}."
        )
    if skipped or not told:
        return NOT_ASKED, (
            f"NOT AUDITED: the database of weaknesses could not be asked about {name}. This is no pass: "
            "run python -m tests.supply where there is a network."
        )
    return CLEAN, f"No weakness is known of the {len(told)} packages in {name}."


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
