"""A session as chat messages: one summary per answer, then its parts, collapsed.

`messages` is a pure function of the session, so undo needs nothing here. All text of people and
models passes through `plain`, which leaves no Markdown, HTML, link or formula in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from demo.checks import find_citations
from demo.geometry import PictureBox, Size
from demo.regions import Region
from demo.session import Finding, Session, Turn

Message = dict[str, Any]
Boxes = Mapping[tuple[int, int, int, int], str]
Seconds = Mapping[str, float]

PARTS = {"scene": "Scene", "focus": "Focus", "think": "Reasoning", "answer": "Answer"}
SYMBOLS = {"ok": "✓", "note": "·", "warning": "⚠"}
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_NAME = re.compile(r"\bR\d+(?:\.\d+)?\b", re.IGNORECASE)


def plain(text: str) -> str:
    """Text that Markdown shows as it is: every sign of punctuation as a character reference."""
    unindented = re.sub(r"\n[ \t]+", "\n", text)
    return _PUNCTUATION.sub(lambda m: f"&#{ord(m[0])};", unindented)


def marked(level: str, text: str) -> str:
    """A sentence with its sign, in the colour of its level (ok, note, warning)."""
    return f'<span class="finding {level}">{SYMBOLS[level]} {plain(text)}</span>'


def link(name: str) -> str:
    """A region's name, connected with the canvas."""
    return f"[{name}](#{name})"


def linked_names(text: str, names: Iterable[str]) -> str:
    """A person's sentence with the regions it means as links."""
    known = {name.upper(): link(name) for name in names}
    spans = ((m.start(), m.end(), known.get(m[0].upper())) for m in _NAME.finditer(text))
    return _replaced(text, spans)


def linked_boxes(text: str, boxes: Boxes) -> str:
    """A model's text with the boxes that have a name as links."""
    return _replaced(
        text,
        (
            (c.start, c.end, link(boxes[c.box]) if c.box in boxes else None)
            for c in find_citations(text)
        ),
    )


def sent(prompted: str, boxes: Boxes) -> str:
    """The question as the model got it, each reference with the box it stands for."""
    spans = (
        (c.start, c.end, f"{link(boxes[c.box])} → {plain(prompted[c.start : c.end])}")
        for c in find_citations(prompted)
        if c.box in boxes
    )
    return f"Asked as: {_replaced(prompted, spans)}"


def messages(
    session: Session | None, seconds: Mapping[int, Seconds] | None = None
) -> list[Message]:
    """The whole dialogue; ``seconds`` are the times of the parts of each turn, where known."""
    if session is None:
        return []
    last = len(session.turns) - 1
    made: list[Message] = []
    for index, turn in enumerate(session.turns):
        made.append(said_by_person(linked_names(turn.question, turn.references)))
        made += _answer(session, index, (seconds or {}).get(index, {}), newest=index == last)
    return made


def said_by_person(text: str) -> Message:
    return {"role": "user", "content": text}


def said_by_model(text: str) -> Message:
    return {"role": "assistant", "content": text}


def part(
    name: str, content: str, *, parent: str, status: str | None, seconds: float | None = None
) -> Message:
    """One collapsible part: pending is open with a spinner, done is closed, None is open."""
    metadata: dict[str, Any] = {"title": name, "id": f"{parent}.{name}", "parent_id": parent}
    return {"role": "assistant", "content": content, "metadata": _timed(metadata, status, seconds)}


def whole(
    turn_id: str, title: str, content: str, status: str | None, seconds: float | None
) -> Message:
    """The part that holds the others of one turn."""
    metadata = {"title": title, "id": turn_id}
    return {"role": "assistant", "content": content, "metadata": _timed(metadata, status, seconds)}


def titled(name: str, given: Sequence[str]) -> str:
    """The title of a part, as in "Focus on R1"."""
    if name != "focus" or not given:
        return PARTS[name]
    return f"{PARTS[name]} on {listed([link(n) for n in given])}"


def listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def given_boxes(session: Session, turn: Turn) -> Boxes:
    """The model-frame boxes that stood for the references of a turn, with their names.

    They are read from the question as it was sent, because a region may have been corrected since.
    """
    names = [name for reference in turn.references for name in _object_names(session, reference)]
    boxes = [citation.box for citation in find_citations(turn.prompted)]
    return dict(zip(dict.fromkeys(boxes), dict.fromkeys(names), strict=False))


def _object_names(session: Session, reference: str) -> tuple[str, ...]:
    if reference not in session.registry:
        return (reference,)
    objects = session.registry.objects(reference)
    return (reference,) if len(objects) == 1 else tuple(o.id for o in objects)


