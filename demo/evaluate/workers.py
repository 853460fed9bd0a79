"""Plays dialogues in this process, in several processes with a model each, or in threads around a server.

Results come in the order in which they are finished; nothing is written here, so no row can be doubled.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
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
from demo.evaluate.play import FailedDialogue, Row, play
from demo.evaluate.reference_policy import ReferencePolicy
from demo.machine.packages import is_installed
from demo.machine.processes import end_with_parent

if TYPE_CHECKING:
    from demo.models.models import Models


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The names of model and segmenter, the model's frame in pixels (None when it depends on the picture),
    and a status line for people.
    """

    model: str
    frame: tuple[int, int] | None
    segmenter: str
    status: str


Result = Row | BadRow | FailedDialogue


class Player(Protocol):
    """Plays dialogues."""

    info: ModelInfo

    def play(self, dialogues: Sequence[Dialogue]) -> Iterator[Result]:
        """Yield a result for each, in order of completion. Raises ModelError when a worker has died."""


@contextmanager
def start_player(
    options: argparse.Namespace, policy: ReferencePolicy, workers: int
) -> Iterator[Player]:
    """Load the model that the options ask for (see `choose`), in each of the workers.

    Raises InputError and ModelError like `choose`.
    """
    if workers == 1:
        models = _choose(options)
        try:
            yield _SinglePlayer(models, policy)
        finally:
            models.reasoner.close()
        return
    pool = _threads(options, workers) if options.server else _processes(options, workers)
    try:
        with _as_model_error():
            info = pool.submit(_loaded_info).result()
        yield _PoolPlayer(pool, info, policy)
    finally:
        pool.shutdown(cancel_futures=True)
        _close_models()


def _choose(options: argparse.Namespace) -> Models:
    from demo.models.selection import (
        choose,  # takes seconds, and a parent of processes can do without
    )

    return choose(options)


def result_of(dialogue: Dialogue, models: Models, policy: ReferencePolicy) -> Result:
    """Play the dialogue; the row, or why there is none."""
    try:
        return play(dialogue, models.reasoner, models.segmenter, policy)
    except InputError as error:
        return BadRow(dialogue.index, str(error))
    except ModelError as error:
        return FailedDialogue(dialogue.index, str(error))


class _SinglePlayer:
    """Plays in this process, with one model."""

    def __init__(self, models: Models, policy: ReferencePolicy) -> None:
        self.info, self._models, self._policy = _info_of(models), models, policy

    def play(self, dialogues: Sequence[Dialogue]) -> Iterator[Result]:
        for dialogue in dialogues:
            yield result_of(dialogue, self._models, self._policy)


class _PoolPlayer:
    """Plays in a pool whose workers have loaded their models."""

    def __init__(self, pool: Executor, info: ModelInfo, policy: ReferencePolicy) -> None:
        self.info, self._pool, self._policy = info, pool, policy

    def play(self, dialogues: Sequence[Dialogue]) -> Iterator[Result]:
        under_way: list[Future[Result]] = [
            self._pool.submit(_play_with_loaded, dialogue, self._policy) for dialogue in dialogues
        ]
        with _as_model_error():
            for done in as_completed(under_way):
                yield done.result()


def _threads(options: argparse.Namespace, workers: int) -> Executor:
    _load_models(options, 0)
    return ThreadPoolExecutor(workers)


def _processes(options: argparse.Namespace, workers: int) -> Executor:
    threads = max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
    return ProcessPoolExecutor(workers, context, _load_models, (options, threads))


@contextmanager
def _as_model_error() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise ModelError(
            "A worker process has ended, perhaps because memory ran out. Run the same command with fewer "
            "--workers: it continues where this one stopped."
        ) from error


# What this process has loaded for its workers, or the error that prevented it.
_models: Models | InputError | ModelError | None = None


def _load_models(options: argparse.Namespace, threads: int) -> None:
    """Load the models, once in each worker process, which computes with that many threads (0: as usual)."""
    global _models
    if threads:
        if is_installed("torch"):
            import torch

            torch.set_num_threads(threads)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
        end_with_parent()
    try:
        _models = _choose(options)
    except (InputError, ModelError) as error:
        _models = error


def _close_models() -> None:
    """Close what was loaded in this process."""
    global _models
    if _models is not None and not isinstance(_models, InputError | ModelError):
        _models.reasoner.close()
    _models = None


def _loaded_models() -> Models:
    if isinstance(_models, InputError | ModelError):
        raise _models
    if _models is None:
        raise RuntimeError("no model was loaded in this process")
    return _models


def _play_with_loaded(dialogue: Dialogue, policy: ReferencePolicy) -> Result:
    return result_of(dialogue, _loaded_models(), policy)


def _loaded_info() -> ModelInfo:
    return _info_of(_loaded_models())


def _info_of(models: Models) -> ModelInfo:
    frame, segmenter = models.reasoner.dialect.frame, models.segmenter
    name = segmenter.name if segmenter else "none"
    return ModelInfo(
        models.reasoner.name,
        None if frame is None else (frame.width, frame.height),
        name,
        models.status,
    )
