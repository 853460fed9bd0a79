"""In what numbers a model is kept and computes."""

from __future__ import annotations

from typing import Literal

GIB = 2**30

Half = Literal["float32", "float16", "bfloat16"]

Precision = Half | Literal["nf4", "nf4-all"]


def dtype_of(precision: Precision, half: Half) -> Half:
    """What a precision computes in where the device computes in ``half``."""
    return half if precision == "nf4" or precision == "nf4-all" else precision


def tower_dtype(dtype: Half) -> Half:
    """What the vision tower is kept and computed in beside language layers in ``dtype``.

    In float16 the towers of Qwen2-VL and Qwen2.5-VL overflow on some pictures, and the answer is a row of
    exclamation marks.
    """
    return "float32" if dtype == "float16" else dtype


def gib(count: int) -> str:
    """Bytes as GiB with one decimal."""
    return f"{count / GIB:.1f}"
