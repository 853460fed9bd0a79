"""Accounts: the file, the hashes, the lock against guessing, and a server that answers to nobody else."""

from __future__ import annotations

import asyncio
import base64
import io
import stat
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AuthenticationError
from hypothesis import example, given
from hypothesis import strategies as st
from playwright.sync_api import Browser, expect
from starlette.routing import Route

import app
from demo import __main__ as commands
from demo.access.accounts import (
    LOCKED_S,
    Accounts,
    AccountsFile,
    Guesses,
    PasswordHash,
    read_accounts,
    save_account,
)
from demo.access.logins import COOKIE, IDLE_S, MAX_SECONDS, Logins
from demo.errors import InputError
from demo.web.serve import Served
from tests.support.served import CHEAP, PASSWORDS, accounts, logged_in, serving

# Passwords and hashes


@given(st.text(max_size=30), st.text(max_size=30))
@example("", "\0")
@example("secret", "secret\0\0")
def test_a_hash_fits_its_own_password_only(password: str, other: str) -> None:
    made = PasswordHash.of(password, CHEAP)
    assert PasswordHash.read(str(made)) == made
    assert made.matches(password)
    assert made.matches(other) == (password == other)


def test_equal_passwords_have_different_hashes() -> None:
    assert str(PasswordHash.of("a secret", CHEAP)) != str(PasswordHash.of("a secret", CHEAP))


def test_a_user_is_added_and_changed(tmp_path: Path) -> None:
    path = tmp_path / "users"
    assert save_account(path, "ann", "correct horse")
    assert save_account(path, "ben", "battery staple")
    assert not save_account(path, "ann", "another password")
    known = read_accounts(path)
    assert sorted(known.hashes) == ["ann", "ben"]
    assert known.check("ann", "another password")
    assert not known.check("ann", "correct horse")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "horse" not in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param("", "long enough", id="no name"),
        pytest.param("a:b", "long enough", id="a colon"),
        pytest.param("ann\nben", "long enough", id="two lines"),
        pytest.param("x" * 65, "long enough", id="too long a name"),
        pytest.param("ann", "short", id="too short a password"),
        pytest.param("ann", "x" * 2000, id="too long a password"),
    ],
)
def test_a_bad_name_or_password_writes_nothing(tmp_path: Path, name: str, password: str) -> None:
    with pytest.raises(InputError):
        save_account(tmp_path / "users", name, password)
    assert not (tmp_path / "users").exists()


HASH = str(PasswordHash.of("a password", CHEAP))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "no users", id="empty"),
        pytest.param(b"# nobody\n\n", "no users", id="comments only"),
        pytest.param(b"\xff\xfe\x00", "not text", id="binary"),
        pytest.param(b"ann:secret\n", "holds no password hash", id="a bare password"),
        pytest.param(b"ann\n", "holds no password hash", id="a name alone"),
        pytest.param(f"ann:{HASH}\nann:{HASH}\n".encode(), "Line 2 .* twice", id="a user twice"),
        pytest.param(f"a b:{HASH}\n".encode(), "user name", id="a bad name"),
        pytest.param(
            HASH.replace("scrypt$16$1", "ann:scrypt$1073741824$8").encode(),
            "too much memory",
            id="ruinous costs",
        ),
    ],
)
def test_a_bad_file_is_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "users"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says):
        read_accounts(path)


def test_the_app_ends_with_2_over_a_missing_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["--auth", str(tmp_path / "none")]) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err


def test_the_app_refuses_accounts_beside_mcp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_account(tmp_path / "users", "ann", "correct horse")
    monkeypatch.setenv("GRADIO_MCP_SERVER", "True")
    assert app.main(["--auth", str(tmp_path / "users")]) == 2
    assert "ask for no login" in capsys.readouterr().err


def test_the_command_takes_a_password_from_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "users"
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse\n"))
    assert commands.main(["user", "ann", str(path)]) == 0
    assert read_accounts(path).check("ann", "correct horse")
    assert "horse" not in capsys.readouterr().out


