"""Which event of the page's components calls which handler, and what that handler may change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.ui.benchmark.panel import Benchmark
from demo.ui.canvas.acts import Acts
from demo.ui.chat.answer_links import AnswerLinks
from demo.ui.chat.asking import Asking
from demo.ui.compare.comparing import Comparing
from demo.ui.composer.reading import Reading
from demo.ui.context import Context
from demo.ui.dialogues.exporting import Exporting
from demo.ui.dialogues.panel import Library
from demo.ui.endpoints import AT_ONCE
from demo.ui.folder.walk import Walk
from demo.ui.gallery.opening import Opening
from demo.ui.models.panel import ModelPanel
from demo.ui.parts import PRIVATE, Parts
from demo.ui.sharing.sharing import Sharing
from demo.ui.tab.streams import OpenStreams
from demo.ui.tab.undoing import Undoing

if TYPE_CHECKING:
    from demo.evaluate.index import Index

_NOW = {**PRIVATE, "queue": False}
_EACH = {**_NOW, "trigger_mode": "multiple"}
_PREPARING = {**PRIVATE, "concurrency_limit": 1}
_EXPORT = {**PRIVATE, "concurrency_limit": AT_ONCE, "trigger_mode": "multiple"}
_TURN = {
    **PRIVATE,
    "concurrency_limit": AT_ONCE,
    "concurrency_id": "turns",
    "trigger_mode": "multiple",
}


def connect(
    page: gr.Blocks,
    context: Context,
    opening: Opening,
    files: Path,
    received: Path,
    index: Index | None,
    *,
    may_link: bool = True,
) -> None:
    """Connect all of them; to be called inside ``page``.

    ``files`` is a folder for dialogues that are saved as files, ``received`` the one for what browsers
    send, ``index`` the benchmark's, if there is one; ``may_link`` says whether dialogues can be shared by
    links.
    """
    asking = Asking(context)
    _connect_turns(context, asking)
    _connect_canvas(context)
    _connect_opening(context.parts, opening, asking)
    _connect_folder(context.parts, Walk(context, opening, received), opening, asking)
    exporting = Exporting(context, files)
    _connect_undoing(page, context, exporting)
    library = Library(context, opening, exporting)
    if index is not None:
        benchmark = Benchmark(context, opening, index)
        library = replace(library, recall=benchmark.recall)
        _connect_benchmark(context.parts, benchmark, opening, asking)
    _connect_library(context.parts, library, opening)
    context.parts.library.save(
        exporting.save, [context.parts.tab], context.parts.library, **_EXPORT
    )
    context.parts.library.stop(exporting.stop, None, None, **_EACH)
    sharing = Sharing(context, files, may_link)
    context.parts.sharing.sharing(sharing.act, [context.parts.tab], context.parts.sharing, **_EACH)
    if context.running.may_switch or context.running.is_loading:
        _connect_models(context.parts, ModelPanel(context))


def _connect_turns(context: Context, asking: Asking) -> None:
    parts, reading = context.parts, Reading(context)
    comparing = Comparing(context)
    links = AnswerLinks(context, asking, comparing)
    changed = parts.changed_by_events()
    sending = [parts.message.submit, parts.send.click]
    for ended in (
        gr.on(sending, asking.ask, [parts.message, parts.tab], changed, **_TURN),
        parts.next.click(asking.follow, [parts.tab], changed, **_TURN),
        parts.play.click(asking.play, [parts.tab], changed, **_TURN),
        parts.canvas.turn(links.turn, [parts.tab], changed, **_TURN),
    ):
        ended.then(reading.put_back, [parts.message, parts.tab], parts.message, **_NOW)
    parts.compare.look(comparing.look, [parts.tab], changed, **_EACH)
    parts.compare.ask(comparing.ask, [parts.tab], changed, **_TURN)
    typed = [parts.message, parts.tab]
    parts.asking.choose(reading.choose_way, [parts.tab], None, **_EACH)
    parts.hint.typed(reading.read, typed, parts.hint, trigger_mode="always_last", **_NOW)


def _connect_canvas(context: Context) -> None:
    parts, acts = context.parts, Acts(context)
    parts.canvas.act(acts.act, [parts.tab], parts.changed_by_events(), **_EACH)
    parts.canvas.closer(acts.closer, [parts.tab], [parts.canvas, parts.hint], **_EACH)
    parts.canvas.cutout(acts.cut_out, [parts.tab], [parts.canvas, parts.hint], **_EACH)
    parts.canvas.missing(acts.missing, [parts.tab], parts.changed_by_events(), **_NOW)


def _connect_opening(parts: Parts, opening: Opening, asking: Asking) -> None:
    changed = parts.changed_by_events()
    for opened in (
        parts.upload.upload(opening.open_upload, [parts.upload, parts.tab], changed, **_NOW),
        parts.gallery.choose(opening.open_example, [parts.tab], changed, **_NOW),
        parts.notice.choose(opening.open_example, [parts.tab], changed, **_NOW),
    ):
        _then_play(opened, parts, opening, asking)


def _connect_folder(parts: Parts, walk: Walk, opening: Opening, asking: Asking) -> None:
    opened = parts.folder.open(
        walk.open, [parts.tab], [*parts.changed_by_events(), parts.folder], **_NOW
    )
    _then_play(opened, parts, opening, asking)
    parts.folder.known(walk.known, None, parts.folder, **_EACH)


def _then_play(opened: Any, parts: Parts, opening: Opening, asking: Asking) -> None:
    prepared = opened.then(opening.prepare, [parts.tab], None, **_PREPARING)
    prepared.then(asking.play_if_wanted, [parts.tab], parts.changed_by_events(), **_TURN)


def _connect_undoing(page: gr.Blocks, context: Context, exporting: Exporting) -> None:
    parts, undoing = context.parts, Undoing(context)
    changed = parts.changed_by_events()
    parts.stop.click(undoing.stop, None, changed, **_NOW)
    parts.canvas.undo(undoing.undo, [parts.tab], changed, **_EACH)
    parts.canvas.redo(undoing.redo, [parts.tab], changed, **_EACH)
    parts.new.click(undoing.new, [parts.tab], changed, **_NOW)
    page.open_streams = OpenStreams(
        lambda visitor: _leave(page, undoing, exporting, visitor),
        lambda visitor: visitor in page.state_holder,
    )


def _leave(page: gr.Blocks, undoing: Undoing, exporting: Exporting, visitor: str) -> None:
    """Besides what the page itself does, let Gradio drop what it holds of that tab an hour later."""
    undoing.leave(visitor)
    exporting.leave(visitor)
    state = page.state_holder.session_data.get(visitor)
    if state is not None:
        state.is_closed = True


def _connect_models(parts: Parts, panel: ModelPanel) -> None:
    changed = [parts.status, parts.notice, parts.asking, parts.play]
    parts.status.models(panel.act, [parts.tab], changed, **_EACH)
    parts.notice.way(panel.act_beside_picture, [parts.tab], changed, **_EACH)


def _connect_benchmark(
    parts: Parts, benchmark: Benchmark, opening: Opening, asking: Asking
) -> None:
    panel: Any = parts.benchmark
    panel.rows(benchmark.rows, [parts.tab], panel, **_EACH)
    panel.pictures(benchmark.pictures, None, panel, **_EACH)
    outputs = [*parts.changed_by_events(), panel]
    opened = panel.choose(benchmark.choose, [parts.tab], outputs, **_EACH)
    _then_play(opened, parts, opening, asking)


def _connect_library(parts: Parts, library: Library, opening: Opening) -> None:
    outputs = [*parts.changed_by_events(), parts.library]
    parts.library.library(library.act, [parts.tab], outputs, **_EACH)
    for opened in (
        parts.library.arrive(library.arrive, [parts.tab], outputs, **_NOW),
        parts.library.choose(library.act, [parts.tab], outputs, **_NOW),
    ):
        opened.then(opening.prepare, [parts.tab], None, **_PREPARING)
