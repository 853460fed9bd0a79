"""The forms of what programs give and get, as types: JSON Schemas are made from them.

The values themselves are made and read elsewhere (`dialogue/session_json.py`, `told.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from demo.language.references import MAX_QUESTION

Box = Annotated[list[int], Field(min_length=4, max_length=4, description="x1, y1, x2, y2")]
Point = Annotated[list[int], Field(min_length=2, max_length=2, description="x, y")]
Size = Annotated[list[int], Field(min_length=2, max_length=2)]
RegionName = Annotated[str, Field(pattern="^R[1-9][0-9]{0,5}$")]
ObjectName = Annotated[str, Field(pattern="^R[1-9][0-9]{0,5}(\\.[1-9][0-9]{0,5})?$")]
Part = Literal["scene", "focus", "think", "answer"]


def _shorten(schema: dict[str, Any]) -> None:
    """Without titles, which pydantic makes of names, and without values for what is left out."""
    for each in (schema, *schema.get("properties", {}).values()):
        each.pop("title", None)
        each.pop("default", None)


class _Form(BaseModel):
    model_config = ConfigDict(json_schema_extra=_shorten)


class Branch(_Form):
    """The dialogue that this one branched off, and before which of its turns."""

    of: str
    turn: int


class Picture(_Form):
    """The picture. Boxes, points and masks are in its pixels, upright, origin at the top left."""

    name: str
    width: int
    height: int
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of the size and the RGB pixels")
    notes: list[str] = Field([], description="what there is to say about how the file was read")


class Reasoner(_Form):
    """The model, and the frame in which it writes boxes."""

    name: str
    frame: Size = Field(description="width, height")
    dialect: str = "regionreasoner"


class Trace(_Form):
    """The parts of the model's text; null for one that is not there."""

    scene: str | None
    focus: str | None
    think: str | None
    answer: str | None


class Finding(_Form):
    """One thing worth knowing about an answer, and its place where that is known."""

    kind: str
    level: Literal["ok", "note", "warning"]
    text: str
    part: Part | None = Field(None, description="the part of the trace that it is about")
    span: Size | None = Field(None, description="the characters of it, from and to")
    region: ObjectName | None = None
    object: int | None = Field(None, description="the object of the answer, from 1")
    model_box: Box | None = Field(None, description="as the model wrote it, in the model's frame")
    look: int | None = Field(None, description="the closer look that it is about, from 1")


class Timings(_Form):
    """Seconds and tokens; null where unknown."""

    first_token_s: float | None
    total_s: float | None
    prompt_tokens: int | None
    new_tokens: int | None
    reused_tokens: int | None
    parts_s: dict[str, float]


class Mask(_Form):
    """COCO's run lengths."""

    size: Size = Field(description="height, width")
    counts: str


class RegionObject(_Form):
    """One object of a region."""

    id: ObjectName
    bbox_xyxy: Box
    point_xy: Point | None
    corrected: bool
    mask: Mask | None
    mask_quality: float | None = Field(ge=0, le=1)
    clicks: list[Annotated[list[int], Field(min_length=3, max_length=3)]]
    by_hand: bool


class Look(_Form):
    """A second view of a part of the picture, enlarged, while a question was answered."""

    box_xyxy: Box
    size: Size = Field(description="width, height, as the model was shown the part")
    call: str = Field(description="as the model wrote it; empty where it did not ask for it")
    answer: bool = Field(False, description="whether the boxes of the answer were read in it")


class Turn(_Form):
    """One question and its answer; ``region`` is what it found, null for nothing."""

    question: str
    prompted: str
    references: list[ObjectName]
    region: RegionName | None
    partial: bool
    trace: Trace
    raw: str
    findings: list[Finding]
    feedback: Literal["up", "down"] | None
    timings: Timings
    next_region: int | None
    decoding: str = ""
    reasoner: Reasoner | None = None
    second_opinions: list[SecondOpinion] = []
    looks: list[Look] = []
    within: Box | None = Field(None, description="the part asked about, where not the whole")


class SecondOpinion(_Form):
    """What another model answered to the same question."""

    reasoner: Reasoner
    turn: Turn
    label: str
    objects: list[RegionObject]


class Region(_Form):
    """What one turn found, or one thing that a person drew."""

    id: RegionName
    origin: Literal["model", "user"]
    label: str
    hidden: bool
    objects: list[RegionObject]


class Session(_Form):
    """A dialogue about one picture, version 1."""

    version: Literal[1]
    id: str = Field(pattern="^[0-9A-Za-z_-]{1,64}$")
    branch: Branch | None
    picture: Picture
    reasoner: Reasoner
    turns: list[Turn]
    regions: list[Region]
    next_region: int