# Guessing


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_user_is_locked_from_everywhere_and_only_for_a_while() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    assert [guesses.begin("ann", f"10.0.0.{i}") for i in range(10)] == [0.0] * 10
    assert guesses.begin("ann", "10.0.1.1") == LOCKED_S
    assert guesses.begin("ben", "10.0.0.1") == 0
    clock.now += LOCKED_S + 1
    assert guesses.begin("ann", "10.0.1.1") == 0


def test_an_address_is_locked_for_all_users() -> None:
    guesses = Guesses(Clock())
    for i in range(30):
        assert guesses.begin(f"user{i}", "10.0.0.1") == 0
    assert guesses.begin("ann", "10.0.0.1") > 0
    assert guesses.begin("ann", "10.0.0.2") == 0


def test_right_passwords_lock_nobody() -> None:
    guesses = Guesses(Clock())
    for _ in range(100):
        assert guesses.begin("ann", "10.0.0.1") == 0
        guesses.confirm("ann", "10.0.0.1")
    assert len(guesses) == 0


def test_what_guessers_leave_behind_is_bounded() -> None:
    guesses = Guesses(Clock())
    for i in range(12_000):
        guesses.begin("x" * 1000 + str(i), f"10.{i >> 8}.{i & 255}")
    assert len(guesses) <= 10_000


def log_in(logins: Logins, name: str) -> str:
    # On a thread of its own: asyncio.run would take the main thread's loop away from Gradio.
    with ThreadPoolExecutor(1) as thread:
        work = logins.log_in(name, PASSWORDS[name], "10.0.0.1")
        token = thread.submit(asyncio.run, work).result()
    assert isinstance(token, str)
    return token


def test_a_token_ends_without_use_and_in_any_case() -> None:
    clock = Clock()
    logins = Logins(accounts(), clock)
    token = log_in(logins, "ann")
    for _ in range(int(MAX_SECONDS / (IDLE_S - 1))):
        clock.now += IDLE_S - 1
        assert logins.user_of(token) == "ann"
    clock.now += IDLE_S - 1
    assert logins.user_of(token) is None
    again = log_in(logins, "ann")
    clock.now += IDLE_S + 1
    assert logins.user_of(again) is None
    assert logins.user_of("made up") is None


# A server with accounts


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(accounts=accounts()) as server:
        yield server


@pytest.fixture
def nobody(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=60) as client:
        yield client


def every_address(routes: Iterable[object]) -> Iterator[tuple[str, str]]:
    """Each method and path that Gradio has a route for, with something in its gaps."""
    for route in routes:
        if isinstance(route, Route):
            path = route.path.replace("{path_or_url:path}", "/etc/passwd")
            while "{" in path:
                path = path[: path.index("{")] + "1" + path[path.index("}") + 1 :]
            yield from ((method, path) for method in sorted(route.methods or ()))
        else:
            yield from every_address(getattr(route, "original_router").routes)  # noqa: B009


def test_without_a_login_nothing_but_the_door_answers(served: Served, nobody: httpx.Client) -> None:
    addresses = list(every_address(served.page.app.routes))
    assert len(addresses) > 75
    assert ("POST", "/gradio_api/queue/join") in addresses
    open_to_all = {"/login", "/login/", "/gradio_api/startup-events"}
    for method, path in addresses:
        status = nobody.request(method, path).status_code
        assert status in (401, 404) or path in open_to_all, (method, path, status)
    assert nobody.get("/metrics").status_code == 401
    assert nobody.get("/health").json()["status"] == "ok"


def test_a_browser_is_led_to_the_login_page(nobody: httpx.Client) -> None:
    led = nobody.get("/", headers={"accept": "text/html"})
    assert (led.status_code, led.headers["location"]) == (303, "login")
    page = nobody.get("/login", headers={"accept": "text/html"})
    assert 'type="password"' in page.text
    wrong = nobody.post(
        "/login", data={"username": "<b>", "password": "no"}, headers={"accept": "text/html"}
    )
    assert wrong.status_code == 401
    assert "The user name or the password is wrong." in wrong.text
    assert "<b>" not in wrong.text


