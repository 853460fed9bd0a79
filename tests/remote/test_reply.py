"""Answers in the forms that servers really give them, whole and cut, and failures in their place."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.errors import ModelError
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from demo.remote.stream import StreamReader
from tests.support.asking import BROKE, GREEDY, NOT_OPENAI, PATIENT, ask, connected
from tests.support.hostile import (
    CHUNKED,
    DONE,
    RESET,
    STALL,
    STREAM,
    Hostile,
    Script,
    chunk,
    event,
    response,
)

pytestmark = pytest.mark.usefixtures("environment")


def data(*values: object) -> bytes:
    """Events of any JSON values."""
    return b"".join(f"data: {json.dumps(value)}\n\n".encode() for value in values)


def lines(*values: object) -> str:
    return "".join(f"{json.dumps(value)}\n" for value in values)


def piece(delta: object, **choice: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": delta, **choice}]}


def whole(**message: object) -> dict[str, object]:
    """An answer in one piece, as it is given to those who ask for no stream."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return {"object": "chat.completion", "choices": [choice]}


SSE = "text/event-stream"
LEAD = STREAM, event("<answer>")
HALF, REST = event("<answer>[]"), event("</answer>")
PLAIN = HALF + REST + DONE
PACKED = [
    ("gzip", gzip.compress(PLAIN)),
    ("x-gzip", gzip.compress(PLAIN)),
    ("deflate", zlib.compress(PLAIN)),
    ("utf-8", PLAIN),
]
OLLAMA = [
    {"message": {"role": "assistant", "content": part}, "done": False}
    for part in ("<answer>[]", "</answer>")
]
END = {"message": {"content": ""}, "done": True, "done_reason": "stop", "eval_count": 7}
OLDER = [{"choices": [{"text": part, "index": 0}]} for part in ("<answer>[]", "</answer>")]
PARTS = [{"type": "text", "text": "<answer>"}, {"type": "text", "text": "[]</answer>"}]
UNFINISHED = whole(content="<answer>[]</answer>")
UNFINISHED["choices"][0].pop("finish_reason")  # type: ignore[index]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([STREAM, HALF, REST, DONE], id="done without a reason"),
        pytest.param(
            [STREAM, data(piece({"content": "<answer>[]</answer>"})), DONE],
            id="no field of reasons",
        ),
        pytest.param(
            [STREAM, event("<answer>[]", ""), event("</answer>", "null"), DONE],
            id="reasons of nothing",
        ),
        pytest.param([STREAM, HALF, event("</answer>", "stop")], id="a reason without done"),
        pytest.param(
            [STREAM, HALF, event("</answer>", "length"), RESET], id="broken after its end"
        ),
        pytest.param([STREAM, HALF, event("</answer>", "eos"), STALL], id="a stall after its end"),
        pytest.param([STREAM, HALF, REST, DONE, STALL], id="a stall after done"),
        pytest.param([STREAM, HALF, REST], id="no mark, but all closed"),
        pytest.param(
            [CHUNKED, chunk(HALF), chunk(REST), b"0\r\n\r\n"], id="no mark but the body's end"
        ),
        pytest.param(
            [STREAM, HALF, REST, DONE, b"data: {not json\n\n", event("more")], id="more after done"
        ),
        pytest.param([STREAM, HALF, REST, b'data: "[DONE]"\n\n', STALL], id="done in quotes"),
        pytest.param([response(json.dumps(whole(content="<answer>[]</answer>")))], id="one body"),
        pytest.param(
            [response(json.dumps(whole(content="<answer>[]</answer>")), kind=SSE)],
            id="one body called a stream",
        ),
        pytest.param(
            [response(json.dumps(whole(content="<answer>[]</answer>"), indent=2))],
            id="one body over many lines",
        ),
        pytest.param([response(json.dumps(UNFINISHED))], id="one body without a reason"),
        pytest.param([response(json.dumps(whole(content=PARTS)))], id="one body of parts"),
        pytest.param(
            [
                response(
                    json.dumps([piece({"content": "<answer>[]</answer>"}, finish_reason="stop")])
                )
            ],
            id="one body, an array of events",
        ),
        pytest.param(
            [response(lines(*OLLAMA, END), kind="application/x-ndjson")],
            id="a line each, of Ollama",
        ),
        pytest.param(
            [
                response(
                    lines(
                        piece({"content": "<answer>[]"}),
                        piece({"content": "</answer>"}, finish_reason="stop"),
                    )
                )
            ],
            id="a line each",
        ),
        pytest.param(
            [STREAM, b": OPENROUTER PROCESSING\n\n", HALF, b"data:\n\n: x\n", REST, DONE],
            id="signs of life",
        ),
        pytest.param(
            [STREAM, b'event: ping\ndata: {"type": "ping"}\n\n', HALF, REST, DONE], id="pings"
        ),
        pytest.param(
            [STREAM, b"retry: 10\nid: 1\n" + HALF, b"event: message\n" + REST, DONE],
            id="other fields",
        ),
        pytest.param([STREAM, (HALF + REST + DONE).replace(b"data: ", b"data:")], id="no space"),
        pytest.param(
            [STREAM, (HALF + REST + DONE).replace(b"data:", b"data: data:")], id="wrapped twice"
        ),
        pytest.param([STREAM, (HALF + REST + DONE).replace(b"\n", b"\r\n")], id="CRLF"),
        pytest.param([STREAM, b"\xef\xbb\xbf" + HALF + REST + DONE], id="a byte order mark"),
        pytest.param([STREAM, (HALF + REST + DONE).replace(b"\n\n", b"\n")], id="no empty lines"),
        pytest.param([STREAM, HALF, REST + b"data: [DONE]"], id="no last line break"),
        pytest.param(
            [
                STREAM,
                HALF,
                b'data: {"choices":\ndata: [{"delta": {"content": "</answer>"}}]}\n\n',
                DONE,
            ],
            id="an event of two lines",
        ),
        pytest.param(
            [
                STREAM,
                data(piece({"role": "assistant"}), piece(None), {"choices": None}),
                HALF,
                REST,
                data({"choices": [], "usage": None}),
                DONE,
            ],
            id="events without text",
        ),
        pytest.param([STREAM, data(piece({"content": PARTS})), DONE], id="a list of parts"),
        pytest.param(
            [STREAM, data(*(whole(content=c) for c in ("<answer>[]", "</answer>"))), DONE],
            id="messages for deltas",
        ),
        pytest.param([STREAM, data(*OLDER), DONE], id="the older form"),
        pytest.param([STREAM, data(*OLLAMA, END)], id="events of Ollama's form"),
        pytest.param(
            [
                STREAM,
                HALF,
                data({"choices": [{"index": 1, "delta": {"content": "no"}}]}),
                REST,
                DONE,
            ],
            id="another choice",
        ),
        pytest.param(
            [
                STREAM,
                data(piece({"content": None, "error": None}) | {"error": None}),
                HALF,
                REST,
                DONE,
            ],
            id="errors of nothing",
        ),
        *(
            pytest.param([response(body, kind=SSE, content_encoding=name)], id=f"{name} unasked")
            for name, body in PACKED
        ),
    ],
)
def test_an_answer_is_read_in_every_form(script: Script, picture: Picture) -> None:
    with (
        Hostile(script) as server,
        connected(server, replace(PATIENT, after_end_s=0.2)) as reasoner,
    ):
        assert ask(reasoner, picture)[0] == "<answer>[]</answer>"
        assert len(server.asked) == 1


