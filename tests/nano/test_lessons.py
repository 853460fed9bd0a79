"""Nano's lessons: questions have one right answer, tokens know what they speak of, and the dense
forward passes of training equal the library's."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLForConditionalGeneration

from demo.answers.checks import check_trace
from demo.answers.trace import parse_trace
from demo.checkpoints.catalogue import NANO_FOLDER
from demo.dialects.prompt import region_reasoner_instruction
from demo.evaluate.data import BOX_PLACE
from demo.nano.lessons.answers import Exercise, answer
from demo.nano.lessons.batches import IGNORE, BatchStream
from demo.nano.lessons.heldout import write_dialogues
from demo.nano.lessons.questions import QuestionMaker
from demo.nano.model.architecture import (
    build_model,
    build_processor,
    number_ids,
    take_weights,
)
from demo.nano.model.passes import vision_forward
from demo.nano.model.tokenizer import build_tokenizer
from demo.nano.model.vocabulary import vocabulary
from demo.nano.training.student import Student
from demo.nano.training.train import Plan, Trainer
from demo.nano.world.drawing import draw
from demo.nano.world.facts import (
    FRAME,
    OF_ALL,
    PEOPLE,
    RELATIONS,
    Fact,
    between,
    distance,
    facts_of,
)
from demo.nano.world.layout import sample_scene
from demo.nano.world.phrases import with_slip, with_typo
from demo.nano.world.scene import COLOURS, KINDS, Scene
from demo.picture.geometry import ModelBox


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer(vocabulary())


def rounds(count: int, seed: int) -> list[tuple[Scene, tuple[Fact, ...], Exercise]]:
    rng = np.random.default_rng(seed)
    made: list[tuple[Scene, tuple[Fact, ...], Exercise]] = []
    while len(made) < count:
        scene = sample_scene(rng)
        facts = facts_of(scene, draw(scene, 240, 180))
        asker = QuestionMaker(rng, facts)
        both = [asker.first(), asker.about(facts[:1]), asker.about(facts[:2])]
        made += [(scene, facts, asked) for asked in both if asked]
    return made


def test_every_taught_answer_parses_clean() -> None:
    for scene, facts, asked in rounds(300, seed=3):
        boxes = [f.box for f in asked.references]
        text = "".join(p.text for p in answer(scene, facts, asked, boxes))
        trace = parse_trace(text, FRAME)
        assert [o.box for o in trace.objects] == [f.box for f in asked.targets]
        names = [(f"R{i}", box) for i, box in enumerate(boxes, start=1)]
        kinds = {f.kind for f in check_trace(trace, names)}
        assert kinds <= {"citation.valid", "answer.empty", "answer.unknown"}, text


def moved(box: ModelBox, rng: np.random.Generator) -> ModelBox:
    x1, y1, x2, y2 = (v + int(rng.integers(-2, 3)) for v in box.xyxy)
    return ModelBox(x1, y1, x2, y2).clamped(FRAME)


def holds(asked: Exercise, fact: Fact, boxes: Sequence[ModelBox]) -> float:
    """How much the relation of a question holds for a thing, given the references' boxes."""
    assert asked.relation
    if asked.relation == "between":
        return between(fact.box, boxes[0], boxes[1])
    least_or_most = min if asked.relation in OF_ALL else max
    return least_or_most(RELATIONS[asked.relation](fact.box, b) for b in boxes)


def test_an_answer_does_not_hang_on_two_pixels_of_its_reference() -> None:
    rng = np.random.default_rng(0)
    asked = [r for _, _, r in rounds(300, seed=4) if r.relation and r.pool]
    assert len(asked) > 100
    for question in asked:
        true = [f.box for f in question.references]
        boxes = [moved(box, rng) for box in true]
        there = [f for f in question.pool if holds(question, f, boxes) > 0.3]
        assert there == [f for f in question.pool if holds(question, f, true) == 1]
        fits = [f for f in there if _fits(f, question)]
        near = sorted(fits, key=lambda f: min(distance(f.box, b) for b in boxes))
        assert tuple(near[:1]) == question.targets


