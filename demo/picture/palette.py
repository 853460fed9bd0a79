"""The colours of regions, by their number."""

from __future__ import annotations

PALETTE = ("#0072B2", "#C14F00", "#007D5C", "#E69F00", "#A8417F", "#56B4E9", "#F0E442")
