"""A folder of pictures: each is sent when it is opened, and has its own dialogue."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from demo.access.visitors import COOKIE, owner_of
from demo.dialogue.examples import Example
from demo.dialogue.owner import new_token
from demo.dialogue.store import DATABASE, Saved, Store
from demo.errors import StoreError
from demo.picture.picture import open_picture
from demo.ui.folder.walk import Walk
from demo.ui.gallery.opening import Opening
from demo.ui.shared import sentences
from demo.ui.shared.tidying import UPLOAD
from demo.ui.tab import left
from demo.ui.tab.workspace import Copy, Tab, Workspace
from tests.ui.handlers import handlers_of, placed_parts, sent
from tests.ui.test_values import EMPTY, LEFT, answered

NAMES = ("a.png", "b.png", "c.png", "d.png", "e.png", "f.png")


@dataclass
class Folder:
    """Pictures on somebody's disk, and the page that they are opened on."""

    folder: Path
    store: Store | None
    examples: tuple[Example, ...] = ()
    tab: Tab = field(default_factory=Tab)
    request: Any = field(
        default_factory=lambda: SimpleNamespace(
            session_hash="ann", username=None, cookies={COOKIE: new_token()}
        )
    )

    def __post_init__(self) -> None:
        parts = placed_parts(self.folder / "parts")
        self.page = handlers_of(parts, self.folder / "shown", self.store, examples=self.examples)
        self.walk = Walk(self.page.context, self.page.opening, self.folder / "received")

    def file(self, name: str, content: bytes | None = None) -> Path:
        """A file as browsers send it."""
        place = self.folder / "received" / f"{UPLOAD}secret" / "hash"
        place.mkdir(parents=True, exist_ok=True)
        if content is None:
            Image.new("RGB", (64, 48), (NAMES.index(name), 0, 0)).save(place / name)
        else:
            (place / name).write_bytes(content)
        return place / name

    def send(self, path: Path | str, name: str = "", *, ask: bool = False) -> dict[Any, Any]:
        event = sent(files=[{"path": str(path)}], name=name, ticket=7, ask=ask)
        updates = self.walk.open(self.tab, event, self.request)
        list(self.page.asking.play_if_wanted(self.tab, self.request))
        return updates

    def open(self, name: str, *, ask: bool = False) -> Workspace:
        """The workspace of a picture that is opened."""
        answer = self.send(self.file(name), name, ask=ask)[self.page.context.parts.folder]
        assert self.tab.workspace is not None
        assert (answer["ticket"], answer["trouble"]) == (7, "")
        assert answer["key"] == self.tab.workspace.picture.sha256
        return self.tab.workspace

    def ask(self, question: str) -> None:
        list(self.page.asking.ask(question, self.tab, self.request))

    def questions(self) -> list[str]:
        assert self.tab.workspace is not None
        return [turn.question for turn in self.tab.workspace.session.turns]


@pytest.fixture(params=[pytest.param(False, id="in memory"), pytest.param(True, id="kept")])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Folder]:
    store = Store(tmp_path / "kept") if request.param else None
    yield Folder(tmp_path, store)
    if store is not None:
        store.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Folder]:
    store = Store(tmp_path / "kept")
    yield Folder(tmp_path, store)
    store.close()


def test_each_picture_has_its_dialogue_however_many_come_between(folder: Folder) -> None:
    folder.open("a.png")
    folder.ask("find red")
    for name in NAMES[1:]:
        folder.open(name)
        assert folder.questions() == []
    folder.ask("find both")
    folder.open("a.png")
    assert folder.questions() == ["find red"]
    assert folder.open("f.png").session.picture.name == "f.png"
    assert folder.questions() == ["find both"]


def test_what_was_asked_last_is_offered_again(folder: Folder) -> None:
    assert folder.open("a.png").next_question is None
    folder.ask("find red")
    folder.ask("what is next to R1")
    assert folder.open("b.png").next_question == "find red"
    folder.ask("find red")
    third = folder.open("c.png")  # the second question has not been asked, and is not forgotten
    assert (third.questions, third.repeats) == (("find red", "what is next to R1"), True)
    assert folder.questions() == []


def test_questions_that_nobody_has_asked_are_not_offered(tmp_path: Path, blocks: Path) -> None:
    folder = Folder(tmp_path, None, examples=(Example("Blocks", blocks, ("find both",)),))
    folder.page.opening.open_example(folder.tab, sent(index=0), folder.request)
    assert folder.open("a.png").questions == ()


def test_an_older_dialogue_about_the_same_picture_stays(folder: Folder) -> None:
    for question in ("find red", "find both"):
        upload = str(folder.file("a.png"))
        folder.page.opening.open_upload(upload, folder.tab, folder.request)
        folder.ask(question)
    folder.open("b.png")
    folder.open("a.png")
    assert folder.questions() == ["find both"]
    folder.page.undoing.undo(folder.tab, folder.request)  # the answer
    for _ in range(2):
        folder.page.undoing.undo(folder.tab, folder.request)
    assert folder.questions() == ["find red"]


