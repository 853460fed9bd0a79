"""The handlers of a page without a browser, and what Gradio gives them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr

from demo.dialogue.examples import Example
from demo.dialogue.store import Store
from demo.models.available import AvailableModels
from demo.models.models import Models
from demo.models.switching import RunningModels
from demo.segmenters.base import Segmenter
from demo.ui.canvas.acts import Acts
from demo.ui.chat.answer_links import AnswerLinks
from demo.ui.chat.asking import Asking
from demo.ui.compare.comparing import Comparing
from demo.ui.context import Context
from demo.ui.dialogues.exporting import Exporting
from demo.ui.dialogues.panel import Library
from demo.ui.gallery.opening import Opening
from demo.ui.parts import Parts, place_parts
from demo.ui.tab.running_turns import RunningTurns
from demo.ui.tab.saving import Saver
from demo.ui.tab.undoing import Undoing
from demo.ui.tab.workspace import Tab, Workspace
from tests.support.table import TableReasoner


def sent(**values: object) -> Any:
    """The event as Gradio hands it over."""
    return SimpleNamespace(_data=values)


def workspace(tab: Tab) -> Workspace:
    """What is open on a page."""
    assert tab.workspace is not None
    return tab.workspace


def placed_parts(folder: Path, *, benchmark: bool = False) -> Parts:
    """The components of a page."""
    status = {"status": "table", "advice": "", "why": ""}

    async def placed() -> Parts:
        """Without a running event loop Gradio would begin one that nobody closes."""
        with gr.Blocks():
            return place_parts(status, [], None, benchmark=benchmark)

    with ThreadPoolExecutor(1) as other:  # a browser's loop may be running in this one
        return other.submit(asyncio.run, placed()).result()


@dataclass(frozen=True)
class Handlers:
    """The handlers of one page."""

    context: Context
    opening: Opening
    asking: Asking
    undoing: Undoing
    acts: Acts
    links: AnswerLinks
    library: Library
    exporting: Exporting
    comparing: Comparing


def handlers_of(
    parts: Parts,
    folder: Path,
    store: Store | None = None,
    segmenter: Segmenter | None = None,
    examples: Sequence[Example] = (),
    available: AvailableModels | None = None,
) -> Handlers:
    """Handlers of a page with the model that reads from a table, and those that are ``available``."""
    models = Models(TableReasoner(), segmenter, "table", "", "")
    context = Context(parts, RunningModels(models, available), RunningTurns(), Saver(store))
    asking, opening = Asking(context), Opening(context, examples, folder)
    comparing, exporting = Comparing(context), Exporting(context, folder / "files")
    return Handlers(
        context,
        opening,
        asking,
        Undoing(context),
        Acts(context),
        AnswerLinks(context, asking, comparing),
        Library(context, opening, exporting),
        exporting,
        comparing,
    )
