"""Calls for a second look in a model's text, read leniently: which part it wants to see.

It knows texts and numbers, no picture: in which frame the numbers are is known to the dialect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from demo.dialects.looking import Call


@dataclass(frozen=True, slots=True)
class LookCall:
    """One call: its ``text`` as written, and the four numbers of its ``box``; None with ``why``, a phrase,
    where there are none. ``source`` is the picture or part that it names, if it does; -1 stands for a name
    that means none.
    """

    text: str
    box: tuple[float, float, float, float] | None = None
    source: int | None = None
    why: str = ""


_NUMBER = r"[+-]?(?:\d{1,12}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][+-]?\d{1,2})?"
_COMMA = r"\s*,\s*"
_FOUR = re.compile(rf"\[\s*{_COMMA.join([f'({_NUMBER})'] * 4)}\s*,?\s*\]", re.ASCII)
_BOX = re.compile(r"[\"']?bbox(?:_2d)?[\"']?\s*[:=]\s*", re.IGNORECASE)
_BARE = re.compile(r"\{[^{}]{0,400}\}")
_SOURCE = re.compile(
    r"[\"'](?:source|target_image|img_idx|image_index)[\"']\s*:\s*"
    r"(?:[\"']?(?:observation[_ ]?)?(\d{1,4})(?:\.0)?[\"']?(?![\w.])"
    r"|[\"'](original_?image)[\"']|([^,}]{1,80}))",
    re.IGNORECASE,
)
_TOOL = re.compile(r"[\"']name[\"']\s*:\s*[\"']([^\"']{1,80})[\"']")
TAGS = {  # between which calls stand
    Call.TOOL: "tool_call",
    Call.LAST_TOOL: "tool_call",
    Call.GROUNDING: "grounding",
    Call.TAGGED: "look",
}
_NAMES = "|".join(sorted({*TAGS.values()}))
CALL_BEGIN, CALL_END = re.compile(f"<(?:{_NAMES})>"), re.compile(f"</(?:{_NAMES})>")
_FENCE_END = re.compile(r"\s*```(?!\w+\n)")  # not one that begins a block of code
# From the last opening tag: a thought may mention one before.
_TAGGED = {
    call: re.compile(rf"<{tag}>(?:(?!<{tag}>).){{0,1000}}?(?:</{tag}>|\Z)", re.DOTALL)
    for call, tag in TAGS.items()
}


def read_call(text: str, call: Call) -> LookCall | None:
    """The call in a piece of text, the first or the last one as ``call`` says; else None."""
    written = calls_in(text, call)
    if not written:
        return None
    whole = written[-1 if call in (Call.BARE, Call.LAST_TOOL) else 0]
    return _read(whole, call)


def end_of_calls(text: str, call: Call, start: int) -> int | None:
    """Where the last call in a text ends, with its code fence; ``start`` where none follows it, and None
    where the text ends within one.
    """
    if call is Call.BARE:
        ends = [m.end() for m in _BARE.finditer(text, start) if "bbox" in m[0]]
    else:
        ends = [m.end() for m in CALL_END.finditer(text, start)]
    end = ends[-1] if ends else start
    if CALL_BEGIN.search(text, end):
        return None
    fence = _FENCE_END.match(text, end) if ends else None
    return fence.end() if fence else end


def calls_in(text: str, call: Call) -> list[str]:
    """All calls in a piece of text, as written; a list of boxes has none, it is one."""
    if call is Call.LISTED:
        return []
    if call is Call.BARE:
        return [match[0] for match in _BARE.finditer(text) if "bbox" in match[0]]
    return [match[0] for match in _TAGGED[call].finditer(text)]


def missing_end(text: str, call: Call) -> str:
    """The closing tag of the call at the end of a text, where it was cut off; else nothing."""
    written, end = calls_in(text, call), f"</{TAGS.get(call, '')}>"
    is_cut = call in TAGS and written and not written[-1].endswith(end)
    return end if is_cut else ""


def _read(text: str, call: Call) -> LookCall:
    """What a call says, with its tags or without."""
    tool = _TOOL.search(text) if call in (Call.TOOL, Call.LAST_TOOL) else None
    if tool and not re.search(r"crop|zoom|look", tool[1], re.IGNORECASE):
        return LookCall(text, why=f"there is no tool {tool[1]}")
    named = _BOX.search(text)
    numbers = _FOUR.match(text, named.end()) if named else _FOUR.search(text)
    source = _source_of(text)
    if numbers is None:
        return LookCall(text, None, source, "it needs four numbers, [x1, y1, x2, y2]")
    x1, y1, x2, y2 = map(float, numbers.groups())
    box = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    if box[0] == box[2] or box[1] == box[3]:
        return LookCall(text, None, source, "its box has no area")
    return LookCall(text, box, source)


def _source_of(text: str) -> int | None:
    """The number that a call names as the picture it wants a part of; 0 for the original one."""
    if (match := _SOURCE.search(text)) is None:
        return None
    return int(match[1]) if match[1] else 0 if match[2] else -1
