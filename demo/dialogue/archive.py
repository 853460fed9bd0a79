"""A dialogue as one file: a zip with ``session.json`` and the picture.

A file that is read is not trusted: see `packed` for what is looked at, and the picture must be the one of
the dialogue. It knows neither pages nor models.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from demo.dialogue import limits
from demo.dialogue.packed import unpacked
from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import InputError, PictureError, SessionFormatError, disk_fault
from demo.machine.private_files import write_whole
from demo.picture.picture import MAX_BYTES, Picture, open_picture

SESSION_NAME, PICTURE_NAME = "session.json", "picture.png"
MAX_SESSION_BYTES = 30_000_000
MAX_ZIP_BYTES = MAX_BYTES + MAX_SESSION_BYTES
_OTHER = "The picture in this file is not the one that its dialogue is about."
_CHANGED = (
    "The picture in this file has the size of the one that its dialogue is about, but other pixels: it was "
    "edited or compressed since, or it is another picture."
)


def to_zip(session: Session, picture: Picture) -> bytes:
    """The zip file's bytes. The picture goes in as a PNG of its upright pixels.

    Raises ValueError when the dialogue is about another picture, and InputError for one that would be
    too large to be read again.
    """
    if picture.sha256 != session.picture.sha256:
        raise ValueError(f"expected the picture {session.picture.sha256}, got {picture.sha256}")
    text = json.dumps(session_to_json(session), ensure_ascii=False, indent=1).encode("utf-8")
    image = io.BytesIO()
    Image.fromarray(picture.pixels).save(image, "PNG")
    if len(text) > MAX_SESSION_BYTES or image.tell() > MAX_BYTES:
        raise InputError("This dialogue is too large to be saved in one file.")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(SESSION_NAME), text, zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo(PICTURE_NAME), image.getvalue(), zipfile.ZIP_STORED)
    return file.getvalue()


def save_zip(session: Session, picture: Picture, path: Path) -> None:
    """Write the zip file; an existing one stays complete until the new one is. Raises like `to_zip`, and
    InputError when it cannot be written.
    """
    content = to_zip(session, picture)
    try:
        write_whole(path, content)
    except OSError as error:
        raise InputError(f"The file {path} cannot be written: {disk_fault(error)}.") from error


def read_zip(
    source: Path | bytes | BinaryIO, *, same_pixels: bool = True
) -> tuple[Session, Picture]:
    """The dialogue and its picture, also of a file that somebody unpacked and packed again.

    Without ``same_pixels`` a picture of the same size will do, as one that was compressed since; a note on
    it says so. Raises SessionFormatError or PictureError, with a sentence, for everything that is not both.
    """
    content = _read_content(source)
    with unpacked(content, MAX_SESSION_BYTES, MAX_BYTES) as (text, pictures):
        return fitting_picture(read_session(text), pictures, same_pixels=same_pixels)


def read_zipped_session(source: Path | bytes | BinaryIO) -> Session:
    """The dialogue alone, without a look at its picture. Raises SessionFormatError like `read_zip`."""
    with unpacked(_read_content(source), MAX_SESSION_BYTES, MAX_BYTES) as (text, _):
        return read_session(text)


def read_session(text: bytes) -> Session:
    """The dialogue of a ``session.json``. Raises SessionFormatError with a sentence."""
    if len(text) > MAX_SESSION_BYTES:
        raise SessionFormatError("This session is too large to be opened.")
    _check_parts(text)
    try:
        data = json.loads(text, parse_int=_whole, parse_float=_number)
    except UnicodeDecodeError as error:
        raise SessionFormatError(
            "This is not a session: it is not a text in UTF-8. Save it again in that encoding."
        ) from error
    except json.JSONDecodeError as error:
        why = f"it is not JSON from line {error.lineno} on"
        raise SessionFormatError(f"This is not a session: {why}.") from error
    except (ValueError, RecursionError) as error:
        raise SessionFormatError("This is not a session: it is not JSON.") from error
    return session_from_json(data)


def _check_parts(text: bytes) -> None:
    """Raise for JSON with so many parts that reading it would stop everything else meanwhile.

    Python reads it in one go. Commas in texts count as well, of which there is room for some.
    """
    limits.PARTS.check(text.count(b","))
    limits.ESCAPES.check(text.count(b"\\"))


def _whole(digits: str) -> int:
    """A whole number; making one of a million digits would take a minute."""
    limits.NUMBER.check(len(digits))
    return int(digits)


def _number(digits: str) -> float:
    limits.NUMBER.check(len(digits))
    return float(digits)


def matching_picture(session: Session, image: Path | bytes) -> Picture:
    """The picture of a file. Raises PictureError unless it is the one that the dialogue is about."""
    _, picture = fitting_picture(session, [image])
    return picture


def fitting_picture(
    session: Session, images: Iterable[Path | bytes], *, same_pixels: bool = True
) -> tuple[Session, Picture]:
    """The session with the one of these that it is about. Raises PictureError when it is none.

    Without ``same_pixels`` another picture of its size will do: then the session is about that one, and a
    note on the picture says so.
    """
    alike, why = None, PictureError(_OTHER)
    for image in images:
        try:
            picture = open_picture(image, session.picture.name)
        except PictureError as error:
            why = error
            continue
        if picture.size == session.picture.size:
            if picture.sha256 == session.picture.sha256:
                return session, picture
            alike = picture
    if alike is None:
        raise why
    if same_pixels:
        raise PictureError(f"{_CHANGED} Put the original in its place.")
    alike = replace(
        alike, notes=(*alike.notes, f"{_CHANGED} Its regions lie where they lay before.")
    )
    return replace(session, picture=alike.info), alike


def _read_content(source: Path | bytes | BinaryIO) -> bytes:
    if isinstance(source, bytes):
        content = source
    elif isinstance(source, Path):
        try:
            with source.open("rb") as file:
                content = file.read(MAX_ZIP_BYTES + 1)
        except OSError as error:
            why = error.strerror or str(error)
            raise SessionFormatError(f"The file {source} cannot be read: {why}.") from error
    else:
        content = source.read(MAX_ZIP_BYTES + 1)
    if len(content) > MAX_ZIP_BYTES:
        limit = MAX_ZIP_BYTES // 1_000_000
        raise SessionFormatError(f"This file is larger than {limit} MB and cannot be opened.")
    return content
