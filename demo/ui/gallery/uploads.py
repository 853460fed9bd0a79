"""What the files are that came together: pictures, and dialogues as zip files or as sessions with pictures.

A file is known by its content; its name may be anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from demo.dialogue.archive import MAX_SESSION_BYTES, fitting_picture, read_session, read_zip
from demo.dialogue.session import Session
from demo.errors import DemoError, InputError, PictureError
from demo.picture.picture import Picture, PictureInfo, open_picture, safe_name

MAX_TOGETHER = 8  # files; as in files.js
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00PK")
_PACKED = {
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
}
_BEFORE_JSON = (
    b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"  # byte order marks, and white space in any of the UTFs
)
_ALONE = (
    "This is the session of a dialogue without its picture. Open it together with its picture, or open the "
    "zip file that it comes from."
)


@dataclass(frozen=True, slots=True)
class Upload:
    """Something to open under the name of its file; ``read`` raises a DemoError when it cannot be."""

    name: str
    read: Callable[[], tuple[Session | None, Picture]]


@dataclass(slots=True)
class Became:
    """What became of files that came together, by name: one is ``shown``, others are ``kept`` among the
    dialogues, ``left`` unopened, or could not be opened for the reason in ``troubles``.
    """

    shown: str = ""
    kept: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    troubles: list[tuple[str, str]] = field(default_factory=list)


def uploads_in(paths: Sequence[Path], shown: Picture | None) -> list[Upload]:
    """What these files hold, in their order; a session and its picture are one.

    A session without its picture may be about the ``shown`` one. Only where there are sessions is any
    picture opened before it is read.
    """
    sessions = [path for path in paths if _is_json(path)]
    pictures = [path for path in paths if not (_is_json(path) or _is_zip(path))]
    infos = _infos(pictures) if sessions else {}
    of_session = {path: _session_upload(path, infos, shown) for path in sessions}
    taken = {picture for _, picture in of_session.values()}
    return [
        of_session[path][0]
        if path in of_session
        else Upload(safe_name(str(path)), partial(_read, path))
        for path in paths
        if path not in taken
    ]


def _read(path: Path) -> tuple[Session | None, Picture]:
    if _is_zip(path):
        return read_zip(path, same_pixels=False)
    head = _head(path)
    for mark, program in _PACKED.items():
        if head.startswith(mark):
            raise InputError(
                f"This file is packed with {program}. Unpack it and open what is in it."
            )
    return None, open_picture(path)


def _session_upload(
    path: Path, infos: Mapping[Path, PictureInfo], shown: Picture | None
) -> tuple[Upload, Path | None]:
    """A session with the picture that it is about, and that picture's file, if it is one of these."""
    name = safe_name(str(path))
    try:
        with path.open("rb") as file:
            session = read_session(file.read(MAX_SESSION_BYTES + 1))
    except DemoError as error:
        return Upload(name, partial(_refuse, error)), None
    picture = _picture_of(session, infos)
    if picture is not None:
        return Upload(name, lambda: fitting_picture(session, [picture], same_pixels=False)), picture
    if shown is not None and shown.sha256 == session.picture.sha256:
        return Upload(name, lambda: (session, shown)), None
    return Upload(name, partial(_refuse, PictureError(_ALONE))), None


def _picture_of(session: Session, infos: Mapping[Path, PictureInfo]) -> Path | None:
    """The same picture, else the only one of its size, which may have been compressed since."""
    same = [path for path, info in infos.items() if info.sha256 == session.picture.sha256]
    like = [path for path, info in infos.items() if info.size == session.picture.size]
    return next(iter(same or like), None) if same or len(like) == 1 else None


def _infos(pictures: Sequence[Path]) -> dict[Path, PictureInfo]:
    infos = {}
    for path in pictures:
        with suppress(PictureError):
            infos[path] = open_picture(path).info
    return infos


def _refuse(error: DemoError) -> tuple[Session | None, Picture]:
    raise error


def _is_zip(path: Path) -> bool:
    return _head(path).startswith(_ZIPS)


def _is_json(path: Path) -> bool:
    return _head(path).lstrip(_BEFORE_JSON).startswith(b"{")


def _head(path: Path) -> bytes:
    """Its first bytes; none where there is no file, which is said when it is opened."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(64)
    return b""
