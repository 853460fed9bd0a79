"""Which option an answer chooses: the kinds of answers that models give, and those that only look like
one."""

from __future__ import annotations

import pytest

from demo.evaluate.vstar.letters import chosen_option

COLOURS = ("red", "blue", "light blue", "green")
SIDES = (
    "The ball is on the left side of the cat.",
    "The ball is on the right side of the cat.",
)

BLUE = [
    # a letter alone
    "B", "b", "(B)", "B.", "B)", "[B]", " B \n", "“B”", "**B**", "Option B", "B: blue", "(B) blue", "Ｂ",
    # a letter that is said to be the answer
    "The answer is B", "The answer is (B).", "answer: B. blue", "Answer - B", "The correct option is (b).",
    "So the best choice would be B, I think.", "I choose option B", "B is correct",
    "(B) is the right answer.",
    "答案是B", "答案：B", "选B",
    # not the first letter
    "(A) is wrong; the correct answer is (B)", "The answer is not A but B", "It is not A. B fits.",
    # the article
    "A blue ball", "I see a ball. It is B.", "A ball like that is the one of option B",
    # the form of a family
    "<answer>B</answer>", "<answer> (B) blue </answer>", "<think>(A) or (C)?</think><answer>B</answer>",
    "<think>The answer is A.</think> <answer>B", "<answer>A</answer> no: <answer>B</answer>",
    r"\boxed{B}", r"So it is \boxed{\text{B}}.", r"\boxed{(B)}", r"$\boxed{\mathrm{B}}$, not A",
    '<think>There. {"bbox_2d": [556, 140, 722, 294]}\n<answer>B</answer>',
    '<tool_call>{"arguments": {"bbox_2d": [1, 2, 3, 4], "label": "A"}}</tool_call><answer>B</answer>',
    '<grounding>{"bbox_2d": [0, 0, 1, 1], "source": "A"}</grounding> <answer>B</answer>',
    '[{"label": "D", "parts": [{"label": "C", "box": [[1, 2], [3, 4]]}]}]\nB',
    "<tool_response>(A)</tool_response>B", "<tool_response>(A) <tool_response>(C) <answer>B</answer>",
    '[{"bbox_2d": [1, 2, 30, 40], "label": "A ball"}]\n\n<think>Blue.</think><answer>B</answer>',
    # boxes beside it
    'B\n```json\n[{"bbox_2d": [1, 2, 3, 4], "label": "A ball"}]\n```', 'B\n[]',
    'B\n\n[{"bbox_2d": [1, 2, 3, 4], "label": "C"}]',
    # a thought that never ends, or in which only the answer is said
    "<think>(A)? (C)? The answer is B", "<think>A or C? No. The answer is (B).</think>",
    "<think>The ball is blue.</think><answer>[]</answer>",
    # its words
    "blue", "Blue.", "The ball is blue.", "<answer>The color of the ball is blue</answer>",
    "<scene>A red house.</scene><think>It is blue.</think>", "<think>Red? No.</think><answer>blue</answer>",
]  # fmt: skip


@pytest.mark.parametrize("text", BLUE)
def test_the_second_option_is_chosen(text: str) -> None:
    assert chosen_option(text, COLOURS) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("A", 0), ("A.", 0), ("A, because it is red", 0), ("A is on the left", 0), ("The answer is A", 0),
        ("A red ball", 0), ("The answer is a red one", 0), ("<answer>a</answer>", 0),
        ("It is light blue.", 2), ("C) light blue", 2), ("<answer>Light blue</answer>", 2), ("D", 3),
    ],
)  # fmt: skip
def test_each_option_can_be_chosen(text: str, place: int) -> None:
    assert chosen_option(text, COLOURS) == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("left", 0), ("It is on the left.", 0), ("on the right side of the cat", 1), ("(B)", 1),
        ("The ball is on the right side of the cat", 1), ("A: left", 0), ("(A) The ball is on the left", 0),
    ],
)  # fmt: skip
def test_sentences_are_told_apart_by_the_words_of_their_own(text: str, place: int) -> None:
    assert chosen_option(text, SIDES) == place


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "<answer></answer>", "[]", '[{"bbox_2d": [1, 2, 3, 4]}]', "I cannot tell.", "E", "(F)",
        "red or blue", "The ball is red or green", "A ball.", "a", "<scene>A red house.</scene>",
        "<think>(A) would be red, (B) blue.</think>", "<think>Is it A?", "U.S.A.", "T-B", "Bob", "plan 9",
        "<tool_response>(A)",
    ],
)  # fmt: skip
def test_nothing_is_chosen(text: str) -> None:
    options = ("red", "blue", "green") if "red" in text else ("gold", "silver", "pink", "grey")
    expected = 0 if text == "a" else None
    assert chosen_option(text, options) == expected


def test_a_letter_that_is_no_option_is_passed_over() -> None:
    assert chosen_option("D? No, (B).", SIDES) == 1
    assert chosen_option("C", SIDES) is None


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "{",
        '{"',
        "<think>",
        "answer is ",
        "A ",
        "(A",
        "\\boxed{",
        "- ",
        "[{",
        "[ {",
        '[{"',
        "<tool_response>",
        "\ufdfa",
        "\u0301\u0316",
    ],
)
def test_very_long_texts_are_read_too(piece: str) -> None:
    assert chosen_option(f"{piece * (20_000 // len(piece))}<answer>B</answer>", SIDES) in (
        None,
        0,
        1,
    )


@pytest.mark.parametrize("piece", ["[", "[{", '[{"', "<tool_response>", "\ufdfa", "\u0301\u0316"])
def test_the_end_of_a_very_long_text_counts(piece: str) -> None:
    assert chosen_option(f"{piece * (40_000 // len(piece))}<answer>B</answer>", SIDES) == 1
