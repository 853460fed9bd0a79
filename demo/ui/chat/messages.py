"""A session as chat messages: one summary per answer, then its parts, collapsed.

`messages` is a pure function of the session and of what others remark on it, so undo needs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from demo.answers.citations import XYXY, find_citations
from demo.answers.finding import Finding
from demo.answers.words import words_of
from demo.dialects.ways import dialect_named
from demo.dialogue.comparison import agreement_of
from demo.dialogue.look_frames import (
    Piece,
    answer_part,
    asked_part,
    is_by_person,
    look_of,
    look_title,
    nothing_sentence,
    own_looks,
    pieces_of,
)
from demo.dialogue.second_opinion import agreement_sentence
from demo.dialogue.session import Look, SecondOpinion, Session, Turn
from demo.errors import join_with_and
from demo.language.intent import Intent, intent_of
from demo.machine.effort import breathe
from demo.picture.crops import Part
from demo.picture.geometry import ModelBox, PictureBox, Size
from demo.picture.regions import RegionObject
from demo.ui.chat.pointers import address, box_address, look_address, pointers, stretches
from demo.ui.chat.shortened import shortened
from demo.ui.shared.text import (
    Boxes,
    code,
    link,
    linked_boxes,
    linked_names,
    mark,
    marked,
    place,
    plain,
    resolved_boxes,
)

Message = dict[str, Any]
Remarks = Mapping[int, Sequence[str]]

_NO_REMARKS: Remarks = {}

PARTS = {"scene": "Scene", "focus": "Focus", "think": "Reasoning", "answer": "Answer"}
NANO = "nano"  # the model whose words are few enough to be listed
MAX_PLACES = 4  # a summary says where the first objects are
_MAX_WARNINGS = 6  # those after the first are only counted
_REASONING = ("focus", "think")  # where a box that nobody gave is an invention
_ABOUT_ANSWER = ("answer.", "point.", "masks.")
# What a stopped turn is expected to have.
_EXPECTED_WHEN_STOPPED = ("answer.unreadable", "citation.missing", "trace.truncated")


def messages(
    session: Session, remarks: Remarks = _NO_REMARKS, *, compare: bool = False
) -> list[Message]:
    """The whole dialogue, with the remarks on each answer (1, 2, …), which are lines of Markdown.

    ``compare`` says that other models can be asked.
    """
    session = shortened(session)
    chat: list[Message] = []
    for index, turn in enumerate(session.turns):
        breathe()
        question = linked_names(turn.question, turn.references)
        chat.append(person_message(with_part(question, turn.looks, session.picture.size)))
        chat += _answer(session, index, remarks.get(index + 1, ()))
        chat += _second_opinions(session, index)
        chat.append(model_message(_tools(session, index + 1, compare=compare)))
    return chat


def person_message(text: str) -> Message:
    """A message on the right."""
    return {"role": "user", "content": text}


def model_message(text: str) -> Message:
    """A message on the left, without a heading."""
    return {"role": "assistant", "content": text}


def turn_message(
    turn_id: str,
    parts: Iterable[str],
    asked: str,
    status: str | None = None,
    seconds: float | None = None,
    author: str = "",
) -> Message:
    """The collapsible message that holds the parts of one turn; ``author`` ends its title."""
    title = (" · ".join(PARTS[name] for name in parts) or "What the model wrote") + plain(author)
    return _collapsible(title, f"Asked as: {asked}", {"id": turn_id}, status, seconds)


def part_message(
    title: str, content: str, turn_id: str, status: str | None, seconds: float | None
) -> Message:
    """One part: ``status`` pending is open with a spinner, done is closed, None is open."""
    ids = {"id": f"{turn_id} {title}", "parent_id": turn_id}
    return _collapsible(title, content, ids, status, seconds)


def part_title(name: str, given: Iterable[str]) -> str:
    """The title of a part, as in "Focus on R1"."""
    names = list(dict.fromkeys(given))
    if name != "focus" or not names:
        return PARTS[name]
    return f"{PARTS[name]} on {join_with_and([mark(n) for n in names])}"


def _collapsible(
    title: str, content: str, ids: Mapping[str, str], status: str | None, seconds: float | None
) -> Message:
    metadata: dict[str, Any] = {"title": title, **ids}
    if status is not None:
        metadata["status"] = status
    if seconds is not None:
        metadata["duration"] = round(seconds, 1)
    return {"role": "assistant", "content": content, "metadata": metadata}


# One turn -----------------------------------------------------------------------------------


def _answer(session: Session, index: int, remarks: Sequence[str]) -> list[Message]:
    turn, turn_id = session.turns[index], f"turn{index + 1}"
    newest, author = index == len(session.turns) - 1, author_note(session, turn)
    status = None if newest else "done"
    present = [name for name in PARTS if getattr(turn.trace, name) is not None]
    given = given_boxes(session, turn)
    naming = _Naming(session, turn, given)
    asked = resolved_boxes(turn.prompted, _with_corrections(session, turn, given))
    if not present:
        notes = [finding for finding in turn.findings if finding.level != "warning"]
        written = f"\n\n{code(turn.raw.strip())}" if turn.raw.strip() else ""
        rows = "".join(f"\n\n{_look_row(session, turn, n)}" for n, _ in own_looks(turn.looks))
        asked += f"{written}{rows}{_lines(session, turn, notes)}" if written or rows else ""
    unfolded = "think" if "think" in present else present[-1] if present else None
    return [
        model_message(
            "\n\n".join((_summary(session, turn, given) + _warnings(session, turn), *remarks))
        ),
        turn_message(turn_id, present, asked, status, turn.timings.total_s, author),
        *(
            part_message(
                part_title(name, given.values()),
                _part_text(naming, name) + _lines(session, turn, _findings(turn, name, present)),
                turn_id,
                "done" if newest and name != unfolded else None,
                turn.timings.parts_s.get(name),
            )
            for name in present
        ),
    ]


def _second_opinions(session: Session, index: int) -> Iterator[Message]:
    """What other models say to the same question, each folded up under how far the two agree."""
    number, turn = index + 1, session.turns[index]
    found = [o for _, o in answer_objects(session, turn)]
    boxes = [o.box for o in found]
    for place_, second in enumerate(turn.second_opinions, start=1):
        breathe()
        is_known = agreement_of(session, turn, found, second).agrees is not None
        verdict = agreement_sentence(boxes, [o.box for o in second.objects]) if is_known else ""
        title = f"What {plain(second.reasoner.name)} says. {verdict}".rstrip()
        take = f"[Take this answer instead](#take-{number}-{place_})"
        content = "\n\n".join((*_opinion_parts(session, second), take))
        ids = {"id": f"turn{number} second {place_}"}
        yield _collapsible(title, content, ids, "done", second.turn.timings.total_s)


def _opinion_parts(session: Session, second: SecondOpinion) -> Iterator[str]:
    turn, frame = replace(second.turn, reasoner=second.reasoner), second.reasoner.frame
    given = given_boxes(session, turn)
    yield f"Asked as: {resolved_boxes(turn.prompted, _with_corrections(session, turn, given))}"
    for name in ("scene", "focus", "think"):
        if (text := getattr(turn.trace, name)) is not None:
            yield f"**{PARTS[name]}** {linked_boxes(text, given)}"
    for number, _ in own_looks(turn.looks):
        yield _look_row(session, turn, number)
    yield f"In its frame of {frame.width} × {frame.height}:\n\n{code(turn.trace.answer or turn.raw)}"
    if second.objects:
        found = "\n\n".join(code(_numbers(o)) for o in second.objects)
        yield f"In the picture:\n\n{found}"
    yield from (marked(_level(f), f.text) for f in turn.findings if f.level == "warning")


def author_note(session: Session, turn: Turn) -> str:
    """Who answered, as words that follow others; nothing in a dialogue with one model."""
    several = len(session.answered_by) > 1
    return f" by {session.reasoner_of(turn).name}" if several else ""


def _tools(session: Session, number: int, *, compare: bool) -> str:
    """What can be done with an answer (1, 2, …), as links that turns.js listens to."""
    turn = session.turn(number)
    may_list = turn.region is None and session.reasoner_of(turn).name == NANO
    may_part = turn.is_again and (turn.region or "") in session.registry
    rated = {turn.feedback: " ✓"}
    names = {
        "again": "Ask again",
        "change": "Change",
        "branch": "Branch",
        **({"compare": "Compare"} if compare or turn.second_opinions else {}),
        "up": f"Good{rated.get('up', '')}",
        "down": f"Bad{rated.get('down', '')}",
        "scores": "Scores",
        "numbers": "Numbers",
        **({"known": "What it knows"} if may_list else {}),
        **({"apart": "Make it a region of its own"} if may_part else {}),
    }
    return " ".join(f"[{name}](#{kind}-{number})" for kind, name in names.items())


def _part_text(naming: _Naming, name: str) -> str:
    """A part of the trace with its links, the looks in the places of their calls."""
    breathe()
    session, turn = naming.session, naming.turn
    if name == "answer":
        return _coordinates(session, turn)
    lines = [""]
    for piece in pieces_of(session, turn, name):
        if piece.look is None:
            lines[-1] = f"{lines[-1]} {_piece_text(naming, name, piece)}".strip()
        else:
            lines += [_look_row(session, turn, piece.look), ""]
    return "\n\n".join(filter(None, lines))


def _piece_text(naming: _Naming, name: str, piece: Piece) -> str:
    """A piece of a text, whose boxes and points are in the frame of what it is about."""
    breathe()
    session, turn = naming.session, naming.turn
    text = getattr(turn.trace, name)[piece.start : piece.end]
    cited = _boxes_in(text)
    boxes = naming.named(cited, piece.part) if cited else {}
    found = [
        (max(start - piece.start, 0), min(end, piece.end) - piece.start, mark)
        for start, end, mark in stretches(turn, name)
        if start < piece.end and end > piece.start
    ]
    if name not in _REASONING:
        return linked_boxes(text, boxes, stretches=found)
    ghost = partial(box_address, session, turn, part=piece.part)
    looked = naming.looked if cited and piece.part == naming.asked else {}
    points = pointers(session, turn, text, piece.part)
    return linked_boxes(
        text, boxes, invented=ghost, pointers=points, looked=looked, stretches=found
    )


def _coordinates(session: Session, turn: Turn) -> str:
    """The answer in the model's own numbers, and what they are in the picture."""
    frame, size = session.reasoner_of(turn).frame, session.picture.size
    written = code(turn.trace.answer or "", stretches(turn, "answer"))
    is_whole = answer_part(session, turn).box.area == size.width * size.height
    about = "" if is_whole else ", laid over the part that was looked at"
    text = f"In the model's frame of {frame.width} × {frame.height}{about}:\n\n{written}"
    for piece in pieces_of(session, turn, "answer"):
        if piece.look is not None:
            text += f"\n\n{_look_row(session, turn, piece.look)}"
    objects = answer_objects(session, turn)
    if objects:
        lines = "".join(f"\n\n{link(name)} {code(_numbers(o))}" for name, o in objects)
        text += f"\n\nIn the picture of {size.width} × {size.height}:{lines}"
    return text


