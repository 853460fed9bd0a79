"""The sentences of the page that are not part of an answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from demo.errors import DemoError, join_with_and, one_line, places_of
from demo.language.references import Reference
from demo.ui.gallery.uploads import Became
from demo.ui.tab.steps import step
from demo.ui.tab.workspace import Workspace

log = logging.getLogger(__name__)

OPEN_FIRST = "Open a picture first: drop, paste or choose one, or start with an example."
ONE_AT_A_TIME = (
    "The last question is still being answered. Wait for it or press Stop, then send this one."
)
NO_WORDS = (
    "{} points at things and does not answer in words. Ask for a thing, for example “the dog left of R1”, "
    "or how many there are. Send this again to ask it anyway."
)
SAY_WHAT = "Say what to look for in this part, for example “the red ball”."
WHAT_IS_THIS = "What is this?"
PART_AGAIN = "The next question is about its part of the picture again."
WHOLE_AGAIN = "The next question is about the whole picture again."
STOP_FIRST = "A question is being answered. Press Stop first."
UNEXPECTED = (
    "Something went wrong in the demo, but nothing was lost. Try again, or ask in another way."
)
STOPPING = "Stopping…"
PLAY, REPEAT = "Play this dialogue", "Ask the same as before"
NEXT_ONE = "{} is on its way. This is asked as soon as it is there."
TAKEN = "The other model’s answer is in its place now. Undo brings the first one back."
NOT_FETCHED = (
    "{} is not on this machine yet. To fetch it, choose it at the top, where the model is named."
)
NONE_LEFT = (
    "{} has answered every question that it can be asked here. Ask again to replace its answers."
)
FORGOTTEN = "The answers of {} were removed."
LOOKING = "Looking at the picture…"
BRANCHED = "This is a new dialogue that goes on from that answer. The other one is still there."
NOT_UNDERSTOOD = "The page sent something that the demo does not know. Reload it and try again."
NOTHING_TO_UNDO = "There is nothing to undo."
NOTHING_TO_REDO = "There is nothing to redo."
SAVED_APART = (
    "This dialogue was continued in another window, so yours is now saved as a separate one."
)
NOT_SAVED = "Dialogues are not saved here."
CHANGED = "The dialogue has changed meanwhile, so nothing was added to it. Open the labels again."
IN_MEMORY = (
    "Dialogues are kept in memory only: they are gone when you close or reload this page. "
    "Save one as a file to keep it."
)
NO_COOKIES = (
    "Your browser accepts no cookies from this page, so your dialogues cannot be told apart "
    "from those of other people and are not saved. Save one as a file to keep it."
)
_MAX_NAMED, _MAX_NAME = 3, 40  # files in one sentence, letters of one
_DRAWN = "{} is drawn. Click it to cite it, or draw another."
_OUTLINED = "{} is outlined. Click what else belongs to it, or press Done."
_EMPTY = "Open a picture, then ask for something in it."
_FRESH = "Enter sends, Shift+Enter starts a new line."
_CITE = "Click a region to cite it, once more to take it out."


def hint(
    workspace: Workspace | None,
    reads: Sequence[Any] = (),
    plain: Sequence[str] = (),
    absent: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The line above the message when there is nothing else to say.

    ``reads`` are the `readings` of what is being typed, ``plain`` its words that look like the name of a
    region and are not read as one, and ``absent`` its words for regions that do not exist, each with what
    is said of it.
    """
    if workspace is None:
        return line(_EMPTY)
    doubt = " ".join([*absent.values(), *([_as_plain_text(plain)] if plain else [])])
    read = {"reads": list(reads), "doubt": doubt, "doubted": [*absent, *plain]}
    if workspace.changing is not None:
        about = " about a part of the picture" if workspace.within else ""
        text = f"Changing question {workspace.changing}{about}; later answers will be replaced."
        return {**line(text), **read, "changing": workspace.changing}
    citable = len(workspace.session.registry) > 0
    rest = "cite" if citable else "send"
    return {**line(_CITE if citable else _FRESH), **read, "rest": rest}


def _as_plain_text(phrases: Sequence[str]) -> str:
    shown = [phrase if phrase[0] in '"“«„”「『`' else f"“{phrase}”" for phrase in phrases]
    if len(shown) == 1:
        return f"{shown[0]} is read as plain text, not as a region."
    return f"{join_with_and(shown)} are read as plain text, not as regions."


def drawing_note(kind: str, name: str) -> str:
    """What to say when a region was drawn by hand; empty for other acts."""
    return {"box": _DRAWN, "point": _OUTLINED}.get(kind, "").format(name)


def closer_note(usual: str) -> str:
    """What to do once a part was chosen; ``usual`` is what is asked about it when nothing is typed."""
    return f"Enter alone asks “{usual}”." if usual else "Now ask about it."


def closer_said(name: str) -> str:
    """The same for those who do not see the part above the message."""
    return (
        f"The next question is about {name or 'the part you marked'} only, which is shown enlarged."
    )


def away_note(workspace: Workspace | None) -> str:
    """What to say when a workspace was put away; empty where none was."""
    return f"{_thing(workspace)} was put away. Undo brings it back." if workspace else ""


def together_note(became: Became) -> str:
    """What became of files that came together; empty for one alone."""
    kept, left, troubles = became.kept, became.left, became.troubles
    more = len(troubles) - _MAX_NAMED
    others = (
        f"{_names(kept)} {_are(kept)} under Dialogues." if kept else "",
        f"{_names(left)} {_were(left)} not opened: open one at a time." if left else "",
        *(f"{_names([name])} was not opened: {why}" for name, why in troubles[:_MAX_NAMED]),
        f"{more} more could not be opened." if more > 0 else "",
    )
    said = " ".join(filter(None, others))
    return f"{_names([became.shown])} is shown. {said}" if said else ""