CUT = event('<answer>[{"bbox_2d": [1, 2')


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([STREAM, CUT], id="the connection ends"),
        pytest.param([CHUNKED, chunk(CUT), b"0\r\n\r\n"], id="the body ends, the text is cut"),
        pytest.param([STREAM, event("<scene>A.</scene><think>There is")], id="in a thought"),
        pytest.param([STREAM, event("There are no dogs")], id="of which nobody can tell"),
        pytest.param([response(lines(*OLLAMA)[:-30], kind="application/x-ndjson")], id="in a line"),
    ],
)
def test_an_answer_that_is_cut_is_told_from_a_whole_one(script: Script, picture: Picture) -> None:
    with (
        Hostile(script) as server,
        connected(server) as reasoner,
        pytest.raises(
            ModelError, match=r"broke before its answer was complete|not an answer in OpenAI"
        ),
    ):
        ask(reasoner, picture)


def test_prose_is_whole_where_the_body_has_an_end(picture: Picture) -> None:
    script = [CHUNKED, chunk(event("There are no dogs.")), b"0\r\n\r\n"]
    with Hostile(script) as server, connected(server) as reasoner:
        assert ask(reasoner, picture)[0] == "There are no dogs."


UNEXPECTED = "Unexpected endpoint or method. (POST /v1/chat/completions)"
FAILED = "failed while it answered: "


