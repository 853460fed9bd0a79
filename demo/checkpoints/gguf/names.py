"""How precisions are named in GGUF files and in their names, and which one to prefer."""

from __future__ import annotations

import re

from demo.checkpoints.gguf.header import Header

# Best first: exact enough, and small enough for machines without a graphics card.
_MODEL_TYPES = (
    "Q4_K_M", "Q4_K_XL", "Q4_0", "Q4_K_S", "IQ4_XS", "IQ4_NL", "Q4_1", "Q5_K_M", "Q5_K_S", "Q5_0", "Q6_K",
    "Q8_0", "F16", "BF16",
)  # fmt: skip
_TOWER_TYPES = ("F16", "BF16", "Q8_0", "F32")
_TAG = re.compile(
    r"(?<![a-z0-9])(?:ud-)?(i?q\d(?:_k(?:_(?:xs|xl|xxl|s|m|l))?|_[01]|_xxs|_xs|_s|_m|_nl)?"
    r"|mxfp4|bf16|fp?16|fp?32)(?![a-z0-9])",
    re.IGNORECASE,
)
_BITS = re.compile(r"\d+")


def tag_of(header: Header) -> str:
    """The precision of a file as llama.cpp names it, such as *Q4_K_M*; empty where nothing says it."""
    from gguf import LlamaFileType

    try:
        name = LlamaFileType(header.number("general.file_type", -1)).name
    except ValueError:
        return tag_in(header.file.name)
    return name.removeprefix("MOSTLY_").removeprefix("ALL_")


def tag_in(name: str) -> str:
    """The precision in the name of a file, in capitals; empty where it holds none."""
    found = _TAG.findall(name)
    return found[-1].upper().replace("FP", "F") if found else ""


def in_words(tag: str) -> str:
    """Such as *4 bits (Q4_K_M)*."""
    bits = _BITS.search(tag)
    return f"{bits[0]} bits ({tag})" if bits else tag or "unknown precision"


def rank(tag: str) -> tuple[int, str]:
    """A key by which precisions of a model are sorted, best first."""
    return (_MODEL_TYPES.index(tag) if tag in _MODEL_TYPES else len(_MODEL_TYPES), tag)


def tower_rank(tag: str, name: str) -> tuple[int, str]:
    """A key by which towers of that precision and name are sorted, best first."""
    return (_TOWER_TYPES.index(tag) if tag in _TOWER_TYPES else len(_TOWER_TYPES), name)


def has_tag(name: str, tag: str) -> bool:
    """Whether the name of a file holds a precision as a word of its own."""
    return bool(re.search(rf"(?<![a-z0-9]){re.escape(tag.lower())}(?![a-z0-9_])", name.lower()))
