"""The token with which agents come in: given in a file or a variable, or made for one run.

Only its hash is kept, and it is never logged; on a command line, which others on the machine can read, it
cannot be given.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.errors import InputError, disk_fault
from demo.machine.private_files import write_new

VARIABLE = "REGIONREASONER_MCP_TOKEN"
MIN_LENGTH, MAX_LENGTH = 24, 500  # characters; what is made has 43
_WHOLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class AgentToken:
    """The token's SHA-256."""

    digest: bytes

    @classmethod
    def of(cls, token: str) -> AgentToken:
        """Raises InputError for one that could be guessed, or that no header can hold."""
        if not MIN_LENGTH <= len(token) <= MAX_LENGTH or not _WHOLE.fullmatch(token):
            raise InputError(
                f"The token for agents has {MIN_LENGTH} to {MAX_LENGTH} letters, digits and signs, without "
                "spaces. Name a file that is not there yet with --mcp-token, and one is made."
            )
        return cls(_digest(token))

    def is_in(self, authorization: str) -> bool:
        """Whether an Authorization header has it; takes as long for any that does not."""
        scheme, _, given = authorization.partition(" ")
        is_same = hmac.compare_digest(_digest(given.strip()), self.digest)
        return scheme.lower() == "bearer" and is_same


def agent_token(file: Path | None, environment: Mapping[str, str]) -> AgentToken | None:
    """The token in ``file``, which is made where it is not there, or in the variable; None without both.

    Raises InputError.
    """
    if file is not None:
        return AgentToken.of(_read(file) if file.exists() else _made(file))
    given = environment.get(VARIABLE, "").strip()
    return AgentToken.of(given) if given else None


def new_token() -> str:
    """One that nobody can guess."""
    return secrets.token_urlsafe(32)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _read(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as text:
            return text.read(MAX_LENGTH + 2).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = disk_fault(error) if isinstance(error, OSError) else "it is not text"
        raise InputError(f"The token in {file} cannot be read: {why}.") from error


def _made(file: Path) -> str:
    token = new_token()
    try:
        write_new(file, f"{token}\n".encode())
    except OSError as error:
        raise InputError(f"No token can be written to {file}: {disk_fault(error)}.") from error
    return token
