"""The turn that is being written: collects the engine's events, shows them as chat and canvas.

It keeps what has come so far and when; it does not know what the events mean for the session.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from demo.answers.trace import PartClosed, PartOpened, PartText
from demo.dialects.prompt import GivenBox
from demo.dialogue.engine import ObjectSeen, Segmenting, TurnEvent, TurnStarted
from demo.picture.regions import RegionObject
from demo.ui.chat.messages import Message, part, said_by_model, said_by_person, titled, whole
from demo.ui.shared.sentences import LOOKING, waiting
from demo.ui.shared.text import Boxes, code, link, linked_boxes, linked_names, resolved_boxes

_DOING = {
    "scene": "Describing the scene…",
    "focus": "Looking closely…",
    "think": "Reasoning…",
    "answer": "Writing the answer…",
}


_FAR, _STEP = 10, 0.9  # from so many turns on, a place is told anew when it is a tenth smaller


@dataclass(slots=True)
class _Part:
    text: str
    began: float
    seconds: float | None = None


@dataclass(slots=True)
class LiveTurn:
    """What is known of the running turn; ``feed`` takes each event as it comes."""

    turn_id: str
    doing: str = LOOKING
    started: TurnStarted | None = None
    found: list[RegionObject] = field(default_factory=list)
    first_at: float | None = None  # when the model began with it
    _parts: dict[str, _Part] = field(default_factory=dict)
    _told: tuple[float, float | None] = (math.inf, 0.0)  # turns before this one, seconds

    def feed(self, event: TurnEvent) -> bool:
        """Take one event; whether it is more than a piece of text."""
        now = time.monotonic()
        match event:
            case TurnStarted():
                self.started = event
            case PartOpened(name):
                self.first_at = self.first_at or now
                self._parts[name] = _Part("", now)
                self.doing = _DOING[name]
            case PartText(name, text):
                self._parts[name].text += text
                return False
            case PartClosed(name):
                self._parts[name].seconds = now - self._parts[name].began
            case ObjectSeen(box, point):
                self.found.append(RegionObject("", box, point))
            case Segmenting(count):
                self.doing = f"Outlining {'the object' if count == 1 else f'{count} objects'}…"
        return True

    def wait(self, ahead: int, seconds: float | None, alone: str = LOOKING) -> bool:
        """So many turns come before this one; whether that is news.

        ``alone`` is what is done for it when there are none.
        """
        if self.first_at is not None or self.started is None or not self._is_news(ahead, seconds):
            return False
        former, self.doing = self.doing, waiting(ahead, seconds) if ahead else alone
        self._told = ahead, seconds
        return self.doing != former

    def _is_news(self, ahead: int, seconds: float | None) -> bool:
        """Far back in a long line not every step is: all steps of all who wait would be many."""
        told, known = self._told
        return ahead < _FAR or ahead <= _STEP * told or (known is None and seconds is not None)

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
            said_by_person(linked_names(self.started.question, _cited(given))),
            said_by_model(note or self.doing),
            whole(self.turn_id, self._parts, asked, None, None),
            *(self._told_part(name, boxes, ended=note is not None) for name in self._parts),
        ]

    def _told_part(self, name: str, boxes: Boxes, *, ended: bool) -> Message:
        one = self._parts[name]
        writing = one.seconds is None and not ended
        status = "pending" if writing else None if name == "think" else "done"
        text = code(one.text) if name == "answer" else linked_boxes(one.text, boxes)
        return part(titled(name, boxes.values()), text, self.turn_id, status, one.seconds)


def _cited(given: tuple[GivenBox, ...]) -> list[str]:
    """The names a question may cite those boxes by: R2.1, and R2 for all of its objects."""
    return [name for g in given for name in (g.name, g.name.split(".")[0])]
