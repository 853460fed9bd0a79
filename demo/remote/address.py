"""The address of a server, from what people paste after `--server` or into the page.

It reads text; nothing is sent. No sentence repeats a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

from demo.errors import OptionError

KEY = "OPENAI_API_KEY"
# Characters around an address that was copied out of a text.
_AROUND = " \t\r\n\"'`<>()“”‘’.,;"
_HOST = re.compile(r"(?:[\w.\-]+|\[[\da-fA-F:.]+(?:%[\w.\-]+)?\])(?::\d+)?")
# Endings that people copy from a browser's address bar or a manual, below the address of the API.
_ENDING = re.compile(
    r"/(?:(?:chat/)?completions|models(?:/.*)?|embeddings|responses|messages|rerank|tokenize|generate"
    r"|docs|redoc|openapi\.json|health|healthz|healthcheck|ready|metrics|ping|version|props|slots"
    r"|api/(?:chat|generate|tags|show|ps|version|v0(?:/.*)?)|index\.html)$",
    re.IGNORECASE,
)
OPTION = "--server"


@dataclass(frozen=True, slots=True)
class Address:
    """``host`` (and port) for people; ``bases`` are the possible addresses of the API, likeliest first.

    ``query`` is sent with every request, because some hosts require the version of their API. The key in
    the environment goes along only where the address ``is_trusted``: it was named when the app was started.
    """

    host: str
    bases: tuple[str, ...]
    query: str = ""
    is_trusted: bool = True


def read_address(url: str, place: str = OPTION) -> Address:
    """The address in a text, which was written in a ``place``.

    Raises OptionError, which never repeats an address with a password in it.
    """
    text = url.strip(_AROUND)
    if not text.lower().startswith("http") and (inside := re.search(r"https?://\S+", text)):
        text = inside[0].strip(_AROUND)  # the address in a whole line that was copied
    if "@" in text:
        raise OptionError(
            f"The address for {place} may not contain a user name or password: put the key into {KEY}."
        )
    if re.fullmatch(r":?\d{2,5}(?:/.*)?", text):  # a port alone means this machine
        text = f"localhost:{text.removeprefix(':')}"
    if re.search(r"[\s\x00-\x1f\\]", text):
        raise _not_an_address(place)
    parts = _parts(text, place)
    if set(dict(parse_qsl(parts.query, keep_blank_values=True))) - {"api-version"}:
        raise OptionError(
            f"The address for {place} must end before any ? or #: put a key into {KEY}."
        )
    path = _without_endings(re.sub(r"/+", "/", parts.path))
    root = f"{parts.scheme}://{parts.netloc}"
    return Address(parts.netloc, tuple(f"{root}{base}" for base in _bases(path)), parts.query)


def _not_an_address(place: str) -> OptionError:
    start = place[:1].upper() + place[1:]
    return OptionError(f"{start} takes an address such as http://localhost:8000/v1.")


def _parts(text: str, place: str) -> SplitResult:
    """The parts of an address, with a scheme, and a host that can be connected to."""
    text = re.sub(r"^(https?):/*", r"\1://", text, flags=re.IGNORECASE)
    try:
        parts = urlsplit(text if "://" in text else f"{_scheme(text)}://{text}")
        parts.port  # noqa: B018  raises ValueError for an invalid port
    except ValueError:
        raise _not_an_address(place) from None
    netloc = parts.netloc.rstrip(":")
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(netloc):
        raise _not_an_address(place)
    # A server that listens on every address is reached at this machine's own.
    netloc = re.sub(r"^0\.0\.0\.0(?=:|$)", "127.0.0.1", netloc)
    return parts._replace(netloc=re.sub(r"^\[::\]", "[::1]", netloc))


def _scheme(text: str) -> str:
    """The scheme where none is written: https for names on the internet, so that keys go encrypted."""
    host = re.split(r"[/?#]", text)[0]
    name, _, port = host.rpartition(":") if re.search(r":\d*$", host) else (host, "", "")
    return "https" if port == "443" or (not port and _is_public(name)) else "http"


def _is_public(name: str) -> bool:
    return bool(re.fullmatch(r"[\w\-.]+\.(?!local$|lan$|internal$|localhost$)[A-Za-z]{2,}", name))


def _without_endings(path: str) -> str:
    shorter = _ENDING.sub("", path.rstrip("/"))
    return shorter if shorter == path else _without_endings(shorter)


def _bases(path: str) -> tuple[str, ...]:
    """The possible paths of the API on a host, likeliest first, by the path that was given."""
    if path.endswith("/api"):  # Ollama's is not OpenAI's API, Open WebUI's is
        return f"{path}/v1", path, f"{path.removesuffix('/api')}/v1"
    if path.endswith("/api/v1"):  # OpenRouter's API; on LM Studio this is another API
        return path, f"{path.removesuffix('/api/v1')}/v1"
    return (path,) if path.endswith("/v1") else (f"{path}/v1", path)
