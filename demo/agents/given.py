"""The picture that an agent gives: a file of this machine where that is allowed, or its bytes as text.

No address is ever fetched.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from demo.errors import PictureError
from demo.picture.picture import MAX_BYTES, Picture, open_picture, safe_name
from demo.picture.sent import bytes_of

FETCHES_NOTHING = "Addresses are never fetched here: save the picture and give {how}."
_FILE = "its path, or the picture itself as base64"
_DATA = "the picture itself as base64"
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_\s-]+={0,2}")  # of a text without space at its end
_MIN_BASE64 = 64  # characters; the smallest picture has more
_NO_BASE64 = "The data of the image is not base64: send the bytes of the file, encoded as base64."


def open_given(image: str, *, may_read_files: bool) -> Picture:
    """The picture of an ``image`` argument: a data URL, base64, and where files may be read a path.

    Raises PictureError with a sentence.
    """
    if image[:5].lower() == "data:":
        return open_picture(_of_data_url(image), "picture")
    if not may_read_files:
        _refuse_address(image, _DATA)
        if not _is_base64(image):
            raise PictureError(
                "Over HTTP no files are opened by name: give the picture itself, as base64 or a data URL."
            )
        return open_picture(_decoded(image), "picture")
    _refuse_address(image, _FILE)
    if (path := _existing(image)) is not None:
        return open_picture(path)
    if _is_base64(image):
        return open_picture(_decoded(image), "picture")
    return open_picture(Path(image))  # which says that there is none


def local_path(text: str) -> Path:
    """The path of a path or a file: address. Raises PictureError for a file of another machine."""
    if text[:5].lower() != "file:":
        return Path(text).expanduser()
    parts = urlsplit(text)
    if parts.netloc not in ("", "localhost"):
        raise PictureError(
            "This is a file of another machine: give the path of one on this machine."
        )
    return Path(url2pathname(parts.path))


def _existing(image: str) -> Path | None:
    """The file of that name, if there is one. Raises PictureError for what is no file with an end."""
    try:
        path = local_path(image)
        if path.exists() and not path.is_file() and not path.is_dir():
            raise PictureError(f"{safe_name(image)} is not a file: give the path of a picture.")
        return path if path.exists() else None
    except (OSError, ValueError, RuntimeError):  # such as a name that is far too long
        return None


def _refuse_address(image: str, how: str) -> None:
    found = _SCHEME.match(image)
    is_address = found and len(found[1]) > 1 and found[1].lower() != "file"  # one letter is a drive
    if is_address or image.startswith("\\\\"):  # which is another machine's, on Windows
        raise PictureError(FETCHES_NOTHING.format(how=how))


def _is_base64(text: str) -> bool:
    return len(text) >= _MIN_BASE64 and _BASE64.fullmatch(text.rstrip()) is not None


def _of_data_url(image: str) -> bytes:
    head, comma, data = image.partition(",")
    if not comma or not head.lower().endswith(";base64"):
        raise PictureError(_NO_BASE64)
    return _decoded(data)


def _decoded(text: str) -> bytes:
    if len(text) > MAX_BYTES * 3 // 2:
        raise PictureError(
            f"This picture is larger than {MAX_BYTES // 1_000_000} MB. Use a smaller picture."
        )
    try:
        return bytes_of(text)
    except ValueError as error:
        raise PictureError(_NO_BASE64) from error
