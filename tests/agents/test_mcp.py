"""The command mcp as agents start it: the official client, nano, and the protocol alone on its output."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mcp.shared.exceptions import McpError

from tests import ROOT
from tests.support.agents import Agent, documented, encoded, over_stdio, said

pytestmark = pytest.mark.process

BEACH = ROOT / "examples" / "beach.png"
COMMAND = (sys.executable, "-m", "demo", "mcp")
START = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("agent")


@pytest.fixture(scope="module")
def agent(folder: Path) -> Iterator[Agent]:
    """A connection as the documents set it up, in a folder of the agent's own."""
    settings, _ = documented()
    assert settings["command"].endswith("/.venv/bin/python")
    shutil.copy(BEACH, folder)
    command = (sys.executable, *settings["args"], "--model", "nano")
    with over_stdio(*command, cwd=folder, env=settings["env"], log=folder / "log") as agent:
        yield agent


@pytest.fixture(scope="module")
def beach(agent: Agent) -> dict[str, Any]:
    """The values of a first question."""
    return agent.values("ground", image="beach.png", question="find the dogs")


def test_the_tools_are_described(agent: Agent) -> None:
    tools = {tool.name: tool for tool in agent.do(agent.session.list_tools).tools}
    assert list(tools) == ["ground", "ask_about_region", "overlay", "convert"]
    for tool in tools.values():
        Draft202012Validator.check_schema(tool.inputSchema)
        Draft202012Validator.check_schema(tool.outputSchema or {})
        arguments = tool.inputSchema["properties"].values()
        assert all("description" in about or "enum" in about for about in arguments)


def test_a_path_is_answered_and_the_way_is_told(agent: Agent, beach: dict[str, Any]) -> None:
    assert (beach["picture"]["name"], beach["found"]) == ("beach.png", "R1")
    told = "".join(agent.told)
    assert "dog" in told
    assert "Outlining" in told
    asked = {"session_id": beach["session_id"], "region": "R1", "question": "what is next to it"}
    answer = agent.call("ask_about_region", **asked)
    assert said(answer).startswith("About R1. Found: R2")


def test_a_file_address_is_a_path(agent: Agent) -> None:
    assert agent.values("ground", image=BEACH.as_uri(), question="find the dogs")["found"] == "R1"


def test_a_picture_as_base64(agent: Agent) -> None:
    assert agent.values("ground", image=encoded(BEACH), question="find the dogs")["found"] == "R1"


def test_files_are_written_and_read_again(
    agent: Agent, beach: dict[str, Any], folder: Path
) -> None:
    kept, labels = folder / "kept", folder / "labels"
    agent.values("convert", session_id=beach["session_id"], to="session", out=str(kept))
    values = agent.values("convert", inputs=[str(kept / "beach.zip")], to="coco", out=str(labels))
    names = {file["name"] for file in values["files"]}
    assert {"annotations.json", "images/beach.png"} <= names
    data = json.loads((labels / "annotations.json").read_text(encoding="utf-8"))
    assert len(data["annotations"]) >= len(beach["regions"][0]["objects"])
    again = agent.refusal("convert", session_id=beach["session_id"], to="coco", out=str(labels))
    assert again.endswith("not empty: name a new folder with out.")
    (labels / "lost.json").write_text(json.dumps(data).replace("beach.png", "lost.png"))
    lost = agent.refusal("convert", inputs=[str(labels / "lost.json")], to="yolo")
    assert lost.endswith("name its folder with images.")
    assert "one of the two" in agent.refusal(
        "convert", inputs=[str(kept / "beach.zip")], session_id=beach["session_id"], to="coco"
    )


@pytest.mark.parametrize(
    ("image", "says"),
    [
        pytest.param("http://127.0.0.1:1/x.png", "never fetched", id="an address"),
        pytest.param("s3://bucket/x.png", "never fetched", id="another kind"),
        pytest.param("nowhere.png", "There is no file nowhere.png", id="no file"),
        pytest.param(str(ROOT), "is a folder", id="a folder"),
        pytest.param(str(ROOT / "README.md"), "not a picture", id="a text"),
        pytest.param("file://elsewhere/x.png", "another machine", id="another machine's"),
        pytest.param("/dev/zero", "not a file", id="a device without end"),
        pytest.param("x." * 3_000, "no file|cannot be read", id="a very long name"),
        pytest.param("a\0b", "no file|cannot be read", id="no name at all"),
    ],
)
def test_what_is_no_picture(agent: Agent, image: str, says: str) -> None:
    sentence = agent.refusal("ground", image=image, question="find the dogs")
    assert re.search(says, sentence), sentence


def test_a_pipe_is_not_waited_for(agent: Agent, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert "not a file" in agent.refusal("ground", image=str(folder / "pipe"), question="dogs")


@pytest.mark.parametrize(
    "uri",
    ["region://{id}/R99", "region://{id}", "picture://{id}/R1", "picture://0", "region://x/R1"],
)
def test_addresses_at_which_there_is_nothing(agent: Agent, beach: dict[str, Any], uri: str) -> None:
    with pytest.raises(McpError, match="There is no"):
        agent.read(uri.format(id=beach["session_id"]))


def test_a_model_that_does_not_come_is_told(folder: Path) -> None:
    with over_stdio(*COMMAND, "--server", "http://127.0.0.1:9", log=folder / "no-server") as agent:
        sentence = agent.refusal("ground", image=str(BEACH), question="find the dogs")
    assert "127.0.0.1" in sentence
    assert "Traceback" not in (folder / "no-server").read_text()


@pytest.mark.parametrize("ending", [None, signal.SIGTERM, signal.SIGINT], ids=str)
def test_it_ends_in_order_while_it_is_still_loading(ending: int | None) -> None:
    with subprocess.Popen(
        [*COMMAND, "--model", "nano"],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{json.dumps(START)}\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"]
        if ending is not None:
            process.send_signal(ending)
        rest, errors = process.communicate(timeout=120)
    assert (process.returncode, rest) == (0, "")
    assert "Traceback" not in errors
    assert "Fatal" not in errors


def test_what_libraries_print_goes_elsewhere() -> None:
    code = (
        "import os, subprocess\n"
        "from demo.agents.stdio import Streams\n"
        "streams = Streams.take()\n"
        "print('python', flush=True)\n"
        "os.write(1, b'C')\n"
        "subprocess.run(['echo', 'a process'])\n"
        "streams.taken.write(b'protocol')\n"
        "streams.taken.flush()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        input="x",
        check=True,
    )
    assert done.stdout == "protocol"
    assert done.stderr == "python\nCa process\n"