def _numbers(item: RegionObject) -> str:
    box = f"box {list(item.box.xyxy)}"
    return box if item.point is None else f"{box} point {list(item.point.xy)}"


# Looks --------------------------------------------------------------------------------------


def with_part(question: str, looks: Sequence[Look], picture: Size) -> str:
    """A question, as Markdown, with the part of the picture that it is about."""
    asked = (look for look in looks if is_by_person(look))
    return "\n\n".join((question, *(look_row("About this part", look, picture) for look in asked)))


def look_row(title: str, look: Look, picture: Size, marks: str = "") -> str:
    """A look as the page shows it: a link that looks.js makes a small picture."""
    box = ".".join(map(str, look.box.xyxy))
    words = f"{title}: {place(look.box, picture)}"
    return f'<span class="look{marks}">[{plain(words)}](#look-{box})</span>'


def numbered_row(looks: Sequence[Look], number: int, picture: Size, marks: str = "") -> str:
    """The row of a look (0, 1, …) that a model took."""
    return look_row(look_title(looks, number), looks[number], picture, marks)


def _look_row(session: Session, turn: Turn, number: int) -> str:
    findings = enumerate(turn.findings)
    marks = "".join(f" at{n}" for n, found in findings if look_of(turn, found) == number)
    return numbered_row(turn.looks, number, session.picture.size, marks)


