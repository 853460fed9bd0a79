"""The remote reasoner against `transformers serve` with the shipped checkpoint, and against a server
that does everything wrong that a server can do; both on loopback, with real sockets."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from demo.choose import choose
from demo.dialects.known import REGION_REASONER
from demo.engine import answer as answer_to
from demo.engine import begin
from demo.errors import ModelError, OptionError
from demo.geometry import Size
from demo.options import Parser, add_model_options
from demo.pictures import Picture
from demo.prompt import Prompt, region_reasoner_instruction
from demo.reasoners.address import read_address
from demo.reasoners.base import Usage, framed
from demo.reasoners.catalogue import NANO_FOLDER
from demo.reasoners.faults import retry_after, shown
from demo.reasoners.local import LocalReasoner
from demo.reasoners.remote import RemoteReasoner, choose_served, connect
from demo.reasoners.server import Limits
from tests.conftest import free_port
from tests.hostile import (
    CHUNKED,
    DONE,
    RESET,
    STALL,
    STREAM,
    Asked,
    Hostile,
    Script,
    answer,
    chunk,
    event,
    failure,
    forever,
    response,
)

SECRET = "sk-Geheim-0815"
PATIENT = Limits(backoff_s=0.001)
HASTY = Limits(
    first_token_s=0.3, between_s=0.3, backoff_s=0.001, most_characters=5000, most_bytes=1_000_000
)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person's environment may hold changes nothing here."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@contextmanager
def connected(
    server: Hostile | str, limits: Limits = HASTY, model: str = "auto"
) -> Iterator[RemoteReasoner]:
    url = server if isinstance(server, str) else server.url
    with closing(connect(url, model, limits)[0]) as reasoner:
        yield reasoner


def asked(question: str) -> Prompt:
    return Prompt(question, region_reasoner_instruction(question), ())


def ask(
    reasoner: RemoteReasoner | LocalReasoner, picture: Picture, question: str = "find it"
) -> tuple[str, Usage]:
    *pieces, usage = reasoner.stream(picture, asked(question), threading.Event())
    assert isinstance(usage, Usage)
    return "".join(map(str, pieces)), usage


def test_an_answer_arrives_with_its_counts(picture: Picture) -> None:
    with Hostile(answer("<scene>Two ", "dogs.</scene>")) as server, connected(server) as reasoner:
        assert ask(reasoner, picture) == ("<scene>Two dogs.</scene>", Usage(100, 2, 90))
        assert (reasoner.name, reasoner.dialect) == ("some-model", REGION_REASONER)
        assert reasoner.device == f"server {server.host}"


def test_the_question_is_what_the_model_was_trained_on(picture: Picture) -> None:
    with Hostile(answer("yes")) as server, connected(server) as reasoner:
        ask(reasoner, picture, "find the dog")
        ask(reasoner, picture, "find the cat")
    first, second = (request.body for request in server.asked)
    assert server.asked[0].path == "/v1/chat/completions"
    wanted = {"model": "some-model", "temperature": 0, "max_tokens": 2048, "stream": True}
    assert first.items() >= wanted.items()
    assert first["stream_options"] == {"include_usage": True}
    [message] = first["messages"]
    shown_first, said = message["content"]
    assert (message["role"], said["text"]) == ("user", region_reasoner_instruction("find the dog"))
    # The same bytes lead every question, which is what a prefix cache goes by.
    assert second["messages"][0]["content"][0] == shown_first
    head, _, data = shown_first["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as sent:
        assert np.array_equal(np.array(sent), np.array(framed(picture, REGION_REASONER)))


BROKE = "The connection to the server at {host} broke before its answer was complete. Ask again."
NOT_OPENAI = "sent something that is not an answer in OpenAI’s form. Check that --server"


@pytest.mark.parametrize(
    ("script", "requests", "says"),
    [
        pytest.param([RESET], 4, BROKE, id="breaks before the headers"),
        pytest.param([STREAM, event("So"), RESET], 1, BROKE, id="breaks in the middle"),
        pytest.param([CHUNKED, chunk(event("So"))], 1, BROKE, id="ends in the middle of a body"),
        pytest.param([STREAM, event("So")], 1, BROKE, id="ends before the model did"),
        pytest.param([STREAM, event("So"), DONE], 1, BROKE, id="done without a reason"),
        pytest.param([STREAM], 4, BROKE, id="a stream of nothing"),
        pytest.param([b"SSH-2.0-OpenSSH_9.9\r\n"], 4, BROKE, id="another protocol"),
        pytest.param([STALL], 1, "did not begin to answer within 0.3 seconds. Look at its log",
                     id="stalls before the headers"),
        pytest.param([STREAM, STALL], 1, "did not begin to answer", id="stalls after the headers"),
        pytest.param([STREAM, event("So"), STALL], 1, "fell silent for 0.3 seconds in the middle",
                     id="stalls in the middle"),
        pytest.param([STREAM, b"data: {not json\n\n"], 1, NOT_OPENAI, id="not JSON"),
        pytest.param([STREAM, b"data: [1, 2]\n\n"], 1, NOT_OPENAI, id="a list"),
        pytest.param([STREAM, b"data: null\n\n"], 1, NOT_OPENAI, id="null"),
        pytest.param([STREAM, b'data: {"choices": "abc"}\n\n'], 1, NOT_OPENAI, id="choices of text"),
        pytest.param([STREAM, b'data: {"choices": [7]}\n\n'], 1, NOT_OPENAI, id="choices of numbers"),
        pytest.param([STREAM, event(7)], 1, NOT_OPENAI, id="content of numbers"),
        pytest.param([STREAM, b"data: \xff\xfe\n\n"], 1, NOT_OPENAI, id="not UTF-8"),
        pytest.param([STREAM, b"data: " + b"[" * 200_000 + b"\n\n"], 1, NOT_OPENAI, id="deep JSON"),
        pytest.param([response("x", kind="text/event-stream", content_encoding="gzip")], 1,
                     NOT_OPENAI, id="compressed"),
        pytest.param([STREAM, b"data: " + b"x" * 2_000_000], 1, "sent more than 1 MB for one answer",
                     id="one huge event"),
        pytest.param([failure(500, "x" * 2_000_000)], 1, "sent more than 1 MB", id="a huge error"),
        pytest.param([STREAM, event(finish="stop"), DONE], 1, "sent an empty answer",
                     id="an empty answer"),
        pytest.param([STREAM, event(" \n"), event(finish="stop")], 1, "sent an empty answer",
                     id="an answer of blanks"),
        pytest.param([STREAM, b'data: {"error": {"message": "CUDA out of memory."}}\n\n'], 1,
                     "failed while it answered: CUDA out of memory.", id="an error in the stream"),
        pytest.param([STREAM, b'data: {"error": "no room"}\n\n'], 1,
                     "failed while it answered: no room.", id="an error as plain text"),
        pytest.param([response("<html>Hello</html>", kind="text/html")], 1,
                     "A web page is at {host}, not an OpenAI-compatible server", id="a web page"),
        pytest.param([response("<html>Bad gateway</html>", 502, "text/html")], 4,
                     "The server at {host} failed (502). Ask again;", id="a web page as an error"),
        pytest.param([failure(500, "Boom.")], 4, "failed (500): Boom. Ask again;", id="500"),
        pytest.param([failure(503)], 4, "failed (503). Ask again;", id="503"),
        pytest.param([failure(401)], 1, "wants a key. Set OPENAI_API_KEY", id="401"),
        pytest.param([failure(403)], 1, "wants a key. Set OPENAI_API_KEY", id="403"),
        pytest.param([failure(404, "The model `x` does not exist.")], 1,
                     "knows no model some-model at this address: The model `x` does not exist. Check",
                     id="404"),
        pytest.param([failure(413)], 1, "does not take pictures this large", id="413"),
        pytest.param([failure(429, "Slow down")], 4, "is too busy: Slow down. Ask again in a moment",
                     id="429"),
        pytest.param([failure(429, retry_after="0")], 4, "Ask again after 0 seconds",
                     id="429 with a short wait"),
        pytest.param([failure(429, retry_after="3600")], 1, "is too busy. Ask again after 3600 seconds",
                     id="429 with a wait too long to sit out"),
        pytest.param([failure(400, "Too many tokens")], 2, "refused the question (400): Too many tokens",
                     id="400 also without counts"),
        pytest.param([response('{"detail": [{"msg": "No such field", "input": "…"}]}', 422)], 2,
                     "refused the question (422): No such field.", id="422 as FastAPI says it"),
        pytest.param([response("", 307, location="http://127.0.0.1:9/")], 1,
                     "sends questions on to another address", id="a redirection"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_a_sentence(
    script: Script, requests: int, says: str, picture: Picture
) -> None:
    with Hostile(script) as server, connected(server) as reasoner:
        with pytest.raises(ModelError) as caught:
            ask(reasoner, picture)
        said = str(caught.value)
        assert says.format(host=server.host) in said
        assert re.fullmatch(r"[^\n<>]{20,400}\.", said)
        assert len(server.asked) == requests


def test_nobody_there_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ModelError, match=f"^No server answers at 127.0.0.1:{port}. Start it"):
        connect(f"http://127.0.0.1:{port}", "auto", HASTY)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param([RESET], id="a broken connection"),
        pytest.param([STREAM], id="a stream of nothing"),
        pytest.param([failure(503)], id="a server that starts"),
        pytest.param([failure(429, retry_after="0")], id="a busy server"),
        pytest.param([failure(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")], id="a past date"),
    ],
)
def test_what_passes_is_tried_again(first: Script, picture: Picture) -> None:
    with Hostile(first, answer("yes")) as server, connected(server) as reasoner:
        assert ask(reasoner, picture)[0] == "yes"
        assert len(server.asked) == 2


def test_a_server_that_cannot_count_is_not_asked_to(picture: Picture) -> None:
    uncounted = [STREAM, event("yes"), event(finish="stop")]
    with (
        Hostile([failure(400, "stream_options?")], uncounted) as server,
        connected(server) as reasoner,
    ):
        assert ask(reasoner, picture) == ("yes", Usage())
        assert ask(reasoner, picture) == ("yes", Usage())
    assert ["stream_options" in request.body for request in server.asked] == [True, False, False]


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(b'{"prompt_tokens": "many", "completion_tokens": -1}', id="no numbers"),
        pytest.param(b'{"prompt_tokens": true, "completion_tokens": 1e400}', id="hardly numbers"),
        pytest.param(b'{"prompt_tokens_details": 5}', id="nothing"),
        pytest.param(b"7", id="a number"),
    ],
)
def test_counts_that_are_none_are_left_out(usage: bytes, picture: Picture) -> None:
    script = [STREAM, event("yes", "stop"), b'data: {"choices": [], "usage": ' + usage + b"}\n\n"]
    with Hostile(script) as server, connected(server) as reasoner:
        assert ask(reasoner, picture) == ("yes", Usage())


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param([STALL], 0, id="before the headers"),
        pytest.param([STREAM, STALL], 0, id="before the first token"),
        pytest.param([STREAM, event("one"), event("two"), STALL], 2, id="in the middle"),
    ],
)
def test_a_stop_closes_the_connection(script: Script, told: int, picture: Picture) -> None:
    with Hostile(script) as server, connected(server, PATIENT) as reasoner:
        cancel = threading.Event()
        stream = reasoner.stream(picture, asked("find it"), cancel)
        assert list(islice(stream, told)) == ["one", "two"][:told]

        def stop() -> None:
            server.stalled.acquire()
            cancel.set()

        threading.Thread(target=stop).start()
        assert list(stream) == [Usage()]
        assert server.left.acquire(timeout=30)
        assert len(server.asked) == 1


def test_a_page_that_closes_closes_the_connection(picture: Picture) -> None:
    with (
        Hostile([STREAM, event("one"), STALL]) as server,
        connected(server, PATIENT) as reasoner,
    ):
        stream = reasoner.stream(picture, asked("find it"), threading.Event())
        assert next(stream) == "one"
        stream.close()
        assert server.left.acquire(timeout=30)


def test_a_stop_ends_the_wait_for_another_attempt(picture: Picture) -> None:
    limits = Limits(most_wait_s=10_000, total_s=10_000)
    with (
        Hostile([failure(429, retry_after="3600")]) as server,
        connected(server, limits) as reasoner,
    ):
        cancel = threading.Event()
        threading.Timer(0.2, cancel.set).start()
        assert list(reasoner.stream(picture, asked("find it"), cancel)) == [Usage()]
        assert len(server.asked) == 1


def test_a_closed_reasoner_leaves_nothing_behind(picture: Picture) -> None:
    before = set(threading.enumerate())
    with Hostile([STREAM, event("one"), STALL]) as server, connected(server, PATIENT) as reasoner:
        stream = reasoner.stream(picture, asked("find it"), threading.Event())
        next(stream)
        reasoner_threads = {t for t in threading.enumerate() if t.name == "server"} - before
        assert len(reasoner_threads) == 1
        threading.Thread(target=reasoner.close).start()
        with pytest.raises(ModelError, match="connection to the server was closed"):
            next(stream)
        reasoner_threads.pop().join()
        with pytest.raises(ModelError, match="connection to the server was closed"):
            ask(reasoner, picture)


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(event("la "), id="of text"),
        pytest.param(event("la " * 100_000), id="of much text at once"),
        pytest.param(event(reasoning_content="Hm"), id="of reasoning kept apart"),
    ],
)
def test_an_endless_answer_is_cut_like_one_at_its_last_token(part: bytes, picture: Picture) -> None:
    with Hostile(forever(part)) as server, connected(server) as reasoner:
        text, _ = ask(reasoner, picture)
        assert len(text) == HASTY.most_characters


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(event(""), id="of empty events"),
        pytest.param(b": still here\n\n", id="of comments"),
        pytest.param(b'data: {"choices": []}\n\n', id="of no choices"),
    ],
)
def test_an_endless_stream_without_text_is_silence_or_too_much(
    part: bytes, picture: Picture
) -> None:
    with (
        Hostile(forever(part)) as server,
        connected(server) as reasoner,
        pytest.raises(ModelError, match=r"did not begin to answer|sent more than 1 MB"),
    ):
        ask(reasoner, picture)


def test_the_whole_answer_has_an_end(picture: Picture) -> None:
    with (
        Hostile([STREAM, event("So"), STALL]) as server,
        connected(server, Limits(total_s=0.3)) as reasoner,
        pytest.raises(ModelError, match=r"did not end its answer within 0\.3 seconds"),
    ):
        ask(reasoner, picture)


def test_every_piece_may_be_taken_on_another_thread(picture: Picture) -> None:
    with Hostile(answer("a", "b", "c")) as server, connected(server) as reasoner:
        stream = reasoner.stream(picture, asked("find it"), threading.Event())
        taken: list[object] = []
        for _ in range(4):
            thread = threading.Thread(target=lambda: taken.append(next(stream)))
            thread.start()
            thread.join()
        assert taken == ["a", "b", "c", Usage(100, 3, 90)]


class Echo(Hostile):
    """Answers each question with itself."""

    def _script(self, request: Asked) -> Script:
        asked_for = re.search('find "(.*?)"', str(request.body))
        return answer(asked_for[1]) if asked_for else super()._script(request)


def test_answers_at_the_same_time_do_not_mix(picture: Picture) -> None:
    questions = [f"secret {n}" for n in range(32)]
    with Echo() as server, connected(server, PATIENT) as reasoner, ThreadPoolExecutor(32) as pool:
        told = pool.map(lambda question: ask(reasoner, picture, question)[0], questions)
        assert list(told) == questions
        assert sum(thread.name == "server" for thread in threading.enumerate()) == 1


def test_reasoning_that_is_kept_apart_is_put_back(picture: Picture) -> None:
    parts = [event("<scene>A.</scene>"), event(reasoning_content="So "), event(reasoning="it is."),
             event("<answer>[]</answer>", finish="stop")]  # fmt: skip
    with Hostile([STREAM, *parts]) as server, connected(server) as reasoner:
        text, _ = ask(reasoner, picture)
    assert text == "<scene>A.</scene><think>So it is.</think><answer>[]</answer>"


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    parts=st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.text(max_size=20).map(lambda text: f"data: {text}\n\n".encode()),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(
                            ["choices", "delta", "content", "usage", "error", "message"]
                        ),
                        inner,
                        max_size=4,
                    )
                ),
            ).map(lambda value: f"data: {json.dumps(value)}\n\n".encode()),
            st.text(max_size=5).map(event),
            st.just(event(finish="stop")),
        ),
        max_size=6,
    )
)
def test_any_bytes_are_an_answer_or_a_sentence(
    parts: list[bytes], shared: tuple[Hostile, RemoteReasoner], picture: Picture
) -> None:
    server, reasoner = shared
    server.scripts = ([STREAM, *parts],)
    with suppress(ModelError):  # any other error fails
        text, _ = ask(reasoner, picture)
        assert text.strip()
        assert text.encode()


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Hostile, RemoteReasoner]]:
    """One server, and a reasoner that gives up at the first failure."""
    with Hostile() as server, connected(server, Limits(retries=0)) as reasoner:
        yield server, reasoner


def test_no_half_character_is_passed_on(picture: Picture) -> None:
    with Hostile(answer("a\ud83d")) as server, connected(server) as reasoner:
        assert ask(reasoner, picture)[0] == "a?"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([failure(401, f"Incorrect API key provided: {SECRET}")], id="refused"),
        pytest.param([failure(500, f"Header: Bearer {SECRET}")], id="repeated by the server"),
        pytest.param([STREAM, f'data: {{"error": "{SECRET}"}}\n\n'.encode()], id="in the stream"),
        pytest.param([RESET], id="nothing said"),
    ],
)
def test_the_key_is_sent_and_never_shown(
    script: Script, picture: Picture, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setenv("OPENAI_API_KEY", f" {SECRET}\n")
    caplog.set_level("INFO")
    with Hostile(script) as server, connected(server) as reasoner:
        with pytest.raises(ModelError) as caught:
            ask(reasoner, picture)
        assert server.asked[0].headers["authorization"] == f"Bearer {SECRET}"
        told = f"{caught.value}{caught.value!r}{reasoner!r}{vars(reasoner)}{caplog.text}"
        assert SECRET not in told


def test_nothing_of_an_account_is_sent_unasked(
    picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ADMIN_KEY", "ORG_ID", "PROJECT_ID", "BASE_URL"):
        monkeypatch.setenv(f"OPENAI_{name}", SECRET)
    with Hostile(answer("yes")) as server, connected(server) as reasoner:
        ask(reasoner, picture)
        assert "authorization" not in server.asked[0].headers
        assert SECRET not in str(server.asked)


def test_a_key_with_a_line_break_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{SECRET}\nX-Evil: 1")
    with pytest.raises(OptionError) as caught:
        connect("http://127.0.0.1:9", "auto")
    assert str(caught.value) == "OPENAI_API_KEY holds characters that no key has. Set it anew."


@pytest.mark.parametrize(
    ("url", "bases"),
    [
        pytest.param("http://gpu:8000", ["http://gpu:8000/v1", "http://gpu:8000"], id="bare"),
        pytest.param(" http://gpu:8000/ ", ["http://gpu:8000/v1", "http://gpu:8000"], id="slash"),
        pytest.param("http://gpu/v1", ["http://gpu/v1"], id="whole"),
        pytest.param("http://[::1]:1/v1/", ["http://[::1]:1/v1"], id="IPv6"),
        pytest.param("https://x.org/v1/chat/completions", ["https://x.org/v1"], id="too much"),
        pytest.param("https://x.org/api", ["https://x.org/api/v1", "https://x.org/api"], id="path"),
    ],
)
def test_an_address_is_made_whole(url: str, bases: list[str]) -> None:
    assert list(read_address(url).bases) == bases


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("localhost:8000", id="no scheme"),
        pytest.param("ftp://gpu", id="another scheme"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("http://", id="no host"),
        pytest.param("http://gpu:port", id="no port"),
        pytest.param("http://gpu\r\nX-Evil: 1", id="line breaks"),
        pytest.param(f"http://me:{SECRET}@gpu:8000", id="a password"),
        pytest.param(f"me:{SECRET}@gpu", id="a password without a scheme"),
        pytest.param(f"http://gpu/v1?key={SECRET}", id="a key in the query"),
        pytest.param("", id="nothing"),
    ],
)
def test_an_address_that_is_none_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_address(url)
    assert SECRET not in str(caught.value)
    assert "--server" in str(caught.value)


HUB_ID = "lmsdss/RegionReasoner-7B"


@pytest.mark.parametrize(
    ("model", "listed", "identity", "name", "side"),
    [
        pytest.param("auto", [HUB_ID], HUB_ID, "regionreasoner-7b", 840, id="the only one"),
        pytest.param("auto", ["x/nano"], "x/nano", "nano", 224, id="the only one is nano"),
        pytest.param("auto", ["a/B c"], "a/B c", "B c", 840, id="the only one is unknown"),
        pytest.param("regionreasoner-7b", [HUB_ID, "b"], HUB_ID, "regionreasoner-7b", 840,
                     id="a catalogue name is its hub id"),
        pytest.param("regionreasoner-7b", ["b", "rr/RegionReasoner-7B"], "rr/RegionReasoner-7B",
                     "regionreasoner-7b", 840, id="a folder on the server"),
        pytest.param("RegionReasoner-7B", ["regionreasoner-7b:latest", "b"],
                     "regionreasoner-7b:latest", "regionreasoner-7b", 840, id="a tag"),
        pytest.param("mine", ["a", "mine"], "mine", "mine", 840, id="a name of the server's own"),
        pytest.param("regionreasoner-7b", [], HUB_ID, "regionreasoner-7b", 840, id="no list"),
        pytest.param("mine", [], "mine", "mine", 840, id="no list, an unknown name"),
        pytest.param("nano", ["local/nano"], "local/nano", "nano", 224, id="nano"),
    ],
)  # fmt: skip
def test_which_model_is_meant(
    model: str, listed: list[str], identity: str, name: str, side: int
) -> None:
    served = choose_served(model, listed, "gpu:8000")
    assert (served.id, served.name, served.dialect.frame) == (identity, name, Size(side, side))


@pytest.mark.parametrize(
    ("model", "listed", "says"),
    [
        pytest.param("auto", [], "does not say what it has. Name one with --model.", id="no list"),
        pytest.param("auto", ["a", "b"], "has several models: a, b. Name one", id="several"),
        pytest.param("mine", ["a", "b"], "has no model called mine. It has a, b. Name one of them",
                     id="not there"),
        pytest.param("x", ["a/x", "b/x", "c"], "called x. It has a/x, b/x. Name one", id="two alike"),
        pytest.param("x", [f"m{n}" for n in range(14)], "m8, m9, and 4 more. Name one", id="many"),
        pytest.param("x", ["<script>\n" + "y" * 999], "It has ‹script› yyy", id="a hostile name"),
    ],
)  # fmt: skip
def test_a_model_that_is_not_there_is_said(model: str, listed: list[str], says: str) -> None:
    with pytest.raises(OptionError) as caught:
        choose_served(model, listed, "gpu:8000")
    assert says in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("models", "says"),
    [
        pytest.param([failure(401)], "wants a key", id="401"),
        pytest.param([response("<html>", kind="text/html")], "A web page is at", id="a web page"),
        pytest.param([response("[]")], NOT_OPENAI, id="a list"),
        pytest.param([response('{"data": [1]}')], NOT_OPENAI, id="numbers"),
        pytest.param([response("{")], NOT_OPENAI, id="half of it"),
        pytest.param([response("x" * 2_000_000)], "sent more than 1 MB", id="too much"),
        pytest.param([STALL], "does not say which models it has", id="a stall"),
        pytest.param([RESET], "broke before its answer was complete", id="a broken connection"),
    ],
)
def test_a_list_that_is_none_is_a_sentence(models: Script, says: str) -> None:
    limits = Limits(list_s=0.3, most_bytes=1_000_000)
    with Hostile(models=models) as server, pytest.raises(ModelError) as caught:
        connect(server.url, "auto", limits)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "models",
    [
        pytest.param([failure(404)], id="no such address"),
        pytest.param([failure(500)], id="a failure"),
        pytest.param([response('{"data": null}')], id="an empty one, as Ollama has it"),
    ],
)
def test_without_a_list_the_name_is_taken_as_it_is(models: Script, picture: Picture) -> None:
    with Hostile(answer("yes"), models=models) as server:
        reasoner, why = connect(server.url, "mine", HASTY)
        assert why == f"mine on {server.host} answers because it was asked for."
        assert ask(reasoner, picture)[0] == "yes"
        reasoner.close()
        assert server.asked[0].body["model"] == "mine"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        pytest.param("1.5", 1.5, id="seconds"),
        pytest.param("-3", 0.0, id="less than nothing"),
        pytest.param("nan", None, id="no number"),
        pytest.param("1e999", None, id="for ever"),
        pytest.param("soon", None, id="a word"),
        pytest.param("", None, id="nothing"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", 0.0, id="a date gone by"),
        pytest.param("Wed, 99 Oct 2015 07:28:00 GMT", None, id="no date"),
    ],
)
def test_the_wait_a_server_asks_for(written: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": written}) == seconds


@given(st.text())
def test_foreign_text_fits_a_sentence(text: str) -> None:
    assert re.fullmatch(r"[^\n\r\0<>]{0,200}", shown(text))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`transformers serve` with the shipped checkpoint, found in a hub cache as `local/nano`."""
    home, port, revision = tmp_path_factory.mktemp("hub"), free_port(), "0" * 40
    repository = home / "hub" / "models--local--nano"
    shutil.copytree(NANO_FOLDER, repository / "snapshots" / revision)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(revision)
    program = str(Path(sys.executable).with_name("transformers"))
    command = [program, "serve", "--port", str(port),
               "--host", "127.0.0.1", "--device", "cpu", "--dtype", "float32"]  # fmt: skip
    with subprocess.Popen(
        command, env={**os.environ, "HF_HOME": str(home)}, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        said = ""
        while "Uvicorn running" not in said:
            line = server.stderr.readline()
            assert line, f"the server ended, having said: {said}"
            said += line
        drain = threading.Thread(target=server.stderr.read)
        drain.start()
        yield f"http://127.0.0.1:{port}"
        server.kill()
        drain.join()


def test_a_real_server_says_what_the_model_says_here(
    served: str, nano: LocalReasoner, picture: Picture
) -> None:
    with connected(served, PATIENT) as reasoner:
        for question in ("find the largest thing", "what is next to bbox=[20, 30, 90, 100]"):
            text, usage = ask(reasoner, picture, question)
            expected, counted = ask(nano, picture, question)
            assert text == expected
            assert usage.prompt_tokens == counted.prompt_tokens


@pytest.mark.parametrize("model", ["auto", "nano", "local/nano"])
def test_a_real_server_has_nano_by_several_names(model: str, served: str) -> None:
    with connected(served, PATIENT, model) as reasoner:
        assert (reasoner.name, reasoner.dialect.frame) == ("nano", Size(224, 224))


def test_a_real_server_is_stopped_and_asked_again(
    served: str, nano: LocalReasoner, picture: Picture
) -> None:
    with connected(served, PATIENT, "nano") as reasoner:
        cancel = threading.Event()
        stream = reasoner.stream(picture, asked("find all things"), cancel)
        part = str(next(stream))
        cancel.set()
        part += "".join(piece for piece in stream if isinstance(piece, str))
        whole, _ = ask(reasoner, picture, "find all things")
        assert whole.startswith(part)
        assert len(part) < len(whole)


def test_a_real_server_without_that_model_says_which_it_has(served: str) -> None:
    with pytest.raises(OptionError, match=r"has no model called gpt-17\. It has local/nano\."):
        connect(served, "gpt-17")


def test_the_option_leads_to_the_same_dialogue(
    served: str, nano: LocalReasoner, picture: Picture
) -> None:
    parser = Parser()
    add_model_options(parser)
    options = parser.parse_args(["--server", served, "--model", "nano", "--segmenter", "none"])
    models = choose(options)
    assert models.status == f"nano · server {served.removeprefix('http://')} · masks: none"
    assert models.advice_for(picture) is None
    assert isinstance(models.reasoner, RemoteReasoner)
    with closing(models.reasoner) as remote:
        here, there = (
            answer_to(
                begin(picture, reasoner),
                "find the largest thing",
                picture=picture,
                reasoner=reasoner,
                segmenter=None,
            )
            for reasoner in (nano, remote)
        )
    assert there.registry == here.registry
    assert len(there.registry.regions) == 1
