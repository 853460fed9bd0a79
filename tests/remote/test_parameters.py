"""What a server is asked for besides the answer, and what becomes of it when it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from demo.errors import ModelError
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from demo.remote.reasoner import RemoteReasoner
from tests.support.asking import GREEDY, PATIENT, UNPENALISED, ask, connected
from tests.support.hostile import (
    DONE,
    STREAM,
    Asked,
    Hostile,
    Script,
    answer,
    event,
    failure,
    response,
)

pytestmark = pytest.mark.usefixtures("environment")
HUB_ID = "lmsdss/RegionReasoner-7B"
PENALTY = "repetition penalty 1.05 asked of the server"


def owned(identity: str, owner: str) -> Script:
    return [response(json.dumps({"data": [{"id": identity, "owned_by": owner}]}))]


class Picky(Hostile):
    """Refuses every request that has a field it does not take, in its own words."""

    def __init__(
        self, words: str, *unknown: str, models: Script | None = None, status: int = 400
    ) -> None:
        super().__init__(answer("yes"), models=models)
        self.words, self.unknown, self.status = words, unknown, status

    def _script(self, request: Asked) -> Script:
        script = super()._script(request)
        refused = request.body and any(self.refuses(name, request.body) for name in self.unknown)
        return [failure(self.status, self.words)] if refused else script

    def refuses(self, name: str, body: dict[str, Any]) -> bool:
        return name in body


class Narrow(Hostile):
    """Has room for so many tokens, of which a question takes `prompt`."""

    def __init__(self, words: str, context: int = 4096, prompt: int = 2952) -> None:
        super().__init__(answer("yes"))
        self.words, self.context, self.prompt = words, context, prompt

    def _script(self, request: Asked) -> Script:
        script = super()._script(request)
        if not request.body or self.prompt + (asked := request.body["max_tokens"]) <= self.context:
            return script
        total = self.prompt + asked
        figures = {"C": self.context, "P": self.prompt, "M": asked, "T": total}
        return [failure(400, self.words.format(**figures))]


def test_a_server_that_cannot_count_is_not_asked_to(picture: Picture) -> None:
    uncounted = [STREAM, event("yes"), event(finish="stop")]
    with (
        Hostile([failure(400, "stream_options?")], uncounted) as server,
        connected(server) as reasoner,
    ):
        assert ask(reasoner, picture) == ("yes", Usage(decoding=GREEDY))
        assert ask(reasoner, picture) == ("yes", Usage(decoding=GREEDY))
    assert ["stream_options" in request.body for request in server.asked] == [True, False, False]


@pytest.mark.parametrize(
    ("owner", "sent"),
    [
        pytest.param("vllm", {"repetition_penalty": 1.05}, id="vLLM"),
        pytest.param("", {"repetition_penalty": 1.05}, id="nobody in particular"),
        pytest.param("llamacpp", {"repeat_penalty": 1.05, "repeat_last_n": -1}, id="llama.cpp"),
        pytest.param("organization_owner", {"repeat_penalty": 1.05}, id="LM Studio"),
    ],
)
def test_a_known_checkpoint_is_decoded_as_its_makers_do(
    owner: str, sent: dict[str, float], picture: Picture
) -> None:
    with (
        Hostile(answer("yes"), models=owned(HUB_ID, owner)) as server,
        connected(server) as reasoner,
    ):
        assert ask(reasoner, picture)[1].decoding == f"greedy, {PENALTY}"
    asked = server.asked[0].body
    assert {name: value for name, value in asked.items() if name.startswith("repe")} == sent


def test_of_an_unknown_checkpoint_nothing_is_asked(picture: Picture) -> None:
    with Hostile(answer("yes")) as server, connected(server) as reasoner:
        assert ask(reasoner, picture)[1].decoding == GREEDY
    assert not any("penalty" in name for name in server.asked[0].body)


@pytest.mark.parametrize(
    ("words", "unknown", "decoding"),
    [
        pytest.param("Unexpected fields in the request: {{'repetition_penalty'}}", "repetition_penalty",
                     UNPENALISED, id="the penalty"),
        pytest.param("Unrecognized request argument supplied: stream_options", "stream_options",
                     f"greedy, {PENALTY}", id="counts"),
        pytest.param("Unsupported parameter: 'max_tokens' is not supported with this model. "
                     "Use 'max_completion_tokens' instead.", "max_tokens", f"greedy, {PENALTY}",
                     id="the older name of its length"),
        pytest.param("Unsupported value: 'temperature' does not support 0 with this model. Only "
                     "the default (1) value is supported.", "temperature",
                     f"sampled at the server’s own temperature, {PENALTY}", id="greedy decoding"),
        pytest.param("Streaming is not supported by this deployment.", "stream", f"greedy, {PENALTY}",
                     id="a stream"),
        pytest.param("Bad Request", "repetition_penalty", UNPENALISED, id="unnamed"),
    ],
)  # fmt: skip
def test_what_a_server_refuses_is_left_out_and_remembered(
    words: str, unknown: str, decoding: str, picture: Picture
) -> None:
    with Picky(words, unknown, models=owned(HUB_ID, "")) as server, connected(server) as reasoner:
        assert [ask(reasoner, picture) for _ in range(2)] == [
            ("yes", Usage(100, 1, 90, decoding))
        ] * 2
        first, *_, last = server.asked
        assert unknown in first.body
        assert unknown not in last.body
        assert len(server.asked) == (4 if words == "Bad Request" else 3)
    kept = {"model", "messages", "temperature", "stream", "stream_options"} - {unknown}
    kept -= {"stream_options"} if unknown == "stream" else set()
    assert kept <= last.body.keys()
    assert last.body.keys() & {"max_tokens", "max_completion_tokens"}


def test_a_field_is_found_by_where_the_refusal_is(picture: Picture) -> None:
    detail = [{"type": "extra_forbidden", "loc": ["body", "repetition_penalty"], "input": {"max_tokens": 1},
               "msg": "Extra inputs are not permitted"}]  # fmt: skip
    refusal = [response(json.dumps({"detail": detail}), 422)]
    with (
        Hostile(refusal, answer("yes"), models=owned(HUB_ID, "")) as server,
        connected(server) as reasoner,
    ):
        ask(reasoner, picture)
        assert "repetition_penalty" not in server.asked[1].body
        assert "stream_options" in server.asked[1].body


def test_a_refusal_inside_an_answer_is_one(picture: Picture) -> None:
    error = {"error": {"message": "Unknown argument: stream_options", "code": 400}}
    refusal = [STREAM, f"data: {json.dumps(error)}\n\n".encode(), DONE]
    with Hostile(refusal, answer("yes")) as server, connected(server) as reasoner:
        assert ask(reasoner, picture)[0] == "yes"
        assert len(server.asked) == 2


def test_a_temperature_of_zero_is_raised_where_it_is_none(picture: Picture) -> None:
    class Warm(Picky):
        def refuses(self, name: str, body: dict[str, Any]) -> bool:
            return body.get(name) == 0

    with Warm("`temperature` must be strictly positive", "temperature") as server:
        with connected(server) as reasoner:
            decoding = ask(reasoner, picture)[1].decoding
        assert decoding == "temperature 0.01, otherwise the server’s own settings"
        assert server.asked[1].body["temperature"] == 0.01


# As vLLM, SGLang, OpenAI, llama-cpp-python, TGI and others have it.
WORDS = [
    "This model's maximum context length is {C} tokens. However, you requested {T} tokens ({P} in the "
    "messages, {M} in the completion). Please reduce the length of the messages or completion.",
    "'max_tokens' or 'max_completion_tokens' is too large: {M}. This model's maximum context length is {C} "
    "tokens and your request has {P} input tokens ({M} > {C} - {P}).",
    "Requested token count exceeds the model's maximum context length of {C} tokens. You requested a total "
    "of {T} tokens: {P} tokens from the input messages and {M} tokens for the completion.",
    "Requested tokens ({T}) exceed context window of {C}",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= {C}. Given: {P} `inputs` tokens "
    "and {M} `max_new_tokens`",
    "max_tokens={M} is too large for a context window of {C}: the prompt has {P} tokens.",
    "The prompt ({P:,} tokens) and max_tokens ({M:,}) exceed the maximum sequence length of {C:,} tokens.",
]


@pytest.mark.parametrize("words", WORDS)
def test_an_answer_is_as_long_as_there_is_room_for(words: str, picture: Picture) -> None:
    with Narrow(words) as server, connected(server) as reasoner:
        for _ in range(2):  # the next question may leave more room
            assert ask(reasoner, picture)[0] == "yes"
    assert [asked.body["max_tokens"] for asked in server.asked] == [2048, 1144, 2048, 1144]


@pytest.mark.parametrize(
    ("words", "tried"),
    [
        pytest.param("This model's maximum context length is {C} tokens. However, you requested {M} "
                     "output tokens and your prompt contains at least 2049 input tokens, for a total of at "
                     "least 4097 tokens.", [2048, 1024], id="a count that was given up"),
        pytest.param("The request exceeds the available context size. Try increasing it.", [2048, 1024],
                     id="no figures"),
        pytest.param("max_tokens is too large: {M}. This model supports at most 1000 completion tokens.",
                     [2048, 1000], id="a limit for every answer"),
        pytest.param("Range of max_tokens should be [1, 1000]", [2048, 1000], id="a range"),
        pytest.param("`max_tokens` must be less than or equal to `1000`", [2048, 1000], id="a bound"),
    ],
)  # fmt: skip
def test_less_is_asked_for_by_any_hint(words: str, tried: list[int], picture: Picture) -> None:
    with Narrow(words) as server, connected(server) as reasoner:
        assert ask(reasoner, picture)[0] == "yes"
    assert [asked.body["max_tokens"] for asked in server.asked] == tried


@pytest.mark.parametrize(
    ("words", "requests"),
    [
        *((words, 1) for words in WORDS),
        (
            "request ({P} tokens) exceeds the available context size ({C} tokens), try increasing it",
            1,
        ),
        ("The input ({P} tokens) is longer than the model's context length ({C} tokens).", 1),
        ("The decoder prompt (length {P}) is longer than the maximum model length of {C}.", 1),
        ("Prompt too long: it exceeds the context length.", 1),
        ("the input length exceeds the context length", 1),
        ("Input validation error: `inputs` must have less than {C} tokens. Given: {P}", 1),
        (
            "Trying to keep the first {P} tokens when context the overflows. However, the model is "
            "loaded with context length of only {C} tokens, which is not enough.",
            1,
        ),
        (
            "The number of tokens to keep from the initial prompt is greater than the context length.",
            1,
        ),
        ("This model's maximum prompt length is {C} but the request contains {P} tokens.", 1),
        ("prompt is too long: {P} tokens > {C} maximum", 1),
        ("The input token count ({P}) exceeds the maximum number of tokens allowed ({C}).", 1),
        (
            "Prompt contains {P} tokens and 0 draft tokens, too large for model with {C} maximum context "
            "length",
            1,
        ),
        ("<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, {C}]", 1),
        ("Your request exceeded model token limit: {C} (requested: {P})", 1),
    ],
)
def test_a_question_without_room_for_an_answer_is_said(
    words: str, requests: int, picture: Picture
) -> None:
    with Narrow(words, prompt=5000) as server, connected(server) as reasoner:
        with pytest.raises(ModelError) as caught:
            ask(reasoner, picture)
        assert "leave no room for an answer in the context of the server" in str(caught.value)
        assert "--max-model-len 8192" in str(caught.value)
        assert len(server.asked) == requests


def test_as_much_is_asked_for_as_is_paid_for(picture: Picture) -> None:
    words = "You requested up to 2048 tokens, but can only afford {}. Visit https://openrouter.ai/settings"
    with (
        Hostile([failure(402, words.format(812))], answer("yes")) as server,
        connected(server) as reasoner,
    ):
        assert ask(reasoner, picture)[0] == "yes"
        assert [asked.body["max_tokens"] for asked in server.asked] == [2048, 812]
    with Hostile([failure(402, words.format(12))]) as server, connected(server) as reasoner:
        with pytest.raises(ModelError, match=r"refused the question \(402\): You requested"):
            ask(reasoner, picture)
        assert len(server.asked) == 1


def test_the_figures_may_stand_beside_the_words(picture: Picture) -> None:
    figures = {"n_prompt_tokens": 5000, "n_ctx": 4096}
    error = {"code": 400, "message": "the request exceeds the available context size", **figures}
    with (
        Hostile([response(json.dumps({"error": error}), 400)]) as server,
        connected(server) as reasoner,
    ):
        with pytest.raises(ModelError, match="leave no room for an answer"):
            ask(reasoner, picture)
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param("This model does not take pictures", "refused the question (400): This model does not",
                     id="about the picture"),
        pytest.param("temperature, max_tokens, stream and repetition_penalty", "refused the question (400)",
                     id="whatever is sent"),
    ],
)  # fmt: skip
def test_a_server_that_refuses_everything_is_not_asked_for_ever(
    words: str, says: str, picture: Picture
) -> None:
    with (
        Hostile([failure(400, words)], models=owned(HUB_ID, "")) as server,
        connected(server) as reasoner,
    ):
        with pytest.raises(ModelError) as caught:
            ask(reasoner, picture)
        assert says in str(caught.value)
        assert len(server.asked) <= 9


def test_what_one_question_taught_counts_for_all(picture: Picture) -> None:
    with Picky("No field stream_options here", "stream_options") as server:
        with connected(server, PATIENT) as reasoner:
            assert isinstance(reasoner, RemoteReasoner)
            ask(reasoner, picture)
            before = len(server.asked)
            ask(reasoner, picture, "find another")
        assert len(server.asked) == before + 1
