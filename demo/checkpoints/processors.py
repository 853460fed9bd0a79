"""The processor that turns words and pictures into a model's input, from the files of any release or tool.

It finds the chat template in any of its places, and makes sure that it shows the model a picture.
"""

from __future__ import annotations

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
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)

from demo.checkpoints.folders import read_json
from demo.checkpoints.templates import chat_templates
from demo.errors import CheckpointError, first_line

PROCESSORS = {
    "qwen2_5_vl": (Qwen2_5_VLProcessor, Qwen2VLVideoProcessor),
    "qwen2_vl": (Qwen2VLProcessor, Qwen2VLVideoProcessor),
    "qwen3_vl": (Qwen3VLProcessor, Qwen3VLVideoProcessor),
    "qwen3_5": (Qwen3VLProcessor, Qwen3VLVideoProcessor),
}
# What their makers chose where a checkpoint says nothing; that of the others is the library's.
_HALVES = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
_USUAL = {"qwen3_vl": _HALVES, "qwen3_5": _HALVES}
_END_OF_PICTURE = "<|vision_end|>"
_QUESTION = "find the red ball"  # any words
_SAMPLE = (
    "Find “l’été”, next to bbox=[10, 200, 3000, 4],  with\n\n<think> 物体 </think>."  # all sorts
)
_COPY_IT = "Copy the tokenizer's files from the model that this one was made from."
_TEMPLATE_FILES = "chat_template.jinja, chat_template.json or tokenizer_config.json"
# Picture settings that change what the model sees; sizes are chosen by the dialect.
_SETTINGS = (
    "do_convert_rgb", "do_normalize", "do_rescale", "image_mean", "image_std", "rescale_factor",
)  # fmt: skip


def read_processor(source: str, folder: Path, config: Any) -> Any:
    """The processor of a checkpoint, regardless of the class that its files name.

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
    settings = _USUAL.get(config.model_type, {}) | _settings(folder)
    settings |= {
        "patch_size": vision.patch_size,
        "temporal_patch_size": vision.temporal_patch_size,
        "merge_size": vision.spatial_merge_size,
    }
    make_processor, make_video_processor = PROCESSORS[config.model_type]
    processor = make_processor(
        image_processor=Qwen2VLImageProcessor(**settings),
        tokenizer=tokenizer,
        video_processor=make_video_processor(),
    )
    _check_tokens(source, processor, config)
    processor.chat_template = _template(source, folder, processor)
    return processor


def _tokenizer(folder: Path) -> Any:
    """The tokenizer, which splits text as its file says, regardless of the class in the configuration.

    A wrong class, or none, would split text by different rules.
    """
    named = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    file = folder / "tokenizer.json"
    if not file.is_file():
        return named
    ids = Tokenizer.from_file(str(file)).encode(_SAMPLE, add_special_tokens=False).ids
    if named(_SAMPLE, add_special_tokens=False).input_ids == ids:
        return named
    return PreTrainedTokenizerFast.from_pretrained(folder, trust_remote_code=False)


def _settings(folder: Path) -> dict[str, Any]:
    """The files' settings for pictures, which the newest releases have in processor_config.json."""
    written = read_json(folder / "processor_config.json").get("image_processor")
    if not isinstance(written, dict):
        written = read_json(folder / "preprocessor_config.json")
    return {name: written[name] for name in _SETTINGS if written.get(name) is not None}


def _check_tokens(source: str, processor: Any, config: Any) -> None:
    tokenizer, rows = processor.tokenizer, config.text_config.vocab_size
    place = tokenizer.convert_tokens_to_ids(processor.image_token)
    if place is None or place == tokenizer.unk_token_id:
        raise CheckpointError(
            f"The tokenizer of {source} does not belong to one of the Qwen models that see: it does not "
            f"know {processor.image_token}. {_COPY_IT}"
        )
    if len(tokenizer) > rows:
        raise CheckpointError(
            f"The tokenizer of {source} has {len(tokenizer)} words and its model only {rows}: they belong "
            f"to different models. {_COPY_IT}"
        )


def _template(source: str, folder: Path, processor: Any) -> str:
    """The first template that shows a picture, with the question after it."""
    why = None
    for template in chat_templates(folder):
        problem = _problem(processor, template)
        if problem is None:
            return template
        why = why or problem
    if why is None:
        raise CheckpointError(
            f"{source} has no chat template, which is needed to ask it questions: {_TEMPLATE_FILES} is "
            "missing. Copy it from the model that this one was made from."
        )
    raise CheckpointError(
        f"The chat template of {source} cannot be used: {why}. Copy "
        f"{_TEMPLATE_FILES.partition(',')[0]} from the model that this one was made from."
    )


def _problem(processor: Any, template: str) -> str | None:
    """Why a template cannot be used; None for one that can."""
    content = [{"type": "image"}, {"type": "text", "text": _QUESTION}]
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
    return None if _QUESTION in after else "it does not put the question after the picture"