class Started(_Form):
    """The question was understood; ``prompted`` is the form in which the model gets it."""

    event: Literal["started"]
    question: str
    prompted: str


class Waiting(_Form):
    """Nothing has come for a second; ``text`` says what the turn waits for, where that is known."""

    event: Literal["waiting"]
    text: str


class PartBegun(_Form):
    """A part of the trace begins; one that began before starts over."""

    event: Literal["part"]
    part: Part


class PartWritten(_Form):
    """More text of a part."""

    event: Literal["text"]
    part: Part
    text: str


class PartOver(_Form):
    """A part is complete."""

    event: Literal["part_end"]
    part: Part


class LookBegun(_Form):
    """The model is about to see a part of the picture, enlarged."""

    event: Literal["look"]
    number: int = Field(description="of the looks of this turn, from 0")
    look: Look


class LookOver(_Form):
    """The model has seen the part."""

    event: Literal["look_end"]
    number: int


class ObjectRead(_Form):
    """An object was read in the text that is still being written."""

    event: Literal["object"]
    bbox_xyxy: Box
    point_xy: Point | None


class MasksBegun(_Form):
    """The text is complete, and masks are being made for so many objects."""

    event: Literal["masks"]
    count: int


class Finished(_Form):
    """The turn is over; the last event."""

    event: Literal["finished"]
    session: Session


TurnNews = Annotated[
    Started
    | Waiting
    | PartBegun
    | PartWritten
    | PartOver
    | LookBegun
    | LookOver
    | ObjectRead
    | MasksBegun
    | Finished,
    Field(discriminator="event"),
]


class File(_Form):
    """A file on the server: one that was uploaded, or made by a call."""

    path: str
    url: str | None = None
    size: int | None = None
    orig_name: str | None = None
    mime_type: str | None = None
    is_stream: bool = False
    meta: dict[str, Any] = {}


Image = Annotated[
    File | str,
    Field(description="the picture: an uploaded file, or base64, alone or in a data address"),
]


Given = Annotated[
    Session | str | None,
    Field(description="the session as it was returned, or its text; null where there is none yet"),
]


class Question(_Form):
    """A question about a picture, or the part ``within`` a box; ``session`` is null for the first one."""

    image: Image
    question: str = Field(max_length=MAX_QUESTION)
    session: Given = None
    within: Annotated[list[float], Field(min_length=4, max_length=4)] | None = Field(
        None, description="x1, y1, x2, y2, in pixels of the picture; null for all of it"
    )


class Drawing(_Form):
    """A picture and the session whose regions are to be drawn on it."""

    image: Image
    session: Given = None


class Call(_Form):
    """A call that has begun: its result is read with this name."""

    event_id: str


class Health(_Form):
    """``status`` and ``model``; the rest where models can be exchanged, or one is being loaded."""

    status: Literal["ok", "loading", "stopping"]
    model: str
    uptime_s: float
    doing: str = ""
    share: float | None = None
    coming: str = ""
    changes: int = 0


class Failure(_Form):
    """Why something was refused, as a sentence; ``detail`` is the same, for programs that look there."""

    error: str
    detail: Any


FORMS: Mapping[str, Any] = {
    "Session": Session,
    "TurnEvent": TurnNews,
    "Question": Question,
    "Drawing": Drawing,
    "File": File,
    "Call": Call,
    "Health": Health,
    "Failure": Failure,
}


_OBJECT: Mapping[str, Any] = {"type": "object", "additionalProperties": True}


def schemas_of(forms: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The JSON Schemas of forms by name, and of all that they refer to, which stand at ``place``."""
    mode: Literal["serialization"] = "serialization"
    named = [(name, mode, TypeAdapter(form)) for name, form in forms.items()]
    made, others = TypeAdapter.json_schemas(named, ref_template=f"{place}{{model}}")
    return {**{name: made[name, mode] for name in forms}, **others["$defs"]}


def described_session() -> gr.JSON:
    """A session as an argument, or as a result, described for clients."""
    return _described("session", "a session as it was returned, or null")


def described_turn() -> gr.JSON:
    """An event of a turn."""
    return _described(
        "event", "what happens in a turn; the last has event finished and the session"
    )


def described_box() -> gr.JSON:
    """The part of a picture that is asked about, as an argument."""
    numbers = {"type": "array", "items": {"type": "number"}}
    return _described("within", "the part to ask about, [x1, y1, x2, y2], or null", numbers)


def _described(label: str, description: str, kind: Mapping[str, Any] = _OBJECT) -> gr.JSON:
    """JSON with a schema: MCP clients refuse an endpoint that has none, as Gradio's own JSON."""
    made = gr.JSON(label=label)
    told = {"anyOf": [kind, {"type": "null"}], "description": description}
    made.api_info = lambda: told
    made.example_inputs = lambda: None
    return made
