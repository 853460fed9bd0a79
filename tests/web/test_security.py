"""What the server refuses and what browsers are told: headers, other sites, sizes, paths, scripts."""

from __future__ import annotations

import io
import json
import socket
from pathlib import Path

import httpx
import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import Browser, expect

from demo.web import body, guard
from demo.web.answer import WRONG_FORM, wrong_form
from demo.web.rules import (
    MAX_DEPTH,
    TOO_MANY_VALUES,
    Rules,
    fault_of_body,
    headers_for,
    is_asked_here,
    is_from_here,
    is_served,
    rules_for,
)
from demo.web.serve import Served
from tests.conftest import visit
from tests.support.served import Caller, accounts, file, serving
from tests.support.table import ask
from tests.support.waiting import until

# Rules


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        pytest.param({}, True, id="a program"),
        pytest.param({"origin": "http://demo:7860"}, True, id="the page itself"),
        pytest.param({"origin": "http://DEMO:7860"}, True, id="letter case"),
        pytest.param({"origin": "http://demo:7861"}, False, id="another port"),
        pytest.param({"origin": "http://demo:7860.evil.example"}, False, id="a longer name"),
        pytest.param({"origin": "null"}, False, id="a sandbox or a local file"),
        pytest.param({"origin": "http://["}, False, id="nonsense"),
        pytest.param({"sec-fetch-site": "cross-site"}, False, id="another site's image"),
        pytest.param(
            {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, True, id="a link"
        ),
        pytest.param({"sec-fetch-site": "same-origin"}, True, id="the page's image"),
    ],
)
def test_where_a_request_may_come_from(headers: dict[str, str], allowed: bool) -> None:
    assert is_from_here({"host": "demo:7860", **headers}) == allowed


@pytest.mark.parametrize(
    ("host", "environment", "asked", "allowed"),
    [
        pytest.param("127.0.0.1", {}, "localhost:7860", True, id="loopback by name"),
        pytest.param("127.0.0.1", {}, "[::1]:7860", True, id="loopback in six"),
        pytest.param("127.0.0.1", {}, "rebound.example:7860", False, id="a rebound name"),
        pytest.param(
            "127.0.0.1", {"REGIONREASONER_HOSTS": "a.example"}, "A.example", True, id="a proxy"
        ),
        pytest.param("0.0.0.0", {}, "lab.example:7860", True, id="open to the network"),
        pytest.param("127.0.0.1", {"SPACE_ID": "a/b"}, "a-b.hf.space", True, id="a Space"),
        pytest.param("127.0.0.1", {}, "[", False, id="nonsense"),
    ],
)
def test_by_which_name_it_may_be_asked(
    host: str, environment: dict[str, str], asked: str, allowed: bool
) -> None:
    assert is_asked_here(asked, rules_for(host, environment).names) == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=https://evil.example",
        "/gradio_api/file=https://evil.example/x",
        "/gradio_api/file=/http://evil.example/x",
        "/gradio_api/vibe-edit/",
        "/gradio_api/deep_link",
        "/gradio_api/run-history/records",
        "/gradio_api/process_recording",
        "/gradio_api/dev/reload",
        "/monitoring/summary",
        "/pwa_icon/100000",
        "/docs",
        "/openapi.json",
    ],
)
def test_what_the_page_does_not_need_is_not_there(path: str) -> None:
    assert not is_served(path)


