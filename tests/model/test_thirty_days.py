"""Thirty days of a house without network: those who live there get in, those whose time is over do
not, and no event is lost.

A whole reader and nobody behind it: five hundred wishes a day by phone, card and PIN, the power
cut once a day, the board's clock lost four times, once for longer than grace lasts. Every answer
is held against what the people in the house would say, who know what time it is.
"""

import asyncio
import collections
import random

import pytest

import small_site as site
from coap import code
from holdfast.access import Request, Trust, reason
from holdfast.access.events import batch as event_batch
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.tag import CARD, PIN, card_key
from holdfast.node import stores
from holdfast.storage.events.log import EventLog
from holdfast_host.events.check import check
from memory_phone import Phone, cold, make_reader, show_card
from model.three_doors import READER, BoardHardware, quickly

DAYS, A_DAY = 30, 500
HOUR, DAY, START = 3600, 86400, site.NOW
# Nobody says to the minute when a credential ends by a clock that may be a quarter of an hour off.
UNSURE = 900
# Days on which the power comes back without the board's clock, and hours until somebody comes with
# the time: within the grace of 36 hours, but for the last.
LOST = {4: 20, 11: 23, 17: 6, 25: 60}
GRACE = 36 * HOUR
LONGEST_CUT = 600
LAST_SEEN = dict(zip((1, 9, 13, 17), LOST, strict=True))
HOURS = ((7 * 60, 22 * 60),)
SCHEDULE = [3, "days", [[[420, 1320]]] * 7, []]

Resident = collections.namedtuple("Resident", "name ways expires bound")


def cut_hour(day):
    """In which hour of the day the power is cut."""
    return 7 * day % 24


