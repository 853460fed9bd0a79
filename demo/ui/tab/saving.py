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
class Fetched:
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
    """Saves the dialogues of workspaces; without a store, nothing is kept."""

    store: Store | None = None

    def owner(self, request: gr.Request) -> Owner | None:
        """Whose dialogues are kept; None when none are."""
        return None if self.store is None else owner_of(request)

    def keep(self, tab: Tab, workspace: Workspace | None, *, untouched: bool = False) -> str:
        """Save that workspace before it is shown; what people should know of it, or nothing.

        A picture about which nothing has been asked is kept if ``untouched`` says so. What cannot be kept
        stays on the workspace, and is tried again with the next act.
        """
        store, owner = self.store, tab.owner
        if store is None or owner is None:
            return ""
        try:
            with tab.lock:
                self._let_go(store, owner, tab)
                moved = [
                    _save(store, owner, lying, session)
                    for lying in (*tab.put_away, *([workspace] if workspace else []))
                    for session in _changed(lying, untouched and lying is workspace)
                ]
        except StoreError as error:
            return str(error)
        return sentences.KEPT_BESIDE if any(moved) else ""

    def fetch(self, owner: Owner, identity: str) -> Fetched:
        """A dialogue of that owner. Raises StoreError."""
        if self.store is None:
            raise StoreError(sentences.NOT_KEPT)
        session, picture, _ = self.store.load(owner, identity)
        return Fetched(picture, session, self.store.branches(owner, identity))

    def last(self, owner: Owner, wished: str) -> Fetched | None:
        """The dialogue that a browser had open, else the last one, if there is any."""
        if self.store is None:
            return None
        if wished:
            with suppress(StoreError):
                return self.fetch(owner, wished)
        newest = self.store.newest(owner)
        return None if newest is None else self.fetch(owner, newest)

    def _let_go(self, store: Store, owner: Owner, tab: Tab) -> None:
        """Pictures that were put away before anything was asked about them are not dialogues."""
        for workspace in tab.put_away:
            if not (workspace.is_untouched and workspace.copies and len(workspace.dialogues) == 1):
                continue
            mine = {copy.saved.id for copy in workspace.copies.values()}
            for kept in store.entries(owner):
                if kept.id in mine and not kept.pinned:
                    store.delete(owner, kept.id)
            workspace.copies.clear()


def _changed(workspace: Workspace, untouched: bool) -> Iterator[Session]:
    """The dialogues whose state is not on disk, the one that is shown last."""
    for session in (*workspace.others, workspace.session):
        copy = workspace.copies.get(session.id)
        begun = untouched or copy or session.turns or session.registry.regions
        if begun and (copy is None or copy.session is not session):
            yield session


def _save(store: Store, owner: Owner, workspace: Workspace, session: Session) -> bool:
    """Save it; whether it had to be kept beside what another window has kept."""
    copy = workspace.copies.get(session.id)
    former = None if copy is None else copy.saved
    saved = store.save(owner, session, workspace.picture, former)
    workspace.copies[session.id] = Copy(saved, session)
    return former is not None and former.id != saved.id
