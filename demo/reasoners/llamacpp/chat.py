"""From a checkpoint's chat template to the two texts of a prompt, before the picture and after it.

It knows no model and no engine. The template comes from a file that anybody may have made, so it runs in a
sandbox.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from demo.dialects.prompt import without_thinking

# How the templates of the Qwen models write a picture; llama.cpp adds the tokens round it by itself.
_PICTURE = re.compile(r"<\|vision_start\|>(?:<\|image_pad\|>)+<\|vision_end\|>")
_HERE, _QUESTION = "\x1apicture\x1a", "\x1aquestion\x1a"  # which no template writes
# What all Qwen models share, for a template that is missing or knows no pictures.
_SHARED = f"<|im_start|>user\n{_HERE}{_QUESTION}<|im_end|>\n<|im_start|>assistant\n"
_MAX_TEMPLATE = 200_000  # characters; those of published models have a few thousand


class ChatFormat:
    """How a picture and a question are written for one checkpoint.

    ``before`` stands before the picture, whatever is asked about it.
    """

    def __init__(self, template: str) -> None:
        self.before, self._between, self._end = _parts(_written(template)) or _parts(_SHARED)

    def after(self, instruction: str) -> str:
        """What stands after the picture, up to where the answer begins.

        Composed characters are written as one, as the tokenizers of the Qwen models do it themselves.
        """
        text = unicodedata.normalize("NFC", instruction)
        return without_thinking(f"{self._between}{text}{self._end}")


def _parts(written: str) -> tuple[str, ...]:
    """What stands before the picture, between it and the question, and after; nothing when one lacks."""
    parts = re.split(f"{_HERE}|{_QUESTION}", written)
    is_in_order = written.find(_HERE) < written.find(_QUESTION)
    return tuple(parts) if len(parts) == 3 and is_in_order else ()


def _written(template: str) -> str:
    """What the template makes of a picture and a question; empty when it cannot be used."""
    content = [{"type": "image"}, {"type": "text", "text": _QUESTION}]
    if not template or len(template) > _MAX_TEMPLATE:
        return ""
    try:
        written = (
            _environment()
            .from_string(template)
            .render(
                messages=[{"role": "user", "content": content}],
                add_generation_prompt=True,
                enable_thinking=False,  # the dialect decides whether it thinks
            )
        )
    except Exception:  # the template is a program of somebody else's
        return ""
    return _PICTURE.sub(_HERE, written, count=1)


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
