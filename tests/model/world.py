"""A real reader, what people do with it, and the reference beside it: one history.

Nothing that decides is faked: the reader is the whole role on a folder of its own, and a restart
is another one on the same folder. Only its clocks, its strike and the fsync of this machine are
played. What is asked of it goes through its desk, as it does from the link and the card antenna.
"""

import collections
import os

import cbor
import crypto
import small_site as site
from harness import new_folder
from holdfast.access import Refused, Request, SiteRules, Trust, reason
from holdfast.access.events import batch as event_batch
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.policy import changeset as changesets
from holdfast.access.policy import draft
from holdfast.access.request import CardRequest
from holdfast.access.tag import CARD, PIN
from holdfast.roles.reader import Reader
from holdfast.storage import settings
from holdfast_host.events.check import check
from memory_phone import Hardware, show_card
from model import reference as ref
from model.authority import CARDS, DAY, HOUR, PINS, SEEDS, Authority, shown_key
from model.decided_again import Difference, PlainCache, decided_again, expected, told
from model.reference_clock import Clock, Unclear
from model.reference_rules import Refused as OrdersRefused
from model.reference_rules import Rules
from untrusted import InvalidInput

ENROLLED_BEFORE = 3 * HOUR  # the history begins
# A winter's Friday, the evenings before clocks in Berlin go forward and back, and the one before
# a 29th of February.
BEGINNINGS = (site.NOW, 1806170400, 1824919200, 1835380800)
READER = crypto.x25519_public_key(site.READER_PRIVATE)


def configured(now):
    """Settings of a reader enrolled a little before ``now``."""
    certificate = site.device_certificate(changes={6: now - ENROLLED_BEFORE, 4: now + 3650 * DAY})
    return settings.decode(cbor.encode(site.settings_map({6: certificate})))


SETTINGS = {now: configured(now) for now in BEGINNINGS}


class BoardHardware(Hardware):
    """Ticks that go on only when told, and a clock that may be gone."""

    def __init__(self, now):
        super().__init__(now)
        self.ticks_ms = 0

    def elapsed(self):
        return self.ticks_ms


