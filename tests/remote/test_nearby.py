"""Servers that run already: found where they usually are, and whatever else may listen there."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

import pytest

from demo.errors import DemoError, ModelError, OptionError
from demo.remote.address import read_address
from demo.remote.nearby import FoundServer, Nearby, find_servers, usual_addresses
from tests.conftest import free_port
from tests.support.asking import SECRET
from tests.support.hostile import (
    RESET,
    STALL,
    Asked,
    Hostile,
    Script,
    failure,
    forever,
    listing,
    response,
)
from tests.support.model_servers import (
    ModelServer,
    Raw,
    kobold,
    llama_cpp,
    lm_studio,
    lm_studio_v1,
    ollama,
    openai_list,
    sglang,
)

pytestmark = pytest.mark.usefixtures("environment")
LONG_S = 30.0  # where a test is not about the time


def found_on(server: ModelServer, within_s: float = LONG_S) -> FoundServer:
    [found] = find_servers([server.address], within_s)
    return found


def told(found: FoundServer) -> list[tuple[str, bool | None]]:
    return [(model.id, model.sees) for model in found.models]


# Where servers may be --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("1.2.3.4", "http://1.2.3.4:11434/v1"),
        (":1234", "http://127.0.0.1:1234/v1"),
        ("1.2.3.4:1234", "http://1.2.3.4:1234/v1"),
        ("example.com", "http://example.com:11434/v1"),
        ("example.com:1234", "http://example.com:1234/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:11434", "http://127.0.0.1:11434/v1"),
        (":66000", "http://127.0.0.1:11434/v1"),
        (":-1", "http://127.0.0.1:11434/v1"),
        ("[::1]", "http://[::1]:11434/v1"),
        ("[::]", "http://[::1]:11434/v1"),
        ("::1", "http://[::1]:11434/v1"),
        ("[::1]:1337", "http://[::1]:1337/v1"),
        (" 1.2.3.4 ", "http://1.2.3.4:11434/v1"),
        ("'1.2.3.4'", "http://1.2.3.4:11434/v1"),
        (' " 1.2.3.4 " ', "http://1.2.3.4:11434/v1"),
        ("http://1.2.3.4", "http://1.2.3.4:80/v1"),
        ("http://1.2.3.4:4321", "http://1.2.3.4:4321/v1"),
        ("https://1.2.3.4", "https://1.2.3.4:443/v1"),
        ("https://1.2.3.4:4321", "https://1.2.3.4:4321/v1"),
        ("https://example.com/ollama", "https://example.com:443/ollama/v1"),
    ],
)
def test_ollama_is_asked_where_its_own_variable_says(written: str, address: str) -> None:
    """By the cases of Ollama's own test of that variable."""
    first = usual_addresses({"OLLAMA_HOST": written})[0]
    assert (first.bases[0], first.is_trusted) == (address, False)


@pytest.mark.parametrize(
    ("environment", "address", "is_trusted"),
    [
        ({"OPENAI_BASE_URL": "https://gpu.example/v1"}, "https://gpu.example/v1", True),
        ({"OPENAI_API_BASE": "http://localhost:9000"}, "http://localhost:9000/v1", True),
        ({"LLAMA_ARG_PORT": "9001"}, "http://127.0.0.1:9001/v1", False),
        ({"LLAMA_ARG_HOST": "0.0.0.0"}, "http://127.0.0.1:8080/v1", False),
        ({"LLAMA_ARG_HOST": "gpu", "LLAMA_ARG_PORT": "9001"}, "http://gpu:9001/v1", False),
    ],
)
def test_what_the_environment_names_comes_first(
    environment: Mapping[str, str], address: str, is_trusted: bool
) -> None:
    first = usual_addresses(environment)[0]
    assert (first.bases[0], first.is_trusted) == (address, is_trusted)


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"OLLAMA_HOST": " ", "OPENAI_BASE_URL": ""}, id="empty ones"),
        pytest.param({"OLLAMA_HOST": "user:word@host", "OPENAI_BASE_URL": "?"}, id="useless ones"),
        pytest.param({"OLLAMA_HOST": "127.0.0.1"}, id="one that is there anyway"),
    ],
)
def test_else_only_this_machine_is_asked_and_without_a_key(environment: Mapping[str, str]) -> None:
    addresses = usual_addresses(environment)
    hosts = {address.host.rpartition(":")[0] for address in addresses}
    ports = {int(address.host.rpartition(":")[2]) for address in addresses}
    assert hosts == {"127.0.0.1", "[::1]"}
    assert {11434, 1234, 8080, 8000, 30000} <= ports
    assert len(addresses) == 2 * len(ports)
    assert not any(address.is_trusted for address in addresses)


