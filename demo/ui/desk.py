"""What lies on one visitor's desk: a picture, the dialogue about it, a try that failed.

A frozen value per browser tab, kept by Gradio's session state; nothing of it is shared. A visitor
who has not opened a picture has no desk (None).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from demo.pictures import Picture
from demo.session import Session
from demo.ui.chat import Message, Seconds

if TYPE_CHECKING:
    from demo.choose import Advice


@dataclass(frozen=True, slots=True)
class Failure:
    """A question whose turn failed, and how it stood in the chat when it did."""

    question: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """One visitor's things.

    ``shown`` is the picture file their browser loads, ``advice`` what to tell them about it,
    ``questions`` the dialogue of the example they opened, ``seconds`` how long the parts of each
    turn took to write.
    """

    picture: Picture
    shown: Path
    session: Session
    advice: Advice | None = None
    questions: tuple[str, ...] = ()
    failure: Failure | None = None
    seconds: Mapping[int, Seconds] = field(default_factory=dict)

    @property
    def next_question(self) -> str | None:
        """The example's next question, as long as the dialogue has followed the example."""
        asked = tuple(turn.question for turn in self.session.turns)
        following = asked == self.questions[: len(asked)]
        left = self.questions[len(asked) :] if following else ()
        return left[0] if left else None

    def undone(self) -> Desk:
        """Without the failed try, or else without the last act. Raises InputError."""
        if self.failure is not None:
            return replace(self, failure=None)
        return replace(self, session=self.session.undo())

    def after_turn(self, session: Session, seconds: Seconds) -> Desk:
        """With one more turn, whose parts took ``seconds``."""
        times = {**self.seconds, len(session.turns) - 1: seconds}
        return replace(self, session=session, failure=None, seconds=times)