def _fits(fact: Fact, asked: Exercise) -> bool:
    """Whether a thing has the colour that is asked for, if one is."""
    named = [colour for colour in COLOURS if f" {colour}" in asked.sought]
    return not named or fact.colour in named


def verdicts(scene: Scene, facts: Sequence[Fact], asked: Exercise) -> dict[int, str]:
    """What an answer says of each candidate, by the index of the thing."""
    pieces = answer(scene, facts, asked, [f.box for f in asked.references])
    return {p.about: p.text.split(", ")[1] for p in pieces if p.judges and p.about is not None}


def test_each_candidate_is_judged_by_itself() -> None:
    made = [m for m in rounds(300, seed=5) if m[2].pool and m[2].relation]
    assert len(made) > 60
    for scene, facts, asked in made:
        boxes = [f.box for f in asked.references]
        fits = [holds(asked, f, boxes) == 1 for f in asked.pool]
        right = {f.index: "yes" if fit else "no" for f, fit in zip(asked.pool, fits, strict=True)}
        assert verdicts(scene, facts, asked) == right
        assert bool(asked.targets) == any(fits)
        assert all(_fits(f, asked) for f in asked.pool)


def test_of_several_that_fit_the_nearest_is_chosen_by_the_written_distances() -> None:
    several = [m for m in rounds(400, seed=5) if m[2].relation and len(m[2].fitting or ()) > 1]
    assert len(several) > 20
    for scene, facts, asked in several:
        pieces = answer(scene, facts, asked, [f.box for f in asked.references])
        said = {p.about: p.text for p in pieces if p.judges and p.text.startswith(", yes")}
        far = {index: int(text.split()[2]) for index, text in said.items()}
        assert min(far, key=lambda index: far[index]) == asked.targets[0].index


def test_a_verdict_about_a_hat_follows_from_the_hat_that_is_seen() -> None:
    rng, drawn = np.random.default_rng(0), [m[:2] for m in rounds(60, seed=5)]
    made = [(*m, QuestionMaker(rng, m[1], drill=True).first()) for m in drawn for _ in range(8)]
    hats = [m for m in made if "hat" in m[2].sought and m[2].pool]
    assert len(hats) > 20
    for scene, facts, asked in hats:
        said = "".join(piece.text for piece in answer(scene, facts, asked, []))
        judged = [
            f"the {f.phrase} at ({f.point.x}, {f.point.y}), {f.hat or 'no'} hat, "
            f"{'yes' if f in asked.targets else 'no'}"
            for f in asked.pool
        ]
        assert f"Candidates: {'; '.join(judged)}. " in said


def test_a_question_for_anything_judges_all_but_the_reference() -> None:
    made = [m for m in rounds(300, seed=5) if m[2].relation and m[2].sought == "the thing"]
    assert len(made) > 20
    for scene, facts, asked in made:
        others = {f.index for f in facts} - {f.index for f in asked.references}
        assert set(verdicts(scene, facts, asked)) == others


def test_drilled_questions_for_anything_may_have_no_answer() -> None:
    rng = np.random.default_rng(8)
    scene = sample_scene(rng)
    facts = facts_of(scene, draw(scene, 240, 180))
    asker = QuestionMaker(rng, facts, drill=True)
    drilled = [asked for _ in range(400) if (asked := asker.about(facts[:1]))]
    assert any(r.sought == "the thing" and not r.targets for r in drilled)


def test_a_hat_is_looked_for_on_everyone() -> None:
    made = [m for m in rounds(600, seed=6) if m[2].skill == "hat"]
    for scene, facts, asked in made:
        right = {f.index: "yes" if f in asked.targets else "no" for f in asked.pool}
        assert asked.targets
        assert verdicts(scene, facts, asked) == right


