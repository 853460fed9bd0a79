"""Answers as servers write them, well-formed, odd, broken and hostile: each is read, or is a sentence."""

from __future__ import annotations

import gc
import json
import re
import types
from collections.abc import Iterable, Iterator
from contextlib import suppress
from gzip import compress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.errors import ModelError
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from demo.remote.connection import Limits
from demo.remote.reasoner import RemoteReasoner
from demo.remote.stream import MAX_VALUE, StreamReader
from tests.support.asking import BETWEEN, BROKE, GREEDY, HASTY, NOT_OPENAI, PATIENT, ask, connected
from tests.support.hostile import (
    CHUNKED,
    DONE,
    RESET,
    STALL,
    STREAM,
    Hostile,
    answer,
    chunk,
    event,
    failure,
    forever,
    response,
)

pytestmark = pytest.mark.usefixtures("environment")

# As vLLM, SGLang, Ollama, llama.cpp, LM Studio, OpenRouter, DeepSeek and Groq have it.
BLIND = [
    (400, 2, "Qwen2.5-7B-Instruct is not a multimodal model"),
    (400, 2, "At most 0 image(s) may be provided in one prompt"),
    (400, 2, "Image input is not supported for this model"),
    (500, 1, "Failed to process inputs: this model is missing data required for image input"),
    (500, 1, "image input is not supported - hint: you may need to provide the mmproj"),
    (400, 2, "Model does not support images"),
    (404, 1, "No endpoints found that support image input"),
    (400, 2, "messages[0]: unknown variant `image_url`, expected `text`"),
    (400, 2, "'messages.0' must satisfy ('messages.0.content' : value must be a string)"),
]


