"""An answer in which the model looks closer: the one loop that serves every family that does.

The model writes, calls for a part of the picture, is shown it, and goes on. How a call is read, what is
cut and where the part is handed back are data (`dialects.looking`); this file follows them, within bounds
on the number of looks and on their size. A part that a person asks about goes the same way without a call.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from demo.answers.calls import LookCall, calls_in, missing_end, read_call
from demo.answers.citations import XYXY, find_citations
from demo.answers.ending import Ending
from demo.answers.finding import Finding, TraceText
from demo.answers.trace import Trace, TraceParser, parse_trace, whole_characters
from demo.dialects.dialect import Dialect
from demo.dialects.looking import Back, Call, Looking
from demo.dialects.messages import MAIN, Content, Message, Shown
from demo.dialects.prompt import Prompt
from demo.dialogue.limits import MAX_FOUND
from demo.dialogue.look_parts import OUTSIDE, Parts, about_part
from demo.dialogue.look_text import Pause, Until, Woven
from demo.dialogue.session import Look
from demo.language.references import Resolved
from demo.picture.crops import Part, covered
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture
from demo.reasoners.base import Reasoner, Usage

_PAUSES = 8  # how often an answer may stop without a call
_MAX_S = 900.0  # after which nothing more is asked for one answer, as for one question to a server
_WARNED = 4  # how often a model is told that it may not look any more
_HALF = 0.5  # of a box: with less of it shown, it was not looked at
_CUT = "A look reached outside the picture and was cut to it."
_SAME = 0.9  # the IoU above which two looks are at the same part


@dataclass(frozen=True, slots=True)
class LookBegun:
    """The model is about to see a part; ``number`` counts the looks of a turn from 0."""

    look: Look
    number: int


@dataclass(frozen=True, slots=True)
class LookEnded:
    """The model has seen the part and goes on, or has answered about it."""

    number: int


Written = str | Usage | LookBegun | LookEnded
_Back = tuple[Content, ...]


@dataclass(frozen=True, slots=True)
class _Noted:
    """A finding, and of one about a call that was not followed its text: the ``earlier + 1``-th like it."""

    finding: Finding
    call: str = ""
    earlier: int = 0


@dataclass(slots=True)
class Looks:
    """One answer with looks, while it is written.

    ``ask`` gives the prompt of the same question about a part by itself. Afterwards ``looks`` and
    `findings` tell what was looked at, ``answered_in`` is the part in whose frame the boxes of the answer
    are (None for the whole picture), and ``evidence`` are boxes that the model named before it answered.
    """

    reasoner: Reasoner
    picture: Picture
    prompt: Prompt
    dialect: Dialect
    ask: Callable[[Part, Dialect], tuple[Resolved, Prompt]]
    cancel: threading.Event
    max_looks: int | None = None
    looks: list[Look] = field(default_factory=list)
    answered_in: Part | None = None
    evidence: list[PictureBox] = field(default_factory=list)
    _parts: Parts = field(init=False)
    _asked_apart: list[Prompt] = field(default_factory=list)
    _calls: list[str] = field(default_factory=list)
    _followed: list[str] = field(default_factory=list)
    _noted: list[_Noted] = field(default_factory=list)
    _ends: float = field(default_factory=lambda: time.monotonic() + _MAX_S)
    _usage: Usage = field(default_factory=Usage)

    @property
    def looking(self) -> Looking:
        """How the family looks."""
        assert self.dialect.looking is not None
        return self.dialect.looking

    @property
    def most(self) -> int:
        """How many looks there may be."""
        most = self.looking.most
        return most if self.max_looks is None else min(most, self.max_looks)

    def cited(self, text: str) -> set[XYXY]:
        """The boxes that its text may mention besides those of the question: its calls, also where it must
        not look and calls all the same, and the references in the frames of its parts.
        """
        own = self.reasoner.dialect.looking
        written = calls_in(text, own.call) if own else []
        calls = {c.box for call in (*self._calls, *written) for c in find_citations(call)}
        return calls | {g.model_box.xyxy for prompt in self._asked_apart for g in prompt.given}

    def findings(self, trace: TraceText) -> tuple[Finding, ...]:
        """What is worth knowing about the looks of an answer that reads so."""
        return tuple(
            replace(noted.finding, **_place(trace, noted.call, noted.earlier))
            if noted.call
            else noted.finding
            for noted in self._noted
        )

    def write(self) -> Iterator[Written]:
        """The answer's text in pieces, with its looks in between, and at the end the token counts."""
        yield from self._write(None)

    def _write(self, whole: Part | None) -> Iterator[Written]:
        if self.dialect.looking is None:
            yield from self.reasoner.stream(self.picture, self.prompt, self.cancel)
            return
        self._parts = Parts(self.picture, self.dialect, self.looking, whole)
        write = self._in_two_calls if self.looking.back is Back.AFRESH else self._in_turns
        yield from write()
        yield self._usage

    def write_about(self, part: Part) -> Iterator[Written]:
        """The answer about a part that a person chose, which the prompt is about."""
        look = Look(part.box, part.shown, is_answered=True)
        self.looks.append(look)
        yield LookBegun(look, 0)
        self.prompt = about_part(self.prompt, self.picture, part, self.dialect)
        yield from self._write(part)
        yield LookEnded(0)

    # The model asks while it writes.

    def _in_turns(self) -> Iterator[Written]:
        messages, said = list(self.prompt.conversation), list[Content]()
        for _ in range(_PAUSES + self.most):
            if time.monotonic() > self._ends:
                self._note(
                    "look.limit",
                    "It looked closer for too long, and its answer ends there.",
                    look=len(self.looks),
                )
                return
            open_now = [Message("assistant", tuple(said), is_open=True)] if said else []
            text, stop = yield from self._ask((*messages, *open_now))
            piece = text + self._put_back(text, stop)
            if piece != text:
                yield piece[len(text) :]
            said = _joined(said, _as_text(piece))
            call = self._call_in(said, piece, stop)
            if call is None or self.cancel.is_set():
                if self._is_over(stop, piece):
                    return
                continue
            if end := missing_end(piece, self.looking.call):
                yield end  # else what comes next would belong to the call
            self._followed.append(call.text)
            back = yield from self._follow(call)
            if back is None or self.cancel.is_set():
                return
            if self.looking.back in (Back.ANSWER, Back.APART):
                told = "".join(part for part in back if isinstance(part, str))
                if told:
                    yield told
                said = _joined(said, *back)
            else:
                role = "tool" if self.looking.back is Back.TOOL else "user"
                messages += [Message("assistant", tuple(said)), Message(role, back)]
                said = []

    def _ask(self, messages: Sequence[Message]) -> Generator[Written, None, tuple[str, str]]:
        """Let the model write; returns its text and the string at which it stopped."""
        prompt = replace(self.prompt, messages=tuple(messages))
        pause, pieces = Pause(self.looking.stops), list[str]()
        for text in self._written(prompt, pause, Until(self.cancel)):
            pieces.append(text)
            yield text
        return "".join(pieces), pause.stop

    def _written(self, prompt: Prompt, pause: Pause, until: Until) -> Iterator[str]:
        """What the model writes up to a pause, or until it is enough; its tokens are counted."""
        for piece in self.reasoner.stream(self.picture, prompt, until):
            if isinstance(piece, Usage):
                self._count(piece)
            elif not until.is_enough and (text := pause.take(whole_characters(piece))):
                yield text
            until.is_enough = until.is_enough or bool(pause.stop)
        if rest := pause.rest():
            yield rest

    def _put_back(self, text: str, stop: str) -> str:
        """What belongs to the text of the string at which it stopped."""
        if not stop or self.looking.call is not Call.BARE:
            return stop
        if stop == "</answer>":
            return f"{stop}\n"
        fence = "```\n" if text.rfind("```json") > text.rfind("```\n") else ""
        return f"{']}' if 'bbox_2d' in text else stop}\n{fence}"

    def _call_in(self, said: Sequence[Content], piece: str, stop: str) -> LookCall | None:
        answer = "".join(part for part in said if isinstance(part, str))
        if "<answer>" in answer and self.looking.call is Call.BARE:
            return None  # what looks like a call is a box of the answer
        if "</answer>" in piece or (self.looking.call is Call.BARE and not stop):
            return None
        self._calls += calls_in(piece, self.looking.call)
        return read_call(piece, self.looking.call)

    def _is_over(self, stop: str, piece: str) -> bool:
        """Whether nothing more comes; a stop that belonged to no call is only a pause, but in an answer."""
        return not stop or "</answer>" in piece or self.cancel.is_set()

    def _follow(self, call: LookCall) -> Generator[Written, None, _Back | None]:
        """Look at what a call asks for; returns what is handed back, None where the answer is complete."""
        if len(self._followed) > self.most:  # those that were refused count, too
            self._note_limit(call)
            return self._refused_more()
        part = self._parts.called(call)
        if isinstance(part, str):
            self._note_refused(part, call)
            return self._filled(self.looking.refused, error=_as_text(part))
        look = Look(part.box, part.shown, call.text)
        number = self._add(look, part)
        yield LookBegun(look, number)
        if self.looking.back is Back.APART:
            is_there = yield from self._ask_apart(part, number)
            yield LookEnded(number)
            if is_there:
                return None
            return (self.looking.told,)
        shown = self._parts.show(part, call.source)
        yield LookEnded(number)
        return self._filled(
            self.looking.told,
            shown,
            number=len(self.looks),
            call=len(self._followed) - 1,
            width=part.shown.width,
            height=part.shown.height,
        )

    def _refused_more(self) -> _Back | None:
        """What is said to a call too many; None where that ends the answer.

        A family has its own limit, at which it ends. Below that the model hears that it must answer, a few
        times.
        """
        is_own = self.most == self.looking.most and self.looking.back is not Back.APART
        if is_own or len(self._followed) > self.most + _WARNED:
            return None
        return self._filled(self.looking.refused, error="no more looks are possible: answer now")

    def _ask_apart(self, part: Part, number: int) -> Generator[Written, None, bool]:
        """The same question about a part alone; returns whether something was found.

        Its thoughts belong to the thought that asked for it, so its tags are left out, and its answer is
        written only where it is the turn's.
        """
        dialect = replace(self.dialect, looking=None)
        _, prompt = self.ask(part, dialect)
        self._asked_apart.append(prompt)
        prompt = about_part(prompt, self.picture, part, dialect)
        woven, parser = Woven(), TraceParser(dialect.frame or part.shown, dialect)
        yield "\n"
        until, ending = Until(self.cancel), Ending()
        # One that would look elsewhere, inside of this part, has not found it here.
        for piece in self._written(prompt, Pause(("<look>",)), until):
            parser.feed(piece)
            if said := woven.take(piece):
                yield said
            until.is_enough = ending.is_reached(
                piece, parser.written_after, is_going_round=parser.is_going_round
            )
        if said := woven.rest():
            yield said
        trace = parser.close()
        if not trace.objects:
            return False
        self.looks[number] = replace(self.looks[number], is_answered=True)
        self.answered_in = part
        yield f"</think>\n<answer>{trace.text.answer}</answer>"
        return True

    # The model names what matters first, and then answers.

    def _in_two_calls(self) -> Iterator[Written]:
        if self.most:
            yield from self._look_for_evidence()
        if self.cancel.is_set():
            return
        shown = self._parts.shown
        told = self.looking.told if shown else self.looking.refused
        question = told.replace("{question}", self.prompt.question)
        pictures = (self._parts.marked(self.evidence), *shown) if shown else (MAIN,)
        yield from self._ask((*self._system(), Message("user", (*pictures, question))))

    def _look_for_evidence(self) -> Iterator[Written]:
        """Let the model name the boxes of what matters, and cut out the first of them.

        What it writes is a thought, whatever its tags: the answer comes later, also where that has none.
        """
        text = yield from self._choose()
        self._calls.append(text)
        parts, frame = self._parts, self._parts.frame
        named = parse_trace(text, frame, replace(self.dialect, looking=None, parts=()))
        self._note_named(named)
        self.evidence = [
            parts.whole.box_to_picture(o.box, frame) for o in named.objects[:MAX_FOUND]
        ]
        for box in self.evidence[: 0 if self.cancel.is_set() else self.most]:
            part = parts.around(box)
            if isinstance(part, Part):
                look = Look(part.box, part.shown)
                number = self._add(look, part)
                yield LookBegun(look, number)
                parts.show(part)
                yield LookEnded(number)

    def _choose(self) -> Generator[Written, None, str]:
        woven, pieces = Woven(leaves_answer=False), list[str]()
        for piece in self._written(self.prompt, Pause(()), Until(self.cancel)):
            yield woven.take(piece) if pieces else f"<think>{woven.take(piece)}"
            pieces.append(piece)
        if pieces:
            yield f"{woven.rest()}</think>\n\n"
        return "".join(pieces)

    def _system(self) -> tuple[Message, ...]:
        return tuple(m for m in self.prompt.conversation if m.role == "system")

    def _filled(self, told: str, shown: Shown | None = None, **values: object) -> _Back:
        """A text with the part, the whole picture and values in their places."""
        place, picture = ("{whole}", MAIN) if shown is None else ("{part}", shown)
        before, found, after = told.partition(place)
        for name, value in values.items():
            before, after = (t.replace(f"{{{name}}}", str(value)) for t in (before, after))
        content: tuple[Content, ...] = (before, picture, after) if found else (before,)
        return tuple(each for each in content if each != "")

    # What is worth knowing.

    def _add(self, look: Look, part: Part) -> int:
        number = len(self.looks)
        if any(look.box.iou(other.box) >= _SAME for other in self.looks):
            self._note("look.repeated", "It looked at the same part twice.", look=number + 1)
        if self._parts.is_cut:
            self._note("look.outside", _CUT, look=number + 1)
        self.looks.append(look)
        self._parts.add(part)
        return number

    def _note_named(self, named: Trace) -> None:
        """Note what is wrong with the boxes that were named before the answer."""
        for problem in named.problems:
            if problem.kind == "answer.clamped":
                self._note("look.outside", _CUT)
            elif problem.kind == "answer.unreadable" and not self.cancel.is_set():
                self._note_refused(problem.detail)

    def _note_refused(self, why: str, call: LookCall | None = None) -> None:
        if why == OUTSIDE:
            text = "A look lay outside the picture and was refused."
            self._note("look.outside", text, call)
        else:
            self._note("look.unreadable", f"A look could not be followed: {why}.", call)

    def _note_limit(self, call: LookCall) -> None:
        times = "once" if self.most == 1 else f"{self.most} times"
        limit = "It may not look closer here" if not self.most else f"It may look {times} at most"
        self._note("look.limit", f"{limit}, and wanted to once more.", call)

    def _note(
        self, kind: str, text: str, call: LookCall | None = None, look: int | None = None
    ) -> None:
        """Note something, once, about a call that was not followed or about a look (1, 2, …)."""
        finding, said = Finding(kind, "note", text, look=look), call.text if call else ""
        if all(noted.finding != finding for noted in self._noted):
            earlier = self._followed[:-1].count(said)
            self._noted.append(_Noted(finding, said, earlier))

    def _count(self, usage: Usage) -> None:
        """Add the counts of one more call; the tokens of a prompt are those of the longest."""
        before = self._usage
        self._usage = Usage(
            _both(max, before.prompt_tokens, usage.prompt_tokens),
            _both(lambda a, b: a + b, before.new_tokens, usage.new_tokens),
            _both(max, before.reused_tokens, usage.reused_tokens),
            usage.decoding or before.decoding,
        )


