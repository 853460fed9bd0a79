"""A turn's events in batches that a page can keep up with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from demo.dialogue.engine import TurnEvent, run_turn
from demo.dialogue.session import Session
from demo.language.references import Resolved
from demo.picture.picture import Picture
from demo.ui.shared.pacing import paced

if TYPE_CHECKING:
    from demo.models.selection import Models

_FRAME_S = 1 / 15
_QUIET_S = 1.0  # a turn that waits for others learns its new place this often


def turn_batches(
    models: AbstractContextManager[Models],
    session: Session,
    sentence: str | Resolved,
    picture: Picture,
    cancel: threading.Event,
) -> Iterator[list[TurnEvent]]:
    """The turn's events by those models, which stay until it is over; an empty batch after a quiet time.

    Raises DemoError as ``run_turn`` does.
    """
    return paced(_turn_events(models, session, sentence, picture, cancel), _FRAME_S, _QUIET_S)


def _turn_events(
    taken: AbstractContextManager[Models],
    session: Session,
    sentence: str | Resolved,
    picture: Picture,
    cancel: threading.Event,
) -> Iterator[TurnEvent]:
    with taken as models:
        yield from run_turn(
            session,
            sentence,
            picture=picture,
            reasoner=models.reasoner,
            segmenter=models.segmenter,
            cancel=cancel,
        )
