"""Asks the questions about each picture, and keeps a saved dialogue for each that was asked.

What is kept is there as a whole or not at all, so that a run which was stopped goes on where it was.
Pictures are known by their path in the folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from demo.batch.kept import fault_of_kept, kept_path, set_aside
from demo.dialects.ways import QUICK
from demo.dialogue.archive import save_zip
from demo.dialogue.engine import answer, begin
from demo.dialogue.session import Session
from demo.errors import DemoError, InputError, ModelError, QuestionError, disk_fault
from demo.picture.picture import Picture, open_picture

if TYPE_CHECKING:
    from demo.models.models import Models
    from demo.models.workers import Workers

MAX_FAILURES = 3  # in a row: then model or server are gone, and the rest would fail, too


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture whose dialogue is kept; ``refused`` says which questions could not be asked, and why."""

    picture: str
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unasked:
    """A picture without a dialogue: the file cannot be used, or the model ``has_failed`` on it, or what it
    answered ``cannot_be_kept``.
    """

    picture: str
    why: str
    has_failed: bool = False
    cannot_be_kept: bool = False


@dataclass(slots=True)
class Left:
    """What a run could not do; ``is_compared`` says that what is kept is about its pictures."""

    unusable: list[Unasked] = field(default_factory=list)
    failed: list[Unasked] = field(default_factory=list)
    is_compared: bool = False

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Each picture that it was not done for, and why."""
        return [(unasked.picture, unasked.why) for unasked in (*self.unusable, *self.failed)]


def run(
    folder: Path,
    pictures: Sequence[str],
    questions: Sequence[str],
    workers: Workers,
    out: Path,
    *,
    asking: str = "",
    may_differ: bool = False,
    left: Left | None = None,
) -> Left:
    """Ask about the pictures without a kept dialogue, with a progress bar on standard error.

    ``may_differ`` says that others may lie where the kept ones did; what cannot be done is noted in
    ``left``. Raises ModelError after three failures in a row, and InputError when nothing can be kept any
    more; what was kept stays.
    """
    left, failures = left or Left(), 0
    to_ask = list(_to_ask(folder, pictures, out, may_differ=may_differ))
    left.is_compared = True
    work = partial(ask_about, folder, tuple(questions), out, asking)
    done = len(pictures) - len(to_ask)
    with tqdm(total=len(pictures), initial=done, unit="picture", smoothing=0.1) as bar:
        for result in workers.each(work, to_ask):
            has_failed = isinstance(result, Unasked) and result.has_failed
            failures = failures + 1 if has_failed else 0
            _note(result, left)
            if failures == MAX_FAILURES:
                raise ModelError(
                    f"{left.failed[-1].why} This has happened {failures} times in a row, so the run stops; "
                    "the same command continues where it stopped."
                )
            bar.update()
    return left


def _to_ask(folder: Path, pictures: Sequence[str], out: Path, *, may_differ: bool) -> Iterator[str]:
    for picture in pictures:
        fault = fault_of_kept(folder, out, picture, may_differ=may_differ)
        if fault:
            _say(picture, fault)
            set_aside(out, picture)
        if fault is not None:
            yield picture


def _note(result: Asked | Unasked, left: Left) -> None:
    if isinstance(result, Asked):
        for why in result.refused:
            _say(result.picture, why)
        return
    if result.cannot_be_kept:
        raise InputError(f"{result.why} The same command continues where it stopped.")
    (left.failed if result.has_failed else left.unusable).append(result)
    _say(result.picture, result.why)


def _say(picture: str, what: str) -> None:
    shown = picture.encode("utf-8", "backslashreplace").decode()
    tqdm.write(f"{shown}: {what}", file=sys.stderr)


def ask_about(
    folder: Path,
    questions: Sequence[str],
    out: Path,
    asking: str,
    models: Models,
    picture: str,
) -> Asked | Unasked:
    """Ask all questions about one picture and keep the dialogue. ``asking`` as in `engine.answer`.

    A question that cannot be asked, because an earlier one found nothing, is left out and named.
    """
    try:
        opened = open_picture(folder / picture, Path(picture).name)
        session, refused = _asked(opened, questions, asking, models)
    except InputError as error:
        return Unasked(picture, str(error))
    except ModelError as error:
        return Unasked(picture, str(error), has_failed=True)
    except Exception as error:  # one picture does not end the run
        why = f"Something went wrong with this picture ({type(error).__name__})."
        return Unasked(picture, why, has_failed=True)
    path = kept_path(out, picture)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_zip(session, opened, path)
    except OSError as error:
        why = f"{path.parent} cannot be made: {disk_fault(error)}."
        return Unasked(picture, why, cannot_be_kept=True)
    except DemoError as error:
        return Unasked(picture, str(error), cannot_be_kept=True)
    return Asked(picture, tuple(refused))


def _asked(
    opened: Picture, questions: Sequence[str], asking: str, models: Models
) -> tuple[Session, list[str]]:
    """The dialogue, and which questions were not asked."""
    session, refused = begin(opened, models.reasoner), list[str]()
    for question in questions:
        try:
            session = answer(
                session,
                question,
                picture=opened,
                reasoner=models.reasoner,
                segmenter=models.segmenter,
                doubt=models.doubt_about(opened),
                # The machine's speed does not decide what half of a folder is asked.
                asking=asking or (QUICK if models.asking else ""),
            )
        except QuestionError as error:
            refused.append(f"“{question}” was not asked: {error}")
    return session, refused
