"""What can be opened of the files that came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demo.dialogue.session import Session
from demo.errors import DemoError
from demo.picture.picture import Picture

Read = Callable[[], tuple[Session | None, Picture]]


@dataclass(frozen=True, slots=True)
class Upload:
    """Something to open under the name of its file; ``read`` raises a DemoError when it cannot be.

    One that ``goes_on`` is the dialogue on the page with more regions; ``notes`` are said when it is shown.
    """

    name: str
    read: Read
    notes: tuple[str, ...] = ()
    goes_on: bool = False


def refused(name: str, error: DemoError) -> Upload:
    """What cannot be opened, for that reason."""

    def refuse() -> tuple[Session | None, Picture]:
        raise error

    return Upload(name, refuse)