def test_new_pictures_are_asked_at_once_where_that_is_wanted(folder: Folder) -> None:
    folder.open("a.png", ask=True)
    assert folder.questions() == []
    folder.ask("find red")
    folder.open("b.png", ask=True)
    assert folder.questions() == ["find red"]
    folder.ask("find both")
    folder.open("a.png", ask=True)  # which has its own dialogue already
    assert folder.questions() == ["find red"]


def test_the_same_picture_again_stays_as_it_is(folder: Folder) -> None:
    before = folder.open("a.png")
    folder.ask("find red")
    folder.open("a.png")
    assert folder.questions() == ["find red"]
    assert folder.tab.put_away == ()
    assert before.session.turns == ()


def test_another_day_the_dialogue_is_there_and_goes_on_where_it_lies(kept: Folder) -> None:
    kept.open("a.png")
    kept.ask("find red")
    kept.tab = Tab()
    workspace = kept.open("a.png")
    assert kept.questions() == ["find red"]
    kept.ask("find both")
    assert kept.store is not None
    owner = owner_of(kept.request)
    assert owner is not None
    assert [entry.turns for entry in kept.store.entries(owner)] == [2]
    assert workspace.saved_id is not None
    event = sent(ids=[workspace.saved_id, "gone"], number=3)
    answer = kept.walk.known(event, kept.request)[kept.page.context.parts.folder]
    assert (answer["known"], answer["number"]) == ({workspace.saved_id: 2}, 3)
    other: Any = SimpleNamespace(session_hash="eve", username=None, cookies={COOKIE: new_token()})
    assert kept.walk.known(event, other)[kept.page.context.parts.folder]["known"] == {}


def test_a_dialogue_comes_before_a_later_one_in_which_nothing_was_done(kept: Folder) -> None:
    kept.open("a.png")
    kept.ask("find red")
    kept.tab = Tab()
    kept.page.opening.open_upload(str(kept.file("a.png")), kept.tab, kept.request)
    kept.page.opening.prepare(kept.tab)
    kept.tab = Tab()
    kept.open("a.png")
    assert kept.questions() == ["find red"]


def test_others_do_not_get_it(kept: Folder) -> None:
    kept.open("a.png")
    kept.ask("find red")
    kept.tab = Tab()
    kept.request = SimpleNamespace(session_hash="eve", username=None, cookies={COOKIE: new_token()})
    kept.open("a.png")
    assert kept.questions() == []


def test_a_deleted_dialogue_does_not_come_back(kept: Folder) -> None:
    workspace = kept.open("a.png")
    kept.ask("find red")
    assert kept.tab.workspace is not None
    identity = kept.tab.workspace.saved_id
    for name in NAMES[1:]:
        kept.open(name)
    kept.page.library.act(
        kept.tab, sent(kind="delete", id=identity, search="", count=9), kept.request
    )
    assert kept.open("a.png").session.id != workspace.session.id
    assert kept.questions() == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("broken.jpg", b"\xff\xd8\xff\xe0 and no more", id="broken"),
        pytest.param("text.png", b"no picture", id="a text"),
        pytest.param("empty.png", b"", id="empty"),
        pytest.param("tiny.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="a drawing"),
    ],
)
def test_a_file_that_is_no_picture_is_named_with_its_reason(
    folder: Folder, name: str, content: bytes
) -> None:
    folder.open("a.png")
    folder.ask("find red")
    path = folder.file(name, content)
    answer = folder.send(path, name)[folder.page.context.parts.folder]
    assert (answer["key"], answer["ticket"]) == ("", 7)
    assert answer["trouble"].endswith(".")
    assert folder.questions() == ["find red"]
    assert not path.exists()


def test_only_what_was_received_is_opened(folder: Folder, blocks: Path) -> None:
    received = folder.file("a.png").parent
    (received / "link.png").symlink_to(blocks)
    (folder.folder / "received" / "other").mkdir()
    outside = folder.folder / "received" / "other" / "b.png"
    outside.write_bytes(blocks.read_bytes())
    for path in (
        blocks, outside, received / "link.png", received / "none.png", received, "", "\0",
        received / ".." / ".." / ".." / blocks.name, f"{received}/../../../../{blocks.name}",
    ):  # fmt: skip
        updates = folder.send(path)
        assert updates[folder.page.context.parts.hint]["text"] == sentences.NOT_UNDERSTOOD
        assert folder.tab.workspace is None
    assert blocks.exists()
    assert outside.exists()


@pytest.mark.parametrize("data", [{}, {"files": []}, {"files": ["a"]}, {"files": [{"path": 1}]}])
def test_what_a_page_would_not_send_opens_nothing(folder: Folder, data: dict[str, Any]) -> None:
    updates = folder.walk.open(folder.tab, sent(**data), folder.request)
    assert updates[folder.page.context.parts.hint]["text"] == sentences.NOT_UNDERSTOOD
    known = folder.walk.known(sent(**data), folder.request)[folder.page.context.parts.folder]
    assert known["known"] is None


