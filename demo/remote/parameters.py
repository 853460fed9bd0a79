"""What is asked of a server besides the message, and what becomes of it when the server refuses a part.

Servers differ in the optional fields they take and in how long a text they have room for, and most say so
only in the words of a refusal. From these words the next attempt is made; nothing is sent here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from demo.checkpoints.generation import Generation
from demo.reasoners.base import MAX_NEW_TOKENS
from demo.remote.faults import NoRoomError

Wishes = dict[str, Any]

MIN_NEW_TOKENS = 256  # a thought and two boxes; with fewer, an answer breaks off before its boxes
ALMOST_GREEDY = 0.01  # for a server to which a temperature of 0 is none
_MOST = ("max_tokens", "max_completion_tokens")
_PENALTIES = ("repetition_penalty", "repeat_penalty", "repeat_last_n")
_COUNTS = ("stream_options",)
COUNTED = {"include_usage": True}
_MENDABLE = frozenset({0, 400, 402, 413, 422, 500, 501})
_UNTOLD = frozenset(
    {"input", "url", "ctx", "code", "status", "status_code", "type", "object", "id"}
)

_UNKNOWN = re.compile(
    r"unsupported|not supported|unrecogni[sz]ed|unexpected|unknown|not permitted|not allowed"
    r"|extra (?:inputs|fields)|instead|invalid (?:parameter|field|argument)"
)
_LENGTH = re.compile(
    r"too (?:large|long|high|big)|at most|less than|<=|exceed|must be in|range|maximum"
)
# Of a question that is too long by itself, whatever room an answer gets.
_TOO_LONG = re.compile(
    r"(?:prompt|inputs?)(?: length)?:? (?:is )?too long|`inputs` must have less"
    r"|input length exceeds|input token count .{0,12}exceeds|input length should be"
    r"|prompt length is \d+ but|tokens to keep from the initial prompt|trying to keep the first \d+"
    r"|exceeded model token limit|prompt contains \d+ tokens .{0,40}too large"
)
_ROOM = re.compile(
    r"context[ _-](?:length|size|window|limit)|(?:model|sequence|session) length|max_(?:model|seq)_len"
    r"|n_ctx"
)
# What a figure is, by the last of these words before it, or by what follows it.
_ROLES = re.compile(
    r"(?P<context>context|model.{0,2} len|sequence|session|max_(?:model|seq)_len|max_total_tokens|n_ctx|<=)"
    r"|(?P<prompt>prompt|input|messages|request\b)|(?P<total>requested|total)"
)
_PROMPT = re.compile(
    r" ?(?:tokens? )?(?:in|from|of|for)? ?(?:the |your )?`?(?:input|prompt|messages)"
)
_CEILING = re.compile(
    r"(?:at most|<=|less than or equal to|no more than|not exceed|up to|maximum (?:value )?(?:of|is))"
    r"[ `'\"]{0,2}(\d+)|\[\d+, ?(\d+)\]|between \d+ and (\d+)"
)


def first_wishes(generation: Generation | None, owner: str) -> Wishes:
    """What is asked for at first: greedy decoding, with the checkpoint's own settings where known.

    ``owner`` is what the server calls itself in its list of models.
    """
    wishes: Wishes = {
        "temperature": 0,
        "max_tokens": MAX_NEW_TOKENS,
        "stream": True,
        "stream_options": COUNTED,
    }
    penalty = generation.repetition_penalty if generation else 1.0
    if penalty == 1.0:
        return wishes
    if owner == "llamacpp":  # it would look back over 64 tokens only
        return {**wishes, "repeat_penalty": penalty, "repeat_last_n": -1}
    if owner == "organization_owner":  # LM Studio
        return {**wishes, "repeat_penalty": penalty}
    return {**wishes, "repetition_penalty": penalty}


def mended(wishes: Wishes, status: int, body: object) -> Wishes | None:
    """The wishes without what a refusal is about, or with less of it; None where that cannot be told.

    There is an end of such steps. Raises NoRoomError when no room is left for an answer.
    """
    if status not in _MENDABLE:
        return None
    words = _words(body)
    most = next((name for name in _MOST if name in wishes), None)
    if status == 402:
        return _afforded(wishes, words, most) if most else None
    if _TOO_LONG.search(words):
        raise NoRoomError
    if most and _is_about_length(words):
        return {**wishes, most: _fewer(words, wishes[most])}
    if status == 500:  # it failed; what else it names is by chance
        return None
    if most and _names(words, *_MOST):
        return _renamed(wishes, most)
    if "temperature" in wishes and _names(words, "temperature"):
        return _warmer(wishes, words)
    return _left_out(wishes, words, unnamed=status in (400, 422))


def _left_out(wishes: Wishes, words: str, *, unnamed: bool) -> Wishes | None:
    """The wishes without the field that a refusal names; where it names none, without each in turn."""
    for names in (_COUNTS, _PENALTIES):
        if wishes.keys() & set(names) and _names(words, *names):
            return _without(wishes, *names)
    if "stream" in wishes and _names(words, "stream", "streaming"):
        return _without(wishes, "stream", *_COUNTS)
    penalised = wishes.keys() & set(_PENALTIES)
    if unnamed and "stream_options" in wishes:
        return _without(wishes, *_COUNTS)
    if unnamed and penalised:  # it was not the counts, or not they alone
        counts = {"stream_options": COUNTED} if "stream" in wishes else {}
        return {**_without(wishes, *_PENALTIES), **counts}
    return None


def learned(first: Wishes, taken: Wishes) -> Wishes:
    """What a server made of the wishes, to be put over the next ones; None stands for left out.

    How much room there was goes with one question only.
    """
    changed = {name: taken.get(name) for name in first.keys() | taken.keys()}
    changed = {name: value for name, value in changed.items() if value != first.get(name)}
    return {
        name: MAX_NEW_TOKENS if name in _MOST and value is not None else value
        for name, value in changed.items()
    }


def with_learned(first: Wishes, changed: Wishes) -> Wishes:
    """The wishes as a server takes them, by what was learned of it."""
    return {name: value for name, value in {**first, **changed}.items() if value is not None}


def in_words(first: Wishes, taken: Wishes) -> str:
    """How an answer was decoded, as far as it could be asked for."""
    temperature = taken.get("temperature")
    said = "greedy" if temperature == 0 else f"temperature {temperature}"
    if temperature is None:
        said = "sampled at the server’s own temperature"
    name = next((name for name in _PENALTIES if name in first), None)
    if name is None:
        return f"{said}, otherwise the server’s own settings"
    if name in taken:
        return f"{said}, repetition penalty {taken[name]:g} asked of the server"
    return f"{said}, otherwise the server’s own settings: it does not take a repetition penalty"


def _is_about_length(words: str) -> bool:
    """Whether a refusal is about how many tokens fit, rather than about a field's name."""
    if _ROOM.search(words):
        return True
    named = _names(words, *_MOST, "max_new_tokens")
    return bool(named and _LENGTH.search(words)) and not _UNKNOWN.search(words)


