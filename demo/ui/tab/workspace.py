"""What a visitor works on: a picture, the dialogues about it, a question that failed.

A `Workspace` is a frozen value; a `Tab` is one browser tab, with the workspace that is there now.
Nothing of it is shared between visitors. A visitor who has not opened a picture has no workspace (None).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from demo.dialogue.owner import Owner
from demo.dialogue.second_opinion import adopt
from demo.dialogue.session import Session, Turn
from demo.dialogue.store import Saved
from demo.errors import InputError
from demo.evaluate.live_benchmark import Track
from demo.language.references import Resolved
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture
from demo.ui.benchmark import truth
from demo.ui.canvas.asides import Aside, AsideKind
from demo.ui.chat.messages import Message
from demo.ui.tab.left import Left, LeftDialogues

MAX_PUT_AWAY = 3  # workspaces of one visitor; each holds a whole picture
MAX_BYTES_AWAY = 64_000_000  # of their pictures, beside that of the newest


@dataclass(frozen=True, slots=True)
class Failure:
    """A question whose turn failed, how it stood in the chat when it did, and why."""

    question: str
    messages: tuple[Message, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """A dialogue on disk: where, and in which state."""

    saved: Saved
    session: Session


@dataclass(frozen=True, slots=True)
class Within:
    """The part of the picture that the next question is about, and the region or object that it was."""

    box: PictureBox
    name: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One visitor's things.

    ``picture_file`` is what their browser loads, ``session`` the dialogue they look at,
    ``questions`` the dialogue of the example they opened, ``track`` that of the benchmark; ``others``
    are the branches beside this dialogue by their place in ``order``, the ids of all; ``changing`` is the
    turn (1, 2, …) whose question they are changing, ``outlined`` the outlines that their browser has;
    ``copies`` are the dialogues on disk by session id: a fact about the world, so all states of a workspace
    share it. ``failed`` is the failed question that Undo took away, and ``ahead`` are the workspaces that
    Undo left for this one, the next one first (None: the empty page); an act forgets both. ``repeats`` says
    that its questions are those of another picture. ``chosen`` is the part to be asked about next, as it
    was when it was chosen.
    """

    picture: Picture
    picture_file: Path | str
    session: Session
    questions: tuple[str, ...] = ()
    track: Track | None = None
    failure: Failure | None = None
    others: tuple[Session, ...] = ()
    order: tuple[str, ...] = ()
    changing: int | None = None
    outlined: frozenset[str] = frozenset()
    copies: dict[str, Copy] = field(default_factory=dict, repr=False, compare=False)
    failed: Failure | None = None
    repeats: bool = False
    chosen: Within | None = None
    ahead: tuple[Workspace | None, ...] = field(default=(), repr=False, compare=False)

    @property
    def saved_id(self) -> str | None:
        """The name under which the shown dialogue is on disk."""
        copy = self.copies.get(self.session.id)
        return None if copy is None else copy.saved.id

    def place_of(self, saved_id: str) -> int | None:
        """At which place (0, 1, …) the dialogue stands that is on disk under that name."""
        named = {i: copy.saved.id for i, copy in self.copies.items()}
        return next((n for n, s in enumerate(self.dialogues) if named.get(s.id) == saved_id), None)

    def without(self, place: int) -> Workspace | None:
        """Without the dialogue at that place; None when there is no other."""
        rest = tuple(s for i, s in enumerate(self.dialogues) if i != place)
        if not rest:
            return None
        shown = self.session if self.session in rest else rest[-1]
        others = tuple(s for s in rest if s is not shown)
        return replace(self, session=shown, others=others, order=tuple(s.id for s in rest))

    @property
    def next_question(self) -> str | None:
        """The question of example or benchmark that follows, as long as the dialogue has followed it."""
        if self.track is not None:
            ahead = self.track.next(self.session)
            return None if ahead is None else ahead.question.sentence
        asked = tuple(turn.question for turn in self.session.turns)
        following = asked == self.questions[: len(asked)]
        left = self.questions[len(asked) :] if following else ()
        return left[0] if left else None

    def to_ask(self, question: str) -> tuple[str | Resolved, Session]:
        """A question as the model gets it, and the dialogue to ask it in; the benchmark may set both."""
        ahead = None if self.track is None else self.track.next(self.session)
        if ahead is None or ahead.question.sentence != question:
            return question, self.session
        return ahead.question, ahead.session

    def to_ask_again(self, turn: int) -> tuple[str | Resolved, Session]:
        """The question of that turn as the model gets it, and the dialogue before. Raises InputError."""
        before = replace(self, session=self.session.before(turn))
        return before.to_ask(self.session.turn(turn).question)

    @property
    def dialogues(self) -> tuple[Session, ...]:
        """All dialogues about the picture, in the order in which they began."""
        by_id = {s.id: s for s in (*self.others, self.session)}
        return tuple(by_id[i] for i in self.order or (self.session.id,))

    def undone(self) -> Workspace:
        """Without the failed question, or else without the last act. Raises InputError."""
        if self.failure is not None:
            is_last = self.session.later is None and not self.ahead
            return replace(self, failure=None, failed=self.failure if is_last else None)
        session = self.session.undo()
        return replace(self, session=session, changing=None, chosen=self._chosen_before(session))

    def redone(self) -> Workspace:
        """With what `undone` took away last. Raises InputError."""
        if self.session.later is None and self.failed is not None:
            return self.with_failure(self.failed)
        session = self.session.redo()
        is_asked = _is_longer(session, self.session) and self._is_about_chosen(session.turns[-1])
        chosen = None if is_asked else self.chosen
        return replace(self, session=session, failure=None, changing=None, chosen=chosen)

    def _chosen_before(self, session: Session) -> Within | None:
        """The part that was to be asked about before the question that the other state lacks."""
        turns = self.session.turns
        box = turns[-1].within if _is_longer(self.session, session) else None
        return self.chosen if box is None else Within(box)

    def _is_about_chosen(self, turn: Turn) -> bool:
        return self.within is not None and self.within.box == turn.within

    def settled(self) -> Workspace:
        """With nothing to redo on it."""
        return replace(self, session=self.session.without_later(), failed=None, ahead=())

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has been asked or drawn, or all of it has been undone."""
        return not (self.failure or self.session.turns or self.session.registry.regions)

    @property
    def is_begun(self) -> bool:
        """Whether there is a dialogue of one's own, which is worth coming back to."""
        return self.track is None and not self.is_untouched

    @property
    def is_on_disk(self) -> bool:
        """Whether all of its dialogues are saved as they are."""
        copies = ((self.copies.get(s.id), s) for s in self.dialogues)
        return all(copy is not None and copy.session == session for copy, session in copies)

    def with_act(self, session: Session) -> Workspace:
        """With the dialogue after a turn, or after what takes the place of one."""
        return replace(self, session=session, failure=None, changing=None, failed=None, ahead=())

    def with_edit(self, session: Session) -> Workspace:
        """With the dialogue after an edit by hand; a question that failed stays, and its looks with it."""
        return replace(self.with_act(session), failure=self.failure)

    def with_failure(self, failure: Failure, about: PictureBox | None = None) -> Workspace:
        """With a question whose turn failed. Where no part is chosen, the next question is about what this
        one was ``about``, None for the whole; what was undone before can still be redone.
        """
        chosen = self.chosen or (Within(about) if about else None)
        return replace(self, failure=failure, failed=None, chosen=chosen)

    def with_session(self, session: Session) -> Workspace:
        """With the same dialogue, in which something was noted."""
        return replace(self, session=session)

    @property
    def within(self) -> Within | None:
        """The part that the next question is about, where its region is now; without a name once that is
        gone.
        """
        if self.chosen is None:
            return None
        if self.chosen.name not in self.session.registry:
            return Within(self.chosen.box)
        return self.part_of(self.chosen.name)

    def part_of(self, name: str) -> Within:
        """The part round a region or an object. Raises UnknownRegionError."""
        sides = zip(*(o.box.xyxy for o in self.session.registry.objects(name)), strict=True)
        lefts, tops, rights, bottoms = sides
        return Within(PictureBox(min(lefts), min(tops), max(rights), max(bottoms)), name)

    def asking_about(self, part: Within | None) -> Workspace:
        """With another part to be asked about next; None for the whole picture."""
        return replace(self, chosen=part)

    def to_change(self, turn: int) -> Workspace:
        """While the question of that turn is being changed, about what it was about. Raises InputError."""
        box = self.session.turn(turn).within
        return replace(self, changing=turn, chosen=None if box is None else Within(box))

    def rated(self, turn: int, feedback: str) -> Workspace:
        """With that answer rated ``up`` or ``down``, or not if it was so before. Raises InputError."""
        former = self.session.turn(turn).feedback
        return self.with_session(
            self.session.with_feedback(turn, None if former == feedback else feedback)
        )

    def with_opinion(self, turn: int, place: int) -> Workspace:
        """With the other answer at ``place`` (1, 2, …) instead of that one. Raises InputError."""
        opinions = self.session.turn(turn).second_opinions
        if not 1 <= place <= len(opinions):
            raise InputError("This answer does not exist any more.")
        return self.with_act(adopt(self.session, turn, opinions[place - 1]))

    @property
    def asides_by_turn(self) -> dict[int, tuple[Aside, ...]]:
        """What is shown beside the answers of the shown dialogue, by their number (1, 2, …)."""
        asides = {} if self.track is None else truth.asides(self.track, self.session)
        for number, turn in enumerate(self.session.turns, start=1):
            if turn.second_opinions:
                beside = (
                    Aside(s.reasoner.name, AsideKind.MODEL, s.objects) for s in turn.second_opinions
                )
                asides[number] = (*asides.get(number, ()), *beside)
        return asides

    @property
    def remarks(self) -> dict[int, tuple[str, ...]]:
        """What the benchmark says of the answers of the shown dialogue, by their number (1, 2, …)."""
        return {} if self.track is None else truth.remarks(self.track, self.session)

    def unchanging(self) -> Workspace:
        """While no question is being changed."""
        return replace(self, changing=None, chosen=None if self.changing else self.chosen)

    def branched(self, turn: int) -> Workspace:
        """With one more dialogue, which is shown and has the turns up to that one. Raises InputError."""
        branch = self.session.branch_at(turn)
        order = (*(s.id for s in self.dialogues), branch.id)
        return replace(self.with_act(branch), others=(*self.others, self.session), order=order)

    def switched(self, place: int) -> Workspace:
        """With another dialogue shown: the one at ``place`` (0, 1, …), where there is one."""
        dialogues = self.dialogues
        if not 0 <= place < len(dialogues) or dialogues[place] is self.session:
            return self
        shown = dialogues[place]
        others = tuple(s for s in dialogues if s is not shown)
        return replace(self.with_act(shown), others=others, ahead=self.ahead, chosen=None)


