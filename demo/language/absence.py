"""What a sentence says about being there: that a thing is absent, that it was found, or neither.

In English a sentence is taken at its word only where it holds no word that is unknown here: each is one of
being there, of pictures in general, or of what was asked for. So "there is no dog on the left" says nothing
about a dog that may be anywhere. In other languages it is certain phrases that count, and words that make
them mean less.

A ``@`` stands for a box or a point that the sentence mentions. This file knows no traces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from demo.language.absence_phrases import PHRASES, PLACE, Sought, Stand, last_stand
from demo.language.keywords import is_english
from demo.language.lexicon import (
    AUXILIARIES,
    BE,
    BOUNDARIES,
    DETERMINERS,
    LINKS,
    OPENERS,
    OTHER_PRONOUNS,
    PARTS,
    PICTURE,
    QUESTIONS,
    RELATIVES,
    REQUESTS,
    SEEMS,
    SIDES,
    words,
)


def sought_in(phrases: Iterable[str]) -> Sought:
    """What questions, or other descriptions of a thing, look for.

    One that says what the thing is *not* tells too little about what is absent, and is left out.
    """
    given = list(phrases)
    phrases = [phrase for phrase in given if not _EXCLUDES.search(phrase.lower())]
    head = (stem for phrase in phrases for stem in _stems(_name_in(_tokens(phrase))))
    whole = (stem for phrase in phrases for stem in _stems(_tokens(phrase)))
    return Sought(
        frozenset(head),
        frozenset(whole) - _stems(_ASKING),
        " ".join(phrases).strip(),
        excludes=len(phrases) < len(given),
        is_several=any(_SEVERAL.search(phrase.lower()) for phrase in phrases),
    )


def descriptions_in(thought: str) -> Iterator[str]:
    """What a thought says that it looks for."""
    for match in _LOOKS_FOR.finditer(thought):
        yield match[1]


def stand_of(sentence: str, sought: Sought, *, by_other_names: bool = False) -> Stand:
    """What a sentence says of the thing sought.

    ``by_other_names``: unknown words may be names of it, if the sentence speaks of the whole picture.
    """
    for phrases in () if is_english(sentence) else PHRASES:
        if phrases.language.search(sentence.lower()):
            return phrases.stand_of(sentence.lower(), sought)
    plain = _normal(sentence)
    if sentence.rstrip().endswith("?") or _IS_RULE.search(plain):
        return Stand.NEUTRAL
    whole = _stand_of_clause(plain, sought, by_other_names)
    if whole in (Stand.ABSENT, Stand.FOUND):
        return whole
    clauses = _CLAUSE_END.split(plain)
    stands = [_stand_of_clause(clause, sought, by_other_names) for clause in clauses]
    for number, stand in enumerate(stands):
        # "On the left, there is no dog": there may be one on the right.
        if stand is Stand.ABSENT and any(map(_limits, clauses[:number])):
            stands[number] = Stand.NEUTRAL
    return last_stand(stands)


def _stand_of_clause(clause: str, sought: Sought, by_other_names: bool) -> Stand:
    if _is_absence(clause, sought, by_other_names):
        return Stand.ABSENT
    if _is_found(clause, sought):
        return Stand.FOUND
    return Stand.NEUTRAL if _is_neutral(clause) else Stand.OTHER


# English words.

_ASKING = (
    REQUESTS | AUXILIARIES | BE | QUESTIONS | DETERMINERS | OTHER_PRONOUNS
    | words("please now there object objects thing things picture image photo also looking look for")
)  # fmt: skip
_EXCLUDES = re.compile(
    r"\b(?:not?|\w+n't|without|except|excluding|other|others|else|than|neither|nor|none|never|empty|nobody"
    r"|missing|absent|lack\w*|nowhere|invisible|hidden)\b"
    r"|[没不無无非未除]|ない|ません"
)
_SEVERAL = re.compile(r"\b(?:and|or)\b|[和或与及、]|[とや](?=\w)|\b(?:und|oder|et|ou|y|o)\b")
_LOOKS_FOR = re.compile(
    r"(?i)(?:\b(?:look|search)(?:ing)? for|\b(?:asks?|asking|asked|needs?|wants?|have|trying|task is"
    r"|goal is|required|request is)(?: me| us)?"
    r"(?: for| about| to (?:find|identify|locate|detect|segment|point out))"
    r"|^(?:find|identify|locate|detect|segment))\s+([^.,;:!?\n]+)"
)
_IS_RULE = re.compile(r"^(?:if|when|unless|in case|whenever)\b")
_NAME_ENDS = LINKS | OPENERS | RELATIVES | BOUNDARIES | BE | QUESTIONS
_CLAUSE_END = re.compile(
    r"\s*[;:,—–]\s*|\s+(?=(?:so|therefore|thus|hence|because|since|but|however|except)\b"
    r"|and (?:there|no|found|i|it)\b)"
)

_NEGATION = re.compile(
    r"\b(?:(?P<no>no|neither|zero|0|there (?:is|are|was|were) not (?:an?|any|one))|(?P<none>none|nothing)"
    r"|(?P<lost>absent|missing|nonexistent|nowhere|lacks?)"
    r"|(?P<not>not (?:(?:to )?be |been |appear to |seem to |able to |able |to )*(?:be )?"
    r"(?:visible|present|shown|see|seen|find|found|locate|located|identify|identified|detect|detected"
    r"|spot|spotted|exist|appear|contain|include|show|depict|depicted|feature|have any|any|in (?:the|this)"
    r"|anywhere|there|here)\b)"
    r"|(?P<other>not|never|without|unable|fail\w*))\b"
)
_THERE = words(
    """
    visible present seen see found find exist exists existing appear appears appearing shown show
    shows contain contains contained include includes depict depicts depicted feature features
    detected detect identified identify located locate spotted spot discernible anywhere there here
    match matches matching matched fit fits satisfy satisfies
    """
)
_THINGS = words(
    "object objects target targets thing things item items match matches candidate candidates "
    "instance instances entity entities"
)
_OF_ASKING = words(
    "requested described specified sought question description query request prompt mentioned wanted "
    "desired asked criteria queried referred"
)
_PICTURES = PICTURE | words("pictures images photos frame view")
_FUNCTION = (
    DETERMINERS | BE | AUXILIARIES | OTHER_PRONOUNS | RELATIVES
    | words("of in within from for to such and or nor one ones them absent missing none nothing with has "
            "have lacks lack on at no not neither zero nowhere nonexistent able been seem seems")
)  # fmt: skip
# Words that make an absence mean less than that the thing is not there.
_HEDGES = words(
    """
    another other others else more another additional further extra except besides only just apart
    if whether unless might may would should must shall will but although though however still yet
    instead rather than both each every all two three four five six seven eight nine ten many
    several few longer first second third last never clearly fully completely entirely directly
    """
)
# What may be absent without being a thing that one could look for.
_NO_THINGS = (
    LINKS - words("of in on at to from by as like among upon")
    | PARTS
    | SIDES
    | words("""
    doubt need reason way sign signs indication evidence information ambiguity question reference
    references region box boxes text number numbers label name detail details clear overlap
    occlusion point sense use context center centre middle corner edge background foreground row
    part half
    """)
)  # fmt: skip
_MAX_UNKNOWN = 6  # words
_ANYONE = words("person people man woman individual individuals")
_FITTING = _OF_ASKING | words(
    "such matching matches match fitting fits fit satisfies satisfying meets"
)
_CONCLUDES = re.compile(
    r"\b(?:answer|list|result|output) (?:is|are|will be|should be|must be|stays|remains)"
    r"(?: therefore| thus)? (?:an? )?(?:empty|none|nothing|null|\[\s*\])"
    r"|\b(?:return|returning|output|give|answer with|provide)(?: an?| the)?"
    r"(?: empty\b| nothing\b| \[\s*\])"
)
_MUST = words("should must will")
_SEVERALLY = words("and or nor neither")  # the dog or the cat: one of them may be absent
_WHOLE = words("every all each whole entire everywhere")
_OF_RELATION = words("reference references region")
_EMPTY = re.compile(
    r"\b(?:no|not|none|nothing|empty|null|never|nor|neither|blank|unanswerable)\b|\[\s*\]"
)
_META = re.compile(
    r"^(?:(?:so|therefore|thus|hence|and|first|then|however|but|also)\b[ ,]*)*"
    r"(?:$|looking|look|searching|search|scanning|checking|let me|let us|let's|after|upon|based on"
    r"|unfortunately|(?:i|we) (?:need|have|am|are|will (?:look|search|scan|check)|must|should) "
    r"|(?:the |this )?(?:\w+'?s? )?(?:question|task|request|user|query|instruction|prompt|goal)\b"
    r"|(?:in )?(?:the|this) (?:\w+ )?(?:image|picture|photo|scene|photograph|view)\b)"
)
_FIRST_WORDS = re.compile(
    r"^(?:(?:however|but|so|therefore|thus|hence|and|unfortunately|since|because|as a result"
    r"|it (?:seems|appears) that)\b[ ,]*)+"
)
_RESULT = re.compile(r"\b(?:found|(?:the |my )?(?:final )?(?:answer|target|result))\s*[:=]\s*")
_CERTAINLY = re.compile(r"\b(?:clearly|simply|definitely|obviously|actually) (?=no|absent|missing)")
_ALSO_NO = re.compile(r"(\bno \w[\w -]*?)(?:,|,? and|,? or|,? nor) no (?=\w)")


def _normal(sentence: str) -> str:
    """A sentence in lower case, with one wording for what has several."""
    text = " ".join(sentence.lower().replace("’", "'").strip(" .!\n\t\"'*-•#").split())
    text = re.sub(r"\bcan't|\bcannot", "can not", text).replace("n't", " not")
    text = re.sub(r"\b(?:unable|fail|fails|failed) to\b", "not", text)
    text = re.sub(r"\b(?:no one|nobody|no-one)\b", "no people", text)
    text = re.sub(r"\b(there|it|that)'s\b", r"\1 is", text)
    text = _ALSO_NO.sub(r"\1 or ", text)
    text = _RESULT.sub("it is ", text)
    return _FIRST_WORDS.sub("", _CERTAINLY.sub("", text))


def _tokens(text: str) -> list[str]:
    return re.findall(r"[a-z0-9@]+(?:'[a-z]+)?", text.lower().replace("’", "'"))


def _stems(tokens: Iterable[str]) -> frozenset[str]:
    return frozenset(
        _STEMS.get(token, token.removesuffix("s").removesuffix("e")) for token in tokens
    )


_STEMS = {
    "men": "man", "women": "woman", "children": "child", "kids": "child", "kid": "child",
    "people": "person", "persons": "person", "person": "person", "anyone": "person",
    "someone": "person", "anybody": "person", "somebody": "person", "bicycle": "bike", "bicycles": "bike",
    "bikes": "bike", "bike": "bike",
}  # fmt: skip


def _name_in(tokens: list[str], every: frozenset[str] = frozenset()) -> list[str]:
    """The words that name a thing, before those that tell it apart; those of ``every`` are no asking."""
    name: list[str] = []
    for token in tokens:
        if token in _NAME_ENDS or (name and token.endswith("ing")):
            if name:
                break
        elif token not in _ASKING - every and not re.fullmatch(r"r?[0-9]+|bbox|@", token):
            name.append(token)
    return name


def _is_absence(clause: str, sought: Sought, by_other_names: bool) -> bool:
    tokens = _tokens(clause)
    negations = list(_NEGATION.finditer(clause))
    if _CONCLUDES.search(clause) and not _HEDGES.intersection(tokens) - _MUST:
        return True
    if len(negations) != 1 or _HEDGES.intersection(tokens) or PLACE in tokens:
        return False
    (negation,) = negations
    if negation["other"] or not _says_so(negation, tokens):
        return False
    own = [token for token in tokens if token not in _known(tokens)]
    others = [t for t in own if not _stems([t]) <= sought.all and not _relates(t, tokens, sought)]
    if negation["none"]:
        return not others and (negation["none"] == "none" or not own)
    if (
        sought.is_several
        and not _SEVERALLY.intersection(tokens)
        and not _THINGS.intersection(tokens)
    ):
        return False
    if by_other_names:
        is_name = 0 < len(own) <= _MAX_UNKNOWN and not _NO_THINGS.intersection(others)
        if sought.excludes or not is_name or not _PICTURES.intersection(tokens):
            return False
        return not sought.head or _is_about(clause, negation, sought)
    return not others and _is_about(clause, negation, sought)


def _known(tokens: list[str]) -> frozenset[str]:
    """Words that mean nothing but being there, and pictures; "a person" is anyone who matches."""
    known = _FUNCTION | _THERE | _THINGS | _OF_ASKING | _PICTURES
    return known | _ANYONE if _FITTING.intersection(tokens) else known


def _says_so(negation: re.Match[str], tokens: list[str]) -> bool:
    """Whether there is a word of being there, which a sentence that begins with *no* can do without."""
    whose = {"has", "have", "lacks", "lack"}.intersection(tokens)
    if whose and not _PICTURES.intersection(tokens):
        return False
    if negation["lost"] or negation["not"] or _THERE.intersection(tokens):
        return True
    in_picture = _PICTURES.intersection(tokens) and BE.intersection(tokens)
    return bool(in_picture) or tokens[0] in ("no", "none") or len(tokens) == 1


def _is_about(clause: str, negation: re.Match[str], sought: Sought) -> bool:
    """Whether what is not there is the thing sought, by the first name after *no*, or beside *not*."""
    tokens = _tokens(clause)
    heads = [token for token in tokens if _stems([token]) & sought.head]
    if len(heads) > len(_stems(heads)):  # "no dog to the left of this dog"
        return False
    things = _THINGS | (_ANYONE if _FITTING.intersection(tokens) else frozenset())
    before, after = clause[: negation.start()], clause[negation.end() :]
    name = (not negation["no"] and _first_name(before, things)) or _first_name(after, things)
    return bool(things.intersection(name) or sought.head & _stems(name))


def _first_name(text: str, things: frozenset[str]) -> list[str]:
    left_out = (_PICTURES | _THERE | SEEMS) - things
    return _name_in([token for token in _tokens(text) if token not in left_out], every=things)


def _relates(token: str, tokens: list[str], sought: Sought) -> bool:
    """*The reference*, where the sentence repeats the relation that was asked for."""
    return token in _OF_RELATION and bool(_stems(LINKS.intersection(tokens)) & sought.all)


def _limits(clause: str) -> bool:
    """Whether what comes after it is said of a part of the picture, or of one thing in it."""
    tokens = _tokens(clause)
    if _WHOLE.intersection(tokens):
        return False
    is_place = tokens[:1] != ["upon"] and LINKS.issuperset(tokens[:1])
    is_part = any(token in _NO_THINGS or token.isdigit() for token in tokens)
    return is_part or (is_place and not set(tokens) <= LINKS | _known(tokens))


def _is_neutral(clause: str) -> bool:
    if PLACE in clause or "but" in clause.split():
        return False
    says_nothing = not any(map(str.isalpha, clause))
    return bool(says_nothing or _META.search(clause) or _EMPTY.search(clause))


# What makes a statement that something is there mean less.
_DOUBTS = words(
    "if whether unless might may could would should perhaps possibly maybe seems unclear uncertain "
    "impossible but except other another closest most wrong different too instead rather hidden unlike "
    "nowhere outside absent missing lacks"
)
_THE_SOUGHT = re.compile(
    r"^(?:it|this|that|(?:the )?(?:\w+ )?(?:target|answer|match)) (?:is|must be)(?: \w+ly)?"
    r" (?:the\b|@|at\b)"
)
_IS_THERE = re.compile(
    r"\b(?:is|are|stands?|sits?|lies|appears?|can be seen|located|visible|shows)\b"
)
_WHERE = SIDES | words(
    "@ visible center centre middle foreground background corner edge middle located standing sitting"
)


def _is_found(clause: str, sought: Sought) -> bool:
    tokens, own = _tokens(clause), _stems(_tokens(clause))
    if _DOUBTS.intersection(tokens) or _EMPTY.search(clause) or not tokens:
        return False
    if "reference" in tokens and PLACE not in tokens:
        return False
    is_new = PLACE in tokens or not _stems(_WHERE.intersection(tokens)) <= sought.all
    if the_sought := _THE_SOUGHT.search(clause):
        # "The target is the dog right of it" may only say again what was asked.
        is_named = bool(sought.head & own) and (is_new or "target" not in the_sought[0])
        return PLACE in tokens or is_named
    if sought.excludes or not (_IS_THERE.search(clause) and _WHERE.intersection(tokens)):
        return False
    return sought.all <= own if sought.head else PLACE in tokens
