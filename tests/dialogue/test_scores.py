"""Scores of one answer: what the rewards say, and where they say nothing."""

# ruff: noqa: E501
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.answers.citations import XYXY, citation_reward
from demo.answers.finding import TraceText
from demo.answers.trace import parse_trace
from demo.dialogue.scores import NAMES, Score, scores_of
from demo.dialogue.session import Turn
from demo.language.keywords import (
    consistency,
    is_unspaced,
    keywords,
    may_be_compared,
)
from demo.picture.geometry import Size
from tests.support.texts import BROKEN, CLEAN, Text

FRAME = Size(840, 840)
HOUSE, DOG, BALL = (10, 40, 80, 120), (100, 90, 140, 130), (300, 500, 360, 560)
WHOLE = TraceText("A red house, a brown dog.", "A red house.", "The dog is brown.", "[]")

# --- the reward for citations ------------------------------------------------------------------

A, B, C = (1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12)


@pytest.mark.parametrize(
    ("cited", "given_boxes", "expected"),
    [
        pytest.param([], [], 1.0, id="nothing to cite"),
        pytest.param([A], [], 1.0, id="nothing given, so full credit"),
        pytest.param([], [A], 0.0, id="nothing cited"),
        pytest.param([A], [A], 1.0, id="cited"),
        pytest.param([A, A], [A, B], 1.0, id="one of two cited, twice"),
        pytest.param([B], [A], 0.25, id="only an invented box"),
        pytest.param([A, B], [A], 0.375, id="one right, one invented"),
        pytest.param([A, B, C], [A, B], 0.5 * (1 + 2 / 3) / 2, id="two right, one invented"),
    ],
)
def test_citation_reward(cited: list[XYXY], given_boxes: list[XYXY], expected: float) -> None:
    assert citation_reward(cited, given_boxes) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scene", "focus", "think", "expected"),
    [
        pytest.param("", "", "", 0.0, id="nothing"),
        pytest.param("A red house.", "", "The red house", 1.0, id="all of the scene"),
        pytest.param("A red house.", "", "The Red one", 0.5, id="half of the scene, any case"),
        pytest.param("", "A red house.", "a red house", 0.6, id="all of the focus"),
        pytest.param("A red house.", "A dog.", "the red dog", 0.5 + 0.6, id="both"),
        pytest.param("A red house.", "", "houses", 0.0, id="whole words only"),
        pytest.param("It is on the up", "", "it is on the", 0.0, id="stop words do not count"),
        pytest.param("An ox. ox", "", "ox", 0.0, id="short words do not count"),
        pytest.param("red red red house", "", "red", 0.5, id="each word once"),
        pytest.param(
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda",
            "",
            "kappa lambda",
            0.1,
            id="first ten words only",
        ),
        pytest.param("", "", "left", 0.4 * 0.5, id="space"),
        pytest.param("", "", "larger", 0.4 * 0.3, id="comparison"),
        pytest.param("", "", "located", 0.4 * 0.2, id="location"),
        pytest.param("", "", "the reference", 0.4 * 0.2, id="reference"),
        pytest.param(
            "", "", "reference located left, larger", 0.4 * 1.2, id="all kinds of logic words"
        ),
    ],
)
def test_consistency_score(scene: str, focus: str, think: str, expected: float) -> None:
    assert consistency(scene, focus, think).score == pytest.approx(expected)


def scored(name: str, trace: TraceText, *given_boxes: XYXY, raw: str = "") -> Score:
    return next(
        s for s in scores_of(Turn("q", "q", trace=trace, raw=raw), given_boxes) if s.name == name
    )


# --- languages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("The red House, a red dog.", ("red", "house", "dog"), id="English"),
        pytest.param("一只棕色的狗", ("只棕", "棕色", "狗"), id="Chinese, a character alone"),
        pytest.param("茶色の犬を探します。", ("茶色", "犬", "探"), id="Japanese, between hiragana"),
        pytest.param("カメラ", ("カメ", "メラ"), id="katakana"),
        pytest.param("หมา", ("หม", "มา"), id="Thai"),
        pytest.param("R2 的 red 狗狗", ("red", "狗狗"), id="mixed"),
        pytest.param("12 的了 !", (), id="nothing"),
    ],
)
def test_keywords(text: str, expected: tuple[str, ...]) -> None:
    assert keywords(text) == expected


