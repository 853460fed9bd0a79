"""Whose dialogues are kept: a user who has signed in, or a visitor known by a secret."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

_TOKEN = re.compile(r"[0-9A-Za-z_-]{32,64}")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose dialogues; ``key`` is a hash, so that the database holds no token that opens anything."""

    key: str


def user_owner(name: str) -> Owner:
    """The owner for a person who has signed in."""
    return _owner("user", name)


def visitor_owner(token: str) -> Owner:
    """The owner for a visitor known by a secret from `new_token`. Raises ValueError for any other text."""
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"expected a token of 32 to 64 letters, got {len(token)} characters")
    return _owner("visitor", token)


def new_token() -> str:
    """A secret to give to a visitor."""
    return secrets.token_urlsafe(32)


def _owner(kind: str, name: str) -> Owner:
    return Owner(hashlib.sha256(f"{kind}:{name}".encode("utf-8", "surrogatepass")).hexdigest())
