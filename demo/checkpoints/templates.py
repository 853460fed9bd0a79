"""The chat templates of a checkpoint, in any of the places where releases of transformers keep them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from demo.checkpoints.folders import read_json


def chat_templates(folder: Path) -> Iterator[str]:
    """All templates in the files: those of the processor first, and of several the default first."""
    for name in ("processor_config.json", "chat_template.json"):
        yield from _by_name(read_json(folder / name).get("chat_template"))
    for file in (
        *folder.glob("chat_template.jinja"),
        *sorted(folder.glob("*chat_templates/*.jinja")),
    ):
        yield file.read_text(encoding="utf-8")
    yield from _by_name(read_json(folder / "tokenizer_config.json").get("chat_template"))


def _by_name(kept: object) -> Iterator[str]:
    """One template, or several with their names, from a text, a table or a list."""
    if isinstance(kept, list):
        kept = {t.get("name"): t.get("template") for t in kept if isinstance(t, dict)}
    if isinstance(kept, dict):
        named = sorted(kept, key=lambda name: name != "default")
        yield from (kept[name] for name in named if isinstance(kept[name], str))
    elif isinstance(kept, str) and kept.strip():
        yield kept