# What they say --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "name", "models"),
    [
        pytest.param(
            ollama(llama3_2__3b=["completion", "tools"], qwen2_5vl__7b=["completion", "vision"],
                   gemma3__4b=["completion", "vision"], nomic__v1=["embedding"]),
            "Ollama", [("qwen2.5vl:7b", True), ("gemma3:4b", True)],
            id="Ollama",
        ),
        pytest.param(
            ollama(llama3_2__3b=None, qwen2_5vl__7b=None),
            "Ollama", [("qwen2.5vl:7b", True), ("llama3.2:3b", None)],
            id="an Ollama that does not say",
        ),
        pytest.param(
            lm_studio(meta__llama=  "llm", qwen__qwen2_5_vl=  "vlm", nomic__text= "embeddings"),
            "LM Studio", [("qwen/qwen2.5.vl", True)],
            id="LM Studio",
        ),
        pytest.param(
            lm_studio_v1(meta__llama=False, google__gemma=True),
            "LM Studio", [("google/gemma", True)],
            id="LM Studio's newer list",
        ),
        pytest.param(
            llama_cpp("/models/some.gguf", vision=True),
            "llama.cpp", [("/models/some.gguf", True)],
            id="llama.cpp",
        ),
        pytest.param(
            llama_cpp("/models/Qwen2.5-VL-7B.gguf", vision=False),
            "llama.cpp", [],
            id="llama.cpp without its mmproj",
        ),
        pytest.param(
            {"/v1/models": openai_list("vllm", "lmsdss/RegionReasoner-7B")},
            "vLLM", [("lmsdss/RegionReasoner-7B", True)],
            id="vLLM, by the name",
        ),
        pytest.param(
            {"/v1/models": openai_list("vllm", "someone/something")},
            "vLLM", [("someone/something", None)],
            id="vLLM with a name that says nothing",
        ),
        pytest.param(
            sglang("someone/something", vision=True),
            "SGLang", [("someone/something", True)],
            id="SGLang",
        ),
        pytest.param(sglang("someone/something", vision=False), "SGLang", [], id="SGLang for text"),
        pytest.param(
            {"/v1/models": openai_list("sglang", "someone/something")},
            "SGLang", [("someone/something", None)],
            id="an SGLang that does not say",
        ),
        pytest.param(
            kobold("koboldcpp/gemma", vision=True),
            "KoboldCpp", [("koboldcpp/gemma", True)],
            id="KoboldCpp",
        ),
        pytest.param(
            {"/v1/models": openai_list(None, "whisper-1", "local/nano")},
            "", [("local/nano", True)],
            id="any other",
        ),
        pytest.param({"/v1/models": openai_list("library")}, "", [], id="one without models"),
        pytest.param(
            {"/v1/models": openai_list("library", "qwen2.5vl:7b"),
             "/api/tags": {"models": [{"digest": 1}, 2]}, "/api/show": {"qwen2.5vl:7b": [3]},
             "/api/v0/models": [4], "/api/v1/models": {"models": "5"}},
            "Ollama", [("qwen2.5vl:7b", True)],
            id="nonsense beside the list",
        ),
    ],
)  # fmt: skip
def test_each_kind_is_known_and_asked_which_models_see(
    says: Mapping[str, object], name: str, models: list[tuple[str, bool | None]]
) -> None:
    with ModelServer(says) as server:
        found, host = found_on(server), server.host
    assert (found.name, told(found)) == (name, models)
    assert found.place == f"{name or 'the server'} at {host}"


