"""What strangers try, each kind in several ways, on the real app in a process of its own.

The table of SECURITY.md says what came of it. The mechanisms have tests of their own; here nothing is known
of them but what a request gets back, what lies on the disk and what stands in the log.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.access.accounts import save_account
from demo.dialogue.store import DATABASE
from tests.load import files
from tests.load.model import answering
from tests.load.server import App, start
from tests.support.listening import one_answer
from tests.support.served import Caller, file
from tests.support.waiting import until

WORDS = {"ann": "correct horse", "ben": "battery staple"}
SECRET = "zebrafishword"
FORGED = "FORGEDENTRY"
NOBODY = 65534


_clients: list[httpx.Client] = []


@pytest.fixture(scope="module", autouse=True)
def closed() -> Iterator[None]:
    """All that browsers hold is given back."""
    yield
    for client in _clients:
        client.close()


class Browser:
    """A tab of one person's: a cookie, a page session, and the page's own events."""

    def __init__(self, app: App, user: str | None = None) -> None:
        self.http = httpx.Client(base_url=app.url, timeout=60)
        _clients.append(self.http)
        if user:
            form = {"username": user, "password": WORDS[user]}
            assert self.http.post("/login", data=form).status_code == 200
        assert self.http.get("/").status_code == 200
        self.config = self.http.get("/config").json()
        self.session = f"tab{id(self)}"
        self.caller = Caller(self.http)

    def event(self, name: str, data: Sequence[Any], more: object = None) -> httpx.Response:
        """One of the page's events that do not go through the queue."""
        return self.http.post(f"/gradio_api/run/{name}", json=self._body(name, data, more))

    def queued(self, name: str, data: Sequence[Any], more: object = None) -> str:
        """One of those that do: all that is told of it, or why it was refused."""
        body = self._body(name, data, more)
        joined = self.http.post("/gradio_api/queue/join", json=body)
        if joined.is_error:
            return joined.text
        session = {"session_hash": self.session}
        with self.http.stream("GET", "/gradio_api/queue/data", params=session) as told:
            return "".join(told.iter_text())

    def _body(self, name: str, data: Sequence[Any], more: object) -> dict[str, Any]:
        found = next(e for e in self.config["dependencies"] if e["api_name"] == name)
        return {
            "data": [*data, *[None] * (len(found["inputs"]) - len(data))], "event_data": more,
            "fn_index": found["id"], "trigger_id": None, "session_hash": self.session,
        }  # fmt: skip

    def open(self, content: bytes, name: str = "picture.png") -> str:
        """Open a file in the page; the answer's text, with the addresses of what it shows."""
        return self.event("open_upload", [[file(self.caller.upload(content, name))]]).text

    def panel(self, kind: str, **more: object) -> str:
        """An act in the panel of dialogues."""
        elements = {c["props"].get("elem_id"): c["id"] for c in self.config["components"]}
        target = [elements["kept"], "library"]
        acts = (e for e in self.config["dependencies"] if target in e["targets"])
        return self.event(next(acts)["api_name"], [], {"kind": kind, "id": "", **more}).text


def ask(method: str, url: str, **more: Any) -> httpx.Response:
    """One request of somebody's who is not known."""
    return httpx.request(method, url, timeout=60, **more)


def addresses(text: str) -> list[str]:
    """The addresses of files that an answer names."""
    found = re.findall(r'"path": ?"([^"]+)"', text)
    return [f"/gradio_api/file={path}" for path in dict.fromkeys(found)]


def labelled(word: str) -> bytes:
    """A dialogue with that word in its label and its question."""
    region = files.region(1, [files.box(files.SMALL)], label=word)
    return files.packed(
        files.session(turns=[files.turn(question=f"find {word}")], regions=[region])
    )