def test_only_a_space_may_be_framed_and_only_by_hugging_face() -> None:
    def ancestors(rules: Rules) -> str:
        policy = dict(headers_for(rules))[b"content-security-policy"].decode()
        return next(part for part in policy.split("; ") if part.startswith("frame-ancestors"))

    assert ancestors(rules_for("127.0.0.1", {})) == "frame-ancestors 'self'"
    space = {"SPACE_ID": "a/b", "SPACE_HOST": "a-b.hf.space"}
    assert ancestors(rules_for("0.0.0.0", space)) == (
        "frame-ancestors 'self' https://huggingface.co https://a-b.hf.space"
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_an_ordinary_body_has_no_fault(body: dict[str, object]) -> None:
    assert fault_of_body(body) is None


def test_deep_and_distant_bodies_have_a_fault() -> None:
    deep: object = 1
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    assert "too deeply" in (fault_of_body({"data": deep}) or "")
    assert "too many values" in (fault_of_body({"data": [0] * 110_000}) or "")
    assert "other addresses" in (fault_of_body({"data": [file("http://evil.example/x")]}) or "")
    assert "not a JSON object" in (fault_of_body([]) or "")


# The server


@pytest.mark.parametrize("path", ["/", "/theme.css", "/gradio_api/info", "/nothing", "/health"])
def test_every_answer_has_its_headers(http: httpx.Client, path: str) -> None:
    headers = http.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    scripts = next(p for p in headers["content-security-policy"].split("; ") if "script-src" in p)
    assert "unsafe-inline" not in scripts
    assert ("nonce-" in scripts) == (path == "/")


def test_a_page_has_another_nonce_each_time(http: httpx.Client) -> None:
    assert len({http.get("/").headers["content-security-policy"] for _ in range(3)}) == 3


def test_another_site_can_neither_act_nor_read(http: httpx.Client) -> None:
    other = {"origin": "http://evil.example"}
    for answer in (
        http.post("/gradio_api/queue/join", json={"data": []}, headers=other),
        http.post("/gradio_api/upload", files={"files": b"x"}, headers=other),
        http.get("/config", headers=other),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"] == "Requests from other sites are refused."
    assert http.get("/config", headers={"host": "rebound.example"}).status_code == 421


def test_every_argument_of_an_endpoint_has_a_schema(http: httpx.Client) -> None:
    endpoints = http.get("/gradio_api/info").json()["named_endpoints"]
    for endpoint in endpoints.values():
        for argument in (*endpoint["parameters"], *endpoint["returns"]):
            kind = argument["type"]
            assert isinstance(kind.get("type", ""), str)  # MCP clients refuse anything else
            assert {"type", "anyOf"} & kind.keys()


def test_an_address_in_a_picture_s_place_is_not_fetched(http: httpx.Client) -> None:
    for image in (
        "http://127.0.0.1:9/x.png",
        {"path": "http://127.0.0.1:9/x.png", "meta": {"_type": "gradio.FileData"}},
        {"path": " HTTPS://127.0.0.1:9/x.png", "meta": {"_type": "gradio.FileData"}},
        {"url": "http://127.0.0.1:9/x.png", "meta": {"_type": "gradio.FileData"}},
        ["http://127.0.0.1:9/x.png"],
    ):
        status, said = Caller(http).call("ground", [image, "find red", None])
        assert status == "400", said


def test_more_values_than_can_be_handled_at_once_are_refused_unread(http: httpx.Client) -> None:
    said = http.post("/gradio_api/call/ground", content=b'{"data": [' + b"0," * 100_001)
    assert (said.status_code, said.json()["error"]) == (400, TOO_MANY_VALUES)  # not JSON, either


def test_what_is_too_large_is_refused(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = http.post("/gradio_api/call/ground", content=b"x" * 20_000_001)
    assert (said.status_code, said.json()["error"]) == (413, "This request is larger than 20 MB.")
    # Many small files are one large upload; without a length it is counted as it comes.
    monkeypatch.setattr("demo.web.rules.MAX_UPLOAD_BYTES", 100_000)
    many = [("files", (f"{i}.png", b"x" * 20_000)) for i in range(10)]
    assert http.post("/gradio_api/upload", files=many).status_code == 413
    whole = httpx.Request("POST", "http://a/", files=many)
    pieces = iter([whole.read()[:90_000], whole.read()[90_000:]])
    kind = {"content-type": whole.headers["content-type"]}
    counted = http.post("/gradio_api/upload", content=pieces, headers=kind)
    assert (counted.status_code, counted.json()["error"]) == (413, "This is too large.")


def test_an_upload_that_breaks_off_leaves_nothing(served: Served, http: httpx.Client) -> None:
    folder = Path(served.page.app.uploaded_file_dir)
    before = sorted(folder.iterdir())
    host = served.url.removeprefix("http://")
    with socket.create_connection((host.split(":")[0], int(host.split(":")[1]))) as client:
        head = (
            f"POST /gradio_api/upload HTTP/1.1\r\nHost: {host}\r\nContent-Length: 50000\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        )
        part = '--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        client.sendall((head + part).encode() + b"x" * 20_000)
        until(lambda: sorted(folder.iterdir()) != before)
    until(lambda: sorted(folder.iterdir()) == before)
    assert http.get("/health").status_code == 200


def test_a_request_that_stalls_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "SILENCE_S", 0.2)
    host = served.url.removeprefix("http://")
    with socket.create_connection((host.split(":")[0], int(host.split(":")[1]))) as client:
        client.sendall(
            f"POST /gradio_api/call/ground HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\r\n".encode()
        )
        assert client.recv(100).startswith(b"HTTP/1.1 408")


def test_a_full_disk_takes_no_picture(
    http: httpx.Client, blocks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MIN_FREE_BYTES", 1 << 80)
    answer = http.post("/gradio_api/upload", files={"files": ("a.png", blocks.read_bytes())})
    assert (answer.status_code, answer.json()["error"]) == (
        507,
        "The server’s disk is full: it can take no pictures.",
    )


def test_a_client_that_reads_nothing_holds_up_nobody(served: Served, blocks: Path) -> None:
    host = served.url.removeprefix("http://")
    idle = [
        socket.create_connection((host.split(":")[0], int(host.split(":")[1]))) for _ in range(20)
    ]
    for i, client in enumerate(idle):
        path = f"/gradio_api/heartbeat/slow{i}" if i % 2 else "/gradio_api/openapi.json"
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    with httpx.Client(base_url=served.url, timeout=60) as http:
        caller = Caller(http)
        path = caller.upload(blocks.read_bytes())
        kind, value = caller.call("ground", [file(path), "find red", None])
    for client in idle:
        client.close()
    assert kind == "complete"
    assert value[0]["turns"][0]["region"] == "R1"


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "/proc/self/environ",
        "app.py",
        "C:\\Windows\\win.ini",
        "\\\\evil.example\\share",
        "/etc/passwd%00.png",
    ],
)
@pytest.mark.parametrize("way", ["/gradio_api/file=", "/assets/", "/static/"])
def test_no_path_leads_out_of_the_page_files(http: httpx.Client, way: str, path: str) -> None:
    answer = http.get(httpx.URL(http.base_url, raw_path=(way + path).encode()))
    assert answer.status_code in (400, 403, 404), answer.text[:200]
    assert "root:" not in answer.text


def test_a_call_cannot_name_a_file_of_the_server(http: httpx.Client) -> None:
    for path in ("/etc/passwd", "../../etc/passwd", str(Path(__file__).resolve())):
        kind, _ = Caller(http).call("ground", [file(path), "find red", None])
        assert kind == "error"


def test_a_name_is_a_name_and_nothing_more(http: httpx.Client, blocks: Path) -> None:
    hostile = "../../<img src=x onerror=alert(1)>\u202e{{7*7}}.png"
    path = Caller(http).upload(blocks.read_bytes(), hostile)
    kind, value = Caller(http).call("ground", [file(path), "find red", None])
    assert kind == "complete"
    name = value[0]["picture"]["name"]
    assert "/" not in name
    assert "\u202e" not in name


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("POST", "/gradio_api/call/ground", b"{", id="broken JSON"),
        pytest.param("POST", "/gradio_api/call/ground", b"[" * 100_000, id="deep JSON"),
        pytest.param("POST", "/gradio_api/call/ground", b'{"data": 1}', id="another shape"),
        pytest.param("POST", "/gradio_api/call/nothing", b'{"data": []}', id="no such endpoint"),
        pytest.param("POST", "/gradio_api/call/v2/nothing", b"{}", id="no such endpoint by name"),
        pytest.param("POST", "/gradio_api/call/v2/ground", b'{"a": 1}', id="no such argument"),
        pytest.param("POST", "/gradio_api/run/ground", b'{"data": []}', id="past the queue"),
        pytest.param(
            "POST", "/gradio_api/queue/join", b'{"data": [], "fn_index": 999}', id="no such number"
        ),
        pytest.param(
            "POST", "/gradio_api/call/x", b'{"data": [], "fn_index": 3}', id="a number for a name"
        ),
        pytest.param("POST", "/gradio_api/upload", b"x", id="an upload without a form"),
        pytest.param("GET", "/gradio_api/queue/data", b"", id="no session named"),
        pytest.param("DELETE", "/config", b"", id="another method"),
    ],
)
def test_a_failure_is_a_sentence(http: httpx.Client, method: str, path: str, body: bytes) -> None:
    kind = {"content-type": "application/json"}
    answer = http.request(method, path, content=body, headers=kind)
    assert 400 <= answer.status_code < 500
    assert isinstance(answer.json().get("error", answer.json().get("detail")), str)
    assert "Traceback" not in answer.text


