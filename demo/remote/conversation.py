"""A conversation as the messages of a request, in a form that its server takes.

Servers differ in where they take pictures, in the roles that they know, and in whether they go on with an
answer that was begun. What one refuses is said in another form that means the same; the refusal tells
which. Nothing is sent here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from demo.dialects.messages import Content, Main, Message, Shown

# What vLLM, SGLang and others want to be told; servers that go on by themselves do not read it.
_GOING_ON = {"continue_final_message": True, "add_generation_prompt": False}
_GO_ON = "Go on exactly where you stopped."
# As the templates of the Qwen models write what a tool says: its tokens are the same.
_TOOL_SAYS = ("<tool_response>\n", "\n</tool_response>")
_REFUSING = frozenset({0, 400, 415, 422, 500, 501})
# A template or a program that trips over a form it does not know is a failure of the server.
_TRIPPED = re.compile(
    r"template|jinja|concatenate|textencodeinput|typeerror|attributeerror|placeholder"
    r"|prompt (?:update|replacement)|must be (?:a )?str|not supported between"
)


@dataclass(frozen=True, slots=True)
class Form:
    """What a server takes: a message of the ``system``, messages of a ``tool``, pictures ``within_answers``
    and an answer that is to be ``continued``.
    """

    system: bool = True
    tool: bool = True
    within_answers: bool = True
    continued: bool = True


# llama.cpp finds no picture in an answer that it goes on with. SGLang's schema has texts alone in answers,
# and of what a tool says it keeps the texts.
_BY_OWNER = {
    "llamacpp": Form(within_answers=False),
    "sglang": Form(tool=False, within_answers=False),
}
# How servers say what they do not take, in lower case; the first that a conversation needs counts. Where
# their words say nothing, all but the first of these are tried in turn.
_REFUSED: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("system", re.compile(
        r"system (?:role|message|prompt)s? (?:is |are )?(?:not|un)|unsupported role.{0,10}system"
        r"|(?:support|allow)[a-z]* (?:the )?system (?:role|message)")),
    ("continued", re.compile(
        r"continue_final_message|add_generation_prompt|prefill|prefix true|must end with a user"
        r"|(?:last|final) (?:message|role|turn)|assistant messages at the end")),
    ("within_answers", re.compile(
        r"(?:image|picture|media|multi-?modal).{0,60}(?:assistant|role .?user)"
        r"|assistant.{0,60}(?:image|picture|media|multi-?modal)")),
    ("tool", re.compile(r"\btool|\brole")),
)  # fmt: skip
_UNNAMED = ("tool", "within_answers", "continued")
# More pictures than a server takes at once, with the number or without.
_MOST = re.compile(
    r"(?:at most|up to|no more than|max(?:imum)?(?: number)?(?: of| is)|limit(?: of| is)) ([1-9]\d*) "
    r"(?:image|picture)"
)
_MANY = re.compile(
    r"too (?:many|much) (?:image|picture|media)|(?:multiple|several|more than (?:one|1)) (?:image|picture)"
    r"|(?:only|just) (?:one|1|a single) (?:image|picture)|\d+ (?:image|picture)s?,? exceed"
    r"|number of (?:image|picture)s? .{0,30}exceed|--limit-mm-per-prompt.{0,40}passed \d+ image"
)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages in order, ``url`` for the data URLs of their pictures, and the ``form`` to begin with."""

    messages: tuple[Message, ...]
    url: Callable[[Shown | Main], str]
    form: Form = Form()

    @property
    def is_open(self) -> bool:
        """Whether its last message is an answer that is to be continued."""
        return self.messages[-1].is_open

    @property
    def is_thinking(self) -> bool:
        """Whether that answer is in the middle of a thought."""
        text = "".join(part for part in self.messages[-1].parts if isinstance(part, str))
        return self.is_open and text.rfind("<think>") > text.rfind("</think>")

    def fields(self, form: Form) -> dict[str, Any]:
        """The fields of a request that say it in that form."""
        said = list(_in_form(self.messages, form))
        going_on = _GOING_ON if said[-1].is_open else {}
        return {"messages": [self._message(each) for each in said], **going_on}

    def other_form(self, form: Form, status: int, words: str, *, named: bool) -> Form | None:
        """Another form after a refusal in these words; None where they name nothing that it uses.

        Without ``named`` the words need not say what was refused.
        """
        used = set(self._used(form))
        if status not in _REFUSING:
            return None
        if named:
            found = [name for name, said in _REFUSED if name in used and said.search(words)]
        elif status != 500 or _TRIPPED.search(words):
            found = [name for name in _UNNAMED if name in used]
        else:
            found = []
        return replace(form, **{found[0]: False}) if found else None

    def _used(self, form: Form) -> Iterator[str]:
        """What a server must take for this conversation in that form."""
        said = list(_in_form(self.messages, form))
        yield from {message.role for message in said} & {"system", "tool"}
        if any(m.role == "assistant" and not _is_text(m) for m in said):
            yield "within_answers"
        if said[-1].is_open:
            yield "continued"

    def _message(self, message: Message) -> dict[str, Any]:
        if _is_text(message):
            return {"role": message.role, "content": "".join(map(str, message.parts))}
        return {"role": message.role, "content": [self._part(part) for part in message.parts]}

    def _part(self, part: Content) -> Mapping[str, Any]:
        if isinstance(part, str):
            return {"type": "text", "text": part}
        return {"type": "image_url", "image_url": {"url": self.url(part)}}


def initial_form(owner: str) -> Form:
    """The form for a server that calls itself that in the list of its models."""
    return _BY_OWNER.get(owner.lower(), Form())


def pictures_taken(words: str) -> int | None:
    """How many pictures a server takes at once, where its words refuse more: 0 where they do not say how
    many, None where they are about something else.
    """
    words = words.lower()
    if most := _MOST.search(words):
        return int(most[1])
    return 0 if _MANY.search(words) else None


def _in_form(messages: Sequence[Message], form: Form) -> Iterator[Message]:
    """The messages in that form; neighbours of one role are one."""
    said = [each for message in messages for each in _said(message, form)]
    if not form.system:
        said = [Message("user", (*m.parts, "\n\n")) if m.role == "system" else m for m in said]
    for role, same in groupby(said, key=lambda message: message.role):
        together = list(same)
        parts = [part for message in together for part in message.parts]
        yield Message(role, tuple(parts), together[-1].is_open)


def _said(message: Message, form: Form) -> Iterator[Message]:
    """One message in that form."""
    if message.role == "tool" and not form.tool:
        before, after = _TOOL_SAYS
        yield Message("user", (before, *message.parts, after))
    elif message.role != "assistant":
        yield message
    elif form.within_answers and (form.continued or not message.is_open):
        # A server cuts the end of the answer off after its last text.
        is_text_last = not message.is_open or all(isinstance(p, str) for p in message.parts[-1:])
        yield message if is_text_last else replace(message, parts=(*message.parts, ""))
    else:
        yield from _apart(message, form)


def _apart(message: Message, form: Form) -> Iterator[Message]:
    """An answer whose pictures are shown by the user in between."""
    runs = [tuple(same) for _, same in groupby(message.parts, key=lambda p: isinstance(p, str))]
    for number, parts in enumerate(runs, start=1):
        is_open = message.is_open and number == len(runs)
        if not isinstance(parts[0], str):
            yield Message("user", parts)
        elif "".join(map(str, parts)).strip():
            yield Message("assistant", parts, is_open and form.continued)
            if is_open and not form.continued:
                yield Message("user", (_GO_ON,))


def _is_text(message: Message) -> bool:
    return all(isinstance(part, str) for part in message.parts)
