"""What this machine is: system, processor, memory, disks, cards, libraries, proxies.

Nothing is changed, and nothing secret is reported: of a proxy, only host and port.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from huggingface_hub import constants

from demo.checkpoints.fetch import gb
from demo.doctor.findings import Findings
from demo.errors import disk_fault
from demo.machine import cards
from demo.machine.cgroups import cores_allowed, memory_limit
from demo.machine.devices import best_device, card_fault, free_memory, half_precision
from demo.machine.environment import try_writing
from demo.machine.folders import cache_folder, sessions_folder
from demo.machine.packages import INSTALL, is_installed
from demo.machine.precision import Precision

_MIN_FREE = 10**9  # bytes; with less, a disk counts as full
_LIBRARIES = ("transformers", "bitsandbytes", "tokenizers", "xllamacpp", "gradio")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True, slots=True)
class Place:
    """Where files of one kind (``what``) go: the folder, bytes free, and why it cannot be written."""

    what: str
    folder: str
    free: int
    fault: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card that torch can use; memory in bytes, capability as *8.6* (empty on ROCm)."""

    name: str
    memory: int
    free: int
    capability: str


@dataclass(frozen=True, slots=True)
class Machine:
    """What was found; memory in bytes.

    ``cores`` is how many this process may keep busy, ``load`` how many are wanted (the last minute's
    mean). ``build`` is what torch was built for (*CUDA 12.8*, *ROCm 6.4*, *CPU*); where torch is not
    installed that is empty, and so are its ``threads`` and ``precision``. ``driver`` is NVIDIA’s, and
    ``seen`` are the cards that it names, whether torch can use them or not.
    """

    system: str
    python: str
    cpu: str
    cores: float
    cores_of_machine: int
    threads: int | None
    load: float
    memory: int
    memory_free: int
    memory_limit: int | None
    device: str
    device_free: int
    precision: Precision | None
    torch: str
    build: str
    cards: tuple[Card, ...]
    driver: str | None
    seen: tuple[str, ...]
    libraries: dict[str, str]
    places: tuple[Place, ...]
    proxies: dict[str, str]
    no_proxy: str


def examine_machine(findings: Findings) -> Machine:
    """Describe this machine; what is wrong with it goes into ``findings``."""
    memory, limit, device = psutil.virtual_memory(), memory_limit(), best_device()
    seen = cards.look(None, None, (), "")
    machine = Machine(
        system=_system(),
        python=platform.python_version(),
        cpu=_cpu(),
        cores=cores_allowed(),
        cores_of_machine=os.cpu_count() or 1,
        load=psutil.getloadavg()[0],
        memory=memory.total,
        memory_free=min(memory.available, limit.free if limit else memory.available),
        memory_limit=limit.limit if limit else None,
        device=device,
        device_free=free_memory(device),
        driver=seen.driver,
        seen=tuple(card.name for card in seen.cards),
        libraries=dict(_versions()),
        places=tuple(_places()),
        proxies=dict(_proxies()),
        no_proxy=os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "",
        **(_by_torch(device) if is_installed("torch") else _WITHOUT_TORCH),
    )
    _check(machine, findings)
    return machine


def _check(machine: Machine, findings: Findings) -> None:
    if fault := card_fault():
        findings.fault(fault)
    elif machine.precision is None:
        findings.note(
            "torch is not installed: models run in llama.cpp or on a server.",
            f"For nano, SAM 2 and graphics cards: {INSTALL}",
        )
    elif machine.device == "cpu":
        findings.note("There is no graphics card here that torch can use: models run on the CPU.")
    for place in machine.places:
        if place.fault:
            findings.fault(
                f"{place.what} cannot be kept in {place.folder}: {place.fault}.", _elsewhere(place)
            )
        elif place.free < _MIN_FREE:
            findings.fault(
                f"The disk for {place.what[:1].lower()}{place.what[1:]} is nearly full: "
                f"{gb(place.free)} are free in {place.folder}.",
                _elsewhere(place),
            )
    if machine.threads and machine.threads > machine.cores + 0.5:
        cores = max(int(machine.cores), 1)
        findings.note(
            f"torch computes with {machine.threads} threads, but this process may use only "
            f"{machine.cores:g} cores: that slows it down.",
            f"Set OMP_NUM_THREADS={cores}.",
        )
    if machine.load > machine.cores:
        findings.note(
            f"Other programs keep this machine busy (a load of {machine.load:.1f} on {machine.cores:g} "
            "cores): the figures are worse than they would otherwise be."
        )


def _elsewhere(place: Place) -> str:
    return f"Free some disk space, or set {_VARIABLES[place.what]} to another folder."


_VARIABLES = {
    "Fetched weights": "HF_HOME",
    "Quantized models": "REGIONREASONER_CACHE",
    "Dialogues": "REGIONREASONER_SESSIONS",
    "Temporary files": "TMPDIR",
}


def _places() -> Iterator[Place]:
    temporary = Path(tempfile.gettempdir())
    folders = (Path(constants.HF_HUB_CACHE), cache_folder(), _sessions(), temporary)
    for what, folder in zip(_VARIABLES, folders, strict=True):
        if folder is not None:
            yield place_of(what, folder)


def place_of(what: str, folder: Path) -> Place:
    """The state of a folder, which need not exist yet; nothing is created."""
    nearest = next(f for f in (folder, *folder.parents) if f.exists())
    try:
        free = shutil.disk_usage(nearest).free
        try_writing(nearest)
    except OSError as error:
        return Place(what, str(folder), 0, disk_fault(error))
    return Place(what, str(folder), free, None)


def _sessions() -> Path | None:
    """Where dialogues go without ``--sessions``; None when they stay in memory."""
    given = os.environ.get("REGIONREASONER_SESSIONS")
    if given:
        return None if given == "none" else Path(given)
    return sessions_folder()


def _system() -> str:
    name = platform.system()
    if name == "Linux":
        with suppress(OSError):
            name = platform.freedesktop_os_release().get("PRETTY_NAME", name)
    return f"{name}, kernel {platform.release()}, {platform.machine()}"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def _by_torch(device: str) -> dict[str, Any]:
    import torch

    return {
        "threads": torch.get_num_threads(),
        "precision": half_precision(device),
        "torch": torch.__version__,
        "build": _build(),
        "cards": tuple(_cards()),
    }


_WITHOUT_TORCH = {
    "threads": None,
    "precision": None,
    "torch": "not installed",
    "build": "",
    "cards": (),
}


def _build() -> str:
    import torch

    if torch.version.hip:
        return f"ROCm {torch.version.hip}"
    if torch.version.cuda:
        return f"CUDA {torch.version.cuda}"
    return "Apple GPU" if sys.platform == "darwin" else "CPU"


def _cards() -> Iterator[Card]:
    import torch

    if not torch.cuda.is_available():
        return
    for number in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(number)
        free = int(torch.cuda.mem_get_info(number)[0])
        capability = "" if torch.version.hip else f"{about.major}.{about.minor}"
        yield Card(about.name, int(about.total_memory), free, capability)


def _versions() -> Iterator[tuple[str, str]]:
    for name in _LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"


def _proxies() -> Iterator[tuple[str, str]]:
    """Names and hosts of the proxy variables; the addresses themselves may hold passwords."""
    for name in _PROXIES:
        if value := os.environ.get(name) or os.environ.get(name.upper()):
            yield name, host_of(value)


def host_of(address: str) -> str:
    """Only host and port of an address, which may have a scheme, a name and a password."""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.hostname}{port}" if parts.hostname else "an address without a host"
