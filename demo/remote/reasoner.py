"""RegionReasoner, or another model of the catalogue, behind any OpenAI-compatible server.

The picture goes out in exactly the size that the model is shown, first in the message, so that every
question about it shares a prefix that the engine may reuse. It knows which model of a server is meant and
how it is asked; the connection is `server.py`'s.
"""

from __future__ import annotations

import base64
import io
import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from pathlib import Path

from demo.checkpoints.catalogue import BY_NAME, BY_OPTION, CATALOGUE, DEFAULT, Entry, dialect_of
from demo.checkpoints.fetch import folder_of
from demo.checkpoints.folders import read_json
from demo.checkpoints.generation import Generation, generation_in
from demo.dialects.dialect import Dialect
from demo.dialects.families import family_of, foreign_family, is_same_model, wording_sentence
from demo.dialects.known import DIALECTS
from demo.dialects.prompt import Prompt
from demo.errors import ModelError, OptionError
from demo.picture.picture import Picture
from demo.reasoners.base import Usage, framed
from demo.remote.address import read_address
from demo.remote.connection import CLOSED, Limits, Server
from demo.remote.faults import shown
from demo.remote.listing import Listing
from demo.remote.parameters import first_wishes
from demo.remote.reply import Heard

STOP_SEEN_S = 0.05  # how often a stop is looked for while nothing arrives
MAX_NAMED = 10
# Lossless; the lowest level takes a fifth of the default's time for a tenth more bytes.
PNG_LEVEL = 1
# Of the instruct checkpoints of Qwen2.5-VL, whose fine-tunes inherit it.
_PUBLISHED = Generation(repetition_penalty=1.05)
_QWEN_2_5_VL = ("qwen2.5-vl", "region-reasoner", "vision-reasoner", "seg-zero")


@dataclass(frozen=True, slots=True)
class Served:
    """A model on a server: ``id`` is its name there, ``name`` what people are told.

    ``wording`` is a sentence that says in whose words it is asked, and why; ``is_known`` is false where its
    name speaks of a family that has words of its own, which nobody here knows.
    """

    id: str
    name: str
    dialect: Dialect
    wording: str
    is_known: bool = True


class RemoteReasoner:
    """One model on one server; any number of answers at a time, the server sees to their order."""

    def __init__(
        self, server: Server, served: Served, generation: Generation | None = None, owner: str = ""
    ) -> None:
        self._server, self._served = server, served
        self._wishes = first_wishes(generation, owner)

    @property
    def name(self) -> str:
        return self._served.name

    @property
    def dialect(self) -> Dialect:
        return self._served.dialect

    @property
    def wording(self) -> str:
        """In whose words it is asked, and why, as a sentence."""
        return self._served.wording

    @property
    def is_known(self) -> bool:
        """Whether its boxes can be read, as far as its name tells."""
        return self._served.is_known

    @property
    def device(self) -> str:
        return f"server {self._server.host}"

    @property
    def held_bytes(self) -> int:
        """Nothing: the weights are the server's."""
        return 0

    def prepare(self, picture: Picture) -> None:
        """Nothing: the picture travels with each question, and made ready in a twentieth of a second.

        To warm the server's cache would cost it a pass over every picture that nobody asks about.
        """

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Generator[str | Usage, None, None]:
        """The answer's text, then the server's token counts, as far as it tells them.

        A stop closes the connection, by which a server knows that it may stop as well.
        """
        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        heard = Heard(pieces.put)
        content: list[dict[str, object]] = [
            {"type": "image_url", "image_url": {"url": data_url(picture, self.dialect)}},
            {"type": "text", "text": prompt.instruction},
        ]
        answer = self._server.ask(self._served.id, content, self._wishes, heard)
        answer.add_done_callback(lambda _: pieces.put(None))
        try:
            yield from _until_stopped(pieces, cancel)
            if not cancel.is_set():
                self._check(answer, heard)
            yield replace(heard.usage, decoding=heard.decoding)
        finally:
            answer.cancel()

    def close(self) -> None:
        """Give up all answers and the connection; the reasoner cannot be used any more."""
        self._server.close()

    def _check(self, answer: Future[None], heard: Heard) -> None:
        """Raise the ModelError of an answer that failed or is none."""
        try:
            answer.result()
        except CancelledError:
            raise ModelError(CLOSED) from None
        if not heard.text.strip():
            raise ModelError(
                f"The server at {self._server.host} sent an empty answer. Ask in other words, "
                "and check that its model takes pictures."
            )


