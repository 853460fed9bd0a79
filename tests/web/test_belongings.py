"""Whose files, sessions and results they are: nobody else reads, names or ends them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.access import belongings
from demo.access.belongings import NOBODY, Belongings
from demo.dialogue.store import Store
from demo.web.owned import Owned
from demo.web.serve import Served
from tests.support.served import Caller, accounts, file, logged_in, serving
from tests.support.waiting import until

# What is remembered


def test_what_was_not_told_is_nobody_s_to_read() -> None:
    here = Belongings()
    here.give("ann", ["a.png"])
    here.give(NOBODY, ["open.png"])
    assert [here.may_read("ann", p) for p in ("a.png", "open.png", "x.png")] == [True, True, False]
    assert [here.may_read("ben", p) for p in ("a.png", "open.png")] == [False, True]
    here.give("ben", ["a.png"])  # the same picture
    assert here.may_read("ben", "a.png")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(belongings, "MAX_FILES_EACH", 3)
    monkeypatch.setattr(belongings, "MAX_FILES", 5)
    monkeypatch.setattr(belongings, "MAX_NAMES", 2)
    here = Belongings()
    here.give("ann", map(str, range(10)))
    assert [here.may_read("ann", str(i)) for i in (6, 7, 9)] == [False, True, True]
    here.give("ben", map(str, range(3)))
    assert not here.may_read("ann", "9")  # who was here last stays
    assert here.may_read("ben", "2")
    assert [here.claim("ann", name) for name in ("a", "b", "c")] == [True] * 3
    assert here.owner("a") is None
    assert not here.claim("ben", "c")


@pytest.mark.parametrize(
    "written",
    [
        pytest.param('{"path": "%s", "url": "x"}', id="a file"),
        pytest.param('data: {"a":[{"path":"%s","url":"x"}]}\n\n', id="in a stream"),
        pytest.param('[["replace",["picture","path"],"%s"]]', id="as a change"),
    ],
)
def test_files_that_are_told_are_theirs(tmp_path: Path, written: str) -> None:
    ann = Owned(Belongings(), tmp_path, "ann")
    path = str(tmp_path / "a “picture”.png")
    ann.note("/gradio_api/queue/data", (written % json.dumps(path)[1:-1]).encode())
    assert ann.may_read(path)


def test_texts_that_look_like_files_are_not(tmp_path: Path) -> None:
    ann = Owned(Belongings(), tmp_path, "ann")
    path = str(tmp_path / "a.png")
    for text in (f'{{"path":"{path}","url":"x"}}', f'"path"],"{path}"', path, f'\\",{path}'):
        ann.note("/gradio_api/queue/data", json.dumps({"label": text, "path": text}).encode())
    assert not ann.may_read(path)


# A server with accounts


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def served(store: Store) -> Iterator[Served]:
    with serving(accounts=accounts(), store=store) as server:
        yield server


@pytest.fixture
def ann(served: Served) -> Iterator[httpx.Client]:
    with logged_in(served, "ann") as client:
        yield client


@pytest.fixture
def ben(served: Served) -> Iterator[httpx.Client]:
    with logged_in(served, "ben") as client:
        yield client


def files_in(value: Any) -> set[str]:
    """The paths of all files that a JSON value names."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = {value["path"]} if isinstance(value, dict) and isinstance(value.get("path"), str) else ()
    return {*own, *(path for each in inside for path in files_in(each))}


def event(http: httpx.Client, name: str, data: list[Any], **more: Any) -> Any:
    """The outcome of one of the page's events that are not queued, by the handler's name."""
    page = http.get("/config").json()
    found = [one for one in page["dependencies"] if one["targets"][0][1] == name]
    body = {"data": data, "fn_index": found[0]["id"], "session_hash": "anns-tab", **more}
    answer = http.post("/gradio_api/run/predict", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def status_of(http: httpx.Client, path: str, **headers: str) -> int:
    url = httpx.URL(http.base_url, raw_path=f"/gradio_api/file={path}".encode())
    return http.get(url, headers=headers).status_code


def test_an_upload_what_is_shown_of_it_and_what_is_saved_are_their_user_s(
    ann: httpx.Client, ben: httpx.Client, blocks: Path
) -> None:
    uploaded = Caller(ann).upload(blocks.read_bytes())
    assert [status_of(ann, uploaded), status_of(ben, uploaded)] == [200, 403]
    shown = files_in(event(ann, "upload", [[file(uploaded)], None]))
    export = {"kind": "export", "id": ""}
    saved = files_in(event(ann, "library", [None], event_data=export))
    assert len({uploaded, *shown, *saved}) >= 3, (uploaded, shown, saved)
    for path in {*shown, *saved} - {uploaded}:
        assert status_of(ann, path) == 200
        assert status_of(ben, path) == 403, path
        assert ben.head(f"/gradio_api/file={path}").status_code == 403
        assert status_of(ben, path, range="bytes=0-3") == 403


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param(lambda path: path, id="as it is"),
        pytest.param(lambda path: f"/{path}", id="two slashes"),
        pytest.param(lambda path: path.replace("/", "//"), id="slashes everywhere"),
        pytest.param(lambda path: path.replace("/", "/./"), id="dots"),
        pytest.param(lambda path: f"/tmp/..{path}", id="there and back"),
        pytest.param(lambda path: f"/proc/self/root{path}", id="through the process"),
        pytest.param(lambda path: path.replace("picture", "%70icture"), id="escaped"),
        pytest.param(lambda path: f"{path}?x", id="with a question"),
        pytest.param(lambda path: os.path.relpath(path), id="from where the server runs"),
    ],
)
def test_however_an_address_is_written_the_file_is_not_theirs(
    ann: httpx.Client, ben: httpx.Client, blocks: Path, spelled: Callable[[str], str]
) -> None:
    path = Caller(ann).upload(blocks.read_bytes())
    assert status_of(ben, spelled(path)) in (403, 404)
    kind, _ = Caller(ben).call("ground", [file(spelled(path)), "find red", None])
    assert kind in ("403", "error")


