"""Nano's tokenizer: whole words, whole numbers, and the fixed instruction as a handful of tokens.

It can encode any text: unknown words fall back to characters, unknown characters to bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from demo.dialects.prompt import region_reasoner_instruction
from demo.nano.world.facts import FRAME

SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
    "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
# Texts in every prompt or answer, one token each.
FIXED = (
    *region_reasoner_instruction("\0").split("\0"),
    "system\nYou are a helpful assistant.",
    "user\n",
    "assistant\n",
    "<scene>", "</scene>\n", "</scene>", "<focus>", "</focus>\n", "</focus>",
    "<think>", "</think>\n", "</think>", "<answer>", "</answer>",
    '[{"bbox_2d": [', '], "point_2d": [', ']}, {"bbox_2d": [', "]}]",
    ". From left to right: ", "Looking for ", "Inside the box: ", " at (",
    "<look>[", "]</look>", " Not there. ",
)  # fmt: skip
# Pieces of one token each: separators inside numbers, references, words with their space, digits.
_SPLIT = Regex(r", (?=\d)| ?bbox=\[| ?[A-Za-z]+|\d+| ?[^\sA-Za-z\d]|\s")
_SEPARATORS = (", ", "bbox=[", " bbox=[", "]", " ")
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' or 'image' in part or 'image_url' in part %}"
    "<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif 'text' in part %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def build_tokenizer(words: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer with a token for each of the lower-case words, with and without a space before."""
    printable = [chr(c) for c in range(32, 127)] + ["\n", "\t"]
    singles = [*printable, *(f" {c}" for c in printable if c not in " \n\t")]
    spoken = sorted({w for w in words if len(w) > 1})
    pieces = [
        *SPECIAL,
        *(f"<0x{b:02X}>" for b in range(256)),
        *(str(n) for n in range(FRAME.width + 1)),
        *_SEPARATORS,
        *singles,
        *(f"{space}{w}" for w in spoken for space in ("", " ")),
    ]
    unique = list(dict.fromkeys(pieces))
    # Every piece costs the same, so the fewest pieces win; bytes cost more by the model's own rule.
    vocabulary = [(piece, -1.0) for piece in unique]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(_SPLIT, behavior="isolated")
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in FIXED])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
    )
