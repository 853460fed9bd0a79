"""The endpoints as programs call them: in every form of calls, with everything that people give."""

from __future__ import annotations

import base64
import io
import json
import threading
import zipfile
from asyncio import Queue as AsyncQueue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from demo import client
from demo.client import App, Dialogue, Finished, PartBegun, Text, connect
from demo.dialogue.session_json import session_from_json
from demo.picture.sent import NO_FILE, NOT_FETCHED
from demo.ui.programs.given import NO_PICTURE, NO_QUESTION
from demo.ui.programs.openapi import document
from demo.web import unread_results
from demo.web.serve import Served
from tests.conftest import free_port
from tests.support.listening import one_answer
from tests.support.served import PASSWORDS, Caller, accounts, file, serving
from tests.support.table import TableReasoner
from tests.support.waiting import until

NO_BOX: Any = (0, 0, float("nan"), 9)
RED_BOX = [40, 60, 140, 160]
NOT_ONE = "This is not a session of version 1 of this demo."
DOCUMENT = "/gradio_api/openapi.json"
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def http(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=60) as http:
        yield http


@pytest.fixture(scope="module")
def program(served: Served) -> Client:
    return Client(served.url, verbose=False)


@pytest.fixture
def app(served: Served) -> Iterator[App]:
    with connect(served.url) as app:
        yield app


@pytest.fixture
def given(http: httpx.Client, blocks: Path) -> dict[str, Any]:
    """What a program gives, by name."""
    path = Caller(http).upload(blocks.read_bytes(), "blocks.png")
    return {"image": file(path), "question": "find red", "session": None}


@pytest.fixture
def first(http: httpx.Client, given: dict[str, Any]) -> Any:
    """The session after one question."""
    kind, [session] = Caller(http).call("ground", list(given.values()))
    assert kind == "complete"
    return session


def result(http: httpx.Client, body: object, path: str = "/gradio_api/call/ground") -> Any:
    """The session of a call by HTTP; or its refusal's sentence."""
    begun = http.post(path, json=body)
    if begun.status_code != 200:
        return begun.json()["error"]
    told = http.get(f"{path}/{begun.json()['event_id']}").text
    kind, data = told.strip().split("\n\n")[-1].split("\n")
    value = json.loads(data.removeprefix("data: "))
    return value[0] if kind == "event: complete" else value["error"]


def boxes(session: Any) -> Any:
    return session["regions"][-1]["objects"][-1]["bbox_xyxy"]


# The forms of calls --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda g: {"data": [*g.values()]}, id="in order"),
        pytest.param(lambda g: {"data": [*g.values()][:2]}, id="without the session"),
        pytest.param(lambda g: {"data": g}, id="by name as data"),
        pytest.param(lambda g: g, id="by name"),
        pytest.param(lambda g: {**g, "session_hash": "mine"}, id="by name in a session"),
        pytest.param(lambda g: {**g, "image": {"path": g["image"]["path"]}}, id="a bare path"),
        pytest.param(lambda g: {**g, "image": [g["image"]]}, id="a list of one"),
        pytest.param(lambda g: {**g, "session": ""}, id="an empty session"),
        pytest.param(lambda g: {**g, "session": {}}, id="an object as session"),
        pytest.param(lambda g: {**g, "session": [None]}, id="a list of none"),
        pytest.param(lambda g: {**g, "session": " null "}, id="null as text"),
    ],
)
@pytest.mark.parametrize("path", ["/gradio_api/call/ground", "/gradio_api/call/v2/ground"])
def test_a_call_has_many_forms(
    http: httpx.Client, given: dict[str, Any], path: str, form: Ask
) -> None:
    assert boxes(result(http, form(given), path)) == RED_BOX


