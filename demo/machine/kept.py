"""Results that are kept for the next time, as many as fit into some bytes; those unused longest go."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Results by name; any thread may ask. What is larger than all the room is not kept."""

    def __init__(self, max_bytes: int, size_of: Callable[[T], int]) -> None:
        self.max_bytes, self.held_bytes = max_bytes, 0
        self._size_of, self._lock = size_of, threading.Lock()
        self._results: OrderedDict[str, tuple[T, int]] = OrderedDict()

    def get(self, name: str, make: Callable[[], T]) -> T:
        """The result of that name, made now unless it is here."""
        with self._lock:
            if name in self._results:
                self._results.move_to_end(name)
                return self._results[name][0]
        result = make()  # not within the lock, for it may take long
        self._put(name, result)
        return result

    def _put(self, name: str, result: T) -> None:
        size = self._size_of(result)
        with self._lock:
            if name in self._results or size > self.max_bytes:
                return
            self._results[name] = result, size
            self.held_bytes += size
            while self.held_bytes > self.max_bytes:
                _, (_, gone) = self._results.popitem(last=False)
                self.held_bytes -= gone
