"""The same questions about a folder of pictures, stopped and resumed."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from demo.__main__ import main
from demo.annotations.annotated import AnnotatedPicture
from demo.annotations.command import write_all
from demo.batch.kept import fault_of_kept, kept_dialogues, kept_path, table
from demo.batch.pictures import pictures_in
from demo.batch.run import Asked, Left, Unasked, ask_about, run
from demo.dialogue.archive import read_zip
from demo.errors import InputError, ModelError
from demo.evaluate.folder import save
from demo.models.models import Models
from demo.models.workers import Item, ModelInfo, Result, Work
from demo.picture.geometry import Size
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Reasoner
from demo.segmenters.grabcut import GrabCutSegmenter
from tests import ROOT
from tests.support.hostile import Hostile, answer
from tests.support.scripted import Telling
from tests.support.table import TableReasoner

EXAMPLES = ROOT / "examples"
QUESTIONS = ("find the red block", "the block next to R1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, one of them in a folder and named like another; a file that is none; a hidden one."""
    folder = tmp_path / "pictures"
    (folder / "more" / ".hidden").mkdir(parents=True)
    for name in ("beach.png", "more/beach.png", "more/lake.png", "more/.hidden/park.png"):
        source = EXAMPLES / Path(name).name
        shutil.copy(source if source.exists() else EXAMPLES / "beach.png", folder / name)
    (folder / "broken.jpg").write_text("no picture")
    (folder / "notes.txt").write_text("no picture either")
    return folder


class OneWorker:
    """Works with the model of a test, and counts what it was given."""

    info = ModelInfo("table", (840, 840), "grabcut", "table")

    def __init__(self, reasoner: Reasoner) -> None:
        self.models = Models(reasoner, GrabCutSegmenter(), "table", "", "")
        self.given: list[object] = []

    def each(self, work: Work[Item, Result], items: Sequence[Item]) -> Iterator[Result]:
        for item in items:
            self.given.append(item)
            yield work(self.models, item)


def test_pictures_are_found_in_folders_but_not_in_results(folder: Path) -> None:
    out = folder / "out"
    kept_path(out, "beach.png").parent.mkdir(parents=True)
    shutil.copy(EXAMPLES / "beach.png", out / "beach.png")
    shown = ["beach.png", "broken.jpg", "more/beach.png", "more/lake.png"]
    assert pictures_in(folder, out) == shown
    with pytest.raises(InputError, match="is not a folder"):
        pictures_in(folder / "notes.txt", out)
    with pytest.raises(InputError, match="There is no picture in"):
        pictures_in(folder / "more" / ".hidden" / "..", folder / "more")


def test_a_run_keeps_what_it_did_and_does_the_rest_later(folder: Path, tmp_path: Path) -> None:
    out, pictures = tmp_path / "out", pictures_in(folder, tmp_path / "out")
    first = OneWorker(TableReasoner())
    left = run(folder, pictures[:2], QUESTIONS, first, out)
    assert [bad.picture for bad in left.unusable] == ["broken.jpg"]
    assert left.failed == []
    second = OneWorker(TableReasoner())
    run(folder, pictures, QUESTIONS, second, out)
    assert second.given == ["broken.jpg", "more/beach.png", "more/lake.png"]
    session, picture = read_zip(kept_path(out, "more/beach.png"))
    assert [turn.question for turn in session.turns] == list(QUESTIONS)
    assert (session.turns[1].references, picture.name) == (("R1",), "beach.png")


def test_a_question_that_cannot_be_asked_does_not_end_the_others(
    folder: Path, tmp_path: Path
) -> None:
    worker = OneWorker(TableReasoner())
    asked = ("find the red block", "left of R7", "find the red block")
    result = ask_about(folder, asked, tmp_path / "out", "", worker.models, "beach.png")
    assert isinstance(result, Asked)
    assert len(result.refused) == 1
    assert result.refused[0].startswith("“left of R7” was not asked: There is no R7")
    session, _ = read_zip(kept_path(tmp_path / "out", "beach.png"))
    assert len(session.turns) == 2


def test_a_model_that_is_gone_ends_the_run(folder: Path, tmp_path: Path) -> None:
    pictures = [p for p in pictures_in(folder, tmp_path / "out") if p != "broken.jpg"]
    with pytest.raises(ModelError, match=r"The model is gone\. This has happened 3 times in a row"):
        run(
            folder,
            pictures,
            QUESTIONS,
            OneWorker(Telling(lambda _: ModelError("The model is gone."))),
            tmp_path / "out",
        )
    assert not list((tmp_path / "out").rglob("*.zip"))


