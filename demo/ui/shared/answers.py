"""Answers to the browser: values with a serial number that grows, by which answers.js tells them apart."""

from __future__ import annotations

import time


def serial() -> int:
    """The number of the next answer."""
    return time.monotonic_ns() // 1000