# Boxes and their names ----------------------------------------------------------------------


def given_boxes(session: Session, turn: Turn) -> dict[XYXY, str]:
    """The model-frame boxes that stood for the references of a turn, with their names.

    They are read from the question as it was sent, because a region may have been corrected since.
    """
    cited = list(dict.fromkeys(_boxes_in(turn.prompted)))
    now = _boxes_now(session, turn, asked_part(session, turn))
    given = {box: name for name, box in reversed(now.items()) if box in cited}
    moved = [name for name, box in now.items() if box not in cited]
    return given | dict(zip((b for b in cited if b not in given), moved, strict=False))


class _Naming:
    """What the boxes in the texts of one turn are called; what all pieces of them need is made once."""

    def __init__(self, session: Session, turn: Turn, given: Boxes) -> None:
        self.session, self.turn, self.asked = session, turn, asked_part(session, turn)
        self._given, self._frame = given, session.reasoner_of(turn).frame
        self._now: dict[Part, dict[XYXY, str]] = {}

    def named(self, cited: Iterable[XYXY], part: Part) -> dict[XYXY, str]:
        """The boxes cited about a part that have a name: what was given, and what was found."""
        # Several boxes of the model are one of the picture, so what it wrote is compared there.
        here = {box: part.box_to_picture(ModelBox.ordered(box), self._frame) for box in cited}
        answered = {box: self._found[at] for box, at in here.items() if at in self._found}
        return {**answered, **(self._given if part == self.asked else self._names_now(part))}

    @cached_property
    def looked(self) -> dict[XYXY, str]:
        """The boxes of its calls, each with the address that shows it on the picture."""
        looks = own_looks(self.turn.looks)
        return {box: look_address(look) for _, look in looks for box in _boxes_in(look.call)}

    @cached_property
    def _found(self) -> dict[PictureBox, str]:
        return {o.box: name for name, o in answer_objects(self.session, self.turn)}

    def _names_now(self, part: Part) -> dict[XYXY, str]:
        if part not in self._now:
            now = _boxes_now(self.session, self.turn, part)
            self._now[part] = {box: name for name, box in reversed(now.items()) if box}
        return self._now[part]


