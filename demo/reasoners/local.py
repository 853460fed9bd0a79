"""A checkpoint of one of the Qwen models that see, in this process, through transformers.

The picture goes in at exactly the size of its dialect and is computed once; decoding is greedy, looks
ahead, and yields the text pass by pass, so cancelling takes effect after the current pass. It knows no
regions, traces or pages.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers.decoders import DecodeStream
from transformers import DynamicCache

from demo.dialects.dialect import Dialect
from demo.dialects.messages import Message, Shown
from demo.dialects.prompt import Prompt
from demo.errors import DemoError, ModelError, OutOfMemoryError, first_line
from demo.fairlock import FairLock
from demo.machine.threads import threads_for
from demo.machine.unused import collect
from demo.picture.picture import Picture
from demo.reasoners.base import MAX_NEW_TOKENS, Usage, picture_for
from demo.reasoners.chat import pictures_of, plain, written
from demo.reasoners.decoding import Decoder, linear_config, max_guessed
from demo.reasoners.lookahead import Lookahead
from demo.reasoners.prefix import Prefix, Prefixes, prefix_of
from demo.reasoners.rules import Rules

_THINKING = "enable_thinking"  # what templates name the switch
_ENDS = ("<|im_end|>", "<|endoftext|>")
# The tokens of a piece in which a prompt is computed after memory ran out.
_SMALL_PIECE = 128
_SAMPLE = "find the dog"  # any words: the passes are measured on them

log = logging.getLogger(__name__)


class LocalReasoner:
    """One loaded checkpoint; a lock lets it write one answer at a time."""

    def __init__(
        self,
        name: str,
        model: Any,
        processor: Any,
        dialect: Dialect,
    ) -> None:
        self.name, self.dialect = name, dialect
        self._model, self._processor = model.eval(), processor
        self._device, self._closed = model.device, False
        self._size = sum(p.numel() for p in model.parameters())
        self._lock = FairLock()
        self._prefixes = Prefixes()
        rules = Rules(model, processor.tokenizer, _default_ends(model, processor.tokenizer))
        self._decoder = Decoder(model, rules, max_guessed(model))

    @property
    def device(self) -> str:
        kind = self._device.type
        if kind == "cuda":
            return torch.cuda.get_device_name(self._device)
        return {"cpu": "CPU", "mps": "Apple GPU"}.get(kind, kind)

    @property
    def parameters(self) -> tuple[int, int]:
        """The parameter counts of vision tower and language model; shared ones count once."""
        tower = sum(p.numel() for p in self._model.model.visual.parameters())
        return tower, sum(p.numel() for p in self._model.parameters()) - tower

    @property
    def held_bytes(self) -> int:
        """Bytes of its weights; 0 once it is closed."""
        return 0 if self._closed else sum(p.nbytes for p in self._model.parameters())

    @property
    def decoding(self) -> str:
        """How it decodes, for people, such as *greedy, repetition penalty 1.05, with look-ahead*."""
        how = "with look-ahead" if self._decoder.looks_ahead else "token by token"
        return ", ".join(("greedy", *self._decoder.rules.differences, how))

    def prepare(self, picture: Picture) -> None:
        """Compute everything before a question; the results for the newest pictures are kept."""
        with self._lock, as_model_error(), self._threads():
            self._check_open()
            self._prefix(picture)

    def close(self) -> None:
        """Free the weights and everything computed, after any running answer.

        After that, `prepare` and `stream` raise ModelError.
        """
        with self._lock:
            if not self._closed:
                self._closed = True
                self._prefixes.clear()
                del self._model, self._decoder
        collect()  # a model has reference cycles
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _check_open(self) -> None:
        if self._closed:
            raise ModelError("This model is not loaded any more. Ask again.")

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Generator[str | Usage, None, None]:
        """The answer's text in pieces, then the token counts.

        The web server may take each piece on another thread, so nothing that belongs to a thread (an
        owned lock, inference mode) is held across a ``yield``.
        """
        # While others are answered this one waits, and can be cancelled.
        if not self._lock.acquire(cancel):
            yield Usage()
            return
        try:
            with as_model_error():
                self._check_open()
                yield from self._answer(picture, prompt, cancel)
        finally:
            self._lock.release()

    def losses(self, picture: Picture, prompt: Prompt, texts: Sequence[str]) -> list[float]:
        """The mean loss per token of each text as the whole answer, with the token that ends it.

        What stands before it is computed once. Raises ModelError.
        """
        with self._lock, as_model_error(), self._threads():
            self._check_open()
            answers = [self._ids(f"{text}{_ENDS[0]}") for text in texts]
            before = self._computed(self._steps(picture, prompt.conversation))
            return self._decoder.losses(before, self._after(prompt.conversation), answers)

    def _answer(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        steps, asked = self._steps(picture, prompt.conversation), self._after(prompt.conversation)
        if len(steps) == 1:
            self._prefixes.end_passing()
        _, known = self._known(steps)
        decoded, count = _Decoded(self._processor.tokenizer._tokenizer), 0
        writing = self._tokens(steps, asked, prompt.likely)
        while tokens := self._next(writing):
            count += len(tokens)
            if text := "".join(map(decoded.step, tokens)):
                yield text
            if cancel.is_set():
                break
        read = self._computed(steps).length + len(asked)
        yield Usage(read, count, known.length if known else 0, self.decoding)

    def _next(self, steps: Iterator[list[int]]) -> list[int]:
        """The tokens of one more step; none at the end."""
        with self._threads():
            return next(steps, [])

    def _threads(self) -> AbstractContextManager[None]:
        return threads_for(self._size, self._device.type)

    def _tokens(
        self, steps: Sequence[_Step], asked: list[int], likely: Sequence[str]
    ) -> Iterator[list[int]]:
        """The tokens that the model writes; where memory runs out, it continues with less of it."""
        lookahead = Lookahead((self._ids(text) for text in likely), asked)
        written: list[int] = []
        try:
            for tokens in self._decoder.write(
                self._computed(steps), asked, lookahead, MAX_NEW_TOKENS
            ):
                written += tokens
                yield tokens
            return
        except torch.OutOfMemoryError:
            log.warning("out of memory after %d tokens: trying again in small pieces", len(written))
        # Not in the clause above, which would keep the results of the failed pass.
        self._prefixes.clear()
        torch.cuda.empty_cache()
        prefix, left = self._computed(steps, _SMALL_PIECE), MAX_NEW_TOKENS - len(written)
        yield from self._decoder.write(
            prefix, asked, Lookahead(), left, written=written, piece=_SMALL_PIECE
        )

    def _prefix(self, picture: Picture, piece: int | None = None) -> Prefix:
        """Everything before a plain question about a picture."""
        return self._computed(self._steps(picture, plain("")), piece)

    def _steps(self, picture: Picture, conversation: Sequence[Message]) -> list[_Step]:
        """What is computed before the question: a step up to the end of each picture."""
        *texts, _ = self._written(conversation)
        name, steps = "", list[_Step]()
        for text, part in zip(texts, pictures_of(conversation), strict=True):
            shown = part if isinstance(part, Shown) else None
            told = f"{name}\n{text}\n{picture.sha256 if shown is None else shown.digest}"
            name = hashlib.sha256(told.encode()).hexdigest()
            steps.append(_Step(name, text, picture if shown is None else shown))
        return steps

    def _known(self, steps: Sequence[_Step]) -> tuple[int, Prefix | None]:
        """How many of the steps are computed already, and the prefix that is kept of these."""
        for count in range(len(steps), 0, -1):
            if (kept := self._prefixes.get(steps[count - 1].name)) is not None:
                return count, kept
        return 0, None

    @torch.inference_mode()
    def _computed(self, steps: Sequence[_Step], piece: int | None = None) -> Prefix:
        """Everything before a question, computed ``piece`` tokens at a time where it was not kept."""
        count, found = self._known(steps)
        for number, step in enumerate(steps[count:], start=count):
            found = self._extended(found, step, piece)
            self._prefixes.put(step.name, found, is_passing=number > 0)
            if number == 0:
                self._decoder.measure(found, self._question_ids(_SAMPLE))
        assert found is not None
        return found

    def _extended(self, before: Prefix | None, step: _Step, piece: int | None) -> Prefix:
        """A prefix and one more picture with the text before it."""
        model, config = self._model.model, linear_config(self._model)
        features, grid, deeper = self._features(step.picture)
        grids = [*(before.grids if before else ()), grid]
        new = self._picture_ids(step.text, len(features))
        ids = [*(before.ids if before else ()), *new]
        all_ids = torch.tensor([ids], device=features.device)
        # Positions are passed in, because the model would keep them in state that other calls change.
        positions, offset = model.get_rope_index(
            all_ids,
            mm_token_type_ids=(all_ids == self._model.config.image_token_id).int(),
            image_grid_thw=torch.cat(grids),
        )
        start = len(ids) - len(new)
        embedded = model.get_input_embeddings()(all_ids[:, start:])
        # Pictures before this one are computed.
        is_picture = all_ids[:, start:] == self._model.config.image_token_id
        embedded[is_picture] = features.to(embedded.dtype)
        cache = before.cache() if before else DynamicCache(config=config)
        for part in torch.arange(len(new)).split(piece or len(new)):
            model.language_model(
                inputs_embeds=embedded[:, part],
                position_ids=positions[:, :, start + part],
                past_key_values=cache,
                use_cache=True,
                **_added_deeper(deeper, is_picture, part),
            )
        return prefix_of(cache, ids, int(offset), config, grids)

    def _features(
        self, picture: Picture | Shown
    ) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
        """Visual features [N, width], the grid [1, 3] of patches in time, height and width, and the
        features [N, width] that are added after each of the first layers of a Qwen3-VL.
        """
        shown = picture_for(picture, self.dialect)
        pixels = self._processor.image_processor(shown, do_resize=False, return_tensors="pt").to(
            self._model.device
        )
        grid = pixels["image_grid_thw"]
        seen = self._model.get_image_features(pixels["pixel_values"].to(self._model.dtype), grid)
        deeper = getattr(seen, "deepstack_features", None) or ()
        return torch.cat(list(seen.pooler_output)), grid, [torch.cat(list(f)) for f in deeper]

    def _picture_ids(self, text: str, count: int) -> list[int]:
        """The tokens of a text that ends with a picture of ``count`` visual tokens."""
        token = self._processor.image_token
        before, _, after = text.rpartition(token)
        return self._ids(f"{before}{token * count}{after}")

    def _after(self, conversation: Sequence[Message]) -> list[int]:
        """The tokens after the last picture."""
        # A special token ends the picture, so both sides can be tokenized separately.
        return self._ids(self._written(conversation)[-1])

    def _question_ids(self, instruction: str) -> list[int]:
        """The tokens of a plain question after its picture."""
        return self._after(plain(instruction))

    def _chat_text(self, instruction: str) -> str:
        """The whole text of a plain question."""
        return "".join(self._written(plain(instruction)))

    def _written(self, conversation: Sequence[Message]) -> list[str]:
        return written(conversation, self._render)

    def _render(self, messages: list[dict[str, Any]], is_asking: bool) -> str:
        # The dialect decides whether it thinks; templates without the switch are not given it, as the
        # library warns of that each time.
        has_switch = _THINKING in self._processor.chat_template
        return self._processor.apply_chat_template(
            messages,
            add_generation_prompt=is_asking,
            tokenize=False,
            **({_THINKING: False} if has_switch else {}),
        )

    def _ids(self, text: str) -> list[int]:
        return self._processor.tokenizer(text, add_special_tokens=False).input_ids


@dataclass(frozen=True, slots=True)
class _Step:
    """A text that ends with a picture, after all that comes before it; ``name`` stands for the whole."""

    name: str
    text: str
    picture: Picture | Shown


class _Decoded:
    """The text of tokens as they come."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer, self._stream = tokenizer, DecodeStream(skip_special_tokens=True)

    def step(self, token: int) -> str:
        """The characters that a token completes."""
        try:
            return self._stream.step(self._tokenizer, token) or ""
        except Exception:  # it gives up where bytes make no character, and they are left out
            self._stream = DecodeStream(skip_special_tokens=True)
            return self._stream.step(self._tokenizer, token) or ""