def test_all_are_asked_at_once_and_told_in_order() -> None:
    """Each waits for the other, so that one after the other none would be found."""
    both = threading.Barrier(2)

    class Waiting(ModelServer):
        def _serve(self, connection: socket.socket) -> None:
            if not self.seen:
                both.wait(LONG_S)
            super()._serve(connection)

    names = ["a-vl", "b-vl"]
    with ExitStack() as stack:
        servers = [
            stack.enter_context(Waiting({"/v1/models": openai_list("vllm", name)}))
            for name in names
        ]
        found = find_servers([server.address for server in servers], LONG_S)
    assert [server.models[0].id for server in found] == names


def test_one_server_is_there_once_by_whatever_name() -> None:
    with ModelServer({"/v1/models": openai_list("vllm", "qwen2.5-vl-7b")}) as server:
        port = server.host.rpartition(":")[2]
        places = [f"127.0.0.1:{port}", f"localhost:{port}"]
        found = find_servers([read_address(place) for place in places], LONG_S)
    assert [server.address.host for server in found] == places[:1]


def test_a_key_goes_only_where_a_person_sends_it() -> None:
    os.environ["OPENAI_API_KEY"] = SECRET
    with ModelServer(ollama(qwen2_5vl=["completion", "vision"])) as server:
        find_servers([replace(server.address, is_trusted=False)], LONG_S)
        assert len(server.seen) > 1
        assert not any("authorization" in request.headers for request in server.seen)
        del server.seen[:]
        find_servers([server.address], LONG_S)
        assert {r.headers["authorization"] for r in server.seen} == {f"Bearer {SECRET}"}


def test_a_proxy_is_not_asked_for_this_machine() -> None:
    for name in ("http_proxy", "all_proxy"):
        os.environ[name] = "http://127.0.0.1:9"
    with ModelServer({"/v1/models": openai_list("vllm", "qwen2.5-vl-7b")}) as server:
        assert found_on(server).name == "vLLM"


# What else may listen there -----------------------------------------------------------------------


def elsewhere(other: Hostile) -> bytes:
    return failure(307, location=f"{other.url}/v1/models")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([STALL], id="one that hangs"),
        pytest.param([response("", kind="application/json"), STALL], id="one that hangs in the middle"),
        pytest.param([RESET], id="one that breaks off"),
        pytest.param([], id="one that says nothing"),
        pytest.param([b"220 mail.example ESMTP\r\n"], id="mail"),
        pytest.param([b"SSH-2.0-OpenSSH_9.6\r\n"], id="a shell"),
        pytest.param([bytes(range(256)) * 4], id="noise"),
        pytest.param([response("<!doctype html><title>Hi</title>", kind="text/html")], id="a page"),
        pytest.param([failure(401)], id="one that wants a key"),
        pytest.param([failure(404)], id="another API"),
        pytest.param([failure(500)], id="one that fails"),
        pytest.param([response("null")], id="nothing"),
        pytest.param([response("[[[[1]]]]")], id="JSON of something else"),
        pytest.param([response("[" * 100_000)], id="JSON without a floor"),
        pytest.param([response('{"data": [' + "9" * 5000 + "]}")], id="a number without an end"),
        pytest.param([response(json.dumps({"data": {"id": 1}}))], id="data in another form"),
        pytest.param([response("{}", content_encoding="zstd-of-its-own")], id="another encoding"),
        pytest.param(forever(b"[" * 65_536), id="gigabytes"),
        pytest.param([b"HTTP/1.1 200 OK\r\n", *[b"x-more: 1\r\n"] * 100_000], id="endless headers"),
    ],
)  # fmt: skip
def test_what_is_no_model_server_does_no_harm(script: Script) -> None:
    """A server beside it is found."""
    with (
        ModelServer({"/v1/models": Raw(script)}) as other,
        ModelServer({"/v1/models": openai_list("vllm", "qwen2.5-vl-7b")}) as server,
    ):
        addresses = [read_address(f"{each.url}/v1") for each in (other, server)]
        found = find_servers(addresses, 2.0)
        assert [(each.name, each.address.host) for each in found] == [("vLLM", server.host)]


def test_nobody_is_sent_to_another_place() -> None:
    with ModelServer({"/v1/models": openai_list("vllm", "secret-vl")}) as target:
        onward = Raw([elsewhere(target)])
        with ModelServer({"/v1/models": onward}) as server:
            assert find_servers([server.address], LONG_S) == ()
            assert [request.path for request in server.seen] == ["/v1/models", "/models"]
        assert target.seen == []


