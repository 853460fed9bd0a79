"""A Python with the packages of requirements-light.txt and no others, without fetching any."""

from __future__ import annotations

import re
import venv
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests import ROOT


def light_python(folder: Path) -> Path:
    """The interpreter of a virtual environment that is made in ``folder``.

    Its packages are links to those of this environment, which have the same versions and files.
    """
    venv.create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in pinned():
        for file in distribution(name).files or ():
            link = packages / file.parts[0]
            if file.parts[0] not in ("..", "__pycache__") and not link.exists():
                link.symlink_to(Path(str(distribution(name).locate_file(file.parts[0]))))
    return folder / "bin" / "python"


def pinned() -> list[str]:
    """The packages of requirements-light.txt for this Python and system."""
    text = (ROOT / "requirements-light.txt").read_text(encoding="utf-8")
    lines = [Requirement(line) for line in re.findall(r"^[^ #].*?(?= \\$)", text, re.MULTILINE)]
    return [line.name for line in lines if line.marker is None or line.marker.evaluate()]
