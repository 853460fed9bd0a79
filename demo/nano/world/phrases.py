"""English wordings of questions about drawn pictures: nouns, colours, relations, and whole sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

_T = TypeVar("_T")
Rng = np.random.Generator

ORDINALS = ("first", "second", "third", "fourth")
# Other words for a kind or a group of kinds; an answer always uses the kind's own name.
SYNONYMS = {
    "man": ("guy", "gentleman", "boy", "fellow", "dude"),
    "woman": ("lady", "girl"),
    "person": ("human", "human being"),
    "animal": ("creature", "pet"),
    "dog": ("puppy", "doggy", "hound"),
    "cat": ("kitten", "kitty"),
    "car": ("automobile", "auto"),
    "boat": ("ship", "sailboat", "sailing boat"),
    "house": ("building", "home", "cottage", "hut"),
    "bench": ("seat", "park bench"),
}
PLURALS = {
    "man": "men", "woman": "women", "person": "people", "bench": "benches", "boy": "boys",
    "gentleman": "gentlemen", "lady": "ladies", "puppy": "puppies", "doggy": "doggies",
    "kitty": "kitties", "park bench": "park benches",
}  # fmt: skip
# Things that do not exist in this world: the right answer is that there is none.
_STRANGERS = """
    zebra elephant horse bicycle train plane pizza laptop phone clock chair table cup bottle
    giraffe lion bus truck sheep cow bear snowman robot dragon fish frog rabbit guitar piano
    book sofa skateboard banana apple cake helicopter tent airplane ambulance ant backpack bag
    barrel basket bed bee bell bin bookshelf boot bowl bread bridge broom bucket butterfly
    cactus camel camera candle carrot castle chicken computer couch crab crocodile crown curtain
    deer desk donkey door drum duck eagle fence fire flag fork fountain fox fridge fruit glass
    glove goat goose grape hammer hamster hospital jacket jar kangaroo key keyboard knife ladder
    lamp leaf lemon lizard magazine mailbox map microwave mirror monkey moon motorcycle mountain
    mouse mug mushroom octopus oven owl painting pan panda parrot pen pencil penguin pig pillow
    pineapple plate policeman pumpkin purse radio rainbow rat ring river rocket rope rug
    sandwich scissors scooter shark shelf shovel sink snail snake soap sock spider spoon
    squirrel statue strawberry suitcase swan sword telephone television tiger toaster toilet
    tomato tractor trumpet turtle umbrella van vase violin volcano wallet whale wheel windmill
    wolf worm baby soldier king queen monster ghost angel alien pirate wizard
