"""The same questions about a folder of pictures, stopped and resumed."""

from __future__ import annotations

import csv
import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from demo.__main__ import main
from demo.batch.run import Asked, ask_about, kept_path, pictures_in, run
from demo.dialects.prompt import Prompt
from demo.dialogue.archive import read_zip
from demo.errors import InputError, ModelError
from demo.models.models import Models
from demo.models.workers import Item, ModelInfo, Result, Work
from demo.picture.picture import Picture
from demo.reasoners.base import Reasoner, Usage
from demo.segmenters.grabcut import GrabCutSegmenter
from tests import ROOT
from tests.support.hostile import Hostile, answer
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


class Gone(TableReasoner):
    """A model that fails on every question."""

    def stream(
        self, _picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        raise ModelError("The model is gone.")


def test_a_model_that_is_gone_ends_the_run(folder: Path, tmp_path: Path) -> None:
    pictures = [p for p in pictures_in(folder, tmp_path / "out") if p != "broken.jpg"]
    with pytest.raises(ModelError, match=r"The model is gone\. This has happened 3 times in a row"):
        run(folder, pictures, QUESTIONS, OneWorker(Gone()), tmp_path / "out")
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
    names = ["beach.png", "beach-2.png", "lake.png"]
    assert [image["file_name"] for image in labels["images"]] == names
    assert len(list((out / "html").glob("*.html"))) == 3
    other = [*arguments[:2], "find the sun", *arguments[4:]]
    with Hostile(answer(text)) as server:
        other[other.index("--server") + 1] = server.url
        assert main(other) == 2
    assert "holds a run with other settings" in capsys.readouterr().err