def check_looks(looks: Sequence[Look], boxes: Sequence[PictureBox]) -> tuple[Finding, ...]:
    """A note where something was claimed of which no look showed even half."""
    if not looks or any(look.is_answered for look in looks):
        return ()
    for number, box in enumerate(boxes, start=1):
        if all(covered(box, by=look.box) < _HALF for look in looks):
            text = "It looked elsewhere than where it says that something is."
            return (Finding("look.missed", "note", text, object=number, look=len(looks)),)
    return ()


def _place(trace: TraceText, call: str, earlier: int) -> dict[str, Any]:
    """The fields of a finding that say where a call stands, after some like it."""
    for name in TraceText.__slots__:
        for found in re.finditer(re.escape(call), getattr(trace, name) or ""):
            if not earlier:
                return {"part": name, "span": found.span()}
            earlier -= 1
    return {}


def _joined(said: Sequence[Content], *more: Content) -> list[Content]:
    """Contents in order, neighbouring texts as one."""
    joined = list(said)
    for part in more:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return joined


def _as_text(written: str) -> str:
    """What a model wrote as it is handed back: text, also where it looks like a token of the chat."""
    return written.replace("<|", "< |")


def _both(how: Callable[[int, int], int], first: int | None, second: int | None) -> int | None:
    if first is None or second is None:
        return second if first is None else first
    return how(first, second)
