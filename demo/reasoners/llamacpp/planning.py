"""How much memory a model takes in llama.cpp, calculated before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from demo.checkpoints.shape import Shape
from demo.errors import OutOfMemoryError
from demo.machine.precision import GIB, gib
from demo.reasoners.llamacpp.server import KEPT_MIB
from demo.reasoners.memory import Need

# Room for a picture, a question with many boxes, and an answer.
CONTEXT = 6144

# Bytes a number: 32 of them share a scale of two bytes (ggml's block_q4_0, block_q8_0).
_Q4_0, _Q8_0, _F32, _F16 = 18 / 32, 34 / 32, 4, 2
_WORK = GIB // 2  # the graphs of the language model and the tower


@dataclass(frozen=True, slots=True)
class LlamaPlan:
    """A model that llama.cpp will run: on which ``device``, and which SAM 2 runs beside it.

    ``packing`` names its numbers, such as *Q4_0*; ``why`` is a sentence for people. ``shape`` is None where
    it is not known, as of a file that somebody else made.
    """

    device: str
    packing: str
    need: Need
    sam2: str | None = None
    why: str = ""
    shape: Shape | None = None


def converted_bytes(shape: Shape) -> int:
    """Bytes of both files that `checkpoints.gguf` writes as q4_0: layers in 4 bits, the rest in 8."""
    rest = shape.embedding + shape.head + shape.tower_linear
    other = shape.layers_other + shape.tower_other
    return round(shape.layers_linear * _Q4_0 + rest * _Q8_0 + other * _F32)


def need_of_files(weights: int, kv_bytes: int) -> Need:
    """The memory of a model whose files have so many bytes, and that remembers ``kv_bytes`` of a token."""
    return Need(weights, CONTEXT * kv_bytes + KEPT_MIB * 2**20, _WORK)


def need_of_shape(shape: Shape) -> Need:
    """The same for a checkpoint that is to be converted."""
    return need_of_files(converted_bytes(shape), shape.kv * _F16)


def plan_llama(
    title: str, device: str, packing: str, need: Need, free: int, shape: Shape | None
) -> LlamaPlan:
    """The plan when it fits into ``free`` bytes. Raises OutOfMemoryError with the numbers."""
    room = f"{gib(free)} GiB of this machine’s memory are free"
    if need.total > free:
        raise OutOfMemoryError(
            f"{title} does not fit: as {packing} it needs {need}, and {room}. Close other programs that use "
            "it, or choose a smaller model."
        )
    why = f"{title} runs as {packing}: it needs {gib(need.total)} GiB, and {room}."
    return LlamaPlan(device, packing, need, None, why, shape)
