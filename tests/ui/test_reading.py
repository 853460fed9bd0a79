"""The text box beside sending: which way of asking a tab has chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.dialects.ways import WAYS
from demo.errors import InputError
from demo.ui.composer.reading import Reading
from demo.ui.tab.workspace import Tab
from tests.ui.handlers import handlers_of, placed_parts, sent


def test_a_tab_keeps_the_way_that_was_chosen_and_no_other_word(tmp_path: Path) -> None:
    reading, tab = Reading(handlers_of(placed_parts(tmp_path), tmp_path).context), Tab()
    for way in WAYS:
        reading.choose_way(tab, sent(way=way))
        assert tab.asking == way
    for wrong in ("slowly", "", None, 3, ["quick"]):
        with pytest.raises(InputError, match="the demo does not know"):
            reading.choose_way(tab, sent(way=wrong))
    assert tab.asking == WAYS[-1]
