"""A reader whose door has inputs, in memory: what happens at them, and what it says of that.

Runs on both interpreters.
"""

import small_log
import standing_door
from holdfast.access.events import event

NAMES = ("contact", "rex", "tamper", "fire")
KINDS = (
    event.CONTACT,
    event.FORCED,
    event.HELD_OPEN,
    event.REX,
    event.TAMPER,
    event.PASSED,
    event.NOT_PASSED,
    event.FIRE,
)
LOOK_MS = 50


class Pin:
    """An input; nobody hears of a change that is ``missed``, as while interrupts are off."""

    def __init__(self):
        self.is_on = False
        self.failure = None
        self.callback = None

    def read(self):
        if self.failure is not None:
            raise self.failure
        return self.is_on

    def watch(self, callback):
        self.callback = callback

    def set(self, is_on, missed=False):
        self.is_on = is_on
        if self.callback is not None and not missed:
            self.callback()


class Hardware(standing_door.Hardware):
    """Has inputs; remembers what is shown, with each sound."""

    def __init__(self, names=NAMES):
        super().__init__()
        self.inputs = {name: Pin() for name in names}
        self.beeps = []

    def beep(self, count):
        self.beeps.append((count, self.elapsed()))


class Door(standing_door.Door):
    """A door with inputs, open to one card."""

    make_hardware = Hardware

    @property
    def watched(self):
        return self.unit.watched

    def put(self, name, is_on, missed=False):
        self.hardware.inputs[name].set(is_on, missed)

    def pass_by(self, ms):
        """Let so much time go on, in which the inputs are looked at as a reader does."""
        for _ in range(ms // LOOK_MS):
            self.hardware.wait(LOOK_MS)
            self.watched.look()

    def open(self, ms=200):
        """The leaf opens; long enough after that to be noticed."""
        self.put("contact", True)
        self.pass_by(ms)

    def shut(self, ms=200):
        self.put("contact", False)
        self.pass_by(ms)

    def press(self, ms=200):
        """Somebody presses the exit button, and lets go."""
        self.put("rex", True)
        self.pass_by(ms)
        self.put("rex", False)

    def told(self):
        """What was said of the inputs since this was asked last, in order, and of the strike."""
        self.hardware.notice()
        kinds = [event.kind_name(kind) for kind in KINDS]
        found = []
        for line in self.hardware.lines:
            what = line["event"]
            if what in kinds:
                found.append(in_words(what, line))
            elif what in ("released", "secured"):
                found.append(what)
        self.hardware.lines = []
        return found

    def recorded(self):
        """The events of the inputs, as they lie on flash."""
        events = small_log.audit(small_log.batch(self.reader.stores.events()))
        return [
            in_words(event.kind_name(one.kind), one.fields) for one in events if one.kind in KINDS
        ]


def in_words(kind, fields):
    """``rex``, ``tamper on``, ``contact off``, with the detail after a colon."""
    on = {True: " on", False: " off", None: ""}[fields.get("on")]
    detail = ": " + fields["detail"] if "detail" in fields else ""
    return kind + on + detail