@pytest.mark.parametrize("data", [{}, {"files": []}, {"files": [{"path": 1}]}, {"name": 1}])
def test_what_cannot_be_read_is_answered_under_its_number(
    folder: Folder, data: dict[str, Any]
) -> None:
    updates = folder.walk.open(folder.tab, sent(ticket=9, **data), folder.request)
    answer = updates[folder.page.context.parts.folder]
    assert (answer["ticket"], answer["key"], answer["trouble"]) == (9, "", "")


def test_where_nobody_can_say_what_is_kept_the_page_is_told_so(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def known(request: Any) -> Any:
        answer = folder.walk.known(sent(ids=["a"], number=2), request)
        value = answer[folder.page.context.parts.folder]
        return value["number"], value["known"]

    stranger: Any = SimpleNamespace(session_hash="eve", username=None, cookies={})
    assert known(stranger) == (2, None)
    assert known(folder.request) == (2, {} if folder.store else None)
    monkeypatch.setattr(Store, "turns_of", _broken)
    assert known(folder.request) == (2, None)


def _broken(*_: object) -> None:
    raise StoreError("The dialogues cannot be read.")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param("body = json_remove(body, '$.turns')", "damaged", id="damaged"),
        pytest.param("body = '{'", "malformed", id="cut off"),
        pytest.param("body = json_set(body, '$.version', 99)", "", id="of a newer version"),
    ],
)
def test_a_picture_whose_dialogue_cannot_be_read_is_named_and_gone_past(
    kept: Folder, change: str, why: str
) -> None:
    kept.open("a.png")
    kept.ask("find red")
    kept.tab = Tab()
    assert kept.store is not None
    with sqlite3.connect(kept.folder / "kept" / DATABASE) as disk:
        disk.execute(f"UPDATE dialogues SET {change}")
    disk.close()
    answer = kept.send(kept.file("a.png"), "a.png")[kept.page.context.parts.folder]
    assert (answer["ticket"], answer["key"]) == (7, "")
    assert why in answer["trouble"]
    assert answer["trouble"].endswith(".")
    kept.open("b.png")


def test_nobody_waits_for_a_tab_while_a_picture_is_written_for_the_page(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, are_free = Opening.workspace_for, list[bool]()

    def is_free() -> bool:
        if free := folder.tab.lock.acquire(blocking=False):
            folder.tab.lock.release()
        return free

    def watched(*arguments: Any) -> Workspace:
        with ThreadPoolExecutor(1) as other:
            are_free.append(other.submit(is_free).result())
        return make(*arguments)

    monkeypatch.setattr(Opening, "workspace_for", watched)
    folder.send(folder.file("a.png"), "a.png")
    assert are_free == [True]


def test_while_a_question_is_answered_nothing_goes(folder: Folder) -> None:
    folder.open("a.png")
    with folder.page.context.turns.hold("ann"):
        updates = folder.send(folder.file("b.png"), "b.png")
    answer = updates[folder.page.context.parts.folder]
    assert updates[folder.page.context.parts.hint]["text"] == sentences.STOP_FIRST
    assert (answer["key"], answer["trouble"]) == ("", "")
    assert folder.tab.workspace is not None
    assert folder.tab.workspace.picture.name == "a.png"


def test_what_the_disk_did_not_take_is_not_lost(
    kept: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.open("a.png")
    with monkeypatch.context() as full:
        full.setattr(Store, "_keep_picture", _full)
        kept.ask("find red")
        for name in NAMES[1:]:
            kept.open(name)
    kept.open("a.png")
    assert kept.questions() == ["find red"]
    kept.ask("find both")
    kept.tab = Tab()
    kept.open("a.png")
    assert kept.questions() == ["find red", "find both"]


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def workspace_of(colour: int) -> Workspace:
    """A picture of that colour, about which something was asked."""
    picture = open_picture(Image.new("RGB", (64, 48), (colour, 0, 0)), "x.png")
    session = replace(answered(EMPTY, "block", LEFT), picture=picture.info)
    return Workspace(picture, "shown", session)


def test_few_dialogues_stay_without_their_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left, "MAX_LEFT", 2)
    there, workspaces = left.LeftDialogues(), [workspace_of(n) for n in range(3)]
    for workspace in workspaces:
        there.add(workspace)
    assert there.take(workspaces[0].picture.sha256) is None
    found = there.take(workspaces[2].picture.sha256)
    assert found is not None
    assert found.session == workspaces[2].session
    assert there.take(workspaces[2].picture.sha256) is None
    monkeypatch.setattr(left, "MAX_CHARACTERS", there.characters - 1)
    there.add(replace(workspaces[1]))
    assert there.characters == 0


def test_what_is_on_disk_or_was_only_looked_at_does_not_stay_twice() -> None:
    there, workspace = left.LeftDialogues(), workspace_of(1)
    copy = Copy(Saved("one", 1), workspace.session)
    there.add(replace(workspace, copies={workspace.session.id: copy}))
    assert there.take(workspace.picture.sha256) is None
    older = Copy(Saved("one", 1), EMPTY)
    there.add(replace(workspace, copies={workspace.session.id: older}))
    there.forget("one")
    assert there.take(workspace.picture.sha256) is None