# In a browser


def test_the_page_works_and_breaks_no_rule(browser: Browser, served: Served, blocks: Path) -> None:
    with visit(browser, served.url) as page:  # a broken rule is an error on the console
        page.set_input_files("#upload input[type=file]", blocks)
        expect(page.locator("#canvas img")).to_be_visible()
        ask(page, "hostile <img src=x onerror=alert(1)> red")
        expect(page.locator('#canvas [data-object="R1.1"]')).to_be_visible()


def test_an_injected_handler_does_not_run(browser: Browser, served: Served) -> None:
    page = browser.new_page()
    page.goto(served.url)
    expect(page.locator("#examples button").first).to_be_visible()
    page.evaluate(
        """() => new Promise((refused) => {
          let left = 3; // the handler, the address and the script
          addEventListener("securitypolicyviolation", () => { left -= 1; if (!left) refused(); });
          const made = document.createElement("div");
          made.innerHTML = '<img src="data:," onerror="window.ran = 1"><a href="javascript:ran=1">x</a>';
          document.body.append(made);
          const script = document.createElement("script");
          script.textContent = "window.ran = 1";
          document.body.append(script);
          made.querySelector("a").click();
        })"""
    )
    assert page.evaluate("window.ran") is None
    page.close()


def test_a_person_logs_in(browser: Browser) -> None:
    with serving(accounts=accounts()) as server:
        page = browser.new_page()
        page.goto(server.url)
        page.get_by_label("User name").fill("ann")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_have_text("The user name or the password is wrong.")
        page.get_by_label("User name").fill("ann")
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#examples button").first).to_be_visible()
        page.close()


