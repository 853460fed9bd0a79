"""Hostile inputs of every kind, at random: whatever comes, the answer is a result or a sentence.

``REGIONREASONER_FUZZ=10000`` gives about so many inputs in all; by default there are few.
"""

from __future__ import annotations

import copy
import io
import json
import os
import random
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from demo.dialects.prompt import Prompt
from demo.dialogue.archive import read_zip, to_zip
from demo.dialogue.engine import answer, begin
from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import DemoError
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Usage
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.web.serve import Served
from tests.support.served import Caller, file
from tests.support.table import TableReasoner

TOTAL = int(os.environ.get("REGIONREASONER_FUZZ", "500"))
_SHARES = {"session": 0.3, "zip": 0.2, "picture": 0.2, "call": 0.15, "request": 0.15}


def share(name: str) -> settings:
    """So many inputs of all as this kind has its part of."""
    return settings(
        max_examples=max(10, int(TOTAL * _SHARES[name])),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([-1, 2**63, 1e308, "R1", "../../x", "\x00", "<script>", "R1.1", "", 0]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
SEEDS = st.integers(0, 2**32)


def mutated(value: Any, chance: random.Random, junk: list[Any]) -> Any:
    """The same JSON value with a few of its places changed, emptied, doubled or taken away."""
    value = copy.deepcopy(value)
    for thing in junk:
        place: Any = value
        path: list[tuple[Any, Any]] = []
        while isinstance(place, dict | list) and place and (not path or chance.random() < 0.85):
            key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
            path.append((place, key))
            place = place[key]
        if path:
            holder, key = path[-1]
            if chance.random() < 0.2:
                del holder[key]
            else:
                holder[key] = thing
    return value


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The same bytes, cut off, with some changed, or with others in between."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(made) + 1) if chance.random() < 0.5 else min(len(made), 60)
        match chance.randrange(4):
            case 0 if chance.random() < 0.3:
                del made[at:]
            case 1:
                made[at:at] = chance.randbytes(chance.randint(1, 40))
            case 2:
                made[at : at + 4] = chance.choice([b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff"])
            case _:
                made[at : at + 1] = chance.randbytes(1)
    return bytes(made)


def _check_sentence(error: DemoError) -> None:
    assert str(error).strip().endswith((".", "?")), str(error)


@pytest.fixture(scope="module")
def session(blocks: Path) -> Session:
    """A dialogue of two turns with boxes, points and masks."""
    picture, reasoner = open_picture(blocks), TableReasoner()
    session = begin(picture, reasoner)
    for question in ("find both", "what is next to R1"):
        session = answer(
            session, question, picture=picture, reasoner=reasoner, segmenter=GrabCutSegmenter()
        )
    return session


@share("session")
@given(junk=st.lists(JSON, min_size=1, max_size=4), seed=SEEDS)
def test_a_changed_session_is_read_or_refused(session: Session, junk: list[Any], seed: int) -> None:
    data = mutated(session_to_json(session), random.Random(seed), junk)
    try:
        read = session_from_json(data)
    except DemoError as error:
        _check_sentence(error)
    else:
        assert session_from_json(json.loads(json.dumps(session_to_json(read)))) == read


@pytest.mark.filterwarnings("ignore:Duplicate name")
@share("zip")
@given(
    seed=SEEDS,
    name=st.sampled_from(["session.json", "../session.json", "/etc/x", "a\\b", "", "x" * 300]),
    junk=st.lists(JSON, max_size=2),
    kind=st.sampled_from(["damaged", "renamed", "changed", "bomb", "noise"]),
)
def test_a_changed_file_is_read_or_refused(
    session: Session, blocks: Path, seed: int, name: str, junk: list[Any], kind: str
) -> None:
    chance, whole = random.Random(seed), to_zip(session, open_picture(blocks))
    made = io.BytesIO()
    if kind in ("renamed", "changed", "bomb"):
        text = json.dumps(mutated(session_to_json(session), chance, junk)).encode()
        bomb = b"\x00" * (10_000_000 if kind == "bomb" else 10)
        entries = {"session.json": text, "picture.png": blocks.read_bytes()}
        entries |= {"picture.png": bomb} if kind == "bomb" else {}
        other = chance.choice(list(entries)) if kind == "renamed" else ""
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for named, inside in entries.items():
                # Not writestr, which cannot write an empty name.
                with archive.open(zipfile.ZipInfo(name if named == other else named), "w") as entry:
                    entry.write(inside)
    content = {"damaged": damaged(whole, chance), "noise": chance.randbytes(200)}
    try:
        read, picture = read_zip(content.get(kind, made.getvalue()))
    except DemoError as error:
        _check_sentence(error)
    else:
        assert picture.sha256 == read.picture.sha256


def pictures() -> list[bytes]:
    """One small picture in each format."""
    made = []
    image = Image.effect_noise((40, 30), 60).convert("RGB")
    for format_ in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        content = io.BytesIO()
        image.save(content, format_)
        made.append(content.getvalue())
    return made


PICTURES = pictures()


@share("picture")
@given(seed=SEEDS, which=st.integers(0, len(PICTURES) - 1))
def test_a_broken_picture_is_opened_or_refused(seed: int, which: int) -> None:
    try:
        picture = open_picture(damaged(PICTURES[which], random.Random(seed)))
    except DemoError as error:
        _check_sentence(error)
    else:
        assert picture.pixels.shape[2] == 3


# Over HTTP


class _Ready(TableReasoner):
    """It has an answer to every question."""

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        return super().stream(picture, replace(prompt, question="red"), cancel)


@pytest.fixture(scope="module")
def table() -> TableReasoner:
    return _Ready()


@pytest.fixture(scope="module")
def http(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def uploaded(http: httpx.Client, blocks: Path) -> list[str]:
    """Paths on the server: the picture, broken ones, one that is none."""
    caller, chance = Caller(http), random.Random(1)
    broken = [damaged(PICTURES[i % len(PICTURES)], chance) for i in range(12)]
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    return [
        caller.upload(c) for c in (blocks.read_bytes(), *broken, bomb.getvalue(), b"", b"GIF89a")
    ]


@share("call")
@given(
    endpoint=st.sampled_from(["ground", "overlay"]),
    which=st.integers(0, 60),
    question=st.sampled_from(["find red", "left of R1", "R9", "", "x" * 5000]) | JSON,
    junk=st.lists(JSON, max_size=3),
    whole=JSON,
    seed=SEEDS,
)
def test_a_call_ends_with_a_result_or_a_sentence(
    http: httpx.Client,
    uploaded: list[str],
    session: Session,
    endpoint: str,
    which: int,
    question: Any,
    junk: list[Any],
    whole: Any,
    seed: int,
) -> None:
    picture = file(uploaded[which if which < len(uploaded) else 0])
    data = mutated(session_to_json(session), random.Random(seed), junk) if seed % 4 else whole
    given_ = json.loads(
        json.dumps([picture, question, data]).replace("NaN", "0").replace("Infinity", "9")
    )
    arguments = given_ if endpoint == "ground" else [given_[0], given_[2]]
    kind, value = Caller(http).call(endpoint, arguments)
    assert kind in ("complete", "error"), (kind, value)
    assert "Traceback" not in str(value)
    if kind == "error":
        assert isinstance(value["error"], str), (arguments[1:], value)
        assert value["error"].strip()


PATHS = st.sampled_from(
    [
        "/", "/config", "/login", "/health", "/metrics", "/gradio_api/queue/join",
        "/gradio_api/queue/data", "/gradio_api/run/ground", "/gradio_api/run/predict",
        "/gradio_api/call/ground", "/gradio_api/call/overlay", "/gradio_api/upload",
        "/gradio_api/cancel", "/gradio_api/reset", "/gradio_api/component_server",
        "/gradio_api/upload_progress", "/gradio_api/info", "/assets/", "/static/", "/pwa_icon/",
        "/gradio_api/file=", "/gradio_api/call/ground/x", "/logout", "/pwa_icon/512", "/manifest.json",
        "/robots.txt", "/favicon.ico", "/theme.css", "/gradio_api/app_id", "/gradio_api/openapi.json",
        "/gradio_api/user", "/gradio_api/token", "/gradio_api/login_check", "/gradio_api/queue/status",
        "/gradio_api/call/v2/ground", "/gradio_api/file/x", "/gradio_api/mcp/", "/gradio_api/stream/x",
        "/gradio_api/heartbeat/", "/ui/x/page.js", "//", "/monitoring", "/gradio_api/deep_link",
    ]
)  # fmt: skip
HEADERS = st.sampled_from(
    [
        {"range": "bytes=1-2-3"}, {"range": "bytes=0-1,3-4"}, {"range": "bytes=5-1"}, {"range": "bytes=-"},
        {"range": f"bytes=0-{'9' * 30}"}, {"range": f"bytes={'9' * 30}-"}, {"range": "x" * 200},
        {"if-range": "x"}, {"if-none-match": "*"}, {"if-modified-since": "x"},
        {"accept-encoding": "br;q=x"}, {"content-encoding": "gzip"}, {"expect": "100-continue"},
        {"cookie": "=;;;a"}, {"authorization": "Basic %%%"}, {"authorization": "Basic OjpcOg=="},
        {"host": "["}, {"origin": "null"}, {"x-forwarded-host": "a b"}, {"x-gradio-server": "http://x"},
        {"upgrade": "websocket", "connection": "upgrade"}, {"accept-language": "x" * 500},
        {"x-gradio-user": "app"},
    ]
)  # fmt: skip


@share("request")
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE"]),
    path=PATHS,
    tail=st.sampled_from(
        ["", "/", "/../../etc/passwd", "%00", "%ff", "?session_hash=%ff&x", "?a[]="]
    )
    | st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#"), max_size=8
    ),
    body=st.binary(max_size=40)
    | JSON.map(lambda v: json.dumps({"data": v, "fn_index": 3, "session_hash": "s"}).encode())
    | st.tuples(st.lists(JSON, max_size=4), st.integers(-2, 30)).map(
        lambda v: json.dumps({"data": v[0], "fn_index": v[1], "session_hash": "s"}).encode()
    ),
    kind=st.sampled_from(["application/json", "multipart/form-data; boundary=b", "text/x", ""]),
    more=HEADERS,
)
def test_a_request_never_breaks_the_server(
    http: httpx.Client,
    method: str,
    path: str,
    tail: str,
    body: bytes,
    kind: str,
    more: dict[str, str],
) -> None:
    url = httpx.URL(http.base_url, raw_path=(path + tail).encode())
    content = None if method in ("GET", "HEAD") else body
    with http.stream(
        method, url, content=content, headers={"content-type": kind, **more}
    ) as answer:
        assert answer.status_code < 500, answer.read()
        if answer.status_code >= 400 and method != "HEAD":
            told = json.loads(answer.read())
            assert isinstance(told.get("error", told.get("detail")), str), told
            assert "Traceback" not in answer.text
