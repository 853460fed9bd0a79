"""The weights of a checkpoint: are all files complete, were all tensors loaded, are they numbers.

A loader fills missing tensors with random numbers without a word, and such a model writes rubbish.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.checkpoints.folders import INDEX, ONE_FILE, read_json
from demo.checkpoints.stored import Stored, tensors_in
from demo.checkpoints.tensors import missing_phrase
from demo.errors import CheckpointError

if TYPE_CHECKING:
    import torch

_POINTER = b"version https://git-lfs.github.com/spec/"
_MAX_HEADER = 100_000_000  # bytes, the format's own limit
_INTEGERS = ("I8", "U8", "I16", "I32", "I64")  # as headers call them
QUANTIZED = ".quant_state."  # in the names of what belongs to weights in 4 bits
_HEAD, _EMBEDDING = "lm_head.weight", "embed_tokens.weight"

# Parts of the names of tensors in a checkpoint that was not finished, and what remains to be done.
_LEFT_TO_DO = (
    ("lora_A", "It is a LoRA that was not merged: merge_and_unload of the peft library does that."),
    ("base_layer.", "It was saved before its LoRA was merged: save what merge_and_unload returns."),
    ("base_model.model.", "Its names are those of PEFT: save what its merge_and_unload returns."),
    ("_fsdp_wrapped_module.", "It was saved from inside FSDP: save its full state dictionary."),
    ("_orig_mod.", "It was saved from inside torch.compile: save the model that was compiled."),
    ("module.", "It was saved from inside a trainer’s wrapper: save the model within, its “module”."),
)  # fmt: skip
# Tensors that no model here has, but without which its weights are not those that were trained.
_NOT_TO_BE_PASSED_OVER = (
    (r"lora_", "That is a LoRA that was not merged: merge_and_unload of the peft library does that."),
    (
        r"[._](weight_scale|scale_inv|input_scale|scales|qzeros|g_idx|SCB|absmax)$",
        "So it is quantized, and config.json does not say how. Give the unquantized checkpoint.",
    ),
    (
        r"\.(layers|blocks)\.\d+\.",
        "Those are more layers than config.json names: the two belong to different models.",
    ),
)  # fmt: skip


def check_pointers(source: str, folder: Path) -> None:
    """Raises CheckpointError when a file is a pointer of Git LFS to the real one."""
    for file in sorted(folder.iterdir()):
        if file.is_file():
            with file.open("rb") as opened:
                if opened.read(len(_POINTER)) == _POINTER:
                    raise _incomplete_error(
                        source,
                        f"{file.name} is only a pointer to the real file, which git lfs pull in that "
                        "folder fetches",
                    )


def tensor_files(source: str, folder: Path) -> dict[str, Path]:
    """The file of each tensor of a checkpoint, by the headers of its files.

    Raises CheckpointError for a file that is missing, cut off or damaged, and for one that is quantized in
    an unknown way.
    """
    found: dict[str, Path] = {}
    types: dict[str, str] = {}
    for file in _files(source, folder):
        state = file.stat()
        types |= (header := _header(source, file, state.st_size, state.st_mtime_ns))
        found |= dict.fromkeys(header, file)
    whole = next((n for n, t in types.items() if n.endswith(".weight") and t in _INTEGERS), None)
    if whole and not any(QUANTIZED in name for name in found):
        raise CheckpointError(
            f"{source} cannot be used: {whole} holds whole numbers, so it is quantized, but config.json "
            "does not say how. Give the unquantized checkpoint."
        )
    return found


def check_tensors(source: str, found: Mapping[str, Collection[Any]]) -> None:
    """Raises CheckpointError when a model lacks tensors, by its loader's report ``found``.

    Tensors unknown to the model, such as a reward model's head, do no harm unless they change the meaning
    of the others.
    """
    if shapes := found["mismatched_keys"]:
        name, there, wanted = sorted(map(tuple, shapes))[0]
        raise CheckpointError(
            f"{source} does not match its own config.json: {missing_phrase(n for n, *_ in shapes)} have "
            f"another shape; {name} is {_shape(there)} in its files and should be {_shape(wanted)}."
        )
    missing, others = found["missing_keys"], sorted(found["unexpected_keys"])
    if not missing:
        _check_others(source, others)
        return
    sentence = f"{source} lacks {missing_phrase(missing)}."
    if set(missing) == {_HEAD}:
        sentence += (
            " If its output head is its input embedding, its config.json should say "
            "“tie_word_embeddings”: true; else a file is missing."
        )
    elif todo := next((todo for sign, todo in _LEFT_TO_DO if any(sign in n for n in others)), None):
        sentence += f" {todo}"
    elif others:
        sentence += (
            f" Instead it has {len(others)} others, such as {others[0]}. Save it with save_pretrained of "
            "transformers, which gives them their names."
        )
    else:
        sentence += " Copy or save it again."
    raise CheckpointError(sentence)


def _check_others(source: str, others: Collection[str]) -> None:
    """Raises CheckpointError when ignored tensors change the meaning of the rest."""
    for pattern, why in _NOT_TO_BE_PASSED_OVER:
        if name := next((name for name in others if re.search(pattern, name)), None):
            raise CheckpointError(f"{source} cannot be used: its files hold {name}. {why}")


def check_numbers(source: str, model: torch.nn.Module) -> None:
    """Raises CheckpointError when weights are not numbers, or a whole matrix has one value throughout.

    They come from a failed merge or a disk that lost data; a model with such weights answers “!!!!”.
    """
    import torch

    for name, weight in model.named_parameters():
        state = getattr(weight, "quant_state", None)
        if state is None and hasattr(weight, "quant_state"):
            raise CheckpointError(f"{source} lacks the scales of {name}, which is in 4 bits.")
        if not weight.numel():
            continue
        low, high = torch.aminmax(weight.detach())
        ends = (low, high) if state is None else torch.aminmax(_scales(state))
        if not all(map(torch.isfinite, ends)):
            raise _damage_error(source, name, "values that are not numbers")
        if weight.dim() > 1 and name.endswith(".weight") and low == high:
            raise _damage_error(source, name, "one value throughout")


def _scales(state: Any) -> torch.Tensor:
    """A tensor that is not finite where any of the scales of weights in 4 bits is not."""
    scales: torch.Tensor = state.offset if state.nested else state.absmax
    return scales


def _damage_error(source: str, name: str, what: str) -> CheckpointError:
    return CheckpointError(
        f"The weights of {source} are damaged: {name} holds {what}. Merge, save or fetch it again."
    )


def unquantized_modules(names: Collection[str]) -> list[str]:
    """The modules of a 4-bit checkpoint that are not in 4 bits, by as few loader's names as possible.

    Configurations of older tools use former names.
    """
    modules = {_current_name(n.removesuffix(".weight")) for n in names if n.endswith(".weight")}
    modules.add("lm_head")  # missing in the files where it is the input embedding
    four = {
        _current_name(name.partition(".weight.quant_state.")[0])
        for name in names
        if QUANTIZED in name
    }
    above = {prefix for module in four for prefix in _prefixes(module)}
    first = (next((p for p in _prefixes(m) if p not in above), None) for m in modules - four)
    return sorted({prefix for prefix in first if prefix})


def _current_name(name: str) -> str:
    """The current name of a module of any release."""
    name = re.sub(r"^visual\.", "model.visual.", name)
    return re.sub(r"^model\.(?!visual\.|language_model\.)", "model.language_model.", name)


def _prefixes(name: str) -> list[str]:
    """Such as a, a.b and a.b.c for a.b.c."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def has_own_head(names: Mapping[str, Path]) -> bool:
    """Whether the output head differs from the input embedding, regardless of config.json."""
    embedding = next((n for n in names if n.endswith(_EMBEDDING)), None)
    head = next((n for n in names if n.endswith(_HEAD)), None)
    if head is None or embedding is None:
        return head is not None
    mine, other = (_tensor(names[name], name) for name in (head, embedding))
    return mine.shape != other.shape or mine.ends() != other.ends()


