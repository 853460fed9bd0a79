"""Watching model and segmenter at work: counts and times for Prometheus, a log line for each turn.

It stands round the two like a glove: everything goes through unchanged. It keeps no picture, no question
and no answer, and it can end every running turn, for a server that stops.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from demo.dialects.prompt import Prompt
from demo.dialogue.look_text import is_stopped
from demo.errors import STOPPING, DemoError, ModelError, places_of
from demo.picture.picture import Picture
from demo.reasoners.base import Reasoner, Usage, WrappingReasoner
from demo.segmenters.base import MaskPrompt, Segment, Segmenter

if TYPE_CHECKING:
    from demo.models.models import Models

log = logging.getLogger(__name__)

_SECONDS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)


class Watch:
    """The figures of one server, and the turns that run on it."""

    def __init__(self) -> None:
        self.registry = made = CollectorRegistry()
        ProcessCollector(registry=made)
        self.turns = _counter(made, "turns", "Turns by how they ended", "outcome")
        self.errors = _counter(made, "errors", "Failures of model and segmenter", "kind")
        self.tokens = _counter(made, "tokens", "Tokens by what they were", "kind")
        self.refused = _counter(made, "refused_requests", "Requests refused", "why")
        self.first = _seconds(made, "first_token", "From a question to its answer's first text")
        self.whole = _seconds(made, "turn", "From a question to the end of its answer's text")
        self.masks = _seconds(made, "masks", "Making the masks of one group of objects")
        self._gauge("turns_running", "Turns under way", lambda: len(self._running))
        self._gauge("gpu_memory_bytes", "GPU memory that is held", self._gpu_memory)
        self._running: set[threading.Event] = set()
        self._changed = threading.Condition()
        self._is_loaded = False
        self.stopping = False

    def count_waiting(self, waiting: Callable[[], float]) -> None:
        """Show how many events wait for their turn."""
        self._gauge("events_waiting", "Events that wait in the queue", waiting)

    def reasoner(self, reasoner: Reasoner) -> WatchedReasoner:
        """The same model, watched."""
        return WatchedReasoner(reasoner, self)

    def segmenter(self, segmenter: Segmenter | None) -> Segmenter | None:
        """The same segmenter, watched."""
        return None if segmenter is None else WatchedSegmenter(segmenter, self)

    def models(self, models: Models) -> Models:
        """The same models, watched."""
        self._is_loaded = not models.is_expected
        reasoner, segmenter = self.reasoner(models.reasoner), self.segmenter(models.segmenter)
        return replace(models, reasoner=reasoner, segmenter=segmenter)

    def text(self) -> bytes:
        """All figures in Prometheus' text form."""
        return generate_latest(self.registry)

    def begin(self, cancel: threading.Event) -> None:
        """A turn starts. Raises ModelError when no more are taken."""
        with self._changed:
            if self.stopping:
                raise ModelError(STOPPING)
            self._running.add(cancel)

    def end(self, cancel: threading.Event) -> None:
        """That turn is over."""
        with self._changed:
            self._running.discard(cancel)
            self._changed.notify_all()

    def stop(self, seconds: float) -> bool:
        """Take no more turns, end those that run, and wait for them; whether all ended in time."""
        with self._changed:
            self.stopping = True
            for cancel in self._running:
                cancel.set()
            return self._changed.wait_for(lambda: not self._running, seconds)

    def failed(self, error: BaseException) -> None:
        """Count a failure by its kind."""
        self.errors.labels(type(error).__name__).inc()

    def _gpu_memory(self) -> float:
        """Bytes of GPU memory that this process's torch holds; 0 where there is none.

        While models are loaded torch is not asked: it may be there by half, and has not chosen its card.
        """
        torch = sys.modules.get("torch") if self._is_loaded else None
        if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
            return 0.0
        return float(torch.cuda.memory_reserved())

    def _gauge(self, name: str, help_: str, value: Callable[[], float]) -> None:
        Gauge(f"regionreasoner_{name}", help_, registry=self.registry).set_function(value)


class WatchedReasoner(WrappingReasoner):
    """A reasoner whose answers are counted and timed."""

    def __init__(self, reasoner: Reasoner, watch: Watch) -> None:
        super().__init__(reasoner)
        self._watch = watch

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        """As the reasoner does; when the server stops, ``cancel`` is set."""
        self._watch.begin(cancel)
        turn = _Turn(self._watch)
        try:
            for piece in self._reasoner.stream(picture, prompt, cancel):
                turn.take(piece)
                yield piece
        except Exception as error:
            turn.failed(error)
            raise
        finally:
            self._watch.end(cancel)
            turn.end(stopped=is_stopped(cancel))


class WatchedSegmenter:
    """A segmenter whose work is timed."""

    def __init__(self, segmenter: Segmenter, watch: Watch) -> None:
        self._segmenter, self._watch = segmenter, watch

    @property
    def name(self) -> str:
        return self._segmenter.name

    def prepare(self, picture: Picture) -> None:
        """As the segmenter does; a failure is counted when masks are made, where it shows again."""
        with _as_model_errors():
            self._segmenter.prepare(picture)

    def segment(self, picture: Picture, prompts: Sequence[MaskPrompt]) -> list[Segment]:
        """As the segmenter does; every failure is a ModelError, which an answer's boxes survive."""
        with _as_model_errors(), self._failures_counted(), self._watch.masks.time():
            return self._segmenter.segment(picture, prompts)

    @contextmanager
    def _failures_counted(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._watch.failed(error)
            facts = {"kind": type(error).__name__}
            if not isinstance(error, DemoError):
                facts["error"] = places_of(error)
            log.warning("no masks", extra={"facts": facts})
            raise


@contextmanager
def _as_model_errors() -> Iterator[None]:
    try:
        yield
    except DemoError:
        raise
    except Exception as error:
        raise ModelError("The segmenter failed.") from error


class _Turn:
    """What is noted of one answer while it is written."""

    def __init__(self, watch: Watch) -> None:
        self.watch, self.began = watch, time.perf_counter()
        self.usage, self.first_s = Usage(), 0.0
        self.error = ""

    def take(self, piece: str | Usage) -> None:
        if isinstance(piece, Usage):
            self.usage = piece
        elif not self.first_s:
            self.first_s = time.perf_counter() - self.began
            self.watch.first.observe(self.first_s)

    def failed(self, error: Exception) -> None:
        self.error = type(error).__name__
        self.watch.failed(error)

    def end(self, *, stopped: bool) -> None:
        seconds = time.perf_counter() - self.began
        outcome = "failed" if self.error else "stopped" if stopped else "finished"
        tokens = {
            "prompt": self.usage.prompt_tokens,
            "new": self.usage.new_tokens,
            "reused": self.usage.reused_tokens,
        }
        self.watch.turns.labels(outcome).inc()
        self.watch.whole.observe(seconds)
        for kind, count in tokens.items():
            self.watch.tokens.labels(kind).inc(max(0, count or 0))
        facts = {"outcome": outcome, "seconds": round(seconds, 3), **tokens}
        log.info("turn", extra={"facts": facts | ({"kind": self.error} if self.error else {})})


def _counter(registry: CollectorRegistry, name: str, help_: str, label: str) -> Counter:
    return Counter(f"regionreasoner_{name}", help_, [label], registry=registry)


def _seconds(registry: CollectorRegistry, name: str, help_: str) -> Histogram:
    return Histogram(f"regionreasoner_{name}_seconds", help_, buckets=_SECONDS, registry=registry)
