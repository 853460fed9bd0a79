"""How much one dialogue may hold: every limit on what comes from outside, in one place.

A small file can stand for hours of work, so a dialogue is measured before anything is made of it, and what
is done with it later takes time in proportion to these numbers. They are several times what people need: a
hundred rounds, five hundred regions, sixty masks on a picture of 48 megapixels. Dialogues that grow on the
page are full a little sooner, so that what was saved can be opened.
"""

from __future__ import annotations

from dataclasses import dataclass

from demo.errors import SessionFormatError


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` of ``things``; ``advice`` says what to do where there are more."""

    most: int
    things: str
    advice: str

    def check(self, count: int) -> None:
        """Raises SessionFormatError, with a sentence, for more."""
        if count > self.most:
            raise SessionFormatError(
                f"This dialogue cannot be opened: it has {count:,} {self.things}, and at most "
                f"{self.most:,} are read. {self.advice}"
            )


_FEWER_TURNS = "Save one with fewer rounds, for example a branch of it."
_FEWER_REGIONS = "Delete some of its regions where it was made, and save it again."
_SHORTER = "Shorten its texts where it was made, and save it again."
_COARSER = "Make its picture smaller or its outlines coarser, or delete some of them."

TURNS = Limit(250, "rounds", _FEWER_TURNS)
REGIONS = Limit(1_000, "regions", _FEWER_REGIONS)
OBJECTS_EACH = Limit(300, "objects in one region or answer", _FEWER_REGIONS)
OBJECTS = Limit(5_000, "objects", _FEWER_REGIONS)
CLICKS_EACH = Limit(100, "clicks on one object", _FEWER_REGIONS)
REFERENCES_EACH = Limit(4_000, "names of regions in one question", _FEWER_TURNS)
CITATIONS = Limit(10_000, "objects named by its rounds", _FEWER_TURNS)
OPINIONS_EACH = Limit(16, "second opinions on one answer", _FEWER_TURNS)
OPINIONS = Limit(500, "second opinions", _FEWER_TURNS)
LOOKS_EACH = Limit(40, "looks in one answer", _FEWER_TURNS)
CALL = Limit(1_100, "characters in one call for a look", _SHORTER)  # a model's are read up to 1,023
FINDINGS_EACH = Limit(300, "findings on one answer", _FEWER_TURNS)
FINDINGS = Limit(6_000, "findings", _FEWER_TURNS)
LABEL = Limit(300, "characters in one label", _SHORTER)
WORDS = Limit(4_000, "characters in one label, name or finding", _SHORTER)
TEXT = Limit(60_000, "characters in one text", _SHORTER)  # a server may send 40,000
PROMPTED = Limit(300_000, "characters in one question with its boxes", _SHORTER)
TEXTS = Limit(2_000_000, "characters of text", _FEWER_TURNS)
MASK_TEXT = Limit(2_000_000, "characters in one mask", _COARSER)
MASK_TEXTS = Limit(8_000_000, "characters of masks", _COARSER)
MASK_PIXELS = Limit(3_000_000_000, "pixels within the outlines of its masks", _COARSER)
VALUES = Limit(300_000, "values", _FEWER_REGIONS)
PARTS = Limit(150_000, "commas in its file", _FEWER_REGIONS)
ESCAPES = Limit(1_000_000, "escaped characters", "Save it again in the program that made it.")
NUMBER = Limit(40, "digits in one number", "Save it again in the program that made it.")

# Where a dialogue on the page is full.
MAX_TURNS, MAX_REGIONS, MAX_OBJECTS = 200, 900, 4_000
MAX_TEXTS, MAX_MASK_TEXTS, MAX_MASK_PIXELS = 1_500_000, 6_000_000, 2_400_000_000
# Of one answer, whatever a model writes.
MAX_ANSWER, MAX_FOUND, MAX_FINDINGS = 40_000, 300, 250
