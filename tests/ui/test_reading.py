"""The text box beside sending: how a message is read, and which way of asking a tab has chosen."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from demo.dialects.ways import WAYS
from demo.ui.composer.reading import Reading
from demo.ui.tab.workspace import Tab
from tests.ui.handlers import handlers_of, placed_parts, sent
from tests.ui.test_values import EMPTY, LEFT, RIGHT, answered, workspace

REQUEST: Any = SimpleNamespace(session_hash="ann")
TWO = answered(answered(EMPTY, "block", LEFT), "block", RIGHT)


def read(typed: str, folder: Path) -> dict[str, Any]:
    """What the line above the message gets for what is typed, with R1 and R2 on the picture."""
    reading, tab = Reading(handlers_of(placed_parts(folder), folder).context), Tab()
    tab.workspace = workspace(TWO)
    made: dict[str, Any] = reading.read(typed, tab, REQUEST)
    return made


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("  🐶🐶 e\u0301 left of Ｒ１", ("Ｒ１", "R1", False, False)),
        ("\n 🐶 e\u0301 behind it 🐱", ("it", "R2", False, True)),
        ("𝐑𝟏左", ("𝐑𝟏", "R1", False, False)),
        ("👩\u200d👧 and its box", ("its", "R2", True, True)),
        ("👩\u200d👧 beside box 1", ("box 1", "R1", False, False)),
    ],
)
def test_readings_are_placed_as_the_page_counts(
    typed: str, expected: tuple[object, ...], tmp_path: Path
) -> None:
    [[words, name, start, end, *more]] = read(typed, tmp_path)["reads"]
    assert (words, name, *more) == expected
    assert typed.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le") == words


@pytest.mark.parametrize(
    ("typed", "doubt"),
    [
        ("left of R1", ""),
        ("left of R9", ""),  # its chip says so
        ("find the Audi R8", "“R8” is read as plain text, not as a region."),
        ("HR2, R12b and the R9", "“HR2” and “R12b” are read as plain text, not as regions."),
        ('the sign "R2"', ""),
        ("“R2”左边", "“R2” is read as plain text, not as a region."),
        ("left of region 9", "There is no R9 here. You can cite R1 and R2."),
        ("区域9左边", "There is no R9 here. You can cite R1 and R2."),
        ("R2" * 2_000, ""),
    ],
)
def test_what_is_no_region_is_said_before_sending(typed: str, doubt: str, tmp_path: Path) -> None:
    assert read(typed, tmp_path)["doubt"] == doubt


def test_a_tab_keeps_the_way_that_was_chosen_and_no_other_word(tmp_path: Path) -> None:
    reading, tab = Reading(handlers_of(placed_parts(tmp_path), tmp_path).context), Tab()
    for way in WAYS:
        reading.choose_way(tab, sent(way=way))
        assert tab.asking == way
    for wrong in ("slowly", "", None, 3, ["quick"]):
        reading.choose_way(tab, sent(way=wrong))
        assert tab.asking == WAYS[-1]
