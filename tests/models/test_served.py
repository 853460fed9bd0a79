"""Models on servers among those that can be chosen: real local models, real sockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import xllamacpp

from app import parser
from demo.checkpoints.gguf.convert import plan_conversion
from demo.dialogue.engine import answer as answer_to
from demo.dialogue.engine import begin
from demo.dialogue.session import Session
from demo.errors import InputError, ModelError
from demo.models.available import MAX_SERVED, AvailableModels, Row
from demo.models.expected import expected_models
from demo.models.models import Models
from demo.models.selection import choose
from demo.models.served import ServedEntry
from demo.models.switching import RunningModels
from demo.picture.picture import Picture
from demo.remote.address import Address
from demo.remote.nearby import Nearby
from tests.conftest import free_port
from tests.support.asking import asked as prompt
from tests.support.hostile import RESET, STREAM, Script, answer, event
from tests.support.model_servers import ModelServer, llama_cpp, ollama, openai_list
from tests.support.published import save_published
from tests.support.served import serving

pytestmark = pytest.mark.usefixtures("environment")
FOUND = '<answer>[{"bbox_2d": [10, 20, 300, 400], "point_2d": [100, 200]}]</answer>'
SEVEN_B = "qwen2.5vl:7b"


def a_server(*scripts: Script) -> ModelServer:
    """Ollama with one model that sees and one that does not."""
    says = ollama(qwen2_5vl__7b=["completion", "vision"], llama3=["completion"])
    return ModelServer(says, *(scripts or (answer(FOUND),)))


@contextmanager
def running(
    *servers: ModelServer, started: str = "--model nano", addresses: Sequence[Address] = ()
) -> Iterator[RunningModels]:
    """An app that has looked for those servers."""
    options = parser().parse_args([*started.split(), "--segmenter", "none"])
    nearby = Nearby([*addresses, *(server.address for server in servers)], 60)
    models = choose(options)
    made = RunningModels(models, AvailableModels(options, models.entry, nearby))
    nearby.look()
    nearby.wait()
    try:
        yield made
    finally:
        made.close()


def rows(models: RunningModels) -> list[Row]:
    return models.available.served_rows(models.models)


def chosen(models: RunningModels, row: Row) -> str:
    """What is said once the model of a row has been taken."""
    models.switch(models.available.entry(row.source))
    assert models.wait(60)
    assert models.doing == ""
    return models.said


def asked(models: Models, picture: Picture, question: str = "find all things") -> Session:
    session = begin(picture, models.reasoner)
    return answer_to(
        session, question, picture=picture, reasoner=models.reasoner, segmenter=models.segmenter
    )


def test_a_found_model_takes_over_and_a_local_one_comes_back(picture: Picture) -> None:
    held = _connections()
    with a_server() as server, running(server) as app:
        [row] = rows(app)
        assert (row.title, row.state) == (SEVEN_B, "served")
        assert row.line == f"Runs on Ollama at {server.host}."
        with app.use() as models:
            first = asked(models, picture)
        assert chosen(app, row) == ""
        assert app.models.status == f"{SEVEN_B} · server {server.host} · masks: none"
        assert f"{SEVEN_B} on Ollama at {server.host} was chosen here." in app.models.why
        assert "Questions are worded as for Qwen2.5-VL" in app.models.why
        [row] = rows(app)
        assert (row.state, row.line) == ("runs", f"Runs now on Ollama at {server.host}.")
        assert app.models.world is None
        with app.use() as models:
            second = answer_to(
                first, "find the dog", picture=picture, reasoner=models.reasoner, segmenter=None
            )
        assert second.turns[0].raw == first.turns[0].raw
        assert second.answered_by == ("nano", SEVEN_B)
        assert server.asked[-1].body["model"] == SEVEN_B
        assert "authorization" not in server.asked[-1].headers

        assert _connections() == held + 1
        app.switch(app.available.smallest)
        assert app.wait(60)
        assert (app.said, app.models.reasoner.name) == ("", "nano")
        assert _connections() == held
        assert rows(app)[0].state == "served"


def _connections() -> int:
    """The threads of connections to servers; other tests may have left some."""
    return sum(thread.name == "server" for thread in threading.enumerate())


def test_a_server_that_is_gone_leaves_the_present_model(picture: Picture) -> None:
    with a_server() as server, running(server) as app:
        host, former, [row] = server.host, app.models, rows(app)
        server.__exit__()
        assert chosen(app, row) == f"nano goes on. No server answers at {host}. " + (
            "Start it, or check its address."
        )
        assert app.models is former  # which was not even closed
        with app.use() as models:
            assert asked(models, picture).turns[0].region == "R1"
        server.__enter__()


def test_a_model_that_the_server_has_no_more_leaves_the_present_one() -> None:
    with a_server() as server, running(server) as app:
        [row] = rows(app)
        server.says = {"/v1/models": openai_list("library", "llama3")}
        assert chosen(app, row).startswith(
            f"nano goes on. The server at {server.host} has no model called {SEVEN_B}. It has llama3."
        )


def test_a_server_that_breaks_off_in_an_answer_loses_nothing(picture: Picture) -> None:
    broken = [STREAM, event("<answer>["), RESET]
    with a_server(broken, answer(FOUND)) as server, running(server) as app:
        chosen(app, rows(app)[0])
        with app.use() as models, pytest.raises(ModelError, match="broke before its answer"):
            asked(models, picture)
        with app.use() as models:
            assert asked(models, picture).turns[0].region == "R1"


def test_a_found_model_gives_a_second_opinion(picture: Picture) -> None:
    with a_server() as server, running(server) as app:
        entry = app.available.entry(rows(app)[0].source)
        for _ in range(2):
            with app.beside(entry) as second:
                assert asked(second, picture).reasoner.name == SEVEN_B
            with app.use() as first:
                assert asked(first, picture).reasoner.name == "nano"
        lists = [request for request in server.seen if request.path == "/v1/models"]
        assert len(lists) == 2  # when it was found and when it was connected
        assert chosen(app, rows(app)[0]) == ""
        with app.beside(app.available.smallest) as second:
            assert asked(second, picture).reasoner.name == "nano"


def test_a_second_opinion_of_a_server_that_is_gone_is_said(picture: Picture) -> None:
    with a_server() as server, running(server) as app:
        entry = app.available.entry(rows(app)[0].source)
        server.__exit__()
        with pytest.raises(ModelError, match="No server answers"), app.beside(entry):
            pass
        with app.use() as first:
            assert asked(first, picture).reasoner.name == "nano"
        server.__enter__()


def test_started_with_a_server_it_goes_to_a_local_model_and_back(picture: Picture) -> None:
    with a_server() as server:
        started = f"--server {server.url} --model {SEVEN_B} --dialect region-reasoner"
        with running(server, started=started) as app:
            [row] = rows(app)  # once, though it was named and found
            assert (row.state, row.line) == ("runs", f"Runs now on the server at {server.host}.")
            assert chosen(app, row_of(app, "nano")) == ""
            assert app.models.reasoner.name == "nano"
            assert chosen(app, rows(app)[0]) == ""
            assert app.models.reasoner.dialect.name == "region-reasoner"  # as the person said
            assert asked(app.models, picture).turns[0].region == "R1"


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """llama.cpp itself, which serves a small Qwen2.5-VL of random weights; its address."""
    folder = tmp_path_factory.mktemp("gguf")
    save_published("qwen2_5_vl", folder / "checkpoint")
    plan_conversion("small", folder / "checkpoint", folder, "f16").run(lambda _: None)
    settings = xllamacpp.CommonParams()
    settings.model.path, settings.mmproj.path = f"{folder}/model.gguf", f"{folder}/mmproj.gguf"
    settings.model_alias = {"qwen2.5-vl-small"}
    settings.n_ctx, settings.n_parallel, settings.warmup = 4096, 1, False
    settings.fit_params, settings.verbosity = False, 0
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(settings)
    yield server.listening_address
    del server


def test_llama_cpp_itself_is_found_used_stopped_and_left(llama: str, picture: Picture) -> None:
    with running() as app:
        [entry] = app.available.add_server(llama)
        host = llama.removeprefix("http://")
        assert (entry.title, entry.sees, entry.place) == (
            "qwen2.5-vl-small",
            True,
            f"llama.cpp at {host}",
        )
        assert chosen(app, rows(app)[0]) == ""
        cancel, pieces = threading.Event(), []
        with app.use() as models:
            for piece in models.reasoner.stream(picture, prompt("find the dog"), cancel):
                pieces.append(piece)
                cancel.set()
        assert isinstance(pieces[0], str)
        assert pieces[0]
        app.switch(app.available.smallest)
        assert app.wait(60)
        assert app.models.reasoner.name == "nano"


def row_of(app: RunningModels, title: str) -> Row:
    found = app.available.rows(app.models, measured=False)
    return next(row for row in found if row.title == title)


def test_a_served_model_is_back_when_a_local_one_fails(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "qwen2_5_vl"}')
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with a_server() as server, running(server) as app:
        chosen(app, rows(app)[0])
        app.switch(app.available.add(str(tmp_path)))
        assert app.wait(60)
        assert app.said.startswith(SEVEN_B)
        assert app.models.reasoner.name == SEVEN_B


def test_rows_say_what_is_doubtful_and_what_is_known_comes_first() -> None:
    names = ["someone/llava-7b", "someone/thing", "qwen2.5-vl-7b", *(f"m{i}" for i in range(20))]
    with (
        ModelServer({"/v1/models": openai_list("vllm", *names)}) as server,
        running(server) as app,
    ):
        found = rows(app)
        place = f"Runs on vLLM at {server.host}."
    assert len(found) == MAX_SERVED
    assert [row.title for row in found[:3]] == ["qwen2.5-vl-7b", "llava-7b", "thing"]
    unknown = "It is not known whether it takes pictures."
    misread = "Its boxes will probably be misread: its family writes them in another way."
    assert [row.line for row in found[:3]] == [
        place,
        f"{place} {unknown} {misread}",
        f"{place} {unknown}",
    ]


def test_a_model_that_a_server_has_elsewhere_says_where() -> None:
    """Pictures would leave this machine."""
    says = ollama(qwen3_vl__cloud=["completion", "vision"], qwen2_5vl__7b=["completion", "vision"])
    says["/api/tags"]["models"][0]["remote_host"] = "https://ollama.com:443"  # type: ignore[index]
    with ModelServer(says) as server, running(server) as app:
        lines = {row.title: row.line for row in rows(app)}
        ollama_there = f"Ollama at {server.host}."
    assert lines["qwen3.vl:cloud"].startswith(f"Runs on ollama.com through {ollama_there}")
    assert lines[SEVEN_B] == f"Runs on {ollama_there}"


def test_a_typed_server_is_in_the_list_from_then_on() -> None:
    with a_server() as server, running() as app:
        assert rows(app) == []
        [entry] = app.available.add_server(f"{server.host}/v1")
        assert isinstance(entry, ServedEntry)
        assert [row.source for row in rows(app)] == [entry.source]
        assert app.available.entry(entry.source) == entry


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_key_goes_where_it_was_meant_for_at_the_start_only(
    is_trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reaches the page could have it sent anywhere."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-start")
    with a_server() as server:
        named = [replace(server.address, is_trusted=is_trusted)]
        with running(started="--model nano", addresses=named) as app:
            app.available.add_server(server.host)
            assert chosen(app, rows(app)[0]) == ""
        keys = {request.headers.get("authorization") for request in server.seen}
    assert keys == {"Bearer sk-of-the-start" if is_trusted else None}


def test_nobody_is_asked_about_what_is_not_in_the_list() -> None:
    with running() as app:
        for source in (f"server 127.0.0.1:{free_port()} x", "http://127.0.0.1:1/v1", ""):
            with pytest.raises(InputError, match="no such model"):
                app.available.entry(source)


def test_where_others_may_be_no_server_is_looked_for() -> None:
    with running() as app:
        fixed = RunningModels(app.models)
        with pytest.raises(InputError, match="chosen here when the app is started"):
            fixed.available.add_server("127.0.0.1:8000")


@pytest.mark.parametrize("is_private", [True, False])
def test_the_app_looks_at_its_start_where_it_is_for_one_person(
    is_private: bool, environment: MutableMapping[str, str]
) -> None:
    options = parser().parse_args(["--model", "nano", "--segmenter", "none"])
    with a_server() as server:
        environment["OPENAI_BASE_URL"] = server.url
        with serving(models=expected_models(options), may_switch=is_private) as served:
            served.load(options)
            if is_private:
                served.running.available._nearby.wait()
            assert bool(server.seen) is is_private


def test_a_model_for_text_is_not_in_the_list() -> None:
    with (
        ModelServer(llama_cpp("Qwen2.5-VL-7B.gguf", vision=False)) as server,
        running(server) as app,
    ):
        assert rows(app) == []
