"""Who plays the dialogues: this process, several processes with a model each, or threads of one server.

A crew takes dialogues and hands back results in whatever order they are done; it writes nothing, so no row
can be doubled. It does not know what is done with the results.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from demo.errors import InputError, ModelError
from demo.evaluate.data import BadRow, Dialogue
from demo.evaluate.play import Failed, Row, play
from demo.evaluate.reference_policy import Manner

if TYPE_CHECKING:
    from demo.models.models import Models


@dataclass(frozen=True, slots=True)
class About:
    """What plays: names of model and mask maker, the model's frame in pixels (None when it depends on the
    picture), and a line for people.
    """

    model: str
    frame: tuple[int, int] | None
    segmenter: str
    status: str


Result = Row | BadRow | Failed


class Crew(Protocol):
    """Plays dialogues."""

    about: About

    def play(self, dialogues: Sequence[Dialogue]) -> Iterator[Result]:
        """One result for each, as they come. Raises ModelError when the crew itself is lost."""


@contextmanager
def gather(options: argparse.Namespace, manner: Manner, workers: int) -> Iterator[Crew]:
    """Load what the options ask for (see `choose`), so many times as it takes.

    Raises InputError and ModelError like `choose`.
    """
    if workers == 1:
        models = _chosen(options)
        try:
            yield _Alone(models, manner)
        finally:
            models.reasoner.close()
        return
    pool = _threads(options, workers) if options.server else _processes(options, workers)
    try:
        with _loss_said():
            about = pool.submit(_about_here).result()
        yield _Many(pool, about, manner)
    finally:
        pool.shutdown(cancel_futures=True)
        _free()


def _chosen(options: argparse.Namespace) -> Models:
    from demo.models.selection import (
        choose,  # takes seconds, and a parent of processes can do without
    )

    return choose(options)


def result_of(dialogue: Dialogue, models: Models, manner: Manner) -> Result:
    """The dialogue played, or why it was not."""
    try:
        return play(dialogue, models.reasoner, models.segmenter, manner)
    except InputError as error:
        return BadRow(dialogue.index, str(error))
    except ModelError as error:
        return Failed(dialogue.index, str(error))


class _Alone:
    """This process and its one model."""

    def __init__(self, models: Models, manner: Manner) -> None:
        self.about, self._models, self._manner = _about(models), models, manner

    def play(self, dialogues: Sequence[Dialogue]) -> Iterator[Result]:
        for dialogue in dialogues:
            yield result_of(dialogue, self._models, self._manner)


class _Many:
    """A pool whose workers have loaded their models."""

    def __init__(self, pool: Executor, about: About, manner: Manner) -> None:
        self.about, self._pool, self._manner = about, pool, manner

    def play(self, dialogues: Sequence[Dialogue]) -> Iterator[Result]:
        under_way: list[Future[Result]] = [
            self._pool.submit(_play_here, dialogue, self._manner) for dialogue in dialogues
        ]
        with _loss_said():
            for done in as_completed(under_way):
                yield done.result()


def _threads(options: argparse.Namespace, workers: int) -> Executor:
    _load(options, 0)
    return ThreadPoolExecutor(workers)


def _processes(options: argparse.Namespace, workers: int) -> Executor:
    threads = max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
    return ProcessPoolExecutor(workers, context, _load, (options, threads))


@contextmanager
def _loss_said() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise ModelError(
            "A worker process has ended, perhaps for want of memory. Run the same command with fewer "
            "--workers: it goes on where this one stopped."
        ) from error


# What a worker process, or this one with its threads, has loaded; or why it could not.
_here: Models | InputError | ModelError | None = None


def _load(options: argparse.Namespace, threads: int) -> None:
    """Called once in each worker process, and told how many threads it may compute with."""
    global _here
    if threads:
        import torch

        torch.set_num_threads(threads)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
        threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        _here = _chosen(options)
    except (InputError, ModelError) as error:
        _here = error


def _free() -> None:
    """Close what was loaded in this process for its threads."""
    global _here
    if _here is not None and not isinstance(_here, InputError | ModelError):
        _here.reasoner.close()
    _here = None


def _leave_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)


def _loaded() -> Models:
    if isinstance(_here, InputError | ModelError):
        raise _here
    if _here is None:
        raise RuntimeError("no model was loaded in this process")
    return _here


def _play_here(dialogue: Dialogue, manner: Manner) -> Result:
    return result_of(dialogue, _loaded(), manner)


def _about_here() -> About:
    return _about(_loaded())


def _about(models: Models) -> About:
    frame, segmenter = models.reasoner.dialect.frame, models.segmenter
    name = segmenter.name if segmenter else "none"
    return About(
        models.reasoner.name,
        None if frame is None else (frame.width, frame.height),
        name,
        models.status,
    )
