"""Masks by SAM 2 through transformers: the picture is encoded once, all boxes go in one pass.
Small things are seen enlarged, in a window of the picture (`windows`).

Meta's checkpoints carry a video configuration; they load into the picture model all the same.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import Sam2Model, Sam2Processor
from transformers.utils.hub import cached_file

from demo.checkpoints.revisions import note, revision_to_fetch
from demo.checkpoints.tensors import missing_phrase
from demo.checkpoints.weights import check_numbers, check_pointers, tensor_files
from demo.errors import CheckpointError, DemoError, ModelError, OutOfMemoryError, first_line
from demo.fairlock import FairLock
from demo.machine.devices import half_precision
from demo.machine.threads import threads_for
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import BoolArray, Mask
from demo.picture.picture import Picture
from demo.segmenters.base import MaskPrompt, Segment
from demo.segmenters.names import NANO_FOLDER, SIZES, hub_id, name_of
from demo.segmenters.windows import by_window, moved

KINDS = ("sam2", "sam2_video")
ENCODINGS_KEPT = 8  # of pictures and of windows of them
AT_ONCE = 32  # objects in one pass; bounds the memory for the upscaled masks


class Sam2Segmenter:
    """Prompted per object with its box and its points; the best of three masks is kept."""

    def __init__(self, name: str, model: Sam2Model, processor: Sam2Processor) -> None:
        self._name, self._model, self._processor = name, model.eval(), processor
        self._lock = FairLock()
        self._encoded: OrderedDict[tuple[str, PictureBox], list[torch.Tensor]] = OrderedDict()

    @property
    def name(self) -> str:
        return self._name

    @property
    def device(self) -> str:
        """``cuda``, ``mps`` or ``cpu``."""
        return str(self._model.device.type)

    def prepare(self, picture: Picture) -> None:
        """Encode the picture; the newest few encodings are kept."""
        with self._lock, _said(), self._threads(), torch.inference_mode():
            self._encode(picture, PictureBox.whole(picture.size))

    def segment(self, picture: Picture, prompts: Sequence[MaskPrompt]) -> list[Segment]:
        """One mask for each prompt, with SAM 2's own estimate of its IoU as quality."""
        with self._lock, _said(), self._threads(), torch.inference_mode():
            made: dict[int, Segment] = {}
            for window, inside in by_window(prompts, picture.size).items():
                seen = [moved(prompts[i], window) for i in inside]
                for places in _passes(seen):
                    segments = self._pass(picture, window, [seen[i] for i in places])
                    made.update(zip((inside[i] for i in places), segments, strict=True))
            return [made[i] for i in range(len(prompts))]

    def _threads(self) -> AbstractContextManager[None]:
        return threads_for(sum(p.numel() for p in self._model.parameters()), self.device)

    def _encode(self, picture: Picture, window: PictureBox) -> list[torch.Tensor]:
        key = (picture.sha256, window)
        if key in self._encoded:
            self._encoded.move_to_end(key)
            return self._encoded[key]
        seen = picture.pixels[window.y1 : window.y2, window.x1 : window.x2]
        writable = seen.copy()  # torch warns of arrays that are read-only
        pixels = self._processor(images=writable, return_tensors="pt")["pixel_values"]
        pixels = pixels.to(self._model.device, self._model.dtype)
        encoded: list[torch.Tensor] = self._model.get_image_embeddings(pixels)
        self._encoded[key] = encoded
        while len(self._encoded) > ENCODINGS_KEPT:
            self._encoded.popitem(last=False)
        return encoded

    def _pass(
        self, picture: Picture, window: PictureBox, prompts: Sequence[MaskPrompt]
    ) -> list[Segment]:
        """The segments of prompts in the pixels of a window."""
        embeddings = self._encode(picture, window)
        inputs = self._processor(
            original_sizes=[[window.height, window.width]], return_tensors="pt", **_inputs(prompts)
        ).to(self._model.device)
        sizes = inputs.pop("original_sizes").cpu()
        out = self._model(image_embeddings=embeddings, multimask_output=True, **inputs)
        scores, best = out.iou_scores[0].float().max(dim=-1)
        chosen = (
            out.pred_masks[0]
            .float()
            .gather(1, best[:, None, None, None].expand(-1, 1, *out.pred_masks.shape[-2:]))
        )
        masks = self._processor.post_process_masks([chosen.cpu()], sizes)[0]
        return [
            Segment(
                _placed(mask[0].numpy(), window, picture.size), min(max(float(score), 0.0), 1.0)
            )
            for mask, score in zip(masks, scores, strict=True)
        ]


