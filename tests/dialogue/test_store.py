"""Dialogues on disk: real files, real SQLite, and processes that are really killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.answers.finding import TraceText
from demo.dialogue.database import fold
from demo.dialogue.owner import Owner, new_token, user_owner, visitor_owner
from demo.dialogue.session import ReasonerInfo, Session, Turn
from demo.dialogue.session_json import session_to_json
from demo.dialogue.store import DATABASE, PICTURES, Bounds, Saved, Store, StoredDialogue
from demo.errors import StoreError
from demo.picture.geometry import Size
from demo.picture.picture import Picture, open_picture
from tests import ROOT

ANN, BOB = user_owner("ann"), user_owner("bob")
TOKEN = "t" * 43


def grey(shade: int, side: int = 24) -> Picture:
    return open_picture(np.full((side, side, 3), shade, np.uint8), f"grey {shade}.png")


def dialogue(picture: Picture, *questions: str) -> Session:
    session = Session.begin(picture.info, ReasonerInfo("nano", Size(224, 224)))
    for question in questions:
        turn = Turn(question, question, trace=TraceText(think=f"I look for {question}."))
        session = session.with_turn(turn, session.registry)
    return session


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "kept")) as store:
        yield store


def files(store_folder: Path) -> list[str]:
    return sorted(path.name for path in (store_folder / PICTURES).iterdir())


def titles(kept: tuple[StoredDialogue, ...]) -> list[str]:
    return [entry.title for entry in kept]


def test_a_dialogue_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    picture = grey(7)
    session = dialogue(picture, "find the dog", "left of R1")
    saved = store.save(ANN, session, picture)
    store.close()
    with closing(Store(tmp_path / "kept")) as again:
        assert again.load(ANN, saved.id) == (session, picture, saved)
        assert again.load(ANN, saved.id)[1].name == "grey 7.png"
        [entry] = again.entries(ANN)
        assert (entry.id, entry.title, entry.turns) == (saved.id, "find the dog", 2)
        assert (entry.picture, entry.pinned) == (picture.sha256, False)
        assert again.thumbnail(ANN, saved.id).startswith(b"\xff\xd8\xff")
        assert again.notice == ""


def test_each_turn_replaces_the_state_before_it(store: Store) -> None:
    picture = grey(7)
    session = dialogue(picture, "one")
    first = store.save(ANN, session, picture)
    longer = session.with_turn(Turn("two", "two"), session.registry)
    second = store.save(ANN, longer, picture, first)
    assert (second.id, second.revision > first.revision) == (first.id, True)
    assert store.load(ANN, first.id)[0] == longer
    assert len(store.entries(ANN)) == 1


def test_what_another_window_kept_is_not_overwritten(store: Store) -> None:
    picture = grey(7)
    start = dialogue(picture, "one")
    seen = store.save(ANN, start, picture)
    here = start.with_turn(Turn("here", "here"), start.registry)
    there = start.with_turn(Turn("there", "there"), start.registry)
    assert store.save(ANN, here, picture, seen).id == seen.id
    copy = store.save(ANN, there, picture, seen)
    assert copy.id != seen.id
    assert [store.load(ANN, entry.id)[0] for entry in store.entries(ANN)] == [there, here]


def test_a_dialogue_that_was_deleted_elsewhere_is_kept_anew(store: Store) -> None:
    picture = grey(7)
    session = dialogue(picture, "one")
    seen = store.save(ANN, session, picture)
    store.delete(ANN, seen.id)
    anew = store.save(ANN, session, picture, seen)
    assert store.load(ANN, anew.id)[:2] == (session, picture)


def test_a_dialogue_about_another_picture_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="expected the picture"):
        store.save(ANN, dialogue(grey(1)), grey(2))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(BOB, id="another user"),
        pytest.param(visitor_owner(TOKEN), id="a visitor"),
        pytest.param(user_owner(""), id="nobody"),
        pytest.param(user_owner("Ann"), id="another case"),
        pytest.param(Owner("' OR 1=1 --"), id="an injection"),
    ],
)
def test_nobody_else_can_reach_a_dialogue(other: Owner, store: Store) -> None:
    picture = grey(7)
    saved = store.save(ANN, dialogue(picture, "mine"), picture)
    assert store.entries(other) == store.entries(other, "mine") == ()
    for act in (
        lambda: store.load(other, saved.id),
        lambda: store.thumbnail(other, saved.id),
        lambda: store.rename(other, saved.id, "theirs"),
        lambda: store.pin(other, saved.id, True),
        lambda: store.delete(other, saved.id),
    ):
        with pytest.raises(StoreError, match="does not exist any more"):
            act()
    theirs = store.save(other, dialogue(picture, "theirs"), picture, saved)
    assert theirs.id != saved.id
    assert titles(store.entries(ANN)) == ["mine"]
    assert not store.entries(ANN)[0].pinned


def test_a_user_cannot_be_met_by_a_token_of_the_same_text(tmp_path: Path) -> None:
    assert user_owner(TOKEN) != visitor_owner(TOKEN)
    assert visitor_owner(new_token()) != visitor_owner(new_token())
    with pytest.raises(ValueError, match="expected a token"):
        visitor_owner("ann")
    with closing(Store(tmp_path)) as store:
        store.save(visitor_owner(TOKEN), dialogue(grey(1), "hello"), grey(1))
    assert TOKEN.encode() not in b"".join(p.read_bytes() for p in tmp_path.glob("dialogues*"))


@pytest.mark.parametrize(
    "identity",
    ["", "../../etc/passwd", "x" * 10_000, "\0", "' OR '1'='1", "%", "ünï"],
)
def test_an_id_that_is_none_finds_nothing(identity: str, store: Store) -> None:
    store.save(ANN, dialogue(grey(1), "one"), grey(1))
    with pytest.raises(StoreError, match="does not exist any more"):
        store.load(ANN, identity)


def test_ids_cannot_be_guessed_and_the_folder_is_private(store: Store, tmp_path: Path) -> None:
    saved = {store.save(ANN, dialogue(grey(1), "one"), grey(1)).id for _ in range(50)}
    assert len(saved) == 50
    assert {len(identity) for identity in saved} == {22}
    for path in (tmp_path / "kept", tmp_path / "kept" / DATABASE, tmp_path / "kept" / PICTURES):
        assert path.stat().st_mode & 0o077 == 0


def test_a_title_is_the_first_question_until_another_is_given(store: Store) -> None:
    picture = grey(7)
    session = dialogue(picture)
    saved = store.save(ANN, session, picture)
    assert titles(store.entries(ANN)) == ["grey 7.png"]
    session = session.with_turn(Turn("find\nthe  dog", "find the dog"), session.registry)
    saved = store.save(ANN, session, picture, saved)
    assert titles(store.entries(ANN)) == ["find the dog"]
    store.rename(ANN, saved.id, " Rex \0 ")
    saved = store.save(ANN, session, picture, saved)
    assert titles(store.entries(ANN)) == ["Rex"]
    store.rename(ANN, saved.id, "x" * 500)
    assert titles(store.entries(ANN)) == ["x" * 79 + "…"]
    store.rename(ANN, saved.id, " ")
    assert titles(store.entries(ANN)) == ["find the dog"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        pytest.param("", ["über café", "the dog", "the cat"], id="nothing: all, the newest first"),
        pytest.param("DOG", ["the dog"], id="case"),
        pytest.param("uber CAFE", ["über café"], id="accents"),
        pytest.param("look dog", ["the dog"], id="a question and an answer"),
        pytest.param("grey 2", ["the dog"], id="the picture's name"),
        pytest.param("do", ["the dog"], id="a part of a word"),
        pytest.param("dog cat", [], id="words of two dialogues"),
        pytest.param("%", [], id="a wildcard is a character"),
        pytest.param("'\" OR 1=1 --", [], id="an injection"),
        pytest.param("nickname", ["the cat"], id="a given title"),
    ],
)
def test_search(search: str, found: list[str], store: Store) -> None:
    for shade, question in enumerate(["the cat", "the dog", "über café"], start=1):
        saved = store.save(ANN, dialogue(grey(shade), question), grey(shade))
        store.save(BOB, dialogue(grey(shade), question), grey(shade))
        if question == "the cat":
            store.rename(ANN, saved.id, "Nickname")
    kept = store.entries(ANN, search)
    assert ["the cat" if t == "Nickname" else t for t in titles(kept)] == found


def test_pinned_dialogues_come_first_and_order_goes_by_acts_not_clocks(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = grey(7)
    made = []
    for number, clock in enumerate([2e9, 1e9, -5.0, 3e9]):
        monkeypatch.setattr("time.time", lambda clock=clock: clock)
        made.append(store.save(ANN, dialogue(picture, f"q{number}"), picture))
    store.pin(ANN, made[1].id, True)
    assert titles(store.entries(ANN)) == ["q1", "q3", "q2", "q0"]
    store.save(ANN, dialogue(picture, "q0 again"), picture, made[0])
    store.pin(ANN, made[1].id, False)
    assert titles(store.entries(ANN)) == ["q0 again", "q3", "q2", "q1"]


def test_a_picture_is_kept_once_and_goes_with_its_last_dialogue(
    store: Store, tmp_path: Path
) -> None:
    picture = grey(7)
    mine = store.save(ANN, dialogue(picture, "a"), picture)
    theirs = store.save(BOB, dialogue(picture, "b"), picture)
    assert files(tmp_path / "kept") == [f"{picture.sha256}.png"]
    store.delete(ANN, mine.id)
    assert store.load(BOB, theirs.id)[1] == picture
    store.delete(BOB, theirs.id)
    assert files(tmp_path / "kept") == []
    assert store.used() == 0


def test_a_deleted_dialogue_leaves_no_words_behind(store: Store, tmp_path: Path) -> None:
    saved = store.save(ANN, dialogue(grey(1), "schibboleth"), grey(1))
    store.delete(ANN, saved.id)
    store.close()
    assert b"schibboleth" not in (tmp_path / "kept" / DATABASE).read_bytes()


def fill(store: Store, owner: Owner, count: int, start: int = 0) -> list[Saved]:
    made = []
    for number in range(start, start + count):
        picture = grey(number)
        made.append(store.save(owner, dialogue(picture, f"q{number}"), picture))
    return made


def one_dialogue(folder: Path) -> int:
    with closing(Store(folder)) as store:
        fill(store, ANN, 1, 10)
        return store.used()


@pytest.mark.parametrize("bounds", ["total", "each"])
def test_the_oldest_that_is_not_pinned_makes_room_as_was_said(bounds: str, tmp_path: Path) -> None:
    size = one_dialogue(tmp_path / "size")
    with closing(Store(tmp_path / "kept", replace(Bounds(), **{bounds: int(size * 4.5)}))) as store:
        made = fill(store, ANN, 4, 10)
        store.pin(ANN, made[0].id, True)
        assert store.would_remove(ANN, 0) == ()
        said = store.would_remove(ANN, size)
        assert titles(said) == ["q11"]
        assert titles(store.would_remove(ANN, 2 * size)) == ["q11", "q12"]
        assert len(store.entries(ANN)) == 4
        fill(store, ANN, 1, 20)
        assert titles(store.entries(ANN)) == ["q10", "q20", "q13", "q12"]
        assert store.used() <= size * 4.5
        assert len(files(tmp_path / "kept")) == 4
        assert store.save(ANN, dialogue(grey(11), "anew"), grey(11), made[1]).id != made[1].id


def test_one_owner_cannot_use_up_the_room_of_others(tmp_path: Path) -> None:
    size = one_dialogue(tmp_path / "size")
    with closing(Store(tmp_path / "kept", Bounds(each=int(size * 2.5)))) as store:
        fill(store, BOB, 1, 10)
        fill(store, ANN, 9, 20)
        assert titles(store.entries(BOB)) == ["q10"]
        assert titles(store.entries(ANN)) == ["q28", "q27"]


def test_what_would_go_is_told_to_its_owner_only(tmp_path: Path) -> None:
    size = one_dialogue(tmp_path / "size")
    with closing(Store(tmp_path / "kept", Bounds(total=int(size * 2.5)))) as store:
        fill(store, BOB, 1, 10)
        fill(store, ANN, 1, 20)
        assert store.would_remove(ANN, size) == ()
        assert titles(store.would_remove(BOB, size)) == ["q10"]


def test_a_folder_full_of_pins_is_said_and_changes_nothing(tmp_path: Path) -> None:
    size = one_dialogue(tmp_path / "size")
    with closing(Store(tmp_path / "kept", Bounds(total=int(size * 1.5)))) as store:
        [saved] = fill(store, ANN, 1, 10)
        store.pin(ANN, saved.id, True)
        with pytest.raises(StoreError, match="There is no room for this dialogue"):
            fill(store, ANN, 1, 11)
        assert titles(store.entries(ANN)) == ["q10"]
        assert len(files(tmp_path / "kept")) == 1


@pytest.mark.parametrize(
    "breakage",
    [
        pytest.param(lambda file: file.write_bytes(b"not a database" * 400), id="another file"),
        pytest.param(
            lambda file: file.write_bytes(file.read_bytes()[:2048] + os.urandom(30_000)),
            id="overwritten in the middle",
        ),
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[:9000]), id="cut short"),
    ],
)
def test_a_damaged_file_is_kept_aside_and_a_new_one_begun(breakage: object, tmp_path: Path) -> None:
    assert callable(breakage)
    for number in (1, 2):
        with closing(Store(tmp_path)) as store:
            fill(store, ANN, 30)
        breakage(tmp_path / DATABASE)
        broken = (tmp_path / DATABASE).read_bytes()
        with closing(Store(tmp_path)) as store:
            assert f"moved to damaged-{number}, with its pictures" in store.notice
            assert store.entries(ANN) == ()
            fill(store, ANN, 1)
        assert (tmp_path / f"damaged-{number}" / DATABASE).read_bytes() == broken
        assert len(files(tmp_path / f"damaged-{number}")) == 30
        with closing(Store(tmp_path)) as store:
            assert store.notice == ""


def test_a_picture_that_is_missing_or_changed_is_said(store: Store, tmp_path: Path) -> None:
    picture, other = grey(1), grey(2)
    saved = store.save(ANN, dialogue(picture, "one"), picture)
    store.save(ANN, dialogue(other, "two"), other)
    path, another = (tmp_path / "kept" / PICTURES / f"{p.sha256}.png" for p in (picture, other))
    path.write_bytes(another.read_bytes())
    with pytest.raises(StoreError, match="not the one it is about"):
        store.load(ANN, saved.id)
    path.write_bytes(b"x")
    with pytest.raises(StoreError, match="missing or damaged"):
        store.load(ANN, saved.id)
    path.unlink()
    with pytest.raises(StoreError, match="missing or damaged"):
        store.load(ANN, saved.id)
    # The next save has the picture, and mends it.
    store.save(ANN, dialogue(picture, "one"), picture, saved)
    assert store.load(ANN, saved.id)[1] == picture


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="saved by a newer version"):
        Store(tmp_path)
    assert not list(tmp_path.glob("damaged*"))


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param("file/kept", id="below a file"),
        pytest.param("file", id="a file"),
        pytest.param("/proc/kept", id="where nothing can be made"),
    ],
)
def test_a_folder_that_cannot_be_used_is_said(folder: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"^Dialogues cannot be saved in .*: [a-z ]+\.$"):
        Store(tmp_path / folder)


def test_a_file_that_became_read_only_loses_nothing(store: Store) -> None:
    saved = store.save(ANN, dialogue(grey(1), "one"), grey(1))
    store._db.execute("PRAGMA query_only = ON")
    longer = dialogue(grey(1), "one", "two")
    with pytest.raises(StoreError, match=r"readonly database\. What is on the page is still there"):
        store.save(ANN, longer, grey(1), saved)
    store._db.execute("PRAGMA query_only = OFF")
    assert store.load(ANN, saved.id)[0].turns == longer.turns[:1]
    assert store.save(ANN, longer, grey(1), saved).id == saved.id


def test_a_file_that_can_grow_no_more_loses_nothing(store: Store) -> None:
    saved = store.save(ANN, dialogue(grey(1), "one"), grey(1))
    [[pages]] = store._db.execute("PRAGMA page_count")
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    longer = dialogue(grey(1), "one", "x" * 100_000)
    with pytest.raises(StoreError, match=r"^Dialogues cannot be saved: the disk is full\. What is"):
        store.save(ANN, longer, grey(1), saved)
    assert len(store.load(ANN, saved.id)[0].turns) == 1
    store._db.execute("PRAGMA max_page_count = 1000000")
    assert store.save(ANN, longer, grey(1), saved).id == saved.id


FULL_DISK = """
import resource, sys
from pathlib import Path
from demo.errors import StoreError
from tests.dialogue.test_store import ANN, Store, dialogue, grey
store = Store(Path(sys.argv[1]))
saved = store.save(ANN, dialogue(grey(1), "one"), grey(1))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
for session, picture in ((dialogue(grey(1), "one", "x" * 300_000), grey(1)),
                         (dialogue(grey(2, 2000), "two"), grey(2, 2000))):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), hard))
    try:
        store.save(ANN, session, picture)
    except StoreError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    print(len(store.entries(ANN)), len(list(Path(sys.argv[1], "pictures").iterdir())))
    store.save(ANN, session, picture)
