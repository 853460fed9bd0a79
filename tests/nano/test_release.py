"""What is done once nano is trained, with the shipped checkpoint as what was trained."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from demo.checkpoints.catalogue import NANO_FOLDER
from demo.nano.release.publish import Measures, publish
from demo.nano.training.run import NOTED_EVERY
from demo.nano.training.train import Plan, Trainer


def test_a_trained_checkpoint_gets_its_plot_and_its_card(tmp_path: Path) -> None:
    shutil.copytree(NANO_FOLDER, tmp_path / "nano")
    (tmp_path / "nano" / "README.md").unlink()
    (tmp_path / "log.jsonl").write_text('{"phase": "seeing", "step": 10, "tower_box": 2.5}\n')
    said: list[str] = []
    measures = Measures(dialogues=1, robust=0)
    publish(tmp_path, Plan(seeing_steps=7, talking_steps=NOTED_EVERY), measures, said.append)
    card = (tmp_path / "nano" / "README.md").read_text()
    assert "10.8 million parameters" in card
    assert "seed 1: 7 steps of 48 pictures" in card
    assert "1 held-out dialogues" in card
    assert (tmp_path / "nano" / "training.png").read_bytes().startswith(b"\x89PNG")
    assert str(tmp_path / "nano") in said[-1]


def test_the_card_says_what_a_training_started_from(tmp_path: Path) -> None:
    shutil.copytree(NANO_FOLDER, tmp_path / "nano")
    plan = Plan(settling_steps=3, seeing_steps=0, talking_steps=0)
    publish(tmp_path, plan, Measures(dialogues=0), print, tmp_path / "before")
    card = (tmp_path / "nano" / "README.md").read_text()
    assert "From the weights of the checkpoint “before”, seed 1: 3 steps for the helpers" in card


@pytest.mark.usefixtures("small_student")
@pytest.mark.parametrize("every", [1, 2])
def test_the_averaged_model_is_looked_at_on_the_way(tmp_path: Path, every: int) -> None:
    seen: list[str | None] = []

    def check(model: object) -> dict[str, float]:
        assert model is trainer.average.model
        seen.append(model.generation_config.eos_token_id)
        return {"AP": 0.25}

    plan = Plan(seeing_steps=0, talking_steps=2, talking_pictures=1, pairs=2, check_every=every)
    trainer = Trainer(tmp_path, plan, "cpu", check)
    trainer.run()
    assert seen == [trainer.tokenizer.eos_token_id] * (2 // every)
    rows = (tmp_path / "log.jsonl").read_text().splitlines()
    assert sum('"held_out": {"AP": 0.25}' in row for row in rows) == 2 // every