def test_who_uploads_the_same_picture_has_it_too(
    ann: httpx.Client, ben: httpx.Client, blocks: Path
) -> None:
    content = blocks.read_bytes() + b"the same"
    path = Caller(ann).upload(content)
    assert status_of(ben, path) == 403
    assert status_of(ben, Caller(ben).upload(content)) == 200
    assert status_of(ann, path) == 200


def test_a_file_of_somebody_else_s_is_given_to_no_call(
    ann: httpx.Client, ben: httpx.Client, blocks: Path
) -> None:
    path = Caller(ann).upload(blocks.read_bytes())
    theirs = file(path)
    for where in ([theirs, "find red", None], [None, "find red", {"a": [theirs]}]):
        answer = ben.post("/gradio_api/call/ground", json={"data": where})
        assert (answer.status_code, answer.json()["error"]) == (
            403,
            "This file belongs to somebody else.",
        )
    number = ann.get("/config").json()["dependencies"][0]["id"]
    sent = {"data": [], "fn_index": number, "event_data": theirs, "session_hash": "b"}
    assert ben.post("/gradio_api/queue/join", json=sent).status_code in (400, 403)


def test_a_visitor_s_own_file_gives_nothing_away(
    ann: httpx.Client, ben: httpx.Client, blocks: Path
) -> None:
    path = Caller(ann).upload(blocks.read_bytes() + b"!")
    lure = json.dumps({"path": path, "url": "x"}).encode()
    assert status_of(ben, Caller(ben).upload(lure, "lure.json")) == 200
    assert status_of(ben, path) == 403


def test_a_result_goes_to_whom_it_was_promised(
    ann: httpx.Client, ben: httpx.Client, blocks: Path
) -> None:
    path = Caller(ann).upload(blocks.read_bytes())
    begun = ann.post("/gradio_api/call/ground", json={"data": [file(path), "find red", None]})
    call = begun.json()["event_id"]
    mine = {"session_hash": "bens-own", "fn_index": 0, "event_id": call}
    for answer in (
        ben.get(f"/gradio_api/call/ground/{call}"),
        ben.get("/gradio_api/queue/data", params={"session_hash": call}),
        ben.get(f"/gradio_api/heartbeat/{call}"),
        ben.post("/gradio_api/cancel", json=mine),
        ben.post("/gradio_api/reset", json={"event_id": call}),
    ):
        assert answer.status_code == 403, answer.text
    assert "event: complete" in ann.get(f"/gradio_api/call/ground/{call}").text
    assert ann.get(f"/gradio_api/call/ground/{call}").status_code == 404
    assert ann.get("/gradio_api/call/ground/nothing").status_code == 404


def test_a_result_that_was_read_is_over_while_gradio_still_knows_its_call(
    ann: httpx.Client, served: Served, blocks: Path
) -> None:
    path = Caller(ann).upload(blocks.read_bytes())
    begun = ann.post("/gradio_api/call/ground", json={"data": [file(path), "find red", None]})
    call = begun.json()["event_id"]
    known = served.page._queue.event_ids_to_events
    assert "event: complete" in ann.get(f"/gradio_api/call/ground/{call}").text
    until(lambda: call not in known)
    known[call] = None  # as for a moment longer than its result
    with ann.stream("GET", f"/gradio_api/call/ground/{call}") as again:
        assert again.status_code == 404
    del known[call]


def test_a_drawing_that_was_made_is_theirs(
    ann: httpx.Client, ben: httpx.Client, blocks: Path
) -> None:
    path = Caller(ann).upload(blocks.read_bytes())
    _, [session] = Caller(ann).call("ground", [file(path), "find red", None])
    kind, [drawing] = Caller(ann).call("overlay", [file(path), session])
    assert kind == "complete"
    assert status_of(ann, drawing["path"]) == 200
    assert status_of(ben, drawing["path"]) == 403


# Without accounts


def test_a_visitor_s_files_are_theirs_and_a_program_s_are_open(blocks: Path) -> None:
    with serving() as server, httpx.Client(base_url=server.url, timeout=60) as program:
        here, there = (httpx.Client(base_url=server.url, timeout=60) for _ in range(2))
        with here, there:
            for browser in (here, there):
                browser.get("/", headers={"accept": "text/html"})
            path = Caller(here).upload(blocks.read_bytes())
            assert [status_of(each, path) for each in (here, there, program)] == [200, 403, 403]
            open_ = Caller(program).upload(blocks.read_bytes() + b".")
            assert [status_of(each, open_) for each in (here, there, program)] == [200] * 3
