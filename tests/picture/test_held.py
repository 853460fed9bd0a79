"""Pixels in memory: within one number of bytes, the longest unused go first and come back as they were."""

from __future__ import annotations

import gc
import io
import threading

import numpy as np
import pytest
from PIL import Image

from demo.errors import PictureError
from demo.picture import held, reading
from demo.picture.colours import Pixels
from demo.picture.held import HeldPixels, held_bytes
from demo.picture.picture import Picture, open_picture
from tests.support import waiting

SIDE = 100
BYTES = SIDE * SIDE * 3


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """For three of the pictures here, beside those that other tests hold."""
    gc.collect()
    for key in list(held._in_order):
        if (pixels := held._in_order[key]()) is not None and pixels.may_go:
            pixels.drop()
    monkeypatch.setattr(held, "MAX_BYTES_HELD", held_bytes() + 3 * BYTES)


def encoded(colour: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), (colour, 1, 2)).save(file, "PNG")
    return file.getvalue()


def here(pictures: list[Picture]) -> list[bool]:
    return [picture._held.is_here for picture in pictures]


def test_a_thousand_pictures_take_the_memory_of_a_few() -> None:
    pictures = [open_picture(encoded(n % 250), f"{n}.png") for n in range(250)]
    assert held_bytes() <= held.MAX_BYTES_HELD
    assert sum(here(pictures)) == 3
    assert all(p.size.width == SIDE and p.source_bytes < 1000 for p in pictures)


def test_the_longest_unused_goes_and_comes_back_as_it_was() -> None:
    first, second, third = pictures = [open_picture(encoded(n), "p.png") for n in range(3)]
    before = first.pixels.copy()
    assert first.pixels is first.pixels
    open_picture_again = open_picture(encoded(9), "q.png")
    assert here([*pictures, open_picture_again]) == [True, False, True, True]
    assert np.array_equal(second.pixels[0, 0], [1, 1, 2])
    assert here(pictures) == [True, True, False]
    assert np.array_equal(first.pixels, before)
    assert not third.pixels.flags.writeable


def test_the_same_picture_is_held_once() -> None:
    before = held_bytes()
    pictures = [open_picture(encoded(7), f"{n}.png") for n in range(50)]
    assert held_bytes() == before + BYTES
    assert len({id(picture.pixels) for picture in pictures}) == 1
    assert [picture.name for picture in pictures[:2]] == ["0.png", "1.png"]


def test_what_cannot_be_read_again_stays() -> None:
    array = open_picture(np.full((SIDE, SIDE, 3), 200, np.uint8), "array")
    others = [open_picture(encoded(n), "p.png") for n in range(5)]
    assert here([array]) == [True]
    assert sum(here(others)) == 2


def test_a_picture_whose_file_has_gone_says_so() -> None:
    def again() -> Picture:
        raise PictureError("This picture was deleted. Open it again.")

    picture = open_picture(np.full((SIDE, SIDE, 3), 201, np.uint8), "array").read_again_by(again)
    picture._held.drop()
    with pytest.raises(PictureError, match="Open it again"):
        _ = picture.pixels


def test_two_who_ask_at_once_read_it_once() -> None:
    reads, begun, may_end = list[int](), threading.Event(), threading.Event()
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)

    def again() -> Pixels:
        reads.append(1)
        begun.set()
        may_end.wait()
        return pixels.copy()

    one = HeldPixels(pixels, again)
    one.drop()
    threads = [threading.Thread(target=one.get) for _ in range(2)]
    for thread in threads:
        thread.start()
    begun.wait()
    may_end.set()
    for thread in threads:
        thread.join()
    assert reads == [1]


def test_few_large_pictures_are_decoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small one does not wait for them."""
    monkeypatch.setattr(reading, "_SMALL", SIDE * SIDE - 1)
    end, lock, decoding, most = threading.Event(), threading.Lock(), [0], [0]
    original = reading._Reading._pixels

    def slow(self: reading._Reading) -> object:
        with lock:
            decoding[0] += 1
            most[0] = max(most[0], decoding[0])
        end.wait()
        with lock:
            decoding[0] -= 1
        return original(self)

    monkeypatch.setattr(reading._Reading, "_pixels", slow)
    threads = [threading.Thread(target=open_picture, args=(encoded(n), "p.png")) for n in range(5)]
    for thread in threads:
        thread.start()
    waiting.until(lambda: reading._decoders.waiting == 5 - reading.MAX_DECODERS)
    monkeypatch.setattr(reading._Reading, "_pixels", original)
    small = io.BytesIO()
    Image.new("RGB", (64, 64)).save(small, "PNG")
    assert open_picture(small.getvalue(), "small.png").size.width == 64
    end.set()
    for thread in threads:
        thread.join()
    assert most[0] == reading.MAX_DECODERS
