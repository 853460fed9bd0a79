"""A conversation as a checkpoint's chat template writes it: text, with pictures between its pieces.

Texts are put in after the template has run, so that nothing that a model wrote is changed or left out by
it. It knows templates, no tokens and no pixels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from demo.dialects.messages import MAIN, Main, Message, Shown
from demo.dialects.prompt import without_thinking

END_OF_PICTURE = "<|vision_end|>"
_NO_END = END_OF_PICTURE.replace("<|", "< |")  # what people or models write is text
_MARK = "\x1a{}\x1a"  # which no template writes
_MARKED = re.compile(_MARK.format("([0-9]+)"))

# What a template makes of messages in the form of OpenAI's, with a prompt for the answer or without.
Render = Callable[[list[dict[str, Any]], bool], str]


def plain(instruction: str) -> tuple[Message, ...]:
    """The conversation of a picture and a question."""
    return (Message("user", (MAIN, instruction)),)


def written(conversation: Sequence[Message], render: Render) -> list[str]:
    """The texts up to the end of each picture, and the text after the last one.

    The last is where the model goes on: after the words of an open message, else where an answer begins.
    """
    texts: list[str] = []
    messages = [_marked(message, texts) for message in conversation]
    is_open = conversation[-1].is_open
    whole = render(messages, not is_open)
    if is_open:
        whole = whole[: _end_of_last(whole, conversation[-1], len(texts))]
    else:
        whole = without_thinking(whole)
    # In one pass: a text may hold anything, also a mark.
    whole = _MARKED.sub(lambda mark: texts[int(mark[1])], whole)
    *pictures, after = _split(whole, conversation)
    # Something must follow a picture for the model to go on from; messages end with a line's end.
    return [*(f"{before}{END_OF_PICTURE}" for before in pictures), after or "\n"]


def pictures_of(conversation: Sequence[Message]) -> list[Shown | Main]:
    """The pictures of a conversation in order."""
    return [part for message in conversation for part in message.parts if not isinstance(part, str)]


def _marked(message: Message, texts: list[str]) -> dict[str, Any]:
    """A message with a mark for each text, which joins ``texts``."""
    content: list[dict[str, str]] = []
    for part in message.parts:
        if isinstance(part, str):
            content.append({"type": "text", "text": _MARK.format(len(texts))})
            texts.append(part.replace(END_OF_PICTURE, _NO_END))
        else:
            content.append({"type": "image"})
    if all(each["type"] == "text" for each in content):
        return {"role": message.role, "content": "".join(each["text"] for each in content)}
    return {"role": message.role, "content": content}


def _end_of_last(whole: str, message: Message, count: int) -> int:
    """Where the last part of an open message ends."""
    end = _MARK.format(count - 1) if isinstance(message.parts[-1], str) else END_OF_PICTURE
    return whole.rindex(end) + len(end)


def _split(whole: str, conversation: Sequence[Message]) -> list[str]:
    """The text at the ends of its pictures only: what people typed cannot hold such an end."""
    return whole.split(END_OF_PICTURE, len(pictures_of(conversation)))
