"""Who may use the page: user names with password hashes in a file, and a lock against guessing.

A password is stored as its scrypt hash with a random salt (RFC 7914) and the cost parameters. This file
knows neither web nor page; `logins.py` knows who is logged in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import os
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.access.peers import place_of
from demo.errors import InputError

log = logging.getLogger(__name__)

# OWASP's Password Storage Cheat Sheet: N = 2^15, r = 8, p = 3, which takes 32 MB.
_COST, _BLOCK, _PARALLEL = 2**15, 8, 3
_MAX_MEMORY = 256 * 2**20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_MAX_USERS = 10_000
_MAX_FILE_BYTES = 10_000_000
MIN_PASSWORD, MAX_PASSWORD = 8, 1024
LOCKED_S = 15 * 60
_FOR_A_USER, _FOR_AN_ADDRESS = 10, 30  # wrong passwords before no more are tried
_MAX_WATCHED = 10_000


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """The hash of a password: scrypt's cost parameters (N, r, p), salt and digest."""

    costs: tuple[int, int, int]
    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, password: str, costs: tuple[int, int, int] | None = None) -> PasswordHash:
        """The hash of a new password, with a fresh salt."""
        costs, salt = costs or (_COST, _BLOCK, _PARALLEL), secrets.token_bytes(16)
        return cls(costs, salt, _scrypt(password, salt, costs))

    @classmethod
    def read(cls, text: str) -> PasswordHash:
        """The hash of ``scrypt$N$r$p$salt$digest``, the last two in base64. Raises ValueError."""
        kind, *numbers, salt, digest = text.split("$")
        if kind != "scrypt" or len(numbers) != 3 or not all(n.isdecimal() for n in numbers):
            raise ValueError("expected scrypt$N$r$p$salt$digest")
        n, r, p = (int(number) for number in numbers)
        if not (n > 1 and n & (n - 1) == 0 and 1 <= p <= 16 and r >= 1):
            raise ValueError(f"expected valid costs of scrypt, got {n}, {r}, {p}")
        if 128 * n * r > _MAX_MEMORY // 2:
            raise ValueError("its costs ask for too much memory")
        made = cls((n, r, p), _bytes(salt), _bytes(digest))
        if len(made.salt) < 8 or len(made.digest) != 32:
            raise ValueError("expected a salt of 8 bytes or more and a digest of 32")
        return made

    def __str__(self) -> str:
        written = [base64.b64encode(b).decode() for b in (self.salt, self.digest)]
        return "$".join(["scrypt", *map(str, self.costs), *written])

    def matches(self, password: str) -> bool:
        """Whether it is this password; every wrong one takes the same time."""
        return hmac.compare_digest(_scrypt(password, self.salt, self.costs), self.digest)


@dataclass(frozen=True, slots=True)
class Accounts:
    """The users of a file and their password hashes."""

    hashes: Mapping[str, PasswordHash]
    decoy: PasswordHash = field(init=False, repr=False)

    def __post_init__(self) -> None:
        usual = (_COST, _BLOCK, _PARALLEL)
        costs = max((h.costs for h in self.hashes.values()), default=usual)
        decoy = PasswordHash(costs, secrets.token_bytes(16), secrets.token_bytes(32))
        object.__setattr__(self, "decoy", decoy)

    @property
    def current(self) -> Accounts:
        """These, which do not change."""
        return self

    def check(self, name: str, password: str) -> bool:
        """Whether this is the user's password; an unknown name takes as long as a known one."""
        if len(password) > MAX_PASSWORD:
            return False
        known = self.hashes.get(name)
        return (known or self.decoy).matches(password) and known is not None


def read_accounts(path: Path) -> Accounts:
    """The users of a file: a line ``name:hash`` each; lines after # are comments. Raises InputError."""
    hashes: dict[str, PasswordHash] = {}
    for number, line in enumerate(_lines(path), start=1):
        name, _, written = line.partition(":")
        if not name.strip() or line.startswith("#"):
            continue
        if name in hashes or not _NAME.fullmatch(name):
            why = "names a user twice" if name in hashes else "does not begin with a user name"
            raise InputError(f"Line {number} of {path} {why}.")
        try:
            hashes[name] = PasswordHash.read(written.strip())
        except ValueError as error:
            raise InputError(
                f"Line {number} of {path} holds no password hash ({error}). "
                f"Make one with: python -m demo user {name} {path}"
            ) from error
    if not 0 < len(hashes) <= _MAX_USERS:
        has = "no users" if not hashes else "too many users"
        raise InputError(f"{path} has {has}. Add one with: python -m demo user NAME {path}")
    return Accounts(hashes)


