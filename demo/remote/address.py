"""Where a server is, from what people paste after `--server`.

It reads text; nothing is sent. No sentence repeats a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

from demo.errors import OptionError

KEY = "OPENAI_API_KEY"
# What surrounds an address that is copied out of a text.
_AROUND = " \t\r\n\"'`<>()“”‘’.,;"
_HOST = re.compile(r"(?:[\w.\-]+|\[[\da-fA-F:.]+(?:%[\w.\-]+)?\])(?::\d+)?")
# What people see in their browser's address or in a server's manual, below the address of its API.
_ENDING = re.compile(
    r"/(?:(?:chat/)?completions|models(?:/.*)?|embeddings|responses|messages|rerank|tokenize|generate"
    r"|docs|redoc|openapi\.json|health|healthz|healthcheck|ready|metrics|ping|version|props|slots"
    r"|api/(?:chat|generate|tags|show|ps|version|v0(?:/.*)?)|index\.html)$",
    re.IGNORECASE,
)
_SENTENCE = "--server takes an address such as http://localhost:8000/v1."


@dataclass(frozen=True, slots=True)
class Address:
    """``host`` (and port) for people; ``bases`` are where the API may be, likeliest first.

    ``query`` goes with every request, as some hosts want the version of their API named.
    """

    host: str
    bases: tuple[str, ...]
    query: str = ""


def read_address(url: str) -> Address:
    """Where a server is. Raises OptionError, which never repeats an address with a password in it."""
    text = url.strip(_AROUND)
    if not text.lower().startswith("http") and (inside := re.search(r"https?://\S+", text)):
        text = inside[0].strip(_AROUND)  # of a line that was copied as a whole
    if "@" in text:
        raise OptionError(
            f"An address for --server holds no user name or password: put the key into {KEY}."
        )
    if re.fullmatch(r":?\d{2,5}(?:/.*)?", text):  # a port alone is one of this machine
        text = f"localhost:{text.removeprefix(':')}"
    if re.search(r"[\s\x00-\x1f\\]", text):
        raise OptionError(_SENTENCE)
    parts = _parts(text)
    if set(dict(parse_qsl(parts.query, keep_blank_values=True))) - {"api-version"}:
        raise OptionError(f"An address for --server ends before any ? or #: put a key into {KEY}.")
    path = _without_endings(re.sub(r"/+", "/", parts.path))
    root = f"{parts.scheme}://{parts.netloc}"
    return Address(parts.netloc, tuple(f"{root}{base}" for base in _bases(path)), parts.query)


def _parts(text: str) -> SplitResult:
    """The parts of an address, its scheme added and its host made one that can be asked."""
    text = re.sub(r"^(https?):/*", r"\1://", text, flags=re.IGNORECASE)
    try:
        parts = urlsplit(text if "://" in text else f"{_scheme(text)}://{text}")
        parts.port  # noqa: B018  raises ValueError for what is no port
    except ValueError:
        raise OptionError(_SENTENCE) from None
    netloc = parts.netloc.rstrip(":")
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(netloc):
        raise OptionError(_SENTENCE)
    # Where a server listens on every address, it is asked on this machine's own.
    netloc = re.sub(r"^0\.0\.0\.0(?=:|$)", "127.0.0.1", netloc)
    return parts._replace(netloc=re.sub(r"^\[::\]", "[::1]", netloc))


def _scheme(text: str) -> str:
    """What is meant where none is written: a key goes to a name on the internet only encrypted."""
    host = re.split(r"[/?#]", text)[0]
    name, _, port = host.rpartition(":") if re.search(r":\d*$", host) else (host, "", "")
    return "https" if port == "443" or (not port and _public(name)) else "http"


def _public(name: str) -> bool:
    return bool(re.fullmatch(r"[\w\-.]+\.(?!local$|lan$|internal$|localhost$)[A-Za-z]{2,}", name))


def _without_endings(path: str) -> str:
    shorter = _ENDING.sub("", path.rstrip("/"))
    return shorter if shorter == path else _without_endings(shorter)


def _bases(path: str) -> tuple[str, ...]:
    """Where the API may be below a host, by the path that was given."""
    if path.endswith("/api"):  # that of Ollama is not OpenAI's; that of Open WebUI is
        return f"{path}/v1", path, f"{path.removesuffix('/api')}/v1"
    if path.endswith("/api/v1"):  # as OpenRouter has it; that of LM Studio is its own
        return path, f"{path.removesuffix('/api/v1')}/v1"
    return (path,) if path.endswith("/v1") else (f"{path}/v1", path)
