"""The words that are single tokens for nano: those of its world, and common English ones.

Common words that training never uses cost little and let unforeseen sentences be read word by word.
"""

from __future__ import annotations

import re

from demo.nano.world.facts import GROUPS, RELATIONS
from demo.nano.world.phrases import STRANGERS, SYNONYMS, every_word, plural
from demo.nano.world.scene import COLOURS, KINDS, PLACES

COMMON = """
a about above across after again all also am among an and animal animals another any anyone anything
are around as ask at away back be because been before behind being below beneath beside besides between
big bigger biggest both bottom box boy bright but by call can cannot close closer closest clothes cloud
clouds colour colored coloured color corner could dark did different do does doing done down each either
else end every everyone everything except face far farthest few field find first five flower flowers for
four from front full furthest get girl give go going good grass green ground had half hand has hat hats
have having he head hello help her here hers hi high higher him his hold holding how huge i if image in
inside into is it its just kid kids kind lady large larger last lay least left leftmost less let lies like
little locate long look looking lot low lower lowest main make many mark may me middle might mine more most
much must my near nearby nearest need new next no nobody none not nothing now number object objects of off
old on one ones only open or orange other others our out outside over pair pants park part partly past
people person photo pick picture piece pink place please point put reading ride riding right rightmost road
roof round run running same sand say sea search second see seen segment select several shape she shirt
shirts shoe show side sit sits sitting sky small smaller smallest so some somebody someone something
somewhere stand standing stands still street such sun sunny take tall taller tallest tell ten than thank
thanks that the their them then there these they thing things third this those three through tiny to
together too top toward towards two under underneath up upper us use very walk walking want was water way we
wear wearing wears were what whats when where wheres which while who whom whose why will window with within
without woman would yes yet you your grey gray dressed dress touches touch overlap overlaps overlapping
touching highlight detect identify spot display draw outline circle kindly largest smallest tiniest counting
whatever located could't i'd i'm what's where's
who's that's don't car's man's woman's dog's
"""


# The words of the answers that are not also words of questions.
ANSWERS = """A Looking for Inside the box There is none None of them fits It Found Candidates From left
to right The target reference references sunny dusky nothing but background in middle on I do not know
something"""


def vocabulary() -> list[str]:
    """All whole words, lower case and as they stand in answers; the same on every call."""
    listed = (COMMON, ANSWERS, *KINDS, *GROUPS, *COLOURS, *PLACES, *RELATIONS)
    words = {w for entry in listed for w in re.findall(r"[A-Za-z]+", entry)}
    nouns = (*KINDS, *GROUPS, *STRANGERS, *(n for said in SYNONYMS.values() for n in said))
    return sorted(words | every_word() | {plural(w) for w in nouns})


def known_words() -> dict[str, list[str]]:
    """What nano was taught to find, by headings that people read; the same on every call."""
    things = {kind: SYNONYMS.get(kind, ()) for kind in (*KINDS, *GROUPS)}
    return {
        "Things": [f"{n} ({', '.join(said)})" if said else n for n, said in things.items()],
        "Colours": list(COLOURS),
        "Places": list(PLACES),
        "Relations to a region": [*RELATIONS, "between"],
        "Also": ["hats", "shirts and dresses", "the largest and the smallest", "the first from the left",
                 "all of a kind", "the nearest"],
    }  # fmt: skip
