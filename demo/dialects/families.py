"""Which family a model's name belongs to, and so in which dialect the model is prompted.

It knows names as people, hubs, servers and training tools write them; no file, no model, no wording.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_GAP = "[^a-z0-9]*"


def _spelling(*names: str) -> str:
    """A pattern for names with any dots, dashes or blanks between their letters."""
    return "|".join(_GAP.join(name) for name in names)


@dataclass(frozen=True, slots=True)
class Family:
    """Models whose name, in lower case, contains ``pattern`` are prompted in ``dialect``."""

    dialect: str
    title: str
    pattern: str


# Fine-tunes stand first: their names often hold the name of what they were made from. A dialect has the
# title of its last family.
FAMILIES = (
    Family("region-reasoner", "RegionReasoner", _spelling("regionreasoner")),
    Family("vision-reasoner", "VisionReasoner", _spelling("visionreasoner")),
    Family("seg-zero", "Seg-Zero", f"{_spelling('segzero')}(?!{_GAP}shot)"),
    Family("vlm-r3", "VLM-R³", _spelling("vlmr3")),
    Family("deepeyes", "DeepEyes", _spelling("deepeyes")),
    Family(
        "chain-of-focus",
        "Chain-of-Focus",
        f"{_spelling('chainoffocus')}|(?<![a-z])cof{_GAP}(?:rl|sft)",
    ),
    Family("mini-o3", "Mini-o3", _spelling("minio3")),
    Family("pixel-reasoner", "Pixel-Reasoner", _spelling("pixelreasoner")),
    Family("p2r", "P2R", "(?<![a-z0-9])p2r(?![a-z0-9])"),
    Family("qwen2.5-vl", "Qwen2.5-VL", _spelling("qwen25vl", "qwen2p5vl", "qwenvl25")),
    Family("qwen2-vl", "Qwen2-VL", _spelling("qwen2vl")),
    Family("qwen3-vl", "Qwen3.5", _spelling("qwen35", "qwen3p5")),
    Family("qwen3-vl", "Qwen3-VL", _spelling("qwen3vl", "qwenvl3")),
)
_TITLES = {family.dialect: family.title for family in FAMILIES}
_TITLES["qwen3-vl-zoom"] = "Qwen3-VL with its zoom tool"  # which no name says: people ask for it

# Families that write boxes in other ways. The first one found in a name counts.
_FOREIGN = (
    ("another Qwen", "qwen|qvq"), ("InternVL", _spelling("internvl")), ("LLaVA", "llava"),
    ("MiniCPM-V", "minicpm"), ("PaliGemma", "paligemma"), ("Gemma", "gemma"), ("Pixtral", "pixtral"),
    ("Mistral", "mistral|ministral|magistral"), ("Llama", "llama"), ("Phi", _spelling("phi3", "phi4")),
    ("GLM-V", _spelling("glm4", "glm5")), ("DeepSeek-VL", "deepseek"), ("Molmo", "molmo"),
    ("SmolVLM", "smolvlm"), ("Idefics", "idefics"), ("Moondream", "moondream"),
    ("Florence-2", _spelling("florence2")), ("CogVLM", "cogvlm"), ("Kimi-VL", "kimi"),
    ("GPT", _spelling("gpt4", "gpt5")), ("Gemini", "gemini"), ("Claude", "claude"),
    ("Granite", "granite"), ("Nemotron", "nemotron"),
)  # fmt: skip

# Words that say how a model was saved or packed, not which one it is.
_PACKING = re.compile(
    r"checkpoints?|ckpts?|global|steps?|epochs?|iter|actor|huggingface|hf|models?|merged?|final|last"
    r"|latest|best|outputs?|weights|snapshots?|main|v?\d+|\d+b|[0-9a-f]{7,64}"
    r"|instruct|chat|gguf|ggml|mmproj|awq|gptq|marlin|exl\d|mlx|onnx|unsloth|bnb|nf4|dynamic|quantized"
    r"|safetensors|int\d+|w\d+a\d+|bf16|f16|f32|fp\d+|\d+bits?|i?q\d+|imatrix|ud|[kmsl]|x+[sl]|free"
)
_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)b(?![a-z0-9])")


def family_of(name: str) -> str | None:
    """The dialect of the family that a model's name contains; None where it contains none.

    ``name`` is a hub id, a path, or a server's name with or without a tag. Its last part counts, unless
    that says only how the model was saved: then the part before it.
    """
    family = _family(name)
    return family.dialect if family else None


def foreign_family(name: str) -> str | None:
    """The family, as its makers write it, of a model whose dialect this demo does not know."""
    part = _telling_part(name)
    return next((title for title, pattern in _FOREIGN if re.search(pattern, part)), None)


def is_same_model(name: str, other: str) -> bool:
    """Whether two names can mean the same model, packed in different ways.

    Both must be of one family and otherwise have the same words; either may leave out the size.
    """
    family = _family(name)
    if family is None or family != _family(other):
        return False
    sizes = {_size(name), _size(other)} - {None}
    return len(sizes) <= 1 and _rest(name) == _rest(other)


def wording_sentence(dialect: str, because: str, name: str) -> str:
    """A sentence for people that says for which family questions to a model are worded, and why.

    ``because`` is the reason (see `Entry`); without one, the model may be of a family that writes boxes in
    another way.
    """
    wording = f"Questions are worded as for {_TITLES[dialect]}"
    if because:
        return f"{wording} because {because}."
    if foreign := foreign_family(name):
        return (
            f"{wording}, but its name says {foreign}, which writes boxes in another way: they will "
            "probably be misread."
        )
    return f"{wording} because its name does not say otherwise; --dialect changes that."


def _family(name: str) -> Family | None:
    part = _telling_part(name)
    return next((family for family in FAMILIES if re.search(family.pattern, part)), None)


def _telling_part(name: str) -> str:
    """The last part of a path, in lower case, that says more than how a model was saved."""
    parts = reversed(re.split(r"[/\\]", name.lower()))
    return next((part for part in parts if _words(part)), "")


def _words(part: str) -> list[str]:
    """The words of a name without those that say how the model was saved or packed."""
    words = (word for word in re.split(r"[^a-z0-9]+", part) if word)
    return [word for word in words if not _PACKING.fullmatch(word)]


def _size(name: str) -> float | None:
    """Billions of parameters, where a name gives them."""
    found = _SIZE.search(_telling_part(name).replace("_", "-"))
    return float(found[1]) if found else None


def _rest(name: str) -> list[str]:
    """The words of a name without family, size and packing."""
    patterns = "|".join(f"(?:{family.pattern})" for family in FAMILIES)
    words = _words(re.sub(patterns, "-", _telling_part(name)))
    return [word for word in words if word != "qwen"]  # an owner, where two names were joined
