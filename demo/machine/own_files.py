"""Where the app's own files lie: beside its code in a checkout, inside it once it is installed."""

from pathlib import Path


def own_folder(code: Path) -> Path:
    """The folder with ``assets`` and ``examples`` that belongs to the package `demo` in ``code``."""
    installed = code / "_files"  # where pyproject.toml puts them into a wheel
    return installed if installed.is_dir() else code.parent


_OWN = own_folder(Path(__file__).resolve().parents[1])
ASSETS = _OWN / "assets"
EXAMPLES = _OWN / "examples"
