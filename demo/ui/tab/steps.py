"""What Undo and Redo would do in a tab, in words."""

from __future__ import annotations

from contextlib import suppress

from demo.dialogue.changes import change
from demo.errors import InputError, one_line
from demo.ui.tab.workspace import Tab, Workspace

_NEW = "clearing the page"
_MAX_NAME = 40  # letters of a picture's name


def steps(tab: Tab) -> dict[str, str]:
    """What each of the two would take back or do again; empty where there is nothing."""
    return {"undo": _to_undo(tab), "redo": _to_redo(tab.workspace)}


def step(before: Workspace, after: Workspace) -> str:
    """What was done between two states of a workspace."""
    if before.session is after.session:
        return "the question that failed"
    return change(before.session, after.session)


def _to_undo(tab: Tab) -> str:
    if tab.workspace is not None:
        with suppress(InputError):
            return step(tab.workspace.undone(), tab.workspace)
    if not tab.put_away:
        return ""
    return _opening(tab.workspace)


def _to_redo(workspace: Workspace | None) -> str:
    if workspace is None:
        return ""
    with suppress(InputError):
        return step(workspace, workspace.redone())
    return _opening(workspace.ahead[0]) if workspace.ahead else ""


def _opening(workspace: Workspace | None) -> str:
    """The act by which that one came, None for the empty page."""
    if workspace is None:
        return _NEW
    return f"opening “{one_line(workspace.session.picture.name, _MAX_NAME)}”"
