"""Reading picture files in processes of their own, which a server does with whatever visitors send.

A decoder holds up all threads of its process for as long as it likes, cannot be ended, and may crash. In a
process of its own it does none of that to anybody else: it ends when its visitor has left, and what is
wrong with a file is at most a sentence. Nothing is believed that comes back: it is one text of JSON and a
piece of memory that holds as many bytes as the picture has.

`python -m demo.picture.apart` is such a process; it ends with the one that started it.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from demo.errors import PictureError
from demo.fairlock import FairLock
from demo.machine.effort import check
from demo.machine.unused import give_back
from demo.picture.colours import Pixels
from demo.picture.geometry import MAX_PICTURE_PIXELS

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

AT_ONCE, _KEPT = 3, 2
MAX_SECONDS = 60.0
_POLL_S = 0.05
_NICE = 5
_MAX_MEMORY = 4_000_000_000  # of addresses; the largest pictures need two
_MAX_HEAD = 60_000
_SIZES = struct.Struct(">II")
_HOME = Path(__file__).parents[2]
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "LANG", "LC_ALL", "TMPDIR")
_DIED = (
    "This picture could not be read: its file seems to be damaged. Open it in another program, save it as "
    "PNG or JPEG, and open that."
)
_UNFIT = (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError)  # as answers
_TOO_LONG = "Reading this picture takes too long. Make it smaller, or save it as PNG or JPEG."


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What was in a file: ``pixels``, uint8 RGB [H, W, 3] and read-only, their SHA-256 with their size, and
    sentences about how it was read.
    """

    pixels: Pixels
    sha256: str
    notes: tuple[str, ...]