"""
STRANGERS = tuple(_STRANGERS.split())
STRANGE_COLOURS = ("pink", "grey", "gray", "golden", "silver", "turquoise", "beige", "striped",
                   "violet", "cyan", "transparent", "spotted")  # fmt: skip

_VERBS = (
    "find", "find", "find", "show me", "show", "locate", "point at", "point to", "segment", "mark",
    "highlight", "outline", "circle", "identify", "detect", "select", "spot", "pick", "pick out",
    "look for", "search for", "get", "give me", "draw a box around", "put a box around", "point out",
    "tell me where to see", "display", "box", "mask", "cut out", "focus on", "click on", "choose",
)  # fmt: skip
_QUESTIONS = (
    "where is {}", "where is {}", "where's {}", "where can i see {}", "where do you see {}",
    "can you see {}", "do you see {}", "which one is {}", "what about {}", "how about {}",
    "i am looking for {}", "i'm looking for {}", "i want to see {}", "i would like to see {}",
    "i need {}", "let me see {}", "{}", "{}", "and {}", "and where is {}", "also {}", "now {}",
    "is there {}", "tell me where {} is", "show me where {} is", "in which place is {}",
    "which part of the picture shows {}", "where exactly is {}", "where would i find {}",
    "where did {} go", "where in the picture is {}", "what i want is {}", "can i see {}",
)  # fmt: skip
_PLURAL_QUESTIONS = (
    "where are {}", "where are {}", "which are {}", "which ones are {}", "{}", "and {}", "are there {}",
    "do you see {}", "can you see {}", "i want to see {}", "i am looking for {}", "what about {}",
    "where do you see {}", "tell me where {} are", "show me where {} are", "where can i see {}",
)  # fmt: skip
_CALLS = ("please", "hey", "hi", "hello", "ok", "okay", "now", "next", "also", "then", "so", "and",
          "um", "well", "alright", "good", "hmm", "ok now", "and now", "great")  # fmt: skip
_REQUESTS = ("can you", "could you", "would you", "can you please", "could you please", "please",
             "would you please", "will you", "i want you to", "i would like you to", "help me",
             "try to", "you should", "let us", "kindly", "i'd like you to", "help me to")  # fmt: skip
_CLOSINGS = ("please", "thanks", "thank you", "for me", "in the picture", "in this picture",
             "in the image", "in this image", "in the photo", "in the scene", "here", "now",
             "if you can", "if there is one", "for me please", "there")  # fmt: skip
# Words that a sentence can lose, and words that add nothing to it.
_SMALL = ("the", "a", "an", "is", "are", "of", "to", "do", "that", "me", "at", "it", "can", "you",
          "i", "am", "for", "there", "which", "this", "out", "up")  # fmt: skip
_FILLERS = ("just", "really", "actually", "maybe", "exactly", "the", "quickly", "perhaps", "there", "then",
            "simply", "again", "like", "one", "it", "that", "is", "of", "be", "so")  # fmt: skip
_RELATIONS = {
    "above": ("above", "above", "over", "higher than", "up above", "higher up than"),
    "below": ("below", "below", "under", "lower than", "beneath", "underneath", "further down than"),
    "to the left of": ("to the left of", "to the left of", "left of", "on the left of", "left from",
                       "on the left side of", "at the left of"),
    "to the right of": ("to the right of", "to the right of", "right of", "on the right of",
                        "right from", "on the right side of", "at the right of"),
    "inside": ("inside", "inside", "in", "within", "in front of", "inside of"),
    "overlapping": ("overlapping", "overlapping", "overlapping with", "partly behind",
                    "partly covering", "partly covered by"),
    "touching": ("touching", "touching", "in contact with", "up against", "in touch with"),
    "next to": ("next to", "next to", "beside", "near", "close to", "by", "right next to", "nearby",
                "alongside", "not far from"),
    "between": ("between", "between", "in between", "in the middle between", "somewhere between"),
}  # fmt: skip
_CLAUSES = {"touching": "touches", "overlapping": "overlaps"}


def every_word() -> set[str]:
    """All words in the tables above."""
    tables = (ORDINALS, STRANGERS, STRANGE_COLOURS, _VERBS, _QUESTIONS, _PLURAL_QUESTIONS, _CALLS,
              _REQUESTS, _CLOSINGS, *SYNONYMS.values(), *_RELATIONS.values(), PLURALS.values())  # fmt: skip
    return {w for table in tables for said in table for w in re.findall(r"[a-z]+", said)}


def pick(rng: Rng, options: Sequence[_T]) -> _T:
    """One of the options, all equally likely."""
    return options[int(rng.integers(len(options)))]


def article(noun: str) -> str:
    """ "a red", "an orange"."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def plural(noun: str) -> str:
    """ "dogs", "people", "benches"."""
    return PLURALS.get(noun, f"{noun}s")


def name_for(rng: Rng, noun: str) -> str:
    """The noun, or sometimes a synonym."""
    others = SYNONYMS.get(noun, ())
    return pick(rng, others) if others and rng.random() < 0.15 else noun


def with_colour(rng: Rng, noun: str, colour: str) -> str:
    """ "red ball", "ball that is red"; without an article."""
    if rng.random() < 0.85:
        return f"{colour} {noun}"
    way = pick(rng, ("{1} that is {0}", "{1} which is {0}", "{0} coloured {1}", "{1} in {0}"))
    return way.format(colour, noun)


def with_clothes(rng: Rng, noun: str, colour: str, wear: str) -> str:
    """ "man in the green shirt", "man wearing green"; without an article."""
    wear = pick(rng, (wear, wear, "shirt" if wear == "dress" else "top", "clothes"))
    ways = (
        "{n} in {c}", "{n} in {c}", "{n} in the {c} {w}", "{n} in the {c} {w}", "{n} in a {c} {w}",
        "{n} wearing {c}", "{n} wearing a {c} {w}", "{n} wearing the {c} {w}", "{n} who wears {c}",
        "{n} dressed in {c}", "{n} with the {c} {w}", "{n} with a {c} {w}", "{n} who is in {c}",
        "{n} who has a {c} {w}", "{c} dressed {n}",
    )  # fmt: skip
    return pick(rng, ways).format(n=noun, c=colour, w=wear)


