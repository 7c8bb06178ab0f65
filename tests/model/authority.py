"""The site authority of a random history: what it issues and orders, in words and in bytes.

``pick(options)`` decides what. Each token and order is there twice: as reference.py understands
it, and signed, as a phone or a carrier brings it to the reader.
"""

import itertools
import time

import small_site as site
from cose import cwt
from holdfast.access.policy import changeset as changesets
from model import reference as ref
from model.in_bytes import SEEDS, TIMEZONES, operation, zone_secret
from model.reference_rules import DOOR, ZONE

HOUR, DAY = 3600, 86400
# A zone may be called as the door is; that one's rights are not the other's.
ZONES = (site.ZONE, site.DOOR, "attic", "cellar")
DOORS = (site.DOOR, "boiler", "cellar")
STRANGERS_SEED = b"\x13" * 32
ALWAYS = [[0, 1440]]
WEEKS = (
    ([ALWAYS] * 7, [ALWAYS]),
    ([[[480, 720], [780, 1080]]] * 5 + [[], []], []),
    ([[[360, 1200]]] * 7, [[[600, 660]], ALWAYS]),
    ([[[1260, 1860]]] * 7, [[], [], [[1320, 1500]]]),
    ([[], [], [], [[0, 60], [1080, 2520]], [[1380, 2820]], [], []], [[[1200, 2640]]]),
    ([[]] * 7, []),
)
SCHEDULES = ("days", "office", "never ordered")
HERE, GUESTS = (DOOR, site.DOOR), (ZONE, site.ZONE)
BOILER, CELLAR = (DOOR, "boiler"), (DOOR, "cellar")
EVERY = tuple((DOOR, name) for name in DOORS)
PLACES = (HERE, GUESTS, (ZONE, site.DOOR), (ZONE, "attic"), BOILER, CELLAR, (DOOR, site.ZONE))
SCOPES = (
    [(HERE, 1), (BOILER, 1)],
    [(place, 1) for place in EVERY],
    [(HERE, 1), ((ZONE, "cellar"), 2), (CELLAR, 1)],
    [(HERE, 5)],
    [(GUESTS, 1)],
    [(GUESTS, 1)],
    [(place, 5) for place in EVERY],
    [((ZONE, "cellar"), 1), (GUESTS, 3)],
    [((ZONE, "attic"), 1)],
    [(BOILER, 1)],
    [(CELLAR, 1), (GUESTS, 1)],
    [(HERE, 2), (BOILER, 3)],
    [(HERE, 1), (GUESTS, 4)],
    [((ZONE, site.DOOR), 1)],
    [((DOOR, site.ZONE), 1), ((ZONE, site.DOOR), 6)],
)
CARDS = (b"\x04\xa1\xb2\xc3", b"\x04\xa1\xb2\xc4", b"holder of thirty-two bytes, full")
PERSON = b"them"
PINS = ("1234", "123456", "0000000000", "99999")


class Issued:
    """A token as the reference knows it, as bytes, and the ``credential`` that the reader keeps of
    a phone it knows, None if it does not.
    """

    def __init__(self, token, raw):
        self.token = token
        self.raw = raw
        self.credential = None

    def __str__(self):
        return f"token {int.from_bytes(self.token.cti, 'big')}"


