"""How fast turns are against plain ``generate`` on the whole prompt: python -m tests.bench.turns [PLOT.png]

The dialogues are those of the examples. Nano speaks for itself; a model of 232 million random weights,
with 900 visual tokens as the 7B has, says what nano said, so that its passes cost what they cost. Each
ratio is of one run, one thread; seconds are of the processor, so that other programs do not count.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean as mean

import httpx
import torch
from matplotlib.figure import Figure
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from demo.checkpoints.catalogue import NANO_FOLDER, find_model
from demo.dialects.known import REGION_REASONER
from demo.dialects.prompt import Prompt
from demo.dialogue.engine import answer, begin
from demo.dialogue.examples import Example, load_examples
from demo.dialogue.session import Turn
from demo.doctor.random_weights import Replay
from demo.doctor.speed import decode
from demo.models.models import Models
from demo.picture.palette import PALETTE
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import MAX_NEW_TOKENS, picture_for
from demo.reasoners.loading import load_local
from demo.reasoners.local import LocalReasoner
from tests.bench.page import served

MID_EXAMPLES = 2  # a mid-size model needs seconds for what nano does in tenths
TIMES = 5


@dataclass(frozen=True)
class Timed:
    """One turn: seconds to the first token and in all, tokens written, forward passes."""

    first_s: float
    total_s: float
    tokens: int
    passes: int


@dataclass(frozen=True)
class Levers:
    """One turn of a dialogue asked three ways: plainly, with the picture computed once, and as the app
    does it, which looks ahead as well.
    """

    later: bool
    plain: Timed
    reused: Timed
    ours: Timed


def main() -> None:
    """Print the figures as Markdown; with a file name, draw them there."""
    torch.set_num_threads(1)
    nano, examples = load_local(find_model("nano")), load_examples()
    said = {example.title: dialogue(nano, example) for example in examples}
    print(f"Machine: {platform.machine()}, {os.cpu_count()} CPU cores, one thread used.\n")
    large = mid_size(nano)
    models = {
        "nano": measured(nano, examples, said),
        "mid-size": measured(large, examples[:MID_EXAMPLES], said, Replay(large)),
    }
    columns = [figures(turns) for turns in models.values()]
    print(f"| | {' | '.join(models)} |\n|---|---|---|")
    for name in columns[0]:
        print(f"| {name} | {' | '.join(column[name] for column in columns)} |")
    for file in sys.argv[1:]:
        draw(models, file)
    overhead = endpoint_overhead(nano, examples[0])
    print(f"\nA turn through `/ground` took {overhead:.2f} × the time of the bare engine.")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"Peak memory of the whole run: {peak:.1f} GiB.")


def measured(
    reasoner: LocalReasoner,
    examples: Sequence[Example],
    said: dict[str, list[Turn]],
    replay: Replay | None = None,
) -> list[Levers]:
    """Each turn of the examples with one model."""
    turns = []
    reasoner.prepare(open_picture(examples[0].picture))  # what is measured once, for looking ahead
    for example in examples:
        picture, earlier = open_picture(example.picture), list[str]()
        for number, turn in enumerate(said[example.title]):
            skeleton = REGION_REASONER.likely(given="bbox=" in turn.prompted)
            instruction = REGION_REASONER.instruction(turn.prompted)
            prompt = Prompt(turn.prompted, instruction, (), (skeleton, *earlier))
            if replay is not None:
                replay.set_answer(picture, prompt, turn.raw)
            forget = number == 0
            reused, _ = timed(reasoner, picture, prompt, forget=forget, ahead=False)
            ours, text = timed(reasoner, picture, prompt, forget=forget, ahead=True)
            plain = generated(reasoner, picture, prompt, text)
            turns.append(Levers(number > 0, plain, reused, ours))
            earlier.append(turn.raw)
    return turns


def figures(turns: Sequence[Levers]) -> dict[str, str]:
    """What the table says of a model."""
    first, later = [t for t in turns if not t.later], [t for t in turns if t.later]
    return {
        "first token, later turns ÷ first turns": ratio(
            mean(t.ours.first_s for t in later), mean(t.ours.first_s for t in first)
        ),
        "plain `generate` ÷ picture computed once, later turns": ratio(
            sum(t.plain.total_s for t in later), sum(t.reused.total_s for t in later)
        ),
        "plain `generate` ÷ this app, later turns": times(later),
        "plain `generate` ÷ this app, all turns": times(turns),
        "tokens per forward pass, later turns": per_pass(later),
        "tokens per forward pass, all turns": per_pass(turns),
        "first and later turns": f"{len(first)} and {len(later)}",
    }


def draw(models: dict[str, list[Levers]], file: str) -> None:
    """The time of later turns, each way, as shares of plain ``generate``."""
    figure = Figure(figsize=(7, 2.6), dpi=120, layout="constrained")
    panel = figure.subplots()
    ways: dict[str, Callable[[Levers], Timed]] = {
        "plain generate": lambda turn: turn.plain,
        "picture computed once": lambda turn: turn.reused,
        "and looking ahead": lambda turn: turn.ours,
    }
    for number, (label, way) in enumerate(ways.items()):
        places = [place - 0.27 * number for place in range(len(models), 0, -1)]
        shares = [share(turns, way) for turns in models.values()]
        bars = panel.barh(places, shares, height=0.25, label=label, color=PALETTE[number])
        panel.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
    panel.set_yticks([n - 0.27 for n in range(len(models), 0, -1)], list(models))
    panel.set_xlabel("processor time of later turns, as a share of plain generate")
    panel.set_xlim(0, 1.12)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    figure.savefig(file, pil_kwargs={"optimize": True})


def share(turns: Sequence[Levers], way: Callable[[Levers], Timed]) -> float:
    later = [t for t in turns if t.later]
    return sum(way(t).total_s for t in later) / sum(t.plain.total_s for t in later)


def times(turns: Sequence[Levers]) -> str:
    return ratio(sum(t.plain.total_s for t in turns), sum(t.ours.total_s for t in turns))


def per_pass(turns: Sequence[Levers]) -> str:
    return ratio(sum(t.ours.tokens for t in turns), sum(t.ours.passes for t in turns))


def ratio(above: float, below: float) -> str:
    return f"{above / below:.2f}"


def dialogue(reasoner: LocalReasoner, example: Example) -> list[Turn]:
    """An example's questions, answered."""
    picture = open_picture(example.picture)
    session = begin(picture, reasoner)
    for question in example.questions:
        session = answer(session, question, picture=picture, reasoner=reasoner, segmenter=None)
    return list(session.turns)


