"""RegionReasoner, or another model of the catalogue, behind any OpenAI-compatible server.

Pictures go out in exactly the size that the model is shown, the one that is asked about in the first
message, so that every question about it shares a prefix that the engine may reuse. It knows which model of
a server is meant and how it is prompted; `connection.py` talks to the server.
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

from PIL import Image

from demo.checkpoints.catalogue import BY_NAME, BY_OPTION, CATALOGUE, DEFAULT, Entry, dialect_of
from demo.checkpoints.fetch import folder_of
from demo.checkpoints.folders import read_json
from demo.checkpoints.generation import Generation, read_generation
from demo.dialects.dialect import Dialect
from demo.dialects.families import family_of, foreign_family, is_same_model, wording_sentence
from demo.dialects.known import DIALECTS
from demo.dialects.messages import Shown
from demo.dialects.prompt import Prompt
from demo.errors import ModelError, OptionError
from demo.picture.picture import Picture
from demo.reasoners.base import Usage, picture_for
from demo.reasoners.chat import pictures_of
from demo.remote.address import Address, read_address
from demo.remote.connection import CLOSED, Limits, Server
from demo.remote.conversation import Conversation, initial_form
from demo.remote.faults import excerpt
from demo.remote.listing import Listing
from demo.remote.parameters import initial_parameters
from demo.remote.reply import Reply

STOP_SEEN_S = 0.05  # how often cancelling is checked while nothing arrives
MAX_NAMED = 10
# Lossless; the lowest level takes a fifth of the default's time for a tenth more bytes.
PNG_LEVEL = 1
# The settings of the instruct checkpoints of Qwen2.5-VL, which their fine-tunes inherit.
_PUBLISHED = Generation(repetition_penalty=1.05)
_QWEN_2_5_VL = (
    "qwen2.5-vl", "region-reasoner", "vision-reasoner", "seg-zero",
    "vlm-r3", "deepeyes", "chain-of-focus", "mini-o3", "pixel-reasoner",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model on a server: ``id`` is its name there, ``name`` the one for people.

    ``wording`` is a sentence that says for which family its questions are worded, and why; ``is_known`` is
    false where its name says a family whose dialect is not known here.
    """

    id: str
    name: str
    dialect: Dialect
    wording: str
    is_known: bool = True


class RemoteReasoner:
    """One model on one server; any number of answers at a time, which the server queues.

    ``id`` is its name there, ``wording`` and ``is_known`` are those of its `ServedModel`.
    """

    def __init__(
        self,
        server: Server,
        served: ServedModel,
        generation: Generation | None = None,
        owner: str = "",
    ) -> None:
        self._server, self.id = server, served.id
        self.name, self.dialect = served.name, served.dialect
        self.wording, self.is_known = served.wording, served.is_known
        self.device = f"server {server.host}"
        self._parameters, self._form = initial_parameters(generation, owner), initial_form(owner)

    @property
    def held_bytes(self) -> int:
        """Nothing: the weights are the server's."""
        return 0

    def prepare(self, picture: Picture) -> None:
        """Does nothing: the picture is sent with each question, and is encoded in a twentieth of a second.

        Warming the server's cache would cost it a pass over pictures that nobody asks about.
        """

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Generator[str | Usage, None, None]:
        """The answer's text in pieces, then the server's token counts, as far as it reports them.

        Cancelling closes the connection, which tells the server to stop as well.
        """
        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        conversation = self._conversation(picture, prompt)
        reply = Reply(pieces.put, is_thinking=conversation.is_thinking)
        answer = self._server.ask(self.id, conversation, self._parameters, reply)
        answer.add_done_callback(lambda _: pieces.put(None))
        try:
            yield from _pieces_until(pieces, cancel)
            if not cancel.is_set():
                self._check(answer, reply, may_be_empty=conversation.is_open)
            yield replace(reply.usage, decoding=reply.decoding)
        finally:
            answer.cancel()

    def close(self) -> None:
        """Cancel all answers and close the connection; the reasoner cannot be used any more."""
        self._server.close()

    def _conversation(self, picture: Picture, prompt: Prompt) -> Conversation:
        """What a prompt tells and shows; each picture is encoded once."""
        pictures = {
            part: part if isinstance(part, Shown) else picture
            for part in pictures_of(prompt.conversation)
        }
        urls = {part: data_url(picture_for(p, self.dialect)) for part, p in pictures.items()}
        return Conversation(prompt.conversation, urls.__getitem__, self._form)

    def _check(self, answer: Future[None], reply: Reply, *, may_be_empty: bool) -> None:
        """Raises the ModelError of an answer that failed or is empty, unless it only went on."""
        try:
            answer.result()
        except CancelledError:
            raise ModelError(CLOSED) from None
        if not reply.text.strip() and not may_be_empty:
            raise ModelError(
                f"The server at {self._server.host} sent an empty answer. Word the question differently, "
                "and check that its model takes pictures."
            )


