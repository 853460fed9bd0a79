"""Model servers that run already: on the usual ports of this machine, and where the environment names one.

All are asked at the same time, and what has not answered in time is not there. Only loopback and what a
person named is asked; a redirect to another place is not followed, and no key goes to a port that merely
happens to be open. It reads what servers say of their models; it chooses none.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from demo.dialects.families import family_of
from demo.errors import InputError, OptionError
from demo.machine.proxies import on_this_machine
from demo.remote.address import Address, read_address
from demo.remote.connection import Limits, Server
from demo.remote.errors import FormError
from demo.remote.kinds import Description, describe
from demo.remote.listing import ListedModel, read_listing
from demo.remote.reasoner import entry_of
from demo.remote.transport import Transport

WITHIN_S = 1.0  # for all that may be there
TYPED_S = 3.0  # for one that a person knows to be there
FRESH_S = 5.0  # how long nobody looks again
MAX_BYTES = 2_000_000
_OLLAMA, _LLAMA_CPP = 11434, 8080
# Where servers listen that nobody told otherwise: Ollama; LM Studio; llama.cpp, LocalAI and MLX; vLLM and
# `transformers serve`; SGLang; Jan; KoboldCpp; text-generation-webui.
PORTS = (_OLLAMA, 1234, _LLAMA_CPP, 8000, 30000, 1337, 5001, 5000)
_SHARE = 0.8  # of the time, after which what a server has not said about its models stays unknown


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model that may answer questions about pictures; ``sees`` is None where that is not known.

    ``host`` is where the server sends the questions, if it does not answer them itself.
    """

    id: str
    sees: bool | None
    host: str = ""


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that answered; ``name`` is its kind, such as Ollama, and empty where that is not known.

    ``models`` are those that can see and those of which that is not known, in this order.
    """

    address: Address
    name: str
    models: tuple[FoundModel, ...]

    @property
    def place(self) -> str:
        """The server and where it is, for a sentence."""
        return f"{self.name or 'the server'} at {self.address.host}"

    def place_of(self, model: FoundModel) -> str:
        """Where one of its models runs."""
        return f"{model.host} through {self.place}" if model.host else self.place


def usual_addresses(environment: Mapping[str, str]) -> tuple[Address, ...]:
    """Where a server may be: what the environment names, then the usual ports of this machine."""
    hosts = ("127.0.0.1", "[::1]")
    usual = [(f"http://{host}:{port}/v1", False) for port in PORTS for host in hosts]
    found: dict[str, Address] = {}
    for text, is_trusted in (*_named(environment), *usual):
        try:
            address = replace(read_address(text), is_trusted=is_trusted)
        except OptionError:
            continue  # what is wrong with a variable is for the program to say that it is meant for
        found.setdefault(address.host, address)
    return tuple(found.values())


def _named(environment: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """The addresses in an environment, and whether its key is meant for them."""
    given = {name: value for name, value in environment.items() if value.strip()}
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
        if name in given:
            yield given[name], True
    if "@" not in given.get("OLLAMA_HOST", "@"):  # no password is taken apart
        yield _ollama_host(given["OLLAMA_HOST"]), False
    host, port = given.get("LLAMA_ARG_HOST"), given.get("LLAMA_ARG_PORT")
    if host or port:
        yield f"http://{host or '127.0.0.1'}:{port or _LLAMA_CPP}", False


def _ollama_host(written: str) -> str:
    """The address in OLLAMA_HOST, which Ollama reads by rules of its own: host, port and scheme may each
    be missing, and a port that is none means the usual one.
    """
    scheme, _, rest = written.strip().strip("\"'").strip().rpartition("://")
    place, slash, path = rest.partition("/")
    usual = {"http": 80, "https": 443}.get(scheme, _OLLAMA)
    split = re.fullmatch(r"([^:\[\]]*|\[[^\]]*\]):([^:]*)", place)
    host, port = (split[1], split[2]) if split else (place, "")
    host = host.strip("[]") or "127.0.0.1"
    number = int(port) if re.fullmatch(r"[0-9]{1,5}", port) and int(port) < 65_536 else usual
    bracketed = f"[{host}]" if ":" in host else host
    return f"{scheme or 'http'}://{bracketed}:{number}{slash}{path}"


def find_servers(addresses: Sequence[Address], within_s: float) -> tuple[FoundServer, ...]:
    """The servers at these addresses that say within so many seconds what they have, in that order."""
    if not addresses:
        return ()
    found: Future[tuple[FoundServer, ...]] = Future()
    # In a thread that nobody waits for: closing what hangs may take longer than the time that is left.
    work = _search(addresses, within_s, found)
    threading.Thread(target=asyncio.run, args=(work,), name="nearby", daemon=True).start()
    return found.result()


async def _search(
    addresses: Sequence[Address], within_s: float, found: Future[tuple[FoundServer, ...]]
) -> None:
    ends, calls = asyncio.get_running_loop().time() + _SHARE * within_s, []

    async def ask(address: Address) -> FoundServer | None:
        try:
            calls.append(call := _Call(address, within_s))
        except OptionError:  # a proxy that cannot be
            return None
        return await _server_at(call, ends)

    tasks = [asyncio.create_task(ask(address)) for address in addresses]
    try:
        done, _ = await asyncio.wait(tasks, timeout=within_s)
        servers = [task.result() for task in tasks if task in done]
        found.set_result(_without_twins([server for server in servers if server is not None]))
    except Exception as error:
        found.set_exception(error)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, *(call.close() for call in calls), return_exceptions=True)


def _without_twins(servers: Sequence[FoundServer]) -> tuple[FoundServer, ...]:
    """Each server once, though this machine has several addresses."""
    found: dict[object, FoundServer] = {}
    for server in servers:
        parts = urlsplit(server.address.bases[0])
        place = parts.port if on_this_machine(parts.hostname or "") else server.address.host
        found.setdefault((place, server.models), server)
    return tuple(found.values())


class _Call:
    """Questions to one address, all of which may fail. Raises OptionError for a proxy that cannot be."""

    def __init__(self, address: Address, within_s: float) -> None:
        self.address = address
        self._transport = Transport(address, within_s, MAX_BYTES)

    async def json(self, url: str, request: Mapping[str, Any] | None = None) -> Any:
        """What is said there, as JSON; None for anything else."""
        body = bytearray()
        try:
            method = "GET" if request is None else "POST"
            async with self._transport.send(method, url, request) as response:
                await self._transport.read(response, body.extend)
            return json.loads(body)
        except Exception:  # any program may listen there, and do anything
            return None

    async def close(self) -> None:
        await self._transport.close()


async def _server_at(call: _Call, ends: float) -> FoundServer | None:
    """The server that is asked, with what it has said of its models when the time ``ends``."""
    for base in call.address.bases:
        try:
            listed = read_listing(await call.json(f"{base}/models")).models
        except (FormError, RecursionError):
            continue
        about = await describe(call.json, base.removesuffix("/v1"), listed, ends)
        return FoundServer(replace(call.address, bases=(base,)), about.name, _able(listed, about))
    return None


def _able(listed: Sequence[ListedModel], about: Description) -> tuple[FoundModel, ...]:
    """The models that can see, by what the server says of them, else by their names; then the unknown.

    Those of a family that is known here come first.
    """
    judged = [
        FoundModel(model.id, _sees(model, about.sees.get(model.id)), about.hosts.get(model.id, ""))
        for model in listed
        if model.is_chat
    ]
    able = [model for model in judged if model.sees is not False]
    return tuple(sorted(able, key=lambda m: (not m.sees, not _is_known(m.id))))


def _sees(model: ListedModel, said: bool | None) -> bool | None:
    sees = model.sees if said is None else said
    return True if sees is None and _is_known(model.id) else sees


def _is_known(identity: str) -> bool:
    return bool(entry_of(identity) or family_of(identity))


# Looking again and again ----------------------------------------------------------------------------


class Nearby:
    """The servers that were found last, looked for again in the background when somebody asks.

    ``addresses`` are where to look, for ``within_s`` seconds; those that people type are looked at as well
    from then on.
    """

    def __init__(self, addresses: Iterable[Address], within_s: float = WITHIN_S) -> None:
        self._within_s = within_s
        self._addresses: dict[str, Address] = {}
        for address in addresses:
            self._addresses.setdefault(address.host, address)
        self._lock = threading.Lock()
        self._work: threading.Thread | None = None
        self._looked = -math.inf
        self.found: tuple[FoundServer, ...] = ()

    @property
    def is_looking(self) -> bool:
        """Whether somebody is looking now, so that more may be found in a moment."""
        return self._work is not None and self._work.is_alive()

    def look(self) -> None:
        """Begin to look, unless that was done a moment ago."""
        with self._lock:
            if not self.is_looking and time.monotonic() - self._looked > FRESH_S:
                self._work = threading.Thread(target=self._look, name="looking", daemon=True)
                self._work.start()

    def wait(self) -> tuple[FoundServer, ...]:
        """The servers that were found, once nobody is looking any more."""
        if self._work is not None:
            self._work.join()
        return self.found

    def ask(self, text: str) -> FoundServer:
        """The server at an address that a person typed. Raises DemoError with a sentence.

        No key goes there, unless it was named at the start: whoever reaches the page could have it sent.
        """
        address = read_address(text, "this field")
        is_trusted = address.host in self._addresses and self._addresses[address.host].is_trusted
        address = replace(address, is_trusted=is_trusted)
        self.wait()
        found = find_servers([address], TYPED_S) or (_server_or_reason(address),)
        if not found[0].models:
            raise InputError(
                f"{found[0].place} has no model that takes pictures. Load one there, then try again."
            )
        self._addresses[address.host] = address
        self.found = _without_twins([*found, *self.found])
        return found[0]

    def _look(self) -> None:
        self.found = find_servers(tuple(self._addresses.values()), self._within_s)
        self._looked = time.monotonic()


def _server_or_reason(address: Address) -> FoundServer:
    """A server that takes its time, or the reason why there is none, as an error."""
    server = Server(address, Limits(connect_s=TYPED_S, list_s=2 * TYPED_S))
    try:
        listing = server.models()
    finally:
        server.close()
    if listing.missing:
        raise listing.missing
    return FoundServer(address, "", _able(listing.models, Description()))