def _placed(inside: BoolArray, window: PictureBox, size: Size) -> Mask:
    """The mask of the whole picture of which this is what lies in a window."""
    if window.area == size.width * size.height:
        return Mask.from_array(inside)
    pixels = np.zeros((size.height, size.width), bool)
    pixels[window.y1 : window.y2, window.x1 : window.x2] = inside
    return Mask.from_array(pixels)


def _passes(prompts: Sequence[MaskPrompt]) -> Iterator[list[int]]:
    """Which prompts go into the model together: those with as many points, with a box or without.

    A point that only fills a gap would be seen by the decoder, and change the mask.
    """
    alike: dict[tuple[bool, int], list[int]] = {}
    for i, prompt in enumerate(prompts):
        points = len(prompt.on_it) + len(prompt.beside_it)
        alike.setdefault((prompt.box is None, points), []).append(i)
    for places in alike.values():
        yield from (places[i : i + AT_ONCE] for i in range(0, len(places), AT_ONCE))


def _inputs(prompts: Sequence[MaskPrompt]) -> dict[str, Any]:
    """Boxes [1, N, 4] and points [1, N, P, 2] with labels [1, N, P], where there are any."""
    inputs: dict[str, Any] = {}
    if boxes := [[float(v) for v in h.box.xyxy] for h in prompts if h.box is not None]:
        inputs["input_boxes"] = [boxes]
    points = [[[float(v) for v in p.xy] for p in (*h.on_it, *h.beside_it)] for h in prompts]
    if points[0]:
        inputs["input_points"] = [points]
        inputs["input_labels"] = [[[1] * len(h.on_it) + [0] * len(h.beside_it) for h in prompts]]
    return inputs


def load_sam2(source: str, device: str, *, fetch: bool) -> Sam2Segmenter:
    """Load a SAM 2 checkpoint: ``nano``, a folder, or one by size (``tiny`` … ``large``) from the hub.

    Nothing is downloaded unless ``fetch`` is set. Raises CheckpointError when it is not there, is
    incomplete or of another kind, OutOfMemoryError when it does not fit.
    """
    where = str(NANO_FOLDER) if source == "nano" else source
    where = hub_id(source) if source in SIZES else where
    with _complete(where):
        _check_files(where)
        on_hub = source in SIZES
        revision = revision_to_fetch(where) if on_hub else None
        config = cached_file(where, "config.json", revision=revision, local_files_only=not fetch)
        _check_kind(where, config)
        if on_hub and config:
            commit = Path(config).parent.name
            note(where, commit, str(revision))
            revision = commit
        dtype = getattr(torch, half_precision(device)) if device == "cuda" else torch.float32
        model, loading = Sam2Model.from_pretrained(
            where,
            revision=revision,
            dtype=dtype,
            local_files_only=not fetch,
            use_safetensors=True,
            trust_remote_code=False,
            attn_implementation="sdpa",  # not what was installed where it was trained
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # which are found all the same
        )
        if missing := {
            *loading["missing_keys"],
            *(name for name, *_ in loading["mismatched_keys"]),
        }:
            # They were filled with random numbers.
            raise ValueError(f"it lacks {missing_phrase(missing)}")
        check_numbers(where, model)
        processor = Sam2Processor.from_pretrained(
            where, revision=revision, local_files_only=not fetch, trust_remote_code=False
        )
    with _said():
        return Sam2Segmenter(name_of(source), model.to(device), processor)


def _check_files(where: str) -> None:
    """Raises CheckpointError for a folder whose files are not whole, or not those of transformers."""
    path = Path(where)
    if path.is_dir() and (path / "config.json").is_file():
        check_pointers(where, path)
        tensor_files(where, path)
    elif path.suffix == ".pt" or any(path.glob("*.pt")):
        raise CheckpointError(
            f"{where} is SAM 2 in Meta’s own form (.pt), which this demo does not open. Give --segmenter "
            f"sam2:tiny, or another of {', '.join(SIZES)}, or a folder that transformers saved one to."
        )


def _check_kind(where: str, config: str | None) -> None:
    if config is None:
        raise CheckpointError(f"{where} is not a SAM 2 checkpoint: it has no config.json.")
    kind = json.loads(Path(config).read_text(encoding="utf-8")).get("model_type")
    if kind not in KINDS:
        raise CheckpointError(f"{where} is not a SAM 2 checkpoint: its type is {kind}.")


@contextmanager
def _complete(where: str) -> Iterator[None]:
    try:
        yield
    except DemoError:
        raise
    except Exception as error:  # damaged files can make a loader raise anything at all
        raise CheckpointError(
            f"There is no complete SAM 2 checkpoint at {where}: {first_line(error)}."
        ) from error


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemoryError(
            "The graphics card has too little free memory for masks. "
            "Start with --segmenter sam2:tiny or --segmenter grabcut."
        ) from error
    except RuntimeError as error:
        raise ModelError(f"SAM 2 failed: {first_line(error)}.") from error