def with_hat(rng: Rng, noun: str, colour: str) -> str:
    """ "woman with the yellow hat"; without an article."""
    ways = (
        "{n} with the {c} hat", "{n} with a {c} hat", "{n} wearing a {c} hat", "{n} in the {c} hat",
        "{n} wearing the {c} hat", "{n} who wears a {c} hat", "{n} who has a {c} hat",
        "{n} with a {c} hat on", "{n} that has the {c} hat",
    )  # fmt: skip
    return pick(rng, ways).format(n=noun, c=colour)


def relation_words(rng: Rng, relation: str) -> str:
    """Words for a relation, to be followed by a reference."""
    return pick(rng, _RELATIONS[relation])


def relation_clause(rng: Rng, relation: str) -> str:
    """The relation as it follows a noun: "next to", "that is above", "which touches"."""
    luck = rng.random()
    if relation in _CLAUSES and luck < 0.25:
        return f"{pick(rng, ('that', 'which'))} {_CLAUSES[relation]}"
    said = relation_words(rng, relation)
    if luck < 0.75:
        return said
    if luck < 0.85:
        return f"that is {said}"
    return f"{pick(rng, ('which is', 'standing', 'located', 'just', 'that you see'))} {said}"


def ask(rng: Rng, what: str) -> str:
    """A whole sentence that asks for one thing; ``what`` begins with "the"."""
    return _sentence(rng, _article_varied(rng, what), _QUESTIONS)


def ask_all(rng: Rng, noun: str, rest: str = "") -> str:
    """A whole sentence that asks for all of a noun: "mark every dog", "where are the red balls".

    ``noun`` is in the plural; ``rest`` follows it.
    """
    many = ("all {}", "all {}", "all the {}", "all of the {}", "the {}", "every one of the {}",
            "all these {}", "any {}", "each of the {}", "{}", "the different {}")  # fmt: skip
    return _sentence(rng, f"{pick(rng, many).format(noun)} {rest}".strip(), _PLURAL_QUESTIONS)


def with_courtesy(rng: Rng, sentence: str) -> str:
    """The sentence, sometimes with a greeting before it or thanks after it."""
    if rng.random() < 0.12:
        sentence = f"{pick(rng, _CALLS)}{pick(rng, (' ', ', '))}{sentence}"
    if rng.random() < 0.15:
        sentence = f"{sentence}{pick(rng, (' ', ', ', ' '))}{pick(rng, _CLOSINGS)}"
    return sentence


def with_typo(rng: Rng, text: str) -> str:
    """The text with a typing error in one of its longer words; boxes stay as they are."""
    words = [m for m in re.finditer(r"[a-z]{4,}", text) if m.group() != "bbox"]
    if not words:
        return text
    word = words[int(rng.integers(len(words)))]
    at = int(rng.integers(1, len(word.group()) - 1)) + word.start()
    slip = int(rng.integers(3))
    changed = (text[at + 1] + text[at], text[at + 1], text[at] * 2 + text[at + 1])[slip]
    return text[:at] + changed + text[at + 2 :]


def with_slip(rng: Rng, text: str) -> str:
    """The text as if written in a hurry: without one small word, or with a meaningless one added."""
    words = [m for m in re.finditer(r"[a-z']+", text) if m.group() != "bbox"]
    small = [m for m in words if m.group() in _SMALL]
    if small and rng.random() < 0.6:
        out = pick(rng, small)
        return f"{text[: out.start()]}{text[out.end() :]}".replace("  ", " ").strip()
    at = pick(rng, words).start()
    return f"{text[:at]}{pick(rng, _FILLERS)} {text[at:]}"


def invented_word(rng: Rng) -> str:
    """A word that does not exist."""
    count = int(rng.integers(1, 4))
    syllables = [
        pick(rng, "bcdfghjklmnpqrstvwz") + pick(rng, "aeiou") + pick(rng, ("", "", *"nrslmkt"))
        for _ in range(count)
    ]
    return "".join(syllables)


def _sentence(rng: Rng, what: str, questions: Sequence[str]) -> str:
    if rng.random() < 0.55:
        order = f"{pick(rng, _VERBS)} {what}"
        return with_courtesy(
            rng, f"{pick(rng, _REQUESTS)} {order}" if rng.random() < 0.25 else order
        )
    return with_courtesy(rng, pick(rng, questions).format(what))


def _article_varied(rng: Rng, what: str) -> str:
    if not what.startswith("the ") or rng.random() < 0.82:
        return what
    bare = what.removeprefix("the ")
    return bare if rng.random() < 0.5 else article(bare)
