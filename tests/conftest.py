"""Real things that many tests share: the built-in checkpoint, a drawn picture, a browser's name."""

from __future__ import annotations

import os
import tempfile

# Nothing may be fetched while testing, and nothing may be told to anybody.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# No dialogue of a test is kept where a person's own are.
os.environ["REGIONREASONER_SESSIONS"] = "none"
# One thread for each process that computes: the workers have the cores among them.
os.environ["OMP_NUM_THREADS"] = "1"
# Files of the page, for this run alone: another one would delete them when it closes.
_FILES = os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="regionreasoner-tests-")

import gc
import json
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from demo.checkpoints.catalogue import NANO_FOLDER, find_model
from demo.dialogue.examples import Example
from demo.models.models import Models
from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.facts import Fact, facts_of
from demo.nano.world.layout import sample_scene
from demo.nano.world.scene import Scene
from demo.picture.picture import Picture, open_picture
from demo.reasoners.loading import load_local
from demo.reasoners.local import LocalReasoner
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.ui.page import build_page, launch_options
from tests import ROOT
from tests.support.table import TableReasoner

torch.set_num_threads(1)
MAX_WAIT_MS = 60_000  # so that no busy machine fails a test
expect.set_options(timeout=MAX_WAIT_MS)
# At random here, where a find is welcome; the same examples every time where a change is judged.
settings.register_profile(
    "tests",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("tests")


# The rooms whose tests start browsers, other processes or models, those that take longest first.
_COSTLY = ("page", "models", "nano", "reasoners", "web", "doctor", "evaluate", "checkpoints")
_COSTLY_FIXTURES = {"browser", "url", "served", "nano", "nano_to_close"}
_PURE_FILES = {
    *("nano/test_world.py", "evaluate/test_data.py", "evaluate/test_evaluate.py"),
    *("evaluate/test_metrics.py", "evaluate/test_looks.py"),
    *("checkpoints/test_checkpoints.py", "models/test_drawn_world.py"),
    *(f"evaluate/vstar/test_{name}.py" for name in ("letters", "questions", "vstar")),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is pure; what takes long comes first, so that the workers end together."""
    for item in items:
        if _is_pure(item):
            item.add_marker("pure")
    rank = {room: place for place, room in enumerate(_COSTLY)}
    items.sort(key=lambda item: rank.get(_room(item), len(rank)))


def _room(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT / "tests").parts[0]


def _is_pure(item: pytest.Item) -> bool:
    """Whether a test needs no more than a function that is called."""
    file = item.path.relative_to(ROOT / "tests").as_posix()
    costly = _room(item) in _COSTLY and file not in _PURE_FILES
    fixtures = getattr(item, "fixturenames", ())
    return not (costly or _COSTLY_FIXTURES & {*fixtures} or item.get_closest_marker("process"))


@pytest.fixture(autouse=True)
def _purity(request: pytest.FixtureRequest) -> Iterator[None]:
    """A pure test that starts a process fails."""
    global _is_pure_now
    _is_pure_now = request.node.get_closest_marker("pure") is not None
    yield
    _is_pure_now = False


_is_pure_now = False


def _refuse_processes(event: str, _: tuple[object, ...]) -> None:
    if _is_pure_now and event in {"subprocess.Popen", "os.posix_spawn", "os.fork"}:
        raise AssertionError("This test is marked as pure and starts a process: mark it “process”.")


sys.addaudithook(_refuse_processes)


def pytest_collection_finish() -> None:
    """What is imported and collected stays to the end: a model that is freed need not search it."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Nothing of the page's files stays."""
    shutil.rmtree(_FILES, ignore_errors=True)


@pytest.fixture(scope="session")
def nano() -> LocalReasoner:
    """The shipped checkpoint, through the same loader as the 7B."""
    return load_local(find_model("nano"))


@pytest.fixture
def nano_to_close() -> LocalReasoner:
    """One more, for a server, which closes its model when it stops."""
    return load_local(find_model("nano"))


def copy_of_nano(folder: Path, *, frame: int) -> Path:
    """The shipped checkpoint in a folder of its own, with another frame: it is shown pictures in that
    size, and what it writes is taken for numbers of it.
    """
    shutil.copytree(NANO_FOLDER, folder)
    config = folder / "config.json"
    written = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(written | {"region_frame": [frame, frame]}), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def scene() -> Scene:
    return sample_scene(np.random.default_rng([1 << 40, 7]), 5)


@pytest.fixture(scope="session")
def drawing(scene: Scene) -> Drawing:
    return draw(scene)


@pytest.fixture(scope="session")
def facts(scene: Scene, drawing: Drawing) -> tuple[Fact, ...]:
    return facts_of(scene, drawing)


@pytest.fixture(scope="session")
def picture(drawing: Drawing) -> Picture:
    return open_picture(drawing.image, "scene.png")


@pytest.fixture
def environment() -> Iterator[os._Environ[str]]:
    """This process's own, without a key and proxies, put back afterwards."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name == "OPENAI_API_KEY" or name.lower().endswith("_proxy"):
            del os.environ[name]
    yield os.environ
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, the one that `tests/run` found."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        for tabs in _visited.values():
            tabs.clear()
        chromium.close()


VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
PHONE_VIEWPORT: ViewportSize = {"width": 390, "height": 844}
KINDS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": VIEWPORT},
    "dark": {"viewport": VIEWPORT, "color_scheme": "dark"},
    "phone": {"viewport": PHONE_VIEWPORT, "has_touch": True, "is_mobile": True},
}
_visited: dict[str, list[Page]] = {kind: [] for kind in KINDS}  # that nobody uses now


@contextmanager
def visit(browser: Browser, url: str, script: str = "", *, kind: str = "desktop") -> Iterator[Page]:
    """The page as a visitor first sees it; at the end: no script failed, nobody else was asked.

    With a `script`, which runs before the page's own, the tab is new and nobody follows.
    """
    failed: list[str] = []
    listeners: dict[str, Callable[[Any], None]] = {
        "pageerror": lambda error: _note(str(error), failed),
        "console": lambda said: _note(said.text, failed) if said.type == "error" else None,
        "dialog": lambda dialog: failed.append(dialog.message),
        "request": lambda sent: None if _own(sent.url, url) else failed.append(sent.url),
    }
    with lent_tab(browser, url, listeners, script, kind) as page:
        try:
            yield page
        finally:
            said = list(failed)  # before leaving, which aborts what is under way
    assert said == []


@contextmanager
def lent_tab(
    browser: Browser,
    url: str,
    listeners: dict[str, Callable[[Any], None]],
    script: str = "",
    kind: str = "desktop",
) -> Iterator[Page]:
    """A tab at the page, as somebody new with such a device sees it.

    A visitor gets the tab of the former one: the browser has read the page's scripts by then, which is
    three quarters of what a visit costs, and nothing else of the former visitor is left.
    """
    used = bool(_visited[kind]) and not script
    page = _visited[kind].pop() if used else browser.new_context(**KINDS[kind]).new_page()
    page.set_default_timeout(MAX_WAIT_MS)
    for event, listener in listeners.items():
        page.on(event, listener)  # type: ignore[call-overload]
    if script:
        page.add_init_script(script)
    page.goto(url)
    page.locator("#examples button").first.wait_for()
    try:
        yield page
    finally:
        if script or page.is_closed():
            page.context.close()
        else:
            _leave(page, url)
            page.set_viewport_size(KINDS[kind]["viewport"])
            for event, listener in listeners.items():
                page.remove_listener(event, listener)
            _visited[kind].append(page)


def _leave(page: Page, url: str) -> None:
    """Take away what a visitor did to the browser; only a document of the page's origin may."""
    page.goto(f"{url.rstrip('/')}/theme.css")
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    for other in page.context.pages:
        if other != page:
            other.close()
    page.context.clear_cookies()
    page.context.clear_permissions()
    for key in ("Shift", "Control", "Alt", "Meta"):
        page.keyboard.up(key)  # a test that failed may hold it
    page.mouse.up()
    page.mouse.move(0, 0)


def _note(text: str, failed: list[str]) -> None:
    """Note a failure; a stream that a reload ends is none."""
    if not (text.startswith("AbortError") or "errored out" in text):
        failed.append(text)


def _own(address: str, url: str) -> bool:
    return address.startswith((url, "data:", "blob:"))


def free_port() -> int:
    """A port nobody listens on. (Gradio's own search leaves a socket open for each that is taken.)"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def reasoner() -> TableReasoner:
    return TableReasoner()


@pytest.fixture(scope="session")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of 400 × 300 with a red block on the left and a blue one on the right."""
    image = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 60, 139, 159), fill="red")
    draw.rectangle((240, 60, 339, 159), fill="blue")
    path = tmp_path_factory.mktemp("page") / "blocks.png"
    image.save(path)
    return path


@pytest.fixture(scope="session")
def url(reasoner: TableReasoner, blocks: Path) -> Iterator[str]:
    models = Models(
        reasoner, GrabCutSegmenter(), "table · CPU", "It reads from a table.", "Why not."
    )
    example = Example("Blocks", blocks, ("find red", "what is next to R1"))
    page = build_page(models, [example])
    _, address, _ = page.launch(
        prevent_thread_lock=True, quiet=True, server_port=free_port(), **launch_options()
    )
    yield address
    page.close(verbose=False)


@pytest.fixture
def open_page(browser: Browser, url: str, reasoner: TableReasoner) -> Iterator[Page]:
    """The page as a visitor first sees it."""
    reasoner.go_on.clear()
    reasoner.stopped.clear()
    with visit(browser, url) as page:
        yield page


@pytest.fixture
def page(open_page: Page, blocks: Path) -> Page:
    """The page with the picture of two blocks."""
    open_page.set_input_files("#upload input[type=file]", blocks)
    expect(open_page.locator("#canvas img")).to_be_visible()
    return open_page
