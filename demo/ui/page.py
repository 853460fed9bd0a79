"""The page: components, the events that connect them, and how the whole is launched.

``build_page`` starts nothing and loads no model: it is given what it shows.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read by Gradio when it is imported
# After every event Gradio would make a table of all events, for a page that is not served here.
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"

import gradio as gr
from gradio.utils import get_upload_folder

from demo.dialogue.examples import Example
from demo.models.switching import RunningModels
from demo.picture.picture import open_picture
from demo.ui.benchmark.panel import Benchmark
from demo.ui.canvas.acts import Acts
from demo.ui.dialogues.panel import Library
from demo.ui.endpoints import AT_ONCE, THREADS, add_endpoints
from demo.ui.events import Events
from demo.ui.models.panel import ModelPanel, status_of
from demo.ui.parts import PRIVATE, Parts, place_parts
from demo.ui.shared.component import asset
from demo.ui.shared.theme import styles, theme
from demo.ui.tab.open_tabs import MAX_TABS, OpenTabs
from demo.ui.tab.running_turns import RunningTurns
from demo.ui.tab.saving import Saver

if TYPE_CHECKING:
    from demo.dialogue.store import Store
    from demo.evaluate.index import Index
    from demo.models.models import Models

TITLE = "RegionReasoner"
_KEPT_S = 24 * 3600


def build_page(
    models: Models | RunningModels,
    examples: Sequence[Example],
    store: Store | None = None,
    index: Index | None = None,
) -> gr.Blocks:
    """The whole page with its events and endpoints, ready for ``launch(**launch_options())``.

    Models that are given by themselves stay the same. Without a store dialogues are kept in memory only.
    ``index`` is the benchmark's, if there is one.
    """
    running = models if isinstance(models, RunningModels) else RunningModels(models)
    files = Path(get_upload_folder()) / "regionreasoner"  # where Gradio may serve from
    with gr.Blocks(title=TITLE, fill_height=True, delete_cache=(3600, _KEPT_S)) as page:
        usual, keeps = _usual(running.models, examples), store is not None
        parts = place_parts(
            status_of(running), examples, files / "examples", usual, keeps, index is not None
        )
        turns = RunningTurns(running.models.at_once)
        tabs = OpenTabs(lambda visitor: _forget(page, visitor))
        events = Events(parts, running, examples, files / "pictures", turns, Saver(store), tabs)
        _connect(parts, events)
        library = Library(events, files / "dialogues")
        if index is not None:
            benchmark = Benchmark(events, index)
            library = replace(library, recall=benchmark.recall)
            _connect_benchmark(parts, benchmark)
        _connect_library(parts, library)
        page.unload(events.leave)
        if running.may_switch or running.is_loading:
            _connect_models(parts, ModelPanel(events))
        add_endpoints(running)
    return page


def show_models(page: gr.Blocks, running: RunningModels) -> None:
    """Let those who open the page from now on get it with the models that run now."""
    line = next(block for block in page.blocks.values() if block.elem_id == "brand")
    line.value = status_of(running)
    page.config = page.get_config_file()


def launch_options() -> dict[str, Any]:
    """The arguments of ``launch`` that belong to the page's look and privacy, and to whose it is."""
    return {
        "theme": theme(),
        "head": f'<meta name="color-scheme" content="light dark"><style>{styles()}</style>',
        "js": f"() => {{{asset('shared/stream.js')}}}",
        "favicon_path": Path(__file__).parent / "shared" / "icon.svg",
        "footer_links": [],
        "run_history": False,
        "max_file_size": "100mb",
        "max_threads": THREADS,
        "state_session_capacity": MAX_TABS,
    }


def _forget(page: gr.Blocks, visitor: str) -> None:
    """Gradio's own record of a tab, nearly a megabyte, of which it would keep the last thousands."""
    holder = page.state_holder
    with holder.lock:
        holder.session_data.pop(visitor, None)
        holder.time_last_used.pop(visitor, None)


