"""Hugging Face Spaces: is this one, and how work reaches the GPU of a ZeroGPU Space.

There the GPU belongs to one call at a time, in a process forked for it: arguments and results are
pickled, and nothing computed on the GPU stays. This file knows neither models nor Gradio; the `spaces`
package is imported only where it is needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

from demo.errors import DemoError, ModelError

Work = Callable[..., Iterator[Any]]


def on_space() -> bool:
    """Whether this process runs as a Space."""
    return "SPACE_ID" in os.environ


def on_zero_gpu() -> bool:
    """Whether the Space has its GPU only during single calls."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def zero_gpu() -> Callable[..., Any]:
    """The decorator ``spaces.GPU``. Its import replaces CUDA: do so before models are loaded."""
    import spaces

    return spaces.GPU  # type: ignore[no-any-return]


class GpuGateway:
    """Runs named functions, one call at a time, in the process that has the GPU.

    All of them share one decorated function, so that the process which holds the weights is used again.
    """

    def __init__(self, gpu: Callable[..., Any], work: Mapping[str, Work]) -> None:
        def run(_seconds: int, name: str, *arguments: Any) -> Iterator[Any]:
            try:
                yield from work[name](*arguments)
            except DemoError as error:
                yield error  # raised there, it would arrive without its sentence

        self._run = gpu(duration=lambda seconds, *_: seconds)(run)

    def __call__(self, seconds: int, name: str, *arguments: Any) -> Generator[Any, None, None]:
        """What the function yields, within ``seconds`` of GPU time.

        Closing it ends the function at its next piece. Raises the function's own DemoError, and ModelError
        when no GPU is available.
        """
        pieces = self._run(seconds, name, *arguments)
        try:
            for piece in pieces:
                if isinstance(piece, DemoError):
                    raise piece
                yield piece
        except DemoError:
            raise
        except Exception as error:  # the errors of `spaces` are Gradio's: quota, no GPU, time is up
            reason = str(getattr(error, "message", error)).strip().rstrip(".")
            raise ModelError(f"The Space’s GPU could not be used: {reason}.") from error
        finally:
            pieces.close()
