"""Pictures as programs send them: what can be one, base64 in its ways, and files that come again."""

from __future__ import annotations

import base64
import io
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from demo.errors import PictureError
from demo.picture.recent import RecentPictures
from demo.picture.sent import NO_FILE, NOT_FETCHED, decode_sent, fault_of, plain

MARK = {"_type": "gradio.FileData"}


def png(shade: int = 200, size: tuple[int, int] = (64, 48)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (shade, 0, 255 - shade)).save(made, "PNG")
    return made.getvalue()


PLAIN = base64.b64encode(png()).decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PLAIN, id="alone"),
        pytest.param(f"data:image/png;base64,{PLAIN}", id="as a data address"),
        pytest.param(f"DATA:image/png;BASE64,{PLAIN}", id="in capitals"),
        pytest.param(f"data:;base64,{PLAIN}", id="without a type"),
        pytest.param(f"data:image/png;name=a.png;base64,{PLAIN}", id="with a name"),
        pytest.param(f" {PLAIN}\n", id="with space around it"),
        pytest.param("\n".join(PLAIN[i : i + 76] for i in range(0, len(PLAIN), 76)), id="in lines"),
        pytest.param(PLAIN.rstrip("="), id="without padding"),
        pytest.param(PLAIN.translate(str.maketrans("+/", "-_")), id="in the alphabet of addresses"),
    ],
)
def test_base64_is_a_picture_in_every_way_of_writing_it(text: str) -> None:
    assert fault_of(text) == ""
    assert decode_sent(text) == png()


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        pytest.param("https://example.com/a.png", NOT_FETCHED, id="an address"),
        pytest.param(" HTTP://10.0.0.1/a.png", NOT_FETCHED, id="of a private network"),
        pytest.param("ftp://example.com/a.png", NOT_FETCHED, id="another scheme"),
        pytest.param("s3://bucket/a.png", NOT_FETCHED, id="of a store"),
        pytest.param("file:///etc/passwd", NOT_FETCHED, id="of a file"),
        pytest.param("www.example.com/a.png", NOT_FETCHED, id="without a scheme"),
        pytest.param(f"https://example.com/{'a' * 200}", NOT_FETCHED, id="a long one"),
        pytest.param({"path": "https://example.com/a.png", "meta": MARK}, NOT_FETCHED, id="as a file"),
        pytest.param({"url": "https://example.com/a.png"}, NOT_FETCHED, id="as a file's address"),
        pytest.param([{"path": "https://example.com/a.png"}], NOT_FETCHED, id="in a list"),
        pytest.param("beach.png", NO_FILE, id="a name"),
        pytest.param("/home/ann/beach.png", NO_FILE, id="a path"),
        pytest.param("C:\\pictures\\beach.png", NO_FILE, id="a path of Windows"),
    ],
)  # fmt: skip
def test_an_address_or_path_is_none(given: Any, fault: str) -> None:
    assert fault_of(given) == fault
    if isinstance(given, str):
        with pytest.raises(PictureError, match=fault):
            decode_sent(given)


@pytest.mark.parametrize("key", ["path", "url"])
def test_base64_may_stand_in_the_form_of_a_file(key: str) -> None:
    text = f"data:image/png;base64,{PLAIN}"
    for given in ({key: text}, [{key: text, "meta": MARK}], {"path": "a.png", "url": text}):
        assert fault_of(given) == ""
        assert plain(given) == text


@pytest.mark.parametrize("given", [5, True, {}, {"path": 5}, [1, 2], [[]], {"a": "b"}, 1.5])
def test_other_things_are_none_either(given: Any) -> None:
    assert fault_of(given).startswith("Give the picture")


@pytest.mark.parametrize("given", [None, "", "  ", {"path": "/a.png"}, [{"path": "/a.png"}]])
def test_what_may_be_one_is_looked_at_later(given: Any) -> None:
    assert fault_of(given) == ""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("data:image/png;base64,????", id="other letters"),
        pytest.param(f"data:image/png;base64,{PLAIN[:81]}", id="an impossible length"),
        pytest.param(f"data:image/svg+xml,{quote('<svg/>')}", id="not in base64"),
    ],
)
def test_damaged_texts_have_their_sentence(text: str) -> None:
    with pytest.raises(PictureError, match=r"base64"):
        decode_sent(text)


@pytest.mark.parametrize("begin", ["", "data:", "a:", "www", "A" * 80, "data:;base64,"])
def test_long_texts_are_read_once(begin: str) -> None:
    """One that was gone through again from each of its places would take hours."""
    text = f"{begin}{' ' * 3_000_000}!"
    assert fault_of(text) in (NO_FILE, NOT_FETCHED, "")


def test_a_file_that_comes_again_is_not_read_again() -> None:
    recent = RecentPictures()
    first, again = recent.open(png(), "a.png"), recent.open(png(), "folder/b.png")
    assert again.held is first.held
    assert [first.name, again.name] == ["a.png", "b.png"]
    other = recent.open(png(100), "a.png")
    assert other.sha256 != first.sha256
    assert np.array_equal(again.pixels, first.pixels)


def test_files_are_kept_within_their_bytes() -> None:
    files = [png(shade) for shade in (10, 20, 30)]
    recent = RecentPictures(max_bytes=len(files[0]) + len(files[1]))
    kept = [recent.open(file, "a.png") for file in files]
    assert recent.open(files[2], "a.png").held is kept[2].held
    assert recent.open(files[1], "a.png").held is kept[1].held
    assert recent.held_bytes <= len(files[0]) + len(files[1])
    too_large = RecentPictures(max_bytes=1)
    assert too_large.open(files[0], "a.png").size == kept[0].size
    assert too_large.held_bytes == 0
