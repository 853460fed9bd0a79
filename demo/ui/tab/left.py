"""Dialogues about pictures that a tab holds no longer: without pixels, which come again with the picture.

What is kept on disk is not here. There are few, so that no visitor fills the memory; the oldest go.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from demo.dialogue.extent import characters_of
from demo.dialogue.session import Session

if TYPE_CHECKING:
    from demo.ui.tab.workspace import Copy, Failure, Workspace

MAX_LEFT, MAX_CHARACTERS = 500, 10_000_000  # pictures, and what their dialogues take


@dataclass(frozen=True, slots=True)
class Left:
    """The dialogues about one picture, as `Workspace` has them."""

    session: Session
    others: tuple[Session, ...]
    order: tuple[str, ...]
    copies: dict[str, Copy]
    failure: Failure | None

    @classmethod
    def of(cls, workspace: Workspace) -> Left:
        """Those of a workspace."""
        w = workspace
        return cls(w.session, w.others, w.order, w.copies, w.failure)

    def onto(self, workspace: Workspace) -> Workspace:
        """A workspace with that picture, with these dialogues on it."""
        return replace(
            workspace,
            session=self.session,
            others=self.others,
            order=self.order,
            copies=self.copies,
            failure=self.failure,
        )

    @property
    def characters(self) -> int:
        """About how much memory they take."""
        return sum(map(characters_of, (self.session, *self.others)))


class LeftDialogues:
    """Those of one tab, by the hash of their picture."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[Left, int]] = OrderedDict()

    @property
    def characters(self) -> int:
        """About how much memory all of them take."""
        return sum(characters for _, characters in self._left.values())

    def add(self, workspace: Workspace) -> None:
        """Keep its dialogues, unless nothing was asked or drawn, or all of them are on disk."""
        if not workspace.is_begun or workspace.is_on_disk:
            return
        left = Left.of(workspace)
        self._left[workspace.picture.sha256] = left, left.characters
        self._left.move_to_end(workspace.picture.sha256)
        while len(self._left) > MAX_LEFT or self.characters > MAX_CHARACTERS:
            self._left.popitem(last=False)

    def forget(self, saved_id: str) -> None:
        """Drop those that are a later state of a dialogue on disk, which was deleted or is opened."""
        for sha256, (left, _) in list(self._left.items()):
            if any(copy.saved.id == saved_id for copy in left.copies.values()):
                del self._left[sha256]

    def take(self, sha256: str) -> Left | None:
        """The dialogues about that picture, which are not here any more then."""
        found = self._left.pop(sha256, None)
        return None if found is None else found[0]
