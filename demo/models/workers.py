"""Work with a model: in this process, in several with a model each, or in threads around a server.

Results come in the order in which they are finished; nothing is written here, so nothing can be doubled.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeVar

from demo.dialects.dialect import Dialect
from demo.dialects.known import REGION_REASONER
from demo.errors import InputError, ModelError
from demo.machine.packages import is_installed
from demo.machine.processes import end_with_parent
from demo.reasoners.base import Weighing

if TYPE_CHECKING:
    from demo.models.models import Models


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The names of model and segmenter, the model's frame in pixels (None when it depends on the picture),
    a status line for people, the model's dialect, and whether it can weigh given texts.
    """

    model: str
    frame: tuple[int, int] | None
    segmenter: str
    status: str
    dialect: Dialect = REGION_REASONER
    weighs: bool = False


Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[["Models", Item], Result]


class Workers(Protocol):
    """Those that have loaded their models."""

    info: ModelInfo

    def each(self, work: Work[Item, Result], items: Sequence[Item]) -> Iterator[Result]:
        """What ``work`` makes of each, in order of completion.

        It and the items go to other processes: a function of a module, or a partial of one. Raises
        ModelError when a worker has died.
        """


@contextmanager
def start_workers(options: argparse.Namespace, count: int) -> Iterator[Workers]:
    """Load the model that the options ask for (see `choose`), in each of so many workers.

    Raises InputError and ModelError like `choose`.
    """
    if count == 1:
        models = _choose(options)
        try:
            yield _Alone(models)
        finally:
            models.reasoner.close()
        return
    pool = _threads(options, count) if options.server else _processes(options, count)
    try:
        with _as_model_error():
            info = pool.submit(_loaded_info).result()
        yield _Pool(pool, info, count)
    finally:
        pool.shutdown(cancel_futures=True)
        _close_models()


def _choose(options: argparse.Namespace) -> Models:
    from demo.models.selection import (
        choose,  # takes seconds, and a parent of processes can do without
    )

    return choose(options)


class _Alone:
    """Works in this process, with one model."""

    def __init__(self, models: Models) -> None:
        self.info, self._models = _info_of(models), models

    def each(self, work: Work[Item, Result], items: Sequence[Item]) -> Iterator[Result]:
        for item in items:
            yield work(self._models, item)


class _Pool:
    """Works in a pool of so many workers that have loaded their models.

    None has more than one piece of work ahead, so that a run that is stopped has little to wait for.
    """

    def __init__(self, pool: Executor, info: ModelInfo, count: int) -> None:
        self.info, self._pool, self._count = info, pool, count

    def each(self, work: Work[Item, Result], items: Sequence[Item]) -> Iterator[Result]:
        left, under_way = iter(items), set[Future[Result]]()
        with _as_model_error():
            while True:
                for item in islice(left, self._count - len(under_way)):
                    under_way.add(self._pool.submit(_with_loaded, work, item))
                if not under_way:
                    return
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for one in done:
                    yield one.result()


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


def _with_loaded(work: Work[Item, Result], item: Item) -> Result:
    return work(_loaded_models(), item)


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
        models.reasoner.dialect,
        isinstance(models.reasoner, Weighing),
    )