print(len(store.entries(ANN)))
"""


@pytest.mark.process
def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    limit = "8000"  # bytes that any file may have: room for none of them
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path, limit],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, before, second, between, after = done.stdout.splitlines()
    for said in (first, second):
        assert said.startswith("Dialogues cannot be saved: ")
        assert said.endswith(" What is on the page is still there.")
    assert (before, between, after) == ("1 1", "2 1", "3")


WRITER = """
import sys
from pathlib import Path
from demo.dialogue.session import Turn
from tests.dialogue.test_store import ANN, Store, dialogue, grey
store = Store(Path(sys.argv[1]))
picture = grey(int(sys.argv[2]), 200)
session, saved = dialogue(picture), None
for number in range(10_000):
    session = session.with_turn(Turn(f"q{number}", "x" * 3000), session.registry)
    saved = store.save(ANN, session, picture, saved)
    print(saved.id, number + 1, flush=True)
"""


@pytest.mark.process
def test_a_process_killed_in_the_middle_loses_at_most_the_turn_at_hand(tmp_path: Path) -> None:
    for round_ in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path, str(round_)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        ) as writer:  # fmt: skip
            assert writer.stdout is not None
            lines = [writer.stdout.readline() for _ in range(1 + 7 * round_)]
            writer.send_signal(signal.SIGKILL)
            lines += writer.stdout.readlines()
        identity, count = [line for line in lines if line.endswith("\n")][-1].split()
        with closing(Store(tmp_path)) as store:
            assert store.notice == ""
            session, picture, _ = store.load(ANN, identity)
            assert int(count) <= len(session.turns) <= int(count) + 1
            assert picture == grey(round_, 200)
            assert len(store.entries(ANN)) == round_ + 1
            assert len(files(tmp_path)) == round_ + 1


def test_what_a_kill_left_half_written_is_swept(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        fill(store, ANN, 1)
    orphan = tmp_path / PICTURES / f"{'0' * 64}.png"
    orphan.write_bytes(b"x")
    orphan.with_suffix(".png.part").write_bytes(b"x")
    (tmp_path / PICTURES / "mine.png").write_bytes(b"x")
    Store(tmp_path).close()
    assert files(tmp_path) == sorted([f"{grey(0).sha256}.png", "mine.png"])


def test_many_threads_and_two_stores_keep_everything(tmp_path: Path) -> None:
    stores = [Store(tmp_path), Store(tmp_path)]
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            owner, picture = user_owner(str(number)), grey(number)
            session, saved = dialogue(picture), None
            for turn in range(5):
                session = session.with_turn(Turn(f"{number} {turn}", "q"), session.registry)
                saved = stores[turn % 2].save(owner, session, picture, saved)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for number in range(12):
        [entry] = stores[0].entries(user_owner(str(number)))
        session, picture, _ = stores[1].load(user_owner(str(number)), entry.id)
        assert picture == grey(number)
        assert [t.question for t in session.turns] == [f"{number} {turn}" for turn in range(5)]
    for store in stores:
        store.close()


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.entries(ANN)


@settings(deadline=None, max_examples=40)
@given(
    question=st.text(st.characters(exclude_categories=()), max_size=60),
    title=st.text(st.characters(exclude_categories=()), max_size=100),
    search=st.text(max_size=20),
)
def test_any_text_can_be_kept_and_searched(
    question: str, title: str, search: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    picture = grey(1)
    with closing(Store(tmp_path_factory.mktemp("any"))) as store:
        saved = store.save(ANN, dialogue(picture, question), picture)
        store.rename(ANN, saved.id, title)
        session, _, _ = store.load(ANN, saved.id)
        assert session.turns[0].question == question.encode("utf-8", "replace").decode()
        [entry] = store.entries(ANN)
        assert len(entry.title) <= 80
        assert "\n" not in entry.title
        words = fold(search).split()
        text = (
            fold(entry.title)
            + "\n"
            + fold(f"{session.turns[0].question}\n{picture.name}\nI look for ")
        )
        if words and all(word in text for word in words):
            assert store.entries(ANN, search) == (entry,)


def test_the_session_in_the_file_is_the_form_that_travels(store: Store) -> None:
    session = dialogue(grey(1), "one")
    store.save(ANN, session, grey(1))
    [[body]] = store._db.execute("SELECT body FROM dialogues")
    assert json.loads(body) == session_to_json(session)


# How many


@pytest.mark.parametrize("bounds", [Bounds(each_count=3), Bounds(total_count=3)])
def test_dialogues_are_bounded_in_number_as_well(bounds: Bounds, tmp_path: Path) -> None:
    with closing(Store(tmp_path, bounds)) as store:
        fill(store, ANN, 3)
        store.pin(ANN, store.entries(ANN)[-1].id, True)
        fill(store, ANN, 2, 3)
        assert sorted(titles(store.entries(ANN))) == ["q0", "q3", "q4"]
        assert len(files(tmp_path)) == 3
        for entry in store.entries(ANN):
            store.pin(ANN, entry.id, True)
        with pytest.raises(StoreError, match=r"3 are kept, all of them pinned\. Delete or unpin"):
            fill(store, ANN, 1, 5)
        assert len(files(tmp_path)) == 3


def test_many_of_one_owner_take_no_place_of_another(tmp_path: Path) -> None:
    with closing(Store(tmp_path, Bounds(each_count=2))) as store:
        fill(store, BOB, 1, 10)
        fill(store, ANN, 4)
        assert titles(store.entries(BOB)) == ["q10"]
        assert titles(store.entries(ANN)) == ["q3", "q2"]


# For nobody else


def words_on_disk(folder: Path) -> bytes:
    """All that any file of the store holds, its write-ahead log among them."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _delete(store: Store, saved: Saved) -> None:
    store.delete(ANN, saved.id)


