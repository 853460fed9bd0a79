"""Which tensor of a Qwen-VL checkpoint becomes which of its GGUF files, and in which shape.

Names are without the prefixes that releases of transformers differ in, those on the right llama.cpp's.
Shapes are as in checkpoints, rows first; their letters stand for sizes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from demo.checkpoints.gguf.architecture import Architecture, Tower

FRAMES = 2  # pictures that the first convolution takes at once
_MERGED = 4  # patches that become one token
_Table = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Part:
    """A tensor of a GGUF file, made of the checkpoint's tensor ``source``, whose shape is ``stored``.

    It begins with that tensor's row ``first``, or holds one of its frames, and where ``shape`` is larger
    than what is stored, the rest is zeros.
    """

    name: str
    source: str
    stored: tuple[int, ...]
    shape: tuple[int, ...]
    first: int = 0
    frame: int | None = None


def model_parts(model: Architecture) -> Iterator[Part]:
    """The tensors of the language model."""
    words = (model.vocabulary, model.width)
    sizes = {
        "w": model.width, "i": model.inner, "h": model.head,
        "q": model.heads * model.head, "k": model.kv_heads * model.head,
    }  # fmt: skip
    table = _LAYER | (_HEAD_NORMS if model.kind == "qwen3_vl" else _HEAD_BIASES)
    yield _whole("token_embd.weight", "model.embed_tokens.weight", words)
    for layer in range(model.layers):
        yield from _parts(f"blk.{layer}.", f"model.layers.{layer}.", table, sizes)
    yield _whole("output_norm.weight", "model.norm.weight", (model.width,))
    if model.has_head:
        yield _whole("output.weight", "lm_head.weight", words)


def tower_parts(model: Architecture) -> Iterator[Part]:
    """The tensors of the vision tower."""
    tower = model.tower
    sizes = {
        "w": tower.width, "i": tower.inner, "t": 3 * tower.width, "m": _MERGED * tower.width,
        "o": model.width, "p": tower.positions or 0,
    }  # fmt: skip
    yield from _patches(tower)
    yield from _parts("", "visual.", _POSITIONS if tower.positions else {}, sizes)
    for block in range(tower.blocks):
        to, source = f"v.blk.{block}.", f"visual.blocks.{block}."
        yield from _parts(to, source, _BLOCK[model.kind], sizes)
        if model.kind != "qwen3_vl":
            yield from _queries_keys_values(to, source, tower.width)
    yield from _parts("", "visual.merger.", _MERGER[model.kind], sizes)
    for place, block in enumerate(tower.deep_blocks):
        source = f"visual.deepstack_merger_list.{place}."
        yield from _parts(f"v.deepstack.{block}.", source, _DEEP_MERGER, sizes)


def padded(part: Part, multiple: int) -> Part:
    """A part of the layers between a tower's norms, with rows of a length that can be quantized.

    The zeros change nothing: what they are multiplied with is zero as well.
    """
    inner = {"ffn_up": 0, "ffn_gate": 0, "ffn_down": 1}
    axis = inner.get(part.name.split(".")[-2])
    if axis is None or axis >= len(part.shape):
        return part
    shape = list(part.shape)
    shape[axis] += -shape[axis] % multiple
    return replace(part, shape=tuple(shape))


def _whole(name: str, source: str, shape: tuple[int, ...]) -> Part:
    return Part(name, source, shape, shape)


def _parts(to: str, source: str, table: _Table, sizes: dict[str, int]) -> Iterator[Part]:
    for name, (new, letters) in table.items():
        yield _whole(to + new, source + name, tuple(sizes[letter] for letter in letters))


def _patches(tower: Tower) -> Iterator[Part]:
    """The first convolution, which llama.cpp has as one for each frame."""
    source = "visual.patch_embed.proj.weight"
    shape = (tower.width, 3, tower.patch, tower.patch)
    stored = (*shape[:2], FRAMES, *shape[2:])
    for frame, end in enumerate(("", ".1")):
        yield Part(f"v.patch_embd.weight{end}", source, stored, shape, frame=frame)


def _queries_keys_values(to: str, source: str, width: int) -> Iterator[Part]:
    """What checkpoints hold as one tensor and llama.cpp as three."""
    for place, letter in enumerate("qkv"):
        for kind, row in (("weight", (width,)), ("bias", ())):
            name, stored = f"{to}attn_{letter}.{kind}", (3 * width, *row)
            yield Part(name, f"{source}attn.qkv.{kind}", stored, (width, *row), first=place * width)


def _biased(name: str, to: str, letters: str) -> _Table:
    """A norm or a matrix, and its bias."""
    return {f"{name}.weight": (f"{to}.weight", letters), f"{name}.bias": (f"{to}.bias", letters[0])}


_LAYER: _Table = {
    "input_layernorm.weight": ("attn_norm.weight", "w"),
    "self_attn.q_proj.weight": ("attn_q.weight", "qw"),
    "self_attn.k_proj.weight": ("attn_k.weight", "kw"),
    "self_attn.v_proj.weight": ("attn_v.weight", "kw"),
    "self_attn.o_proj.weight": ("attn_output.weight", "wq"),
    "post_attention_layernorm.weight": ("ffn_norm.weight", "w"),
    "mlp.gate_proj.weight": ("ffn_gate.weight", "iw"),
    "mlp.up_proj.weight": ("ffn_up.weight", "iw"),
    "mlp.down_proj.weight": ("ffn_down.weight", "wi"),
}
_HEAD_BIASES: _Table = {
    "self_attn.q_proj.bias": ("attn_q.bias", "q"),
    "self_attn.k_proj.bias": ("attn_k.bias", "k"),
    "self_attn.v_proj.bias": ("attn_v.bias", "k"),
}
_HEAD_NORMS: _Table = {
    "self_attn.q_norm.weight": ("attn_q_norm.weight", "h"),
    "self_attn.k_norm.weight": ("attn_k_norm.weight", "h"),
}
_NORMS = _biased("norm1", "ln1", "w") | _biased("norm2", "ln2", "w")
_OUT = _biased("attn.proj", "attn_out", "ww")
_BLOCK = {
    "qwen2_vl": _NORMS | _OUT | _biased("mlp.fc1", "ffn_up", "iw") | _biased("mlp.fc2", "ffn_down", "wi"),
    "qwen2_5_vl": {
        name: to for name, to in _NORMS.items() if name.endswith(".weight")
    } | _OUT
    | _biased("mlp.gate_proj", "ffn_gate", "iw")
    | _biased("mlp.up_proj", "ffn_up", "iw")
    | _biased("mlp.down_proj", "ffn_down", "wi"),
    "qwen3_vl": _NORMS | _OUT
    | _biased("attn.qkv", "attn_qkv", "tw")
    | _biased("mlp.linear_fc1", "ffn_up", "iw")
    | _biased("mlp.linear_fc2", "ffn_down", "wi"),
}  # fmt: skip
_OLD_MERGER = _biased("mlp.0", "mm.0", "mm") | _biased("mlp.2", "mm.2", "om")
_MERGER = {
    "qwen2_vl": _biased("ln_q", "v.post_ln", "w") | _OLD_MERGER,
    "qwen2_5_vl": {"ln_q.weight": ("v.post_ln.weight", "w")} | _OLD_MERGER,
    "qwen3_vl": _biased("norm", "v.post_ln", "w")
    | _biased("linear_fc1", "mm.0", "mm")
    | _biased("linear_fc2", "mm.2", "om"),
}  # fmt: skip
_DEEP_MERGER = (
    _biased("norm", "norm", "m")
    | _biased("linear_fc1", "fc1", "mm")
    | _biased("linear_fc2", "fc2", "om")
)
_POSITIONS: _Table = {
    "patch_embed.proj.bias": ("v.patch_embd.bias", "w"),
    "pos_embed.weight": ("v.position_embd.weight", "pw"),
}
