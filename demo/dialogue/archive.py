"""A dialogue as one file: a zip with ``session.json`` and the picture.

A file that is read is not trusted: sizes are bounded before anything is decompressed, nothing is written to
disk, no path in it is followed, and the picture must be the one of the dialogue. It knows neither pages nor
models.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import InputError, PictureError, SessionFormatError
from demo.picture.picture import MAX_BYTES, Picture, open_picture

SESSION_NAME, PICTURE_NAME = "session.json", "picture.png"
MAX_SESSION_BYTES = 50_000_000
MAX_ZIP_BYTES = MAX_BYTES + MAX_SESSION_BYTES
_MAX_DIRECTORY_BYTES = 4_096
_END = struct.Struct("<4s4H2LH")  # the end record of a zip file, APPNOTE.TXT 4.3.16
_LOCATOR_BYTES = 20  # of zip64, right before it
_NOT_ONE = (
    "This file is not a dialogue of this demo: it is not a zip file with a session and a picture."
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
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_bytes(content)
        os.replace(new, path)
    except OSError as error:
        raise InputError(f"The file {path} cannot be written: {error.strerror}.") from error


def read_zip(source: Path | bytes | BinaryIO) -> tuple[Session, Picture]:
    """The dialogue and its picture.

    Raises SessionFormatError or PictureError, with a sentence, for everything that is not both.
    """
    content = _read_content(source)
    _check_end(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            session_entry, picture_entry = _entries(archive)
            text = _unpack(archive, session_entry, MAX_SESSION_BYTES)
            image = _unpack(archive, picture_entry, MAX_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise SessionFormatError("This file is damaged and cannot be opened.") from error
    except NotImplementedError as error:  # a feature of zip files that Python lacks
        raise SessionFormatError(_NOT_ONE) from error
    session = read_session(text)
    return session, matching_picture(session, image)


def read_session(text: bytes) -> Session:
    """The dialogue of a ``session.json``. Raises SessionFormatError with a sentence."""
    if len(text) > MAX_SESSION_BYTES:
        raise SessionFormatError("This session is too large to be opened.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SessionFormatError("This is not a session: it is not JSON.") from error
    return session_from_json(data)


def matching_picture(session: Session, image: Path | bytes) -> Picture:
    """The picture of a file. Raises PictureError unless it is the one that the dialogue is about."""
    picture = open_picture(image, session.picture.name)
    if picture.sha256 != session.picture.sha256 or picture.size != session.picture.size:
        raise PictureError("The picture in this file is not the one that its dialogue is about.")
    return picture


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


def _check_end(content: bytes) -> None:
    """Raise unless the directory has just two entries: zipfile would read one of millions into memory."""
    end = len(content) - _END.size
    if end < 0:
        raise SessionFormatError(_NOT_ONE)
    mark, _, _, _, entries, directory, _, comment = _END.unpack(content[end:])
    zip64 = content[max(0, end - _LOCATOR_BYTES) : end].startswith(b"PK\x06\x07")
    plain = mark == b"PK\x05\x06" and entries == 2 and not comment and not zip64
    if not plain or directory > _MAX_DIRECTORY_BYTES:
        raise SessionFormatError(_NOT_ONE)


def _entries(archive: zipfile.ZipFile) -> tuple[zipfile.ZipInfo, zipfile.ZipInfo]:
    """The session and the picture, both within their limits."""
    by_name = {info.filename: info for info in archive.infolist()}
    session = by_name.pop(SESSION_NAME, None)
    if session is None or len(by_name) != 1:
        raise SessionFormatError(_NOT_ONE)
    (picture,) = by_name.values()
    # (Python before 3.12 fails when it asks an entry without a name whether it is a folder.)
    if not picture.filename or "/" in picture.filename or "\\" in picture.filename:
        raise SessionFormatError(_NOT_ONE)
    return session, picture


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int) -> bytes:
    """An entry's bytes, never more than ``max_bytes``, whatever size it declares."""
    if entry.flag_bits & 1:
        raise SessionFormatError("This file has a password; this demo cannot open such files.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise SessionFormatError(_NOT_ONE)
    if entry.file_size <= max_bytes:
        with archive.open(entry) as file:
            content = file.read(max_bytes + 1)
        if len(content) <= max_bytes:
            return content
    raise SessionFormatError("This dialogue is too large to be opened.")
