"""Which model and which segmenter run, and why, in words for people.

It reads options and looks at the machine; it loads through `reasoners/` and `segmenters/` and knows
nothing of how they work.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers.utils.hub import cached_file

from demo.errors import CheckpointError, InputError, OptionError
from demo.nano.recognise import World
from demo.pictures import Picture
from demo.reasoners.base import Reasoner
from demo.reasoners.catalogue import Entry, find_model
from demo.reasoners.loading import best_device, load_local
from demo.segmenters.base import Segmenter
from demo.segmenters.by_picture import SegmenterByPicture
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.segmenters.sam2 import NANO_FOLDER, SIZES, load_sam2

SEVEN_B = "regionreasoner-7b"
SMALLER = "Qwen/Qwen2.5-VL-3B-Instruct"
# In 4 bits, with tower and head in bf16, the weights take 6.4 GiB, in bf16 15.5 GiB (calculated);
# the rest is for one turn.
LEAST_GPU_GIB = {"4bit": 7.5, "none": 18.0}
_NANO_ADVICE = (
    "nano knows drawn scenes only; for photographs: --model regionreasoner-7b on a CUDA GPU"
)


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell people about their picture before they ask.

    ``ways`` are the ways out: a sentence and the command that goes with it.
    """

    text: str
    ways: tuple[tuple[str, str], ...]


_OUTSIDE = Advice(
    "This picture is not from nano’s drawn world, so nano’s answers about it will mean nothing.",
    (
        (
            "For photographs, run RegionReasoner-7B on a CUDA GPU:",
            f"python app.py --model {SEVEN_B}",
        ),
        (
            "Without one, a smaller Qwen2.5-VL, which is slow here and not trained for this:",
            f"python app.py --model {SMALLER}",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Models:
    """What runs, and what to tell people about it.

    ``status`` names model, device and segmenter; ``advice`` says what the model can and cannot do;
    ``why`` says why these were chosen. ``world`` is there when the model knows no other pictures.
    """

    reasoner: Reasoner
    segmenter: Segmenter | None
    status: str
    advice: str
    why: str
    world: World | None = None

    def advice_for(self, picture: Picture) -> Advice | None:
        """What to say about a picture before the first question; None when there is nothing."""
        if self.world is None or self.world.belongs(picture):
            return None
        return _OUTSIDE


def choose(options: argparse.Namespace) -> Models:
    """Load what the options ask for. Raises InputError or ModelError with a sentence."""
    if options.server:
        raise InputError(
            "--server is not built yet: this version runs models in its own process. "
            "Start without it, for example with --model nano."
        )
    entry, why = _chosen_model(options.model, options.quantize)
    is_nano = entry.name == "nano"
    world = World.load() if is_nano else None
    segmenter, masks = choose_segmenter(options.segmenter, world)
    reasoner = load_local(entry, quantize=options.quantize, low_memory=options.low_memory)
    built_in = " · built in" if is_nano else ""
    name = segmenter.name if segmenter else "none"
    return Models(
        reasoner,
        segmenter,
        status=f"{reasoner.name}{built_in} · {reasoner.device} · masks: {name}",
        advice=_NANO_ADVICE if is_nano else "",
        why=f"{why} {masks}",
        world=world,
    )


def _chosen_model(name: str, quantize: str) -> tuple[Entry, str]:
    if name != "auto":
        return find_model(name), f"The model {name} was asked for."
    nano, large = find_model("nano"), find_model(SEVEN_B)
    if not torch.cuda.is_available():
        return nano, "The built-in model runs because this machine has no CUDA GPU."
    free = torch.cuda.mem_get_info()[0] / 2**30
    needed = LEAST_GPU_GIB["none" if quantize == "none" else "4bit"]
    if free < needed:
        lack = f"the GPU has {free:.1f} GiB free and RegionReasoner-7B needs {needed} GiB"
        return nano, f"The built-in model runs because {lack}."
    if not _all_shards_on_disk(large.source):
        return nano, (
            "The built-in model runs because the weights of RegionReasoner-7B (16.6 GB) are not on "
            f"this machine. To fetch them, start with --model {SEVEN_B}."
        )
    return large, "RegionReasoner-7B runs because its weights and a large enough GPU are here."


def choose_segmenter(name: str, world: World | None = None) -> tuple[Segmenter | None, str]:
    """The segmenter an option names, and a sentence that says why it runs.

    ``world`` is there when the model knows drawn scenes only: ``auto`` then takes the built-in SAM 2
    for those.
    """
    kind, _, which = name.partition(":")
    if kind == "none" and not which:
        return None, "Masks were switched off."
    if kind == "grabcut" and not which:
        return GrabCutSegmenter(), "GrabCut makes the masks because it was asked for."
    if kind == "sam2":
        return _asked_sam2(which), "SAM 2 makes the masks because it was asked for."
    if name != "auto":
        raise InputError(
            f"There is no segmenter called {name}. Choose auto, sam2, sam2:nano, sam2:tiny, "
            "sam2:small, sam2:base-plus, sam2:large, sam2:FOLDER, grabcut or none."
        )
    usual, why = _best_segmenter()
    if world is None or not (NANO_FOLDER / "config.json").is_file():
        return usual, why
    drawn = load_sam2("nano", best_device(), fetch=False)
    reason = f"The built-in SAM 2 makes the masks of drawn scenes; of other pictures: {why}"
    return SegmenterByPicture(drawn, world.belongs, usual), reason


def _asked_sam2(which: str) -> Segmenter:
    """SAM 2 of that size or folder; of the best size at hand where none is named."""
    if which and which not in ("nano", *SIZES) and not Path(which).is_dir():
        raise OptionError(
            f"There is no SAM 2 called {which}: choose nano, {', '.join(SIZES)} or a folder."
        )
    device = best_device()
    source = which or _sam2_on_disk(device) or ("large" if device == "cuda" else "tiny")
    return load_sam2(source, device, fetch=True)


def _best_segmenter() -> tuple[Segmenter, str]:
    """SAM 2 when it is on this machine, else GrabCut; and why."""
    device = best_device()
    found = _sam2_on_disk(device)
    if found is None:
        return GrabCutSegmenter(), (
            "GrabCut makes the masks because no SAM 2 weights are on this machine; "
            "to fetch some, start with --segmenter sam2:tiny."
        )
    try:
        return load_sam2(found, device, fetch=False), "SAM 2 makes the masks: its weights are here."
    except CheckpointError as error:
        return GrabCutSegmenter(), f"GrabCut makes the masks because SAM 2 cannot: {error}"


def _sam2_on_disk(device: str) -> str | None:
    """The best SAM 2 size that is there: the largest on a GPU, the smallest elsewhere."""
    sizes = reversed(SIZES) if device == "cuda" else SIZES
    repositories = ((size, f"facebook/sam2.1-hiera-{size}") for size in sizes)
    return next((size for size, hub in repositories if _on_disk(hub, "model.safetensors")), None)


def _all_shards_on_disk(source: str) -> bool:
    """Whether every weight file that the checkpoint's index names has been fetched."""
    try:
        index = cached_file(source, "model.safetensors.index.json", local_files_only=True)
    except OSError:
        return False
    shards = set(json.loads(Path(index).read_text(encoding="utf-8"))["weight_map"].values())
    return all(_on_disk(source, shard) for shard in shards)


def _on_disk(source: str, file: str) -> bool:
    try:
        return cached_file(source, file, local_files_only=True) is not None
    except OSError:
        return False