def test_a_login_opens_the_page_and_a_logout_closes_it(served: Served) -> None:
    with logged_in(served, "ann") as ann:
        cookie = next(c for c in ann.cookies.jar if c.name == COOKIE)
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "lax"
        assert ann.get("/config").json()["username"] == "ann"
        assert ann.get("/metrics").status_code == 200
        assert not cookie.secure
        token = cookie.value or ""
        ann.get("/logout")
        assert ann.get("/config", headers={"cookie": f"{COOKIE}={token}"}).status_code == 401


def test_a_person_sees_who_is_logged_in_and_logs_out(served: Served, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(served.url)
    page.fill("[name=username]", "ann")
    page.fill("[name=password]", PASSWORDS["ann"])
    page.keyboard.press("Enter")
    page.click("#show-kept")
    expect(page.locator(".kept-user")).to_have_text("Logged in as ann · Log out")
    page.click(".kept-user a")
    expect(page.locator("[name=password]")).to_be_visible()
    page.goto(served.url)
    expect(page.locator("[name=password]")).to_be_visible()
    page.close()


def test_behind_a_proxy_with_tls_the_cookie_is_for_tls_only(nobody: httpx.Client) -> None:
    answer = nobody.post(
        "/login",
        data={"username": "ann", "password": PASSWORDS["ann"]},
        headers={"x-forwarded-proto": "https"},
    )
    assert "; Secure" in answer.headers["set-cookie"]


def test_programs_log_in_as_they_do_with_gradio(served: Served) -> None:
    client = Client(served.url, auth=("ben", PASSWORDS["ben"]), verbose=False)
    assert "/ground" in client.view_api(return_format="dict")["named_endpoints"]
    with pytest.raises(AuthenticationError):
        Client(served.url, auth=("ben", "wrong"), verbose=False)


def test_figures_can_be_read_with_a_basic_header(served: Served, nobody: httpx.Client) -> None:
    def basic(password: str) -> dict[str, str]:
        written = base64.b64encode(f"ann:{password}".encode()).decode()
        return {"authorization": f"Basic {written}"}

    assert nobody.get("/metrics", headers=basic(PASSWORDS["ann"])).status_code == 200
    assert nobody.get("/metrics", headers=basic("wrong")).status_code == 401
    assert nobody.get("/metrics", headers={"authorization": "Basic %%"}).status_code == 401
    assert nobody.get("/config", headers=basic(PASSWORDS["ann"])).status_code == 401


def test_a_page_session_belongs_to_the_user_who_began_it(served: Served) -> None:
    body = {"data": [], "fn_index": 0, "session_hash": "anns-session"}
    with logged_in(served, "ann") as ann, logged_in(served, "ben") as ben:
        ann.post("/gradio_api/queue/join", json=body)
        for answer in (
            ben.post("/gradio_api/queue/join", json=body),
            ben.get("/gradio_api/queue/data", params={"session_hash": "anns-session"}),
            ben.get("/gradio_api/heartbeat/anns-session"),
        ):
            assert answer.status_code == 403
            assert answer.json()["error"] == "This page session belongs to somebody else."


def test_a_locked_user_stays_out_with_the_right_password() -> None:
    known = Accounts({"cat": PasswordHash.of("right password", CHEAP)})
    with serving(accounts=known) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        for _ in range(10):
            wrong = client.post("/login", data={"username": "cat", "password": "guess"})
            assert wrong.status_code == 401
        locked = client.post("/login", data={"username": "cat", "password": "right password"})
    assert locked.status_code == 429
    assert locked.json()["error"] == "Too many wrong passwords: try again in 15 minutes."
    assert 0 < int(locked.headers["retry-after"]) <= LOCKED_S + 1


# Users that change, and logging out


def test_who_is_removed_or_has_another_password_is_out_at_once(tmp_path: Path) -> None:
    path = tmp_path / "users"
    for name, password in PASSWORDS.items():
        save_account(path, name, password)
    with (
        serving(accounts=AccountsFile(path)) as server,
        logged_in(server, "ann") as ann,
        logged_in(server, "ben") as ben,
    ):
        save_account(path, "ann", "another password")
        assert [http.get("/config").status_code for http in (ann, ben)] == [401, 200]
        former = {"username": "ann", "password": PASSWORDS["ann"]}
        assert ann.post("/login", data=former).status_code == 401
        lines = path.read_text().splitlines()
        path.write_text("".join(f"{line}\n" for line in lines if not line.startswith("ben:")))
        assert ben.get("/config").status_code == 401
        path.write_text("half a li")  # an editor is writing
        assert ann.post("/login", data=former | {"password": "another password"}).is_success
        assert ann.get("/config").status_code == 200


def test_a_stream_ends_when_its_user_is_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_HEARTBEAT_INTERVAL", "0.1")
    path = tmp_path / "users"
    for name, password in PASSWORDS.items():
        save_account(path, name, password)
    with serving(accounts=AccountsFile(path)) as server, logged_in(server, "ann") as ann:
        for act in (lambda: ann.get("/logout"), lambda: save_account(path, "ann", "x" * 9)):
            with ann.stream("GET", "/gradio_api/heartbeat/anns") as stream:
                lines = stream.iter_lines()
                assert next(lines) == "data: ALIVE"
                act()
                assert set(lines) <= {"data: ALIVE", ""}  # it ends
            login = {"username": "ann", "password": PASSWORDS["ann"]}
            ann.post("/login", data=login)


@pytest.mark.parametrize(
    ("method", "headers", "is_out"),
    [
        pytest.param("GET", {}, True, id="a program"),
        pytest.param("GET", {"sec-fetch-site": "same-origin"}, True, id="the page's own link"),
        pytest.param(
            "GET",
            {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
            False,
            id="a link elsewhere",
        ),
        pytest.param(
            "GET",
            {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"},
            False,
            id="a link on another port",
        ),
        pytest.param("GET", {"user-agent": "Mozilla/5.0"}, False, id="a browser without TLS"),
        pytest.param("HEAD", {"user-agent": "Mozilla/5.0"}, False, id="another method"),
        pytest.param("POST", {"user-agent": "Mozilla/5.0"}, True, id="the page that asks"),
        pytest.param("POST", {"origin": "http://evil.example"}, False, id="a form elsewhere"),
        pytest.param("POST", {"origin": "null"}, False, id="a form in a frame"),
    ],
)
def test_nobody_is_logged_out_from_elsewhere(
    served: Served, method: str, headers: dict[str, str], is_out: bool
) -> None:
    with logged_in(served, "ann") as ann:
        ann.request(method, "/logout", headers=headers)
        assert ann.get("/config").status_code == (401 if is_out else 200)


def test_a_browser_without_tls_is_asked_before_it_is_logged_out(served: Served) -> None:
    with logged_in(served, "ann") as ann:
        page = ann.get("/logout", headers={"user-agent": "Mozilla/5.0"})
        assert '<form method="post" action="logout">' in page.text


def test_over_tls_a_browser_s_login_is_this_host_s_alone(nobody: httpx.Client) -> None:
    browser = {
        "x-forwarded-proto": "https",
        "sec-fetch-site": "same-origin",
        "accept": "text/html",
    }
    login = {"username": "ann", "password": PASSWORDS["ann"]}
    sent = nobody.post("/login", data=login, headers=browser).headers["set-cookie"]
    name, _, token = sent.partition(";")[0].partition("=")
    assert name == f"__Host-{COOKIE}"
    for planted, status in ((name, 200), (COOKIE, 401)):
        cookie = {"cookie": f"{planted}={token}"}
        assert nobody.get("/config", headers=browser | cookie).status_code == status


@pytest.mark.parametrize(
    "form",
    [
        pytest.param("&".join(f"a{i}=1" for i in range(11)), id="eleven fields"),
        pytest.param("&" * 5_000, id="nothing but separators"),
        pytest.param("username=%ff&password=%00", id="no text"),
        pytest.param("username=" + "%41" * 3_000, id="a long name"),
    ],
)
def test_a_form_that_is_none_of_ours_is_refused(nobody: httpx.Client, form: str) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = nobody.post("/login", content=form, headers=kind)
    assert 400 <= answer.status_code < 500
    assert isinstance(answer.json()["error"], str)
