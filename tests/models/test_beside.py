"""Which models stay loaded beside the one that runs, on a machine whose memory is a number."""

from __future__ import annotations

from typing import Any

import pytest

from app import parser
from demo.checkpoints.catalogue import Entry
from demo.errors import CheckpointError
from demo.models.available import MAX_SMALL, AvailableModels
from demo.models.beside import MAX_KEPT, MIN_FREE, ModelsBeside
from demo.models.models import Models
from tests.support.table import TableReasoner

GIB = 2**30


class Sized(TableReasoner):
    """A model that takes memory of a machine until it is closed."""

    def __init__(self, machine: Machine, size: int) -> None:
        super().__init__()
        self.machine, self.held_bytes = machine, size
        machine.free -= size

    def close(self) -> None:
        self.machine.free += self.held_bytes


class Machine(AvailableModels):
    """Models by their size in GiB, which is their name."""

    def __init__(self, free: int) -> None:
        super().__init__(parser().parse_args(["--model", "nano"]))
        self.free, self.loads = free * GIB, list[str]()

    def fits_beside(self, entry: Entry) -> bool:
        return size_of(entry) <= self.free

    def is_small(self, entry: Any) -> bool:
        return size_of(entry) <= MAX_SMALL and not entry.name.endswith("card")

    def load(self, entry: Any, _former: object) -> Models:
        self.loads.append(entry.name)
        if "broken" in entry.name:
            raise CheckpointError("It is broken.")
        return Models(Sized(self, size_of(entry)), None, "", "", "", entry=entry)


def size_of(entry: Entry) -> int:
    return int(float(entry.name.split()[0]) * GIB)


def model(name: str) -> Entry:
    return Entry(name, f"/models/{name}")


def asked(machine: Machine, beside: ModelsBeside, *names: str) -> list[bool]:
    """Whether there was room for each of them, asked one after the other."""
    had_room = []
    for name in names:
        had_room.append(beside.make_room(machine, model(name)))
        if had_room[-1]:
            beside.take(machine, model(name), None)
            beside.settle()
    return had_room


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(9)
    monkeypatch.setattr("demo.models.beside.free_memory", lambda _: made.free)
    return made


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        pytest.param(["2 a"], ["2 a"], id="one"),
        pytest.param(["2 a", "2 b", "3 c"], ["2 a", "2 b", "3 c"], id="several small ones"),
        pytest.param(["2 a", "2 b", "2 a"], ["2 b", "2 a"], id="the last asked is the last"),
        pytest.param(["3 a", "3 b", "4 c"], ["3 b", "4 c"], id="no more than there is room for"),
        pytest.param(
            ["2 a", "2 b", "2 a", "3 c", "3 d"], ["2 a", "3 c", "3 d"], id="longest unused first"
        ),
        pytest.param(["2 a", "6 large"], ["2 a", "6 large"], id="a large one beside a small one"),
        pytest.param(["6 large", "2 a"], ["2 a"], id="a large one goes for the next"),
        pytest.param(["6 large", "6 large"], ["6 large"], id="but not for itself"),
        pytest.param(["1 card", "2 a"], ["2 a"], id="one on a card goes for the next"),
        pytest.param(["2 a", "9 huge"], ["9 huge"], id="all go for one that needs it all"),
    ],
)
def test_models_stay_while_there_is_room(
    names: list[str], kept: list[str], machine: Machine
) -> None:
    beside = ModelsBeside()
    assert all(asked(machine, beside, *names))
    assert list(beside.titles) == kept
    assert machine.free == 9 * GIB - beside.held_bytes
    assert len(beside.titles) == 1 or machine.free >= MIN_FREE


def test_one_that_is_kept_is_not_loaded_again(machine: Machine) -> None:
    beside = ModelsBeside()
    first = beside.take(machine, model("2 a"), None)
    asked(machine, beside, "2 b")
    assert beside.take(machine, model("2 a"), None) is first
    assert machine.loads == ["2 a", "2 b"]


def test_one_without_room_finds_none_and_all_others_closed(machine: Machine) -> None:
    beside = ModelsBeside()
    assert asked(machine, beside, "2 a", "2 b", "10 huge") == [True, True, False]
    assert (beside.titles, machine.free) == ((), 9 * GIB)


def test_many_tiny_ones_are_not_kept_without_end(machine: Machine) -> None:
    beside, names = ModelsBeside(), [f"0.1 {n}" for n in range(MAX_KEPT + 2)]
    asked(machine, beside, *names)
    assert list(beside.titles) == names[2:]


def test_one_that_cannot_be_loaded_leaves_the_others(machine: Machine) -> None:
    beside = ModelsBeside()
    asked(machine, beside, "2 a")
    with pytest.raises(CheckpointError):
        asked(machine, beside, "1 broken")
    assert beside.titles == ("2 a",)


def test_memory_that_others_take_meanwhile_is_given_up_for(machine: Machine) -> None:
    beside = ModelsBeside()
    asked(machine, beside, "2 a", "2 b", "2 c")
    machine.free -= 2 * GIB + GIB // 2  # another program's
    beside.settle()
    assert beside.titles == ("2 b", "2 c")
    beside.close()
    assert not beside.titles
    assert beside.held_bytes == 0
