"""The kinds of things that nouns name, and which of them a pronoun may mean.

The lists hold what people point at in pictures. A noun that is in none may be anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from demo.language import lexicon as lex
from demo.language.lexicon import words

Noun = tuple[str, bool]
"""A noun phrase: its kind (a key of `_KINDS`, doer, unknown or named) and whether it is plural."""
NAMED: Noun = ("named", False)

_KINDS = {
    "male": words(
        "man boy guy gentleman father dad son brother king groom men boys guys gentlemen dude "
        "dudes fella male males grandpa grandfather uncle husband boyfriend businessman policeman "
        "fireman cowboy lad bloke santa"
    ),
    "female": words(
        "woman girl lady mother mom mum daughter sister queen bride women girls ladies chick gal "
        "female females grandma grandmother aunt wife girlfriend bridesmaid waitress nun"
    ),
    "person": words(
        "person people human humans adult adults someone somebody anyone anybody everyone "
        "everybody whoever pedestrian referee ump umpire astronaut chef cook cop vet professional "
        "bride clerk coach guard model nurse boss hero clown priest monk mascot elf witch guest "
        "host soldier cyclist tourist passenger student teen teenager figure friend pilot batter "
        "catcher pitcher player players driver rider"
    ),
    "child": words("baby babies child children kid kids toddler toddlers infant"),
    "group": words(
        "couple family team crowd group pair herd flock bunch set row line stack pile trio duo "
        "audience band"
    ),
    "animal": words(
        "dog dogs cat cats bird birds horse horses sheep cow cows elephant elephants bear bears "
        "zebra zebras giraffe giraffes puppy kitten animal animals bull calf calves pony goat "
        "goats lamb pig duck ducks goose geese swan pigeon seagull parrot chicken rooster monkey "
        "rabbit lion tiger deer ox oxen foal cub cubs fish owl turtle statue doll teddy mannequin "
        "snowman robot"
    ),
    "thing": words(
        "something anything everything thing bicycle bike car motorcycle airplane plane bus train "
        "truck boat light hydrant sign meter bench backpack umbrella handbag bag tie suitcase "
        "frisbee ball kite bat glove skateboard surfboard racket bottle glass cup mug fork knife "
        "spoon bowl plate banana apple sandwich orange broccoli carrot pizza donut cake chair "
        "couch sofa plant bed table toilet tv laptop mouse remote keyboard phone microwave oven "
        "toaster sink refrigerator book clock vase toy drier toothbrush hat cap helmet shirt "
        "jacket shoe box basket door window house tree flag wheel fence wall lamp shadow computer "
        "container trailer counter burger paper scooter water tower pot pan tray dish board desk "
        "shelf building van jet ship suit dress coat hair floor flower corner letter roller "
        "poster banner speaker cover river sticker ring watch button logo strap brim label arrow "
        "seat street road grass sand snow field stick food meat bread cheese fruit salad soup "
        "rice pepper tomato pie cookie cart wagon crate bucket can jar lid handle"
    ),
}
_KIND_OF = {word: kind for kind, listed in _KINDS.items() for word in listed}

# What -er makes of a verb is mostly a person, but a few hundred things end so too: those are unknown.
_KIND_BY_ENDING = {
    "woman": "female", "women": "female", "man": "male", "men": "male", "girl": "female", "boy": "male",
    "person": "person", "people": "person", "boarder": "person", "skier": "person", "surfer": "person",
    "player": "person", "rider": "person", "driver": "person", "worker": "person", "officer": "person",
    "spectator": "person", "keeper": "person", "waiter": "person", "guard": "person",
}  # fmt: skip
LIVING = words("male female person child animal group")

_ENDINGS_OF_DOERS = ("er", "or", "ist", "ian", "ess", "eer", "ant")

_IRREGULAR_PLURALS = words("children geese oxen calves feet teeth mice")

_AGREES = {
    "it": words("thing animal child group doer unknown named"),
    "he": words("male person child animal doer unknown named"),
    "she": words("female person child animal doer unknown named"),
    "they": words("person child animal group doer unknown named"),
}

_SEX = {"he": "male", "she": "female"}
GENDER = {
    "it": "it",
    "its": "it",
    "he": "he",
    "him": "he",
    "his": "he",
    "she": "she",
    "her": "she",
    "hers": "she",
}


def noun_of(phrase: Sequence[str], determiner: str) -> Noun | None:
    """The kind of a noun phrase; None when no pronoun would refer to it."""
    kinds = [kind_of(word) for word in reversed(phrase)]
    known = next(filter(None, kinds), None)
    if not phrase or (phrase[-1] in lex.SCENE and known is None):
        return None
    kind = "doer" if kinds[0] is None and is_doer(phrase[-1]) else known or "unknown"
    if determiner in lex.SINGULAR_DETERMINERS:
        return kind, False
    return kind, determiner in lex.PLURAL_DETERMINERS or is_plural(phrase[-1])


def kind_of(word: str) -> str | None:
    """The kind of thing that a noun names, None if it is not listed."""
    known = _KIND_OF.get(word) or _KIND_OF.get(word.removesuffix("s"))
    endings = (kind for ending, kind in _KIND_BY_ENDING.items() if word.endswith(ending))
    return known or next(endings, None)


def is_living(word: str) -> bool:
    """Whether the noun names a person or an animal, or several."""
    return kind_of(word) in LIVING


def is_doer(word: str) -> bool:
    """Whether its ending names the one who does something: skier, artist."""
    return word.rstrip("s").endswith(_ENDINGS_OF_DOERS)


def is_plural(word: str) -> bool:
    """Whether it looks like a plural; verbs such as *holds* do as well."""
    if word.endswith("s"):
        return word == "skis" or not word.endswith(("ss", "us", "is"))
    return word.endswith(("men", "people")) or word in _IRREGULAR_PLURALS


def may_mean(pronoun: str, nouns: Iterable[Noun], count: int = 0) -> bool:
    """Whether the pronoun may mean one of the noun phrases or, for *they*, all ``count`` of them."""
    kinds = _AGREES[GENDER.get(pronoun, "they")]
    if pronoun in lex.PLURAL_PRONOUNS:
        return count > 1 or any(plural or kind in kinds for kind, plural in nouns)
    # A plural may be a slip (a women) or one herd; two zebra and its foal.
    many = {"group", "male", "female", "animal" if pronoun == "its" else "group"}
    return any(kind in kinds and (not plural or kind in many) for kind, plural in nouns)


def is_sex_of(pronoun: str, nouns: Iterable[Noun]) -> bool:
    """Whether one of the noun phrases is a man for *he*, a woman for *she*."""
    return any(kind == _SEX.get(pronoun) for kind, _ in nouns)
