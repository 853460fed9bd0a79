"""Which outlines of regions are uncertain, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

from demo.dialogue.outline_doubts import doubtful_outlines, outline_doubt
from demo.picture.geometry import PictureBox, PicturePoint
from demo.picture.picture import open_picture
from demo.picture.regions import Click, RegionObject
from tests.segmenters.test_cut_out import BOX, masked, picture


def test_the_findings_name_each_uncertain_outline() -> None:
    shown = open_picture(picture(BOX))
    sure = RegionObject("", BOX, mask=masked(BOX))
    bare = PictureBox(900, 300, 1200, 700)
    unsure = RegionObject("", bare, mask=masked(bare))
    one, *others = doubtful_outlines([sure, unsure, RegionObject("", bare)], shown, "R4")
    assert others == []
    assert (one.kind, one.level, one.object) == ("mask.uncertain", "note", 2)
    assert one.text == "The outline of R4.2 is uncertain: it fills its whole box."
    (alone,) = doubtful_outlines([unsure], shown, "R2")
    assert alone.text == "The outline of R2 is uncertain: it fills its whole box."


def test_clicks_that_refine_an_outline_settle_it() -> None:
    shown, at = open_picture(picture()), PicturePoint(300, 400)
    item = RegionObject("R1.1", BOX, at, masked(BOX), clicks=(Click(at),))
    assert outline_doubt(item, shown)
    more = replace(item, clicks=(*item.clicks, Click(PicturePoint(210, 310), positive=False)))
    assert outline_doubt(more, shown) is None