def none_opened(became: Became) -> str:
    """Why none of the files that came together is shown."""
    (name, why), *others = became.troubles
    if not others and not became.left:
        return why
    return f"None of these {1 + len(others)} files can be opened. {_names([name])}: {why}"


def _names(names: Sequence[str]) -> str:
    """Names of files in a sentence; of many only the first ones."""
    shown = [f"“{one_line(name, _MAX_NAME)}”" for name in names[:_MAX_NAMED]]
    *first, last = [*shown, f"{len(names) - _MAX_NAMED} more"] if names[_MAX_NAMED:] else shown
    return f"{', '.join(first)} and {last}" if first else last


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _were(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"


def return_note(workspace: Workspace) -> str:
    """What to say when a workspace is there again."""
    return _with_part(f"{_thing(workspace)} is back.", workspace)


def _with_part(note: str, workspace: Workspace) -> str:
    """That, and where the next question is about a part that came back, that it is: a chip is not heard."""
    return f"{note} {PART_AGAIN}" if workspace.within else note


def _thing(workspace: Workspace) -> str:
    return "The picture" if workspace.is_untouched else "The dialogue"


def undo_note(before: Workspace, after: Workspace) -> str:
    """What Undo has undone."""
    if before.failure is not None:
        return "The question that failed was removed."
    undone = f"{_capital(step(after, before))} was undone."
    return undone if before.within else _with_part(undone, after)


def added_note(before: Workspace, after: Workspace) -> str:
    """What to say when regions came from a file."""
    registry = before.session.registry
    new = [region.id for region in after.session.registry if region.id not in registry]
    if len(new) == 1:
        return f"{new[0]} was added. Undo takes it back."
    shown = join_with_and(new) if len(new) <= _MAX_NAMED else f"{len(new)} regions"
    return f"{shown} were added. Undo takes them back."


def redo_note(before: Workspace, after: Workspace) -> str:
    """What Redo has done again."""
    if after.failure is not None:
        return "The question that failed is back."
    return f"{_capital(step(before, after))} was redone."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def readings(meant: Sequence[Reference], typed: str) -> list[list[Any]]:
    """How words will be read: words, name, start, end, whether they are a possessive, and no name.

    Places are counted in UTF-16 units, as the page counts them.
    """
    lead = len(typed) - len(typed.lstrip())

    def place(position: int) -> int:
        return len(typed[: position + lead].encode("utf-16-le", "surrogatepass")) // 2

    return [
        [r.phrase, r.name, place(r.start), place(r.end), r.is_possessive, r.is_described]
        for r in meant
    ]


def loading_note(title: str) -> str:
    """What is going on before another model can be asked."""
    return f"Loading {title}…"


def waiting_note(ahead: int, seconds: float | None) -> str:
    """What a turn waits for while others come first."""
    others = "One question comes" if ahead == 1 else f"{ahead} questions come"
    wait = "" if seconds is None else f", about {max(1, round(seconds))} s"
    return f"{others} before yours{wait}…"


def row_note(row: int, rounds: int) -> str:
    """What to say when a row of the benchmark was opened."""
    return f"Row {row} of the benchmark, {rounds} round{'' if rounds == 1 else 's'}."


def benchmark_note(name: str, rows: int, reading: bool) -> str:
    """What the list of rows is of; ``reading`` says that there will be more."""
    if reading:
        return f"{name} is still being read: {rows:,} rows so far."
    return (
        f"{name}: {rows:,} row{'' if rows == 1 else 's'}, counted from 0. A reference is what the model "
        "found in the round that it names. Where it found nothing, or the round is still to come, the true "
        "box is used instead."
    )


def room_note(used: int, most: int) -> str:
    """How much space there is, and what happens when it runs out."""
    return (
        f"{_bytes(used)} of {_bytes(most)} are used. When space runs out, the oldest dialogue without a "
        "pin is deleted first."
    )


def removal_warning(titles: Sequence[str]) -> str:
    """Which dialogues will be deleted when space runs out; empty as long as there is plenty."""
    if not titles:
        return ""
    more = f" and {len(titles) - 1} more" if len(titles) > 1 else ""
    return (
        f"Space for dialogues is running out: “{titles[0]}”{more} will be deleted first. Pin what you want "
        "to keep, or save it as a file."
    )


def _bytes(count: int) -> str:
    size, unit = (count / 1e9, "GB") if count >= 1e9 else (count / 1e6, "MB")
    return f"{size:.1f}".removesuffix(".0") + f" {unit}"


def sentence_of(error: Exception) -> str:
    """What people are told of a failure; one that nobody foresaw is logged."""
    if isinstance(error, DemoError):
        return str(error)
    log.error("a handler failed", extra={"facts": {"error": places_of(error)}})
    return UNEXPECTED


def outcome(note: str, *troubles: str) -> dict[str, Any] | None:
    """The line for what was done and what went wrong; None when there is neither."""
    text = " ".join(filter(None, (note, *troubles)))
    return line(text, "error" if any(troubles) else "hint") if text else None


def line(text: str, level: str = "hint") -> dict[str, Any]:
    """The value of the line above the message; ``level`` is hint or error.

    ``rest`` says, where it is not empty, which line it is that shows when there is no other.
    """
    empty: dict[str, Any] = {"reads": [], "doubt": "", "doubted": [], "changing": None, "rest": ""}
    return {"text": text, "level": level, **empty}
