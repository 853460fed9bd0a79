"""Where noun phrases and clauses begin and end in an English sentence, by word lists and a few endings.

It knows no verbs but by their place and ending, and no meaning (`discourse.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from demo.language import lexicon as lex
from demo.language.english import Sentence
from demo.language.nouns import is_doer, is_living, is_plural, kind_of


@dataclass(frozen=True, slots=True)
class Phrases:
    """Questions about the words of a sentence; an index may lie beyond its ends."""

    sentence: Sentence

    def read(self, start: int) -> tuple[list[str], int]:
        """The words of a noun phrase after its determiner, and the position after them."""
        s = self.sentence
        while s.low(start) in lex.ADVERBS or (
            s.low(start) == "all" and s.low(start - 1) in lex.BEFORE_ALL
        ):
            start += 1
        stop = start
        while s.is_content(stop) or (
            stop > start and s.low(stop) == "and" and s.is_between_alike(stop)
        ):
            if stop > start and (s.is_participle(stop) or self.is_verb(stop)):
                break
            stop += 1
        return [s.low(k) for k in range(start, stop)], stop

    def starts_bare(self, index: int) -> bool:
        """Whether a noun phrase without a determiner may start here: with *tea*, on *grass*."""
        return self.sentence.is_content(index) and not self.sentence.is_participle(index)

    def starts_part(self, index: int) -> bool:
        """Whether a part of the sentence starts here with a noun phrase without *the*: dog and its ball."""
        s = self.sentence
        is_first = s.is_start(index)
        if not s.is_content(index) or not (is_first or s.low(index - 1) in lex.BOUNDARIES | {","}):
            return False
        phrase, stop = self.read(index)
        if any(map(kind_of, phrase)) or phrase == ["one"]:
            return is_first or not s.is_participle(index)
        goes_on = lex.CONTINUATIONS | lex.CONJUNCTIONS | {"and", "or"}
        return is_first and (s.low(stop) in goes_on or s.is_participle(stop))

    def is_determiner(self, index: int) -> bool:
        """Whether a noun phrase follows that this word begins."""
        low, before = self.sentence.low(index), self.sentence.low(index - 1)
        if low == "one":
            return self.sentence.is_content(index + 1)
        if low == "that":
            return not before or before in lex.PHRASE_STARTS
        return low in lex.DETERMINERS or low in lex.POSSESSIVES or low == "her"

    def is_request(self, index: int) -> bool:
        """Whether a verb of asking stands here: *box* the dog, not a *box* with kittens."""
        low, after = self.sentence.low(index), self.sentence.low(index + 1)
        is_noun = low in lex.NAMED_LIKE_REQUESTS and after in lex.CONTINUATIONS
        return low in lex.REQUESTS and not is_noun

    def is_verb(self, index: int) -> bool:
        """Whether the noun before is what acts here: a dog *carries* a stick, children *play*."""
        s, noun, after = self.sentence, self.sentence.low(index - 1), self.sentence.low(index + 1)
        is_known = is_living(noun) and noun not in ("male", "female")
        is_alive = is_known or is_doer(noun)
        has_object = after in lex.OTHER_PRONOUNS | lex.DETERMINERS | lex.POSSESSIVES | {"her"}
        if is_plural(noun) and (is_known or (is_alive and has_object)):
            return True
        if not is_plural(s.low(index)):
            return False
        is_single = s.low(index - 2) in ("a", "an")  # a heron stands on
        goes_on = after in lex.LINKS and (is_alive or is_single)
        return has_object or goes_on or (is_alive and s.is_content(index + 1))

    def is_clause(self, index: int) -> bool:
        """Whether a subject and its verb stand here: *it grazes*, *he's about to fall*, *water shoots*."""
        s, low = self.sentence, self.sentence.low(index)
        if low in ("it", "he", "she", "they"):
            after = s.low(index + 1)
            return after in lex.BE | lex.AUXILIARIES | lex.OPENERS or s.is_content(index + 1)
        if low in ("i", "you", "we") or s.is_participle(index):
            return True
        start = index + (low in lex.DETERMINERS)
        phrase, stop = self.read(start)
        if not phrase:
            return False
        acts = len(phrase) > 1 and is_plural(phrase[-1])
        return acts or self.is_verb(stop) or s.low(stop) in lex.BE | lex.AUXILIARIES

    def has_subject(self, index: int) -> bool:
        """Whether the relative clause of this word has a subject of its own: that *the man* holds."""
        s, after = self.sentence, self.sentence.low(index + 1)
        if after in lex.SINGULAR_PRONOUNS | lex.PLURAL_PRONOUNS:
            return False
        is_noun = s.is_content(index + 1) and kind_of(after) is not None
        others = lex.DETERMINERS | lex.INDEFINITE | lex.OTHER_PRONOUNS | {"“”"}
        return is_noun or after in others or s.low(index) == "where"

    def is_auxiliary(self, index: int) -> bool:
        """Whether *has* only helps a verb: the van that *has* just overtaken it."""
        s, after = self.sentence, index + 1
        while s.low(after) in lex.ADVERBS:
            after += 1
        is_perfect = s.low(after).endswith(("ed", "ken")) and s.low(after) not in lex.ADJECTIVES
        return s.low(index) in lex.HAVE and (is_perfect or s.low(after) in lex.BE)

    def is_purpose(self, index: int) -> bool:
        """Whether a purpose follows this *to*: a dog running *to* catch it; not next *to* trees."""
        before = self.sentence.low(index - 1)
        is_place = before in lex.LINKS | lex.POSTURE_VERBS
        return (
            self.sentence.low(index) == "to"
            and self.sentence.is_content(index + 1)
            and not is_place
        )

    def is_object(self, index: int) -> bool:
        """Whether what starts here is had or handled by what stands before: with a hat, holding a bag."""
        s, before, verb = self.sentence, self.sentence.low(index - 1), self.sentence.low(index - 2)
        if before in lex.OPENERS or (before == "by" and verb.endswith("ed")):
            return True
        if before in lex.LINKS and s.is_participle(index - 2):
            return verb not in lex.POSTURE_VERBS  # pointing at the
        neutral = lex.PHRASE_STARTS | lex.BE | lex.ADVERBS | lex.RELATIVES | lex.DETERMINERS
        return bool(before) and before not in neutral

    def is_continued(self, index: int) -> bool:
        """Whether the description continues at this mark: the dog, next to it; above *and* below it."""
        s, after = self.sentence, self.sentence.low(index + 1)
        if s.low(index) != ",":
            is_relation = s.low(index) == "and" and after in lex.LINKS  # left of R1 and behind it
            return is_relation or s.is_between_alike(index)
        if after == "only":
            after = s.low(index + 2)
        return after in lex.LINKS | lex.RELATIVES | lex.ADVERBS or after.endswith("ing")
