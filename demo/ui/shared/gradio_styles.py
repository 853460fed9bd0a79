"""The styles of Gradio that this page needs, as one text.

The client of Gradio 6.31.0 asks for more than twenty small sheets, one after the other as it comes
upon the components. Which ones, its scripts say beside each kind of component. It asks for none to which
the page has a link; so the page has links to all of them that are switched off, and the styles come with
its own.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import gradio

_ASSETS = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
_COMPONENTS = ("column", "row", "html", "button", "uploadbutton", "chatbot", "textbox", "state")
_FIRST = re.compile(r'href="\./assets/(index-[\w-]+\.css)"')
_FILES = re.compile(r"m\.f=(\[[^\]]*\])")
_KIND = re.compile(r'[,{]"?(\w+)"?:\{((?:(?:base|example|component):[^{}]*)+)\}')
_NUMBERS = re.compile(r"__vite__mapDeps\(\[([\d,]+)\]\)")


@cache
def gradio_styles() -> dict[str, str]:
    """The sheets by name, in the order in which the client loads them; none if it is another client."""
    scripts = {kind: _script(kind) for kind in ("index", "core", "Blocks")}
    if not all(scripts.values()):
        return {}
    names = [*_sheets(scripts["index"]), *_of_components(scripts["core"])]
    names += [path.name for path in _ASSETS.glob("Blocks-*.css")]
    first = _FIRST.findall((_ASSETS.parent / "index.html").read_text(encoding="utf-8"))
    return {name: (_ASSETS / name).read_text(encoding="utf-8") for name in [*first, *names]}


def _script(kind: str) -> str:
    """The script of this name that lists other files."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(_ASSETS.glob(f"{kind}-*.js")))
    return next((text for text in texts if _FILES.search(text)), "")


def _sheets(script: str) -> list[str]:
    return [name for name in _files(script) if name.endswith(".css")]


def _files(script: str) -> list[str]:
    found = _FILES.search(script)
    return [name.removeprefix("./") for name in json.loads(found[1])] if found else []


def _of_components(script: str) -> list[str]:
    files, kinds = _files(script), dict(_KIND.findall(script))
    numbers = (
        int(number)
        for kind in _COMPONENTS
        for several in _NUMBERS.findall(kinds.get(kind, ""))
        for number in several.split(",")
    )
    return [files[number] for number in numbers if files[number].endswith(".css")]