@pytest.mark.parametrize(
    ("script", "requests", "says"),
    [
        pytest.param(
            [response(json.dumps({"error": UNEXPECTED}))], 1, FAILED + UNEXPECTED[:-1], id="a text"
        ),
        pytest.param(
            [response(json.dumps({"error": {"message": "no room"}}))],
            1,
            FAILED + "no room.",
            id="an object",
        ),
        pytest.param(
            [response('{"detail": "Not allowed"}')], 1, FAILED + "Not allowed.", id="a detail"
        ),
        pytest.param(
            [response('{"detail": [{"loc": ["body"], "msg": "Field required"}]}')],
            1,
            FAILED + "Field required.",
            id="a list of details",
        ),
        pytest.param(
            [response('{"object": "error", "message": "Model is loading", "code": 503}')],
            4,
            "failed (503): Model is loading. Ask again;",
            id="with a status that passes",
        ),
        pytest.param(
            [response('{"code": 429, "msg": "Quota"}')], 4, "is too busy: Quota.", id="too busy"
        ),
        pytest.param(
            [
                response(
                    '[{"error": {"code": 404, "message": "No such model", "status": "NOT_FOUND"}}]'
                )
            ],
            1,
            "knows no model some-model at this address: No such model.",
            id="in a list",
        ),
        pytest.param(
            [STREAM, b'error: {"code": 400, "message": "No such thing"}\n\n'],
            2,
            "refused the question (400): No such thing.",
            id="llama.cpp's own field",
        ),
        pytest.param(
            [STREAM, b"event: error\ndata: out of memory\n\n"],
            1,
            FAILED + "out of memory.",
            id="an event of that name",
        ),
        pytest.param(
            [STREAM, b'event: error\ndata: {"message": "CUDA"}\n\n'],
            1,
            FAILED + "CUDA.",
            id="an event of that name with an object",
        ),
        pytest.param(
            [*LEAD, b'event: error\ndata: {"error": {"message": "CUDA"}}\n\n', DONE],
            1,
            FAILED + "CUDA.",
            id="in the middle",
        ),
        pytest.param(
            [*LEAD, b'{"error": {"message": "CUDA"}}\n', DONE],
            1,
            FAILED + "CUDA.",
            id="in the middle, past the form",
        ),
        pytest.param(
            [
                *LEAD,
                data(
                    {
                        **piece({"content": ""}, finish_reason="error"),
                        "error": {"code": 502, "message": "Gone"},
                    }
                ),
            ],
            1,
            "failed (502): Gone.",
            id="beside a choice",
        ),
        pytest.param(
            [*LEAD, event(finish="error"), DONE],
            1,
            "stopped its answer (error). Look at its log",
            id="a reason of error",
        ),
        pytest.param(
            [*LEAD, event(finish="abort"), DONE], 1, "stopped its answer (abort).", id="aborted"
        ),
        pytest.param(
            [STREAM, event(finish="abort"), DONE],
            4,
            "stopped its answer (abort).",
            id="aborted before it began",
        ),
        pytest.param(
            [*LEAD, event(finish="content_filter"), DONE],
            1,
            "withheld its answer (content_filter). Word the question differently.",
            id="withheld",
        ),
        pytest.param(
            [response(json.dumps(whole(content="")))], 1, "sent an empty answer", id="an empty body"
        ),
        pytest.param(
            [response('{"object": "chat.completion", "choices": []}')],
            1,
            "sent an empty answer. Word the question differently, and check that its model takes pictures.",
            id="no choices",
        ),
        pytest.param(
            [STREAM, event(finish="length"), DONE],
            1,
            "leave no room for an answer in the context of the server",
            id="a question that fills the context",
        ),
        pytest.param([response('{"id": 1}')], 1, NOT_OPENAI, id="something else"),
        pytest.param([response("Hello", kind="text/plain")], 1, NOT_OPENAI, id="a plain text"),
        pytest.param([response("")], 4, BROKE, id="no body"),
    ],
)
def test_a_failure_in_the_place_of_an_answer_is_said(
    script: Script, requests: int, says: str, picture: Picture
) -> None:
    with Hostile(script) as server, connected(server) as reasoner:
        with pytest.raises(ModelError) as caught:
            ask(reasoner, picture)
        assert says.format(host=server.host) in str(caught.value)
        assert len(server.asked) == requests