def quickly(monkeypatch):
    """The power of this machine stays on: what one reader wrote the next one finds in RAM."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(os, "sync", lambda: None)


class World:
    """One door and all around it; ``pick(options)`` decides what happens, ``seen`` counts it."""

    def __init__(self, pick, seen):
        self.pick = pick
        self.seen = seen
        self.now = self.began = pick(BEGINNINGS)
        self.settings = SETTINGS[self.now]
        self.folder = new_folder()
        self.hardware = BoardHardware(self.now)
        self.rules = Rules(site.SITE, site.DOOR, ["first"])
        # What each number of the policy comes to, by which events are decided again.
        blank = SiteRules(site.SITE, self.settings.authority_keys)
        self.policies = [(blank, PlainCache(self.rules))]
        self.clock = Clock(self.now - ENROLLED_BEFORE)
        self.authority = Authority(pick, self.rules)
        self.head = bytes(32)
        self.recorded = []  # what the event log must hold
        self.granted = 0
        self.keypads = ref.Keypads()
        self._start()

    # The reader's life

    def _start(self):
        self.hardware.ticks_started = self.hardware.ticks_ms
        self.keypads = self.keypads.restarted()
        self.waiting = None  # the card that wants its PIN, and until which tick
        self.reader = Reader(self.settings, site.READER_PRIVATE, self.hardware, self.folder)
        self.reader.start()
        if not self.recorded:
            self.recorded.append((event.LOG_STARTED,))
        self.recorded.append((event.STARTED,))
        self._look()
        if self.rules.number:
            self.clock.heard(self.rules.issued_at)
        self._look()

    @property
    def uptime(self):
        return (self.hardware.ticks_ms - self.hardware.ticks_started) // 1000

    def _look(self):
        """The reader looks at its clocks, as it does every 20 s, and so does the reference."""
        self.reader.timekeeper.read()
        self.clock.look(self.uptime, self.hardware.now, self.rules.max_uncertainty_s)

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
        step = seconds if self.clock.trust == {True} else 1800
        if seconds > 2 * DAY:
            step = max(step, 6 * HOUR)
        while seconds > 0:
            part = min(step, seconds)
            self._passes(part)
            self.hardware.ticks_ms += 1000 * part
            self._look()
            seconds -= part

    def power_cut(self):
        """Off, and another reader begins; its clock went on, or not."""
        self._passes(self.pick((20, 300, 5 * HOUR, 2 * DAY)))
        way = self.pick(("on", "on", "on", "2000", "none", "back", "ahead"))
        self._disturb(way)
        self._restart()

    def _restart(self):
        self.clock.start()
        self._start()
        self.seen["restart"] += 1

    def clock_set(self):
        """Somebody has a hand on the board's clock while it runs."""
        self._disturb(self.pick(("none", "back", "ahead", "2000", "true")))
        self._look()

    def _disturb(self, way):
        hardware = self.hardware
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
        believed = self.clock.told(self.now + off, error)
        if self.reader.told_time(self.now + off, error) != believed:
            raise Difference(f"told {self.now + off}: the reference says {believed}")
        if believed:
            self.recorded.append((event.CLOCK_SET,))
            self.seen["time told"] += 1
        self._look()

    def issue(self):
        """A credential; if it is authentic its holder has shown it at once, and is known."""
        issued = self.authority.issue(self.now)
        if not ref.authentic(issued.token, self.rules):
            keys = [site.authority(SEEDS[name]) for name in self.rules.anchors]
            trust = Trust(site.SITE, keys, lambda zone: site.zone_key(self.rules.guest_key(zone)))
            issued.credential = trust.authenticate(issued.raw)

    def token(self):
        """A holder at the door, whose phone is known, or shows its token for the first time."""
        if not self.authority.tokens:
            return self.issue()
        issued = self.pick(self.authority.tokens)
        token, credential = issued.token, issued.credential
        door = self.pick((site.DOOR,) * 7 + ("cellar",))
        action = self.pick((1,) * 7 + (2,))
        intent, verified = self.pick((True,) * 7 + (False,)), self.pick((False, True))
        if credential is None or self.pick((0, 0, 0, 1)):
            refused = ref.authentic(token, self.rules)
            try:
                credential = self.reader.trust.authenticate(issued.raw)
                found = []
            except Refused as error:
                found = [reason.name(error.reason)]
            if bool(found) != bool(refused) or not set(found) <= set(refused):
                raise Difference(f"token {found}, and the reference says {refused}")
            if found:
                self.reader.refused(error_code(found), 0, None, None)
                return self._recorded(None, found[0], {"shown": None})
        if token.signer in self.rules.anchors and token.issued is not None:
            self.clock.heard(token.issued)
            self.clock.look(self.uptime, self.hardware.now)
        answers = set()
        for reading in self.clock.readings():
            answers |= ref.ask_token(self.rules, token, reading, door, action, intent, verified)
        wish = Request(credential, door, action, intent, verified)
        decision = self.reader.doors[site.DOOR].access_point.ask(wish, {})
        about = {"shown": 0, "cti": token.cti, "action": action, "guest": token.signer is None}
        return self._agree(decision, answers, about)

    def card(self):
        number = self.pick((CARDS[0],) * 4 + (CARDS[1],) * 3 + CARDS[2:])
        self.keypads.shown(self.uptime, False)
        show_card(self.reader, number)
        answers = self._card_answers(ref.Shown(number))
        why = self._agree_shown(answers, {"shown": CARD, "action": 1})
        until = self.hardware.ticks_ms + 15000
        self.waiting = (number, until) if why == "second_needed" else None

    def pin(self):
        digits = self.pick((PINS[0],) * 3 + PINS)
        card = None
        if self.waiting is not None and self.hardware.ticks_ms < self.waiting[1]:
            card = self.waiting[0]
        self.waiting = None
        self.keypads.shown(self.uptime, True)
        a_day = self.reader.stores.rules.wrong_pins_a_day
        locked = self.keypads.of(card).is_locked(self.uptime, a_day)
        self.reader.card_reader.pin(digits)
        if card is None:
            shown, kind, wrong = ref.Shown(digits, locked), PIN, ref.WRONG_ALONE
        else:
            shown, kind, wrong = ref.Shown(card, locked, digits), CARD + 2, ref.WRONG_WITH_CARD
        why = self._agree_shown(self._card_answers(shown), {"shown": kind, "action": 1})
        if not locked and why in wrong:
            self.keypads.tried_wrong(card, self.uptime)

    def pair(self):
        """A card and a PIN together, or one alone, where somebody counts uses."""
        pair = [self.pick(CARDS[:2]), self.pick((PINS[1], PINS[1], PINS[0], PINS[2]))]
        first, second = self.pick((pair, pair, pair, pair[::-1], [pair[0], None]))
        locked, used = self.pick((False,) * 7 + (True,)), self.pick((1, 0, None, 1, 2))
        shown = ref.Shown(first, locked, second, used)
        kind = PIN if shown.is_pin else CARD
        key = second and shown_key(second)
        wish = CardRequest(
            kind, shown_key(first), site.DOOR, locked=shown.locked, second=key, used=used
        )
        decision = self.reader.doors[site.DOOR].access_point.ask(wish, {})
        about = {"shown": kind if second is None else kind + 2, "action": 1}
        self._agree(decision, self._card_answers(shown), about)
        self.seen["pair " + decision.reason_name] += second is not None

    def _card_answers(self, shown):
        answers = set()
        for reading in self.clock.readings():
            answers |= ref.ask_card(self.rules, shown, reading)
        return answers

    def _agree_shown(self, answers, about):
        line = [line for line in self.hardware.lines if line["event"] == "access"][-1]
        told = (line["granted"], line["reason"], line["by_grace"])
        return self._compare(told, answers, about)

    def _agree(self, decision, answers, about):
        told = (decision.granted, decision.reason_name, decision.by_grace)
        return self._compare(told, answers, about)

    def _compare(self, told, answers, about):
        self.seen["decisions"] += 1
        self.seen["two reasons"] += len(answers) > 1
        self.seen["unsure"] += len({granted for granted, _, _ in answers}) > 1
        if told not in answers:
            raise Difference(f"the reader: {told}; the reference: {sorted(answers)}; {about}")
        return self._recorded(told, told[1], about)

    def _recorded(self, told, why, about):
        if told and told[0]:
            self.granted += 1
        about["by_grace"] = bool(told and told[2])
        self.recorded.append((event.ACCESS, why, about))
        self.seen[why] += 1
        self.seen["by grace"] += about["by_grace"]
        return why

    # The authority

    def order(self):
        """A changeset comes; now and then a forged one before it."""
        self._follow(self.authority.orders(self.now))

    def _follow(self, orders):
        issued_at = self.authority.issued_at(self.now)
        raw = self.authority.changeset(orders, issued_at, self.head)
        if self.pick((0,) * 9 + (1,)):
            self._refuse(self.authority.forged(raw, orders, issued_at, self.head), "forged")
        was_locked = self.rules.is_locked()
        try:
            self.rules.follow(orders, issued_at)
        except OrdersRefused as error:
            self._refuse(raw, str(error))
            return
        self.clock.look(self.uptime, self.hardware.now, self.rules.max_uncertainty_s)
        self.clock.heard(issued_at)
        if not self.reader.apply(raw):
            raise Difference("a new changeset was known")
        self.head = crypto.sha256(raw)
        following = draft.applied(self.policies[-1][0], changesets.parse(raw))
        self.policies.append((following, PlainCache(self.rules)))
        self.recorded.append((event.POLICY_APPLIED, self.rules.number))
        if self.rules.is_locked() != was_locked:
            self.recorded.append((event.LOCKDOWN, not was_locked))
        self._look()

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
        if report.findings or report.proven != len(report.events):
            raise Difference(f"the events are not proven: {report.findings}")
        kept = [told(shown.event) for shown in report.events]
        if kept != [expected(*entry) for entry in self.recorded]:
            raise Difference(f"recorded is {kept}, and happened {self.recorded}")
        if self.hardware.opened != self.granted:
            raise Difference(f"{self.granted} grants, and the strike {self.hardware.opened} times")
        self.seen["events"] += len(kept)
        for shown in report.events:
            if shown.event.kind == event.ACCESS:
                decided_again(shown.event, self.policies, self.seen)


def error_code(names):
    """The code of the one reason in ``names``."""
    (code,) = [code for code in reason.codes() if reason.name(code) == names[0]]
    return code


STEPS = collections.Counter({
    "token": 9, "card": 4, "pin": 3, "pair": 2, "wait": 4, "issue": 4, "order": 5, "power_cut": 2,
    "clock_set": 1, "told_time": 1,
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
            name = pick(ALL_STEPS)
            try:
                getattr(world, name)()
            except Unclear:
                seen["unclear"] += 1
                break
        world.check_events()
    except Difference as error:
        story = "\n  ".join(" ".join(map(str, picked)) for picked in trace)
        raise Difference(f"{error}\nafter\n  {story}") from error
    seen["histories"] += 1
    seen["steps"] += len(trace)
