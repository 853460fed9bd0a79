"""Lists of models as servers have them, and servers that have none."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from demo.errors import DemoError, ModelError, OptionError
from demo.picture.picture import Picture
from demo.remote.connection import Limits
from demo.remote.listing import MAX_MODELS
from demo.remote.reasoner import connect
from tests.support.asking import NOT_OPENAI, PATIENT, SECRET, ask, connected
from tests.support.hostile import RESET, STALL, Hostile, Script, answer, failure, listing, response

pytestmark = pytest.mark.usefixtures("environment")
ODD = "models/ä b:q4@x#1"


def has(value: object) -> list[object]:
    return [response(json.dumps(value))]


@pytest.mark.parametrize(
    "models",
    [
        pytest.param(has([{"id": ODD}]), id="an array of objects"),
        pytest.param(has([ODD]), id="an array of names"),
        pytest.param(has({"object": "list", "data": [ODD]}), id="names as data"),
        pytest.param(has({"models": [{"name": ODD, "model": ODD}]}), id="Ollama's tags"),
        pytest.param(has({"models": [{"key": ODD, "type": "llm"}]}), id="LM Studio's own"),
        pytest.param(has({"model_names": [ODD]}), id="text-generation-webui's own"),
        pytest.param(
            has({"models": [{"name": ODD}], "data": [{"id": ODD}]}), id="llama.cpp's both"
        ),
        pytest.param(has({"models": [], "data": [{"id": ODD}]}), id="one of two empty"),
        pytest.param(has({"data": [{"id": None, "name": ODD}]}), id="an id of nothing"),
    ],
)
@pytest.mark.parametrize("model", ["auto", ODD])
def test_a_list_is_read_in_every_form(models: Script, model: str, picture: Picture) -> None:
    with (
        Hostile(answer("yes"), models=models) as server,
        connected(server, model=model) as reasoner,
    ):
        assert ask(reasoner, picture)[0] == "yes"
        assert server.asked[0].body["model"] == ODD


@pytest.mark.parametrize(
    ("models", "chosen"),
    [
        pytest.param([{"id": "text-embedding-nomic"}, {"id": "mine"}], "mine", id="an embedder by name"),
        pytest.param([{"id": "a", "type": "embeddings"}, {"id": "mine", "type": "vlm"}], "mine",
                     id="an embedder by type"),
        pytest.param([{"id": "openai/whisper-1"}, {"id": "bge-reranker-v2"}, {"id": "mine"}], "mine",
                     id="ears and rankers"),
        pytest.param([{"id": "llama3"}, {"id": "lmsdss/RegionReasoner-7B"}], "lmsdss/RegionReasoner-7B",
                     id="one of them known here"),
        pytest.param([{"id": "bge-m3"}], "bge-m3", id="nothing else"),
        pytest.param([{"id": "a", "capabilities": ["completion"]},
                      {"id": "mine", "capabilities": ["completion", "multimodal"]}], "mine",
                     id="one for text, as llama.cpp says it"),
        pytest.param([{"id": "a", "architecture": {"input_modalities": ["text"]}},
                      {"id": "mine", "architecture": {"input_modalities": ["text", "image"]}}], "mine",
                     id="one for text, as OpenRouter says it"),
        pytest.param([{"id": "a", "capabilities": {"vision": False}},
                      {"id": "mine", "capabilities": {"vision": True}}], "mine",
                     id="one for text, as Mistral says it"),
    ],
)  # fmt: skip
def test_the_one_that_answers_is_taken(models: list[object], chosen: str, picture: Picture) -> None:
    with Hostile(answer("yes"), models=has({"data": models})) as server:
        reasoner, why = connect(server.url, "auto", PATIENT)
        with closing(reasoner):
            ask(reasoner, picture)
        assert server.asked[0].body["model"] == chosen
    only = "it is the server’s only model." if len(models) == 1 else "of the server’s models"
    assert only in why


def test_of_several_none_is_taken() -> None:
    with (
        Hostile(models=[listing("a", "b", "whisper-1")]) as server,
        pytest.raises(OptionError, match=r"has several models: a, b\. Name one with --model\."),
    ):
        connect(server.url, "auto")


def test_what_is_known_here_is_named_first() -> None:
    names = [*(f"model-{i}" for i in range(20)), "qwen2.5vl:3b", "qwen2.5vl:7b"]
    with (
        Hostile(models=[listing(*names)]) as server,
        pytest.raises(
            OptionError, match=r"models: qwen2\.5vl:3b, qwen2\.5vl:7b, model-0, .*and 12 more\."
        ),
    ):
        connect(server.url, "auto")


def test_a_list_of_which_only_a_part_is_read_does_not_speak_against_a_name(
    picture: Picture,
) -> None:
    models = [listing(*(f"m{i}" for i in range(MAX_MODELS)), "mine")]
    with (
        Hostile(answer("yes"), models=models) as server,
        connected(server, model="mine") as reasoner,
    ):
        assert ask(reasoner, picture)[0] == "yes"


def test_a_list_that_goes_on_elsewhere_does_not_speak_against_a_name(picture: Picture) -> None:
    models = has({"data": [{"id": "a"}], "has_more": True})
    with (
        Hostile(answer("yes"), models=models) as server,
        connected(server, model="mine") as reasoner,
    ):
        assert ask(reasoner, picture)[0] == "yes"
        assert server.asked[0].body["model"] == "mine"


@pytest.mark.parametrize(
    ("models", "says"),
    [
        pytest.param([failure(401)], "requires a key", id="401"),
        pytest.param([response("<html>", kind="text/html")], "A web page is at", id="a web page"),
        pytest.param(has({"data": {}}), NOT_OPENAI, id="an object"),
        pytest.param(has({"data": [1]}), NOT_OPENAI, id="numbers"),
        pytest.param(has({"data": [{}]}), NOT_OPENAI, id="no names"),
        pytest.param(has("models"), NOT_OPENAI, id="a text"),
        pytest.param([response("{")], NOT_OPENAI, id="half of it"),
        pytest.param([response("[" * 200_000)], NOT_OPENAI, id="deep"),
        pytest.param([response("x" * 2_000_000)], "sent more than 1 MB", id="too much"),
        pytest.param([STALL], "does not say which models it has", id="a stall"),
        pytest.param([RESET], "broke before its answer was complete", id="a broken connection"),
        pytest.param(
            [failure(404)], "does not list its models (404). Name one with --model;", id="404"
        ),
        pytest.param([failure(405)], "does not list its models (405). Name one", id="405"),
        pytest.param(
            [failure(501, "No")], "does not list its models (501): No. Name one", id="501"
        ),
        pytest.param(
            [failure(503, "Loading model")], "failed (503): Loading model. Ask again", id="503"
        ),
        pytest.param(
            [response("Client sent an HTTP request to an HTTPS server.", 400, "text/plain")],
            "requires an address that begins with https://.",
            id="another scheme",
        ),
        pytest.param(
            [response("", 301, location="https://me:pw@gpu.test/v1/models?key=1")],
            "redirects questions to https://gpu.test/v1/models. Give that address with --server.",
            id="elsewhere",
        ),
        pytest.param([failure(400)], "address given with --server should end with /v1.", id="400"),
        pytest.param(has({"data": []}), "lists no models. Load one there", id="an empty one"),
    ],
)
def test_a_list_that_is_none_is_a_sentence(models: list[object], says: str) -> None:
    limits = Limits(list_s=0.3 if models == [STALL] else 60, max_bytes=1_000_000)
    with Hostile(models=models) as server, pytest.raises(DemoError) as caught:
        connect(server.url, "auto", limits)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "models",
    [
        *(
            pytest.param([failure(n)], id=str(n))
            for n in (400, 401, 403, 404, 405, 422, 500, 501, 503)
        ),
        pytest.param([response('{"data": null}')], id="an empty one, as Ollama has it"),
        pytest.param([response("<html>", kind="text/html")], id="a web page"),
        pytest.param([response("Not here")], id="a text"),
        pytest.param(has({"error": "Unexpected endpoint"}), id="an error"),
    ],
)
def test_without_a_list_the_name_is_taken_as_it_is(models: Script, picture: Picture) -> None:
    with Hostile(answer("yes"), models=models) as server:
        reasoner, why = connect(server.url, "mine", PATIENT)
        with closing(reasoner):
            assert why == f"mine on {server.host} answers because it was asked for."
            assert ask(reasoner, picture)[0] == "yes"
        assert server.asked[0].body["model"] == "mine"


def test_a_key_that_is_refused_is_said_when_it_matters(
    picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    refused = [failure(403, f"{SECRET} may not list")]
    with (
        Hostile(refused, models=refused) as server,
        connected(server, model="mine") as reasoner,
        pytest.raises(ModelError, match=r"refuses the key in OPENAI_API_KEY\.$"),
    ):
        ask(reasoner, picture)
