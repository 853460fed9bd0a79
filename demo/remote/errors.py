"""The ways in which a request to a server fails, as exceptions; `faults` turns them into sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class SilenceError(Exception):
    """The server sent nothing for too long; the text is the rest of a sentence about the server."""


class EncodingError(Exception):
    """The body is compressed in an unsupported way, or damaged."""


class BrokenError(Exception):
    """The connection ended before the answer did."""


class FormError(Exception):
    """What arrived is not part of an answer."""


class NoRoomError(Exception):
    """The server's context has no room for question and answer."""


class GivenUpError(Exception):
    """The server ended its answer before it was complete, and said why."""

    def __init__(self, reason: str, is_withheld: bool = False) -> None:
        super().__init__(reason)
        self.is_withheld = is_withheld


@dataclass(eq=False)
class RefusedError(Exception):
    """The server refused: with a status, or with 0 for an error in place of an answer.

    ``body`` is the reason it gave, parsed where it is JSON; ``is_page``: it is a web page.
    """

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)
    is_page: bool = False
