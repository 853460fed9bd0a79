"""What a link to the page shows where it is posted: title, sentence and picture, in place of Gradio's."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path

TITLE = "RegionReasoner: talk about a picture, region by region"
SENTENCE = (
    "Ask for things in a picture and see where they are. Click one to cite it in the next question."
)
PICTURE = Path(__file__).with_name("preview.jpg")
_SIZE = 1200, 630  # pixels of PICTURE
_GRADIO = re.compile(
    rb'\s*<meta\s+(?:property|name)="(?:og|twitter):[^>]*>|\s*<meta\s+name="description"[^>]*>'
)


@cache
def preview_picture() -> bytes:
    """The picture, as a JPEG file."""
    return PICTURE.read_bytes()


def with_preview(page: bytes, address: str, picture: str) -> bytes:
    """An HTML page whose head says what a link to it shows.

    ``address`` is that of the page and ``picture`` that of its picture, both absolute.
    """
    tags = {
        "og:type": "website",
        "og:title": TITLE,
        "og:description": SENTENCE,
        "og:url": address,
        "og:image": picture,
        "og:image:width": str(_SIZE[0]),
        "og:image:height": str(_SIZE[1]),
        "og:image:alt": "A picture with its regions R1 and R2, and the dialogue about them beside it.",
        "twitter:card": "summary_large_image",
        "description": SENTENCE,
    }
    lines = "".join(
        f'<meta {_attribute(name)}="{name}" content="{escape(value)}">'
        for name, value in tags.items()
    )
    return _GRADIO.sub(b"", page).replace(b"<head>", f"<head>{lines}".encode(), 1)


def _attribute(name: str) -> str:
    return "property" if name.startswith("og:") else "name"