class AccountsFile:
    """The users of a file as it is now: it is read again whenever it has changed.

    While it cannot be read, such as in the middle of being written, those before stay.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, _state_of(path)
        self._accounts = read_accounts(path)

    @property
    def current(self) -> Accounts:
        """The users and their password hashes."""
        state = _state_of(self._path)
        if state != self._seen:
            self._seen = state
            try:
                self._accounts = read_accounts(self._path)
            except InputError:
                log.warning("the list of users cannot be read: the former one holds")
            else:
                log.info("the list of users was read again")
        return self._accounts


def save_account(path: Path, name: str, password: str) -> bool:
    """Write a user's password hash into the file, which only its owner may read; other lines stay.

    Returns whether the user is new. Raises InputError for a name, password or file that cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            "A user name has up to 64 letters from A to Z, digits and . _ @ -, and begins with a "
            "letter or a digit."
        )
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InputError(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    lines = _lines(path) if path.exists() else []
    kept = [line for line in lines if line.partition(":")[0] != name]
    text = "".join(f"{line}\n" for line in (*kept, f"{name}:{PasswordHash.of(password)}"))
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(new, path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise InputError(f"The file {path} cannot be written: {error.strerror}.") from error
    return len(kept) == len(lines)


class Guesses:
    """Wrong passwords, counted by user name and by place (`peers.place_of`); too many lock either for
    15 minutes.

    A lock also refuses the right password, so it tells a guesser nothing. Unknown names are counted too.
    Time is monotonic: changing the clock opens no lock. Beyond a limit the oldest counts are dropped.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, threading.Lock()
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def begin(self, name: str, address: str) -> float:
        """Count an attempt, before it is checked. Returns for how many seconds it is locked (0: not)."""
        keys = self._keys(name, address)
        with self._lock:
            locked = max(self._lock_seconds(key, max_count) for key, max_count in keys)
            if not locked:
                for key, _ in keys:
                    self._count(key)
            return locked

    def confirm(self, name: str, address: str) -> None:
        """The password was right: forget this attempt and the user's earlier ones."""
        user, place = (key for key, _ in self._keys(name, address))
        with self._lock:
            self._counts.pop(user, None)
            count, until = self._counts.get(place, (0, 0.0))
            if count > 1:
                self._counts[place] = (count - 1, until)
            else:
                self._counts.pop(place, None)

    def _keys(self, name: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
        place = place_of(address)
        return ((f"user {name[:64]}", _FOR_A_USER), (f"address {place}", _FOR_AN_ADDRESS))

    def _lock_seconds(self, key: str, max_count: int) -> float:
        count, until = self._counts.get(key, (0, 0.0))
        if until <= self._now():
            self._counts.pop(key, None)
            return 0.0
        return until - self._now() if count >= max_count else 0.0

    def _count(self, key: str) -> None:
        count, _ = self._counts.pop(key, (0, 0.0))
        self._counts[key] = (count + 1, self._now() + LOCKED_S)
        while len(self._counts) > _MAX_WATCHED:
            self._counts.popitem(last=False)


def _state_of(path: Path) -> tuple[int, int, int] | None:
    """What tells whether the file has changed; None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
        if len(content) > _MAX_FILE_BYTES:
            raise InputError(f"The file {path} is too large for a list of users.")
        return content.decode("utf-8").splitlines()
    except OSError as error:
        raise InputError(f"The file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The file {path} is not a list of users: it is not text.") from error


def _scrypt(password: str, salt: bytes, costs: tuple[int, int, int]) -> bytes:
    n, r, p = costs
    # HMAC fills keys up with zeros, so those of a password are written as bytes that no UTF-8 has.
    secret = password.encode("utf-8", "surrogatepass").replace(b"\0", b"\xc0\x80")
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=_MAX_MEMORY, dklen=32)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("expected base64") from error