def test_what_does_not_answer_costs_the_time_and_no_more() -> None:
    """Nothing would ever end if anybody waited for these."""
    with ExitStack() as stack:
        silent = [stack.enter_context(ModelServer({"/v1/models": Raw([STALL])})) for _ in range(3)]
        assert find_servers([server.address for server in silent], 0.2) == ()
        for server in silent:  # and they are left
            assert server.left.acquire(timeout=LONG_S)


def test_details_that_do_not_come_leave_the_list() -> None:
    says = ollama(qwen2_5vl__7b=["completion", "vision"], llama3=["completion"])
    says["/api/show"] = {"qwen2.5vl:7b": Raw([STALL]), "llama3": {"capabilities": ["completion"]}}
    with ModelServer(says) as server:
        assert told(found_on(server, 2.0)) == [("qwen2.5vl:7b", True)]


# Again and again ----------------------------------------------------------------------------------


def test_what_was_found_stays_until_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    with ModelServer({"/v1/models": openai_list("vllm", "qwen2.5-vl-7b")}) as server:
        nearby = Nearby([server.address])
        assert (nearby.found, nearby.is_looking) == ((), False)
        nearby.look()
        [found] = nearby.wait()
        assert (found.name, nearby.is_looking) == ("vLLM", False)
        nearby.look()  # too soon
        assert nearby.wait() == (found,)
        assert len(server.seen) == 1
    assert nearby.found == (found,)
    monkeypatch.setattr("demo.remote.nearby.FRESH_S", 0)
    nearby.look()
    assert nearby.wait() == ()


def test_a_server_that_was_typed_is_looked_at_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.remote.nearby.FRESH_S", 0)
    nearby = Nearby([])
    with ModelServer({"/v1/models": openai_list("vllm", "qwen2.5-vl-7b")}) as server:
        assert nearby.ask(f" {server.host}/v1/models ").models[0].id == "qwen2.5-vl-7b"
        assert len(nearby.found) == 1
        nearby.look()
        assert len(nearby.wait()) == 1


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        pytest.param(
            llama_cpp("llama.gguf", vision=False),
            "llama.cpp at {} has no model that takes pictures. Load one there, then try again.",
            id="one for text",
        ),
        pytest.param(
            {"/v1/models": Raw([response("<html>", kind="text/html")])},
            "A web page is at {}, not an OpenAI-compatible server.",
            id="a page",
        ),
        pytest.param(
            {"/v1/models": Raw([failure(401)])},
            "The server at {} requires a key. Set OPENAI_API_KEY",
            id="one that wants a key",
        ),
        pytest.param({}, "The server at {} does not list its models (404).", id="another API"),
    ],
)
def test_a_server_that_is_of_no_use_is_said(says: Mapping[str, object], sentence: str) -> None:
    nearby = Nearby([])
    with (
        ModelServer(says) as server,
        pytest.raises(DemoError, match=f"^{re.escape(sentence.format(server.host))}"),
    ):
        nearby.ask(server.host)
    assert nearby.found == ()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("no address", "This field takes an address such as http://localhost:8000/v1."),
        ("http://me:word@a.example", "The address for this field may not contain a user name"),
        ("http://a.example?key=word", "The address for this field must end before any ? or #"),
    ],
)
def test_what_is_no_address_is_said(typed: str, sentence: str) -> None:
    with pytest.raises(OptionError, match=f"^{re.escape(sentence)}"):
        Nearby([]).ask(typed)


def test_nobody_there_is_said() -> None:
    place = f"127.0.0.1:{free_port()}"
    with pytest.raises(ModelError, match=f"^No server answers at {place}. Start it"):
        Nearby([]).ask(place)


def test_a_server_that_takes_its_time_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that answers the second time only."""

    class Slow(ModelServer):
        def _script(self, request: Asked) -> Script:
            is_first, script = not self.seen, super()._script(request)
            return [STALL] if is_first else script

    monkeypatch.setattr("demo.remote.nearby.TYPED_S", 1.0)
    with Slow({"/v1/models": Raw([listing("qwen2.5-vl-7b")])}) as server:
        assert told(Nearby([]).ask(server.host)) == [("qwen2.5-vl-7b", True)]
