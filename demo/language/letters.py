"""Letters and digits of all scripts as those of ASCII, in which names are looked for.

This file knows no words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

LATIN = "A-Za-z0-9\u00c0-\u024f\u1e00-\u1eff"
"""Letters and digits that are part of one word with a name that touches them, for a class of a pattern."""

SPACED = "A-Za-z0-9_\u00c0-\u052f\u1e00-\u1fff"
"""Those of scripts that write a space between words, for a class of a pattern."""

KEY_MARKS = "\ufe0e\ufe0f\u20e3"
"""What follows a digit that is drawn as a key."""

_SPACED_LETTER = re.compile(f"[{SPACED}]")


def is_spaced(character: str) -> bool:
    """Whether this is a letter or digit of a script that writes a space between words."""
    return character != "_" and _SPACED_LETTER.fullmatch(character) is not None


def folded(text: str) -> tuple[str, Sequence[int]]:
    """The text in plain letters and digits, and for each of its characters the position in ``text``."""
    if text.isascii():
        return text, range(len(text) + 1)
    pairs = [(plain, at) for at, character in enumerate(text) for plain in _plain(character)]
    return "".join(plain for plain, _ in pairs), [*(at for _, at in pairs), len(text)]


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """R for Ｒ, 1 for ١ and ①, e for é; nothing for what is not seen."""
    if character.isascii():
        return character
    if character == "\u200b":
        return " "
    if unicodedata.category(character) == "Cf" or "\u0300" <= character <= "\u036f":
        return ""
    if character in KEY_MARKS:
        return ""
    if unicodedata.decomposition(character).startswith("<super>"):
        return character
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    same = unicodedata.normalize("NFKC", character)
    if same.isascii() and (len(same) == 1 or same.isdigit()):
        return same
    base = unicodedata.normalize("NFD", character)[0]
    return base if base.isascii() and base.isalpha() and base not in "rR" else character
