"""Thoughts that say that the model does not know what was asked for."""

from __future__ import annotations

import pytest

from demo.answers.unknown import find_unknown


@pytest.mark.parametrize(
    ("thought", "said"),
    [
        ("Looking for something I do not know. There is none.", "I do not know"),
        (
            "I don't know what a glorp is, so nothing can be marked.",
            "I don't know what a glorp is, so",
        ),
        ("I’m not familiar with that term.", "I’m not familiar with that term"),
        ("The request names an unknown object.", "unknown object"),
        ("我不知道“格罗普”是什么。", "我不知道“格罗普”是什么"),
        ("There is no zebra in the picture.", None),
        ("The unknown man on the left is not the target.", None),
        ("We know that the dog is on the left.", None),
    ],
)
def test_not_knowing_is_told_from_not_finding(thought: str, said: str | None) -> None:
    span = find_unknown(thought)
    assert (None if span is None else thought[slice(*span)].startswith(said or "")) == (
        None if said is None else True
    )
