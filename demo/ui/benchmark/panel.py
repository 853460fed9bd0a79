"""The panel of the benchmark: its rows are found, and one is opened to be played with the model.

A browser may send anything, so every value is checked here. Everybody who sees the page sees these rows and
their pictures. How a row is read and played is in `evaluate`.
"""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr

from demo.dialogue.store import thumbnail
from demo.errors import DemoError, InputError
from demo.evaluate.data import open_stored
from demo.evaluate.index import Entry, Index
from demo.evaluate.live_benchmark import Track
from demo.ui.canvas.scene import serial
from demo.ui.events import Events, visitor
from demo.ui.shared import sentences
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab, Workspace

_Data = Mapping[str, Any]
_PAGE = 24  # rows at a time
_MAX_SHOWN = 1000
_MAX_REMEMBERED = 10_000  # dialogues whose row is known


class Opened:
    """Which row a dialogue plays, by session id, while the server runs; the oldest are forgotten."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, session: str, row: int) -> None:
        """That dialogue plays that row."""
        with self._lock:
            self._rows[session] = row
            while len(self._rows) > _MAX_REMEMBERED:
                self._rows.popitem(last=False)

    def row_of(self, workspace: Workspace) -> int | None:
        """The row of a workspace's dialogues; a branch plays that of the dialogue it began in."""
        began = [s.branch[0] for s in workspace.dialogues if s.branch]
        with self._lock:
            known = (self._rows.get(i) for i in (*(s.id for s in workspace.dialogues), *began))
            return next((row for row in known if row is not None), None)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Handlers of the panel's events."""

    events: Events
    index: Index
    opened: Opened = field(default_factory=Opened)

    def rows(self, tab: Tab, event: gr.EventData) -> Updates:
        """The rows that are looked for, without their pictures."""
        return self._panel(**self._listed(event._data, tab.workspace))

    def pictures(self, event: gr.EventData) -> Updates:
        """Small pictures of rows that are seen."""
        wanted = event._data.get("rows")
        rows = wanted[:_PAGE] if isinstance(wanted, list) else []
        return self._panel(small={str(row): self._small(row) for row in rows if type(row) is int})

    def choose(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """A row was clicked: its picture opens and its questions are offered."""
        data: _Data = event._data
        tab.to_play = False
        try:
            if self.events.turns.is_running(visitor(request)):
                raise InputError(sentences.STOP_FIRST)
            workspace = self._workspace(_row(data))
        except DemoError as error:
            return self._panel(
                **{**self._listed(data, tab.workspace), "said": str(error), "failed": True}
            )
        tab.to_play = data.get("play") is True
        note = sentences.benchmark_row(
            _row(data), len(workspace.track.dialogue.turns) if workspace.track else 0
        )
        closing = self._panel(close=True)
        return {**closing, **self.events.opened(lambda: workspace, tab, request, note)}

    def recall(self, workspace: Workspace) -> Workspace:
        """A workspace from disk, with its row as long as the server knows it."""
        row = self.opened.row_of(workspace)
        if row is None:
            return workspace
        try:
            return replace(workspace, track=self._track(row))
        except DemoError:  # the file has gone: the dialogue goes on without its truth
            return workspace

    def _workspace(self, row: int) -> Workspace:
        track = self._track(row)
        workspace = self.events.workspace_for(open_stored(track.dialogue.picture))
        self.opened.note(workspace.session.id, row)
        return replace(workspace, track=track)

    def _track(self, row: int) -> Track:
        return Track(self.index.dialogue(row), self.events.running.models.segmenter is not None)

    def _listed(self, data: _Data, workspace: Workspace | None) -> dict[str, Any]:
        count = data.get("count")
        most = min(count, _MAX_SHOWN) if isinstance(count, int) and count > 0 else _PAGE
        found = self.index.find(str(data.get("search") or "")[:200])
        return {
            "rows": [_shown(entry) for entry in found[:most]],
            "open": workspace.track.dialogue.index if workspace and workspace.track else None,
            "left": max(0, len(found) - most),
            "bound": sentences.benchmark(self.index.path.name, len(self.index), self.index.reading),
            "said": self.index.trouble,
            "failed": bool(self.index.trouble),
            "reading": self.index.reading,
        }

    def _small(self, row: int) -> str | None:
        try:
            return _thumbnail(self.index.picture(row))
        except DemoError:
            return None

    def _panel(self, **value: Any) -> Updates:
        return {self.events.parts.benchmark: {**value, "serial": serial()}}


@lru_cache(maxsize=512)
def _thumbnail(path: Path) -> str:
    small = base64.b64encode(thumbnail(open_stored(path))).decode()
    return f"data:image/jpeg;base64,{small}"


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "row": entry.index,
        "title": entry.questions[0] if entry.questions else "",
        "image": Path(entry.image).name,
        "rounds": len(entry.questions),
        "why": entry.why,
    }


def _row(data: _Data) -> int:
    row = data.get("row")
    if type(row) is not int:
        raise InputError(sentences.NOT_UNDERSTOOD)
    return row