def connect(
    url: str | Address, model: str, limits: Limits | None = None, *, dialect: str | None = None
) -> tuple[RemoteReasoner, str]:
    """A model on a server, and a sentence that says why it was chosen.

    ``model`` is ``auto``, a name in the catalogue, or a name on the server; ``dialect`` is the one that a
    person chose. Raises OptionError for an address or a name that cannot be used, ModelError when the
    server cannot be asked.
    """
    address = read_address(url) if isinstance(url, str) else url
    server = Server(address, limits or Limits())
    try:
        listing = server.models()
        if listing.missing and model == "auto":
            raise listing.missing
        served = choose_served(model, _names_to_choose(model, listing), server.host, dialect)
        generation = _generation_of(served.id)
    except BaseException:
        server.close()
        raise
    why = "it was asked for" if model != "auto" else "it is the server’s only model"
    if model == "auto" and len(listing.models) > 1:
        why = "of the server’s models it is the one for questions about pictures"
    reasoner = RemoteReasoner(server, served, generation, listing.owner_of(served.id))
    return reasoner, f"{served.name} on {server.host} answers because {why}."


def choose_served(
    model: str, listed: Sequence[str], host: str, dialect: str | None = None
) -> ServedModel:
    """The model that ``model`` means, among those a server lists. Raises OptionError when it is not there.

    A catalogue name stands for its hub id, for any listed model whose last part is that name, and for the
    same model packed under another name; a server that lists nothing is trusted to have it.
    """
    return _served_model(_name_on_server(model, listed, host), dialect)


def _name_on_server(model: str, listed: Sequence[str], host: str) -> str:
    """The name on the server of the model that is meant."""
    if model == "auto":
        if len(listed) == 1:
            return listed[0]
        has = (
            f"has several models: {_name_list(listed)}. Name"
            if listed
            else "lists no models. Load one there, or name"
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
        f"The server at {host} has no model called {excerpt(model)}. It has {_name_list(alike or listed)}. "
        "Name one of them with --model."
    )


def entry_of(model: str) -> Entry | None:
    """The catalogue's entry for a name, a hub id, or a folder or tag that ends with one; else None."""
    last = _last(model)
    return next((e for e in CATALOGUE.values() if last in (e.name, _last(e.source))), None)


def data_url(image: Image.Image) -> str:
    """The data URL of a picture as PNG."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=PNG_LEVEL)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _names_to_choose(model: str, listing: Listing) -> Sequence[str]:
    """The names to choose from; for ``auto``, where several answer questions, the one of a known family if
    there is just one.
    """
    names = listing.meant_by(model)
    known = [name for name in names if entry_of(name) or family_of(name)]
    return known if model == "auto" and len(known) == 1 else names


def _generation_of(identity: str) -> Generation | None:
    """How the makers of a served checkpoint decode it: as its file says where it is on this machine, else
    as is known of the family; None where neither is known, so that the server's settings apply.
    """
    entry = entry_of(identity)
    folder = folder_of(entry) if entry else None
    found = read_generation(folder) if folder else None
    return found or (_PUBLISHED if family_of(identity) in _QWEN_2_5_VL else None)


def _served_model(identity: str, dialect: str | None) -> ServedModel:
    entry = entry_of(identity)
    if entry is None:
        name = excerpt(identity.rstrip("/").rpartition("/")[2])
        family = dialect or family_of(identity)
        because = BY_OPTION if dialect else BY_NAME if family else ""
        asked = DIALECTS[family or DEFAULT.name]
        known = bool(because) or foreign_family(identity) is None
        return ServedModel(
            identity, name, asked, wording_sentence(asked.name, because, identity), known
        )
    if dialect is not None:
        entry = replace(entry, dialect=dialect, because=BY_OPTION)
    return ServedModel(identity, entry.name, _dialect(entry), entry.wording)


def _dialect(entry: Entry) -> Dialect:
    """The dialect of an entry; a checkpoint on this machine may say its frame in its configuration, and
    whether it looks closer.
    """
    config = read_json(Path(entry.source) / "config.json")
    return dialect_of(entry, config.get("region_frame"), looks=config.get("region_looks"))


def _last(name: str) -> str:
    """A name in lower case without owner, folder and the tag ``:latest``."""
    return name.rstrip("/").rpartition("/")[2].removesuffix(":latest").lower()


def _name_list(names: Sequence[str]) -> str:
    more = [f"and {len(names) - MAX_NAMED} more"] if len(names) > MAX_NAMED else []
    names = sorted(names, key=lambda name: family_of(name) is None)  # what is known here first
    return ", ".join([*map(excerpt, names[:MAX_NAMED]), *more])


def _pieces_until(pieces: queue.SimpleQueue[str | None], cancel: threading.Event) -> Iterator[str]:
    """The pieces up to the end, or until ``cancel``; waiting holds nothing that belongs to a thread."""
    while not cancel.is_set():
        try:
            piece = pieces.get(timeout=STOP_SEEN_S)
        except queue.Empty:
            continue
        if piece is None:
            return
        yield piece