@contextmanager
def serving_app(
    folder: Path, *options: str, host: str = "127.0.0.1", **environment: str
) -> Iterator[App]:
    with answering(pause_s=0.0) as model:
        given = ("--server", model.url, "--segmenter", "none", "--log-json", *options)
        app = start(folder, given, host=host, environment=environment)
        try:
            app.wait_until_ready()
            yield app
        finally:
            app.end()


def users_file(folder: Path) -> Path:
    for name, word in WORDS.items():
        save_account(folder / "users", name, word)
    return folder / "users"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One with two users."""
    folder = tmp_path_factory.mktemp("app")
    with serving_app(folder, "--auth", str(users_file(folder))) as started:
        yield started


@pytest.fixture(scope="module")
def ann(app: App) -> Browser:
    return Browser(app, "ann")


@pytest.fixture(scope="module")
def ben(app: App) -> Browser:
    return Browser(app, "ben")


# What belongs to somebody --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_ann(ann: Browser) -> list[str]:
    """The addresses of what Ann has: her upload, the picture shown to her, her exported dialogue."""
    upload = ann.caller.upload(files.plain(files.SMALL, 33))
    shown = addresses(ann.open(labelled(SECRET), "dialogue.zip"))
    exported = addresses(ann.panel("export"))
    found = [f"/gradio_api/file={upload}", *shown, *exported]
    assert len(found) >= 3
    assert {ann.http.get(path).status_code for path in found} == {200}
    return found


@pytest.mark.parametrize(
    ("method", "changed"),
    [
        pytest.param("GET", lambda path: path, id="by its address"),
        pytest.param("HEAD", lambda path: path, id="asked whether it is there"),
        pytest.param("GET", lambda path: path.replace("file=", "file/"), id="by the older form"),
        pytest.param("GET", lambda path: path.replace("/tmp", "//tmp"), id="with a second slash"),
        pytest.param("GET", lambda path: path.replace("/tmp", "/tmp/../tmp"), id="by way of the parent"),
        pytest.param("GET", lambda path: path.replace("/tmp", "/%74mp"), id="with an escape"),
        pytest.param("GET", lambda path: f"{path}?x=1", id="with a query"),
    ],
)  # fmt: skip
def test_nobody_reads_the_files_of_another(
    ben: Browser, app: App, of_ann: list[str], method: str, changed: Any
) -> None:
    for path in map(changed, of_ann):
        for range_ in ({}, {"range": "bytes=0-9"}):
            assert ben.http.request(method, path, headers=range_).status_code in (401, 403, 404), (
                path
            )
            assert ask(method, app.url + path).status_code in (401, 403, 404)


def test_nobody_hands_the_files_of_another_to_the_app(ben: Browser, of_ann: list[str]) -> None:
    for path in (address.removeprefix("/gradio_api/file=") for address in of_ann):
        for endpoint, data in (
            ("ground", [file(path), "find the red one", None]),
            ("overlay", [file(path), None]),
        ):
            kind, _ = ben.caller.call(endpoint, data)
            assert kind != "complete"
        assert SECRET not in ben.event("open_upload", [[file(path)]]).text


def test_a_result_is_for_who_asked(ann: Browser, ben: Browser) -> None:
    assert ann.event("read", ["find"]).status_code == 200  # her page session is hers from now on
    image = file(ann.caller.upload(files.plain(files.SMALL, 44)))
    begun = ann.http.post(
        "/gradio_api/call/ground", json={"data": [image, "find the red one", None]}
    )
    path = f"/gradio_api/call/ground/{begun.json()['event_id']}"
    assert ben.http.get(path).status_code in (403, 404)
    assert "complete" in ann.http.get(path).text
    for stream in (f"queue/data?session_hash={ann.session}", f"heartbeat/{ann.session}"):
        with ben.http.stream("GET", f"/gradio_api/{stream}") as answer:
            assert answer.status_code in (403, 404)


@pytest.mark.parametrize("fetch", ["navigate", "no-cors", "cors"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_nobody_is_logged_out_from_elsewhere(app: App, fetch: str, site: str, method: str) -> None:
    cookie = _cookie(app)
    headers = {"sec-fetch-site": site, "sec-fetch-mode": fetch, "cookie": cookie}
    if method == "POST":  # browsers say with each where it comes from
        headers["origin"] = "http://evil.example"
    ask(method, f"{app.url}/logout", headers=headers)
    assert ask("GET", f"{app.url}/config", headers={"cookie": cookie}).status_code == 200


def _cookie(app: App) -> str:
    answer = ask("POST", f"{app.url}/login", data={"username": "ann", "password": WORDS["ann"]})
    return str(answer.headers["set-cookie"].partition(";")[0])


# What the server would fetch -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "image",
    [
        pytest.param("{url}", id="an address alone"),
        pytest.param({"path": "{url}"}, id="as a path"),
        pytest.param({"path": "{url}", "meta": {"_type": "gradio.FileData"}}, id="as a file"),
        pytest.param({"url": "{url}", "meta": {"_type": "gradio.FileData"}}, id="as a file's address"),
        pytest.param(
            {"path": "x.png", "url": "{url}", "meta": {"_type": "gradio.FileData"}}, id="beside a path"
        ),
        pytest.param({"path": "\t{url}", "meta": {"_type": "gradio.FileData"}}, id="after a tab"),
        pytest.param({"path": "HTTP{rest}", "meta": {"_type": "gradio.FileData"}}, id="in capitals"),
        pytest.param([{"path": "{url}", "meta": {"_type": "gradio.FileData"}}], id="in a list"),
        pytest.param("/etc/passwd", id="a file of the system"),
        pytest.param({"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, id="as a file there"),
        pytest.param({"path": "/proc/self/environ", "meta": {"_type": "gradio.FileData"}}, id="itself"),
        pytest.param({"path": "app.py", "meta": {"_type": "gradio.FileData"}}, id="its code"),
    ],
)  # fmt: skip
def test_nothing_is_fetched_and_no_path_is_read(ann: Browser, image: Any) -> None:
    with one_answer(404) as (address, asked):
        url = f"{address}/x.png"
        rest = url.removeprefix("http")
        given = json.loads(json.dumps(image).replace("{url}", url).replace("{rest}", rest))
        for endpoint, data in (
            ("ground", [given, "find the red one", None]),
            ("overlay", [given, None]),
        ):
            kind, _ = ann.caller.call(endpoint, data)
            assert kind != "complete"
        answer = ann.event("open_upload", [given if isinstance(given, list) else [given]])
        assert "regions" not in answer.text or answer.status_code >= 400
    assert asked == []


# The log -------------------------------------------------------------------------------------------

_LINE = f"x\n2026-11-29T12:00:00.000+00:00 INFO demo.web.guard: {FORGED} user=admin \x1b[31mRED"
_EVENTS: tuple[object, ...] = (
    None, [], _LINE, 7, {"kind": _LINE}, {"index": _LINE}, {"data": [_LINE]},
)  # fmt: skip
_ARGUMENTS: tuple[Any, ...] = (
    [_LINE], [file(_LINE), _LINE, {"version": _LINE}], {}, [None] * 99,
)  # fmt: skip


@pytest.fixture(scope="module")
def troubled(ann: Browser, app: App) -> App:
    """The app after odd requests, each with a line that would forge an entry."""
    events = {e["api_name"]: e for e in ann.config["dependencies"]}
    for (name, event), more in itertools.product(events.items(), _EVENTS):
        for data in ([_LINE], [], [7])[: len(event["inputs"]) + 1]:
            if event["queue"]:
                assert ann.queued(name, data, more), (name, data, more)
            else:
                assert ann.event(name, data, more).status_code < 500, (name, data, more)
    for name in ("ground", "overlay"):
        for data in _ARGUMENTS:
            ann.caller.call(name, data)
    for path in (
        f"/{FORGED}%0a{FORGED}",
        f"/gradio_api/file=/{FORGED}%0d%0a",
        f"/assets/{FORGED}%1b",
    ):
        assert ann.http.get(path).status_code < 500
    ann.http.get("/", headers={"x-forwarded-for": FORGED, "user-agent": FORGED, "referer": FORGED})
    ann.http.post("/login", data={"username": _LINE, "password": FORGED})
    ann.caller.upload(b"x", f"{FORGED}.png")
    ann.open(b"no picture", f"{FORGED}.png")
    return app


def test_nothing_that_a_visitor_sends_stands_in_the_log(troubled: App) -> None:
    told = troubled.told()
    assert "RED" not in told.replace("REDIRECT", "")
    # A log-in that is refused is told with the name's address, not the name.
    assert FORGED not in told
    assert "\x1b" not in told


def test_every_line_of_the_log_is_json(troubled: App) -> None:
    """But for what is printed for the person who starts it, before the first entry and once it is ready."""
    printed = ("Running on ", "mock · server")
    lines = [line for line in troubled.told().splitlines() if not line.startswith(printed)]
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_no_request_makes_a_traceback(troubled: App) -> None:
    assert "Traceback" not in troubled.told()


def test_no_handler_fails_at_what_no_page_sends(troubled: App) -> None:
    failed = [line for line in troubled.told().splitlines() if "a call failed" in line]
    # What Gradio itself says of paths that are none.
    assert [line for line in failed if "InvalidPathError" not in line] == []


# Requests that nobody expects ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        pytest.param("POST", "/login", {"data": {f"f{i}": "x" for i in range(11)}}, id="11 fields"),
        pytest.param("POST", "/login", {"content": b"\xff\xfe" * 100}, id="a form that is no text"),
        pytest.param("POST", "/login", {"json": {"username": ["a"]}}, id="JSON for a form"),
        pytest.param("GET", "/pwa_icon/512", {}, id="an icon"),
        pytest.param("GET", "/pwa_icon/0", {}, id="an icon of no size"),
        pytest.param("GET", "{file}", {"headers": {"range": "bytes=1-2-3"}}, id="no range"),
        pytest.param("GET", "{file}", {"headers": {"range": "bytes=0-1,3-4"}}, id="two ranges"),
        pytest.param("GET", "{file}", {"headers": {"range": "bytes=9-1"}}, id="a range backwards"),
        pytest.param("GET", "{file}", {"headers": {"range": "bytes=-"}}, id="an empty range"),
        pytest.param("GET", "{file}", {"headers": {"range": "lines=1-2"}}, id="another unit"),
        pytest.param("GET", "{file}", {"headers": {"if-range": "\x7f"}}, id="an odd condition"),
        pytest.param("GET", "/gradio_api/queue/data", {}, id="a stream of nobody"),
        pytest.param("GET", "/gradio_api/upload_progress", {}, id="no upload"),
        pytest.param(
            "POST", "/gradio_api/upload", {"content": b"x"}, id="an upload without a form"
        ),
        pytest.param(
            "POST", "/gradio_api/cancel", {"json": {"event_id": []}}, id="a cancel of a list"
        ),
        pytest.param("POST", "/gradio_api/reset", {"json": []}, id="a reset of nothing"),
        pytest.param("POST", "/gradio_api/component_server", {"json": {}}, id="no component"),
        pytest.param("POST", "/gradio_api/call/ground", {"content": b"{"}, id="half of JSON"),
        pytest.param("POST", "/gradio_api/call/ground", {"json": {"data": None}}, id="no data"),
        pytest.param(
            "POST", "/gradio_api/run/predict", {"json": {"fn_index": True}}, id="True for 1"
        ),
        pytest.param(
            "POST", "/gradio_api/run/predict", {"json": {"fn_index": 1e300}}, id="a large one"
        ),
        pytest.param("TRACE", "/", {}, id="TRACE"),
        pytest.param("BREW", "/config", {}, id="a method nobody knows"),
        pytest.param("GET", "/gradio_api/file=%00", {}, id="a path with a zero"),
        pytest.param("GET", "/gradio_api/file=" + "a/" * 3_000, {}, id="a long path"),
        pytest.param("GET", "/assets/../../app.py", {}, id="up and out"),
        pytest.param(
            "POST",
            "/gradio_api/upload",
            {
                "content": b"x",
                "headers": {"content-type": "multipart/form-data; boundary=" + "a" * 20_000},
            },
            id="a boundary that no program chooses",
        ),
        pytest.param(
            "GET",
            "/",
            {"headers": {"cookie": 'a="' + "\\" * 9_000 + '"'}},
            id="a cookie of escapes",
        ),
    ],
)
def test_odd_requests_are_answered_and_leave_no_trace(
    ann: Browser, app: App, of_ann: list[str], method: str, path: str, more: dict[str, Any]
) -> None:
    before = len(app.told())
    request = ann.http.build_request(method, path.replace("{file}", of_ann[0]), **more)
    with_stream = ann.http.send(request, stream=True)
    with_stream.close()
    assert with_stream.status_code < 500
    assert "Traceback" not in app.told()[before:]


# Who may come in -----------------------------------------------------------------------------------


def test_invented_addresses_do_not_open_a_lock(tmp_path: Path) -> None:
    with serving_app(tmp_path, "--auth", str(users_file(tmp_path))) as app:
        statuses = []
        for number in range(32):
            form = {"username": f"u{number}", "password": "wrong"}
            headers = {"x-forwarded-for": f"203.0.113.{number}"}
            statuses.append(ask("POST", f"{app.url}/login", data=form, headers=headers).status_code)
        form = {"username": "ann", "password": WORDS["ann"]}
        headers = {"x-forwarded-for": "203.0.113.99"}
        assert ask("POST", f"{app.url}/login", data=form, headers=headers).status_code == 429
        assert statuses[-1] == 429


def test_who_is_taken_out_of_the_file_is_out_at_once(tmp_path: Path) -> None:
    users = users_file(tmp_path)
    with serving_app(tmp_path, "--auth", str(users)) as app:
        ann, ben = Browser(app, "ann"), Browser(app, "ben")
        save_account(users, "ann", "another password")
        lines = [line for line in users.read_text().splitlines() if not line.startswith("ben:")]
        users.write_text("\n".join(lines) + "\n")
        until(lambda: ann.http.get("/config").status_code == 401)
        until(lambda: ben.http.get("/config").status_code == 401)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7860",
        "demo.example.evil.example",
        "demo.example@evil.example",
        "[::2]",
    ],
)
def test_names_that_are_given_are_enforced(named: App, host: str) -> None:
    for headers in (
        {"host": host},
        {"host": host, "origin": f"http://{host}"},
        {"host": host, "x-forwarded-host": "demo.example"},
    ):
        for path in ("/", "/config", "/metrics", "/gradio_api/info"):
            assert ask("GET", named.url + path, headers=headers).status_code == 421
    assert ask("GET", named.url, headers={"host": "demo.example"}).status_code == 200


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One that others could reach, with a name."""
    folder = tmp_path_factory.mktemp("named")
    with serving_app(folder, host="127.0.0.2", REGIONREASONER_HOSTS="demo.example") as started:
        yield started


