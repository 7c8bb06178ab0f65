"""Random hours at a door with contact, exit button and schedule, held against a plain reference.

Doorway, exit, contact and what is told of them are the firmware's own, put together as a door
unit puts them; only what happens is made up. An event too many is a guard sent out for nothing,
one too few a burglar nobody hears of.
"""

import os
import random

from holdfast.access.events.event import kind_name
from holdfast.door import monitor
from holdfast.door.doorway import Doorway
from holdfast.door.faults import Faults
from holdfast.door.indicator import Indicator
from holdfast.door.watched import Watched
from model.reference_doorway import Look, told
from watched_door import Hardware

HISTORIES = 40 if os.environ.get("HOLDFAST_TORTURE") != "1" else 2000
LOOKS = 800
LOOK_MS, HELD_MS, STRIKE_MS = 50, 4000, 1000
STATES = {
    monitor.SECURED: "secured",
    monitor.RELEASED: "released",
    monitor.UNLOCKED: "unlocked",
    monitor.OPEN: "open",
    monitor.HELD: "held",
    monitor.FORCED: "forced",
}
# How likely each is at a look; people, a flapping contact, and somebody who leans on the button.
MOODS = (
    {"leaf": 0.03, "grant": 0.02, "press": 0.02, "hours": 0.004},
    {"leaf": 0.3, "grant": 0.01, "press": 0.01, "hours": 0.0},
    {"leaf": 0.01, "grant": 0.05, "press": 0.0, "hours": 0.0},
    {"leaf": 0.008, "grant": 0.004, "press": 0.05, "hours": 0.01},
    {"leaf": 0.02, "grant": 0.0, "press": 0.0, "hours": 0.0},
)


class _World:
    """One door; ``looks`` is what was seen, ``noted`` what it told at each of them."""

    def __init__(self, rng):
        self.rng = rng
        self.hardware = Hardware(("contact", "rex"))
        faults = Faults()
        indicator = Indicator(self.hardware, self.hardware, faults)
        self.doorway = Doorway(self.hardware, indicator, self.hardware)
        self.watched = Watched(
            "lobby",
            STRIKE_MS,
            self.hardware.inputs,
            self.hardware,
            self.doorway,
            self.hardware,
            self,
            faults,
            HELD_MS,
        )
        self.doorway.exit = self.watched.exit
        self.pins = self.hardware.inputs
        self.looks, self.noted, self.states = [], [], []
        self.now = []
        self.stands = False
        self.pins["contact"].is_on = rng.random() < 0.3  # as it starts
        self.heard = None  # by the last look
        self.steady = None
        self.doorway.start()
        self.watched.start()

    def note(self, kind, fields):
        assert fields["door"] == "lobby"
        name = kind_name(kind)
        if name == "contact":
            name = "open at the start" if fields["on"] else "shut"
        self.now.append(name)

    def step(self, mood):
        rng, doorway = self.rng, self.doorway
        grants, exits = doorway.grants, self.watched.exit.count
        self.hardware.wait(LOOK_MS)
        if rng.random() < mood["leaf"]:
            self.pins["contact"].set(not self.pins["contact"].is_on)
        if rng.random() < mood["grant"]:
            doorway.grant(rng.choice((100, STRIKE_MS, 5000)))
        if rng.random() < (0.2 if self.pins["rex"].is_on else mood["press"]):
            self.pins["rex"].set(not self.pins["rex"].is_on)
        if rng.random() < mood["hours"]:
            self.stands = not self.stands
            if not self.stands:
                self._keeping(doorway.lock)
        if rng.random() < 0.003:  # the door's task has failed too often (DoorUnit.set_faulty)
            doorway.close()
            self.watched.exit.again()
            self.stands = False
        if self.stands and doorway.unlocked_ms < 5000:
            doorway.unlock(10000)
        self.watched.look()
        self._hear()
        exit_ms = self.watched.exit.left_ms
        seen = Look(
            self.steady,
            doorway.grants - grants,
            doorway.granted_ms,
            self.watched.exit.count - exits,
            exit_ms,
            self.stands,
        )
        self.looks.append(seen)
        self.noted.append({name for name in self.now if name != "rex"})
        assert (self.now.count("rex") == 1) == bool(seen.exits)
        self.now = []
        self.states.append(STATES[self.watched.status[0]])
        # The strike goes by these three, and by no contact.
        leave = max(doorway.granted_ms, exit_ms, doorway.unlocked_ms)
        assert self.hardware.released == (leave > 0)
        assert not self.pins["rex"].is_on or self.hardware.released

    def _keeping(self, act):
        """Nobody's time is cut short by that."""
        left = max(self.doorway.granted_ms, self.watched.exit.left_ms)
        act()
        assert max(self.doorway.granted_ms, self.watched.exit.left_ms) == left

    def _hear(self):
        is_open = self.pins["contact"].is_on
        if is_open == self.heard or self.heard is None:
            self.steady = is_open
        self.heard = is_open


def test_random_hours_at_a_door():
    """Every event and every state, at the very look; floods are another test's."""
    found = set()
    for seed in range(HISTORIES):
        world = _World(random.Random(seed))
        for mood in random.Random(-seed).sample(MOODS, len(MOODS)):
            for budget in world.watched._budgets.values():
                budget.pass_time(1 << 30)
            for _ in range(LOOKS // len(MOODS)):
                world.step(mood)
        what, states = told(world.looks, HELD_MS // LOOK_MS)
        for at in range(LOOKS):
            assert (world.noted[at], world.states[at]) == (what[at], states[at]), (seed, at)
            found |= what[at] | {"now " + states[at]}
    assert len(found) == 12, found  # six events, six states: none of it was left out
