"""Scores of played dialogues: per round, over all rounds, and by the labels that the file gives its turns.

Pure functions on rows; AP, gIoU and cIoU are those of `metrics`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from demo.evaluate.metrics import Summary, are_covered, mean_of, says_none, summarize
from demo.evaluate.play import Row, TurnRow, turn_score
from demo.picture.geometry import PictureBox

MAX_GROUPS = 40  # a label with more values, such as a caption, does not group anything
_BESIDE = ("ahead", "literal")  # sources of places that refer to no earlier turn


@dataclass(frozen=True, slots=True)
class Totals:
    """Scores over some turns; shares from 0 to 1, None where nothing counts.

    ``referring_ap`` is the AP over the turns that refer to an earlier one, whatever stands for it.
    ``places`` counts such references; of these ``fallbacks`` took the true box because none was predicted,
    and ``missing`` found neither. ``ahead`` counts references of a turn to itself or a later one, which got
    the true box, and ``literal`` counts box places that name no turn. Over the ``given`` turns whose
    question held a box, ``citation`` is the mean reward for citing it and ``exact`` the share that cites
    exactly the given boxes (boxes of the answer may be cited, too). ``false_empty`` is the share of turns
    with something to find that were answered without a box; ``unreadable`` counts turns without a box whose
    answer does not say that nothing matches, ``masks_failed`` those whose masks failed. ``looks`` is their
    mean number a turn; over the ``looked`` turns that had something to find and looked for it, ``covered``
    is the share whose looks hold at least half of every true box. ``seconds`` is the mean time.
    """

    summary: Summary
    referring_ap: float | None
    box_iou: float | None
    false_empty: float | None
    places: int
    fallbacks: int
    missing: int
    ahead: int
    literal: int
    given: int
    citation: float | None
    exact: float | None
    unreadable: int
    masks_failed: int
    looks: float | None = None
    looked: int = 0
    covered: float | None = None
    seconds: float | None = None

    @property
    def rounds(self) -> int:
        """The number of turns, with something to find or without."""
        return self.summary.turns + self.summary.absent

    def to_dict(self) -> dict[str, Any]:
        """As one flat JSON object."""
        whole = asdict(self)
        return {**whole.pop("summary"), **whole}


@dataclass(frozen=True, slots=True)
class Scores:
    """Totals of a run: overall, by round (from 1), and by label and its value.

    ``as_stored`` counts the dialogues whose picture has an EXIF orientation, which was ignored;
    ``outside`` those with a true box that reaches outside the picture.
    """

    dialogues: int
    as_stored: int
    outside: int
    overall: Totals
    rounds: dict[int, Totals]
    labels: dict[str, dict[str, Totals]]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "dialogues": self.dialogues,
            "as_stored": self.as_stored,
            "outside": self.outside,
            "overall": self.overall.to_dict(),
            "rounds": {str(n): t.to_dict() for n, t in self.rounds.items()},
            "labels": {
                name: {value: t.to_dict() for value, t in groups.items()}
                for name, groups in self.labels.items()
            },
        }


def score(rows: Iterable[Row]) -> Scores:
    """All scores of a run."""
    rows = list(rows)
    turns = [turn for row in rows for turn in row["turns"]]
    by_round: dict[int, list[TurnRow]] = defaultdict(list)
    for turn in turns:
        by_round[turn["round"]].append(turn)
    return Scores(
        dialogues=len(rows),
        as_stored=sum(row.get("as_stored", False) for row in rows),
        outside=sum(row.get("outside", False) for row in rows),
        overall=totals(turns),
        rounds={number: totals(by_round[number]) for number in sorted(by_round)},
        labels=_by_label(turns),
    )


def totals(turns: Sequence[TurnRow]) -> Totals:
    """The scores over these turns."""
    sources = [place["source"] for turn in turns for place in turn["references"]]
    citations = [turn["citation"] for turn in turns if turn["citation"] is not None]
    given = [turn for turn in turns if turn["citation"] is not None]
    to_find = [turn for turn in turns if turn["truth"]]
    looked = [turn for turn in to_find if turn.get("looks")]
    return Totals(
        summary=summarize(turn_score(turn) for turn in turns),
        referring_ap=summarize(turn_score(turn) for turn in turns if _refers(turn)).ap,
        box_iou=mean_of([turn["iou"] or 0.0 for turn in to_find]),
        false_empty=mean_of([not turn["objects"] for turn in to_find]),
        places=sum(source not in _BESIDE for source in sources),
        fallbacks=sources.count("fallback"),
        missing=sources.count("missing"),
        ahead=sources.count("ahead"),
        literal=sources.count("literal"),
        given=len(given),
        citation=mean_of(citations),
        exact=mean_of([cites_exactly(turn) for turn in given]),
        unreadable=sum(not turn["objects"] and not says_none(turn["findings"]) for turn in turns),
        masks_failed=sum("masks.failed" in turn["findings"] for turn in turns),
        looks=mean_of([len(turn.get("looks", ())) for turn in turns]),
        looked=len(looked),
        covered=mean_of([_is_covered(turn) for turn in looked]),
        seconds=mean_of([s for turn in turns if (s := turn["total_s"]) is not None]),
    )


def _refers(turn: TurnRow) -> bool:
    return any(place["source"] not in _BESIDE for place in turn["references"])


def _is_covered(turn: TurnRow) -> bool:
    looks = [PictureBox(*look["box_xyxy"]) for look in turn.get("looks", ())]
    return are_covered((PictureBox(*box) for box in turn["truth"]), looks)


def cites_exactly(turn: TurnRow) -> bool:
    """Whether its reasoning cites all boxes of the question, and otherwise only boxes of the answer."""
    return not {"citation.missing", "citation.invented"}.intersection(turn["findings"])


def _by_label(turns: Sequence[TurnRow]) -> dict[str, dict[str, Totals]]:
    groups: dict[str, dict[str, list[TurnRow]]] = defaultdict(lambda: defaultdict(list))
    for turn in turns:
        for name, value in turn["labels"].items():
            groups[name][value].append(turn)
    return {
        name: {value: totals(group) for value, group in sorted(values.items())}
        for name, values in sorted(groups.items())
        if len(values) <= MAX_GROUPS
    }
