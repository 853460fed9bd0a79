"""The optional parameters of a request, and how they change when a server refuses some of them.

Servers differ in the optional fields that they accept and in the length of text that fits, and most say so
only in the message of a refusal. The next attempt follows from that message; nothing is sent here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from demo.checkpoints.generation import Generation
from demo.reasoners.base import MAX_NEW_TOKENS
from demo.remote.errors import NoRoomError

RequestParameters = dict[str, Any]

MIN_NEW_TOKENS = 256  # a thought and two boxes; with fewer, an answer breaks off before its boxes
ALMOST_GREEDY = 0.01  # for a server that refuses a temperature of 0
_TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")
_PENALTIES = ("repetition_penalty", "repeat_penalty", "repeat_last_n")
_COUNTS = ("stream_options",)
COUNTED = {"include_usage": True}
_ADJUSTABLE = frozenset({0, 400, 402, 413, 422, 500, 501})
_SENT = frozenset({"input", "url", "ctx", "code", "status", "status_code", "type", "object", "id"})

_UNKNOWN = re.compile(
    r"unsupported|not supported|unrecogni[sz]ed|unexpected|unknown|not permitted|not allowed"
    r"|extra (?:inputs|fields)|instead|invalid (?:parameter|field|argument)"
)
_LENGTH = re.compile(
    r"too (?:large|long|high|big)|at most|less than|<=|exceed|must be in|range|maximum"
)
# The question alone is too long, whatever room is left for an answer.
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
# The meaning of a number: the last of these words before it, or the words that follow it.
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


def initial_parameters(generation: Generation | None, owner: str) -> RequestParameters:
    """The parameters of a first attempt: greedy decoding, with the checkpoint's settings where known.

    ``owner`` is the server's name for itself in its list of models.
    """
    parameters: RequestParameters = {
        "temperature": 0,
        "max_tokens": MAX_NEW_TOKENS,
        "stream": True,
        "stream_options": COUNTED,
    }
    penalty = generation.repetition_penalty if generation else 1.0
    if penalty == 1.0:
        return parameters
    if owner == "llamacpp":  # it would look back over 64 tokens only
        return {**parameters, "repeat_penalty": penalty, "repeat_last_n": -1}
    if owner == "organization_owner":  # LM Studio
        return {**parameters, "repeat_penalty": penalty}
    return {**parameters, "repetition_penalty": penalty}


def adjust(
    parameters: RequestParameters, status: int, body: object, *, may_guess: bool = True
) -> RequestParameters | None:
    """The parameters without the one that was refused, or with less of it; None where that is unclear.

    Unless it ``may_guess``, the refusal has to name one. Repeated calls come to an end. Raises NoRoomError
    when no room is left for an answer.
    """
    if status not in _ADJUSTABLE:
        return None
    words = words_in(body)
    field = next((name for name in _TOKEN_LIMITS if name in parameters), None)
    if status == 402:
        return _affordable(parameters, words, field) if field else None
    if _TOO_LONG.search(words):
        raise NoRoomError
    if field and _is_about_length(words):
        return {**parameters, field: _fewer(words, parameters[field])}
    if status == 500:  # it failed; any field that it names is a coincidence
        return None
    if field and _has_name(words, *_TOKEN_LIMITS):
        return _rename(parameters, field)
    if "temperature" in parameters and _has_name(words, "temperature"):
        return _warmer(parameters, words)
    return _leave_out(parameters, words, unnamed=may_guess and status in (400, 422))


def _leave_out(
    parameters: RequestParameters, words: str, *, unnamed: bool
) -> RequestParameters | None:
    """The parameters without the field that a refusal names; where it names none, without each in turn."""
    for names in (_COUNTS, _PENALTIES):
        if parameters.keys() & set(names) and _has_name(words, *names):
            return _without(parameters, *names)
    if "stream" in parameters and _has_name(words, "stream", "streaming"):
        return _without(parameters, "stream", *_COUNTS)
    penalised = parameters.keys() & set(_PENALTIES)
    if unnamed and "stream_options" in parameters:
        return _without(parameters, *_COUNTS)
    if unnamed and penalised:  # it was not the counts, or not they alone
        counts = {"stream_options": COUNTED} if "stream" in parameters else {}
        return {**_without(parameters, *_PENALTIES), **counts}
    return None


def changes_between(first: RequestParameters, taken: RequestParameters) -> RequestParameters:
    """What a server needed changed, to be applied to later parameters; None stands for a field left out.

    A reduced number of tokens is not carried over: it fits one question only.
    """
    changed = {name: taken.get(name) for name in first.keys() | taken.keys()}
    changed = {name: value for name, value in changed.items() if value != first.get(name)}
    return {
        name: MAX_NEW_TOKENS if name in _TOKEN_LIMITS and value is not None else value
        for name, value in changed.items()
    }


def apply_changes(first: RequestParameters, changed: RequestParameters) -> RequestParameters:
    """The parameters with the changes that a server needs."""
    return {name: value for name, value in {**first, **changed}.items() if value is not None}


def decoding_words(first: RequestParameters, taken: RequestParameters) -> str:
    """How an answer was decoded, as far as the server accepted the parameters."""
    temperature = taken.get("temperature")
    words = "greedy" if temperature == 0 else f"temperature {temperature}"
    if temperature is None:
        words = "sampled at the server’s own temperature"
    name = next((name for name in _PENALTIES if name in first), None)
    if name is None:
        return f"{words}, otherwise the server’s own settings"
    if name in taken:
        return f"{words}, repetition penalty {taken[name]:g} asked of the server"
    return f"{words}, otherwise the server’s own settings: it does not take a repetition penalty"


def _is_about_length(words: str) -> bool:
    """Whether a refusal is about how many tokens fit, rather than about a field's name."""
    if _ROOM.search(words):
        return True
    named = _has_name(words, *_TOKEN_LIMITS, "max_new_tokens")
    return bool(named and _LENGTH.search(words)) and not _UNKNOWN.search(words)


