"""The tokens of a checkpoint as GGUF files hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf

from demo.checkpoints.folders import read_json


def add_vocabulary(writer: gguf.GGUFWriter, folder: Path, size: int) -> None:
    """Write the tokenizer of a checkpoint, padded to ``size`` tokens."""
    tokenizer = read_json(folder / "tokenizer.json")
    settings = read_json(folder / "tokenizer_config.json")
    vocabulary = dict(tokenizer["model"]["vocab"])
    added = {t["content"]: t for t in tokenizer.get("added_tokens", [])}
    vocabulary |= {content: t["id"] for content, t in added.items()}
    names = {number: name for name, number in vocabulary.items()}
    tokens, kinds = [], []
    for number in range(size):
        name = names.get(number)
        tokens.append(f"[PAD{number}]" if name is None else name)
        kinds.append(_kind(name, added))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    merges = tokenizer["model"]["merges"]
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    if (eos := _id(vocabulary, settings.get("eos_token"))) is not None:
        writer.add_eos_token_id(eos)
    if (pad := _id(vocabulary, settings.get("pad_token"))) is not None:
        writer.add_pad_token_id(pad)
    writer.add_add_bos_token(False)
    template = folder / "chat_template.jinja"
    if template.is_file():
        writer.add_chat_template(template.read_text(encoding="utf-8"))


def _kind(name: str | None, added: dict[str, Any]) -> gguf.TokenType:
    if name is None:
        return gguf.TokenType.UNUSED
    if name in added:
        return gguf.TokenType.CONTROL if added[name].get("special") else gguf.TokenType.USER_DEFINED
    return gguf.TokenType.NORMAL


def _id(vocabulary: dict[str, int], token: Any) -> int | None:
    return vocabulary.get(token["content"] if isinstance(token, dict) else token)
