"""Tools for agents beside the page, asked by the official client: token, connections, what may be sent."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from demo.access.agent_token import AgentToken
from demo.dialogue.engine import answer, begin
from demo.dialogue.session_json import session_to_json
from demo.picture.picture import open_picture
from demo.web.serve import Served
from tests.support.agents import Agent, documented, encoded, over_http
from tests.support.served import accounts, serving
from tests.support.table import TableReasoner
from tests.support.waiting import until

pytestmark = pytest.mark.process

TOKEN = "a-token-of-agents-that-nobody-guesses"
RED, BLUE = [40, 60, 140, 160], [240, 60, 340, 160]  # as the table answers
START: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
TAKES = {"accept": "application/json, text/event-stream"}
BEARER = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def table() -> TableReasoner:
    return TableReasoner()


@pytest.fixture(scope="module")
def served(table: TableReasoner) -> Iterator[Served]:
    """A server with accounts: agents come in without one, and with nothing but the token."""
    with serving(table, accounts(), agents=AgentToken.of(TOKEN)) as served:
        yield served


@pytest.fixture(scope="module")
def agent(served: Served) -> Iterator[Agent]:
    with over_http(served.url, TOKEN) as agent:
        yield agent


@pytest.fixture(scope="module")
def image(blocks: Path) -> str:
    return encoded(blocks)


def boxes(values: dict[str, Any]) -> list[list[int]]:
    """The boxes of what was found."""
    regions = {region["name"]: region for region in values["regions"]}
    return [item["box"] for item in regions[values["found"]]["objects"]]


def test_a_dialogue_of_an_agent(agent: Agent, image: str) -> None:
    first = agent.values("ground", image=image, question="find both")
    assert boxes(first) == [RED, BLUE]
    again = agent.values(
        "ask_about_region",
        session_id=first["session_id"],
        region="R1.1",
        question="what is next to it",
    )
    assert again["session_id"] == first["session_id"]
    assert (again["references"], again["found"], boxes(again)) == (["R1.1"], "R2", [BLUE])
    warnings = [found["kind"] for found in again["findings"] if found["level"] == "warning"]
    assert warnings == ["citation.invented"]


def test_a_box_becomes_a_region_that_is_asked_about(agent: Agent, image: str) -> None:
    values = agent.values("ask_about_region", image=image, box=RED, question="what is next to it")
    assert (values["references"], values["found"], boxes(values)) == (["R1"], "R2", [BLUE])
    drawn = next(region for region in values["regions"] if region["name"] == "R1")
    assert (drawn["origin"], drawn["objects"][0]["box"]) == ("user", RED)


def test_a_question_that_names_no_region_cites_it(agent: Agent, image: str) -> None:
    first = agent.values("ground", image=image, question="find both")
    asked = agent.values(
        "ask_about_region", session_id=first["session_id"], region="r1", question="Anything red?"
    )
    assert (asked["question"], asked["references"]) == ("Anything red in R1", ["R1"])


def test_pictures_of_an_answer(agent: Agent, image: str) -> None:
    answer = agent.call(
        "ground", image=f"data:image/png;base64,{image}", question="red", overlay=True
    )
    session_id = (answer.structuredContent or {})["session_id"]
    shown = [answer.content[1], agent.call("overlay", session_id=session_id).content[1]]
    for content in shown:
        assert content.type == "image"
        picture = Image.open(io.BytesIO(_bytes(content.data)))
        assert picture.size == (400, 300)
        assert picture.convert("RGB").getpixel((10, 10)) == (255, 255, 255)
        assert picture.convert("RGB").getpixel((60, 80)) != (255, 0, 0)  # under its outline


def test_what_was_found_can_be_read(agent: Agent, image: str) -> None:
    session_id = agent.values("ground", image=image, question="find both")["session_id"]
    assert f"region://{session_id}/R1" in agent.listed()
    part, about = agent.read(f"region://{session_id}/R1.2").contents
    crop = Image.open(io.BytesIO(_bytes(part.blob)))  # type: ignore[union-attr]
    assert crop.size == (100, 100)
    assert crop.convert("RGB").getpixel((50, 50)) == (0, 0, 255)
    assert f'"box": {BLUE}' in about.text  # type: ignore[union-attr]
    whole, _ = agent.read(f"picture://{session_id}").contents
    assert Image.open(io.BytesIO(_bytes(whole.blob))).size == (400, 300)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("to", "name", "holds"),
    [
        pytest.param("coco", "annotations.json", '"bbox"', id="labels"),
        pytest.param("svg", "picture.svg", "<svg", id="a figure"),
        pytest.param("html", "picture.html", "<html", id="a page"),
    ],
)
def test_regions_for_other_tools(agent: Agent, image: str, to: str, name: str, holds: str) -> None:
    session_id = agent.values("ground", image=image, question="find both")["session_id"]
    answer = agent.call("convert", session_id=session_id, to=to)
    files = {file["name"] for file in (answer.structuredContent or {})["files"]}
    assert name in files
    assert not any(file.endswith(".png") for file in files)  # the agent has the picture
    texts = [file.resource.text for file in answer.content[1:]]  # type: ignore[union-attr]
    assert holds in "".join(texts)


def test_what_a_format_lacks_is_told(agent: Agent, image: str) -> None:
    session_id = agent.values("ground", image=image, question="find both")["session_id"]
    told = agent.call("convert", session_id=session_id, to="yolo").content[0]
    assert "YOLO has no place for names of regions" in told.text  # type: ignore[union-attr]


def test_a_saved_dialogue_comes_back(agent: Agent, image: str, served: Served) -> None:
    picture, models = open_picture(_bytes(image)), served.running.models
    start = begin(picture, models.reasoner)
    session = answer(
        start, "find both", picture=picture, reasoner=models.reasoner, segmenter=models.segmenter
    )
    saved = session_to_json(session)
    assert len(agent.values("overlay", image=image, session=saved)["regions"]) == 1
    saved["picture"]["sha256"] = "0" * 64
    assert "another picture" in agent.refusal("overlay", image=image, session=saved)
    of_another = agent.values("ground", image=image, question="red")["session_id"]
    assert "not with a session_id" in agent.refusal("overlay", session_id=of_another, session=saved)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param({"image": "/etc/passwd"}, "no files are opened by name", id="a path"),
        pytest.param(
            {"image": "file:///etc/passwd"}, "never fetched|no files", id="a file address"
        ),
        pytest.param({"image": "http://127.0.0.1/x.png"}, "never fetched", id="an address"),
        pytest.param({"image": "HTTPS://a.example/x"}, "never fetched", id="in capitals"),
        pytest.param({"image": "data:image/png,abc"}, "not base64", id="a data URL of text"),
        pytest.param({"image": "QUJD" * 40}, "not a picture|cannot be read", id="no picture"),
        pytest.param({"session_id": "0" * 32}, "no session 0000", id="an unknown session"),
        pytest.param({"session_id": "../x"}, "no session of that id", id="no id"),
        pytest.param({}, "an image .* or the session_id", id="nothing to ask about"),
        pytest.param({"image": "x", "session_id": "y"}, "one of the two", id="both"),
        pytest.param(
            {"image": "x", "inputs": ["/"]}, "no argument “inputs”", id="another's argument"
        ),
        pytest.param({"image": 7}, "needs image, as text", id="a number"),
        pytest.param({"image": "x", "question": "  "}, "needs question", id="an empty question"),
        pytest.param({"image": "x", "question": "a" * 3000}, "2,000", id="a long question"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(
    agent: Agent, arguments: dict[str, Any], says: str
) -> None:
    sentence = agent.refusal("ground", **{"question": "red", **arguments})
    assert _matches(says, sentence), sentence


@pytest.mark.parametrize("name", ["r1", "@R1", "region 1", "R1", "R1.1"])
def test_a_region_is_named_as_in_a_question(agent: Agent, image: str, name: str) -> None:
    session_id = agent.values("ground", image=image, question="red")["session_id"]
    values = agent.values(
        "ask_about_region", session_id=session_id, region=name, question="what is next to it"
    )
    assert values["references"] == ["R1.1" if "." in name else "R1"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param({"region": "R9"}, "no R9", id="an unknown region"),
        pytest.param({"region": "the dog"}, "no “the dog”", id="no name"),
        pytest.param({"region": "R1 and R1.1"}, "no “R1 and R1.1”", id="two names"),
        pytest.param({}, "one of the two", id="no region"),
        pytest.param({"region": "R1", "box": RED}, "one of the two", id="region and box"),
        pytest.param({"box": [1, 2, 3]}, "four numbers", id="three numbers"),
        pytest.param({"box": [9, 9, 2, 2]}, "400 × 300", id="swapped corners"),
        pytest.param({"box": [500, 10, 600, 20]}, "not a place", id="outside"),
        pytest.param({"box": "[1, 2, true, 9]"}, "four numbers", id="no number"),
    ],
)
def test_regions_that_are_none(
    agent: Agent, image: str, arguments: dict[str, Any], says: str
) -> None:
    session_id = agent.values("ground", image=image, question="red")["session_id"]
    given = {"session_id": session_id, "question": "what is next to it", **arguments}
    assert says in agent.refusal("ask_about_region", **given)
    values = agent.values("ground", session_id=session_id, question="find both")
    assert values["found"] == "R2"  # nothing was added, and nothing lost


def test_a_call_tells_what_it_does_and_can_be_cancelled(
    agent: Agent, image: str, table: TableReasoner
) -> None:
    table.stopped.clear()
    table.go_on.clear()
    session_id = agent.values("ground", image=image, question="red")["session_id"]
    assert "cancelled" in agent.stopped("ground", session_id=session_id, question="slow")
    assert table.stopped.wait(60)
    assert agent.values("ground", session_id=session_id, question="red")["found"] == "R2"


def test_whoever_hangs_up_ends_the_call(served: Served, table: TableReasoner, image: str) -> None:
    table.go_on.clear()
    table.stopped.clear()
    asked = {"name": "ground", "arguments": {"image": image, "question": "the slow one"}}
    with httpx.Client(base_url=served.url, headers={**TAKES, **BEARER}, timeout=60) as http:
        session = {"mcp-session-id": http.post("/mcp", json=START).headers["mcp-session-id"]}
        ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        http.post("/mcp", json=ready, headers=session)
        call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": asked}
        with http.stream("POST", "/mcp", json=call, headers=session) as answer:
            assert answer.status_code == 200
            until(lambda: "turns_running 1.0" in served.watch.text().decode())
    until(table.stopped.is_set)


def test_calls_at_once_about_one_session_wait_for_each_other(
    agent: Agent, image: str, table: TableReasoner
) -> None:
    table.go_on.clear()
    session_id = agent.values("ground", image=image, question="red")["session_id"]
    questions = ("slow", "the red one", "slow too")
    begun = [agent.begin("ground", session_id=session_id, question=each) for each in questions]
    table.go_on.set()
    found = [(call.result().structuredContent or {})["found"] for call in begun]
    assert sorted(found) == ["R2", "R3", "R4"]


def test_what_a_model_fails_with_is_told(agent: Agent, image: str) -> None:
    assert agent.refusal("ground", image=image, question="break") == "The device has no room left."


def test_agents_do_not_see_each_others_pictures(agent: Agent, image: str, served: Served) -> None:
    mine = agent.values("ground", image=image, question="red")["session_id"]
    with over_http(served.url, TOKEN) as other:
        assert other.listed() == []
        theirs = other.values("ground", image=image, question="red")["session_id"]
        assert all(theirs in uri for uri in other.listed())
        # The id is the key: a program that connects anew for each call goes on with it.
        assert other.values("ground", session_id=mine, question="find both")["found"] == "R2"
    assert not any(theirs in uri for uri in agent.listed())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="no token"),
        pytest.param({"authorization": "Bearer wrong"}, 401, id="a wrong one"),
        pytest.param({"authorization": f"Bearer {TOKEN}x"}, 401, id="a longer one"),
        pytest.param({"authorization": f"Basic {TOKEN}"}, 401, id="another scheme"),
        pytest.param({"cookie": f"token={TOKEN}"}, 401, id="in a cookie"),
        pytest.param({**BEARER, "origin": "http://evil.example"}, 403, id="another site"),
        pytest.param({**BEARER, "host": "evil.example"}, 421, id="a rebound name"),
        pytest.param(BEARER, 200, id="right"),
    ],
)
def test_who_may_come_in(served: Served, headers: dict[str, str], status: int) -> None:
    answer = httpx.post(f"{served.url}/mcp", json=START, headers={**TAKES, **headers})
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "token" in answer.json()["error"]


def test_the_documents_say_how_to_come_in(served: Served) -> None:
    _, settings = documented()
    place = f"{served.url}{urlsplit(settings['url']).path}"
    headers = {name: value.replace("TOKEN", TOKEN) for name, value in settings["headers"].items()}
    assert httpx.post(place, json=START, headers={**TAKES, **headers}).status_code == 200


def test_a_token_is_no_login(served: Served) -> None:
    for path in ("/config", "/metrics", "/gradio_api/info"):
        assert httpx.get(f"{served.url}{path}", headers=BEARER).status_code == 401


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"{", 400, id="no JSON"),
        pytest.param(b"[" * 2_000, 400, id="deep"),
        pytest.param(b'[{"jsonrpc": "2.0"}]', 400, id="a list"),
        pytest.param(b'{"a": [' + b"0," * 150_000 + b"0]}", 400, id="many values"),
        pytest.param(b'{"a": "' + b"x" * 21_000_000 + b'"}', 413, id="large"),
    ],
)
def test_what_is_sent_is_bounded(served: Served, content: bytes, status: int) -> None:
    answer = httpx.post(
        f"{served.url}/mcp", content=content, headers={**TAKES, **BEARER}, timeout=60
    )
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_a_connection_that_is_over_is_named(served: Served) -> None:
    over = {**TAKES, **BEARER, "mcp-session-id": "0" * 32}
    answer = httpx.post(f"{served.url}/mcp", json=START, headers=over)
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Session not found")


def test_without_the_option_there_is_nothing(table: TableReasoner) -> None:
    with serving(table) as served:
        for path in ("/mcp", "/gradio_api/mcp/", "/gradio_api/mcp/sse"):
            answer = httpx.post(f"{served.url}{path}", json=START, headers={**TAKES, **BEARER})
            assert answer.status_code == 404


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _matches(pattern: str, sentence: str) -> bool:
    return re.search(pattern, sentence) is not None and "Traceback" not in sentence