def _is_longer(session: Session, than: Session) -> bool:
    """Whether it has one more question."""
    return len(session.turns) == len(than.turns) + 1


class Tab:
    """One browser tab: the workspace that is there now, behind a lock.

    ``owner`` is whose dialogues are saved, None when they are not; ``put_away`` are the workspaces that
    were there before another picture was opened, the newest last; ``to_play`` says that the example just
    opened is to be played; ``asking`` is the way of asking that the person chose, empty for the usual one;
    ``told`` is the question of which they were told last that the model has no words for it; ``left`` are
    the dialogues about pictures that were put away long ago; ``asked`` are the questions to offer again.
    Acts on the canvas and turns of the dialogue come over several connections at once; each takes the lock
    while it reads the workspace and puts back the next one. (Not a
    dataclass: of those Gradio writes all fields into the page.)
    """

    def __init__(self) -> None:
        self.workspace: Workspace | None = None
        self.owner: Owner | None = None
        self.put_away: tuple[Workspace, ...] = ()
        self.to_play = False
        self.asking = ""
        self.told = ""
        self.left = LeftDialogues()
        self.asked: tuple[str, ...] = ()
        self.lock = threading.RLock()

    def clear(self) -> Workspace | None:
        """Put away the workspace and return it; only the last few are kept, of others their dialogues."""
        workspace, self.workspace = self.workspace, None
        if workspace is not None:
            few = _last_few(self.put_away)
            for former in self.put_away[: len(self.put_away) - len(few)]:
                self.left.add(former)
            self.put_away = (*few, workspace.settled())
        return workspace

    def take_back(self, sha256: str) -> Left | None:
        """The newest dialogues about a picture that was put away; they are not there any more then."""
        same = [w for w in self.put_away if w.picture.sha256 == sha256 and w.is_begun]
        if not same:
            return self.left.take(sha256)
        self.put_away = tuple(w for w in self.put_away if w is not same[-1])
        return Left.of(same[-1])

    def questions_to_repeat(self) -> tuple[str, ...]:
        """The questions asked of the picture that is here, or else of the last one that was asked any."""
        if self.workspace is not None:
            asked = tuple(turn.question for turn in self.workspace.session.turns)
            offered = self.workspace.questions if self.workspace.repeats else ()
            self.asked = (offered if offered[: len(asked)] == asked else asked) or self.asked
        return self.asked

    def bring_back(self) -> Workspace | None:
        """The workspace that was put away last, if there is one; that of the tab is ahead of it."""
        if not self.put_away:
            return None
        *others, workspace = self.put_away
        self.put_away, here = tuple(others), self.workspace
        ahead = (None,) if here is None else (replace(here, ahead=()), *here.ahead)
        return replace(workspace.unchanging(), ahead=ahead)

    def go_on(self, here: Workspace) -> Workspace | None:
        """The workspace ahead of the tab's, None for the empty page; the tab's is put away again."""
        following, *ahead = here.ahead
        self.put_away = (*self.put_away, replace(here, ahead=()))
        return following and replace(following, ahead=tuple(ahead))

    def forget(self, saved_id: str) -> None:
        """Drop what is put away or ahead of that dialogue, so that no older state of it comes back."""
        self.put_away = tuple(w for w in self.put_away if w.place_of(saved_id) is None)
        self.left.forget(saved_id)
        if self.workspace is not None:
            ahead = (w for w in self.workspace.ahead if w is None or w.place_of(saved_id) is None)
            self.workspace = replace(self.workspace, ahead=tuple(ahead))

    def take_out(self, saved_id: str) -> None:
        """Drop that dialogue, if it is shown."""
        place = None if self.workspace is None else self.workspace.place_of(saved_id)
        if self.workspace is not None and place is not None:
            self.workspace = self.workspace.without(place)

    def empty(self) -> None:
        """Drop everything, as nobody uses it any more."""
        with self.lock:
            self.workspace, self.put_away, self.left = None, (), LeftDialogues()

    def __deepcopy__(self, memo: object) -> Tab:
        """A new tab: Gradio copies the first value of a state for every visitor."""
        return Tab()


def _last_few(workspaces: tuple[Workspace, ...]) -> tuple[Workspace, ...]:
    """Those that stay put away when one more comes."""
    few = workspaces[1 - MAX_PUT_AWAY :]
    while sum(workspace.picture.nbytes for workspace in few) > MAX_BYTES_AWAY:
        few = few[1:]
    return few
