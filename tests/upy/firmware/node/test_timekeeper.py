"""The reader's time while its flash fails: a no until it is known what time it was, and nothing
that was learnt in between undoes what flash knows.
"""

INTERPRETERS = ("micropython", "cpython")

import small_site as site
from access_rules import holder, rules
from carrier import StillHardware
from harness import raises
from holdfast.access import reason
from holdfast.access.clock.state import ClockState
from holdfast.node import timekeeper
from holdfast.node.timekeeper import Timekeeper
from untrusted import InvalidInput


class _World(StillHardware):
    """Clock, ticks and a store that lasts over ``start``; ``failing`` names calls that fail."""

    def __init__(self, now=site.NOW):
        super().__init__(now)
        self.saved = None
        self.saves = 0
        self.failing = {}
        self.faults = []
        self.rules = rules()

    def start(self, enrolled_at=site.NOW - site.DAY):
        return Timekeeper(
            self, self, self._store, lambda: self.rules, enrolled_at, self.faults.append
        )

    def _store(self):
        self._may_fail("open")
        return self

    def load(self):
        self._may_fail("load")
        return self.saved

    def save(self, state):
        self._may_fail("save")
        self.saved = state
        self.saves += 1

    def _may_fail(self, call):
        if call in self.failing:
            raise self.failing[call]


def test_a_changeset_heard_before_the_first_reading_counts():
    """A start tells it the policy's date first of all. It was lost with what was read from flash
    after it: the floor fell behind what the authority had signed.
    """
    world = _World(now=None)
    keeper = world.start()
    keeper.heard_signed(site.NOW + 5000, "changeset")
    assert keeper.read().now >= site.NOW + 5000
    other = _World(now=None)
    keeper = other.start()
    keeper.heard_token(holder({6: site.NOW + 7000, 5: site.NOW}))
    assert keeper.read().now >= site.NOW + 7000


def test_what_time_it_was_cannot_be_read_and_then_can():
    """No time is too late for a clock whose memory is shut; nobody needs to restart it."""
    for call in ("open", "load"):
        world = _World()
        world.start().read()
        state = ClockState.restored(world.saved) if world.saved else ClockState(site.NOW)
        world.failing[call] = OSError(5)
        keeper = world.start()
        for _ in range(3):
            assert keeper.read().fault == reason.CLOCK_DAMAGED
        assert world.faults[-1] is world.failing[call]
        world.failing.clear()
        assert keeper.read().fault == 0 and keeper.read().now >= state.floor
        assert world.faults[-1] is None


def test_nobody_tells_the_time_to_a_reader_that_cannot_look_up_what_it_was():
    """It was believed, and thrown away with the first reading that worked: time went back."""
    world = _World(now=None)
    world.failing["load"] = OSError(5)
    keeper = world.start()
    raises(OSError, keeper.told, site.NOW + 100, 1)
    world.failing.clear()
    assert keeper.told(site.NOW + 100, 1) is True
    before = keeper.read().now
    assert abs(before - site.NOW - 100) <= 40
    assert keeper.read().now >= before


def test_grace_that_cannot_be_charged_is_none():
    """Otherwise a flash that cannot be written would be an endless grace."""
    world = _World(now=None)
    world.failing["save"] = OSError(28)
    keeper = world.start()
    reading = keeper.read()
    assert reading.grace_used > rules().grace_s
    assert world.faults[-1] is world.failing["save"]
    world.failing.clear()
    assert keeper.read().grace_used <= rules().grace_s and world.saves == 1
    assert world.faults[-1] is None


def test_memory_that_is_damaged_is_damaged_until_the_time_is_told():
    """Damage is not a failure that passes: only somebody who knows the time mends it."""
    world = _World(now=None)
    world.failing["load"] = InvalidInput("no record can be believed")
    keeper = world.start()
    for _ in range(3):
        assert keeper.read().fault == reason.CLOCK_DAMAGED
    assert keeper.told(site.NOW, 5)
    assert keeper.read().fault == 0 and world.saves
    world.failing.clear()
    assert world.start().read().fault == 0


def test_a_clock_that_shows_what_none_can():
    """A broken chip reads as ones, or as zeros before 1970. It was believed, and what was kept of
    it could not be read again.
    """
    for now in (-1, 1 << 32, 1 << 40, 1 << 70):
        world = _World(now)
        world.start().read()
        keeper = world.start()
        reading = keeper.read()
        assert reading.source != "rtc" and reading.fault == 0, now
        assert keeper.told(site.NOW, 1)
        reading = keeper.read()
        assert abs(reading.now - site.NOW) < 100
        assert world.start().read().fault == 0


def test_ticks_that_stand_still_or_go_back_never_take_uptime_back():
    """Uptime is what grace, PINs and the crowd are counted by."""
    world = _World()
    keeper = world.start()
    world.elapsed = lambda: world._passed_ms
    before = keeper.uptime()
    for passed in (0, 999, 1, -5000, 3000000, -1, 0):
        world._passed_ms += passed
        now = keeper.uptime()
        assert now >= before
        before = now


async def test_no_memory_for_a_look_at_the_time_is_not_the_last_look():
    """The task that looks now and then must be there when there is memory again."""

    class Stop(Exception):
        pass

    world = _World()
    keeper = world.start()
    looks = []

    def load():
        looks.append(1)
        if len(looks) == 3:
            raise Stop
        raise MemoryError

    async def no_sleep(_):
        pass

    genuine = timekeeper.asyncio
    keeper._load = load

    class Quick:
        sleep = no_sleep

    timekeeper.asyncio = Quick
    try:
        await keeper.run()
    except Stop:
        pass
    finally:
        timekeeper.asyncio = genuine
    assert len(looks) == 3
