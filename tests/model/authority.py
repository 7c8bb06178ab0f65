"""The site authority of a random history: what it issues and orders, in words and in bytes.

``pick(options)`` decides what. Each token and order is there twice: as reference.py understands
it, and signed, as a phone or a carrier brings it to the reader.
"""

import itertools

import cbor
import crypto
import small_site as site
from cose import cwt
from holdfast.access.policy import changeset as changesets
from holdfast.access.tag import CARD, PIN, card_key
from model import reference as ref

HOUR, DAY = 3600, 86400
ZONES = (site.ZONE, "attic")  # of the settings; the policy need not know them
SECOND_SEED = b"\x99" * 32
STRANGERS_SEED = b"\x13" * 32
SEEDS = {"first": site.AUTHORITY_SEED, "second": SECOND_SEED}
SECRETS = {"zone": site.ZONE_SECRET, "other": b"\x5b" * 32}
TIMEZONES = {
    "Europe/Berlin": [1, 60, [60, [3, 5, 6, 120], [10, 5, 6, 180]]],
    "America/New_York": [1, -300, [60, [3, 2, 6, 120], [11, 1, 6, 120]]],
    "Asia/Kolkata": [1, 330, None],
}
WEEKS = (
    ([[[0, 1440]]] * 7, [[0, 1440]]),
    ([[[480, 720], [780, 1080]]] * 5 + [[], []], []),
    ([[[360, 1200]]] * 7, [[600, 660]]),
    ([[]] * 7, []),
)
SCHEDULES = ("days", "office", "never ordered")
PLACES = (site.DOOR, site.ZONE, "attic", "cellar", "boiler")
SCOPES = (
    [(site.DOOR, 1)],
    [(site.DOOR, 1)],
    [(site.DOOR, 1), ("cellar", 2)],
    [(site.DOOR, 5)],
    [(site.ZONE, 1)],
    [(site.ZONE, 1)],
    [(site.DOOR, 5)],
    [("cellar", 1), (site.ZONE, 3)],
    [("attic", 1)],
    [("boiler", 1)],
    [(site.DOOR, 2)],
    [(site.DOOR, 1), (site.ZONE, 4)],
)
CARDS = (b"\x04\xa1\xb2\xc3", b"\x04\xa1\xb2\xc4", b"holder of thirty-two bytes, full")
PINS = ("1234", "123456", "0000000000")


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
        ahead = (0, 0, 0, -HOUR, -HOUR, -10 * DAY, -DAY, 200, HOUR, 2 * DAY, 300 * DAY, 500 * DAY)
        issued = pick((True, True, True, True, False)) and now + pick(ahead)
        begins = pick((None, None, None, now - DAY, now + 2 * HOUR))
        audience = site.ZONE if guest else site.SITE
        if not pick((1, 1, 1, 1, 0)):
            audience = pick(PLACES[1:4])
        if guest:
            signer, mac = None, pick(("zone",) * 7 + ("other",))
        else:
            signer, mac = pick(tuple(self.rules.anchors * 4) + tuple(SEEDS)), None
        binds, claims = self._binds()
        scope = pick(SCOPES)
        cti = next(self._serial).to_bytes(8, "big")
        token = ref.Token(
            cti, signer, mac, audience, expires, begins, issued or None, scope, **binds
        )
        claims.update({3: audience, 4: expires, 5: begins, 6: issued or None, 7: cti})
        claims[9] = cbor.encode([list(right) for right in scope])
        key = site.authority(SEEDS[signer]) if signer else site.zone_key(SECRETS[mac])
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
        return [order for order in orders if order]

    def changeset(self, orders, now, previous):
        """The next changeset, signed by one of the keys that are good for it."""
        return self._signed(SEEDS[self.pick(self.rules.anchors)], orders, now, previous)

    def forged(self, raw, orders, now, previous):
        """The same by a stranger, or altered on the way."""
        if self.pick((True, False)):
            return self._signed(STRANGERS_SEED, orders, now, previous)
        return raw[:-1] + bytes((raw[-1] ^ 1,))

    def _signed(self, seed, orders, now, previous):
        key, number = site.authority(seed), self.rules.number + 1
        operations = [_ENCODERS[order[0]](*order[1:]) for order in orders]
        return changesets.make(key, site.SITE, number, previous, now, operations)

    def _order(self, now):
        name = self.pick((
            "zone", "schedule", "group", "grant", "grant", "revoke", "lockdown", "group",
            "limits", "anchors", "holidays", "watermark", "timezone",
        ))  # fmt: skip
        return getattr(self, "_order_" + name)(now)

    def _order_timezone(self, now):
        return ("timezone", self.pick(tuple(TIMEZONES)))

    def _order_zone(self, now):
        doors = self.pick((None, None, [site.DOOR, "boiler"], ["boiler"], False))
        return ("zone", self.pick(PLACES[1:4]), doors)

    def _order_schedule(self, now):
        week, holiday = self.pick((*WEEKS, (False, None)))
        return ("schedule", self.pick(SCHEDULES[:2]), week, holiday)

    def _order_holidays(self, now):
        today = now // DAY
        return ("holidays", self.pick(([], [today], [today - 1, today, today + 1])))

    def _order_group(self, now):
        bits = self.pick((1, 1, 5, 1, 4, 2))
        hours = (None, None, "days", "office", "days", "office", "never ordered")
        rights = [(self.pick(PLACES * 2 + (site.DOOR,) * 5), bits, self.pick(hours))]
        if self.pick((0, 1)):
            rights.append((self.pick(PLACES), self.pick((1, 4)), self.pick(hours)))
        return ("group", self.pick((1, 2)), self.pick((rights,) * 7 + (False,)))

    def _order_grant(self, now):
        expires = self.pick((None, now + DAY, now + 20 * DAY, now - HOUR))
        group = self.pick((1, 1, 2, 2, 2, 3, False))
        return ("grant", self.pick(CARDS[:2] + PINS[:2]), group, expires)

    def _order_revoke(self, now):
        if not self.tokens:
            return None
        token = self.pick(self.tokens).token
        return ("revoke", token.cti, token.expires)

    def _order_watermark(self, now):
        return ("watermark", now + self.pick((-10 * DAY, -DAY, -HOUR, 0, 60)))

    def _order_lockdown(self, now):
        on = not self.rules.is_locked() or self.pick((False, False, False, True))
        return ("lockdown", on, self.pick((None, None, [site.DOOR], [site.ZONE], ["attic"])))

    def _order_anchors(self, now):
        return ("anchors", self.pick((["first"], ["first", "second"], ["second"])))

    def _order_limits(self, now):
        grace = self.pick((36 * HOUR, 0, 6 * HOUR, 10 * DAY))
        return ("limits", grace, self.pick((900, 60, 400, 86400)))

    def first_orders(self, now):
        """What a site orders first."""
        week, holiday = WEEKS[1]
        return [
            ("timezone", self.pick(tuple(TIMEZONES))), ("zone", site.ZONE, None),
            ("schedule", "days", *WEEKS[2]), ("schedule", "office", week, holiday),
            ("group", 1, [(site.DOOR, 1, None)]),
            ("group", 2, [(site.ZONE, 1, "days"), (site.DOOR, 4, None)]),
            ("grant", CARDS[0], 1, None), ("grant", PINS[0], 2, now + 20 * DAY),
            ("grant", CARDS[1], 2, None),
        ]  # fmt: skip


def _shown_key(shown):
    kind, value = (PIN, shown.encode()) if isinstance(shown, str) else (CARD, shown)
    return card_key(site.LOOKUP_KEY, kind, value)


def _rights(rights):
    return rights and [list(right) for right in rights]


_ENCODERS = {
    "timezone": lambda name: TIMEZONES[name],
    "zone": lambda zone, doors: [2, zone, doors],
    "schedule": lambda name, week, holiday: (
        [3, name, False] if week is False else [3, name, week, holiday]
    ),
    "holidays": lambda days: [4, days],
    "group": lambda group, rights: [5, group, _rights(rights)],
    "grant": lambda shown, group, expires: (
        [6, _shown_key(shown), False] if group is False else [6, _shown_key(shown), group, expires]
    ),
    "revoke": lambda cti, expires: [7, cti, max(0, expires)],
    "watermark": lambda time: [8, time],
    "lockdown": lambda on, places: [9, on, places],
    "anchors": lambda names: [10, [crypto.ed25519_public_key(SEEDS[name]) for name in names]],
    "limits": lambda grace, uncertainty: [11, {1: grace, 3: uncertainty}],
}
