"""What the page says and draws of a benchmark's truth: a line at each answer, a sum at the end, asides.

The numbers are those of `metrics`, as `python -m demo evaluate` has them; here they become sentences.
"""

from __future__ import annotations

from demo.dialogue.session import Session
from demo.evaluate.data import TrueTurn
from demo.evaluate.live_benchmark import Round, Total, Track
from demo.evaluate.metrics import HIT_IOU, summarize, union_of
from demo.picture.masks import Mask
from demo.picture.regions import RegionObject
from demo.ui.canvas.asides import Aside, AsideKind
from demo.ui.shared.text import marked


def asides(track: Track, session: Session) -> dict[int, tuple[Aside, ...]]:
    """What was to be found, for each turn (1, 2, …) that the benchmark asked."""
    return {
        number: (Aside("truth", AsideKind.TRUTH, _objects(true)),)
        for number, true in enumerate(track.dialogue.turns[: track.played(session)], start=1)
    }


def remarks(track: Track, session: Session) -> dict[int, tuple[str, ...]]:
    """Lines of Markdown for those turns: how the answer did, and after the last how the dialogue did."""
    lines = {one.number: _lines(one) for one in track.rounds(session)}
    total = track.total(session)
    if total is not None:
        last = len(session.turns)
        lines[last] = (*lines[last], marked("sum", total_line(total, last)))
    return lines


def _objects(true: TrueTurn) -> tuple[RegionObject, ...]:
    masks: tuple[Mask | None, ...] = true.masks or ()
    if len(masks) != len(true.boxes):  # nobody knows whose they are: one outline for all
        masks = (_together(true.masks),) if true.masks else ()
    masks += (None,) * len(true.boxes)
    return tuple(
        RegionObject("", box, mask=mask) for box, mask in zip(true.boxes, masks, strict=False)
    )


def _together(masks: tuple[Mask, ...]) -> Mask:
    return Mask.from_array(union_of((m.to_array() for m in masks), masks[0].size))


def _lines(one: Round) -> tuple[str, ...]:
    notes = [_stand_in(name, named, one.number) for name, named in one.stand_ins]
    if one.true.literal:
        notes.append("The place for a box in this question names no round, so it stays as it is.")
    verdict = marked(_level(one), f"Truth: {_verdict(one)}{_uncounted(one)}")
    return (*(marked("note", note) for note in notes), verdict)


def _stand_in(name: str, named: int, number: int) -> str:
    if named < number:
        return f"{name} is the true box of round {named}: the answer there has none to refer to."
    which = "itself" if named == number else f"round {named}, which comes later"
    return f"{name} is the true box of round {named}: this question names {which}."


def _level(one: Round) -> str:
    if not one.counts:
        return "note"
    return "ok" if one.judged.score.hit or one.judged.score.absent_right else "missing"


def _verdict(one: Round) -> str:
    there = len(one.true.boxes)
    if not there:
        return f"nothing is there, {_verdict_on_nothing(one)}."
    if not one.answered:
        return f"{'there is one' if there == 1 else f'there are {there}'}; the answer has no box."
    return f"{_iou(one, there)}{_mask_iou(one)}."


def _verdict_on_nothing(one: Round) -> str:
    if one.answered:
        return f"but the answer has {_boxes(one.answered)}"
    right = one.judged.score.absent_right
    return "and the answer says so" if right else "but the answer does not say so"


def _iou(one: Round, there: int) -> str:
    which = f" with the first of {there} boxes" if there > 1 else ""
    verdict = f"a hit (above {HIT_IOU})" if one.judged.score.hit else f"a miss ({HIT_IOU} or less)"
    return f"IoU {_share(one.judged.iou)}{which}, {verdict}"


def _mask_iou(one: Round) -> str:
    mask_iou = summarize([one.judged.score]).giou
    return "" if mask_iou is None else f"; mask IoU {_share(mask_iou)}"


def _uncounted(one: Round) -> str:
    if one.counts:
        return ""
    if one.partial:
        return " The answer was stopped, so it does not count: ask again, and the dialogue goes on."
    return " You changed the answer, so it does not count: undo that, and the dialogue goes on."


def total_line(total: Total, rounds: int) -> str:
    """The scores of a dialogue with that many rounds, in one sentence."""
    summary, figures = total.summary, []
    if summary.ap is not None:
        hits = f"{round(summary.ap * summary.turns)} of {summary.turns} hit"
        figures.append(f"AP {_share(summary.ap)} ({hits})")
        figures.append(f"mean box IoU {_share(total.iou)}")
    if summary.giou is not None:
        figures.append(f"gIoU {_share(summary.giou)}")
    if summary.absent_accuracy is not None:
        right = round(summary.absent_accuracy * summary.absent)
        figures.append(f"{right} of {summary.absent} with nothing to find right")
    return f"{'One round' if rounds == 1 else f'All {rounds} rounds'}: {', '.join(figures)}."


def _boxes(count: int) -> str:
    return "a box" if count == 1 else f"{count} boxes"


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"
