"""One dialogue about one picture as a frozen value.

Every change returns a new session that remembers the former one, so undo is a step back; what was undone
remembers the later one until something else is changed, so redo is a step on.
It holds numbers and text only: no pixels of the picture, no model, nothing that runs.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from demo.answers.finding import OUTSIDE, Finding, TraceText
from demo.dialects.known import REGION_REASONER
from demo.dialogue.room import check_room_for_masks, check_room_for_regions
from demo.errors import InputError
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import PictureInfo
from demo.picture.regions import Region, RegionObject, Registry, number_of

MAX_STEPS = 200  # changes of a dialogue that can be undone; each keeps a region or a turn


@dataclass(frozen=True, slots=True)
class ReasonerInfo:
    """The model that answers, the frame (pixels) of its boxes for this picture, and the name of its dialect
    (see `dialects.known`).
    """

    name: str
    frame: Size
    dialect: str = REGION_REASONER.name


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds and token counts of one turn; tokens are None where they cannot be known.

    ``parts_s`` says how long each part of the trace took to write.
    """

    first_token_s: float | None = None
    total_s: float | None = None
    prompt_tokens: int | None = None
    new_tokens: int | None = None
    reused_tokens: int | None = None
    parts_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """A second view of a part of the picture while a turn was answered.

    ``box`` is the part in picture pixels, ``size`` that in which the model was shown it, and ``call`` the
    words with which the model asked for it, empty where a person did. ``is_answered``: the boxes of the
    answer were read in this part.
    """

    box: PictureBox
    size: Size
    call: str = ""
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer.

    ``next_region`` is the number of the next region when it was asked. ``reasoner`` is the model that
    answered, with the frame of the numbers in its texts; None stands for the session's.
    ``second_opinions`` are other models' answers to the same question. ``decoding`` says how the text was
    decoded, where that is known. ``looks`` are in the order in which they were taken; a question about a
    part of the picture only has that part, in picture pixels, as ``within``.
    """

    question: str
    prompted: str
    references: tuple[str, ...] = ()
    region: str | None = None
    partial: bool = False
    trace: TraceText = field(default_factory=TraceText)
    raw: str = ""
    findings: tuple[Finding, ...] = ()
    feedback: str | None = None
    timings: Timings = field(default_factory=Timings)
    next_region: int | None = None
    reasoner: ReasonerInfo | None = None
    second_opinions: tuple[SecondOpinion, ...] = ()
    decoding: str = ""
    looks: tuple[Look, ...] = ()
    within: PictureBox | None = None

    @property
    def is_guess(self) -> bool:
        """Whether the model knows nothing of such pictures, so that nothing of it counts as found."""
        return any(finding.kind == OUTSIDE for finding in self.findings)

    @property
    def is_again(self) -> bool:
        """Whether it found what was a region before it."""
        if self.region is None or self.next_region is None:
            return False
        return number_of(self.region) < self.next_region


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """Another model's answer to a question that already has one.

    ``reasoner`` is that model and ``turn`` its question and answer, without a region, because the
    ``objects`` that it found (picture pixels) with their ``label`` are not part of the dialogue.
    """

    reasoner: ReasonerInfo
    turn: Turn
    objects: tuple[RegionObject, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A dialogue; ``former`` is its value before the last change (a turn or an edit), for undo, and
    ``later`` that before the last undo, for redo.

    ``reasoner`` is the model that answers now; turns of another model name theirs.
    """

    id: str
    picture: PictureInfo
    reasoner: ReasonerInfo
    turns: tuple[Turn, ...] = ()
    registry: Registry = field(default_factory=Registry)
    branch: tuple[str, int] | None = None
    former: Session | None = field(default=None, repr=False, compare=False)
    later: Session | None = field(default=None, repr=False, compare=False)

    @classmethod
    def begin(cls, picture: PictureInfo, reasoner: ReasonerInfo) -> Session:
        """An empty dialogue with a fresh id."""
        return cls(uuid.uuid4().hex, picture, reasoner)

    def reasoner_of(self, turn: Turn) -> ReasonerInfo:
        """The model that answered in a turn of this dialogue, with its frame."""
        return turn.reasoner or self.reasoner

    def found_by(self, turn: Turn) -> tuple[RegionObject, ...]:
        """What a turn has found, as it is now; nothing when its region has been deleted."""
        name = turn.region
        return self.registry.objects(name) if name and name in self.registry else ()

    @property
    def answered_by(self) -> tuple[str, ...]:
        """The names of the models that have answered in this dialogue, in order of their first answer."""
        return tuple(dict.fromkeys(self.reasoner_of(turn).name for turn in self.turns))

    @property
    def last_meant(self) -> str | None:
        """What "it" is: the region of the last answer, or the newest visible one if one was drawn since."""
        visible = [region for region in self.registry if not region.hidden]
        newest = visible[-1].id if visible else None
        last = self.turns[-1] if self.turns else None
        if last is None or last.next_region is None or last.region not in {r.id for r in visible}:
            return newest
        is_drawn_since = any(r.number >= last.next_region and r.id != last.region for r in visible)
        return newest if is_drawn_since else last.region

    def with_reasoner(self, reasoner: ReasonerInfo) -> Session:
        """With another model from now on; existing turns keep the models that answered them."""
        if reasoner == self.reasoner:
            return self
        turns = tuple(replace(turn, reasoner=self.reasoner_of(turn)) for turn in self.turns)
        return replace(self, reasoner=reasoner, turns=turns)

    def with_turn(self, turn: Turn, registry: Registry) -> Session:
        """After one more turn, whose region (if any) is already in ``registry``."""
        return replace(self, turns=(*self.turns, turn), registry=registry).following(self)

    def with_registry(self, registry: Registry) -> Session:
        """After an edit on the canvas. Raises InputError where there is no room for more."""
        if len(registry) > len(self.registry):
            check_room_for_regions(self.registry)
        check_room_for_masks(registry, self.registry)
        return replace(self, registry=registry).following(self)

    def with_region(self, region: Region) -> Session:
        """After an edit of one region. Raises UnknownRegionError."""
        return self.with_registry(self.registry.replace(region))

    def following(self, former: Session) -> Session:
        """As what a change has made of ``former``: one undo leads there, and nothing is left to redo."""
        return replace(self, former=_remembered(former), later=None)

    def undo(self) -> Session:
        """The dialogue before the last change. Raises InputError when there is nothing to undo.

        A session that was loaded does not remember its changes: there the last turn is removed with
        the region it made.
        """
        if self.former is not None:
            return replace(self.former._with_notes_of(self.turns), later=self)
        if not self.turns:
            raise InputError("There is nothing to undo.")
        last = None if self.turns[-1].is_again else self.turns[-1].region
        registry = self.registry
        if last is not None and last in registry:
            kept = tuple(r for r in registry if r.id != last)
            # Its number is free again only if no later one was used.
            newest = registry.region(last).number == registry.next_number - 1
            registry = Registry(kept, registry.next_number - newest)
        return replace(self, turns=self.turns[:-1], registry=registry, later=self)

    def redo(self) -> Session:
        """The dialogue before the last undo. Raises InputError when there is nothing to redo."""
        if self.later is None:
            raise InputError("There is nothing to redo.")
        return replace(self.later._with_notes_of(self.turns), former=self.without_later())

    def without_later(self) -> Session:
        """With nothing to redo."""
        return self if self.later is None else replace(self, later=None)

    def turn(self, number: int) -> Turn:
        """Turn 1, 2, … Raises InputError when there is no such turn."""
        if not 1 <= number <= len(self.turns):
            raise InputError("This answer does not exist any more.")
        return self.turns[number - 1]

    def before(self, turn: int) -> Session:
        """The dialogue before that turn (1, 2, …), to ask it again or another in its place.

        Regions made since are removed, drawn ones too; earlier ones stay as they are now, so that a
        correction is not lost. Raises InputError when there is no such turn.
        """
        registry = self.registry.rolled_back(self._free_number(turn))
        return replace(self, turns=self.turns[: turn - 1], registry=registry).following(self)

    def branch_at(self, turn: int) -> Session:
        """A new dialogue with the turns up to and including that one, and their regions.

        Raises InputError when there is no such turn.
        """
        self.turn(turn)
        whole = turn == len(self.turns)
        start = self if whole else self.before(turn + 1)
        return replace(start, id=uuid.uuid4().hex, branch=(self.id, turn), former=None, later=None)

    def with_feedback(self, turn: int, feedback: str | None) -> Session:
        """With that turn rated ``up``, ``down`` or None; undo does not count this as a change.

        Raises InputError when there is no such turn.
        """
        return self._with_note(turn, replace(self.turn(turn), feedback=feedback))

    def with_second_opinion(self, turn: int, second: SecondOpinion) -> Session:
        """With another model's opinion on that turn, which replaces its former one; undo ignores it too.

        Raises InputError when there is no such turn.
        """
        noted = self.turn(turn)
        others = tuple(s for s in noted.second_opinions if s.reasoner.name != second.reasoner.name)
        return self._with_note(turn, replace(noted, second_opinions=(*others, second)))

    def without_opinions_of(self, name: str) -> Session:
        """Without what the model of that name has said as well; undo ignores it too."""
        turns = (
            replace(
                t, second_opinions=tuple(s for s in t.second_opinions if s.reasoner.name != name)
            )
            for t in self.turns
        )
        return replace(self, turns=tuple(turns))

    def _with_note(self, turn: int, noted: Turn) -> Session:
        return replace(self, turns=(*self.turns[: turn - 1], noted, *self.turns[turn:]))

    def _with_notes_of(self, turns: Sequence[Turn]) -> Session:
        """With the ratings and second opinions that the same turns have got since."""
        noted = tuple(
            replace(t, feedback=s.feedback, second_opinions=s.second_opinions)
            if is_same(t, s)
            else t
            for t, s in zip(self.turns, turns, strict=False)
        )
        return replace(self, turns=(*noted, *self.turns[len(noted) :]))

    def _free_number(self, turn: int) -> int:
        """The next region number before a turn. Raises InputError when there is no such turn."""
        noted, later = self.turn(turn).next_region, self.turns[turn - 1 :]
        before = {t.region for t in self.turns[: turn - 1]}
        made = (number_of(t.region) for t in later if t.region and t.region not in before)
        # Another program's file may lack it: then the number of the turn's region, or of the next turn's.
        return noted if noted is not None else next(made, self.registry.next_number)


def is_same(turn: Turn, later: Turn) -> bool:
    """Whether that is the same turn, not its question asked again and answered in the same words."""
    return (turn.question, turn.raw, turn.timings) == (later.question, later.raw, later.timings)


def _remembered(newest: Session) -> Session:
    """That dialogue as the former one of another: with nothing to redo, and so many former ones at most."""
    states, state = list[Session](), newest.without_later()
    while len(states) < MAX_STEPS:
        states.append(state)
        if state.former is None:
            return states[0]
        state = state.former
    oldest = replace(states[-1], former=None)
    return reduce(lambda former, state: replace(state, former=former), states[-2::-1], oldest)