def _boxes_in(text: str) -> list[XYXY]:
    return [citation.box for citation in find_citations(text)]


def _boxes_now(session: Session, turn: Turn, part: Part) -> dict[str, XYXY | None]:
    """Where the references of a turn are now, by name, in the model's frame over a part."""
    references = dict.fromkeys(turn.references)
    names = [name for reference in references for name in _object_names(session, reference)]
    return {name: _model_box(session, turn, name, part) for name in dict.fromkeys(names)}


def _model_box(session: Session, turn: Turn, name: str, part: Part) -> XYXY | None:
    """Where an object is now, in the turn's model frame over a part; None when it was deleted."""
    breathe()
    if name not in session.registry:
        return None
    box = session.registry.objects(name)[0].box
    return part.box_from_picture(box, session.reasoner_of(turn).frame).xyxy


def _object_names(session: Session, reference: str) -> tuple[str, ...]:
    if reference not in session.registry:
        return (reference,)
    objects = session.registry.objects(reference)
    return (reference,) if len(objects) == 1 else tuple(o.id for o in objects)


def _with_corrections(session: Session, turn: Turn, given: Boxes) -> dict[XYXY, str]:
    """The names of given boxes as links, with a word where a person corrected the region."""
    return {
        box: f"{link(name)}{_correction(session, turn, name, box)}" for box, name in given.items()
    }


def _correction(session: Session, turn: Turn, name: str, box: XYXY) -> str:
    if name not in session.registry or not session.registry.objects(name)[0].corrected:
        return ""
    now = _model_box(session, turn, name, asked_part(session, turn))
    since = "" if now == box else "since "
    return f" ({since}corrected by hand)"


def answer_objects(session: Session, turn: Turn) -> list[tuple[str, RegionObject]]:
    """What the turn found, as long as it is there, by the names that are shown."""
    if turn.region is None or turn.region not in session.registry:
        return []
    region = session.registry.region(turn.region)
    single = len(region.objects) == 1
    return [(region.id if single else o.id, o) for o in region.objects]


# What is said about it ------------------------------------------------------------------------


def _summary(session: Session, turn: Turn, given: Boxes) -> str:
    """What a person reads first: the words of an answer that is told, and what was found."""
    words = linked_boxes(told_words(session, turn), given)
    found = outcome(session, turn) if turn.region or turn.partial or not words else ""
    return "\n\n".join(filter(None, (words, found)))


def told_words(session: Session, turn: Turn) -> str:
    """What a model said that answers in words."""
    tells = dialect_named(session.reasoner_of(turn).dialect).tells
    return words_of(turn.trace.answer or "") if tells else ""


