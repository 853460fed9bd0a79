"""The plan made before a model is loaded: sizes against counted models, and what fits where."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from transformers import Qwen2_5_VLConfig, Qwen2VLConfig, Qwen3VLConfig

from demo.checkpoints.catalogue import (
    CATALOGUE,
    NANO_FOLDER,
    QWEN_2_5_VL_3B,
    QWEN_2_5_VL_7B,
    QWEN_2_VL_7B,
    QWEN_3_VL_2B,
    QWEN_3_VL_4B,
    QWEN_3_VL_8B,
    find_model,
)
from demo.checkpoints.shape import Shape
from demo.errors import OutOfMemoryError
from demo.machine.devices import half_precision, prepare_four_bits
from demo.machine.precision import GIB, Half, Precision
from demo.reasoners.configuration import shape_of
from demo.reasoners.loading import load_local, plan_for
from demo.reasoners.memory import (
    BF16_FROM,
    cache_bytes,
    make_plan,
    need_of,
    precisions,
    weight_bytes,
)
from demo.reasoners.pace import Pace
from demo.reasoners.timing import measure_pace

SIZES = ("large", "base-plus", "small", "tiny")
ROTARY = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}
TOWER = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16}
TEXT_7B = {
    "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
    "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064,
    "rope_parameters": ROTARY,
}  # fmt: skip
TEXT_3B = {
    "hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36,
    "num_attention_heads": 16, "num_key_value_heads": 2, "vocab_size": 151936,
    "rope_parameters": ROTARY,
}  # fmt: skip
TEXT_3 = {
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936,
    "rope_parameters": {
        "rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20],
        "mrope_interleaved": True,
    },
}  # fmt: skip
TOWER_3 = {
    "depth": 24, "hidden_size": 1024, "intermediate_size": 4096, "num_heads": 16,
    "deepstack_visual_indexes": [5, 11, 17],
}  # fmt: skip


@pytest.mark.parametrize(
    ("config", "shape", "parameters"),
    [
        pytest.param(
            Qwen2_5_VLConfig(
                text_config=TEXT_7B,
                vision_config={**TOWER, "out_hidden_size": 3584},
                tie_word_embeddings=False,
            ),
            QWEN_2_5_VL_7B,
            8_292_166_656,
            id="Qwen2.5-VL-7B",
        ),
        pytest.param(
            Qwen2_5_VLConfig(
                text_config=TEXT_3B,
                vision_config={**TOWER, "out_hidden_size": 2048},
                tie_word_embeddings=True,
            ),
            QWEN_2_5_VL_3B,
            3_754_622_976,
            id="Qwen2.5-VL-3B, whose head shares the embedding",
        ),
        pytest.param(
            Qwen2VLConfig(
                text_config=TEXT_7B,
                vision_config={
                    "depth": 32,
                    "embed_dim": 1280,
                    "hidden_size": 3584,
                    "num_heads": 16,
                },
                tie_word_embeddings=False,
            ),
            QWEN_2_VL_7B,
            8_291_375_616,
            id="Qwen2-VL-7B",
        ),
        pytest.param(
            Qwen3VLConfig(
                text_config=TEXT_3
                | {
                    "hidden_size": 2048,
                    "intermediate_size": 6144,
                    "num_hidden_layers": 28,
                    "num_attention_heads": 16,
                },
                vision_config=TOWER_3 | {"out_hidden_size": 2048},
                tie_word_embeddings=True,
            ),
            QWEN_3_VL_2B,
            2_127_532_032,
            id="Qwen3-VL-2B",
        ),
        pytest.param(
            Qwen3VLConfig(
                text_config=TEXT_3
                | {"hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 36},
                vision_config=TOWER_3 | {"out_hidden_size": 2560},
                tie_word_embeddings=True,
            ),
            QWEN_3_VL_4B,
            4_437_815_808,
            id="Qwen3-VL-4B, whose heads are wider than its layers",
        ),
        pytest.param(
            Qwen3VLConfig(
                text_config=TEXT_3
                | {"hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36},
                vision_config={"out_hidden_size": 4096},
                tie_word_embeddings=False,
            ),
            QWEN_3_VL_8B,
            8_767_123_696,
            id="Qwen3-VL-8B",
        ),
    ],
)
def test_a_shape_is_counted_from_a_configuration(
    config: object, shape: Shape, parameters: int
) -> None:
    assert shape_of(config) == shape
    assert shape.parameters == parameters


@pytest.mark.parametrize(
    ("precision", "gib"),
    [
        pytest.param("bfloat16", 15.4, id="bf16"),
        pytest.param("nf4", 6.4, id="4 bits, tower and head in bf16"),
        pytest.param("nf4-all", 4.7, id="4 bits throughout"),
    ],
)
def test_weights_of_the_7b_take_what_was_calculated(precision: Precision, gib: float) -> None:
    assert round(weight_bytes(QWEN_2_5_VL_7B, precision) / GIB, 1) == gib


@pytest.mark.parametrize(
    ("half", "gib", "says"),
    [
        pytest.param(
            "float16", 7.7, "vision tower in float32 and its output head in float16", id="T4"
        ),
        pytest.param(
            "float32", 9.7, "vision tower and output head in float32", id="a CPU without bf16"
        ),
    ],
)
def test_what_is_not_in_four_bits_counts_at_its_width(half: Half, gib: float, says: str) -> None:
    assert round(weight_bytes(QWEN_2_5_VL_7B, "nf4", half) / GIB, 1) == gib
    plan = make_plan("Model-7B", QWEN_2_5_VL_7B, "cuda", 14 * GIB, ("nf4",), (), half)
    assert (plan.precision, plan.half, plan.dtype) == ("nf4", half, half)
    assert f"Model-7B runs in 4 bits with its {says}: it needs " in plan.why


def test_the_tower_in_four_bits_saves_a_gibibyte() -> None:
    shape = QWEN_2_5_VL_7B
    tower = Shape(0, 0, shape.tower_linear, 0, 0, 0, 0, 0, 0, 0, 0)
    saved = weight_bytes(tower, "nf4") - weight_bytes(tower, "nf4-all")
    assert round((weight_bytes(shape, "nf4") - saved) / GIB, 1) == 5.5


def test_a_token_of_the_7b_takes_57_kb() -> None:
    assert QWEN_2_5_VL_7B.kv * 2 == 57_344
    assert cache_bytes(QWEN_2_5_VL_7B, "nf4") < 0.5 * GIB


@pytest.mark.parametrize("quantize", ["none", "4bit"])
def test_the_calculated_weights_are_those_of_a_loaded_model(quantize: str) -> None:
    plan = plan_for(find_model("nano"), quantize=quantize)
    model = load_local(find_model("nano"), plan=plan)._model
    taken = sum(t.nbytes for n, t in model.state_dict().items() if n != "lm_head.weight")
    calculated = weight_bytes(shape_of(model.config), plan.precision, plan.half)
    # nano's layers are small: the tables of each are a part that the 7B's are not.
    assert calculated <= taken < calculated * 1.03


@pytest.mark.parametrize(
    ("free", "precision", "sam2"),
    [
        pytest.param(45, "bfloat16", "large", id="a card of 48 GB loses nothing"),
        pytest.param(22, "nf4", "large", id="24 GB"),
        pytest.param(11, "nf4", "large", id="12 GB"),
        pytest.param(8.6, "nf4", "small", id="9 GB: a smaller SAM 2 before a coarser model"),
        pytest.param(7.3, "nf4-all", "large", id="8 GB"),
        pytest.param(6.2, "nf4-all", None, id="6.2 GiB: no SAM 2"),
    ],
)
def test_the_plan_takes_the_best_that_fits(free: float, precision: str, sam2: str | None) -> None:
    size = int(free * GIB)
    tried = precisions("cuda", "bfloat16", size, "auto", low_memory=False)
    plan = make_plan("Model-7B", QWEN_2_5_VL_7B, "cuda", size, tried, SIZES)
    assert (plan.precision, plan.sam2) == (precision, sam2)
    assert need_of(QWEN_2_5_VL_7B, plan.precision, sam2).total <= size
    assert f"{free:.1f} GiB of the graphics card’s memory are free" in plan.why


@pytest.mark.parametrize(
    ("device", "free", "quantize", "low_memory", "tried"),
    [
        pytest.param("cuda", BF16_FROM, "4bit", False, ("nf4", "nf4-all"), id="4 bits asked for"),
        pytest.param("cuda", BF16_FROM, "auto", True, ("nf4-all",), id="low memory asked for"),
        pytest.param("cuda", GIB, "none", False, ("bfloat16",), id="no quantization asked for"),
        pytest.param("mps", BF16_FROM, "4bit", False, ("bfloat16",), id="no 4 bits on Apple GPUs"),
        pytest.param(
            "cpu",
            GIB,
            "auto",
            False,
            ("bfloat16", "nf4", "nf4-all"),
            id="a CPU quantizes when it must",
        ),
    ],
)
def test_options_say_what_is_tried(
    device: str, free: int, quantize: str, low_memory: bool, tried: tuple[str, ...]
) -> None:
    assert precisions(device, "bfloat16", free, quantize, low_memory) == tried


def test_what_does_not_fit_is_refused_with_numbers() -> None:
    with pytest.raises(OutOfMemoryError) as caught:
        make_plan("Model-7B", QWEN_2_5_VL_7B, "cuda", 4 * GIB, ("nf4", "nf4-all"), SIZES)
    assert str(caught.value) == (
        "Model-7B does not fit: in 4 bits throughout it needs 6.0 GiB (weights 4.7, keys and values "
        "0.4, work space 0.8), and 4.0 GiB of the graphics card’s memory are free. Close other "
        "programs that use it, or start with --model qwen2.5-vl-3b or --model nano."
    )


def test_a_pace_is_measured_and_said() -> None:
    pace = measure_pace("cpu", half_precision("cpu"))
    assert pace.together > pace.alone > 0
    slow = Pace(alone=7_070_285_824 * 2, together=1e12)
    said = slow.sentence("Model-7B", "cpu", QWEN_2_5_VL_7B)
    assert said == (
        "On this CPU Model-7B writes about 2.0 tokens a second and takes about 12 seconds to look "
        "at a new picture (estimated), so a first answer takes about 3 minutes."
    )


def test_every_named_model_has_what_a_start_needs() -> None:
    large = [entry for entry in CATALOGUE.values() if entry.source != str(NANO_FOLDER)]
    assert {entry.dialect for entry in large} == {
        "region-reasoner", "vision-reasoner", "seg-zero", "qwen2.5-vl", "qwen2-vl", "qwen3-vl"
    }  # fmt: skip
    for entry in large:
        assert entry.shape is not None
        assert find_model(entry.source.lower()) is entry


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc keeps it")
def test_layers_that_were_packed_anew_give_their_memory_back() -> None:
    """In a process of its own, whose memory nothing else changes."""
    code = """
import psutil, torch
from demo.machine.devices import prepare_four_bits
prepare_four_bits("cpu")
torch.ones(7 * 2**20)  # so large that glibc would keep smaller ones in its heap from now on
held = psutil.Process().memory_info
before = held().rss
layers = [torch.ones(2 * 2**20) for _ in range(12)]
last = torch.ones(2 * 2**20)
most = held().rss
layers.clear()
print(most - before, held().rss - before)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    most, after = map(int, said.stdout.split())
    assert most > 13 * 8e6
    assert after < 3 * 8e6


def test_what_would_be_quicker_is_not_said_at_every_start(caplog: pytest.LogCaptureFixture) -> None:
    prepare_four_bits("cpu")
    log = logging.getLogger("bitsandbytes.backends.cpu.ops")
    log.warning("Failed to load CPU gemm_4bit_forward from kernels-community: %s.", "no module")
    log.warning("Something else.")
    assert caplog.messages == ["Something else."]
