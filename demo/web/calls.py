"""What can be called, and whether a call has the form that Gradio and the page's handlers expect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NAMED = re.compile(r"/gradio_api/(call|run|api)/([^/]*)/?")
_WRONG = "This call does not have the form that its endpoint takes."
MAX_FILES = 1_000  # in one call
Accepts = Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Call:
    """What one event of the page, or an endpoint, takes: for each input whether it accepts a value; and the
    same for those inputs alone that programs send.
    """

    inputs: tuple[Accepts, ...] = ()
    of_programs: tuple[Accepts, ...] = ()


def find_call(
    path: str, body: Mapping[str, Any], calls: Mapping[str | int, Call]
) -> Call | str | None:
    """What a request calls; a sentence if there is no such thing, None if it calls nothing."""
    number, named = body.get("fn_index"), _NAMED.fullmatch(path)
    if number is None and named is None:
        return None
    if named and (number is None or named[1] == "call"):
        key = named[2]
    else:
        key = number if isinstance(number, int) and not isinstance(number, bool) else ""
    call = calls.get(key)
    is_named_rightly = named is None or named[2] == "predict" or named[2] in calls
    return call if call is not None and is_named_rightly else "There is no such endpoint."


def fault_of_call(path: str, call: Call, body: Mapping[str, Any]) -> str | None:
    """A sentence on what is wrong with the form of a call; None if nothing is."""
    if "data" not in body:
        return None  # such as a cancellation, which names a call only
    is_right = (
        not body.get("batched")
        and isinstance(body.get("event_data"), dict | None)
        and isinstance(body.get("session_hash"), str | None)
        and (
            _fit(call.inputs, body["data"])
            or (path.startswith("/gradio_api/call/") and _fit(call.of_programs, body["data"]))
        )
    )
    return None if is_right else _WRONG


def _fit(inputs: tuple[Accepts, ...], data: object) -> bool:
    return (
        isinstance(data, list)
        and len(data) == len(inputs)
        and all(accepts(value) for accepts, value in zip(inputs, data, strict=True))
    )


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
