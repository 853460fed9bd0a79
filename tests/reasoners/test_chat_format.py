"""The chat format of GGUF files: from any template to what stands before a picture and after it."""

from __future__ import annotations

import pytest

from demo.reasoners.llamacpp.chat import ChatFormat

_QWEN = (
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif 'text' in part %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_SHARED = ("<|im_start|>user\n", "find the dog<|im_end|>\n<|im_start|>assistant\n")


def test_template_of_checkpoint_is_followed() -> None:
    chat = ChatFormat(_QWEN)
    assert chat.before.startswith("<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n")
    assert chat.before.endswith("<|im_start|>user\n")  # the tokens round a picture are added later
    assert chat.after("find the dog") == _SHARED[1]


@pytest.mark.parametrize(
    "template",
    [
        "",
        "{% for message in messages %}{{ message['content'] }}{% endfor %}",  # for text alone
        "{% for",  # no template at all
        "{{ raise_exception('no pictures here') }}",
        "{{ messages[0].nothing.there }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "<|vision_start|><|image_pad|><|vision_end|>",  # leaves the question out
        "{{ messages[0]['content'][1]['text'] }}<|vision_start|><|image_pad|><|vision_end|>",
        "x" * 300_000,
    ],
    ids=["none", "text", "broken", "refuses", "lacks", "breaks_out", "silent", "swapped", "huge"],
)
def test_other_templates_give_way_to_the_shared_format(template: str) -> None:
    chat = ChatFormat(template)
    assert (chat.before, chat.after("find the dog")) == _SHARED