def test_a_hat_that_nobody_wears_is_asked_for_in_drills() -> None:
    rng = np.random.default_rng(1)
    scene = sample_scene(rng)
    facts = facts_of(scene, draw(scene, 240, 180))
    asker = QuestionMaker(rng, facts, drill=True)
    missed = [
        r for r in (asker.first() for _ in range(600)) if r.sought.endswith("hat") and not r.targets
    ]
    assert missed
    assert all(r.sought.split()[-2] not in {f.hat for f in r.pool} for r in missed)


def test_hardly_a_lesson_is_too_long_for_its_row(tokenizer: PreTrainedTokenizerFast) -> None:
    written = [
        "".join(p.text for p in answer(scene, facts, asked, [f.box for f in asked.references]))
        for scene, facts, asked in rounds(300, seed=9)
    ]
    asked_in = 40  # tokens of a question and of what stands around it
    lengths = [len(ids) + asked_in for ids in tokenizer(written).input_ids]
    assert np.mean([n <= Plan().stride for n in lengths]) > 0.99


def test_things_that_look_alike_are_told_apart_by_their_points() -> None:
    alike = 0
    for scene, facts, asked in rounds(300, seed=10):
        pieces = answer(scene, facts, asked, [f.box for f in asked.references])
        placed = {p.text: p.about for p in pieces if p.about is not None and " at (" in p.text}
        alike += len({text.split(" at (")[0] for text in placed}) < len(placed)
        for text, index in placed.items():
            (fact,) = (f for f in facts if f.index == index)
            assert text == "the {} at ({}, {})".format(fact.phrase, *fact.point.xy)
    assert alike > 10


