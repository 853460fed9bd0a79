"""The app where torch is not installed: with the packages of requirements-light.txt alone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from demo.checkpoints.gguf.convert import plan_conversion
from demo.dialogue.session_json import session_from_json
from tests import ROOT
from tests.conftest import free_port, visit
from tests.support.hostile import Hostile, answer
from tests.support.light import light_python
from tests.support.published import save_published
from tests.support.served import Caller, file
from tests.support.waiting import until

pytestmark = pytest.mark.process

INSTALL = "pip install --requirement requirements.txt"
OVERLAY = f"Drawing regions on a picture needs supervision, not installed here: {INSTALL}"
ANSWER = (
    "<scene>Two blocks.</scene><focus>The red one.</focus><think>It is on the left.</think>"
    '<answer>[{"bbox_2d": [84, 168, 292, 448], "point_2d": [190, 300]}]</answer>'
)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return light_python(tmp_path_factory.mktemp("light"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Qwen2.5-VL as GGUF files."""
    folder = tmp_path_factory.mktemp("published")
    save_published("qwen2_5_vl", folder / "hf")
    plan_conversion("hf", folder / "hf", folder / "small", "f16").run(lambda _: None)
    return folder / "small"


@contextmanager
def started(python: Path, *options: object) -> Iterator[httpx.Client]:
    """``python app.py OPTIONS`` once its first models are there, and the way to ask it."""
    port = free_port()
    command = [str(python), "app.py", "--port", str(port), *map(str, options)]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as app:
        assert app.stdout is not None
        try:
            said = iter(app.stdout.readline, "")
            assert f"Running on http://127.0.0.1:{port}\n" in said
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
                until(lambda: http.get("/health").json()["status"] == "ok" or app.poll(), 300)
                yield http
        finally:
            app.terminate()


def ground(http: httpx.Client, picture: Path, question: str) -> tuple[str, Any]:
    caller = Caller(http)
    asked = [file(caller.upload(picture.read_bytes())), question, None]
    kind, value = caller.call("ground", asked)
    return kind, value[0] if kind == "complete" else value


def run(python: Path | str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(python), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_there_is_no_torch(python: Path) -> None:
    for package in ("torch", "torchvision", "transformers", "bitsandbytes", "accelerate"):
        done = run(python, "-c", f"import {package}")
        assert f"No module named '{package}'" in done.stderr


def test_llama_cpp_answers(python: Path, files: Path, blocks: Path) -> None:
    with started(python, "--model", files) as http:
        kind, session = ground(http, blocks, "find the red block")
        assert kind == "complete", session
        [turn] = session_from_json(session).turns
        assert turn.raw
        assert "by llama.cpp" in str(turn.decoding)
        assert turn.timings.new_tokens


def test_a_server_answers_and_its_boxes_are_outlined(python: Path, blocks: Path) -> None:
    with Hostile(answer(ANSWER)) as server, started(python, "--server", server.url) as http:
        kind, session = ground(http, blocks, "find the red block")
        assert kind == "complete", session
        [found] = session_from_json(session).registry.region("R1").objects
        assert found.box.xyxy == (40, 60, 139, 160)
        assert found.mask is not None
        caller = Caller(http)
        image = file(caller.upload(blocks.read_bytes()))
        kind, said = caller.call("overlay", [image, session])
        assert (kind, said["error"]) == ("error", OVERLAY)


def test_without_a_model_the_page_is_there_and_one_is_chosen_in_it(
    python: Path, files: Path, blocks: Path, browser: Browser
) -> None:
    with started(python) as http, visit(browser, str(http.base_url)) as page:
        assert http.get("/health").json()["model"] == "no model"
        kind, said = ground(http, blocks, "find the red block")
        assert kind == "error"
        assert said["error"] == "No model runs yet: choose one in the list at the top."

        page.click("#status summary")
        expect(page.locator("#status")).to_contain_text("The built-in nano needs more")
        nano = page.locator(".models-list li", has_text="nano needs torch and transformers")
        expect(nano.locator("button")).to_be_disabled()
        page.fill(".models-other input", str(files))
        page.keyboard.press("Enter")
        expect(page.locator("#status .status-text")).to_contain_text("small · CPU, by llama.cpp")
        assert ground(http, blocks, "find the red block")[0] == "complete"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(
            ["--model", "nano"],
            f"nano needs torch and transformers, which are not installed here: {INSTALL}",
            id="nano",
        ),
        pytest.param(
            ["--model", "{files}", "--segmenter", "sam2:nano"],
            f"SAM 2 needs torch and transformers, not installed here: {INSTALL}",
            id="SAM 2",
        ),
        pytest.param(
            ["--model", "{files}", "--overlay", "drawn.png"], OVERLAY, id="drawing on the picture"
        ),
        pytest.param(
            [], "No model is here that runs without torch: name one with --model", id="none"
        ),
    ],
)
def test_what_needs_torch_says_so(
    options: list[str], says: str, python: Path, files: Path, blocks: Path
) -> None:
    given = [option.replace("{files}", str(files)) for option in options]
    done = run(python, "-m", "demo", "ground", blocks, "find the red block", *given)
    assert (done.returncode, says in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr


def test_training_says_what_it_needs(python: Path, tmp_path: Path) -> None:
    done = run(python, "-m", "demo", "nano", "train", "--out", tmp_path / "nano")
    assert done.returncode == 1
    assert f"The package transformers is not installed for this Python ({python})" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_checkpoint_is_written_for_llama_cpp(python: Path, files: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    done = run(python, "-m", "demo", "gguf", files.parent / "hf", "--out", out, "--type", "f16")
    assert done.returncode == 0, done.stderr
    for name in ("model.gguf", "mmproj.gguf"):
        assert (out / name).read_bytes() == (files / name).read_bytes()


def test_the_doctor_tells_what_is_missing(python: Path) -> None:
    done = run(python, "-m", "demo", "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "torch       not installed" in done.stdout
    assert "No model was run here: that needs torch and transformers." in done.stdout


# Where torch is installed, but not needed


@pytest.mark.parametrize("engine", ["llama.cpp", "server"])
def test_torch_is_imported_by_what_needs_it_only(engine: str, files: Path, blocks: Path) -> None:
    with Hostile(answer(ANSWER)) as server:
        chosen = ["--model", files] if engine == "llama.cpp" else ["--server", server.url]
        done = run(
            sys.executable,
            "-X",
            "importtime",
            "-m",
            "demo",
            "ground",
            blocks,
            "find the red block",
            *chosen,
        )
    assert done.returncode == 0, done.stderr
    imported = set(re.findall(r"\| +(\w+)$", done.stderr, re.MULTILINE))
    assert "cv2" in imported
    assert not imported & {"torch", "torchvision", "transformers", "bitsandbytes", "accelerate"}
