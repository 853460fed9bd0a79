"""The graphics cards that are there, whatever torch can do with them; and why it can not, in words.

What is known of a machine is a value, `Seen`, which `look` collects; the rest are functions of it.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.errors import first_line
from demo.machine.packages import INSTALL

# The first driver of each major release of CUDA; its later minor releases run on that as well.
_DRIVERS = {11: (450, 80, 2), 12: (525, 60, 13), 13: (580, 65, 6)}
_OLD_BUILD, _OLD_CUDA = "cu126", (12, 6)  # the oldest that torch is still built for
_OLD_CARDS_FROM = (5, 0)  # which that build has, and newer ones do not
_DRIVER = re.compile(r"\b(\d{3}(?:\.\d+){1,2})\b")
_SUPPORTS = re.compile(r"too old \(found version (\d+)\)")
_ARCH = re.compile(r"(sm|compute)_(\d+)(\d)[af]?")
_HIDDEN = ("", "-1", "none", "void", "nodevfiles")
_GET_IT = "from PyTorch’s own index"


@dataclass(frozen=True, slots=True)
class Card:
    """One card as its driver tells of it: ``free`` bytes, and whether it is cut into parts (MIG)."""

    name: str
    uuid: str
    capability: tuple[int, int]
    free: int
    in_parts: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be seen of NVIDIA and AMD cards, and of the build of torch.

    ``cuda`` and ``hip`` are what torch is built for; ``archs`` what its kernels are for, such as
    ``sm_80``; ``warned`` is what torch says itself. ``driver`` is the driver's version; ``on_bus`` says
    that an NVIDIA card is plugged in, ``amd`` that an AMD card's driver is there; ``nodes`` are the
    cards' device files with whether this user may use them; ``nvml`` is the number of the error of the
    driver's library, 0 for none. ``visible`` is CUDA_VISIBLE_DEVICES, None where that is not set.
    """

    cuda: str | None = None
    hip: str | None = None
    archs: tuple[str, ...] = ()
    warned: str = ""
    driver: str | None = None
    cards: tuple[Card, ...] = ()
    on_bus: bool = False
    amd: bool = False
    nodes: tuple[tuple[str, bool], ...] = ()
    nvml: int = 0
    visible: str | None = None
    in_container: bool = False
    in_wsl: bool = False

    @property
    def has_nvidia(self) -> bool:
        """Whether anything speaks for an NVIDIA card."""
        return bool(self.driver or self.cards or self.on_bus or self.nodes)

    @property
    def has_any(self) -> bool:
        """Whether anything speaks for a card of either kind."""
        return self.has_nvidia or self.amd


def fault_of(seen: Seen) -> str | None:
    """Why a card that is there cannot be used, and what to do; None where there is no card."""
    is_old = _SUPPORTS.search(seen.warned)
    if not (seen.has_nvidia or is_old):
        return _amd_fault(seen)
    if seen.cuda is None:
        return _wrong_build(seen)
    for fault in (_hidden, _no_driver, _two_drivers, _shut_out, _old_driver, _other_card):
        if sentence := fault(seen):
            return sentence
    if seen.warned:
        return f"An NVIDIA card is here, but CUDA does not start: {_reason(seen.warned)}."
    return "An NVIDIA card is here, but CUDA finds none. Restart the computer, or see what nvidia-smi says."


def unused_fault(seen: Seen) -> str | None:
    """The same where torch is not installed."""
    if not seen.has_any:
        return None
    return (
        f"{'An NVIDIA' if seen.has_nvidia else 'An AMD'} card is here, but torch, which uses it, is not "
        f"installed: {INSTALL}"
    )


def runs_on(capability: tuple[int, int], archs: Sequence[str]) -> bool:
    """Whether a build of torch with kernels for ``archs`` runs on a card of that compute capability.

    Kernels run on later cards of the same major number, portable ones on all later cards. A list that
    says nothing of CUDA is taken to fit.
    """
    found = [(m[1], int(m[2]), int(m[3])) for arch in archs if (m := _ARCH.fullmatch(arch))]
    if not found:
        return True
    return any(
        (kind == "sm" and major == capability[0] and minor <= capability[1])
        or (kind == "compute" and (major, minor) <= capability)
        for kind, major, minor in found
    )


def roomiest(cards: Sequence[Card], archs: Sequence[str]) -> Card | None:
    """The card with the most free memory of those that torch runs on; None where there is no choice."""
    if len(cards) < 2 or any(card.in_parts for card in cards):
        return None
    fitting = [card for card in cards if runs_on(card.capability, archs)]
    return max(fitting, key=lambda card: card.free, default=None)


