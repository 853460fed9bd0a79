"""The two ways of asking a general model: what they share, which is taken, and what is read in each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo.answers.checks import check_trace
from demo.answers.trace import parse_trace
from demo.dialects.dialect import Dialect
from demo.dialects.known import DIALECTS, QWEN_2_5_VL, QWEN_2_VL, QWEN_3_VL, REGION_REASONER
from demo.dialects.prompt import Prompt
from demo.dialects.ways import (
    LOOKING,
    QUICK,
    REASONED,
    TOLD,
    WAYS,
    has_ways,
    in_way,
    usual_way,
    ways_of,
    without_looks,
)
from demo.dialogue.engine import answer, begin
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import OptionError
from demo.models.models import Models
from demo.models.selection import choose
from demo.options import check_models
from demo.picture.geometry import ModelBox, PictureBox, Size
from demo.picture.picture import open_picture
from demo.ui.chat.messages import messages
from demo.ui.sheet.numbers import numbers, score_card
from tests.dialects.test_families import options_for
from tests.dialects.test_families_generated import generated, noise, save_small, written
from tests.support.hostile import Hostile, listing
from tests.support.scripted import Scripted, Telling

GENERAL = (QWEN_2_5_VL, QWEN_2_VL, QWEN_3_VL)
FRAME = Size(1000, 1000)
GIVEN = [("R1", ModelBox(250, 250, 750, 500))]
BOX = '[{"bbox_2d": [250, 250, 750, 500], "label": "dog"}]'
QUICK_TEXT = f"```json\n{BOX}\n```"
THOUGHT = (
    "<scene>Two dogs.</scene>\n<focus>A dog.</focus>\n"
    "<think>Left of bbox=[250, 250, 750, 500].</think>\n"
)
OTHER = '[{"bbox_2d": [0, 250, 250, 500], "point_2d": [100, 300], "label": "dog"}]'
REASONED_TEXT = f"{THOUGHT}<answer>\n```json\n{OTHER}\n```\n</answer>"


def test_general_models_have_several_ways_and_trained_ones_theirs() -> None:
    several = {name: ways_of(d) for name, d in DIALECTS.items() if has_ways(d)}
    looking = (QUICK, LOOKING)
    assert several == {
        "qwen2.5-vl": WAYS, "qwen2-vl": (QUICK, REASONED), "qwen3-vl": WAYS, "vlm-r3": looking,
        "deepeyes": looking, "chain-of-focus": looking, "mini-o3": looking, "pixel-reasoner": looking,
        "p2r": looking, "qwen3-vl-zoom": looking,
    }  # fmt: skip
    for dialect in DIALECTS.values():
        assert in_way(dialect, QUICK) == in_way(dialect, "") == dialect
        for way in (REASONED, LOOKING):
            assert (in_way(dialect, way) == dialect) != (way in ways_of(dialect))
            assert not has_ways(in_way(dialect, way)) or in_way(dialect, way) == dialect


def test_what_is_to_be_told_is_looked_at_by_those_that_learned_it() -> None:
    told = {name: in_way(d, TOLD).name for name, d in DIALECTS.items() if has_ways(d)}
    assert told["qwen3-vl"] == "qwen3-vl-told"
    assert told["mini-o3"] == "mini-o3-looking"
    for name in told:
        looking = in_way(DIALECTS[name], TOLD)
        plain = without_looks(looking)
        assert (plain.tells, plain.looking) == (True, None)
        assert plain.view(Size(640, 480)) == looking.view(Size(640, 480))


@pytest.mark.parametrize("dialect", [pytest.param(d, id=d.name) for d in GENERAL])
@pytest.mark.parametrize("size", [Size(640, 480), Size(60, 45), Size(4032, 3024)])
def test_both_ways_show_the_same_picture_and_count_in_the_same_frame(
    dialect: Dialect, size: Size
) -> None:
    for one in (dialect, dialect.with_token(64), dialect.in_frame(Size(448, 448))):
        assert in_way(one, REASONED).view(size) == one.view(size)


@pytest.mark.parametrize("dialect", [pytest.param(d, id=d.name) for d in GENERAL])
def test_the_reasoned_way_says_what_its_numbers_mean(dialect: Dialect) -> None:
    asked = in_way(dialect, REASONED)
    words = asked.instruction("the dog")
    assert '"the dog"' in words
    assert "{" not in words.replace('[{"bbox_2d"', "")
    assert ("thousandths" in words) == (dialect.frame == FRAME)
    assert ("pixels of the image" in words) == (dialect.frame is None)
    assert all(f"<{part}>" in words for part in REGION_REASONER.parts)
    assert asked.box.format(1, 2, 3, 4) == "bbox=[1, 2, 3, 4]"


@pytest.mark.parametrize(
    ("asking", "tokens_per_s", "way"),
    [
        pytest.param("auto", 15.0, REASONED, id="fast enough"),
        pytest.param("auto", 14.9, QUICK, id="too slow"),
        pytest.param("auto", None, QUICK, id="nobody knows"),
        pytest.param(QUICK, 90.0, QUICK, id="quick, because a person says so"),
        pytest.param(REASONED, 0.7, REASONED, id="reasoned, because a person says so"),
    ],
)
def test_the_speed_decides_unless_a_person_does(
    asking: str, tokens_per_s: float | None, way: str
) -> None:
    assert usual_way(QWEN_3_VL, asking, tokens_per_s) == way
    assert usual_way(REGION_REASONER, "auto", tokens_per_s) == ""


def test_a_person_may_want_the_other_way() -> None:
    def asked_by(usual: str) -> list[str]:
        models = Models(Scripted(QWEN_3_VL), None, "", "", "", asking=usual)
        return [models.way(wanted) for wanted in ("", *WAYS)]

    assert asked_by(QUICK) == [QUICK, *WAYS]
    assert asked_by(REASONED) == [REASONED, *WAYS]
    assert asked_by("") == [""] * 4


@pytest.mark.parametrize(
    ("way", "text", "kinds"),
    [
        pytest.param(QUICK, QUICK_TEXT, [], id="quick: nothing is missed"),
        pytest.param(REASONED, REASONED_TEXT, ["citation.valid"], id="reasoned, and cited"),
        pytest.param(
            REASONED, f"<scene>Dogs.</scene><think>Left.</think><answer>{OTHER}</answer>",
            ["focus.missing", "citation.missing"],
            id="reasoned without the reference",
        ),
        pytest.param(
            REASONED, THOUGHT.replace("250, 250, ", "9, 9, ") + f"<answer>{OTHER}</answer>",
            ["citation.missing", "citation.invented"],
            id="reasoned with an invented box",
        ),
        pytest.param(
            REASONED, QUICK_TEXT, ["focus.missing", "citation.missing", "answer.repaired"],
            id="reasoned, and answered as if it were quick",
        ),
    ],
)  # fmt: skip
def test_each_way_is_checked_for_what_it_asks(way: str, text: str, kinds: list[str]) -> None:
    dialect = in_way(QWEN_3_VL, way)
    trace = parse_trace(text, FRAME, dialect)
    assert [item.box.xyxy for item in trace.objects] == [
        (250, 250, 750, 500) if text is QUICK_TEXT else (0, 250, 250, 500)
    ]
    assert [finding.kind for finding in check_trace(trace, GIVEN, dialect)] == kinds


def test_a_saved_dialogue_tells_how_each_question_was_asked() -> None:
    picture = open_picture(np.zeros((200, 400, 3), np.uint8), "black.png")
    sayer = Telling(
        lambda prompt: REASONED_TEXT if "<scene>" in prompt.instruction else QUICK_TEXT,
        QWEN_3_VL,
        "sayer",
    )
    session = begin(picture, sayer)
    for question, way in (
        ("find the dog", QUICK), ("what is left of R1?", REASONED), ("the dog beside R1", QUICK),
    ):  # fmt: skip
        session = answer(
            session, question, picture=picture, reasoner=sayer, segmenter=None, asking=way
        )
    assert "bbox=[250, 250, 750, 500]" in sayer.asked[1].instruction
    assert [turn.trace.think is not None for turn in session.turns] == [False, True, False]
    assert [[f.kind for f in turn.findings] for turn in session.turns] == [
        [],
        ["citation.valid"],
        [],
    ]
    loaded = session_from_json(session_to_json(session))
    assert loaded == session
    asked_in = [loaded.reasoner_of(turn).dialect for turn in loaded.turns]
    assert asked_in == ["qwen3-vl", "qwen3-vl-reasoned", "qwen3-vl"]
    assert loaded.answered_by == ("sayer",)
    assert loaded.registry.region("R2").objects[0].box == PictureBox(0, 50, 100, 100)
    assert [numbers(loaded, n)["objects"][0]["model"] for n in (1, 2)] == [
        [250, 250, 750, 500],
        [0, 250, 250, 500],
    ]
    cited = [score_card(loaded, number)["rows"][0]["value"] for number in (1, 2, 3)]
    assert cited == [None, 1.0, None]
    assert sum("Two dogs" in message["content"] for message in messages(loaded)) == 1


# Which one is taken -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "way"),
    [
        pytest.param([], REASONED, id="a model as small as nano is quick anywhere"),
        pytest.param(["--asking", "quick"], QUICK, id="quick"),
        pytest.param(["--asking", "reasoned"], REASONED, id="reasoned"),
        pytest.param(["--dialect", "vision-reasoner"], "", id="as one that was trained for a form"),
    ],
)
def test_a_loaded_model_is_asked_as_the_options_say(
    tmp_path: Path, arguments: list[str], way: str
) -> None:
    folder = tmp_path / "qwen3-vl-mine"
    save_small("qwen3_vl", folder)
    models = choose(options_for("--model", str(folder), *arguments))
    models.reasoner.close()
    assert models.asking == way
    assert ("asked for quick answers" in models.why) == (way == QUICK)
    assert ("asked for reasoned answers" in models.why) == (way == REASONED)


@pytest.mark.parametrize(
    ("arguments", "way"),
    [
        pytest.param([], QUICK, id="nobody knows how fast it is"),
        pytest.param(["--asking", "reasoned"], REASONED, id="reasoned"),
    ],
)
def test_a_model_on_a_server_is_asked_as_the_options_say(arguments: list[str], way: str) -> None:
    with Hostile(models=[listing("qwen3-vl:8b")]) as server:
        models = choose(options_for("--server", server.url, *arguments))
        models.reasoner.close()
        assert models.asking == way


def test_a_way_that_a_model_does_not_have_is_refused_in_a_sentence() -> None:
    for way in WAYS:
        with pytest.raises(
            OptionError, match=r"RegionReasoner-7B is asked in one way only, .*--asking"
        ):
            check_models(options_for("--model", "regionreasoner-7b", "--asking", way))
    check_models(options_for("--model", "qwen3-vl-2b", "--asking", REASONED))
    check_models(options_for("--asking", REASONED))  # whichever model will be chosen
    with (
        Hostile(models=[listing("visionreasoner-7b")]) as server,
        pytest.raises(OptionError, match="visionreasoner-7b is asked in one way only"),
    ):
        choose(options_for("--server", server.url, "--asking", REASONED))


def test_what_is_known_of_a_picture_serves_both_ways(tmp_path: Path) -> None:
    save_small("qwen3_vl", tmp_path / "qwen3-vl-mine")
    models = choose(options_for("--model", str(tmp_path / "qwen3-vl-mine")))
    reasoner, picture = models.reasoner, noise(100, 240)
    for way in WAYS:
        words = in_way(reasoner.dialect, way).instruction("the dog")
        text, usage = written(reasoner, picture, Prompt("the dog", words, ()))  # type: ignore[arg-type]
        assert bool(usage.reused_tokens) == (way != QUICK)
        assert usage.new_tokens is not None
        expected, _ = generated(reasoner, picture, Prompt("", words, ()), usage.new_tokens)  # type: ignore[arg-type]
        assert text == expected.removesuffix("\ufffd")
    reasoner.close()
