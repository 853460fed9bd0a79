"""Memory that is large comes from the system each time, and goes back there."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

_LOOKS = """
import ctypes
from demo.machine.unused import settle

class Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd",
        "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Mallinfo2
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def is_mapped(size):
    before = libc.mallinfo2().hblkhd
    place = libc.malloc(size)
    mapped = libc.mallinfo2().hblkhd - before
    libc.free(place)
    return mapped >= size

if {settles}:
    settle()
is_mapped(30_000_000)  # freed, and reused from then on
print(is_mapped(20_000_000))
"""


def mapped(*, settles: bool) -> str:
    code = _LOOKS.replace("{settles}", str(settles))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_large_memory_is_not_reused() -> None:
    assert mapped(settles=False) == "False"
    assert mapped(settles=True) == "True"
