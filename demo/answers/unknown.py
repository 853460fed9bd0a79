"""Whether a model says that it does not know what it was asked for, which tells nothing of the picture."""

from __future__ import annotations

import re

_UNKNOWN = re.compile(
    r"\b(?:I|we)\s+(?:do\s+not|don['’]t|did\s+not)\s+(?:know|understand|recogni[sz]e)\b[^.!?\n]*"
    r"|\b(?:I['’]?\s?a?m|we\s+are)\s+not\s+(?:sure|familiar)\s+(?:what|with)\b[^.!?\n]*"
    r"|\bnot\s+(?:a\s+)?(?:known|recogni[sz]ed|valid)\s+(?:word|term|object|concept)\b"
    r"|\b(?:unknown|unfamiliar|unrecogni[sz]ed)\s+(?:word|term|object|concept|class|category)\b"
    r"|我?(?:不知道|不认识|不清楚|无法理解)[^。！？\n]{0,20}(?:是什么|的意思|这个词|什么是)"
    r"|(?:何|なに|意味)[^。！？\n]{0,12}(?:わかりません|分かりません|知りません)",
    re.IGNORECASE,
)


def find_unknown(thought: str) -> tuple[int, int] | None:
    """Where the thought says so, (start, end) in characters; None when it does not."""
    match = _UNKNOWN.search(thought)
    return None if match is None else match.span()