def timed(
    reasoner: LocalReasoner, picture: Picture, prompt: Prompt, *, forget: bool, ahead: bool
) -> tuple[Timed, str]:
    """One turn, looking ahead as the app does or not, with what it wrote; first forgetting the picture,
    if wished.
    """
    if forget:
        reasoner._prefixes.clear()
    began = time.process_time()
    reasoner.prepare(picture)
    before = time.process_time() - began
    made = decode(reasoner, picture, prompt, MAX_NEW_TOKENS, ahead=ahead, clock=time.process_time)
    text = reasoner._processor.tokenizer.decode(made.tokens, skip_special_tokens=True)
    spent = before + made.first_s, before + made.total_s
    return Timed(*spent, len(made.tokens), made.passes), text


def generated(reasoner: LocalReasoner, picture: Picture, prompt: Prompt, text: str) -> Timed:
    """The same with the library's ``generate``: picture and prompt are computed anew each time."""
    began, processor = time.process_time(), reasoner._processor
    written = reasoner._chat_text(prompt.instruction)
    inputs = processor(
        text=[written],
        images=[picture_for(picture, reasoner.dialect)],
        do_resize=False,
        return_tensors="pt",
    )
    with torch.inference_mode():
        ids = reasoner._model.generate(**inputs, max_new_tokens=MAX_NEW_TOKENS, do_sample=False)[0]
    new = ids[inputs["input_ids"].shape[1] :]
    assert processor.tokenizer.decode(new, skip_special_tokens=True) == text
    return Timed(0.0, time.process_time() - began, len(new), len(new))


def mid_size(nano: LocalReasoner) -> LocalReasoner:
    """Nano's architecture at 232 million weights, with the 7B's frame; random."""
    config = Qwen2_5_VLConfig.from_pretrained(NANO_FOLDER)
    text = config.text_config
    text.hidden_size, text.intermediate_size, text.num_hidden_layers = 1024, 2816, 20
    text.num_attention_heads, text.num_key_value_heads = 16, 4
    text.layer_types = ["full_attention"] * text.num_hidden_layers
    config.vision_config.out_hidden_size = text.hidden_size
    torch.manual_seed(0)
    model = Qwen2_5_VLForConditionalGeneration(config)
    model.generation_config = nano._model.generation_config
    return LocalReasoner("mid-size", model, nano._processor, REGION_REASONER)


def endpoint_overhead(nano: LocalReasoner, example: Example) -> float:
    """The wall time of a dialogue through the app's endpoint over that in the bare engine."""
    bare, through = [], []
    with served(Models(nano, None, "nano", "", "")) as url, httpx.Client(base_url=url) as client:
        remote_dialogue(client, example)
        for _ in range(TIMES):
            bare.append(wall(lambda: dialogue(nano, example)))
            through.append(wall(lambda: remote_dialogue(client, example)))
    return statistics.median(through) / statistics.median(bare)


def remote_dialogue(client: httpx.Client, example: Example) -> None:
    """The example's questions over HTTP, on one connection, the picture sent once."""
    files = {"files": example.picture.read_bytes()}
    path = client.post("/gradio_api/upload", files=files).json()[0]
    picture, session = {"path": path, "meta": {"_type": "gradio.FileData"}}, None
    for question in example.questions:
        call = client.post("/gradio_api/call/ground", json={"data": [picture, question, session]})
        answer = client.get(f"/gradio_api/call/ground/{call.json()['event_id']}", timeout=600)
        (session,) = json.loads(answer.text.rpartition("data: ")[2])
        assert session["turns"][-1]["question"] == question


def wall(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
