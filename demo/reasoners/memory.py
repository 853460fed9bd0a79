"""How much memory a model takes, and in which precision it fits: calculated before anything is loaded.

It knows counts of parameters and bytes; it knows neither torch nor files, and loads nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demo.checkpoints.shape import PATCHES, PICTURE_TOKENS, QUESTION_TOKENS, Shape
from demo.errors import OutOfMemoryError
from demo.machine.precision import GIB, Half, Precision, dtype_of, gib, tower_dtype
from demo.reasoners.base import MAX_NEW_TOKENS

# NF4 with double quantization: half a byte a number, a byte for 64 numbers, a float for 64 · 256
# (arXiv 2305.14314, section 3).
_NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
_BYTES: dict[Half, int] = {"float32": 4, "float16": 2, "bfloat16": 2}
_WORDS: dict[Half, str] = {"float32": "float32", "float16": "float16", "bfloat16": "bf16"}

# Bound on the bytes kept for pictures between turns: four pictures with the 7B (see prefix.py).
MAX_PREFIX_BYTES = GIB // 4
SPARE = GIB // 2  # the libraries' work space and unused memory between allocations
BF16_FROM = 40 * GIB  # a card with so much free is not short of memory: nothing is lost there

# Parameters of the picture part of SAM 2.1. The work space counts everything alive while 32 objects are
# outlined in bf16 (690 MiB), with four encoded pictures kept (46 MiB each).
SAM2_PARAMETERS = {
    "tiny": 31_440_721,
    "small": 38_538_577,
    "base-plus": 73_328_401,
    "large": 216_924_865,
}
_SAM2_WORK = (690 + 3 * 46) * 2**20


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes that a model takes while it answers."""

    weights: int
    cache: int
    work: int
    sam2: int = 0

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.work + self.sam2 + SPARE

    def __str__(self) -> str:
        parts = [
            f"weights {gib(self.weights)}",
            f"keys and values {gib(self.cache)}",
            f"work space {gib(self.work + SPARE)}",
        ]
        if self.sam2:
            parts.append(f"SAM 2 {gib(self.sam2)}")
        return f"{gib(self.total)} GiB ({', '.join(parts)})"


@dataclass(frozen=True, slots=True)
class Plan:
    """The device and precision of a model, and which SAM 2 runs beside it.

    ``sam2`` is None where no size was offered or none fits; ``why`` is a sentence for people. A model like
    nano has no ``shape`` and no ``need``: it fits everywhere. ``half`` is the type of everything that is
    not in 4 bits, and the one in which layers in 4 bits compute.
    """

    device: str
    precision: Precision
    sam2: str | None = None
    why: str = ""
    shape: Shape | None = None
    half: Half = "bfloat16"
    need: Need | None = None

    @property
    def is_four_bits(self) -> bool:
        return self.precision in ("nf4", "nf4-all")

    @property
    def dtype(self) -> Half:
        """The type of everything that is not in 4 bits, except a tower (see `tower_dtype`)."""
        return dtype_of(self.precision, self.half)


@dataclass(frozen=True, slots=True)
class Budget:
    """A device with ``free`` bytes, and the SAM 2 that may run there as well, the first choice first."""

    device: str
    free: int
    sam2_sizes: Sequence[str] = ()


def weight_bytes(shape: Shape, precision: Precision, half: Half = "bfloat16") -> int:
    """Bytes of the weights in a precision; ``half`` is the type of what is not in 4 bits, when some is."""
    dtype = dtype_of(precision, half)
    each, in_tower = _BYTES[dtype], _BYTES[tower_dtype(dtype)]
    layers = shape.layers_linear * (_NF4_BYTES if precision.startswith("nf4") else each)
    head = shape.head * (_NF4_BYTES if precision == "nf4-all" else each)
    tower = shape.tower_linear * (_NF4_BYTES if precision == "nf4-all" else in_tower)
    other = (shape.layers_other + shape.embedding) * each + shape.tower_other * in_tower
    return round(layers + head + tower + other)


def cache_bytes(shape: Shape, precision: Precision, half: Half = "bfloat16") -> int:
    """Bytes of the keys and values of one whole turn and of the pictures that are kept."""
    turn = PICTURE_TOKENS + QUESTION_TOKENS + MAX_NEW_TOKENS
    return MAX_PREFIX_BYTES + turn * shape.kv * _BYTES[dtype_of(precision, half)]


