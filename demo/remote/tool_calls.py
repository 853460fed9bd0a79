"""Calls of tools that a server tells apart from an answer's text, put back as the text that a model wrote.

Servers that know how a family calls tools may take its calls out of the text, also where they were
offered no tools. It knows no connections.
"""

from __future__ import annotations

import json
from collections.abc import Mapping


class ToolCalls:
    """The calls of one answer as they come, each whole or in pieces."""

    def __init__(self) -> None:
        self._is_open, self._number = False, object()

    def take(self, calls: object) -> str:
        """The text of these calls or pieces; what has another form is left out."""
        pieces = calls if isinstance(calls, list) else []
        return "".join(self._piece(piece) for piece in pieces if isinstance(piece, Mapping))

    def end(self) -> str:
        """What ends the call that is open, if one is."""
        ended, self._is_open = ("}\n</tool_call>" if self._is_open else ""), False
        return ended

    def _piece(self, call: Mapping[str, object]) -> str:
        function = call.get("function")
        if not isinstance(function, Mapping):
            return ""
        name, arguments = function.get("name"), function.get("arguments")
        number, text = call.get("index"), ""
        # Some repeat the name with each piece.
        is_next = number is None or number != self._number or not self._is_open
        if name and is_next:
            text = f'{self.end()}<tool_call>\n{{"name": {json.dumps(name)}, "arguments": '
            self._is_open, self._number = True, number
        if not self._is_open or arguments is None:
            return text
        is_text = isinstance(arguments, str)
        return text + (arguments if is_text else json.dumps(arguments, ensure_ascii=False))
