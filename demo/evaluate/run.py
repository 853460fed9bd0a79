"""A run over a benchmark file: plays the dialogues that have no row yet, and saves each row at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tqdm import tqdm

from demo.errors import InputError, ModelError
from demo.evaluate.data import BadRow, Dialogue
from demo.evaluate.folder import RunFolder
from demo.evaluate.metrics import TurnScore, summarize
from demo.evaluate.play import FailedDialogue, Row, play, turn_score
from demo.evaluate.reference_policy import ReferencePolicy
from demo.models.workers import Workers

if TYPE_CHECKING:
    from demo.models.models import Models

MAX_FAILURES = 3  # in a row: then model or server are gone, and the rest would fail, too


@dataclass(slots=True)
class Unplayed:
    """The dialogues that a run could not play: bad rows, and those on which the model failed."""

    bad: list[BadRow] = field(default_factory=list)
    failed: list[FailedDialogue] = field(default_factory=list)


def run(
    dialogues: Sequence[Dialogue], workers: Workers, policy: ReferencePolicy, folder: RunFolder
) -> Unplayed:
    """Play the dialogues without a row in the folder, with a progress bar on standard error.

    Raises ModelError after three failures in a row, and InputError when a row cannot be written; the
    earlier rows stay.
    """
    to_play = [d for d in dialogues if d.index not in folder.rows]
    scores = [s for d in dialogues if d.index in folder.rows for s in _scores(folder, d.index)]
    left, failures = Unplayed(), 0
    with tqdm(
        total=len(dialogues), initial=len(dialogues) - len(to_play), unit="dialogue", smoothing=0.1
    ) as bar:
        for result in workers.each(partial(_result, policy), to_play):
            failures = failures + 1 if isinstance(result, FailedDialogue) else 0
            if isinstance(result, FailedDialogue):
                left.failed.append(result)
            elif isinstance(result, BadRow):
                left.bad.append(result)
            else:
                folder.add(result)
                scores += _scores(folder, result["index"])
            if failures == MAX_FAILURES:
                raise ModelError(
                    f"{left.failed[-1].why} This has happened {failures} times in a row, so the run "
                    "stops; the same command continues where it stopped."
                )
            bar.set_postfix(AP=f"{summarize(scores).ap or 0:.3f}", refresh=False)
            bar.update()
    return left


def _result(
    policy: ReferencePolicy, models: Models, dialogue: Dialogue
) -> Row | BadRow | FailedDialogue:
    """Play the dialogue; the row, or why there is none."""
    try:
        return play(dialogue, models.reasoner, models.segmenter, policy)
    except InputError as error:
        return BadRow(dialogue.index, str(error))
    except ModelError as error:
        return FailedDialogue(dialogue.index, str(error))


def _scores(folder: RunFolder, index: int) -> list[TurnScore]:
    return [turn_score(turn) for turn in folder.rows[index]["turns"]]