def test_half_of_the_lessons_show_things_that_look_alike(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    lessons = BatchStream(tokenizer, seed=4, pictures=1, pairs=1, stride=208)
    scenes = [lessons._scene() for _ in range(300)]
    alike = [len({(t.kind, t.colour) for t in s.things}) < len(s.things) for s in scenes]
    assert 0.3 < np.mean(alike) < 0.6


def test_lessons_hold_many_questions_in_which_something_is_chosen(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    lessons = BatchStream(tokenizer, seed=4, pictures=1, pairs=1, stride=208)
    chosen = []
    for _, facts, _ in rounds(40, seed=11):
        asked = itertools.islice(lessons._rounds(facts), 10)
        chosen += [max(len(r.pool), len(r.targets)) > 1 for r, _ in asked]
    assert np.mean(chosen) > 0.4


def test_what_is_compared_gets_no_verdict() -> None:
    compared = [m for m in rounds(300, seed=6) if m[2].skill in ("size", "order")]
    assert len(compared) > 10
    assert not any(verdicts(*made) for made in compared)


def test_loose_speech_keeps_what_it_is_about() -> None:
    rng = np.random.default_rng(2)
    asked = "where is the brown dog to the left of bbox=[1, 22, 33, 44]"
    said = {with_slip(rng, asked) for _ in range(200)}
    assert asked not in said
    for text in said:
        assert text.endswith("bbox=[1, 22, 33, 44]")
        assert {"brown", "dog", "left"} <= set(text.split())
    assert any(len(t) < len(asked) for t in said)
    assert any(len(t) > len(asked) for t in said)


@pytest.mark.parametrize(
    ("skill", "right"),
    [
        pytest.param("size", lambda r: len(r.pool) > 1, id="sizes are compared"),
        pytest.param("order", lambda r: r.targets[0] in r.pool, id="places are counted"),
        pytest.param("absent", lambda r: not r.targets, id="an absent thing has no box"),
        pytest.param("plural", lambda r: r.wants_all and r.targets, id="all are wanted"),
        pytest.param("hat", lambda r: r.targets[0].hat, id="who wears a hat"),
    ],
)
def test_every_skill_is_asked_and_answered(skill: str, right: Callable[[Exercise], bool]) -> None:
    asked = [r for _, _, r in rounds(600, seed=6) if r.skill == skill]
    assert len(asked) >= 4
    assert all(right(r) for r in asked)


def test_taught_texts_are_whole_words(tokenizer: PreTrainedTokenizerFast) -> None:
    for scene, facts, asked in rounds(200, seed=7):
        text = "".join(
            p.text for p in answer(scene, facts, asked, [f.box for f in asked.references])
        )
        tokens = tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids)
        letters = {t for t in tokens if len(t.strip()) == 1 and t.strip().isalpha()}
        assert letters <= {"a", " a", "A", " I"}, text


@pytest.mark.parametrize("seed", range(20))
def test_a_slip_of_the_finger_spares_the_boxes(seed: int) -> None:
    text = "please find the yellow kite above bbox=[1, 2, 3, 224]"
    slipped = with_typo(np.random.default_rng(seed), text)
    assert slipped != text
    assert slipped.endswith(" bbox=[1, 2, 3, 224]")
    assert abs(len(slipped) - len(text)) <= 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("find the zebra near bbox=[1, 2, 3, 224]!", id="unknown word and numbers"),
        pytest.param("ÄÖ 猫 🐕 x999 1234", id="other letters, emoji, long numbers"),
        pytest.param(region_reasoner_instruction("who is it?"), id="the whole instruction"),
        pytest.param('<answer>[{"bbox_2d": [1, 2, 3, 4], "point_2d": [5, 6]}]</answer>', id="json"),
        pytest.param("tabs\tand\nlines  and   spaces", id="white space"),
    ],
)
def test_any_text_survives_the_tokenizer(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    assert tokenizer.decode(tokenizer(text).input_ids) == text


def test_the_instruction_is_a_handful_of_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    alone = tokenizer(region_reasoner_instruction("")).input_ids
    assert len(alone) == 2
    numbers = tokenizer("bbox=[10, 20, 200, 224]").input_ids
    assert [tokenizer.decode([i]) for i in numbers[1::2]] == ["10", "20", "200", "224"]


def test_tokens_know_which_thing_they_speak_of(tokenizer: PreTrainedTokenizerFast) -> None:
    batch = BatchStream(tokenizer, seed=1, pictures=3, pairs=4, stride=176).batch()
    for row in range(3):
        taught = batch.labels[row] != IGNORE
        numbers = set(number_ids(tokenizer))
        at = [i for i in taught.nonzero()[:, 0].tolist() if int(batch.labels[row, i]) in numbers]
        boxes = [i for i in at if int(batch.ground[row, i]) >= 0]
        assert boxes
        first = [
            i for i in boxes if tokenizer.decode([int(batch.ids[row, i])]).endswith('"bbox_2d": [')
        ]
        for i in first:
            true = float(batch.boxes[row, int(batch.ground[row, i]), 0]) * FRAME.width
            assert int(tokenizer.decode([int(batch.labels[row, i])])) == pytest.approx(
                true, abs=0.01
            )


def test_a_verdict_knows_every_relation(tokenizer: PreTrainedTokenizerFast) -> None:
    lessons = BatchStream(tokenizer, seed=3, pictures=6, pairs=5, stride=176)
    batch = lessons.batch()
    yes, no = (tokenizer.convert_tokens_to_ids(word) for word in (" yes", " no"))
    judging = (batch.labels == yes) | (batch.labels == no)
    assert judging.sum() > 10
    for row, at in judging.nonzero().tolist():
        pair = batch.segment[row] == batch.segment[row, at]
        text = tokenizer.decode(batch.ids[row, pair])
        refers = "The target is " in text  # a hat is judged without a reference
        assert bool((batch.degrees[row, at] >= 0).all()) == refers
        if not refers:
            continue
        asked = re.findall(r"The target is ([a-z ]+) the references? bbox=", text)[-1]
        if asked in RELATIONS:  # "between" is none of two boxes
            degree = float(batch.degrees[row, at, list(RELATIONS).index(asked)])
            assert degree == (1 if batch.labels[row, at] == yes else 0)
        alone = "the reference bbox=" in text
        assert (int(batch.against[row, at]) >= 0) == alone


def test_what_is_seen_of_a_person_knows_the_hat(tokenizer: PreTrainedTokenizerFast) -> None:
    batch = BatchStream(tokenizer, seed=3, pictures=16, pairs=5, stride=208).batch()
    people = torch.isin(batch.kinds, torch.tensor([KINDS.index(kind) for kind in PEOPLE]))
    assert torch.equal(batch.hats != IGNORE, people)
    said = tokenizer.convert_tokens_to_ids([*(f" {colour}" for colour in COLOURS), " no"])
    hat = tokenizer.convert_tokens_to_ids(" hat")
    seen = set()
    for row, at in (batch.labels[:, 1:] == hat).nonzero().tolist():
        thing, word = int(batch.ground[row, at]), int(batch.labels[row, at])
        if thing >= 0:  # it speaks of a person, not of what is sought
            assert set(batch.hats[row, batch.owner[row] == thing].tolist()) == {said.index(word)}
            seen.add(said.index(word))
    assert len(seen) > 2
    assert len(COLOURS) in seen


def test_pictures_without_people_teach_nothing_of_hats(tokenizer: PreTrainedTokenizerFast) -> None:
    student = Student(build_model(tokenizer), number_ids(tokenizer))
    batch = BatchStream(tokenizer, seed=3, pictures=2, pairs=1, stride=208).batch()
    batch.hats[:] = IGNORE
    with torch.no_grad():
        losses = student.seeing_losses(batch)
    assert float(losses["tower_hat"]) == 0
    assert float(losses["tower_kind"]) > 0


def test_what_decides_is_marked(tokenizer: PreTrainedTokenizerFast) -> None:
    batch = BatchStream(tokenizer, seed=3, pictures=6, pairs=5, stride=208).batch()
    said = []
    for row, number in itertools.product(range(6), range(1, 6)):
        pair = batch.segment[row] == number
        text = tokenizer.decode(batch.labels[row, pair & batch.decides[row]])
        reasoning = tokenizer.decode(batch.ids[row, pair]).split("<think>")[-1].split("</think>")[0]
        conclusion = re.search(r"(?:It is|Found:|There is none|None of them).*$", text)
        assert conclusion
        assert reasoning.endswith(conclusion[0])
        said.append(text)
    assert any(re.match(r", (yes, \d+ away|no)", text) for text in said)
    assert any(re.search(r"It is the [a-z ]+ at \(\d+, \d+\)\.$", text) for text in said)
    assert any(re.search(r"(There is none|None of them fits)\.$", text) for text in said)


def test_the_dense_passes_equal_the_librarys(tokenizer: PreTrainedTokenizerFast) -> None:
    torch.manual_seed(0)
    model = build_model(tokenizer).eval()
    student = Student(model, number_ids(tokenizer)).eval()
    batch = BatchStream(tokenizer, seed=2, pictures=2, pairs=2, stride=176).batch()
    picture = Image.fromarray(batch.pixels[0].permute(1, 2, 0).numpy())
    seen = build_processor(tokenizer)(
        text=["<|vision_start|><|image_pad|><|vision_end|>"], images=[picture], return_tensors="pt"
    )
    with torch.no_grad():
        features = model.get_image_features(seen.pixel_values, seen.image_grid_thw)
        ours = vision_forward(model, batch.pixels)
        torch.testing.assert_close(ours[0], features.pooler_output[0], atol=1e-5, rtol=1e-4)
        length = int(((batch.segment[0] == 0) | (batch.segment[0] == 1)).sum())
        ids = batch.ids[:1, :length]
        kinds = (ids == model.config.image_token_id).int()
        logits = model(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            pixel_values=seen.pixel_values,
            image_grid_thw=seen.image_grid_thw,
            mm_token_type_ids=kinds,
        ).logits[0]
        hidden = student._language(ours, batch)[0][:length]
        torch.testing.assert_close(model.lm_head(hidden), logits, atol=1e-4, rtol=1e-3)


@pytest.mark.usefixtures("small_student")
def test_a_training_run_can_be_resumed(tmp_path: Path) -> None:
    plan = Plan(
        seeing_steps=2,
        talking_steps=2,
        seeing_pictures=2,
        talking_pictures=1,
        pairs=2,
        save_every=1,
    )
    Trainer(tmp_path, plan, "cpu").run()
    longer = Plan(
        seeing_steps=2,
        talking_steps=3,
        seeing_pictures=2,
        talking_pictures=1,
        pairs=2,
        save_every=1,
    )
    again = Trainer(tmp_path, longer, "cpu")
    again.run()
    assert (again.phase, again.step) == ("talking", 3)
    again.checkpoint(tmp_path / "nano")
    assert json.loads((tmp_path / "nano" / "config.json").read_text())["region_frame"] == [224, 224]


@pytest.mark.parametrize(
    ("has_bf16", "dtype"),
    [
        pytest.param(True, torch.bfloat16, id="where the processor knows bf16"),
        pytest.param(False, torch.float32, id="where it does not"),
    ],
)
def test_training_computes_in_what_is_fast_here(
    has_bf16: bool, dtype: torch.dtype, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has_bf16})
    trainer = Trainer(tmp_path, Plan(seeing_steps=1, talking_steps=0, seeing_pictures=1), "cpu")
    seen: set[torch.dtype] = set()
    linear = next(
        m for m in trainer.student.model.model.visual.modules() if isinstance(m, torch.nn.Linear)
    )
    linear.register_forward_hook(lambda _module, _given, made: seen.add(made.dtype))
    trainer.run()
    assert seen == {dtype}


