"""Logs of readers of a site, as long as a test wants, made of decisions that the firmware took.

Each visit is decided by ``decide`` under the site's policy of then, told by ``AccessEvent`` and
encoded and chained as a reader does; only the flash is left out, which takes a minute for 10,000.
"""

import random

import crypto
from collected_events import certificate
from cose import CRV_X25519, Key
from holdfast.access.clock.reading import ClockReading
from holdfast.access.credential import Credential
from holdfast.access.decide import decide
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.events.batch import Batch
from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy.view import DoorView
from holdfast.access.request import CARD, PIN, UNLOCK, CardRequest, Request

DAY = 86400


class MadeLog:
    """The log of one node with these ``doors``, whose chain the site's auditor can prove."""

    def __init__(self, authority, secret, node, doors, seed=1):
        device = crypto.sha256(b"device %d" % seed)
        ephemeral = crypto.sha256(b"chain %d" % seed)
        audit = crypto.x25519_public_key(secret.audit_key())
        self.doors = doors
        self.root = crypto.x25519_public_key(ephemeral)
        self._key, _ = event_record.board_keys(ephemeral, device, audit)
        self._code = event_record.FIRST_CODE
        self.records = []
        public = Key.okp(CRV_X25519, crypto.x25519_public_key(device))
        self.certificate = certificate(authority, node=node, doors=doors, device_key=public)
        self.add(event.LOG_STARTED, {"root": self.root})

    def add(self, kind, fields):
        """Record an event; its number."""
        number = len(self.records)
        record = event_record.encode(number, kind, fields)
        self._code = event_record.code(self._key, self._code, record)
        self._key = event_record.next_key(self._key)
        self.records.append(record + self._code)
        return number

    def visit(self, past, number, door, request, clock):
        """Somebody came to ``door`` while the policy was at changeset ``number``."""
        view = DoorView(past.rules(number), door)
        decision = decide(request, view, past.cache(number), clock)
        fields = event.AccessEvent(decision, request, view, clock).fields()
        self.add(event.ACCESS, {**fields, "uptime": len(self.records)})
        return decision

    def batch(self, records=None):
        """What a collector gets of it, or what somebody made of that."""
        head = len(self.records) - 1, event_record.split(self.records[-1])[1]
        some = self.records if records is None else records
        return Batch((0, self.root), None, head, (0, None), some, self.certificate)

    def save(self, path, records=None):
        """A file of its events."""
        path.write_bytes(self.batch(records).encode())
        return path


def token(past, number, holder, place, **changes):
    """A phone's credential for ``place``, (DOOR or ZONE, name), as a reader has it."""
    rules = past.rules(number)
    made = object.__new__(Credential)
    fields = {
        "holder": holder,
        "cti": crypto.sha256(holder.encode())[:8],
        "expires": rules.issued_at + 90 * DAY,
        "issued_at": rules.issued_at,
        "not_before": None,
        "audience": rules.site,
        "scope": [(*place, UNLOCK)],
        "guest": False,
        "role": 0,
        "schedule": None,
        "bound_to_schedule": False,
        "needs_user_verification": False,
        "clock_rule": 0,
        "authority": rules.anchors[0].x[:8],
        **changes,
    }
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def busy_days(log, past, begin, count, cards, pins=(), holders=(), seed=1, days=30):
    """``count`` visits over some days from ``begin`` on, by day more than by night.

    ``cards`` and ``pins`` are keys that the policy knows or not, ``holders`` credentials. The door
    follows the policy as it is signed; now and then its clock is not sure.
    """
    pick = random.Random(seed)
    issued = [past.rules(number).issued_at for number in range(1, past.number + 1)]
    hours = [0, 0, 0, 0, 0, 1, 4, 9, 14, 10, 7, 7, 9, 8, 6, 6, 8, 11, 9, 5, 3, 2, 1, 1]
    times = sorted(
        begin
        + DAY * pick.randrange(days)
        + 3600 * pick.choices(range(24), hours)[0]
        + pick.randrange(3600)
        for _ in range(count)
    )
    for when in times:
        number = max(1, sum(1 for at in issued if at <= when - 600))
        door = pick.choice(log.doors)
        unsure = pick.random() < 0.02
        clock = ClockReading(when, "floor" if unsure else "rtc", 2, 3600 if unsure else 0)
        kind = pick.random()
        if holders and kind < 0.3:
            wish = Request(pick.choice(holders), door, UNLOCK, pick.random() < 0.98)
        elif pins and kind < 0.4:
            wish = CardRequest(PIN, pick.choice(pins), door)
        else:
            wish = CardRequest(CARD, pick.choice(cards), door)
        log.visit(past, number, door, wish, clock)


PLACES = (DOOR, ZONE)
