"""The tests: one folder for each room of demo/, and page/ for what needs a browser."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
