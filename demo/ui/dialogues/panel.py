"""The panel of kept dialogues: found, opened, named, pinned, deleted, carried away as files.

A browser may send anything, so every value is checked here; whose dialogues they are is told by the request
and never by what it sends.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from demo.dialogue.archive import to_zip
from demo.dialogue.owner import Owner
from demo.dialogue.session import Session
from demo.dialogue.store import Store, StoredDialogue
from demo.errors import DemoError, InputError, StoreError
from demo.picture.picture import Picture
from demo.ui.canvas.scene import serial
from demo.ui.events import Events, visitor
from demo.ui.shared import sentences
from demo.ui.show import Updates
from demo.ui.tab.saving import Fetched
from demo.ui.tab.workspace import Tab, Workspace

_Data = Mapping[str, Any]
_MAX_SHOWN = 1000
_MARGIN = 50_000_000  # bytes; what goes when so many more are needed is said


@dataclass(frozen=True, slots=True)
class Library:
    """Handlers of the panel's events; ``files`` is where those to be carried away are made.

    ``recall`` adds to a workspace from disk what is known of its dialogue beside the disk.
    """

    events: Events
    files: Path
    recall: Callable[[Workspace], Workspace] = lambda workspace: workspace

    def arrive(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """A page was loaded: the dialogue it showed before, or else the last one, lies there again."""
        store, owner = self.events.saver.store, self.events.saver.owner(request)
        wished = str(event._data.get("kept", ""))[:64]
        self.events.tabs.take(visitor(request), tab)
        with tab.lock:
            tab.owner = owner
            if store is None or owner is None or tab.workspace is not None:
                return self.events.show.said("", "hint")
            try:
                workspace = None if wished == "none" else self._last(owner, wished)
                note = " ".join(filter(None, (store.notice, _near_the_bound(store, owner))))
            except DemoError as error:
                return self.events.show.said(str(error))
            return self.events.show.workspace(tab, workspace, note)

    def act(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """One act in the panel; the answer holds the list as it is then."""
        data: _Data = event._data
        kind = data.get("kind")
        with tab.lock:
            tab.owner = self.events.saver.owner(request)
            try:
                done = self._done(kind, data, tab, request)
            except DemoError as error:
                done = self._panel(said=str(error), failed=True)
            return self._with_list(done, tab, data, request)

    def _done(self, kind: object, data: _Data, tab: Tab, request: gr.Request) -> Updates:
        if kind == "list":
            return self._panel()
        if kind == "export":
            return self._panel(file=self._file(tab, _text(data, "id")))
        acts: dict[object, Callable[[Store, Owner], Updates]] = {
            "open": lambda _, owner: self._open(owner, _text(data, "id"), tab, request),
            "rename": lambda store, owner: self._rename(store, owner, data),
            "pin": lambda store, owner: self._pin(store, owner, data),
            "delete": lambda store, owner: self._delete(store, owner, data, tab, request),
        }
        store, owner = self.events.saver.store, tab.owner
        if kind not in acts:
            raise InputError(sentences.NOT_UNDERSTOOD)
        if store is None or owner is None:
            raise StoreError(sentences.NOT_KEPT)
        return acts[kind](store, owner)

    # Opening --------------------------------------------------------------------------------

    def _last(self, owner: Owner, wished: str) -> Workspace | None:
        fetched = self.events.saver.last(owner, wished)
        return None if fetched is None else self._fetched(fetched)

    def _fetched(self, fetched: Fetched) -> Workspace:
        picture = fetched.picture
        workspace = self.events.workspace_for(picture, self.events.offers(picture))
        return self.recall(fetched.onto(workspace))

    def _open(self, owner: Owner, identity: str, tab: Tab, request: gr.Request) -> Updates:
        if self.events.turns.is_running(visitor(request)):
            raise InputError(sentences.STOP_FIRST)
        closing = self._panel(close=True)
        if tab.workspace is not None and (place := tab.workspace.place_of(identity)) is not None:
            shown = (
                tab.workspace if place == _place(tab.workspace) else tab.workspace.switched(place)
            )
            return {**closing, **self.events.show.workspace(tab, shown)}
        fetched = self.events.saver.fetch(owner, identity)
        workspace = self._fetched(fetched)
        # What was put away in an older state must not come back beside it.
        tab.put_away = tuple(d for d in tab.put_away if d.place_of(identity) is None)
        return {**closing, **self.events.opened(lambda: workspace, tab, request)}

    # In the list ------------------------------------------------------------------------------

    def _rename(self, store: Store, owner: Owner, data: _Data) -> Updates:
        store.rename(owner, _text(data, "id"), _text(data, "title"))
        return self._panel(said="Renamed.")

    def _pin(self, store: Store, owner: Owner, data: _Data) -> Updates:
        pinned = data.get("pinned") is True
        store.pin(owner, _text(data, "id"), pinned)
        return self._panel(said="Pinned: it is kept whatever its age." if pinned else "Unpinned.")

    def _delete(
        self, store: Store, owner: Owner, data: _Data, tab: Tab, request: gr.Request
    ) -> Updates:
        """It is gone from the disk, from the page, and from what Undo could bring back."""
        identity, workspace = _text(data, "id"), tab.workspace
        place = None if workspace is None else workspace.place_of(identity)
        if place is not None and self.events.turns.is_running(visitor(request)):
            raise InputError(sentences.STOP_FIRST)
        store.delete(owner, identity)
        tab.put_away = tuple(d for d in tab.put_away if d.place_of(identity) is None)
        done = self._panel(said="Deleted.")
        if workspace is None or place is None:
            return done
        return {**done, **self.events.show.workspace(tab, workspace.without(place))}

    def _with_list(self, done: Updates, tab: Tab, data: _Data, request: gr.Request) -> Updates:
        try:
            listed = {**self._list(tab, data), "user": request.username or ""}
        except DemoError as error:
            listed = {"said": str(error), "failed": True}
        panel = self.events.parts.kept
        said = {name: value for name, value in done[panel].items() if value}
        return {**done, panel: {**listed, **said, "serial": serial()}}

    def _list(self, tab: Tab, data: _Data) -> dict[str, Any]:
        store, owner = self.events.saver.store, tab.owner
        here = bool(tab.workspace and not tab.workspace.is_untouched)
        if store is None or owner is None:
            bound = sentences.IN_MEMORY if store is None else sentences.NO_COOKIES
            return {"dialogues": [], "left": 0, "bound": bound, "here": here}
        count = data.get("count")
        most = min(count, _MAX_SHOWN) if isinstance(count, int) and count > 0 else 24
        found = store.entries(owner, _text(data, "search"))
        going = {kept.id for kept in _going(store, owner)}
        open_ = tab.workspace.kept_as if tab.workspace else None
        return {
            "dialogues": [_row(store, owner, k, going, open_) for k in found[:most]],
            "left": max(0, len(found) - most),
            "bound": sentences.bound(store.used(owner), store.bounds.each),
            "said": store.notice,
            "here": here,
        }

    def _panel(self, **value: Any) -> Updates:
        return {self.events.parts.kept: value}

    # Files -----------------------------------------------------------------------------------

    def _file(self, tab: Tab, identity: str) -> dict[str, Any]:
        """A dialogue as a file, under an address that nobody can guess; without a name the one shown."""
        session, picture = self._wanted(tab, identity)
        content = to_zip(session, picture)
        title = session.turns[0].question if session.turns else picture.info.name
        path = self.files / secrets.token_urlsafe(16) / f"{_file_name(title)}.zip"
        try:
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
        except OSError as error:
            raise StoreError(f"The file cannot be made: {error.strerror}.") from error
        made: dict[str, Any] = FileData(path=str(path), orig_name=path.name).model_dump()
        return made

    def _wanted(self, tab: Tab, identity: str) -> tuple[Session, Picture]:
        if identity and tab.owner is not None:
            fetched = self.events.saver.fetch(tab.owner, identity)
            return fetched.session, fetched.picture
        if identity or tab.workspace is None:
            raise InputError(sentences.OPEN_FIRST)
        return tab.workspace.session, tab.workspace.picture


def _near_the_bound(store: Store, owner: Owner) -> str:
    return sentences.going_first([kept.title for kept in _going(store, owner)])


def _going(store: Store, owner: Owner) -> tuple[StoredDialogue, ...]:
    try:
        return store.would_remove(owner, _MARGIN)
    except StoreError:  # everything is pinned: nothing goes, which is said when there is no room
        return ()


def _row(
    store: Store, owner: Owner, kept: StoredDialogue, going: set[str], open_: str | None
) -> dict[str, Any]:
    small = base64.b64encode(store.thumbnail(owner, kept.id)).decode()
    return {
        "id": kept.id,
        "title": kept.title,
        "turns": kept.turns,
        "at": kept.updated,
        "pinned": kept.pinned,
        "going": kept.id in going,
        "open": kept.id == open_,
        "small": f"data:image/jpeg;base64,{small}",
    }


def _place(workspace: Workspace) -> int:
    return [s.id for s in workspace.dialogues].index(workspace.session.id)


def _file_name(title: str) -> str:
    plain = re.sub(r"[^0-9A-Za-z]+", "-", title).strip("-").lower()
    return plain[:48].strip("-") or "dialogue"


def _text(data: _Data, name: str) -> str:
    return str(data.get(name) or "")[:500]