def test_gradio_s_client_may_leave_out_what_is_not_needed(program: Client, blocks: Path) -> None:
    picture = handle_file(blocks)
    by_name = program.predict(image=picture, question="find red", api_name="/ground")
    in_order = program.predict(picture, "find red", api_name="/ground")
    assert boxes(by_name) == boxes(in_order) == RED_BOX
    assert Path(program.predict(image=picture, api_name="/overlay")).suffix == ".png"
    told = list(program.submit(picture, "find red", api_name="/ground_stream"))
    assert told[-1]["event"] == "finished"
    assert boxes(told[-1]["session"]) == RED_BOX


@pytest.mark.parametrize(
    "as_given",
    [
        pytest.param(lambda session: session, id="an object"),
        pytest.param(json.dumps, id="a text"),
        pytest.param(lambda session: json.dumps(session, indent=2), id="a long text"),
        pytest.param(lambda session: [session], id="the whole answer"),
    ],
)
def test_a_session_goes_on(
    http: httpx.Client, given: dict[str, Any], first: Any, as_given: Ask
) -> None:
    asked = {**given, "question": "what is next to R1", "session": as_given(first)}
    second = result(http, asked)
    assert [turn["references"] for turn in second["turns"]] == [[], ["R1"]]
    assert session_from_json(second).id == first["id"]


def test_a_picture_may_be_a_text(http: httpx.Client, blocks: Path, given: dict[str, Any]) -> None:
    plain = base64.b64encode(blocks.read_bytes()).decode()
    for image in (plain, f"data:image/png;base64,{plain}"):
        assert boxes(result(http, {**given, "image": image})) == RED_BOX


def test_what_there_is_to_say_about_a_picture_is_told(http: httpx.Client) -> None:
    content, frames = (
        io.BytesIO(),
        [Image.new("RGB", (90, 80), colour) for colour in ("red", "blue")],
    )
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:])
    text = base64.b64encode(content.getvalue()).decode()
    asked = result(http, {"image": f"data:;base64,{text}", "question": "find red"})
    assert ["first" in note for note in asked["picture"]["notes"]] == [True]
    session_from_json(asked)


# What cannot be used -------------------------------------------------------------------------------

MARK = {"_type": "gradio.FileData"}
REFUSED = [
    pytest.param({"image": None}, NO_PICTURE, id="no picture"),
    pytest.param({"image": ""}, NO_PICTURE, id="an empty picture"),
    pytest.param({"question": None}, NO_QUESTION, id="no question"),
    pytest.param({"question": " \n"}, NO_QUESTION, id="an empty question"),
    pytest.param({"question": "x" * 3_000}, "at most 2,000", id="a long question"),
    pytest.param({"question": "the dog left of R7"}, "There is no R7", id="no such region"),
    pytest.param({"image": "https://example.com/a.png"}, NOT_FETCHED, id="an address"),
    pytest.param(
        {"image": {"path": "http://127.0.0.1:9/a.png", "meta": MARK}}, NOT_FETCHED, id="as a file"
    ),
    pytest.param({"image": "/etc/passwd"}, NO_FILE, id="a path"),
    pytest.param({"image": {"path": "/etc/passwd", "meta": MARK}}, NO_FILE, id="of the system"),
    pytest.param({"image": {"path": "/etc/passwd"}}, NO_FILE, id="of the system, bare"),
    pytest.param({"image": 5}, "Give the picture as", id="a number"),
    pytest.param({"image": "data:image/png;base64,????"}, "damaged", id="damaged base64"),
    pytest.param({"session": {"version": 2}}, NOT_ONE, id="a newer session"),
    pytest.param({"session": "{"}, "it is not JSON", id="half a session"),
    pytest.param({"session": 5}, NOT_ONE, id="a number as session"),
    pytest.param({"session": [1, 2]}, NOT_ONE, id="a list as session"),
]


@pytest.mark.parametrize(("wrong", "sentence"), REFUSED)
def test_every_refusal_has_its_sentence(
    http: httpx.Client, program: Client, given: dict[str, Any], wrong: Any, sentence: str
) -> None:
    asked = {**given, **wrong}
    assert sentence in result(http, asked)
    assert sentence in result(http, asked, "/gradio_api/call/ground_stream")
    assert sentence in joined(http, program, asked)


