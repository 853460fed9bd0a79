"""Dialogues as files for other tools: one, or all that are found in the panel, in any format."""

from __future__ import annotations

import re
import threading
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from demo.annotations.annotated import AnnotatedPicture, of_session
from demo.annotations.command import DIALOGUE, OUTPUTS, Look, written
from demo.annotations.left_out import left_out
from demo.errors import DemoError, InputError, StoreError, disk_fault
from demo.machine.effort import breathe
from demo.machine.private_files import write_new
from demo.picture.picture import Picture
from demo.ui.context import Context, visitor_of
from demo.ui.dialogues.exports import Exports
from demo.ui.shared import sentences
from demo.ui.shared.answers import serial
from demo.ui.shared.payload import Payload
from demo.ui.shared.updates import steadily
from demo.ui.sharing.sharing import truth_beside
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab

MAX_DIALOGUES = 200  # in one file
MAX_BYTES = 500_000_000  # of one file
_MAX_TEXTS = 100_000_000  # bytes of dialogues without their pictures
_TOO_MUCH = "This is too much for one file: search for fewer dialogues, and save those."

_PACKED = (".png", ".zip", ".pdf")  # which no zip file makes smaller

Content = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Exporting:
    """Handlers of what saves dialogues as files; ``files`` is the folder for them.

    A visitor has one file made at a time, which ``running`` can stop.
    """

    context: Context
    files: Path
    running: dict[str, threading.Event] = field(default_factory=dict)

    @steadily
    def save(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Iterator[Updates]:
        """Make a file of one dialogue or of all that are found, and say how far it is."""
        sent, visitor = Payload(event), visitor_of(request)
        tab.owner = self.context.saver.owner(request)
        cancel = threading.Event()
        if self.running.setdefault(visitor, cancel) is not cancel:
            yield self._panel(said="A file is being made already. Cancel it, or wait.", failed=True)
            return
        try:
            to = sent.one_of("format", OUTPUTS)
            wanted = [sent.text("id")]
            if sent.flag("all"):
                wanted = self._found(tab, sent.text("search"))
            for value in self.steps(tab, wanted, to, request, cancel):
                yield self._panel(**value)
        except DemoError as error:
            yield self._panel(said=str(error), failed=not cancel.is_set(), making=False)
        finally:
            del self.running[visitor]

    def stop(self, request: gr.Request) -> None:
        """Let that visitor's file be; what is made of it is removed."""
        self.leave(visitor_of(request))

    def leave(self, visitor: str) -> None:
        """That visitor's page was closed: nobody waits for the file."""
        if cancel := self.running.get(visitor):
            cancel.set()

    def file(self, tab: Tab, identity: str, request: gr.Request) -> dict[str, Any]:
        """What the panel shows of a dialogue as the file that can be opened again; without a name it is the
        one on the page. Raises DemoError.
        """
        *_, last = self.steps(tab, [identity], DIALOGUE, request, threading.Event())
        return last

    def forget(self, dialogue: str) -> None:
        """Remove all files that a dialogue is in."""
        Exports(self.files).forget(dialogue)

    def steps(
        self,
        tab: Tab,
        wanted: Sequence[str],
        to: str,
        request: gr.Request,
        cancel: threading.Event,
    ) -> Iterator[dict[str, Any]]:
        """What the panel shows on the way to a file of these dialogues. Raises DemoError."""
        done = list[str]()  # the pictures that were looked at
        with self.context.long_work(request, cancel):
            pictures = [self._annotated(tab, identity, done) for identity in wanted]
            notes = tuple(left_out(to, pictures))
            look = _look(tab)
        dialogues = [identity or _shown_id(tab) for identity in wanted]
        contents = self._contents(to, pictures, look, request, cancel)
        try:
            some = list(islice(contents, 2))
            with Exports(self.files).making(dialogues, _file_name(to, pictures, some)) as path:
                if len(some) == 1:
                    write_new(path, some[0][1])
                else:
                    for _ in _zip(path, chain(some, contents)):
                        said = f"{len(done)} of {len(wanted)}…" if len(wanted) > 1 else ""
                        yield {"said": f"The file is being made… {said}".strip(), "making": True}
        except OSError as error:
            raise StoreError(f"The file cannot be made: {disk_fault(error)}.") from error
        file = dict(FileData(path=str(path), orig_name=path.name).model_dump())
        yield {"file": file, "said": " ".join([f"Saved as {path.name}.", *notes]), "making": False}

    def _contents(
        self,
        to: str,
        pictures: Sequence[AnnotatedPicture],
        look: Look,
        request: gr.Request,
        cancel: threading.Event,
    ) -> Iterator[Content]:
        """The files one after the other; others come in between."""
        contents = written(to, pictures, look)
        while True:
            with self.context.long_work(request, cancel):
                breathe()
                content = next(contents, None)
            if content is None:
                return
            yield content

    def _annotated(self, tab: Tab, identity: str, done: list[str]) -> AnnotatedPicture:
        """A dialogue, the one that is shown without a name. Raises InputError and StoreError."""
        owner, saver = tab.owner, self.context.saver
        if identity and owner is not None:

            def kept() -> Picture:
                done.append(identity)
                return saver.picture(owner, identity)

            breathe()
            return of_session(saver.session(owner, identity), kept)
        workspace = tab.workspace
        if identity or workspace is None:
            raise InputError(sentences.OPEN_FIRST)
        return of_session(workspace.session, lambda: workspace.picture)

    def _found(self, tab: Tab, search: str) -> list[str]:
        """The names of all dialogues that are found. Raises InputError for none and for too many."""
        store = self.context.saver.store
        if store is None or tab.owner is None:
            raise StoreError(sentences.NOT_SAVED)
        found = store.entries(tab.owner, search)
        if not found:
            raise InputError("There is no dialogue to save.")
        if len(found) > MAX_DIALOGUES or sum(entry.bytes for entry in found) > _MAX_TEXTS:
            raise InputError(f"These are {len(found):,} dialogues. {_TOO_MUCH}")
        return [entry.id for entry in found]

    def _panel(self, **value: Any) -> Updates:
        return {self.context.parts.library: {**value, "serial": serial()}}


def _zip(path: Path, contents: Iterable[Content]) -> Iterator[None]:
    """Write a zip file, one step for each of its files. Raises InputError for too much, and OSError."""
    size = 0
    with zipfile.ZipFile(path, "x") as archive:
        for name, content in contents:
            size += len(content)
            if size > MAX_BYTES:
                raise InputError(_TOO_MUCH)
            way = zipfile.ZIP_STORED if name.endswith(_PACKED) else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), content, way)
            yield


def _file_name(to: str, pictures: Sequence[AnnotatedPicture], contents: Sequence[Content]) -> str:
    """After the first question of one dialogue, or its picture, in any script."""
    session = pictures[0].session
    turns = session.turns if session else ()
    title = turns[0].question if turns else Path(pictures[0].name).stem
    words = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", title)).strip("-").lower()
    stem = (words[:48].strip("-") or "dialogue") if len(pictures) == 1 else "dialogues"
    if len(contents) == 1:
        return f"{stem}{Path(contents[0][0]).suffix}"
    return f"{stem}-{to}.zip" if to != DIALOGUE else f"{stem}.zip"


def _look(tab: Tab) -> Look:
    """Figures and pages with the benchmark's truth beside the dialogue on the page."""
    workspace = tab.workspace
    return Look(besides={workspace.session.id: truth_beside(workspace)}) if workspace else Look()


def _shown_id(tab: Tab) -> str:
    workspace = tab.workspace
    return (workspace.saved_id or workspace.session.id) if workspace else ""
