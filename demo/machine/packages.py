"""Why a library could not be loaded, as a sentence: not installed, or a part of the system is missing.

It knows the names of files and of the packages that hold them; it imports nothing else.
"""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from types import TracebackType

INSTALL = "pip install --requirement requirements.txt"
# Which package of Debian and Ubuntu holds a library that wheels do not bring themselves.
_HOLDERS = {
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libGLdispatch.so.0": "libglvnd0",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libz.so.1": "zlib1g",
    "libbz2.so.1.0": "libbz2-1.0",
    "liblzma.so.5": "liblzma5",
    "libffi.so.8": "libffi8",
    "libsqlite3.so.0": "libsqlite3-0",
    "libssl.so.3": "libssl3",
    "libexpat.so.1": "libexpat1",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libX11.so.6": "libx11-6",
    "libxcb.so.1": "libxcb1",
}
_BROKEN = "cannot open shared object|file too short|invalid ELF header|cannot read file data"
_LIBRARY = re.compile(rf"([\w+.-]+\.so[\w.]*): (?:{_BROKEN})")
_UNMAPPED = re.compile(
    r"([\w+.-]+\.so[\w.]*): (?:failed to map segment|cannot allocate memory|cannot map)"
)
_VERSION = re.compile(r"(\S+): version [`'‘]?(\w+_[\d.]+)['’]? not found")
_PROCESSOR = "was built with baseline optimizations"


def is_installed(package: str) -> bool:
    """Whether a package is there; it is not imported for that."""
    return sys.modules.get(package) is not None or find_spec(package) is not None


def say_what_is_missing() -> None:
    """From now on a library that cannot be loaded ends the program with a sentence, without a trace.

    So does Ctrl-C, which needs no sentence.
    """
    usual = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            return
        if (sentence := import_fault(error)) is None:
            usual(kind, error, trace)
        else:
            print(sentence, file=sys.stderr)

    sys.excepthook = hook


def import_fault(error: BaseException) -> str | None:
    """What is wrong and what to do; None for an error of another kind, or in a file of ours."""
    text = str(error).strip()
    if isinstance(error, ModuleNotFoundError):
        return _not_installed(error.name or "")
    if found := _VERSION.search(text):
        name, version = found[1].rsplit("/", 1)[-1], found[2]
        return (
            f"The system’s {name} is too old for the packages that are installed: it has no "
            f"{version}. Use a newer release of the system."
        )
    if isinstance(error, (ImportError, OSError)) and (found := _UNMAPPED.search(text)):
        return (
            f"The library {found[1]} cannot be taken into memory: there is too little (see ulimit -v), "
            "or nothing in its folder may be run (a disk that is mounted noexec)."
        )
    if isinstance(error, (ImportError, OSError)) and (found := _LIBRARY.search(text)):
        return _missing(found[1])
    if _PROCESSOR in text:
        return f"This processor is too old for the packages that are installed: {_first(text)}."
    if isinstance(error, ImportError) and not _is_ours(error.name or ""):
        return f"A package cannot be loaded: {_first(text)}. Install it again with: {INSTALL}"
    return None


def _not_installed(name: str) -> str | None:
    package = name.partition(".")[0]
    if not package or _is_ours(package):
        return None
    if package.startswith("_") or package in sys.stdlib_module_names:
        name = package.lstrip("_")
        return f"This Python was built without {name}. Use the Python of your system."
    return (
        f"The package {package} is not installed for this Python ({sys.executable}). "
        f"Install what is needed with: {INSTALL}"
    )


def _missing(library: str) -> str:
    start = f"The system lacks the library {library}, or it is damaged."
    holder = _HOLDERS.get(library)
    if holder is None:
        return f"{start} Install the package of your system that holds it."
    return f"{start} On Debian and Ubuntu: apt install {holder}"


def _first(text: str) -> str:
    return (text or "no reason was given").splitlines()[0].rstrip(".: ")


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in ("demo", "app", "tests")
