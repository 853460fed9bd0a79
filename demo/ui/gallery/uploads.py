"""What the files are that came together: pictures, dialogues as zip files or as sessions with pictures, and
labels of other tools.

A file is known by its content; its name may be anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from demo.annotations.together import format_of, holds_labels, suffix_of
from demo.dialogue.archive import MAX_SESSION_BYTES, fitting_picture, read_session, read_zip
from demo.dialogue.session import Session
from demo.errors import DemoError, InputError, PictureError
from demo.picture.picture import Picture, PictureInfo, open_picture, safe_name
from demo.ui.gallery.labelled import labelled_uploads
from demo.ui.gallery.upload import Upload, refused

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


@dataclass(slots=True)
class Became:
    """What became of files that came together, by name: one is ``shown``, others are ``kept`` among the
    dialogues, ``left`` unopened, or could not be opened for the reason in ``troubles``.
    """

    shown: str = ""
    kept: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    troubles: list[tuple[str, str]] = field(default_factory=list)


def uploads_in(
    paths: Sequence[Path], shown: tuple[Session, Picture] | None, folder: Path
) -> list[Upload]:
    """What these files hold, in their order; a session and its picture are one, labels and theirs as well.

    A session without its picture may be about the ``shown`` one, and so may labels, which add to what is
    there. ``folder`` is an empty one for what is in other files. Only where there are sessions or labels is
    any picture opened before it is read.
    """
    labels = [path for path in paths if _is_labels(path)]
    sessions = [path for path in paths if _is_json(path) and path not in labels]
    pictures = [path for path in paths if path not in (*labels, *sessions) and not _is_zip(path)]
    infos = _infos(pictures) if sessions else {}
    here = shown[1] if shown else None
    of_session = {path: _session_upload(path, infos, here) for path in sessions}
    taken = {picture for _, picture in of_session.values()}
    ready = {path: [upload] for path, (upload, _) in of_session.items()}
    if labels:
        free = [path for path in pictures if path not in taken]
        ready |= labelled_uploads(labels, free, shown, folder)
    return [
        upload
        for path in paths
        if path not in taken
        for upload in ready.get(path, [Upload(safe_name(str(path)), partial(_read, path))])
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
        return refused(name, error), None
    picture = _picture_of(session, infos)
    if picture is not None:
        return Upload(name, lambda: fitting_picture(session, [picture], same_pixels=False)), picture
    if shown is not None and shown.sha256 == session.picture.sha256:
        return Upload(name, lambda: (session, shown)), None
    return refused(name, PictureError(_ALONE)), None


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


def _is_zip(path: Path) -> bool:
    return _head(path).startswith(_ZIPS)


def _is_labels(path: Path) -> bool:
    """Whether these are labels of another tool, also those that cannot be read: that is said then."""
    if _is_zip(path):
        return holds_labels(path)
    if not suffix_of(path) or _has_turns(path):
        return False
    try:
        return format_of(path) is not None
    except InputError:
        return True


def _has_turns(path: Path) -> bool:
    """Whether a file speaks of rounds and regions, as sessions do."""
    content = path.read_bytes()
    return b'"turns"' in content and b'"regions"' in content


def _is_json(path: Path) -> bool:
    return _head(path).lstrip(_BEFORE_JSON).startswith(b"{")


def _head(path: Path) -> bytes:
    """Its first bytes; none where there is no file, which is said when it is opened."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(64)
    return b""
