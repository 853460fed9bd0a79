"""The remote reasoner against `transformers serve` with the shipped checkpoint, and against a server
that does everything wrong that a server can do; both on loopback, with real sockets."""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from demo.checkpoints.catalogue import NANO_FOLDER
from demo.checkpoints.generation import Generation
from demo.dialects.known import REGION_REASONER
from demo.dialects.messages import MAIN, Message, Shown
from demo.dialects.prompt import region_reasoner_instruction
from demo.dialogue.engine import answer as answer_to
from demo.dialogue.engine import begin
from demo.errors import ModelError, OptionError
from demo.models.selection import choose
from demo.options import Parser, add_model_options
from demo.picture.geometry import Size
from demo.picture.picture import Picture
from demo.reasoners.base import Usage, picture_for
from demo.reasoners.local import LocalReasoner
from demo.remote.address import read_address
from demo.remote.connection import Limits, Server
from demo.remote.faults import excerpt, retry_after
from demo.remote.nearby import FoundModel, find_servers
from demo.remote.reasoner import RemoteReasoner, choose_served, connect
from tests.conftest import free_port
from tests.support.asking import (
    GREEDY,
    PATIENT,
    SECRET,
    UNPENALISED,
    ask,
    asked,
    connected,
)
from tests.support.hostile import (
    RESET,
    STALL,
    STREAM,
    Asked,
    Hostile,
    Script,
    answer,
    event,
    failure,
)

pytestmark = pytest.mark.usefixtures("environment")


def test_an_answer_arrives_with_its_counts(picture: Picture) -> None:
    with Hostile(answer("<scene>Two ", "dogs.</scene>")) as server, connected(server) as reasoner:
        assert ask(reasoner, picture) == ("<scene>Two dogs.</scene>", Usage(100, 2, 90, GREEDY))
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
        assert np.array_equal(np.array(sent), np.array(picture_for(picture, REGION_REASONER)))


def test_nobody_there_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ModelError, match=f"^No server answers at 127.0.0.1:{port}. Start it"):
        connect(f"http://127.0.0.1:{port}", "auto", PATIENT)


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


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param([STALL], 0, id="before the headers"),
        pytest.param([STREAM, STALL], 0, id="before the first token"),
        pytest.param([STREAM, event("one"), event("two"), STALL], 2, id="in the middle"),
    ],
)
def test_a_stop_closes_the_connection(
    script: list[object], told: int, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, hear = threading.Event(), Server._receive

    async def noted(*given: Any) -> None:
        begun.set()
        await hear(*given)

    monkeypatch.setattr(Server, "_receive", noted)
    with Hostile(script) as server, connected(server, PATIENT) as reasoner:
        cancel = threading.Event()
        stream = reasoner.stream(picture, asked("find it"), cancel)
        assert list(islice(stream, told)) == ["one", "two"][:told]

        def stop() -> None:
            server.stalled.acquire()
            if STREAM in script:
                begun.wait()  # what was sent has also come
            cancel.set()

        threading.Thread(target=stop).start()
        [usage] = list(stream)
        assert usage == Usage(decoding=GREEDY if STREAM in script else "")
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
    limits, cancel = Limits(max_wait_s=10_000, total_s=10_000), threading.Event()

    def refuse() -> Iterator[bytes]:
        yield failure(429, retry_after="3600")
        cancel.set()

    with Hostile(refuse()) as server, connected(server, limits) as reasoner:
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


def test_every_piece_may_be_taken_on_another_thread(picture: Picture) -> None:
    with Hostile(answer("a", "b", "c")) as server, connected(server) as reasoner:
        stream = reasoner.stream(picture, asked("find it"), threading.Event())
        taken: list[object] = []
        for _ in range(4):
            thread = threading.Thread(target=lambda: taken.append(next(stream)))
            thread.start()
            thread.join()
        assert taken == ["a", "b", "c", Usage(100, 3, 90, GREEDY)]


class Echo(Hostile):
    """Answers each question with itself."""

    def _script(self, request: Asked) -> Script:
        asked_for = re.search('find "(.*?)"', str(request.body))
        return answer(asked_for[1]) if asked_for else super()._script(request)


def test_answers_at_the_same_time_do_not_mix(picture: Picture) -> None:
    questions, before = [f"secret {n}" for n in range(32)], set(threading.enumerate())
    with Echo() as server, connected(server, PATIENT) as reasoner, ThreadPoolExecutor(32) as pool:
        told = pool.map(lambda question: ask(reasoner, picture, question)[0], questions)
        assert list(told) == questions
        mine = set(threading.enumerate()) - before  # other tests' servers may still be there
        assert sum(thread.name == "server" for thread in mine) == 1


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
    assert str(caught.value) == "OPENAI_API_KEY holds characters that no key has. Set it again."


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
        pytest.param("auto", [], "lists no models. Load one there, or name one with --model.",
                     id="no list"),
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
    assert re.fullmatch(r"[^\n\r\0<>]{0,200}", excerpt(text))


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


def test_a_real_server_is_found_with_what_it_has(served: str) -> None:
    [found] = find_servers([read_address(served)], 60)
    assert found.models == (FoundModel("local/nano", sees=True),)
    assert found.place == f"the server at {served.removeprefix('http://')}"


def test_a_real_server_that_takes_no_penalty_is_asked_without_it(
    served: str, nano: LocalReasoner, picture: Picture
) -> None:
    server, model = Server(read_address(served), PATIENT), choose_served("nano", ["local/nano"], "")
    with closing(RemoteReasoner(server, model, Generation(repetition_penalty=1.05))) as reasoner:
        text, usage = ask(reasoner, picture, "find the largest thing")
    assert text == ask(nano, picture, "find the largest thing")[0]
    assert usage.decoding == UNPENALISED


def text_of(reasoner: RemoteReasoner | LocalReasoner, picture: Picture, *messages: Message) -> str:
    prompt = replace(asked("find it"), messages=messages)
    pieces = reasoner.stream(picture, prompt, threading.Event())
    return "".join(piece for piece in pieces if isinstance(piece, str))


def test_a_real_server_goes_on_with_a_conversation(
    served: str, nano: LocalReasoner, picture: Picture
) -> None:
    """One that goes on with no answer, and refuses the fields that ask for it."""
    question = Message("user", (MAIN, region_reasoner_instruction("find the largest thing")))
    part = Shown(np.asarray(Image.fromarray(picture.pixels[:200, :200]).resize((224, 224))))
    looked = (Message("assistant", ("<scene>Not clear.",)), Message("user", (part, "Look again.")))
    begun = Message("assistant", ("<scene>Not clear.",), is_open=True)
    asked_on = (
        replace(begun, is_open=False),
        Message("user", ("Go on exactly where you stopped.",)),
    )
    with connected(served, PATIENT, "nano") as reasoner:
        there = text_of(reasoner, picture, question, *looked)
        assert there == text_of(nano, picture, question, *looked)
        for _ in range(2):
            there = text_of(reasoner, picture, question, begun)
            assert there == text_of(nano, picture, question, *asked_on)


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
