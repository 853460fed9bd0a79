"""Failures of a server as sentences: what happened, and what to do.

It knows the errors of the HTTP client and the forms of servers' error messages. It sends nothing, and no
sentence contains a key, a password or the address as it was typed.
"""

from __future__ import annotations

import math
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx2

from demo.errors import DemoError, ModelError, OptionError, one_line
from demo.remote.conversation import pictures_taken
from demo.remote.errors import (
    BrokenError,
    EncodingError,
    GivenUpError,
    NoRoomError,
    RefusedError,
    SilenceError,
)

# A retry may help: time-outs, conflicts, too many requests, a server that restarts.
_RETRYABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_KEY = (401, 403)
# A proxy uses these for itself and for servers that it does not reach.
_FROM_PROXY = frozenset({407, 502, 503, 504, 511})
# A gateway in front of a server uses these when it does not reach it; from 520 on it is Cloudflare.
_BEFORE = frozenset({502, 504, *range(520, 528), 530})
MAX_SAID = 200
_PROXY_ADVICE = "Check the proxy, or put the server’s host into no_proxy."
# The fields in which servers write what went wrong; texts before the objects that hold them.
_FIELDS = ("message", "detail", "msg", "error", "errors", "error_description", "title")
_PAGE = re.compile(r"\s*<(?:!|\?xml|html|head|body|title|h\d|center|p>)", re.IGNORECASE)
# How servers say that a model takes only text.
_BLIND = re.compile(
    r"not a multi-?modal|at most 0 image|does ?n[o']t (?:support|accept|take) (?:image|vision|multi)"
    r"|(?:image|vision|multi-?modal)s?(?: inputs?)? (?:is|are) not (?:supported|enabled|allowed)"
    r"|support (?:for )?image input|data required for image|mmproj|process_mm_data|no vision"
    r"|unknown variant `?image_url|content.{0,12} must be a string|only supported by certain models"
    r"|no image processor|text-only model"
)
_UNPAID = re.compile(r"billing|credit|balance|arrear|insufficient")


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure in words; ``may_retry``: a retry may help, after ``wait_s`` seconds if that is given."""

    sentence: str
    may_retry: bool = False
    wait_s: float | None = None

    def error(self) -> ModelError:
        """The failure as an error to raise."""
        return ModelError(self.sentence)


@dataclass(frozen=True, slots=True)
class Peer:
    """The server that was asked: ``host`` is host and port, ``key`` must not be repeated in a sentence.

    ``proxy`` is the proxy that requests go through, with the variable that sets it.
    """

    host: str
    model: str = ""
    key: str = ""
    proxy: str = ""


def fault_of(error: BaseException, peer: Peer) -> Fault:
    """The failure of one request in words."""
    chain = list(_chain(error))
    if own := next((e for e in chain if isinstance(e, DemoError)), None):
        return Fault(str(own))
    if unsafe := next((e for e in chain if isinstance(e, ssl.SSLError)), None):
        return Fault(_of_tls(unsafe, peer))
    if isinstance(error, EncodingError):
        return Fault(
            f"The server at {peer.host} compresses its answers ({error}) in a way that cannot be read "
            "here. Turn that off in the server, or in the proxy in front of it."
        )
    if isinstance(error, SilenceError):
        return Fault(f"The server at {peer.host} {error}. Look at its log, then ask again.")
    if isinstance(error, RefusedError):
        return _of_pictures(error, peer) or _of_status(error, peer)
    if isinstance(error, NoRoomError | GivenUpError):
        return _of_end(error, peer)
    if isinstance(error, BrokenError | httpx2.TransportError):
        return _of_connection(error, peer)
    return Fault(
        f"The server at {peer.host} sent something that is not an answer in OpenAI’s form."
        f"{_maybe_proxy(peer)} Check that --server is the address of an OpenAI-compatible server."
    )


def is_from_proxy(error: Exception, peer: Peer) -> bool:
    """Whether a refusal comes from the proxy, judging by its status or by a web page."""
    if not peer.proxy or not isinstance(error, RefusedError):
        return False
    return error.status in _FROM_PROXY or (error.is_page and error.status in (400, 403, 404))


def listing_error(error: Exception, peer: Peer) -> DemoError:
    """The error for a server that does not list its models, when none was named."""
    if (
        not isinstance(error, RefusedError)
        or error.is_page
        or error.status == 503  # it is not ready
        or (error.status < 404 and _no_model_sentence(error, peer))
    ):
        return fault_of(error, peer).error()
    status = f" ({error.status})" if error.status else ""
    return OptionError(
        f"The server at {peer.host} does not list its models{status}{_server_words(error.body, peer)}. "
        "Name one with --model; the address given with --server should end with /v1."
    )


def excerpt(text: str) -> str:
    """A server's text made fit for a sentence: one line, no markup, at most 200 characters."""
    safe = text[: 10 * MAX_SAID].translate({ord("<"): "‹", ord(">"): "›"})
    return one_line(one_line(safe, 10 * MAX_SAID).rstrip("."), MAX_SAID)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait (RFC 9110, 10.2.3: a number or a date); None if it does not."""
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


def _of_tls(error: ssl.SSLError, peer: Peer) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of the server at {peer.host} is not trusted here: "
            f"{excerpt(error.verify_message)}. If it is your own or your company’s, put the path of the "
            "certificate (or of the one that signed it) into SSL_CERT_FILE."
        )
    return (
        f"There is no secure connection to {peer.host}. Check whether its address begins with "
        "http:// or https://."
    )


def _of_connection(error: BaseException, peer: Peer) -> Fault:
    missing = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
    if peer.proxy and isinstance(error, httpx2.ProxyError):
        return Fault(f"{_unreached_phrase(peer)}: {excerpt(str(error))}. {_PROXY_ADVICE}")
    if peer.proxy and missing:
        return Fault(
            f"{_unreached_phrase(peer)}: the proxy does not answer. {_PROXY_ADVICE}", may_retry=True
        )
    if missing:
        return Fault(
            f"No server answers at {peer.host}. Start it, or check its address.",
            may_retry=True,
        )
    if isinstance(error, httpx2.RemoteProtocolError) and "status line" in str(error):
        return Fault(
            f"The program at {peer.host} does not speak HTTP.{_maybe_proxy(peer)} Check the address given "
            "with --server, and whether it begins with http:// or https://."
        )
    if isinstance(error, httpx2.RemoteProtocolError) and "without sending a resp" in str(error):
        return Fault(
            f"The server at {peer.host} closed the connection without an answer.{_maybe_proxy(peer)} Check "
            "whether its address begins with http:// or https://, and look at its log.",
            may_retry=True,
        )
    do = (
        "Ask again." if peer.model else "Check whether its address begins with http:// or https://."
    )
    return Fault(
        f"The connection to the server at {peer.host} broke before its answer was complete. {do}",
        may_retry=True,
    )


def _of_end(error: NoRoomError | GivenUpError, peer: Peer) -> Fault:
    if isinstance(error, NoRoomError):
        return Fault(
            f"The question and its picture leave no room for an answer in the context of the server at "
            f"{peer.host}. Start it with a longer one: --max-model-len 8192 for vLLM, --ctx-size 8192 for "
            "llama.cpp, OLLAMA_CONTEXT_LENGTH=8192 for Ollama."
        )
    if error.is_withheld:
        return Fault(
            f"The server at {peer.host} withheld its answer ({excerpt(str(error))}). "
            "Word the question differently."
        )
    return Fault(
        f"The server at {peer.host} stopped its answer ({excerpt(str(error))}). "
        "Look at its log, then ask again.",
        may_retry=True,
    )


def _maybe_proxy(peer: Peer) -> str:
    return f" The proxy {peer.proxy} may be the cause." if peer.proxy else ""


def _unreached_phrase(peer: Peer) -> str:
    return f"The server at {peer.host} cannot be reached through the proxy {peer.proxy}"


def _of_status(error: RefusedError, peer: Peer) -> Fault:
    status, words, host = error.status, _server_words(error.body, peer), peer.host
    may_retry, wait = status in _RETRYABLE, retry_after(error.headers)
    if _BLIND.search(words.lower()):
        return Fault(
            f"The model {peer.model} on the server at {host} takes no pictures{words}. Name one that does "
            "with --model; llama.cpp also needs its --mmproj file."
        )
    if is_from_proxy(error, peer):
        return Fault(
            f"{_unreached_phrase(peer)}: it answers {status}{words}. {_PROXY_ADVICE}", may_retry
        )
    if not status:
        return Fault(f"The server at {host} failed while it answered{words}.")
    if status < 404 and (sentence := _no_model_sentence(error, peer)):
        return Fault(sentence)
    if status == 404:
        return Fault(
            f"The server at {host} knows no model {peer.model} at this address{words}. "
            "Check --model and --server."
        )
    if status == 413:
        return Fault(f"The server at {host} does not take pictures this large{words}.")
    if status == 429 and not _UNPAID.search(words.lower()):
        when = "in a moment" if wait is None else f"after {math.ceil(wait)} seconds"
        return Fault(f"The server at {host} is too busy{words}. Ask again {when}.", may_retry, wait)
    if status in _BEFORE and (error.is_page or status >= 520):
        return Fault(
            f"The proxy in front of the server at {host} gets no answer from it ({status}). Check whether "
            "the server runs, then ask again.",
            may_retry,
        )
    if status == 429 or (status < 500 and not may_retry):
        return Fault(f"The server at {host} refused the question ({status}){words}.")
    return Fault(
        f"The server at {host} failed ({status}){words}. Ask again; if it keeps failing, look at its log.",
        may_retry,
        wait,
    )


def _of_pictures(error: RefusedError, peer: Peer) -> Fault | None:
    """The failure for more pictures than a server takes at once; None where it is another one."""
    words = _server_words(error.body, peer)
    taken = pictures_taken(words)
    if taken is None:
        return None
    takes = (
        f"takes at most {taken} picture{'s' * (taken > 1)} at once"
        if taken
        else f"does not take so many pictures at once{words}"
    )
    return Fault(
        f"The server at {peer.host} {takes}, and looking closer shows more. Start it with room for them "
        "(vLLM with --limit-mm-per-prompt '{\"image\": 16}'), or ask for a quick answer."
    )


def _no_model_sentence(error: RefusedError, peer: Peer) -> str:
    """The sentence for an address or a key that leads to no model; empty for other refusals."""
    status, host = error.status, peer.host
    if status < 300:
        return (
            f"A web page is at {host}, not an OpenAI-compatible server.{_maybe_proxy(peer)} "
            "Check the address given with --server."
        )
    if status < 400:
        where = _place(error.headers.get("location", ""))
        return (
            f"The server at {host} redirects questions to {where}.{_maybe_proxy(peer)} "
            "Give that address with --server."
        )
    if status == 403 and (forbidden := _forbidden_sentence(error, peer)):
        return forbidden
    if status in _KEY:
        # The server's own message may repeat a part of the key.
        return (
            f"The server at {host} refuses the key in OPENAI_API_KEY."
            if peer.key
            else f"The server at {host} requires a key. Set OPENAI_API_KEY before starting, and name the "
            "server with --server."
        )
    if status == 400 and isinstance(error.body, str) and "https" in error.body.lower():
        return f"The server at {host} requires an address that begins with https://."
    return ""


def _forbidden_sentence(error: RefusedError, peer: Peer) -> str:
    """The sentence for a 403 that is not about the key; empty where it may be."""
    if error.is_page:
        return (
            f"Something in front of the server at {peer.host}, such as a firewall, refuses this program "
            "(403). Ask the people who run it."
        )
    words, raw = _server_words(error.body, peer), str(error.body)
    pieces = {peer.key[i : i + 4] for i in range(len(peer.key) - 3)}
    if "key" in raw.lower() or any(piece in raw for piece in pieces):
        return ""
    return f"The server at {peer.host} does not allow this (403){words}." if words else ""


def _place(location: str) -> str:
    """The address of a redirect, without password and query."""
    try:
        parts = urlsplit(location)
    except ValueError:
        parts = urlsplit("")
    host = parts.netloc.rpartition("@")[2]
    return excerpt(f"{parts.scheme}://{host}{parts.path}") if host else "another address"


def _server_words(body: object, peer: Peer) -> str:
    """The server's own words about its failure, after a colon; empty for a web page."""
    while isinstance(body, Mapping | list):
        if isinstance(body, list):
            body = body[0] if body else None
        else:
            raw = within.get("raw") if isinstance(within := body.get("metadata"), Mapping) else None
            body = raw or next((words for name in _FIELDS if (words := body.get(name))), None)
    if not isinstance(body, str) or _PAGE.match(body):
        return ""
    text = excerpt(body.replace(peer.key, "…") if peer.key else body)
    return f": {text}" if text else ""
