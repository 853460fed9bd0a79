"""Dialogues go to disk and come back: between a workspace and the store.

It does not know what a page shows of them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import gradio as gr

from demo.access.visitors import owner_of
from demo.dialogue.owner import Owner
from demo.dialogue.session import Session
from demo.dialogue.store import Saved, Store
from demo.errors import StoreError
from demo.picture.picture import Picture
from demo.ui.shared import sentences
from demo.ui.tab.workspace import Copy, Tab, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class SavedDialogue:
    """A dialogue from disk, with its branches in the order in which they began."""

    picture: Picture
    session: Session
    branches: tuple[tuple[Session, Saved], ...]

    def onto(self, workspace: Workspace) -> Workspace:
        """A workspace with that picture, with these dialogues on it."""
        return replace(
            workspace,
            session=next(s for s, _ in self.branches if s.id == self.session.id),
            others=tuple(s for s, _ in self.branches if s.id != self.session.id),
            order=tuple(s.id for s, _ in self.branches),
            copies={s.id: Copy(saved, s) for s, saved in self.branches},
        )


@dataclass(frozen=True, slots=True)
class Saver:
    """Saves the dialogues of workspaces; without a store it saves nothing."""

    store: Store | None = None

    def owner(self, request: gr.Request) -> Owner | None:
        """Whose dialogues are saved; None when none are."""
        return None if self.store is None else owner_of(request)

    def save(self, tab: Tab, workspace: Workspace | None, *, untouched: bool = False) -> str:
        """Save that workspace before it is shown, and return what people should know of it.

        A picture about which nothing has been asked is saved if ``untouched`` says so. What cannot be saved
        stays on the workspace, and is tried again with the next act.
        """
        store, owner = self.store, tab.owner
        if store is None or owner is None:
            return ""
        try:
            with tab.lock:
                self._delete_untouched(store, owner, tab)
                moved = [
                    _save(store, owner, each, session)
                    for each in (*tab.put_away, *([workspace] if workspace else []))
                    for session in _unsaved(each, untouched and each is workspace)
                ]
        except StoreError as error:
            return str(error)
        return sentences.SAVED_APART if any(moved) else ""

    def add(self, owner: Owner, session: Session, picture: Picture) -> None:
        """Save a dialogue that is on no page. Raises StoreError."""
        if self.store is None:
            raise StoreError(sentences.NOT_SAVED)
        self.store.save(owner, session, picture)

    def fetch(self, owner: Owner, identity: str) -> SavedDialogue:
        """A dialogue of that owner. Raises StoreError."""
        if self.store is None:
            raise StoreError(sentences.NOT_SAVED)
        session, picture, _ = self.store.load(owner, identity)
        return SavedDialogue(picture, session, self.store.branches(owner, identity))

    def session(self, owner: Owner, identity: str) -> Session:
        """A dialogue of that owner without its picture. Raises StoreError."""
        if self.store is None:
            raise StoreError(sentences.NOT_SAVED)
        return self.store.session(owner, identity)

    def picture(self, owner: Owner, identity: str) -> Picture:
        """The picture of a dialogue of that owner. Raises StoreError."""
        if self.store is None:
            raise StoreError(sentences.NOT_SAVED)
        return self.store.load(owner, identity)[1]

    def about(self, owner: Owner, picture: Picture) -> SavedDialogue | None:
        """The newest dialogue about that picture, if there is one. Raises StoreError."""
        identity = None if self.store is None else self.store.about(owner, picture.sha256)
        if self.store is None or identity is None:
            return None
        branches = self.store.branches(owner, identity)
        session = next(session for session, saved in branches if saved.id == identity)
        return SavedDialogue(picture, session, branches)

    def last(self, owner: Owner, wanted: str) -> SavedDialogue | None:
        """The dialogue that a browser had open, else the last one, if there is any."""
        if self.store is None:
            return None
        if wanted:
            with suppress(StoreError):
                return self.fetch(owner, wanted)
        newest = self.store.newest(owner)
        return None if newest is None else self.fetch(owner, newest)

    def _delete_untouched(self, store: Store, owner: Owner, tab: Tab) -> None:
        """Delete pictures that were put away before anything was asked about them."""
        for workspace in tab.put_away:
            if not (workspace.is_untouched and workspace.copies and len(workspace.dialogues) == 1):
                continue
            mine = {copy.saved.id for copy in workspace.copies.values()}
            for entry in store.entries(owner):
                if entry.id in mine and not entry.pinned:
                    store.delete(owner, entry.id)
            workspace.copies.clear()


def _unsaved(workspace: Workspace, untouched: bool) -> Iterator[Session]:
    """The dialogues whose state is not on disk, the one that is shown last."""
    for session in (*workspace.others, workspace.session):
        copy = workspace.copies.get(session.id)
        begun = untouched or copy or session.turns or session.registry.regions
        if begun and (copy is None or copy.session != session):
            yield session


def _save(store: Store, owner: Owner, workspace: Workspace, session: Session) -> bool:
    """Save it; whether it became a dialogue of its own, as another window had gone on with it."""
    copy = workspace.copies.get(session.id)
    former = None if copy is None else copy.saved
    saved = store.save(owner, session, workspace.picture, former)
    workspace.copies[session.id] = Copy(saved, session)
    return former is not None and former.id != saved.id
