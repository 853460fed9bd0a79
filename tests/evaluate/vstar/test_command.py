"""`python -m demo evaluate --benchmark vstar` with the real nano, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import Ended, call
from tests.support.vstar import QUESTIONS, write_vstar


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The five questions; the note of the second one is damaged."""
    return write_vstar(
        tmp_path_factory.mktemp("vstar") / "vstar_bench",
        change=lambda key, note: "{" if key == QUESTIONS[1].key else note,
    )


def evaluate(*arguments: object) -> Ended:
    return call("-m demo", "evaluate", *arguments, "--model", "nano")


def rows_in(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "rows.jsonl").read_text().splitlines()]


def test_a_run_goes_on_where_it_stopped_and_is_compared(folder: Path, tmp_path: Path) -> None:
    out, weighed = tmp_path / "letter", tmp_path / "likelihood"
    first = evaluate("--benchmark", "vstar", folder, "--out", out, "--limit", 3)
    assert first.returncode == 0, first.stderr
    assert "Question 1 is left out: direct_attributes/sa_10: Its JSON file cannot" in first.stderr
    assert [row["index"] for row in rows_in(out)] == [0, 2]
    done = evaluate(folder, "--benchmark", "vstar", "--out", out)
    assert done.returncode == 0, done.stderr
    rows = rows_in(out)
    assert [row["index"] for row in rows] == [0, 2, 3, 4]
    assert all(row["boxes"] or "answer.empty" in str(row["findings"]) for row in rows)
    assert "| attributes |" in done.stdout
    assert "The model only points" in done.stdout
    other = evaluate(
        folder, "--benchmark", "vstar", "--out", weighed, "--protocol", "likelihood", "--compare", out
    )  # fmt: skip
    assert other.returncode == 0, other.stderr
    assert all(row["chosen"] and len(row["losses"]) > 1 for row in rows_in(weighed))  # type: ignore[arg-type]
    report = (weighed / "report.md").read_text()
    assert "| nano, likelihood |" in report
    assert "| nano, letter |" in report
    assert "- Question 1: direct\\_attributes/sa\\_10: Its JSON file" in report
    refused = evaluate(folder, "--benchmark", "vstar", "--out", out, "--looks", 0)
    assert (refused.returncode, "looks was None, now 0" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--benchmark", "imagenet"), "invalid choice: 'imagenet'"),
        (("--benchmark", "vstar", "--looks", "-1"), "-1 is not a whole number from 0"),
        (("--benchmark", "vstar", "--looks", "two"), "two is not a whole number from 0"),
        (("--benchmark", "vstar", "--protocol", "words"), "invalid choice: 'words'"),
        (("--benchmark", "vstar", "--limit", "0"), "0 is not a whole number above 0"),
        (("--benchmark", "vstar", "--reference", "truth"), "leave out --reference"),
        (("--benchmark", "vstar", "--reference-form", "bare"), "leave out --reference"),
        (("--benchmark", "vstar", "--images", "."), "leave out --images"),
        (("--benchmark", "vstar", "--protocol", "likelihood", "--looks", "2"), "cannot look"),
        (("--benchmark", "vstar", "--compare", "nowhere"), "nowhere holds no run"),
        (("--protocol", "letter"), "--protocol belongs to --benchmark vstar."),
        ((), "is a folder: give a file of dialogues, or add --benchmark vstar"),
    ],
)
def test_what_cannot_be_is_said_before_a_model_is_loaded(
    folder: Path, arguments: tuple[str, ...], says: str
) -> None:
    ended = evaluate(folder, *arguments)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--asking", "quick"), "V* asks for words: leave out --asking"),
        (("--asking", "looking", "--looks", "0"), "contradict each other"),
        (("--protocol", "likelihood"), "only a model in this process can do"),
    ],
)
def test_what_a_server_cannot_do_is_said_before_it_is_asked(
    folder: Path, arguments: tuple[str, ...], says: str
) -> None:
    ended = call(
        "-m demo", "evaluate", folder, "--benchmark", "vstar", "--server", "http://localhost:9", *arguments
    )  # fmt: skip
    assert (ended.returncode, says in ended.stderr) == (2, True), ended.stderr


def test_another_folder_is_refused(tmp_path: Path) -> None:
    ended = evaluate("--benchmark", "vstar", tmp_path)
    assert ended.returncode == 2
    assert "has neither direct_attributes nor relative_position" in ended.stderr
