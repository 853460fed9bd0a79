"""Events as they come, in batches that a page can keep up with."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar

from demo.errors import as_exception

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _End:
    """The last thing in the queue: how the reading ended."""

    error: BaseException | None


def paced(events: Iterator[T], seconds: float, quiet: float | None = None) -> Iterator[list[T]]:
    """What has come since the last batch, at most one batch every ``seconds``, nothing held back.

    After ``quiet`` seconds without events there is an empty batch. The events are read on a thread of their
    own, so that a slow page does not hold up the model and a slow model does not hold back text; it has the
    context of this one, in which a Space looks for the visitor. An error is raised after all that came
    before it.
    """
    arrived: SimpleQueue[T | _End] = SimpleQueue()
    read = partial(copy_context().run, _read, events, arrived)
    threading.Thread(target=read, daemon=True).start()
    shown_at = 0.0
    while True:
        try:
            first = arrived.get(timeout=quiet)
        except Empty:
            yield []
            continue
        time.sleep(max(0.0, shown_at + seconds - time.monotonic()))
        batch, end = _drain(first, arrived)
        if batch:
            yield batch
            shown_at = time.monotonic()
        if end is not None and end.error is not None:
            raise as_exception(end.error)
        if end is not None:
            return


def _read(events: Iterator[T], arrived: SimpleQueue[T | _End]) -> None:
    error: BaseException | None = None
    try:
        for event in events:
            arrived.put(event)
    except BaseException as failure:  # such as a panic in Rust: whoever waits is told
        error = failure
    arrived.put(_End(error))


def _drain(first: T | _End, arrived: SimpleQueue[T | _End]) -> tuple[list[T], _End | None]:
    """``first`` and everything else that is there, and the end if that is there too."""
    batch: list[T] = []
    item = first
    while not isinstance(item, _End):
        batch.append(item)
        try:
            item = arrived.get_nowait()
        except Empty:
            return batch, None
    return batch, item
