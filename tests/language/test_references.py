"""A table of sentences and what they mean, and what holds for every sentence there is."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from demo.errors import QuestionError, UnknownRegionError
from demo.language.lexicon import words
from demo.language.references import (
    MAX_QUESTION,
    Reference,
    Resolved,
    check_question,
    resolve,
    without_unknown,
)
from demo.picture.geometry import PictureBox
from demo.picture.regions import RegionObject, Registry
from tests.support.steps import steps


def registry(*counts: int) -> Registry:
    """One region for each number, with that many objects from left to right, each one larger."""
    made = Registry()
    for count in counts:
        boxes = [PictureBox(100 * i, 0, 100 * i + 20 + 5 * i, 20) for i in range(count)]
        made, _ = made.add([RegionObject("", box) for box in boxes])
    return made


REGISTRIES = {
    "none": registry(),
    "one": registry(1),
    "two": registry(1, 1),
    "three": registry(1, 1, 1),
    "group": registry(1, 3),  # R2 has three objects
    "pair": registry(1, 2),  # R2 has two
    "after": registry(3, 1),  # three objects, then one
}


def meant(sentence: str, regions: str, last: str | None = None) -> list[str]:
    """What the sentence means, as ``name=words``."""
    found = resolve(sentence, REGISTRIES[regions], last=last).references
    return [f"{r.name}={r.phrase}" for r in found]


# --- names ---------------------------------------------------------------------------------------

NAMES = [
    ("after an article", "the R2 dog", ["R2=R2"]),
    ("after a noun", "dog R2", ["R2=R2"]),
    ("after an article and region", "the regions 1 and 2", ["R1=regions 1", "R2=2"]),
    ("a list of numbers", "regions 1, 2 and 3", ["R1=regions 1", "R2=2", "R3=3"]),
    ("a range of numbers", "regions 2-3", ["R2=regions 2-3", "R3=regions 2-3"]),
    ("region number", "region number 2", ["R2=region number 2"]),
    ("beside a pronoun", "compare it with R1", ["R3=it", "R1=R1"]),
    ("a name", "the spectator behind R1", ["R1=R1"]),
    ("in lower case", "the spectator behind r1", ["R1=r1"]),
    ("at the start", "R3", ["R3=R3"]),
    ("several", "between R1 and r3", ["R1=R1", "R3=r3"]),
    ("the same twice", "R1 or R1?", ["R1=R1", "R1=R1"]),
    ("an object", "left of R2.1", ["R2.1=R2.1"]),
    ("an object that ends a sentence", "left of r2.1.", ["R2.1=r2.1"]),
    ("a name that ends a sentence", "left of R2. Then go on", ["R2=R2"]),
    ("no space after the full stop", "left of R2.Then go on", ["R2=R2"]),
    ("possessive", "R1's hat", ["R1=R1"]),
    ("possessive with a curly apostrophe", "R1’s hat", ["R1=R1"]),
    ("a comma after", "R1, R2, and R3", ["R1=R1", "R2=R2", "R3=R3"]),
    ("in round brackets", "the dog (R1)", ["R1=R1"]),
    ("in square brackets", "the dog [R1]", ["R1=R1"]),
    ("in stars", "the dog *R1*", ["R1=R1"]),
    ("in underscores", "the dog _R1_", ["R1=R1"]),
    ("with an at sign", "next to @R1", ["R1=@R1"]),
    ("with a hash", "next to #r2", ["R2=#r2"]),
    ("a slash between", "R1/R2", ["R1=R1", "R2=R2"]),
    ("a plus between", "R1+R2", ["R1=R1", "R2=R2"]),
    ("an ampersand between", "R1&R2", ["R1=R1", "R2=R2"]),
    ("a range", "all of R1-R3", ["R1=R1-R3", "R2=R1-R3", "R3=R1-R3"]),
    ("a range with a dash", "all of r2–r3", ["R2=r2–r3", "R3=r2–r3"]),
    ("a range backwards", "R3-R1", ["R3=R3-R1", "R1=R3-R1"]),
    ("region and a number", "the cup in region 2", ["R2=region 2"]),
    ("Region and a number", "Region 2.1, what is it", ["R2.1=Region 2.1", "R2.1=it"]),
    ("object and a number", "left of object 2.1", ["R2.1=object 2.1"]),
    ("region and a name", "the cup in region R2", ["R2=R2"]),
    ("many regions by number", "between regions 1 and 2", ["R1=regions 1", "R2=2"]),
    ("shouted", "FIND THE DOG NEXT TO R2", ["R2=R2"]),
    ("a full stop in front", "the dog...R2", ["R2=R2"]),
    ("a known name beside a brand", "the Yamaha R1", ["R1=R1"]),
    ("across lines", "left of R1\nright of R2", ["R1=R1", "R2=R2"]),
    ("another language", "la taza al lado de R2", ["R2=R2"]),
    ("without spaces in Chinese punctuation", "（R2）", ["R2=R2"]),
]

NOT_NAMES = [
    ("a robot", "find R2-D2"),
    ("a robot without a hyphen", "find R2D2"),
    ("a colour space", "the RGB strip"),
    ("a hyphen after", "an R1-like thing"),
    ("a hyphen before", "the XR1-R bike and the GT-R1"),
    ("letters before", "the car1 and PR1"),
    ("letters after", "the R1a chip"),
    ("an underscore", "R1_left"),
    ("a version number", "version R1.2.3"),
    ("a space between", "r 1"),
    ("four digits", "the BMW R1200"),
    ("a capitalised word after", "the R34 Skyline"),
    ("a capitalised word before", "an Audi R8"),
    ("in quotation marks", 'the sign that says "R1"'),
    ("in curly quotation marks", "the sign that says “R9”"),
    ("in guillemets", "the sign «R1»"),
    ("in backticks", "the sign `R1`"),
    ("a room", "room 1"),
    ("the word region alone", "the darkest region of the sky"),
    ("an object and a count", "object 2"),
    ("other letters", "Q1 and S2"),
]

# --- pronouns, with three single regions; R3 is the last -----------------------------------------

PRONOUNS = [
    ("after praise", "That's the one, thanks. Find the ball next to it", ["R3=it"]),
    ("after a no", "no, that's wrong. find the dog next to it", ["R3=it"]),
    ("with a hat", "the man wearing a hat next to it", ["R3=it"]),
    ("in a red shirt", "the man in the red shirt next to it", ["R3=it"]),
    ("an umbrella", "the woman holding an umbrella to the left of it", ["R3=it"]),
    ("not a rain jacket", "is it a rain jacket?", ["R3=it"]),
    ("what it looks like", "what does it look like?", ["R3=it"]),
    ("a place in the picture", "on the left of the picture, what is next to it?", ["R3=it"]),
    ("a text on a side", "the text on its side", ["R3=its"]),
    ("the people around", "are there any people around it", ["R3=it"]),
    ("compared with a name", "is R1 bigger than it?", ["R1=R1", "R3=it"]),
    ("at her feet", "the dog at her feet", ["R3=her"]),
    ("these two are", "these two are brothers", ["R2=these two", "R3=these two"]),
    ("is this object", "is this object on the table?", ["R3=this object"]),
    ("two pronouns", "find his hat and her bag", ["R3=his", "R3=her"]),
    ("all of them", "all of them", ["R1=all of them", "R2=all of them", "R3=all of them"]),
    ("behind it", "the spectator standing behind it", ["R3=it"]),
    ("next to it", "find the dog next to it", ["R3=it"]),
    ("after a comma", "also find the standing dog, next to it", ["R3=it"]),
    ("left of it", "the cup to the left of it", ["R3=it"]),
    ("holding it", "the man holding it", ["R3=it"]),
    ("a relative clause", "the person that is looking at it", ["R3=it"]),
    ("a clause without that", "the chair it stands on", ["R3=it"]),
    ("with prepositions only", "the dog on the sofa next to it", ["R3=it"]),
    ("a seated dog", "the dog sitting on the sofa next to it", ["R3=it"]),
    ("two colours", "the black and white dog next to it", ["R3=it"]),
    ("two relations", "the things above and below it", ["R3=it"]),
    ("in capitals", "It looks old, what is behind It?", ["R3=It", "R3=It"]),
    ("find it", "find it again", ["R3=it"]),
    ("what is it", "what is it?", ["R3=it"]),
    ("it is red", "it is red, isn't it?", ["R3=it", "R3=it"]),
    ("it's", "it's a bit blurry, what's next to it", ["R3=it", "R3=it"]),
    ("is it", "is it a dog or a cat?", ["R3=it"]),
    ("whose colour", "what colour is it?", ["R3=it"]),
    ("larger than it", "is the dog larger than it?", ["R3=it"]),
    ("twice", "the man next to it and the ball under it", ["R3=it", "R3=it"]),
    ("between a name and it", "the ball between R1 and it", ["R1=R1", "R3=it"]),
    ("between a thing and it", "the ball between the tree and it", ["R3=it"]),
    ("between it and a thing", "the ball between it and the tree", ["R3=it"]),
    ("a human is no it", "the man and the dog in front of him, behind it", ["R3=it"]),
    ("its", "find its tail", ["R3=its"]),
    ("what its", "what colour is its collar?", ["R3=its"]),
    ("in its mouth", "find the ball in its mouth", ["R3=its"]),
    ("to its left", "the cup to its left", ["R3=its"]),
    ("on its left side", "the cup on its left side", ["R3=its"]),
    ("a human beside its", "the person behind its tail", ["R3=its"]),
    ("him", "the dog next to him", ["R3=him"]),
    ("her as an object", "the dog next to her", ["R3=her"]),
    ("her as an owner", "her dog", ["R3=her"]),
    ("her shoes", "what colour are her shoes", ["R3=her"]),
    ("in her hand", "the cup in her hand", ["R3=her"]),
    ("his", "his hat", ["R3=his"]),
    ("he", "what is he doing", ["R3=he"]),
    ("she and a contraction", "she's wearing something", ["R3=she"]),
    ("she in a clause", "the bag she carries", ["R3=she"]),
    ("another sex", "the woman next to him", ["R3=him"]),
    ("another sex in reach", "the woman and the dog next to him", ["R3=him"]),
    ("this one", "the cup behind this one", ["R3=this one"]),
    ("that one", "left of that one, find a cup", ["R3=that one"]),
    ("is that one", "is that one behind the tree?", ["R3=that one"]),
    ("this region", "what is in this region?", ["R3=this region"]),
    ("that object", "the cup behind that object", ["R3=that object"]),
    ("that bounding box", "a dog in that bounding box", ["R3=that bounding box"]),
    ("bare this", "what is next to this?", ["R3=this"]),
    ("bare that", "the cup to the left of that", ["R3=that"]),
    ("what is this", "What is this?", ["R3=this"]),
    ("what's that", "what's that?", ["R3=that"]),
    ("the previous one", "right of the previous one", ["R3=the previous one"]),
    ("the last one", "right of the last one", ["R3=the last one"]),
    ("the last region", "right of the last region", ["R3=the last region"]),
    ("the latest detection", "right of the latest detection", ["R3=the latest detection"]),
    ("the same object", "show the same object", ["R3=the same object"]),
    ("the selected region", "left of the selected region", ["R3=the selected region"]),
    ("the first region", "right of the first region", ["R1=the first region"]),
    ("the second region", "right of the second region", ["R2=the second region"]),
    ("both", "the ball touching both", ["R2=both", "R3=both"]),
    ("both of them", "both of them", ["R2=both of them", "R3=both of them"]),
    ("both regions", "near both regions", ["R2=both regions", "R3=both regions"]),
    ("between them", "the ball between them", ["R2=them", "R3=them"]),
    ("between the two", "the ball between the two", ["R2=the two", "R3=the two"]),
    ("the two of them", "behind the two of them", ["R2=the two of them", "R3=the two of them"]),
    ("these two", "between these two.", ["R2=these two", "R3=these two"]),
    (
        "the three regions",
        "between the three regions",
        ["R1=the three regions", "R2=the three regions", "R3=the three regions"],
    ),
    (
        "all regions",
        "find what all the regions have",
        ["R1=all the regions", "R2=all the regions", "R3=all the regions"],
    ),
]

NOT_PRONOUNS = [
    ("when it rains", "when it rains"),
    ("that's the second sentence's dog", "that's the dog. What is its colour?"),
    ("that area, described", "that area of the sky"),
    ("all of these dogs", "all of these dogs"),
    ("both of these dogs", "both of these dogs"),
    ("a condition", "if there is a dog, find it"),
    ("a person and them", "find a person and segment them"),
    ("the same dog", "the same dog"),
    ("the other one", "the other one"),
    ("a red car, it", "the red car. It has a dent."),
    ("rain", "is it raining?"),
    ("will rain", "will it rain soon?"),
    ("snow in the past", "was it snowing when the photo was taken?"),
    ("a sunny day", "it is a sunny day, find the dog"),
    ("a sunny day, contracted", "it's sunny; find the dog"),
    ("a missing apostrophe", "its a sunny day, find the dog"),
    ("day or night", "is it day or night?"),
    ("the time", "what time is it?"),
    ("the season", "which season is it in the picture"),
    ("the time of day", "what time of day is it?"),
    ("late", "it is late"),
    ("possible", "is it possible to find the dog?"),
    ("true", "is it true that there is a dog?"),
    ("clear", "it is not clear if there is a dog"),
    ("seems", "it seems that the dog sleeps"),
    ("looks like", "it looks like rain"),
    ("that's it", "ok that's it, find the dog"),
    ("do it", "do it again"),
    ("information technology", "the man from IT"),
    ("a dog and its ball", "find the dog and its ball"),
    ("a dog chasing its tail", "the dog chasing its tail"),
    ("a dog with its tail up", "the dog with its tail up"),
    ("a ball in a dog's mouth", "the dog with a ball in its mouth"),
    ("on its back", "the dog on its back"),
    ("a bare noun", "dog and its ball"),
    ("a bare plural", "people and their bags"),
    ("bare after a verb", "find people and their bags"),
    ("a table with a cup on it", "the table with a cup on it"),
    ("a bag with a logo", "the man holding a bag with a logo on it"),
    ("a ball next to a dog", "find the dog and the ball next to it"),
    ("a bird and its branch", "the bird and the branch it sits on"),
    ("two sentences", "There is a dog on the left. What is next to it?"),
    ("a man and his dog", "a man and his dog"),
    ("in his hand", "the man holding a cup in his hand"),
    ("on his head", "the man with a hat on his head"),
    ("a woman and her bag", "the woman in red holding her bag"),
    ("a bag beside her", "the woman who has a bag beside her"),
    ("someone and his dog", "someone and his dog"),
    ("a person and their bag", "the person and their bag"),
    ("two and their", "two men and their dog"),
    ("the man and the woman", "the man and the woman and the dog between them"),
    ("two things and them", "a cup, a plate and the spoon between them"),
    ("reflexive", "the dog that sees itself in a mirror"),
    ("each other", "two dogs facing each other"),
    ("that as a conjunction", "I think that there is a dog"),
    ("that as a relative", "the dog that runs"),
    ("that and a noun", "find that dog"),
    ("this picture", "what is in this picture?"),
    ("after that", "after that, find the dog"),
    ("like that", "a dog like that"),
    ("because of that", "because of that"),
    ("that one, described", "that one with the hat"),
    ("the one", "the one in the back"),
    ("another one", "find another one"),
    ("one of", "one of the dogs"),
    ("someone", "someone in red"),
    ("no one", "no one is here"),
    ("the second car", "the second car from the left"),
    ("the second floor", "the window on the second floor"),
    ("the last house", "the last house"),
    ("the last one, described", "the last one in the queue"),
    ("the second one, described", "the second one with a hat"),
    ("the second bare", "the second and third dogs"),
    ("wait a second", "wait a second, find the dog"),
    ("the first thing", "the first thing you see"),
    ("the left one", "the left one"),
    ("the left side", "on the left side"),
    ("the largest dog", "the largest dog"),
    ("both dogs", "find both dogs"),
    ("both and", "both the dog and the cat"),
    ("those who", "those who stand"),
    ("these dogs", "these dogs"),
    ("the two dogs", "the two dogs"),
    ("cars, the second one", "there are two cars and the second one is red"),
    ("in quotation marks", 'the sign "leave it here"'),
    ("within another word", "the kit, bit by bit, sits with us; shed, other, them-park"),
    ("hyphened", "a do-it-yourself shelf"),
    ("he-man", "a he-man figure"),
    ("us", "the bus next to us"),
    ("nothing at all", "find the dog"),
    ("empty", ""),
    ("punctuation", "...?!"),
]


@pytest.mark.parametrize(
    ("sentence", "expected"), [pytest.param(s, e, id=c) for c, s, e in NAMES + PRONOUNS]
)
def test_what_a_sentence_means(sentence: str, expected: list[str]) -> None:
    assert meant(sentence, "three") == expected


@pytest.mark.parametrize("sentence", [pytest.param(s, id=c) for c, s in NOT_NAMES + NOT_PRONOUNS])
def test_a_sentence_that_means_no_region(sentence: str) -> None:
    assert meant(sentence, "three") == []


@pytest.mark.parametrize(
    ("sentence", "regions", "expected", "topics"),
    [
        ("R1 what is left of it?", "two", ["R1=R1", "R1=it"], 1),
        ("R2.1, what is left of it", "group", ["R2.1=R2.1", "R2.1=it"], 1),
        ("R1: find the dog next to it", "two", ["R1=R1", "R1=it"], 1),
        ("R1 and R2 what is between them", "three", ["R1=R1", "R2=R2", "R1=them", "R2=them"], 2),
        ("region 1 who is behind its left side", "two", ["R1=region 1", "R1=its"], 1),
        ("R2 which is the largest of them", "after", ["R2=R2", "R1=them"], 0),
        ("R1 what is this", "two", ["R1=R1", "R2=this"], 0),
        ("R1 and R2 what is left of it", "three", ["R1=R1", "R2=R2", "R3=it"], 0),
        ("R1 is left of it", "two", ["R1=R1", "R2=it"], 0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_question_is_about_may_stand_before_it(
    sentence: str, regions: str, expected: list[str], topics: int
) -> None:
    assert meant(sentence, regions) == expected
    found = resolve(sentence, REGISTRIES[regions]).references
    assert [r.is_topic for r in found] == [True] * topics + [False] * (len(found) - topics)


def test_a_name_in_the_sentence_is_the_antecedent() -> None:
    assert meant("R1 and its owner", "three") == ["R1=R1"]
    assert meant("find R1, and the ball next to it", "three") == ["R1=R1"]
    assert meant("R1 and R2 and the ball between them", "three") == ["R1=R1", "R2=R2"]


# --- several objects -----------------------------------------------------------------------------

CHOICES = [
    ("the last of them", "the last of them", ["R2.3=the last of them"]),
    ("bare, from the left", "the second from the left", ["R2.2=the second from the left"]),
    ("a person, from the left", "the second person from the left", []),
    (
        "a choice after a choice",
        "the dog left of the second one and the cat behind the first",
        ["R2.2=the second one", "R2.1=the first"],
    ),
    ("compared", "is the first bigger than the third?", ["R2.1=the first", "R2.3=the third"]),
    ("these and a noun", "the first of these cars", []),
    (
        "two positions",
        "the left one and the right one",
        ["R2.1=the left one", "R2.3=the right one"],
    ),
    ("the one on the left", "the one on the left", []),
    ("the first one", "the first one", ["R2.1=the first one"]),
    ("the second one", "the dog behind the second one", ["R2.2=the second one"]),
    ("the 3rd one", "the dog behind the 3rd one", ["R2.3=the 3rd one"]),
    ("the last one", "the dog behind the last one", ["R2.3=the last one"]),
    ("bare at the end", "left of the third", ["R2.3=the third"]),
    ("bare before a verb", "the second is what?", ["R2.2=the second"]),
    ("two bare", "between the first and the third", ["R2.1=the first", "R2.3=the third"]),
    (
        "one for two",
        "between the first and third ones",
        ["R2.1=the first and third ones", "R2.3=the first and third ones"],
    ),
    ("of them", "the second of them", ["R2.2=the second of them"]),
    ("of these", "the second one of these", ["R2.2=the second one of these"]),
    ("from the left", "the second one from the left", ["R2.2=the second one from the left"]),
    ("from the right", "the first one from the right", ["R2.3=the first one from the right"]),
    ("the left one", "under the left one", ["R2.1=the left one"]),
    ("the leftmost", "under the leftmost", ["R2.1=the leftmost"]),
    ("the leftmost one", "under the leftmost one", ["R2.1=the leftmost one"]),
    ("the right one", "under the right one", ["R2.3=the right one"]),
    ("the middle one", "under the middle one", ["R2.2=the middle one"]),
    ("the largest one", "under the largest one", ["R2.3=the largest one"]),
    ("the smallest of them", "the smallest of them", ["R2.1=the smallest of them"]),
    ("them", "the ball behind them", ["R2=them"]),
    ("between them", "the ball between them", ["R2=them"]),
    ("they", "what are they holding", ["R2=they"]),
    ("their", "their ball", ["R2=their"]),
    ("these", "next to these.", ["R2=these"]),
    ("those three", "next to those three", ["R2=those three"]),
    ("all of them", "find all of them", ["R2=all of them"]),
    ("it", "next to it", ["R2=it"]),
    ("a described ordinal", "the second one with a hat", []),
    ("an ordinal and a noun", "the second dog", []),
    ("ordinals and a noun", "the first and third dogs", []),
    ("an ordinal and a count", "the first two dogs", []),
    ("a date", "the fourth of July parade", []),
    ("a position and a noun", "the left dog", []),
    ("no difference in height", "the top one", []),
]


@pytest.mark.parametrize(
    ("sentence", "expected"), [pytest.param(s, e, id=c) for c, s, e in CHOICES]
)
def test_choices_among_the_objects_of_the_last_region(sentence: str, expected: list[str]) -> None:
    assert meant(sentence, "group") == expected


@pytest.mark.parametrize(
    ("caption", "sentence", "regions", "last", "expected"),
    [
        ("of two", "both of them", "pair", None, ["R2=both of them"]),
        ("of two, singular", "the other side of both", "pair", None, ["R2=both"]),
        ("them of before", "the ball behind them", "after", None, ["R1=them"]),
        ("it after a group", "the ball behind it", "after", None, ["R2=it"]),
        ("them of two", "behind them", "two", None, ["R1=them", "R2=them"]),
        ("one person as they", "behind them", "one", None, ["R1=them"]),
        ("last given", "behind it", "three", "R1", ["R1=it"]),
        ("an object given", "behind it", "group", "R2.3", ["R2.3=it"]),
        ("the newest region", "the last region", "three", "R1", ["R3=the last region"]),
        ("a choice in a given region", "the second one", "after", "R1", ["R1.2=the second one"]),
        ("last is gone", "behind it", "two", "R7", ["R2=it"]),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isascii() else "",
)
def test_what_was_last_decides(
    caption: str, sentence: str, regions: str, last: str | None, expected: list[str]
) -> None:
    assert meant(sentence, regions, last) == expected, caption


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "regions", "expected"),
    [
        pytest.param(
            "left of R12",
            "three",
            "There is no R12 here. You can cite R1, R2 and R3.",
            id="unknown",
        ),
        pytest.param("left of R2.2", "three", "There is no R2.2 here.", id="an unknown object"),
        pytest.param("left of R0", "three", "There is no R0 here.", id="zero"),
        pytest.param("left of R01", "three", "There is no R01 here.", id="a leading zero"),
        pytest.param("R1-R9", "three", "There is no R9 here.", id="a range too long"),
        pytest.param("region 7", "three", "There is no R7 here.", id="an unknown number"),
        pytest.param(
            "Find R8, please", "three", "There is no R8 here.", id="only the verb has a capital"
        ),
        pytest.param("FIND THE R8", "three", "There is no R8 here.", id="shouted"),
        pytest.param(
            "left of R1", "none", "There is no R1 yet: nothing has been found", id="none yet"
        ),
    ],
)
def test_an_unknown_region_is_refused(sentence: str, regions: str, expected: str) -> None:
    with pytest.raises(UnknownRegionError) as caught:
        meant(sentence, regions)
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("sentence", "regions", "expected"),
    [
        pytest.param(
            "the dog next to it", "none", "“it” has nothing to refer to yet: find", id="it"
        ),
        pytest.param("find it", "none", "“it” has nothing to refer to yet", id="find it"),
        pytest.param("left of That One", "none", "“That One” has nothing to refer", id="that one"),
        pytest.param("the second one", "none", "“the second one” has nothing to", id="an ordinal"),
        pytest.param(
            "the last region", "none", "“the last region” has nothing", id="the last region"
        ),
        pytest.param("the first region", "none", "“the first region” has nothing", id="a region"),
        pytest.param("both of them", "none", "“both of them” has nothing to refer", id="both"),
        pytest.param(
            "the second one",
            "one",
            "“the second one” does not exist: R1 has one object. Name ",
            id="one",
        ),
        pytest.param(
            "the fourth one",
            "group",
            "“the fourth one” does not exist: R2 has 3 objects. Name",
            id="too many",
        ),
        pytest.param(
            "left of the fourth",
            "group",
            "“the fourth” does not exist: R2 has 3 objects.",
            id="bare",
        ),
        pytest.param(
            "the fifth region",
            "three",
            "“the fifth region” does not exist: there are 3 regions. Name",
            id="5th",
        ),
        pytest.param(
            "behind them", "three", "“them” could mean several regions", id="which of them"
        ),
        pytest.param(
            "both of them",
            "one",
            "“both of them” does not fit the regions on this picture. Name what",
            id="not two",
        ),
        pytest.param(
            "both of them",
            "group",
            "“both of them” does not fit the regions on this picture.",
            id="both of three",
        ),
    ],
)
def test_words_without_what_they_need_are_refused(
    sentence: str, regions: str, expected: str
) -> None:
    with pytest.raises(QuestionError) as caught:
        meant(sentence, regions)
    assert str(caught.value).startswith(expected)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "sentence",
    [
        "find the dog and its ball",
        "what is this?",
        "what is it?",
        "is it a dog?",
        "who is he, and what is in his hand?",
        "the dog behind him",
        "find their ball",
        "is it raining?",
        "the left one",
        "find both",
        "the table with a cup on it",
        "what are they doing",
        pytest.param("this picture has one car in it", id="the picture itself"),
    ],
)
def test_a_first_question_that_needs_no_region_is_fine(sentence: str) -> None:
    assert meant(sentence, "none") == []


# --- what is returned ----------------------------------------------------------------------------


def test_references_tell_where_they_stand() -> None:
    sentence = "The cup left of r1’s hat, behind it"
    assert resolve(sentence, REGISTRIES["two"]) == Resolved(
        sentence,
        (Reference("R1", 16, 18, "r1"),),
    )


@pytest.mark.parametrize(
    ("sentence", "possessive"),
    [
        ("find its tail", True),
        ("their ball", True),
        ("her dog", True),
        ("next to her", False),
        ("next to her and R1", False),
        ("R1's tail", False),
        ("it's red", False),
    ],
)
def test_a_possessive_is_marked(sentence: str, possessive: bool) -> None:
    assert resolve(sentence, REGISTRIES["one"]).references[0].is_possessive is possessive


def test_names_are_given_once_in_order() -> None:
    assert resolve("R2, R1.1 and R2", REGISTRIES["two"]).names == ("R2", "R1.1")


# --- every sentence ------------------------------------------------------------------------------

WORDS = sorted(
    words(
        "it its him her he she they them their both all this that these those one ones the a and "
        "or , . ? ! ' \" “ ” first second third last previous left right largest middle region "
        "regions object two three of from next to behind between with is are 's raining dog man "
        "people ball R1 r2 R2.1 R9 R1-R2 @ R1200 1 2.1 find not IT who whose holding"
    )
)
sentences = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join) | st.text(max_size=60)


@settings(max_examples=300)
@given(
    sentences, st.sampled_from(list(REGISTRIES)), st.sampled_from([None, "R1", "R2.1", "R9", ""])
)
@example("@", "three", None)
@example("the", "three", None)
@example("her", "one", None)
def test_every_sentence_is_resolved_or_refused(
    sentence: str, regions: str, last: str | None
) -> None:
    known = REGISTRIES[regions]
    try:
        resolved = resolve(sentence, known, last=last)
    except QuestionError:
        return
    assert resolved.sentence == sentence
    for reference in resolved.references:
        assert reference.name in known
        assert reference.start < reference.end
        assert sentence[reference.start : reference.end] == reference.phrase
    spans = [(r.start, r.end) for r in resolved.references]
    for (start, end), (later_start, later_end) in pairwise(spans):
        assert (start, end) == (later_start, later_end) or end <= later_start


@given(sentences)
def test_letter_case_of_names_does_not_matter(sentence: str) -> None:
    sentence = f"between r1, {sentence.replace('R', 'r')}"
    try:
        lower = resolve(sentence, REGISTRIES["three"]).names
    except QuestionError:
        return
    assert resolve(sentence.replace(" r", " R"), REGISTRIES["three"]).names == lower


@pytest.mark.parametrize(
    "piece",
    [
        "it ",
        "R1",
        "R1 ",
        "@",
        "the dog and ",
        "the second ",
        '"',
        "“",
        "'s",
        "R1-",
        "R",
        "a-",
        "dog ",
        "of them ",
        "both ",
        ", ",
    ],
)
def test_long_sentences_take_a_number_of_steps_in_proportion(piece: str) -> None:
    """Counted, not timed: twice the text is at most a little more than twice the steps."""
    shorter, longer = (
        steps(partial(resolve, piece * (size // len(piece)), REGISTRIES["group"]))
        for size in (5_000, 10_000)
    )
    assert longer < 2.2 * shorter + 1_000


# --- the question itself -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "checked"),
    [
        pytest.param("  find the dog \n", "find the dog", id="white space"),
        pytest.param("find\tthe dog\x00", "find the dog", id="control characters"),
        pytest.param("find the dog\nnext to it", "find the dog\nnext to it", id="two lines"),
        pytest.param("find\x1b[31m", "find [31m", id="a terminal's escape"),
        pytest.param("find \ud800", "find", id="half a character"),
        pytest.param("找到那只狗", "找到那只狗", id="another alphabet"),
        pytest.param("👩‍👧", "👩‍👧", id="joined emoji"),
        pytest.param("d" * MAX_QUESTION, "d" * MAX_QUESTION, id="the longest"),
    ],
)
def test_questions_are_cleaned(typed: str, checked: str) -> None:
    assert check_question(typed) == checked


@pytest.mark.parametrize("typed", ["", "   ", "\n\t", "\x00", "\u00a0"])
def test_an_empty_question_is_refused(typed: str) -> None:
    with pytest.raises(QuestionError, match="Type a question first"):
        check_question(typed)


def test_a_question_that_is_too_long_is_refused_with_both_numbers() -> None:
    with pytest.raises(QuestionError, match=r"2,001 characters, and at most 2,000"):
        check_question("d" * 2_001)


@given(st.text(max_size=100))
def test_checking_twice_changes_nothing(typed: str) -> None:
    try:
        checked = check_question(typed)
    except QuestionError:
        return
    assert check_question(checked) == checked


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        pytest.param("left of r1 and R9", "left of r1 and xx", id="an unknown one"),
        pytest.param("R1.1 or R1.7", "R1.1 or xxxx", id="an unknown object"),
        pytest.param("a robot in R34", "a robot in xxx", id="only whole words"),
    ],
)
def test_unknown_names_are_taken_out_at_their_length(sentence: str, kept: str) -> None:
    registry, _ = Registry().add([RegionObject("", PictureBox(0, 0, 9, 9))])
    assert without_unknown(sentence, registry) == kept
