"""Where the user's own files are; on Linux where they always were."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.machine.folders import cache_folder, sessions_folder

VARIABLES = ("REGIONREASONER_CACHE", "XDG_CACHE_HOME", "XDG_DATA_HOME")


@pytest.mark.parametrize(
    ("variables", "cache", "sessions"),
    [
        pytest.param(
            {},
            "/home/me/.cache/regionreasoner",
            "/home/me/.local/share/regionreasoner/sessions",
            id="none",
        ),
        pytest.param(
            {"XDG_CACHE_HOME": "/c", "XDG_DATA_HOME": "/d"},
            "/c/regionreasoner",
            "/d/regionreasoner/sessions",
            id="the desktop's",
        ),
        pytest.param(
            {"REGIONREASONER_CACHE": "/a/b", "XDG_CACHE_HOME": "/c"},
            "/a/b",
            "/home/me/.local/share/regionreasoner/sessions",
            id="our own",
        ),
    ],
)
def test_variables_name_the_folders(
    variables: dict[str, str], cache: str, sessions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/me", **variables}.items():
        monkeypatch.setenv(name, value)
    assert (cache_folder(), sessions_folder()) == (Path(cache), Path(sessions))
