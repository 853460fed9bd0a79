"""What stands in the page where no model can run yet, so that one can be chosen there.

It answers nothing: whoever asks is told what to do.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NoReturn

from demo.checkpoints.catalogue import DEFAULT
from demo.dialects.prompt import Prompt
from demo.errors import ModelError
from demo.models.models import Models
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from demo.segmenters.base import Segmenter

_CHOOSE = "No model runs yet: choose one in the list at the top."


class AbsentReasoner:
    """No model at all."""

    name, dialect, device, held_bytes = "no model", DEFAULT, "nothing", 0

    def prepare(self, picture: Picture) -> None:
        """Nothing."""

    def stream(
        self, _picture: Picture, _prompt: Prompt, _cancel: threading.Event
    ) -> Iterator[str | Usage]:
        """Raises ModelError."""
        return _refuse()

    def close(self) -> None:
        """Nothing."""


def _refuse() -> NoReturn:
    raise ModelError(_CHOOSE)


def absent_models(segmenter: Segmenter | None, why: str) -> Models:
    """Only the segmenter; ``why`` says in a sentence why there is no model."""
    masks = segmenter.name if segmenter else "none"
    return Models(
        AbsentReasoner(), segmenter, status=f"no model · masks: {masks}", advice=_CHOOSE, why=why
    )