def outcome(session: Session, turn: Turn) -> str:
    """What was found, as Markdown; plain words where nothing was."""
    if turn.is_again:
        return _again_sentence(session, turn)
    if turn.region is not None:
        found = _found_sentence(session, turn) + _correction_sentence(session, turn.region)
        return f"Stopped: {found[0].lower()}{found[1:]}" if turn.partial else found
    if turn.partial:
        is_begun = bool(told_words(session, turn))
        return "Stopped." if is_begun else "Stopped: no answer had been written yet."
    if dialect_named(session.reasoner_of(turn).dialect).tells:
        return "There is no answer in words."
    if any(finding.kind == "answer.unreadable" for finding in turn.findings):
        return "The answer could not be read."
    if any(finding.kind == "answer.unknown" for finding in turn.findings):
        name = plain(session.reasoner_of(turn).name)
        return f"{name} does not know a word of this question, so it found nothing."
    return "A guess: nothing matches." if turn.is_guess else nothing_sentence(turn)


def _again_sentence(session: Session, turn: Turn) -> str:
    """That the thing is a region already."""
    name = turn.region or ""
    if name not in session.registry:
        return f"That was {name}, which has been deleted since."
    where = ", ".join(
        place(o.box, session.picture.size) for o in session.registry.objects(name)[:MAX_PLACES]
    )
    return f"That is {link(name)} — {where}."


def found_lead(turn: Turn, count: int) -> str:
    """What a sentence on found objects begins with: that they are found, counted, or guessed."""
    if turn.is_guess:
        return "A guess" if count == 1 else "Guesses"
    if intent_of(turn.question) is Intent.COUNT:
        return f"Counted {count}"
    return "Found one" if count == 1 else f"Found {count}"


def _found_sentence(session: Session, turn: Turn) -> str:
    name = turn.region or ""
    if name not in session.registry:
        verb = "Guessed" if turn.is_guess else "Found"
        return f"{verb} {name}, which has been deleted since."
    objects, size = session.registry.region(name).objects, session.picture.size
    lead = found_lead(turn, len(objects))
    if len(objects) == 1:
        return f"{lead}: {link(name)} — {place(objects[0].box, size)}."
    singles = ", ".join(f"{link(o.id)} {place(o.box, size)}" for o in objects[:MAX_PLACES])
    more = "".join(f", {link(o.id)}" for o in objects[MAX_PLACES:])
    return f"{lead}: {link(name)} — {singles}{more}."


def _correction_sentence(session: Session, name: str) -> str:
    if name not in session.registry or not session.registry.region(name).corrected:
        return ""
    return " You corrected it by hand."


def shown_warnings(turn: Turn) -> list[Finding]:
    """The findings that a person must see; not what any stopped turn has."""
    return [
        f
        for f in turn.findings
        if f.level == "warning" and not (turn.partial and f.kind in _EXPECTED_WHEN_STOPPED)
    ]


def _warnings(session: Session, turn: Turn) -> str:
    """What a person must see without opening anything; of many warnings the first ones."""
    warnings = shown_warnings(turn)
    more = len(warnings) - _MAX_WARNINGS
    if more <= 1:
        return _lines(session, turn, warnings)
    rest = f"There are {more} more warnings: see the numbers of this answer."
    return f"{_lines(session, turn, warnings[:_MAX_WARNINGS])}\n\n{marked('warning', rest)}"


def _findings(turn: Turn, name: str, present: Sequence[str]) -> list[Finding]:
    """The other findings that belong to a part: to the answer, or else to the reasoning."""

    def home(finding: Finding) -> str:
        wanted = "answer" if finding.kind.startswith(_ABOUT_ANSWER) else "think"
        return wanted if wanted in present else present[-1]

    return [f for f in turn.findings if f.level != "warning" and home(f) == name]


def _lines(session: Session, turn: Turn, findings: Iterable[Finding]) -> str:
    numbers = {id(f): number for number, f in enumerate(turn.findings)}
    return "".join(
        f"\n\n{marked(_level(f), f.text, address(session, turn, numbers[id(f)]))}" for f in findings
    )


def _level(finding: Finding) -> str:
    """What a finding is shown as: a citation that is missing looks unlike one that is invented."""
    return "missing" if finding.kind == "citation.missing" else finding.level
