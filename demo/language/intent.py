"""What a sentence wants: a thing pointed at, things counted, an answer in words, or just talk.

A model that only points would draw a box for *what colour is R1?* and for *hello*. Where this file cannot
tell, a sentence points, because that is what people come for. It knows no model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from demo.language.lexicon import LINKS
from demo.language.references import Resolved


class Intent(Enum):
    """What a sentence wants."""

    POINT = "point"
    COUNT = "count"
    TELL = "tell"
    TALK = "talk"


def _any(phrases: str) -> str:
    """A pattern for any of the phrases, which are patterns with semicolons between them."""
    return f"(?:{'|'.join(phrase.strip() for phrase in phrases.split(';'))})"


_REQUEST = _any(
    "please; now; and; so; ok(?:ay)?; then; hey; hi; can you; could you; would you; tell me; say; "
    "answer me; i(?:'d| would) like to know; i want to know; do you know"
)
_POLITE = rf"(?:{_REQUEST}[\s,:]+)*"

_TALK_PHRASES = _any(
    "hello; hi; hey; howdy; good (?:morning|afternoon|evening|night|day|job|bot); bye; goodbye; see you; "
    "thanks?(?: you)?(?: a lot| so much| very much)?; thx; ok(?:ay)?; yes; no; yep; nope; test(?:ing)?; "
    "help(?: me)?; cool; nice; great; wow; well done; sorry; who are you; what(?:'s| is) your name; "
    "what (?:can|do) you do; how are you; what(?:'s| is) up; are you (?:there|an? .{1,20}); 你好; 您好; "
    "谢谢; 再见; こんにちは; ありがとう; 안녕(?:하세요)?; 감사합니다; hola; gracias; bonjour; salut; "
    "merci; hallo; guten (?:tag|morgen); danke; ciao; grazie; olá; obrigad[oa]; привет; спасибо; "
    "नमस्ते; مرحبا; شكرا"
)
_TALK = re.compile(
    rf"{_POLITE}{_TALK_PHRASES}(?:[\s,]+(?:there|everyone|all|you|nano|model|bot))?[\s.!?。！？]*",
    re.IGNORECASE,
)

_HOW_MANY = _any(
    "how many(?: different)?; count(?: up)?(?: how many)?(?: all)?(?: of)?(?: the)?; "
    "(?:what(?:'s| is) )?the (?:total )?number of(?: the)?"
)
_COUNT = re.compile(rf"{_POLITE}{_HOW_MANY}\s+(?=\S)", re.IGNORECASE)
_COUNT_ELSEWHERE = re.compile(
    _any(
        r"[几幾][个個只隻条條辆輛张張人位名匹台把棵件头頭]?; 多少; いくつ; 何(?:匹|台|人|個|本|枚|頭|羽); "
        r"몇\s?(?:명|마리|개|대); \bwie ?viele?\b; \bcombien d; \bcu[aá]nt[oa]s\b; \bquant[oaie]s?\b; "
        r"\bсколько\b; \bkaç\b; \bhoeveel\b; कितने; كم عدد"
    ),
    re.IGNORECASE,
)
# What stands behind the things that are counted and adds nothing.
_FILLER = re.compile(
    r"\s+(?:(?:are|is) there|there (?:are|is)|(?:can|do|could) (?:you|we|i) (?:see|count|find|spot)"
    r"|are (?:visible|shown|present)|exist|appear)(?=\W|$)",
    re.IGNORECASE,
)
_COPULA = re.compile(r"\s+(?:are|is)\s+(?=\S)", re.IGNORECASE)

_ONE = _any(
    r"R\d+(?:\.\d+)?; it; this; that; he; she; they; these; those; this one; that one; "
    r"the (?:picture|image|photo)"
)
_QUALITY = _any(
    "colou?r; kind; type; sort; shape; size; brand; breed; time; day; season; material; age; emotion; "
    "mood; language; year; sport; country; city; weather; expression"
)
_TELL_PHRASES = _any(
    r"(?:describe|explain|caption|summari[sz]e|translate|write|imagine|why|when)\b; "
    r"compare\b.*\b(?:and|with|to)\b; tell me (?:about|more)\b; read (?:the|what)\b; "
    r"how (?:is|are|was|do|does|did|old|big|tall|large|far|long|heavy|fast|much|would|could|can|come)\b; "
    rf"what {_QUALITY}s?\b; what(?:'s| is| are| was) (?:happening|going on|written|wrong)\b; "
    rf"what(?:'s| is| are| was) the (?:text|name|meaning|difference|relation(?:ship)?|{_QUALITY})\b; "
    r"what(?:'s| is| are) (?:in )?(?:this|the) (?:picture|image|photo|scene)\b; "
    r"what (?:does|do|did|would) .*\b(?:say|says|mean|look like|read|think|want)\b; "
    rf"(?:what|who)(?:'s| is| are|'re) {_ONE}(?: (?:doing|called|made of|wearing|about))?[\s?.!]*$; "
    r"what(?:'s| is| are) (?:the |this |that |these |those )?[\w ]{1,40} doing\b; "
    rf"(?:is|are|was|were|does|do|did|has|have) (?:{_ONE}|the|a|an|his|her|its|their)\b"
)
_TELL = re.compile(_POLITE + _TELL_PHRASES, re.IGNORECASE)
_TELL_ELSEWHERE = re.compile(
    _any(
        r"什么颜色; 描述; 为什么; 是什么$; 在做什么; 何色; 説明して; なぜ; 무슨 색; 설명해; 왜\b; "
        r"welche farbe; beschreib; warum; quelle couleur; d[ée]cri[st]; pourquoi; de qu[ée] color; "
        r"describ[ea]; por qu[ée]; qual a cor; descrev; di che colore; descriv; perch[ée]; "
        r"какого цвета; опиши; почему"
    ),
    re.IGNORECASE,
)
_SEEKING = re.compile(
    r"\b(?:find|show|locate|segment|detect|mark|highlight|select|point|spot|outline|box|where)\b",
    re.IGNORECASE,
)


def intent_of(sentence: str) -> Intent:
    """What a sentence wants; one that also asks to find something points."""
    text = sentence.strip()
    if _TALK.fullmatch(text):
        return Intent.TALK
    if _COUNT.match(text) or _COUNT_ELSEWHERE.search(text):
        return Intent.COUNT
    if _SEEKING.search(text):
        return Intent.POINT
    tells = _TELL.match(text) or _TELL_ELSEWHERE.search(text)
    return Intent.TELL if tells else Intent.POINT


def is_in_words(sentence: str) -> bool:
    """Whether the answer to a sentence is words rather than a place."""
    return intent_of(sentence) in (Intent.TELL, Intent.TALK)


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


def as_counted(resolved: Resolved) -> Resolved:
    """The sentence that finds what is counted: *all dogs left of R1* for *how many dogs are left of R1*.

    Only English is rewritten; the references stand for the same words as before.
    """
    counted = _COUNT.match(resolved.sentence)
    if counted is None or any(r.start < counted.end() for r in resolved.references):
        return resolved
    edits = [_Edit(0, counted.end(), "all ")]
    filler = _FILLER.search(resolved.sentence, counted.end())
    copula = None if filler else _COPULA.search(resolved.sentence, counted.end())
    if filler:
        edits.append(_Edit(filler.start(), filler.end(), ""))
    elif copula:  # all dogs left of R1, all dogs that are red
        related = resolved.sentence[copula.end() :].split()[0].lower() in LINKS
        edits.append(_Edit(copula.start(), copula.end(), " " if related else " that are "))
    return _edited(resolved, edits)


def _edited(resolved: Resolved, edits: list[_Edit]) -> Resolved:
    """With stretches replaced, none of which holds a reference."""
    sentence, references = resolved.sentence, list(resolved.references)
    for edit in reversed(edits):
        sentence = sentence[: edit.start] + edit.text + sentence[edit.end :]
        moved = len(edit.text) - (edit.end - edit.start)
        references = [
            replace(r, start=r.start + moved, end=r.end + moved) if r.start >= edit.end else r
            for r in references
        ]
    return Resolved(sentence, tuple(references))
