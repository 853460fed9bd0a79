"""One turn, from a person's sentence to the longer dialogue: the only place where the rooms meet.

``sentence → references → prompt → text → trace → boxes → masks → findings → session``, once, in that order,
reported as events while it happens. It knows no page and no model code; each part is called through its
protocol or as a pure function.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from demo.answers.checks import check_trace
from demo.answers.ending import Ending
from demo.answers.finding import Finding
from demo.answers.trace import (
    ObjectFound,
    PartClosed,
    PartOpened,
    PartText,
    Trace,
    TraceEvent,
    TraceParser,
)
from demo.dialects.dialect import Dialect
from demo.dialects.prompt import GivenBox, Prompt, build_prompt
from demo.dialects.ways import TOLD, asks_apart, has_ways, in_way, without_looks
from demo.dialogue.extent import written
from demo.dialogue.limits import MAX_ANSWER, MAX_FINDINGS, MAX_FOUND
from demo.dialogue.look_parts import check_in_part, part_to_ask
from demo.dialogue.look_text import Until
from demo.dialogue.looking import LookBegun, LookEnded, Looks, check_looks
from demo.dialogue.outline_doubts import doubtful_outlines
from demo.dialogue.recognised import region_of
from demo.dialogue.room import check_room_for_turn, with_masks_that_fit
from demo.dialogue.session import ReasonerInfo, Session, Timings, Turn
from demo.errors import EmptyAnswerError, ModelError, SessionFormatError
from demo.language.intent import Intent, as_counted, intent_of, is_in_words
from demo.language.labels import label_of
from demo.language.references import Resolved, check_question, resolve
from demo.picture.crops import Part
from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.picture import Picture
from demo.picture.regions import Region, RegionObject, Registry
from demo.reasoners.base import Reasoner, Usage
from demo.segmenters.base import MaskPrompt, Segmenter


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The question was understood; ``prompted`` is the question in the form that the model gets."""

    question: str
    prompted: str
    given: tuple[GivenBox, ...]


@dataclass(frozen=True, slots=True)
class ObjectSeen:
    """An object was read in the text that is still being written; picture pixels."""

    box: PictureBox
    point: PicturePoint | None


@dataclass(frozen=True, slots=True)
class Segmenting:
    """The text is complete, and masks are being made for ``count`` objects."""

    count: int


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """The dialogue with the new turn; ``turns[-1].partial`` says whether it was stopped."""

    session: Session


MASKS_AT_ONCE = 16
_TURNS_REPEATED = 8  # the number of earlier answers of which a new one may repeat parts
TurnEvent = (
    TurnStarted
    | PartOpened
    | PartText
    | PartClosed
    | LookBegun
    | LookEnded
    | ObjectSeen
    | Segmenting
    | TurnFinished
)


def begin(picture: Picture, reasoner: Reasoner) -> Session:
    """An empty dialogue about a picture with a model."""
    return Session.begin(picture.info, _info(picture, reasoner, reasoner.dialect))


def _info(picture: Picture, reasoner: Reasoner, dialect: Dialect) -> ReasonerInfo:
    return ReasonerInfo(reasoner.name, dialect.view(picture.size).frame, dialect.name)


def understand(
    session: Session,
    sentence: str | Resolved,
    dialect: Dialect,
    written_in: Size | None = None,
    *,
    bare: bool = False,
    finds_only: bool = False,
    part: Part | None = None,
) -> tuple[Resolved, Prompt]:
    """The meaning of a sentence in a dialogue, and the prompt for a model of that dialect.

    Boxes are written in the dialect's frame, or in ``written_in``, and ``bare`` as in `build_prompt`; about
    a ``part`` of the picture, in the frame of that.
    "It" is `Session.last_meant`; a sentence that is resolved already is not read for references again.
    Unless it ``finds_only``, *how many dogs* asks for all dogs.
    Raises QuestionError (UnknownRegionError for a name that does not exist) with a sentence.
    """
    if isinstance(sentence, Resolved):
        resolved = sentence
    else:
        resolved = resolve(check_question(sentence), session.registry, last=session.last_meant)
    part = part or _whole(session.picture.size, dialect)
    frame = written_in or _frame_of(part, dialect)
    counts = not finds_only and intent_of(resolved.sentence) is Intent.COUNT
    sought = as_counted(resolved) if counts else resolved
    return resolved, build_prompt(
        sought, session.registry, part.picture, frame, dialect, bare=bare, part=part
    )


