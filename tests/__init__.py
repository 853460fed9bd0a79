"""The tests: one folder for each room of demo/, and page/ for what needs a browser."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Every process that a test starts would compile the whole app anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
