"""Which tabs are in use, so that those which were closed give their pictures back.

A connection that breaks looks like a tab that was closed, so what a tab holds stays for a while. It does
not know what a turn is, and stops none.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

from demo.dialogue.owner import Owner
from demo.ui.tab.workspace import Tab

MAX_CLOSED_S = 3600.0  # how long the pictures of a closed tab stay here
MAX_CLOSED = 32  # tabs whose pictures are still here after they were closed
MAX_TABS = 1000  # tabs in all; one that nobody uses gives way


class OpenTabs:
    """All tabs by visitor (Gradio's session hash); ``forget`` is called with those who lost theirs."""

    def __init__(
        self,
        forget: Callable[[str], None] = lambda _: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._forget, self._now, self._lock = forget, now, threading.Lock()
        self._tabs: OrderedDict[str, Tab] = OrderedDict()
        self._left: OrderedDict[str, float] = OrderedDict()

    def take(self, visitor: str, tab: Tab) -> None:
        """That visitor is here, on that tab."""
        with self._lock:
            self._left.pop(visitor, None)
            self._tabs[visitor] = tab
            self._tabs.move_to_end(visitor)
            gone = self._remove_unused()
        self._empty(gone)

    def leave(self, visitor: str) -> None:
        """That visitor's tab was closed, or its connection broke."""
        with self._lock:
            if visitor in self._tabs:
                self._left.setdefault(visitor, self._now())
            gone = self._remove_unused()
        self._empty(gone)

    def forget(self, owner: Owner, saved_id: str) -> None:
        """Drop a dialogue that its owner deleted from what their tabs could bring back, and from those that
        were closed.
        """
        with self._lock:
            tabs = [(tab, visitor in self._left) for visitor, tab in self._tabs.items()]
        for tab, is_closed in tabs:
            if tab.owner == owner and tab.lock.acquire(
                blocking=False
            ):  # one in use is shown, anyway
                try:
                    tab.forget(saved_id)
                    if is_closed:
                        tab.take_out(saved_id)
                finally:
                    tab.lock.release()

    def _remove_unused(self) -> list[tuple[str, Tab]]:
        """Take out the tabs of those who left long ago, and of those for whom there is no room."""
        long_ago, gone = self._now() - MAX_CLOSED_S, list[tuple[str, Tab]]()
        while self._left and (
            len(self._left) > MAX_CLOSED or next(iter(self._left.values())) <= long_ago
        ):
            visitor, _ = self._left.popitem(last=False)
            gone.append((visitor, self._tabs.pop(visitor)))
        while len(self._tabs) > MAX_TABS:
            visitor, tab = self._tabs.popitem(last=False)
            self._left.pop(visitor, None)
            gone.append((visitor, tab))
        return gone

    def _empty(self, gone: Iterable[tuple[str, Tab]]) -> None:
        """Not within the lock: an act on one of them may be waiting for it."""
        for visitor, tab in gone:
            tab.empty()
            self._forget(visitor)
