"""A small folder in the form of V*, made of drawn scenes with small things in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.scene import Scene, Thing
from demo.picture.geometry import PictureBox, Size

SIZE = Size(1500, 1000)
LAST_LINE = "Answer with the option's letter from the given choices directly."


@dataclass(frozen=True)
class Small:
    """A question about small things of a scene; the first option is right."""

    category: str
    stem: str
    things: tuple[Thing, ...]
    targets: tuple[int, ...]
    question: str
    sentences: tuple[str, ...]
    options: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.category}/{self.stem}"

    def boxes(self) -> list[PictureBox]:
        """The targets, in pixels of the picture of 1,500 × 1,000."""
        return [PictureBox(*_drawn(self.things).boxes[i]) for i in self.targets]


def _thing(kind: str, colour: str, x: float, y: float, side: float = 0.03) -> Thing:
    return Thing(kind, colour, None, x, y, side * 2 / 3, side)


@lru_cache(maxsize=8)
def _drawn(things: tuple[Thing, ...]) -> Drawing:
    return draw(Scene("park", "day", (1500, 1000), things), SIZE.width, SIZE.height)


def _coloured(stem: str, kind: str, colours: tuple[str, ...], x: float, y: float) -> Small:
    things = (_thing("house", "white", 0.3, 0.62, 0.2), _thing(kind, colours[0], x, y))
    return Small(
        "direct_attributes",
        stem,
        things,
        (1,),
        f"What is the color of the {kind}?",
        tuple(f"The color of the {kind} is {colour}." for colour in colours),
        colours,
    )


def _placed(stem: str, first: str, second: str, left: float, right: float, y: float) -> Small:
    things = (_thing(first, "red", left, y), _thing(second, "black", right, y + 0.02))
    sides = ("left", "right") if left < right else ("right", "left")
    sentences = tuple(f"The {first} is on the {side} side of the {second}." for side in sides)
    question = f"Is the {first} on the left or right side of the {second}?"
    return Small("relative_position", stem, things, (0, 1), question, sentences, sentences)


QUESTIONS = (
    _coloured("sa_9", "ball", ("red", "blue", "green", "yellow"), 0.82, 0.8),
    _coloured("sa_10", "kite", ("orange", "purple", "blue", "white"), 0.12, 0.2),
    _coloured("sa_4690", "dog", ("black", "white", "brown", "orange"), 0.55, 0.9),
    _placed("sa_61594", "ball", "cat", 0.2, 0.75, 0.85),
    _placed("sa_6183", "car", "dog", 0.9, 0.4, 0.75),
)
# Where the right option stands in the text that is asked, by question.
RIGHT = {"sa_9": 2, "sa_10": 0, "sa_4690": 3, "sa_61594": 1, "sa_6183": 0}


def reordered(small: Small) -> list[str]:
    """The options as the text has them."""
    others = list(small.options[1:])
    return [*others[: RIGHT[small.stem]], small.options[0], *others[RIGHT[small.stem] :]]


def text_of(small: Small) -> str:
    """The text that is asked, as it is published."""
    lines = [f"({letter}) {o}" for letter, o in zip("ABCD", reordered(small), strict=False)]
    return "\n".join((small.question, *lines, LAST_LINE))


def note_of(small: Small) -> dict[str, Any]:
    """The JSON file beside a picture."""
    return {
        "target_object": [small.things[i].kind for i in small.targets],
        "bbox": [[b.x1, b.y1, b.width, b.height] for b in small.boxes()],
        "question": small.question,
        "options": list(small.sentences),
    }


def rows_of_texts() -> list[dict[str, Any]]:
    """The rows of test_questions.jsonl."""
    return [
        {
            "image": f"{small.key}.jpg",
            "text": text_of(small),
            "category": small.category,
            "label": "ABCD"[RIGHT[small.stem]],
            "question_id": number,
        }
        for number, small in enumerate(QUESTIONS)
    ]


def write_vstar(
    folder: Path,
    *,
    has_texts: bool = True,
    change: Callable[[str, dict[str, Any]], object] = lambda _key, note: note,
) -> Path:
    """The folder; what ``change`` makes of a note is written in its place, a text as it is."""
    for small in QUESTIONS:
        place = folder / small.category
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(_drawn(small.things).image).save(place / f"{small.stem}.jpg", quality=90)
        note = change(small.key, note_of(small))
        written = note if isinstance(note, str) else json.dumps(note)
        (place / f"{small.stem}.json").write_text(written, encoding="utf-8")
    if has_texts:
        lines = "".join(json.dumps(row) + "\n" for row in rows_of_texts())
        (folder / "test_questions.jsonl").write_text(lines, encoding="utf-8")
    return folder
