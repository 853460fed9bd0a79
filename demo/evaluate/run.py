"""A run over a benchmark: plays what has no row yet, and saves each row at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tqdm import tqdm

from demo.errors import InputError, ModelError, one_line
from demo.evaluate.data import MAX_WHY, BadRow, Dialogue
from demo.evaluate.folder import Row, RunFolder
from demo.evaluate.metrics import TurnScore, summarize
from demo.evaluate.play import FailedDialogue, play, turn_score
from demo.evaluate.reference_policy import ReferencePolicy
from demo.models.workers import Workers

if TYPE_CHECKING:
    from demo.models.models import Models

MAX_FAILURES = 3  # in a row: then model or server are gone, and the rest would fail, too


class Numbered(Protocol):
    """What is played: a dialogue or a question; ``index`` is its row's."""

    @property
    def index(self) -> int:
        """Its place in the file, from 0."""


Played = TypeVar("Played", bound=Numbered)
Play = Callable[[Played, "Models"], Row]


@dataclass(slots=True)
class Unplayed:
    """The rows that a run could not play: bad ones, and those on which the model failed."""

    bad: list[BadRow] = field(default_factory=list)
    failed: list[FailedDialogue] = field(default_factory=list)

    def check(self, things: str) -> None:
        """Raises ModelError where the model failed on any of these things."""
        if self.failed:
            raise ModelError(
                f"The model failed on {len(self.failed)} {things}, which the report lists: "
                f"{self.failed[0].why} The same command tries them again."
            )


def run(
    dialogues: Sequence[Dialogue],
    workers: Workers,
    policy: ReferencePolicy,
    folder: RunFolder,
    max_looks: int | None = None,
) -> Unplayed:
    """Play the dialogues without a row in the folder; see `run_each`."""
    scores: list[TurnScore] = []

    def tell(row: Any) -> str:
        scores.extend(turn_score(turn) for turn in row["turns"])
        return f"AP={summarize(scores).ap or 0:.3f}"

    return run_each(dialogues, partial(_play, policy, max_looks), workers, folder, tell, "dialogue")


def _play(
    policy: ReferencePolicy, max_looks: int | None, dialogue: Dialogue, models: Models
) -> Row:
    return play(dialogue, models.reasoner, models.segmenter, policy, max_looks)


def run_each(
    items: Sequence[Played],
    play_one: Play[Played],
    workers: Workers,
    folder: RunFolder,
    tell: Callable[[Any], str],
    unit: str,
) -> Unplayed:
    """Play the items without a row in the folder, with a progress bar on standard error.

    ``play_one`` goes to other processes: a function of a module, or a partial of one. ``tell`` is called
    with every row, also those that are there, and says how the run stands. Raises ModelError after three
    failures in a row, and InputError when a row cannot be written; the earlier rows stay.
    """
    to_play = [item for item in items if item.index not in folder.rows]
    said = [tell(folder.rows[item.index]) for item in items if item.index in folder.rows][-1:]
    left, failures = Unplayed(), 0
    with tqdm(total=len(items), initial=len(items) - len(to_play), unit=unit, smoothing=0.1) as bar:
        for result in workers.each(partial(_result, play_one), to_play):
            failures = failures + 1 if isinstance(result, FailedDialogue) else 0
            if isinstance(result, FailedDialogue):
                left.failed.append(result)
            elif isinstance(result, BadRow):
                left.bad.append(result)
            else:
                folder.add(result)
                said = [tell(result)]
            if failures == MAX_FAILURES:
                raise ModelError(
                    f"{left.failed[-1].why} This has happened {failures} times in a row, so the run "
                    "stops; the same command continues where it stopped."
                )
            bar.set_postfix_str("".join(said), refresh=False)
            bar.update()
    return left


def _result(play_one: Play[Played], models: Models, item: Played) -> Row | BadRow | FailedDialogue:
    """Play it; the row, or why there is none."""
    try:
        return play_one(item, models)
    except InputError as error:
        return BadRow(item.index, one_line(str(error), MAX_WHY))
    except ModelError as error:
        return FailedDialogue(item.index, one_line(str(error), MAX_WHY))