def _added_deeper(
    features: list[torch.Tensor], is_picture: torch.Tensor, part: torch.Tensor
) -> dict[str, Any]:
    """The arguments that add features [N, width] to those positions of a part that are picture.

    ``is_picture`` [1, length] says which positions are; ``part`` holds consecutive positions.
    """
    if not features:
        return {}
    before, within = (int(is_picture[0, :end].sum()) for end in (part[0], part[-1] + 1))
    return {
        "visual_pos_masks": is_picture[:, part],
        "deepstack_visual_embeds": [each[before:within] for each in features],
    }


def _default_ends(model: Any, tokenizer: Any) -> list[int]:
    """The ids that end an answer in the chat format, for a checkpoint that names none.

    `generate` would continue after them up to its limit; people see the text before them.
    """
    named = getattr(model.config.text_config, "eos_token_id", None)
    listed = named if isinstance(named, list) else [named]
    ids = (tokenizer.eos_token_id, *map(tokenizer.convert_tokens_to_ids, _ENDS), *listed)
    return [each for each in ids if each is not None and each != tokenizer.unk_token_id]


@contextmanager
def as_model_error() -> Iterator[None]:
    """Turn any error of a model, above all a lack of memory, into ModelError with a sentence."""
    try:
        yield
    except DemoError:
        raise
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise OutOfMemoryError(
            "The graphics card has too little free memory for this. Close other programs that use "
            "it, or start with --low-memory or --model nano."
        ) from error
    except Exception as error:  # libraries and damaged checkpoints can raise anything at all
        log.debug("the model failed", exc_info=True)
        raise ModelError(f"The model failed: {first_line(error)}.") from error
