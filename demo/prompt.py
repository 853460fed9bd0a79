"""How each model family is asked: a *dialect* turns a resolved sentence into what a model expects.

This is the only place where R1 becomes ``bbox=[x1, y1, x2, y2]``. It knows no tokenizer and no
model code; pictures never pass through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from demo.errors import QuestionError
from demo.geometry import ModelBox, PictureBox, Size
from demo.references import Reference, Resolved
from demo.regions import Registry

# The checkpoint's interface: wording, order and the JSON example are what it was trained on.
_REGION_REASONER = """\
Please find "{question}" with bboxs and points.
If a reference bbox is provided (e.g., 'above/ below/ to the left of/ to the right of/ inside/ \
overlapping with/ touching bbox=[x1,y1,x2,y2]'), use it as spatial guidance only.

1) In <scene> </scene>, give a concise global scene description.
2) If a reference bbox exists, in <focus> </focus> describe ONLY what is visible inside that bbox \
(do not output the final answer or target label here).
3) In <think> </think>, reason over the whole image by combining the global scene and the \
reference bbox relation. Explicitly state which spatial relation from the question you apply \
(e.g., 'target is above the reference'), and use it to constrain the search over the scene to \
locate the target object(s). If multiple candidates exist, compare them and pick the closest match.
4) In <answer> </answer>, output the bbox(es) and point(s) for the target object(s) in JSON.

Format:
<scene> global scene description </scene>
<focus> description of reference bbox content (if provided bbox=[x1,y1,x2,y2]) </focus>
<think> reasoning that applies the spatial relation to the scene and narrows to the final \
target(s) </think>
<answer>{answer}</answer>"""
_ANSWER_EXAMPLE = (
    '[{"bbox_2d": [10,100,200,210], "point_2d": [30,110]}, '
    '{"bbox_2d": [225,296,706,786], "point_2d": [302,410]}]'
)
_SKELETON = (
    "<scene></scene>\n{focus}<think></think>\n"
    '<answer>[{{"bbox_2d": [0, 0, 0, 0], "point_2d": [0, 0]}}]</answer>'
)


MOST_BOXES = 120  # as many objects as the model was trained to match


@dataclass(frozen=True, slots=True)
class Given:
    """A reference as the model gets it: the name it has here, and its box in both frames."""

    name: str
    picture_box: PictureBox
    model_box: ModelBox


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question, ready for a model.

    ``question`` is the sentence with its boxes, ``instruction`` the whole text beside the picture.
    ``likely`` are texts that the answer may repeat parts of, the likeliest last: the model never sees
    them, but they help to decode faster.
    """

    question: str
    instruction: str
    given: tuple[Given, ...]
    likely: tuple[str, ...] = ()


def region_reasoner_instruction(question: str) -> str:
    """The full instruction round a question, exactly as RegionReasoner was trained on it."""
    return _REGION_REASONER.format(question=question, answer=_ANSWER_EXAMPLE)


def build_prompt(resolved: Resolved, registry: Registry, picture: Size, frame: Size) -> Prompt:
    """The RegionReasoner prompt for a resolved sentence; boxes are rounded here, once.

    A region of several objects puts every object's box in, joined by "and". Raises QuestionError for
    more than 120 boxes, and when no words are left.
    """
    given: list[Given] = []
    pieces: list[str] = []
    end = resolved.begin
    # "both of them" is one phrase and several references, all with the same span.
    spoken = (r for r in resolved.references if not r.topic)
    for (start, stop), meant in groupby(spoken, key=lambda r: (r.start, r.end)):
        same = list(meant)
        boxes = [g for r in same for g in _given(r, registry, picture, frame)]
        given.extend(boxes)
        pieces += [resolved.sentence[end:start], _written(boxes), "'s" * same[0].possessive]
        end = stop
        if len(given) > MOST_BOXES:
            raise QuestionError(
                f"This question cites more than {MOST_BOXES} boxes. Cite fewer regions at a time."
            )
    pieces.append(resolved.sentence[end:])
    question = normalised("".join(pieces))
    if not question:
        raise QuestionError("Ask for something in words, for example “find the dog”.")
    skeleton = _SKELETON.format(focus="<focus></focus>\n" if given else "")
    return Prompt(
        question, region_reasoner_instruction(question), tuple(dict.fromkeys(given)), (skeleton,)
    )


def normalised(question: str) -> str:
    """Lower case on one line, without leading and trailing ``. " ? !``, as in training.

    Tokens of the chat format, such as ``<|im_end|>``, are broken up: a person's are text.
    """
    return " ".join(question.lower().split()).strip(' ."?!').replace("<|", "< |")


def bbox_text(box: ModelBox) -> str:
    """``bbox=[x1, y1, x2, y2]``, comma and space as the authors' data has it."""
    return f"bbox=[{', '.join(str(v) for v in box.xyxy)}]"


def _given(reference: Reference, registry: Registry, picture: Size, frame: Size) -> list[Given]:
    objects = registry.objects(reference.name)
    single = len(objects) == 1
    return [
        Given(reference.name if single else o.id, o.box, o.box.to_model(picture, frame))
        for o in objects
    ]


def _written(given: Sequence[Given]) -> str:
    return " and ".join(bbox_text(g.model_box) for g in given)
