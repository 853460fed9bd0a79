"""What is measured with many visitors, and with hostile ones: python -m tests.load [many|hostile|soak]

Without a word it is `many`. Each of them explains itself with --help, writes its figures beside itself, and
ends with status 1 when something that must hold does not.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping

from tests.load import hostile, many, soak

COMMANDS: Mapping[str, Callable[[list[str]], int]] = {
    "many": many.main,
    "hostile": hostile.main,
    "soak": soak.main,
}


def main(arguments: list[str]) -> int:
    """Do what the first word names."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with all that was started
    name = arguments[0] if arguments and arguments[0] in COMMANDS else "many"
    return COMMANDS[name](arguments[arguments[:1] == [name] :])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
