"""The body of an answer, split into its JSON values, in any of the forms that servers write.

Requests ask for server-sent events; some servers answer with one JSON value, or with one a line, and call
that `text/event-stream` too. So the content decides, not its declared type. It knows no connections.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

MAX_VALUE = 4_000_000  # bytes of one value; an answer has some ten thousand
_BOM = b"\xef\xbb\xbf"
_DONE = (b"[DONE]", b"DONE")
_WRAPPED = re.compile(rb"(?:data:\s*){0,9}")  # by a proxy, once more


class StreamReader:
    """Turns bytes, fed as they arrive, into values; one that is no JSON, or too long, raises ValueError.

    ``is_done`` is set by the mark that ends a stream, after which everything is ignored. ``is_alone`` is
    set at the end of a body that was one JSON value, which needs no end mark. ``form`` is ``""`` until
    known, then ``events``, ``lines`` or ``whole``.
    """

    def __init__(self) -> None:
        self.form, self.is_done, self.is_alone = "", False, False
        self._rest = bytearray()
        self._lines = bytearray()  # of the value that is not complete yet
        self._name, self._values = b"", 0

    def feed(self, part: bytes) -> Iterator[object]:
        """The values that these bytes complete."""
        first, *others = part.split(b"\n")
        self._rest += first
        if len(self._rest) + len(self._lines) > MAX_VALUE:
            raise ValueError("a value that is too long")
        for other in others:
            line, self._rest = bytes(self._rest), bytearray(other)
            yield from self._take(line.rstrip(b"\r"))

    def finish(self) -> Iterator[object]:
        """The values that the end of the body completes."""
        line, self._rest = bytes(self._rest), bytearray()
        yield from self._take(line.rstrip(b"\r"))
        if self.form == "whole":
            yield from self._values_of(bytes(self._lines))
        else:
            yield from self._end_event()
        self.is_alone = self.form in ("lines", "whole") and self._values == 1

    def _take(self, line: bytes) -> Iterator[object]:
        if not self.form:
            line = line.removeprefix(_BOM)
            if not line.strip():
                return
            self.form = _form(line)
        if self.is_done:
            return
        if self.form == "whole":
            self._lines += line + b"\n"
        elif self.form == "lines":
            if line.strip():
                yield from self._values_of(line)
        else:
            yield from self._field(line)

    def _field(self, line: bytes) -> Iterator[object]:
        name, _, value = line.partition(b":")
        name, value = name.strip().lower(), _WRAPPED.sub(b"", value.strip(), count=1)
        if not line.strip():
            yield from self._end_event()
        elif name == b"event":
            self._name = value.lower()
        elif name == b"data" and not self._lines and _is_complete(value):
            yield from self._event(value)  # some servers omit the empty line after it
        elif name == b"data" and value:
            self._lines += value + b"\n"
        elif name == b"error" and value:  # llama.cpp's own field, before it wrote events
            yield {"error": _load_json_or_text(value)}
        elif line.lstrip().startswith(b"{"):
            yield from self._values_of(line)  # an error, not written in the stream's form

    def _end_event(self) -> Iterator[object]:
        data, self._lines = bytes(self._lines).strip(), bytearray()
        if data:
            yield from self._event(data)
        self._name = b""

    def _event(self, data: bytes) -> Iterator[object]:
        if data.strip(b'"').upper() in _DONE:
            self.is_done = True
        elif self._name == b"error":
            yield {"error": _load_json_or_text(data)}
        else:
            yield from self._values_of(data)

    def _values_of(self, text: bytes) -> Iterator[object]:
        value = _load_json(text)
        self._values += 1
        yield from value if isinstance(value, list) else [value]


def _form(line: bytes) -> str:
    if not line.lstrip().startswith((b"{", b"[")):
        return "events"
    return "lines" if _is_complete(line.strip()) else "whole"


def _is_complete(text: bytes) -> bool:
    """Whether these bytes are a complete event."""
    if text.strip(b'"').upper() in _DONE:
        return True
    try:
        return text.startswith((b"{", b"[")) and _load_json(text) is not None
    except ValueError:
        return False


def _load_json(text: bytes) -> object:
    return json.loads(text.decode("utf-8", "replace"))


def _load_json_or_text(text: bytes) -> object:
    try:
        value = _load_json(text)
    except ValueError:
        return text.decode("utf-8", "replace")
    return value.get("error") or value if isinstance(value, dict) else value
