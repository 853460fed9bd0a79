"""The turn that is being written: collects the engine's events, shows them as chat and canvas.

It keeps what has come so far and when; it does not know what the events mean for the session.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

from demo.answers.trace import PartClosed, PartOpened, PartText
from demo.dialects.prompt import GivenBox
from demo.dialogue.engine import ObjectSeen, Segmenting, TurnEvent, TurnFinished, TurnStarted
from demo.dialogue.look_frames import places_in
from demo.dialogue.looking import LookBegun, LookEnded
from demo.dialogue.session import Look, Session
from demo.picture.geometry import Size
from demo.picture.regions import RegionObject
from demo.ui.canvas.scene import running
from demo.ui.chat.messages import (
    Message,
    model_message,
    numbered_row,
    part_message,
    part_title,
    person_message,
    turn_message,
    with_part,
)
from demo.ui.shared.sentences import LOOKING, waiting_note
from demo.ui.shared.text import (
    Boxes,
    code,
    link,
    linked_boxes,
    linked_names,
    resolved_boxes,
    side,
)

_DOING = {
    "scene": "Describing the scene…",
    "focus": "Looking closely…",
    "think": "Reasoning…",
    "answer": "Writing the answer…",
}


_FAR, _STEP = 10, 0.9  # further back than that, a place is shown when it has become a tenth smaller


@dataclass(slots=True)
class _Part:
    text: str
    began: float
    seconds: float | None = None


@dataclass(slots=True)
class LiveTurn:
    """What is known of the running turn; ``feed`` takes the events one by one.

    ``session`` is the dialogue before the turn and, once it is finished, with it.
    """

    session: Session
    doing: str = LOOKING
    started: TurnStarted | None = None
    found: list[RegionObject] = field(default_factory=list)
    look: Look | None = None  # the one that is under way
    first_at: float | None = None  # when the model began with it
    _looks: list[Look] = field(default_factory=list)
    _is_seen: bool = False  # the model has the part, and is about to go on
    _turn_id: str = ""
    _parts: dict[str, _Part] = field(default_factory=dict)
    _place: tuple[float, float | None] = (math.inf, 0.0)  # turns ahead, seconds, as shown

    def __post_init__(self) -> None:
        self._turn_id = f"turn{len(self.session.turns) + 1}"

    def feed(self, event: TurnEvent) -> bool:
        """Take one event, and return whether it is more than a piece of text."""
        now = time.monotonic()
        is_over = self._is_seen and _says_something(event) and self._end_look()
        match event:
            case TurnStarted():
                self.started = event
            case PartOpened(name):
                self.first_at = self.first_at or now
                self._parts[name] = _Part("", now)
                self.doing = _DOING[name]
            case PartText(name, text):
                self._parts[name].text += text
                return is_over
            case PartClosed(name):
                self._parts[name].seconds = now - self._parts[name].began
            case LookBegun(look):
                self._looks.append(look)
                self.look, self.doing = look, looking_note(look, self.session.picture.size)
            case LookEnded():
                self._is_seen = True
            case ObjectSeen(box, point):
                self.found.append(RegionObject("", box, point))
            case Segmenting(count):
                self.doing = f"Outlining {'the object' if count == 1 else f'{count} objects'}…"
            case TurnFinished(session):
                self.session = session
        return True

    def _end_look(self) -> bool:
        """The model goes on with what it saw: until then the look was still to be seen."""
        self.look, self._is_seen = None, False
        self.doing = _DOING[next(reversed(self._parts))] if self._parts else LOOKING
        return True

    def wait(self, ahead: int, seconds: float | None, alone: str = LOOKING) -> bool:
        """Note that ``ahead`` turns come first, which may take ``seconds``; return whether to show it.

        ``alone`` says what is being done when there are none, and no part is looked at.
        """
        if self.first_at is not None or self.started is None or not self._is_news(ahead, seconds):
            return False
        if self.look is not None:
            alone = looking_note(self.look, self.session.picture.size)
        former, self.doing = self.doing, waiting_note(ahead, seconds) if ahead else alone
        self._place = ahead, seconds
        return self.doing != former

    def _is_news(self, ahead: int, seconds: float | None) -> bool:
        """Far back in a long queue not every step is: all steps of all who wait would be many."""
        shown, known = self._place
        return ahead < _FAR or ahead <= _STEP * shown or (known is None and seconds is not None)

    @property
    def canvas(self) -> dict[str, Any]:
        """What it changes on the canvas."""
        return running(self.doing, self.found, self.look)

    @property
    def busy_s(self) -> float:
        """How long the model has been busy with it."""
        return 0.0 if self.first_at is None else time.monotonic() - self.first_at

    def messages(self, note: str | None = None) -> list[Message]:
        """The turn as it stands; ``note`` replaces the line that says what is being done."""
        if self.started is None:
            return []
        given = self.started.given
        boxes = {g.model_box.xyxy: g.name for g in reversed(given)}
        asked = resolved_boxes(self.started.prompted, {b: link(n) for b, n in boxes.items()})
        return [
            person_message(
                with_part(
                    linked_names(self.started.question, _cited(given)),
                    self._looks,
                    self.session.picture.size,
                )
            ),
            model_message(note or self.doing),
            turn_message(self._turn_id, self._parts, asked),
            *(self._live_part(name, boxes, ended=note is not None) for name in self._parts),
        ]

    def _live_part(self, name: str, boxes: Boxes, *, ended: bool) -> Message:
        written = self._parts[name]
        writing = written.seconds is None and not ended
        status = "pending" if writing else None if name == "think" else "done"
        text = self._live_text(name, boxes)
        return part_message(
            part_title(name, boxes.values()), text, self._turn_id, status, written.seconds
        )

    def _live_text(self, name: str, boxes: Boxes) -> str:
        """What is written so far, the looks in the places of their calls."""

        def shown(text: str) -> str:
            return code(text) if name == "answer" else linked_boxes(text, boxes)

        text, lines, at = self._parts[name].text, list[str](), 0
        texts = {each: part.text for each, part in self._parts.items()}
        for start, end, number in places_in(texts, self._looks)[name]:
            row = numbered_row(self._looks, number, self.session.picture.size)
            lines += [shown(text[at:start]) if text[at:start].strip() else "", row]
            at = max(at, end)
        rest = text[at:]
        lines.append(shown(rest) if rest.strip() or not lines else "")
        return "\n\n".join(filter(None, lines))


def _says_something(event: TurnEvent) -> bool:
    """Whether the model has gone on: the line that ends with a look's call is no word of its own."""
    return not isinstance(event, PartText) or bool(event.text.strip())


def looking_note(look: Look, picture: Size) -> str:
    """What is being done while a part is looked at."""
    return f"Looking closer at the {side(look.box, picture)}…"


def _cited(given: tuple[GivenBox, ...]) -> list[str]:
    """The names a question may cite those boxes by: R2.1, and R2 for all of its objects."""
    return [name for g in given for name in (g.name, g.name.split(".")[0])]
