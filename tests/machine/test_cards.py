"""What is said of graphics cards that are there and cannot be used, from what drivers and torch tell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from demo.machine import devices
from demo.machine.cards import (
    Card,
    Seen,
    driver_in,
    fault_of,
    look,
    roomiest,
    runs_on,
    unused_fault,
)
from demo.machine.devices import choose_card, half_precision
from tests import ROOT

CUDA_13 = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120")
CUDA_126 = ("sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90")
OLD = (
    "CUDA initialization: The NVIDIA driver on your system is too old (found version 12020). Please "
    "update your GPU driver by downloading and installing a new version from the URL: "
    "http://www.nvidia.com/Download/index.aspx Alternatively, go to: https://pytorch.org to install a "
    "PyTorch version that has been compiled with your version of the CUDA driver. (Triggered "
    "internally at /pytorch/c10/cuda/CUDAFunctions.cpp:119.)"
)
UNKNOWN = (
    "CUDA initialization: CUDA unknown error - this may be due to an incorrectly set up environment, "
    "e.g. changing env variable CUDA_VISIBLE_DEVICES after program start. Setting the available "
    "devices to be zero. (Triggered internally at /pytorch/c10/cuda/CUDAFunctions.cpp:109.)"
)
T4 = Card("Tesla T4", "GPU-1f", (7, 5), 15 * 2**30)
P100 = Card("Tesla P100-PCIE-16GB", "GPU-2e", (6, 0), 16 * 2**30)
A100 = Card("NVIDIA A100-SXM4-40GB", "GPU-3d", (8, 0), 39 * 2**30)
H100 = Card("NVIDIA H100 80GB HBM3", "GPU-4c", (9, 0), 10 * 2**30)
NODES = (("/dev/nvidia0", True), ("/dev/nvidiactl", True))


def seen(**differs: object) -> Seen:
    """A machine with an A100, a new driver, and torch for CUDA 13, but for what differs."""
    usual = {
        "cuda": "13.0",
        "archs": CUDA_13,
        "driver": "580.82.07",
        "cards": (A100,),
        "nodes": NODES,
    }
    return Seen(**{**usual, **differs})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("here", "says"),
    [
        pytest.param(
            seen(driver="535.104.05", warned=OLD),
            "The NVIDIA driver 535.104.05 is too old for this build of torch (CUDA 13.0 needs 580 or "
            "newer): update the driver, or install torch for CUDA 12.6 from PyTorch’s own index (cu126).",
            id="an old driver",
        ),
        pytest.param(
            seen(driver="470.256.02"), "580 or newer): update the driver.", id="too old for CUDA 12"
        ),
        pytest.param(
            seen(driver=None, cards=(), nodes=(), in_wsl=True, warned=OLD),
            "The NVIDIA driver is too old for this build of torch (CUDA 13.0 needs 580",
            id="an old driver that only torch knows of, as under Windows",
        ),
        pytest.param(
            seen(cards=(P100,)),
            "The card Tesla P100-PCIE-16GB (compute capability 6.0) is too old for this build of torch, "
            "which begins with 7.5: install torch for CUDA 12.6 from PyTorch’s own index (cu126), which "
            "still has it.",
            id="Pascal",
        ),
        pytest.param(
            seen(cards=(Card("Tesla K80", "GPU-5", (3, 7), 2**33),)), "begins with 7.5.", id="Kepler"
        ),
        pytest.param(
            seen(cards=(Card("Later", "GPU-6", (13, 0), 2**36),), archs=CUDA_126),
            "is too new for this build of torch, which ends with 9.0",
            id="a card of later years",
        ),
        pytest.param(
            seen(cuda=None, archs=()), "this build of torch is for CPUs only", id="torch for CPUs"
        ),
        pytest.param(
            seen(cuda=None, driver="535.129.03"), "for CUDA 12.6 (cu126) from", id="the same, old driver"
        ),
        pytest.param(
            seen(cuda=None, hip="6.4"), "this build of torch is for AMD cards", id="torch for ROCm"
        ),
        pytest.param(seen(visible=""), "CUDA_VISIBLE_DEVICES= hides it", id="all cards hidden"),
        pytest.param(seen(visible="-1"), "CUDA_VISIBLE_DEVICES=-1 hides it", id="hidden by -1"),
        pytest.param(
            seen(visible="1"), "names a card that is not here: there is 1, number 0", id="no such card"
        ),
        pytest.param(seen(visible="GPU-9"), "names a card that is not here", id="no such name"),
        pytest.param(
            seen(cards=(), nodes=(), in_container=True), "start it with --gpus all", id="a container"
        ),
        pytest.param(seen(cards=(), nodes=()), "run nvidia-smi once as root", id="no device files"),
        pytest.param(
            seen(cards=(), driver=None, nodes=(), on_bus=True), "its driver is not", id="no driver"
        ),
        pytest.param(
            seen(cards=(), nodes=(("/dev/nvidia0", False),), warned="No CUDA GPUs are available"),
            "this user may not use /dev/nvidia0",
            id="no rights",
        ),
        pytest.param(seen(cards=(), nvml=18), "Restart the computer", id="the driver was updated"),
        pytest.param(
            seen(warned=UNKNOWN), "but CUDA does not start: CUDA unknown error", id="something else"
        ),
        pytest.param(
            Seen(amd=True, cuda="13.0"), "install one for ROCm from PyTorch’s own index", id="AMD"
        ),
    ],
)  # fmt: skip
def test_why_a_card_that_is_here_is_not_used(here: Seen, says: str) -> None:
    sentence = fault_of(here)
    assert sentence is not None
    assert says in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_nothing_is_said_where_there_is_no_card() -> None:
    assert fault_of(Seen(cuda="13.0", archs=CUDA_13)) is None
    assert fault_of(Seen()) is None


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        pytest.param(
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n"
            "GCC version:  gcc version 11.4.0 (Ubuntu 11.4.0-1ubuntu1~22.04)",
            "535.104.05",
            id="NVIDIA's module",
        ),
        pytest.param(
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  595.91.07  Release Build",
            "595.91.07",
            id="the open module",
        ),
        pytest.param(
            "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build  "
            "(buildbrain@mobile-u64-6336-d8000)  Tue Jan  7 17:35:12 PST 2025",
            "540.4.0",
            id="a Jetson",
        ),
        pytest.param(
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  384.81  Wed Aug 17 22:24:07 PDT 2016",
            "384.81",
            id="two numbers",
        ),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_driver_is_read_from_its_file(text: str, driver: str | None) -> None:
    assert driver_in(text) == driver


@pytest.mark.parametrize(
    ("capability", "archs", "runs"),
    [
        pytest.param((7, 5), CUDA_13, True, id="Turing"),
        pytest.param((7, 0), CUDA_13, False, id="Volta"),
        pytest.param((7, 0), CUDA_126, True, id="Volta on the older build"),
        pytest.param((8, 9), CUDA_13, True, id="Ada runs what is for 8.6"),
        pytest.param((12, 1), CUDA_13, True, id="a later one of the same kind"),
        pytest.param((13, 0), CUDA_13, True, id="portable kernels"),
        pytest.param((10, 0), CUDA_126, False, id="Blackwell on the older build"),
        pytest.param((9, 0), ("gfx90a", "gfx942"), True, id="a list that is not CUDA's"),
        pytest.param((9, 0), (), True, id="no list"),
    ],
)
def test_which_cards_a_build_has_kernels_for(
    capability: tuple[int, int], archs: tuple[str, ...], runs: bool
) -> None:
    assert runs_on(capability, archs) is runs


def test_of_several_cards_the_one_with_the_most_room_is_used() -> None:
    assert roomiest((H100, A100, T4), CUDA_13) == A100
    assert roomiest((P100, T4), CUDA_13) == T4  # the larger one cannot be used
    assert roomiest((A100,), CUDA_13) is None
    in_parts = Card("NVIDIA A100", "GPU-7", (8, 0), 2**36, in_parts=True)
    assert roomiest((in_parts, T4), CUDA_13) is None


def test_a_choice_that_somebody_has_made_stays() -> None:
    environment: dict[str, str] = {}
    choose_card(environment, (H100, A100), CUDA_13)
    assert environment == {"CUDA_VISIBLE_DEVICES": A100.uuid}
    chosen = {"CUDA_VISIBLE_DEVICES": "0"}
    choose_card(chosen, (H100, A100), CUDA_13)
    assert chosen == {"CUDA_VISIBLE_DEVICES": "0"}


def test_a_machine_is_looked_at(tmp_path: Path) -> None:
    files = {
        "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue",
        "sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de\n",
        "sys/bus/pci/devices/0000:01:00.0/class": "0x030200\n",
        "run/.containerenv": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    here = look("13.0", None, CUDA_13, "", {"CUDA_VISIBLE_DEVICES": "0"}, tmp_path)
    assert (here.driver, here.on_bus, here.in_container) == ("550.54.15", True, True)
    assert (here.nodes, here.visible) == ((), "0")
    assert "--gpus all" in str(fault_of(here))
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/nvidia0").touch()
    again = look("13.0", None, CUDA_13, OLD, {}, tmp_path)
    assert again.nodes == ((str(tmp_path / "dev/nvidia0"), True),)
    assert str(fault_of(again)).startswith("The NVIDIA driver 550.54.15 is too old")


@pytest.mark.parametrize(
    ("here", "says"),
    [
        pytest.param(Seen(), "None", id="no card"),
        pytest.param(Seen(on_bus=True), "An NVIDIA card is here, but torch, which", id="NVIDIA"),
        pytest.param(Seen(amd=True), "An AMD card is here, but torch, which", id="AMD"),
    ],
)
def test_a_card_that_would_need_torch_is_said(here: Seen, says: str) -> None:
    assert str(unused_fault(here)).startswith(says)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library of a driver that has two cards."""
    folder = tmp_path_factory.mktemp("driver")
    library, source = folder / "libnvidia-ml.so.1", ROOT / "tests" / "support" / "nvml.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    return folder


