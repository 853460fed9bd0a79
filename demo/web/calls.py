"""What can be called, and whether a call has the form that Gradio and the page's handlers expect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from demo.errors import join_with_and
from demo.picture.sent import fault_of, plain

_NAMED = re.compile(r"/gradio_api/(call|run|api)/([^/]*)/?")
_WRONG = "This call does not have the form that its endpoint takes."
_PAST_QUEUE = "Questions wait in a queue here: send this to /gradio_api/call/{}."
_BY_PROGRAMS = re.compile(r"/gradio_api/(call/[^/]+|queue/join)/?")
_OF_GRADIO = frozenset({"session_hash", "event_id", "fn_index", "trigger_id", "event_data"})
_MARK = {"_type": "gradio.FileData"}  # of a file that Gradio is to look for
MAX_FILES = 1_000  # in one call
Accepts = Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Call:
    """What one event of the page, or an endpoint, takes: for each input whether it accepts a value; and the
    same for those inputs alone that programs send.

    An endpoint for programs has a ``name``, and its ``parameters``, each of which may be left out, have
    names as well.
    """

    inputs: tuple[Accepts, ...] = ()
    of_programs: tuple[Accepts, ...] = ()
    name: str = ""
    parameters: tuple[str, ...] = ()


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
    if call is not None and call.parameters and named is not None and named[1] != "call":
        return _PAST_QUEUE.format(call.name)
    is_named_rightly = named is None or named[2] == "predict" or named[2] in calls
    return call if call is not None and is_named_rightly else "There is no such endpoint."


def is_by_program(path: str, call: Call | None) -> bool:
    """Whether a request calls an endpoint for programs, in one of the ways in which that is done."""
    return call is not None and call.parameters != () and _BY_PROGRAMS.fullmatch(path) is not None


def is_join(path: str, call: Call) -> bool:
    """Whether it does so through the queue, as Gradio's own clients do."""
    return is_by_program(path, call) and path.startswith("/gradio_api/queue/")


def completed(
    call: Call, body: Mapping[str, Any], is_here: Callable[[str], bool]
) -> Mapping[str, Any] | str:
    """A program's call as Gradio takes it, or a sentence when it cannot be one.

    What was named is put in its place, and what was left out is null. Of files those are marked as such
    that are here; Gradio would look for others, and say nothing that helps.
    """
    data = _in_order(call, body)
    if isinstance(data, str):
        return data
    if "image" in call.parameters:
        place = call.parameters.index("image")
        if fault := fault_of(data[place]):
            return fault
        data[place] = _marked(plain(data[place]), is_here)
    kept = {key: value for key, value in body.items() if key in _OF_GRADIO}
    return {**kept, "data": data}


def _in_order(call: Call, body: Mapping[str, Any]) -> list[Any] | str:
    unnamed = {key: value for key, value in body.items() if key not in _OF_GRADIO}
    data = body.get("data", unnamed)
    if isinstance(data, dict) and data.keys() <= {*call.parameters}:
        return [data.get(name) for name in call.parameters]
    if isinstance(data, list) and len(data) <= len(call.parameters):
        return [*data, *[None] * (len(call.parameters) - len(data))]
    named = join_with_and(call.parameters)
    return f"/{call.name} takes {named}: by these names, or in this order as the list data."


def _marked(given: Any, is_here: Callable[[str], bool]) -> Any:
    if not isinstance(given, dict):
        return given
    file = {"path": given["path"]}
    return {**file, "meta": _MARK} if is_here(given["path"]) else file


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