def _undo(store: Store, saved: Saved) -> None:
    store.save(ANN, dialogue(grey(1), "one"), grey(1), saved)


def _make_room(store: Store, saved: Saved) -> None:
    store.bounds = Bounds(each=store.used(ANN))
    store.save(ANN, dialogue(grey(2), "another"), grey(2))


def _rename(store: Store, saved: Saved) -> None:
    store.rename(ANN, saved.id, "schibboleth-title")
    store.rename(ANN, saved.id, "harmless")
    store.save(ANN, dialogue(grey(1), "one"), grey(1), Saved(saved.id, saved.revision))


@pytest.mark.parametrize(
    "away",
    [
        pytest.param(_delete, id="deleted"),
        pytest.param(_undo, id="undone"),
        pytest.param(_make_room, id="removed to make room"),
        pytest.param(_rename, id="called otherwise"),
    ],
)
def test_what_is_gone_stands_in_no_file_of_an_open_store(
    away: Callable[[Store, Saved], None], store: Store, tmp_path: Path
) -> None:
    saved = store.save(ANN, dialogue(grey(1), "one"), grey(1))
    saved = store.save(ANN, dialogue(grey(1), "one", "schibboleth"), grey(1), saved)
    assert b"schibboleth" in words_on_disk(tmp_path)
    away(store, saved)
    assert b"schibboleth" not in words_on_disk(tmp_path)


