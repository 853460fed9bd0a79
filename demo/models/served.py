"""A model on a server, as a choice: what a catalogue's `Entry` is for a model whose weights are fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from demo.remote.address import Address


@dataclass(frozen=True, slots=True)
class ServedEntry:
    """A model on a server: ``id`` is its name there, ``title`` the one for people.

    ``place`` names the server and where it is. ``sees`` says whether the model takes pictures, None where
    that is not known; ``dialect`` is one that a person chose. Entries with the same ``source`` are equal.
    """

    source: str
    title: str = field(compare=False)
    id: str = field(compare=False)
    address: Address = field(compare=False)
    place: str = field(compare=False)
    sees: bool | None = field(default=None, compare=False)
    dialect: str | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """What the model is called where it answers."""
        return self.title


def source_of(address: Address, identity: str) -> str:
    """The same for one model of one server, by whatever name this machine is called."""
    host = re.sub(r"^(localhost|\[::1\])(?=:|$)", "127.0.0.1", address.host)
    return f"server {host} {identity}"
