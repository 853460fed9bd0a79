"""English words by their function in a sentence: the data of `english.py` and `references.py`."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """A word list written as one string."""
    return frozenset(text.split())


LINKS = words(
    "of in on at to from by near next behind above below under beneath underneath beside "
    "between among inside outside over around against across along toward towards into onto "
    "through within left right front top bottom upon opposite alongside adjacent close closer "
    "closest nearest than as like off up down far touching overlapping facing"
)
"""Prepositions and other words of relation, which continue the description of a thing."""

OPENERS = words("with without has have had having whose contains containing includes including")
"""After these comes a thing that belongs to the one before: a table with a cup."""

BOUNDARIES = words("and or but then if when while because since plus whether")
RELATIVES = words("who which that whom where")
BE = words("is are was were be been being am isn aren wasn weren 's 're 'm")

AUXILIARIES = words(
    "do does did can could will would shall should may might must has have had don doesn didn "
    "won 'll 'd 've 't not"
)

QUESTIONS = words("what who where when why how which whose")

REQUESTS = words(
    "find show locate segment detect mark highlight select identify spot point count outline "
    "see give get box draw track tell describe ground"
)

DETERMINERS = words(
    "a an the this these those some any every each another no all both many several few my "
    "your our two three four five six seven eight nine ten"
)

SINGULAR_PRONOUNS = words("it its he him his she her")
PLURAL_PRONOUNS = words("they them their")
POSSESSIVES = words("its his their")
ADVERBS = words("just right directly immediately slightly also only again too now please")
ENDINGS = words(", . ; : ? ! ) ( — … 。 ， ？ ！") | {"\n"}
OTHER_PRONOUNS = words("i you we me us they there here itself himself herself themselves")
SIDES = words("left right front top bottom side back outside inside ahead")

CONTINUATIONS = LINKS | OPENERS | RELATIVES
"""After a noun phrase, these continue its description."""

PHRASE_STARTS = LINKS | BOUNDARIES | REQUESTS | ENDINGS
"""After these a new noun phrase may start."""

STOPS = frozenset().union(
    LINKS, OPENERS, BOUNDARIES, RELATIVES, BE, AUXILIARIES, DETERMINERS, SINGULAR_PRONOUNS,
    PLURAL_PRONOUNS, ENDINGS, OTHER_PRONOUNS, QUESTIONS, ADVERBS,
)  # fmt: skip

PLURAL_DETERMINERS = words(
    "two three four five six seven eight nine ten these those several many all both few"
)

ADJECTIVES = words(
    "black white red green blue yellow brown grey gray orange pink purple silver gold golden "
    "dark light bright big small large little tall short long old young new"
)

# Heads of noun phrases that no pronoun refers to: “on the left, what is next to it”.
PICTURE = words("picture image photo photograph scene drawing screenshot painting")

SCENE = PICTURE | words(
    "background foreground middle center centre left right top bottom front back side corner edge "
    "way time colour color name view rest kind type number"
)

KINDS = {
    "male": words("man boy guy gentleman father dad son brother king groom men boys guys"),
    "female": words(
        "woman girl lady mother mom mum daughter sister queen bride women girls ladies"
    ),
    "person": words(
        "person people human humans child children kid kids baby player players spectator "
        "spectators adult adults someone somebody anyone anybody everyone everybody "
        "pedestrian driver rider referee goalkeeper astronaut waiter chef cook"
    ),
    "animal": words(
        "dog dogs cat cats bird birds horse horses sheep cow cows elephant elephants bear "
        "bears zebra zebras giraffe giraffes puppy kitten animal animals"
    ),
    "thing": words(
        "something anything everything thing bicycle bike car motorcycle airplane plane bus "
        "train truck boat light hydrant sign meter bench backpack umbrella handbag bag tie "
        "suitcase frisbee ball kite bat glove skateboard surfboard racket bottle glass cup "
        "mug fork knife spoon bowl plate banana apple sandwich orange broccoli carrot pizza "
        "donut cake chair couch sofa plant bed table toilet tv laptop mouse remote keyboard "
        "phone microwave oven toaster sink refrigerator book clock vase toy teddy drier "
        "toothbrush hat cap helmet shirt jacket shoe box basket door window house tree flag "
        "wheel fence wall lamp shadow"
    ),
}

INDEFINITE = words(
    "someone somebody anyone anybody everyone everybody something anything everything"
)

IRREGULAR_PLURALS = words("people men women children")

# Parts of things and people, so that “the ball in its mouth” is not the ball's mouth.
PARTS = words(
    "left right top bottom front back side rear mouth head neck leg legs paw paws tail ear "
    "ears eye eyes face hand hands arm arms body foot feet nose shoulder shoulders lap finger "
    "fingers beak wing wings chest knee knees"
)

POSTURES = words("back side belly stomach feet foot legs knees hands head")

WEATHER = words(
    "raining rain rainy snowing snow snowy sunny cloudy windy foggy stormy daytime nighttime "
    "day night morning afternoon evening noon midnight dawn dusk sunrise sunset summer winter "
    "autumn weekend monday tuesday wednesday thursday friday saturday sunday christmas late "
    "early time indoors outdoors o'clock am pm weather"
)

TIME_NOUNS = words("time day date season year month weather late early")
SEEMS = words("seems seem appears appear looks look turns happens")

OPINIONS = words(
    "possible impossible clear likely unlikely true obvious hard easy difficult important "
    "necessary ok okay fine safe nice good better best fair known said worth"
)

IDIOMS = words("do did try redo repeat undo got forget made believe retry")

PLACE_WORDS = words(
    "behind above below under beneath underneath beside between inside outside near around "
    "against opposite alongside touching overlapping facing"
)

AGREES = {
    "it": words("thing animal unknown named"),
    "he": words("male person animal unknown named"),
    "she": words("female person animal unknown named"),
}

GENDER = {"it": "it", "its": "it", "he": "he", "him": "he", "his": "he", "she": "she", "her": "she"}

ORDER = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "6th": 6, "7th": 7, "8th": 8,
    "9th": 9, "10th": 10,
}  # fmt: skip

COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
LATEST = words("last latest newest")
SAME = words("previous prior same current selected marked highlighted")
ANSWERS = words("region selection detection")
POINTED = words("one object area thing")
SEVERAL = words("ones regions objects areas")
TOPIC_ENDS = words(", : – — - and")

SUPERLATIVES = {
    "leftmost": "left", "rightmost": "right", "topmost": "top", "uppermost": "top", "highest": "top",
    "bottommost": "bottom", "lowest": "bottom", "largest": "largest", "biggest": "largest",
    "smallest": "smallest",
}  # fmt: skip

POSITIONS = {
    **{place: place for place in ("left", "right", "top", "bottom")},
    "upper": "top",
    "lower": "bottom",
    **SUPERLATIVES,
}
