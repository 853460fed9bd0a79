"""Faults on the real page, by its own requests: what fails is said, and nothing that was there is lost."""

from __future__ import annotations

import html
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.dialects.prompt import Prompt
from demo.dialogue.store import Store
from demo.errors import StoreError
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Usage
from demo.ui.canvas.scene import save_for_browser
from demo.ui.shared import sentences
from tests.load.visitor import Visitor, visiting
from tests.support.scripted import Maskless
from tests.support.served import serving
from tests.support.table import TableReasoner
from tests.web.test_load import run

FOUND = "Found one: "


def newest(visitor: Visitor) -> str:
    """What the page was sent last that shows a dialogue."""
    said = next(text for text in reversed(visitor.arrived) if '"dialogues"' in text)
    return html.unescape(said)


def test_a_picture_is_there_as_a_whole_or_not_at_all(blocks: Path, tmp_path: Path) -> None:
    picture = open_picture(blocks)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(StoreError, match=r"^This picture cannot be shown: the disk is full\.$"):
            save_for_browser(picture, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
    assert open_picture(save_for_browser(picture, tmp_path)) == picture


class _BreakingCard(TableReasoner):
    """A model whose card fails in the middle of an answer."""

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        for piece in super().stream(picture, prompt, cancel):
            yield piece
            if "card" in prompt.question:
                raise RuntimeError("CUDA error: an illegal memory access was encountered")


def test_a_cuda_error_ends_its_turn_and_the_dialogue_goes_on(blocks: Path, tmp_path: Path) -> None:
    async def talk(url: str) -> bool:
        async with visiting(url) as visitor:
            await visitor.open(blocks.read_bytes())
            assert FOUND in (await visitor.ask("find red")).text
            failed = await visitor.ask("find red, card")
            assert sentences.UNEXPECTED in html.unescape(failed.text)
            assert '"find red, card"' in visitor.arrived[-1]  # back in the text box
            again = html.unescape((await visitor.ask("what is next to R1")).text)
            assert '"R1"' in again
            assert '"R2"' in again
            await visitor.reload()
            assert '"turns":2' in newest(visitor)
        return True

    with serving(_BreakingCard(), store=Store(tmp_path / "kept")) as server:
        run(lambda: talk(server.url))


def test_boxes_are_shown_when_masks_fail_and_it_is_said_and_counted_once(
    blocks: Path, tmp_path: Path
) -> None:
    async def talk(url: str) -> bool:
        async with visiting(url) as visitor:
            await visitor.open(blocks.read_bytes())
            text = html.unescape((await visitor.ask("find red")).text)
            assert "There are no masks. The segmenter failed." in text
            assert '"box":[40,60,140,160]' in text
        return True

    with serving(segmenter=Maskless(RuntimeError("CUDA error: out of luck"))) as server:
        run(lambda: talk(server.url))
        assert b'errors_total{kind="RuntimeError"} 1.0' in server.watch.text()


def test_a_clock_that_is_set_loses_nothing(
    blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_700_000_000.0]

    def jumping() -> float:
        now[0] += -86_400.0 if int(now[0]) % 2 else 172_801.0  # there and back
        return now[0]

    async def talk(url: str) -> bool:
        async with visiting(url) as visitor:
            await visitor.open(blocks.read_bytes())
            await visitor.ask("find red")
            monkeypatch.setattr("time.time", jumping)
            await visitor.ask("find both")
            await visitor.ask("a ghost")
            await visitor.reload()
            assert '"turns":3' in newest(visitor)
            assert "find both" in newest(visitor)
        return True

    with serving(store=Store(tmp_path / "kept")) as server:
        run(lambda: talk(server.url))
        monkeypatch.undo()


def test_the_end_of_a_server_closes_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "kept")
    with serving(store=store):
        assert store.used() == 0
    with pytest.raises(StoreError):
        store.used()
