"""How the known families look closer, with the prompts that their checkpoints were trained on.

Wording, spaces and examples are a checkpoint's interface and must not change, odd ones included. Sources:
the public repositories of VLM-R³, DeepEyes, Chain-of-Focus, Mini-o3, Pixel-Reasoner, P2R and Qwen3-VL.
"""

from __future__ import annotations

from dataclasses import replace

from demo.dialects.dialect import Dialect
from demo.dialects.known import QWEN_2_5_VL, QWEN_3_VL
from demo.dialects.looking import Back, Call, Cut, Enlarge, Frame, Looking, Source
from demo.picture.geometry import Size

_THOUSAND = Size(1000, 1000)


def _looks(base: Dialect, name: str, request: str, looking: Looking, system: str = "") -> Dialect:
    """The dialect in which a family looks: its answers are words in an <answer>."""
    return replace(
        base,
        name=f"{name}-looking",
        request=request,
        skeleton="<think></think>\n<answer></answer>",
        parts=("think", "answer"),
        native=base.native,
        tells=True,
        is_as_typed=True,
        system=system,
        looking=looking,
    )


# In the same answer, so that everything before the part stays computed. The first three end a box.
VLM_R3 = _looks(
    QWEN_2_5_VL,
    "vlm-r3",
    "{question}"
    "\nYou need to first think about the reasoning process in your mind, and then provide the answer. When "
    'thinking, you should call the "crop" tool (format: {"bbox_2d": [x1, y1, x2, y2]}) to focus on the key '
    "areas in the image. The reasoning process and the answer are included in the <think> </think> and "
    "<answer> </answer> tags respectively.",
    Looking(
        Call.BARE,
        Frame.SHOWN,
        Source.ORIGINAL,
        Cut(is_inclusive=True),
        Enlarge(by_area=True),
        Back.ANSWER,
        stops=("]}", "]\n}", "] }", "</answer>"),
        most=8,
        told="{part}\n",
        refused="Invalid operation!\n",
    ),
)

_DEEPEYES_ASKED = (
    "\nThink first, call **image_zoom_in_tool** if needed, then answer. Format strictly as:  "
    "<think>...</think>  <tool_call>...</tool_call> (if tools needed)  <answer>...</answer> "
)
_DEEPEYES_SYSTEM = """\
You are a helpful assistant.

# Tools
You may call one or more functions to assist with the user query.
You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"type":"function","function":{"name":"image_zoom_in_tool","description":"Zoom in on a specific region of \
an image by cropping it based on a bounding box (bbox) and an optional object label.","parameters":\
{"type":"object","properties":{"bbox_2d":{"type":"array","items":{"type":"number"},"minItems":4,\
"maxItems":4,"description":"The bounding box of the region to zoom in, as [x1, y1, x2, y2], where (x1, y1) \
is the top-left corner and (x2, y2) is the bottom-right corner."},"label":{"type":"string","description":\
"The name or label of the object in the specified bounding box (optional)."}},"required":["bbox"]}}}
</tools>

# How to call a tool
Return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>

**Example**:\x20\x20
<tool_call>\x20\x20
{"name": "image_zoom_in_tool", "arguments": {"bbox_2d": [10, 20, 100, 200], "label": "the apple on the \
desk"}}\x20\x20
</tool_call>"""
DEEPEYES = _looks(
    QWEN_2_5_VL,
    "deepeyes",
    "{question}" + _DEEPEYES_ASKED,
    Looking(
        Call.TOOL,
        Frame.SHOWN,
        Source.ORIGINAL,
        Cut(min_side=31, max_ratio=100, refuses_small=True),
        Enlarge(max_pixels=16_384 * 28**2, how="BICUBIC"),
        Back.USER,
        stops=(),
        most=10,
        told=f"<tool_response>{{part}}{_DEEPEYES_ASKED}</tool_response>",
        refused="Error: {error}",
    ),
    _DEEPEYES_SYSTEM,
)