class Readers:
    """The processes, of which there are ``at_once`` at most. Any thread may use it."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._places, self._lock = FairLock(at_once), threading.Lock()
        self._idle = list[_Reader]()

    def read(self, data: bytes, name: str, *, upright: bool) -> ReadFile:
        """What `open_picture` makes of a file of that name.

        Raises PictureError; InputError when the long work that it is part of is ended; and OSError when no
        process can be started.
        """
        with self._places:
            reader = self._take()
            try:
                answer = reader.ask({"name": name, "upright": upright}, data)
                read = _read_of(*answer)
            except BaseException as error:
                reader.end()
                if isinstance(
                    error,
                    OSError | ValueError | KeyError | TypeError | AttributeError | OverflowError,
                ):
                    raise PictureError(_DIED) from error
                raise
            self._put_back(reader)
        if isinstance(read, str):
            raise PictureError(read)
        return read

    def close(self) -> None:
        """End those that wait for work."""
        with self._lock:
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.end()

    def _take(self) -> _Reader:
        with self._lock:
            found = self._idle.pop() if self._idle else None
        if found is None or found.is_alive:
            return found or _Reader()
        found.end()
        return _Reader()

    def _put_back(self, reader: _Reader) -> None:
        with self._lock:
            if len(self._idle) < _KEPT:
                self._idle.append(reader)
                return
        reader.end()


class _Reader:
    """One process that reads a file after another. Raises OSError when it cannot be started."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = _started(theirs)
        except OSError:
            self._socket.close()
            raise

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, head: Mapping[str, Any], data: bytes) -> tuple[Any, int | None]:
        """What it answers: JSON, and the number of an open file. Raises OSError and ValueError."""
        text = json.dumps(head).encode()
        until = time.monotonic() + MAX_SECONDS
        self._socket.settimeout(MAX_SECONDS)
        try:
            self._socket.sendall(_SIZES.pack(len(text), len(data)) + text)
            self._socket.sendall(data)
        except TimeoutError:
            raise PictureError(_TOO_LONG) from None
        self._socket.settimeout(_POLL_S)
        while True:
            check()
            try:
                answer, files, _, _ = socket.recv_fds(self._socket, _MAX_HEAD, 1)
            except TimeoutError:
                if time.monotonic() > until:
                    raise PictureError(_TOO_LONG) from None
                continue
            if not answer:
                raise ConnectionResetError
            try:
                return json.loads(answer), files[0] if files else None
            except ValueError:
                _close(files)
                raise

    def end(self) -> None:
        """End it, whatever it does."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


def _started(its_end: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo.picture.apart"], cwd=_HOME, start_new_session=True,
        stdin=its_end.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**_passed_on(os.environ), "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip


def _passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """What such a process may know of the environment, in which there may be keys."""
    return {name: environment[name] for name in _PASSED_ON if name in environment}


def _close(files: list[int]) -> None:
    for file in files:
        os.close(file)


def _read_of(answer: Any, file: int | None) -> ReadFile | str:
    """What was read, or the sentence that says why not. Raises ValueError, KeyError, TypeError, OSError."""
    try:
        if (error := answer.get("error")) is not None:
            return str(error)
        width, height = (int(side) for side in answer["size"])
        if not 0 < width * height <= MAX_PICTURE_PIXELS or file is None:
            raise ValueError("no picture")
        pixels = _pixels_in(file, width * height * 3)
    finally:
        _close([] if file is None else [file])
    notes = tuple(str(note) for note in answer["notes"])
    return ReadFile(pixels.reshape(height, width, 3), str(answer["sha256"]), notes)


def _pixels_in(file: int, size: int) -> Pixels:
    """A copy of that memory, read-only. Mapped, it would stay an open file. Raises ValueError, OSError."""
    pixels, at = np.empty(size, np.uint8), 0
    while at < size:
        if not (got := os.preadv(file, [memoryview(pixels.data)[at:]], at)):
            raise ValueError("less than it says")
        at += got
    pixels.flags.writeable = False
    return pixels


# Whether they are used -----------------------------------------------------------------------------

_readers: Readers | None = None


@contextmanager
def reading_apart() -> Iterator[None]:
    """Within it, all picture files of this process are read in others, where the system can do that."""
    global _readers
    if not hasattr(os, "memfd_create"):  # on Linux only
        yield
        return
    former, mine = _readers, Readers()
    _readers = mine
    try:
        yield
    finally:
        _readers = former
        mine.close()


def readers() -> Readers | None:
    """The processes that read picture files; None when this process does it itself."""
    return _readers


# In the other process ------------------------------------------------------------------------------


def main() -> None:
    """Read files for the process at the other end of standard input, until it has gone."""
    with suppress(OSError, ValueError):
        os.nice(_NICE)
        # Rather than the server, if memory runs out.
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
        resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with socket.socket(fileno=0) as other, suppress(OSError):
        while (sizes := _exactly(other, _SIZES.size)) is not None:
            length, size = _SIZES.unpack(sizes)
            head, data = _exactly(other, length), _exactly(other, size)
            if head is None or data is None:
                return
            _answer(other, json.loads(head), bytes(data))
            del data
            give_back()


def _answer(other: socket.socket, head: Mapping[str, Any], data: bytes) -> None:
    from demo.picture.picture import read_file

    try:
        read = read_file(data, head["name"], upright=head["upright"])
    except PictureError as error:
        other.sendall(json.dumps({"error": str(error)}).encode())
        return
    height, width = read.pixels.shape[:2]
    answer = {"size": [width, height], "sha256": read.sha256, "notes": read.notes}
    memory = os.memfd_create("picture")
    try:
        left = memoryview(read.pixels.data).cast("B")
        while left:
            left = left[os.write(memory, left) :]
        socket.send_fds(other, [json.dumps(answer).encode()], [memory])
    finally:
        os.close(memory)


def _exactly(other: socket.socket, count: int) -> bytearray | None:
    """So many bytes; None when the other side has gone."""
    received = bytearray(count)
    view = memoryview(received)
    while view:
        if not (got := other.recv_into(view)):
            return None
        view = view[got:]
    return received


if __name__ == "__main__":
    main()
