"""Which outlines of regions are uncertain, for the findings of a turn and for the canvas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from demo.answers.finding import Finding
from demo.picture.doubts import doubt_about
from demo.picture.picture import Picture
from demo.picture.regions import RegionObject


def outline_doubt(item: RegionObject, picture: Picture) -> str | None:
    """Why an object's outline is uncertain; None where there is no mask, or clicks have refined it."""
    if item.mask is None or any(click.point != item.point for click in item.clicks):
        return None
    return doubt_about(item.mask, item.box, picture.pixels)


def doubtful_outlines(
    objects: Sequence[RegionObject], picture: Picture, region: str
) -> Iterator[Finding]:
    """A finding for each uncertain outline of an answer; its objects will be the ``region`` so named."""
    for number, item in enumerate(objects, start=1):
        name = region if len(objects) == 1 else f"{region}.{number}"
        if doubt := outline_doubt(item, picture):
            text = f"The outline of {name} is uncertain: {doubt}."
            yield Finding("mask.uncertain", "note", text, "answer", object=number)
