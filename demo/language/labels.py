"""The label of a region: the words of the question that it answers."""

from __future__ import annotations

import re
from itertools import takewhile

from demo.language.lexicon import LINKS, words
from demo.language.references import Resolved

_ASKING = words(
    "please can could you do does find show tell me where is are the a an locate segment point at mark "
    "which what who also now and i am i'm i’m want need would like looking look for there see all every "
    "to try click tap on select choose pick highlight detect outline give whose whatever whoever whichever"
)
_JOINING = words("touches that has")
_ABOUT_THE_PICTURE = re.compile(
    r"\s+(?:is |are )?in (?:this|the) (?:image|picture|photo|photograph|scene)$"
)


def label_of(resolved: Resolved) -> str:
    """A short name for what a question looks for, at most 40 characters: the thing that it describes by a
    region, else its words without those that only ask.
    """
    spoken = [r for r in resolved.references if not r.is_topic]
    text, end = "", resolved.begin
    for reference in spoken:
        text += resolved.sentence[end : max(end, reference.start)]
        text += reference.name if reference.end > end else ""
        end = max(end, reference.end)
    whole = _without_asking(text + resolved.sentence[end:])
    thing = _without_asking(resolved.sentence[resolved.begin : spoken[0].start]) if spoken else []
    while thing and thing[-1].lower() in LINKS | _ASKING | _JOINING:
        thing.pop()
    label = " ".join(thing or whole).rstrip(",;")
    return label if len(label) <= 40 else f"{label[:39].rstrip()}…"


def _without_asking(text: str) -> list[str]:
    """The words after those that only ask: *find the*, *what is to the*."""
    found = _ABOUT_THE_PICTURE.sub("", text.strip(" .?!,:")).split()
    asking = len(list(takewhile(lambda word: word.lower().strip(",:") in _ASKING, found)))
    return found[asking:] or found