def test_texts_about_one_thing_share_more_in_every_language() -> None:
    scene, same, other = (
        "公园里有红房子和棕色的狗。",
        "目标是棕色的狗，在红房子右边。",
        "厨房里有杯子。",
    )
    assert consistency(scene, "", same).scene[0] >= 4
    assert consistency(scene, "", other).scene[0] == 0
    assert consistency(scene, "", same).logic == ("space", "reference")


@pytest.mark.parametrize(
    ("scene", "think", "expected"),
    [
        pytest.param("A house and a dog.", "It is the dog.", True, id="English"),
        pytest.param("Two blocks on white.", "It is the red one.", True, id="short beside English"),
        pytest.param("Two blocks on white.", "Red one.", False, id="too short to tell"),
        pytest.param("有一只狗。", "棕色的狗。", True, id="Chinese"),
        pytest.param("晴れた公園。", "犬です。", True, id="Japanese"),
        pytest.param("Парк и собака.", "Это собака справа.", False, id="Russian"),
        pytest.param("Ein Haus in der Stadt.", "Es sitzt in der Wiese.", False, id="German"),
        pytest.param("A house and a dog.", "棕色的狗。", False, id="two languages"),
        pytest.param("화창한 공원.", "갈색 개를 찾습니다.", False, id="Korean sets spaces"),
    ],
)
def test_where_words_can_be_compared(scene: str, think: str, expected: bool) -> None:
    assert may_be_compared(scene, think) is expected


def test_most_letters_decide_whether_spaces_are_set() -> None:
    assert is_unspaced("目标是棕色的 dog")
    assert not is_unspaced("the dog, 狗")
    assert not is_unspaced("")


# --- scores ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("think", "boxes", "value", "reason"),
    [
        pytest.param("[10, 40, 80, 120]", [], None, "The question gives the model no region to cite.", id="nothing given"),
        pytest.param("Right.", [HOUSE], 0.0, "The reasoning cites no box at all.", id="nothing cited"),
        pytest.param(f"{list(HOUSE)}", [HOUSE], 1.0, "The box that the reasoning cites came from the question.", id="cited"),
        pytest.param(f"{[*HOUSE]}, {[*BALL]}", [HOUSE, BALL], 1.0, "All 2 boxes that the reasoning cites came from the question.", id="both cited"),
        pytest.param(f"{[*HOUSE]}, {[*BALL]}", [HOUSE], 0.375, "Of 2 boxes cited, 1 came from the question; any other box halves the score.", id="one invented"),
        pytest.param(f"{[*BALL]}", [HOUSE], 0.25, "Of 1 box cited, none came from the question; any other box halves the score.", id="all invented"),
    ],
)  # fmt: skip
def test_citation(think: str, boxes: list[XYXY], value: float | None, reason: str) -> None:
    assert scored("citation", TraceText(think=think), *boxes) == Score("citation", value, reason)


@pytest.mark.parametrize(
    ("trace", "value", "reason"),
    [
        pytest.param(TraceText("A red house and a dog.", None, "The red house."), (2 / 3) / 1.48, "The reasoning takes up 2 of 3 words of the scene. It uses no words of logic.", id="scene"),
        pytest.param(TraceText("The house.", "A red cat.", "The house left of the red box."), (1 + 0.3 + 0.28) / 2.08, "The reasoning takes up 1 of 1 words of the scene and 1 of 2 words of the focus. It uses words of space and reference.", id="all"),
        pytest.param(TraceText("It is the one.", None, "It is the one."), 0.0, "It uses no words of logic.", id="stop words only"),
        pytest.param(TraceText(None, None, "The dog."), None, "There is nothing to compare without the scene.", id="no scene"),
        pytest.param(TraceText(), None, "There is nothing to compare without the scene and the reasoning.", id="neither"),
        pytest.param(TraceText("Two blocks.", None, "Beside."), None, "There are too few words to compare.", id="few words"),
        pytest.param(TraceText("Солнечный парк, красный дом, мужчина в синей рубашке и коричневая собака.", None, "Собака."), None, "Words can be compared in English and in languages without spaces, not in this one.", id="Russian"),
    ],
)  # fmt: skip
def test_consistency(trace: TraceText, value: float | None, reason: str) -> None:
    score = scored("consistency", trace)
    assert score.value == (None if value is None else pytest.approx(value))
    assert score.reason == reason


