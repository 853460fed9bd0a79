"""Files for nobody else on this machine: folders of one's own, checked for their owner, and what a run of
this app makes on its way, gone with its end or at the next start.

On Windows there are no modes: what lies in a person's own folders is theirs by the system's own rules.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from demo.errors import InputError, disk_fault

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

FILE, FOLDER = 0o600, 0o700  # modes
_OTHERS = 0o077
_FILES, _TEMPORARY = "files", "tmp"
_VARIABLE = "GRADIO_TEMP_DIR"  # by which Gradio is told its folder
_BEGUN_S = 60.0  # for a start to make its run's folder
_OUTDATED_S = 24 * 3600.0
Release = Callable[[], None]
_MAX_SOCKET_FOLDER = 60  # characters; processes meet at sockets in there, whose paths hold 107


def user_id() -> int:
    """The number of the user who runs this; 0 where users have none."""
    return os.getuid() if hasattr(os, "getuid") else 0


def keep_private() -> None:
    """Let this process, and all that it starts, make files and folders for its own user alone."""
    os.umask(os.umask(_OTHERS) | _OTHERS)


def fault_of_place(folder: Path) -> str:
    """Why others could exchange what is made below that folder, as the rest of a sentence; else empty.

    Looks at the folder and at all above it that exist. Raises OSError.
    """
    if not hasattr(os, "getuid"):
        return ""
    whole = folder.resolve()
    for place in (whole, *whole.parents):
        if not place.exists():
            continue
        found = place.stat()
        if found.st_uid not in (0, user_id()):
            return f"{place} belongs to another user"
        if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
            return f"everybody may rename what lies in {place}"
    return ""


def fault_of(path: Path) -> str:
    """Why a file or folder is not one's own, as the rest of a sentence; else empty. Raises OSError."""
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        return f"{path} is a link"
    if found.st_uid != user_id() and hasattr(os, "getuid"):
        return f"{path} belongs to another user"
    return ""


def make_folder(folder: Path) -> None:
    """Make a folder for this user alone, with those above it, or take the one that is there.

    Raises PermissionError with the reason when that is not one's own, and OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=FOLDER)
    if fault := fault_of(folder):
        raise PermissionError(fault)
    close_to_others(folder)


def close_to_others(path: Path) -> None:
    """Take from others what they may do with a file or folder of one's own. Raises OSError."""
    mode = stat.S_IMODE(path.lstat().st_mode)
    if mode & _OTHERS:
        path.chmod(mode & ~_OTHERS)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not be there yet, on disk when this returns; of one that does not fit nothing
    stays, as what else is to be written needs the room. Raises OSError.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), FILE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, in the place of one that may be there and stays complete until then. Raises OSError."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)  # what an earlier try left
    write_new(new, content)
    os.replace(new, path)


def own_folder(base: Path) -> tuple[Path, str]:
    """A folder of this user below a folder that others may share, and what to say of it, if anything.

    It is the same at each start, or a new one where that is not one's own or open to others. Raises
    OSError.
    """
    folder = base / f"regionreasoner-{user_id()}"
    try:
        folder.mkdir(mode=FOLDER, exist_ok=True)
        fault = _fault_of_own(folder)
        if not fault:
            close_to_others(folder)
            return folder, ""
    except OSError as error:
        fault = f"{folder} cannot be used ({error.strerror or error})"
    _remove_fresh(base)
    made = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=base))
    return made, f"{fault}: the new folder {made} takes its place."


def _remove_fresh(base: Path) -> None:
    """Remove folders that took the place of another one at earlier starts and are not in use."""
    for folder in base.glob(f"regionreasoner-{user_id()}.*"):
        with suppress(OSError):
            if not fault_of(folder) and time.time() - folder.stat().st_mtime >= _BEGUN_S:
                _remove_left(folder)
                folder.rmdir()


def _fault_of_own(folder: Path) -> str:
    if fault := fault_of(folder):
        return fault
    if folder.stat().st_mode & 0o022 and hasattr(os, "getuid"):
        return f"Others may write in {folder}"
    with tempfile.TemporaryFile(dir=folder):  # it can be written
        return ""


@contextmanager
def run_folder(environment: MutableMapping[str, str], base: Path) -> Iterator[Path]:
    """A folder below ``base`` for the files of this run, which is gone when the block ends.

    What killed runs have left there goes first; those that still run keep theirs. In the block Gradio
    finds its part for the files of the page, and all else that is temporary, also of other processes, lies
    beside that. Raises InputError when it cannot be made.
    """
    try:
        _remove_left(base)
        folder, release = _begin(base)
        for part in (_FILES, _TEMPORARY):
            (folder / part).mkdir(mode=FOLDER)
    except OSError as error:
        why = disk_fault(error)
        raise InputError(f"No folder of its own can be made in {base}: {why}.") from error
    former = {key: environment.get(key) for key in (_VARIABLE, "TMPDIR")}, tempfile.tempdir
    try:
        environment[_VARIABLE] = str(folder / _FILES)
        if len(str(folder / _TEMPORARY)) <= _MAX_SOCKET_FOLDER:
            environment["TMPDIR"] = tempfile.tempdir = str(folder / _TEMPORARY)
        yield folder
    finally:
        variables, tempfile.tempdir = former
        for key, value in variables.items():
            if value is None:
                environment.pop(key, None)
            else:
                environment[key] = value
        _remove(folder, release)


@contextmanager
def temporary_run(environment: MutableMapping[str, str]) -> Iterator[None]:
    """The same in the system's folder for temporary files, or nothing where that cannot be."""
    with ExitStack() as stack:
        with suppress(OSError, InputError, ImportError):
            base, _ = own_folder(Path(tempfile.gettempdir()))
            stack.enter_context(run_folder(environment, base))
        yield


def _begin(base: Path) -> tuple[Path, Release]:
    """A new folder that is locked as long as this process lives, and what gives the lock back."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_prefix(), dir=base))
        try:
            release = _lock(folder, wait=True)
        except FileNotFoundError:
            continue
        except OSError:  # there are no locks there: then nobody can think this run dead, either
            return folder, lambda: None
        if folder.exists():  # another start may have taken it for that of a dead run
            return folder, release
        release()


def _lock(folder: Path, *, wait: bool) -> Release:
    """Lock the folder itself, which also those respect that tidy up temporary files.

    Raises OSError when that is not possible, and does so at once unless ``wait``.
    """
    if fcntl is None:
        from filelock import FileLock

        lock = FileLock(folder / "lock")
        lock.acquire(timeout=-1 if wait else 0)
        return lock.release
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(handle)
        raise
    return partial(os.close, handle)


def _prefix() -> str:
    return f"regionreasoner-{user_id()}-"


def _remove_left(base: Path) -> None:
    """Remove what killed runs of this user have left."""
    for folder in base.glob(f"{_prefix()}*"):
        with suppress(OSError):  # such as that of a run that holds the lock
            if folder.is_dir() and not fault_of(folder):
                _remove(folder, _lock(folder, wait=False))
    if base.name == f"regionreasoner-{user_id()}":
        _remove_outdated(base)


def _remove(folder: Path, release: Release) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    release()
    shutil.rmtree(folder, ignore_errors=True)  # where a file that is held open cannot go


def _remove_outdated(folder: Path) -> None:
    """Remove what versions without folders for each run have left, once a day has passed."""
    for path in folder.iterdir():
        if path.name.startswith(_prefix()) or path.name == "matplotlib":
            continue
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime < _OUTDATED_S:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
