"""One dialogue about one picture as a frozen value.

Acting on a session returns a new one that remembers the former, so undo is a step back.
It holds numbers and text only: no pixels of the picture, no model, nothing that runs.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from demo.answers.finding import Finding, TraceText
from demo.dialects.known import REGION_REASONER
from demo.errors import InputError
from demo.picture.geometry import Size
from demo.picture.picture import PictureInfo
from demo.picture.regions import Region, RegionObject, Registry, number_of


@dataclass(frozen=True, slots=True)
class ReasonerInfo:
    """Which model answers, the frame (pixels) its boxes are written in for this picture, and the name of
    the dialect it is asked in (see `dialects.known`).
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
class Turn:
    """One question and its answer.

    ``next_region`` is the number that was free when it was asked. ``reasoner`` is who answered, and in
    which frame the numbers of its texts are; None stands for the session's. ``second_opinions`` are what
    other models said to the same question. ``decoding`` says in words how the text was decoded, as far as
    that is known.
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


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """A second opinion: what another model said to a question that had an answer.

    ``reasoner`` is that model; ``turn`` what it was asked and what it wrote, without a region, for
    ``objects`` (picture pixels), under ``label``, are what it found and no part of the dialogue.
    """

    reasoner: ReasonerInfo
    turn: Turn
    objects: tuple[RegionObject, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A dialogue; ``former`` is the value before the last act (a turn or an edit), for undo.

    ``reasoner`` is the model that answers now; turns of another one name it.
    """

    id: str
    picture: PictureInfo
    reasoner: ReasonerInfo
    turns: tuple[Turn, ...] = ()
    registry: Registry = field(default_factory=Registry)
    branch: tuple[str, int] | None = None
    former: Session | None = field(default=None, repr=False, compare=False)

    @classmethod
    def begin(cls, picture: PictureInfo, reasoner: ReasonerInfo) -> Session:
        """An empty dialogue with a fresh id."""
        return cls(uuid.uuid4().hex, picture, reasoner)

    def reasoner_of(self, turn: Turn) -> ReasonerInfo:
        """Who answered in a turn of this dialogue, and in which frame."""
        return turn.reasoner or self.reasoner

    @property
    def answered_by(self) -> tuple[str, ...]:
        """The names of the models that have answered in it, in the order in which they came."""
        return tuple(dict.fromkeys(self.reasoner_of(turn).name for turn in self.turns))

    def with_reasoner(self, reasoner: ReasonerInfo) -> Session:
        """With another model from now on; the turns there are stay those of the models that answered."""
        if reasoner == self.reasoner:
            return self
        turns = tuple(replace(turn, reasoner=self.reasoner_of(turn)) for turn in self.turns)
        return replace(self, reasoner=reasoner, turns=turns)

    def with_turn(self, turn: Turn, registry: Registry) -> Session:
        """After one more turn, whose region (if any) is already in ``registry``."""
        return replace(self, turns=(*self.turns, turn), registry=registry, former=self)

    def with_registry(self, registry: Registry) -> Session:
        """After an edit on the canvas."""
        return replace(self, registry=registry, former=self)

    def with_region(self, region: Region) -> Session:
        """After an edit of one region. Raises UnknownRegionError."""
        return self.with_registry(self.registry.replace(region))

    def undo(self) -> Session:
        """The dialogue before the last act.

        A session that was loaded has no memory of its acts: there the last turn is taken back with
        the region it made.
        """
        if self.former is not None:
            return self.former._noted_as(self.turns)
        if not self.turns:
            raise InputError("There is nothing to undo.")
        last = self.turns[-1].region
        registry = self.registry
        if last is not None and last in registry:
            kept = tuple(r for r in registry if r.id != last)
            # Its number is free again only if no later one was given out.
            newest = registry.region(last).number == registry.next_number - 1
            registry = Registry(kept, registry.next_number - newest)
        return replace(self, turns=self.turns[:-1], registry=registry)

    def turn(self, number: int) -> Turn:
        """Turn 1, 2, … Raises InputError when there is no such turn."""
        if not 1 <= number <= len(self.turns):
            raise InputError("This answer is not there any more.")
        return self.turns[number - 1]

    def before(self, turn: int) -> Session:
        """As it was before that turn (1, 2, …) was asked, to ask it again or another in its place.

        The regions made since are gone, drawn ones too; those there were stay as they are now, so that
        a correction is not lost. Raises InputError when there is no such turn.
        """
        registry = self.registry.rolled_back(self._free_number(turn))
        return replace(self, turns=self.turns[: turn - 1], registry=registry, former=self)

    def branched(self, turn: int) -> Session:
        """A new dialogue that begins with the turns up to and including that one, and their regions.

        Raises InputError when there is no such turn.
        """
        self.turn(turn)
        whole = turn == len(self.turns)
        start = self if whole else self.before(turn + 1)
        return replace(start, id=uuid.uuid4().hex, branch=(self.id, turn), former=None)

    def rated(self, turn: int, feedback: str | None) -> Session:
        """With that turn found ``up``, ``down`` or nothing; no act, so undo does not count it.

        Raises InputError when there is no such turn.
        """
        return self._with_note(turn, replace(self.turn(turn), feedback=feedback))

    def with_second_opinion(self, turn: int, second: SecondOpinion) -> Session:
        """With another model's opinion on that turn, in the place of its former one; no act either.

        Raises InputError when there is no such turn.
        """
        noted = self.turn(turn)
        others = tuple(s for s in noted.second_opinions if s.reasoner.name != second.reasoner.name)
        return self._with_note(turn, replace(noted, second_opinions=(*others, second)))

    def _with_note(self, turn: int, noted: Turn) -> Session:
        return replace(self, turns=(*self.turns[: turn - 1], noted, *self.turns[turn:]))

    def _noted_as(self, turns: Sequence[Turn]) -> Session:
        """With what people and other models thought of the same turns since."""
        noted = tuple(
            replace(t, feedback=s.feedback, second_opinions=s.second_opinions)
            if _is_same(t, s)
            else t
            for t, s in zip(self.turns, turns, strict=False)
        )
        return replace(self, turns=(*noted, *self.turns[len(noted) :]))

    def _free_number(self, turn: int) -> int:
        """Which region number was free before a turn. Raises InputError when there is no such turn."""
        noted, later = self.turn(turn).next_region, self.turns[turn - 1 :]
        made = (number_of(t.region) for t in later if t.region)
        # A file of another maker may not note it: then the turn's own region, or the next one's.
        return noted if noted is not None else next(made, self.registry.next_number)


def _is_same(turn: Turn, later: Turn) -> bool:
    """Whether that is the same turn, and not its question asked again, with the same words in answer."""
    return (turn.question, turn.raw, turn.timings) == (later.question, later.raw, later.timings)