def driver_in(text: str) -> str | None:
    """The driver's version in ``/proc/driver/nvidia/version``, such as 535.104.05."""
    lines = [line for line in text.splitlines() if "NVRM" in line]
    found = _DRIVER.search(lines[0]) if lines else None
    return found[1] if found else None


def look(
    cuda: str | None, hip: str | None, archs: Sequence[str], warned: str,
    environment: Mapping[str, str] = os.environ, root: Path = Path("/"),
) -> Seen:  # fmt: skip
    """What can be seen on this machine, whose files are below ``root``."""
    told = _told_by_driver()
    in_proc = driver_in(_text(root / "proc/driver/nvidia/version"))
    nodes = [*sorted((root / "dev").glob("nvidia[0-9]*")), root / "dev/nvidiactl"]
    wsl = root / "dev/dxg"
    return Seen(
        cuda, hip, tuple(archs), warned,
        driver=in_proc or told.driver,
        cards=told.cards,
        on_bus=_on_bus(root / "sys/bus/pci/devices"),
        amd=(root / "dev/kfd").exists(),
        nodes=tuple((str(n), os.access(n, os.R_OK | os.W_OK)) for n in nodes if n.exists()),
        nvml=told.error,
        visible=environment.get("CUDA_VISIBLE_DEVICES"),
        in_container=any((root / name).exists() for name in (".dockerenv", "run/.containerenv")),
        in_wsl=wsl.exists(),
    )  # fmt: skip


def _amd_fault(seen: Seen) -> str | None:
    if not seen.amd:
        return None
    if seen.hip is None:
        return (
            "An AMD card is here, but this build of torch is not for it: "
            f"install one for ROCm {_GET_IT}."
        )
    return "An AMD card is here, but ROCm finds none: see what rocminfo says."


def _wrong_build(seen: Seen) -> str:
    kind = "for AMD cards" if seen.hip else "for CPUs only"
    build = "CUDA" if _takes(seen.driver, 13) else f"CUDA 12.6 ({_OLD_BUILD})"
    return f"An NVIDIA card is here, but this build of torch is {kind}: install one for {build} {_GET_IT}."


def _hidden(seen: Seen) -> str | None:
    if seen.visible is None:
        return None
    first = seen.visible.split(",")[0].strip()
    if first.lower() in _HIDDEN:
        return (
            f"An NVIDIA card is here, but CUDA_VISIBLE_DEVICES={seen.visible} hides it: "
            "start without that variable."
        )
    if first.isdecimal() and seen.cards and int(first) >= len(seen.cards):
        return (
            f"CUDA_VISIBLE_DEVICES={seen.visible} names a card that is not here: there "
            f"{'is 1, number 0' if len(seen.cards) == 1 else f'are {len(seen.cards)}, from number 0'}."
        )
    uuids = [card.uuid for card in seen.cards]
    if first.startswith("GPU-") and uuids and not any(uuid.startswith(first) for uuid in uuids):
        return (
            f"CUDA_VISIBLE_DEVICES={seen.visible} names a card that is not here."
            if seen.cards
            else None
        )
    return None


def _no_driver(seen: Seen) -> str | None:
    if seen.driver is None and not _SUPPORTS.search(seen.warned):
        return (
            "An NVIDIA card is here, but its driver is not: install NVIDIA’s driver, 580 or newer."
        )
    if seen.driver is None or seen.nodes or seen.cards or seen.in_wsl:
        return None
    if seen.in_container:
        return (
            "An NVIDIA card is here, but this container was not given it: start it with --gpus all, "
            "which needs the NVIDIA Container Toolkit."
        )
    return (
        f"The NVIDIA driver {seen.driver} is loaded, but there is no device file of a card in /dev: "
        "run nvidia-smi once as root."
    )


def _two_drivers(seen: Seen) -> str | None:
    if seen.nvml != 18 and "mismatch" not in seen.warned:
        return None
    return (
        f"The NVIDIA driver that is loaded ({seen.driver}) is not the one that is installed: it was "
        "updated. Restart the computer."
    )


def _shut_out(seen: Seen) -> str | None:
    closed = [name for name, is_open in seen.nodes if not is_open]
    if not closed or (seen.cards and seen.warned == ""):
        return None
    return (
        f"An NVIDIA card is here, but this user may not use {closed[0]}: whoever runs the machine can "
        "add the user to the group of that file."
    )


