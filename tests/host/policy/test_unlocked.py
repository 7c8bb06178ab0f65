"""``holdfast policy unlocked``: which doors stand unlocked, in whose hours, and what cannot be."""

import pytest

from holdfast.access.policy.rules import MAX_MODES
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import changes, modes
from holdfast_host.policy.state import State

HOURS = ("schedule", "office", "--weekly", "mon-fri 08:00-18:00")


def test_a_door_stands_unlocked_and_does_so_no_more(policy, state):
    """Each wish one changeset, a second one none, and shown to people and machines."""
    policy(*HOURS)
    first = policy("unlocked", "front", "--schedule", "office")
    assert first.code == 0 and "front stands unlocked in office;" in first.out
    assert state().modes == {0: ("office", 0)}
    again = policy("unlocked", "front", "--schedule", "office", "--json").json
    assert again["changed"] is False
    late = policy("unlocked", "front", "--schedule", "office", "--from-first-grant", "--json").json
    assert late["changed"] is True and late["door"] == "front"
    assert late["unlocked"] == {"schedule": "office", "from_first_grant": True}
    assert state().modes == {0: ("office", 1)}
    assert policy("show", "--json").json["unlocked"] == {"front": late["unlocked"]}
    shown = policy("show").out
    assert "unlocked front" in shown and "office, from the first granted entry on" in shown
    policy("schedule", "office", "--remove").fails("unlocks the door 'front'", "policy unlocked")
    policy("door", "front", "--remove").fails("named by", "unlocks it")
    gone = policy("unlocked", "front", "--remove")
    assert gone.code == 0 and "by no schedule" in gone.out and not state().modes
    assert "nothing to change" in policy("unlocked", "front", "--remove").out
    assert policy("show", "--json").json["unlocked"] == {}
    assert policy("schedule", "office", "--remove").code == 0


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["frnt", "--schedule", "office"], ["no door 'frnt'", "front"]),
        (["back", "--remove"], ["no door 'back'"]),
        (["front", "--schedule", "ofice"], ["no schedule 'ofice'", "office"]),
        (["front"], ["--schedule", "--remove"]),
        (["front", "--from-first-grant"], ["--schedule"]),
        (["front", "--remove", "--schedule", "office"], ["nothing else"]),
        (["front", "--remove", "--from-first-grant"], ["nothing else"]),
        (["a/b", "--schedule", "office"], ["'a/b'"]),
    ],
)
def test_what_cannot_be_is_said_at_the_desk(policy, state, command, words):
    """A door that stays shut on the morning of the move is found out by everybody at once."""
    policy(*HOURS)
    policy("unlocked", *command).fails(*words)
    assert not state().modes


def test_more_than_a_reader_keeps_are_refused_and_one_that_is_there_can_be_changed():
    """A changeset that no reader takes would stop the site's policy for good."""
    state = State()
    state.apply(changes.set_schedule(state, "office", [[[480, 600]]] * 7, []), 0)
    for number in range(MAX_MODES + 1):
        state.apply(changes.add_door(state, f"door-{number}"), 0)
    for number in range(MAX_MODES):
        state.apply(modes.unlock(state, f"door-{number}", "office", False), 0)
    with pytest.raises(UsageProblem, match="32 doors"):
        modes.unlock(state, "door-32", "office", False)
    assert modes.unlock(state, "door-0", "office", True)
    assert not modes.unlock(state, "door-0", "office", False)
    state.apply(modes.lock(state, "door-0"), 0)
    assert modes.unlock(state, "door-32", "office", False)