# What travels in a picture's place


def test_a_bomb_of_a_picture_is_refused_before_it_opens(http: httpx.Client) -> None:
    content = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(content, "PNG")
    assert len(content.getvalue()) < 200_000
    path = Caller(http).upload(content.getvalue())
    begun = http.post(
        "/gradio_api/call/ground", json={"data": [file(path), "find red", None]}
    ).json()["event_id"]
    told = http.get(f"/gradio_api/call/ground/{begun}").text
    assert "too large" in json.dumps(told)


def test_cookies_with_escapes_are_left_out() -> None:
    """Python goes over the whole of one for each escape, for seconds; the others are as they were."""
    odd = (b"cookie", b'a="' + b'\\"' * 20_000 + b'"; regionreasoner=x; b=1')
    scope = {"type": "http", "headers": [(b"host", b"\\"), odd]}
    kept = guard._with_plain_cookies(scope)["headers"]
    assert kept == [(b"host", b"\\"), (b"cookie", b" regionreasoner=x; b=1")]


def test_a_body_of_another_form_is_not_written_out_first(
    served: Served, http: httpx.Client
) -> None:
    assert served.page.app.exception_handlers[RequestValidationError] is wrong_form
    answer = http.post("/gradio_api/queue/join", json={"a": "b"})
    assert (answer.status_code, answer.json()["error"]) == (422, WRONG_FORM)