class Authority:
    """Issues and orders by the reference's ``rules``; ``tokens`` is all that it has issued."""

    def __init__(self, pick, rules):
        self.pick = pick
        self.rules = rules
        self.tokens = []
        self._serial = itertools.count(1)

    def issue(self, now):
        """A credential, with any mixture of claims."""
        pick = self.pick
        guest = pick((False, False, False, True))
        expires = now + pick(
            (60 * DAY, 60 * DAY, 8 * HOUR, 30 * HOUR, HOUR, 600, 3 * DAY, 20 * DAY, -HOUR)
        )
        past = (0, 0, 0, -HOUR, -HOUR, -10 * DAY, -DAY)
        ahead = (*past, 200, 400, HOUR, 2 * DAY, 300 * DAY, 500 * DAY)
        issued = pick((True, True, True, True, False)) and now + pick(ahead)
        begins = pick((None, None, None, now - DAY, now + 2 * HOUR))
        audience = site.ZONE if guest else site.SITE
        if not pick((1, 1, 1, 1, 0)):
            audience = pick((*ZONES[1:], site.SITE, site.ZONE))
        if guest:
            # By the key of now, or of one before or after: who took it off a wall keeps it.
            number = self.rules.in_use.get(audience, 1) + pick((0, 0, 0, 0, 0, 0, -1, 1))
            signer, mac = None, zone_secret(audience, number)
        else:
            signer, mac = pick(tuple(self.rules.anchors * 4) + tuple(SEEDS)), None
        binds, claims = self._binds()
        scope = pick(SCOPES)
        cti = next(self._serial).to_bytes(8, "big")
        token = ref.Token(
            cti, signer, mac, audience, expires, begins, issued or None, scope, **binds
        )
        claims.update({3: audience, 4: expires, 5: begins, 6: issued or None, 7: cti})
        claims[9] = site.scope(*((kind, name, bits) for (kind, name), bits in scope))
        key = site.authority(SEEDS[signer]) if signer else site.zone_key(mac)
        raw = cwt.issue(site.holder_claims(changes=claims), key)
        issued = Issued(token, raw)
        self.tokens.append(issued)
        return issued

    def _binds(self):
        binds, claims = {}, {}
        if self.pick((0, 0, 0, 1)):
            name = self.pick((*SCHEDULES, "days", "office", 7))
            binds["schedule"] = name
            claims[-65538] = name
        if self.pick((0, 0, 0, 0, 1)):
            binds["wants_clock"] = True
            claims[-65540] = 1
        if self.pick((0, 0, 0, 0, 1)):
            binds["wants_verification"] = self.pick((True, True, False))
            claims[-65539] = binds["wants_verification"]
        return binds, claims

    def orders(self, now):
        """One to three orders, for one changeset."""
        orders = [self._order(now) for _ in range(self.pick((1, 1, 2, 3)))]
        return [order for some in orders for order in (some if isinstance(some, list) else [some])]

    def changeset(self, orders, issued_at, previous):
        """The next changeset, signed by one of the keys that are good for it."""
        return self._signed(SEEDS[self.pick(self.rules.anchors)], orders, issued_at, previous)

    def forged(self, raw, orders, issued_at, previous):
        """The same by a stranger, or altered on the way."""
        if self.pick((True, False)):
            return self._signed(STRANGERS_SEED, orders, issued_at, previous)
        return raw[:-1] + bytes((raw[-1] ^ 1,))

    def _signed(self, seed, orders, issued_at, previous):
        key, number = site.authority(seed), self.rules.number + 1
        operations = [operation(order) for order in orders]
        operations = [one for one in operations if one]
        return changesets.make(key, site.SITE, number, previous, issued_at, operations)

    def issued_at(self, now):
        """When a changeset says that it was issued, which may go back."""
        return now + self.pick((0,) * 12 + (-HOUR, -3 * DAY, -20 * DAY, 200, 3 * DAY))

    def _order(self, now):
        name = self.pick((
            "zone", "schedule", "group", "grant", "grant", "revoke", "lockdown", "group",
            "limits", "anchors", "holidays", "watermark", "timezone", "door", "zone_key",
            "grant", "group", "dropped", "nothing", "mode", "mode",
        ))  # fmt: skip
        return getattr(self, "_order_" + name)(now)

    def _order_timezone(self, now):
        return ("timezone", self.pick(tuple(TIMEZONES)))

    def _order_nothing(self, now):
        return ("nothing",)

    def _order_door(self, now):
        """Also what cannot be: a name that another door has."""
        number = self.pick((1, 1, 2, 0))
        number = self.pick((number, 2))
        if number == 0:
            # It stays what it is, moves to another number, is renamed, or goes.
            moved = [("door", 0, False), ("door", 3, site.DOOR)]
            back = [("door", 3, False), ("door", 0, site.DOOR), ("zone", site.ZONE, [0])]
            renamed = ("door", 0, "cellar")
            anew = [("door", 0, False), ("door", 0, site.DOOR)]
            return self.pick((back, anew, moved, renamed, anew, ("door", 0, False)))
        return ("door", number, self.pick((*DOORS[1:], *DOORS[1:], False, site.DOOR)))

    def _order_zone(self, now):
        first, second, third = [self.rules.number_of(name) or 0 for name in DOORS]
        both, every = sorted({first, second}), sorted({first, second, third})
        some = (both, both, every, every, sorted({first, 1}), [2], [first], [], False)
        numbers = self.pick(some)
        return ("zone", self.pick(ZONES), numbers)

    def _order_zone_key(self, now):
        """A key and the switch to it; or only one of the two, or it comes for other nodes."""
        zone = self.pick((site.ZONE, site.ZONE, site.ZONE, site.DOOR, "attic"))
        number = self.rules.in_use.get(zone, 0) + self.pick((1, 1, 1, 2))
        is_ours = self.pick((True,) * 5 + (False,))
        key = ("zone_key", zone, number, zone_secret(zone, number), is_ours)
        switch = ("zone_switch", zone, number)
        return self.pick(([key, switch], [key, switch], [key], [switch]))

    def _order_schedule(self, now):
        week, holiday = self.pick((*WEEKS, (False, None)))
        return ("schedule", self.pick(SCHEDULES[:2]), week, holiday)

    def _order_mode(self, now):
        number = self.pick((0, 1, 2, 0, 1, 2, 3))
        schedule = self.pick((*SCHEDULES, *SCHEDULES[:2], False))
        return ("mode", number, schedule, self.pick((0, 1)))

    def _order_holidays(self, now):
        today = now // DAY
        every = time.gmtime(now)[1:3]
        kind = self.pick((1, 2, 3, 4))
        days = self.pick((
            [], [(today, kind)], [(today - 1, kind), (today, 1), (today + 1, 2)], [(every, kind)],
            [(every, kind), (today, 3)], [((2, 29), kind), ((1, 16), 1)],
        ))  # fmt: skip
        return ("holidays", days)

    def _order_group(self, now):
        bits = self.pick((1, 1, 5, 1, 4, 2, 33))
        hours = (None, None, "days", "office", "days", "office", "never ordered")
        rights = [(self.pick(PLACES + (HERE,) * 4 + EVERY), bits, self.pick(hours))]
        if self.pick((0, 1)):
            rights.append((self.pick(PLACES), self.pick((1, 4)), self.pick(hours)))
        return ("group", self.pick((1, 2)), self.pick((rights,) * 7 + (False,)))

    def _order_grant(self, now):
        expires = self.pick((None, now + DAY, now + 20 * DAY, now - HOUR, False))
        group = self.pick((1, 1, 2, 2, 2, 3, 4, False))
        shown = self.pick(CARDS[:2] * 2 + PINS[:2] * 2 + CARDS[2:])
        return ("grant", shown, group, expires, self._rare(now))

    def _rare(self, now):
        today = now // DAY
        return self.pick((
            {}, {}, {"person": PERSON}, {"person": PERSON}, {"suspended": True}, {"uses": 2},
            {"person": PERSON, "first_day": today + 1}, {"person": b"else", "first_day": today},
            {"duress": True, "person": PERSON},
        ))  # fmt: skip

    def _order_revoke(self, now):
        if not self.tokens:
            return ("nothing",)
        token = self.pick(self.tokens).token
        return ("revoke", token.cti, token.expires, token.issued)

    def _order_dropped(self, now):
        return ("dropped", now + self.pick((-HOUR, HOUR, 9 * HOUR, 4 * DAY)))

    def _order_watermark(self, now):
        return ("watermark", now + self.pick((-10 * DAY, -DAY, -HOUR, 0, 60)))

    def _order_lockdown(self, now):
        is_locked = any(self.rules.at(name).is_locked() for name in DOORS)
        on = not is_locked or self.pick((False, False, False, True))
        places = (
            *(None, None, [HERE], [GUESTS], [BOILER], [(ZONE, site.DOOR)], [(ZONE, "attic")]),
            *([CELLAR, HERE],),
        )
        return ("lockdown", on, self.pick(places))

    def _order_anchors(self, now):
        return ("anchors", self.pick((["first"], ["first", "second"], ["second"])))

    def _order_limits(self, now):
        grace = self.pick((36 * HOUR, 0, 6 * HOUR, 10 * DAY))
        knowledge = self.pick((0, 0, 0, 6 * HOUR, 5 * DAY))
        return ("limits", grace, self.pick((900, 60, 400, 86400)), knowledge)

    def first_orders(self, now):
        """What a site orders first."""
        week, holidays = self.pick((WEEKS[1], WEEKS[3], WEEKS[4]))
        return [
            ("timezone", self.pick(tuple(TIMEZONES))), ("door", 0, site.DOOR),
            ("door", 1, "boiler"), ("door", 2, "cellar"),
            ("zone", site.ZONE, self.pick(([0, 1], [0, 1, 2], [0]))),
            ("zone_key", site.ZONE, 1, zone_secret(site.ZONE, 1), True),
            ("zone_switch", site.ZONE, 1),
            ("schedule", "days", *self.pick(WEEKS[2:4])), ("schedule", "office", week, holidays),
            self._order_holidays(now),
            ("mode", self.pick((0, 1, 2)), "office", self.pick((0, 1))),
            ("group", 1, [(place, self.pick((33, 1, 33)), None) for place in EVERY]),
            ("group", 2, [(GUESTS, 1, "days"), (HERE, 4, None), (CELLAR, 1, "office")]),
            ("grant", CARDS[0], 1, None, self._rare(now)),
            ("grant", PINS[0], 2, now + 20 * DAY, {}),
            ("grant", CARDS[1], 2, None, {"person": PERSON}),
            ("grant", CARDS[1], 1, None, {"person": PERSON}),
            ("grant", PINS[1], 1, None, self.pick(({"person": PERSON}, self._rare(now)))),
            ("grant", PINS[2], 1, None, {"person": PERSON, "duress": True}),
            # What is counted, at one door or, as nobody should order it, at two.
            ("group", 4, [(self.pick(EVERY), self.pick((1, 1, 33)), self.pick((None, "days")))]),
            ("group", 5, [(HERE, 1, None), *self.pick(([], [(BOILER, 1, None)]))]),
            ("grant", CARDS[2], self.pick((4, 5)), None, {"uses": 2, "person": PERSON}),
            ("grant", PINS[0], 5, None, {"uses": 3}),
        ]  # fmt: skip
