"""What can be called, and whether a call has the form that Gradio and the page's handlers expect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NAMED = re.compile(r"/gradio_api/(?:call|run|api)/([^/]*)/?")
_WRONG = "This call does not have the form that its endpoint takes."
MAX_FILES = 1_000  # in one call


@dataclass(frozen=True, slots=True)
class Call:
    """What one event of the page, or an endpoint, takes: for each input whether it is a file; and the same
    for those inputs alone that programs send.
    """

    inputs: tuple[bool, ...] = ()
    of_programs: tuple[bool, ...] = ()

    def expected(self, count: int) -> tuple[bool, ...]:
        """The inputs, when ``count`` values came."""
        return self.inputs if count == len(self.inputs) else self.of_programs


def find_call(
    path: str, body: Mapping[str, Any], calls: Mapping[str | int, Call]
) -> Call | str | None:
    """What a request calls; a sentence if there is no such thing, None if it calls nothing."""
    number, named = body.get("fn_index"), _NAMED.fullmatch(path)
    if number is None and named is None:
        return None
    key = number if number is not None else named[1] if named else ""
    call = calls.get(key) if isinstance(key, int | str) and not isinstance(key, bool) else None
    if call is None or (number is not None and not isinstance(number, int)):
        return "There is no such endpoint."
    if named and named[1] != "predict" and named[1] not in calls:
        return "There is no such endpoint."
    return call


def fault_of_call(call: Call, body: Mapping[str, Any]) -> str | None:
    """A sentence on what is wrong with the form of a call; None if nothing is."""
    if "data" not in body:
        return None  # such as a cancellation, which names a call only
    data, event = body["data"], body.get("event_data")
    is_right = (
        isinstance(data, list)
        and len(data) in (len(call.inputs), len(call.of_programs))
        and not body.get("batched")
        and isinstance(event, dict | None)
        and isinstance(body.get("session_hash"), str | None)
        and all(
            _are_files(value)
            for value, is_file in zip(data, call.expected(len(data)), strict=True)
            if is_file
        )
    )
    return None if is_right else _WRONG


def files_in(value: object) -> Iterator[str]:
    """The paths of the files that a JSON value names, in whatever depth."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            if isinstance(path := item.get("path"), str):
                yield path
            left.extend(item.values())
        elif isinstance(item, list):
            left.extend(item)


def _are_files(value: object) -> bool:
    """Whether it is a file as Gradio's clients send it, none, or a list of files."""
    several = value if isinstance(value, list) else [value] if value is not None else []
    return len(several) <= MAX_FILES and all(
        isinstance(one, dict) and isinstance(one.get("path"), str) and "\0" not in one["path"]
        for one in several
    )
