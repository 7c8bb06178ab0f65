"""A reader with cards and PINs in its policy, what people do at it, and time that goes on by the
millisecond.
"""

import carrier
import crypto
import small_log
import small_site as site
from harness import new_folder
from holdfast.access.request import CARD, PIN
from holdfast.access.tag import card_key
from memory_phone import make_reader, show_card

CARD_NUMBER = b"\x04\xa1\xb2\xc3"
THE_PIN = "271828"


def key_of(kind, value):
    """What the policy has in the place of a number."""
    return card_key(site.LOOKUP_KEY, kind, value)


class StillHardware(carrier.StillHardware):
    """Time goes on by ``wait`` alone, for the clock and the ticks alike."""

    def wait(self, ms):
        self._passed_ms += ms
        self.now = site.NOW + self._passed_ms // 1000


class Door:
    """A reader with a card and a PIN in its policy, and ``operations`` after that."""

    def __init__(self, *operations, bits=1, directory=None):
        self.hardware = StillHardware()
        self.directory = directory or new_folder()
        self._head, self._number = bytes(32), 0
        self.start()
        self.follow(
            [1, 0, None],
            [12, 0, site.DOOR],
            [2, site.ZONE, b"\x01"],
            [5, 1, [[[1, site.DOOR], bits, None]]],
            [6, key_of(CARD, CARD_NUMBER), 1, None],
            [6, key_of(PIN, THE_PIN.encode()), 1, None],
            *operations,
        )

    def start(self):
        """Begin, or begin again after a power cut."""
        self.reader = make_reader(self.hardware, policy=False, directory=self.directory)
        self.read = self.reader.card_reader

    def follow(self, *operations):
        self._number += 1
        raw = site.changeset(list(operations), self._number, self._head)
        self.reader.apply(raw)
        self._head = crypto.sha256(raw)

    def pin(self, digits):
        self.read.pin(digits)
        return self.hardware.reasons()[-1]

    def card(self, number):
        """A card that was not there before."""
        show_card(self.reader, number)
        return self.hardware.reasons()[-1]

    def wait(self, ms):
        """Let time go on; the reader looks at it as it does when nobody comes."""
        while ms > 0:
            self.hardware.wait(min(ms, 600000))
            ms -= 600000
            self.reader.timekeeper.read()

    def answered(self):
        """How many answers there were since the last look."""
        count = len(self.hardware.reasons())
        self.hardware.lines = []
        return count

    def recorded(self):
        """The decisions on flash, as (reason, fields)."""
        events = small_log.audit(small_log.batch(self.reader.stores.events()))
        return [one.fields for one in events if "reason_code" in one.fields]
