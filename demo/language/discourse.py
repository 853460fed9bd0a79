"""Which noun phrase of its own sentence a pronoun can mean.

It tells *the cup next to it* (something found earlier) from *a mug with tea in it* (the mug): a pronoun in
words that say where a thing is does not mean that thing, and one in a clause about a thing may. Where the
rules cannot decide, they report an antecedent, because leaving a pronoun as it was typed does no harm.

This file knows no regions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from demo.language import lexicon as lex
from demo.language.english import Sentence
from demo.language.nouns import (
    LIVING,
    NAMED,
    Noun,
    is_living,
    is_plural,
    is_sex_of,
    kind_of,
    may_mean,
    noun_of,
)
from demo.language.phrases import Phrases

_MAX_AHEAD = 12  # words; so far after the pronoun a comma and what is meant may come


@dataclass(slots=True)
class _Description:
    """The noun phrases since the last coordination or sentence: a thing, and what describes it.

    ``owners`` have what was named behind *with*, ``actors`` do something; sets of kinds, not lists, keep
    reading linear.
    """

    nouns: set[Noun] = field(default_factory=set)
    head: Noun | None = None
    nearest: Noun | None = None
    before_nearest: set[Noun] = field(default_factory=set)
    last_living: Noun | None = None
    before_living: set[Noun] = field(default_factory=set)
    owners: set[Noun] = field(default_factory=set)
    actors: set[Noun] = field(default_factory=set)
    uncounted: int = 0
    uncounted_living: int = 0
    is_plain: bool = True  # no clause and no possession has begun
    is_predicate: bool = False  # the thing has its verb: the man *is* on a roof
    has_subject: bool = False  # a clause has begun whose subject is not the thing
    has_worn: bool = False  # the nearest phrase is a part of the body or clothes
    is_owner_acting: bool = False  # the verb belongs to the owner: a man with a hat *holding*

    def add(self, noun: Noun, *, is_worn: bool) -> None:
        self.head = self.head if self.nouns else noun
        self.nearest, self.before_nearest = noun, set(self.nouns)
        self.has_worn = is_worn
        if noun[0] in LIVING:
            self.last_living, self.before_living = noun, self.before_nearest
            self.uncounted_living += 1
            self.is_owner_acting = False
        else:
            self.uncounted += 1
        self.nouns.add(noun)

    @property
    def others(self) -> set[Noun]:
        """All but the thing that is described."""
        return self.nouns - {self.head} if self.head else set()

    def note_verb(self, verb: str) -> None:
        """Note whose a participle is: the man with a hat holding it, a bed with a man in it reading."""
        is_lifeless = self.nearest is not None and self.nearest[0] not in LIVING
        is_of_owner = self.has_worn or (is_lifeless and verb in lex.DEEDS)
        self.is_owner_acting = is_of_owner and self.last_living in self.owners


class Discourse:
    """The noun phrases before a word that a pronoun there could mean.

    A pronoun inside the description of a thing does not mean that thing (*the dog next to it*), so the
    phrases of the current description are out of its reach. They come into reach

    - with the next coordination or sentence (*the dog and the ball next to it*);
    - when one of them has or handles another (*a table with a cup on it*, *a man pulling bags behind him*);
    - in a clause with another subject (*the bag the woman holds in front of her*, *a sheep as it grazes*);
    - when the nearest one is alive and the pronoun does not fit it (*the ball behind the man throwing it*).
    """

    def __init__(self, sentence: Sentence) -> None:
        self._s, self._phrases = sentence, Phrases(sentence)
        self._now = _Description()
        self._reachable: set[Noun] = set()
        self._at_boundary: set[Noun] = set()
        self._before_boundary: set[Noun] = set()
        self._is_about_picture = False
        self.count = 0  # phrases that *they* could mean together
        self.inside = 0  # position after the noun phrase read last

    def has_noun_for_one(self) -> bool:
        """Whether *one* may stand for a noun phrase of this sentence."""
        return any(kind != "named" for kind, _ in self._reachable)

    def has_antecedent(self, index: int, possessive: bool) -> bool:
        """Whether the pronoun here may mean a noun phrase of the sentence itself."""
        s, now, nouns, count = self._s, self._now, self._reachable, self.count
        low, before, after = s.low(index), s.low(index - 1), s.low(index + 1)
        if self._is_about_picture and before == "in" and low == "it":
            return True  # this picture has a dog in it
        if before in lex.REQUESTS and any(noun != NAMED for noun in self._reachable):
            return True  # there is a woman somewhere, circle it
        if self._is_announced(index, possessive):
            return True
        if possessive:
            nouns, count = nouns | self._possible_owners(index), count + now.uncounted_living
        elif before in ("and", "or") and (
            s.is_end(index + 1) or after in lex.LINKS | lex.BOUNDARIES
        ):
            # In “between the tree and it” the pronoun is not the tree.
            nouns, count = self._before_boundary, 0
        elif before in lex.OPENERS or self.begins_clause(index):
            nouns = nouns - now.owners  # the dog with it, the child whose hand she holds
        elif now.is_owner_acting or (now.has_worn and s.is_after_place(index)):
            nouns = nouns - {noun for noun in now.owners if noun[0] in LIVING}
        return may_mean(low, nouns, count) or self._is_beyond_nearest(index)

    def _possible_owners(self, index: int) -> set[Noun]:
        """What a possessive may mean in the current description.

        After a relation that is what acts: not the ball *in its mouth*, but the dog *on its back*; and
        what is known to own something: not the button *on her coat*.
        """
        now, low = self._now, self._s.low(index)
        before, after = self._s.low(index - 1), self._s.low(index + 1)
        if low == "their" and before in lex.OPENERS:
            return {noun for noun in now.nouns if noun[0] != "thing"} | {("person", False)}
        if before not in lex.LINKS:
            return now.nouns
        is_alive = any(kind in LIVING or kind == "doer" for kind, _ in now.nouns)
        if after in lex.PARTS and not (is_alive and before == "on" and after in lex.POSTURES):
            return now.actors
        if low == "its":
            return now.nouns
        vague = ("unknown", "animal") if low == "their" else ("unknown",)
        return now.actors | {noun for noun in now.nouns if noun[1] or noun[0] not in vague}

    def is_owner(self, index: int) -> bool:
        """Whether the pronoun means the thing that has what was just named, whatever it meant before:
        in *the cup next to it with tea in it* the second one is the cup.
        """
        return self._s.low(index - 1) in lex.CONTAINING and may_mean(
            self._s.low(index), self._now.owners
        )

    def names_several(self) -> bool:
        """Whether several things were named, in reach or not."""
        nouns = self._reachable | self._now.nouns
        return self.count > 1 or any(plural or kind == "group" for kind, plural in nouns)

    def begins_clause(self, index: int) -> bool:
        """Whether it is the subject of a clause about what was just named: the bag *she* carries."""
        start = index - (self._s.low(index - 1) in lex.RELATIVES)
        return start == self.inside and self._phrases.is_clause(index)

    def _is_beyond_nearest(self, index: int) -> bool:
        """Whether it means what came before the nearest phrase, because that is alive and does not fit
        (*the dog by the man behind it*) or because a clause begins (*the boy by the tree he leans on*).
        """
        now, low, begins = self._now, self._s.low(index), self.begins_clause(index)
        if now.nearest is None or not (begins or now.nearest[0] in LIVING):
            return False
        if begins and is_sex_of(low, now.before_nearest):
            return True  # a woman smiling at the baby she holds
        vague = ("unknown", "thing") if begins else ()
        nouns = [noun for noun in now.before_nearest if noun[0] not in vague]
        return may_mean(low, nouns) and not may_mean(low, [now.nearest])

    def _is_announced(self, index: int, possessive: bool) -> bool:
        """Whether what is meant comes after: with its trunk raised, the elephant; as he runs, the man."""
        s, low, before = self._s, self._s.low(index), self._s.low(index - 1)
        if possessive:
            is_introduced = before in lex.OPENERS | lex.LINKS or s.is_participle(index - 1)
            is_side = before in lex.LINKS and s.low(index + 1) in lex.SIDES - {"side"}
            if not is_introduced or is_side or not s.is_start(index - 1):
                return False
        elif (
            index != 1
            or before not in lex.CONJUNCTIONS | lex.BOUNDARIES
            or not self._phrases.is_clause(1)
        ):
            return False
        ahead = range(index, index + _MAX_AHEAD)
        comma = next((k for k in ahead if s.low(k) == ","), None)
        if comma is None or s.low(comma + 1) not in lex.DETERMINERS:
            return False
        noun = noun_of(self._phrases.read(comma + 2)[0], s.low(comma + 1))
        return noun is not None and may_mean(low, [noun])

    # Reading

    def name(self, start: int) -> None:
        """Add a thing called by its name; what stands beside a name (*left of R1*) does not describe it."""
        self._add(NAMED, self._phrases.is_object(start))
        if self._s.low(start - 1) in lex.LINKS:
            self._reachable.add(NAMED)

    def add_possession(self, start: int) -> None:
        """Add the noun phrase after a possessive."""
        self._read_noun(start, "", is_object=False)

    def handle(self, index: int) -> None:
        """Note a pronoun that means a region: who handles that is in reach (pulling it behind her)."""
        if self._s.is_participle(index - 1):
            self._release()

    def read(self, index: int) -> None:
        """Take account of a word that refers to no region."""
        low, phrases = self._s.low(index), self._phrases
        self._is_about_picture = self._is_about_picture or low in lex.PICTURE
        if index < self.inside:
            return
        if low in lex.ENDINGS or low in lex.BOUNDARIES:
            if not phrases.is_continued(index):
                self._boundary()
        elif phrases.is_determiner(index):
            self._read_determined(index)
        elif phrases.is_request(index):
            self._read_noun(index + 1, "", is_object=False)
        elif phrases.starts_part(index):
            self._read_noun(index, "", is_object=False)
        elif low in lex.INDEFINITE:
            self._add((kind_of(low) or "unknown", False), phrases.is_object(index))
        else:
            self._read_between(index)

    def _read_between(self, index: int) -> None:
        """Take account of a word between noun phrases: what it says of those before it."""
        s, low, phrases = self._s, self._s.low(index), self._phrases
        is_noun_next = phrases.starts_bare(index + 1)
        if low in lex.OPENERS and not phrases.is_auxiliary(index):
            self._read_opener(index)
        elif low in lex.RELATIVES:
            self._read_relative(index)
        elif low in lex.CONJUNCTIONS and phrases.is_clause(index + 1):
            self._release()
        elif phrases.is_purpose(index):
            self._reachable |= self._now.others  # the dog running after a ball to catch it
        elif low == "'s" and is_noun_next and index == self.inside and self._now.nouns:
            self._read_noun(index + 1, "", is_object=True)
        elif low in lex.BE | lex.AUXILIARIES or (s.words[index].is_word and s.is_content(index)):
            self._read_verb(index)
        elif low in lex.LINKS and is_noun_next:
            self._read_noun(index + 1, "", is_object=False)

    def _read_determined(self, index: int) -> None:
        """A noun phrase with its determiner. Right behind another it begins a clause: a bag the man has."""
        is_behind = index == self.inside and bool(self._now.nouns)
        is_object = self._phrases.is_object(index) and not is_behind
        self._read_noun(index + 1, self._s.low(index), is_object=is_object)
        self._now.has_subject |= is_behind

    def _read_opener(self, index: int) -> None:
        """*with*, *has*: what has something is in reach."""
        now = self._now
        now.actors |= now.nouns
        now.owners = set(now.nouns)
        now.is_plain = now.is_owner_acting = False
        self._release()
        if self._phrases.starts_bare(index + 1):
            self._read_noun(index + 1, "", is_object=True)

    def _read_relative(self, index: int) -> None:
        """A relative clause, with its own subject (*that the man holds*) or about the last living thing."""
        self._now.is_plain = False
        if self._phrases.has_subject(index):
            self._release()
            self._now.has_subject = True
        else:
            self._reachable |= self._now.before_living

    def _read_verb(self, index: int) -> None:
        """A verb or an adjective. A possessive may mean what acts from here on: a dog chasing its tail."""
        s, low, now = self._s, self._s.low(index), self._now
        now.actors |= now.nouns
        if now.has_subject or low in lex.SAYING:
            self._release()
            now.has_subject = False
        elif low in lex.BE and now.is_plain and now.head:
            self._reachable |= now.others  # the surfer on a board is falling off it
            now.is_predicate = True
        if s.is_participle(index):
            now.note_verb(low)
            is_gerund = s.low(index - 1) in lex.BEFORE_GERUNDS  # instead of riding it
            self._reachable |= now.others if is_gerund else now.before_living
            if s.is_content(index + 1) and low not in lex.POSTURE_VERBS:
                self._read_noun(index + 1, "", is_object=True)

    def _read_noun(self, start: int, determiner: str, *, is_object: bool) -> None:
        """Read ahead a noun phrase, from the word after its determiner on."""
        phrase, self.inside = self._phrases.read(start)
        noun = noun_of(phrase, determiner)
        living = [word for word in phrase[:-1] if is_living(word)]  # a boy watch their dog
        self._now.nouns.update((kind_of(word) or "", is_plural(word)) for word in living)
        is_praise = phrase == ["one"] and self._s.is_end(self.inside)  # that's the one
        if noun is not None and not is_praise:
            self._add(noun, is_object, is_worn=is_object and phrase[-1] in lex.PARTS | lex.WORN)

    def _add(self, noun: Noun, is_object: bool, *, is_worn: bool = False) -> None:
        if is_object:
            self._release()
        self._now.add(noun, is_worn=is_worn)
        if self._now.is_predicate:
            self._reachable.add(noun)

    def _release(self) -> None:
        self._reachable |= self._now.nouns
        self.count += self._now.uncounted_living
        self._now.uncounted_living = 0

    def _boundary(self) -> None:
        self._before_boundary = self._at_boundary
        self._release()
        self.count += self._now.uncounted
        self._at_boundary = set(self._reachable)
        self._now = _Description()
