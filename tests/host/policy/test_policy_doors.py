"""``holdfast policy``: the doors of a site, what may name them, and locking them down."""

import pytest

from holdfast.access.policy import operations
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import changes as policy_changes
from holdfast_host.policy.state import State

DAY = 86400


def test_doors_have_numbers_that_are_taken_again(office, state):
    """A door that is gone leaves nothing to the next that gets its number."""
    assert office("door", "side", "--zone", "lobby").code == 0
    assert state().doors == {0: "front", 1: "back", 2: "side"}
    assert office("lockdown", "on", "--door", "back").code == 0
    assert office("door", "back", "--remove").code == 0
    assert office("door", "attic").code == 0
    assert state().doors == {0: "front", 1: "attic", 2: "side"}
    assert not state().locked_places and state().doors_in("lobby") == ["front", "side"]
    assert office("zone", "lobby", "--door", "attic", "--add").code == 0
    assert state().zones == {"lobby": frozenset((0, 1, 2))}
    assert office("zone", "lobby", "--empty").code == 0 and state().zones == {"lobby": frozenset()}


def test_a_door_that_something_names_is_not_removed(office):
    """Said with what names it: a group's right at a door nobody knows would open nothing."""
    office("door", "front", "--remove").fails("group 7", "zone lobby")
    assert office("zone", "lobby", "--empty").code == 0
    office("door", "front", "--remove").fails("group 7")
    assert office("group", 7, "--remove").code == 0
    assert office("door", "front", "--remove").code == 0
    office("door", "front", "--remove").fails("no door 'front'")


def test_a_site_has_256_doors_and_no_more():
    """Their numbers are a byte."""
    state = State(doors={number: f"d{number}" for number in range(256) if number != 99})
    assert policy_changes.add_door(state, "last") == [[operations.DOOR, 99, "last"]]
    state.doors[99] = "last"
    assert policy_changes.add_door(state, "last") == []
    with pytest.raises(UsageProblem, match="256 doors"):
        policy_changes.add_door(state, "one more")


def test_a_door_and_a_zone_may_have_one_name(office, state):
    """A place says which of the two it is."""
    assert office("door", "lobby").code == 0
    assert office("group", 8, "--door", "lobby").code == 0
    assert office("group", 8, "--zone", "lobby", "--add", "--schedule", "office").code == 0
    assert state().groups[8] == [[[1, "lobby"], 1, None], [[2, "lobby"], 1, "office"]]
    assert office("lockdown", "on", "--zone", "lobby").code == 0
    assert state().locked_places == [(2, "lobby")]
    assert "lobby (always), zone lobby (office)" in office("show").out


@pytest.mark.parametrize(
    "command",
    [
        ("group", 8, "--door"),
        ("lockdown", "on", "--door"),
        ("lockdown", "off", "--door"),
        ("zone", "lobby", "--door"),
    ],
)
@pytest.mark.parametrize("name", ["frnt", "FRONT", "front2", "lobby"])
def test_a_door_that_nobody_knows_is_refused(office, state, command, name):
    """A lockdown of a door with a slip in its name would be a door that stays open."""
    office(*command, name).fails(f"no door {name!r}", *([] if name == "lobby" else ["'front'"]))


def test_lockdown_of_all_and_of_some(office, state):
    """What is off after on is what was asked, and no more."""
    office("lockdown", "on", "--door", "front", "--door", "back", "--zone", "lobby")
    office("lockdown", "off", "--door", "back")
    assert state().locked_places == [(1, "front"), (2, "lobby")]
    office("lockdown", "on")
    assert state().is_locked and "ALL DOORS" in office("show").out
    assert office("show", "--json").json["lockdown"] is True
    office("lockdown", "off", "--door", "front").fails("whole site is locked down")
    office("lockdown", "off")
    assert not state().is_locked and not state().locked_places
