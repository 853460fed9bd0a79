"""What happens when a picture, a dialogue's file or an example is opened: it takes the place of the last.

A workspace is made here for whatever is opened, also for dialogues from disk and rows of the benchmark.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import gradio as gr

from demo.dialogue.archive import read_zip
from demo.dialogue.engine import begin
from demo.dialogue.examples import Example
from demo.errors import DemoError, InputError
from demo.picture.picture import Picture, open_picture
from demo.ui.canvas.scene import save_for_browser
from demo.ui.context import Context, visitor_of
from demo.ui.shared import sentences
from demo.ui.shared.payload import Payload
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab, Workspace


@dataclass(frozen=True, slots=True)
class Opening:
    """Handlers of what opens; ``pictures`` is the folder that browsers load pictures from."""

    context: Context
    examples: Sequence[Example]
    pictures: Path

    def open_upload(self, path: str | None, tab: Tab, request: gr.Request) -> Updates:
        """A picture or the file of a dialogue was chosen, dropped or pasted."""
        if path is None:
            return self.context.show.line("", "hint")
        return self.open(lambda: self._workspace_from(Path(path)), tab, request)

    def open_example(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """An example was clicked: its picture opens and its dialogue is offered."""
        sent = Payload(event)
        try:
            index, to_play = sent.whole("index"), sent.flag("play")
            if index >= len(self.examples):
                raise InputError(sentences.NOT_UNDERSTOOD)
        except InputError as error:
            return self.context.show.line(str(error))
        example = self.examples[index]
        return self.open(
            lambda: self.workspace_for(open_picture(example.picture), example.questions),
            tab,
            request,
            to_play=to_play,
        )

    def open(
        self,
        read: Callable[[], Workspace],
        tab: Tab,
        request: gr.Request,
        note: str = "",
        *,
        to_play: bool = False,
    ) -> Updates:
        """Show another workspace, under a note; the one that is there is put away.

        ``to_play`` says that its questions are asked next, one after the other.
        """
        show, visitor = self.context.show, visitor_of(request)
        try:
            with self.context.turns.hold(visitor, needs_model=False):
                workspace = read()
        except DemoError as error:
            return show.line(str(error))
        self.context.tabs.take(visitor, tab)
        with tab.lock:
            to_play = to_play and not show.is_outside(workspace)  # it would play guesses
            tab.owner, tab.to_play = self.context.saver.owner(request), to_play
            notes = (note, *workspace.picture.notes, sentences.away_note(tab.clear()))
            return show.workspace(tab, workspace, " ".join(filter(None, notes)))

    def workspace_for(self, picture: Picture, questions: tuple[str, ...] = ()) -> Workspace:
        """A workspace with that picture and nothing asked yet. Raises StoreError."""
        shown = save_for_browser(picture, self.pictures)
        session = begin(picture, self.context.running.models.reasoner)
        return Workspace(picture, shown, session, questions)

    def questions_for(self, picture: Picture) -> tuple[str, ...]:
        """The dialogue of the example with that picture, if it is one."""
        same = (e for e in self.examples if _picture_hash(e.picture) == picture.sha256)
        return next((example.questions for example in same), ())

    def prepare(self, tab: Tab) -> None:
        """Do what can be done for the picture before a question comes; errors show in the turn."""
        with tab.lock:
            workspace = tab.workspace
            # What the disk does not take is said with the first turn.
            self.context.saver.save(tab, workspace, untouched=True)
        if workspace is None:
            return
        with suppress(DemoError), self.context.running.use() as models:
            models.reasoner.prepare(workspace.picture)
            if models.segmenter is not None:
                models.segmenter.prepare(workspace.picture)

    def _workspace_from(self, path: Path) -> Workspace:
        """A workspace for an uploaded file. Raises InputError, StoreError."""
        with path.open("rb") as file:
            is_dialogue = file.read(4) == b"PK\x03\x04"
        if not is_dialogue:
            return self.workspace_for(open_picture(path))
        session, picture = read_zip(path)
        workspace = self.workspace_for(picture, self.questions_for(picture))
        return replace(workspace, session=session)


@lru_cache(maxsize=64)
def _picture_hash(path: Path) -> str:
    return open_picture(path).sha256