def _answer(session: Session, index: int, seconds: Seconds, *, newest: bool) -> list[Message]:
    turn = session.turns[index]
    turn_id = f"turn{index + 1}"
    boxes = {**_answered_boxes(session, turn), **given_boxes(session, turn)}
    given = list(dict.fromkeys(given_boxes(session, turn).values()))
    made = [said_by_model(_summary(session, turn) + _lines(turn.findings, ("warning",)))]
    texts = {name: getattr(turn.trace, name) for name in PARTS}
    present = [name for name, text in texts.items() if text is not None]
    title = " · ".join(PARTS[name] for name in present) or "What the model wrote"
    content = sent(turn.prompted, boxes)
    if not present and turn.raw.strip():
        content += "\n\n" + plain(turn.raw.strip())
    status = None if newest else "done"
    made.append(whole(turn_id, title, content, status, turn.timings.total_s))
    for name in present:
        text = linked_boxes(texts[name], boxes) + _lines(
            _belonging(turn, name, present), ("ok", "note")
        )
        open_now = newest and name != "think"
        made.append(
            part(
                titled(name, given),
                text,
                parent=turn_id,
                status="done" if open_now else None,
                seconds=seconds.get(name),
            )
        )
    return made


def _answered_boxes(session: Session, turn: Turn) -> dict[tuple[int, int, int, int], str]:
    if turn.region is None or turn.region not in session.registry:
        return {}
    objects = session.registry.region(turn.region).objects
    size, frame = session.picture.size, session.reasoner.frame
    name = turn.region
    return {o.box.to_model(size, frame).xyxy: name if len(objects) == 1 else o.id for o in objects}


def _summary(session: Session, turn: Turn) -> str:
    kinds = {finding.kind for finding in turn.findings}
    if turn.region is not None:
        found = _found(session, turn.region)
        return f"Stopped: {found[0].lower()}{found[1:]}" if turn.partial else found
    if turn.partial:
        return "Stopped: no answer had been written yet."
    if "answer.unreadable" in kinds:
        return "The answer could not be read: there is no box in it."
    return "Nothing in the picture matches."


def _found(session: Session, name: str) -> str:
    if name not in session.registry:
        return f"Found {name}, which has been deleted since."
    region = session.registry.region(name)
    if len(region.objects) == 1:
        return f"Found one: {link(name)} — {_described(region, session)}."
    singles = ", ".join(link(o.id) for o in region.objects)
    return f"Found {len(region.objects)}: {link(name)} — {singles}."


def _described(region: Region, session: Session) -> str:
    where = place(region.objects[0].box, session.picture.size)
    label = linked_names(region.label, session.registry.names())
    return f"{label}, {where}" if label else where


def place(box: PictureBox, size: Size) -> str:
    """Where a box is, in words: "upper left", "in the middle", …"""
    x = (box.x1 + box.x2) / 2 / size.width
    y = (box.y1 + box.y2) / 2 / size.height
    column = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    row = "upper" if y < 1 / 3 else "lower" if y > 2 / 3 else ""
    if row and column:
        return f"{row} {column}"
    if column:
        return f"on the {column}"
    return {"upper": "at the top", "lower": "at the bottom", "": "in the middle"}[row]


def _belonging(turn: Turn, name: str, present: Sequence[str]) -> list[Finding]:
    """The findings to show in a part: answers' with the answer, all others with the reasoning."""
    home = {True: "answer", False: "think"}
    fallback = present[-1]
    return [
        f
        for f in turn.findings
        if (wanted := home[f.kind.startswith(("answer.", "point."))]) == name
        or (wanted not in present and name == fallback)
    ]


def _lines(findings: Iterable[Finding], levels: Sequence[str]) -> str:
    shown = [f for f in findings if f.level in levels]
    return "".join(f"\n\n{marked(f.level, f.text)}" for f in shown)


def _timed(metadata: dict[str, Any], status: str | None, seconds: float | None) -> dict[str, Any]:
    if status is not None:
        metadata["status"] = status
    if seconds is not None:
        metadata["duration"] = round(seconds, 1)
    return metadata


def _replaced(text: str, spans: Iterable[tuple[int, int, str | None]]) -> str:
    """The text made plain, but for the spans that have something to stand in their place."""
    pieces: list[str] = []
    last = 0
    for start, end, new in spans:
        if new is not None:
            pieces += [plain(text[last:start]), new]
            last = end
    return "".join([*pieces, plain(text[last:])]).strip()