def work_bytes(shape: Shape, precision: Precision, half: Half = "bfloat16") -> int:
    """Bytes alive at the widest point of a forward pass over a picture and its question.

    In a layer these are the gate, its partner, their product and three hidden states; the tower has
    about twelve. A layer in 4 bits is unpacked for a long input.
    """
    dtype = dtype_of(precision, half)
    text = (PICTURE_TOKENS + QUESTION_TOKENS) * 3 * (shape.inner + shape.width) * _BYTES[dtype]
    tower = PATCHES * (3 * shape.tower_inner + 12 * shape.tower_width) * _BYTES[tower_dtype(dtype)]
    unpacked = shape.inner * shape.width * _BYTES[dtype] if precision.startswith("nf4") else 0
    return max(text, tower) + unpacked


def sam2_bytes(size: str) -> int:
    """Bytes of a SAM 2 in bf16, with its work space."""
    return SAM2_PARAMETERS[size] * 2 + _SAM2_WORK


def need_of(
    shape: Shape, precision: Precision, sam2: str | None = None, half: Half = "bfloat16"
) -> Need:
    """The memory that a model needs in a precision, with or without a SAM 2 beside it."""
    return Need(
        weight_bytes(shape, precision, half),
        cache_bytes(shape, precision, half),
        work_bytes(shape, precision, half),
        sam2_bytes(sam2) if sam2 else 0,
    )


def precisions(
    device: str, half: Half, free: int, quantize: str, low_memory: bool
) -> tuple[Precision, ...]:
    """The precisions to try, best first, for the options ``--quantize`` and ``--low-memory``.

    ``half`` is the type in which the device computes without quantization. An Apple GPU has nothing else:
    there are no kernels for 4 bits.
    """
    if device == "mps" or quantize == "none":
        return (half,)
    four: tuple[Precision, ...] = ("nf4-all",) if low_memory else ("nf4", "nf4-all")
    if quantize == "4bit":
        return four
    if device == "cuda":
        return (half, *four) if free >= BF16_FROM and not low_memory else four
    return (half, *four)


def make_plan(
    name: str,
    shape: Shape,
    device: str,
    free: int,
    tried: Sequence[Precision],
    sam2_sizes: Sequence[str] = (),
    half: Half = "bfloat16",
) -> Plan:
    """The first precision that fits into ``free`` bytes, with the first SAM 2 that fits beside it.

    Precision comes first: a smaller SAM 2, or none, is taken before a coarser model. Raises
    OutOfMemoryError with the numbers when not even the smallest fits.
    """
    fit = _Fit(name, shape, device, free, tried, half)
    for precision in tried:
        if need_of(shape, precision, None, half).total > free:
            continue
        fitting = (s for s in sam2_sizes if need_of(shape, precision, s, half).total <= free)
        need = need_of(shape, precision, None, half)
        return Plan(device, precision, next(fitting, None), fit.why(precision), shape, half, need)
    raise OutOfMemoryError(fit.refusal())


@dataclass(frozen=True, slots=True)
class _Fit:
    """The precisions that were tried, in words."""

    name: str
    shape: Shape
    device: str
    free: int
    tried: Sequence[Precision]
    half: Half

    def why(self, taken: Precision) -> str:
        need = gib(self._need(taken).total)
        reason = f"{self.name} runs {self._words(taken)}: it needs {need} GiB, and {self._room()}."
        if taken == self.tried[0]:
            return reason
        better = gib(self._need(self.tried[0]).total)
        return f"{reason} {self._words(self.tried[0]).capitalize()} it would need {better} GiB."

    def refusal(self) -> str:
        last = self.tried[-1]
        return (
            f"{self.name} does not fit: {self._words(last)} it needs {self._need(last)}, and "
            f"{self._room()}. {_advice(self.device, self.tried)}"
        )

    def _need(self, precision: Precision) -> Need:
        return need_of(self.shape, precision, None, self.half)

    def _room(self) -> str:
        return f"{gib(self.free)} GiB of {_place(self.device)} are free"

    def _words(self, precision: Precision) -> str:
        dtype = dtype_of(precision, self.half)
        tower = tower_dtype(dtype)
        if precision == "nf4-all":
            return "in 4 bits throughout"
        if precision != "nf4":
            apart = f" with its vision tower in {_WORDS[tower]}" if tower != dtype else ""
            return f"in {_WORDS[dtype]}{apart}"
        if tower == dtype:
            return f"in 4 bits with its vision tower and output head in {_WORDS[dtype]}"
        return (
            f"in 4 bits with its vision tower in {_WORDS[tower]} and its output head in "
            f"{_WORDS[dtype]}"
        )


def _place(device: str) -> str:
    return "this machine’s memory" if device != "cuda" else "the graphics card’s memory"


def _advice(device: str, tried: Sequence[Precision]) -> str:
    if device == "cuda" and tried[-1] != "nf4-all":
        return "Start without --quantize none, which takes less, or with --model nano."
    return "Close other programs that use it, or start with --model qwen2.5-vl-3b or --model nano."
