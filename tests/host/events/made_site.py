"""A site whose register knows people, and the log of one of its readers, as long as wanted."""

import time

from holdfast.access.place import ZONE
from holdfast.access.tag import CARD, PIN, card_key
from holdfast_host.policy.past import Past
from holdfast_host.site import site
from made_events import DAY, MadeLog, busy_days, token

UNKNOWN = bytes.fromhex("0badcafe")
CARDS = [bytes.fromhex(f"04a1b2{number:02x}") for number in range(8)]
NAMES = ["Ana", "Eve; Adam", "<b>Bob & Eve</b>", "W" * 60, "Zoë Đ.", "Bo", "Cy", "Di"]
DOORS = ["front", "back"]


class MadeSite:
    """Two doors, a schedule, eight people with a card each, and the log of the reader at both."""

    def __init__(self, holdfast, folder, authority, secret, seed=1):
        self.folder = folder
        self.holdfast = holdfast
        rows = [
            f'"{name}",{card.hex()},7' for name, card in zip(NAMES, CARDS, strict=True) if name
        ]
        listed = folder.parent / "list.csv"
        listed.write_text("name,cards,groups\n" + "\n".join(rows) + "\n")
        self._does("policy", "door", folder, "back")
        self._does("policy", "schedule", folder, "office", "--weekly", "mon-sun 07:00-19:00")
        self._does("policy", "group", folder, 7, "--door", "front", "--schedule", "office")
        self._does("people", "import", folder, listed, "--numbers", "hex")
        home = site.load(folder)
        self.past = Past(home.policy())
        lookup = home.lookup_key(secret)
        self.keys = [card_key(lookup, CARD, number) for number in CARDS]
        self.unknown = card_key(lookup, CARD, UNKNOWN)
        self.pin = card_key(lookup, PIN, b"2468")
        self.log = MadeLog(authority, secret, "front-reader", DOORS, seed)
        self.holder = token(self.past, self.past.number, "=1+1\u202e<script>", (ZONE, "lobby"))

    def _does(self, *command):
        done = self.holdfast(*command)
        assert done.code == 0, done.err

    def visits(self, count, days=20):
        """So many, from tomorrow on."""
        begin = int(time.time()) // DAY * DAY + DAY
        cards = [*self.keys, self.unknown]
        busy_days(self.log, self.past, begin, count, cards, [self.pin], [self.holder], days=days)
        return self

    def save(self, path, records=None):
        return self.log.save(path, records)
