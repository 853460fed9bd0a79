"""The sentences of the page that are not part of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from demo.language.references import Reference
from demo.ui.tab.workspace import Workspace

if TYPE_CHECKING:
    from demo.models.models import Advice

OPEN_FIRST = "Open a picture first: drop, paste or choose one, or start with an example."
ONE_AT_A_TIME = (
    "The last question is still being answered. Wait for it or press Stop, then send this one."
)
STOP_FIRST = "A question is being answered. Press Stop first."
UNEXPECTED = (
    "Something went wrong inside the demo, and nothing was lost. Try again, or ask in another way."
)
STOPPING = "Stopping…"
TAKEN = "The other model’s answer stands there now. Undo brings the first one back."
LOOKING = "Looking at the picture…"
BRANCHED = "This is a new dialogue from that answer on; the other one is kept beside it."
NOT_UNDERSTOOD = "The page sent something that the demo does not know. Reload it and try again."
NOTHING_TO_UNDO = "There is nothing to undo."
KEPT_BESIDE = (
    "Another window has gone on with this dialogue; this one is kept beside it as one of its own."
)
NOT_KEPT = "Dialogues are not kept here."
IN_MEMORY = (
    "Here dialogues are kept in memory only: they are gone when this page is closed or reloaded. "
    "Save one as a file to keep it."
)
NO_COOKIES = (
    "Your browser keeps no cookies for this page, so your dialogues cannot be told from those of "
    "others and are not kept. Save one as a file to keep it."
)
_DRAWN = "{} is drawn. Click it to cite it, or draw another."
_OUTLINED = "{} is outlined. Click what belongs to it, or press Done."
_CHANGE_UNDONE = "The last change was taken back."
_EMPTY = "Open a picture, then ask for something in it."
_FRESH = "Enter sends, Shift+Enter starts a new line."
_CITE = "Click a region to cite it, once more to take it out."


def hint(
    workspace: Workspace | None, meant: Sequence[Reference] = (), lead: int = 0
) -> dict[str, Any]:
    """The line above the message when there is nothing else to say.

    ``meant`` are the references of what is being typed, ``lead`` the spaces before it; those that are
    not names are spelt out.
    """
    if workspace is None:
        return line(_EMPTY)
    if workspace.changing is not None:
        text = f"Changing question {workspace.changing}; later answers will be replaced."
        return {**line(text), "reads": _reads(meant, lead), "changing": workspace.changing}
    citable = len(workspace.session.registry) > 0
    rest = {"rest": "cite" if citable else "send", "reads": _reads(meant, lead)}
    return {**line(_CITE if citable else _FRESH), **rest}


def made(kind: object, name: str) -> str:
    """What to say when a region was made by hand; nothing for other acts."""
    return {"box": _DRAWN, "point": _OUTLINED}.get(str(kind), "").format(name)


def put_away(workspace: Workspace | None) -> str:
    """What to say when a workspace was put away; nothing where none was."""
    return f"{_thing(workspace)} was put away. Undo brings it back." if workspace else ""


def brought_back(workspace: Workspace) -> str:
    """What to say when it is there again."""
    return f"{_thing(workspace)} is back."


def _thing(workspace: Workspace) -> str:
    return "The picture" if workspace.is_untouched else "The dialogue"


def taken_back(before: Workspace, after: Workspace) -> str:
    """What one step back has undone."""
    if before.failure is not None:
        return "The question that failed was taken back."
    turns, left = before.session.turns, after.session.turns
    last_alone = len(turns) == len(left) + 1
    return f"Answer {len(turns)} was taken back." if last_alone else _CHANGE_UNDONE


def _reads(meant: Sequence[Reference], lead: int) -> list[list[Any]]:
    """What stands for a region without being its name: words, name, where they stand, whether they own."""
    return [
        [r.phrase, r.name, r.start + lead, r.end + lead, r.is_possessive]
        for r in meant
        if r.phrase.lstrip("@").upper() != r.name
    ]


def loading(title: str) -> str:
    """What is done before another model can be asked."""
    return f"Loading {title}…"


def waiting(ahead: int, seconds: float | None) -> str:
    """What a turn does that others come before."""
    others = "One question is" if ahead == 1 else f"{ahead} questions are"
    wait = "" if seconds is None else f", in about {max(1, round(seconds))} s"
    return f"{others} answered first{wait}…"


def notice(advice: Advice | None) -> dict[str, Any] | None:
    """The value of the notice about the picture; None when there is nothing to say."""
    return None if advice is None else {"text": advice.text, "ways": advice.ways}


def benchmark_row(row: int, rounds: int) -> str:
    """What to say when a row of the benchmark was opened."""
    return f"Row {row} of the benchmark, {rounds} round{'' if rounds == 1 else 's'}."


def benchmark(name: str, rows: int, reading: bool) -> str:
    """What the list of rows is of; ``reading`` says that there will be more."""
    if reading:
        return f"{name} is still being read: {rows:,} rows so far."
    return (
        f"{name}: {rows:,} row{'' if rows == 1 else 's'}, counted from 0. A reference is what the model "
        "found in the round that it names; only where it found nothing, or the round is still to come, the "
        "true box stands in."
    )


def bound(used: int, most: int) -> str:
    """How much room there is, and what happens when there is none."""
    return (
        f"{_bytes(used)} of {_bytes(most)} are in use. When there is no more room, the oldest dialogue "
        "without a pin goes first."
    )


def going_first(titles: Sequence[str]) -> str:
    """What will go when there is no more room; nothing as long as there is plenty."""
    if not titles:
        return ""
    more = f" and {len(titles) - 1} more" if len(titles) > 1 else ""
    return (
        f"There is little room left for dialogues: “{titles[0]}”{more} will go first. Pin what you want "
        "to keep, or save it as a file."
    )


def _bytes(count: int) -> str:
    size, unit = (count / 1e9, "GB") if count >= 1e9 else (count / 1e6, "MB")
    return f"{size:.1f}".removesuffix(".0") + f" {unit}"


def said(note: str, trouble: str) -> dict[str, Any] | None:
    """The line for what was done and what could not be; None when there is neither."""
    if trouble:
        return line(f"{note} {trouble}".strip(), "error")
    return line(note) if note else None


def line(text: str, level: str = "hint") -> dict[str, Any]:
    """The value of the line above the message; ``level`` is hint or error.

    ``rest`` says, where it is not empty, that the line is only there for want of another.
    """
    return {"text": text, "level": level, "reads": [], "changing": None, "rest": ""}
