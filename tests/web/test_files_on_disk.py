"""What the server puts on disk: for nobody else, few, gone when deleted, and cleaned after a kill."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.dialogue.store import Store
from demo.machine.private_files import user_id
from demo.ui.dialogues import exports
from demo.ui.dialogues.exports import Exports
from demo.ui.gallery.received import MAX_FILES, Bounds, Received, forget
from demo.ui.shared import tidying
from demo.ui.shared.shown_picture import shown_picture
from demo.ui.shared.tidying import EXPORTS, PICTURES, tidy
from tests import ROOT
from tests.conftest import free_port
from tests.load.visitor import Visitor, visiting
from tests.machine.test_private_files import AS_NOBODY, mode_of, takes_root
from tests.support.served import Caller, file, serving
from tests.web.test_load import run

PATH = re.compile(r'"path":"([^"]+)"')


class Person(Visitor):
    """A visitor who also uses the panel of kept dialogues."""

    @classmethod
    def of(cls, visitor: Visitor) -> Person:
        visitor.__class__ = cls
        assert isinstance(visitor, Person)
        return visitor

    async def library(self, **sent: object) -> dict[str, Any]:
        """One act in the panel, and what the panel shows then."""
        await self._call(self._event("kept", "library"), event_data=sent)
        values = json.loads(self.arrived[-1])["data"]
        return next(v for v in values if isinstance(v, dict) and "dialogues" in v)

    async def upload(self, content: bytes) -> str:
        answer = await self._http.post("/gradio_api/upload", files={"files": ("a.png", content)})
        return str(answer.json()[0])

    async def open_path(self, path: str) -> None:
        given = {"path": path, "orig_name": "a.png", "meta": {"_type": "gradio.FileData"}}
        await self._fire(self._named("open_upload"), [[given], None])

    @property
    def picture(self) -> str:
        """The path of the picture that was shown last."""
        found: list[str] = [
            path for text in self.arrived for path in PATH.findall(text) if PICTURES in path
        ]
        return found[-1]

    async def status(self, path: str) -> int:
        return (await self._http.get(f"/gradio_api/file={path}")).status_code


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the server's files lie."""
    uploads = tmp_path / "uploads"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads))
    return uploads


@pytest.fixture
def http(folder: Path) -> Iterator[httpx.Client]:
    with serving() as server, httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def in_folder(folder: Path) -> list[Path]:
    """All that is there but the page's own examples."""
    return sorted(path for path in folder.rglob("*") if "regionreasoner" not in path.parts[-3:])


# Uploads


def parts(count: int, field: str = "files") -> list[tuple[str, tuple[str, bytes]]]:
    return [(field, (f"{i}.png", b"x")) for i in range(count)]


@pytest.mark.parametrize(
    ("files", "status"),
    [
        pytest.param(parts(MAX_FILES + 1), 413, id="one too many"),
        pytest.param(parts(1000), 413, id="a thousand"),
        pytest.param(parts(1001, "other"), 413, id="a thousand under another name"),
        pytest.param(parts(MAX_FILES, "other"), 200, id="some under another name"),
        pytest.param([*parts(2), ("files", ("..", b"x"))], 400, id="a name that is none"),
    ],
)
def test_what_is_not_taken_leaves_nothing(
    files: list[tuple[str, tuple[str, bytes]]], status: int, http: httpx.Client, folder: Path
) -> None:
    before = in_folder(folder)
    answer = http.post("/gradio_api/upload", files=files)
    assert answer.status_code == status
    if status == 413:
        assert answer.json()["detail"] == f"At most {MAX_FILES} files can be sent at once."
    assert in_folder(folder) == before


def test_as_many_as_a_request_may_have_are_taken(http: httpx.Client, folder: Path) -> None:
    paths = http.post("/gradio_api/upload", files=parts(MAX_FILES)).json()
    assert len(paths) == MAX_FILES
    for path in map(Path, paths):
        assert mode_of(path) == 0o600
        assert mode_of(path.parent.parent) == 0o700
    assert {path for path in in_folder(folder) if path.is_file()} == set(map(Path, paths))


