"""Where a finding leads: to a stretch of the trace, and to what it is about on the picture.

Both are in the address of a link of the dialogue, ``#at-PART-NUMBER-PICTURE``, and the stretch has the
class ``atNUMBER``; pointers.js follows them. PICTURE is a name (``R1``), or a box or a point in picture
pixels (``40.60.140.160``, ``40.60``), or a part that was looked at (``look.40.60.140.160``); each of the
three may be empty.
"""

from __future__ import annotations

from collections.abc import Iterator

from demo.answers.citations import XYXY, Pointer, find_pointers
from demo.answers.finding import Finding
from demo.dialogue.look_frames import asked_part, look_of, part_at
from demo.dialogue.session import Look, Session, Turn
from demo.picture.crops import Part
from demo.picture.geometry import ModelBox, ModelPoint
from demo.ui.shared.text import Stretch


def address(session: Session, turn: Turn, number: int) -> str:
    """The address of finding ``number`` (0, 1, …) of a turn; empty when it leads nowhere."""
    finding = turn.findings[number]
    look, part = look_of(turn, finding), finding.part or ""
    if look is not None and turn.trace.think is not None:
        part = "think"
    shown = _on_picture(session, turn, finding)
    is_marked = finding.span or (look is not None and part)
    return f"#at-{part}-{number if is_marked else ''}-{shown}" if part or shown else ""


def _on_picture(session: Session, turn: Turn, finding: Finding) -> str:
    if finding.model_box is not None:
        return _box(session, turn, finding.model_box, part_at(session, turn, finding))
    if finding.object is not None and turn.region is not None:
        return f"{turn.region}.{finding.object}"
    if (look := look_of(turn, finding)) is not None:
        return _look(turn.looks[look])
    return finding.region or ""


def box_address(session: Session, turn: Turn, box: XYXY, part: Part | None = None) -> str:
    """The address that only shows a box on the picture: one of the turn's model frame, over a part or else
    over what was asked about.
    """
    return f"#at---{_box(session, turn, box, part or asked_part(session, turn))}"


def look_address(look: Look) -> str:
    """The address that only shows a part that was looked at on the picture."""
    return f"#at---{_look(look)}"


def _look(look: Look) -> str:
    return f"look.{'.'.join(map(str, look.box.xyxy))}"


def pointers(
    session: Session, turn: Turn, text: str, part: Part | None = None
) -> dict[Pointer, str]:
    """The points that a text of the turn mentions about a part, or else about what was asked about, each
    with the address that shows it on the picture.
    """
    frame, about = session.reasoner_of(turn).frame, part or asked_part(session, turn)
    return {
        pointer: "#at---{}.{}".format(*about.point_to_picture(ModelPoint(*pointer.xy), frame).xy)
        for pointer in find_pointers(text, frame)
    }


def _box(session: Session, turn: Turn, box: XYXY, part: Part) -> str:
    here = part.box_to_picture(ModelBox.ordered(box), session.reasoner_of(turn).frame)
    return ".".join(map(str, here.xyxy))


def stretches(turn: Turn, part: str) -> Iterator[Stretch]:
    """What the findings of a turn are about in that part, each with its class."""
    for number, finding in enumerate(turn.findings):
        if finding.part == part and finding.span is not None:
            yield *finding.span, f"at{number}"