def joined(http: httpx.Client, program: Client, asked: dict[str, Any]) -> str:
    """The refusal of a call through the queue, from where Gradio's clients take it."""
    numbers = {str(each.api_name): number for number, each in program.endpoints.items()}
    call = {"data": [*asked.values()], "fn_index": numbers["/ground"], "session_hash": "joined"}
    answer = http.post("/gradio_api/queue/join", json=call)
    if answer.status_code == 422:
        return str(answer.json()["detail"][0]["message"])
    lines = http.get("/gradio_api/queue/data?session_hash=joined").text.splitlines()
    messages = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    return next(str(m["output"]["error"]) for m in messages if m["msg"] == "process_completed")


def test_gradio_s_client_raises_the_sentence(program: Client, blocks: Path) -> None:
    elsewhere = handle_file("https://example.com/a.png")
    with pytest.raises(ValueError, match=NOT_FETCHED):
        program.predict(image=elsewhere, question="find red", api_name="/ground")
    with pytest.raises(ValueError, match=NO_QUESTION):
        program.predict(image=handle_file(blocks), api_name="/ground")
    with pytest.raises(ValueError, match=NO_PICTURE):
        program.predict(question="find red", api_name="/ground")


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        pytest.param(b"This is a text.\n", "a.txt", "This is not a picture", id="a text"),
        pytest.param(b"%PDF-1.4\n1 0 obj\n", "a.pdf", "This is a PDF, not a picture", id="a PDF"),
        pytest.param(b"A text. " * 9_000, "a.png", "holds something else", id="under a picture's name"),
        pytest.param(b"", "a.png", "This file is empty", id="nothing"),
    ],
)  # fmt: skip
def test_other_files_have_their_sentence(
    http: httpx.Client, given: dict[str, Any], content: bytes, name: str, sentence: str
) -> None:
    path = Caller(http).upload(content, name)
    assert sentence in result(http, {**given, "image": file(path)})


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        pytest.param("call/ground", {"picture": 1}, "/ground takes image, question", id="name"),
        pytest.param("call/ground", {"data": [1, 2, 3, 4, 5]}, "/ground takes", id="too many"),
        pytest.param("call/ground", {"data": "x"}, "/ground takes", id="no list"),
        pytest.param("call/overlay", {"question": "x"}, "/overlay takes image and", id="overlay"),
        pytest.param("run/ground", {"data": []}, "call/ground", id="past the queue"),
        pytest.param("api/overlay", {"data": []}, "call/overlay", id="in an older form"),
        pytest.param("call/nothing", {"data": []}, "There is no such endpoint", id="no endpoint"),
    ],
)
def test_other_forms_are_told_which_there_are(
    http: httpx.Client, path: str, body: Any, sentence: str
) -> None:
    answer = http.post(f"/gradio_api/{path}", json=body)
    assert 400 <= answer.status_code < 500
    assert sentence in answer.json()["error"]


def test_a_session_of_another_picture_has_its_sentence(
    http: httpx.Client, given: dict[str, Any], first: Any
) -> None:
    content = io.BytesIO()
    Image.new("RGB", (400, 300), "red").save(content, "PNG")
    image = file(Caller(http).upload(content.getvalue()))
    asked = {**given, "image": image, "session": first}
    assert "about another picture" in result(http, asked)
    assert "about another picture" in result(
        http, {"image": image, "session": first}, "/gradio_api/call/overlay"
    )


# Streams -------------------------------------------------------------------------------------------


def test_a_turn_is_told_while_it_is_written(app: App, blocks: Path, table: TableReasoner) -> None:
    table.go_on.clear()
    events = app.open(blocks).stream("the slow one")
    before = next(event for event in events if isinstance(event, Text) and "So far" in event.text)
    assert before.part == "think"
    table.go_on.set()  # the model has not written the end yet
    rest = list(events)
    assert [event.part for event in rest if isinstance(event, PartBegun)] == ["answer"]
    assert isinstance(rest[-1], Finished)
    assert rest[-1].turn.boxes == ((240, 60, 340, 160),)