def test_a_training_may_start_from_a_checkpoint(tmp_path: Path) -> None:
    plan = Plan(settling_steps=2, talking_steps=0, talking_pictures=1, pairs=2)
    trainer = Trainer(tmp_path, plan, "cpu", start=NANO_FOLDER)
    shipped = Qwen2_5_VLForConditionalGeneration.from_pretrained(NANO_FOLDER, dtype=torch.float32)
    helpers = trainer.student.seeing.kinds.weight.clone()
    trainer.run()
    assert (trainer.phase, trainer.step) == ("talking", 0)
    for name, weight in shipped.named_parameters():
        used = len(trainer.tokenizer) if "embed_tokens" in name else None  # behind them is padding
        for model in (trainer.student.model, trainer.average.model):
            assert torch.equal(model.get_parameter(name)[:used], weight[:used]), name
    assert all(p.requires_grad for p in trainer.student.parameters())
    assert not torch.equal(trainer.student.seeing.kinds.weight, helpers)


def test_a_piece_that_a_checkpoint_did_not_know_starts_as_its_pieces(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    known = build_tokenizer(vocabulary()).get_vocab()
    larger = build_tokenizer([*vocabulary(), "goodmorning"])
    model = build_model(larger)
    take_weights(model, larger, NANO_FOLDER)
    theirs = load_file(NANO_FOLDER / "model.safetensors")["model.embed_tokens.weight"]
    ours = model.get_input_embeddings().weight.detach()
    new = larger.convert_tokens_to_ids(" goodmorning")
    written = tokenizer(" goodmorning", add_special_tokens=False).input_ids
    assert len(written) > 1
    torch.testing.assert_close(ours[new], theirs[written].float().mean(0))
    assert all(
        torch.equal(ours[row], theirs[known[piece]].float())
        for piece, row in larger.get_vocab().items()
        if piece in known
    )


def test_held_out_dialogues_have_the_benchmarks_form(tmp_path: Path) -> None:
    path = write_dialogues(tmp_path, count=6, seed=5)
    again = write_dialogues(tmp_path / "again", count=6, seed=5)
    assert path.read_text() == again.read_text()
    rows = json.loads(path.read_text())
    assert len(rows) == 6
    for row in rows:
        assert (tmp_path / row["image_path"]).is_file()
        assert 1 <= len(row["conversational_turns"]) <= 7
        for number, turn in enumerate(row["conversational_turns"]):
            context = turn.get("context_from_turn", [])
            context = context if isinstance(context, list) else [context]
            assert turn["question"].count(BOX_PLACE) == len(context)
            assert all(earlier < number for earlier in context)
            assert len(turn["bboxes"]) == len(turn["masks"])
