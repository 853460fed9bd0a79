"""What the page shows of a workspace, at rest and while a turn runs; it decides nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from demo.dialects.dialect import Dialect
from demo.dialects.ways import has_ways
from demo.dialogue.extent import is_large
from demo.machine.effort import work_at_once
from demo.models.switching import RunningModels
from demo.ui.canvas.scene import scene, within_value
from demo.ui.chat.live_turn import LiveTurn
from demo.ui.chat.messages import Message, messages
from demo.ui.chat.spoken import spoken_answer
from demo.ui.gallery.notice import notice
from demo.ui.parts import Parts
from demo.ui.shared import sentences
from demo.ui.shared.answers import serial
from demo.ui.tab.saving import Saver
from demo.ui.tab.steps import steps
from demo.ui.tab.workspace import Tab, Workspace

Updates = dict[Any, Any]


def usual_question(workspace: Workspace, dialect: Dialect) -> str:
    """What is asked about the chosen part when nothing is typed; empty where that cannot be known."""
    part, registry = workspace.within, workspace.session.registry
    if part is None:
        return ""
    label = registry.region(part.name.split(".")[0]).label if part.name else ""
    return label or (sentences.WHAT_IS_THIS if has_ways(dialect) else "")


@dataclass(frozen=True, slots=True)
class Show:
    """Makes the updates of the page's components."""

    parts: Parts
    saver: Saver
    running: RunningModels

    def workspace(
        self, tab: Tab, workspace: Workspace | None, note: str = "", *, trouble: str = ""
    ) -> Updates:
        """The tab's workspace from now on, with nothing running; ``note`` stands above the message.

        It is on disk before it is shown, or the line says that this could not be done. ``trouble`` is what
        went wrong before.
        """
        unsaved = self.saver.save(tab, workspace)
        with self._place_for(workspace):
            value = scene(workspace)
        tab.workspace = workspace and replace(
            workspace, outlined=workspace.outlined.union(value["outlines"])
        )
        question = workspace.next_question if workspace else None
        return {
            self.parts.canvas: {**value, **steps(tab)},
            self.parts.notice: self.notice(workspace),
            self.parts.chat: self.dialogue(workspace) if workspace else [],
            self.parts.next: gr.Button(question or "", visible=question is not None),
            self.parts.play: self.play_button(workspace),
            self.parts.stop: gr.Button(visible=False),
            self.parts.hint: sentences.outcome(note, trouble, unsaved) or sentences.hint(workspace),
        }

    def after_turn(self, tab: Tab, workspace: Workspace) -> Updates:
        """The tab's workspace after a turn, with what those hear of it who do not see the page."""
        shown, failure = self.workspace(tab, workspace), workspace.failure
        session = workspace.session
        shown[self.parts.canvas] |= (
            {"alarm": failure.reason}
            if failure
            else {"said": spoken_answer(session, len(session.turns))}
        )
        return shown

    def dialogue(self, workspace: Workspace) -> list[Message]:
        """Its turns in the chat; other models are offered where they can be chosen."""
        failed = workspace.failure.messages if workspace.failure else ()
        with self._place_for(workspace):
            turns = messages(workspace.session, workspace.remarks, compare=self.running.may_switch)
        return [*turns, *failed]

    def _place_for(self, workspace: Workspace | None) -> AbstractContextManager[object]:
        """Rests for others where showing that is long work."""
        if workspace is None or not is_large(workspace.session):
            return nullcontext()
        return work_at_once(lambda: self.running.in_use)

    def notice(self, workspace: Workspace | None) -> dict[str, Any] | None:
        """What people should know about their picture and the model that runs."""
        return notice(self.running) if self.is_outside(workspace) else None

    def is_outside(self, workspace: Workspace | None) -> bool:
        """Whether the model that runs knows nothing of such pictures."""
        if workspace is None:
            return False
        return self.running.models.doubt_about(workspace.picture) is not None

    def play_button(self, workspace: Workspace | None) -> gr.Button:
        """Plays the dialogue of an example, or asks what was asked of another picture, unless the answers
        would be guesses.
        """
        is_next = workspace is not None and workspace.next_question is not None
        repeats = workspace is not None and workspace.repeats
        return gr.Button(
            sentences.REPEAT if repeats else sentences.PLAY,
            visible=is_next and not self.is_outside(workspace),
        )

    def part(self, workspace: Workspace) -> Updates:
        """The part that the next question is about, and what that means."""
        hint, said = sentences.hint(workspace), sentences.WHOLE_AGAIN
        if within := workspace.within:
            usual = usual_question(workspace, self.running.models.reasoner.dialect)
            said = sentences.closer_said(within.name)
            hint = sentences.line(sentences.closer_note(usual))
        value = {"within": within_value(workspace), "said": said, "serial": serial()}
        return {self.parts.canvas: value, self.parts.hint: hint}

    def start(
        self, former: Workspace | None, news: dict[str, Any], typed: str | None = None
    ) -> Updates:
        """A turn that has begun; ``former`` is the workspace that it goes on from, if not the shown one,
        ``news`` what it changes on the canvas, ``typed`` what was in the text box and is not any more.
        """
        shown = scene(former) if former else {}
        return {
            self.parts.canvas: {**shown, **news, "asked": typed or ""},
            **self.stop_button(),
            **self.line("", "hint"),
            **({} if typed is None else {self.parts.message: ""}),
        }

    def stop_button(self) -> Updates:
        """The button that stops, in the place of those for the next questions."""
        return {
            self.parts.next: gr.Button(visible=False),
            self.parts.play: gr.Button(visible=False),
            self.parts.stop: gr.Button(visible=True),
        }

    def progress(self, earlier: list[Message], live: LiveTurn, *, canvas: bool) -> Updates:
        """The running turn as it stands behind the ``earlier`` ones; ``canvas`` for more than new text."""
        shown: Updates = {self.parts.chat: [*earlier, *live.messages()]}
        if canvas:
            shown[self.parts.canvas] = live.canvas
        return shown

    def clear(self, tab: Tab) -> Updates:
        """An empty workspace; the one before is put away."""
        with tab.lock:
            return self.workspace(tab, None, sentences.away_note(tab.clear()))

    def line(self, text: str, level: str = "error") -> Updates:
        """A sentence above the message, and nothing else."""
        return {self.parts.hint: sentences.line(text, level)}

    def refusal(self, sentence: str) -> Updates:
        """Why an act was refused; the canvas goes back to what it showed before."""
        return {self.parts.canvas: {"serial": serial()}, **self.line(sentence)}
