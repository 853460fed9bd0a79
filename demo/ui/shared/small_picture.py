"""Small pictures in lists, without files of their own."""

from __future__ import annotations

import base64


def small_picture(jpeg: bytes) -> str:
    """A small JPEG as an address that has it in itself."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
