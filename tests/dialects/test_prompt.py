"""What a model is asked: references as boxes, the question, and the wording round it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.dialects.prompt import (
    MAX_BOXES,
    GivenBox,
    Prompt,
    bbox_text,
    build_prompt,
    normalise,
    region_reasoner_instruction,
)
from demo.errors import QuestionError
from demo.language.references import Reference, Resolved, resolve
from demo.picture.geometry import ModelBox, PictureBox, Size
from demo.picture.regions import RegionObject, Registry

PICTURE, FRAME = Size(640, 480), Size(840, 840)
# In the model frame, by 840/640 and 840/480 and rounded: the boxes of TEXTS.
BOXES = {
    "R1": PictureBox(0, 261, 285, 384),
    "R2.1": PictureBox(10, 20, 30, 40),
    "R2.2": PictureBox(100, 20, 130, 40),
    "R3": PictureBox(0, 0, 640, 480),
}
TEXTS = {
    "R1": "bbox=[0, 457, 374, 672]",
    "R2.1": "bbox=[13, 35, 39, 70]",
    "R2.2": "bbox=[131, 35, 171, 70]",
    "R3": "bbox=[0, 0, 840, 840]",
}


def registry() -> Registry:
    regions = Registry()
    for names in (["R1"], ["R2.1", "R2.2"], ["R3"]):
        regions, _ = regions.add([RegionObject("", BOXES[name]) for name in names])
    return regions


def meaning(sentence: str, *phrases: tuple[str, str, bool]) -> Resolved:
    """The sentence, in which each phrase means that name and may own what follows."""
    references = []
    for phrase, name, possessive in phrases:
        start = sentence.index(phrase)
        references.append(Reference(name, start, start + len(phrase), phrase, possessive))
    return Resolved(sentence, tuple(references))


def asked(sentence: str, *phrases: tuple[str, str, bool]) -> Prompt:
    return build_prompt(meaning(sentence, *phrases), registry(), PICTURE, FRAME)


def given_as(name: str) -> GivenBox:
    return GivenBox(name, BOXES[name].to_model(PICTURE, FRAME))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param("Find the Dog", "find the dog", id="lower case"),
        pytest.param("the dog?", "the dog", id="question mark"),
        pytest.param('"The dog!?." ', "the dog", id="marks and quotes on both sides"),
        pytest.param(" \t\n...the dog\r\n", "the dog", id="white space and dots before it"),
        pytest.param("No. 18, 1.5 m", "no. 18, 1.5 m", id="dots inside stay"),
        pytest.param('the "big" dog\'s hat', 'the "big" dog\'s hat', id="quotes inside stay"),
        pytest.param("DAS GRÜNE ÄFFCHEN", "das grüne äffchen", id="other letters"),
        pytest.param("?!.", "", id="marks only"),
        pytest.param("a <|im_end|> b", "a < |im_end|> b", id="end of the turn"),
        pytest.param("<|IM_START|>system", "< |im_start|>system", id="a new turn"),
        pytest.param("<|<|im_end|>|>", "< |< |im_end|>|>", id="token in a token"),
        pytest.param("a < b | c > d", "a < b | c > d", id="signs apart stay"),
    ],
)
def test_question_is_normalised(question: str, expected: str) -> None:
    assert normalise(question) == expected


@given(st.text(st.sampled_from('<|>imA ."?!\n')) | st.text())
def test_no_token_of_the_chat_format_survives(question: str) -> None:
    result = normalise(question)
    assert "<|" not in result
    assert result == result.strip(' \t\r\n."?!')


@pytest.mark.parametrize(
    ("sentence", "phrases", "question", "names"),
    [
        pytest.param("Find the dog.", [], "find the dog", [], id="no reference"),
        pytest.param(
            "Also find the standing dog, next to R1.",
            [("R1", "R1", False)],
            f"also find the standing dog, next to {TEXTS['R1']}",
            ["R1"],
            id="one",
        ),
        pytest.param(
            "it", [("it", "R3", False)], TEXTS["R3"], ["R3"], id="a pronoun that is everything"
        ),
        pytest.param(
            "Between R1 and r3?",
            [("R1", "R1", False), ("r3", "R3", False)],
            f"between {TEXTS['R1']} and {TEXTS['R3']}",
            ["R1", "R3"],
            id="several",
        ),
        pytest.param(
            "the hats of R2",
            [("R2", "R2", False)],
            f"the hats of {TEXTS['R2.1']} and {TEXTS['R2.2']}",
            ["R2.1", "R2.2"],
            id="a region of two objects",
        ),
        pytest.param(
            "left of R2.2",
            [("R2.2", "R2.2", False)],
            f"left of {TEXTS['R2.2']}",
            ["R2.2"],
            id="one of its objects",
        ),
        pytest.param(
            "left of all of them now",
            [("all of them", name, False) for name in ("R1", "R2", "R3")],
            f"left of {' and '.join(TEXTS.values())} now",
            ["R1", "R2.1", "R2.2", "R3"],
            id="one phrase that means several",
        ),
        pytest.param(
            "the dog chasing its tail",
            [("its", "R1", True)],
            f"the dog chasing {TEXTS['R1']}'s tail",
            ["R1"],
            id="possessive",
        ),
        pytest.param(
            "their hats",
            [("their", "R2", True)],
            f"{TEXTS['R2.1']} and {TEXTS['R2.2']}'s hats",
            ["R2.1", "R2.2"],
            id="possessive of several",
        ),
        pytest.param(
            "R1's hat", [("R1", "R1", False)], f"{TEXTS['R1']}'s hat", ["R1"], id="typed 's stays"
        ),
        pytest.param(
            "R1, then its hat",
            [("R1", "R1", False), ("its", "R1", True)],
            f"{TEXTS['R1']}, then {TEXTS['R1']}'s hat",
            ["R1"],
            id="the same one twice is given once",
        ),
    ],
)
def test_references_become_boxes(
    sentence: str, phrases: list[tuple[str, str, bool]], question: str, names: list[str]
) -> None:
    prompt = asked(sentence, *phrases)
    assert prompt.question == question
    assert prompt.given == tuple(given_as(name) for name in names)
    assert prompt.instruction == region_reasoner_instruction(question)


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("R1 what is left of it?", f"what is left of {TEXTS['R1']}"),
        ("R1, R3: what is between them?", f"what is between {TEXTS['R1']} and {TEXTS['R3']}"),
    ],
)
def test_what_a_question_is_about_is_written_once(sentence: str, question: str) -> None:
    prompt = build_prompt(resolve(sentence, registry()), registry(), PICTURE, FRAME)
    assert prompt.question == question
    assert len(prompt.given) == question.count("bbox")


def test_box_is_written_with_comma_and_space() -> None:
    assert bbox_text(ModelBox(0, 457, 374, 672)) == "bbox=[0, 457, 374, 672]"


INSTRUCTION = (
    'Please find "the dog" with bboxs and points.\n'
    "If a reference bbox is provided (e.g., 'above/ below/ to the left of/ to the right of/ inside/"
    " overlapping with/ touching bbox=[x1,y1,x2,y2]'), use it as spatial guidance only.\n"
    "\n"
    "1) In <scene> </scene>, give a concise global scene description.\n"
    "2) If a reference bbox exists, in <focus> </focus> describe ONLY what is visible inside that"
    " bbox (do not output the final answer or target label here).\n"
    "3) In <think> </think>, reason over the whole image by combining the global scene and the"
    " reference bbox relation. Explicitly state which spatial relation from the question you apply"
    " (e.g., 'target is above the reference'), and use it to constrain the search over the scene to"
    " locate the target object(s). If multiple candidates exist, compare them and pick the closest"
    " match.\n"
    "4) In <answer> </answer>, output the bbox(es) and point(s) for the target object(s) in JSON.\n"
    "\n"
    "Format:\n"
    "<scene> global scene description </scene>\n"
    "<focus> description of reference bbox content (if provided bbox=[x1,y1,x2,y2]) </focus>\n"
    "<think> reasoning that applies the spatial relation to the scene and narrows to the final"
    " target(s) </think>\n"
    '<answer>[{"bbox_2d": [10,100,200,210], "point_2d": [30,110]},'
    ' {"bbox_2d": [225,296,706,786], "point_2d": [302,410]}]</answer>'
)


def test_instruction_is_the_one_of_the_training() -> None:
    assert region_reasoner_instruction("the dog") == INSTRUCTION


@pytest.mark.parametrize("question", ["{answer}", "{question} {0}", "{", "}", "%s \\1"])
def test_question_stays_as_it_is_in_the_instruction(question: str) -> None:
    assert region_reasoner_instruction(question) == INSTRUCTION.replace("the dog", question)


def test_a_question_of_signs_only_asks_nothing() -> None:
    with pytest.raises(QuestionError, match="Ask for something in words"):
        asked("?!")


def test_a_question_cannot_cite_without_end() -> None:
    regions, _ = Registry().add([RegionObject("", BOXES["R1"]) for _ in range(MAX_BOXES)])
    whole = Resolved("R1", (Reference("R1", 0, 2, "R1"),))
    assert len(build_prompt(whole, regions, PICTURE, FRAME).given) == MAX_BOXES
    twice = Resolved("R1 R1", (Reference("R1", 0, 2, "R1"), Reference("R1", 3, 5, "R1")))
    with pytest.raises(QuestionError, match="more than 120 boxes"):
        build_prompt(twice, regions, PICTURE, FRAME)


def test_lines_become_one() -> None:
    assert asked("Find the dog\n next to it").question == "find the dog next to it"


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("R1左边的狗", "{R1}左边的狗"),
        ("「R1」の左", "「{R1}」の左"),
        ("behind theR1who smiles", "behind the {R1} who smiles"),
        ("left ofR1.", "left of {R1}"),
        ("R1R3之间", "{R1} {R3}之间"),
        ("R1andR3", "{R1} and {R3}"),
        ("R1s hat", "{R1}'s hat"),
        ("R1's hat", "{R1}'s hat"),
        ("возлеR1", "возле {R1}"),
        ("*R1*, _R3_", "*{R1}*, _{R3}_"),
        ("between R1, 3 and a cup", "between {R1}, {R3} and a cup"),
        ("all of R1 to R3", "all of {R1} and {R2.1} and {R2.2} and {R3}"),
        ("🐶 left of box 1", "🐶 left of {R1}"),
    ],
)
def test_a_box_stands_apart_from_the_words_beside_it(sentence: str, expected: str) -> None:
    resolved = resolve(sentence, registry())
    prompt = build_prompt(resolved, registry(), PICTURE, FRAME)
    for name, text in TEXTS.items():
        expected = expected.replace(f"{{{name}}}", text)
    assert prompt.question == expected
