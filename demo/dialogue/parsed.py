"""A single model text, read as a first turn: the output of `python -m demo parse`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from demo.answers.checks import check_trace
from demo.answers.finding import TraceText
from demo.answers.trace import parse_trace
from demo.dialects.dialect import Dialect
from demo.dialects.known import REGION_REASONER
from demo.picture.crops import Part
from demo.picture.geometry import ModelBox, Size
from demo.picture.regions import RegionObject


def parse_report(
    text: str,
    size: Size,
    frame: Size,
    given: Sequence[ModelBox],
    dialect: Dialect = REGION_REASONER,
) -> dict[str, Any]:
    """A model's text read as the first turn on a picture of ``size``, as plain JSON values.

    ``given`` are the boxes of the question in the model frame; without a registry they have no
    names, so the findings call them "reference 1", "reference 2".
    """
    trace = parse_trace(text, frame, dialect)
    named = [(f"reference {i}", box) for i, box in enumerate(given, start=1)]
    whole, objects = Part.whole(size, frame), enumerate(trace.objects, start=1)
    return {
        "trace": {name: getattr(trace.text, name) for name in TraceText.__slots__},
        "objects": [
            RegionObject(f"R1.{i}", *item.in_picture(whole, frame)).to_dict() for i, item in objects
        ],
        "findings": [finding.to_dict() for finding in check_trace(trace, named, dialect)],
    }