@pytest.mark.parametrize("token", ["A" * 43, "a" * 32, "B" * 64, "", "../../x", "0" * 43])
def test_a_cookie_that_was_planted_is_replaced(named: App, token: str) -> None:
    headers = {"host": "demo.example", "cookie": f"regionreasoner={token}"}
    given = ask("GET", named.url, headers=headers).headers["set-cookie"]
    assert f"={token};" not in given


# What lies on the disk -----------------------------------------------------------------------------


def test_all_files_are_for_their_owner_alone(ann: Browser, app: App, of_ann: list[str]) -> None:
    for folder in (app.log.parent / "uploads", app.log.parent / "sessions"):
        for path in (folder, *folder.rglob("*")):
            assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="only root can be somebody else",
)
def test_nobody_else_on_this_machine_reads_anything(app: App, of_ann: list[str]) -> None:
    other = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    paths = [address.removeprefix("/gradio_api/file=") for address in of_ann]
    sessions = app.log.parent / "sessions"
    for path in (*paths, sessions / DATABASE):
        assert subprocess.run([*other, "cat", str(path)], capture_output=True).returncode != 0
    for folder in (app.log.parent / "uploads", sessions):
        assert subprocess.run([*other, "ls", str(folder)], capture_output=True).returncode != 0


def test_what_is_deleted_is_gone(tmp_path: Path) -> None:
    """From every address, from the database and its log, from the folders; also what no visit deletes."""
    with serving_app(tmp_path) as app:
        visitor = Browser(app)
        shown = addresses(visitor.open(labelled(SECRET), "dialogue.zip"))
        exported = addresses(visitor.panel("export"))
        assert {visitor.http.get(path).status_code for path in (*shown, *exported)} == {200}
        identity = json.loads(visitor.panel("list"))["data"]
        found = re.search(r'"id": ?"([\w-]{10,})"', json.dumps(identity))
        assert found
        assert "Deleted." in visitor.panel("delete", id=found[1])
        statuses = {visitor.http.get(path).status_code for path in (*shown, *exported)}
        assert statuses <= {403, 404}
        assert not _remains(tmp_path, exported)
        assert SECRET.encode() not in b"".join(
            path.read_bytes() for path in (tmp_path / "sessions").glob(f"{DATABASE}*")
        )


