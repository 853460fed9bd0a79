"""A run over a benchmark file: what is still to be played is played, row by row onto the disk.

It knows how a run goes on, counts and stops; not how a dialogue is played nor what the rows say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tqdm import tqdm

from demo.errors import ModelError
from demo.evaluate.data import BadRow, Dialogue
from demo.evaluate.folder import RunFolder
from demo.evaluate.metrics import TurnScore, summarize
from demo.evaluate.play import Failed, turn_score
from demo.evaluate.workers import Crew

MAX_FAILURES = (
    3  # one after another: then model or server are gone, and the rest would fail as well
)


@dataclass(slots=True)
class Left:
    """What a run could not play: rows that are bad, and those at which the model failed."""

    bad: list[BadRow] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)


def run(dialogues: Sequence[Dialogue], crew: Crew, folder: RunFolder) -> Left:
    """Play the dialogues that the folder has no row of, with a bar on standard error.

    Raises ModelError after three failures in succession, and InputError when a row cannot be written;
    all rows before are kept.
    """
    to_play = [d for d in dialogues if d.index not in folder.rows]
    scores = [s for d in dialogues if d.index in folder.rows for s in _scores(folder, d.index)]
    left, failures = Left(), 0
    with tqdm(
        total=len(dialogues), initial=len(dialogues) - len(to_play), unit="dialogue", smoothing=0.1
    ) as bar:
        for result in crew.play(to_play):
            failures = failures + 1 if isinstance(result, Failed) else 0
            if isinstance(result, Failed):
                left.failed.append(result)
            elif isinstance(result, BadRow):
                left.bad.append(result)
            else:
                folder.add(result)
                scores += _scores(folder, result["index"])
            if failures == MAX_FAILURES:
                raise ModelError(
                    f"{left.failed[-1].why} This has happened {failures} times in succession, so the "
                    "run stops; the same command goes on where it stopped."
                )
            bar.set_postfix(AP=f"{summarize(scores).ap or 0:.3f}", refresh=False)
            bar.update()
    return left


def _scores(folder: RunFolder, index: int) -> list[TurnScore]:
    return [turn_score(turn) for turn in folder.rows[index]["turns"]]
