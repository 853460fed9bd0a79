"""Addresses as people paste them, and the proxies of their environment."""

from __future__ import annotations

import socket
import ssl
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from PIL import Image

from demo.__main__ import main
from demo.errors import ModelError, OptionError
from demo.machine.proxies import on_this_machine, proxy_for
from demo.picture.picture import Picture
from demo.remote.address import read_address
from demo.remote.reasoner import connect
from tests import ROOT
from tests.conftest import free_port
from tests.support.asking import PATIENT, SECRET, ask, connected
from tests.support.hostile import Asked, Hostile, Script, answer, failure, listing, response

pytestmark = pytest.mark.usefixtures("environment")
API = ("http://gpu:8000/v1",)
CERTIFICATE = ROOT / "tests" / "support" / "localhost.pem"
EITHER = ("http://gpu:8000/v1", "http://gpu:8000")


@pytest.mark.parametrize(
    ("url", "bases"),
    [
        pytest.param("http://gpu:8000", EITHER, id="bare"),
        pytest.param(" http://gpu:8000/ ", EITHER, id="slash"),
        pytest.param("gpu:8000", EITHER, id="no scheme"),
        pytest.param("gpu:8000/v1/", API, id="no scheme but a path"),
        pytest.param("HTTP://gpu:8000/v1", API, id="capitals"),
        pytest.param("http:/gpu:8000/v1", API, id="a slash forgotten"),
        pytest.param("“http://gpu:8000/v1”\n", API, id="quotes"),
        pytest.param("(http://gpu:8000/v1).", API, id="out of a sentence"),
        pytest.param("OPENAI_BASE_URL=http://gpu:8000/v1", API, id="a variable"),
        pytest.param("curl http://gpu:8000/v1/models -v", API, id="a command"),
        pytest.param("Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)",
                     ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000"), id="a line of a log"),
        pytest.param("8000", ("http://localhost:8000/v1", "http://localhost:8000"), id="a port"),
        pytest.param(":8000/v1", ("http://localhost:8000/v1",), id="a port and a path"),
        pytest.param("<http://gpu:8000/v1>", API, id="angles"),
        pytest.param("http://gpu:8000//v1//", API, id="many slashes"),
        pytest.param("http://gpu:8000/v1/models", API, id="models"),
        pytest.param("http://gpu:8000/v1/models/some/model", API, id="one model"),
        pytest.param("http://gpu:8000/v1/completions/", API, id="completions"),
        pytest.param("http://gpu:8000/v1/chat/completions", API, id="chat"),
        pytest.param("http://gpu:8000/v1/responses", API, id="responses"),
        pytest.param("http://gpu:8000/docs#/default", EITHER, id="the page about it"),
        pytest.param("http://gpu:8000/health", EITHER, id="its health"),
        pytest.param("http://gpu:8000/api/chat", EITHER, id="Ollama's chat"),
        pytest.param("http://gpu:8000/api/tags", EITHER, id="Ollama's list"),
        pytest.param("http://gpu:8000/api/v0/models", EITHER, id="LM Studio's list"),
        pytest.param("http://gpu:8000/api", ("http://gpu:8000/api/v1", "http://gpu:8000/api", *API),
                     id="Ollama's or Open WebUI's"),
        pytest.param("https://openrouter.ai/api/v1",
                     ("https://openrouter.ai/api/v1", "https://openrouter.ai/v1"), id="OpenRouter's"),
        pytest.param("openrouter.ai/v1", ("https://openrouter.ai/v1",), id="a public name alone"),
        pytest.param("http://x.org/some/prefix/v1", ("http://x.org/some/prefix/v1",), id="a prefix"),
        pytest.param("0.0.0.0:8000/v1", ("http://127.0.0.1:8000/v1",), id="where it listens"),
        pytest.param("http://[::]:8000/v1", ("http://[::1]:8000/v1",), id="where it listens, IPv6"),
        pytest.param("[::1]:8000", ("http://[::1]:8000/v1", "http://[::1]:8000"), id="IPv6"),
        pytest.param("http://[fe80::1%eth0]:8000/v1", ("http://[fe80::1%eth0]:8000/v1",), id="zone"),
    ],
)  # fmt: skip
def test_an_address_is_made_whole(url: str, bases: tuple[str, ...]) -> None:
    assert read_address(url).bases == bases


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("ftp://gpu", id="another scheme"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("http://", id="no host"),
        pytest.param("http://gpu:port", id="no port"),
        pytest.param("http://::1:8000", id="no brackets"),
        pytest.param("http://gpu\r\nX-Evil: 1", id="line breaks"),
        pytest.param("http://gpu 8000", id="a space"),
        pytest.param(f"http://me:{SECRET}@gpu:8000", id="a password"),
        pytest.param(f"me:{SECRET}@gpu", id="a password without a scheme"),
        pytest.param(f"http://gpu/v1?key={SECRET}", id="a key in the query"),
        pytest.param(f"http://gpu/v1?api-version=1&key={SECRET}", id="a key after a version"),
        pytest.param("", id="nothing"),
    ],
)
def test_an_address_that_is_none_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_address(url)
    assert SECRET not in str(caught.value)
    assert "--server" in str(caught.value)