def test_whoever_closes_the_stream_ends_the_turn(
    app: App, blocks: Path, table: TableReasoner
) -> None:
    table.go_on.clear()
    table.stopped.clear()
    events = app.open(blocks).stream("the slow one")
    next(event for event in events if isinstance(event, Text) and "So far" in event.text)
    events.close()  # type: ignore[attr-defined]
    until(table.stopped.is_set)  # while the model is silent


def test_whoever_hangs_up_ends_the_turn(
    http: httpx.Client, given: dict[str, Any], table: TableReasoner
) -> None:
    table.go_on.clear()
    table.stopped.clear()
    path = "/gradio_api/call/ground"
    begun = http.post(path, json={**given, "question": "the slow one"}).json()
    until(lambda: http.get("/metrics").text.count("regionreasoner_turns_running 1.0"))
    with pytest.raises(httpx.ReadTimeout):
        http.get(f"{path}/{begun['event_id']}", timeout=0.1)
    until(table.stopped.is_set)


def test_a_turn_that_nobody_reads_is_ended(
    http: httpx.Client,
    given: dict[str, Any],
    table: TableReasoner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("demo.ui.programs.unread.MAX_UNREAD", 6)
    table.go_on.clear()
    table.stopped.clear()
    path = "/gradio_api/call/ground_stream"
    begun = http.post(path, json={**given, "question": "the slow one"}).json()
    until(table.stopped.is_set)
    assert "Nobody reads" in http.get(f"{path}/{begun['event_id']}").text


# The client ----------------------------------------------------------------------------------------


@pytest.fixture
def dialogue(app: App, blocks: Path) -> Dialogue:
    made = app.open(blocks)
    made.ask("find red")
    made.ask("what is next to R1")
    return made


def test_a_dialogue_is_typed(dialogue: Dialogue) -> None:
    first, second = dialogue.turns
    assert [region.id for region in dialogue.regions] == ["R1", "R2"]
    assert (first.boxes, first.think) == (((40, 60, 140, 160),), "The red one.")
    assert second.references == ("R1",)
    assert second.objects[0].mask is not None
    assert {finding.kind for finding in second.findings} >= {"citation.valid"}
    assert (dialogue.size, dialogue.notes) == ((400, 300), ())
    assert "counts" not in repr(second)


def test_a_part_is_asked_about_alone(dialogue: Dialogue) -> None:
    turn = dialogue.ask("find red", within=(20, 30, 160, 180))
    assert turn.looks == ((2, 11, 178, 199),)
    assert turn.boxes == ((20, 49, 64, 111),)
    assert dialogue.session is not None
    check(dialogue.session, "Session")
    assert dialogue.session["turns"][-1]["within"] == [20, 30, 160, 180]
    told = [type(event).__name__ for event in dialogue.stream("red again", within=(0, 0, 9, 9))]
    assert told[-1] == "Finished"
    with pytest.raises(client.RefusedError, match="within is the part"):
        dialogue.ask("find red", within=(900, 900, 950, 950))


def test_turns_are_taken_back_and_dialogues_branch(dialogue: Dialogue) -> None:
    assert dialogue.session is not None
    other = dialogue.branch(1)
    assert other.session is not None
    assert other.session["branch"] == {"of": dialogue.session["id"], "turn": 1}
    assert dialogue.undo()
    assert [len(each.turns) for each in (dialogue, other)] == [1, 1]
    ghost, next_one = other.ask("find the ghost"), other.ask("what is next to R1")
    assert (ghost.region, ghost.boxes) == (None, ())
    assert next_one.region is not None
    assert next_one.region.id == "R2"  # the number was given back
    assert other.undo()
    assert other.undo()
    assert [region.id for region in other.regions] == ["R1"]
    assert other.undo()
    assert not other.undo()
    with pytest.raises(IndexError):
        other.branch()


def test_a_dialogue_is_saved_and_loaded(app: App, dialogue: Dialogue, tmp_path: Path) -> None:
    dialogue.save(tmp_path / "a.zip")
    loaded = app.load(tmp_path / "a.zip")
    assert loaded.session == dialogue.session
    assert loaded.ask("find red").region is not None
    assert dialogue.overlay().startswith(b"\x89PNG")


def test_the_page_opens_what_the_client_has_saved(dialogue: Dialogue, tmp_path: Path) -> None:
    from demo.dialogue.archive import read_zip

    dialogue.save(tmp_path / "a.zip")
    session, picture = read_zip(tmp_path / "a.zip")
    assert (len(session.turns), picture.size.width) == (2, 400)


def test_a_picture_that_the_server_has_lost_is_sent_again(
    dialogue: Dialogue, served: Served
) -> None:
    for path in Path(served.page.app.uploaded_file_dir).rglob("blocks.png"):
        path.unlink()
    assert dialogue.ask("find red").region is not None


def test_failures_are_one_tree_with_the_server_s_sentences(
    app: App, blocks: Path, tmp_path: Path
) -> None:
    refused: list[tuple[Ask, type[Exception], str]] = [
        (lambda: app.open(blocks).ask(""), client.RefusedError, NO_QUESTION),
        (lambda: app.open(blocks).ask("left of R9"), client.RefusedError, "There is no R9"),
        (lambda: app.open(b"text").ask("find red"), client.RefusedError, "not a picture"),
        (lambda: app.open(blocks).ask("break"), client.RefusedError, "no room left"),
        (lambda: app.open(blocks).save(tmp_path / "a.zip"), client.ClientError, "nothing to save"),
        (lambda: app.open(tmp_path / "none.png"), client.ClientError, "cannot be read"),
        (lambda: app.load(blocks), client.ClientError, "not a dialogue"),
        (lambda: connect("127.0.0.1:9"), client.UnreachableError, "cannot be reached"),
        (lambda: connect("ftp://127.0.0.1"), client.ClientError, "not an address"),
        (lambda: connect("http://127.0.0.1:x"), client.ClientError, "not an address"),
        (lambda: connect("http://127.0.0.1:99999"), client.ClientError, "not an address"),
        (lambda: connect("http://[::1"), client.ClientError, "not an address"),
        (lambda: connect(""), client.ClientError, "not an address"),
        (
            lambda: app.open(blocks).ask("half a \ud800"),
            client.RefusedError,
            "cannot be sent: 'utf-8'",
        ),
        (
            lambda: app.open(blocks).ask("red", NO_BOX),
            client.RefusedError,
            "cannot be sent",
        ),
        (lambda: connect(f"{app.url}ui"), client.ClientError, "nothing at this address"),
    ]
    for act, kind, sentence in refused:
        with pytest.raises(client.ClientError, match=sentence) as raised:
            act()
        assert isinstance(raised.value, kind)


def test_a_server_that_stops_while_it_is_asked_is_busy(blocks: Path) -> None:
    with serving(TableReasoner()) as served, connect(served.url) as app:
        dialogue = app.open(blocks)
        dialogue.ask("find red")
        served.watch.stop(0)
        with pytest.raises(client.BusyError, match="is stopping"):
            dialogue.ask("find red")


def test_a_look_is_told() -> None:
    look = {"box_xyxy": [1, 2, 30, 40], "size": [560, 560], "call": ""}
    begun = client._event_of({"event": "look", "number": 0, "look": look})
    assert begun == client.LookBegun((1, 2, 30, 40))
    assert client._event_of({"event": "look_end", "number": 0}) == client.LookOver()


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "sentence"),
    [
        pytest.param(200, {}, b"<html>", client.ClientError, "another server", id="a page"),
        pytest.param(200, {}, b"[1]", client.ClientError, "another server", id="other JSON"),
        pytest.param(301, {"location": "https://a.example/"}, b"", client.RefusedError,
                     "leads to https://a.example/", id="another address"),
        pytest.param(502, {}, b"<html>", client.BusyError, "status 502", id="a proxy alone"),
        pytest.param(503, {}, b'{"error": "Stopping."}', client.BusyError, "Stopping", id="an end"),
        pytest.param(418, {}, b"null", client.RefusedError, "status 418", id="nothing known"),
    ],
)  # fmt: skip
def test_other_servers_have_their_sentences(
    status: int, headers: dict[str, str], body: bytes, kind: type[Exception], sentence: str
) -> None:
    with (
        one_answer(status, headers, body) as (url, _),
        pytest.raises(kind, match=sentence) as raised,
    ):
        connect(url)
    assert type(raised.value) is kind


