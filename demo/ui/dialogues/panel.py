"""The panel of saved dialogues: found, opened, named, pinned, deleted, saved as files.

Whose dialogues they are is known from the request, and never from what a browser sends with it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.dialogue.owner import Owner
from demo.dialogue.store import Store, StoredDialogue
from demo.errors import DemoError, StoreError
from demo.ui.context import Context, visitor_of
from demo.ui.dialogues.exporting import Exporting
from demo.ui.gallery.opening import Opening
from demo.ui.shared import sentences
from demo.ui.shared.answers import serial
from demo.ui.shared.payload import Payload
from demo.ui.shared.small_picture import small_picture
from demo.ui.show import Updates
from demo.ui.tab.saving import SavedDialogue
from demo.ui.tab.steps import steps
from demo.ui.tab.workspace import Tab, Workspace

_ACTS = ("list", "export", "open", "rename", "pin", "delete")
_PAGE = 24  # rows at a time
_MAX_SHOWN = 1000
_MARGIN = 50_000_000  # bytes; people are warned of what would be deleted for this many more


@dataclass(frozen=True, slots=True)
class Library:
    """Handlers of the panel's events; ``exporting`` saves dialogues as files.

    ``recall`` adds to a workspace from disk what is known of its dialogue beside the disk.
    """

    context: Context
    opening: Opening
    exporting: Exporting
    recall: Callable[[Workspace], Workspace] = lambda workspace: workspace

    def arrive(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """A page was loaded: show the dialogue that it showed before, or else the last one."""
        show, saver = self.context.show, self.context.saver
        store, owner = saver.store, saver.owner(request)
        self.context.tabs.take(visitor_of(request), tab)
        if store is None or owner is None:
            with tab.lock:
                tab.owner = owner
            return show.line("", "hint")
        try:
            wanted = Payload(event).text("kept", 64)
            with self.context.long_work(request), tab.lock:
                tab.owner = owner
                if tab.workspace is not None:
                    return show.line("", "hint")
                workspace = None if wanted == "none" else self._last(owner, wanted)
                at_risk = [entry.title for entry in _at_risk(store, owner)]
                notes = (store.notice, sentences.removal_warning(at_risk))
                return show.workspace(tab, workspace, " ".join(filter(None, notes)))
        except DemoError as error:
            return show.line(str(error))

    def act(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """Do one act in the panel; the answer holds the list as it is then."""
        sent, tab.owner = Payload(event), self.context.saver.owner(request)
        try:
            kind = sent.one_of("kind", _ACTS)
            is_long = kind in ("open", "export")
            with self.context.long_work(request) if is_long else nullcontext(), tab.lock:
                done = self._act(kind, sent, tab, request)
        except DemoError as error:
            done = self._panel(said=str(error), failed=True)
        with tab.lock:
            return self._with_list(done, tab, sent, request)

    def _act(self, kind: str, sent: Payload, tab: Tab, request: gr.Request) -> Updates:
        if kind == "list":
            return self._panel()
        if kind == "export":
            return self._panel(**self.exporting.file(tab, sent.text("id"), request))
        store, owner = self.context.saver.store, tab.owner
        if store is None or owner is None:
            raise StoreError(sentences.NOT_SAVED)
        identity = sent.text("id")
        match kind:
            case "open":
                return self._open(owner, identity, tab, request)
            case "rename":
                store.rename(owner, identity, sent.text("title"))
                return self._panel(said="Renamed.")
            case "pin":
                store.pin(owner, identity, sent.flag("pinned"))
                pinned = "Pinned: it stays, however old it gets."
                return self._panel(said=pinned if sent.flag("pinned") else "Unpinned.")
            case _:
                return self._delete(store, owner, identity, tab, request)

    # Opening --------------------------------------------------------------------------------

    def _last(self, owner: Owner, wanted: str) -> Workspace | None:
        saved = self.context.saver.last(owner, wanted)
        return None if saved is None else self._workspace_of(saved)

    def _workspace_of(self, saved: SavedDialogue) -> Workspace:
        questions = self.opening.questions_for(saved.picture)
        return self.recall(saved.onto(self.opening.workspace_for(saved.picture, questions)))

    def _open(self, owner: Owner, identity: str, tab: Tab, request: gr.Request) -> Updates:
        self.context.require_idle(request)
        closing = self._panel(close=True)
        if tab.workspace is not None and (place := tab.workspace.place_of(identity)) is not None:
            return {**closing, **self.context.show.workspace(tab, tab.workspace.switched(place))}
        workspace = self._workspace_of(self.context.saver.fetch(owner, identity))
        tab.forget(identity)
        return {**closing, **self.opening.open(lambda: workspace, tab, request)}

    def _delete(
        self, store: Store, owner: Owner, identity: str, tab: Tab, request: gr.Request
    ) -> Updates:
        """Remove it from the disk, from the page, and from what Undo could bring back."""
        workspace = tab.workspace
        place = None if workspace is None else workspace.place_of(identity)
        if place is not None:
            self.context.require_idle(request)
        store.delete(owner, identity)
        self.exporting.forget(identity)
        self.context.tabs.forget(owner, identity)
        tab.forget(identity)
        done, left = self._panel(said="Deleted."), tab.workspace
        if left is None or place is None:
            return {**done, self.context.parts.canvas: steps(tab)}
        return {**done, **self.context.show.workspace(tab, left.without(place))}

    def _with_list(self, done: Updates, tab: Tab, sent: Payload, request: gr.Request) -> Updates:
        try:
            listed = {**self._list(tab, sent), "user": request.username or ""}
        except DemoError as error:
            listed = {"said": str(error), "failed": True}
        panel = self.context.parts.library
        news = {name: value for name, value in done[panel].items() if value}
        return {**done, panel: {**listed, **news, "serial": serial()}}

    def _list(self, tab: Tab, sent: Payload) -> dict[str, Any]:
        store, owner = self.context.saver.store, tab.owner
        here = bool(tab.workspace and not tab.workspace.is_untouched)
        if store is None or owner is None:
            bound = sentences.IN_MEMORY if store is None else sentences.NO_COOKIES
            return {"dialogues": [], "left": 0, "bound": bound, "here": here}
        count = min(sent.whole("count", _PAGE), _MAX_SHOWN)
        found = store.entries(owner, sent.text("search"))
        at_risk = {entry.id for entry in _at_risk(store, owner)}
        open_id = tab.workspace.saved_id if tab.workspace else None
        return {
            "dialogues": [_row(store, owner, entry, at_risk, open_id) for entry in found[:count]],
            "left": max(0, len(found) - count),
            "bound": sentences.room_note(store.used(owner), store.bounds.each),
            "said": store.notice,
            "here": here,
        }

    def _panel(self, **value: Any) -> Updates:
        return {self.context.parts.library: value}


def _at_risk(store: Store, owner: Owner) -> tuple[StoredDialogue, ...]:
    try:
        return store.would_remove(owner, _MARGIN)
    except StoreError:  # everything is pinned: nothing goes, which is said when there is no room
        return ()


def _row(
    store: Store, owner: Owner, entry: StoredDialogue, at_risk: set[str], open_id: str | None
) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": entry.title,
        "turns": entry.turns,
        "at": entry.updated,
        "pinned": entry.pinned,
        "going": entry.id in at_risk,
        "open": entry.id == open_id,
        "small": small_picture(store.thumbnail(owner, entry.id)),
    }