def _tensor(file: Path, name: str) -> Stored:
    return next(tensor for tensor in tensors_in(file) if tensor.name == name)


def _files(source: str, folder: Path) -> list[Path]:
    """The files that the loader reads: one, or those that an index names."""
    if (folder / ONE_FILE).is_file():
        return [folder / ONE_FILE]
    if not (folder / INDEX).is_file():
        others = [f.relative_to(folder).as_posix() for f in sorted(folder.rglob("*.safetensors"))]
        but = f", only {others[0]}, from which weights are not read" if others else ""
        raise _incomplete_error(source, f"it has neither {ONE_FILE} nor {INDEX}{but}")
    index = read_json(folder / INDEX)
    placed = index.get("weight_map")
    if not isinstance(placed, dict) or not placed:
        raise _incomplete_error(source, f"{INDEX} names no files")
    if "metadata" not in index:
        raise _incomplete_error(source, f"{INDEX} lacks “metadata”: add “metadata”: {{}} to it")
    files = [folder / str(name) for name in sorted(set(placed.values()))]
    missing = [file.name for file in files if not file.is_file()]
    if len(missing) == 1:
        raise _incomplete_error(source, f"{missing[0]} is missing")
    if missing:
        raise _incomplete_error(
            source, f"{missing[0]} and {len(missing) - 1} more files are missing"
        )
    return files


@lru_cache(maxsize=64)
def _header(source: str, file: Path, size: int, _changed_ns: int) -> Mapping[str, str]:
    """The types of a file's tensors, by their names; a start asks for them more than once."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > _MAX_HEADER:
            raise _incomplete_error(source, f"{file.name} does not hold weights")
        try:
            header = json.loads(opened.read(length))
            header.pop("__metadata__", None)
            ends = [at["data_offsets"][1] for at in header.values()]
            types = {name: str(at["dtype"]) for name, at in header.items()}
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            raise _incomplete_error(source, f"{file.name} is damaged at its beginning") from None
    whole = 8 + length + max(ends, default=0)
    if size < whole:
        raise _incomplete_error(source, f"{file.name} is cut off: {size:,} of {whole:,} bytes")
    if size > whole:
        raise _incomplete_error(
            source, f"{file.name} has {size - whole:,} bytes more than it should"
        )
    return types


def _incomplete_error(source: str, why: str) -> CheckpointError:
    return CheckpointError(f"The checkpoint {source} is not complete in that folder: {why}.")


def _shape(size: Any) -> str:
    return " × ".join(str(n) for n in size)