class Slashed(Hostile):
    """Answers under addresses that end with a slash only, and sends all others there."""

    def _script(self, request: Asked) -> Script:
        path = request.path
        if path.endswith("/"):
            return super()._script(replace(request, path=path.rstrip("/")))
        return [response("", 307, location=f"{path}/")]


def test_a_slash_more_is_followed(picture: Picture) -> None:
    with Slashed(answer("yes")) as server, connected(server) as reasoner:
        assert ask(reasoner, picture)[0] == "yes"
        assert "messages" in server.asked[0].body


@pytest.mark.parametrize("file", ["/nothing", __file__])
def test_certificates_that_cannot_be_read_are_left_out(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", file)
    assert main(["ground", "nothing.png", "find it", "--server", "https://127.0.0.1:9"]) == 2
    assert (
        f"No certificates can be read from {file}, which SSL_CERT_FILE" in capsys.readouterr().err
    )
    httpx.Client().close()  # every client can be made


class Secure(Hostile):
    """Speaks TLS, with a certificate for localhost that it signed itself."""

    def _serve(self, connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        with connection, suppress(OSError):
            super()._serve(context.wrap_socket(connection, server_side=True))


@pytest.mark.parametrize(
    ("url", "trusted", "says"),
    [
        pytest.param("https://localhost", False, "is not trusted here: self-signed certificate. If "
                     "it is your own", id="signed by itself"),
        pytest.param("https://127.0.0.1", True, "not trusted here: IP address mismatch", id="a name"),
        pytest.param("http://localhost", True, "Check whether its address begins with http:// or https://",
                     id="asked without"),
    ],
)  # fmt: skip
def test_a_certificate_that_is_not_trusted_is_said(
    url: str, trusted: bool, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with Secure(answer("yes")) as server, pytest.raises(ModelError) as caught:
        connect(f"{url}:{server.host.rpartition(':')[2]}", "auto", PATIENT)
    assert says in str(caught.value)


def test_a_certificate_of_ones_own_can_be_trusted(
    picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with Secure(answer("yes")) as server:
        url = f"https://localhost:{server.host.rpartition(':')[2]}"
        with connected(url) as reasoner:
            assert ask(reasoner, picture)[0] == "yes"


def test_a_version_in_the_query_goes_with_every_request(
    picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with Hostile(answer("yes"), models=[failure(404)]) as server:
        url = f"{server.url}/openai/v1/chat/completions?api-version=2024-10-21"
        with connected(url, model="mine") as reasoner:
            assert ask(reasoner, picture)[0] == "yes"
    [asked] = server.asked
    assert asked.path == "/openai/v1/chat/completions?api-version=2024-10-21"
    assert asked.headers["api-key"] == SECRET


class Below(Hostile):
    """A server that has its API below one path only."""

    def __init__(self, path: str) -> None:
        super().__init__(answer("yes"), [failure(404, "Not Found")])
        self.path = path

    def _script(self, request):  # type: ignore[no-untyped-def]
        if not request.path.startswith(f"{self.path}/"):
            return [failure(404, "Not Found")]
        return super()._script(request)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        pytest.param("", "/v1", id="the usual"),
        pytest.param("", "", id="at the root"),
        pytest.param("/api", "/v1", id="Ollama's own"),
        pytest.param("/api", "/api", id="Open WebUI's"),
        pytest.param("/api/v1", "/v1", id="LM Studio's own"),
        pytest.param("/api/paas/v4", "/api/paas/v4", id="another version"),
    ],
)
@pytest.mark.parametrize("lists", [True, False], ids=["lists", "has no list"])
def test_the_address_is_found_below_what_was_given(
    given: str, path: str, lists: bool, picture: Picture
) -> None:
    with Below(path) as server:
        server.models = [listing("mine") if lists else failure(404)]
        with connected(server.url + given, model="mine") as reasoner:
            assert ask(reasoner, picture)[0] == "yes"


def test_a_model_that_nobody_knows_is_said_once_all_addresses_are_tried(picture: Picture) -> None:
    with (
        Hostile([failure(404, "No model `mine`")], models=[failure(404)]) as server,
        connected(server, model="mine") as reasoner,
    ):
        with pytest.raises(
            ModelError, match="knows no model mine at this address: No model `mine`"
        ):
            ask(reasoner, picture)
        assert [asked.path for asked in server.asked] == [
            "/v1/chat/completions",
            "/chat/completions",
        ]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.8.9.10", "localhost", "LOCALHOST.", "gpu.localhost", "0.0.0.0", "::1", "[::1]",
     "::ffff:127.0.0.1", socket.gethostname()],
)  # fmt: skip
def test_this_machine_is_known_by_its_names(host: str) -> None:
    assert on_this_machine(host)


@pytest.mark.parametrize(
    "host", ["gpu", "10.0.0.1", "localhost.example.org", "128.0.0.1", "::2", ""]
)
def test_another_machine_is_not_this_one(host: str) -> None:
    assert not on_this_machine(host)


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "socks://127.0.0.1:9/"]
)
def test_a_server_on_this_machine_is_asked_without_a_proxy(
    variable: str, proxy: str, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, proxy)
    with Hostile(answer("yes")) as server, connected(server) as reasoner:
        assert ask(reasoner, picture)[0] == "yes"