@pytest.mark.parametrize(
    ("script", "counts"),
    [
        pytest.param(
            [STREAM, event("yes", "stop", {"prompt_tokens": "12", "completion_tokens": "3"}), DONE],
            (12, 3, None),
            id="as text",
        ),
        pytest.param(
            [STREAM, event("yes", "stop"), data({"usage": {"prompt_tokens": 12}}), DONE],
            (12, None, None),
            id="without choices",
        ),
        pytest.param(
            [response(lines(*OLLAMA, END | {"prompt_eval_count": 9}))], (9, 7, None), id="of Ollama"
        ),
        pytest.param(
            [
                response(
                    json.dumps(
                        whole(content="yes") | {"usage": {"input_tokens": 5, "output_tokens": 2}}
                    )
                )
            ],
            (5, 2, None),
            id="by other names",
        ),
    ],
)
def test_counts_are_read_in_every_form(
    script: Script, counts: tuple[int | None, int | None, int | None], picture: Picture
) -> None:
    with Hostile(script) as server, connected(server) as reasoner:
        assert ask(reasoner, picture)[1] == Usage(*counts, GREEDY)


def test_thoughts_in_parts_are_put_back(picture: Picture) -> None:
    thought = [{"type": "thinking", "thinking": [{"type": "text", "text": "So."}]}, *PARTS]
    with (
        Hostile([STREAM, data(piece({"content": thought})), DONE]) as server,
        connected(server) as reasoner,
    ):
        assert ask(reasoner, picture)[0] == "<think>So.</think><answer>[]</answer>"


@given(st.lists(st.integers(0, 400), max_size=12))
def test_it_does_not_matter_where_a_stream_is_cut_into_packets(cuts: list[int]) -> None:
    text = "é\u2028\x85"  # characters that are line breaks elsewhere
    written = (
        f'data: {{"a": "{text}"}}\r\n\r\ndata:{{"b":\ndata: 2}}\n\n: x\ndata: [DONE]\n\n'.encode()
    )
    places = [0, *sorted(cuts), len(written)]
    events = StreamReader()
    values = [value for start, end in pairwise(places) for value in events.feed(written[start:end])]
    assert [*values, *events.finish()] == [{"a": text}, {"b": 2}]
    assert events.is_done