def _whole(picture: Size, dialect: Dialect) -> Part:
    return Part.whole(picture, dialect.view(picture).shown)


def _frame_of(part: Part, dialect: Dialect) -> Size:
    """The frame of a model's numbers about a part."""
    return dialect.frame or part.shown


def run_turn(
    session: Session,
    sentence: str | Resolved,
    *,
    picture: Picture,
    reasoner: Reasoner,
    segmenter: Segmenter | None,
    cancel: threading.Event,
    asking: str = "",
    doubt: Finding | None = None,
    written_in: Size | None = None,
    bare: bool = False,
    finds_only: bool = False,
    recognises: bool = False,
    within: PictureBox | None = None,
    max_looks: int | None = None,
) -> Iterator[TurnEvent]:
    """Answer one sentence about the session's picture.

    The first event is TurnStarted, the last TurnFinished; setting ``cancel`` ends the turn early with
    what was complete. ``asking`` is the way of asking a model that has two (see `dialects.ways`); the turn
    remembers the dialect that it was asked in. ``doubt`` says why nothing of the answer can be believed: it
    comes first, and nothing is found to be right. References are written in the model's frame, or in
    ``written_in``, whose numbers the model still takes for its own frame's. That, and references written
    ``bare``, are for evaluations only; so is ``finds_only``, which takes every sentence for one that asks
    where something is. Else *how many dogs* asks for all dogs, and a model that can answer in words does so
    where the answer is no place. If it ``recognises``, what is a visible region already makes no new one:
    the turn's region is that one. A question about what is ``within`` a box (picture pixels) is asked
    about that part, enlarged. A model that looks closer by itself does so at most ``max_looks`` times, or
    as often as its family does.
    Raises QuestionError before the first event, ModelError (EmptyAnswerError for no text at all)
    possibly later; the given session is never changed.
    """
    began = time.perf_counter()
    if (picture.sha256, picture.size) != (session.picture.sha256, session.picture.size):
        raise SessionFormatError("This dialogue is about another picture.")
    check_room_for_turn(len(session.turns), written(session), session.registry)
    tells = not finds_only and is_in_words(_typed(sentence)) and has_ways(reasoner.dialect)
    dialect = in_way(reasoner.dialect, TOLD if tells else asking)
    if max_looks == 0 or (within and not asks_apart(dialect)):
        dialect = without_looks(dialect)
    part = part_to_ask(picture.size, within, dialect) if within else _whole(picture.size, dialect)

    def ask(part: Part, dialect: Dialect) -> tuple[Resolved, Prompt]:
        return understand(
            session, sentence, dialect, written_in, bare=bare, finds_only=finds_only, part=part
        )

    resolved, prompt = ask(part, dialect)
    check_in_part(part, prompt, session.registry)
    earlier = tuple(turn.raw for turn in session.turns[-_TURNS_REPEATED:])
    prompt = replace(prompt, likely=prompt.likely + earlier)
    yield TurnStarted(resolved.sentence, prompt.question, prompt.given)
    ending = Until(cancel)
    looks = Looks(reasoner, picture, prompt, dialect, ask, ending, max_looks)
    streamed = _StreamedTrace(part, dialect, began)
    pieces = looks.write() if within is None else looks.write_about(part)
    for number, piece in enumerate(pieces):
        # Not sooner: while this turn waits for others, their pictures would replace this one.
        if number == 0:
            _prepare_in_background(segmenter, picture)
        if isinstance(piece, LookBegun | LookEnded):
            yield piece
            continue
        streamed.part = looks.answered_in or part
        yield from streamed.take(piece)
        # As after a stop, the model still tells its counts.
        ending.is_enough = streamed.is_over
    trace, stopped = streamed.parser.close(), cancel.is_set()
    if not trace.raw and not stopped:
        raise EmptyAnswerError("The model gave no answer. Ask again, or word it differently.")
    session = session.with_reasoner(ReasonerInfo(reasoner.name, streamed.frame, dialect.name))
    objects = _objects(streamed, trace, looks)
    findings = _findings(trace, prompt, dialect, resolved, looks, objects)
    if doubt is not None:
        findings = (doubt, *(f for f in findings if f.level != "ok"))
    known = region_of(objects, session.registry) if recognises else None
    if objects and known is None and segmenter is not None and not stopped:
        yield Segmenting(len(objects))
        objects, doubts = _segmented(objects, picture, segmenter, session.registry, cancel)
        findings = (*findings, *doubts)
    turn = Turn(
        question=resolved.sentence,
        prompted=prompt.question,
        references=resolved.names,
        partial=stopped,
        trace=trace.text,
        raw=trace.raw,
        findings=_first(findings, len(trace.objects)),
        timings=streamed.timings(),
        next_region=session.registry.next_number,
        decoding=streamed.usage.decoding,
        looks=tuple(looks.looks),
        within=within,
    )
    label = label_of(as_counted(resolved))
    yield TurnFinished(_with_turn(session, turn, objects, label, known))


