"""From a resolved sentence to the prompt of a model, in its dialect.

This is the only place where R1 becomes ``bbox=[x1, y1, x2, y2]``. It knows no tokenizer and no
model code; pictures never pass through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from demo.dialects.dialect import Dialect
from demo.dialects.known import REGION_REASONER
from demo.dialects.messages import MAIN, Message
from demo.errors import QuestionError
from demo.language.letters import is_spaced
from demo.language.references import Reference, Resolved
from demo.picture.crops import Part
from demo.picture.geometry import ModelBox, Size
from demo.picture.regions import Registry

_THOUGHT = "<think>\n"
MAX_BOXES = 120  # as many objects as the model was trained to match


@dataclass(frozen=True, slots=True)
class GivenBox:
    """A reference as the model gets it: its name in the dialogue, and its box in the model frame."""

    name: str
    model_box: ModelBox


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question, ready for a model.

    ``question`` is the sentence with its boxes as ``bbox=[…]`` (or bare), ``instruction`` the whole text
    beside the picture, with the boxes as the model's dialect writes them (or bare).
    ``likely`` are texts of which the answer may repeat parts, the likeliest last: the model never sees
    them, but they make decoding faster. ``messages`` are the whole conversation where it is more than a
    picture and the instruction.
    """

    question: str
    instruction: str
    given: tuple[GivenBox, ...]
    likely: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()

    @property
    def conversation(self) -> tuple[Message, ...]:
        """What the model is told and shown; never empty."""
        return self.messages or (Message("user", (MAIN, self.instruction)),)


def region_reasoner_instruction(question: str) -> str:
    """The full instruction around a question, exactly as RegionReasoner was trained on it."""
    return REGION_REASONER.instruction(question)


def build_prompt(
    resolved: Resolved,
    registry: Registry,
    picture: Size,
    frame: Size,
    dialect: Dialect = REGION_REASONER,
    *,
    bare: bool = False,
    part: Part | None = None,
) -> Prompt:
    """The prompt for a resolved sentence, with boxes in ``frame``, to which they are rounded here, once.

    For a region of several objects, every object's box is written, joined by "and". ``bare`` writes only
    ``[x1, y1, x2, y2]``, whatever the dialect. ``frame`` is that of the picture, or of a ``part`` of it
    that is shown alone. Raises QuestionError for more than 120 boxes, and when no words are left.
    """
    part = part or Part.whole(picture, frame)
    given: list[GivenBox] = []
    pieces: list[str] = []
    end = resolved.begin
    # "both of them" is one phrase and several references, all with the same span.
    spoken = (r for r in resolved.references if not r.is_topic)
    for (start, stop), meant in groupby(spoken, key=lambda r: (r.start, r.end)):
        same = list(meant)
        boxes = [g for r in same for g in _boxes_of(r, registry, part, frame)]
        given.extend(boxes)
        pieces += [
            resolved.sentence[end:start],
            " " * (is_spaced(resolved.sentence[start - 1 : start]) or 0 < start == end),
            _text_of(boxes, bare),
            "'s" * same[0].is_possessive,
            _lost_before(resolved.sentence[stop : stop + 2]),
        ]
        end = stop
        if len(given) > MAX_BOXES:
            raise QuestionError(
                f"This question cites more than {MAX_BOXES} boxes. Cite fewer regions at a time."
            )
    pieces.append(resolved.sentence[end:])
    question = as_typed("".join(pieces)) if dialect.is_as_typed else normalise("".join(pieces))
    if not question:
        raise QuestionError("Ask for something in words, for example “find the dog”.")
    distinct, likely = tuple(dict.fromkeys(given)), dialect.likely(given=bool(given))
    in_dialect = () if bare else distinct
    instruction = _instruction(question, in_dialect, dialect)
    asked = Message("user", (MAIN, instruction))
    messages = (Message("system", (dialect.system,)), asked) if dialect.system else ()
    return Prompt(question, instruction, distinct, (likely,), messages)


def _instruction(question: str, given: Sequence[GivenBox], dialect: Dialect) -> str:
    """The whole text, with these boxes as the dialect writes them; only now, because `normalise` would
    break up the dialect's special tokens.
    """
    for one in given:
        box = one.model_box
        question = question.replace(bbox_text(box), dialect.box.format(*box.xyxy))
    return dialect.instruction(question)


def as_typed(question: str) -> str:
    """The question with its capitals, marks and lines; tokens of the chat format are text in it."""
    return question.strip().replace("<|", "< |")


def normalise(question: str) -> str:
    """Lower case on one line, without leading and trailing ``. " ? !``, as in training.

    Tokens of the chat format, such as ``<|im_end|>``, are broken up: typed by a person they are text.
    """
    return " ".join(question.lower().split()).strip(' ."?!').replace("<|", "< |")


def without_thinking(prompt: str) -> str:
    """A prompt that lets a model answer at once, where its chat template has begun a thought for it.

    An empty thought is what templates write that can do without; a dialect asks for thoughts by itself.
    """
    begun = prompt.endswith((_THOUGHT, _THOUGHT.rstrip()))
    return f"{prompt.rstrip()}\n\n</think>\n\n" if begun else prompt


def _lost_before(after: str) -> str:
    """What is missing between a name and the word that touches it: R1s hat, R1who."""
    if after[:1] == "s" and not is_spaced(after[1:]):
        return "'"
    return " " * is_spaced(after[:1])


def bbox_text(box: ModelBox) -> str:
    """``bbox=[x1, y1, x2, y2]``, comma and space as the authors' data has it."""
    return f"bbox={bare_text(box)}"


def bare_text(box: ModelBox) -> str:
    """``[x1, y1, x2, y2]``, as the authors' evaluation pastes it."""
    return f"[{', '.join(str(v) for v in box.xyxy)}]"


def _boxes_of(reference: Reference, registry: Registry, part: Part, frame: Size) -> list[GivenBox]:
    objects = registry.objects(reference.name)
    single = len(objects) == 1
    return [
        GivenBox(reference.name if single else o.id, part.box_from_picture(o.box, frame))
        for o in objects
    ]


def _text_of(given: Sequence[GivenBox], bare: bool) -> str:
    text = bare_text if bare else bbox_text
    return " and ".join(text(g.model_box) for g in given)
