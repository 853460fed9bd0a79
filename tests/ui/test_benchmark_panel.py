"""The panel of the benchmark without a browser: whatever is sent, and what the server remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.ui.benchmark.panel import Benchmark, PlayedRows
from demo.ui.tab.workspace import Tab, Workspace
from tests.evaluate.test_live_benchmark import index_of, row
from tests.ui.handlers import handlers_of, placed_parts, sent
from tests.ui.test_dialogues_panel import asks


@pytest.fixture
def benchmark(tmp_path: Path, blocks: Path) -> Benchmark:
    (tmp_path / "blocks.png").write_bytes(blocks.read_bytes())
    rows = [row("red", image="blocks.png"), row("both", image="../secret.png")]
    page = handlers_of(placed_parts(tmp_path / "parts", benchmark=True), tmp_path)
    return Benchmark(page.context, page.opening, index_of(tmp_path, rows))


def panel(benchmark: Benchmark, updates: dict[Any, Any]) -> dict[str, Any]:
    value: dict[str, Any] = updates[benchmark.context.parts.benchmark]
    return value


def opened(benchmark: Benchmark, number: int) -> Workspace:
    tab = Tab()
    benchmark.choose(tab, sent(row=number), asks("ann"))
    assert tab.workspace is not None
    return tab.workspace


@pytest.mark.parametrize(
    ("call", "data"),
    [
        pytest.param("choose", {}, id="no row"),
        pytest.param("choose", {"row": True}, id="no number"),
        pytest.param("choose", {"row": -1}, id="before the first"),
        pytest.param("choose", {"row": 10**30, "count": -3}, id="behind the last"),
        pytest.param("choose", {"row": 1, "search": ["x"]}, id="a picture outside"),
        pytest.param("rows", {"count": "all", "search": {"a": 1}}, id="odd words"),
        pytest.param("pictures", {"rows": [1, -7, "0", None, 10**30]}, id="odd pictures"),
        pytest.param("pictures", {"rows": 7}, id="no list"),
    ],
)
def test_whatever_a_browser_sends_is_answered(
    call: str, data: dict[str, object], benchmark: Benchmark
) -> None:
    tab = Tab()
    calls: dict[str, Callable[[], dict[Any, Any]]] = {
        "choose": lambda: benchmark.choose(tab, sent(**data), asks("ann")),
        "rows": lambda: benchmark.rows(tab, sent(**data)),
        "pictures": lambda: benchmark.pictures(sent(**data)),
    }
    assert panel(benchmark, calls[call]())["serial"]
    assert tab.workspace is None


def test_small_pictures_come_for_rows_that_have_one(benchmark: Benchmark) -> None:
    small = panel(benchmark, benchmark.pictures(sent(rows=[0, 1])))["small"]
    assert small["0"].startswith("data:image/jpeg;base64,")
    assert small["1"] is None


def test_a_dialogue_from_disk_has_its_row_again(benchmark: Benchmark) -> None:
    workspace = opened(benchmark, 0)
    bare = replace(workspace, track=None)
    recalled = benchmark.recall(bare)
    assert recalled.track is not None
    assert recalled.track.dialogue.index == 0
    branch = replace(bare.session, id="b", branch=(bare.session.id, 1))
    assert benchmark.recall(replace(bare, session=branch, order=("b",))).track is not None
    assert replace(benchmark, played=PlayedRows()).recall(bare).track is None


def test_a_file_that_has_gone_leaves_the_dialogue(benchmark: Benchmark) -> None:
    bare = replace(opened(benchmark, 0), track=None)
    benchmark.index.path.unlink()
    assert benchmark.recall(bare) is bare