def _objects(streamed: _StreamedTrace, trace: Trace, looks: Looks) -> list[RegionObject]:
    """What an answer found, or else the boxes that it named before it answered in words."""
    part, frame = streamed.part, streamed.frame
    found = [item.in_picture(part, frame) for item in trace.objects[:MAX_FOUND]]
    return [RegionObject("", *each) for each in found or [(box, None) for box in looks.evidence]]


def _findings(
    trace: Trace,
    prompt: Prompt,
    dialect: Dialect,
    resolved: Resolved,
    looks: Looks,
    objects: Sequence[RegionObject],
) -> tuple[Finding, ...]:
    given = [(g.name, g.model_box) for g in prompt.given]
    return (
        *check_trace(trace, given, dialect, resolved.sentence, known=looks.cited(trace.raw)),
        *looks.findings(trace.text),
        *check_looks(looks.looks, [o.box for o in objects] if trace.objects else ()),
    )


def _segmented(
    objects: Sequence[RegionObject],
    picture: Picture,
    segmenter: Segmenter,
    registry: Registry,
    cancel: threading.Event,
) -> tuple[list[RegionObject], tuple[Finding, ...]]:
    """The objects with their masks, and what is to be said about these."""
    try:
        made = with_masks(objects, picture, segmenter, cancel)
        kept = list(with_masks_that_fit(made, registry))
        left = sum(o.mask is not None for o in made) - sum(o.mask is not None for o in kept)
        doubts = doubtful_outlines(kept, picture, f"R{registry.next_number}")
        return kept, (*((_left_out(left),) if left else ()), *doubts)
    except ModelError as error:
        failed = Finding("masks.failed", "warning", f"There are no masks. {error}")
        return list(objects), (failed,)


def _left_out(count: int) -> Finding:
    what = "The mask of one object is" if count == 1 else f"The masks of {count:,} objects are"
    return Finding(
        "masks.failed", "warning", f"{what} left out: this dialogue has no room for more."
    )


def _first(findings: Sequence[Finding], found: int) -> tuple[Finding, ...]:
    """The findings, of very many the first, and what was left out of an answer beyond all bounds."""
    left = f"It names {found:,} things, of which the first {MAX_FOUND} are shown."
    many = (Finding("answer.many", "note", left, "answer"),) if found > MAX_FOUND else ()
    return (*findings[:MAX_FINDINGS], *many)


def _typed(sentence: str | Resolved) -> str:
    return sentence.sentence if isinstance(sentence, Resolved) else sentence


