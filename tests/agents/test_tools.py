"""What tools are made of: how much is kept, how arguments are read, what a question is about, the token."""

from __future__ import annotations

import base64
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import app
from demo.access.agent_token import MIN_LENGTH, VARIABLE, AgentToken, agent_token, new_token
from demo.agents.arguments import Arguments
from demo.agents.dialogues import Dialogue, Dialogues
from demo.agents.given import open_given
from demo.agents.library_log import log_places_only
from demo.agents.tools import Job, Tools, about_region
from demo.dialogue.edits import delete
from demo.dialogue.session import ReasonerInfo, Session
from demo.dialogue.session_json import session_to_json
from demo.errors import InputError
from demo.models.models import Models
from demo.models.switching import RunningModels
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import RegionObject, Registry
from tests import ROOT
from tests.support.table import TableReasoner


def dialogue(picture: Picture) -> Dialogue:
    return Dialogue(Session.begin(picture.info, ReasonerInfo("m", Size(840, 840))), picture)


# What is kept


def test_the_dialogue_that_was_used_longest_ago_gives_way(blocks: Path) -> None:
    kept, picture = Dialogues(max_count=2), open_picture(blocks)
    first, second, third = (dialogue(picture) for _ in range(3))
    for each in (first, second):
        kept.keep(each, each.session)
    kept.find(first.id)
    kept.keep(third, third.session)
    assert kept.known([first.id, second.id, third.id]) == [first, third]
    with pytest.raises(InputError, match="Call ground with the image"):
        kept.find(second.id)


def test_bytes_are_bounded_and_the_newest_stays(blocks: Path) -> None:
    picture = open_picture(blocks)
    kept = Dialogues(max_bytes=picture.source_bytes + 100)
    first, second = dialogue(picture), dialogue(picture)
    for each in (first, second):
        kept.keep(each, each.session)
    assert kept.known([first.id, second.id]) == [second]


def test_ids_are_not_guessed(blocks: Path) -> None:
    picture = open_picture(blocks)
    names = {dialogue(picture).id for _ in range(100)}
    assert len(names) == 100
    assert all(len(bytes.fromhex(name)) == 16 for name in names)


# What a model writes as arguments


@pytest.mark.parametrize(
    "value",
    [[1, 2, 30, 40], [1.2, 1.9, 30.4, 39.6], "[1, 2, 30, 40]", "1,2,30,40"],
    ids=["numbers", "fractions", "as text", "without brackets"],
)
def test_a_box_is_read(value: Any) -> None:
    given = Arguments.read("t", {"box": value}, ["box"])
    assert given.box("box", Size(100, 50)) == PictureBox(1, 2, 30, 40)


def test_a_box_over_the_edge_is_cut() -> None:
    given = Arguments.read("t", {"box": [-5, -5, 130, 40]}, ["box"])
    assert given.box("box", Size(100, 50)) == PictureBox(0, 0, 100, 40)


@pytest.mark.parametrize(
    "value",
    [None, 7, "x", [1, 2, 3], [1, 2, 3, "4"], [1, 2, 3, None], [True, 2, 3, 4], {"x1": 1},
     [1, 2, 3, 1e300], [1, 2, 3, float("nan")], "[" * 5_000, [5, 5, 5, 9], [200, 1, 300, 9]],
    ids=str,
)  # fmt: skip
def test_what_is_no_box_is_a_sentence(value: Any) -> None:
    with pytest.raises(InputError, match="100 × 50"):
        Arguments("t", {"box": value}).box("box", Size(100, 50))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"img": "x"}, "no argument “img”: it takes image and question"),
        ({"a\nb" * 50: 1}, "no argument “a b"),
        ({"image": ["x"]}, "needs image, as text"),
        ({"image": None}, "needs image, as text"),
        ({"image": ""}, "needs image, as text"),
    ],
)
def test_other_arguments_are_named(values: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Arguments.read("ground", values, ["image", "question"]).text("image")


def test_an_empty_text_is_left_out() -> None:
    given = Arguments.read("ground", {"image": "", "session_id": "x"}, ["image", "session_id"])
    assert ("image" in given, "session_id" in given) == (False, True)


@pytest.mark.parametrize(
    ("value", "is_set"), [(True, True), ("true", True), (None, False), ("False", False)]
)
def test_a_flag_is_read(value: object, is_set: bool) -> None:
    assert Arguments.read("t", {"overlay": value}, ["overlay"]).flag("overlay") == is_set


@pytest.mark.parametrize("may_read_files", [True, False])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: text,
        lambda text: text.rstrip("="),
        lambda text: "\n".join(text[i : i + 76] for i in range(0, len(text), 76)),
        lambda text: text.replace("+", "-").replace("/", "_"),
        lambda text: f"data:image/png;base64,{text}",
        lambda text: f"DATA:;base64,{text}",
    ],
    ids=["plain", "unpadded", "lines", "for addresses", "data URL", "data URL without a kind"],
)
def test_pictures_as_text(blocks: Path, wrap: Any, may_read_files: bool) -> None:
    text = wrap(base64.b64encode(blocks.read_bytes()).decode())
    assert open_given(text, may_read_files=may_read_files) == open_picture(blocks)


# What a question is about


