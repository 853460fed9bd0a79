"""What happens when a picture of a folder is opened, and what is known of those that were seen before.

The folder itself stays in the browser, which sends one picture at a time. Each has its own dialogue, found
by what is on the picture: in this tab, or among those that are kept.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from demo.errors import InputError, PictureError, StoreError
from demo.picture.picture import Picture, open_picture
from demo.ui.context import Context
from demo.ui.gallery.opening import Opening
from demo.ui.gallery.received import forget
from demo.ui.shared import sentences
from demo.ui.shared.answers import serial
from demo.ui.shared.payload import Payload
from demo.ui.shared.tidying import UPLOAD
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab, Workspace

_MAX_PATH = 4_000  # characters
_MAX_KNOWN = 500  # dialogues that are asked after at a time


@dataclass(frozen=True, slots=True)
class Walk:
    """Handlers of the folder's events; ``received`` is the folder that browsers send files into."""

    context: Context
    opening: Opening
    received: Path

    def open(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """Show a picture of the folder, with the dialogue that there is about it.

        The questions asked of the picture before are offered again, or asked at once if that is wanted.
        """
        sent, troubles, ticket = Payload(event), list[str](), 0
        try:
            ticket = sent.whole("ticket")
            path = self._file(sent.parts("files", 1)[0].text("path", _MAX_PATH))
            name, to_play = sent.text("name"), sent.flag("ask")
        except InputError as error:
            return {**self.context.show.line(str(error)), **self._answer(ticket)}

        def read() -> Workspace:
            try:
                return self._workspace_of(open_picture(path, name), tab, request)
            except (PictureError, StoreError) as error:  # of this file, so others are gone on to
                troubles.append(str(error))
                raise

        try:
            updates = self.opening.open(read, tab, request, to_play=to_play)
        finally:
            forget([path])
        here = tab.workspace if self.context.parts.canvas in updates else None
        key = here.picture.sha256 if here else ""
        return {**updates, **self._answer(ticket, key=key, trouble="".join(troubles))}

    def known(self, event: gr.EventData, request: gr.Request) -> Updates:
        """Which of the dialogues that a browser remembers are still kept, with their number of turns.

        Where nobody can say, the answer is None, and the browser keeps what it has.
        """
        store, owner = self.context.saver.store, self.context.saver.owner(request)
        sent, number, turns = Payload(event), 0, None
        with suppress(InputError, StoreError):
            number, wanted = sent.whole("number"), sent.texts("ids", _MAX_KNOWN)
            if store is not None and owner is not None:
                turns = store.turns_of(owner, wanted)
        return self._answer(number=number, known=turns)

    def _answer(self, ticket: int = 0, **value: Any) -> Updates:
        answer = {"ticket": ticket, "key": "", "trouble": "", "number": 0, "known": None, **value}
        return {self.context.parts.folder: {**answer, "serial": serial()}}

    def _file(self, path: str) -> Path:
        """A file that was received here. Raises InputError for any other."""
        with suppress(ValueError, OSError):
            real = Path(os.path.realpath(path))
            place = real.relative_to(os.path.realpath(self.received))
            if place.parts[0].startswith(UPLOAD) and real.is_file():
                return real
        raise InputError(sentences.NOT_UNDERSTOOD)

    def _workspace_of(self, picture: Picture, tab: Tab, request: gr.Request) -> Workspace:
        """What there is of that picture, else a new one. Raises StoreError.

        What comes back leaves no older state of itself behind it, which would be saved over it.
        """
        here = tab.workspace
        if here is not None and here.picture.sha256 == picture.sha256:
            return here
        with tab.lock:
            repeated = tab.questions_to_repeat()
        # Writing the picture for the page takes long, so others get at the tab meanwhile.
        new = self.opening.workspace_for(picture, repeated or self.opening.questions_for(picture))
        new = replace(new, repeats=bool(repeated))
        with tab.lock:
            found = tab.take_back(picture.sha256)
        if found is not None:
            return found.onto(new)
        owner = self.context.saver.owner(request)
        saved = None if owner is None else self.context.saver.about(owner, picture)
        if saved is None:
            return new
        with tab.lock:
            for _, on_disk in saved.branches:
                tab.forget(on_disk.id)
        return saved.onto(new)
