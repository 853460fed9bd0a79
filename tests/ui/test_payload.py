"""What a browser sends is read value by value: good values as they are, anything else with one sentence."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.errors import InputError
from demo.ui.shared.payload import MAX_NUMBER, MAX_TEXT, Payload
from demo.ui.shared.sentences import NOT_UNDERSTOOD

READERS: dict[str, Callable[[Payload], object]] = {
    "whole": lambda sent: sent.whole("it"),
    "wholes": lambda sent: sent.wholes("it", 3),
    "text": lambda sent: sent.text("it"),
    "one_of": lambda sent: sent.one_of("it", ("up", "down")),
    "flag": lambda sent: sent.flag("it"),
    "box": lambda sent: sent.box("it").xyxy,
    "point": lambda sent: sent.point("it").xy,
    "way": lambda sent: sent.way("it"),
    "texts": lambda sent: sent.texts("it", 3),
    "boxes": lambda sent: [box.xyxy for box in sent.boxes("it", 3)],
    "points": lambda sent: [point.xy for point in sent.points("it", 3)],
    "parts": lambda sent: [part.text("name") for part in sent.parts("it", 3)],
}


def nested(depth: int) -> list[Any]:
    """A list in a list in a list …"""
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


class Unreadable(dict[str, Any]):
    """A value that must not be looked at: whoever does pays for all of it."""

    def __str__(self) -> str:
        raise AssertionError("somebody looked")

    __repr__ = __len__ = __iter__ = __eq__ = __hash__ = __str__  # type: ignore[assignment]


def payload(value: object) -> Payload:
    """The event as Gradio hands it over, with that value."""
    event: Any = SimpleNamespace(_data={"it": value})
    return Payload(event)


@pytest.mark.parametrize(
    ("reader", "value", "expected"),
    [
        pytest.param("whole", 0, 0, id="nought"),
        pytest.param("whole", MAX_NUMBER, MAX_NUMBER, id="the largest number"),
        pytest.param("wholes", [3, 1], [3, 1], id="numbers"),
        pytest.param("wholes", [1, 2, 3, "x"], [1, 2, 3], id="more numbers than are read"),
        pytest.param("text", "Küste 海岸", "Küste 海岸", id="a text"),
        pytest.param("text", "x" * 10**6, "x" * MAX_TEXT, id="a long text"),
        pytest.param("text", "a\ud800b", "ab", id="half a character"),
        pytest.param("text", None, "", id="no text"),
        pytest.param("one_of", "up", "up", id="a word"),
        pytest.param("flag", True, True, id="true"),
        pytest.param("flag", None, False, id="no flag"),
        pytest.param("box", [9, 8, 1, 2], (1, 2, 9, 8), id="a box from its other end"),
        pytest.param("box", [-5, 0, 10**6, 1], (-5, 0, 10**6, 1), id="a box beyond the picture"),
        pytest.param("point", [3, -4], (3, -4), id="a point"),
        pytest.param("way", [-3, 0], (-3, 0), id="a way"),
        pytest.param("texts", ["R1", "x" * 10**6], ["R1", "x" * MAX_TEXT], id="texts"),
        pytest.param("boxes", [[9, 8, 1, 2]], [(1, 2, 9, 8)], id="boxes"),
        pytest.param("points", [[3, -4], [0, 0]], [(3, -4), (0, 0)], id="points"),
        pytest.param("parts", [{"name": "a"}, {}], ["a", ""], id="parts"),
    ],
)
def test_a_good_value_is_read(reader: str, value: object, expected: object) -> None:
    assert READERS[reader](payload(value)) == expected


def test_what_is_missing_has_its_default() -> None:
    assert payload(None).whole("count", 24) == 24
    assert payload(None).flag("positive", default=True)
    assert not payload(False).flag("it", default=True)


HOSTILE = [
    pytest.param("whole", True, id="a truth for a number"),
    pytest.param("whole", None, id="no number"),
    pytest.param("whole", -1, id="below nought"),
    pytest.param("whole", MAX_NUMBER + 1, id="too large a number"),
    pytest.param("whole", 10**5000, id="a number of many digits"),
    pytest.param("whole", 1.0, id="a number with a point"),
    pytest.param("whole", float("nan"), id="not a number"),
    pytest.param("whole", "1", id="a number as text"),
    pytest.param("whole", Unreadable(), id="an object for a number"),
    pytest.param("wholes", "123", id="a text for numbers"),
    pytest.param("wholes", [1, True], id="a truth among numbers"),
    pytest.param("wholes", nested(100_000), id="deep nesting for numbers"),
    pytest.param("text", 7, id="a number for a text"),
    pytest.param("text", nested(100_000), id="deep nesting for a text"),
    pytest.param("text", Unreadable(), id="an object for a text"),
    pytest.param("one_of", "left", id="an unknown word"),
    pytest.param("one_of", ["up"], id="a list for a word"),
    pytest.param("one_of", None, id="no word"),
    pytest.param("one_of", "u" * 10**6, id="a long word"),
    pytest.param("flag", 1, id="a number for a truth"),
    pytest.param("flag", "false", id="a text for a truth"),
    pytest.param("box", [1, 2, 3], id="three numbers for a box"),
    pytest.param("box", [1, 2, 3, float("inf")], id="infinity in a box"),
    pytest.param("box", [1, 2, 3, False], id="a truth in a box"),
    pytest.param("box", [0] * 10**6, id="a million numbers for a box"),
    pytest.param("point", {"x": 1, "y": 2}, id="an object for a point"),
    pytest.param("point", [-(10**30), 0], id="a point far away"),
    pytest.param("way", [1, 2, 3], id="three ways"),
    pytest.param("texts", [], id="no texts"),
    pytest.param("texts", ["a"] * 4, id="too many texts"),
    pytest.param("texts", ["a", 1], id="a number among texts"),
    pytest.param("texts", "abc", id="a text for texts"),
    pytest.param("boxes", [[1, 2, 3, 4], [1, 2, 3]], id="three numbers among boxes"),
    pytest.param("boxes", [[0, 0, 1, 1]] * 10**6, id="a million boxes"),
    pytest.param("points", [[1, 2], 3], id="a number among points"),
    pytest.param("points", nested(100_000), id="deep nesting for points"),
    pytest.param("parts", [{"name": "a"}, Unreadable()], id="a strange object among parts"),
    pytest.param("parts", {"name": "a"}, id="an object for parts"),
]


@pytest.mark.parametrize(("reader", "value"), HOSTILE)
def test_any_other_value_is_refused_with_one_sentence(reader: str, value: object) -> None:
    with pytest.raises(InputError) as refused:
        READERS[reader](payload(value))
    assert str(refused.value) == NOT_UNDERSTOOD


@pytest.mark.parametrize("data", [None, [], "kind", 7, nested(100_000)])
def test_what_is_no_object_has_no_values(data: object) -> None:
    event: Any = SimpleNamespace(_data=data)
    assert Payload(event).text("it") == ""
    with pytest.raises(InputError):
        Payload(event).whole("it")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(value=JSON, reader=st.sampled_from(sorted(READERS)))
def test_whatever_is_sent_is_read_or_refused(value: object, reader: str) -> None:
    try:
        read = READERS[reader](payload(value))
    except InputError:
        return
    numbers = read if isinstance(read, list | tuple) else [read]
    assert all(abs(n) <= MAX_NUMBER for n in numbers if isinstance(n, int))
    if isinstance(read, str):
        assert len(read.encode()) <= 4 * MAX_TEXT
