"""The first view: the empty page as the server writes it, seen until Gradio's client has built the page.

It stands in a shadow tree of its own, where no script or style of the page finds it, and looks like what
will take its place: the same styles, texts and pictures. What people do with it is kept by
``first_view.js`` and done by the page, which removes it (``shared/first_view.js``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from string import Template
from typing import Any

import gradio as gr

from demo.picture.palette import PALETTE
from demo.ui.shared.compact import compact_script, compact_sheet, sheet_for
from demo.ui.shared.static import asset, growing
from demo.ui.shared.theme import LETTERS, readable_on

_SHEETS = (
    "shared/page", "canvas/canvas", "canvas/look", "canvas/forms", "composer/composer",
    "models/models", "shared/access",
)  # fmt: skip
_HEAD = re.compile(r'<p class="examples-head">(.*?)</p>')
_EMPTY_STAGE: str = re.findall(
    r'<div class="empty">.*?</div>', asset("canvas/canvas.html"), re.DOTALL
)[0]
_CARD = (
    '<div class="example"><button type="button" class="example-open" data-index="{index}" '
    "data-place='.example-open[data-index=\"{index}\"]'>"
    '<img src="{picture}" alt="" fetchpriority="high"><b>{title}</b>{note}</button>{play}</div>'
)
_PLAY = (
    '<button type="button" class="example-play" data-index="{index}" data-play '
    'data-place=\'.example-play[data-index="{index}"]\'><svg class="icon" '
    'viewBox="0 0 24 24" aria-hidden="true"><path d="{icon}"/></svg>Play</button>'
)
_PLAY_ICON = re.findall(r'\bplay: "([^"]+)"', asset("shared/nodes.js"))[0]
_R1 = {"fill": PALETTE[0], "on_fill": readable_on(PALETTE[0])}
_FURTHER = (
    "show-folder", "show-examples", "show-benchmark", "show-kept", "show-compare", "new",
)  # fmt: skip


def first_view(page: gr.Blocks) -> str:
    """The HTML of the first view of this page, as its components are when it is opened."""
    parts = {
        block.elem_id: block for block in page.blocks.values() if getattr(block, "elem_id", None)
    }
    if not {"brand", "message", "examples"} <= parts.keys():
        return ""  # another page than the app's
    status, message, cards = parts["brand"].value, parts["message"], parts["examples"].value
    return _template().substitute(
        until="#examples .example-open" if cards else "#canvas",
        status=escape(status["status"]),
        models='<i class="models"></i>' if status.get("may_switch") else "",
        further="".join(_buttons(parts)),
        empty=_empty(status["advice"]),
        cards="".join(_cards(cards, bool(status.get("drawn_only")))),
        hint=escape(parts["hint"].value["text"]),
        placeholder=escape(message.placeholder),
    )


@cache
def _template() -> Template:
    html = asset("first_view.html")
    return Template(
        Template(html).safe_substitute(
            styles=_styles(f"{html}{_EMPTY_STAGE}{_CARD}{_PLAY}").replace("$", "$$"),
            script=compact_script(asset("first_view.js")).replace("$", "$$"),
            head=_HEAD.findall(asset("gallery/examples.html"))[0],
        )
    )


def _styles(html: str) -> str:
    """The page's styles as far as they say something of this HTML, after what they take of Gradio's."""
    own = compact_sheet(
        Template(asset("first_view.css")).substitute(letters=", ".join(LETTERS), **_R1)
    )
    sheets = (compact_sheet(asset(f"{name}.css")) for name in _SHEETS)
    return growing("".join([own, *(sheet_for(html, sheet) for sheet in sheets)]))


def _empty(advice: str) -> str:
    """What stands on the canvas while there is no picture."""
    advised = _EMPTY_STAGE.replace('advice-here">', f'advice-here">{escape(advice)}')
    return advised.replace('class="drop"', 'class="drop" data-place=".drop"')


def _buttons(parts: Mapping[str, Any]) -> Iterator[str]:
    yield '<button type="button" data-place="#upload button">Open picture</button>'
    has_others = bool(parts["brand"].value.get("may_switch"))
    for name in _FURTHER:
        if name in parts and (name != "show-compare" or has_others):
            # Before the first answer there is nothing to compare.
            state = ' aria-disabled="true"' if name == "show-compare" else ""
            yield f'<button type="button" id="{name}"{state}>{escape(parts[name].value)}</button>'


def _cards(cards: Sequence[Mapping[str, Any]], drawn_only: bool) -> Iterator[str]:
    for index, card in enumerate(cards):
        is_played = not (card["photograph"] and drawn_only)
        yield _CARD.format(
            index=index,
            picture=card["picture"],
            title=escape(card["title"]),
            note=f"<span>{escape(card['note'])}</span>" if card["note"] else "",
            play=_PLAY.format(index=index, icon=_PLAY_ICON) if is_played else "",
        )