def residents():
    """Who lives there: most for longer than the month, some not; every fifth only by day."""
    people = []
    for number in range(40):
        ends = None if number % 4 else START + (2 + number * 17 // 24) * DAY + number * 700
        if number in LAST_SEEN:
            # So shortly before that only a reader that knew the time by its clock can know it.
            day = LAST_SEEN[number]
            ends = START + day * DAY + cut_hour(day) * HOUR - 3 * HOUR
        ways = ("phone", "card", "pin")[: 1 + number % 3]
        people.append(Resident(f"resident {number}", ways, ends, number % 5 == 0))
    return people


class House:
    """The door, its people, and what must be in its event log at the end."""

    def __init__(self, capacity, monkeypatch):
        def log(directory, *keys):
            return EventLog(directory, *keys, capacity=capacity)

        monkeypatch.setattr(stores, "EventLog", log)
        self.rng = random.Random(30)
        self.hardware = BoardHardware(START)
        self.now = START
        self.people = residents()
        self.lost_at: int | None = None  # uptime without a clock counts as grace from here
        self.cuts_without_clock = 0
        self.decisions = []
        self.seen = collections.Counter()
        self.reader = make_reader(self.hardware, policy=False)
        self.folder = self.reader.stores._directory.rsplit("/", 1)[0]
        trust = Trust(site.SITE, [site.authority_public()])
        self.credentials = {}
        for number, one in enumerate(self.people):
            claims = {
                2: one.name,
                4: one.expires or START + 90 * DAY,
                7: number.to_bytes(8, "big"),
            }
            if one.bound:
                claims[-65538] = "days"
            self.credentials[one.name] = trust.authenticate(site.holder_token(changes=claims))
        self._order()

    def _order(self):
        """The only changesets there are: the network has been gone since."""
        here = [1, site.DOOR]
        orders = [[1, 0, None], *site.HERE, SCHEDULE]
        orders += [[5, 1, [[here, 1, None]]], [5, 2, [[here, 1, "days"]]]]
        for number, one in enumerate(self.people):
            for kind, shown in ((CARD, self._card(number)), (PIN, self._pin(number).encode())):
                key = card_key(site.LOOKUP_KEY, kind, shown)
                orders.append([6, key, 2 if one.bound else 1, one.expires])
        number, previous = 1, bytes(32)
        while orders:
            raw = site.changeset(orders[:30], number, previous, START)
            self.reader.apply(raw)
            number, previous = number + 1, self.reader.stores.rules.head
            del orders[:30]

    @staticmethod
    def _card(number):
        return b"card %d" % number

    @staticmethod
    def _pin(number):
        return "%06d" % (100000 + 7919 * number)

    # Day by day

    def live(self, days):
        for day in range(days):
            for hour in range(24):
                if hour == cut_hour(day):
                    self._power_cut(day in LOST)
                self._hour(A_DAY // 24 + (hour < A_DAY % 24))
                if self.lost_at is not None and self.now >= self.told_at:
                    self._told()
            if day in (3, 20):
                asyncio.run(self._phone_over_the_link(day))

    def _hour(self, wishes):
        """An hour with so many wishes, and looks at the clock as often as grace needs."""
        moments = sorted(self.rng.randrange(HOUR) for _ in range(wishes))
        for moment in (*moments, HOUR):
            self._passes(moment - self.now % HOUR if moment < HOUR else HOUR - self.now % HOUR)
            if moment < HOUR:
                self._wish()

    def _passes(self, seconds):
        while seconds > 0:
            step = min(seconds, 1200)
            self.now += step
            self.hardware.ticks_ms += 1000 * step
            if self.hardware.now is not None:
                self.hardware.now += step
            seconds -= step
            self.reader.timekeeper.read()

    def _power_cut(self, clock_is_lost):
        # Mostly just before the clock's state would have been saved.
        self._passes(self.rng.randrange(2400, 3000))
        self.reader.door.close()
        off = self.rng.randrange(20, LONGEST_CUT)
        off = min(off, HOUR - 1 - self.now % HOUR)
        self.now += off
        if clock_is_lost:
            self.lost_at, self.told_at = (
                self.now,
                self.now + LOST[(self.now - START) // DAY] * HOUR,
            )
        if self.lost_at is not None:
            self.hardware.now = None
            self.cuts_without_clock += 1
        else:
            self.hardware.now += off
        self.reader = make_reader(self.hardware, directory=self.folder, policy=False)
        self.seen["power cut"] += 1

    def _told(self):
        """Somebody comes with the time, and with a battery for the clock."""
        self.hardware.now = self.now
        assert self.reader.told_time(self.now, 5)
        self.lost_at, self.cuts_without_clock = None, 0
        self.seen["time told"] += 1

    # One wish

    def _wish(self):
        number = self.rng.randrange(len(self.people))
        one = self.people[number]
        way = self.rng.choice(one.ways)
        if way == "phone":
            wish = Request(self.credentials[one.name], site.DOOR, 1, True)
            why = self.reader.doors[site.DOOR].access_point.ask(wish, {}).reason_name
        else:
            if way == "card":
                show_card(self.reader, self._card(number))
            else:
                self.reader.card_reader.pin(self._pin(number))
            why = self.hardware.lines[-1]["reason"]
        self._is_right(one, why)
        self.decisions.append(why)
        self.seen[why] += 1
        self.reader.door.close()
        self.hardware.lines.clear()

    def _is_right(self, one, why):
        about = (one, why, (self.now - START) / DAY, self.lost_at)
        if one.expires is not None and self.now >= one.expires:
            if self.lost_at is None:
                assert why == "expired", about
            elif self.lost_at >= one.expires + UNSURE + HOUR:
                # It had ended while the reader still knew the time.
                assert why in ("expired", "pin_locked"), about
                self.seen["expired without clock"] += 1
            return
        if one.expires is not None and self.now >= one.expires - UNSURE:
            return
        if self.lost_at is not None:
            self._is_right_by_grace(one, why, self.now - self.lost_at, about)
        elif one.bound and not any(start <= self.now % DAY // 60 < end for start, end in HOURS):
            assert why == "outside_schedule", about
        else:
            assert why == "granted", about

    def _is_right_by_grace(self, one, why, without, about):
        # Each start without a clock may cost half an hour of grace.
        if without < GRACE - (self.cuts_without_clock + 1) * 1800:
            assert why == ("clock_uncertain" if one.bound else "granted"), about
            self.seen["by grace"] += why == "granted"
        elif without > GRACE + self.cuts_without_clock * LONGEST_CUT:  # it is uptime that counts
            assert why == "grace_over", about

    async def _phone_over_the_link(self, day):
        """The same through handshake and protection, by a phone that was never here."""
        phone = Phone(number=1000 * day)
        call, answer, _ = await cold(self.reader, phone)
        await call.hang_up()
        assert answer == code.CHANGED
        self.reader.door.close()
        self.decisions.append("granted")
        self.seen["cold"] += 1

    # At the end

    def report(self):
        batches = event_batch.decode(self.reader.stores.events().batch(-1, 1 << 24, 0))
        return check(
            batches, lambda root: event_record.auditor_root(site.AUDIT_PRIVATE, root, READER)
        )


@pytest.fixture
def quick_files(monkeypatch):
    quickly(monkeypatch)


def test_thirty_days_without_network(quick_files, monkeypatch):
    """15,000 wishes, 30 power cuts, 4 lost clocks: right answers, and a log that has them all."""
    house = House(4 << 20, monkeypatch)
    house.live(DAYS)
    seen = house.seen
    print(dict(sorted(seen.items())))
    assert len(house.decisions) == DAYS * A_DAY + seen["cold"]
    for met in ("expired", "grace_over", "clock_uncertain", "by grace", "expired without clock"):
        assert seen[met] > 20, met
    report = house.report()
    assert not report.findings and report.proven == len(report.events)
    kept = [
        reason.name(shown.event.fields["reason_code"])
        for shown in report.events
        if shown.event.kind == event.ACCESS
    ]
    assert kept == house.decisions
    started = [shown for shown in report.events if shown.event.kind == event.STARTED]
    assert len(started) == 1 + DAYS == 1 + seen["power cut"]
    assert event.OVERWRITTEN not in [shown.event.kind for shown in report.events]


def test_a_log_too_small_for_it_says_what_it_gave_up(quick_files, monkeypatch):
    """What nobody fetches in time is written over by segments; the count tells how much, and all
    that is younger is there.
    """
    house = House(8 * 32704, monkeypatch)
    house.live(8)
    report = house.report()
    assert report.intact and report.proven == len(report.events)
    kinds = [shown.event.kind for shown in report.events]
    lost = [shown.event for shown in report.events if shown.event.kind == event.OVERWRITTEN]
    numbers = [shown.event.number for shown in report.events]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert lost[-1].fields["count"] == numbers[0] == lost[-1].fields["last"] + 1
    kept = kinds.count(event.ACCESS)
    assert 0 < kept < len(house.decisions) - 300
    assert house.decisions[-kept:] == [
        reason.name(shown.event.fields["reason_code"])
        for shown in report.events
        if shown.event.kind == event.ACCESS
    ]
