"""The commands as people call them; each once in a process of its own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from demo.dialogue.session_json import session_from_json
from demo.picture.picture import Picture
from tests import ROOT
from tests.support.commands import call, run

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def photo(picture: Picture, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "scene.png"
    Image.fromarray(picture.pixels).save(path)
    return path


def test_ground_prints_the_session_and_nothing_else(photo: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.png"
    done = run("-m", "demo", "ground", photo, "find all things", "what is next to R1.1",
                "--overlay", overlay)  # fmt: skip
    assert done.returncode == 0, done.stderr
    session = session_from_json(json.loads(done.stdout))
    assert [t.question for t in session.turns] == ["find all things", "what is next to R1.1"]
    assert session.turns[1].references == ("R1.1",)
    assert session.turns[1].prompted.startswith("what is next to bbox=[")
    with Image.open(overlay) as drawn:
        assert drawn.size == (session.picture.size.width, session.picture.size.height)


def test_ground_says_how_a_picture_was_read(tmp_path: Path) -> None:
    icon = tmp_path / "icon.ico"
    Image.new("RGB", (12, 12), "red").save(icon, "PNG")
    done = call("-m demo", "ground", icon, "find it", "--server", "http://127.0.0.1:9")
    assert done.stderr.splitlines()[0] == (
        "This picture was made larger, from 12 × 12 to 24 × 24 pixels, in which its regions are given."
    )
    assert done.stdout == ""


def test_turns_before_a_bad_question_are_written(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "session.json"
    done = call("-m demo", "ground", photo, "find all things", "left of R9", "--json", out,
                "--segmenter", "none")  # fmt: skip
    assert done.returncode == 2
    assert "There is no R9 here. You can cite R1." in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert len(session_from_json(json.loads(out.read_text())).turns) == 1


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        pytest.param(["no-such.png", "find it"], 2, "There is no file", id="no such picture"),
        pytest.param(["README.md", "find it"], 2, "not a picture", id="not a picture"),
        pytest.param(["{photo}", "find it", "--model", "gpt-17"], 2, "There is no model called",
                     id="no such model"),
        pytest.param(["{photo}", "find it", "--segmenter", "magic"], 2, "There is no segmenter",
                     id="no such segmenter"),
        pytest.param(["{photo}", "find it", "--server", "http://127.0.0.1:9"], 1,
                     "No server answers at 127.0.0.1:9.", id="no such server"),
        pytest.param(["{photo}", "find it", "--within", "90000,0,90010,10", "--server", "http://127.0.0.1:9"],
                     2, "is not inside the picture", id="a part beyond the picture, before it is asked"),
        pytest.param(["{photo}", "find it", "--within", "5,5,5,9"], 2, "The part to look at is empty.",
                     id="an empty part"),
        pytest.param(["{photo}", "find it", "--server", "http://me:secret@gpu"], 2,
                     "may not contain a user name or password", id="an address with a password"),
    ],
)  # fmt: skip
def test_ground_says_what_is_wrong(
    arguments: list[str], status: int, says: str, photo: Path
) -> None:
    done = call("-m demo", "ground", *[a.replace("{photo}", str(photo)) for a in arguments])
    assert (done.returncode, says in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr


def test_ground_looks_closer_at_a_part(photo: Path) -> None:
    done = call("-m demo", "ground", photo, "find all things", "--within=-10,20,110,120",
                "--segmenter", "none", "--looks", "1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    session = json.loads(done.stdout)
    [look] = session["turns"][0]["looks"]
    assert session["turns"][0]["within"] == [0, 20, 110, 120]  # what of it is in the picture
    x1, y1, x2, y2 = look["box_xyxy"]
    assert x1 == 0
    assert y1 < 20
    boxes = [o["bbox_xyxy"] for region in session["regions"] for o in region["objects"]]
    assert all(x1 <= b[0] and y1 <= b[1] and b[2] <= x2 and b[3] <= y2 for b in boxes)


def test_parse_reads_a_text_as_a_turn() -> None:
    raw = (
        "<scene>A road.</scene><focus>A dog.</focus><think>Left of bbox=[10, 20, 30, 40].</think>"
        '<answer>[{"bbox_2d": [84, 84, 168, 168], "point_2d": [100, 100]}]</answer>'
    )
    done = run("-m", "demo", "parse", "-", "--size", "640x480", "--given", "10,20,30,40", stdin=raw)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["trace"]["scene"] == "A road."
    assert found["objects"][0]["bbox_xyxy"] == [64, 48, 128, 96]
    assert [f["kind"] for f in found["findings"]] == ["citation.valid"]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["-m", "demo", "parse", "-", "--size", "640x480"], id="parse"),
        pytest.param(["-m", "demo", "--help"], id="help of the commands"),
        pytest.param(["app.py", "--help"], id="help of the app"),
    ],
)
def test_light_commands_need_no_package(arguments: list[str]) -> None:
    """-S leaves out everything that was installed: none of it can have been imported."""
    done = run("-S", *arguments, stdin="<scene>A road.</scene>")
    assert (done.returncode, done.stderr) == (0, "")
    assert "A road." in done.stdout or "usage:" in done.stdout


@pytest.mark.parametrize("raw", ["", "no tags at all", "<answer>[[[[", "\x00\ufffd"])
def test_parse_takes_any_text(raw: str) -> None:
    done = call("-m demo", "parse", "-", "--size", "640x480", stdin=raw)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"trace", "objects", "findings"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["parse", "x.txt", "--size", "big"], "is not a size", id="size"),
        pytest.param(
            ["parse", "x.txt", "--size", "9x9", "--given", "1,2"], "is not a box", id="box"
        ),
        pytest.param(["parse", "x.txt", "--size", "9x9"], "cannot be read", id="no such file"),
        pytest.param(["evaluate", "x.json"], "holds no dialogues", id="no such dialogues"),
    ],
)
def test_bad_arguments_are_one_sentence(arguments: list[str], says: str) -> None:
    done = call("-m demo", *arguments)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr


def test_help_explains_every_option_of_the_app() -> None:
    done = run("app.py", "--help")
    assert done.returncode == 0
    for option in ("--model", "--quantize", "--low-memory", "--server", "--segmenter", "--host",
                   "--port", "--sessions", "--share", "--auth"):  # fmt: skip
        assert option in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--port", "99999"], "is not a port", id="port out of range"),
        pytest.param(["--quantize", "3bit"], "invalid choice", id="quantization unknown"),
        pytest.param(["--model", "nosuch"], "There is no model called", id="no such model"),
        pytest.param(
            ["--segmenter", "sam2:nosuch"], "There is no SAM 2 called", id="no such SAM 2"
        ),
        pytest.param(["--sessions", "/proc/kept"], "Dialogues cannot be saved in", id="sessions"),
        pytest.param(["--auth", "nowhere"], "The file nowhere cannot be read", id="log-in"),
    ],
)
def test_the_app_refuses_bad_options(arguments: list[str], says: str) -> None:
    done = call("app.py", *arguments)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    "option", ["--model=nosuch", "--segmenter=magic", "--server=ftp://gpu", "--server="]
)
def test_a_bad_name_is_refused_before_torch_is_loaded(option: str) -> None:
    done = run("-X", "importtime", "app.py", option)
    assert done.returncode == 2
    assert not re.search(r"\| +torch$", done.stderr, re.MULTILINE)


def test_a_busy_port_is_said_before_anything_is_loaded() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("app.py", "--port", port)
    assert done.returncode == 2
    assert f"Port {port} on 127.0.0.1 cannot be used" in done.stderr


def test_scenes_are_written_for_any_seed(tmp_path: Path) -> None:
    done = run("-m", "demo", "nano", "scenes", "--count", 2, "--seed", 0, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "dialogues.json").read_text())
    assert [(tmp_path / row["image_path"]).is_file() for row in rows] == [True, True]


def test_what_went_wrong_first_decides(photo: Path, tmp_path: Path) -> None:
    done = call("-m demo", "ground", photo, "left of R9", "--segmenter", "none",
                "--json", tmp_path / "no" / "such.json")  # fmt: skip
    assert done.returncode == 2
    assert "There is no R9 yet" in done.stderr
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_any_letter_can_be_printed(tmp_path: Path) -> None:
    raw = tmp_path / "raw.txt"
    raw.write_text("<scene>猫 costs 5 €</scene>", encoding="utf-8")
    command = [sys.executable, "-m", "demo", "parse", str(raw), "--size", "9x9"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, env=environment, check=True)
    assert json.loads(done.stdout.decode("utf-8"))["trace"]["scene"] == "猫 costs 5 €"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["evaluate", "none.json"], "holds no dialogues", id="no such file"),
        pytest.param(["evaluate", "LICENSE"], "holds no dialogues", id="not dialogues"),
        pytest.param(["scenes", "--out", "/proc/no"], "Nothing can be written", id="no folder"),
        pytest.param(["scenes", "--out", "x", "--count", "-3"], "above 0", id="negative count"),
        pytest.param(["scenes", "--out", "x", "--seed", "red"], "from 0", id="seed not a number"),
    ],
)
def test_nano_commands_say_what_is_wrong(arguments: list[str], says: str) -> None:
    done = call("-m demo", "nano", *arguments)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr
