"""``holdfast policy carrier``: for which side of which door a reader without a strike carries."""

import pytest

from holdfast.access.policy.rules import MAX_CARRIERS
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import carriers, changes
from holdfast_host.policy.state import State


def test_a_carrier_carries_for_one_side_of_one_door_and_does_so_no_more(policy, state):
    """Each wish one changeset, a second one none, and shown to people and machines."""
    first = policy("carrier", "wall-1", "--door", "front")
    assert first.code == 0 and "wall-1 carries for the door front, in;" in first.out
    assert state().carriers == {"wall-1": (0, 1)}
    again = policy("carrier", "wall-1", "--door", "front", "--json").json
    assert again["changed"] is False
    out = policy("carrier", "wall-1", "--door", "front", "--side", "out", "--json").json
    assert out["changed"] is True and out["side"] == "out"
    assert state().carriers == {"wall-1": (0, 2)}
    shown = policy("show", "--json").json["carriers"]
    assert shown == {"wall-1": {"door": "front", "side": "out"}}
    assert "for front, out" in policy("show").out
    policy("door", "front", "--remove").fails("the carrier wall-1")
    gone = policy("carrier", "wall-1", "--remove")
    assert gone.code == 0 and "carries for no door" in gone.out and not state().carriers
    assert "nothing to change" in policy("carrier", "wall-1", "--remove").out


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["wall-1", "--door", "frnt"], ["no door 'frnt'", "front"]),
        (["wall-1"], ["--door", "--remove"]),
        (["wall-1", "--remove", "--door", "front"], ["nothing else"]),
    ],
)
def test_what_cannot_be_is_said_at_the_desk(policy, state, command, words):
    policy("carrier", *command).fails(*words)
    assert not state().carriers


def test_more_than_a_node_keeps_are_refused_and_one_that_is_there_can_be_changed():
    """A changeset that no reader takes would stop the site's policy for good."""
    state = State()
    state.apply(changes.add_door(state, "front"), 0)
    for number in range(MAX_CARRIERS):
        state.apply(carriers.carry(state, f"wall-{number}", "front", 1), 0)
    with pytest.raises(UsageProblem, match="32 devices"):
        carriers.carry(state, "wall-32", "front", 1)
    assert carriers.carry(state, "wall-0", "front", 2)
    assert not carriers.carry(state, "wall-0", "front", 1)
