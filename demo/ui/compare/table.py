"""What two models answered, round by round, as the JSON value that compare.js shows.

It knows numbers and words of answers; where their regions lie on the picture the canvas knows already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from demo.dialogue.comparison import (
    Agreement,
    agreement_of,
    left_for,
    opinion_of,
    others_in,
    rounds_for,
)
from demo.dialogue.session import SecondOpinion, Turn
from demo.errors import join_with_and
from demo.models.available import Row
from demo.models.switching import RunningModels
from demo.picture.regions import RegionObject
from demo.ui.shared.answers import serial
from demo.ui.tab.workspace import Workspace

if TYPE_CHECKING:
    from demo.evaluate.turn_score import AnswerScore


def comparison(workspace: Workspace | None) -> dict[str, Any]:
    """What the dialogue's models and others have answered, as far as they have; compare.d.ts has its form.

    What is not in it stays in the browser as it was.
    """
    session = workspace.session if workspace else None
    return {
        "first": join_with_and([*session.answered_by]) if session else "",
        "others": [*others_in(session)] if session else [],
        "rounds": _rounds(workspace) if workspace else [],
        "serial": serial(),
    }


def models_for(running: RunningModels, workspace: Workspace | None) -> dict[str, Any]:
    """Which models can be asked as well, and how much is left for each; none where none may be chosen."""
    if not running.can_switch_now or workspace is None:
        return {"may_choose": running.can_switch_now, "models": []}
    return {"may_choose": True, "models": _models(running, workspace)}


def _models(running: RunningModels, workspace: Workspace) -> list[dict[str, Any]]:
    session, available = workspace.session, running.available
    known: list[Row] = [
        *available.rows(running.models, measured=False, beside=running.bytes_beside),
        *available.served_rows(running.models),
    ]
    models = []
    for row in known:
        name = available.entry(row.source).name
        rounds, left = rounds_for(session, name), left_for(session, name)
        if row.state in ("runs", "here", "served") and rounds:
            line = f"{row.line} Stays loaded." if row.title in running.kept_beside else row.line
            models.append(
                {"source": row.source, "title": row.title, "name": name, "line": line}
                | {"rounds": [*rounds], "left": [*left]}
            )
    return models


def _rounds(workspace: Workspace) -> list[dict[str, Any]]:
    return [_round(workspace, n) for n in range(1, len(workspace.session.turns) + 1)]


def _round(workspace: Workspace, number: int) -> dict[str, Any]:
    session = workspace.session
    turn = session.turn(number)
    found = session.found_by(turn)
    is_there = turn.region is not None and turn.region in session.registry
    return {
        "turn": number,
        "question": turn.question,
        "given": [*turn.references],
        "author": session.reasoner_of(turn).name,
        "region": turn.region if is_there else None,
        **_answer(workspace, number, turn, found),
        "others": {
            name: _other(workspace, number, found, second)
            for name in others_in(session)
            if (second := opinion_of(turn, name)) is not None
        },
    }


def _other(
    workspace: Workspace, number: int, found: tuple[RegionObject, ...], second: SecondOpinion
) -> dict[str, Any]:
    turn = workspace.session.turn(number)
    agreed = agreement_of(workspace.session, turn, found, second)
    return {
        **_answer(workspace, number, second.turn, second.objects),
        "iou": agreed.iou,
        "agrees": agreed.agrees,
        "pairs": [[i, j, iou] for i, j, iou in agreed.pairs],
        "verdict": verdict(agreed, len(found), len(second.objects)),
    }


def verdict(agreed: Agreement, first: int, second: int) -> str:
    """How far two answers with so many objects agree, in a word or two; empty where it cannot be said."""
    if agreed.agrees is None:
        return ""
    if agreed.iou is None:
        return "both nothing"
    if not first or not second:
        return "only one finds it"
    return "agree" if agreed.agrees else "disagree"


def _answer(
    workspace: Workspace, number: int, turn: Turn, objects: tuple[RegionObject, ...]
) -> dict[str, Any]:
    warnings = [finding.text for finding in turn.findings if finding.level == "warning"]
    notes = [finding.text for finding in turn.findings if finding.level == "note"]
    return {
        "count": len(objects),
        "seconds": turn.timings.total_s,
        "partial": turn.partial,
        "warnings": warnings,
        "notes": notes,
        "truth": _truth(workspace, number, turn, objects),
    }


def _truth(
    workspace: Workspace, number: int, turn: Turn, objects: tuple[RegionObject, ...]
) -> dict[str, Any] | None:
    """How an answer does by the benchmark; None for a question that is not the benchmark's."""
    track, session = workspace.track, workspace.session
    if track is None or number > track.played(session):
        return None
    return _scored(track.judged(session, number, objects, turn))


def _scored(judged: AnswerScore) -> dict[str, Any]:
    score = judged.score
    return {"iou": judged.iou, "right": bool(score.hit or score.absent_right)}


def outcome(title: str, asked: Sequence[int], answered: int, *, stopped: bool) -> str:
    """What became of the rounds that were put to a model, in a sentence."""
    of_them = f"{answered} of {len(asked)} rounds"
    if stopped:
        done = f"{title} has answered {of_them}" if len(asked) > 1 else f"{title} was not finished"
        return f"Stopped: {done}. Ask it again to go on."
    if not answered:
        return f"{title} has not answered."
    return f"{title} has answered {of_them if len(asked) > 1 else f'round {asked[0]}'}."


def troubles(reasons: Mapping[int, str]) -> str:
    """Why some rounds have no answer, each reason once."""
    by_reason: dict[str, list[int]] = {}
    for number, reason in reasons.items():
        by_reason.setdefault(reason, []).append(number)
    return " ".join(f"{_named(numbers)}: {reason}" for reason, numbers in by_reason.items())


def _named(numbers: Sequence[int]) -> str:
    words = join_with_and([str(number) for number in numbers])
    return f"Round {words}" if len(numbers) == 1 else f"Rounds {words}"
