"""Examples and files are opened as the browser asks for them, and nothing else is."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from demo.access.visitors import COOKIE, owner_of
from demo.dialogue.archive import to_zip
from demo.dialogue.examples import Example
from demo.dialogue.owner import new_token
from demo.dialogue.session import ReasonerInfo, Session, Turn
from demo.dialogue.session_json import session_to_json
from demo.dialogue.store import Store
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import open_picture
from demo.picture.regions import RegionObject
from demo.ui.shared import sentences
from demo.ui.tab.workspace import Tab
from tests.ui.handlers import Handlers, handlers_of, placed_parts, sent

REQUEST: Any = SimpleNamespace(session_hash="ann")


@pytest.fixture
def page(tmp_path: Path, blocks: Path) -> Handlers:
    example = Example("Blocks", blocks, ("find both",))
    return handlers_of(placed_parts(tmp_path / "parts"), tmp_path, examples=[example])


def test_an_example_opens_and_its_dialogue_is_offered(page: Handlers) -> None:
    tab = Tab()
    page.opening.open_example(tab, sent(index=0, play=True), REQUEST)
    assert tab.workspace is not None
    assert tab.workspace.next_question == "find both"
    list(page.asking.play_if_wanted(tab, REQUEST))
    assert [turn.question for turn in tab.workspace.session.turns] == ["find both"]
    assert not tab.to_play


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"index": -1}, id="before the first"),
        pytest.param({"index": 1}, id="behind the last"),
        pytest.param({"index": 10**30}, id="far behind"),
        pytest.param({"index": "0"}, id="a text"),
        pytest.param({"index": False}, id="a truth"),
        pytest.param({"index": 0, "play": "yes"}, id="a text for a truth"),
    ],
)
def test_what_is_no_example_opens_nothing(page: Handlers, data: dict[str, object]) -> None:
    tab = Tab()
    updates = page.opening.open_example(tab, sent(**data), REQUEST)
    assert updates[page.context.parts.hint]["text"] == sentences.NOT_UNDERSTOOD
    assert tab.workspace is None


def test_an_example_that_must_wait_is_not_played(page: Handlers) -> None:
    tab = Tab()
    with page.context.turns.hold("ann"):
        updates = page.opening.open_example(tab, sent(index=0, play=True), REQUEST)
    assert updates[page.context.parts.hint]["text"] == sentences.STOP_FIRST
    assert not tab.to_play


# Files


# A browser with a cookie.
KEEPING: Any = SimpleNamespace(session_hash="ann", username=None, cookies={COOKIE: new_token()})


@pytest.fixture
def folder(tmp_path: Path, blocks: Path) -> Path:
    """A dialogue about the blocks, in a zip file and unpacked, and pictures."""
    made = tmp_path / "files"
    made.mkdir()
    picture = open_picture(blocks)
    session = Session.begin(picture.info, ReasonerInfo("table", Size(840, 840)))
    registry, _ = session.registry.add([RegionObject("", PictureBox(1, 2, 30, 40))])
    session = session.with_turn(Turn("find red", "find red", (), "R1", raw="text"), registry)
    (made / "walk.zip").write_bytes(to_zip(session, picture))
    text = json.dumps(session_to_json(session)).encode("utf-16")
    (made / "session.json").write_bytes(text)
    (made / "blocks.png").write_bytes(blocks.read_bytes())
    with Image.open(blocks) as image:
        image.convert("RGB").save(made / "compressed.jpg", quality=40)
    for name, colour in (("sea.png", "blue"), ("sand.jpg", "yellow"), ("grass.bmp", "green")):
        Image.new("RGB", (64, 48), colour).save(made / name)
    (made / "notes.txt").write_text("no picture")
    (made / "walk.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(40))
    (made / "other.json").write_text('{"a": 1}')
    return made


@dataclass(frozen=True)
class Opened:
    """What a page shows after files were opened, and what is kept."""

    tab: Tab
    line: str
    kept: list[str]

    @property
    def picture(self) -> str:
        return "" if self.tab.workspace is None else self.tab.workspace.picture.name

    @property
    def regions(self) -> int:
        return 0 if self.tab.workspace is None else len(self.tab.workspace.session.registry)

    @property
    def turns(self) -> int:
        return 0 if self.tab.workspace is None else len(self.tab.workspace.session.turns)


def opened(tmp_path: Path, folder: Path, names: list[str], kept: bool = True) -> Opened:
    """These files, opened at once on a page that keeps dialogues, or does not."""
    store = Store(tmp_path / "kept") if kept else None
    page, tab = handlers_of(placed_parts(tmp_path / "parts"), tmp_path, store), Tab()
    updates = page.opening.open_upload([str(folder / n) for n in names], tab, KEEPING)
    owner = owner_of(KEEPING)
    entries = store.entries(owner) if store and owner else ()
    text = updates[page.context.parts.hint]["text"]
    if store:
        store.close()
    return Opened(tab, text, sorted(entry.title for entry in entries))


KEPT = [
    pytest.param(["sea.png"], "sea.png", 0, [], "", id="one"),
    pytest.param(
        ["sea.png", "sand.jpg"], "sea.png", 0, ["sand.jpg"],
        "“sea.png” is shown. “sand.jpg” is under Dialogues.", id="two pictures",
    ),
    pytest.param(
        ["sand.jpg", "sea.png", "grass.bmp"], "sand.jpg", 0, ["grass.bmp", "sea.png"],
        "“sand.jpg” is shown. “sea.png” and “grass.bmp” are under Dialogues.", id="three",
    ),
    pytest.param(
        ["sea.png", "walk.zip"], "sea.png", 0, ["find red"],
        "“sea.png” is shown. “walk.zip” is under Dialogues.", id="a picture and a dialogue",
    ),
    pytest.param(["session.json", "blocks.png"], "blocks.png", 1, ["find red"], "", id="in parts"),
    pytest.param(["blocks.png", "session.json"], "blocks.png", 1, ["find red"], "", id="the picture first"),
    pytest.param(
        ["sea.png", "blocks.png", "session.json"], "sea.png", 0, ["find red"],
        "“sea.png” is shown. “session.json” is under Dialogues.", id="a dialogue in parts and a picture",
    ),
    pytest.param(
        ["compressed.jpg", "session.json"], "blocks.png", 1, ["find red"],
        "edited or compressed since", id="its picture compressed",
    ),
    pytest.param(
        ["session.json", "sea.png"], "sea.png", 0, [],
        "“session.json” was not opened: This is the session of a dialogue without its picture.",
        id="another picture",
    ),
    pytest.param(
        ["notes.txt", "sea.png"], "sea.png", 0, [],
        "“sea.png” is shown. “notes.txt” was not opened: This is not a picture", id="a text first",
    ),
    pytest.param(
        ["sea.png", "walk.7z"], "sea.png", 0, [],
        "“walk.7z” was not opened: This file is packed with 7-Zip. Unpack it", id="another archive",
    ),
    pytest.param(
        ["notes.txt", "walk.7z"], "", 0, [],
        "None of these 2 files can be opened. “notes.txt”: This is not a picture", id="none of two",
    ),
    pytest.param(["notes.txt"], "", 0, [], "This is not a picture", id="one that is none"),
    pytest.param(["session.json"], "", 0, [], "without its picture. Open it", id="a session alone"),
    pytest.param(["other.json"], "", 0, [], "This is not a session of version 1", id="other JSON"),
    pytest.param(
        ["sea.png"] * 12, "sea.png", 0, ["sea.png"] * 7,
        "“sea.png”, “sea.png”, “sea.png” and 1 more were not opened: open one at a time.", id="a dozen",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("names", "picture", "turns", "kept", "said"), KEPT)
def test_files_that_came_together_are_never_silently_one(
    tmp_path: Path, folder: Path, names: list[str], picture: str, turns: int, kept: list[str], said: str
) -> None:  # fmt: skip
    found = opened(tmp_path, folder, names)
    assert (found.picture, found.turns, found.kept) == (picture, turns, kept)
    assert said in found.line
    assert said or "shown" not in found.line


def test_where_nothing_is_kept_the_others_are_named(tmp_path: Path, folder: Path) -> None:
    found = opened(tmp_path, folder, ["sea.png", "sand.jpg", "walk.zip"], kept=False)
    assert found.picture == "sea.png"
    assert found.line == (
        "“sea.png” is shown. “sand.jpg” and “walk.zip” were not opened: open one at a time."
    )


def test_a_session_alone_goes_onto_the_picture_that_is_there(page: Handlers, folder: Path) -> None:
    tab = Tab()
    page.opening.open_upload([str(folder / "blocks.png")], tab, REQUEST)
    page.opening.open_upload([str(folder / "session.json")], tab, REQUEST)
    assert tab.workspace is not None
    assert len(tab.workspace.session.turns) == 1


# Labels of other tools


@pytest.fixture
def labels(folder: Path) -> Path:
    """What `folder` holds, and labels about pictures there and elsewhere."""
    kinds = [{"id": 1, "name": "boat"}]

    def coco(*names: str) -> dict[str, object]:
        images = [{"id": name, "file_name": name} for name in names]
        row = {"category_id": 1, "bbox": [4, 5, 20, 10]}
        rows = [{"id": at, "image_id": name, **row} for at, name in enumerate(names)]
        return {"images": images, "annotations": rows, "categories": kinds}

    for name, data in (
        ("sea.json", coco("sea.png")),
        ("blocks.json", coco("blocks.png", "sea.png")),
        ("two.json", coco("sea.png", "sand.jpg")),
        ("elsewhere.json", coco("a.png", "b.png", "c.png", "d.png")),
        ("broken.json", coco("sea.png") | {"annotations": [{"id": 7, "image_id": "sea.png"}]}),
    ):
        (folder / name).write_text(json.dumps(data))
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        for name in ("sea.png", "sand.jpg"):
            archive.write(folder / name, f"images/{name}")
        archive.write(folder / "two.json", "annotations/instances_default.json")
    return folder


LABELLED = [
    pytest.param(["sea.png", "sea.json"], "sea.png", 1, ["sea.png"],
                 "1 region came with it.", id="a picture and labels"),
    pytest.param(["sea.json", "sea.png"], "sea.png", 1, ["sea.png"], "", id="the labels first"),
    pytest.param(["set.zip"], "sea.png", 1, ["sand.jpg", "sea.png"],
                 "“sea.png” is shown. “sand.jpg” is under Dialogues.", id="a zip file of two"),
    pytest.param(["two.json", "sand.jpg", "sea.png"], "sand.jpg", 1, ["sand.jpg", "sea.png"],
                 "“sand.jpg” is shown. “sea.png” is under Dialogues.", id="two and their labels"),
    pytest.param(["two.json", "sea.png"], "sea.png", 1, ["sea.png"],
                 "Not here: “sand.jpg”.", id="one of the two"),
    pytest.param(["grass.bmp", "sea.png", "sea.json"], "grass.bmp", 0, ["sea.png"],
                 "“grass.bmp” is shown. “sea.png” is under Dialogues.", id="another picture first"),
    pytest.param(["sea.json"], "", 0, [], "Open “sea.png” together with “sea.json”.", id="labels alone"),
    pytest.param(["elsewhere.json"], "", 0, [],
                 "Open “a.png”, “b.png”, “c.png” and 1 more together with “elsewhere.json”.", id="of many"),
    pytest.param(["sand.jpg", "sea.json"], "sand.jpg", 0, [],
                 "“sea.json” was not opened: Open “sea.png” together", id="with another picture"),
    pytest.param(["sea.png", "broken.json"], "sea.png", 0, [],
                 "sea.png, annotation 7: “category_id” is missing", id="broken labels"),
    pytest.param(["walk.zip", "sea.json", "sea.png"], "blocks.png", 1, ["sea.png"],
                 "“walk.zip” is shown. “sea.png” is under Dialogues.", id="and a dialogue"),
]  # fmt: skip


@pytest.mark.parametrize(("names", "picture", "regions", "kept", "said"), LABELLED)
def test_labels_open_with_their_pictures(
    tmp_path: Path, labels: Path, names: list[str], picture: str, regions: int, kept: list[str], said: str
) -> None:  # fmt: skip
    found = opened(tmp_path, labels, names)
    assert (found.picture, found.regions) == (picture, regions)
    assert [title for title in found.kept if title != "find red"] == kept
    assert said in found.line
    assert said or not found.line or "shown" not in found.line


def test_labels_alone_add_to_the_picture_that_is_there_until_undo(
    page: Handlers, labels: Path
) -> None:
    tab = Tab()
    page.opening.open_upload([str(labels / "walk.zip")], tab, REQUEST)
    updates = page.opening.open_upload([str(labels / "blocks.json")], tab, REQUEST)
    assert tab.workspace is not None
    added = tab.workspace.session.registry
    assert [(region.id, region.label) for region in added] == [("R1", ""), ("R2", "boat")]
    line = updates[page.context.parts.hint]["text"]
    assert line == "R2 was added. Undo takes it back. Not here: “sea.png”."
    assert tab.workspace.session.turns
    assert not tab.put_away
    page.undoing.undo(tab, REQUEST)
    assert tab.workspace.session.registry.names() == ("R1", "R1.1")
    page.undoing.redo(tab, REQUEST)
    assert tab.workspace.session.registry == added


@pytest.mark.parametrize("name", ["sea.json", "broken.json"])
def test_labels_that_do_not_fit_change_nothing(page: Handlers, labels: Path, name: str) -> None:
    tab = Tab()
    page.opening.open_upload([str(labels / "walk.zip")], tab, REQUEST)
    before = tab.workspace
    updates = page.opening.open_upload([str(labels / name)], tab, REQUEST)
    assert tab.workspace is before
    assert "Open “sea.png” together with" in updates[page.context.parts.hint]["text"]


def test_labels_are_refused_where_a_dialogue_is_full(page: Handlers, labels: Path) -> None:
    tab = Tab()
    page.opening.open_upload([str(labels / "blocks.png")], tab, REQUEST)
    data = json.loads((labels / "blocks.json").read_text())
    data["annotations"] = data["annotations"][:1] * 950
    (labels / "blocks.json").write_text(json.dumps(data))
    updates = page.opening.open_upload([str(labels / "blocks.json")], tab, REQUEST)
    assert "This dialogue is full" in updates[page.context.parts.hint]["text"]
    assert tab.workspace is not None
    assert tab.workspace.is_untouched
