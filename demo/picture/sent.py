"""A picture as programs send it: what is wrong with it, and base64, alone or in a data address → its bytes.

Any other text is an address or a path. Nothing is fetched from one and nothing is read at the other:
whoever writes it may not see what is there.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from demo.errors import PictureError

NOT_FETCHED = "This server fetches no files from other addresses: send the file itself."
NO_FILE = (
    "There is no such file on this server: upload the picture, and give the path that you get."
)
_NO_FORM = "Give the picture as an uploaded file or as base64."
_BROKEN = "This picture’s base64 text is damaged: send all of it, or upload the file."
_DATA = re.compile(r"\s*data:[^,]{0,200}?(;base64)?,", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*(?:[a-z][a-z0-9+.-]{1,20}:\s*//|www\.)", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s]{64,}={0,2}")
_USUAL = str.maketrans("-_", "+/")  # from the alphabet for addresses


def fault_of(given: Any) -> str:
    """A sentence on what is given as a picture when it cannot be one; empty where it may be, or nothing is.

    A file is an object with a ``path``, which says nothing about whether that may be opened.
    """
    given = plain(given)
    if isinstance(given, dict):
        place = given.get("path") or given.get("url")
        if isinstance(place, str) and is_address(place):
            return NOT_FETCHED
        return "" if isinstance(given.get("path"), str) else _NO_FORM
    if isinstance(given, str) and given.strip() and not is_encoded(given):
        return NOT_FETCHED if is_address(given) else NO_FILE
    return "" if given is None or isinstance(given, str) else _NO_FORM


def plain(given: Any) -> Any:
    """The same without what clients put around it: a list of one, or a file's form around base64."""
    if isinstance(given, list) and len(given) == 1:
        return plain(given[0])
    if isinstance(given, dict):
        places = (given.get(key) for key in ("path", "url"))
        texts = (place for place in places if isinstance(place, str) and _DATA.match(place))
        return next(texts, given)
    return given


def is_encoded(text: str) -> bool:
    """Whether a text is a picture, in base64, rather than an address or a path."""
    return _DATA.match(text) is not None or _BASE64.fullmatch(text.strip()) is not None


def is_address(text: str) -> bool:
    """Whether a text leads to another place, by whatever scheme."""
    return _DATA.match(text) is None and _ADDRESS.match(text) is not None


def decode_sent(text: str) -> bytes:
    """The bytes of a picture in base64. Raises PictureError, also for an address or a path."""
    if fault := fault_of(text):
        raise PictureError(fault)
    begin = _DATA.match(text)
    if begin and not begin[1]:
        raise PictureError("Write a picture’s data address with base64, or upload the file.")
    try:
        return bytes_of(text[begin.end() if begin else 0 :])
    except ValueError:
        raise PictureError(_BROKEN) from None


def bytes_of(text: str) -> bytes:
    """What a text in base64 stands for, in either alphabet, with white space and without its filling.

    Raises ValueError for any other text.
    """
    letters = "".join(text.split()).translate(_USUAL).rstrip("=")
    return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
