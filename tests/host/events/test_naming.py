"""Who was it: the person of that moment, and both where the reader was not sure of the time."""

import pytest

from holdfast_host.events.naming import Names, Wanted
from holdfast_host.register.owners import Owner

KEY = bytes(range(8))
NAMES = Names(
    {KEY: [Owner(1, "Zoë", 100, 200), Owner(2, "Bo", 200, None)]},
    {"zoe": (1, "Zoë")},
    {"0a": "front"},
)


def _event(**said):
    return {
        "number": 1,
        "kind": "access",
        "time": 150,
        "clock": "rtc",
        "card": KEY.hex(),
        "door": "0a",
        **said,
    }


@pytest.mark.parametrize(
    ("said", "person"),
    [
        ({}, "Zoë"),
        ({"time": 199}, "Zoë"),
        ({"time": 200}, "Bo"),
        ({"time": 99}, None),
        ({"time": 200, "clock": "token"}, "Bo"),
        ({"time": 150, "clock": "floor"}, "Zoë or Bo"),
        ({"time": 250, "clock": "floor"}, "Bo"),
        ({"time": None, "clock": "none"}, "Zoë or Bo"),
        ({"card": "ff" * 8}, None),
        ({"card": None, "holder": "zoe"}, "Zoë"),
        ({"card": None, "holder": "eve"}, None),
        ({"card": None}, None),
    ],
)
def test_who_it_was(said, person):
    """A card that was handed over is not the next one's for what happened before."""
    assert NAMES.named(_event(**said)).get("person") == person


@pytest.mark.parametrize(
    ("wanted", "takes"),
    [
        (Wanted(), True),
        (Wanted(people=[1]), True),
        (Wanted(people=[2]), False),
        (Wanted(word=KEY.hex()), True),
        (Wanted(word="eve"), False),
        (Wanted(door="front"), True),
        (Wanted(door="back"), False),
        (Wanted(since=151), False),
        (Wanted(since=150), True),
        (Wanted(reason="access"), True),
        (Wanted(reason="unknown_card"), False),
        (Wanted(late=True), False),
    ],
)
def test_which_are_asked_for(wanted, takes):
    """Each filter by itself."""
    assert wanted.takes(_event(), NAMES) is takes


def test_a_card_that_was_given_back_is_known_again():
    """Whoever tries it is not "unknown": a door may hear late of what was taken back, too."""
    names = Names({KEY: [Owner(1, "Zoë", 100, 200)]})
    assert names.named(_event(time=250, granted=False))["formerly"]
    assert "formerly" not in names.named(_event(time=250, granted=True))
    assert "formerly" not in names.named(_event(time=150, granted=False))
    assert names.named(_event(time=250))["person"] == "Zoë"
