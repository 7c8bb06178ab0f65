"""A real node with three doors, what people do with it, and the reference beside it: one history.

Nothing that decides is faked: the node is the whole role on a folder of its own, and a restart
is another one on the same folder. Only its clocks, its strikes and the fsync of this machine are
played. Who comes to its doors: at_the_door.py.
"""

import collections
import itertools

import crypto
import small_site as site
from harness import new_folder
from holdfast.access import Trust
from holdfast.access.events import batch as event_batch
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.policy import changeset as changesets
from holdfast.access.policy import draft
from holdfast.access.policy.rules import SiteRules
from holdfast_host.events.check import DURESS, check
from model import reference as ref
from model.at_the_door import AtTheDoor
from model.authority import CARDS, DAY, DOORS, HOUR, PINS, Authority
from model.decided_again import (
    Difference,
    PlainCache,
    decided_again,
    expected,
    told,
    told_of_standing,
)
from model.in_bytes import SEEDS
from model.read_clock import ReadClock, Wrong
from model.reference_rules import Refused as OrdersRefused
from model.reference_rules import Rules
from model.reference_uses import Uses
from model.three_doors import (
    BEGINNINGS,
    READER,
    SETTINGS,
    STRIKE_MS,
    BoardHardware,
    ThreeDoors,
)
from untrusted import InvalidInput

DOOR_PICKS = DOORS[:1] * 3 + DOORS[1:2] * 2 + DOORS[2:]


