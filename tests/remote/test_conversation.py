"""A conversation in the forms that servers take, and what follows from what they refuse."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.dialects.messages import MAIN, Content, Message, Shown
from demo.remote.conversation import Conversation, Form, initial_form, pictures_taken

ONE, TWO = (Shown(np.full((28, 28, 3), value, np.uint8)) for value in (1, 2))
NAMES: dict[object, str] = {MAIN: "main", ONE: "one", TWO: "two"}
ASKED = (Message("system", ("Look.",)), Message("user", (MAIN, "What is it?")))
BEGUN = Message("assistant", ("It is", ONE, "\nsmall", TWO, "\n"), is_open=True)
TOOL = (Message("assistant", ("A call",)), Message("tool", (ONE,)))
FORMS = [Form(*taken) for taken in product((True, False), repeat=4)]


def of(*messages: Message) -> Conversation:
    return Conversation(messages, NAMES.__getitem__)


def said(conversation: Conversation, form: Form) -> list[tuple[str, object]]:
    """Roles with their texts, or with texts and pictures."""

    def short(content: object) -> object:
        if isinstance(content, str):
            return content
        assert isinstance(content, list)
        return [p["text"] if p["type"] == "text" else p["image_url"]["url"] for p in content]

    return [(m["role"], short(m["content"])) for m in conversation.fields(form)["messages"]]


def test_a_plain_question_is_one_message_in_any_form() -> None:
    plain = of(Message("user", (MAIN, "find it")))
    content = [
        {"type": "image_url", "image_url": {"url": "main"}},
        {"type": "text", "text": "find it"},
    ]
    for form in FORMS:
        assert plain.fields(form) == {"messages": [{"role": "user", "content": content}]}
        assert plain.other_form(form, 400, "Bad Request", named=False) is None


SYSTEM, QUESTION = ("system", "Look."), ("user", ["main", "What is it?"])


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        (Form(), [("assistant", ["It is", "one", "\nsmall", "two", "\n"])]),
        (
            Form(within_answers=False),
            [
                ("assistant", "It is"),
                ("user", ["one"]),
                ("assistant", "\nsmall"),
                ("user", ["two"]),
            ],
        ),
        (
            Form(continued=False),
            [
                ("assistant", "It is"),
                ("user", ["one"]),
                ("assistant", "\nsmall"),
                ("user", ["two"]),
            ],
        ),
    ],
    ids=["as it is", "without pictures in it", "not continued"],
)
def test_an_open_answer_in_each_form(form: Form, answer: list[tuple[str, object]]) -> None:
    begun = of(*ASKED, BEGUN)
    assert said(begun, form) == [SYSTEM, QUESTION, *answer]
    is_continued = "continue_final_message" in begun.fields(form)
    assert is_continued == (form == Form())


@pytest.mark.parametrize("taken", [True, False])
def test_words_are_gone_on_with(taken: bool) -> None:
    """They end in words, so a server without pictures in answers goes on with them, too."""
    begun = of(*ASKED, replace(BEGUN, parts=("It is", ONE, "\nsmall")))
    form = Form(within_answers=False, continued=taken)
    *_, last = said(begun, form)
    assert last == (
        ("assistant", "\nsmall") if taken else ("user", "Go on exactly where you stopped.")
    )
    assert begun.fields(form).get("continue_final_message", False) is taken
    assert begun.fields(form).get("add_generation_prompt", True) is not taken


def test_an_answer_that_ends_with_a_picture_ends_with_a_text() -> None:
    """What is after the last text would be cut off."""
    begun = of(*ASKED, replace(BEGUN, parts=("It is", ONE)))
    assert said(begun, Form())[-1] == ("assistant", ["It is", "one", ""])


def test_a_tool_in_each_form() -> None:
    asked = of(*ASKED, *TOOL)
    assert said(asked, Form())[2:] == [("assistant", "A call"), ("tool", ["one"])]
    wrapped = ("user", ["<tool_response>\n", "one", "\n</tool_response>"])
    assert said(asked, Form(tool=False))[2:] == [("assistant", "A call"), wrapped]


def test_a_system_that_is_not_taken_stands_before_the_question() -> None:
    assert said(of(*ASKED), Form(system=False)) == [
        ("user", ["Look.", "\n\n", "main", "What is it?"])
    ]


PARTS = st.lists(st.sampled_from(["X", "\n", "<think>", "Y ", ONE, TWO]), min_size=1, max_size=6)
ANSWERS = st.builds(Message, st.just("assistant"), PARTS.map(tuple))
BACKS = st.builds(Message, st.sampled_from(["user", "tool"]), PARTS.map(tuple))
TURNS = st.lists(st.tuples(ANSWERS, BACKS), max_size=3)


@given(TURNS, st.none() | PARTS, st.sampled_from(FORMS))
def test_every_form_says_the_same_in_order(
    turns: list[tuple[Message, Message]], begun: list[Content] | None, form: Form
) -> None:
    messages = [*ASKED, *(message for turn in turns for message in turn)]
    messages += [Message("assistant", tuple(begun), is_open=True)] if begun else []
    found = said(of(*messages), form)
    roles = [role for role, _ in found]
    assert all(a != b for a, b in pairwise(roles))
    assert roles[-1] != "assistant" or form.continued
    assert form.system or "system" not in roles
    assert form.tool or "tool" not in roles
    assert not any(
        {"one", "two"} & {*content}
        for role, content in found
        if role == "assistant" and isinstance(content, list) and not form.within_answers
    )
    told = "".join(c if isinstance(c, str) else "".join(map(str, c)) for _, c in found)  # type: ignore[call-overload]
    meant = "".join(NAMES.get(p, str(p)) for m in messages for p in m.parts)
    # What is added holds none of these, and of what was there only white space may be gone.
    assert re.findall("X|Y|<think>|main|one|two", told.replace(GO_ON, "")) == re.findall(
        "X|Y|<think>|main|one|two", meant
    )


GO_ON = "Go on exactly where you stopped."


@pytest.mark.parametrize(
    ("messages", "words", "refused"),
    [
        ((*ASKED, *TOOL), "Unsupported role: tool", "tool"),
        ((*ASKED, *TOOL), "Input validation error: messages[3].tool_call_id Field required", "tool"),
        ((*ASKED, *TOOL), "'messages' array must only contain objects with a 'role' field that is in "
         "[user, assistant, system]. Got 'tool'", "tool"),
        (ASKED, "System role not supported", "system"),
        (ASKED, "This model's chat template does not support the system role", "system"),
        ((*ASKED, BEGUN), "Cannot set both `continue_final_message` and `add_generation_prompt` to True.",
         "continued"),
        ((*ASKED, BEGUN), "continue_final_message is set but we could not find any text to continue in the "
         "final message!", "continued"),
        ((*ASKED, BEGUN), "Expected last role User or Tool (or Assistant with prefix True) for serving but "
         "got assistant", "continued"),
        ((*ASKED, BEGUN), "Cannot have 2 or more assistant messages at the end of the list.", "continued"),
        ((*ASKED, BEGUN), "Image URLs are only allowed for messages with role 'user'", "within_answers"),
        ((*ASKED, BEGUN), "assistant message content does not support image_url", "within_answers"),
    ],
)  # fmt: skip
def test_words_that_name_what_is_refused(
    messages: tuple[Message, ...], words: str, refused: str
) -> None:
    wanted = replace(Form(), **{refused: False})
    assert of(*messages).other_form(Form(), 400, words.lower(), named=True) == wanted


@pytest.mark.parametrize(
    ("messages", "status", "words"),
    [
        ((*ASKED, *TOOL), 403, "Your role may not use this model"),
        ((*ASKED, *TOOL), 429, "too many tool calls"),
        ((*ASKED, *TOOL), 503, "the role server restarts"),
        ((*ASKED, BEGUN), 400, "max_tokens is too large: 2048"),
        ((*ASKED, BEGUN), 400, "Unrecognized request argument supplied: stream_options"),
        (ASKED, 400, "continue_final_message"),  # which was not sent
    ],
)
def test_words_about_something_else(messages: tuple[Message, ...], status: int, words: str) -> None:
    assert of(*messages).other_form(Form(), status, words, named=True) is None


def test_what_no_words_name_is_tried_in_turn() -> None:
    begun, form, tried = (
        of(*ASKED, replace(BEGUN, parts=("It is", ONE, "so"))),
        Form(),
        list[Form](),
    )
    while other := begun.other_form(form, 400, "bad request", named=False):
        tried.append(form := other)
    assert tried == [Form(within_answers=False), Form(within_answers=False, continued=False)]
    assert begun.other_form(Form(), 500, "internal server error", named=False) is None
    assert begun.other_form(Form(), 500, "jinja2.exceptions: x", named=False) is not None


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        ("At most 1 image(s) may be provided in one request.", 1),
        ("At most 2 image(s) may be provided in one prompt. Set `--limit-mm-per-prompt` to increase.", 2),
        ("You set image=2 (or defaulted to 1) in `--limit-mm-per-prompt`, but passed 3 image items in the "
         "same prompt.", 0),
        ("Too many images in request. Max is 10.", 0),
        ("request contains 54 images, exceeding the maximum of 50 allowed per request", 0),
        ("The number of images exceeds the limit", 0),
        ("This model supports up to 4 images", 4),
        ("The request contains too many images: 11 images were provided, but the model supports a maximum "
         "of 10 images.", 10),
        ("too many images and documents: 120 + 0 > 100", 0),
        ("This model does not support multiple images.", 0),
        ("only one image is supported", 0),
        ("At most 0 image(s) may be provided in one prompt.", None),
        ("The image is too large: at most 20 MB", None),
        ("This model does not support image input", None),
        ("This model's maximum context length is 4096 tokens", None),
        ("At most 16 tokens of 4 images", None),
        ("the maximum size of 20 images is 20 MB", None),
    ],
)  # fmt: skip
def test_how_many_pictures_a_server_says_it_takes(words: str, taken: int | None) -> None:
    assert pictures_taken(words) == taken


def test_the_form_for_a_server_that_is_known() -> None:
    assert initial_form("SGLang") == Form(tool=False, within_answers=False)
    assert initial_form("llamacpp") == Form(within_answers=False)
    assert initial_form("vllm") == initial_form("") == Form()
