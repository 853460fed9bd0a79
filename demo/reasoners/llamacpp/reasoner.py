"""A GGUF model in this process, behind the same protocol as one that transformers runs.

Pictures go in at exactly the size that the model is shown, and are computed once: a later question about
one, or a conversation that goes on, reuses that. Decoding is greedy, with the checkpoint's penalties. Once
an answer is stopped, the step that runs ends by itself while the page goes on: a token, part of a prompt,
or the look at a picture.
"""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from demo.checkpoints.generation import Generation
from demo.dialects.dialect import Dialect
from demo.dialects.messages import Message, Shown
from demo.dialects.prompt import Prompt
from demo.errors import ModelError
from demo.fairlock import FairLock
from demo.picture.picture import Picture
from demo.reasoners.base import MAX_NEW_TOKENS, Usage, picture_for
from demo.reasoners.chat import pictures_of
from demo.reasoners.llamacpp.chat import ChatFormat
from demo.reasoners.llamacpp.server import Chunk, LlamaServer, device_name

_STOP_SEEN_S = 0.1  # how often a stop is looked for while nothing is written

_Pieces = queue.SimpleQueue[Chunk | BaseException | None]


@dataclass(frozen=True, slots=True)
class Packed:
    """What is known of a GGUF model beside its weights: how it is asked, and how it is decoded.

    ``packing`` names its numbers, such as *Q4_K_M*; ``weight_bytes`` counts both files.
    """

    name: str
    dialect: Dialect
    chat: ChatFormat
    generation: Generation
    packing: str
    weight_bytes: int


class LlamaCppReasoner:
    """One loaded pair of GGUF files; a lock lets it write one answer at a time."""

    def __init__(self, packed: Packed, server: LlamaServer) -> None:
        self.name, self.dialect, self.device = packed.name, packed.dialect, device_name()
        self._packed, self._server = packed, server
        self._lock, self._closed = FairLock(), threading.Event()

    @property
    def held_bytes(self) -> int:
        """Bytes of its weights; 0 once it is closed."""
        return 0 if self._closed.is_set() else self._packed.weight_bytes

    @property
    def decoding(self) -> str:
        """How it decodes, for people, such as *greedy, repetition penalty 1.05, Q4_K_M by llama.cpp*."""
        size = self._packed.generation.no_repeat_ngram_size
        followed = replace(self._packed.generation, no_repeat_ngram_size=0).differences
        ignored = (f"not kept from writing {size} tokens twice",) if size else ()
        return ", ".join(("greedy", *followed, *ignored, f"{self._packed.packing} by llama.cpp"))

    def prepare(self, picture: Picture) -> None:
        """Compute everything before a question, which `stream` finds later."""
        with self._lock:
            before = self._packed.chat.before, self._png(picture)
            self._complete(before, 1, lambda _: self._closed.is_set())

    def close(self) -> None:
        """Free its memory after the step that runs. After that, the others raise ModelError."""
        if self._closed.is_set():
            return
        self._closed.set()
        with self._lock:
            self._server.close()

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        """The answer's text in pieces, then its token counts."""
        if not self._lock.acquire(cancel):
            yield Usage()
            return
        # From here on the lock belongs to the thread that writes, which may outlast a stopped answer.
        pieces: _Pieces = queue.SimpleQueue()
        left = threading.Event()
        threading.Thread(
            target=self._write, args=(picture, prompt, pieces, left), daemon=True
        ).start()
        try:
            yield from self._read(pieces, cancel)
        finally:
            left.set()

    def _read(self, pieces: _Pieces, cancel: threading.Event) -> Iterator[str | Usage]:
        usage, written = Usage(decoding=self.decoding), 0
        while not cancel.is_set():
            try:
                piece = pieces.get(timeout=_STOP_SEEN_S)
            except queue.Empty:
                continue
            if piece is None:
                break
            if isinstance(piece, BaseException):
                raise piece
            if piece.prompt is not None:
                usage = replace(usage, prompt_tokens=piece.prompt, reused_tokens=piece.reused)
            if piece.text:
                yield piece.text
            written = written + bool(piece.text) if piece.new is None else piece.new
        yield replace(usage, new_tokens=written)

    def _write(
        self, picture: Picture, prompt: Prompt, pieces: _Pieces, left: threading.Event
    ) -> None:
        """Put the pieces of an answer there, then None, or what went wrong."""

        def take(chunk: Chunk) -> bool:
            pieces.put(chunk)
            return left.is_set() or self._closed.is_set()

        try:
            self._complete(self._pieces(picture, prompt.conversation), MAX_NEW_TOKENS, take)
            pieces.put(None)
        except BaseException as error:  # it is raised where the answer is read
            pieces.put(error)
        finally:
            self._lock.release()

    def _complete(
        self, prompt: Sequence[str | bytes], max_new: int, take: Callable[[Chunk], bool]
    ) -> None:
        if self._closed.is_set():
            raise ModelError("This model is not loaded any more. Ask again.")
        self._server.complete(prompt, self._packed.generation, max_new, take)

    def _pieces(self, picture: Picture, conversation: Sequence[Message]) -> list[str | bytes]:
        """The texts of a conversation, with the files of its pictures between them."""
        *before, after = self._packed.chat.texts(conversation)
        files = [
            self._png(part if isinstance(part, Shown) else picture)
            for part in pictures_of(conversation)
        ]
        pairs = zip(before, files, strict=True)
        return [*(piece for pair in pairs for piece in pair), after]

    def _png(self, shown: Picture | Shown) -> bytes:
        file = io.BytesIO()
        picture_for(shown, self.dialect).save(file, "PNG", compress_level=1)
        return file.getvalue()
