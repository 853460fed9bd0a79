"""Finds a dialogue's session and picture in a zip file, also in one that was unpacked and packed again.

People's computers put a folder around everything, write backslashes, and add files of their own. The file
may also be hostile: its directory is bounded before zipfile reads it, names in it are compared and never
followed, nothing is written to disk, and nothing is unpacked beyond its limit.
"""

from __future__ import annotations

import io
import mimetypes
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from demo.errors import SessionFormatError

MAX_PICTURES = 4  # of one file that are looked at
_MAX_DIRECTORY_BYTES = 200_000  # some thousand entries
_PIECE = 4_096  # bytes; what zipfile unpacks of BZip2 in one go has no other limit
# APPNOTE.TXT 4.3.14 to 4.3.16: what stands behind the directory; the first two in zip64 only.
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")
_MAX_COMMENT = 65_535
_NOT_ONE = "This file is not a dialogue of this demo: it {}."
_WITHOUT_BOTH = _NOT_ONE.format("is not a zip file with a session and a picture")
# “session (1).json”, “Copy of session.json”, “session.json.txt”
_SESSION = re.compile(r"session.*\.json", re.IGNORECASE)
_LITTER = ("__macosx", "thumbs.db", "desktop.ini", "icon\r", "@eadir", "$recycle.bin")
_KINDS = mimetypes.MimeTypes()  # those that Python knows, whatever is installed here
_WAYS = {9: "Deflate64", 14: "LZMA", 20: "Zstandard", 93: "Zstandard", 95: "XZ", 98: "PPMd"}

Path = tuple[str, ...]  # a name in the zip file, in its parts
Files = dict[Path, zipfile.ZipInfo]
Packed = tuple[bytes, Iterator[bytes]]


@contextmanager
def unpacked(content: bytes, max_session: int, max_picture: int) -> Iterator[Packed]:
    """The bytes of the session, and those of what may be its picture, one after the other.

    None of them is larger than its limit in bytes. Raises SessionFormatError, with a sentence, also while
    the pictures are read.
    """
    try:
        yield _unpacked(content, max_session, max_picture, may_nest=True)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise SessionFormatError("This file is damaged and cannot be opened.") from error
    except RuntimeError as error:  # a feature of zip files that Python lacks
        raise SessionFormatError(_WITHOUT_BOTH) from error


def _unpacked(content: bytes, max_session: int, max_picture: int, *, may_nest: bool) -> Packed:
    check_directory(content)
    archive = zipfile.ZipFile(io.BytesIO(content))
    files = _files(archive)
    session = _the_one(_sessions(files))
    within = _the_one([path for path in files if path[-1].casefold().endswith(".zip")])
    if session is None and within is not None and may_nest:
        inner = _unpack(archive, files[within], max_session + max_picture)
        return _unpacked(inner, max_session, max_picture, may_nest=False)
    if session is None:
        raise SessionFormatError(_WITHOUT_BOTH)
    text = _unpack(archive, files[session], max_session)
    pictures = _pictures(files, session)[:MAX_PICTURES]
    return text, (_unpack(archive, files[path], max_picture) for path in pictures)


def check_directory(content: bytes) -> None:
    """Raises SessionFormatError unless the directory is small: zipfile would read one of millions into
    memory.
    """
    end = content.rfind(b"PK\x05\x06", max(0, len(content) - _END.size - _MAX_COMMENT))
    if end < 0 and content.startswith(b"PK\x03\x04"):
        why = "breaks off before its end. Download or copy it again"
        raise SessionFormatError(_NOT_ONE.format(why))
    if end < 0 or end + _END.size > len(content):
        raise SessionFormatError(_WITHOUT_BOTH)
    *_, directory, _, comment = _END.unpack_from(content, end)
    locator, record = end - _LOCATOR.size, end - _LOCATOR.size - _END64.size
    if record >= 0 and content.startswith(b"PK\x06\x07", locator):
        _, _, at, _ = _LOCATOR.unpack_from(content, locator)
        mark, *_, directory, _ = _END64.unpack_from(content, record)
        if mark != b"PK\x06\x06" or at != record:  # zipfile would look for it elsewhere
            raise SessionFormatError(_WITHOUT_BOTH)
    # Some ways pad a file with zeros or an empty line.
    is_end = end + _END.size + comment <= len(content)
    padding = content[end + _END.size + comment :].strip(b"\x00\r\n")
    if not is_end or padding or directory > _MAX_DIRECTORY_BYTES:
        raise SessionFormatError(_WITHOUT_BOTH)


def _files(archive: zipfile.ZipFile) -> Files:
    """The files by the parts of their names, without those that computers add."""
    named = {parts_of(entry.filename): entry for entry in archive.infolist()}
    if any(".." in parts or (parts[0] == "" and len(parts) > 1) for parts in named):
        raise SessionFormatError(_NOT_ONE.format("has names that lead out of it"))
    return {parts: entry for parts, entry in named.items() if not is_litter(parts)}


def parts_of(name: str) -> Path:
    """A name in a zip file in its parts, whichever system wrote it."""
    return tuple(p for p in name.replace("\\", "/").split("/") if p != ".") or ("",)


def is_litter(parts: Path) -> bool:
    """Whether this is a folder, a hidden file, or one of those that systems leave in folders."""
    return not parts[-1] or any(p.startswith(".") or p.casefold() in _LITTER for p in parts)


def is_session_name(name: str) -> bool:
    """Whether a file of that name is the session of a dialogue."""
    return bool(_SESSION.search(name))


def _sessions(files: Files) -> list[Path]:
    named = [path for path in files if is_session_name(path[-1])]
    return [path for path in named if path[-1].casefold() == "session.json"] or named


def _the_one(paths: list[Path]) -> Path | None:
    if len(paths) > 1:
        raise SessionFormatError(
            "This file holds several dialogues. Unpack it and open one of them."
        )
    return paths[0] if paths else None


def _pictures(files: Files, session: Path) -> list[Path]:
    """What may be the picture: what lies beside the session and is not surely something else."""
    beside = [path for path in files if path[:-1] == session[:-1] and path != session]
    images = [path for path in beside if (_kind(path) or "").startswith("image/")]
    unknown = [path for path in beside if _kind(path) is None]
    if images and all("." in path[-1] for path in unknown):
        return images
    if images or len(unknown) != 1:
        raise SessionFormatError(_NOT_ONE.format("has no picture beside its session"))
    return unknown


def _kind(path: Path) -> str | None:
    return _KINDS.guess_type(path[-1], strict=False)[0]


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int) -> bytes:
    """An entry's bytes, never more than ``max_bytes``, whatever size it declares."""
    if entry.flag_bits & 1:
        raise SessionFormatError("This file has a password; this demo cannot open such files.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):
        way = _WAYS.get(entry.compress_type, "a way that is not known here")
        raise SessionFormatError(
            _NOT_ONE.format(f"is packed with {way}")
            + " Unpack it and open its session and picture together."
        )
    if entry.file_size <= max_bytes:
        step = _PIECE if entry.compress_type == zipfile.ZIP_BZIP2 else max_bytes
        with archive.open(entry) as file:
            return b"".join(iter(lambda: file.read(step), b""))  # zipfile ends at the declared size
    raise SessionFormatError("This dialogue is too large to be opened.")
