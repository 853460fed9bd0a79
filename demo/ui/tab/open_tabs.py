"""Which tabs are in use, so that those which were closed give back what they hold.

What all tabs hold is counted in bytes. A connection that breaks looks like a tab that was closed, so what
a tab holds stays for a while; one without the stream by which a page shows that it is open leaves after a
minute. It does not know what a turn is, and stops none.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

from demo.dialogue.extent import characters_of
from demo.dialogue.owner import Owner
from demo.ui.tab.workspace import Tab, Workspace

MAX_CLOSED_S = 3600.0  # how long what a closed tab holds stays here
MAX_CLOSED = 32  # tabs that still hold it after they were closed, or that were never open
MAX_UNSEEN_S = 60.0  # how long one is waited for that has no stream
MAX_TABS = 1000  # tabs in all; one that nobody uses gives way
# Of all tabs, beside the pixels (see `held`); those unused longest give way.
MAX_BYTES = 1_000_000_000
_RECORD_BYTES = 1_000_000  # of Gradio's own record of a tab


class OpenTabs:
    """All tabs by visitor (Gradio's session hash); ``forget`` is called with those who lost theirs, and
    ``has_stream`` says who shows that the page is open.
    """

    def __init__(
        self,
        forget: Callable[[str], None] = lambda _: None,
        now: Callable[[], float] = time.monotonic,
        has_stream: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._forget, self._now, self._has_stream = forget, now, has_stream
        self._lock = threading.Lock()
        self._tabs: OrderedDict[str, Tab] = OrderedDict()
        self._bytes: dict[str, int] = {}
        self._left: OrderedDict[str, float] = OrderedDict()
        self._unseen: OrderedDict[str, float] = OrderedDict()
        self._is_looking = False

    @property
    def held_bytes(self) -> int:
        """Bytes of all tabs, as they were when each was used last."""
        with self._lock:
            return sum(self._bytes.values())

    def take(self, visitor: str, tab: Tab) -> None:
        """That visitor is here, on that tab."""
        held = _RECORD_BYTES + bytes_of(tab)
        with self._lock:
            self._left.pop(visitor, None)
            self._tabs[visitor], self._bytes[visitor] = tab, held
            self._tabs.move_to_end(visitor)
            if not self._has_stream(visitor):
                self._wait_for(visitor)
            gone = self._remove_unused()
        self._empty(gone)

    def leave(self, visitor: str) -> None:
        """That visitor's tab was closed, or its connection broke."""
        with self._lock:
            self._unseen.pop(visitor, None)
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
            # One that is in use now is shown, and stays.
            if tab.owner == owner and tab.lock.acquire(blocking=False):
                try:
                    tab.forget(saved_id)
                    if is_closed:
                        tab.take_out(saved_id)
                finally:
                    tab.lock.release()

    def look(self) -> None:
        """Empty those whose time has come, and come again for the others."""
        with self._lock:
            gone = self._remove_unused()
            self._is_looking = False
            if self._unseen:
                self._look_later()
        self._empty(gone)

    def _wait_for(self, visitor: str) -> None:
        """Give a page without a stream a minute, in which it may come."""
        self._unseen.setdefault(visitor, self._now())
        self._look_later()

    def _look_later(self) -> None:
        if self._is_looking:
            return
        self._is_looking = True
        timer = threading.Timer(MAX_UNSEEN_S, self.look)
        timer.daemon = True
        timer.start()

    def _remove_unused(self) -> list[tuple[str, Tab]]:
        """Take out the tabs of those who left long ago, and of those for whom there is no room."""
        for visitor in [v for v in self._unseen if self._has_stream(v)]:
            del self._unseen[visitor]
        gone = [
            *self._overdue(self._left, MAX_CLOSED_S),
            *self._overdue(self._unseen, MAX_UNSEEN_S),
        ]
        while len(self._tabs) > MAX_TABS or (
            len(self._tabs) > 1 and sum(self._bytes.values()) > MAX_BYTES
        ):
            gone.append(self._remove(next(iter(self._tabs))))
        return gone

    def _overdue(
        self, waiting: OrderedDict[str, float], seconds: float
    ) -> Iterator[tuple[str, Tab]]:
        long_ago = self._now() - seconds
        while waiting and (len(waiting) > MAX_CLOSED or next(iter(waiting.values())) <= long_ago):
            yield self._remove(next(iter(waiting)))

    def _remove(self, visitor: str) -> tuple[str, Tab]:
        self._left.pop(visitor, None)
        self._unseen.pop(visitor, None)
        del self._bytes[visitor]
        return visitor, self._tabs.pop(visitor)

    def _empty(self, gone: Iterable[tuple[str, Tab]]) -> None:
        """Not within the lock: an act on one of them may be waiting for it."""
        for visitor, tab in gone:
            tab.empty()
            self._forget(visitor)


def bytes_of(tab: Tab) -> int:
    """What a tab holds beside pixels: the files of its pictures, and its dialogues."""
    ahead = tab.workspace.ahead if tab.workspace else ()
    workspaces = [w for w in (tab.workspace, *tab.put_away, *ahead) if isinstance(w, Workspace)]
    files = {w.picture.sha256: w.picture.source_bytes for w in workspaces}
    here = sum(characters_of(s) for w in workspaces for s in w.dialogues)
    return sum(files.values()) + here + tab.left.characters
