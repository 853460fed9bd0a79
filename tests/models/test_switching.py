"""One model takes the place of another in a process that goes on: real checkpoints, a hub on loopback."""

from __future__ import annotations

import gc
import json
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from app import parser
from demo import fairlock
from demo.access.accounts import Accounts
from demo.checkpoints.catalogue import QWEN_2_5_VL_7B, Entry
from demo.checkpoints.fetch import folder_of
from demo.checkpoints.gguf.convert import Conversion
from demo.checkpoints.shape import Shape
from demo.dialogue.engine import answer, begin
from demo.dialogue.session import Session
from demo.errors import InputError, ModelError
from demo.models.available import AvailableModels, Row
from demo.models.models import Models
from demo.models.selection import choose
from demo.models.switching import MAX_OF_ONE, RunningModels, may_switch
from demo.picture.picture import Picture
from demo.reasoners.llamacpp.planning import need_of_shape
from demo.segmenters.by_picture import SegmenterByPicture
from demo.segmenters.names import NANO_FOLDER as SAM2_NANO
from demo.web.monitoring import Watch
from tests.conftest import copy_of_nano
from tests.support.hub import Hub, ask_only, hub_of
from tests.support.published import save_published


@pytest.fixture(scope="module")
def nano252(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built-in checkpoint under another name, which is shown and speaks a frame of 252 × 252."""
    return copy_of_nano(tmp_path_factory.mktemp("models") / "nano252", frame=252)


@pytest.fixture
def running() -> Iterator[RunningModels]:
    made = begun()
    yield made
    made.close()


def begun(*arguments: str) -> RunningModels:
    """Nano, on a machine where others may be chosen."""
    options = parser().parse_args(["--model", "nano", *arguments])
    models = choose(options)
    return RunningModels(models, AvailableModels(options, models.entry))


def switched(running: RunningModels, entry: Entry, *, fetch: bool = False) -> str:
    """What is said when the exchange is over."""
    running.switch(entry, fetch=fetch)
    assert running.wait(60)
    assert running.doing == ""
    return running.said


def weights(models: Models) -> list[weakref.ref[Any]]:
    """The tensors that a model is made of, and the model itself."""
    model = models.reasoner._model  # type: ignore[attr-defined]
    return [weakref.ref(model), *(weakref.ref(tensor) for tensor in model.parameters())]


def alive(held: list[weakref.ref[Any]]) -> int:
    gc.collect()
    return sum(ref() is not None for ref in held)


def test_a_dialogue_goes_on_with_another_model_and_the_former_is_freed(
    running: RunningModels, nano252: Path, picture: Picture
) -> None:
    def asked(session: Session, question: str) -> Session:
        with running.use() as models:
            return answer(
                session,
                question,
                picture=picture,
                reasoner=models.reasoner,
                segmenter=models.segmenter,
            )

    session = asked(begin(picture, running.models.reasoner), "find all things")
    found = session.registry
    held, threads = weights(running.models), threading.active_count()
    drawn = running.models.segmenter
    assert isinstance(drawn, SegmenterByPicture)
    built_in = weakref.ref(drawn.parts[0]._model)  # type: ignore[attr-defined]
    del drawn
    assert alive(held) == len(held)
    assert switched(running, running.available.add(str(nano252))) == ""
    assert alive(held) == 0
    assert built_in() is None  # it is for nano's drawn scenes
    assert threading.active_count() <= threads
    assert running.changes == 1
    assert running.models.status == "nano252 · CPU · masks: GrabCut"
    assert "nano252 was chosen here." in running.models.why
    assert session.registry == found
    session = asked(session, "what is next to R1?")
    assert [session.reasoner_of(turn).frame.width for turn in session.turns] == [224, 252]
    assert session.answered_by == ("nano", "nano252")
    assert running.models.advice_for(picture) is None


def test_the_same_segmenter_goes_on(nano252: Path) -> None:
    running = begun("--segmenter", "sam2:nano")
    segmenter = running.models.segmenter
    assert switched(running, running.available.add(str(nano252))) == ""
    assert running.models.segmenter is segmenter
    running.close()


def test_an_answer_is_finished_first_and_nobody_begins_one(
    running: RunningModels, nano252: Path
) -> None:
    entry = running.available.add(str(nano252))
    with running.use() as models:
        held = weights(models)
        running.switch(entry)
        assert not running.wait(0.3)
        assert running.doing == "Waiting for the answer that is being written…"
        with (
            pytest.raises(ModelError, match=r"^nano252 is being loaded\. Ask again"),
            running.use(),
        ):
            pass
        with pytest.raises(InputError, match="Another model is being loaded"):
            running.switch(entry)
        assert alive(held) == len(held)
        assert running.in_use
    del models
    assert running.wait(60)
    assert running.models.reasoner.name == "nano252"
    assert alive(held) == 0


def test_nobody_has_all_places_for_questions(running: RunningModels) -> None:
    with ExitStack() as questions:
        for _ in range(MAX_OF_ONE):
            questions.enter_context(running.counted("ann"))
        with (
            pytest.raises(InputError, match="Very many questions from here"),
            running.counted("ann"),
        ):
            pass
        with running.counted("ben"), running.use(asker="ben"), running.use():
            assert fairlock.asker() == "ben"
    assert not running.in_use
    assert not running._askers
    with running.counted("ann"):
        pass


def damaged(folder: Path, name: str) -> None:
    if name == "weights":
        (folder / "model.safetensors").write_bytes(b"no weights at all")
    elif name == "missing":
        (folder / "model.safetensors").unlink()
    elif name == "tokens":
        (folder / "tokenizer.json").write_text("[]")
    elif name == "panic":  # of the library, which is written in Rust
        told = json.loads((folder / "tokenizer.json").read_text())
        told["truncation"] = {
            "direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 1,
        }  # fmt: skip
        (folder / "tokenizer.json").write_text(json.dumps(told))
    else:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"model_type": "llama"}))


@pytest.mark.parametrize(
    ("damage", "says", "closed"),
    [
        pytest.param("weights", "nano runs again. The checkpoint", True, id="damaged weights"),
        pytest.param("missing", "nano runs again. The checkpoint", True, id="no weights"),
        pytest.param("tokens", "nano runs again.", True, id="damaged words"),
        pytest.param("panic", "nano runs again.", True, id="words that nothing can be made of"),
        pytest.param("kind", "nano goes on. ", False, id="another kind of model"),
    ],
)
def test_the_former_model_is_back_when_the_next_one_fails(
    damage: str, says: str, closed: bool, picture: Picture, tmp_path: Path
) -> None:
    running, folder = begun("--segmenter", "none"), copy_of_nano(tmp_path / "broken", frame=252)
    damaged(folder, damage)
    former = running.models
    assert switched(running, running.available.add(str(folder))).startswith(says)
    assert (running.models is former) != closed
    assert (running.changes, running.models.reasoner.name) == (1, "nano")
    with running.use() as models:
        session = begin(picture, models.reasoner)
        asked = answer(
            session, "find all things", picture=picture, reasoner=models.reasoner, segmenter=None
        )
    assert asked.turns[0].region == "R1"
    running.close()


def rows(running: RunningModels) -> dict[str, Row]:
    return {row.title: row for row in running.available.rows(running.models, measured=False)}


def test_every_model_says_what_it_would_take(
    nano252: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.models.engines._known", {})  # as if nothing had been measured
    options = parser().parse_args(["--model", "nano", "--segmenter", "none"])
    counts = {name: 99 * getattr(QWEN_2_5_VL_7B, name) for name in Shape.__slots__}
    huge = Entry("huge", "somebody/huge", shape=Shape(**counts))
    running = RunningModels(choose(options), AvailableModels(options, huge))
    running.available.add(str(nano252))
    listed = rows(running)
    assert (listed["nano"].state, listed["nano"].line) == ("runs", "Runs now on CPU.")
    assert listed["nano252"] == Row(str(nano252), "nano252", "here", "Here on disk.")
    assert listed["huge"].state == "unfit"
    assert listed["huge"].line.startswith("huge does not fit: as Q4_0 it needs ")
    assert listed["huge"].line.endswith(" GiB of this machine’s memory are free.")
    assert "Qwen2.5-VL-3B-Instruct" not in listed  # its GGUF files are less to fetch
    small = listed["Qwen2.5-VL-3B-Instruct (Q4_K_M)"]
    if small.state == "away":  # a machine with less memory has no room for it
        assert small.line.startswith("About 3.3 GB to fetch. Needs ")
        assert small.guessed
    running.close()


def test_what_fits_once_the_running_model_is_freed_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the page sees it, where the running model is watched."""
    options = parser().parse_args(["--model", "nano", "--segmenter", "none"])
    large = Entry("large", "somebody/large", shape=QWEN_2_5_VL_7B)
    running = RunningModels(choose(options), AvailableModels(options, large), Watch().models)
    held = running.models.reasoner.held_bytes
    assert held > 0
    needed = need_of_shape(QWEN_2_5_VL_7B).total

    def state(free: int) -> str:
        for module in ("demo.models.available", "demo.models.engines"):
            monkeypatch.setattr(f"{module}.free_memory", lambda _: free)
        return rows(running)["large"].state

    assert state(needed - held) == "away"
    assert state(needed - held - 1) == "unfit"
    running.close()


def test_nothing_is_chosen_where_others_may_be(running: RunningModels, nano252: Path) -> None:
    entry = running.available.add(str(nano252))
    fixed = RunningModels(running.models)
    assert not fixed.may_switch
    with pytest.raises(InputError, match="chosen here when the app is started"):
        fixed.switch(entry)
    assert fixed.models.reasoner.name == "nano"
    with pytest.raises(InputError, match="no such model"):
        running.available.entry("/etc")


@pytest.mark.parametrize(
    ("arguments", "environment", "accounts", "expected"),
    [
        pytest.param([], {}, False, True, id="one person's own"),
        pytest.param(["--host", "localhost"], {}, False, True, id="by its name"),
        pytest.param(["--host", "0.0.0.0"], {}, False, False, id="open to the network"),
        pytest.param(["--host", "192.168.0.7"], {}, False, False, id="on an address"),
        pytest.param(["--share"], {}, False, False, id="a public link"),
        pytest.param([], {}, True, False, id="logins"),
        pytest.param(
            ["--server", "http://localhost:1"], {}, False, True, id="a server of one's own"
        ),
        pytest.param(
            ["--server", "http://localhost:1", "--share"], {}, False, False, id="and a link"
        ),
        pytest.param([], {"SPACE_ID": "a/b"}, False, False, id="a Space"),
        pytest.param([], {"REGIONREASONER_HOSTS": "a.example"}, False, False, id="behind a proxy"),
    ],
)
def test_who_may_choose(
    arguments: list[str], environment: dict[str, str], accounts: bool, expected: bool
) -> None:
    options = parser().parse_args(["--host", "127.0.0.1", *arguments])
    assert may_switch(options, Accounts({}) if accounts else None, environment) is expected


# Beside each other ------------------------------------------------------------------------------


def said_by(models: Models, picture: Picture) -> str:
    session = begin(picture, models.reasoner)
    asked = answer(
        session, "find all things", picture=picture, reasoner=models.reasoner, segmenter=None
    )
    return asked.reasoner.name


def test_a_second_model_stays_beside_the_first_while_both_fit(
    running: RunningModels, nano252: Path, picture: Picture
) -> None:
    entry = running.available.add(str(nano252))
    held = weights(running.models)
    with running.beside(entry) as second:
        beside = weights(second)
        assert said_by(second, picture) == "nano252"
        with running.use() as first:
            assert said_by(first, picture) == "nano"
        with pytest.raises(InputError, match="Another model is being loaded or asked"):
            running.switch(entry)
    del second, first
    assert (running.doing, alive(beside)) == ("", len(beside))
    with running.beside(running.available.smallest) as same:
        assert same is running.models
    del same
    assert switched(running, entry) == ""
    assert (alive(held), alive(beside)) == (0, 0)


def test_several_small_ones_stay_and_go_when_another_one_runs(
    running: RunningModels, nano252: Path, picture: Picture, tmp_path: Path
) -> None:
    entries = [
        running.available.add(str(nano252)),
        running.available.add(str(copy_of_nano(tmp_path / "nano196", frame=196))),
    ]
    held = []
    for entry in (*entries, *entries):
        with running.beside(entry) as other:
            assert said_by(other, picture) == entry.name
            held += weights(other)
            del other
    assert running.kept_beside == ("nano252", "nano196")
    assert running.bytes_beside == 2 * running.models.reasoner.held_bytes
    assert len({id(ref()) for ref in held}) == len(held) / 2  # each was loaded once
    assert switched(running, entries[0]) == ""
    assert not running.kept_beside
    assert running.bytes_beside == 0


def test_two_folders_of_one_name_are_told_apart(
    running: RunningModels, picture: Picture, tmp_path: Path
) -> None:
    for run in ("one", "two"):
        copy_of_nano(tmp_path / run / "step-100", frame=252)
    added = [running.available.add(str(tmp_path / run / "step-100")) for run in ("one", "two")]
    assert [entry.title for entry in added] == ["step-100", "step-100 (two)"]
    with running.beside(added[1]) as second:
        assert said_by(second, picture) == "step-100 (two)"
    assert running.available.add(str(tmp_path / "one" / "step-100")) == added[0]
    own = running.available.add(str(copy_of_nano(tmp_path / "nano", frame=252)))
    assert (own.name, own.is_nano) == (f"nano ({tmp_path.name})", True)


class Narrow(AvailableModels):
    """A machine that has room for one model only."""

    def fits_beside(self, _entry: Entry) -> bool:
        return False


def test_without_room_for_both_they_take_turns(nano252: Path, picture: Picture) -> None:
    options = parser().parse_args(["--model", "nano", "--segmenter", "none"])
    models = choose(options)
    running = RunningModels(models, Narrow(options, models.entry))
    entry = running.available.add(str(nano252))
    held = weights(running.models)
    del models
    with running.beside(entry) as second:
        assert alive(held) == 0
        beside = weights(second)
        assert said_by(second, picture) == "nano252"
        with pytest.raises(ModelError, match="nano252 is being loaded"), running.use():
            pass
    del second
    assert alive(beside) == 0
    assert (running.said, running.models.reasoner.name) == ("", "nano")
    with running.use() as again:
        assert said_by(again, picture) == "nano"
    running.close()


# Fetching ---------------------------------------------------------------------------------------


@pytest.fixture
def hub(nano252: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that has nano252 as somebody/small, and a disk with nothing of it."""
    with hub_of({"somebody/small": nano252}) as hub:
        ask_only(hub, tmp_path / "hub", monkeypatch)
        yield hub


def test_a_model_is_fetched_while_the_present_one_answers(
    running: RunningModels, hub: Hub, picture: Picture
) -> None:
    entry = running.available.add("somebody/small")
    assert rows(running)["small"].line == "Of unknown size to fetch."
    order = running.available.order(entry)
    hub.held["model.safetensors"] = 1_000_000
    running.switch(entry, fetch=True)
    assert hub.standing.wait(30)
    assert running.doing.startswith("Fetching small: ")
    assert running.doing.endswith(f" of {order.size / 1e6:.1f} MB…")  # type: ignore[operator]
    with running.use() as models:
        session = begin(picture, models.reasoner)
        answer(
            session, "find all things", picture=picture, reasoner=models.reasoner, segmenter=None
        )
    hub.release.set()
    assert running.wait(60)
    assert running.said == ""
    assert running.models.reasoner.name == "small"
    assert rows(running)["small"].state == "runs"


def test_fetching_can_be_given_up(running: RunningModels, hub: Hub) -> None:
    entry = running.available.add("somebody/small")
    hub.held["model.safetensors"] = 1_000_000
    running.switch(entry, fetch=True)
    assert hub.standing.wait(30)
    running.stop_fetching()
    hub.release.set()
    assert running.wait(60)
    assert running.said.startswith("nano goes on. Fetching small was stopped.")
    assert running.models.reasoner.name == "nano"
    assert folder_of(entry) is None
    assert switched(running, entry, fetch=True) == ""  # and gone on with later
    assert running.models.reasoner.name == "small"


def test_what_nobody_has_is_said(running: RunningModels, hub: Hub) -> None:
    said = switched(running, running.available.add("somebody/else"), fetch=True)
    assert said == "nano goes on. The hub has no checkpoint called somebody/else."


# Questions that wait for a chosen model ----------------------------------------------------------


def waiting_for_the_next(
    running: RunningModels, cancel: threading.Event
) -> tuple[threading.Thread, list[str]]:
    """Somebody who has a question for the model that is on its way, and what they got."""
    got: list[str] = []

    def ask() -> None:
        try:
            with running.use(cancel, next_one=True) as models:
                got.append(models.reasoner.name)
        except ModelError as error:
            got.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, got


@pytest.fixture
def fetching(running: RunningModels, hub: Hub) -> RunningModels:
    """While somebody/small is fetched, which stands still until the hub goes on."""
    hub.held["model.safetensors"] = 1_000_000
    running.switch(running.available.add("somebody/small"), fetch=True)
    assert hub.standing.wait(30)
    return running


def test_a_question_waits_for_the_model_that_is_fetched(fetching: RunningModels, hub: Hub) -> None:
    thread, got = waiting_for_the_next(fetching, threading.Event())
    assert fetching.coming == "small"
    assert fetching.share is not None
    assert 0 <= fetching.share < 1
    with fetching.use(threading.Event()) as models:  # others need not wait
        assert models.reasoner.name == "nano"
    assert got == []
    hub.release.set()
    thread.join(60)
    assert got == ["small"]
    assert fetching.wait(60)
    assert (fetching.coming, fetching.said) == ("", "")
    assert not fetching.share


def test_a_question_that_waits_can_be_stopped(fetching: RunningModels, hub: Hub) -> None:
    cancel = threading.Event()
    thread, got = waiting_for_the_next(fetching, cancel)
    cancel.set()
    thread.join(60)
    assert got == ["Stopped: small was not there yet, so this was not asked."]
    hub.release.set()
    assert fetching.wait(60)
    assert fetching.models.reasoner.name == "small"


def test_a_question_is_told_that_its_model_does_not_come(fetching: RunningModels, hub: Hub) -> None:
    thread, got = waiting_for_the_next(fetching, threading.Event())
    fetching.stop_fetching()
    assert fetching.doing == "Stopping…"
    hub.release.set()
    thread.join(60)
    assert got == ["small did not come, so this was not asked."]


def test_a_question_waits_while_a_model_is_loaded(running: RunningModels, nano252: Path) -> None:
    with running.use():
        running.switch(running.available.add(str(nano252)))
        thread, got = waiting_for_the_next(running, threading.Event())
        assert not running.wait(0.3)
        assert got == []
    thread.join(60)
    assert got == ["nano252"]
    assert running.wait(60)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint that counts as large, and is written as GGUF files before llama.cpp runs it."""
    monkeypatch.setenv("REGIONREASONER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("demo.models.engines.NARROW", 64)
    save_published("qwen2_5_vl", tmp_path / "published")
    return tmp_path / "published"


def test_checkpoint_is_prepared_for_llama_cpp_while_the_present_model_goes_on(
    running: RunningModels, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doing, write = list[str](), running.available.write

    def watched(
        files: Conversion, written: Callable[[int], None], given_up: threading.Event
    ) -> None:
        def count(size: int) -> None:
            written(size)
            doing.append(running.doing)

        with running.use() as models:
            assert models.reasoner.name == "nano"
        write(files, count, given_up)

    monkeypatch.setattr(running.available, "write", watched)
    entry = running.available.add(str(published))
    assert switched(running, entry) == ""
    assert len(doing) > 2
    assert doing[-1] == "Preparing published for this computer: 100 %…"
    assert running.models.reasoner.device == "CPU, by llama.cpp"


def test_preparing_can_be_stopped_and_goes_on_later(
    running: RunningModels, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, pieces = running.available.write, list[int]()

    def stopped(
        files: Conversion, written: Callable[[int], None], given_up: threading.Event
    ) -> None:
        given_up.set()
        write(files, written, given_up)

    def watched(
        files: Conversion, _written: Callable[[int], None], given_up: threading.Event
    ) -> None:
        write(files, pieces.append, given_up)

    entry = running.available.add(str(published))
    whole = running.available.unwritten(entry)
    assert whole is not None
    monkeypatch.setattr(running.available, "write", stopped)
    said = switched(running, entry)
    assert said.startswith(
        "nano goes on. Preparing published was stopped. What has been written is"
    )
    assert running.models.reasoner.name == "nano"
    monkeypatch.setattr(running.available, "write", watched)
    assert switched(running, entry) == ""
    assert 0 < sum(pieces) < whole.size  # not from the beginning again
    assert running.models.reasoner.device == "CPU, by llama.cpp"


def test_sam_2_comes_with_a_model_that_is_fetched(
    nano252: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub_of({"somebody/small": nano252, "facebook/sam2.1-hiera-tiny": SAM2_NANO}) as hub:
        ask_only(hub, tmp_path / "hub", monkeypatch)
        running = begun()
        entry = running.available.add("somebody/small")
        masks = running.available.masks()
        assert masks is not None
        assert masks.size_in_words == "about 0.2 GB"
        assert switched(running, entry, fetch=True) == ""
        assert running.models.segmenter is not None
        assert running.models.segmenter.name == "SAM 2 tiny"
        assert running.available.masks() is None  # it is here
        running.close()


@pytest.mark.parametrize("segmenter", ["none", "grabcut", "sam2:nano"])
def test_sam_2_does_not_come_where_another_segmenter_was_asked_for(segmenter: str) -> None:
    running = begun("--segmenter", segmenter)
    assert running.available.masks() is None
    running.close()