class World:
    """A node with three doors and all around it; ``pick(options)`` decides what happens, ``seen``
    counts it.
    """

    def __init__(self, pick, seen):
        self.pick = pick
        self.seen = seen
        self.now = self.began = pick(BEGINNINGS)
        self.settings = SETTINGS[self.now]
        self.folder = new_folder()
        self.hardware = BoardHardware(self.now)
        self.rules = Rules(site.SITE, ["first"])
        # What each number of the policy comes to, by which events are decided again.
        blank = SiteRules(site.SITE, self.settings.authority_keys)
        self.policies = [(blank, PlainCache(self.rules))]
        self.clock = ReadClock()
        self.uses = Uses(self.rules)
        self.authority = Authority(pick, self.rules)
        self.head = bytes(32)
        self.recorded = []  # what the event log must hold
        self.raws = []  # the changesets that were followed
        self.asked = {}  # place there of an answer: what the reference answers by other rules
        self.help = {}  # place there of an answer: whether it must, and may, call for help
        self.doors = {name: AtTheDoor(self, name) for name in DOORS}
        self.first = self.doors[DOORS[0]]
        self._start()

    # The reader's life

    def _start(self):
        self.hardware.ticks_started = self.hardware.ticks_ms
        boards = {name: door.board for name, door in self.doors.items()}
        self.reader = ThreeDoors(
            self.settings, site.READER_PRIVATE, self.hardware, self.folder, boards
        )
        self.clock.started(self.reader.timekeeper)
        self.reader.start()
        for name, door in self.doors.items():
            door.started(self.reader.doors[name])
            door.stand()
        if not self.recorded:
            self.recorded.append((event.LOG_STARTED,))
        self.recorded.append((event.STARTED,))
        self.look()

    @property
    def uptime(self):
        return (self.hardware.ticks_ms - self.hardware.ticks_started) // 1000

    def look(self):
        """The node looks at its clocks, as it does every few seconds."""
        self.reader.tell_clock()
        return self.clock.read(self.rules, self.now)

    def _passes(self, seconds):
        self.now += seconds
        if self.hardware.now is not None:
            self.hardware.now += seconds

    # Steps

    def wait(self):
        seconds = self.pick((61, 400, 1000, HOUR, 7 * HOUR, 19 * HOUR, 3 * DAY, 9 * DAY))
        if self.now + seconds > self.began + 75 * DAY:
            return
        # Grace is charged by the half hour, and nobody sleeps over it.
        step = seconds if self.look().trusted else 1800
        if seconds > 2 * DAY:
            step = max(step, 6 * HOUR)
        while seconds > 0:
            part = min(step, seconds)
            self._goes_on(part)
            seconds -= part

    def _goes_on(self, seconds):
        """Time passes for a node that runs, and that looks at its doors all the while."""
        until = self.now + seconds
        for stop in (*self._edges(until), until):
            if stop > self.now:
                self.hardware.ticks_ms += 1000 * (stop - self.now)
                self._passes(stop - self.now)
                for door in self.doors.values():
                    door.go_on_standing()
                    door.stand()

    def _edges(self, until):
        """When hours may begin and end by which a door stands unlocked, and a little before."""
        reading = self.look()
        ahead = (reading.now or 0) - self.now
        if not reading.trusted:
            return ()
        found = set()
        for door in self.doors.values():
            found |= door.standing.edges(self.now + ahead, until + ahead)
        return sorted(edge - ahead - off for edge in found for off in (0, 1, 2))

    def moment(self):
        """Some seconds in which somebody takes out a card or thinks of a PIN."""
        self._goes_on(self.pick((1, 4, 9, 10, 11)))

    def power_cut(self):
        """Off, and another reader begins; its clock went on, or not."""
        self._passes(self.pick((20, 300, 5 * HOUR, 2 * DAY)))
        way = self.pick(("on", "on", "on", "2000", "none", "back", "ahead"))
        self._disturb(way)
        self._restart()

    def _restart(self):
        self._start()
        self.seen["restart"] += 1

    def clock_set(self):
        """Somebody has a hand on the board's clock while it runs."""
        self._disturb(self.pick(("none", "back", "ahead", "2000", "true")))
        self._stand()

    def _disturb(self, way):
        hardware = self.hardware
        self.clock.is_honest = self.clock.is_honest and way == "on"
        if way == "2000":
            hardware.now = 946684800
        elif way == "none":
            hardware.now = None
        elif way == "true":
            hardware.now = self.now
        elif way in ("back", "ahead") and hardware.now is not None:
            far = self.pick((3 * HOUR, 2 * DAY, 30 * DAY))
            hardware.now += far if way == "ahead" else -far
        self.seen["clock " + way] += 1

    def told_time(self):
        """An administrator tells the time, more or less."""
        off, error = self.pick(((0, 0), (0, 0), (-400, 600), (-9 * DAY, 0), (450 * DAY, 0)))
        was = self.look()
        self.clock.is_honest = self.clock.is_honest and abs(off) <= error
        believed = self.reader.told_time(self.now + off, error, "porter")
        if was.trusted and self.clock.is_honest and not believed:
            raise Difference(f"it is {self.now}, and who said so was not believed")
        self.recorded.append((event.CLOCK_SET if believed else event.CLOCK_REFUSED,))
        self.seen["time told" if believed else "time refused"] += 1
        self._stand()

    def _stand(self):
        for door in self.doors.values():
            door.stand()

    def heard(self, date):
        """A date that the authority signed: beside a clock that is trusted it moves nothing."""
        if date > self.now and not self.look().trusted:
            self.clock.is_honest = False

    def issue(self):
        """A credential; if it is authentic its holder has shown it at once, and is known."""
        issued = self.authority.issue(self.now)
        if not ref.authentic(issued.token, self.rules):
            keys = [site.authority(SEEDS[name]) for name in self.rules.anchors]
            trust = Trust(site.SITE, keys, lambda zone: site.zone_key(self.rules.guest_key(zone)))
            issued.credential = trust.authenticate(issued.raw)

    def token(self):
        """Somebody comes with a phone."""
        if not self.authority.tokens:
            return self.issue()
        self._door().token()

    def card(self):
        self._door().card()

    def pin(self):
        self._door().pin()

    def pair(self):
        self._door().pair()

    def thrice(self):
        """What counts its uses, one time after the other."""
        door = self._door()
        show, what = self.pick(((door.card, CARDS[2]), (door.pin, PINS[0])))
        for _ in range(3):
            show(what)

    def both(self):
        """Card and PIN one after the other, in either order, with or without a pause."""
        door = self._door()
        card, digits = self.pick(CARDS[:2]), self.pick((PINS[1],) * 3 + PINS)
        is_card_first, is_pause = self.pick((True, False)), self.pick((False, True))
        door.card(card) if is_card_first else door.pin(digits)
        if is_pause:
            self.moment()
        door.pin(digits) if is_card_first else door.card(card)

    def _door(self):
        return self.doors[self.pick(DOOR_PICKS)]

    def is_duress(self, shown):
        """Whether this PIN (or card) is one that calls for help, in one of its groups."""
        return any(one.duress for one in self.rules.grants.get(shown, {}).values())

    def happened_at_a_door(self, why, about, help_=(False, False), asked=None):
        """An answer was given, and must be in the event log; ``help_`` is whether it must, and
        may, be one that calls for help, ``asked`` what the reference answers by other rules.
        """
        self.asked[len(self.recorded)] = asked
        self.help[len(self.recorded)] = help_
        self.recorded.append((event.ACCESS, why, about))
        self.seen[why] += 1
        self.seen["by grace"] += about["by_grace"]

    # The authority

    def order(self):
        """A changeset comes; now and then a forged one before it."""
        self._follow(self.authority.orders(self.now))

    def _follow(self, orders):
        issued_at = self.authority.issued_at(self.now)
        raw = self.authority.changeset(orders, issued_at, self.head)
        if self.pick((0,) * 9 + (1,)):
            self._refuse(self.authority.forged(raw, orders, issued_at, self.head), "forged")
        was_locked = [door.rules.is_locked() for door in self.doors.values()]
        try:
            self.rules.follow(orders, issued_at)
        except OrdersRefused as error:
            self._refuse(raw, str(error))
            return
        self.heard(issued_at)
        if not self.reader.apply(raw):
            raise Difference("a new changeset was known")
        self._stand()
        self.uses.tidy()
        self.head = crypto.sha256(raw)
        following = draft.applied(self.policies[-1][0], changesets.parse(raw))
        self.raws.append(raw)
        self.policies.append((following, PlainCache(self.rules)))
        self.recorded.append((event.POLICY_APPLIED, self.rules.number))
        for door, was in zip(self.doors.values(), was_locked, strict=True):
            if door.rules.is_locked() != was:
                self.recorded.append((event.LOCKDOWN, door.name, not was))
        self.look()

    def _refuse(self, raw, why):
        try:
            self.reader.apply(raw)
        except InvalidInput:
            self.recorded.append((event.POLICY_REFUSED,))
            self.seen["changeset refused"] += 1
            self.seen[why] += 1
            return
        raise Difference(f"a changeset was followed: {why}")

    def furnish(self):
        """What a site orders first."""
        self._follow(self.authority.first_orders(self.now))

    # At the end

    def check_events(self):
        """Every decision is in the event log, once, in order, and the chain is proven."""
        batches = event_batch.decode(self.reader.stores.events().batch(-1, 1 << 20, 0))
        report = check(
            batches,
            lambda root: event_record.auditor_root(site.AUDIT_PRIVATE, root, READER),
        )
        calls = {one.first for one in report.findings if one.kind == DURESS}
        if len(calls) != len(report.findings) or report.proven != len(report.events):
            raise Difference(f"the events are not proven: {report.findings}")
        # What the clock has to tell: see test_clock_sequences.py.
        of_clock = (event.CLOCK_TRUSTED, event.CLOCK_LOST, event.DATED_AHEAD)
        apart = (*of_clock, event.UNLOCKED_BY_SCHEDULE, event.LOCKED_BY_SCHEDULE)
        of_doors = [shown.event for shown in report.events if shown.event.kind not in apart]
        kept = [told(one) for one in of_doors]
        happened = [expected(*entry) for entry in self.recorded]
        if kept != happened:
            pairs = itertools.zip_longest(kept, happened)
            number, (is_kept, wanted) = next(
                (number, pair) for number, pair in enumerate(pairs) if pair[0] != pair[1]
            )
            raise Difference(f"event {number} is {is_kept}, and happened {wanted}")
        for place, one in enumerate(of_doors):
            must, may = self.help.get(place, (False, False))
            if not must <= (one.number in calls) <= may:
                raise Difference(f"event {one.number} calls for help: {one.number in calls}")
        self.seen["calls for help"] += len(calls)
        for door in self.doors.values():
            opened = door.board.strikes.count(STRIKE_MS)
            # Who was let in keeps what is left where the door is secured in the very moment.
            locked = sum(kind == "locked" for kind, _ in door.standing.told)
            if not door.granted <= opened <= door.granted + locked:
                raise Difference(f"{door.name}: {door.granted} grants, its strike {opened} times")
            stood = told_of_standing(report.events, door.name)
            if stood != door.standing.told:
                raise Difference(f"{door.name} stood {stood}, and not {door.standing.told}")
        self.seen["events"] += len(kept)
        self.of_doors = of_doors
        for shown in report.events:
            if shown.event.kind == event.ACCESS:
                decided_again(shown.event, self.policies, self.seen)


STEPS = collections.Counter({
    "token": 9, "card": 4, "pin": 3, "pair": 2, "both": 3, "wait": 3, "thrice": 2, "moment": 1,
    "issue": 4, "order": 5, "power_cut": 2, "clock_set": 1, "told_time": 1,
})  # fmt: skip
ALL_STEPS = tuple(STEPS.elements())


def run(choices, steps, seen):
    """One history of so many ``steps``; ``choices`` is an iterator of bytes."""

    trace = []

    def pick(options):
        picked = options[next(choices, 0) % len(options)]
        trace[-1].append(picked)
        return picked

    trace.append([])
    world = World(pick, seen)
    try:
        if pick((1,) * 7 + (0,)):
            world.furnish()
        for _ in range(steps):
            trace.append([])
            getattr(world, pick(ALL_STEPS))()
        world.check_events()
    except (Difference, Wrong) as error:
        story = "\n  ".join(" ".join(map(str, picked)) for picked in trace)
        raise Difference(f"{error}\nafter\n  {story}") from error
    seen["histories"] += 1
    seen["steps"] += len(trace)
    return world