@pytest.mark.parametrize(
    ("trace", "boxes", "value", "reason"),
    [
        pytest.param(WHOLE, [HOUSE], 1.0, "All 4 parts are there.", id="with a region"),
        pytest.param(TraceText("a", None, "b", "[]"), [], 1.0, "All 3 parts are there.", id="without a region"),
        pytest.param(WHOLE, [], 0.75, "There is a focus although no region was given.", id="focus unasked"),
        pytest.param(TraceText("a", None, "b", "[]"), [HOUSE], 0.75, "Missing: the focus.", id="no focus"),
        pytest.param(TraceText(None, None, "", "[]"), [], 0.5, "Missing: the scene and the reasoning.", id="two parts"),
        pytest.param(TraceText(), [HOUSE], 0.0, "Missing: the scene, the focus, the reasoning and the answer.", id="nothing"),
        pytest.param(TraceText(focus="a"), [], 0.0, "Missing: the scene, the reasoning and the answer. There is a focus although no region was given.", id="the wrong one only"),
    ],
)  # fmt: skip
def test_format(trace: TraceText, boxes: list[XYXY], value: float, reason: str) -> None:
    assert scored("format", trace, *boxes) == Score("format", value, reason)


@pytest.mark.parametrize(
    ("raw", "value", "reason"),
    [
        pytest.param("", None, "There are fewer than two sentences.", id="nothing"),
        pytest.param("It is red.", None, "There are fewer than two sentences.", id="one"),
        pytest.param("It is red. It is blue.", 1.0, "None of 2 sentences comes twice.", id="different"),
        pytest.param("It is red. It is blue. It is RED!", 2 / 3, "Of 3 sentences, 1 repeats an earlier one.", id="one again"),
        pytest.param("It is red. " * 4, 0.25, "Of 4 sentences, 3 repeat an earlier one.", id="a loop"),
        pytest.param("它是红色的。" * 4, 0.25, "Of 4 sentences, 3 repeat an earlier one.", id="a loop in Chinese"),
        pytest.param('<think>It is red.</think><answer>[{"a dog": 1}, {"a dog": 1}]</answer>', None, "There are fewer than two sentences.", id="objects are no sentences"),
    ],
)  # fmt: skip
def test_repetition(raw: str, value: float | None, reason: str) -> None:
    assert scored("repetition", WHOLE, raw=raw) == Score("repetition", value, reason)


def test_a_stopped_answer_has_no_scores() -> None:
    stopped = scores_of(Turn("q", "q", partial=True, trace=WHOLE), [HOUSE])
    assert [s.name for s in stopped] == list(NAMES)
    assert {(s.value, s.reason) for s in stopped} == {
        (None, "The answer was stopped before it was complete.")
    }


@pytest.mark.parametrize("text", [*CLEAN, *BROKEN], ids=lambda text: text.caption)
def test_every_answer_has_scores_with_sentences(text: Text) -> None:
    turn = Turn("q", "q", trace=parse_trace(text.raw, FRAME).text, raw=text.raw)
    for score in scores_of(turn, text.given):
        assert score.value is None or 0 <= score.value <= 1
        assert score.reason.endswith(".")
        assert score.reason[0].isupper()


@given(st.text(), st.text(), st.text())
def test_consistency_stays_in_reach(scene: str, focus: str, think: str) -> None:
    found = consistency(scene, focus, think)
    assert 0 <= found.score <= found.reachable <= 2.08
    assert consistency(scene, focus, f"{scene}\n{focus}").scene[0] == found.scene[1]
