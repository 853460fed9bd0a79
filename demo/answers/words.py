"""The words of an answer that is told: what stands before the boxes that the model reports beside them."""

from __future__ import annotations

import re

_BOXES = re.compile(
    r"```|\[\s*(?:[\[{]|\])|\{\s*[\"'“]?(?:bbox|box)|<\|(?:object_ref|box)_start\|>|\(\d+,\s*\d+\),\s*\(\d+"
)


def words_of(answer: str) -> str:
    """The words without surrounding white space, empty where there are only boxes."""
    start = _BOXES.search(answer)
    return (answer if start is None else answer[: start.start()]).strip()
