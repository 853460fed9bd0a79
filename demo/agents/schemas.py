"""What agents read about the tools: names, arguments, answers, in JSON Schema and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from demo.annotations.command import OUTPUTS

CONVERT_TO = OUTPUTS
INSTRUCTIONS = (
    "Finds and outlines things in pictures, and answers questions about them region by region. Begin with "
    "ground and an image; it returns a session_id, with which ground and ask_about_region go on about the "
    "same picture. What was found is named R1, R2, …, and its objects R2.1, R2.2, …: write these names "
    "into later questions. All boxes are [x1, y1, x2, y2] in pixels of the whole picture, from its upper "
    "left corner, whatever the size of an image that is shown. Read the findings with level warning before "
    "you rely on an answer."
)

_LOCAL = "The picture: a path on this machine, a data URL, or base64. Addresses are never fetched."
_REMOTE = (
    "The picture: its bytes as base64, or a data URL. No paths, and addresses are never fetched."
)
_SESSION_ID = "The session_id of an earlier answer, to go on about its picture. In place of image."
_SAVED = (
    "A saved dialogue (session.json of this app) that belongs to the image: an object, or its text."
)
_BOX = {
    "type": "array",
    "items": {"type": "integer"},
    "description": "x1, y1, x2, y2 in picture pixels",
}
_REGION = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "R1, R2, …"},
        "label": {"type": "string"},
        "origin": {"enum": ["model", "user", "corrected"]},
        "objects": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "R1.1, R1.2, …"},
                    "box": _BOX,
                    "point": {
                        "type": ["array", "null"],
                        "items": {"type": "integer"},
                        "description": "x, y in picture pixels",
                    },
                    "area": {"type": ["integer", "null"], "description": "pixels of its outline"},
                },
                "required": ["name", "box", "point", "area"],
            },
        },
    },
    "required": ["name", "label", "origin", "objects"],
}
_DIALOGUE = {
    "session_id": {"type": ["string", "null"]},
    "picture": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "width": {"type": "integer"},
            "height": {"type": "integer"},
        },
        "required": ["name", "width", "height"],
    },
    "regions": {"type": "array", "items": _REGION, "description": "The newest 50 of the session."},
    "older_regions": {"type": "integer", "description": "how many there are besides"},
    "question": {"type": "string"},
    "references": {"type": "array", "items": {"type": "string"}},
    "found": {"type": ["string", "null"], "description": "the region that was found, if any"},
    "answer": {"type": "string"},
    "thought": {
        "type": "object",
        "description": "What the model wrote; numbers in it are in its own frame, not picture pixels.",
    },
    "looks": {
        "type": "array",
        "description": "The parts of the picture that the model was shown again, enlarged.",
        "items": {
            "type": "object",
            "properties": {"box": _BOX, "size": {"type": "array", "items": {"type": "integer"}}},
            "required": ["box", "size"],
        },
    },
    "findings": {
        "type": "array",
        "description": "What is to be known about the answer, by rules; mind those of level warning.",
        "items": {
            "type": "object",
            "properties": {
                "kind": {"type": "string"},
                "level": {"enum": ["ok", "note", "warning"]},
                "text": {"type": "string"},
            },
            "required": ["kind", "level", "text"],
        },
    },
}
_ANSWERED = ["session_id", "picture", "regions", "question", "found", "answer", "findings"]
_FILES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "bytes": {"type": "integer"}},
        "required": ["name", "bytes"],
    },
}


@dataclass(frozen=True, slots=True)
class About:
    """What is told of one tool; ``local`` names the arguments that only agents on this machine have."""

    name: str
    title: str
    text: str
    arguments: dict[str, dict[str, Any]]
    required: tuple[str, ...]
    returns: dict[str, Any]
    returned: list[str]
    local: tuple[str, ...] = ()

    def takes(self, *, may_read_files: bool) -> dict[str, Any]:
        """The schema of its arguments."""
        known = {
            name: about
            for name, about in self.arguments.items()
            if may_read_files or name not in self.local
        }
        if "image" in known:
            known["image"] = {
                "type": "string",
                "description": _LOCAL if may_read_files else _REMOTE,
            }
        required = list(self.required)
        return {
            "type": "object", "properties": known, "required": required, "additionalProperties": False,
        }  # fmt: skip

    @property
    def gives(self) -> dict[str, Any]:
        """The schema of its values."""
        return {"type": "object", "properties": self.returns, "required": self.returned}


_IMAGE: dict[str, Any] = {}  # which depends on who asks, see `About.takes`
_ID = {"type": "string", "description": _SESSION_ID}
_OVERLAY = {
    "type": "boolean",
    "description": "Also return the picture with all regions drawn on it, as an image.",
}
TOOLS = {
    about.name: about
    for about in (
        About(
            "ground",
            "Find things in a picture",
            "Find and outline what a question describes, such as “the dog left of the tree”, “all cups” or "
            "“what is next to R1?”. With image it begins a new session, with session_id it goes on with "
            "one, whose regions the question may cite by name.",
            {
                "image": _IMAGE,
                "session_id": _ID,
                "question": {
                    "type": "string",
                    "description": "What to find, at most 2,000 characters.",
                },
                "within": {
                    **_BOX,
                    "items": {"type": "number"},
                    "description": "x1, y1, x2, y2 in picture pixels: look for small things in this part "
                    "alone, which the model is shown enlarged. Left out, the whole picture is asked about.",
                },
                "overlay": _OVERLAY,
            },
            ("question",),
            _DIALOGUE,
            _ANSWERED,
        ),
        About(
            "ask_about_region",
            "Ask about one region",
            "Ask a question about a region that was found (R1, or one object such as R1.2), or about a box "
            "that you give, which becomes a region first. “It” in the question means that region.",
            {
                "session_id": _ID,
                "image": _IMAGE,
                "region": {"type": "string", "description": "R1, R2, … or one object, R2.1."},
                "box": {
                    **_BOX,
                    "items": {"type": "number"},
                    "description": "x1, y1, x2, y2 in picture pixels, in place of region.",
                },
                "question": {"type": "string", "description": "What to ask about it."},
                "overlay": _OVERLAY,
            },
            ("question",),
            _DIALOGUE,
            _ANSWERED,
        ),
        About(
            "overlay",
            "Show the regions",
            "The picture of a session with the boxes, points, outlines and names of its regions drawn on "
            "it, as an image of at most 1,024 pixels a side.",
            {
                "session_id": _ID,
                "image": _IMAGE,
                "session": {"type": ["object", "string"], "description": _SAVED},
            },
            (),
            {
                **_DIALOGUE,
                "scale": {"type": "number", "description": "image pixels for a picture pixel"},
            },
            ["session_id", "picture", "regions", "scale"],
        ),
        About(
            "convert",
            "Write the regions for another tool",
            "The regions of a session, or of files of labels or saved dialogues, in the format of another "
            "tool: labels, a figure, a page, or a session to keep. Files come back in the answer, or are "
            "written into a folder.",
            {
                "session_id": _ID,
                "image": _IMAGE,
                "session": {"type": ["object", "string"], "description": _SAVED},
                "inputs": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Paths of saved dialogues (.zip), a session.json beside its picture, or "
                    "files of labels; in place of session_id.",
                },
                "images": {
                    "type": "string",
                    "description": "The folder with the pictures of inputs.",
                },
                "to": {"type": "string", "enum": list(CONVERT_TO)},
                "out": {
                    "type": "string",
                    "description": "A new or empty folder for the files. Left out, they are returned.",
                },
            },
            ("to",),
            {"out": {"type": ["string", "null"]}, "files": _FILES},
            ["out", "files"],
            local=("inputs", "images", "out"),
        ),
    )
}


def arguments_of(tool: str, *, may_read_files: bool) -> tuple[str, ...]:
    """The names of a tool's arguments."""
    return tuple(TOOLS[tool].takes(may_read_files=may_read_files)["properties"])
