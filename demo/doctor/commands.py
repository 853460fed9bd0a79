"""The command `python -m demo doctor`: its options and what it calls.

Modules that take long to import are imported when it runs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from demo.doctor.findings import Findings
from demo.errors import InputError, OptionError
from demo.options import Parser, add_model_options, check_models, count

if TYPE_CHECKING:
    from demo.doctor.machine import Machine
    from demo.doctor.runnable import Runnable
    from demo.doctor.trial import Trial


def add_doctor_command(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add ``doctor`` to the command line."""
    doctor = commands.add_parser(
        "doctor", help="what this machine is, what runs on it, and a short real run"
    )
    add_model_options(doctor)
    doctor.add_argument(
        "--random", action="store_true",
        help="random weights in the model's shape, so that nothing is fetched (auto: regionreasoner-7b)",
    )  # fmt: skip
    doctor.add_argument(
        "--levers", action="store_true",
        help="with --random: also time every other precision that fits",
    )  # fmt: skip
    doctor.add_argument(
        "--tokens", type=count, default=128, metavar="N",
        help="compare decoding with and without lookahead over N tokens an answer (default: 128)",
    )  # fmt: skip
    doctor.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    doctor.set_defaults(run=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    """Examine and report; the exit status is 1 for a fault. Raises InputError for bad options."""
    check_models(options)
    _check(options)
    from demo.doctor.report import finding_lines  # takes seconds to import, as do the others

    findings = Findings()
    machine, bandwidth = _machine(findings)
    models = _models(options, bandwidth, findings)
    trial = _trial(options, bandwidth, findings)
    _print(finding_lines(findings.found))
    if options.json:
        figures = {
            "machine": machine and asdict(machine),
            "models": [asdict(model) for model in models],
            "run": asdict(trial),
            "findings": [asdict(finding) for finding in findings.found],
        }
        _write(options.json, "w", f"{json.dumps(figures, ensure_ascii=False, indent=2)}\n")
    return 1 if findings.faults else 0


def _machine(findings: Findings) -> tuple[Machine | None, float | None]:
    """This machine, and how fast it reads the memory that models run in, in bytes a second."""
    from demo.doctor.bandwidth import memory_bandwidth
    from demo.doctor.machine import examine_machine
    from demo.doctor.report import machine_lines

    machine = findings.attempt(
        "This machine could not be examined", lambda: examine_machine(findings)
    )
    if machine is None:
        return None, None
    _print(machine_lines(machine))
    if machine.precision is None:  # it is torch that measures
        return machine, None
    device, free = machine.device, machine.device_free
    bandwidth = findings.attempt(
        "The memory’s speed could not be measured", lambda: memory_bandwidth(device, free)
    )
    return machine, bandwidth


def _models(
    options: argparse.Namespace, bandwidth: float | None, findings: Findings
) -> list[Runnable]:
    from demo.doctor.report import model_lines
    from demo.doctor.runnable import judge_catalogue

    models = findings.attempt(
        "What runs here could not be found out", lambda: judge_catalogue(options, bandwidth)
    )
    _print(model_lines(models or (), bandwidth))
    return models or []


def _trial(options: argparse.Namespace, bandwidth: float | None, findings: Findings) -> Trial:
    from demo.doctor.report import run_lines
    from demo.doctor.trial import Trial, examine_model
    from demo.reasoners.base import to_stderr

    trial = Trial(options.model, options.random, bandwidth=None if options.server else bandwidth)
    findings.attempt("The run failed", lambda: examine_model(trial, options, findings, to_stderr))
    _print(run_lines(trial))
    return trial


def _check(options: argparse.Namespace) -> None:
    """Raises OptionError for options that do not go together, or a file that cannot be written."""
    if options.random and options.server:
        raise OptionError(
            "--random makes a model on this machine; it cannot be combined with --server."
        )
    if options.levers and not options.random:
        raise OptionError("--levers compares precisions of random weights: give --random as well.")
    if options.json:
        _write(options.json, "a", "")


def _write(file: Path, mode: str, text: str) -> None:
    try:
        with file.open(mode, encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise InputError(f"The file {file} cannot be written: {error.strerror}.") from error


def _print(lines: Iterable[str]) -> None:
    if text := "\n".join(lines):
        print(text, end="\n\n", flush=True)
