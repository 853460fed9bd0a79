"""The known dialects, with the prompts that their checkpoints were trained on or evaluated with.

Wording, order, missing spaces and examples are a checkpoint's interface and must not change. This file does
not know how they are filled in or read.
"""

from __future__ import annotations

from dataclasses import replace

from demo.dialects.dialect import Dialect
from demo.picture.geometry import Size

_OBJECTS = (
    '[{"bbox_2d": [10,100,200,210], "point_2d": [30,110]}, '
    '{"bbox_2d": [225,296,706,786], "point_2d": [302,410]}]'
)
_EMPTY_OBJECTS = '[{"bbox_2d": [0, 0, 0, 0], "point_2d": [0, 0]}]'

REGION_REASONER = Dialect(
    "region-reasoner",
    request=f"""\
Please find "{{question}}" with bboxs and points.
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
<answer>{_OBJECTS}</answer>""",
    skeleton=f"<scene></scene>\n<focus></focus>\n<think></think>\n<answer>{_EMPTY_OBJECTS}</answer>",
    parts=("scene", "focus", "think", "answer"),
)

# The sentences follow each other without spaces, as the authors send them.
VISION_REASONER = Dialect(
    "vision-reasoner",
    request='Please find "{question}" with bboxs and points.'
    "Compare the difference between object(s) and find the most closely matched object(s)."
    "Output the thinking process in <think> </think> and final answer in <answer> </answer> tags."
    "Output the bbox(es) and point(s) inside the interested object(s) in JSON format."
    f"i.e., <think> thinking process here </think><answer>{_OBJECTS}</answer>",
    skeleton=f"<think></think>\n<answer>{_EMPTY_OBJECTS}</answer>",
)

# One object an answer, in an example with single quotes; of its two points the first is taken.
SEG_ZERO = Dialect(
    "seg-zero",
    request="Please find '{question}' with bbox and points."
    "Compare the difference between objects and find the most closely matched one."
    "Output the thinking process in <think> </think> and final answer in <answer> </answer> tags."
    "Output the one bbox and points of two largest inscribed circles inside the interested object in "
    "JSON format."
    "i.e., <think> thinking process here </think>"
    "<answer>{'bbox': [10,100,200,210], 'points_1': [30,110], 'points_2': [35,180]}</answer>",
    skeleton='<think></think>\n<answer>{"bbox": [0, 0, 0, 0], "points_1": [0, 0], '
    '"points_2": [0, 0]}</answer>',
    native=frozenset({"lone", "keys", "quotes"}),
)

# The prompt with which its makers evaluate RefCOCO; boxes are pixels of the picture as it was shown.
QWEN_2_5_VL = Dialect(
    "qwen2.5-vl",
    request='Locate "{question}" in this image and output the bbox coordinates in JSON format.',
    skeleton='```json\n[\n\t{"bbox_2d": [0, 0, 0, 0], "label": ""}\n]\n```',
    parts=(),
    native=frozenset({"tags", "prose", "fence"}),
    shown=None,
    frame=None,
)

# Special tokens mark the thing to find and the boxes, which are in thousandths of the picture's sides.
QWEN_2_VL = Dialect(
    "qwen2-vl",
    request="Find <|object_ref_start|>{question}<|object_ref_end|>",
    skeleton="<|object_ref_start|><|object_ref_end|><|box_start|>(0,0),(0,0)<|box_end|>",
    parts=(),
    native=frozenset({"tags", "prose", "fence", "pairs", "keys"}),
    box="<|box_start|>({},{}),({},{})<|box_end|>",
    shown=None,
    frame=Size(1000, 1000),
)

# JSON as from Qwen2.5-VL, but in thousandths of the picture's sides.
QWEN_3_VL = replace(
    QWEN_2_5_VL,
    name="qwen3-vl",
    request='Locate every object that matches the description "{question}" in the image. '
    "Report bbox coordinates in JSON format.",
    frame=Size(1000, 1000),
    token=32,
)

