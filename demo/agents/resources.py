"""The pictures and regions of dialogues under addresses: ``picture://SESSION``, ``region://SESSION/R1``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from demo.agents.dialogues import Dialogue, Dialogues
from demo.agents.shown import picture_shown, region_shown
from demo.agents.told import dialogue_values, places, region_values
from demo.agents.tools import Result
from demo.errors import InputError
from demo.machine.effort import long_work

MAX_LISTED = 50  # regions of one dialogue, the newest
TEMPLATES = (
    (
        "picture://{session_id}",
        "picture",
        "The picture of a session, at most 1,024 pixels a side, and its regions as JSON.",
    ),
    (
        "region://{session_id}/{name}",
        "region",
        "The part of the picture that a region (R1) or one object (R2.1) takes up, and its values as JSON.",
    ),
)
_ADDRESS = re.compile(r"(picture|region)://([0-9a-f]+)(?:/(r\d+(?:\.\d+)?))?/?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Listed:
    """One address, and what is there."""

    uri: str
    name: str
    text: str


def listed(dialogue: Dialogue) -> Iterator[Listed]:
    """The picture and the newest regions of a dialogue."""
    about = dialogue.session.picture
    size = f"{about.size.width} × {about.size.height}"
    yield Listed(f"picture://{dialogue.id}", about.name, f"The picture {about.name}, {size} pixels")
    for region in reversed(dialogue.session.registry.regions[-MAX_LISTED:]):
        label = f" “{region.label}”" if region.label else ""
        text = f"{region.id}{label} in {about.name}: {places(region.objects)}"
        yield Listed(f"region://{dialogue.id}/{region.id}", region.id, text)


def read(uri: str, dialogues: Dialogues) -> Result:
    """What is at an address. Raises InputError."""
    found = _ADDRESS.fullmatch(uri)
    if found is None or (found[1].lower() == "region") != bool(found[3]):
        raise InputError(
            "There is no such resource: there are picture://SESSION and region://SESSION/R1, with the "
            "session_id that a tool returned."
        )
    dialogue = dialogues.find(found[2].lower())
    with long_work():
        if found[3] is None:
            shown = picture_shown(dialogue.picture)
            values = dialogue_values(dialogue.session, dialogue.id)
            return Result("", {**values, "scale": shown.scale}, (shown,))
        return _region(dialogue, found[3].upper())


def _region(dialogue: Dialogue, name: str) -> Result:
    registry = dialogue.session.registry
    objects = registry.objects(name)
    shown, around = region_shown(dialogue.picture, objects)
    told = region_values(registry.region(name))
    named = [each for each in told["objects"] if each["name"] in {item.id for item in objects}]
    values = {**told, "objects": named, "shown": list(around.xyxy), "scale": shown.scale}
    return Result("", values, (shown,))
