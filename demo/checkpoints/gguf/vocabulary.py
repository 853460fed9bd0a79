"""The tokens of a checkpoint as llama.cpp wants them: byte-level, split as Qwen splits text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gguf import GGUFWriter, TokenType

from demo.checkpoints.folders import read_json
from demo.checkpoints.templates import chat_templates
from demo.errors import CheckpointError

# How llama.cpp's “qwen2” splits text before it merges bytes.
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
# The marks that llama.cpp puts round a picture, and the end of a message.
_NEEDED = ("<|vision_start|>", "<|vision_end|>", "<|im_end|>")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokens by number, the kind of each, the merges in order, the numbers of two, and the template."""

    tokens: list[str]
    kinds: list[TokenType]
    merges: list[str]
    end: int
    padding: int | None
    template: str | None

    def add_to(self, writer: GGUFWriter) -> None:
        """Write it into a file's header."""
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("qwen2")
        writer.add_token_list(self.tokens)
        writer.add_token_types(self.kinds)
        writer.add_token_merges(self.merges)
        writer.add_eos_token_id(self.end)
        if self.padding is not None:
            writer.add_pad_token_id(self.padding)
        writer.add_add_bos_token(False)
        if self.template is not None:
            writer.add_chat_template(self.template)


def has_byte_tokens(folder: Path) -> bool:
    """Whether the tokenizer in a folder seems to be of the kind that can be written."""
    file = folder / "tokenizer.json"
    if file.is_file() and _kind_of(file, file.stat().st_mtime_ns) == "BPE":
        return True
    return (folder / "merges.txt").is_file()


@lru_cache(maxsize=16)
def _kind_of(file: Path, _changed_ns: int) -> object:
    """The type of a tokenizer, in a file of megabytes that is asked about again and again."""
    model = read_json(file).get("model")
    return model.get("type", "BPE") if isinstance(model, dict) else None


def read_vocabulary(source: str, folder: Path, rows: int) -> Vocabulary:
    """The vocabulary of a checkpoint, filled up to ``rows`` tokens, as many as its embedding has.

    Raises CheckpointError for a tokenizer of another kind, or one with more tokens.
    """
    try:
        return _vocabulary(source, folder, rows)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"The tokenizer of {source} cannot be read: {type(error).__name__} {error}. Copy the "
            "tokenizer's files from the model that this one was made from."
        ) from error


def _vocabulary(source: str, folder: Path, rows: int) -> Vocabulary:
    settings = read_json(folder / "tokenizer_config.json")
    words, merges, added = _one_file(source, folder) or _old_files(source, folder, settings)
    numbers: dict[str, int] = words | {token["content"]: int(token["id"]) for token in added}
    special = {token["content"]: bool(token.get("special")) for token in added}
    if unknown := [token for token in _NEEDED if token not in numbers]:
        raise _refusal(source, f"it does not know {unknown[0]}")
    if (most := max(numbers.values())) >= rows:
        raise _refusal(source, f"it has {most + 1} words and the model only {rows}")
    names: list[str | None] = [None] * rows
    for name, number in numbers.items():
        names[number] = name
    return Vocabulary(
        tokens=[f"[PAD{n}]" if name is None else name for n, name in enumerate(names)],
        kinds=[_kind(name, special) for name in names],
        merges=[merge if isinstance(merge, str) else " ".join(merge) for merge in merges],
        end=numbers.get(_content(settings.get("eos_token")), numbers["<|im_end|>"]),
        padding=numbers.get(_content(settings.get("pad_token"))),
        template=next(chat_templates(folder), None),
    )


def _one_file(source: str, folder: Path) -> tuple[dict[str, int], list[Any], list[Any]] | None:
    """Words, merges and added tokens of a ``tokenizer.json``."""
    written = read_json(folder / "tokenizer.json")
    if not written:
        return None
    model = written["model"]
    if model.get("type", "BPE") != "BPE" or _SPLIT not in _patterns(written["pre_tokenizer"]):
        raise _refusal(source, "it splits text in another way than Qwen2’s")
    return model["vocab"], model["merges"], written.get("added_tokens", [])


def _old_files(
    source: str, folder: Path, settings: dict[str, Any]
) -> tuple[dict[str, int], list[Any], list[Any]]:
    """The same from the files of the first releases."""
    words, merges = read_json(folder / "vocab.json"), folder / "merges.txt"
    if not words or not merges.is_file():
        raise _refusal(source, "its tokenizer.json is missing")
    lines = merges.read_text(encoding="utf-8").splitlines()
    added = settings.get("added_tokens_decoder", {})
    return (
        words,
        [line for line in lines if line and not line.startswith("#version")],
        [token | {"id": number} for number, token in added.items()],
    )


def _patterns(splitter: Any) -> Iterator[str]:
    """The regular expressions in a pre-tokenizer and those within it."""
    if isinstance(splitter, dict):
        if isinstance(pattern := splitter.get("pattern"), dict):
            yield str(pattern.get("Regex"))
        for inner in splitter.get("pretokenizers", ()):
            yield from _patterns(inner)


def _kind(name: str | None, special: dict[str, bool]) -> TokenType:
    if name is None:
        return TokenType.UNUSED
    if name not in special:
        return TokenType.NORMAL
    return TokenType.CONTROL if special[name] else TokenType.USER_DEFINED


def _content(token: Any) -> str:
    return str(token.get("content") if isinstance(token, dict) else token)


def _refusal(source: str, why: str) -> CheckpointError:
    return CheckpointError(
        f"{source} cannot be written as GGUF files, because its tokenizer is not Qwen’s: {why}. Copy the "
        "tokenizer's files from the model that this one was made from."
    )
