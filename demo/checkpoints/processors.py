"""What turns words and pictures into a model's input, read from the files of any release or tool.

It takes the chat template from wherever one is kept, and makes sure that it shows the model a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from tokenizers import Tokenizer
from transformers import (
    AutoTokenizer,
    PreTrainedTokenizerFast,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
)

from demo.checkpoints.folders import read_json
from demo.errors import CheckpointError, first_line

PROCESSORS = {"qwen2_5_vl": Qwen2_5_VLProcessor, "qwen2_vl": Qwen2VLProcessor}
_END_OF_PICTURE = "<|vision_end|>"
_ASKED = "find the red ball"  # any words
_SAMPLE = (
    "Find “l’été”, next to bbox=[10, 200, 3000, 4],  with\n\n<think> 物体 </think>."  # of all sorts
)
_COPY_IT = "Copy the tokenizer's files from the model that this one was made of."
_PLACES = "chat_template.jinja, chat_template.json or tokenizer_config.json"
# Settings of the picture that change what the model sees; sizes are the demo's own to choose.
_SETTINGS = (
    "do_convert_rgb", "do_normalize", "do_rescale", "image_mean", "image_std", "rescale_factor",
)  # fmt: skip


def read_processor(source: str, folder: Path, config: Any) -> Any:
    """The processor of a checkpoint, whatever class its files name.

    Raises CheckpointError when it has no chat template, or none that shows a picture, or when its
    tokenizer is another model's.
    """
    try:
        tokenizer = _tokenizer(folder)
    except Exception as error:  # damaged files can make a loader raise anything at all
        raise CheckpointError(
            f"The tokenizer of {source} cannot be read, or its files are not all there: "
            f"{first_line(error)}. {_COPY_IT}"
        ) from error
    # The weights are shaped for these, whatever the file says.
    vision = config.vision_config
    settings = _settings(folder) | {
        "patch_size": vision.patch_size,
        "temporal_patch_size": vision.temporal_patch_size,
        "merge_size": vision.spatial_merge_size,
    }
    processor = PROCESSORS[config.model_type](
        image_processor=Qwen2VLImageProcessor(**settings),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
    )
    _check_tokens(source, processor, config)
    processor.chat_template = _template(source, folder, processor)
    return processor


def _tokenizer(folder: Path) -> Any:
    """The tokenizer, which cuts text as its file says, whatever class the configuration names.

    Where it names another, or none, that class would cut text by rules of its own.
    """
    named = AutoTokenizer.from_pretrained(folder)
    file = folder / "tokenizer.json"
    if not file.is_file():
        return named
    ids = Tokenizer.from_file(str(file)).encode(_SAMPLE, add_special_tokens=False).ids
    if named(_SAMPLE, add_special_tokens=False).input_ids == ids:
        return named
    return PreTrainedTokenizerFast.from_pretrained(folder)


def _settings(folder: Path) -> dict[str, Any]:
    """What the files say of pictures; the newest releases have it in processor_config.json."""
    written = read_json(folder / "processor_config.json").get("image_processor")
    if not isinstance(written, dict):
        written = read_json(folder / "preprocessor_config.json")
    return {name: written[name] for name in _SETTINGS if written.get(name) is not None}


def _check_tokens(source: str, processor: Any, config: Any) -> None:
    tokenizer, rows = processor.tokenizer, config.text_config.vocab_size
    place = tokenizer.convert_tokens_to_ids(processor.image_token)
    if place is None or place == tokenizer.unk_token_id:
        raise CheckpointError(
            f"The tokenizer of {source} is not that of a Qwen2.5-VL or Qwen2-VL: it does not know "
            f"{processor.image_token}. {_COPY_IT}"
        )
    if len(tokenizer) > rows:
        raise CheckpointError(
            f"The tokenizer of {source} has {len(tokenizer)} words and its model only {rows}: they are of "
            f"two models. {_COPY_IT}"
        )


def _template(source: str, folder: Path, processor: Any) -> str:
    """The first template that shows a picture, with the question after it."""
    why = None
    for template in _templates(folder):
        problem = _problem(processor, template)
        if problem is None:
            return template
        why = why or problem
    if why is None:
        raise CheckpointError(
            f"{source} has no chat template, which says how a question is put: {_PLACES} is missing. Copy "
            "it from the model that this one was made of."
        )
    raise CheckpointError(
        f"The chat template of {source} cannot be used: {why}. Copy {_PLACES.partition(',')[0]} from the "
        "model that this one was made of."
    )


def _templates(folder: Path) -> Iterator[str]:
    """All that are there: those of the processor first, and of several the default first."""
    for name in ("processor_config.json", "chat_template.json"):
        yield from _by_name(read_json(folder / name).get("chat_template"))
    for file in (
        *folder.glob("chat_template.jinja"),
        *sorted(folder.glob("*chat_templates/*.jinja")),
    ):
        yield file.read_text(encoding="utf-8")
    yield from _by_name(read_json(folder / "tokenizer_config.json").get("chat_template"))


def _by_name(kept: object) -> Iterator[str]:
    """A template by itself, or several with their names, as a table or as a list."""
    if isinstance(kept, list):
        kept = {t.get("name"): t.get("template") for t in kept if isinstance(t, dict)}
    if isinstance(kept, dict):
        named = sorted(kept, key=lambda name: name != "default")
        yield from (kept[name] for name in named if isinstance(kept[name], str))
    elif isinstance(kept, str) and kept.strip():
        yield kept


def _problem(processor: Any, template: str) -> str | None:
    """Why a template cannot be used; None for one that can."""
    content = [{"type": "image"}, {"type": "text", "text": _ASKED}]
    try:
        written = processor.apply_chat_template(
            [{"role": "user", "content": content}],
            chat_template=template,
            add_generation_prompt=True,
            tokenize=False,
        )
    except (TemplateError, TypeError, ValueError, KeyError) as error:
        return f"it fails with “{first_line(error)}”"
    before, end, after = written.partition(_END_OF_PICTURE)
    if not end or before.count(processor.image_token) != 1:
        return f"it puts no picture ({processor.image_token}{_END_OF_PICTURE}) into the text"
    return None if _ASKED in after else "it does not put the question after the picture"
