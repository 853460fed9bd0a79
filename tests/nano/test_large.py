"""Large scenes: what is laid out can be told apart by looks, and every question about it has one answer."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from transformers import PreTrainedTokenizerFast

from demo.answers.trace import parse_trace
from demo.evaluate.data import Dialogue, read_dialogues
from demo.nano.lessons.answers import LOOK_BEGINS, LOOK_ENDS, NOT_THERE, answer
from demo.nano.lessons.batches import A_GROUP, IGNORE, BatchStream
from demo.nano.lessons.heldout import write_dialogues
from demo.nano.lessons.large import LargePicture, LargeQuestionMaker, Round, draw_large
from demo.nano.model.tokenizer import build_tokenizer
from demo.nano.model.vocabulary import vocabulary
from demo.nano.world import drawing as drawn
from demo.nano.world.drawing import draw
from demo.nano.world.facts import FRAME, Fact, family_of, matching
from demo.nano.world.large import SMALL, part_of, sample_large_scene, shares_in
from demo.nano.world.layout import sample_scene
from demo.picture.geometry import PictureBox, Size

WRITTEN = re.compile(r"<look>\[(\d+), (\d+), (\d+), (\d+)\]</look>")


@lru_cache(maxsize=1)
def pictures() -> tuple[LargePicture, ...]:
    rng = np.random.default_rng(21)
    return tuple(draw_large(sample_large_scene(rng)) for _ in range(24))


def size_of(picture: LargePicture) -> Size:
    return Size(picture.drawing.image.shape[1], picture.drawing.image.shape[0])


def rounds(count: int) -> list[tuple[LargePicture, Round]]:
    """So many questions about each picture, half of them about earlier targets or other things."""
    made: list[tuple[LargePicture, Round]] = []
    rng = np.random.default_rng(22)
    for picture in pictures():
        maker = LargeQuestionMaker(rng, picture)
        things = len(picture.made.scene.things)
        for _ in range(count):
            about = maker.about([int(i) for i in rng.permutation(things)[: rng.integers(1, 3)]])
            made += [(picture, r) for r in (maker.first(), about) if r]
    return made


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer(vocabulary())


# The world


def test_ordinary_scenes_are_drawn_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    scenes = [sample_scene(rng) for _ in range(40)]
    sizes = [(None, None), (210, None), (700, 300), (None, 1400)]
    now = [draw(s, *sizes[i % 4]).image for i, s in enumerate(scenes)]
    monkeypatch.setattr(drawn, "_reach", lambda points, side: max(1, round(0.0046 * side)))
    assert all(
        np.array_equal(image, draw(s, *sizes[i % 4]).image)
        for i, (s, image) in enumerate(zip(scenes, now, strict=True))
    )


def test_outlines_of_small_things_are_thin() -> None:
    for picture in pictures():
        size, scene = size_of(picture), picture.made.scene
        for i in range(picture.made.large, len(scene.things)):
            laid, (x1, y1, x2, y2) = scene.things[i], picture.drawing.boxes[i]
            assert x2 - x1 <= laid.w * size.width + 7
            assert y2 - y1 <= laid.h * size.height + 7


def test_the_same_seed_gives_the_same_large_scene() -> None:
    one, two, other = (sample_large_scene(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert one == two != other


def test_large_scenes_are_large_and_hold_small_things() -> None:
    for picture in pictures():
        made, size = picture.made, size_of(picture)
        assert 1400 <= max(size.width, size.height) <= 1700
        assert 780 <= min(size.width, size.height) <= 1275
        assert 1 <= made.large <= 4
        assert 1 <= len(made.groups) <= 2
        members = [i for group in made.groups for i in group.members]
        assert members == list(range(made.large, len(made.scene.things)))
        for i in members:
            thing = made.scene.things[i]
            longer = max(thing.w * size.width, thing.h * size.height)
            assert SMALL[0] - 0.01 <= longer <= SMALL[1] + 0.01


def test_a_look_shows_its_group_and_nothing_else() -> None:
    for picture in pictures():
        for group in picture.made.groups:
            assert group.look.is_inside(FRAME)
            shares = shares_in(picture.drawing, group.look.to_picture(size_of(picture), FRAME))
            shown = [i for i, share in enumerate(shares) if share]
            assert shown == list(group.members)
            assert min(shares[i] for i in shown) == 1


def test_groups_stand_from_left_to_right_and_share_no_noun() -> None:
    for picture in pictures():
        made = picture.made
        assert [g.look.x1 for g in made.groups] == sorted(g.look.x1 for g in made.groups)
        places = [range(made.large), *(g.members for g in made.groups)]
        families = [{family_of(made.scene.things[i].kind) for i in place} for place in places]
        assert all(not a & b for a, b in combinations(families, 2))


def test_a_part_holds_what_can_be_seen_there() -> None:
    rng = np.random.default_rng(5)
    for picture in pictures():
        size = size_of(picture)
        x, y = int(rng.integers(size.width - 400)), int(rng.integers(size.height - 400))
        box = PictureBox(x, y, x + 400, y + 400)
        scene, part, kept = part_of(picture.made.scene, picture.drawing, box)
        assert part.image.shape == (400, 400, 3)
        assert np.array_equal(part.image, picture.drawing.image[y : y + 400, x : x + 400])
        assert scene.things == tuple(picture.made.scene.things[i] for i in kept)
        for i, whole in enumerate(picture.drawing.masks):
            share = whole[y : y + 400, x : x + 400].sum() / whole.sum()
            assert (i in kept) == (share >= 0.7)


# Questions


def test_what_is_small_needs_looks_and_what_is_large_none() -> None:
    small = [r for r in rounds(6) if r[1].targets and r[1].is_small]
    large = [r for r in rounds(6) if r[1].targets and not r[1].is_small]
    assert min(len(small), len(large)) > 60
    assert all(min(r.targets) >= picture.made.large for picture, r in small)
    assert all(max(r.targets) < picture.made.large for picture, r in large)


def test_a_question_looks_at_all_groups_or_where_it_refers_to() -> None:
    for picture, r in (r for r in rounds(6) if r[1].is_small):
        looks = [p.look for p in r.places]
        if not r.asked.references:
            assert looks == [g.look for g in picture.made.groups]
            continue
        (home,) = {
            g for f in r.asked.references for g in picture.made.groups if f.index in g.members
        }
        assert looks == [home.look]
        assert set(r.targets) <= set(home.members)


def named(picture: LargePicture, sought: str) -> list[Fact]:
    """All things of the picture that the words of a plain question fit."""
    words = sought.removeprefix("the ").split()
    if len(words) == 1:
        return list(matching(picture.facts, words[0]))
    if len(words) == 2:
        return list(matching(picture.facts, words[1], words[0]))
    return list(matching(picture.facts, words[0], words[2]))  # "man in red"


def test_what_a_question_names_is_there_once_in_the_whole_picture() -> None:
    plain = [(p, r) for p, r in rounds(8) if r.asked.skill in ("kind", "colour")]
    assert len(plain) > 60
    for picture, r in plain:
        assert tuple(f.index for f in named(picture, r.asked.sought)) == r.targets, r.asked.sought


def test_what_is_absent_is_nowhere_in_the_whole_picture() -> None:
    absent = [
        (p, r)
        for p, r in rounds(8)
        if not r.targets and r.asked.skill == "absent" and not r.asked.references
    ]
    seen = [
        (p, r)
        for p, r in absent
        if "do not know" not in r.asked.sought and "another" not in r.asked.sought
        and "hat" not in r.asked.sought
    ]  # fmt: skip
    assert any(r.is_small for _, r in seen)
    assert any(not r.is_small for _, r in seen)
    assert all(not named(p, r.asked.sought) for p, r in seen)


def written(picture: LargePicture, r: Round) -> str:
    pieces = answer(
        picture.made.scene, picture.large, r.asked, [f.box for f in r.asked.references], r.places
    )
    return "".join(p.text for p in pieces)


def test_the_reasoning_holds_every_look_and_ends_without_a_find() -> None:
    for picture, r in rounds(4):
        text = written(picture, r)
        looks = [tuple(map(int, found)) for found in WRITTEN.findall(text)]
        assert looks == [p.look.xyxy for p in r.places]
        trace = parse_trace(text, FRAME)
        assert [o.box for o in trace.objects] == [f.box for f in r.asked.targets]
        if r.is_small:
            assert text.count("</look> Not there. ") == len(looks)
            assert text.endswith("Not there. There is none.</think>\n<answer>[]</answer>")


def test_small_references_are_not_named_from_afar() -> None:
    for picture, r in rounds(4):
        text = written(picture, r)
        small = [f for f in r.asked.references if f.index >= picture.made.large]
        assert text.count("something small") == len(small)


def test_a_text_that_was_stopped_at_a_look_goes_on_as_it_was_taught(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    """What the loop appends is encoded as in training, though the text is encoded in parts."""
    assert all(len(tokenizer(t).input_ids) == 1 for t in (LOOK_BEGINS, LOOK_ENDS, NOT_THERE))
    picture, r = next(r for r in rounds(4) if len(r[1].places) == 2)
    whole = tokenizer(text := written(picture, r)).input_ids
    for cut in (m.end() for m in re.finditer(r"</look> Not there. ", text)):
        before = tokenizer(text[:cut]).input_ids
        assert whole[: len(before)] == before


# Batches


def test_looks_are_taught_with_the_weight_of_what_decides(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    batch = BatchStream(tokenizer, seed=6, pictures=8, pairs=4, stride=208, ordinary=0.0).batch()
    begins, ends = (int(tokenizer.convert_tokens_to_ids(t)) for t in (LOOK_BEGINS, LOOK_ENDS))
    found = (batch.labels == begins).nonzero().tolist()
    assert len(found) > 8
    for row, at in found:
        assert batch.decides[row, at - 1 : at + 8].all()  # the space before, and all the numbers
        assert int(batch.labels[row, at + 8]) == ends
        group = int(batch.ground[row, at])
        numbers = [int(tokenizer.decode(batch.labels[row, at + i])) for i in (1, 3, 5, 7)]
        assert numbers == (batch.boxes[row, group] * FRAME.width).round().int().tolist()
        own = batch.kinds[row][batch.owner[row] == group]
        assert own.numel()
        assert (own == A_GROUP).all()


def test_the_look_of_a_group_covers_the_tokens_that_show_it(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    batch = BatchStream(tokenizer, seed=7, pictures=8, pairs=1, stride=208, ordinary=0.0).batch()
    cell = FRAME.width // 8
    for row, at in (batch.kinds == A_GROUP).nonzero().tolist():
        y, x = divmod(at, 8)
        x1, y1, x2, y2 = (batch.boxes[row, batch.owner[row, at]] * FRAME.width).tolist()
        assert x1 < (x + 1) * cell
        assert x2 > x * cell
        assert y1 < (y + 1) * cell
        assert y2 > y * cell


def test_without_large_scenes_nothing_looks(tokenizer: PreTrainedTokenizerFast) -> None:
    batch = BatchStream(tokenizer, seed=6, pictures=4, pairs=4, stride=208).batch()
    assert not (batch.labels == int(tokenizer.convert_tokens_to_ids(LOOK_BEGINS))).any()
    assert not (batch.kinds == A_GROUP).any()
    assert (batch.labels != IGNORE).any()


# Dialogues


def test_held_out_dialogues_say_what_needs_a_look(tmp_path: Path) -> None:
    path = write_dialogues(tmp_path, count=5, seed=5, large=True)
    again = write_dialogues(tmp_path / "again", count=5, seed=5, large=True)
    assert path.read_text() == again.read_text()
    assert all(isinstance(d, Dialogue) for d in read_dialogues(path))
    turns = [t for row in json.loads(path.read_text()) for t in row["conversational_turns"]]
    assert {t["size"] for t in turns} == {"small", "large"}
    assert all(t["looks"] == (t["size"] == "small") for t in turns)
    assert any("context_from_turn" in t and t["size"] == "small" for t in turns)
    assert {bool(t["bboxes"]) for t in turns if t["size"] == "small"} == {True, False}
    for turn in turns:
        for x1, y1, x2, y2 in turn["bboxes"]:
            longer = max(x2 - x1, y2 - y1)
            assert longer <= SMALL[1] + 7 if turn["size"] == "small" else longer > 80
