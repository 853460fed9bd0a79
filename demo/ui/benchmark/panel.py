"""The panel of the benchmark: its rows are found, and one is opened to be played with the model.

Everybody who sees the page sees these rows and their pictures. How a row is read and played is in
`evaluate`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
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
from demo.ui.context import Context
from demo.ui.gallery.opening import Opening
from demo.ui.shared import sentences
from demo.ui.shared.answers import serial
from demo.ui.shared.payload import Payload
from demo.ui.shared.small_picture import small_picture
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab, Workspace

_PAGE = 24  # rows at a time
_MAX_SHOWN = 1000
_MAX_REMEMBERED = 10_000  # dialogues whose row is known


class PlayedRows:
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

    context: Context
    opening: Opening
    index: Index
    played: PlayedRows = field(default_factory=PlayedRows)

    def rows(self, tab: Tab, event: gr.EventData) -> Updates:
        """The rows that are looked for, without their pictures."""
        return self._list(Payload(event), tab.workspace)

    def pictures(self, event: gr.EventData) -> Updates:
        """Small pictures of rows that are seen."""
        try:
            rows = Payload(event).wholes("rows", _PAGE)
        except InputError as error:
            return self._panel(said=str(error), failed=True)
        return self._panel(small={str(row): self._small(row) for row in rows})

    def choose(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """A row was clicked: its picture opens and its questions are offered."""
        sent = Payload(event)
        try:
            row, to_play = sent.whole("row"), sent.flag("play")
            self.context.require_idle(request)
            track = self._track(row)
            workspace = self._workspace(track)
        except DemoError as error:
            return self._list(sent, tab.workspace, str(error))
        note = sentences.row_note(row, len(track.dialogue.turns))
        opened = self.opening.open(lambda: workspace, tab, request, [note], to_play=to_play)
        return self._panel(close=True) | opened

    def recall(self, workspace: Workspace) -> Workspace:
        """A workspace from disk, with its row as long as the server knows it."""
        row = self.played.row_of(workspace)
        if row is None:
            return workspace
        try:
            return replace(workspace, track=self._track(row))
        except DemoError:  # the file has gone: the dialogue goes on without its truth
            return workspace

    def _workspace(self, track: Track) -> Workspace:
        workspace = self.opening.workspace_for(open_stored(track.dialogue.picture))
        self.played.note(workspace.session.id, track.dialogue.index)
        return replace(workspace, track=track)

    def _track(self, row: int) -> Track:
        return Track(self.index.dialogue(row), self.context.running.models.segmenter is not None)

    def _list(self, sent: Payload, workspace: Workspace | None, trouble: str = "") -> Updates:
        """The rows that are looked for, the first ones if that cannot be read; and what went wrong."""
        search, count = "", _PAGE
        try:
            search, count = sent.text("search", 200), min(sent.whole("count", _PAGE), _MAX_SHOWN)
        except InputError as error:
            trouble = trouble or str(error)
        index, track = self.index, workspace.track if workspace else None
        found, trouble = index.find(search), trouble or index.trouble
        return self._panel(
            rows=[_row(entry) for entry in found[:count]],
            open=track.dialogue.index if track else None,
            left=max(0, len(found) - count),
            bound=sentences.benchmark_note(index.path.name, len(index), index.reading),
            said=trouble,
            failed=bool(trouble),
            reading=index.reading,
        )

    def _small(self, row: int) -> str | None:
        try:
            return _thumbnail(self.index.picture(row))
        except DemoError:
            return None

    def _panel(self, **value: Any) -> Updates:
        return {self.context.parts.benchmark: {**value, "serial": serial()}}


@lru_cache(maxsize=512)
def _thumbnail(path: Path) -> str:
    return small_picture(thumbnail(open_stored(path)))


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "row": entry.index,
        "title": entry.questions[0] if entry.questions else "",
        "image": Path(entry.image).name,
        "rounds": len(entry.questions),
        "why": entry.why,
    }
