"""What happens on the canvas: regions are drawn, corrected, renamed, hidden and deleted by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import gradio as gr

from demo.dialogue import edits, painting, several
from demo.dialogue.edits import Editor, EditResult, Shape
from demo.dialogue.painting import Stroke
from demo.dialogue.session import Session
from demo.errors import DemoError, InputError
from demo.machine.effort import work_at_once
from demo.picture.regions import Click
from demo.segmenters.cut_out import cut_out
from demo.ui.canvas.scene import cut_out_value, scene
from demo.ui.context import Context
from demo.ui.shared import sentences
from demo.ui.shared.payload import Payload
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab, Within, Workspace

MAX_REGIONS = 1000  # of one act
MAX_SHAPES = 100  # that one act adds, or whose masks it moves
MAX_BOXES = 40  # of one shape
MAX_BOXES_AT_ONCE = 300  # of all shapes of one act, each of which is segmented
MAX_POINTS = 500  # of a stroke or an outline


@dataclass(frozen=True, slots=True)
class Acts:
    """Handlers of the canvas component's events."""

    context: Context

    def act(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """Do one act on a region; the answer always carries a new serial number."""
        sent = Payload(event)
        try:
            kind = sent.one_of("kind", _EDITS)
            with self._work(kind, request), tab.lock:
                return self._act(kind, sent, tab, request)
        except DemoError as error:
            return self.context.show.refusal(str(error))

    def closer(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """Ask about a region or a box only next; with neither, about the whole picture again."""
        with tab.lock:
            try:
                workspace = self.context.idle_workspace(tab, request)
                tab.workspace = workspace.asking_about(_part(Payload(event), workspace))
            except DemoError as error:
                return self.context.show.refusal(str(error))
            return self.context.show.part(tab.workspace)

    def missing(self, tab: Tab) -> Updates:
        """All outlines once more, for a browser that lacks one."""
        return {self.context.parts.canvas: scene(tab.workspace, all_outlines=True)}

    def cut_out(self, tab: Tab, event: gr.EventData) -> Updates:
        """The edge of a region's cut-out; it may be asked for while a question is answered."""
        sent, workspace = Payload(event), tab.workspace
        ticket = 0
        try:
            ticket = sent.whole("ticket")
            if workspace is None:
                raise InputError(sentences.OPEN_FIRST)
            region = workspace.session.registry.region(sent.text("region"))
            made = cut_out(workspace.picture, region)
        except DemoError as error:
            none = {self.context.parts.canvas: cut_out_value(ticket, None)}
            return {**none, **self.context.show.line(str(error))}
        return {self.context.parts.canvas: cut_out_value(ticket, made)}

    def _work(self, kind: str, request: gr.Request) -> AbstractContextManager[object]:
        if kind in _LONG:
            return self.context.long_work(request)
        return work_at_once(lambda: self.context.running.in_use)

    def _act(self, kind: str, sent: Payload, tab: Tab, request: gr.Request) -> Updates:
        workspace = self.context.idle_workspace(tab, request)
        session = workspace.session
        editor = Editor(workspace.picture, self.context.running.models.segmenter)
        edited = _EDITS[kind](editor, session, sent)
        note = edited.note or sentences.drawing_note(kind, f"R{session.registry.next_number}")
        return self.context.show.workspace(tab, workspace.with_edit(edited.session), note)


def _part(sent: Payload, workspace: Workspace) -> Within | None:
    if name := sent.text("region"):
        return workspace.part_of(name)
    if sent.has("box"):
        return Within(sent.box("box").clamped(workspace.picture.size))
    return None


_LONG = ("move_all", "copy_all")  # a hundred masks may have as many pixels as a hundred pictures

# The dialogue after each act, by the word that the browser has for it.
_EDITS: Mapping[str, Callable[[Editor, Session, Payload], EditResult]] = {
    "box": lambda editor, session, sent: editor.draw_box(session, sent.box("box")),
    "point": lambda editor, session, sent: editor.place(session, sent.point("at")),
    "refine": lambda editor, session, sent: editor.refine(
        session, sent.text("object"), Click(sent.point("at"), sent.flag("positive", default=True))
    ),
    "correct": lambda editor, session, sent: editor.correct(
        session, sent.text("object"), sent.box("box")
    ),
    "rename": lambda _, session, sent: edits.rename(
        session, sent.text("region"), sent.text("label")
    ),
    "hide": lambda _, session, sent: edits.set_hidden(
        session, sent.text("region"), sent.flag("hidden")
    ),
    "delete": lambda _, session, sent: edits.delete(session, sent.text("region")),
    "shapes": lambda editor, session, sent: editor.draw_shapes(session, _shapes(sent)),
    "paint": lambda _, session, sent: painting.paint(session, sent.text("object"), _stroke(sent)),
    "polygon": lambda _, session, sent: painting.draw_polygon(
        session, sent.points("corners", MAX_POINTS)
    ),
    "reshape": lambda _, session, sent: painting.reshape(
        session, sent.text("object"), sent.points("corners", MAX_POINTS)
    ),
    "hide_all": lambda _, session, sent: several.set_hidden(
        session, _regions(sent), sent.flag("hidden")
    ),
    "delete_all": lambda _, session, sent: several.delete(session, _regions(sent)),
    "move_all": lambda _, session, sent: several.move(
        session, _regions(sent, MAX_SHAPES), *sent.way("by")
    ),
    "copy_all": lambda _, session, sent: several.copy(
        session, _regions(sent, MAX_SHAPES), *sent.way("by")
    ),
}


def _regions(sent: Payload, max_count: int = MAX_REGIONS) -> list[str]:
    return sent.texts("regions", max_count)


def _stroke(sent: Payload) -> Stroke:
    return Stroke(sent.points("points", MAX_POINTS), sent.whole("width"), sent.flag("erases"))


def _shapes(sent: Payload) -> list[Shape]:
    shapes = [
        Shape(part.text("label"), tuple(part.boxes("boxes", MAX_BOXES)))
        for part in sent.parts("shapes", MAX_SHAPES)
    ]
    if sum(len(shape.boxes) for shape in shapes) > MAX_BOXES_AT_ONCE:
        raise InputError(f"Draw at most {MAX_BOXES_AT_ONCE} boxes at once.")
    return shapes
