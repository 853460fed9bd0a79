"""What can go wrong with a server, as sentences: what happened, and what to do.

It knows the errors of the `openai` package and what servers write into theirs. It sends nothing, and no
sentence holds a key or the address as it was typed.
"""

from __future__ import annotations

import math
import ssl
import time
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2
import openai

from demo.errors import ModelError

# What a second attempt may mend: time-outs, conflicts, too many requests, a server that restarts.
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
MOST_SAID = 200


class SilenceError(Exception):
    """The server kept quiet for too long."""


class BrokenError(Exception):
    """The connection ended before the answer did."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure in words; ``again`` when asking once more may help, after ``wait_s`` if it says so."""

    sentence: str
    again: bool = False
    wait_s: float | None = None

    def error(self) -> ModelError:
        """The same, to raise."""
        return ModelError(self.sentence)


@dataclass(frozen=True, slots=True)
class Peer:
    """Who was asked for what: ``host`` is host and port, ``key`` is what must not be repeated."""

    host: str
    model: str = ""
    key: str = ""


def fault_of(error: BaseException, peer: Peer) -> Fault:
    """The failure of one request in words."""
    chain = list(_chain(error))
    if own := next((e for e in chain if isinstance(e, ModelError)), None):
        return Fault(str(own))
    if any(isinstance(e, ssl.SSLError) for e in chain):
        return Fault(
            f"There is no secure connection to {peer.host}. Check whether its address begins with "
            "http:// or https://, and its certificate."
        )
    if isinstance(error, SilenceError):
        return Fault(f"The server at {peer.host} {error}. Look at its log, then ask again.")
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, peer)
    if any(isinstance(e, httpx2.ConnectError | httpx2.ConnectTimeout) for e in chain):
        return Fault(
            f"No server answers at {peer.host}. Start it, or check the address given with --server.",
            again=True,
        )
    if isinstance(error, BrokenError | openai.APIConnectionError):
        return Fault(
            f"The connection to the server at {peer.host} broke before its answer was complete. "
            "Ask again.",
            again=True,
        )
    if isinstance(error, openai.APIError):
        return Fault(
            f"The server at {peer.host} failed while it answered{_said(error.body, peer)}."
        )
    return Fault(
        f"The server at {peer.host} sent something that is not an answer in OpenAI’s form. "
        "Check that --server is the address of an OpenAI-compatible server."
    )


def shown(text: str) -> str:
    """A foreign text fit for one sentence: one line, no markup, at most 200 characters."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[: 10 * MOST_SAID])
    line = " ".join(kept.split()).translate({ord("<"): "‹", ord(">"): "›"}).rstrip(".")
    return line if len(line) <= MOST_SAID else f"{line[: MOST_SAID - 1]}…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait (RFC 9110, 10.2.3: a number, or a date); None if it doesn't."""
    written = headers.get("retry-after", "")
    try:
        seconds = float(written)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(written).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _of_status(error: openai.APIStatusError, peer: Peer) -> Fault:
    status, said = error.status_code, _said(error.body, peer)
    again, wait = status in _PASSING, retry_after(error.response.headers)
    host = peer.host
    if 300 <= status < 400:
        return Fault(
            f"The server at {host} sends questions on to another address. Give that one with --server."
        )
    if status in (401, 403):
        # What it says here may repeat a part of the key.
        return Fault(
            f"The server at {host} refuses the key in OPENAI_API_KEY."
            if peer.key
            else f"The server at {host} wants a key. Set OPENAI_API_KEY before starting."
        )
    if status == 404:
        return Fault(
            f"The server at {host} knows no model {peer.model} at this address{said}. "
            "Check --model and --server."
        )
    if status == 413:
        return Fault(f"The server at {host} does not take pictures this large{said}.")
    if status == 429:
        when = "in a moment" if wait is None else f"after {math.ceil(wait)} seconds"
        return Fault(f"The server at {host} is too busy{said}. Ask again {when}.", again, wait)
    if status < 500 and not again:
        return Fault(f"The server at {host} refused the question ({status}){said}.")
    return Fault(
        f"The server at {host} failed ({status}){said}. Ask again; if it stays so, look at its log.",
        again,
        wait,
    )


def _said(body: object, peer: Peer) -> str:
    """What the server says of its failure, after a colon; nothing for a web page."""
    while isinstance(body, Mapping):
        body = body.get("message") or body.get("detail") or body.get("msg") or body.get("error")
    if isinstance(body, list) and body and isinstance(body[0], Mapping):
        body = body[0].get("msg")
    if not isinstance(body, str) or body.lstrip().startswith("<"):
        return ""
    text = shown(body.replace(peer.key, "…") if peer.key else body)
    return f": {text}" if text else ""
