"""The files of Gradio's client that this page needs: their names, and the styles as texts.

The client of Gradio 6.31.0 asks for more than twenty small sheets and thirty scripts, one after the other
as it comes upon the components. Which ones, its scripts say beside each kind of component. It asks for no
sheet to which the page has a link; so the page has links to all of them that are switched off, and the
styles come with its own. The scripts are named in the page, so that the browser asks for all of them at
once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import gradio

_ASSETS = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
_COMPONENTS = ("column", "row", "html", "button", "uploadbutton", "chatbot", "textbox", "state")
_FIRST = re.compile(r'(?:href|src)="\./assets/(index-[\w-]+\.(?:css|js))"')
_FILES = re.compile(r"m\.f=(\[[^\]]*\])")
_KIND = re.compile(r'[,{]"?(\w+)"?:\{((?:(?:base|example|component):[^{}]*)+)\}')
_NUMBERS = re.compile(r"__vite__mapDeps\(\[([\d,]+)\]\)")
_IMPORT = re.compile(r'(?:\bfrom|\bimport)"\./([\w-]+\.js)"')


@cache
def gradio_styles() -> dict[str, str]:
    """The sheets by name, in the order in which the client loads them; none if it is another client."""
    first, blocks, components = _names()
    return {name: _text(name) for name in (*first, *components, *blocks) if name.endswith(".css")}


@cache
def gradio_scripts() -> tuple[str, ...]:
    """The names of the scripts that run before the page can be used; none if it is another client.

    Those for which others wait come first.
    """
    found: dict[str, None] = {}
    left = [name for group in _names() for name in group if name.endswith(".js")]
    while left:
        name = left.pop(0)
        if name not in found:
            found[name] = None
            left += _there(_IMPORT.findall(_text(name)))
    return tuple(found)


@cache
def _names() -> tuple[list[str], list[str], list[str]]:
    """The sheets and scripts that the client asks for by itself: to begin with, for the layout, and for its
    components.
    """
    scripts = {kind: _script(kind) for kind in ("index", "core", "Blocks")}
    if not all(scripts.values()):
        return [], [], []
    first = _FIRST.findall((_ASSETS.parent / "index.html").read_text(encoding="utf-8"))
    blocks = [path.name for path in sorted(_ASSETS.glob("Blocks-*"))]
    return (
        _there([*first, *_files(scripts["index"])]),
        blocks,
        _there(_of_components(scripts["core"])),
    )


def _there(names: Iterable[str]) -> list[str]:
    return [name for name in names if (_ASSETS / name).is_file()]


def _text(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _script(kind: str) -> str:
    """The script of this name that lists other files."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(_ASSETS.glob(f"{kind}-*.js")))
    return next((text for text in texts if _FILES.search(text)), "")


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
    return [files[number] for number in numbers]
