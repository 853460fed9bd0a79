"""A dialogue is shared: as a page to save, or by a link to that page, which can be withdrawn.

The page shows the dialogue as it is at that moment. Whose links they are is known from the request.
"""

from __future__ import annotations

import html
import re
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from demo.dialogue.links import Link
from demo.errors import DemoError, InputError, StoreError, disk_fault
from demo.figures.beside import Beside, Besides
from demo.figures.page import dialogue_page
from demo.picture.picture import safe_name
from demo.ui.canvas.asides import AsideKind
from demo.ui.context import Context
from demo.ui.dialogues.exports import Exports
from demo.ui.shared import sentences
from demo.ui.shared.answers import serial
from demo.ui.shared.payload import Payload
from demo.ui.shared.small_picture import small_picture
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab, Workspace

_ACTS = ("look", "page", "link", "withdraw")
_OFF = "Links are switched off on this server. Save the page instead."
_NOT_KEPT = (
    "Links need dialogues that are kept, and on this server they are not. Save the page instead."
)
_NO_COOKIES = "A link needs a browser that keeps this page’s cookies. Save the page instead."
_UNSAVED = "This dialogue is not saved on the server yet: ask something first, then make the link."
_NOTHING = "There is nothing to share yet: ask something about a picture first."
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Sharing:
    """Handlers of the form's events; ``files`` is where pages are saved as files.

    ``may_link`` says whether the operator allows links.
    """

    context: Context
    files: Path
    may_link: bool = True

    def act(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """Do one act in the form; the answer holds the links as they are then."""
        sent, tab.owner = Payload(event), self.context.saver.owner(request)
        try:
            kind = sent.one_of("kind", _ACTS)
            is_long = kind in ("page", "link")
            with self.context.long_work(request) if is_long else nullcontext(), tab.lock:
                done = self._act(kind, sent, tab)
                shown = {**self._links(tab), **done}
        except DemoError as error:
            shown = {"said": str(error), "failed": True}
        with tab.lock:
            here = bool(tab.workspace and not tab.workspace.is_untouched)
            shown |= {
                "here": here,
                "why_not": self._why_not(tab),
                "user": request.username or "",
                "serial": serial(),
            }
            return {self.context.parts.sharing: shown}

    def _act(self, kind: str, sent: Payload, tab: Tab) -> dict[str, Any]:
        match kind:
            case "page":
                return {"file": self._file(tab)}
            case "link":
                return {"token": self._link(tab)}
            case "withdraw":
                return self._withdraw(tab, sent.text("id"))
        return {}

    def _file(self, tab: Tab) -> dict[str, Any]:
        """The page as a file, under an address that nobody can guess."""
        workspace = _shown(tab)
        page = self._page(workspace)
        name = f"{Path(safe_name(workspace.picture.info.name)).stem or 'dialogue'}.html"
        dialogue = workspace.saved_id or workspace.session.id
        try:
            path = Exports(self.files).write(dialogue, name, page)
        except OSError as error:
            raise StoreError(f"The page cannot be saved: {disk_fault(error)}.") from error
        return dict(FileData(path=str(path), orig_name=path.name).model_dump())

    def _link(self, tab: Tab) -> str:
        """A new link to the page of the dialogue; the end of its address."""
        store, workspace = self.context.saver.store, _shown(tab)
        if (why := self._why_not(tab)) or store is None or tab.owner is None:
            raise InputError(why)
        if workspace.saved_id is None:
            raise InputError(_UNSAVED)
        return store.links.make(tab.owner, workspace.saved_id, self._page(workspace))

    def _withdraw(self, tab: Tab, link: str) -> dict[str, Any]:
        store = self.context.saver.store
        if store is None or tab.owner is None:
            raise StoreError(sentences.NOT_SAVED)
        store.links.withdraw(tab.owner, link)
        return {"said": "Withdrawn: the link leads nowhere any more."}

    def _page(self, workspace: Workspace) -> bytes:
        remark = f"as it was on {time.strftime('%Y-%m-%d')}"
        besides = truth_beside(workspace)
        page = dialogue_page(workspace.picture, workspace.session, besides, remark=remark)
        return page.encode("utf-8", "replace")

    def _links(self, tab: Tab) -> dict[str, Any]:
        store = self.context.saver.store
        if store is None or tab.owner is None:
            return {"links": []}
        shown = tab.workspace.saved_id if tab.workspace else None
        links = store.links.of(tab.owner)
        small = {
            each: store.thumbnail(tab.owner, each) for each in {link.dialogue for link in links}
        }
        return {"links": [_row(link, shown, small[link.dialogue]) for link in links]}

    def _why_not(self, tab: Tab) -> str:
        """Why there can be no link; empty where there can."""
        if not self.may_link:
            return _OFF
        if self.context.saver.store is None:
            return _NOT_KEPT
        return "" if tab.owner else _NO_COOKIES


def truth_beside(workspace: Workspace) -> Besides:
    """What the benchmark says of the answers, where the dialogue is one of it."""
    remarks = workspace.remarks
    return {
        number: tuple(
            Beside(aside.name, aside.objects, _plain(remarks.get(number, ())), is_truth=True)
            for aside in asides
            if aside.kind is AsideKind.TRUTH
        )
        for number, asides in workspace.asides_by_turn.items()
    }


def _plain(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines of the chat without their markup."""
    return tuple(html.unescape(_TAG.sub("", line)).strip() for line in lines)


def _shown(tab: Tab) -> Workspace:
    if tab.workspace is None or tab.workspace.is_untouched:
        raise InputError(_NOTHING)
    return tab.workspace


def _row(link: Link, shown: str | None, small: bytes) -> dict[str, Any]:
    return {
        "id": link.id,
        "title": link.title,
        "picture": link.picture,
        "small": small_picture(small),
        "at": link.made,
        "here": link.dialogue == shown,
    }
