"""Both engines on large models without a graphics card: python -m tests.bench.engines [SHAPE …]

Models of the published shapes, with weights that mean nothing, are asked twice about one picture of 900
visual tokens, by each engine in a process of its own. The table has the seconds before an answer begins,
the first time and a later one, tokens a second, and the most memory that the process took.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import torch

from demo.checkpoints.catalogue import CATALOGUE, Entry, find_model
from demo.checkpoints.gguf.convert import plan_conversion
from demo.dialects.prompt import Prompt
from demo.doctor.configs import config_of
from demo.doctor.random_weights import random_model
from demo.machine.precision import GIB
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Reasoner, Usage
from demo.reasoners.configuration import CLASSES
from demo.reasoners.llamacpp.loading import load_llama
from demo.reasoners.llamacpp.pace import measure_llama_pace
from demo.reasoners.memory import Plan
from tests import ROOT
from tests.support.published import tokenizer

SHAPES = ("qwen3-vl-2b", "qwen2.5-vl-3b", "regionreasoner-7b")
ENGINES = ("llama.cpp", "nf4", "float32")
QUESTIONS = ("find the thing on the left", "find the thing on the right")
WORDS = (
    210  # of the small tokenizer's: as many tokens as RegionReasoner's instruction has in its own
)
WRITTEN_S = 20.0  # enough tokens to know the speed


def main() -> None:
    """Print the figures as Markdown, or as JSON those of one engine on one shape."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engines", description=__doc__)
    parser.add_argument("shapes", nargs="*", default=SHAPES, metavar="SHAPE")
    parser.add_argument("--engines", nargs="+", default=ENGINES, choices=ENGINES)
    parser.add_argument("--one", action="store_true", help="in this process, as JSON")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(CATALOGUE[options.shapes[0]], options.engines[0])))
        return
    print(f"Machine: {platform.machine()}, {os.cpu_count()} CPU cores.\n")
    print(
        "| shape | engine | prompt | first answer begins | a later one | tokens a second | memory |"
    )
    print("|---|---|---|---|---|---|---|")
    for shape in options.shapes:
        for engine in options.engines:
            print(row(shape, engine), flush=True)


def row(shape: str, engine: str) -> str:
    """A row of the table, measured in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.engines", shape, "--engines", engine, "--one"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return f"| {shape} | {engine} | – | – | – | – | – |"
    found = json.loads(done.stdout.splitlines()[-1])
    return (
        f"| {shape} | {engine} | {found['prompt']} | {found['first_s']:.1f} s | {found['later_s']:.1f} s | "
        f"{found['tokens_per_s']:.2f} | {found['peak_bytes'] / GIB:.1f} GiB |"
    )


def measure(entry: Entry, engine: str) -> dict[str, float]:
    """Ask a model of that shape twice, through one engine."""
    with tempfile.TemporaryDirectory(prefix="regionreasoner-bench-") as folder:
        reasoner = _loaded(entry, engine, Path(folder))
        picture = open_picture(ROOT / "examples" / "coffee.jpg")
        first_s, usage, _ = ask(reasoner, picture, QUESTIONS[0], 0)
        later_s, _, tokens_per_s = ask(reasoner, picture, QUESTIONS[1], WRITTEN_S)
        reasoner.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    prompt = usage.prompt_tokens or 0
    return {
        "prompt": prompt, "first_s": first_s, "later_s": later_s, "tokens_per_s": tokens_per_s,
        "peak_bytes": peak,
    }  # fmt: skip


def ask(
    reasoner: Reasoner, picture: Picture, question: str, seconds: float
) -> tuple[float, Usage, float]:
    """Seconds until an answer begins, its counts, and the tokens a second in so many seconds of it."""
    cancel, times, usage = threading.Event(), list[float](), Usage()
    began = time.perf_counter()
    for piece in reasoner.stream(picture, Prompt(question, question, ()), cancel):
        if isinstance(piece, Usage):
            usage = piece
            break
        times.append(time.perf_counter())
        if times[-1] - times[0] >= seconds:
            cancel.set()
    span = times[-1] - times[0]
    return times[0] - began, usage, ((usage.new_tokens or 1) - 1) / span if span else 0.0


def _loaded(entry: Entry, engine: str, folder: Path) -> Reasoner:
    if engine != "llama.cpp":
        plan = Plan("cpu", "nf4" if engine == "nf4" else "float32", half="float32")
        return random_model(entry, plan)
    save_empty(config_of(entry), folder / "hf")
    plan_conversion(entry.name, folder / "hf", folder / "gguf", "q4_0").run(lambda _: None)
    return load_llama(find_model(str(folder / "gguf")), measure_llama_pace().threads, print)


def save_empty(config: Any, folder: Path) -> None:
    """A checkpoint of that configuration whose weights are all 0; its file is a hole and takes no disk."""
    words = tokenizer()
    words.chat_template = _template(words)
    words.save_pretrained(folder)
    config.save_pretrained(folder)
    with torch.device("meta"):
        model = CLASSES[config.model_type](config)
    header, end = dict[str, Any](), 0
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        size = 2 * tensor.numel()
        header[name] = {
            "dtype": "BF16",
            "shape": list(tensor.shape),
            "data_offsets": [end, end + size],
        }
        end += size
    written = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(written)) + written)
        file.truncate(8 + len(written) + end)


def _template(words: Any) -> str:
    """A chat template for prompts of the real length, in which the small tokenizer has longer texts."""
    instruction = words.decode(words("describe the scene and the region. " * 99).input_ids[:WORDS])
    return (
        "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>"
        f"{{% raw %}}{instruction}{{% endraw %}} {{{{ messages[0]['content'][1]['text'] }}}}<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


if __name__ == "__main__":
    main()