def test_the_same_picture_of_two_is_two_files(http: httpx.Client, blocks: Path) -> None:
    first, second = (Caller(http).upload(blocks.read_bytes()) for _ in range(2))
    assert first != second


def test_calls_leave_no_empty_files(http: httpx.Client, folder: Path, blocks: Path) -> None:
    path = Caller(http).upload(blocks.read_bytes())
    os.utime(path, (1, 1))
    for question in ("find red", "find both"):
        kind, _ = Caller(http).call("ground", [file(path), question, None])
        assert kind == "complete"
    assert [p for p in in_folder(folder) if p.is_file()] == [Path(path)]
    assert time.time() - Path(path).stat().st_mtime < 3600  # its use counts


def test_what_was_opened_is_not_kept_as_a_file(folder: Path, blocks: Path) -> None:
    async def talk(url: str) -> bool:
        async with visiting(url) as visitor:
            person = Person.of(visitor)
            good, bad = await person.upload(blocks.read_bytes()), await person.upload(b"no picture")
            for path in (good, bad):
                await person.open_path(path)
            assert "damaged or holds something else" in "".join(person.arrived)
            assert not [p for p in folder.iterdir() if p.name.startswith("upload-")]
            assert await person.status(person.picture) == 200
            await person.open_path(good)
            assert "There is no file" in "".join(person.arrived)
        return True

    with serving() as server:
        run(lambda: talk(server.url))


def received(base: Path, number: int, size: int = 10) -> Path:
    made = base / f"upload-{number}" / "hash"
    made.mkdir(parents=True)
    (made / "a.png").write_bytes(b"x" * size)
    return made.parent


