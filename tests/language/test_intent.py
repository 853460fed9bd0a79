"""What sentences want: a place, a count, words, or talk."""

from __future__ import annotations

import pytest

from demo.language.intent import Intent, as_counted, intent_of, is_in_words
from demo.language.references import resolve
from demo.picture.geometry import PictureBox
from demo.picture.regions import RegionObject, Registry

KNOWN = Registry().add([RegionObject("", PictureBox(10, 10, 50, 60))], label="a thing")[0]

WANTED = {
    Intent.TALK: [
        "hello",
        "Hi there!",
        "thanks a lot",
        "你好",
        "who are you?",
        "no",
        "ok, thank you",
    ],
    Intent.COUNT: [
        "how many dogs are there?",
        "Please tell me how many chairs you can see",
        "count the birds",
        "what is the number of cars",
        "这里有几只狗？",
        "wie viele Hunde sind da",
        "¿cuántos perros hay?",
    ],
    Intent.TELL: [
        "what colour is R1?",
        "describe R1",
        "what is it?",
        "what is the man doing?",
        "is R1 bigger than R2?",
        "why is he sad",
        "what does the sign say",
        "What's in this picture?",
        "R1是什么颜色",
        "welche Farbe hat R1",
    ],
    Intent.POINT: [
        "the dog",
        "where is the ball",
        "is there a dog?",
        "are there any dogs?",
        "do you see a cat",
        "what is left of R1?",
        "what is the man holding?",
        "who is behind R1",
        "which one is red",
        "does he have a watch? find it",
        "can you find the hello kitty bag",
        "the number 5 player",
        "the no entry sign",
        "find the person who is describing something",
        "what about the kite",
    ],
}


@pytest.mark.parametrize(
    ("sentence", "wanted"), [(sentence, i) for i, listed in WANTED.items() for sentence in listed]
)
def test_what_a_sentence_wants(sentence: str, wanted: Intent) -> None:
    assert intent_of(sentence) is wanted
    assert is_in_words(sentence) == (wanted in (Intent.TELL, Intent.TALK))


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("how many dogs are there?", "all dogs?"),
        ("How many people are left of R1?", "all people left of R1?"),
        ("how many cars are red", "all cars that are red"),
        ("count all of the birds above it", "all birds above it"),
        ("tell me how many boats you see", "all boats you see"),
        ("the red ball", "the red ball"),
        ("R1: how many dogs are next to it", "R1: how many dogs are next to it"),
    ],
)
def test_what_is_counted_is_sought(typed: str, sought: str) -> None:
    resolved = resolve(typed, KNOWN)
    counted = as_counted(resolved)
    assert counted.sentence == sought
    assert counted.names == resolved.names
    for reference in counted.references:
        assert counted.sentence[reference.start : reference.end] == reference.phrase


@pytest.mark.parametrize("piece", ["how many ", "what is ", "please ", "the ", "R1 ", "有几"])
def test_long_sentences_are_read_quickly(piece: str) -> None:
    assert intent_of(piece * 2_000) in Intent
