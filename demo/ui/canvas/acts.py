"""What happens on the canvas and at an answer: regions are drawn and corrected, answers branched and rated.

A browser may send anything, so every value is checked here. It translates to `edits.py` and the workspace,
and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.dialogue import edits
from demo.dialogue.edits import Editor, EditResult
from demo.dialogue.session import Session
from demo.errors import DemoError, InputError
from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.regions import Click
from demo.ui.canvas.scene import scene, serial
from demo.ui.events import Events, visitor
from demo.ui.models.panel import others
from demo.ui.shared import sentences
from demo.ui.shared.updates import steadily
from demo.ui.sheet.numbers import numbers, score_card
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab, Workspace

_Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Acts:
    """Handlers of the canvas component's events."""

    events: Events

    def act(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """One act on a region; the answer always carries a new serial number."""
        with tab.lock:
            return self._sayable(lambda: self._act(tab, event._data, request))

    def missing(self, tab: Tab) -> Updates:
        """The browser lacks an outline: all of them once more."""
        return {self.events.parts.canvas: scene(tab.workspace, all_outlines=True)}

    @steadily
    def turn(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Iterator[Updates]:
        """One of the links below an answer was clicked, or a dialogue was chosen."""
        data: _Data = event._data
        try:
            if data.get("kind") == "again":
                yield from self.events.again(_whole(data, "turn"), tab, request)
            elif data.get("kind") == "compare" and data.get("source"):
                turn, source = _whole(data, "turn"), str(data["source"])[:500]
                yield from self.events.compare(turn, source, tab, request)
            else:
                yield self._turn(tab, data, request)
        except DemoError as error:
            yield self._refused(str(error))

    def _act(self, tab: Tab, data: _Data, request: gr.Request) -> Updates:
        workspace = self._free(tab, request)
        editor = Editor(workspace.picture, self.events.running.models.segmenter)
        edited = _edited(workspace.session, data, editor)
        made = sentences.made(data.get("kind"), f"R{workspace.session.registry.next_number}")
        return self.events.show.workspace(tab, workspace.acted(edited.session), edited.note or made)

    def _turn(self, tab: Tab, data: _Data, request: gr.Request) -> Updates:
        show, kind = self.events.show, data.get("kind")
        with tab.lock:
            workspace = self._free(tab, request)
            if kind == "switch":
                return show.workspace(tab, workspace.switched(_whole(data, "dialogue")))
            if kind == "keep":
                return {**show.workspace(tab, workspace.kept()), self.events.parts.message: ""}
            turn = _whole(data, "turn")
            if kind == "branch":
                return show.workspace(tab, workspace.branched(turn), sentences.BRANCHED)
            if kind == "numbers":
                return {self.events.parts.sheet: numbers(workspace.session, turn)}
            if kind == "scores":
                return {self.events.parts.sheet: score_card(workspace.session, turn)}
            if kind == "compare":
                return {
                    self.events.parts.sheet: others(self.events.running, workspace.session, turn)
                }
            if kind == "take":
                return show.workspace(
                    tab, workspace.with_taken(turn, _whole(data, "place")), sentences.TAKEN
                )
            if kind in ("up", "down"):
                return show.workspace(tab, _rated(workspace, turn, str(kind)))
            if kind == "change":
                return self._changing(tab, workspace, turn)
        raise InputError(sentences.NOT_UNDERSTOOD)

    def _changing(self, tab: Tab, workspace: Workspace, turn: int) -> Updates:
        changing = workspace.to_change(turn)
        return {
            **self.events.show.workspace(tab, changing),
            self.events.parts.message: workspace.session.turns[turn - 1].question,
        }

    def _free(self, tab: Tab, request: gr.Request) -> Workspace:
        """The workspace, when nothing runs on it. Raises InputError."""
        if tab.workspace is None:
            raise InputError(sentences.OPEN_FIRST)
        if self.events.turns.is_running(visitor(request)):
            raise InputError(sentences.STOP_FIRST)
        return tab.workspace

    def _sayable(self, act: Callable[[], Updates]) -> Updates:
        try:
            return act()
        except DemoError as error:
            return self._refused(str(error))

    def _refused(self, sentence: str) -> Updates:
        answered = {self.events.parts.canvas: {"serial": serial()}}
        return {**answered, **self.events.show.said(sentence)}


def _rated(workspace: Workspace, turn: int, feedback: str) -> Workspace:
    """With that answer found good or bad; the same word once more takes it back."""
    turns = workspace.session.turns
    now = turns[turn - 1].feedback if 0 < turn <= len(turns) else None
    return workspace.with_session(
        workspace.session.with_feedback(turn, None if now == feedback else feedback)
    )


def _edited(session: Session, data: _Data, editor: Editor) -> EditResult:
    """The dialogue after the act that the browser names."""
    kind, size = data.get("kind"), session.picture.size
    if kind == "box":
        return editor.draw_box(session, _box(data, size))
    if kind == "point":
        return editor.place(session, _point(data, size))
    if kind == "refine":
        click = Click(_point(data, size), data.get("positive") is not False)
        return editor.refine(session, _name(data, "object"), click)
    if kind == "correct":
        return editor.correct(session, _name(data, "object"), _box(data, size))
    if kind == "rename":
        return edits.rename(session, _name(data, "region"), str(data.get("label", "")))
    if kind == "hide":
        return edits.set_hidden(session, _name(data, "region"), data.get("hidden") is True)
    if kind == "delete":
        return edits.delete(session, _name(data, "region"))
    raise InputError(sentences.NOT_UNDERSTOOD)


def _box(data: _Data, size: Size) -> PictureBox:
    x1, y1, x2, y2 = _numbers(data, "box", 4)
    box = PictureBox(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    return box.clamped(size)


def _point(data: _Data, size: Size) -> PicturePoint:
    x, y = _numbers(data, "at", 2)
    return PicturePoint(x, y).clamped(size)


def _numbers(data: _Data, name: str, count: int) -> list[int]:
    values = data.get(name)
    if not isinstance(values, list) or len(values) != count:
        raise InputError(sentences.NOT_UNDERSTOOD)
    if not all(isinstance(v, int) and abs(v) < 1e6 for v in values):
        raise InputError(sentences.NOT_UNDERSTOOD)
    return values


def _whole(data: _Data, name: str) -> int:
    value = data.get(name)
    if not isinstance(value, int):
        raise InputError(sentences.NOT_UNDERSTOOD)
    return value


def _name(data: _Data, name: str) -> str:
    return str(data.get(name, ""))[:20]
