"""Folders of one's own: real modes, real owners, and runs that are really killed."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.errors import InputError
from demo.machine import private_files
from demo.machine.environment import settle_uploads
from demo.machine.private_files import (
    fault_of_place,
    own_folder,
    run_folder,
    temporary_run,
    write_new,
)
from tests import ROOT

NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
takes_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="takes root, who can be somebody else",
)
PREFIX = f"regionreasoner-{private_files.user_id()}"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def runs_in(base: Path) -> list[Path]:
    return sorted(base.glob(f"{PREFIX}-*"))


RUN = """
import os, sys, tempfile
from pathlib import Path
from demo.machine.private_files import keep_private, run_folder
keep_private()
environment = {}
with run_folder(environment, Path(sys.argv[1])) as folder:
    (Path(environment["GRADIO_TEMP_DIR"]) / "picture.png").write_bytes(b"a person")
    tempfile.mkstemp()
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_run(base: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process with a run folder there, and the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN, base],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


# A run


def test_a_run_has_a_folder_of_its_own_which_goes_with_it(tmp_path: Path) -> None:
    environment = {"GRADIO_TEMP_DIR": "before"}
    with run_folder(environment, tmp_path) as folder:
        assert folder.parent == tmp_path
        assert environment["GRADIO_TEMP_DIR"] == str(folder / "files")
        for path in (folder, *folder.rglob("*")):
            assert mode_of(path) == (0o700 if path.is_dir() else 0o600)
    assert environment == {"GRADIO_TEMP_DIR": "before"}
    assert list(tmp_path.iterdir()) == []


def test_all_that_is_temporary_lies_in_it() -> None:
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="a", dir="/tmp") as base:
        environment: dict[str, str] = {}
        with run_folder(environment, Path(base)) as folder:
            with tempfile.NamedTemporaryFile() as file:
                assert Path(file.name).parent == folder / "tmp"
            assert environment["TMPDIR"] == str(folder / "tmp")
        assert "TMPDIR" not in environment
    assert tempfile.tempdir == before


def test_a_path_too_long_for_sockets_leaves_the_system_s_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 60)
    deep.mkdir()
    environment: dict[str, str] = {}
    with run_folder(environment, deep):
        assert "TMPDIR" not in environment


@pytest.mark.process
def test_what_a_kill_left_goes_at_the_next_start_and_a_running_copy_keeps_its_own(
    tmp_path: Path,
) -> None:
    with another_run(tmp_path) as (living, its_folder), another_run(tmp_path) as (killed, left):
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert (left / "files" / "picture.png").exists()
        with run_folder({}, tmp_path) as folder:
            assert runs_in(tmp_path) == sorted([folder, its_folder])
            assert (its_folder / "files" / "picture.png").exists()
            assert living.poll() is None


@pytest.mark.process
def test_an_end_in_order_leaves_nothing(tmp_path: Path) -> None:
    with another_run(tmp_path) as (process, _):
        process.communicate("")
        assert list(tmp_path.iterdir()) == []


def test_only_what_is_this_app_s_is_removed(tmp_path: Path) -> None:
    others = [tmp_path / name for name in ("gradio", f"{PREFIX}x", "regionreasoner-99999-abc")]
    for other in others:
        other.mkdir()
    (tmp_path / f"{PREFIX}-file").write_text("no folder")
    (tmp_path / f"{PREFIX}-link").symlink_to(tmp_path / "gradio")
    with run_folder({}, tmp_path):
        pass
    assert all(other.is_dir() for other in others)
    assert (tmp_path / f"{PREFIX}-link").is_symlink()


def test_many_that_start_at_once_take_nothing_from_each_other(tmp_path: Path) -> None:
    def some_runs(_: int) -> int:
        kept = 0
        for _ in range(20):
            with run_folder({}, tmp_path) as folder:
                (folder / "files" / "a.png").write_bytes(b"x")
                kept += (folder / "files" / "a.png").exists()
        return kept

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(some_runs, range(8))) == [20] * 8
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_lost_its_files_to_a_tidy_system_is_still_running(tmp_path: Path) -> None:
    with run_folder({}, tmp_path) as folder:
        for part in folder.iterdir():
            part.rmdir()
        os.utime(folder, (1, 1))
        with run_folder({}, tmp_path):
            assert folder.exists()


def test_what_earlier_versions_left_goes_after_a_day(tmp_path: Path) -> None:
    base = tmp_path / PREFIX
    for name in ("regionreasoner/pictures", "0123abcd", "matplotlib", "recent"):
        (base / name).mkdir(parents=True)
    (base / "tmpabc").write_bytes(b"")
    for name in ("regionreasoner", "0123abcd", "matplotlib", "tmpabc"):
        os.utime(base / name, (time.time() - 2 * 86_400,) * 2)
    with run_folder({}, base):
        pass
    assert sorted(path.name for path in base.iterdir()) == ["matplotlib", "recent"]


def test_a_start_without_room_says_so() -> None:
    with pytest.raises(InputError, match="No folder of its own can be made in /proc: "):
        run_folder({}, Path("/proc")).__enter__()


def test_a_command_goes_on_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc")
    environment: dict[str, str] = {}
    with temporary_run(environment):
        assert environment == {}