_FOCUS_ASKED = (
    "\nThink in the mind first, and then decide whether to call tools one or more times OR provide final "
    "answer. Format strictly as: <think>...</think> <tool_call>...</tool_call> <tool_call>...</tool_call> "
    "(if any tools needed) OR <answer>...</answer> (if no tools needed)."
)
_FOCUS_SYSTEM = """\
You are a helpful assistant.

# Tools
You may call one or more functions to assist with the user query.
You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"type": "function", "function": {"name":"image_zoom_in_tool","description":"Zoom in on a specific region \
of an image by cropping it based on a bounding box (bbox_2d) and an optional object label.","parameters":\
{"properties":{"bbox_2d":{"type":"array","items":{"type":"number"},"minItems":4,"maxItems":4,"description":\
"The bounding box of the region to zoom in, as [x1, y1, x2, y2], where (x1, y1) is the top-left corner and \
(x2, y2) is the bottom-right corner."},"label":{"type":"string","description":"The name or label of the \
object in the specified bounding box (optional)."}},"required":["bbox_2d"], "type":"object"},\
"args_format": "Format the arguments as a JSON object."}}
</tools>

For the function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>"""
# A call that cannot be followed is answered with the picture once more, as its evaluation does.
CHAIN_OF_FOCUS = _looks(
    QWEN_2_5_VL,
    "chain-of-focus",
    "Question: {question}" + _FOCUS_ASKED,
    Looking(
        Call.TOOL,
        Frame.SHOWN,
        Source.SHOWN,
        Cut(factor=1.5, refuses_outside=True),
        Enlarge(factor=2, min_pixels=112**2, max_pixels=3840**2),
        Back.USER,
        stops=(),
        most=6,
        told=f"{{part}}{_FOCUS_ASKED}",
        refused=f"{{whole}}{_FOCUS_ASKED}",
    ),
    _FOCUS_SYSTEM,
)

# Parts are numbered from 1 as observations; the picture is `original_image`, or observation 0.
MINI_O3 = _looks(
    QWEN_2_5_VL,
    "mini-o3",
    "{question}",
    Looking(
        Call.GROUNDING,
        Frame.UNIT,
        Source.NAMED,
        Cut(),
        Enlarge(min_pixels=40_000, max_pixels=2_000_000, how="NEAREST"),
        Back.USER,
        stops=("</grounding>",),
        most=12,
        told="After the above Action {call}, here is the the zoom-in image (Observation {number}):\n"
        "{part}.\nContinue your reasoning process inside <think> and </think>. If needed, you can continue "
        "to zoom in on the original image or any of the observations, by outputing <grounding> and "
        "</grounding> as before. If the final answer is confirmed, put your final answer inside <answer> "
        "and </answer>.",
        refused="ERROR occurs during grounding. Error Information: {error}.\nPlease analyze the error "
        "information obtained from the function tool and adjust your response. Countinue your reasoning "
        "process inside <think> and </think>.",
    ),
    "You are a helpful assistant. Answer the user's question based on the image provided. Output your "
    "thinking process within the <think> and </think> tags. Whenever you find anything unclear, you can "
    "zoom in a specific region in the given image to see more clearly by outputing "
    '<grounding>{"bbox_2d": [x0, y0, x1, y1], "source": "original_image"}</grounding>, where (x0, y0) '
    "and (x1, y1) are the top-left and bottom-right coordinates of the region that you want to zoom in, "
    "respectively (suppose the width and "
    "height of the image are 1.0), and 'source' refers to the image that you zoom in and could be either "
    "'original_image' or 'observation_i'. Once the final answer is confirmed, put it within <answer> and "
    "</answer>.",
)

_PLAIN_SYSTEM = "You are a helpful assistant."
# How the Qwen models are told of tools.
_AS_TOOLS = """\
# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{signatures}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>"""
_PIXEL_TOOLS = f"{_PLAIN_SYSTEM}\n\n" + _AS_TOOLS.replace(
    "{signatures}",
    """\
{"type": "function", "function": {"name": "crop_image_normalized", "description": "Zoom in on the image \
based on the bounding box coordinates. It is useful when the object or text in the image is too small to \
be seen.", "parameters": {"type": "object", "properties": {"bbox_2d": {"type": "array", "description": \
"coordinates for bounding box of the area you want to zoom in. Values should be within [0.0,1.0].", \
"items": {"type": "number"}}, "target_image": {"type": "number", "description": "The index of the image to \
crop. Index from 1 to the number of images. Choose 1 to operate on original image."}}, "required": \
["bbox_2d", "target_image"]}}}
{"type": "function", "function": {"name": "select_frames", "description": "Select frames from a video.", \
"parameters": {"type": "object", "properties": {"target_frames": {"type": "array", "description": "List of \
frame indices to select from the video (no more than 8 frames in total).", "items": {"type": "integer", \
"description": "Frame index from 1 to 16."}}}, "required": ["target_frames"]}}}""",
)
# For pictures; frames of films are not asked about here. Its repository ends after four calls: the two that
# its options name are read by nothing.
PIXEL_REASONER = _looks(
    QWEN_2_5_VL,
    "pixel-reasoner",
    "{question}\n\nGuidelines: Understand the given visual information and the user query. Determine if it "
    "is beneficial to employ the given visual operations (tools). For a video, we can look closer by "
    "`select_frames`. For an image, we can look closer by `crop_image`. Reason with the visual information "
    "step by step, and put your final answer within \\boxed{}.",
    Looking(
        Call.LAST_TOOL,
        Frame.UNIT,
        Source.NAMED_SHOWN,
        Cut(margin=0.1, min_side=29),
        Enlarge(min_pixels=256 * 28**2, max_pixels=5120 * 28**2),
        Back.USER,
        stops=(),
        most=4,
        told="\nHere is the cropped image (Image Size: {width}x{height}):{part}",
        refused="\nExecution error:\n{error}\n",
        first_source=1,
    ),
    _PIXEL_TOOLS,
)

