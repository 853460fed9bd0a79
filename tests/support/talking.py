"""A server on loopback that takes whole conversations as vLLM does, and replays what a model wrote."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support.hostile import Asked, Hostile, Script, answer, failure, response

Body = Mapping[str, Any]
_ROLES = ("system", "user", "assistant", "tool")
_PIECE = 7  # characters of a text that arrive together
PICTURE = "<picture>"


class Talking(Hostile):
    """Writes the next of ``texts`` for each request that it takes.

    It refuses what vLLM refuses, more than ``most`` pictures, and with ``refuse`` whatever that gives a
    response for. A text that is not a str is a script. ``taken`` are the requests that it took.
    """

    def __init__(
        self,
        name: str,
        *texts: str | Script,
        owner: str = "vllm",
        most: int = 999,
        refuse: Callable[[Body], bytes | None] = lambda _: None,
    ) -> None:
        listed = {"data": [{"id": name, "owned_by": owner}]}
        super().__init__(models=[response(json.dumps(listed))])
        self.texts, self.most, self.refuse, self.taken = texts, most, refuse, list[Body]()

    def _script(self, request: Asked) -> Script:
        if not request.body:
            return self.models
        self.asked.append(request)
        if refusal := self.refuse(request.body):
            return [refusal]
        if words := self._fault(request.body):
            return [failure(400, words)]
        self.taken.append(request.body)
        text = self.texts[len(self.taken) - 1]
        if not isinstance(text, str):
            return text
        return answer(*(text[at : at + _PIECE] for at in range(0, len(text), _PIECE)))

    def _fault(self, body: Body) -> str:
        """What is wrong with a request, in vLLM's words where it has some."""
        messages, is_open = body["messages"], body.get("continue_final_message", False)
        if is_open and body.get("add_generation_prompt", True):
            return "Cannot set both `continue_final_message` and `add_generation_prompt` to True."
        if is_open != (messages[-1]["role"] == "assistant"):
            return "an answer that is last is to be continued, and nothing else"
        if unknown := {m["role"] for m in messages} - {*_ROLES}:
            return f"unknown roles: {unknown}"
        if any(m["role"] == "system" for m in messages[1:]):
            return "System message must be at the beginning."
        if is_open and not _ends_in_text(messages[-1]):
            # All that is after the last text is cut off, and with it the place of a picture.
            return "Failed to apply prompt replacement for mm_items['image'][1]"
        if len(urls_in(messages)) > self.most:
            return f"At most {self.most} image(s) may be provided in one prompt."
        return ""


def parts_of(message: Body) -> list[Body]:
    """The parts of a message; a text is one."""
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def urls_in(messages: Sequence[Body]) -> list[str]:
    """The data URLs of the pictures of some messages in order."""
    return [p["image_url"]["url"] for m in messages for p in parts_of(m) if "image_url" in p]


def pictures_in(body: Body) -> list[NDArray[np.uint8]]:
    """The pictures of a request in order, uint8 RGB [H, W, 3]."""
    return [_decoded(url) for url in urls_in(body["messages"])]


def written(body: Body) -> str:
    """A request as the template of the Qwen models writes it, its pictures as ``<picture>``."""
    said = "".join(
        f"<|im_start|>{message['role']}\n{_text_of(message)}<|im_end|>\n"
        for message in body["messages"]
    )
    if body.get("continue_final_message"):
        return said.removesuffix("<|im_end|>\n")
    return f"{said}<|im_start|>assistant\n"


def _text_of(message: Body) -> str:
    return "".join(part.get("text", PICTURE) for part in parts_of(message))


def _ends_in_text(message: Body) -> bool:
    return "text" in parts_of(message)[-1]


def _decoded(url: str) -> NDArray[np.uint8]:
    head, _, data = url.partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return np.asarray(image)
