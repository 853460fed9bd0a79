"""Connections and streams: how many there may be, how long they may be silent, what their end costs."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.types import Message, Receive, Scope, Send

from demo.fairlock import FairLock, asked_by
from demo.machine import effort
from demo.web import body, connections, crowd
from demo.web.connections import Connections, GuardedProtocol
from demo.web.crowd import Crowd, CrowdedError, Limits
from demo.web.serve import Served
from tests.load.files import plain
from tests.load.visitor import Visitor, client
from tests.support.served import Caller, file, serving
from tests.support.waiting import until
from tests.web.test_behind_proxy import BELIEVED

Result = TypeVar("Result")


def host_of(served: Served) -> str:
    return served.url.removeprefix("http://")


def connect(served: Served) -> socket.socket:
    host, _, port = host_of(served).partition(":")
    client = socket.create_connection((host, int(port)), timeout=60)
    client.settimeout(60)
    return client


def held(served: Served) -> Connections:
    """The connections of a server that is running."""
    found: Connections = served.page.server.config.http_protocol_class.guards
    return found


@contextmanager
def streams(served: Served, *sessions: str) -> Iterator[list[bytes]]:
    """Streams of those tabs, opened one after the other; how each answer begins."""
    with ExitStack() as open_:
        answers = []
        for session in sessions:
            client = open_.enter_context(connect(served))
            path = f"/gradio_api/heartbeat/{session}"
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host_of(served)}\r\n\r\n".encode())
            answers.append(client.recv(12))
        yield answers


# Streams


def test_streams_of_unknown_tabs_leave_nothing_and_tell_nobody(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    open_streams = served.page.open_streams
    monkeypatch.setattr(open_streams, "_left", told.append)
    with streams(served, *(f"unknown{i}" for i in range(40))) as answers:
        assert answers == [b"HTTP/1.1 200"] * 40
        assert "unknown39" in open_streams
    until(lambda: not open_streams._open)
    assert told == []
    assert not any(name.startswith("unknown") for name in served.page.state_holder.session_data)


def test_the_last_stream_of_a_tab_that_asked_for_something_tells_that_it_left(
    served: Served, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(served.page.open_streams, "_left", told.append)
    number = next(e for e in http.get("/config").json()["dependencies"] if e["api_name"] == "new")
    call = {"data": [None] * len(number["inputs"]), "fn_index": number["id"], "session_hash": "tab"}
    http.post("/gradio_api/run/predict", json=call)
    # What Gradio would copy of the whole page for each new tab.
    assert served.page.state_holder.session_data["tab"].config_values == {}
    with streams(served, "tab"):
        with streams(served, "tab"):
            pass
        until(lambda: served.page.open_streams._open["tab"] == 1)
        assert told == []
    until(lambda: told == ["tab"])


def test_streams_are_bounded_and_other_requests_are_answered(
    served: Served, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "STREAMS", Limits(visitor=2, place=3, all=9))
    with streams(served, "a", "b", "c", "d") as answers:
        assert answers == [b"HTTP/1.1 200"] * 3 + [b"HTTP/1.1 429"]
        refused = http.get("/gradio_api/heartbeat/e")
        assert refused.json()["error"] == "You have too many requests open at once: close some."
        assert http.get("/config").status_code == 200
    until(lambda: not served.page.open_streams._open)
    with streams(served, "e") as answers:
        assert answers == [b"HTTP/1.1 200"]


def test_new_tabs_take_no_room_from_one_that_is_open(
    served: Served, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = served.page.state_holder
    monkeypatch.setattr(holder, "capacity", 5)

    def calls(session: str) -> None:
        body = {"data": ["find", None], "session_hash": session}
        assert http.post("/gradio_api/run/read", json=body).status_code == 200

    with streams(served, "open") as answers:
        assert answers == [b"HTTP/1.1 200"]
        calls("open")
        for number in range(12):
            calls(f"new{number}")
        assert "open" in holder
        assert len(holder.session_data) == 5
        assert "new11" in holder
        assert "new6" not in holder


@pytest.mark.parametrize(
    ("who", "place", "admitted", "is_own"),
    [
        pytest.param("ann", "10.0.0.1", 2, True, id="a visitor"),
        pytest.param("", "10.0.0.1", 3, True, id="an address"),
        pytest.param("", "", 4, False, id="all together"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        pytest.param("STREAMS", "GET", "/gradio_api/queue/data", id="an answer that is waited for"),
        pytest.param("STREAMS", "GET", "/gradio_api/call/ground/1", id="a program's"),
        pytest.param("STREAMS", "GET", "/gradio_api/upload_progress", id="an upload's progress"),
        pytest.param("UPLOADS", "POST", "/gradio_api/upload", id="an upload"),
        pytest.param("PAGES", "GET", "/", id="the page"),
        pytest.param("PAGES", "GET", "/gradio_api/info", id="what can be called"),
        pytest.param("OTHERS", "POST", "/gradio_api/run/predict", id="a call"),
    ],
)
def test_each_kind_of_request_has_its_limits(
    kind: str,
    method: str,
    path: str,
    who: str,
    place: str,
    admitted: int,
    is_own: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crowd, kind, Limits(visitor=2, place=3, all=4))
    here = Crowd()
    with ExitStack() as all_:
        for _ in range(admitted):
            all_.enter_context(here.admit(method, path, who, place))
        with pytest.raises(CrowdedError) as refused, here.admit(method, path, who, place):
            pass
        assert refused.value.is_own is is_own
        other = "/gradio_api/upload" if kind == "OTHERS" else "/gradio_api/run/read"
        with here.admit("POST", other, "ben", "10.0.0.2"):
            pass
    assert not here._counts


def test_acts_of_an_address_come_at_a_pace_after_a_burst() -> None:
    pace, step = crowd.Pace(), 1 / crowd.ACTS_A_SECOND
    at_once = [pace.wait("10.0.0.1", 7.0) for _ in range(crowd.BURST + 4)]
    assert at_once[: crowd.BURST] == pytest.approx([0.0] * crowd.BURST)
    assert at_once[-3:] == pytest.approx([step, 2 * step, 3 * step])
    assert pace.wait("10.0.0.2", 7.0) == 0.0  # which nobody else waits for
    assert pace.wait("10.0.0.1", 60.0) == 0.0
    assert crowd.is_act("POST", "/gradio_api/run/read")
    assert crowd.is_act("POST", "/gradio_api/queue/join")
    assert not crowd.is_act("GET", "/assets/index.js")
    assert not crowd.is_act("POST", "/gradio_api/upload")


def test_how_many_paces_are_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "_MAX_PLACES", 3)
    pace = crowd.Pace()
    for number in range(9):
        pace.wait(f"10.0.0.{number}", 1.0)
    assert [*pace._next] == ["10.0.0.6", "10.0.0.7", "10.0.0.8"]


def test_each_act_waits_its_turn_and_what_is_read_does_not(
    served: Served, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = list[str]()

    def wait(_pace: crowd.Pace, place: str, _now: float) -> float:
        places.append(place)
        return 0.0

    monkeypatch.setattr(crowd.Pace, "wait", wait)
    assert http.post("/gradio_api/call/ground", json={}).status_code < 500
    assert http.get("/config").is_success
    assert http.get("/gradio_api/info").is_success
    assert places == ["127.0.0.1"]


def run_elsewhere(work: Coroutine[Any, Any, Result]) -> Result:
    """On a thread of its own: a browser's loop may be running in this one."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(asyncio.run, work).result()


