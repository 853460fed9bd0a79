"""The page: its components, the handlers of their events, and how the whole is launched.

``build_page`` starts nothing and loads no model: it is given what it shows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read by Gradio when it is imported
# After every event Gradio would make a table of all events, for a page that is not served here.
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware

from demo.dialogue.examples import Example
from demo.models.switching import RunningModels
from demo.picture.picture import open_picture
from demo.ui.composer.reading import way_choice
from demo.ui.context import Context
from demo.ui.endpoints import THREADS, add_endpoints
from demo.ui.events import connect
from demo.ui.first_view import first_view
from demo.ui.gallery.opening import Opening
from demo.ui.gallery.received import receive_into_own_folders
from demo.ui.models.panel import status_of
from demo.ui.parts import place_parts
from demo.ui.programs.openapi import Described
from demo.ui.shared.static import Compressed, Static
from demo.ui.shared.theme import theme
from demo.ui.shared.tidying import EXPORTS, PICTURES, tidied
from demo.ui.tab.light_state import keep_states_light
from demo.ui.tab.open_tabs import MAX_TABS, OpenTabs
from demo.ui.tab.running_turns import RunningTurns
from demo.ui.tab.saving import Saver
from demo.ui.tab.streams import Streams

if TYPE_CHECKING:
    from demo.dialogue.store import Store
    from demo.evaluate.index import Index
    from demo.models.models import Models

TITLE = "RegionReasoner"
_NEVER_S = 10**9  # but when it closes, Gradio removes what it made


def build_page(
    models: Models | RunningModels,
    examples: Sequence[Example],
    store: Store | None = None,
    index: Index | None = None,
    *,
    may_link: bool = True,
) -> gr.Blocks:
    """The whole page with its events and endpoints, ready for ``launch(**launch_options())``.

    Models that come without RunningModels cannot be switched. Without a store, dialogues are kept in
    memory only.
    ``index`` is the benchmark's, if there is one; ``may_link`` says whether links to dialogues can be made.
    """
    keep_states_light()
    running = models if isinstance(models, RunningModels) else RunningModels(models)
    receive_into_own_folders()
    files = Path(get_upload_folder())  # where Gradio may serve from
    with gr.Blocks(title=TITLE, fill_height=True, delete_cache=(_NEVER_S, _NEVER_S)) as page:
        usual, keeps = _usual(running.models, examples), store is not None
        parts = place_parts(
            status_of(running),
            examples,
            usual,
            keeps,
            index is not None,
            way_choice(running.models),
        )
        tabs = OpenTabs(
            lambda visitor: _forget(page, visitor),
            has_stream=lambda visitor: visitor in page.open_streams,
        )
        context = Context(parts, running, RunningTurns(running.models.at_once), Saver(store), tabs)
        opening = Opening(context, examples, files / PICTURES)
        connect(page, context, opening, files / EXPORTS, files, index, may_link=may_link)
    # On a page of their own, which nobody is led to, so that this one loads none of their components.
    with page.route("Endpoints", show_in_navbar=False):
        add_endpoints(running)
    page.current_page = ""  # whatever is added later belongs to the one that people see
    return page


def show_models(page: gr.Blocks, running: RunningModels) -> None:
    """Let those who open the page from now on get it with the models that run now."""
    news = {"brand": status_of(running), "asking": way_choice(running.models)}
    for block in page.blocks.values():
        if block.elem_id in news:
            block.value = news[block.elem_id]
    page.config = page.get_config_file()


def launch_options(
    *middleware: Middleware, handlers: Mapping[Any, Any] | None = None
) -> dict[str, Any]:
    """The arguments of ``launch`` that belong to the page's look and privacy, and to whose it is.

    Requests pass this middleware first, in its order; ``handlers`` answer where one of these exceptions is
    raised.
    """
    return {
        "theme": theme(),
        "app_kwargs": {
            "middleware": [
                Middleware(Compressed),
                *middleware,
                Middleware(Streams),
                Middleware(Described),
                Middleware(Static, first_view=first_view),
            ],
            "lifespan": tidied,
            "exception_handlers": dict(handlers or {}),
        },
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
