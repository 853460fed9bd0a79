"""What programs expect of the machine that they run on, and do not find everywhere: a home, a name, a
folder of one's own for files on their way. Settled before libraries are imported, which read it then.
"""

from __future__ import annotations

import inspect
import io
import os
import sys
import tempfile
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.errors import InputError, disk_fault
from demo.machine.private_files import fault_of_place, own_folder, user_id

_UPLOADS = "GRADIO_TEMP_DIR"
_GRADIO_KEPT = frozenset(
    f"GRADIO_{name}"
    for name in (
        "TEMP_DIR", "ROOT_PATH", "ANALYTICS_ENABLED", "ALLOWED_PATHS", "BLOCKED_PATHS",
        "SHARE_SERVER_ADDRESS", "HEARTBEAT_INTERVAL",
    )
)  # fmt: skip
_NAMES = ("LOGNAME", "USER", "LNAME", "USERNAME")  # where Python looks for the user's name


def settle_user(environment: MutableMapping[str, str]) -> None:
    """Give a user without an entry in the machine's list, as containers have them, a name and a home."""
    try:
        Path.home()
    except RuntimeError:
        environment["HOME"] = "/"  # nobody's: what belongs at home is not kept, and that is said
    if not any(environment.get(name) for name in _NAMES) and not _is_listed():
        environment["LOGNAME"] = f"user-{user_id()}"


def settle_streams() -> None:
    """Let any letter out, whatever the terminal's own encoding is; where a stream is closed, nothing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (for good)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")


def say(line: str) -> None:
    """Print a line at once; where nobody reads any more, this and all that follows goes nowhere."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def settle_gradio(environment: MutableMapping[str, str]) -> str:
    """Leave out Gradio's variables for what options say here; a sentence about those, or nothing.

    Gradio itself reads some when it is imported and some when it starts: a number that is none stops it
    after the model was loaded, and GRADIO_DEBUG lets it start without a word.
    """
    environment.pop("WEB_CONCURRENCY", None)  # hosts set it; this is one process
    # The options have read where to listen, and the page sends no figures anywhere, whatever these say.
    unsaid = ("GRADIO_SERVER_", "GRADIO_ANALYTICS_")
    out = [name for name in environment if name.startswith("GRADIO_") and name not in _GRADIO_KEPT]
    for name in out:
        del environment[name]
    said = ", ".join(sorted(name for name in out if not name.startswith(unsaid)))
    return f"Not used here, see python app.py --help: {said}." if said else ""


@contextmanager
def without_stubs() -> Iterator[None]:
    """Let Gradio be imported without the type stubs of its components, which are for those who write code.

    Gradio 6.31.0 makes them anew, and may write them among its own files, each time: a third of its import.
    It leaves out those of classes that come from no file, and so all of its own for as long as this lasts.
    """
    file_of = inspect.getfile

    def of_others(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError(f"{thing.__name__} is to have no stub.")
        return file_of(thing)

    inspect.getfile = of_others  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = file_of


def settle_uploads(environment: MutableMapping[str, str]) -> Path:
    """The folder for pictures on their way to and from the page: made, and tried.

    The one that GRADIO_TEMP_DIR names, else one that belongs to this user alone. Raises InputError with
    a sentence when nothing can be written there, or when others could exchange what is.
    """
    given = environment.get(_UPLOADS)
    folder = Path(os.path.abspath(os.path.expanduser(given))) if given else _temporary()
    named = f" that {_UPLOADS} names" if given else ""
    try:
        if fault := fault_of_place(folder):
            raise InputError(
                f"Pictures are not safe in the folder {folder}{named}: {fault}. Name another one with "
                f"{_UPLOADS}."
            )
        if not given:
            folder, said = own_folder(folder)
            if said:
                print(said, file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try_writing(folder)
    except OSError as error:
        raise InputError(
            f"Pictures cannot be taken in: nothing can be written in the folder {folder}{named} "
            f"({disk_fault(error)}). Name another one with {_UPLOADS}."
        ) from error
    environment[_UPLOADS] = str(folder)
    return folder


def settle_plots(environment: MutableMapping[str, str], folder: Path) -> None:
    """Let matplotlib keep its list of fonts in ``folder`` where the home cannot be written.

    It would make a new folder at each start, and say so.
    """
    if "MPLCONFIGDIR" in environment:
        return
    usual = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "matplotlib"
    try:
        usual.mkdir(parents=True, exist_ok=True)
        try_writing(usual)
    except OSError:
        environment["MPLCONFIGDIR"] = str(folder / "matplotlib")


def settle_certificates(environment: MutableMapping[str, str]) -> list[str]:
    """Leave out a file of certificates that cannot be read, which no client survives; what to say of it."""
    file = environment.get("SSL_CERT_FILE")
    if not file:
        return []
    import ssl  # takes a moment, which most starts need not wait for

    try:
        ssl.create_default_context(cafile=file)
    except OSError:
        del environment["SSL_CERT_FILE"]
        return [
            f"No certificates can be read from {file}, which SSL_CERT_FILE names. It is left out: correct "
            "it, or unset it."
        ]
    return []


def try_writing(folder: Path) -> None:
    """Write a byte there and take it away. Raises OSError."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"0")


def _temporary() -> Path:
    """The system's folder for temporary files, or the user's own where others could exchange them there."""
    from demo.machine.folders import cache_folder  # its library may be absent

    try:
        folder = Path(tempfile.gettempdir())
        if not (fault := fault_of_place(folder)):
            return folder
        own = cache_folder()
        print(
            f"In {folder} pictures are not safe: {fault}. {own} takes its place.", file=sys.stderr
        )
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InputError(
            "There is no folder for temporary files that can be written: name one with TMPDIR."
        ) from error
    return own


def _is_listed() -> bool:
    try:
        import pwd
    except ImportError:  # no such list on Windows
        return True
    try:
        pwd.getpwuid(user_id())
    except KeyError:
        return False
    return True