def has_to_wait(url: str) -> bool:
    """Send a picture to be opened; whether it waits for its turn, in which case its sender hangs up."""

    async def opens() -> bool:
        async with client(url) as http:
            visitor = Visitor(url, (await http.get("/config")).json(), http)
            opening = asyncio.create_task(visitor.open(plain((64, 48))))
            await asyncio.to_thread(until, lambda: opening.done() or effort._places.waiting)
            return opening.cancel()  # False where it is done

    return run_elsewhere(opens())


@contextmanager
def busy(*askers: str) -> Iterator[FairLock]:
    """The places for long work while these have them."""
    places = effort._places
    for who in askers:
        with asked_by(who):
            places.acquire()
    try:
        yield places
    finally:
        for who in askers:
            places.release(who)


def test_what_was_sent_is_not_wanted_once_its_sender_has_hung_up(served: Served) -> None:
    with busy(*[""] * effort.AT_ONCE) as places:
        assert has_to_wait(served.url)
        until(lambda: places.waiting == 0)


def test_an_address_has_one_place_for_long_work_where_it_tells_visitors_apart(
    served: Served,
) -> None:
    with busy("127.0.0.1") as places, serving(rules=BELIEVED) as behind_any_proxy:
        assert has_to_wait(served.url)
        until(lambda: places.waiting == 0)
        assert not has_to_wait(behind_any_proxy.url)