def test_while_another_program_reads_the_log_is_cleared_with_the_next_change(
    store: Store, tmp_path: Path
) -> None:
    saved = store.save(ANN, dialogue(grey(1), "schibboleth"), grey(1))
    with closing(sqlite3.connect(tmp_path / "kept" / DATABASE, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM dialogues").fetchone()
        store.delete(ANN, saved.id)
        assert store.entries(ANN) == ()
        assert b"schibboleth" in words_on_disk(tmp_path)
        reader.execute("COMMIT")
    store.save(ANN, dialogue(grey(2), "another"), grey(2))
    assert b"schibboleth" not in words_on_disk(tmp_path)


DELETED = """
import os, signal, sqlite3, sys
from pathlib import Path
from tests.dialogue.test_store import ANN, Store, dialogue, grey
store = Store(Path(sys.argv[1]))
saved = store.save(ANN, dialogue(grey(1), "schibboleth"), grey(1))
reader = sqlite3.connect(Path(sys.argv[1], "dialogues.sqlite3"), isolation_level=None)
reader.execute("BEGIN")
reader.execute("SELECT count(*) FROM dialogues").fetchone()
store.delete(ANN, saved.id)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.process
def test_a_start_clears_the_log_of_a_run_that_was_killed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", DELETED, tmp_path], cwd=ROOT, check=False)
    assert b"schibboleth" in words_on_disk(tmp_path)
    with closing(Store(tmp_path)):
        assert b"schibboleth" not in words_on_disk(tmp_path)


def test_whatever_the_mask_is_all_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "kept"
    (tmp_path / "new").mkdir(mode=0o755)
    before = os.umask(0)
    try:
        with closing(Store(folder)) as store:
            fill(store, ANN, 2)
            made = [folder, *folder.rglob("*")]
            assert {path.name for path in made} >= {DATABASE, f"{DATABASE}-wal", PICTURES}
            for path in made:
                assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    finally:
        os.umask(before)


def test_an_earlier_folder_that_is_open_to_others_is_closed(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "kept")) as store:
        fill(store, ANN, 1)
    for path in (tmp_path / "kept", *(tmp_path / "kept").rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    Store(tmp_path / "kept").close()
    for path in (tmp_path / "kept", *(tmp_path / "kept").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0


def test_a_folder_with_other_things_in_it_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    folder.chmod(0o755)  # whatever the mask
    (folder / "notes.txt").write_text("mine")
    Store(folder).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    for path in (folder / DATABASE, folder / PICTURES):
        assert path.stat().st_mode & 0o077 == 0


def _link_of_pictures(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder / PICTURES).symlink_to(folder.parent / "elsewhere")


def _link_of_database(folder: Path) -> None:
    (folder / DATABASE).symlink_to(folder.parent / "elsewhere.sqlite3")


def _link_of_log(folder: Path) -> None:
    (folder / f"{DATABASE}-wal").symlink_to(folder.parent / "elsewhere.wal")


def _all_may_write(folder: Path) -> None:
    folder.chmod(0o777)


def _all_may_write_above(folder: Path) -> None:
    folder.parent.chmod(0o777)


@pytest.mark.parametrize(
    ("trap", "says"),
    [
        pytest.param(_link_of_pictures, r"pictures is a link\.$", id="pictures"),
        pytest.param(_link_of_database, r"sqlite3 is a link\.$", id="the database"),
        pytest.param(_link_of_log, r"wal is a link\.$", id="the log"),
        pytest.param(_all_may_write, "everybody may rename what lies in", id="everybody's folder"),
        pytest.param(_all_may_write_above, "everybody may rename what lies in", id="above it"),
    ],
)
def test_what_somebody_else_may_have_put_there_is_not_used(
    trap: Callable[[Path], None], says: str, tmp_path: Path
) -> None:
    folder = tmp_path / "above" / "kept"
    folder.mkdir(parents=True)
    trap(folder)
    with pytest.raises(StoreError, match=says):
        Store(folder)
    assert not list((tmp_path / "above").glob("elsewhere*/*"))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="takes root to give away"
)
@pytest.mark.parametrize("name", ["", PICTURES, DATABASE, f"{DATABASE}-wal"])
def test_what_belongs_to_somebody_else_is_not_used(name: str, tmp_path: Path) -> None:
    with closing(Store(tmp_path / "kept")):
        (tmp_path / "kept" / f"{DATABASE}-wal").touch()
        os.chown(tmp_path / "kept" / name, 65534, 65534)
        with pytest.raises(StoreError, match="belongs to another user"):
            Store(tmp_path / "kept")