@pytest.mark.parametrize(
    ("script", "requests", "says"),
    [
        pytest.param([RESET], 4, BROKE, id="breaks before the headers"),
        pytest.param([STREAM, event("So"), RESET], 1, BROKE, id="breaks in the middle"),
        pytest.param([CHUNKED, chunk(event("So"))], 1, BROKE, id="ends in the middle of a body"),
        pytest.param([STREAM, event("So")], 1, BROKE, id="ends before the model did"),
        pytest.param([STREAM], 4, BROKE, id="a stream of nothing"),
        pytest.param([b"SSH-2.0-OpenSSH_9.9\r\n"], 4, "closed the connection without an answer. Check "
                     "whether its address begins with http:// or https://", id="another protocol"),
        pytest.param([b"\x15\x03\x01 no HTTP\r\n\r\n"], 1, "The program at {host} does not speak HTTP. "
                     "Check the address", id="bytes of another protocol"),
        pytest.param([STALL], 1, "did not begin to answer within 0.3 seconds. Look at its log",
                     id="stalls before the headers"),
        pytest.param([STREAM, STALL], 1, "did not begin to answer", id="stalls after the headers"),
        pytest.param([STREAM, event("So"), STALL], 1, "sent nothing for 0.3 seconds in the middle",
                     id="stalls in the middle"),
        pytest.param([STREAM, b"data: {not json\n\n"], 1, NOT_OPENAI, id="not JSON"),
        pytest.param([STREAM, b"data: [1, 2]\n\n"], 1, NOT_OPENAI, id="a list"),
        pytest.param([STREAM, b"data: null\n\n"], 1, NOT_OPENAI, id="null"),
        pytest.param([STREAM, b'data: {"choices": "abc"}\n\n'], 1, NOT_OPENAI, id="choices of text"),
        pytest.param([STREAM, b'data: {"choices": [7]}\n\n'], 1, NOT_OPENAI, id="choices of numbers"),
        pytest.param([STREAM, event(7)], 1, NOT_OPENAI, id="content of numbers"),
        pytest.param([STREAM, b"data: \xff\xfe\n\n"], 1, NOT_OPENAI, id="not UTF-8"),
        pytest.param([STREAM, b"data: " + b"[" * 200_000 + b"\n\n"], 1, NOT_OPENAI, id="deep JSON"),
        pytest.param([response("no gzip", content_encoding="gzip")], 1, "compresses its answers (gzip) in "
                     "a way that cannot be read here. Turn that off", id="compressed wrongly"),
        pytest.param([response("x", content_encoding="br")], 1, "compresses its answers (br) in a way",
                     id="compressed otherwise"),
        pytest.param([response(compress(b"a" * 50_000_000), content_encoding="gzip")], 1,
                     "sent more than 1 MB for one answer", id="compressed and huge"),
        pytest.param([STREAM, b"data:" * 199_000 + b"\n\n"], 1, NOT_OPENAI, id="wrapped for ever"),
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
                     "The proxy in front of the server at {host} gets no answer from it (502). Check",
                     id="a web page as an error"),
        pytest.param([response("error code: 522", 522, "text/plain")], 1, "gets no answer from it (522)",
                     id="Cloudflare's"),
        pytest.param([response("<html>Press a key", 403, "text/html")], 1, "such as a firewall, refuses "
                     "this program (403). Ask the people who run it", id="a firewall's page"),
        pytest.param([failure(403, "Access denied due to Firewall rules")], 1,
                     "does not allow this (403): Access denied due to Firewall rules.", id="a firewall's"),
        pytest.param([failure(429, "Exceeded your quota, check your billing details")], 1,
                     "refused the question (429): Exceeded your quota", id="an account without money"),
        pytest.param([response('{"error": {"message": "No", "metadata": {"raw": "Slow"}}}', 400)], 2,
                     "refused the question (400): Slow.", id="what a host passes on"),
        pytest.param([failure(400, "<400> Internal.Algo: no")], 2, "(400): ‹400› Internal.Algo: no.",
                     id="angles that are no page"),
        pytest.param([failure(500, "Boom.")], 4, "failed (500): Boom. Ask again;", id="500"),
        pytest.param([failure(503)], 4, "failed (503). Ask again;", id="503"),
        pytest.param([failure(401)], 1, "requires a key. Set OPENAI_API_KEY", id="401"),
        pytest.param([failure(403)], 1, "requires a key. Set OPENAI_API_KEY", id="403"),
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
                     "redirects questions to http://127.0.0.1:9/. Give that address", id="a redirection"),
        *(pytest.param([failure(status, words)], requests, f"takes no pictures: {words}. Name one",
                       id=f"no pictures {words[:9]}") for status, requests, words in BLIND),
        pytest.param([failure(500, "Context size has been exceeded")], 4, "leave no room for an answer",
                     id="full"),
        pytest.param([response("", 307, location="/v2")], 2, "redirects questions to another address",
                     id="a redirection without an end"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_a_sentence(
    script: list[object], requests: int, says: str, picture: Picture
) -> None:
    stalls = script[-1] is STALL
    limits = PATIENT if not stalls else BETWEEN if event("So") in script else HASTY
    with Hostile(script) as server, connected(server, limits) as reasoner:
        with pytest.raises(ModelError) as caught:
            ask(reasoner, picture)
        said = str(caught.value)
        assert says.format(host=server.host) in said
        assert re.fullmatch(r"[^\n<>]{20,400}\.", said)
        assert len(server.asked) == requests


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
        assert ask(reasoner, picture) == ("yes", Usage(decoding=GREEDY))


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
        assert len(text) == PATIENT.max_characters


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
        pytest.param(forever(event("la ")), id="cut"),
        pytest.param([STREAM, event("So"), event(7), STALL], id="malformed"),
        pytest.param([STREAM, event("So"), DONE, event("more"), STALL], id="done"),
        pytest.param([STREAM, b"data: " + b"x" * 2_000_000], id="too much"),
    ],
)
def test_a_body_that_is_not_read_to_its_end_is_closed_at_once(
    script: Iterable[object], picture: Picture
) -> None:
    with Hostile(script) as server, connected(server) as reasoner:
        gc.disable()
        try:
            with suppress(ModelError):
                ask(reasoner, picture)
            open_ones = [
                each
                for each in gc.get_objects()
                if type(each) is types.AsyncGeneratorType
                and each.ag_frame is not None
                and "http" in each.ag_code.co_filename  # not those of other tests' servers
            ]
        finally:
            gc.enable()
    assert open_ones == []


@pytest.mark.parametrize(
    ("first", "each"),
    [
        pytest.param(b"", b"data: " + b"x" * 60_000 + b"\n", id="an event of many lines"),
        pytest.param(b'{"choices": [\n', b"7,\n" * 20_000, id="a body that is one value"),
        pytest.param(b"data: ", b"x" * 60_000, id="one line"),
    ],
)
def test_one_value_is_not_read_without_an_end(first: bytes, each: bytes) -> None:
    reader, fed = StreamReader(), 0
    assert list(reader.feed(first)) == []

    def feed() -> None:
        nonlocal fed
        while fed < 2 * MAX_VALUE:
            fed += len(each)
            assert list(reader.feed(each)) == []

    with pytest.raises(ValueError, match="too long"):
        feed()
    assert fed < MAX_VALUE + 2 * len(each)
