"""Random histories of a reader's clock, against a world that knows the true time.

Whatever happens to its clock and its power, a reader must not take a token for valid that had
ended before a time it knew, must not forget that time, and must not get its grace back by losing
power. As long as nobody lies to it, what it calls the time is the time. Whatever state it came
to, the authority's fresh word puts it right, and what was wrong does not come back.
"""

import collections
import random

import pytest

import access_rules as rules
from holdfast.access.clock.reading import SOURCE_PEER
from holdfast.access.clock.state import GRACE_QUANTUM_S, REACH_S, ClockState

SEQUENCES = 10_000
STEPS = 30
START = 1_800_000_000
DAY = 86_400
GRACE = 6 * 3600
ANCHORS = (rules.site.authority_public(),)
HOLDER = rules.holder({5: None})
GUEST = rules.guest()
POLICY = rules.policy(grace_s=GRACE)
RULES = POLICY.rules


class World:
    """A board, its clocks and the truth; ``honest`` if nobody sets or lies about anything."""

    def __init__(self, rng, honest, seen):
        self.seen = seen  # how often the interesting things happened
        self.rng = rng
        self.honest = honest
        self.true = START + rng.randrange(DAY)
        # Within the data sheet's figure, which is all that an unmeasured clock promises.
        self.rtc_ppm = rng.randrange(-90, 91)
        self.crystal_ppm = rng.randrange(-20, 21)
        self.rtc = float(self.true) if rng.random() < 0.8 else None
        self.up = 0.0
        self.state = ClockState(START)
        self.flash = None
        self.highest_floor = 0  # in this start
        self.durable_floor = 0
        self.by_grace = 0.0  # uptime with grants by grace since the time was last told
        self.last_grace = None
        self.known_from = START  # what the authority has said, for bounds on lies
        # Nobody has touched it, and it has lost no power.
        self.has_sound_clock = self.rtc is not None
        self.dates = []  # of what was signed

    def uptime(self):
        return int(self.up)

    def shown(self):
        return None if self.rtc is None else int(self.rtc)

    def passes(self, seconds):
        self.true += seconds
        self.up += seconds * (1 + self.crystal_ppm / 1e6)
        if self.rtc is not None:
            self.rtc += seconds * (1 + self.rtc_ppm / 1e6)

    # Steps

    def wait(self):
        self.passes(self.rng.choice((1, 20, 600, 1800, 3600, 8 * 3600, 3 * DAY, 40 * DAY)))

    def power_cut(self):
        """Off for a while; an RTC without a battery begins anew, and only flash remains."""
        off = self.rng.choice((1, 60, 3600, 2 * DAY, 100 * DAY))
        self.true += off
        if self.rtc is not None:
            self.rtc += off * (1 + self.rtc_ppm / 1e6)
            if self.rng.random() < 0.3:
                self.rtc = 946_684_800.0
                self.has_sound_clock = False
        self.up = 0.0
        self.state = (
            ClockState(START) if self.flash is None else ClockState.restored(self.flash, START)
        )
        assert self.state.floor >= self.durable_floor, "what flash held was forgotten"
        self.highest_floor = self.state.floor
        self.last_grace = None

    def restart(self):
        """Without a power cut: the RTC goes on."""
        self.passes(self.rng.choice((1, 5)))
        self.up = 0.0
        if self.flash is not None:
            self.state = ClockState.restored(self.flash, START)
        else:
            self.state = ClockState(START)
        self.highest_floor = self.state.floor
        self.last_grace = None

    def save(self, cut=0.2):
        """As the store does it; now and then the power goes before it is durable."""
        wanted = self.state.needs_saving(
            self.uptime(), self.shown(), RULES.grace_s, RULES.max_uncertainty_s
        )
        if not wanted:
            return
        record = self.state.to_save()
        if self.rng.random() < cut:
            if self.rng.random() < 0.5:
                self._durable(record)  # durable, but the program never heard of it
            self.power_cut()
            return
        self._durable(record)
        self.state.was_saved(record)
        assert not self.state.needs_saving(
            self.uptime(), self.shown(), RULES.grace_s, RULES.max_uncertainty_s
        ), "saving does not help"

    def _durable(self, record):
        assert record[0] >= min(self.durable_floor, self.state.floor), "the floor in flash fell"
        self.flash, self.durable_floor = record, record[0]

    def sync(self):
        """Somebody tells the time, and is right about how right they are."""
        error = self.rng.choice((0, 2, 30, 600))
        time = int(self.true) + self.rng.randint(-error, error)
        if self.rng.random() < 0.3:
            return self.word()
        before = self.state.floor
        if self.state.synced(SOURCE_PEER, time, error, self.uptime(), self.shown()):
            self._told()
        elif self.honest and time <= self.known_from + REACH_S:
            raise AssertionError(f"{time} refused, at {self.true}: {self.allowed()}, {before}")

    def word(self):
        """The authority's, asked for a while ago."""
        age = self.rng.choice((0, 1, 30, 600))
        asked = max(1, int(self.true) - self.rng.randint(0, age))
        assert self.state.corrected(asked, asked + age + 2, self.uptime(), self.shown())
        self._told()
        self.known_from = asked
        self.highest_floor = self.state.floor
        reading = self.state.reading(self.uptime(), self.shown(), RULES.max_uncertainty_s)
        assert abs(reading.now - self.true) <= reading.uncertainty + 1, "not put right"
        assert reading.is_trusted(RULES.max_uncertainty_s) and self.state.floor <= self.true

    def allowed(self):
        state = self.state
        return state._intervals.allowed(state.floor, state._attested + REACH_S)

    def _told(self):
        known = self.state.reading(self.uptime(), self.shown(), RULES.max_uncertainty_s)
        if known.is_trusted(RULES.max_uncertainty_s):
            self.by_grace = 0.0
            self.last_grace = None

    def token(self):
        """A token of the authority, issued lately or long ago."""
        issued = int(self.true) - self.rng.choice((0, 60, DAY, 90 * DAY))
        self._hear(issued)

    def _hear(self, issued):
        HOLDER.issued_at = issued
        self.dates.append(issued)
        before = self.state.floor
        raised = self.state.heard_token(HOLDER, ANCHORS, self.uptime(), self.shown())
        assert self.state.floor >= before
        if raised:
            self.known_from = max(self.known_from, issued)
        if self.state.dated_ahead:
            self.seen["dated ahead"] += 1
            assert self.state.floor == before, "a date ahead moved the floor"
            assert not self.honest

    def visitor(self):
        """A guest's token dated ahead, made with a key from a reader that was taken off its wall:
        it moves nothing.
        """
        ahead = int(self.true) + self.rng.choice((DAY, 1000 * DAY))
        self.state.reading(self.uptime(), self.shown(), RULES.max_uncertainty_s)
        before = self.state.floor
        GUEST.issued_at = ahead
        assert not self.state.heard_token(GUEST, ANCHORS, self.uptime(), self.shown())
        assert self.state.floor == before

    def lie(self):
        """What no honest world does: a clock that is set, a peer or a token that lies."""
        way = self.rng.randrange(4)
        far = self.rng.choice((-400, -3, 3, 30, 200, 900)) * DAY
        if way == 0 and self.rtc is not None:
            self.rtc += self.rng.choice((far, 3, -3, 600))
            self.has_sound_clock = False
        elif way == 1:
            self.rtc = None if self.rtc is not None else float(self.true)
            self.has_sound_clock = False
        elif way == 2:
            told = max(1, int(self.true) + self.rng.choice((far, 200, -200)))
            before = self.state.floor
            if self.state.synced(SOURCE_PEER, told, 2, self.uptime(), self.shown()):
                self._told()
                self.seen["moved"] += self.state.is_moved
                bound = max(self.known_from + REACH_S, self.allowed()[1])
                assert told <= bound + 5, "a peer reached beyond its bound"
            passed = self.state.floor - before
            assert passed <= max(40 * DAY, self.up), "a peer raised the floor"
        else:
            issued = max(1, int(self.true) + far)
            self._hear(issued)

    # What must hold after each

    def check(self):
        self.save(cut=0)
        reading = self.state.reading(self.uptime(), self.shown(), RULES.max_uncertainty_s)
        floor = self.state.floor
        assert floor >= self.highest_floor, "the floor fell"
        assert floor >= self.durable_floor
        self.highest_floor = floor
        assert reading.now is None or reading.now >= floor
        trusted = reading.is_trusted(RULES.max_uncertainty_s)
        if self.honest:
            # The skew allowed to whoever issues tokens is not drawn on here: what is signed here
            # is signed on time.
            assert floor <= self.true, (floor, self.true)
            if trusted:
                assert abs(reading.now - self.true) <= reading.uncertainty + 1
        if self.has_sound_clock and floor <= self.true:
            # Whoever lied meanwhile: what the authority knew, the board's clock has carried on.
            earliest, latest = self.allowed()
            assert earliest - 2 <= self.true <= latest + 2, (earliest, self.true, latest)
        self.seen[reading.source] += 1
        self._no_ended_token(reading, floor)
        self._grace(reading, trusted)

    def _no_ended_token(self, reading, floor):
        for ends in (floor - DAY, floor - 1, floor, self.durable_floor):
            HOLDER.expires = ends
            decision = rules.ask(HOLDER, POLICY, reading)
            assert not decision.granted, "a token past its expiry at the floor opened"

    def _grace(self, reading, trusted):
        HOLDER.expires = (reading.now or 0) + DAY
        decision = rules.ask(HOLDER, POLICY, reading)
        self.seen["by grace" if decision.by_grace else decision.reason_name] += 1
        assert decision.by_grace == (decision.granted and not trusted)
        if decision.by_grace:
            # Uptime between two grants by grace of one start, and none of it twice.
            if self.last_grace is not None:
                self.by_grace += self.up - self.last_grace
            self.last_grace = self.up
            assert self.by_grace <= GRACE + GRACE_QUANTUM_S, "power cuts gave the grace back"
            assert self.state.to_save()[2] >= int(self.by_grace) - STEPS, "grace used, not charged"
        elif trusted:
            self.last_grace = None


    def is_repaired(self):
        """The authority's word puts it right, and what was wrong does not come back: not with what
        is in force and read at each start, before the word and after it.
        """
        for date in self.dates:
            self.state.heard_signed(date, self.uptime(), self.shown())
        self.word()
        self.save(cut=0)
        for rtc in (None, self.rtc):
            self.true += 60
            self.up = 0.0
            self.rtc = None if rtc is None else rtc + 60
            state = ClockState.restored(self.flash, START)
            for date in self.dates:
                if date > self.true:
                    state.heard_signed(date, 0, self.shown())
            assert state.floor <= self.true + 1, "a date that was corrected came back"
            reading = state.reading(1, self.shown(), RULES.max_uncertainty_s)
            assert self.true - 800 <= reading.now <= self.true + 303


HONEST = ("wait", "wait", "wait", "save", "power_cut", "restart", "sync", "token", "visitor")
LYING = (*HONEST, "lie", "lie")


def run(seed, honest, seen):
    rng = random.Random(seed)
    world = World(rng, honest, seen)
    trace = []
    try:
        for _ in range(STEPS):
            step = rng.choice(HONEST if honest else LYING)
            trace.append(step)
            getattr(world, step)()
            world.check()
        world.is_repaired()
    except AssertionError as error:
        raise AssertionError(f"seed {seed}, {trace}: {error}") from error


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("honest", [True, False])
def test_random_clock_sequences(part, honest):
    """10,000 histories: no ended token, no floor that falls, no grace out of the socket; and in
    those without a lie, no time that is not true.
    """
    share = SEQUENCES // 8
    seen = collections.Counter()
    for seed in range(part * share, (part + 1) * share):
        run(seed, honest, seen)
    for what in ("rtc", "peer", "authority", "token", "floor", "by grace", "grace_over"):
        assert seen[what] > share / 10, (what, seen)
    for what in () if honest else ("dated ahead", "moved"):
        assert seen[what] > share / 20, (what, seen)
