"""The app with a clock that can be set while it runs: SIGUSR1 a day forward, SIGUSR2 two days back.

`python -m tests.load.clocked` takes the options of app.py. It sets what Python's own `time.time` tells;
what libraries ask the system themselves stays right, and so does every monotonic clock, as it would on a
real machine.
"""

from __future__ import annotations

import signal
import sys
import time

_DAY_S = 86_400.0
_real = time.time
_ahead_s = 0.0


def _jump(number: int, _: object) -> None:
    global _ahead_s
    _ahead_s += _DAY_S if number == signal.SIGUSR1 else -2 * _DAY_S


if __name__ == "__main__":
    for each in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(each, _jump)
    time.time = lambda: _real() + _ahead_s
    import app  # what it imports finds this clock

    sys.exit(app.main(sys.argv[1:]))