# Models that were trained to look closer. Where something is they are asked as what they were made from;
# how they look is in `known_looks.py`.
VLM_R3, DEEPEYES, CHAIN_OF_FOCUS, MINI_O3, PIXEL_REASONER = (
    replace(QWEN_2_5_VL, name=name)
    for name in ("vlm-r3", "deepeyes", "chain-of-focus", "mini-o3", "pixel-reasoner")
)
P2R, QWEN_3_VL_ZOOM = (replace(QWEN_3_VL, name=name) for name in ("p2r", "qwen3-vl-zoom"))

# General models asked to reason, in a form that they were not trained for: their boxes keep their frame.
_REASONED_REQUEST = """\
Find every object in the image that matches the description "{question}".
A box is written as [x1, y1, x2, y2] and a point as [x, y], {numbers}. A box in the description, such as \
bbox=[x1, y1, x2, y2], is a region of this image, in relation to which the objects are to be found.

Answer in exactly this form:
<scene> one or two sentences about the whole image </scene>
<focus> what is inside the box of the description; leave this line out if there is no such box </focus>
<think> how the description leads to the objects: state the relation, compare the candidates, and repeat a \
box of the description exactly as it is written there, as bbox=[x1, y1, x2, y2] </think>
<answer>[{"bbox_2d": [x1, y1, x2, y2], "point_2d": [x, y], "label": "name"}]</answer>
List each object that matches. If nothing matches, write <answer>[]</answer>."""


def _reasoned(quick: Dialect, numbers: str) -> Dialect:
    """The way to ask for reasoning, where ``numbers`` says what coordinates mean."""
    return replace(
        quick,
        name=f"{quick.name}-reasoned",
        request=_REASONED_REQUEST.replace("{numbers}", numbers),
        skeleton="<scene></scene>\n<focus></focus>\n<think></think>\n"
        '<answer>[{"bbox_2d": [0, 0, 0, 0], "point_2d": [0, 0], "label": ""}]</answer>',
        parts=REGION_REASONER.parts,
        native=quick.native - {"tags", "prose"},
        box=REGION_REASONER.box,
    )


_PIXELS = "in pixels of the image"
_THOUSANDTHS = "in thousandths of the image's width and height, from 0 to 1000"
_GENERAL = ((QWEN_2_5_VL, _PIXELS), (QWEN_2_VL, _THOUSANDTHS), (QWEN_3_VL, _THOUSANDTHS))
REASONED_BY_QUICK = {quick.name: _reasoned(quick, numbers) for quick, numbers in _GENERAL}

# General models asked for words: they were trained to converse, and to report boxes beside that.
_TOLD_REQUEST = """\
{question}

Answer in one to three sentences. A box in the question, such as bbox=[x1, y1, x2, y2], is a region of \
this image, {numbers}. After the sentences, report the boxes of the things that they are about, in the \
same numbers, as JSON: [{"bbox_2d": [x1, y1, x2, y2], "label": "name"}]. If there are none, write []."""


def _told(quick: Dialect, numbers: str) -> Dialect:
    """The way to ask for words, where ``numbers`` says what coordinates mean."""
    return replace(
        quick,
        name=f"{quick.name}-told",
        request=_TOLD_REQUEST.replace("{numbers}", numbers),
        box=REGION_REASONER.box,
        tells=True,
    )


TOLD_BY_QUICK = {quick.name: _told(quick, numbers) for quick, numbers in _GENERAL}

# By family; each of the ways of asking one is a dialect, too (see `ways`).
DIALECTS = {
    dialect.name: dialect
    for dialect in (
        REGION_REASONER, VISION_REASONER, SEG_ZERO, QWEN_2_5_VL, QWEN_2_VL, QWEN_3_VL,
        VLM_R3, DEEPEYES, CHAIN_OF_FOCUS, MINI_O3, PIXEL_REASONER, P2R, QWEN_3_VL_ZOOM,
    )
}  # fmt: skip
