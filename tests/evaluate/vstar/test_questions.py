"""Folders in the form of V*: as they are published, as people have them, and what is wrong with others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.errors import InputError
from demo.evaluate.vstar.questions import TEXTS, Question, read_benchmark
from tests.support.vstar import QUESTIONS, RIGHT, reordered, rows_of_texts, text_of, write_vstar

BALL, CAR = "direct_attributes/sa_9", "relative_position/sa_6183"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_vstar(tmp_path_factory.mktemp("published") / "vstar_bench")


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(published, tmp_path / "vstar_bench"))


def questions(folder: Path) -> dict[str, Question]:
    return {question.name: question for question in read_benchmark(folder).questions}


def change(folder: Path, key: str, **values: Any) -> None:
    """Write other values into the note of a question; None takes one out."""
    path = folder / f"{key}.json"
    note = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps({name: value for name, value in note.items() if value is not None}))


def change_texts(folder: Path, how: Callable[[dict[str, Any]], object]) -> None:
    """Write the file of texts anew, each row as ``how`` makes it; texts stand as they are."""
    lines = [how(row) for row in rows_of_texts()]
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines if line]
    (folder / "test_questions.jsonl").write_text("\n".join(texts))


def test_the_published_files_are_read(published: Path) -> None:
    read = read_benchmark(published)
    assert (read.bad, read.notes) == ((), ())
    assert [q.name.partition("/")[2] for q in read.questions] == [
        *("sa_9", "sa_10", "sa_4690"),
        *("sa_6183", "sa_61594"),
    ]
    assert [q.index for q in read.questions] == [0, 1, 2, 3, 4]
    found = {q.name: q for q in read.questions}
    for small in QUESTIONS:
        question = found[small.key]
        assert question.text == small.question
        assert f"{question.stem}\n" in text_of(small)
        assert list(question.options) == reordered(small)
        assert question.right == RIGHT[small.stem]
        assert question.sentences == small.sentences
        assert [target.box for target in question.targets] == small.boxes()
        assert not question.is_shuffled


def test_without_texts_the_order_of_options_is_drawn_and_always_the_same(folder: Path) -> None:
    (folder / "test_questions.jsonl").unlink()
    first, again = read_benchmark(folder), read_benchmark(folder)
    assert first == again
    for question in first.questions:
        assert question.is_shuffled
        assert question.options[question.right] == question.sentences[0]
        assert sorted(question.options) == sorted(question.sentences)
    assert {question.right for question in first.questions} != {0}


def made(folder: Path, *names: str) -> Path:
    """The folder with these folders in it."""
    for name in names:
        (folder / name).mkdir()
    return folder


def without_notes(folder: Path) -> None:
    for path in folder.glob("*/*.json"):
        path.unlink()


def renamed(folder: Path, old: str, new: str) -> None:
    shutil.move(folder / old, folder / new)


LENIENT: dict[str, Callable[[Path], object]] = {
    "other folders": lambda f: made(f, "OCR", "GPT4V-hard", ".cache"),
    "hidden files": lambda f: (f / "direct_attributes" / "._sa_9.json").write_bytes(b"\0\5"),
    "a README and a picture of something": lambda f: [
        (f / "direct_attributes" / "README.md").write_text("V*"),
        shutil.copy(f / f"{BALL}.jpg", f / "direct_attributes" / "teaser.jpg"),
    ],
    "JPG": lambda f: renamed(f, f"{BALL}.jpg", f"{BALL}.JPG"),
    "jpeg": lambda f: renamed(f, f"{BALL}.jpg", f"{BALL}.jpeg"),
    "Json": lambda f: renamed(f, f"{BALL}.json", f"{BALL}.Json"),
    "folders in capitals": lambda f: renamed(f, "direct_attributes", "Direct_Attributes"),
    "a byte order mark": lambda f: [
        path.write_text(path.read_text(), encoding="utf-8-sig") for path in f.glob("*/*.json")
    ],
    "one box without its list": lambda f: change(
        f, BALL, bbox=json.loads((f / f"{BALL}.json").read_text())["bbox"][0], target_object="ball"
    ),
    "fractions of pixels": lambda f: change(
        f, BALL, bbox=[[b.x1 + 0.25, b.y1 + 0.25, b.width, b.height] for b in QUESTIONS[0].boxes()]
    ),
    "paths with a folder before them": lambda f: change_texts(
        f, lambda row: {**row, "image": f"./vstar_bench/{row['image']}"}
    ),
    "pictures in a folder of another name": lambda f: change_texts(
        f, lambda row: {**row, "image": f"images/{row['image'].partition('/')[2]}"}
    ),
    "paths of another system": lambda f: change_texts(
        f, lambda row: {**row, "image": row["image"].replace("/", "\\")}
    ),
    "names of other copies": lambda f: change_texts(
        f, lambda row: {"image_path": row["image"], "question": row["text"], "labels": row["label"]}
    ),
    "labels in brackets": lambda f: change_texts(f, lambda row: {**row, "label": f"({row['label']})"}),
    "options as A.": lambda f: change_texts(
        f, lambda row: {**row, "text": row["text"].replace("(", "").replace(") ", ". ")}
    ),
    "no last line": lambda f: change_texts(
        f, lambda row: {**row, "text": row["text"].rpartition("\n")[0]}
    ),
    "options in the line of the question": lambda f: change_texts(
        f, lambda row: {**row, "text": " ".join(row["text"].rpartition("\n")[0].split("\n"))}
    ),
    "empty lines": lambda f: change_texts(f, lambda row: json.dumps(row) + "\n\n"),
    "texts about other folders": lambda f: change_texts(
        f, lambda row: f'{json.dumps(row)}\n{{"image": "OCR/{row["question_id"]}.jpg"}}'
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LENIENT)
def test_what_people_have_is_read_as_well(folder: Path, published: Path, name: str) -> None:
    LENIENT[name](folder)
    expected, read = questions(published), read_benchmark(folder)
    assert read.bad == ()
    for question in read.questions:
        wanted = expected[question.name]
        assert (question.text, question.options) == (wanted.text, wanted.options)
        assert (question.right, question.targets) == (wanted.right, wanted.targets)
    assert len(read.questions) == len(expected)


def test_a_folder_round_it_and_one_category_of_it_will_do(published: Path) -> None:
    assert questions(published.parent) == questions(published)
    part = read_benchmark(published / "relative_position")
    assert [q.name for q in part.questions] == [CAR, "relative_position/sa_61594"]
    assert part.notes == ("There is no folder direct_attributes: this is only a part of V*.",)


def test_texts_alone_will_do_without_targets(folder: Path) -> None:
    without_notes(folder)
    found = questions(folder)
    for small in QUESTIONS:
        question = found[small.key]
        assert question.targets == ()
        assert question.sentences[0] == small.options[0]
        assert question.options[question.right] == small.options[0]


def test_short_options_beside_sentences_are_no_contradiction(folder: Path) -> None:
    change(
        folder, BALL, options=["The ball is light blue.", "The ball is blue.", "The ball is red."]
    )
    text = "What is the color of the ball?\n(A) red\n(B) light blue\n(C) blue"
    change_texts(
        folder,
        lambda row: {**row, "text": text, "label": "B"} if row["image"].startswith(BALL) else row,
    )
    assert questions(folder)[BALL].options == ("red", "light blue", "blue")


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "no picture": (lambda f: (f / f"{BALL}.jpg").unlink(), "Its picture is missing."),
    "two pictures": (
        lambda f: shutil.copy(f / f"{BALL}.jpg", f / f"{BALL}.png"),
        "Which of its pictures is meant is not clear: sa_9.jpg, sa_9.png.",
    ),
    "two notes": (
        lambda f: shutil.copy(f / f"{BALL}.json", f / f"{BALL}.JSON"),
        "Which of its JSON files is meant is not clear: sa_9.JSON, sa_9.json.",
    ),
    "a picture that is none": (
        lambda f: (f / f"{BALL}.jpg").write_bytes(b"GIF8 not really"),
        "holds something else",
    ),
    "damaged": (lambda f: (f / f"{BALL}.json").write_text('{"question": '), "JSON file cannot be read"),
    "a list": (lambda f: (f / f"{BALL}.json").write_text("[1]"), "JSON file cannot be read"),
    "nothing": (lambda f: (f / f"{BALL}.json").write_text(""), "JSON file cannot be read"),
    "bottomless": (
        lambda f: (f / f"{BALL}.json").write_text("[" * 100_000),
        "JSON file cannot be read",
    ),
    "huge": (lambda f: (f / f"{BALL}.json").write_text(" " * 1_000_001), "JSON file is too large"),
    "no options": (lambda f: change(f, BALL, options=None), "options are not a list of texts"),
    "one option": (lambda f: change(f, BALL, options=["red"]), "It has one option;"),
    "too many": (lambda f: change(f, BALL, options=list("abcdefghi")), "It has 9 options"),
    "numbers": (lambda f: change(f, BALL, options=[1, 2]), "options are not a list of texts"),
    "twice": (lambda f: change(f, BALL, options=["red", "Red "]), "Two of its options are the same."),
    "an option without end": (
        lambda f: change(f, BALL, options=["red", "blue " * 500]),
        "Its options have 2,503 characters, and at most 2,000 can be asked.",
    ),
    "a box that is too short": (
        lambda f: change(f, BALL, bbox=[[1, 2, 3]]),
        "A box is not a list of four numbers.",
    ),
    "a box of words": (lambda f: change(f, BALL, bbox="ball"), "“bbox” is not a list of boxes."),
    "infinity": (
        lambda f: change(f, BALL, bbox=[[1, 2, float("inf"), 4]]),
        "A box is not a list of four numbers.",
    ),
    "a number of 400 digits": (
        lambda f: change(f, BALL, bbox=[[10**400, 1, 2, 2]]),
        "A box is not a list of four numbers.",
    ),
    "no width": (lambda f: change(f, BALL, bbox=[[10, 10, 0, 5]]), "with a width and a height"),
    "corners": (
        lambda f: change(f, BALL, bbox=[[1209, 760, 1251, 801]]),
        "fits its picture only as x1, y1, x2, y2. Write x, y, width, height.",
    ),
    "outside": (
        lambda f: change(f, BALL, bbox=[[1600, 10, 20, 20]]),
        "lies outside its picture of 1500 × 1000 pixels.",
    ),
    "another label": (
        lambda f: change_texts(f, lambda row: {**row, "label": "A"} if BALL in row["image"] else row),
        "Its label in test_questions.jsonl names “blue”, but its first option, which is the right one, is "
        "“The color of the ball is red.”.",
    ),
    "a letter that is not there": (
        lambda f: change_texts(f, lambda row: {**row, "label": "E"} if BALL in row["image"] else row),
        "Its label in test_questions.jsonl is none of its letters: E.",
    ),
    "a text without options": (
        lambda f: change_texts(f, lambda row: {**row, "text": "Which?"} if BALL in row["image"] else row),
        "has no options (A), (B) and so on, in order.",
    ),
    "a text without end": (
        lambda f: change_texts(f, lambda row: {**row, "text": "a" * 9999} if BALL in row["image"] else row),
        "at most 2,000 can be asked",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_question_is_left_out_and_said(folder: Path, name: str) -> None:
    spoil, why = BAD[name]
    spoil(folder)
    read = read_benchmark(folder)
    assert [q.index for q in read.questions] == [1, 2, 3, 4]
    (bad,) = read.bad
    assert bad.index == 0
    assert bad.why.startswith(f"{BALL}: ")
    assert why in bad.why


def test_a_question_that_is_no_text_is_bad_where_there_are_no_texts(folder: Path) -> None:
    (folder / "test_questions.jsonl").unlink()
    change(folder, BALL, question=3)
    change(folder, CAR, question="  ")
    assert [(bad.index, bad.why) for bad in read_benchmark(folder).bad] == [
        (0, f"{BALL}: Its question is not a text."),
        (3, f"{CAR}: Its question is not a text."),
    ]


def test_control_characters_of_options_are_not_asked(folder: Path) -> None:
    (folder / "test_questions.jsonl").unlink()
    change(folder, BALL, options=["light\0blue", "red\x1b[2J\n"])
    question = questions(folder)[BALL]
    assert question.sentences == ("light blue", "red [2J")
    assert "\0" not in question.stem


def test_a_text_whose_picture_is_gone_is_bad(folder: Path) -> None:
    for ending in ("jpg", "json"):
        (folder / f"{BALL}.{ending}").unlink()
    (bad,) = read_benchmark(folder).bad
    assert bad.why == f"{BALL}: Its picture is missing."


def test_lines_that_are_no_texts_are_said(folder: Path) -> None:
    with (folder / "test_questions.jsonl").open("a") as file:
        file.write(f'{{"text": "Which?"}}\nnot JSON\n{json.dumps(rows_of_texts()[0])}\n')
    assert read_benchmark(folder).notes == (
        "Line 6 of test_questions.jsonl is left out: it names no picture.",
        "Line 7 of test_questions.jsonl is left out: it names no picture.",
        "Line 8 of test_questions.jsonl is left out: its picture was named before.",
    )


def add_texts(folder: Path, *lines: str) -> None:
    with (folder / "test_questions.jsonl").open("a") as file:
        file.write("\n".join(lines))


def test_of_many_lines_that_are_no_texts_the_first_are_said(folder: Path) -> None:
    add_texts(folder, *["x"] * 1_200)
    *first, last = read_benchmark(folder).notes
    assert first == [
        f"Line {number} of test_questions.jsonl is left out: it names no picture."
        for number in range(6, 11)
    ]
    assert last == "In all, 1,200 lines of test_questions.jsonl are left out."


def test_too_many_lines_are_refused(folder: Path) -> None:
    add_texts(folder, *["x"] * 10_000)
    with pytest.raises(InputError, match="is too large to be the texts of V"):
        read_benchmark(folder)


@pytest.mark.parametrize("name", ["9" * 5_000, "\x1b[2J\x1b]0;title\x07", "\ud800", "\n7"])
def test_what_is_said_of_a_strange_name_is_short_and_plain(folder: Path, name: str) -> None:
    add_texts(folder, json.dumps({"image": f"direct_attributes/sa_{name}.jpg"}))
    (bad,) = read_benchmark(folder).bad
    assert bad.why.startswith("direct_attributes/sa_")
    assert bad.why.endswith(f": Its row of {TEXTS} has no text.")
    assert bad.why.isprintable()
    assert len(bad.why) < 200


def test_names_of_other_folders_are_said_plainly(folder: Path) -> None:
    (folder / "OCR\x1b[2J").mkdir()
    (note,) = read_benchmark(folder).notes
    assert note == "Left out, because they are not part of its 191 questions: OCR [2J."


def test_what_is_beside_the_questions_is_said(folder: Path) -> None:
    (folder / "OCR").mkdir()
    shutil.copy(folder / f"{BALL}.jpg", folder / "direct_attributes" / "teaser.jpg")
    assert read_benchmark(folder).notes == (
        "Left out, because they are not part of its 191 questions: OCR.",
        "There is no question to the picture direct_attributes/teaser.jpg.",
    )
    shutil.copy(folder / f"{BALL}.jpg", folder / "direct_attributes" / "teaser2.jpg")
    assert read_benchmark(folder).notes[1] == (
        "2 pictures have no question, the first of them direct_attributes/teaser.jpg."
    )


def test_boxes_are_cut_to_the_picture(folder: Path) -> None:
    change(folder, BALL, bbox=[[1480, 900, 80, 200], [-3, -4, 10, 10]])
    targets = questions(folder)[BALL].targets
    assert [(t.name, t.box.xyxy) for t in targets] == [
        ("ball", (1480, 900, 1500, 1000)),
        ("", (0, 0, 7, 6)),
    ]


def test_the_first_questions_only(published: Path) -> None:
    all_of_it, two = read_benchmark(published), read_benchmark(published, 2)
    assert two.questions == all_of_it.questions[:2]
    assert two.digest == all_of_it.digest


def test_the_digest_follows_what_is_asked(folder: Path) -> None:
    before = read_benchmark(folder).digest
    change(folder, BALL, bbox=[[1, 2, 3, 4]])
    assert read_benchmark(folder).digest != before


def parquet(folder: Path) -> Path:
    (folder / "data").mkdir()
    (folder / "data" / "test-00000-of-00001.parquet").write_bytes(b"PAR1")
    return folder


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing there": (lambda f: f / "none", "There is no folder"),
    "an empty folder": (lambda f: f, "has neither direct_attributes nor relative_position"),
    "parquet": (parquet, "as parquet files, in which the boxes are missing"),
    "one parquet file": (
        lambda f: next(parquet(f).glob("data/*")),
        "is a file. V* is read from its published files",
    ),
    "two categories of one name": (
        lambda f: made(f, "direct_attributes", "Direct_Attributes"),
        "Which of its folders is meant is not clear: Direct_Attributes, direct_attributes.",
    ),
    "empty categories": (
        lambda f: made(f, "direct_attributes"),
        "can be used. Its folders are empty.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_another_folder_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    make, why = REFUSED[name]
    with pytest.raises(InputError, match=r"\.$") as refused:
        read_benchmark(make(tmp_path))
    assert why in str(refused.value)


def test_texts_that_are_no_text_are_refused(folder: Path) -> None:
    (folder / "test_questions.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="it is not text in UTF-8"):
        read_benchmark(folder)
