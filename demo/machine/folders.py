"""The user's own folders for this app: for what can be made again, and for what is kept."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

_NAME = "regionreasoner"


def cache_folder() -> Path:
    """The folder for what can be made again: ``REGIONREASONER_CACHE``, or the user's own cache."""
    if given := os.environ.get("REGIONREASONER_CACHE"):
        return Path(given).expanduser()
    return user_cache_path(_NAME, appauthor=False)


def sessions_folder() -> Path:
    """Where dialogues are kept when nobody names another place."""
    return user_data_path(_NAME, appauthor=False) / "sessions"
