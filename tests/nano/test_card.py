"""The model card's tables hold the measured numbers, and the plot shows what the log has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo.errors import InputError
from demo.evaluate.metrics import TurnScore
from demo.nano.release.card import BEGIN, END, measured, scores_table, write_card
from demo.nano.release.evaluate import Report
from demo.nano.release.robust import Robustness
from demo.nano.release.sizes import sizes_plot
from demo.nano.training.plot import plot

HIT, MISS = TurnScore(1, True, (80, 100)), TurnScore(2, False, (10, 100))
RIGHT, WRONG = TurnScore(1, absent_right=True), TurnScore(1, absent_right=False)
CARD = f"# nano\n\nBefore.\n\n{BEGIN}\nold numbers\n{END}\n\n## Limits\n"


def report() -> dict[str, Any]:
    """Of four rounds three are right, all of them first ones; of three absent things two."""
    made = Report(dialogues=3, scores=[HIT, HIT, HIT, MISS, RIGHT, RIGHT, WRONG])
    made.by_skill |= {"kind": [HIT, HIT, HIT], "above": [MISS], "absent": [RIGHT, RIGHT, WRONG]}
    made.by_kind |= {"dog": [HIT, MISS], "cat": [HIT, HIT]}
    made.box_ious, made.ceiling = [0.9, 0.9, 0.9, 0.1], [0.8, 0.8, 0.8, 0.8]
    made.recalled, made.counted = [True, True, True, False], [True, False]
    made.cited_right, made.references, made.fallbacks = [True], 1, 0
    made.first_token_s, made.total_s = [0.02], [0.41]
    return made.to_dict()


def test_the_card_of_large_scenes_tells_small_things_from_large_ones() -> None:
    made = Report(dialogues=2, scores=[HIT, MISS, RIGHT], ceiling=[0.8], box_ious=[0.9, 0.1])
    made.by_size |= {"small": [HIT, MISS, RIGHT], "large": [HIT]}
    made.looks |= {"small": [1, 1, 2], "large": [0]}
    text = measured(made.to_dict())
    assert "| small | 50.0 | 2 | 100.0 | 1 | 1.33 |" in text
    assert "| large | 100.0 | 1 | – | – | 0.00 |" in text
    assert "looks a turn" not in measured(report())


def test_the_plot_of_large_scenes_is_a_small_picture(tmp_path: Path) -> None:
    made = Report(dialogues=2)
    made.by_size |= {"small": [HIT, MISS, RIGHT], "large": [HIT]}
    made.looks |= {"small": [1, 1, 2], "large": [0]}
    blind = Report(dialogues=2)
    blind.by_size |= {"small": [MISS, MISS, RIGHT], "large": [HIT]}
    blind.looks |= {"small": [0, 0, 0], "large": [0]}
    sizes_plot({"with looks": made.to_dict(), "without": blind.to_dict()}, tmp_path / "large.png")
    with Image.open(tmp_path / "large.png") as drawn:
        assert drawn.size == (960, 384)
    assert (tmp_path / "large.png").stat().st_size < 60_000
    with pytest.raises(InputError, match="cannot be written"):
        sizes_plot({"with looks": made.to_dict()}, tmp_path / "nowhere" / "large.png")


def robust() -> dict[str, Any]:
    made = Robustness(seed=4, scenes=50, rare=[MISS], outside=[RIGHT] * 9 + [WRONG])
    made.people |= {"kind": [HIT, MISS], "absent": [RIGHT]}
    made.pictures |= {"16:9": [HIT], "dark": [HIT, HIT, HIT, MISS, RIGHT]}
    return made.to_dict()


def lines(text: str) -> list[str]:
    return text.splitlines()


def test_the_tables_hold_the_numbers() -> None:
    text = measured(report(), robust(), "On two cores.")
    for line in (
        "| round | 1 | 2 | all |",
        "| AP | 100.0 | 0.0 | **75.0** |",
        "| gIoU | 80.0 | 10.0 | **62.5** |",
        "| cIoU | 80.0 | 10.0 | **62.5** |",
        "| rounds | 3 | 1 | 4 |",
        "| mean box IoU | 0.700 |",
        "| gIoU against that of the same segmenter on the true boxes | 62.5 of 80.0: 0.781 |",
        "| things that are absent, answered with `[]` | 66.7 % of 3 |",
        "| several asked for: boxes found | 75.0 % of 2 rounds |",
        "| several asked for: as many boxes as there are | 50.0 % of 2 rounds |",
        "| traces that cite exactly the given boxes | 100.0 % |",
        "| references that fell back to the true box | 0 of 1 |",
        "| first token, whole turn (medians) | 0.02 s, 0.41 s |",
        "| absent | – | – | 66.7 | 3 |",
        "| dog | 50.0 | 2 |",
        "| **all of these** | 50.0 | 2 | 100.0 | 1 |",
        "| words that its world does not use | 0.0 | 1 | – | – |",
        "| 16:9 | 100.0 | 1 | – | – |",
        "| dark | 75.0 | 4 | 100.0 | 1 |",
        "Things outside its world, answered with `[]`: 90.0 % of 10.",
    ):
        assert line in lines(text)
    assert "3 held-out dialogues, 4 rounds" in text
    assert "On two cores." in text


def test_the_weakest_comes_first() -> None:
    names = [line.split(" | ")[0] for line in lines(measured(report()))]
    assert names.index("| above") < names.index("| absent") < names.index("| kind")


def test_every_table_is_well_formed() -> None:
    for block in measured(report(), robust()).split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in lines(block)}) == 1


def test_absence_has_no_columns_where_nothing_is_absent() -> None:
    assert lines(scores_table(report()["kinds"]))[0] == "|  | AP | rounds |"


def test_a_report_may_come_from_json() -> None:
    again = json.loads(json.dumps(report()))
    assert measured(again) == measured(report())


def test_nothing_measured_is_a_dash() -> None:
    assert "| mean box IoU | – |" in measured(Report().to_dict())


def test_only_what_stands_between_the_markers_is_replaced(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text(CARD)
    write_card(card, report())
    once = card.read_text()
    assert once.startswith(f"# nano\n\nBefore.\n\n{BEGIN}\n")
    assert once.endswith(f"\n{END}\n\n## Limits\n")
    assert "old numbers" not in once
    write_card(card, report())
    assert card.read_text() == once


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# nano\n", id="no markers"),
        pytest.param(f"{END}\n{BEGIN}\n", id="markers in the wrong order"),
    ],
)
def test_a_card_without_a_place_is_left_alone(tmp_path: Path, text: str) -> None:
    card = tmp_path / "README.md"
    card.write_text(text)
    with pytest.raises(InputError, match="measured:begin"):
        write_card(card, report())
    assert card.read_text() == text


# --- the plot --------------------------------------------------------------------------------------


def row(phase: str, step: int, **values: Any) -> dict[str, Any]:
    return {"phase": phase, "step": step, **values}


SEEING = [row("seeing", n, seconds=1.0 * n, tower_box=2 / n) for n in range(10, 100, 10)]
TALKING = [
    row("talking", n, seconds=1.0 * n, words=3 / n, look3=1 / n, look4=2 / n)
    for n in range(10, 400, 10)
]
CHECKS = [
    row("talking", n, held_out={"first_round_ap": 1 - 50 / n, "box_iou": 0.8})
    for n in range(100, 400, 100)
]


def drawn(folder: Path, rows: list[dict[str, Any]]) -> np.ndarray[Any, Any]:
    log, out = folder / "log.jsonl", folder / "plot.png"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    plot(log, out)
    assert out.stat().st_size <= 80_000
    with Image.open(out) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def test_the_plot_shows_losses_and_accuracy(tmp_path: Path) -> None:
    without = drawn(tmp_path, SEEING + TALKING)
    whole = drawn(tmp_path, SEEING + TALKING + CHECKS)
    assert whole.shape[0] > without.shape[0], "a second panel"
    assert len(np.unique(whole.reshape(-1, 3), axis=0)) > 8


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([*SEEING, *TALKING[:-9], *CHECKS], id="a shorter run"),
        pytest.param([*TALKING, *CHECKS], id="without the first phase"),
        pytest.param([*SEEING, *TALKING, *CHECKS[:-1]], id="fewer checks"),
        pytest.param(
            [*SEEING, *[{**r, "words": 0.5} for r in TALKING], *CHECKS], id="other losses"
        ),
    ],
)
def test_another_log_is_another_plot(tmp_path: Path, other: list[dict[str, Any]]) -> None:
    assert not np.array_equal(drawn(tmp_path, [*SEEING, *TALKING, *CHECKS]), drawn(tmp_path, other))


def test_steps_that_a_resumed_run_went_over_again_count_once(tmp_path: Path) -> None:
    lost = [{**r, "words": 9.0} for r in TALKING[20:25]]
    resumed = [*SEEING, *TALKING[:20], *lost, *TALKING[20:], *CHECKS]
    whole = [*SEEING, *TALKING, *CHECKS]
    assert np.array_equal(drawn(tmp_path, resumed), drawn(tmp_path, whole))


def test_a_loss_of_nothing_can_be_drawn(tmp_path: Path) -> None:
    drawn(tmp_path, [row("talking", 10, copy=0.0), row("talking", 20, copy=0.0)])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("not json\n", id="not JSON"),
        pytest.param('{"step": 1, "words": 2.0}\n', id="no phase"),
        pytest.param("[1, 2]\n", id="no row"),
    ],
)
def test_what_is_no_log_is_refused(tmp_path: Path, text: str) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(text)
    with pytest.raises(InputError, match="log"):
        plot(log, tmp_path / "plot.png")
