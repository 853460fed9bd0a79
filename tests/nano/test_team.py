"""Several processes that learn as one."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from demo.nano.training.workers import WorkerGroup, run_workers


def _work(folder: Path, group: WorkerGroup) -> None:
    """What the members of these tests do; a new process for each takes its time, so all at once."""
    _mean_of_members(folder, group)
    _a_few_steps(folder, group)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two members have written."""
    made = tmp_path_factory.mktemp("team")
    run_workers(partial(_work, made), 2)
    return made


def _mean_of_members(folder: Path, group: WorkerGroup) -> None:
    given = torch.nn.Parameter(torch.zeros(2, 3))
    unused = torch.nn.Parameter(torch.zeros(4))
    given.grad = torch.full((2, 3), float(group.rank + 1))
    group.average_gradients([given, unused])
    assert given.grad is not None
    assert unused.grad is not None
    (folder / f"{group.rank}.json").write_text(
        json.dumps([given.grad.tolist(), unused.grad.tolist()])
    )


def test_every_member_gets_the_mean_gradient(folder: Path) -> None:
    found = [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]
    assert found == [[[[1.5] * 3] * 2, [0.0] * 4]] * 2


def _a_few_steps(folder: Path, group: WorkerGroup) -> None:
    from demo.nano.training import train  # not where a member only fails
    from demo.nano.training.train import Plan, Trainer
    from tests.nano.conftest import half_as_deep

    plan = Plan(seeing_steps=0, talking_steps=2, talking_pictures=2, pairs=2)
    with patch.object(train, "build_model", half_as_deep):
        trainer = Trainer(folder, plan, "cpu", group=group)
    trainer.run()
    torch.save(trainer.student.state_dict(), folder / f"weights{group.rank}.pt")


def test_members_stay_the_same_and_one_keeps_the_files(folder: Path) -> None:
    one, other = (torch.load(folder / f"weights{rank}.pt") for rank in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert torch.load(folder / "state.pt")["step"] == 2


def _broken(group: WorkerGroup) -> None:
    raise ValueError("a lesson cannot be read")


@pytest.mark.parametrize("size", [1, 2])
def test_what_a_member_raises_is_raised(size: int) -> None:
    with pytest.raises(Exception, match="a lesson cannot be read"):
        run_workers(_broken, size)


def wait_for_ever(port: int, group: WorkerGroup) -> None:
    """Hold a connection, whose other end learns when this process is gone."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.recv(1)


def test_who_kills_the_first_process_ends_all_also_in_the_background() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(120)  # a new process imports torch first
        code = (
            "from functools import partial; from demo.nano.training.workers import run_workers; "
            "from tests.nano.test_team import wait_for_ever as wait; "
            f"run_workers(partial(wait, {server.getsockname()[1]}), 2)"
        )
        # What a shell starts with & is deaf to the signal by which torch ends its processes.
        first = subprocess.Popen(["sh", "-c", f"trap '' INT; exec '{sys.executable}' -c '{code}'"])
        lines = [server.accept()[0] for _ in range(2)]
        first.kill()
        first.wait()
        for line in lines:
            line.settimeout(30)
            assert line.recv(1) == b""
            line.close()


@pytest.mark.parametrize(
    ("size", "share"),
    [
        pytest.param(1, 12, id="alone"),
        pytest.param(2, 6, id="two"),
        pytest.param(32, 1, id="more members than pictures"),
    ],
)
def test_the_pictures_of_a_step_are_shared(size: int, share: int) -> None:
    assert WorkerGroup(0, size).share(12) == share