# Two plain calls: the boxes of what matters, then the question beside the marked picture and its parts.
_WHERE = (
    "Question: {question}\nLocate the key visual evidence in the image for answering this question. "
    'Report bbox coordinates in JSON format only: [{"bbox_2d": [x1, y1, x2, y2], "label": '
    '"<description>"}] If the '
    "question requires the entire image, return an empty list []."
)
_HIGHLIGHTED = (
    "Question: {question}\nThe key visual regions have been highlighted and cropped for you. Think step by "
    "step.\nProvide your detailed reasoning between the <think> </think> tags, and then answer the "
    "question "
)
_LETTER = (
    "with the option's letter from the given choices (e.g., A, B, etc.) within the <answer> </answer> "
    "tags.\n"
)
_WORDS = "simply within the <answer> </answer> tags.\n"
P2R_LOOKS = Looking(
    Call.LISTED,
    _THOUSAND,
    Source.ORIGINAL,
    Cut(margin=0.1, max_margin=600),
    Enlarge(token=32, min_pixels=4 * 32**2, max_pixels=1024 * 32**2),
    Back.AFRESH,
    stops=(),
    most=3,
    told=f"{_HIGHLIGHTED}{_WORDS}",
    refused=_HIGHLIGHTED.replace(
        "The key visual regions have been highlighted and cropped for you. ", ""
    )
    + _WORDS,
)
P2R = _looks(QWEN_3_VL, "p2r", _WHERE, P2R_LOOKS, _PLAIN_SYSTEM)


def with_letters(looking: Looking) -> Looking:
    """The same, for questions with options (A), (B), …, which are answered by a letter."""
    told, refused = (text.replace(_WORDS, _LETTER) for text in (looking.told, looking.refused))
    return replace(looking, told=told, refused=refused)


_QWEN_TOOL = _AS_TOOLS.replace(
    "{signatures}",
    """\
{"type": "function", "function": {"name": "image_zoom_in_tool", "description": "Zoom in on a specific \
region of an image by cropping it based on a bounding box (bbox) and an optional object label", \
"parameters": {"type": "object", "properties": {"bbox_2d": {"type": "array", "items": {"type": "number"}, \
"minItems": 4, "maxItems": 4, "description": "The bounding box of the region to zoom in, as [x1, y1, x2, \
y2], where (x1, y1) is the top-left corner and (x2, y2) is the bottom-right corner"}, "label": {"type": \
"string", "description": "The name or label of the object in the specified bounding box"}, "img_idx": \
{"type": "number", "description": "The index of the zoomed-in image (starting from 0)"}}, "required": \
["bbox_2d", "label", "img_idx"]}}}""",
)
QWEN_3_ZOOM = replace(
    _looks(
        QWEN_3_VL,
        "qwen3-vl-zoom",
        "{question}",
        Looking(
            Call.TOOL,
            _THOUSAND,
            Source.NAMED,
            Cut(min_side=32),
            Enlarge(token=32, min_pixels=256 * 32**2, max_pixels=1024 * 32**2, how="BICUBIC"),
            Back.TOOL,
            stops=(),
            most=5,
            refused="Tool Execution Error {error}",
        ),
        _QWEN_TOOL,
    ),
    parts=(),
)

# How a family looks, by the dialect in which it is asked where something is. The general models look as P2R
# does, in the frame of their own boxes; they were not trained for it.
LOOKING_BY_QUICK = {
    **{
        looks.name.removesuffix("-looking"): looks
        for looks in (VLM_R3, DEEPEYES, CHAIN_OF_FOCUS, MINI_O3, PIXEL_REASONER, P2R, QWEN_3_ZOOM)
    },
    QWEN_3_VL.name: replace(P2R, name=f"{QWEN_3_VL.name}-looking"),
    QWEN_2_5_VL.name: _looks(
        QWEN_2_5_VL,
        QWEN_2_5_VL.name,
        _WHERE,
        replace(P2R_LOOKS, frame=Frame.SHOWN, enlarge=Enlarge()),
        _PLAIN_SYSTEM,
    ),
}

# The built-in model: the same question about a part of its frame, and on if nothing is there.
NANO_LOOKS = Looking(
    Call.TAGGED,
    Frame.SHOWN,
    Source.ORIGINAL,
    Cut(),
    Enlarge(),
    Back.APART,
    stops=("</look>",),
    most=4,
    told=" Not there. ",
    refused=" Not there. ",
)
