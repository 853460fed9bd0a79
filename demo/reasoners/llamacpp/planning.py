"""How much memory a model takes in llama.cpp, calculated before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from demo.checkpoints.shape import Shape
from demo.errors import OutOfMemoryError
from demo.machine.precision import GIB, gib
from demo.reasoners.llamacpp.server import KEPT_MIB
from demo.reasoners.memory import Budget, Need, sam2_bytes

# Room for a picture, a question with many boxes, and an answer.
CONTEXT = 6144

# Bytes a number: 32 of them share a scale of two bytes (ggml's block_q4_0, block_q8_0).
_Q4_0, _Q8_0, _F32, _F16 = 18 / 32, 34 / 32, 4, 2
_WORK = GIB // 2  # the graphs of the language model and the tower


@dataclass(frozen=True, slots=True)
class LlamaPlan:
    """A model that llama.cpp will run on ``device``, with ``sam2`` beside it.

    ``packing`` names its numbers, such as *Q4_0*; ``why`` is a sentence for people. ``shape`` is None where
    it is not known, as of a file that somebody else made; ``need`` where the file is not here either.
    """

    device: str
    packing: str
    need: Need | None
    sam2: str | None
    why: str
    shape: Shape | None


def language_bytes(shape: Shape) -> float:
    """Bytes of layers and head as `checkpoints.gguf` writes them as q4_0: in 4 bits and in 8."""
    return shape.layers_linear * _Q4_0 + (shape.head or shape.embedding) * _Q8_0


def converted_bytes(shape: Shape) -> int:
    """Bytes of both files that are written for a checkpoint of that shape."""
    apart = shape.embedding * _Q4_0 if shape.head else 0
    other = shape.layers_other * _F32 + shape.tower_other * _F16
    return round(language_bytes(shape) + apart + shape.tower_linear * _Q8_0 + other)


def need_of_files(weights: int, kv_bytes: int) -> Need:
    """The memory of a model whose files have so many bytes, and that remembers ``kv_bytes`` of a token."""
    return Need(weights, CONTEXT * kv_bytes + KEPT_MIB * 2**20, _WORK)


def need_of_shape(shape: Shape) -> Need:
    """The same for a checkpoint that is to be converted."""
    return need_of_files(converted_bytes(shape), shape.kv * _F16)


def plan_llama(
    title: str, packing: str, need: Need, budget: Budget, shape: Shape | None
) -> LlamaPlan:
    """The plan when it fits, with the first SAM 2 that fits beside it. Raises OutOfMemoryError."""
    free = f"{gib(budget.free)} GiB of this machine’s memory are free"
    if need.total > budget.free:
        raise OutOfMemoryError(
            f"{title} does not fit: as {packing} it needs {need}, and {free}. Close other programs that "
            "use it, or choose a smaller model."
        )
    fitting = (s for s in budget.sam2_sizes if need.total + sam2_bytes(s) <= budget.free)
    why = f"{title} runs as {packing}: it needs {gib(need.total)} GiB, and {free}."
    return LlamaPlan(budget.device, packing, need, next(fitting, None), why, shape)
