"""What the soak would find: answers that are lost, mixed, or shown to somebody else."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.load.soak import Ledger, judge, on_disk

OURS, THEIRS, LATER = (f"zq{n:010x}" for n in (1, 2, 3))
ANSWERED, FAILED = '"said": "Answer 1: found one."', '"said": "", "alarm": "The model failed."'
UNSAVED = f'{ANSWERED} "text": "Dialogues cannot be saved: the disk is full."'


def written(folder: Path, rows: list[tuple[str, str, str]]) -> Path:
    """A database with a dialogue of one turn for each owner, secret and shade."""
    path = folder / "dialogues.sqlite3"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE dialogues (owner, body)")
        for owner, secret, shade in rows:
            turn = {"question": f"find {secret}", "raw": f"Asked {secret}; seen {shade}."}
            db.execute(
                "INSERT INTO dialogues VALUES (?, ?)", (owner, json.dumps({"turns": [turn]}))
            )
    return path


def asked(*finals: str) -> Ledger:
    """The ledger of the first visitor after so many turns, each with its last message."""
    secrets = (OURS, LATER)
    ledger = Ledger(0, {*secrets})
    for secret, final in zip(secrets, finals, strict=False):
        ledger.note(secret, f"Asked {secret}; seen {ledger.shade}.", final)
    return ledger


def test_an_answer_is_kept_once_it_is_shown_and_not_called_unsaved() -> None:
    assert asked(ANSWERED).kept == {OURS}
    assert asked(FAILED).kept == set()
    assert asked(UNSAVED).kept == set()
    assert asked(UNSAVED, ANSWERED).kept == {OURS, LATER}  # the next save takes both


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        pytest.param([("a", OURS, "{own}")], "", id="all is well"),
        pytest.param([("a", OURS, "{own}"), ("a", LATER, "")], "", id="one was stopped"),
        pytest.param([], "1 answers are lost", id="nothing is there"),
        pytest.param([("a", THEIRS, "{own}")], "1 answers are lost", id="something else is"),
        pytest.param(
            [("a", OURS, "{own}"), ("b", OURS, "{own}")], "is 2 owners", id="in two places"
        ),
        pytest.param([("a", OURS, "{other}")], "lie", id="with another's picture"),
        pytest.param([("a", OURS, "{own}"), ("a", THEIRS, "{other}")], "lie", id="with another's"),
    ],
)
def test_what_is_lost_or_mixed_on_disk_is_found(
    tmp_path: Path, rows: list[tuple[str, str, str]], says: str
) -> None:
    ledger, shades = asked(ANSWERED), {"own": Ledger(0).shade, "other": Ledger(1).shade}
    found = on_disk(written(tmp_path, [(o, secret, s.format(**shades)) for o, secret, s in rows]))
    wrong = judge([ledger], found, Counter({0: 3}), Counter())
    assert [says in each for each in wrong] == ([True] if says else [])


def test_what_reached_somebody_else_is_found() -> None:
    ledger = asked(ANSWERED)
    ledger.check(f"Asked {THEIRS}; seen {Ledger(1).shade}.")
    assert ledger.mixed == {THEIRS, Ledger(1).shade}


def test_bad_ends_are_found() -> None:
    wrong = judge([], {}, Counter({0: 2, -9: 1}), Counter({"Traceback": 4}))
    assert wrong == ["1 ends with status -9", "4 × Traceback in the log"]