# The place


def _link(folder: Path) -> None:
    (folder.parent / "theirs").mkdir()
    folder.symlink_to(folder.parent / "theirs")


def _file(folder: Path) -> None:
    folder.write_text("")


def _open_to_all(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


@pytest.mark.parametrize("made", [_link, _file, _open_to_all])
def test_a_folder_that_somebody_made_first_is_passed_by_and_that_is_said(
    made: Callable[[Path], None], tmp_path: Path
) -> None:
    made(tmp_path / PREFIX)
    folder, said = own_folder(tmp_path)
    assert folder != tmp_path / PREFIX
    assert mode_of(folder) == 0o700
    assert said.endswith(f": the new folder {folder} takes its place.")
    assert not (tmp_path / "theirs").exists() or not list((tmp_path / "theirs").iterdir())


def test_a_folder_of_one_s_own_that_others_may_read_is_closed(tmp_path: Path) -> None:
    (tmp_path / PREFIX).mkdir(mode=0o755)
    assert own_folder(tmp_path) == (tmp_path / PREFIX, "")
    assert mode_of(tmp_path / PREFIX) == 0o700


def test_new_folders_of_earlier_starts_go(tmp_path: Path) -> None:
    _link(tmp_path / PREFIX)
    first, _ = own_folder(tmp_path)
    with run_folder({}, first) as used:
        os.utime(first, (time.time() - 3600,) * 2)
        second, _ = own_folder(tmp_path)
        assert used.exists()
    for folder in (first, second):
        os.utime(folder, (time.time() - 3600,) * 2)
    third, _ = own_folder(tmp_path)
    assert sorted(tmp_path.glob(f"{PREFIX}.*")) == [third]


def test_where_everybody_may_exchange_folders_nothing_is_put(tmp_path: Path) -> None:
    place = tmp_path / "open"
    place.mkdir()
    assert fault_of_place(place / "new" / "one") == ""
    place.chmod(0o777)
    assert fault_of_place(place / "new") == f"everybody may rename what lies in {place}"
    place.chmod(0o1777)  # as /tmp
    assert fault_of_place(place / "new") == ""


def test_such_a_folder_is_refused_when_it_was_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(
        InputError, match=r"Pictures are not safe in the folder .* that GRADIO_TEMP"
    ):
        settle_uploads({"GRADIO_TEMP_DIR": str(tmp_path / "uploads")})
    assert not (tmp_path / "uploads").exists()


def test_such_a_folder_of_the_system_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "open"))
    monkeypatch.setenv("REGIONREASONER_CACHE", str(tmp_path / "cache"))
    folder = settle_uploads({})
    assert folder == tmp_path / "cache" / PREFIX
    assert f"{tmp_path / 'cache'} takes its place." in capsys.readouterr().err


@takes_root
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "theirs"
    place.mkdir()
    os.chown(place, NOBODY, NOBODY)
    assert fault_of_place(place / "uploads") == f"{place} belongs to another user"
    (tmp_path / PREFIX).mkdir()
    os.chown(tmp_path / PREFIX, NOBODY, NOBODY)
    folder, said = own_folder(tmp_path)
    assert folder != tmp_path / PREFIX
    assert "belongs to another user: the new folder" in said


@takes_root
@pytest.mark.process
def test_nobody_else_sees_what_a_run_holds() -> None:
    """Nor a list of it, nor the lock, which would keep it from being cleaned."""
    with tempfile.TemporaryDirectory(dir="/tmp") as base:
        Path(base).chmod(0o1777)
        with run_folder({}, Path(base)) as folder:
            (folder / "files" / "a.png").write_bytes(b"a person")
            for command in (["cat", f"{folder}/files/a.png"], ["flock", f"{folder}", "true"]):
                told = [*AS_NOBODY, *command]
                seen = subprocess.run(told, capture_output=True, text=True, check=False)
                assert seen.returncode != 0
                assert "Permission denied" in seen.stderr
            listed = subprocess.run([*AS_NOBODY, "ls", folder], capture_output=True, check=False)
            assert listed.stdout == b""


# Modes


def test_new_files_are_written_once_and_never_through_a_link(tmp_path: Path) -> None:
    write_new(tmp_path / "a", b"one")
    assert mode_of(tmp_path / "a") == 0o600
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a", b"two")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "link", b"two")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.process
@pytest.mark.parametrize(("former", "after"), [("022", 0o077), ("0777", 0o777)])
def test_children_make_private_files_and_a_stricter_mask_stays(former: str, after: int) -> None:
    code = (
        "import os, subprocess; from demo.machine.private_files import keep_private; "
        f"os.umask(0o{former}); keep_private(); subprocess.run(['sh', '-c', 'umask'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout, 8) == after


@pytest.mark.process
def test_what_commands_write_is_for_their_user_alone(tmp_path: Path) -> None:
    out = tmp_path / "scenes"
    command = ["-m", "demo", "nano", "scenes", "--count", "2", "--seed", "1", "--out", str(out)]
    before = os.umask(0o022)
    try:
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)
    finally:
        os.umask(before)
    made = [out, *out.rglob("*")]
    assert len(made) >= 4
    for path in made:
        assert mode_of(path) == (0o700 if path.is_dir() else 0o600)