def told(*values: object, kind: str = "generating") -> bytes:
    return b"".join(f"event: {kind}\ndata: {json.dumps(each)}\n\n".encode() for each in values)


WELL = {
    "/health": b'{"status": "ok"}',
    "/gradio_api/upload": b'["/a.png"]',
    "/gradio_api/call/ground_stream": b'{"event_id": "1"}',
}
OTHERS: list[tuple[str, str, bytes]] = [
    ("a page for a file", "/gradio_api/upload", b"<html>"),
    ("no file", "/gradio_api/upload", b"[]"),
    ("a page for a call", "/gradio_api/call/ground_stream", b"<html>"),
    ("a call without a number", "/gradio_api/call/ground_stream", b"{}"),
    ("no JSON", "/gradio_api/call/ground_stream/1", b"event: generating\ndata: {{\n\n"),
    ("nothing", "/gradio_api/call/ground_stream/1", told(None)),
    ("another event", "/gradio_api/call/ground_stream/1", told([{"event": "text"}])),
    ("a text", "/gradio_api/call/ground_stream/1", told(["finished"])),
    ("another session", "/gradio_api/call/ground_stream/1",
     told([{"event": "finished", "session": {"turns": [{"question": "find red"}], "regions": []}}])),
    ("an end without a turn", "/gradio_api/call/ground_stream/1", told([None], kind="complete")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body"), [pytest.param(path, body, id=what) for what, path, body in OTHERS]
)
def test_answers_in_another_form_have_their_sentence(path: str, body: bytes) -> None:
    with one_answer(200, bodies={**WELL, path: body}) as (url, _), connect(url) as app:
        dialogue = app.open(b"picture")
        with pytest.raises(client.ClientError, match="must be of one version") as raised:
            dialogue.ask("find red")
        assert type(raised.value) is client.ClientError
        assert dialogue.session is None


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("a/session.json", "a/picture.jpg"), id="in a folder"),
        pytest.param(("__MACOSX/._x", ".DS_Store", "b.png", "session.json"), id="with litter"),
    ],
)
def test_a_file_may_have_been_packed_again(
    app: App, blocks: Path, first: Any, tmp_path: Path, names: tuple[str, ...]
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for name in names:
            is_session = name.endswith("session.json")
            packed.writestr(name, json.dumps(first) if is_session else blocks.read_bytes())
    assert app.load(tmp_path / "a.zip").ask("what is next to R1").boxes


def test_time_may_be_bounded(served: Served, blocks: Path, table: TableReasoner) -> None:
    table.go_on.clear()
    table.stopped.clear()
    with connect(served.url, timeout_s=0.5) as app, pytest.raises(client.TookTooLongError):
        app.open(blocks).ask("the slow one")
    until(table.stopped.is_set)


def test_a_server_with_accounts_is_logged_in_to(blocks: Path) -> None:
    with serving(accounts=accounts()) as served:
        with connect(served.url) as stranger, pytest.raises(client.LoginError, match="Log in"):
            stranger.open(blocks).ask("find red")
        with pytest.raises(client.LoginError, match="wrong"):
            connect(served.url, auth=("ann", "x"))
        with connect(served.url, auth=("ann", PASSWORDS["ann"])) as app:
            assert app.open(blocks).ask("find red").boxes
            app._http.cookies.clear()  # as when the server has forgotten its log-ins
            assert app.open(blocks).ask("find red").boxes
        assert httpx.get(f"{served.url}{DOCUMENT}").status_code == 401


def test_a_server_that_comes_later_is_waited_for(
    blocks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setattr("tests.support.served.free_port", lambda: port)
    connected: list[App] = []
    url = f"127.0.0.1:{port}"
    waiting = threading.Thread(target=lambda: connected.append(connect(url, wait_s=60)))
    waiting.start()
    with serving():
        waiting.join()
        with connected[0] as app:
            assert app.open(blocks).ask("find red").boxes == ((40, 60, 140, 160),)


# How it is described -------------------------------------------------------------------------------


def strict(schema: Any) -> Any:
    """The same schema, which allows no properties that it does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: strict(value) for key, value in schema.items()}
    return {**inner, "additionalProperties": False} if "properties" in inner else inner


def check(value: Any, form: str) -> None:
    schema = {"$ref": f"#/components/schemas/{form}", **strict(document())}
    jsonschema.Draft202012Validator(schema).validate(value)


def test_answers_have_the_form_that_is_described(http: httpx.Client, given: dict[str, Any]) -> None:
    told = http.get(DOCUMENT)
    assert told.json() == document()
    assert told.url.join(told.json()["servers"][0]["url"]).path == "/"
    session: Any = None
    for question in ("find red", "what is next to R1", "find the ghost", "sing", "both"):
        asked = {**given, "question": question, "session": session}
        check(asked, "Question")
        check({**asked, "session": json.dumps(session), "within": [0.5, 1, 200, 99.5]}, "Question")
        session = result(http, asked)
        check(session, "Session")
    path = "/gradio_api/call/ground_stream"
    begun = http.post(path, json=given).json()
    check(begun, "Call")
    lines = http.get(f"{path}/{begun['event_id']}").text.splitlines()
    for data in (json.loads(line[6:]) for line in lines if line.startswith("data: [")):
        check(data[0], "TurnEvent")
    drawn = result(http, {"image": given["image"], "session": session}, "/gradio_api/call/overlay")
    check(drawn, "File")
    check(http.get("/health").json(), "Health")
    check(http.post("/gradio_api/call/ground", json={"data": [1]}).json(), "Failure")
    for operation in (
        methods["post"] for methods in document()["paths"].values() if "post" in methods
    ):
        for kind, body in operation["requestBody"]["content"].items():
            if kind == "application/json":
                check(body["example"], body["schema"]["$ref"].rpartition("/")[2])
    with pytest.raises(jsonschema.ValidationError):
        check({**session, "version": 2}, "Session")
    with pytest.raises(jsonschema.ValidationError):
        check({**session, "more": 2}, "Session")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/gradio_api/file=/etc/passwd", 403),
        ("GET", "/gradio_api/call/ground/none", 404),
        ("POST", "/gradio_api/upload", 400),
        ("POST", "/gradio_api/openapi.json", 405),
        ("POST", "/login", 404),
        ("GET", "/login", 404),
    ],
)
def test_a_refusal_has_one_form(http: httpx.Client, method: str, path: str, status: int) -> None:
    """Also where Gradio refuses, which says so as ``detail`` alone."""
    refused = http.request(method, path)
    assert refused.status_code == status
    check(refused.json(), "Failure")


def test_who_logs_in_where_there_are_no_accounts_is_told(served: Served) -> None:
    with pytest.raises(client.ClientError, match="This server has no accounts"):
        connect(served.url, auth=("ann", "correct horse"))
    by_hand = httpx.get(f"{served.url}/login", headers={"accept": "text/html"})
    assert (by_hand.status_code, by_hand.headers["location"]) == (303, "./")


def test_every_address_that_is_described_is_there(http: httpx.Client) -> None:
    for path, methods in document()["paths"].items():
        for method in methods:
            answer = http.request(method, path.replace("{", "").replace("}", ""))
            assert answer.status_code != 405, path
            assert answer.status_code < 500, path


def test_nothing_else_is_described(http: httpx.Client) -> None:
    named = http.get("/gradio_api/info").json()
    assert set(named["named_endpoints"]) == {"/ground", "/ground_stream", "/overlay"}
    assert named["unnamed_endpoints"] == {}
    for endpoint in named["named_endpoints"].values():
        for parameter in endpoint["parameters"]:
            assert parameter["parameter_has_default"]
            assert "github" not in json.dumps(parameter["example_input"])
    described = {path.split("/")[3] for path in document()["paths"] if "/call/" in path}
    assert {f"/{name}" for name in described} == set(named["named_endpoints"])


def begun(http: httpx.Client, given: dict[str, Any], endpoint: str = "ground") -> str:
    """A call that was just made."""
    return str(http.post(f"/gradio_api/call/{endpoint}", json=given).json()["event_id"])


def unread(served: Served, http: httpx.Client, given: dict[str, Any]) -> str:
    """A call whose result is there and was not read."""
    call = begun(http, given)
    until(lambda: call not in served.page._queue.event_ids_to_events)
    return call


def test_of_results_that_nobody_reads_the_newest_are_kept(
    served: Served,
    http: httpx.Client,
    given: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unread_results, "MAX_EACH", 2)
    calls = [unread(served, http, given) for _ in range(4)]
    answers = [http.get(f"/gradio_api/call/ground/{call}") for call in calls]
    assert [answer.status_code for answer in answers] == [404, 404, 200, 200]
    assert "There is no such call, or it is over." in answers[0].text
    assert all("event: complete" in answer.text for answer in answers[2:])


def test_a_result_that_nobody_reads_is_kept_for_some_minutes(
    served: Served,
    http: httpx.Client,
    given: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unread_results, "MAX_SECONDS", -1.0)
    first, second = (unread(served, http, given) for _ in range(2))
    assert http.get(f"/gradio_api/call/ground/{first}").status_code == 404
    assert "event: complete" in http.get(f"/gradio_api/call/ground/{second}").text


def read(http: httpx.Client, given: dict[str, Any]) -> str:
    """A call whose result was read."""
    call = begun(http, given)
    assert "event: complete" in http.get(f"/gradio_api/call/ground/{call}").text
    return call


def test_of_calls_that_are_over_few_are_known(
    served: Served,
    http: httpx.Client,
    given: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unread_results, "MAX_OVER", 1)
    queue = served.page._queue
    calls = [read(http, given) for _ in range(4)]
    for known in (queue.pending_messages_per_session, queue.pending_event_ids_session):
        assert not known.keys() & calls[:2]


def test_a_call_whose_caller_left_is_forgotten(
    served: Served,
    http: httpx.Client,
    given: dict[str, Any],
    table: TableReasoner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unread_results, "MAX_SECONDS", -1.0)
    monkeypatch.setattr(unread_results, "MAX_OVER", 0)
    table.go_on.clear()
    queue, path = served.page._queue, "/gradio_api/call/ground_stream"
    call = begun(http, {**given, "question": "the slow one"}, "ground_stream")
    until(lambda: queue.pending_messages_per_session[call].qsize() > 3)
    with pytest.raises(httpx.ReadTimeout):
        http.get(f"{path}/{call}", timeout=0.1).read()
    until(lambda: call not in queue.event_ids_to_events)
    read(http, given)
    for known in (queue.pending_messages_per_session, queue.pending_event_ids_session):
        assert call not in known


def test_a_turn_goes_on_while_thousands_of_others_ask(
    served: Served, http: httpx.Client, given: dict[str, Any], table: TableReasoner
) -> None:
    """Gradio would forget the session that began first, of two thousand."""
    table.go_on.clear()
    queue, path = served.page._queue, "/gradio_api/call/ground_stream"
    call = begun(http, {**given, "question": "the slow one"}, "ground_stream")
    until(lambda: http.get("/metrics").text.count("regionreasoner_turns_running 1.0"))
    for number in range(2_001):  # as it does for each new session
        queue.pending_messages_per_session[f"other {number}"] = AsyncQueue()
    table.go_on.set()
    assert "event: complete" in http.get(f"{path}/{call}").text
    for number in range(2_001):
        queue.pending_messages_per_session.pop(f"other {number}", None)
