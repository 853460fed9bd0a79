"""What lies on one visitor's desk: a picture, the dialogues about it, a try that failed.

A `Desk` is a frozen value; a `Seat` is the place of one browser tab, with the desk that is there now.
Nothing of it is shared. A visitor who has not opened a picture has no desk (None).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from demo.pictures import Picture
from demo.session import Session
from demo.ui.chat import Message

if TYPE_CHECKING:
    from demo.choose import Advice


MOST_PUT_AWAY = 3  # desks of one visitor; each holds a whole picture


@dataclass(frozen=True, slots=True)
class Failure:
    """A question whose turn failed, and how it stood in the chat when it did."""

    question: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """One visitor's things.

    ``shown`` is the picture file their browser loads, ``session`` the dialogue they look at, ``advice``
    what to tell them about the picture, ``questions`` the dialogue of the example they opened;
    ``others`` are the branches beside this dialogue by their place in ``order``, the ids of all;
    ``changing`` is the turn (1, 2, …) whose question they are changing, ``outlined`` the outlines that
    their browser has.
    """

    picture: Picture
    shown: Path
    session: Session
    advice: Advice | None = None
    questions: tuple[str, ...] = ()
    failure: Failure | None = None
    others: tuple[Session, ...] = ()
    order: tuple[str, ...] = ()
    changing: int | None = None
    outlined: frozenset[str] = frozenset()

    @property
    def next_question(self) -> str | None:
        """The example's next question, as long as the dialogue has followed the example."""
        asked = tuple(turn.question for turn in self.session.turns)
        following = asked == self.questions[: len(asked)]
        left = self.questions[len(asked) :] if following else ()
        return left[0] if left else None

    @property
    def dialogues(self) -> tuple[Session, ...]:
        """All dialogues about the picture, in the order in which they began."""
        by_id = {s.id: s for s in (*self.others, self.session)}
        return tuple(by_id[i] for i in self.order or (self.session.id,))

    def undone(self) -> Desk:
        """Without the failed try, or else without the last act. Raises InputError."""
        if self.failure is not None:
            return replace(self, failure=None)
        return self.acted(self.session.undo())

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has been asked or drawn, or all of it has been taken back."""
        return not (self.failure or self.session.turns or self.session.registry.regions)

    def acted(self, session: Session) -> Desk:
        """With the dialogue after a turn or an edit."""
        return replace(self, session=session, failure=None, changing=None)

    def with_session(self, session: Session) -> Desk:
        """With the same dialogue, in which something was noted."""
        return replace(self, session=session)

    def to_change(self, turn: int) -> Desk:
        """While the question of that turn is being changed. Raises InputError."""
        self.session.turn(turn)
        return replace(self, changing=turn)

    def kept(self) -> Desk:
        """With all questions as they are."""
        return replace(self, changing=None)

    def branched(self, turn: int) -> Desk:
        """With one more dialogue, which is shown and has the turns up to that one. Raises InputError."""
        branch = self.session.branched(turn)
        order = (*(s.id for s in self.dialogues), branch.id)
        return replace(self.acted(branch), others=(*self.others, self.session), order=order)

    def switched(self, place: int) -> Desk:
        """With another dialogue shown: the one at ``place`` (0, 1, …), where there is one."""
        dialogues = self.dialogues
        if not 0 <= place < len(dialogues):
            return self
        shown = dialogues[place]
        return replace(self.acted(shown), others=tuple(s for s in dialogues if s is not shown))


class Seat:
    """The place of one browser tab: the desk that is there now, behind a lock.

    ``put_away`` are the desks that lay there before another picture was opened, the newest last;
    ``to_play`` says that the example just opened is to be played. Acts on the canvas and turns of the
    dialogue come over several connections at once; each takes the lock while it reads the desk and puts
    back the next one. (Not a dataclass: of those Gradio writes all fields into the page.)
    """

    def __init__(self) -> None:
        self.desk: Desk | None = None
        self.put_away: tuple[Desk, ...] = ()
        self.to_play = False
        self.lock = threading.RLock()

    def clear(self) -> Desk | None:
        """Put away what lies there, and say what it was; only the last few are kept."""
        desk, self.desk = self.desk, None
        if desk is not None:
            self.put_away = (*self.put_away, desk)[-MOST_PUT_AWAY:]
        return desk

    def bring_back(self) -> Desk | None:
        """The desk that was put away last, if there is one; it is no longer put away."""
        if not self.put_away:
            return None
        *kept, desk = self.put_away
        self.put_away = tuple(kept)
        return desk.kept()

    def __deepcopy__(self, memo: object) -> Seat:
        """A seat of one's own: Gradio copies the first value of a state for every tab."""
        return Seat()
