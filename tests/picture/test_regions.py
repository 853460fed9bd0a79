"""Regions: numbered in order, changed only by making a new registry, named in sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.errors import QuestionError, UnknownRegionError
from demo.picture.geometry import PictureBox
from demo.picture.regions import Origin, Region, RegionObject, Registry

BOX = PictureBox(1, 2, 30, 40)


def objects(count: int) -> list[RegionObject]:
    return [RegionObject("", BOX) for _ in range(count)]


def registry(*counts: int) -> Registry:
    """One region for each number, with that many objects."""
    made = Registry()
    for count in counts:
        made, _ = made.add(objects(count))
    return made


def test_regions_and_objects_are_named_in_order() -> None:
    made = registry(1, 2)
    assert made.names() == ("R1", "R2", "R1.1", "R2.1", "R2.2")
    assert [region.number for region in made] == [1, 2]
    assert len(made) == 2


def test_adding_leaves_the_former_registry_as_it_was() -> None:
    before = registry(1)
    after, region = before.add(objects(2), origin=Origin.USER, label="a cup")
    assert before == registry(1)
    assert region == Region("R2", region.objects, Origin.USER, "a cup")
    assert after.region("R2") is region


def test_a_region_without_objects_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one object"):
        Registry().add([])


def test_a_removed_number_is_not_given_out_again() -> None:
    after = registry(1, 1).remove("R2")
    assert after.names() == ("R1", "R1.1")
    again, region = after.add(objects(1))
    assert region.id == "R3"
    assert again.names() == ("R1", "R3", "R1.1", "R3.1")


def test_replacing_keeps_place_and_numbers() -> None:
    made = registry(1, 1, 1)
    hidden = Region("R2", made.region("R2").objects, hidden=True)
    after = made.replace(hidden)
    assert [r.id for r in after] == ["R1", "R2", "R3"]
    assert after.region("R2").hidden
    assert after.next_number == made.next_number


@pytest.mark.parametrize(
    ("name", "found"),
    [
        pytest.param("R2", ["R2.1", "R2.2"], id="a region is all its objects"),
        pytest.param("R2.2", ["R2.2"], id="one object"),
    ],
)
def test_objects_of_a_name(name: str, found: list[str]) -> None:
    made = registry(1, 2)
    assert [o.id for o in made.objects(name)] == found
    assert made.region(name).id == "R2"
    assert name in made


@pytest.mark.parametrize("name", ["R3", "R2.3", "R2.", "R2.1.1", "r2", "", "R", ".1", "R2.01"])
def test_an_unknown_name_is_refused_with_those_there_are(name: str) -> None:
    made = registry(1, 2)
    assert name not in made
    with pytest.raises(UnknownRegionError, match="You can cite R1 and R2"):
        made.objects(name)


def test_the_sentence_of_an_empty_registry_says_what_to_expect() -> None:
    with pytest.raises(QuestionError, match="There is no R1 yet: nothing has been found or drawn"):
        Registry().region("R1")


def test_the_sentence_lists_all_regions() -> None:
    assert (
        registry(1, 1, 1).no_such_name("R9") == "There is no R9 here. You can cite R1, R2 and R3."
    )


def test_an_unknown_region_cannot_be_removed_or_replaced() -> None:
    made = registry(1)
    with pytest.raises(UnknownRegionError):
        made.remove("R7")
    with pytest.raises(UnknownRegionError):
        made.replace(Region("R7", tuple(objects(1))))
    assert made == registry(1)


@given(st.lists(st.one_of(st.none(), st.integers(0, 30)), max_size=30))
def test_numbers_only_grow(acts: list[int | None]) -> None:
    """None adds a region; a number removes one of those there are."""
    made, given_out = Registry(), list[str]()
    for act in acts:
        if act is None:
            made, region = made.add(objects(1))
            given_out.append(region.id)
        elif len(made):
            made = made.remove(made.regions[act % len(made)].id)
    assert given_out == [f"R{i}" for i in range(1, len(given_out) + 1)]
    assert [r.number for r in made] == sorted(r.number for r in made)
