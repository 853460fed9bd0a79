"""Hugging Face Spaces: is this one, and how work reaches the GPU of a ZeroGPU Space.

There the GPU belongs to one call at a time, in a process of its own that is forked for it: what goes in and
out is pickled, and nothing computed on the GPU stays. This file knows the rules of that, neither models nor
Gradio; the `spaces` package is imported where it is needed only.
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
    """Whether the Space's GPU is there for single calls only."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def zero_gpu() -> Callable[..., Any]:
    """The decorator ``spaces.GPU``. Importing it replaces CUDA by a stand-in: before models are loaded."""
    import spaces

    return spaces.GPU  # type: ignore[no-any-return]


class Door:
    """The one way to the GPU: named pieces of work, done one call at a time in the process that has it.

    All work shares one decorated function, so that the process which holds the weights is used again.
    """

    def __init__(self, gpu: Callable[..., Any], work: Mapping[str, Work]) -> None:
        def run(_seconds: int, name: str, *given: Any) -> Iterator[Any]:
            try:
                yield from work[name](*given)
            except DemoError as error:
                yield error  # raised there, it would arrive without its sentence

        self._run = gpu(duration=lambda seconds, *_: seconds)(run)

    def __call__(self, seconds: int, name: str, *given: Any) -> Generator[Any, None, None]:
        """What the work yields, within so many seconds of the GPU.

        Closing it ends the work at its next piece. Raises the work's own DemoError, and ModelError when no
        GPU is to be had.
        """
        pieces = self._run(seconds, name, *given)
        try:
            for piece in pieces:
                if isinstance(piece, DemoError):
                    raise piece
                yield piece
        except DemoError:
            raise
        except Exception as error:  # the errors of `spaces` are Gradio's: quota, no GPU, time is up
            said = str(getattr(error, "message", error)).strip().rstrip(".")
            raise ModelError(f"The Space’s GPU could not be used: {said}.") from error
        finally:
            pieces.close()
