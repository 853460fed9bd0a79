"""What a program gives with a call → a picture and a session, or a sentence that says what to give."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from demo.dialogue import archive
from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json
from demo.errors import InputError, PictureError
from demo.language.references import check_question
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture
from demo.picture.recent import RecentPictures
from demo.picture.sent import NO_FILE, decode_sent, fault_of, plain

NO_PICTURE = "There is no picture: give one as image."
NO_QUESTION = "There is no question: give one, for example “find the dog”."
_MARK = {"_type": "gradio.FileData"}
_NO_BOX = (
    "within is the part to ask about, four numbers, [x1, y1, x2, y2], in pixels of the picture, which is "
    "{} × {}."
)
_MAX_BOX, _MAX_NUMBER = 200, 1_000_000  # characters; pixels
_recent = RecentPictures()


def picture_argument() -> Any:
    """A component that hands on what is given as a picture, of a file as Gradio has it, unread."""
    made = gr.File(label="image", type="filepath")
    form = made.api_info()
    made.api_info = lambda: form
    made.data_model = None
    made.preprocess = lambda given: given
    example = {"path": "beach.png", "url": "beach.png", "orig_name": "beach.png", "meta": _MARK}
    made.example_inputs = lambda: example
    return made


def read_picture(given: Any, gone: threading.Event) -> Picture:
    """The picture of an argument: an uploaded file, or base64. Raises PictureError with a sentence, and
    InputError when its caller is ``gone``.

    Gradio has checked a file that is marked as one: it was uploaded. What is not marked is never opened.
    """
    if fault := fault_of(given):
        raise PictureError(fault)
    given = plain(given)
    if not given or (isinstance(given, str) and not given.strip()):
        raise PictureError(NO_PICTURE)
    picture = _read_file(given, gone) if isinstance(given, dict) else _read_text(given, gone)
    for note in picture.notes:
        gr.Info(note)  # reaches the caller as a message of the running call
    return picture


def _read_file(given: dict[str, Any], gone: threading.Event) -> Picture:
    if given.get("meta") != _MARK:
        raise PictureError(NO_FILE)
    path = Path(given["path"])
    with suppress(OSError):
        os.utime(path)  # it is in use
    return _recent.open(path, path.name, gone)


def _read_text(given: str, gone: threading.Event) -> Picture:
    return _recent.open(decode_sent(given), "picture", gone)


def read_question(given: Any) -> str:
    """The question of an argument. Raises InputError when there is none, or it is too long."""
    if not isinstance(given, str) or not given.strip():
        raise InputError(NO_QUESTION)
    return check_question(given)


def read_within(given: Any, picture: Picture) -> PictureBox | None:
    """The part that is asked about, as [x1, y1, x2, y2] or a text of that; None for the whole picture.
    Raises InputError.
    """
    if isinstance(given, str):
        text = given.strip()[:_MAX_BOX]
        with suppress(ValueError, RecursionError):
            given = json.loads(text) if text else None
    if given in (None, [], {}):
        return None
    size, numbers = picture.size, given if isinstance(given, list) and len(given) == 4 else []
    if not numbers or not all(_is_number(number) for number in numbers):
        raise InputError(_NO_BOX.format(size.width, size.height))
    x1, y1, x2, y2 = (round(number) for number in numbers)
    if not (
        x1 < x2 and y1 < y2 and PictureBox(x1, y1, x2, y2).intersection(PictureBox.whole(size))
    ):
        raise InputError(_NO_BOX.format(size.width, size.height))
    return PictureBox(x1, y1, x2, y2).clamped(size)


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) <= _MAX_NUMBER  # type: ignore[arg-type]


def read_session(given: Any, picture: Picture) -> Session | None:
    """The session of an argument, which must be about the picture that came with it; None for none.

    It may be JSON that is still a text, or the whole answer of a call, which is a list of one. Raises
    SessionFormatError or InputError with a sentence.
    """
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    text = given.strip().encode("utf-8", "replace") if isinstance(given, str) else None
    if given in (None, {}, []) or text in (b"", b"null", b"{}"):
        return None
    session = session_from_json(given) if text is None else archive.read_session(text)
    if (session.picture.sha256, session.picture.size) != (picture.sha256, picture.size):
        raise InputError("This session is about another picture than the one given.")
    return session