def test_the_command_goes_on_and_writes_labels(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    out = tmp_path / "out"
    text = '<answer>[{"bbox_2d": [84, 84, 168, 168]}]</answer>'
    with Hostile(answer(text)) as server:
        arguments = ["batch", str(folder), *QUESTIONS, "--out", str(out), "--server", server.url]
        arguments += ["--segmenter", "grabcut", "--workers", "2"]
        assert main(arguments) == 0
        asked = len(server.asked)
        assert main([*arguments, "--to", "coco", "html"]) == 0
        assert len(server.asked) == asked  # nothing is asked again
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1]) == {"pictures": 3, "unusable": 1, "out": str(out)}
    assert "broken.jpg: " in said.err
    lines = (out / "results.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines))
    assert [(row["picture"], row["region"]) for row in rows][:2] == [
        ("beach.png", "R1"),
        ("beach.png", "R2"),
    ]
    labels = json.loads((out / "coco" / "annotations.json").read_text(encoding="utf-8"))
    names = ["beach.png", "more-beach.png", "more-lake.png"]
    assert [image["file_name"] for image in labels["images"]] == names
    assert len(list((out / "html").glob("*.html"))) == 3
    other = [*arguments[:2], "find the sun", *arguments[4:]]
    with Hostile(answer(text)) as server:
        other[other.index("--server") + 1] = server.url
        assert main(other) == 2
    assert "holds a run with other settings" in capsys.readouterr().err


@pytest.fixture
def command(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., int]]:
    """Runs the command about a folder, into ``out``, with more options."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Hostile(answer('<answer>[{"bbox_2d": [84, 84, 168, 168]}]</answer>')) as server:
        rest = ["--out", str(tmp_path / "out"), "--server", server.url, "--segmenter", "grabcut"]
        yield lambda about, *more: main(["batch", str(about), "find red", *rest, *more])


def _rows(out: Path) -> list[str]:
    with (out / "results.csv").open(encoding="utf-8") as file:
        return [row["picture"] for row in csv.DictReader(file)]


@pytest.mark.parametrize("compared", [0, 1])
def test_a_run_about_another_folder_that_is_stopped_compares_again(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[..., int],
    compared: int,
) -> None:
    other, out = tmp_path / "other", tmp_path / "out"
    other.mkdir()
    for name in ("beach.png", "broken.jpg"):
        shutil.copy(EXAMPLES / "lake.png", other / name)
    shutil.copy(EXAMPLES / "beach.png", folder / "broken.jpg")
    assert command(folder) == 0
    rows, first = _rows(out), read_zip(kept_path(out, "beach.png"))[1].sha256

    calls = list[str]()

    def stopped(at: Path, to: Path, picture: str, *, may_differ: bool) -> str | None:
        calls.append(picture)
        if len(calls) > compared:
            raise KeyboardInterrupt
        return fault_of_kept(at, to, picture, may_differ=may_differ)

    with monkeypatch.context() as patch:
        patch.setattr("demo.batch.run.fault_of_kept", stopped)
        assert command(other) == 130
    assert _rows(out) == rows
    assert command(other) == 0
    assert _rows(out) == ["beach.png", "broken.jpg"]
    for name in _rows(out):
        assert read_zip(kept_path(out, name))[1].sha256 != first
    assert command(folder) == 0  # and back
    assert _rows(out) == rows
    assert read_zip(kept_path(out, "beach.png"))[1].sha256 == first


def test_a_run_that_is_stopped_while_it_asks_does_not_pass_for_the_folder_before(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., int]
) -> None:
    other, out = tmp_path / "other", tmp_path / "out"
    other.mkdir()
    shutil.copy(EXAMPLES / "lake.png", other / "beach.png")
    assert command(folder) == 0
    rows, first = _rows(out), read_zip(kept_path(out, "beach.png"))[1].sha256

    def stopped(result: Asked | Unasked, left: Left) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("demo.batch.run._note", stopped)
        assert command(other) == 130
    assert _rows(out) == ["beach.png"]
    assert command(folder) == 0
    assert _rows(out) == rows
    assert read_zip(kept_path(out, "beach.png"))[1].sha256 == first


def test_of_a_picture_that_is_none_any_more_nothing_counts(
    folder: Path, tmp_path: Path, command: Callable[..., int]
) -> None:
    assert command(folder) == 0
    (folder / "beach.png").write_text("no picture any more")
    assert command(folder) == 0
    assert "beach.png" not in _rows(tmp_path / "out")


def test_other_forms_say_what_they_lack_and_hold_no_pictures_that_are_gone(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: Callable[..., int]
) -> None:
    out = tmp_path / "out"
    assert command(folder, "--to", "yolo", "html", "masks") == 0
    said = capsys.readouterr().err
    assert "\nyolo: YOLO has no place for names of regions, questions and who made what.\n" in said
    (out / "html" / "my notes.txt").write_text("of a person")
    (folder / "more" / "lake.png").unlink()
    assert command(folder, "--to", "html", "yolo") == 0
    names = {path.name for path in (out / "html").iterdir()}
    assert names == {"beach.html", "more-beach.html", "my notes.txt"}
    assert not list((out / "yolo").rglob("more-lake.*"))
    assert list((out / "masks").rglob("more-lake*"))  # which was not written again
    assert command(folder, "--to", "masks") == 0
    assert not list((out / "masks").rglob("more-lake*"))


@pytest.mark.parametrize(
    "written",
    [
        pytest.param('{"html": ["../results.csv", "../../pictures/beach.png"]}', id="outside"),
        pytest.param("no JSON", id="damaged"),
        pytest.param('{"html": 1, "coco": null}', id="no lists"),
        pytest.param('{"html": [1, null, ""]}', id="no names"),
        pytest.param("[]", id="no table"),
    ],
)
def test_a_list_of_files_that_somebody_has_changed_removes_nothing(
    folder: Path, tmp_path: Path, command: Callable[..., int], written: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "written.json").write_text(written)
    assert command(folder, "--to", "html") == 0
    assert (tmp_path / "out" / "results.csv").exists()
    assert (folder / "beach.png").exists()
    assert len(list((tmp_path / "out" / "html").iterdir())) == 3


def _asked(folder: Path, out: Path, *, may_differ: bool = False) -> tuple[list[object], list[str]]:
    """What a run asks about, and its pictures."""
    worker, pictures = OneWorker(TableReasoner()), pictures_in(folder, out)
    run(folder, pictures, QUESTIONS[:1], worker, out, may_differ=may_differ)
    return worker.given, pictures


def test_pictures_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = [
        *("1.png", "2.PNG", "10.png", "a.png", "B.jpg", "c 9.webp", "c 10.webp"),
        *("a/z.png", "a/b/c.png", "a2/x.png", "a10/x.png", "bild ٩.png", "صورة 2.png"),
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    in_order = [*names[:5], "bild ٩.png", "c 9.webp", "c 10.webp", "صورة 2.png", *names[7:11]]
    assert pictures_in(tmp_path, tmp_path / "out") == in_order
    assert pictures_in(tmp_path / "a", tmp_path) == ["z.png", "b/c.png"]  # results round it
    (tmp_path / "b").symlink_to(tmp_path / "none")
    (tmp_path / "dir.png").mkdir()
    assert pictures_in(tmp_path, tmp_path / "out") == in_order
    with pytest.raises(InputError, match=r"There is no picture in .* beside the results"):
        pictures_in(tmp_path, tmp_path / "a" / "..")


def test_a_picture_that_has_changed_is_asked_again(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    _asked(folder, out)
    before = kept_path(out, "beach.png").read_bytes()
    old = (folder / "beach.png").stat()
    shutil.copy(EXAMPLES / "lake.png", folder / "beach.png")
    os.utime(folder / "beach.png", ns=(old.st_atime_ns, old.st_mtime_ns))  # as some copies have it
    shutil.copy(folder / "more" / "lake.png", folder / "more" / "same.png")
    (folder / "more" / "same.png").replace(folder / "more" / "lake.png")  # touched, and the same
    assert _asked(folder, out)[0] == ["beach.png", "broken.jpg"]
    assert "beach.png: This picture has changed since it was asked" in capsys.readouterr().err
    assert kept_path(out, "beach.png").with_suffix(".former.zip").read_bytes() == before
    assert _asked(folder, out)[0] == ["broken.jpg"]


def test_pictures_of_another_folder_are_not_taken_for_those_that_were_asked(
    folder: Path, tmp_path: Path
) -> None:
    other, out = tmp_path / "other", tmp_path / "out"
    other.mkdir()
    shutil.copy(EXAMPLES / "lake.png", other / "beach.png")
    _asked(folder, out)
    assert _asked(other, out)[0] == []  # older than what was kept
    assert _asked(other, out, may_differ=True)[0] == ["beach.png"]


@pytest.mark.parametrize("damage", [b"", b"PK", b"PK\x03\x04 and no more"])
def test_a_kept_dialogue_that_is_damaged_is_asked_again(
    folder: Path, tmp_path: Path, damage: bytes
) -> None:
    out = tmp_path / "out"
    _asked(folder, out)
    kept_path(out, "more/lake.png").write_bytes(damage)
    assert _asked(folder, out)[0] == ["broken.jpg", "more/lake.png"]
    assert len(kept_dialogues(out, pictures_in(folder, out))) == 3


def test_a_disk_that_takes_nothing_ends_the_run(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "dialogues").write_text("a file in its place")
    with pytest.raises(InputError, match=r"cannot be made: .* continues where it stopped"):
        _asked(folder, out)


def test_of_what_does_not_fit_on_the_disk_nothing_stays(folder: Path, tmp_path: Path) -> None:
    """So that there is room for what is written next, such as the table of what there is."""
    out = tmp_path / "out"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(
            InputError, match=r"written: the disk is full\. The same command continues"
        ):
            _asked(folder, out)
        with pytest.raises(InputError, match=r"Nothing can be written to .*: the disk is full"):
            save(out / "results.csv", b"x" * 1_001)
        with pytest.raises(InputError, match="cannot be written: the disk is full"):
            write_all("coco", [AnnotatedPicture("a.png", Size(400, 300), _noise)], out / "coco")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path for path in out.rglob("*") if path.is_file()] == []


def _noise() -> Picture:
    return open_picture(np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8))


def test_what_nobody_foresaw_is_said_of_its_picture(folder: Path, tmp_path: Path) -> None:
    worker = OneWorker(Telling(lambda _: RuntimeError("a shape that nobody foresaw")))
    result = ask_about(folder, QUESTIONS, tmp_path / "out", "", worker.models, "beach.png")
    assert isinstance(result, Unasked)
    assert result.has_failed
    assert "RuntimeError" in result.why


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("é" * 124 + ".png", id="as long as names may be"),
        pytest.param("a" * 251 + ".png", id="the same in one byte each"),
        pytest.param(os.fsdecode(b"caf\xe9.png"), id="no text"),
        pytest.param('=1+2, "x"\n.png', id="signs"),
    ],
)
def test_names_that_files_may_have(tmp_path: Path, name: str) -> None:
    folder, out = tmp_path / "pictures", tmp_path / "out"
    folder.mkdir()
    shutil.copy(EXAMPLES / "beach.png", folder / name)
    given, pictures = _asked(folder, out)
    assert given == [name]
    assert _asked(folder, out)[0] == []
    [row] = csv.DictReader(io.StringIO(table(kept_dialogues(out, pictures)).decode()))
    assert row["picture"] == name.encode("utf-8", "backslashreplace").decode()


def test_long_names_that_begin_alike_are_kept_apart(tmp_path: Path) -> None:
    paths = {kept_path(tmp_path, "a" * 245 + letter + ".png") for letter in "bcd"}
    assert len({path.name for path in paths}) == 3
    assert kept_path(tmp_path, "a/b.jpg") == tmp_path / "dialogues" / "a" / "b.jpg.zip"


def test_a_folder_that_will_not_do_is_refused_before_a_model_is_there(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "asked").mkdir()
    settings = {"questions": ["find the dog"], "asking": "auto", "model": "m"}
    (tmp_path / "asked" / "settings.json").write_text(json.dumps(settings))
    unanswered = ["--server", "http://127.0.0.1:9", "--segmenter", "none"]
    for out, said in (
        ("file", "file: a file is in its place."),
        ("file/in", "in: a file is in its place."),
        ("asked", "questions was ['find the dog'], now ['find the cat']"),
    ):
        asked = [str(folder), "find the cat", "--out", str(tmp_path / out)]
        assert main(["batch", *asked, *unanswered]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("question", ["", "  ", "x" * 2_001])
def test_a_question_that_can_never_be_asked_is_refused_at_once(
    folder: Path, tmp_path: Path, question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["batch", str(folder), "find it", question, "--out", str(out)]) == 2
    assert capsys.readouterr().err.endswith(".\n")
    assert not out.exists()
