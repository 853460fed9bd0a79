"""Long work: a few at a time, ended when nobody waits for it, resting while others are to be answered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from demo.errors import InputError
from demo.fairlock import asked_by
from demo.machine import effort
from demo.machine.effort import (
    AT_ONCE,
    AT_ONCE_EACH,
    MAX_WAITING,
    MAX_WAITING_EACH,
    breathe,
    check,
    current_end,
    long_work,
    wanted_until,
    work_at_once,
)
from demo.machine.kept import Kept
from tests.support import waiting


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that moves by one hundredth of a second each time it is read; what was slept is added up."""
    now = [0.0, 0.0]

    def monotonic() -> float:
        now[0] += 0.01
        return now[0]

    def sleep(seconds: float) -> None:
        now[1] += seconds

    monkeypatch.setattr("demo.machine.effort.time.monotonic", monotonic)
    monkeypatch.setattr("demo.machine.effort.time.sleep", sleep)
    return now


def test_a_few_work_at_once_and_the_others_wait_for_their_turn() -> None:
    end, lock = threading.Event(), threading.Lock()
    working, most = [0], [0]

    def work() -> None:
        with long_work():
            with lock:
                working[0] += 1
                most[0] = max(most[0], working[0])
            end.wait()
            with lock:
                working[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(AT_ONCE + 3)]
    for thread in threads:
        thread.start()
    waiting.until(lambda: effort._places.waiting == 3)
    end.set()
    for thread in threads:
        thread.join()
    assert most[0] == AT_ONCE


def test_who_has_many_waiting_is_told_at_once_and_others_are_not() -> None:
    end, working = threading.Event(), list[str]()

    def work(who: str) -> None:
        with asked_by(who), long_work():
            working.append(who)
            end.wait()

    names = ["many"] * (AT_ONCE_EACH + MAX_WAITING_EACH) + ["one"]
    threads = [threading.Thread(target=work, args=(who,)) for who in names]
    for thread in threads[:-1]:
        thread.start()
    waiting.until(lambda: effort._places.waiting == MAX_WAITING_EACH)
    with asked_by("many"), pytest.raises(InputError, match="Try again"), long_work():
        pass
    threads[-1].start()
    waiting.until(lambda: "one" in working)
    end.set()
    for thread in threads:
        thread.join()
    assert effort._places._free == AT_ONCE


def test_those_who_cannot_be_told_apart_are_not_counted_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(effort._places, "_waiting", [("", threading.Event())] * MAX_WAITING_EACH)
    assert not effort._are_too_many()
    monkeypatch.setattr(effort._places, "_waiting", [("", threading.Event())] * MAX_WAITING)
    assert effort._are_too_many()


def test_who_would_wait_too_long_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(effort._places), "waiting", MAX_WAITING)
    with pytest.raises(InputError, match="Try again in a few seconds"), long_work():
        pass
    with long_work(is_patient=True):
        pass


def test_who_holds_a_lock_waits_for_no_place(clock: list[float]) -> None:
    places = [effort._places.acquire() for _ in range(AT_ONCE)]
    try:
        with work_at_once(lambda: True):
            for _ in range(10):
                breathe()
        assert clock[1] > 0
    finally:
        for _ in places:
            effort._places.release()
    with long_work() as work, work_at_once(lambda: True):
        assert effort._current.get() is work


def test_work_ends_when_its_visitor_leaves() -> None:
    cancel, steps = threading.Event(), list[int]()

    def work() -> None:
        for step in range(100):
            breathe()
            steps.append(step)
            if step == 4:
                cancel.set()

    with pytest.raises(InputError, match="stopped"), long_work(cancel):
        work()
    assert steps == [0, 1, 2, 3, 4]
    with long_work(later := threading.Event()) as begun:
        begun.must_finish()
        later.set()
        breathe()


def test_work_ends_with_what_it_was_begun_for() -> None:
    end = threading.Event()
    with wanted_until(end), ThreadPoolExecutor(1) as other:
        assert other.submit(copy_context().run, current_end).result() is end
        with long_work():
            end.set()
            with pytest.raises(InputError, match="stopped"):
                breathe()
        with long_work(threading.Event()):  # which has an end of its own
            breathe()
    assert not current_end().is_set()


def test_nobody_waits_for_a_place_who_has_left() -> None:
    cancel = threading.Event()
    cancel.set()
    places = [effort._places.acquire() for _ in range(AT_ONCE)]
    try:
        with pytest.raises(InputError, match="stopped"), long_work(cancel):
            pass
    finally:
        for _ in places:
            effort._places.release()


def test_work_that_takes_too_long_is_ended(clock: list[float]) -> None:
    def work() -> None:
        while clock[0] < 2 * effort.MAX_SECONDS:
            breathe()

    with pytest.raises(InputError, match="takes too long"), long_work():
        work()
    assert clock[0] < effort.MAX_SECONDS + 1


@pytest.mark.parametrize("is_wanted", [True, False])
def test_it_rests_while_others_are_to_be_answered(clock: list[float], is_wanted: bool) -> None:
    with long_work(is_wanted_elsewhere=lambda: is_wanted):
        for _ in range(100):
            breathe()
    assert (clock[1] >= clock[0] - 0.1) == is_wanted


@pytest.mark.parametrize("is_wanted", [True, False])
def test_work_that_comes_by_nowhere_rests_at_its_end(clock: list[float], is_wanted: bool) -> None:
    with work_at_once(lambda: is_wanted):
        clock[0] += 0.03
    assert (clock[1] > 0.2) == is_wanted


def test_resting_and_waiting_for_others_is_no_computing(clock: list[float]) -> None:
    with long_work(is_wanted_elsewhere=lambda: True):
        while clock[0] < 2 * effort.MAX_SECONDS:
            breathe()  # the most of this time it rests
    with long_work(is_wanted_elsewhere=lambda: True):
        slept = clock[1]
        for _ in range(100):
            check()
        assert clock[1] == slept


def test_what_waits_for_others_is_ended_too(clock: list[float]) -> None:
    cancel = threading.Event()
    cancel.set()
    with long_work() as work:
        work._cancel = cancel
        with pytest.raises(InputError, match="stopped"):
            check()


def test_work_within_work_takes_no_second_place() -> None:
    with long_work() as first, long_work() as second, long_work() as third:
        assert first is second is third
    breathe()  # outside of work it does nothing


@pytest.mark.parametrize(
    ("sizes", "left"),
    [
        pytest.param([4, 4, 4], ["1", "2"], id="the oldest goes"),
        pytest.param([11, 4], ["1"], id="what is too large is not kept"),
        pytest.param([10], ["0"], id="just right"),
    ],
)
def test_results_are_kept_within_bytes(sizes: list[int], left: list[str]) -> None:
    kept: Kept[str] = Kept(10, len)

    def of(size: int) -> Callable[[], str]:
        return lambda: "a" * size

    for number, size in enumerate(sizes):
        assert kept.get(str(number), of(size)) == "a" * size
        assert kept.held_bytes <= kept.max_bytes
    assert list(kept._results) == left
