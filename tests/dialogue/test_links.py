"""Links to pages of dialogues: found by their token only, gone with what they lead to, bounded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from demo.dialogue import links
from demo.dialogue.owner import Owner, new_token, visitor_owner
from demo.dialogue.session import ReasonerInfo, Session
from demo.dialogue.store import DATABASE, Bounds, Saved, Store
from demo.errors import StoreError
from demo.picture.geometry import Size
from demo.picture.picture import open_picture

ANN, BEN = visitor_owner(new_token()), visitor_owner(new_token())
PAGE = b"<p>a page of several parts</p>" * 20_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "kept")) as store:
        yield store


def saved(store: Store, owner: Owner = ANN, shade: int = 1) -> Saved:
    picture = open_picture(np.full((20, 30, 3), shade, np.uint8), "grey.png")
    return store.save(owner, Session.begin(picture.info, ReasonerInfo("m", Size(8, 8))), picture)


def read(store: Store, token: str) -> bytes | None:
    parts = store.links.open(token)
    return None if parts is None else b"".join(parts)


def test_a_link_leads_to_its_page_and_nothing_else_does(store: Store) -> None:
    first = store.links.make(ANN, saved(store).id, PAGE)
    second = store.links.make(ANN, saved(store, shade=2).id, b"other")
    assert (read(store, first), read(store, second)) == (PAGE, b"other")
    assert len(first) >= 22  # 128 bits in base 64
    for guess in ("", first[:-1], first + "A", first.swapcase(), "é" * 40, "A" * 10_000):
        assert store.links.open(guess) is None


def test_the_link_itself_is_nowhere_on_the_disk(store: Store) -> None:
    token = store.links.make(ANN, saved(store).id, PAGE)
    files = [file for file in store.folder.rglob("*") if file.is_file()]
    assert not any(token.encode() in file.read_bytes() for file in files)


def test_links_outlast_the_server(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        token = store.links.make(ANN, saved(store).id, PAGE)
    with closing(Store(tmp_path)) as store:
        assert read(store, token) == PAGE


def test_a_list_names_ones_own_links_the_newest_first(store: Store) -> None:
    one, other = saved(store), saved(store, BEN)
    for dialogue, owner in ((one, ANN), (other, BEN), (one, ANN)):
        store.links.make(owner, dialogue.id, b"x")
    store.rename(ANN, one.id, "Mine")
    mine = store.links.of(ANN)
    told = [(link.title, link.picture, link.dialogue, link.size) for link in mine]
    assert told == [("Mine", "grey.png", one.id, 1)] * 2
    assert mine[0].made >= mine[1].made
    assert [link.dialogue for link in store.links.of(BEN)] == [other.id]


@pytest.mark.parametrize(("column", "value"), [("body", "{"), ("body", "{}"), ("bytes", 2_000_000)])
def test_a_list_goes_without_a_name_that_it_cannot_read(
    column: str, value: object, tmp_path: Path
) -> None:
    with closing(Store(tmp_path)) as store:
        store.links.make(ANN, saved(store).id, b"x")
        with closing(sqlite3.connect(tmp_path / DATABASE)) as other, other:
            other.execute(f"UPDATE dialogues SET {column} = ?", (value,))
        assert [(link.title, link.picture) for link in store.links.of(ANN)] == [("grey.png", "")]


def test_who_made_a_link_withdraws_it_and_nobody_else(store: Store) -> None:
    token = store.links.make(ANN, saved(store).id, b"secret words")
    (link,) = store.links.of(ANN)
    with pytest.raises(StoreError, match="withdrawn already"):
        store.links.withdraw(BEN, link.id)
    assert read(store, token) == b"secret words"
    store.links.withdraw(ANN, link.id)
    assert store.links.open(token) is None
    assert store.links.of(ANN) == ()
    with pytest.raises(StoreError, match="withdrawn already"):
        store.links.withdraw(ANN, link.id)


def test_a_page_that_is_being_read_ends_when_it_is_withdrawn(store: Store) -> None:
    token = store.links.make(ANN, saved(store).id, PAGE)
    parts = store.links.open(token)
    assert parts is not None
    begun = next(parts)
    store.links.withdraw(ANN, store.links.of(ANN)[0].id)
    assert b"".join(parts) == b""
    assert len(begun) < len(PAGE)


@pytest.mark.parametrize("way", ["deleted", "made room for"])
def test_a_link_goes_with_its_dialogue(tmp_path: Path, way: str) -> None:
    with closing(Store(tmp_path, Bounds(each_count=1))) as store:
        dialogue = saved(store)
        token = store.links.make(ANN, dialogue.id, b"the words of this page")
        if way == "deleted":
            store.delete(ANN, dialogue.id)
        else:
            saved(store, shade=2)
        assert store.links.open(token) is None
        with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
            assert database.execute("SELECT count(*) FROM link_pages").fetchone() == (0,)
        written = [f.read_bytes() for f in tmp_path.glob(f"{DATABASE}*")]
        assert not any(b"the words of this page" in content for content in written)


def test_a_dialogue_of_somebody_else_gets_no_link(store: Store) -> None:
    dialogue = saved(store, BEN)
    with pytest.raises(StoreError, match="not kept any more"):
        store.links.make(ANN, dialogue.id, b"x")
    assert store.links.of(ANN) == ()


def test_links_are_bounded_in_number_and_bytes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "MAX_LINKS", 3)
    monkeypatch.setattr(links, "MAX_BYTES", 1_000)
    monkeypatch.setattr(links, "MAX_ALL_BYTES", 1_500)
    dialogue, other = saved(store), saved(store, BEN)
    for _ in range(3):
        store.links.make(ANN, dialogue.id, b"x")
    with pytest.raises(StoreError, match=r"You have 3 links .* withdraw one"):
        store.links.make(ANN, dialogue.id, b"x")
    store.links.withdraw(ANN, store.links.of(ANN)[0].id)
    with pytest.raises(StoreError, match="withdraw one"):
        store.links.make(ANN, dialogue.id, bytes(999))
    store.links.make(ANN, dialogue.id, bytes(900))
    with pytest.raises(StoreError, match="no room for more links"):
        store.links.make(BEN, other.id, bytes(900))


def test_a_file_of_an_earlier_version_gets_links(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        dialogue = saved(store)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        database.executescript("DROP TABLE links; DROP TABLE link_pages;")
    with closing(Store(tmp_path)) as store:
        assert read(store, store.links.make(ANN, dialogue.id, PAGE)) == PAGE
