"""The ways out of a picture that the model does not know: what is offered, in order and words."""

from __future__ import annotations

import pytest

from demo.checkpoints.catalogue import CATALOGUE
from demo.models.available import Row
from demo.models.ways import DRAW, MAX_MODELS, ways_out

SEVEN_B = CATALOGUE["regionreasoner-7b"].source
SLOW = "A first answer about a picture in about 4 minutes."
FETCH = Row(SEVEN_B, "RegionReasoner-7B", "away", "…", size=16_600_000_000, slow=SLOW)
NANO = Row(CATALOGUE["nano"].source, "nano", "runs", "Runs now on CPU.")
OWN = Row("/models/own", "own", "here", "Here on disk.")
NAMED = Row("somebody/small", "small", "away", "Of unknown size to fetch.", slow=SLOW)


def offered(*rows: Row) -> list[tuple[str, str, str]]:
    return [(way.kind, way.title, way.button) for way in ways_out(rows)]


DRAWING = ("draw", DRAW.title, DRAW.button)


def test_drawing_is_always_there_and_last() -> None:
    assert ways_out([]) == (DRAW,)
    assert offered(NANO, FETCH)[-1] == DRAWING


def test_what_is_here_comes_before_what_is_fetched() -> None:
    assert offered(NAMED, FETCH, NANO, OWN) == [
        ("use", "own", "Use"),
        ("fetch", "RegionReasoner-7B", "Fetch 16.6 GB and use"),
        ("fetch", "small", "Fetch and use"),
        DRAWING,
    ]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(NANO, id="the one that runs"),
        pytest.param(Row(NANO.source, "nano", "here", ""), id="the built-in one"),
        pytest.param(Row(SEVEN_B, "RegionReasoner-7B", "unfit", "No."), id="one that does not fit"),
        pytest.param(
            Row(CATALOGUE["seg-zero-7b"].source, "Seg-Zero-7B", "away", "16.6 GB"),
            id="one of many in the catalogue",
        ),
    ],
)
def test_what_is_no_way_out_is_not_offered(row: Row) -> None:
    assert ways_out([row]) == (DRAW,)


def test_of_one_model_in_two_forms_the_one_that_fits_is_offered() -> None:
    packed, plain = (
        Row(CATALOGUE[name].source, name, "away", "…", size=10**9, slow=SLOW)
        for name in ("qwen3-vl-2b-gguf", "qwen3-vl-2b")
    )
    assert [way.title for way in ways_out([plain, packed])] == [packed.title, DRAW.title]
    assert [way.title for way in ways_out([plain])] == [plain.title, DRAW.title]


def test_best_for_photographs_here_comes_first() -> None:
    small = Row(CATALOGUE["qwen3-vl-2b-gguf"].source, "Qwen3-VL-2B", "away", "…", slow=SLOW)
    assert [way.source for way in ways_out([FETCH, small])][:2] == [small.source, SEVEN_B]
    assert [way.source for way in ways_out([FETCH, small], SEVEN_B)][:2] == [SEVEN_B, small.source]


def test_where_a_card_makes_all_quick_the_large_one_comes_first() -> None:
    small = Row(CATALOGUE["qwen3-vl-2b"].source, "Qwen3-VL-2B", "away", "4.3 GB to fetch.")
    large = Row(SEVEN_B, "RegionReasoner-7B", "away", "16.6 GB to fetch.")
    assert [way.source for way in ways_out([small, large])][:2] == [SEVEN_B, small.source]


def test_there_are_few() -> None:
    many = [Row(f"/models/{n}", f"m{n}", "here", "Here on disk.") for n in range(9)]
    assert len(ways_out(many)) == MAX_MODELS + 1


def test_a_line_says_what_to_expect_and_how_slow_it_is() -> None:
    slow = Row(SEVEN_B, "RegionReasoner-7B", "away", "…", slow="A first answer in about 9 minutes.")
    assert ways_out([slow])[0].line == (
        "Large: reasons about regions, and finds what is hard to see. A first answer in about 9 minutes."
    )
    assert ways_out([OWN])[0].line == "Here on disk."
