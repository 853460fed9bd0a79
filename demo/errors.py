"""Every way the demo can fail on purpose, as one small tree.

Each message is a complete sentence that may be shown to a person: it says what is wrong and, where
something can be done, what to do. This file knows nothing else of the project.
"""

import errno
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from traceback import walk_tb

STOPPING = "The server is stopping. Ask again when it is back."  # which the client knows again
_MAX_PLACES = 8


def first_line(error: BaseException) -> str:
    """The first line of a library's error, without a full stop, to be put inside a sentence.

    Where that line ends with a colon, the next one belongs to it.
    """
    lines = (str(error).strip() or type(error).__name__).splitlines()
    text = " ".join(line.strip() for line in lines[: 1 + lines[0].rstrip().endswith(":")])
    return text.rstrip(".!:")


def one_line(text: str, max_length: int) -> str:
    """A text on one line, without control characters, cut to ``max_length`` characters."""
    shown = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    line = " ".join(shown.split())
    return line if len(line) <= max_length else f"{line[: max_length - 1].rstrip()}…"


def disk_fault(error: OSError) -> str:
    """Why reading or writing failed, in words that end a sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "the disk is full"
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return "a file is in its place"
    return error.strerror.lower() if error.strerror else str(error)


class DemoError(Exception):
    """Base of all errors a person may see; ``str(error)`` is the sentence to show."""


class InputError(DemoError):
    """The person gave something that cannot be used; only they can correct it (exit status 2)."""


class NoAreaError(InputError):
    """An object of a file of labels that covers nothing: a point, a line, an empty mask."""


class UnreadFormError(InputError):
    """Labels in a form that is known and not read."""


class PictureError(InputError):
    """A picture that cannot be read, or is too small or too large."""


class QuestionError(InputError):
    """A question that is empty, too long, or cannot be asked now."""


class UnknownRegionError(QuestionError):
    """A question that names a region which does not exist."""


class OptionError(InputError):
    """An option whose value names nothing that exists."""


class SessionFormatError(InputError):
    """A session file or value that is not one of this version."""


class ModelError(DemoError):
    """The model, the segmenter or the server failed (exit status 1)."""


class NoModelError(ModelError):
    """No model was named, and none can run without more being installed or fetched."""


class EmptyAnswerError(ModelError):
    """The model wrote no text at all."""


class CheckpointError(ModelError):
    """A checkpoint that is missing, incomplete or of another kind."""


class OutOfMemoryError(ModelError):
    """The device has no room for the model or for this turn."""


class StoreError(DemoError):
    """Something could not be saved, found or read on disk; what is in memory is still there."""


def join_with_and(names: Sequence[str]) -> str:
    """The names as a list in a sentence: *R1, R2 and R3*."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def as_exception(error: BaseException) -> Exception:
    """The failure itself, or one that says where it came from: a panic in a library that is written in Rust
    is no Exception, and would pass by all who answer for one.
    """
    if isinstance(error, Exception):
        return error
    made = RuntimeError(type(error).__name__)
    made.__cause__ = error
    return made


def places_of(error: BaseException) -> str:
    """Of which kind a failure is and where in the code it happened, without its words, which may be a
    visitor's: *KeyError at store.py:12 in load, app.py:3 in main*, and what it came from.
    """
    cause = error.__cause__ or error.__context__
    frames = [(frame.f_code, line) for frame, line in walk_tb(error.__traceback__)][-_MAX_PLACES:]
    places = ", ".join(
        f"{Path(code.co_filename).name}:{line} in {code.co_name}" for code, line in reversed(frames)
    )
    told = f"{type(error).__name__} at {places}" if places else type(error).__name__
    return f"{told}; from {type(cause).__name__}" if cause is not None else told
