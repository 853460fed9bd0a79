"""English words by their function in a sentence: the data of `english.py` and `references.py`."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """A word list written as one string."""
    return frozenset(text.split())


LINKS = words(
    "of in on at to from by near next behind above below under beneath underneath beside between "
    "among inside outside over around against across along toward towards into onto through "
    "within left right front top bottom upon opposite alongside adjacent close closer closest "
    "nearest than as like off up down out away far touching overlapping facing"
)
"""Prepositions and other words of relation, which continue the description of a thing."""

OPENERS = words(
    "with without has have had having whose contains containing includes including w wit full "
    "filled covered"
)
"""After these comes a thing that belongs to the one before: a table with a cup."""

BOUNDARIES = words("and or but then if when while because since plus whether")
CONJUNCTIONS = words(
    "as like so before after until where though although once that how what thinks believes hopes "
    "knows feels"
)
"""With a pronoun and its verb after them, these begin a clause: the sheep as it grazes."""

RELATIVES = words("who which that whom where")
BE = words("is are was were be been being am isn aren wasn weren 's 're 'm")

HAVE = words("has have had having")

AUXILIARIES = words(
    "do does did can could will would shall should may might must has have had don doesn didn won "
    "'ll 'd 've 't not"
)

QUESTIONS = words("what who where when why how which whose")

REQUESTS = words(
    "find show locate segment detect mark highlight select identify spot point count outline see "
    "give get box draw track tell describe ground zoom compare crop enlarge rotate look focus "
    "pick recognize recognise label name check read explain tag flag pinpoint single list "
    "annotate circle trace"
)
NAMED_LIKE_REQUESTS = words("box flag tag label mark track ground name spot circle list")

DETERMINERS = words(
    "a an the this these those some any every each another no all both many several few my your "
    "our two three four five six seven eight nine ten"
)

SINGULAR_PRONOUNS = words("it its he him his she her hers")
PLURAL_PRONOUNS = words("they them their theirs")
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
    PLURAL_PRONOUNS, ENDINGS, OTHER_PRONOUNS, QUESTIONS, ADVERBS, CONJUNCTIONS,
)  # fmt: skip

PLURAL_DETERMINERS = words(
    "two three four five six seven eight nine ten these those several many all both few"
)

BEFORE_ALL = words("a an the in")  # in all black
SINGULAR_DETERMINERS = words("a an one this that another each every")

ADJECTIVES = words(
    "black white red green blue yellow brown grey gray orange pink purple silver gold golden dark "
    "light bright big small large little tall short long old young new"
)

# Heads of noun phrases that no pronoun refers to: “on the left, what is next to it”.
PICTURE = words("picture image photo photograph scene drawing screenshot painting")

SCENE = PICTURE | words(
    "background foreground middle center centre left right top bottom front back side corner edge "
    "way time colour color name view rest kind type number line"
)

NOUNS_IN_ING = words(
    "building ceiling string painting clothing railing awning earring ring king wing thing "
    "something everything anything nothing morning evening icing dressing topping frosting "
    "pudding spring swing sling siding covering wedding lettering crossing marking"
)

WORN = words(
    "hat cap helmet shirt tshirt t-shirt sweater sweatshirt hoodie jacket coat vest suit tie "
    "dress skirt pants jeans shorts trousers shoe shoes boots sneakers sock socks glove gloves "
    "glasses sunglasses goggles scarf belt uniform jersey hair beard mustache collar harness "
    "watch apron"
)
"""What belongs so closely to its wearer that nothing else is said to be beside it."""

DEEDS = words(
    "walking running skiing riding looking staring pointing taking talking smiling watching "
    "playing jumping holding reaching petting feeding touching kissing hugging"
)
"""What only the living do."""

POSTURE_VERBS = words(
    "standing sitting lying laying leaning resting hanging walking running kneeling crouching "
    "squatting sleeping napping swimming flying floating driving parked going being"
)

SAYING = words("says say saying reads read written")

CONTAINING = words("in on inside around over off from through of into onto")
"""Before a pronoun, these say what a thing has, rather than where another one is."""

INDEFINITE = words(
    "whoever someone somebody anyone anybody everyone everybody something anything everything"
)

# Parts of things and people, so that “the ball in its mouth” is not the ball's mouth.
PARTS = words(
    "left right top bottom front back side rear mouth head neck leg legs paw paws tail ear ears "
    "eye eyes face hand hands arm arms body foot feet nose shoulder shoulders lap finger fingers "
    "beak wing wings chest knee knees"
)

POSTURES = words("back side belly stomach feet foot legs knees hands head")

WEATHER = words(
    "raining rain rainy snowing snow snowy sunny cloudy windy foggy stormy daytime nighttime day "
    "night morning afternoon evening noon midnight dawn dusk sunrise sunset summer winter autumn "
    "weekend monday tuesday wednesday thursday friday saturday sunday christmas late early time "
    "indoors outdoors o'clock am pm weather"
)

TIME_NOUNS = words("time day date season year month weather late early")
SEEMS = words("seems seem appears appear looks look turns happens")

OPINIONS = words(
    "possible impossible clear likely unlikely true obvious hard easy difficult important "
    "necessary ok okay fine safe nice good better best fair known said worth funny harder easier"
)

BEFORE_GERUNDS = words("of by before after without while when")
MAKING = words("make makes made making find finds found")

IDIOMS = words("do did try redo repeat undo got forget made believe retry")

PLACE_WORDS = words(
    "behind above below under beneath underneath beside between inside outside near around "
    "against opposite alongside touching overlapping facing"
)

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
