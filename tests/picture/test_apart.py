"""Picture files read in processes of their own: as before, whatever the files and the processes do."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest
from PIL import Image

from demo.errors import InputError, PictureError
from demo.machine.effort import long_work
from demo.picture import apart
from demo.picture.apart import _read_of, reading_apart
from demo.picture.picture import open_picture
from tests.support import waiting

pytestmark = pytest.mark.process
SLOW = (7000, 7000)


@pytest.fixture(scope="module", autouse=True)
def in_others() -> Iterator[None]:
    with reading_apart():
        yield


def encoded(size: tuple[int, int] = (90, 60), kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize(size).save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def slow() -> bytes:
    """A file that takes a second to read."""
    file = io.BytesIO()
    Image.new("RGB", SLOW, "red").save(file, "PNG", compress_level=1)
    return file.getvalue()


def processes() -> list[psutil.Process]:
    """Those that read pictures."""
    started = psutil.Process().children()
    return [one for one in started if "demo.picture.apart" in " ".join(one.cmdline())]


def begun(reading: threading.Thread) -> psutil.Process:
    """The one process that has begun to compute for that thread."""
    reading.start()
    waiting.until(lambda: any(one.memory_info().rss > 100_000_000 for one in processes()))
    return max(processes(), key=lambda one: one.memory_info().rss)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
def test_what_is_read_is_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(kind=kind)
    other = open_picture(content, "Schöne Küste.png")
    monkeypatch.setattr(apart, "_readers", None)
    here = open_picture(content, "Schöne Küste.png")
    assert (other.sha256, other.name, other.notes) == (here.sha256, here.name, here.notes)
    assert np.array_equal(other.pixels, here.pixels)
    assert not other.pixels.flags.writeable


def test_what_is_said_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    small, turned = encoded((20, 20)), io.BytesIO()
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (80, 50)).save(turned, "JPEG", exif=exif)

    def said() -> list[object]:
        found: list[object] = [open_picture(small).notes, open_picture(turned.getvalue()).size]
        for content in (b"nonsense", encoded()[:40], b""):
            with pytest.raises(PictureError) as refused:
                open_picture(content)
            found.append(str(refused.value))
        return found

    others = said()
    monkeypatch.setattr(apart, "_readers", None)
    assert said() == others


def test_a_process_that_dies_costs_its_picture_only(slow: bytes) -> None:
    with ThreadPoolExecutor() as pool:
        refused = pool.submit(open_picture, slow)
        waiting.until(lambda: any(p.memory_info().rss > 100_000_000 for p in processes()))
        max(processes(), key=lambda one: one.memory_info().rss).kill()
        with pytest.raises(PictureError, match="damaged"):
            refused.result()
    assert open_picture(encoded()).size.width == 90


def test_one_that_died_while_it_waited_is_noticed_by_nobody() -> None:
    open_picture(encoded())
    for process in processes():
        process.kill()
        process.wait()
    assert open_picture(encoded()).size.width == 90


def test_it_ends_when_nobody_waits_for_it(slow: bytes) -> None:
    cancel, ended = threading.Event(), list[str]()

    def read() -> None:
        try:
            with long_work(cancel):
                open_picture(slow)
        except InputError as error:
            ended.append(str(error))

    reading = threading.Thread(target=read)
    process = begun(reading)
    cancel.set()
    reading.join()
    assert ended == ["This was stopped before it was done."]
    assert not process.is_running()


def test_it_does_not_take_for_ever(slow: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MAX_SECONDS", 0.2)
    with pytest.raises(PictureError, match="takes too long"):
        open_picture(slow)


def test_many_at_once_share_a_few_processes() -> None:
    contents = [encoded((60 + n, 60)) for n in range(12)]
    with ThreadPoolExecutor(12) as pool:
        widths = [picture.size.width for picture in pool.map(open_picture, contents)]
    assert widths == [60 + n for n in range(12)]
    assert len(processes()) <= apart._KEPT


def test_nothing_stays_open() -> None:
    open_picture(encoded())
    before = psutil.Process().num_fds()
    for width in range(60, 80):
        open_picture(encoded((width, 60)))
    assert psutil.Process().num_fds() <= before


def test_keys_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with reading_apart():
        open_picture(encoded())
        assert all("OPENAI_API_KEY" not in one.environ() for one in processes()[-1:])


def test_each_may_take_so_much_memory_only() -> None:
    open_picture(encoded())
    limits = {process.rlimit(psutil.RLIMIT_AS) for process in processes()}
    assert limits == {(apart._MAX_MEMORY, apart._MAX_MEMORY)}
    assert apart._MAX_MEMORY <= 4_000_000_000


def memory_of(content: bytes) -> int:
    memory = os.memfd_create("test")
    os.write(memory, content)
    return memory


ANSWER = {"size": [2, 2], "sha256": "00", "notes": []}


@pytest.mark.parametrize(
    ("answer", "has_memory"),
    [
        pytest.param({**ANSWER, "size": [2, 3]}, True, id="less than it says"),
        pytest.param({**ANSWER, "size": [-2, -2]}, True, id="no size"),
        pytest.param({**ANSWER, "size": [1e400, 1]}, True, id="an endless size"),
        pytest.param({**ANSWER, "size": [90_000, 90_000]}, True, id="too large"),
        pytest.param(ANSWER, False, id="no memory"),
        pytest.param({}, True, id="nothing said"),
        pytest.param(["error"], True, id="another form"),
    ],
)
def test_nothing_is_believed(answer: object, has_memory: bool) -> None:
    memory = memory_of(bytes(12)) if has_memory else None
    with pytest.raises((ValueError, KeyError, AttributeError, OverflowError)):
        _read_of(answer, memory)
    if memory is not None:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(memory)


def test_what_was_read_cannot_change_any_more() -> None:
    memory = memory_of(bytes(range(12)))
    kept = os.dup(memory)
    read = _read_of(ANSWER, memory)
    os.pwrite(kept, bytes(12), 0)
    os.ftruncate(kept, 0)
    os.close(kept)
    assert not isinstance(read, str)
    assert read.pixels.ravel().tolist() == list(range(12))


def test_open_pictures_are_no_open_files() -> None:
    before = psutil.Process().num_fds()
    pictures = [open_picture(encoded((width, 60))) for width in range(60, 80)]
    assert psutil.Process().num_fds() <= before + 2  # the processes, where there were none
    assert len(pictures) == 20


def test_without_processes_nothing_is_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise OSError("no more processes")

    with reading_apart():
        monkeypatch.setattr(apart, "_Reader", fails)
        with pytest.raises(PictureError, match="busy"):
            open_picture(encoded())


def test_it_ends_with_the_one_that_started_it() -> None:
    mine, theirs = socket.socketpair()
    with theirs, mine:
        reader = subprocess.Popen(
            [sys.executable, "-m", "demo.picture.apart"],
            stdin=theirs.fileno(),
            cwd=apart._HOME,
        )
        theirs.close()
        head = json.dumps({"name": "a.png", "upright": True}).encode()
        content = encoded()
        mine.sendall(apart._SIZES.pack(len(head), len(content)) + head + content)
        answer, files, _, _ = socket.recv_fds(mine, 9_999, 1)
        apart._close(files)
        assert json.loads(answer)["size"] == [90, 60]
        mine.close()
        assert reader.wait() == 0