@pytest.mark.parametrize(
    ("question", "name", "asked", "references"),
    [
        ("what is left of it?", "R1", "what is left of it?", ("R1",)),
        ("What is R1?", "R1", "What is R1?", ("R1",)),
        ("how many?", "R2", "how many in R2", ("R2",)),
        ("the red one", "R1.2", "the red one in R1.2", ("R1.2",)),
        ("is it left of R2?", "R1", "is it left of R2?", ("R1", "R2")),
        ("what is next to R2", "R1", "what is next to R2 in R1", ("R2", "R1")),
    ],
)
def test_a_question_is_about_the_region(
    blocks: Path, question: str, name: str, asked: str, references: tuple[str, ...]
) -> None:
    registry = Registry()
    for count in (2, 1):
        registry, _ = registry.add([RegionObject("", PictureBox(9, 9, 99, 99))] * count)
    session = dialogue(open_picture(blocks)).session.with_registry(registry)
    resolved = about_region(question, session, name)
    assert (resolved.sentence, resolved.names) == (asked, references)


# The token


def test_a_token_is_in_its_header_only() -> None:
    made = new_token()
    token = AgentToken.of(made)
    assert token.is_in(f"Bearer {made}")
    assert token.is_in(f"bearer  {made} ")
    for other in (
        "",
        "Bearer",
        "Bearer ",
        made,
        f"Basic {made}",
        f"Bearer {made}x",
        f"Bearer {made[:-1]}",
    ):
        assert not token.is_in(other)
    assert made not in repr(token)


def test_a_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "token"
    token = agent_token(file, {})
    assert token == agent_token(file, {VARIABLE: "x" * MIN_LENGTH})
    assert token is not None
    assert token.is_in(f"Bearer {file.read_text().strip()}")
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "short", "a b" * 20, "ü" * 40, "x" * 501])
def test_a_token_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="24 to 500"):
        agent_token(file, {})


@pytest.mark.parametrize("place", ["", "none/token"])
def test_where_no_token_can_be(tmp_path: Path, place: str) -> None:
    with pytest.raises(InputError, match="token"):
        agent_token(tmp_path / place, {})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(["--mcp-token", "x"], "give that as well", id="a token alone"),
        pytest.param(["--mcp"], "--mcp-token", id="printed where it is kept"),
        pytest.param(["--mcp", "--share"], "a token of your own", id="shared"),
        pytest.param(["--mcp", "--host", "0.0.0.0"], "a token of your own", id="open"),
        pytest.param(["--mcp", "--behind-proxy"], "a token of your own", id="behind a proxy"),
        pytest.param(["--mcp", "--auth", "none"], "cannot be read", id="with accounts"),
    ],
)
def test_the_app_refuses_agents_without_a_token(
    options: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert app.main(options) == 2
    assert says in capsys.readouterr().err


@pytest.mark.process
def test_a_missing_package_has_its_sentence() -> None:
    """-S leaves out everything that was installed."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "demo", "mcp"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Tools for agents need the package mcp, not installed here: "
        "pip install --requirement requirements.txt\n"
    )


# What is logged


def test_the_package_logs_no_words_of_an_agent(capsys: pytest.CaptureFixture[str]) -> None:
    import mcp.types

    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    try:
        log_places_only()
        place = str(Path(mcp.types.__file__))
        record = logging.LogRecord(
            "mcp.x", logging.WARNING, place, 7, "asked: %s", ("secret",), None
        )
        logging.getLogger().handle(record)
    finally:
        logging.getLogger().removeHandler(handler)
    said = capsys.readouterr().err
    assert "mcp, types.py:7" in said
    assert "secret" not in said


@pytest.mark.parametrize("filling", [" ", "\n", "=", "A ", "A=", "-", "data:"])
def test_a_megabyte_that_is_no_picture_is_refused_at_once(filling: str) -> None:
    """What grows with the square of its length takes hours here."""
    given = "A" + filling * (1_000_000 // len(filling)) + "!"
    with pytest.raises(InputError):
        open_given(given, may_read_files=False)


# A part that is asked about alone


def test_ground_looks_closer_at_a_part(blocks: Path) -> None:
    models = Models(TableReasoner(), None, "table", "", "")
    tools = Tools(RunningModels(models), Dialogues(), may_read_files=True)
    asked = {"image": str(blocks), "question": "find red", "within": [20, 30, 160, 180]}
    answer = tools.call("ground", asked, Job())
    assert not answer.is_error
    assert answer.values["looks"] == [{"box": [2, 11, 178, 199], "size": [840, 840]}]
    assert "Asked about this part alone: from 0% to 44% across, 4% to 66% down." in answer.text
    refused = tools.call("ground", {**asked, "within": [500, 0, 600, 9]}, Job())
    assert refused.is_error
    assert "is not a place in the picture" in refused.text


def test_a_dialogue_whose_last_region_was_deleted_is_shown(blocks: Path) -> None:
    models = Models(TableReasoner(), None, "table", "", "")
    tools = Tools(RunningModels(models), Dialogues(), may_read_files=True)
    asked = tools.call("ground", {"image": str(blocks), "question": "find red"}, Job())
    kept = tools.dialogues.find(str(asked.session_id))
    saved = session_to_json(delete(kept.session, "R1").session)
    shown = tools.call("overlay", {"image": str(blocks), "session": saved}, Job())
    assert not shown.is_error
    assert shown.values["answer"] == "What it found, R1, was deleted since."
