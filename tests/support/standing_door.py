"""A reader whose door stands unlocked by schedule, in memory. Runs on both interpreters."""

import card_door
import crypto
import small_log
import small_site as site
from harness import new_folder
from holdfast.access.clock.reading import SOURCE_FLOOR, ClockReading
from holdfast.access.events.event import LOCKED_BY_SCHEDULE, UNLOCKED_BY_SCHEDULE
from holdfast.access.policy import operations as ops
from holdfast.access.request import CARD
from memory_phone import make_reader, show_card

KINDS = {UNLOCKED_BY_SCHEDULE: "unlocked_by_schedule", LOCKED_BY_SCHEDULE: "locked_by_schedule"}
MODE = [ops.DOOR_MODE, 0, "office", 0]
FROM_FIRST = [ops.DOOR_MODE, 0, "office", 1]


def office(*hours):
    """Those hours of each day, in minutes of UTC; without any, always."""
    return [ops.SCHEDULE, "office", [[list(one) for one in hours] or [[0, 1440]]] * 7, []]


def knows_card():
    """A door that one card opens, whatever the time."""
    return (
        [1, 0, None],
        [12, 0, site.DOOR],
        [5, 1, [[[1, site.DOOR], 1, None]]],
        [6, card_door.key_of(CARD, card_door.CARD_NUMBER), 1, None],
    )


class Hardware(card_door.StillHardware):
    """Keeps what the strike does in order among the lines of the console; each ``wait`` is at
    most as long as the strike is released, so that its end is among them, too.
    """

    def __init__(self):
        super().__init__()
        self.light = None
        self.asked = []  # each pulse, in milliseconds, and when it was asked for
        self.is_stuck = False  # the strike cannot be released
        self._was_released = False

    def pulse(self, ms):
        self.notice()
        if self.is_stuck:
            raise OSError(5)
        self.asked.append((ms, self.elapsed()))
        super().pulse(ms)
        self.notice()

    def end(self):
        self.notice()
        super().end()
        self.notice()

    def notice(self):
        if self.released != self._was_released:
            self._was_released = self.released
            self.lines.append({"event": "released" if self.released else "secured"})

    def wait(self, ms):
        left = self._released_until - self.elapsed()
        if 0 < left <= ms:
            super().wait(left)
            self.notice()
            ms -= left
        super().wait(ms)

    def line(self, fields):
        self.notice()
        super().line(fields)

    def show(self, colour, effect):
        self.light = colour + " " + effect


class Door:
    """A door, open to one card, with what ``operations`` say of it. It is 08:00 in UTC."""

    make_hardware = Hardware

    def __init__(self, *operations):
        self.hardware = self.make_hardware()
        self.directory = new_folder()
        self._number, self._head = 0, bytes(32)
        self.start()
        self.follow(*knows_card(), *operations)
        self.hardware.lines = []

    def start(self):
        """Begin, or begin again after a power cut."""
        self.reader = make_reader(self.hardware, policy=False, directory=self.directory)

    def follow(self, *operations):
        self._number += 1
        raw = site.changeset(list(operations), self._number, self._head)
        self._head = crypto.sha256(raw)
        self.reader.apply(raw)

    @property
    def unit(self):
        return self.reader.doors[site.DOOR]

    def look(self, seconds=0):
        """Let so much time go on, and the reader look at it as it does when nobody comes."""
        for _ in range(2 * seconds):
            self.unit.access_point.stand(self.hardware)
            self.hardware.wait(500)
        self.unit.access_point.stand(self.hardware)

    def stay(self, minutes):
        """Let time go on, and the reader look just often enough to hold the strike."""
        for _ in range(15 * minutes):
            self.unit.access_point.stand(self.hardware)
            self.hardware.wait(4000)
        self.unit.access_point.stand(self.hardware)

    def sleep(self, seconds):
        """Let time go on while it cannot look."""
        self.hardware.wait(1000 * seconds)

    def pass_hours(self, minutes):
        """So many minutes, at which it looks each minute: too seldom to hold the strike."""
        for _ in range(minutes):
            self.hardware.wait(60000)
            self.reader.timekeeper.read()

    def lose_clock(self):
        """Nobody trusts the time any more; it is later than it was."""
        timekeeper = self.reader.timekeeper
        self._genuine = timekeeper.read
        uncertain = ClockReading(self.hardware.now, SOURCE_FLOOR)
        timekeeper.read = lambda: uncertain

    def find_clock(self):
        """And it is trusted again."""
        self.reader.timekeeper.read = self._genuine

    def enter(self):
        """Somebody is let in with a card."""
        show_card(self.reader, card_door.CARD_NUMBER)

    def show(self, number=b"\x04\xff\xff\xff"):
        """Somebody with another card is not."""
        show_card(self.reader, number)

    def happened(self):
        """What was said and done since this was asked last, in order."""
        self.hardware.notice()
        found = []
        for line in self.hardware.lines:
            what = line["event"]
            if what in KINDS.values():
                found.append(what + (": " + line["detail"] if "detail" in line else ""))
            elif what in ("released", "secured"):
                found.append(what)
            elif what == "access":
                found.append(line["reason"])
        self.hardware.lines = []
        return found

    def kept(self):
        """The events of a door that stands unlocked, as they lie on flash: (kind, detail)."""
        events = small_log.audit(small_log.batch(self.reader.stores.events()))
        return [(KINDS[one.kind], one.fields.get("detail")) for one in events if one.kind in KINDS]
