"""Looks in the page: small pictures in the dialogue and their places on the picture, and “Look closer”."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.dialogue.examples import Example
from demo.models.models import Models
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.ui.page import build_page, launch_options
from tests.conftest import free_port, visit
from tests.page.test_accessibility import grave
from tests.support.lookers import Looker
from tests.support.table import BUSY, IDLE, ask

LOOK = "#chat .look a[role=button]"
FRAME = "#canvas .closer .frame"


@pytest.fixture(scope="module")
def looker() -> Looker:
    return Looker()


@pytest.fixture(scope="module")
def looking_url(looker: Looker, blocks: Path) -> Iterator[str]:
    models = Models(looker, GrabCutSegmenter(), "looker · CPU", "", "Why not.")
    page = build_page(models, [Example("Blocks", blocks, ())])
    _, address, _ = page.launch(
        prevent_thread_lock=True, quiet=True, server_port=free_port(), **launch_options()
    )
    yield address
    page.close(verbose=False)


@pytest.fixture
def page(browser: Browser, looking_url: str, blocks: Path, looker: Looker) -> Iterator[Page]:
    looker.go_on.set()
    with visit(browser, looking_url) as page:
        page.set_input_files("#upload input[type=file]", blocks)
        expect(page.locator("#canvas img")).to_be_visible()
        yield page