@pytest.mark.parametrize(
    ("excepted", "goes_round"),
    [
        pytest.param("*", True, id="all"),
        pytest.param("gpu.example.org", True, id="its name"),
        pytest.param("a, EXAMPLE.org", True, id="what its name ends with"),
        pytest.param(".example.org", True, id="with a dot"),
        pytest.param("*.example.org", True, id="with a star"),
        pytest.param("gpu.example.org:8000", True, id="with its port"),
        pytest.param("gpu.example.org:80", False, id="with another port"),
        pytest.param("ample.org", False, id="half a name"),
        pytest.param("localhost,127.0.0.1", False, id="others"),
        pytest.param("10.0.0.0/8", False, id="a network"),
        pytest.param(" , ", False, id="nothing"),
    ],
)
@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
def test_exceptions_from_the_proxy_hold(
    variable: str, excepted: str, goes_round: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv(variable, excepted)
    assert (proxy_for("http://gpu.example.org:8000/v1") is None) == goes_round


@pytest.mark.parametrize(
    ("excepted", "url", "goes_round"),
    [
        pytest.param("10.0.0.0/8", "http://10.1.2.3:8000/v1", True, id="a network"),
        pytest.param("10.0.0.0/8", "http://11.1.2.3:8000/v1", False, id="another network"),
        pytest.param("10.1.2.3", "http://10.1.2.3/v1", True, id="a number"),
        pytest.param("fd00::/8", "http://[fd00::1]:8000/v1", True, id="a network, IPv6"),
        pytest.param("[fd00::1]:8000", "http://[fd00::1]:8000/v1", True, id="a number, IPv6"),
    ],
)
def test_numbers_are_excepted_from_the_proxy(
    excepted: str, url: str, goes_round: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", "proxy:3128")
    monkeypatch.setenv("no_proxy", excepted)
    assert (proxy_for(url) is None) == goes_round


def test_another_machine_is_asked_through_the_proxy(
    picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Hostile(answer("yes")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:{SECRET}@{proxy.host}")
        with connected("http://gpu.test:8000") as reasoner:
            assert ask(reasoner, picture)[0] == "yes"
            assert reasoner.device == "server gpu.test:8000"
    assert proxy.asked[0].path == "http://gpu.test:8000/v1/chat/completions"
    assert proxy.asked[0].headers["proxy-authorization"].startswith("Basic ")


PAGE = response("<html>Squid</html>", 403, "text/html")


@pytest.mark.parametrize(
    ("said", "url", "says"),
    [
        pytest.param(failure(407), "http://gpu.test", "it answers 407", id="wants a password"),
        pytest.param(failure(502), "http://gpu.test", "it answers 502", id="does not reach it"),
        pytest.param(failure(503, "Dead"), "http://gpu.test", "it answers 503: Dead", id="503"),
        pytest.param(failure(504), "http://gpu.test", "it answers 504", id="504"),
        pytest.param(PAGE, "http://gpu.test", "it answers 403", id="a page of its own"),
        pytest.param(failure(407), "https://gpu.test", "407", id="wants a password, encrypted"),
        pytest.param(b"", "https://gpu.test", "may be the cause", id="breaks, encrypted"),
    ],
)
@pytest.mark.parametrize("model", ["auto", "mine"])
def test_a_proxy_that_refuses_is_named(
    said: bytes, url: str, says: str, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Hostile([said], models=[said]) as proxy:
        monkeypatch.setenv("all_proxy", f"http://me:{SECRET}@{proxy.host}/")
        through = (
            f"The server at gpu.test cannot be reached through the proxy {proxy.host} (all_proxy): "
        )
        with pytest.raises(ModelError) as caught:
            connect(url, model, PATIENT)
    told = str(caught.value)
    assert says in told
    assert SECRET not in told
    if said:
        assert told.startswith(through)
        assert told.endswith("Check the proxy, or put the server’s host into no_proxy.")


def test_a_proxy_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("http_proxy", f"http://me:{SECRET}@127.0.0.1:{port}")
    with pytest.raises(ModelError) as caught:
        connect("http://gpu.test:8000/v1", "mine", PATIENT)
    assert f"the proxy 127.0.0.1:{port} (http_proxy): the proxy does not answer" in str(
        caught.value
    )
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        pytest.param("socks5://{}", "SOCKS needs the package socksio", id="SOCKS"),
        pytest.param("socks5h://{}", "SOCKS needs the package socksio", id="SOCKS with names"),
        pytest.param("socks://{}/", "SOCKS needs the package socksio", id="SOCKS of any kind"),
        pytest.param("socks4://{}", "socks4:// is a kind that is not known", id="an older SOCKS"),
        pytest.param("quic://{}", "quic:// is a kind that is not known", id="another one"),
        pytest.param("http://", "it names no host", id="nobody"),
        pytest.param("http://[::1", "it is no address", id="half a number"),
        pytest.param("http://proxy:99999", "it is no address", id="no port"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_a_sentence(
    proxy: str, says: str, picture: Picture, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The command goes on without it; who connects without having settled the proxies is refused."""
    monkeypatch.setitem(sys.modules, "socksio", None)  # as where it is not installed
    monkeypatch.setenv("ALL_PROXY", proxy.format(f"me:{SECRET}@127.0.0.1:9"))
    path = str(tmp_path / "picture.png")
    Image.fromarray(picture.pixels).save(path)
    command = ["ground", path, "find it", "--server", "http://gpu.test:8000/v1", "--model", "mine"]
    with pytest.raises(OptionError, match=f"ALL_PROXY cannot be used: {says}"):
        connect("http://gpu.test:8000/v1", "mine")
    assert main([*command, "--segmenter", "none"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("The proxy in all_proxy cannot be used: ")
    assert f"{says}" in said
    assert "No server answers at gpu.test:8000." in said
    assert SECRET not in said