def test_the_oldest_of_a_sender_make_room_and_nobody_else_s(tmp_path: Path) -> None:
    held = Received(Bounds(each=3, each_bytes=100, total=100))
    others = received(tmp_path, 99)
    held.add(others, "b")
    for number in range(5):
        held.add(received(tmp_path, number), "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "upload-2", "upload-3", "upload-4", "upload-99",
    ]  # fmt: skip
    held.add(received(tmp_path, 5, 95), "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["upload-5", "upload-99"]


def test_in_all_those_of_the_largest_sender_make_room(tmp_path: Path) -> None:
    held = Received(Bounds(each=100, total=5, total_bytes=1000))
    held.add(received(tmp_path, 0), "b")
    for number in range(1, 6):
        held.add(received(tmp_path, number), "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "upload-0", "upload-2", "upload-3", "upload-4", "upload-5",
    ]  # fmt: skip


def test_those_that_are_gone_take_no_room(tmp_path: Path) -> None:
    held = Received(Bounds(each=2))
    first = received(tmp_path, 0)
    held.add(first, "a")
    forget([first / "hash" / "a.png"])
    assert not first.exists()
    for number in (1, 2):
        held.add(received(tmp_path, number), "a")
    assert len(list(tmp_path.iterdir())) == 2


def test_only_what_was_received_is_forgotten(tmp_path: Path) -> None:
    own = tmp_path / "holiday" / "a.png"
    own.parent.mkdir()
    own.write_bytes(b"x")
    forget([own, tmp_path / "upload-0" / "hash" / "nothing.png"])
    assert own.exists()


# Shown pictures


def test_a_shown_picture_stays_as_long_as_one_shows_it(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        path.write_bytes(b"pixels")

    first = shown_picture(tmp_path, "a.png", write)
    second = shown_picture(tmp_path, "a.png", write)
    assert second is first
    path = Path(first)
    assert mode_of(path) == 0o600
    del first
    assert path.exists()
    path.unlink()  # as systems do that tidy up
    assert shown_picture(tmp_path, "a.png", write) is second
    assert path.exists()
    del second
    assert list(tmp_path.iterdir()) == []


# Deleting


def test_deleted_is_gone_from_everywhere_and_others_keep_theirs(
    folder: Path, tmp_path: Path, blocks: Path
) -> None:
    """Also the tab from before a reload holds nothing of it; a stranger's copy is a stranger's."""

    async def talk(url: str) -> bool:
        async with visiting(url) as one, visiting(url) as other:
            person, stranger = Person.of(one), Person.of(other)
            for each in (person, stranger):
                await each.open(blocks.read_bytes())
                await each.ask("find red")
            await person.reload()
            panel = await person.library(kind="export", id="")
            [row] = panel["dialogues"]
            exported, shown, theirs = panel["file"]["path"], person.picture, stranger.picture
            for path in (exported, shown, theirs):
                assert await person.status(path) == 200
            await stranger.library(kind="export", id="")
            await person.library(kind="delete", id=row["id"])
            assert await person.status(exported) in (403, 404)
            assert not Path(exported).parent.exists()
            assert await stranger.status(theirs) == 200  # the same picture
            assert len(list((folder / EXPORTS).glob("*/*/*.zip"))) == 1
            [row] = (await stranger.library(kind="list"))["dialogues"]
            await stranger.library(kind="delete", id=row["id"])
            for path in (shown, theirs):
                assert await person.status(path) in (403, 404)
            assert [p for p in in_folder(folder) if p.is_file()] == []
        return True

    with serving(store=Store(tmp_path / "kept")) as server:
        run(lambda: talk(server.url))


def test_a_second_tab_that_shows_the_same_keeps_its_picture(
    folder: Path, tmp_path: Path, blocks: Path
) -> None:
    async def talk(url: str) -> bool:
        async with visiting(url) as one:
            person = Person.of(one)
            await person.open(blocks.read_bytes())
            await person.ask("find red")
            second = Person(url, {"dependencies": person._events, "components": []}, person._http)
            second._elements = person._elements
            await second.arrive()
            assert second.picture == person.picture
            [row] = (await person.library(kind="list"))["dialogues"]
            await person.library(kind="delete", id=row["id"])
            assert await second.status(second.picture) == 200
            await second.leave()
        return True

    with serving(store=Store(tmp_path / "kept")) as server:
        run(lambda: talk(server.url))


def test_exports_are_few_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MAX_FILES", 3)
    made = Exports(tmp_path / "files")
    paths = [made.write(f"dialogue {i % 2}", "a.zip", b"x" * i) for i in range(5)]
    assert [path.exists() for path in paths] == [False, False, True, True, True]
    assert {mode_of(path) for path in paths[2:]} == {0o600}
    assert len({path.parent for path in paths}) == 5
    made.forget("dialogue 0")
    assert [path.exists() for path in paths[2:]] == [False, True, False]
    monkeypatch.setattr(exports, "MAX_BYTES", 10)
    made.write("dialogue 2", "a.zip", b"x" * 9)
    assert not paths[3].exists()


# Tidying


def test_what_is_old_goes_and_what_is_in_use_stays(tmp_path: Path) -> None:
    ages = {
        f"{PICTURES}/token/pictures/a.png": (9e9, True),
        f"{EXPORTS}/dialogue/token/a.zip": (700, False),
        f"{EXPORTS}/dialogue/other/a.zip": (500, True),
        "upload-1/hash/a.png": (700, True),
        "upload-2/hash/a.png": (4000, False),
        "0123abcd/image.png": (700, False),
        "tmpabc": (700, False),
    }
    now = time.time()
    for name, (age, _) in ages.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (max(0, now - age),) * 2)
    (tmp_path / "empty").mkdir()
    (tmp_path / "begun").mkdir()
    os.utime(tmp_path / "empty", (now - 100,) * 2)
    for _ in range(2):  # a folder that has just become empty goes the next time
        tidy(tmp_path)
        for path in tmp_path.rglob("*"):
            if path.is_dir() and path.name != "begun":
                os.utime(path, (now - 100,) * 2)
    tidy(tmp_path)
    assert {name: (tmp_path / name).exists() for name in ages} == {
        n: s for n, (_, s) in ages.items()
    }
    assert not (tmp_path / "empty").exists()
    assert not (tmp_path / "upload-2").exists()
    assert (tmp_path / "begun").exists()


def test_a_clock_that_was_set_back_keeps_nothing_for_ever(tmp_path: Path) -> None:
    later = tmp_path / "0123abcd"
    later.write_bytes(b"x")
    os.utime(later, (time.time() + 1e6,) * 2)
    tidy(tmp_path)
    assert abs(time.time() - later.stat().st_mtime) < 100


def test_what_is_gone_is_noted_no_longer(tmp_path: Path) -> None:
    here = tmp_path / "a.png"
    here.write_bytes(b"x")
    noted = [{str(here), str(tmp_path / "gone.png")}, set[str]()]
    tidying._forget_gone(noted)
    assert noted == [{str(here)}, set()]


def test_a_folder_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    tidy(tmp_path / "none")


# The real app, killed


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The app with the built-in model, its dialogues and uploads in that folder, and its address."""
    port = free_port()
    command = [
        sys.executable, "app.py", "--model", "nano", "--segmenter", "none", "--port", str(port),
        "--sessions", str(folder / "sessions"),
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "GRADIO_TEMP_DIR": str(folder / "uploads")},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while not process.stdout.readline().startswith("Running on"):
            assert process.poll() is None
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def runs_in(base: Path) -> list[Path]:
    return sorted(base.glob(f"regionreasoner-{user_id()}-*"))


def test_a_killed_server_leaves_nothing_to_others_and_nothing_after_the_next_start(
    tmp_path: Path, blocks: Path
) -> None:
    async def talk(url: str) -> str:
        async with visiting(url) as visitor:
            person = Person.of(visitor)
            await person.open(blocks.read_bytes())
            await person.ask("find the red block")
            await person.upload(b"not opened")
            panel = await person.library(kind="export", id="")
            return str(panel["file"]["path"])

    before = os.umask(0o022)
    try:
        with running(tmp_path / "living") as (living, _), running(tmp_path) as (killed, url):
            exported = run(lambda: talk(url))
            made = [*(tmp_path / "uploads").rglob("*"), *(tmp_path / "sessions").rglob("*")]
            assert Path(exported) in made
            for path in made:
                assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
            killed.send_signal(signal.SIGKILL)
            killed.wait()
            [left] = runs_in(tmp_path / "uploads")
            assert Path(exported).exists()
            with running(tmp_path) as (again, url):
                assert not left.exists()
                [own] = runs_in(tmp_path / "uploads")
                assert httpx.get(f"{url}/gradio_api/file={exported}").status_code >= 400
                assert len(list((tmp_path / "sessions" / "pictures").iterdir())) == 1
            again.wait()
            assert not own.exists()  # after an end in order
            assert living.poll() is None
    finally:
        os.umask(before)


@takes_root
def test_nobody_else_on_the_machine_reads_or_lists_them(blocks: Path) -> None:
    """Below a folder that everybody may enter, as the system's own is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as base:
        Path(base).chmod(0o1777)
        with running(Path(base)) as (_, url), httpx.Client(base_url=url) as http:
            path = Caller(http).upload(blocks.read_bytes())
            for command in (
                ["cat", path],
                ["ls", str(runs_in(Path(base) / "uploads")[0])],
                ["cat", f"{base}/sessions/dialogues.sqlite3"],
                ["ls", f"{base}/sessions/pictures"],
            ):
                seen = subprocess.run([*AS_NOBODY, *command], capture_output=True, check=False)
                assert seen.returncode != 0
                assert seen.stdout == b""
                assert b"Permission denied" in seen.stderr