def _fewer(words: str, asked: int) -> int:
    """As many tokens as fit by a server's own figures; without them, half as many."""
    words = re.sub(r"(?<=\d)[,_’](?=\d{3}\b)", "", words)
    roles = dict(reversed([*_figures(words)]))  # the first of each kind
    context, prompt, total = (roles.get(name) for name in ("context", "prompt", "total"))
    if prompt is None and total is not None and total > asked:
        prompt = total - asked
    if context is not None and prompt is not None:
        room = context - prompt
    elif ceiling := _CEILING.search(words):
        room = int(next(filter(None, ceiling.groups())))
    else:
        room = asked // 2
    if room >= asked or "at least" in words:  # a server that stopped counting, or counts otherwise
        room = asked // 2
    if room < MIN_NEW_TOKENS:
        raise NoRoomError
    return room


def _afforded(wishes: Wishes, words: str, most: str) -> Wishes | None:
    """As many tokens as an account pays for, by what OpenRouter says of it; None where they are too few."""
    named = re.search(r"can only afford (\d{1,9})", words)
    paid = int(named[1]) if named else 0
    return {**wishes, most: paid} if MIN_NEW_TOKENS <= paid < wishes[most] else None


def _figures(words: str) -> Iterator[tuple[str, int]]:
    """The figures of a refusal whose meaning the words around them tell."""
    found = list(re.finditer(r"\d{1,9}", words))[:50]
    ends = [0, *(match.end() for match in found)]
    for match, start in zip(found, ends, strict=False):
        said = [m.lastgroup for m in _ROLES.finditer(words, start, match.start())]
        role = "prompt" if _PROMPT.match(words, match.end()) else said[-1] if said else None
        if role:
            yield role, int(match[0])


def _renamed(wishes: Wishes, most: str) -> Wishes:
    """Under the newer name, and after that none, which leaves the number to the server."""
    rest = _without(wishes, most)
    return rest if most == _MOST[1] else {**rest, _MOST[1]: wishes[most]}


def _warmer(wishes: Wishes, words: str) -> Wishes:
    """As near to greedy as a server allows that wants more than 0."""
    if wishes["temperature"] == 0 and re.search(r"positive|great|larg|> ?0|non-?zero|range", words):
        return {**wishes, "temperature": ALMOST_GREEDY}
    return _without(wishes, "temperature")


def _without(wishes: Wishes, *names: str) -> Wishes:
    return {name: value for name, value in wishes.items() if name not in names}


def _names(words: str, *names: str) -> bool:
    return bool(re.search(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)", words))


def _words(body: object) -> str:
    """All that a refusal says, in small letters, with the names of its values; not what was sent."""
    return " ".join(_told(body))[:4000].lower()


def _told(body: object) -> Iterator[str]:
    if isinstance(body, Mapping):
        for name, value in body.items():
            if name not in _UNTOLD:
                yield from ((str(name),) if isinstance(value, int) else ())
                yield from _told(value)
    elif isinstance(body, list):
        for value in body[:20]:
            yield from _told(value)
    elif isinstance(body, str | int):
        yield str(body)
