"""A door of which any piece can be taken away or spoilt, and every way to ask it.

Runs on both interpreters.
"""

import os

import crypto
import small_site as site
from cache_world import damage
from harness import new_folder
from holdfast.access import Request, Trust, reason
from holdfast.access.events import record as event_record
from holdfast.access.events.event import ACCESS
from holdfast.access.policy import operations as ops
from holdfast.access.policy import snapshot
from holdfast.access.tag import CARD, PIN, card_key
from holdfast.storage import files
from memory_phone import Hardware, make_reader, show_card

CARD_NUMBER = b"\x04\xa1\xb2\xc3"
DIGITS = "12345678"
ALWAYS = [[[0, 1440]]] * 7
# What the whole site is: everything that a token, a card or a PIN needs.
GRANTS = (
    [ops.GRANT, card_key(site.LOOKUP_KEY, CARD, CARD_NUMBER), 1, None],
    [ops.GRANT, card_key(site.LOOKUP_KEY, PIN, DIGITS.encode()), 1, None],
)
GROUP = [ops.GROUP, 1, [[[2, site.ZONE], 1, "days"]]]
PARTS = (
    [ops.TIMEZONE, 60, None],
    [12, 0, site.DOOR],
    [2, site.ZONE, b"\x01"],
    [ops.SCHEDULE, "days", ALWAYS, [[[0, 1440]]]],
)
SITE = PARTS + GRANTS + (GROUP,)
TOKEN, BY_CARD, BY_PIN = "token", "card", "pin"
ALL = (TOKEN, BY_CARD, BY_PIN)
CARDS = (BY_CARD, BY_PIN)


def holder(changes=None):
    """A credential that relies on the zone and on the schedule, as a phone's context keeps it."""
    claims = {9: site.scope((2, site.ZONE, 1)), -65538: "days"}
    claims.update(changes or {})
    claims = {label: value for label, value in claims.items() if value is not None}
    trust = Trust(site.SITE, [site.authority_public()])
    return trust.authenticate(site.holder_token(changes=claims))


class Door:
    """A reader that is restarted on one folder, and what is done to that."""

    def __init__(self, orders=SITE, settings=None):
        self.folder = new_folder()
        self.settings = settings
        self.hardware = Hardware()
        self.holder = holder()
        self.head, self.number, self.raws = bytes(32), 0, []
        self.restart()
        if orders:
            self.order(*orders)

    def restart(self):
        self.reader = make_reader(
            self.hardware, self.settings, directory=self.folder, policy=False
        )

    def order(self, *orders, issued_at=site.NOW - 3600):
        self.number += 1
        raw = site.changeset(list(orders), self.number, self.head, issued_at)
        self.head = crypto.sha256(raw)
        self.raws.append(raw)
        self.reader.apply(raw)

    def bring_all_again(self):
        for raw in self.raws:
            self.reader.apply(raw)

    def take_snapshot(self, *orders):
        """As a carrier brings it: what ``orders`` come to; of a chain that was longer, if there is
        none here.
        """
        if not self.number:
            self.number, self.head = 40, bytes(range(32))
        parts = snapshot.make(
            site.authority(), site.SITE, self.number, self.head, site.NOW - 3600, list(orders)
        )
        store = self.reader.stores.policies()
        assert store.begin_snapshot(parts[0])
        for part in parts[1:]:
            store.add_part(part)
        # Composed anew: what goes by the policy is told of it at a start.
        self.restart()

    def path(self, name):
        (place,) = os.listdir(self.folder)
        return self.folder + "/" + place + "/" + name

    def spoil(self, name):
        """Flip a bit in each record of the files in a folder, or in one file."""
        path = self.path(name)
        if not os.stat(path)[0] & 0x4000:
            return damage(path, os.stat(path)[6] // 2)
        for inner in os.listdir(path):
            damage(path + "/" + inner, os.stat(path + "/" + inner)[6] - 3)

    def block(self, name):
        """The storage fails there: a file lies where a folder must be."""
        os.rename(self.path(name), self.path("away"))
        files.write(self.path(name), b"x")

    def unblock(self, name):
        os.remove(self.path(name))
        os.rename(self.path("away"), self.path(name))

    def ask(self, way):
        """The exact reason of the answer."""
        if way == TOKEN:
            wish = Request(self.holder, site.DOOR, 1, True)
            return self.reader.doors[site.DOOR].access_point.ask(wish, {}).reason
        if way == BY_CARD:
            show_card(self.reader, CARD_NUMBER)
        else:
            self.reader.card_reader.pin(DIGITS)
        line = [line for line in self.hardware.lines if line["event"] == "access"][-1]
        return line["reason_code"]

    def recorded(self):
        """Reasons of the decisions in the event log, as it lies on flash."""
        return [
            happened.fields["reason_code"] for happened in self.events() if happened.kind == ACCESS
        ]

    def events(self):
        raws = self.reader.stores.events().after(-1, 1 << 20)
        return [event_record.decode(event_record.split(raw)[0]) for raw in raws]


def refused(door, expected, kept=True):
    """Each way in ``expected`` (way: reason) is refused like this, keeps the strike, and is in the
    log.
    """
    for way, why in expected.items():
        before, opened = (door.recorded() if kept else []), door.hardware.opened
        found = door.ask(way)
        assert found == why, (way, reason.name(found), reason.name(why))
        if why:
            assert door.hardware.opened == opened and not door.hardware.released
        door.reader.door.close()
        if kept:
            assert door.recorded() == before + [why], way


def works(door):
    for way in ALL:
        opened = door.hardware.opened
        assert door.ask(way) == reason.GRANTED, way
        assert door.hardware.opened == opened + 1 and door.recorded()[-1] == reason.GRANTED
        door.reader.door.close()


def all_ways(why):
    return {way: why for way in ALL}


def but_tokens(why):
    return {TOKEN: reason.GRANTED, BY_CARD: why, BY_PIN: why}


def without(part):
    return tuple([order for order in SITE if order is not part])
