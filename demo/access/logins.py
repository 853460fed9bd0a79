"""Who is logged in: tokens in cookies, and checked passwords.

Everything is in memory and bounded; after a restart everybody logs in again. Whose name or password is
changed in the file of users is out from the next request on.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from demo.access.accounts import Accounts, AccountsFile, Guesses, PasswordHash

# gradio_client keeps only cookies with this prefix.
COOKIE = "access-token-regionreasoner"
IDLE_S, MAX_SECONDS = 12 * 3600, 7 * 24 * 3600
_MAX_TOKENS = 10_000
_CHECKS_AT_ONCE = 2  # each takes 32 MB and a core


@dataclass(frozen=True, slots=True)
class Locked:
    """Too many wrong passwords; for ``seconds`` more no password is tried."""

    seconds: float


@dataclass(frozen=True, slots=True)
class _Login:
    """``hash`` is that of the password which was right; the times are when it began and was used last."""

    name: str
    hash: PasswordHash
    since: float
    used: float


class Logins:
    """The users who are logged in."""

    def __init__(
        self, accounts: Accounts | AccountsFile, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._accounts, self._now = accounts, now
        self._guesses = Guesses(now)
        self._checks = asyncio.Semaphore(_CHECKS_AT_ONCE)
        self._lock = threading.Lock()
        self._tokens: OrderedDict[bytes, _Login] = OrderedDict()

    async def log_in(self, name: str, password: str, address: str) -> str | Locked | None:
        """A token for the right password, None for a wrong one. An attempt is counted before it is
        checked, so that many at once cannot get around the lock.
        """
        name = name.strip()
        if locked := self._guesses.begin(name, address):
            return Locked(locked)
        accounts = self._accounts.current
        async with self._checks:
            right = await asyncio.to_thread(accounts.check, name, password)
        if not right:
            return None
        self._guesses.confirm(name, address)
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[_digest(token)] = _Login(
                name, accounts.hashes[name], self._now(), self._now()
            )
            while len(self._tokens) > _MAX_TOKENS:
                self._tokens.popitem(last=False)
        return token

    def user_of(self, token: str | None) -> str | None:
        """The user of a token while it is valid: 12 hours without use, 7 days in all; else None."""
        if not token:
            return None
        with self._lock:
            key, now, hashes = _digest(token), self._now(), self._accounts.current.hashes
            login = self._tokens.pop(key, None)
            if login is None or now - login.used > IDLE_S or now - login.since > MAX_SECONDS:
                return None
            self._tokens[key] = replace(login, used=now)
            return login.name if hashes.get(login.name) == login.hash else None

    def log_out(self, token: str | None) -> None:
        """Make the token invalid."""
        with self._lock:
            self._tokens.pop(_digest(token or ""), None)

    async def user_by_header(self, header: str, address: str) -> str | Locked | None:
        """The user of an HTTP Basic header, for programs that cannot log in otherwise."""
        kind, _, written = header.partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(written, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        token = await self.log_in(name, password, address)
        if not isinstance(token, str):
            return token
        self.log_out(token)
        return name


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