def _old_driver(seen: Seen) -> str | None:
    assert seen.cuda is not None
    major = int(seen.cuda.partition(".")[0])
    told = _SUPPORTS.search(seen.warned)
    if not told and _takes(seen.driver, major):
        return None
    needed = _DRIVERS.get(major, (0,))[0]
    number = f" {seen.driver}" if seen.driver else ""
    start = (
        f"The NVIDIA driver{number} is too old for this build of torch (CUDA {seen.cuda} needs "
        f"{needed} or newer): update the driver"
    )
    if major <= _OLD_CUDA[0] or not _takes(seen.driver, _OLD_CUDA[0]):
        return f"{start}."
    return f"{start}, or install torch for CUDA 12.6 {_GET_IT} ({_OLD_BUILD})."


def _other_card(seen: Seen) -> str | None:
    if not seen.cards or any(runs_on(card.capability, seen.archs) for card in seen.cards):
        return None
    card = max(seen.cards, key=lambda card: card.capability)
    major, minor = card.capability
    numbers = [(int(m[2]), int(m[3])) for arch in seen.archs if (m := _ARCH.fullmatch(arch))]
    least, most = min(numbers), max(numbers)
    start = f"The card {card.name} (compute capability {major}.{minor}) is too"
    if card.capability > most:
        return (
            f"{start} new for this build of torch, which ends with {most[0]}.{most[1]}: "
            "install a newer torch."
        )
    start = f"{start} old for this build of torch, which begins with {least[0]}.{least[1]}"
    if card.capability < _OLD_CARDS_FROM:
        return f"{start}."
    return f"{start}: install torch for CUDA 12.6 {_GET_IT} ({_OLD_BUILD}), which still has it."


def _takes(driver: str | None, cuda: int) -> bool:
    """Whether a driver runs programs of that major release of CUDA; one that is not known is taken to."""
    if driver is None or cuda not in _DRIVERS:
        return True
    return tuple(int(part) for part in driver.split(".")) >= _DRIVERS[cuda]


def _reason(warned: str) -> str:
    """What torch says, without what it says before and after it."""
    text = first_line(RuntimeError(warned)).removeprefix("CUDA initialization: ")
    return text.partition(" (Triggered internally")[0].rstrip(". ")


@dataclass(frozen=True, slots=True)
class _Told:
    driver: str | None = None
    cards: tuple[Card, ...] = ()
    error: int = 0


def _told_by_driver() -> _Told:
    """What NVML, the driver's own library, says; nothing where it is not there."""
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
        if error := int(nvml.nvmlInit_v2()):
            return _Told(error=error)
    except (OSError, AttributeError):
        return _Told()
    with _closed(nvml):
        driver = ctypes.create_string_buffer(96)
        count = ctypes.c_uint()
        _call(nvml.nvmlSystemGetDriverVersion, driver, 96)
        _call(nvml.nvmlDeviceGetCount_v2, ctypes.byref(count))
        cards = (_card(nvml, index) for index in range(count.value))
        return _Told(driver.value.decode() or None, tuple(card for card in cards if card))


@contextmanager
def _closed(nvml: ctypes.CDLL) -> Iterator[None]:
    try:
        yield
    finally:
        nvml.nvmlShutdown()


class _Memory(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]


def _card(nvml: ctypes.CDLL, index: int) -> Card | None:
    handle, memory = ctypes.c_void_p(), _Memory()
    name, uuid = ctypes.create_string_buffer(96), ctypes.create_string_buffer(96)
    major, minor, parts, later = (ctypes.c_int() for _ in range(4))
    if not _call(nvml.nvmlDeviceGetHandleByIndex_v2, index, ctypes.byref(handle)):
        return None
    _call(nvml.nvmlDeviceGetName, handle, name, 96)
    _call(nvml.nvmlDeviceGetUUID, handle, uuid, 96)
    _call(nvml.nvmlDeviceGetMemoryInfo, handle, ctypes.byref(memory))
    _call(nvml.nvmlDeviceGetMigMode, handle, ctypes.byref(parts), ctypes.byref(later))
    known = _call(
        nvml.nvmlDeviceGetCudaComputeCapability, handle, ctypes.byref(major), ctypes.byref(minor)
    )
    if not known:
        return None
    capability = (major.value, minor.value)
    return Card(
        name.value.decode(), uuid.value.decode(), capability, memory.free, bool(parts.value)
    )


def _call(function: object, *arguments: object) -> bool:
    """Whether a function of NVML did its part."""
    assert callable(function)
    return int(function(*arguments)) == 0


def _on_bus(devices: Path) -> bool:
    """Whether a display or compute controller of NVIDIA's is plugged in."""
    return any(
        _text(device / "vendor").strip() == "0x10de" and _text(device / "class").startswith("0x03")
        for device in (devices.iterdir() if devices.is_dir() else ())
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