def _fewer(words: str, asked: int) -> int:
    """The number of tokens that fits by the server's own numbers; without those, half as many."""
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
    if room >= asked or "at least" in words:  # the server stopped counting, or counts differently
        room = asked // 2
    if room < MIN_NEW_TOKENS:
        raise NoRoomError
    return room


def _affordable(parameters: RequestParameters, words: str, field: str) -> RequestParameters | None:
    """The number of tokens that an account can pay for, as OpenRouter says; None where they are too few."""
    named = re.search(r"can only afford (\d{1,9})", words)
    paid = int(named[1]) if named else 0
    return {**parameters, field: paid} if MIN_NEW_TOKENS <= paid < parameters[field] else None


def _figures(words: str) -> Iterator[tuple[str, int]]:
    """The numbers in a refusal whose meaning the words around them tell, with that meaning."""
    found = list(re.finditer(r"\d{1,9}", words))[:50]
    ends = [0, *(match.end() for match in found)]
    for match, start in zip(found, ends, strict=False):
        named = [m.lastgroup for m in _ROLES.finditer(words, start, match.start())]
        role = "prompt" if _PROMPT.match(words, match.end()) else named[-1] if named else None
        if role:
            yield role, int(match[0])


def _rename(parameters: RequestParameters, field: str) -> RequestParameters:
    """The number of tokens under its newer name; after that left out, so that the server decides."""
    rest = _without(parameters, field)
    return rest if field == _TOKEN_LIMITS[1] else {**rest, _TOKEN_LIMITS[1]: parameters[field]}


def _warmer(parameters: RequestParameters, words: str) -> RequestParameters:
    """A temperature near greedy for a server that requires more than 0, else none."""
    if parameters["temperature"] == 0 and re.search(
        r"positive|great|larg|> ?0|non-?zero|range", words
    ):
        return {**parameters, "temperature": ALMOST_GREEDY}
    return _without(parameters, "temperature")


def _without(parameters: RequestParameters, *names: str) -> RequestParameters:
    return {name: value for name, value in parameters.items() if name not in names}


def _has_name(words: str, *names: str) -> bool:
    return bool(re.search(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)", words))


def words_in(body: object) -> str:
    """The text of a refusal, in lower case, with the names of its values but without what was sent."""
    return " ".join(_texts_in(body))[:4000].lower()


def _texts_in(body: object) -> Iterator[str]:
    if isinstance(body, Mapping):
        for name, value in body.items():
            if name not in _SENT:
                yield from ((str(name),) if isinstance(value, int) else ())
                yield from _texts_in(value)
    elif isinstance(body, list):
        for value in body[:20]:
            yield from _texts_in(value)
    elif isinstance(body, str | int):
        yield str(body)
