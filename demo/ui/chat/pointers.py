"""Where a finding leads: to a stretch of the trace, and to what it is about on the picture.

Both are in the address of a link of the dialogue, ``#at-PART-NUMBER-PICTURE``, and the stretch has the
class ``atNUMBER``; pointers.js follows them. PICTURE is a name (``R1``), or a box or a point in picture
pixels (``40.60.140.160``, ``40.60``); each of the three may be empty.
"""

from __future__ import annotations

from collections.abc import Iterator

from demo.answers.citations import XYXY, Pointer, find_pointers
from demo.answers.finding import Finding
from demo.dialogue.session import Session, Turn
from demo.picture.geometry import ModelBox, ModelPoint
from demo.ui.shared.text import Stretch


def address(session: Session, turn: Turn, number: int) -> str:
    """The address of finding ``number`` (0, 1, …) of a turn; empty when it leads nowhere."""
    finding = turn.findings[number]
    part = finding.part or ""
    shown = _on_picture(session, turn, finding)
    return f"#at-{part}-{number if finding.span else ''}-{shown}" if part or shown else ""


def _on_picture(session: Session, turn: Turn, finding: Finding) -> str:
    if finding.model_box is not None:
        return _box(session, turn, finding.model_box)
    if finding.object is not None and turn.region is not None:
        return f"{turn.region}.{finding.object}"
    return finding.region or ""


def box_address(session: Session, turn: Turn, box: XYXY) -> str:
    """The address that only shows a box of the turn's model frame on the picture."""
    return f"#at---{_box(session, turn, box)}"


def pointers(session: Session, turn: Turn, text: str) -> dict[Pointer, str]:
    """The points that a text of the turn mentions, each with the address that shows it on the picture."""
    frame = session.reasoner_of(turn).frame
    return {
        pointer: "#at---{}.{}".format(
            *ModelPoint(*pointer.xy).to_picture(session.picture.size, frame).xy
        )
        for pointer in find_pointers(text, frame)
    }


def _box(session: Session, turn: Turn, box: XYXY) -> str:
    x1, y1, x2, y2 = box
    whole = ModelBox(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    here = whole.to_picture(session.picture.size, session.reasoner_of(turn).frame)
    return ".".join(map(str, here.xyxy))


def stretches(turn: Turn, part: str) -> Iterator[Stretch]:
    """What the findings of a turn are about in that part, each with its class."""
    for number, finding in enumerate(turn.findings):
        if finding.part == part and finding.span is not None:
            yield *finding.span, f"at{number}"
