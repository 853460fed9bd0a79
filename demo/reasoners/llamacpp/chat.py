"""From a checkpoint's chat template to the texts of a prompt, before, between and after its pictures.

It knows no model and no engine. The template comes from a file that anybody may have made, so it runs in a
sandbox, and it is not shown what people and models wrote.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jinja2 import Template, TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from demo.dialects.messages import Content, Message
from demo.reasoners.chat import END_OF_PICTURE, plain, written

# How the templates of the Qwen models write a picture; llama.cpp adds the tokens round it by itself.
_PICTURE = re.compile(r"<\|vision_start\|>(?:<\|image_pad\|>)+<\|vision_end\|>")
_LAST_PICTURE = re.compile(rf"{_PICTURE.pattern}\Z")
# What all Qwen models share, for a template that is missing or knows no such conversation.
_SHARED = """\
{%- for message in messages %}
{{- '<|im_start|>' + ('user' if message.role == 'tool' else message.role) + '\\n' }}
{%- if message.role == 'tool' %}{{ '<tool_response>\\n' }}{% endif %}
{%- for part in message.content %}
{{- part.text if part.type == 'text' else '<|vision_start|><|image_pad|><|vision_end|>' }}
{%- endfor %}
{%- if message.role == 'tool' %}{{ '\\n</tool_response>' }}{% endif %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""
_MAX_TEMPLATE = 200_000  # characters; those of published models have a few thousand


class ChatFormat:
    """How a conversation is written for one checkpoint.

    ``before`` stands before the picture of a plain question, whatever is asked about it.
    """

    def __init__(self, template: str) -> None:
        self._own, self._shared = _compiled(template), _compiled(_SHARED)
        if self._own and not _is_usable(self._own):
            self._own = None
        self.before = self.texts(plain(""))[0]

    def texts(self, conversation: Sequence[Message]) -> list[str]:
        """What stands before each picture, and after the last one up to where the model goes on.

        Composed characters are written as one, as the tokenizers of the Qwen models do it themselves.
        """
        safe = [replace(m, parts=tuple(map(_safe, m.parts))) for m in conversation]
        *before, after = written(safe, self._render)
        return [*(_LAST_PICTURE.sub("", text) for text in before), after]

    def _render(self, messages: list[dict[str, Any]], is_asking: bool) -> str:
        listed = [{**m, "content": _listed(m["content"])} for m in messages]
        own = (_rendered(self._own, form, is_asking) for form in (messages, listed) if self._own)
        whole = (text for text in own if _is_whole(text, listed))
        return next(whole, None) or _rendered(self._shared, listed, is_asking)


def _safe(part: Content) -> Content:
    """A text that is normal, and in which nothing is taken for the end of a picture."""
    if not isinstance(part, str):
        return part
    broken = END_OF_PICTURE.replace("<|", "< |")
    return unicodedata.normalize("NFC", part).replace(END_OF_PICTURE, broken)


def _listed(content: str | list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _is_usable(template: Template) -> bool:
    """Whether it can write a plain question."""
    asked = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "\x1a"}]}]
    return _is_whole(_rendered(template, asked, is_asking=True), asked)


def _is_whole(text: str, messages: Sequence[dict[str, Any]]) -> bool:
    """Whether all texts and pictures of the messages are in a text, each once and in order."""
    parts = [part.get("text") for message in messages for part in message["content"]]
    end = 0
    for part in parts:
        found = (_PICTURE if part is None else re.compile(re.escape(part))).search(text, end)
        if found is None or (part is not None and text.count(part) > 1):
            return False
        end = found.end()
    return text.count(END_OF_PICTURE) == parts.count(None)


def _rendered(template: Template | None, messages: list[dict[str, Any]], is_asking: bool) -> str:
    """What a template makes of messages; empty where it refuses."""
    assert template is not None
    try:
        # The dialect decides whether it thinks.
        return template.render(
            messages=messages, add_generation_prompt=is_asking, enable_thinking=False
        )
    except Exception:  # the template is a program of somebody else's
        return ""


def _compiled(template: str) -> Template | None:
    if not template or len(template) > _MAX_TEMPLATE:
        return None
    try:
        return _environment().from_string(template)
    except Exception:  # as above
        return None


def _environment() -> ImmutableSandboxedEnvironment:
    """Jinja as transformers sets it up for chat templates."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    return environment


def _to_json(value: Any, **options: Any) -> str:
    return json.dumps(value, ensure_ascii=False, **options)


def _refuse(message: str) -> None:
    raise TemplateError(message)
