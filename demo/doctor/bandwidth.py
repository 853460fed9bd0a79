"""How fast a device reads its memory, and how many passes a second that allows: the bound of decoding.

A forward pass over one token reads every weight of the layers and of the output head once, and the keys
and values of all tokens before it. If that is B bytes and the memory delivers W bytes a second, there are
at most W / B passes a second, so the share that a model reaches is passes per second · B / W. The bound is
on passes: where one pass checks several guessed tokens, tokens may come faster than that.
"""

from __future__ import annotations

from dataclasses import replace

from demo.checkpoints.shape import Shape
from demo.machine.precision import GIB, Half, Precision, dtype_of
from demo.reasoners.memory import weight_bytes

_RUNS = 5
_MAX_BYTES = GIB  # far more than any cache holds
_MIN_BYTES = GIB // 16


def memory_bandwidth(device: str, free: int) -> float:
    """Bytes a second, measured by reading and by copying up to 1 GiB; the faster of the two counts.

    Of the ``free`` bytes an eighth is used. torch must be there.
    """
    import torch

    from demo.reasoners.timing import fastest

    size = max(_MIN_BYTES, min(_MAX_BYTES, free // 8)) // 2  # of each of two blocks
    read = torch.ones(size // 4, dtype=torch.float32, device=device)
    written = torch.empty_like(read)
    with torch.inference_mode():
        reading = size / fastest(read.max, device, _RUNS)
        copying = 2 * size / fastest(lambda: written.copy_(read), device, _RUNS)
    return max(reading, copying)


def bytes_per_pass(
    shape: Shape, precision: Precision, context: int, half: Half = "bfloat16"
) -> int:
    """Bytes that one pass over a token reads after ``context`` tokens: layers, head, keys and values.

    ``half`` is the type of what is not in 4 bits when the precision is 4 bits.
    """
    head = shape.head or shape.embedding
    # A head that shares the embedding's weights has the embedding's precision.
    own, shared = (head, 0) if shape.head else (0, head)
    read = replace(shape, tower_linear=0, tower_other=0, embedding=shared, head=own)
    each = 4 if dtype_of(precision, half) == "float32" else 2
    return weight_bytes(read, precision, half) + context * shape.kv * each