def answer(
    session: Session,
    sentence: str,
    *,
    picture: Picture,
    reasoner: Reasoner,
    segmenter: Segmenter | None,
    asking: str = "",
    doubt: Finding | None = None,
    within: PictureBox | None = None,
    max_looks: int | None = None,
) -> Session:
    """The dialogue after one whole turn, for callers that need no events."""
    events = run_turn(
        session,
        sentence,
        picture=picture,
        reasoner=reasoner,
        segmenter=segmenter,
        cancel=threading.Event(),
        doubt=doubt,
        asking=asking,
        within=within,
        max_looks=max_looks,
    )
    return next(event.session for event in events if isinstance(event, TurnFinished))


def _prepare_in_background(segmenter: Segmenter | None, picture: Picture) -> None:
    """Let the segmenter encode the picture while the model writes; it keeps the result."""

    def prepare(segmenter: Segmenter) -> None:
        with suppress(ModelError):  # it happens again, and is reported, when masks are made
            segmenter.prepare(picture)

    if segmenter is not None:
        threading.Thread(target=prepare, args=(segmenter,), daemon=True).start()


class _StreamedTrace:
    """A model's text as it arrives: parsed, timed, and turned into events."""

    def __init__(self, part: Part, dialect: Dialect, began: float) -> None:
        self.part, self.frame, self.began = part, _frame_of(part, dialect), began
        self.parser, self.ending, self.is_over = TraceParser(self.frame, dialect), Ending(), False
        self.characters = self.objects = 0
        self.first_token: float | None = None
        self.opened: dict[str, float] = {}
        self.parts: dict[str, float] = {}
        self.usage = Usage()

    def take(self, piece: str | Usage) -> Iterator[TurnEvent]:
        if isinstance(piece, Usage):
            self.usage = piece
            return
        if self.is_over:  # a few words more, written before the model heard of it
            return
        piece = piece[: MAX_ANSWER - self.characters]
        self.characters += len(piece)
        if self.first_token is None:
            self.first_token = time.perf_counter() - self.began
        for event in self.parser.feed(piece):
            self._time(event)
            if isinstance(event, ObjectFound):
                self.objects += 1
                if self.objects <= MAX_FOUND:
                    yield ObjectSeen(*event.item.in_picture(self.part, self.frame))
            else:
                yield event
        self.is_over = self.characters == MAX_ANSWER or self.ending.is_reached(
            piece, self.parser.written_after, is_going_round=self.parser.is_going_round
        )

    def _time(self, event: TraceEvent) -> None:
        if isinstance(event, PartOpened):
            self.opened[event.part] = time.perf_counter()
        elif isinstance(event, PartClosed):
            self.parts[event.part] = time.perf_counter() - self.opened[event.part]

    def timings(self) -> Timings:
        total = time.perf_counter() - self.began
        counts = self.usage
        return Timings(
            self.first_token,
            total,
            counts.prompt_tokens,
            counts.new_tokens,
            counts.reused_tokens,
            self.parts,
        )


def with_masks(
    objects: Sequence[RegionObject], picture: Picture, segmenter: Segmenter, cancel: threading.Event
) -> list[RegionObject]:
    """The same objects with masks made from their boxes and points. Raises ModelError.

    Cancelling takes effect after the current group; the objects after it stay without masks.
    """
    made: list[RegionObject] = []
    for start in range(0, len(objects), MASKS_AT_ONCE):
        group = objects[start : start + MASKS_AT_ONCE]
        if cancel.is_set():
            made.extend(group)
            continue
        segments = segmenter.segment(picture, [MaskPrompt(o.box, o.point) for o in group])
        made.extend(
            replace(o, mask=segment.mask, mask_quality=segment.quality)
            for o, segment in zip(group, segments, strict=True)
        )
    return made


def _with_turn(
    session: Session,
    turn: Turn,
    objects: Sequence[RegionObject],
    label: str,
    known: Region | None,
) -> Session:
    """The dialogue with the turn and its region: a ``known`` one, or a new one of the objects."""
    registry: Registry = session.registry
    if known is not None:
        turn = replace(turn, region=known.id)
    elif objects:
        registry, region = registry.add(objects, label=label)
        turn = replace(turn, region=region.id)
    return session.with_turn(turn, registry)
