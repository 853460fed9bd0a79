"""Dialogues are saved from the panel in every format, one or all that are found, and opened again."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from demo.annotations.command import OUTPUTS
from demo.annotations.formats import FORMATS
from demo.dialogue.store import Store
from demo.evaluate.data import Dialogue, TrueTurn
from demo.evaluate.live_benchmark import Track
from demo.picture.geometry import PictureBox
from demo.picture.picture import open_picture
from demo.ui.dialogues import exporting
from demo.ui.dialogues.formats import format_groups
from demo.ui.parts import Parts
from demo.ui.tab.workspace import Tab
from tests.ui.handlers import Handlers, handlers_of, placed_parts, sent
from tests.ui.test_dialogues_panel import asks, talk

Value = dict[str, Any]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return placed_parts(tmp_path_factory.mktemp("parts"))


@pytest.fixture
def page(parts: Parts, tmp_path: Path) -> Iterator[Handlers]:
    with closing(Store(tmp_path / "kept")) as store:
        yield handlers_of(parts, tmp_path, store)


@pytest.fixture
def tab(page: Handlers, blocks: Path) -> Tab:
    """Ann has asked twice about the blocks."""
    tab = Tab()
    talk(page, tab, "ann", blocks, "find red", "find both")
    return tab


def saved(page: Handlers, tab: Tab, name: str = "ann", **values: object) -> list[Value]:
    """What the panel shows while a file is made."""
    event = sent(**{"format": "coco", "all": False, **values})
    library = page.context.parts.library
    return [u[library] for u in page.exporting.save(tab, event, asks(name)) if library in u]


def file_of(shown: list[Value]) -> Path:
    return Path(shown[-1]["file"]["path"])


def test_every_format_is_offered_once() -> None:
    offered = [name for _, formats in format_groups() for name, _ in formats]
    assert sorted(offered) == sorted(OUTPUTS)


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_dialogue_on_the_page_is_saved_in_every_format(
    page: Handlers, tab: Tab, name: str
) -> None:
    shown = saved(page, tab, format=name)
    path = file_of(shown)
    ending = {"session": ".zip", "html": ".html"}.get(name, f"-{name}.zip")
    assert path.name == f"find-red{ending}"
    assert shown[-1]["said"].startswith(f"Saved as {path.name}.")
    assert not shown[-1]["making"]
    if name not in FORMATS:
        return
    workspace = tab.workspace
    assert workspace is not None
    again = Tab()
    page.opening.open_upload([str(path)], again, asks("bob"))
    assert again.workspace is not None
    assert again.workspace.picture == workspace.picture
    labels = [region.label for region in again.workspace.session.registry]
    assert set(labels) == {region.label for region in workspace.session.registry}


def test_all_that_are_found_are_in_one_file(page: Handlers, tab: Tab, tmp_path: Path) -> None:
    for folder, colour, question in (("a", "blue", "find red"), ("b", "green", "什么 red")):
        path = tmp_path / folder / "море.png"
        path.parent.mkdir()
        Image.new("RGB", (64, 48), colour).save(path)
        other = Tab()
        talk(page, other, "ann", path, question)
    shown = saved(page, tab, all=True)
    assert [value["said"] for value in shown if value.get("making")][-1].endswith("3 of 3…")
    with zipfile.ZipFile(file_of(shown)) as archive:
        names = archive.namelist()
        data = json.loads(archive.read("annotations.json"))
    assert sorted(names) == [
        "annotations.json",
        "images/blocks.png",
        "images/море-2.png",
        "images/море.png",
    ]
    assert {image["file_name"] for image in data["images"]} == {Path(n).name for n in names[:-1]}
    assert file_of(shown).name == "dialogues-coco.zip"
    found = saved(page, tab, all=True, search="什么")
    assert file_of(found).name == "什么-red-coco.zip"
    with zipfile.ZipFile(file_of(saved(page, tab, all=True, format="session"))) as archive:
        assert len(archive.namelist()) == 3


def test_figures_and_pages_have_the_truth_of_the_benchmark(page: Handlers, tab: Tab) -> None:
    assert tab.workspace is not None
    asked, true = ("find red", "find both"), (PictureBox(2, 2, 9, 9),)
    rows = tuple(TrueTurn(question, (), true, None, {}) for question in asked)
    track = Track(Dialogue(1, "1", "blocks.png", Path("blocks.png"), rows), masks=False)
    tab.workspace = replace(tab.workspace, track=track)
    ways: list[Value] = [{}, {"id": tab.workspace.saved_id}, {"all": True}]
    for which in ways:
        with zipfile.ZipFile(file_of(saved(page, tab, format="svg", **which))) as archive:
            assert archive.namelist()[-1] == "blocks-truth.svg"
    assert "truth" in file_of(saved(page, tab, format="html")).read_text().lower()
    tab.workspace = replace(tab.workspace, track=None)
    with zipfile.ZipFile(file_of(saved(page, tab, format="svg"))) as archive:
        assert archive.namelist() == ["blocks.svg", "blocks-dialogue.svg"]
    assert "truth" not in file_of(saved(page, tab, format="html")).read_text().lower()


def test_what_a_format_has_no_place_for_is_said(page: Handlers, tab: Tab) -> None:
    assert "YOLO has no place for names" in saved(page, tab, format="yolo")[-1]["said"]
    assert "only the box is in the table" in saved(page, tab, format="masks")[-1]["said"]
    assert saved(page, tab, format="coco")[-1]["said"] == "Saved as find-red-coco.zip."


REFUSED = [
    pytest.param({"format": "docx"}, "does not know", id="no format"),
    pytest.param({"id": "../../etc/passwd"}, "does not exist any more", id="a path"),
    pytest.param({"all": True, "search": "nowhere"}, "There is no dialogue to save", id="none"),
    pytest.param({"all": "yes"}, "does not know", id="a text for a truth"),
]


@pytest.mark.parametrize(("values", "said"), REFUSED)
def test_what_cannot_be_saved_is_said_and_leaves_nothing(
    page: Handlers, tab: Tab, values: Value, said: str, tmp_path: Path
) -> None:
    (shown, *_) = saved(page, tab, **values)
    assert said in shown["said"]
    assert shown["failed"]
    assert not list((tmp_path / "files").rglob("*.zip"))


def test_the_dialogues_of_another_person_are_not_there(page: Handlers, tab: Tab) -> None:
    assert tab.workspace is not None
    shown = saved(page, Tab(), "bob", id=tab.workspace.saved_id)
    assert shown[-1]["said"] == "This dialogue does not exist any more."
    assert "no dialogue to save" in saved(page, Tab(), "bob", all=True)[-1]["said"]


def test_a_file_is_forgotten_with_any_dialogue_in_it(
    page: Handlers, tab: Tab, tmp_path: Path
) -> None:
    Image.new("RGB", (64, 48), "blue").save(tmp_path / "sea.png")
    other = Tab()
    talk(page, other, "ann", tmp_path / "sea.png", "find red")
    first, second = (one.workspace.saved_id for one in (tab, other) if one.workspace)
    for deleted in (first, second):
        paths = [file_of(saved(page, tab, all=True)), file_of(saved(page, tab, id=second))]
        assert all(path.exists() for path in paths)
        page.library.act(tab, sent(kind="delete", id=deleted), asks("ann"))
        assert [path.exists() for path in paths] == [False, deleted == first]
        talk(page, tab, "ann", tmp_path / "sea.png", "find both")


def test_a_dialogue_that_is_deleted_meanwhile_is_in_no_file(page: Handlers, tab: Tab) -> None:
    assert tab.workspace is not None
    event = sent(format="coco", all=False, id=tab.workspace.saved_id)
    making = page.exporting.save(tab, event, asks("ann"))
    next(making)
    page.library.act(tab, sent(kind="delete", id=tab.workspace.saved_id), asks("ann"))
    said = [u[page.context.parts.library]["said"] for u in making]
    assert "deleted while it was made" in said[-1]
    assert not list(page.exporting.files.rglob("*.zip"))


def test_a_file_can_be_cancelled_and_one_is_made_at_a_time(page: Handlers, tab: Tab) -> None:
    library, event = page.context.parts.library, sent(format="coco", all=True)
    making = page.exporting.save(tab, event, asks("ann"))
    assert next(making)[library]["making"]
    assert "already" in saved(page, tab)[-1]["said"]
    page.exporting.stop(asks("bob"))
    page.exporting.stop(asks("ann"))
    last = [u[library] for u in making][-1]
    assert last["said"] == "This was stopped before it was done."
    assert not last["making"]
    assert not list(page.exporting.files.rglob("*.zip"))
    assert file_of(saved(page, tab)).exists()


def test_files_are_bounded(page: Handlers, tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MAX_BYTES", 1_000)
    assert "too much for one file" in saved(page, tab, all=True)[-1]["said"]
    monkeypatch.setattr(exporting, "MAX_DIALOGUES", 0)
    assert "These are 1 dialogues" in saved(page, tab, all=True)[-1]["said"]


def test_without_a_place_to_keep_dialogues_the_one_on_the_page_is_saved(
    parts: Parts, tmp_path: Path, blocks: Path
) -> None:
    page, tab = handlers_of(parts, tmp_path), Tab()
    talk(page, tab, "ann", blocks, "find red")
    with zipfile.ZipFile(file_of(saved(page, tab))) as archive:
        picture = open_picture(io.BytesIO(archive.read("images/blocks.png")))
    assert picture == open_picture(blocks)
    assert "not saved here" in saved(page, tab, all=True)[-1]["said"]
