"""A program that serves ends by a signal, whatever it is doing at that moment."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests import ROOT

pytestmark = pytest.mark.process

_SERVES = """
import sys, time
from demo.machine.ending import ended_by_signal

class Careless:
    def __del__(self):
        print("busy", flush=True)
        time.sleep(60)

def imports():
    try:
        print("busy", flush=True)
        time.sleep(60)
    except:  # as some packages do where one that they can do without is missing
        pass

def turns():
    try:
        print("busy", flush=True)
        time.sleep(60)
    except BaseException as error:
        raise ImportError("It cannot be imported.") from error

with ended_by_signal():
    {busy}
    print("waits", flush=True)
    time.sleep(60)
    sys.exit("it was not ended")
{after}
print("ended", flush=True)
"""


def run_until(busy: str, *numbers: signal.Signals, after: str = "") -> tuple[int, list[str]]:
    """The status and the words of a program to which those signals are sent while it is busy."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVES.format(busy=busy, after=after)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        first = process.stdout.readline()
        for number in numbers:
            process.send_signal(number)
        rest, _ = process.communicate(timeout=50)
        return process.returncode, (first + rest).split()


@pytest.mark.parametrize(
    ("busy", "said"),
    [
        pytest.param("pass", ["waits", "ended"], id="waiting"),
        pytest.param("imports()", ["busy", "waits", "ended"], id="where it is caught"),
        pytest.param("imports(); imports()", ["busy", "busy", "waits", "ended"], id="caught twice"),
        pytest.param("turns()", ["busy", "ended"], id="where it is turned into a failure"),
        pytest.param("Careless()", ["busy", "waits", "ended"], id="where it is lost"),
    ],
)
def test_a_signal_ends_it(busy: str, said: list[str]) -> None:
    assert run_until(busy, signal.SIGTERM) == (0, said)


def test_a_failure_that_nobody_asked_for_is_one() -> None:
    assert run_until("raise ImportError") == (1, [])


def test_ctrl_c_ends_it_or_what_it_is_doing() -> None:
    assert run_until("pass", signal.SIGINT) == (0, ["waits", "ended"])
    assert run_until("imports()", signal.SIGINT, signal.SIGTERM)[0] == 0


def test_what_is_done_at_the_end_is_not_interrupted_by_the_same_signal() -> None:
    """It would be asked to end for a second time a second later."""
    assert run_until("pass", signal.SIGTERM, after="time.sleep(3)") == (0, ["waits", "ended"])
