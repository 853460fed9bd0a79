"""Scripts and style sheets without what is there for their readers alone.

Browsers need no comments. Those that have lines to themselves go, which are nearly all of them and can be
told from texts by the form that ``deno fmt`` gives the scripts; no text of theirs has several lines.
"""

from __future__ import annotations

import re

_BLOCK = r"/\*(?:(?!\*/).)*\*/"
_LINES = re.compile(rf"^[ \t]*(?://[^\n]*|{_BLOCK})[ \t]*\n", re.DOTALL | re.MULTILINE)
_BLOCK_OR_TEXT = re.compile(rf"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|{_BLOCK}""", re.DOTALL)
_BETWEEN = re.compile(r"\n\s*")
_RULE = re.compile(r"([^{}]+)\{[^{}]*\}")
_NO_RULES = re.compile(r"@(?:media|container)[^{}]*\{\s*\}")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_NAME = re.compile(r"[#.]([a-zA-Z][\w-]*)")
_NAMES_IN_HTML = re.compile(r'\b(?:id|class)="([^"]*)"')


def compact_script(script: str) -> str:
    """A script without the comments that have lines to themselves, and without indentation."""
    return _BETWEEN.sub("\n", _LINES.sub("", script))


def compact_sheet(sheet: str) -> str:
    """A style sheet without its comments and indentation."""
    return _BETWEEN.sub("\n", _BLOCK_OR_TEXT.sub(lambda found: found[1] or "", sheet))


def sheet_for(html: str, sheet: str) -> str:
    """A compact style sheet without rules for classes and ids that do not stand in ``html``."""
    names = {name for several in _NAMES_IN_HTML.findall(html) for name in several.split()}
    rules = _RULE.sub(lambda rule: rule[0] if _may_fit(rule[1], names) else "", sheet)
    return _NO_RULES.sub("", rules)


def _may_fit(selectors: str, names: set[str]) -> bool:
    while selectors != (bare := _IN_BRACKETS.sub("", selectors)):
        selectors = bare
    return any(names.issuperset(_NAME.findall(selector)) for selector in selectors.split(","))
