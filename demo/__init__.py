"""A multi-turn, region-grounded conversation about a picture."""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036  (an older one reads as far as this)
    version = ".".join(map(str, sys.version_info[:2]))
    sys.exit(f"This needs Python 3.11 or newer; this is Python {version}.")

from demo.machine.packages import say_what_is_missing

# What Apple GPUs have no kernel for runs on the CPU. torch reads this when it is imported.
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
say_what_is_missing()
