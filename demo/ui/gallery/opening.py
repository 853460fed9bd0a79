"""What happens when a picture, a dialogue's file or an example is opened: it takes the place of the last.

A workspace is made here for whatever is opened, also for dialogues from disk and rows of the benchmark.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr

from demo.dialogue.engine import begin
from demo.dialogue.examples import Example
from demo.dialogue.session import Session
from demo.errors import DemoError, InputError
from demo.picture.picture import Picture, open_picture, safe_name
from demo.ui.canvas.scene import save_for_browser
from demo.ui.context import Context, visitor_of
from demo.ui.gallery.received import forget
from demo.ui.gallery.upload import Upload
from demo.ui.gallery.uploads import MAX_TOGETHER, Became, uploads_in
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

    def open_upload(
        self, chosen: Sequence[str] | str | None, tab: Tab, request: gr.Request
    ) -> Updates:
        """Pictures or the files of dialogues were chosen, dropped or pasted.

        The first that can be opened is shown; the others are kept beside it where dialogues are kept.
        """
        paths = [Path(path) for path in ([chosen] if isinstance(chosen, str) else chosen or ())]
        if not paths:
            return self.context.show.line("", "hint")
        others: list[str] = []
        try:
            return self.open(
                lambda: self._first_of(paths, tab, request, others), tab, request, others
            )
        finally:
            forget(paths)  # what was opened is held as pixels

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
        notes: Sequence[str] = (),
        *,
        to_play: bool = False,
    ) -> Updates:
        """Show another workspace; the one that is there is put away, unless it is the same with more in it.

        ``notes`` are said with it, also those that ``read`` adds. ``to_play`` says that its questions are
        asked next, one after the other, if none has been. What ``read`` returns may be there already.
        """
        show, visitor, here = self.context.show, visitor_of(request), tab.workspace
        with ExitStack() as work:
            try:
                with self.context.turns.hold(visitor, needs_model=False) as ticket:
                    effort = work.enter_context(self.context.long_work(request, ticket.cancel))
                    workspace = read()
                    effort.must_finish()
            except DemoError as error:
                return show.line(str(error))
            self.context.tabs.take(visitor, tab)
            work.enter_context(tab.lock)
            if workspace is tab.workspace:
                return show.workspace(tab, workspace)
            if here is not None and workspace.copies is here.copies:
                if tab.workspace is not here:
                    return show.line(sentences.CHANGED)
                added = sentences.added_note(here, workspace)
                return show.workspace(tab, workspace, " ".join(filter(None, (added, *notes))))
            to_play = to_play and workspace.is_untouched
            to_play = to_play and not show.is_outside(workspace)  # it would play guesses
            tab.owner, tab.to_play = self.context.saver.owner(request), to_play
            said = (*notes, *workspace.picture.notes, sentences.away_note(tab.clear()))
            return show.workspace(tab, workspace, " ".join(filter(None, said)))

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

    def _first_of(
        self, paths: Sequence[Path], tab: Tab, request: gr.Request, notes: list[str]
    ) -> Workspace:
        """A workspace for the first that can be opened; notes say what became of the others.

        Raises DemoError when it is none of them.
        """
        here = tab.workspace
        with TemporaryDirectory() as folder:
            shown = None if here is None else (here.session, here.picture)
            uploads = uploads_in(paths[:MAX_TOGETHER], shown, Path(folder))
            return self._shown(uploads, paths, here, request, notes)

    def _shown(
        self,
        uploads: Sequence[Upload],
        paths: Sequence[Path],
        here: Workspace | None,
        request: gr.Request,
        notes: list[str],
    ) -> Workspace:
        became = Became(left=[safe_name(str(path)) for path in paths[MAX_TOGETHER:]])
        workspace, said = None, tuple[str, ...]()
        for upload in uploads:
            try:
                if workspace is None:
                    session, picture = upload.read()
                    if upload.goes_on and here is not None and session is not None:
                        workspace = here.with_act(session)
                    else:
                        workspace = self._workspace_of(session, picture)
                    became.shown = upload.name
                    said = upload.notes
                else:
                    self._keep(upload, request, became)
            except DemoError as error:
                became.troubles.append((upload.name, str(error)))
        if workspace is None:
            raise InputError(sentences.none_opened(became))
        notes.extend([sentences.together_note(became), *said])
        return workspace

    def _keep(self, upload: Upload, request: gr.Request, became: Became) -> None:
        """Keep it among the dialogues, where there are such. Raises DemoError."""
        saver = self.context.saver
        owner = saver.owner(request)
        if owner is None:
            became.left.append(upload.name)
            return
        session, picture = upload.read()
        saver.add(owner, session or begin(picture, self.context.running.models.reasoner), picture)
        became.kept.append(upload.name)

    def _workspace_of(self, session: Session | None, picture: Picture) -> Workspace:
        """A workspace with that picture, and with its dialogue if it has one. Raises StoreError."""
        if session is None:
            return self.workspace_for(picture)
        return replace(self.workspace_for(picture, self.questions_for(picture)), session=session)


@lru_cache(maxsize=64)
def _picture_hash(path: Path) -> str:
    return open_picture(path).sha256
