"""What a handler yields over time, made safe and small for the way Gradio's client takes it.

It knows how updates travel; it does not know what they show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ParamSpec

import gradio as gr

Updates = dict[Any, Any]
Arguments = ParamSpec("Arguments")


def steadily(
    handler: Callable[Arguments, Iterator[Updates]],
) -> Callable[Arguments, Iterator[Updates]]:
    """A generator of updates as Gradio should get it.

    The client of Gradio 6.31.0 patches the value it got last when the next one comes, even while that
    value still waits to be shown: properties that a later update leaves out would be lost. So they are
    repeated, which costs nothing on the wire. Texts and lists are replaced whole and need no care; a text
    is not repeated, because a person may have typed since.

    Gradio sends the last update a second time, whole, and empties every output of a handler that
    yielded nothing; so the last update repeats these properties only, or leaves everything.
    """

    @wraps(handler)
    def steady(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Iterator[Updates]:
        kept: Updates = {}
        for updates in handler(*args, **kwargs):
            kept |= {c: update for c, update in updates.items() if not _is_replaced(update)}
            yield {**kept, **updates}
        yield kept or gr.skip()

    return steady


def _is_replaced(update: Any) -> bool:
    return update is None or isinstance(update, str | list)
