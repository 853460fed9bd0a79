"""Components that draw themselves in the browser from a JSON value.

Their templates hold no data and their scripts set text with ``textContent`` only, because Gradio
evaluates templates as JavaScript. This file does not know what is drawn.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

_FOLDER = Path(__file__).parent.parent


def asset(name: str) -> str:
    """The text of a file of the page (template, script or style)."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def drawn(template: str, *scripts: str, value: Any = None, **options: Any) -> gr.HTML:
    """A component with a fixed template, drawn by the scripts whenever its value changes.

    Not a subclass: of those Gradio writes stub files beside the source when they are imported.
    """
    return gr.HTML(
        value,
        html_template=asset(template),
        js_on_load="\n".join(asset(script) for script in scripts),
        apply_default_css=False,
        **options,
    )
