"""A lock goes round among the visitors, and to each of them in the order of asking."""

from __future__ import annotations

import threading
from functools import partial

from demo import fairlock
from demo.fairlock import FairLock, asked_by
from tests.support import waiting


def are_waiting(lock: FairLock, count: int) -> bool:
    return lock.waiting == count


def granted(names: list[str], lock: FairLock) -> list[str]:
    """In which order they get the lock when all wait for it, one after the other, and let it go at once."""
    order, threads = list[str](), list[threading.Thread]()

    def ask(who: str) -> None:
        with asked_by(who.split()[0]), lock:
            order.append(who)

    lock.acquire()
    for count, who in enumerate(names, 1):
        threads.append(threading.Thread(target=ask, args=(who,)))
        threads[-1].start()
        waiting.until(partial(are_waiting, lock, count))
    lock.release()
    for thread in threads:
        thread.join()
    return order


def test_it_goes_round_among_the_visitors() -> None:
    asked = ["ann 1", "ann 2", "ann 3", "ann 4", "ben 1", "cem 1", "ben 2"]
    expected = ["ann 1", "ben 1", "cem 1", "ann 2", "ben 2", "ann 3", "ann 4"]
    assert granted(asked, FairLock()) == expected


def test_one_visitor_gets_it_in_the_order_of_asking() -> None:
    asked = [f"ann {i}" for i in range(9)]
    assert granted(asked, FairLock()) == asked


def test_who_comes_again_and_again_is_after_who_was_not_there() -> None:
    lock = FairLock()
    for _ in range(5):
        with asked_by("ann"), lock:
            pass
    assert granted(["ann 1", "ben 1"], lock) == ["ben 1", "ann 1"]


def test_a_name_is_kept_for_this_thread_and_this_while() -> None:
    with asked_by("ann"):
        with asked_by("ben"):
            assert fairlock.asker() == "ben"
        assert fairlock.asker() == "ann"
        seen = list[str]()
        other = threading.Thread(target=lambda: seen.append(fairlock.asker()))
        other.start()
        other.join()
        assert seen == [""]
    assert fairlock.asker() == ""


def test_not_everybody_is_remembered_for_ever() -> None:
    lock = FairLock()
    for number in range(fairlock._REMEMBERED + 10):
        with asked_by(f"visitor{number}"), lock:
            pass
    assert len(lock._granted) == fairlock._REMEMBERED


def test_who_gives_up_takes_no_place() -> None:
    lock, cancel = FairLock(2), threading.Event()
    assert lock.acquire()
    assert lock.acquire()
    cancel.set()
    assert not lock.acquire(cancel)
    assert lock.waiting == 0
    lock.release()
    assert lock.acquire(cancel)


def test_no_visitor_has_all_places() -> None:
    lock, gone = FairLock(2, each=1), threading.Event()
    gone.set()
    with asked_by("ann"):
        assert lock.acquire()
        assert not lock.acquire(gone)
    with asked_by("ben"):
        assert lock.acquire(gone)
    lock.release("ann")
    with asked_by("ann"):
        assert lock.acquire(gone)