def _usual(models: Models, examples: Sequence[Example]) -> int | None:
    """The first example whose picture the model knows how to look at."""
    pictures = ((i, open_picture(example.picture)) for i, example in enumerate(examples))
    return next((i for i, picture in pictures if models.advice_for(picture) is None), None)


def _connect(parts: Parts, events: Events) -> None:
    changed = parts.changed_by_events()
    at_once: dict[str, Any] = {**PRIVATE, "outputs": changed, "queue": False}
    turn = _turn(changed)
    acts = Acts(events)
    asked = gr.on(
        [parts.message.submit, parts.send.click], events.ask, [parts.message, parts.tab], **turn
    )
    followed = parts.next.click(events.follow, [parts.tab], **turn)
    played = parts.play.click(events.play, [parts.tab], **turn)
    answered = parts.canvas.turn(acts.turn, [parts.tab], **turn)
    for ended in (asked, followed, played, answered):
        ended.then(
            events.put_back,
            [parts.message, parts.tab],
            parts.message,
            queue=False,
            **PRIVATE,
        )
    parts.canvas.act(acts.act, [parts.tab], **at_once, trigger_mode="multiple")
    parts.canvas.missing(acts.missing, [parts.tab], **at_once)
    for opened in (
        parts.upload.upload(events.open_upload, [parts.upload, parts.tab], **at_once),
        parts.gallery.choose(events.open_example, [parts.tab], **at_once),
        parts.notice.choose(events.open_example, [parts.tab], **at_once),
    ):
        ready = opened.then(events.prepare, [parts.tab], None, concurrency_limit=1, **PRIVATE)
        ready.then(events.play_if_wished, [parts.tab], **turn)
    parts.hint.typed(
        events.read,
        [parts.message, parts.tab],
        parts.hint,
        queue=False,
        trigger_mode="always_last",
        **PRIVATE,
    )
    parts.stop.click(events.stop, None, **at_once)
    parts.undo.click(events.undo, [parts.tab], **at_once)
    parts.new.click(events.new, [parts.tab], **at_once)


def _connect_models(parts: Parts, panel: ModelPanel) -> None:
    outputs = [parts.status, parts.notice]
    at_once: dict[str, Any] = {**PRIVATE, "outputs": outputs, "queue": False}
    line: Any = parts.status
    line.models(panel.act, [parts.tab], **at_once, trigger_mode="multiple")


def _connect_benchmark(parts: Parts, benchmark: Benchmark) -> None:
    panel: Any = parts.benchmark
    events = benchmark.events
    at_once: dict[str, Any] = {**PRIVATE, "queue": False, "trigger_mode": "multiple"}
    panel.rows(benchmark.rows, [parts.tab], panel, **at_once)
    panel.pictures(benchmark.pictures, None, panel, **at_once)
    changed = parts.changed_by_events()
    opened = panel.choose(benchmark.choose, [parts.tab], [*changed, panel], **at_once)
    ready = opened.then(events.prepare, [parts.tab], None, concurrency_limit=1, **PRIVATE)
    ready.then(events.play_if_wished, [parts.tab], **_turn(changed))


def _turn(changed: list[Any]) -> dict[str, Any]:
    """How an event that runs turns is connected."""
    return {
        **PRIVATE,
        "outputs": changed,
        "concurrency_limit": AT_ONCE,
        "concurrency_id": "turns",
        "trigger_mode": "multiple",
    }


def _connect_library(parts: Parts, library: Library) -> None:
    outputs = [*parts.changed_by_events(), parts.kept]
    at_once: dict[str, Any] = {**PRIVATE, "outputs": outputs, "queue": False}
    parts.kept.library(library.act, [parts.tab], **at_once, trigger_mode="multiple")
    for opened in (
        parts.kept.arrive(library.arrive, [parts.tab], **at_once),
        parts.kept.choose(library.act, [parts.tab], **at_once),
    ):
        opened.then(library.events.prepare, [parts.tab], None, concurrency_limit=1, **PRIVATE)