def test_pages_are_made_one_at_a_time_and_sent_many_at_a_time() -> None:
    making, sending, most, may_end = [0], [0], [0, 0], asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        making[0] += 1
        most[0] = max(most[0], making[0])
        await asyncio.sleep(0)
        making[0] -= 1
        await send({"type": "http.response.start"})

    async def sends(_message: Message) -> None:
        sending[0] += 1
        most[1] = max(most[1], sending[0])
        if sending[0] == 10:
            may_end.set()
        await may_end.wait()  # a visitor that reads nothing

    async def receives() -> Message:
        return {}

    async def all_at_once() -> None:
        pages = crowd.FewPages()
        await asyncio.gather(*(pages.make(app, {}, receives, sends) for _ in range(10)))

    run_elsewhere(all_at_once())
    assert most == [1, 10]


def test_a_page_that_fails_leaves_its_place() -> None:
    async def fails(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise OSError

    async def one_after_the_other() -> None:
        pages = crowd.FewPages()
        for _ in range(5):
            with pytest.raises(OSError, match=r"^$"):
                await pages.make(fails, {}, None, None)  # type: ignore[arg-type]

    run_elsewhere(one_after_the_other())


def test_a_server_that_nobody_uses_looks_for_events_seldom(served: Served) -> None:
    queue = served.page._queue
    assert min(queue.sleep_when_free, queue.progress_update_sleep_when_free) >= 0.02


# Connections


def test_a_request_with_two_lengths_is_the_last_of_its_connection(served: Served) -> None:
    """The rest may be another visitor's, or hidden from a proxy."""
    lengths = "Content-Length: 5\r\nTransfer-Encoding: chunked"
    first = f"POST /login HTTP/1.1\r\nHost: {host_of(served)}\r\n{lengths}\r\n\r\n0\r\n\r\n"
    hidden = f"GET /health HTTP/1.1\r\nHost: {host_of(served)}\r\n\r\n"
    with connect(served) as caller:
        caller.sendall((first + hidden).encode())
        answer = b"".join(iter(lambda: caller.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


def chunked(served: Served, path: str, *chunks: bytes) -> bytes:
    """The answer to a body of those chunks."""
    with connect(served) as caller:
        head = f"POST {path} HTTP/1.1\r\nHost: {host_of(served)}\r\nConnection: close\r\n"
        caller.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        with suppress(OSError):  # what nobody reads any more
            for chunk in chunks:
                caller.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            caller.sendall(b"0\r\n\r\n")
        answer = b""
        while more := _received(caller):
            answer += more
        return answer


def test_a_body_of_very_many_small_chunks_is_not_read_on(served: Served) -> None:
    """Each takes as long as hundreds of bytes, and nobody else is answered meanwhile."""
    path = "/gradio_api/queue/join"
    few, others = [b" "] * 400, [b" " * 600] * 1_500
    assert b"not a JSON object" in chunked(served, path, *few)
    assert b"not a JSON object" in chunked(served, path, *others, *few)
    assert b"not a JSON object" not in chunked(served, path, *[b" " * 20] * 600)


def test_nothing_is_said_in_the_middle_of_an_answer(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a body that is wrong after it was refused the web server would log a failure."""
    with connect(served) as caller:
        head = f"POST /nowhere HTTP/1.1\r\nHost: {host_of(served)}\r\n"
        caller.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        assert b" 404 " in caller.recv(4096)
        with suppress(OSError):
            caller.sendall(b"x\r\n" * 10)
        while _received(caller):
            pass
    until(lambda: held(served)._count == 0)
    assert not [record for record in caplog.records if record.name == "asyncio"]


def test_few_are_accepted_at_a_time_and_many_may_wait(served: Served) -> None:
    assert served.page.server.config.backlog == connections._FEW
    listening = served.page.server.servers[0].sockets[0]
    # Where Linux says of a socket that listens how many may wait.
    info = listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 64)
    assert struct.unpack_from("I", info, 28)[0] > 100
    with ExitStack() as all_:
        made = [all_.enter_context(connect(served)) for _ in range(100)]
        for one in made:
            one.sendall(f"GET /health HTTP/1.1\r\nHost: {host_of(served)}\r\n\r\n".encode())
        assert all(one.recv(12) == b"HTTP/1.1 200" for one in made)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET / HT", id="half a line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: {host}\r\nX: ", id="half a head"),
        pytest.param(
            b"GET /health HTTP/1.1\r\nHost: {host}\r\n\r\nGET / HT", id="a request and half a head"
        ),
        pytest.param(
            b"POST /nothing HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99\r\n\r\nx",
            id="a body that nobody reads",
        ),
    ],
)
def test_who_does_not_go_on_is_not_waited_for(
    served: Served, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.3)
    with connect(served) as client:
        client.sendall(said.replace(b"{host}", host_of(served).encode()))
        while _received(client):
            pass


def _received(client: socket.socket) -> bytes:
    try:
        return client.recv(4096)
    except ConnectionResetError:
        return b""


def test_a_long_answer_is_no_silence(
    served: Served, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    with http.stream("GET", "/gradio_api/heartbeat/long") as stream:
        until(lambda: len(held(served)._waiting) == 0)
        with connect(served) as silent:
            assert _received(silent) == b""  # by then the stream has lasted longer
        assert next(stream.iter_lines()) == "data: ALIVE"
        assert not stream.is_closed


@pytest.mark.parametrize(
    ("kind", "is_upload"), [("multipart/form-data; boundary=x", True), ("application/json", False)]
)
def test_who_hangs_up_before_anything_was_read_is_no_failure(kind: str, is_upload: bool) -> None:
    async def receives() -> Message:
        return {"type": "http.disconnect"}

    async def received() -> Message:
        headers = Headers({"content-type": kind})
        return await body.Body(receives, "/gradio_api/queue/data", headers).receive()

    failing = pytest.raises(MultiPartException, match="too early")
    with failing if is_upload else nullcontext():
        assert run_elsewhere(received()) == {"type": "http.disconnect"}


def test_a_body_that_trickles_is_ended(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "BODY_S", 0.3)
    monkeypatch.setattr(body, "SILENCE_S", 30.0)
    head = "POST /gradio_api/call/ground HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000\r\n\r\n"
    with connect(served) as client:
        client.sendall(head.format(host_of(served)).encode())
        client.setblocking(False)
        answer = b""

        def trickles() -> bool:
            nonlocal answer
            try:
                client.send(b"x")
                answer += client.recv(100)
            except BlockingIOError:
                pass
            return answer.startswith(b"HTTP/1.1 408")

        until(trickles)


def test_who_does_not_read_is_not_waited_for(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "READ_S", 0.2)
    before, added, add = held(served)._count, list[GuardedProtocol](), held(served).add

    def noted(connection: GuardedProtocol) -> bool:
        added.append(connection)
        return add(connection)

    monkeypatch.setattr(held(served), "add", noted)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        host, _, port = host_of(served).partition(":")
        client.connect((host, int(port)))
        line = f"GET /gradio_api/openapi.json HTTP/1.1\r\nHost: {host_of(served)}\r\n\r\n"
        client.sendall(line.encode() * 400)
        until(lambda: added)
        until(lambda: added[0].transport.is_closing())
        until(lambda: held(served)._count <= before)


def test_silent_connections_give_way_to_one_that_asks(
    served: Served, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_OF_A_PLACE", 12)
    with ExitStack() as all_, streams(served, "stays") as answers:
        silent = [all_.enter_context(connect(served)) for _ in range(20)]
        assert http.get("/health").status_code == 200
        assert answers == [b"HTTP/1.1 200"]
        assert _received(silent[0]) == b""  # the first that came
        assert "stays" in served.page.open_streams


@pytest.mark.parametrize(
    ("is_counted", "max_count", "closed"),
    [
        pytest.param(True, 100, 3, id="of one address"),
        pytest.param(False, 100, 0, id="of a proxy's address"),
        pytest.param(False, 2, 3, id="of all"),
    ],
)
def test_how_many_connections_there_may_be(
    monkeypatch: pytest.MonkeyPatch, is_counted: bool, max_count: int, closed: int
) -> None:
    monkeypatch.setattr(connections, "MAX_OF_A_PLACE", 2)
    here = Connections(lambda _: is_counted, max_count)
    aborted: list[int] = []
    made: list[GuardedProtocol] = []
    ended: list[GuardedProtocol] = []

    class Silent(GuardedProtocol):
        def __init__(self, number: int) -> None:
            self.place = "10.0.0.1"
            self.transport = type("T", (), {"abort": lambda _: aborted.append(number)})()

    for number in range(5):
        one = Silent(number)
        assert here.add(one)
        here.wait(one, waits=True)
        for gone in aborted[len(ended) :]:
            ended.append(made[gone])
            here.remove(made[gone])
        made.append(one)
    assert aborted == list(range(closed))


def test_a_websocket_is_not_offered(served: Served) -> None:
    with connect(served) as client:
        client.sendall(
            f"GET /health HTTP/1.1\r\nHost: {host_of(served)}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n".encode()
        )
        assert client.recv(12) == b"HTTP/1.1 200"


def test_a_call_works_beside_all_that(http: httpx.Client, blocks: Path) -> None:
    caller = Caller(http)
    path = caller.upload(blocks.read_bytes())
    kind, value = caller.call("ground", [file(path), "find red", None])
    assert (kind, value[0]["turns"][0]["region"]) == ("complete", "R1")