def told_by(program: str, driver: Path | str) -> str:
    """What a program says in a process of its own, where that driver's library is."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env={**os.environ, "LD_LIBRARY_PATH": str(driver)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.process
@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_torch_is_asked_only_where_something_speaks_for_a_card(driver: Path) -> None:
    program = (
        "import sys; from demo.machine.cards import look; from demo.machine.devices import best_device\n"
        "has_any = look(None, None, (), '').has_any; best_device(); print(has_any, 'torch' in sys.modules)"
    )
    assert told_by(program, driver) == "True True\n"
    assert told_by(program, "") in ("False False\n", "True True\n")


@pytest.mark.process
@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_the_drivers_own_library_is_asked(driver: Path) -> None:
    program = (
        "import dataclasses, json; from demo.machine.cards import look\n"
        "print(json.dumps(dataclasses.asdict(look('13.0', None, (), ''))))"
    )
    told = json.loads(told_by(program, driver))
    assert told["driver"] == "570.124.06"
    assert told["cards"] == [
        {"name": "Card 0", "uuid": "GPU-0", "capability": [7, 5], "free": 2**33, "in_parts": False},
        {"name": "Card 1", "uuid": "GPU-1", "capability": [8, 6], "free": 2**34, "in_parts": True},
    ]


def test_this_machine_is_said_to_be_what_it_is() -> None:
    assert devices.best_device() == ("cuda" if torch.cuda.is_available() else "cpu")
    assert devices.card_fault() is None


@pytest.mark.parametrize(
    ("capability", "half"),
    [
        pytest.param((6, 1), "float16", id="Pascal"),
        pytest.param((7, 0), "float16", id="V100"),
        pytest.param((7, 5), "float16", id="T4"),
        pytest.param((8, 0), "bfloat16", id="A100"),
        pytest.param((8, 6), "bfloat16", id="RTX 3090"),
        pytest.param((12, 0), "bfloat16", id="RTX 5090"),
    ],
)
def test_precision_follows_the_card(
    capability: tuple[int, int], half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert half_precision("cuda") == half


@pytest.mark.parametrize(
    ("known", "half"),
    [
        pytest.param({"avx512_bf16": True}, "bfloat16", id="AVX-512 with bf16"),
        pytest.param({"amx_bf16": True}, "bfloat16", id="AMX"),
        pytest.param({"avx2": True, "avx512_f": True}, "float32", id="without"),
    ],
)
def test_precision_follows_the_processor(
    known: dict[str, bool], half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known)
    assert half_precision("cpu") == half