def _remains(folder: Path, paths: Sequence[str]) -> list[str]:
    return [path for path in paths if Path(path.removeprefix("/gradio_api/file=")).exists()]


def test_what_a_crash_leaves_is_gone_after_the_next_start(tmp_path: Path) -> None:
    with answering(pause_s=0.0) as model:
        given = ("--server", model.url, "--segmenter", "none")
        app = start(tmp_path, given)
        app.wait_until_ready()
        visitor = Browser(app)
        left = addresses(visitor.open(labelled(SECRET), "dialogue.zip"))
        left += addresses(visitor.panel("export"))
        left.append(f"/gradio_api/file={visitor.caller.upload(b'x')}")
        os.kill(app.process.pid, 9)
        app.wait()
        assert _remains(tmp_path, left) == left
        app = start(tmp_path, given)
        app.wait_until_ready()
        try:
            until(lambda: not _remains(tmp_path, left))
            assert {ask("GET", app.url + path).status_code for path in left} <= {403, 404}
        finally:
            app.end()


# Connections ---------------------------------------------------------------------------------------


def test_a_thousand_empty_files_leave_nothing(named: App) -> None:
    folder = named.log.parent / "uploads"
    many = [("files", (f"{i}.png", b"")) for i in range(1_000)]
    with httpx.Client(base_url=named.url, headers={"host": "demo.example"}, timeout=60) as http:
        before = sum(1 for _ in folder.rglob("*"))
        answer = http.post("/gradio_api/upload", files=many)
        assert answer.status_code in (400, 413, 429)
        until(lambda: sum(1 for _ in folder.rglob("*")) <= before + 1)


def test_streams_of_one_address_are_bounded(named: App) -> None:
    """The rest are refused, and another address has room."""
    host, port = named.url.removeprefix("http://").split(":")
    held = []
    try:
        for number in range(320):
            stream = socket.create_connection((host, int(port)), source_address=("127.0.0.66", 0))
            held.append(stream)
            head = f"GET /gradio_api/heartbeat/s{number} HTTP/1.1\r\nHost: demo.example\r\n\r\n"
            stream.sendall(head.encode())
        held[-1].settimeout(60)
        assert held[-1].recv(12).split()[1] in (b"429", b"503", b"404", b"403")
        assert ask("GET", named.url, headers={"host": "demo.example"}).status_code == 200
    finally:
        for stream in held:
            stream.close()