def connect(
    url: str, model: str, limits: Limits | None = None, *, dialect: str | None = None
) -> tuple[RemoteReasoner, str]:
    """A model on a server, and a sentence that says why this one.

    ``model`` is ``auto``, a name in the catalogue, or a name on the server; ``dialect`` is what a person
    chose. Raises OptionError for an address or a name that cannot be used, ModelError when the server
    cannot be asked.
    """
    server = Server(read_address(url), limits or Limits())
    try:
        listing = server.models()
        if listing.missing and model == "auto":
            raise listing.missing
        served = choose_served(model, _offered(model, listing), server.host, dialect)
        generation = _generation_of(served.id)
    except BaseException:
        server.close()
        raise
    why = "it was asked for" if model != "auto" else "it is the one that the server has"
    if model == "auto" and len(listing.models) > 1:
        why = "of those that the server has, it is the one to ask about pictures"
    reasoner = RemoteReasoner(server, served, generation, listing.owner_of(served.id))
    return reasoner, f"{served.name} on {server.host} answers because {why}."


def choose_served(
    model: str, listed: Sequence[str], host: str, dialect: str | None = None
) -> Served:
    """The model that is meant, of those a server lists. Raises OptionError when it is not there.

    A catalogue name stands for its hub id, for any listed model whose last part is that name, and for the
    same model under the name that its packing has; a server that lists nothing is trusted to have what is
    asked for.
    """
    return _served(_meant(model, listed, host), dialect)


def _meant(model: str, listed: Sequence[str], host: str) -> str:
    """The name that the model which is meant has on the server."""
    if model == "auto":
        if len(listed) == 1:
            return listed[0]
        has = (
            f"has several models: {_named(listed)}. Name"
            if listed
            else "lists no model. Load one there, or name"
        )
        raise OptionError(f"The server at {host} {has} one with --model.")
    entry = entry_of(model)
    if not listed:
        return entry.source if entry else model
    for wanted in (model, *((entry.source,) if entry else ())):
        if wanted in listed:
            return wanted
    short = {_last(model)} | ({entry.name, _last(entry.source)} if entry else set())
    alike = [name for name in listed if _last(name) in short]
    alike = alike or [name for name in listed if is_same_model(model, name)]
    if len(alike) == 1:
        return alike[0]
    raise OptionError(
        f"The server at {host} has no model called {shown(model)}. It has {_named(alike or listed)}. "
        "Name one of them with --model."
    )


def entry_of(model: str) -> Entry | None:
    """The catalogue's entry for a name, a hub id, or a folder or tag of that last part."""
    last = _last(model)
    return next((e for e in CATALOGUE.values() if last in (e.name, _last(e.source))), None)


def data_url(picture: Picture, dialect: Dialect) -> str:
    """The picture as the model is shown it, as the text of a PNG."""
    file = io.BytesIO()
    framed(picture, dialect).save(file, "PNG", compress_level=PNG_LEVEL)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _offered(model: str, listing: Listing) -> Sequence[str]:
    """The names to choose from; for `auto`, where several answer questions, the one of a family known here
    if there is just one."""
    names = listing.meant_by(model)
    known = [name for name in names if entry_of(name) or family_of(name)]
    return known if model == "auto" and len(known) == 1 else names


def _generation_of(identity: str) -> Generation | None:
    """How the makers of a served checkpoint decode it: as its own file says where it is on this machine,
    else as is known of the family; None where neither is, and the server's settings count.
    """
    entry = entry_of(identity)
    folder = folder_of(entry) if entry else None
    found = generation_in(folder) if folder else None
    return found or (_PUBLISHED if family_of(identity) in _QWEN_2_5_VL else None)


def _served(identity: str, dialect: str | None) -> Served:
    entry = entry_of(identity)
    if entry is None:
        name = shown(identity.rstrip("/").rpartition("/")[2])
        family = dialect or family_of(identity)
        because = BY_OPTION if dialect else BY_NAME if family else ""
        asked = DIALECTS[family or DEFAULT.name]
        known = bool(because) or foreign_family(identity) is None
        return Served(identity, name, asked, wording_sentence(asked.name, because, identity), known)
    if dialect is not None:
        entry = replace(entry, dialect=dialect, because=BY_OPTION)
    return Served(identity, entry.name, _dialect(entry), entry.wording)


def _dialect(entry: Entry) -> Dialect:
    """A checkpoint of our own has the frame that its configuration names."""
    frame = read_json(Path(entry.source) / "config.json").get("region_frame")
    return dialect_of(entry, frame)


def _last(name: str) -> str:
    """What is left of a name without owner, folder and the tag that stands for none."""
    return name.rstrip("/").rpartition("/")[2].removesuffix(":latest").lower()


def _named(names: Sequence[str]) -> str:
    more = [f"and {len(names) - MAX_NAMED} more"] if len(names) > MAX_NAMED else []
    names = sorted(names, key=lambda name: family_of(name) is None)  # what is known here first
    return ", ".join([*map(shown, names[:MAX_NAMED]), *more])


def _until_stopped(pieces: queue.SimpleQueue[str | None], cancel: threading.Event) -> Iterator[str]:
    """The pieces up to the end or the stop; waiting for one holds nothing that belongs to a thread."""
    while not cancel.is_set():
        try:
            piece = pieces.get(timeout=STOP_SEEN_S)
        except queue.Empty:
            continue
        if piece is None:
            return
        yield piece
