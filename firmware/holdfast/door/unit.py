"""One door of a node: what moves, what shows, who decides, and what cards and PINs lead to."""

from .access_point import AccessPoint
from .doorway import Doorway
from .faults import Faults
from .indicator import Indicator


class DoorUnit:
    """The door ``name`` of the policy, whose strike a grant releases for ``strike_ms``.

    ``hardware`` is what hal built for it: ``strike``, ``led``, ``buzzer`` and ``ticks``, and
    perhaps ``inputs``, a dict of what a Watched takes, and ``held_ms``, for how many milliseconds
    the door may be open, if not 30 s.
    ``stores``, ``timekeeper`` and ``recorder`` are the node's, for all of its doors.
    ``tell_fault(piece, error)`` hears of each piece that fails, once, and, with None as the error,
    that it works again; a piece is called after the door: ``lobby led``.

    Nothing moves or shows before ``start()``. ``doorway.run()`` is to be run for ever, and
    again whenever it ended; so is ``watched.run()``, where there is a ``watched``, a door with
    inputs; ``doorway.close()`` secures the strike, and takes no memory.
    """

    watched = None

    def __init__(
        self, name: str, strike_ms: int, hardware, stores, timekeeper, recorder, tell_fault=None
    ):
        self.name = name
        self._hardware = hardware
        self._stores = stores
        self._timekeeper = timekeeper
        self._recorder = recorder
        self._faults = Faults(tell_fault, name + " ")
        self._card_reader = None
        self.strike = hardware.strike
        self.indicator = Indicator(hardware.led, hardware.buzzer, self._faults)
        self.doorway = Doorway(self.strike, self.indicator, hardware.ticks)
        self.access_point = AccessPoint(
            name, strike_ms, stores, timekeeper, self.doorway, recorder, self._faults
        )

        inputs = getattr(hardware, "inputs", None)
        if inputs:
            self._watch(inputs, strike_ms)

    def _watch(self, inputs, strike_ms):
        from .watched import Watched

        hardware = self._hardware
        self.watched = Watched(
            self.name,
            strike_ms,
            inputs,
            self.strike,
            self.doorway,
            hardware.ticks,
            self._recorder,
            self._faults,
            getattr(hardware, "held_ms", 0),
        )
        self.doorway.exit = self.watched.exit  # pyright: ignore[reportAttributeAccessIssue]

    def start(self):
        """Secure the strike, first of all, and from then on let out who wants to; once a start."""
        self.doorway.start()
        if self.watched is not None:
            self.watched.start()

    def set_faulty(self, is_faulty: bool):
        """Secure the door and grant nothing, or go on: what a supervisor says of it. Who wants out
        gets out all the same.
        """
        self.doorway.is_faulty = is_faulty
        self.doorway.close()
        if self.doorway.exit is not None:
            self.doorway.exit.again()
        self.indicator.show("fault" if is_faulty else "ready")

    @property
    def card_reader(self):
        """The CardReader for antenna and keypad; made, and loaded, for a door that has them."""
        if self._card_reader is None:
            from .card_reader import CardReader

            self._card_reader = CardReader(
                self._stores.lookup_key,
                self.access_point,
                self._stores.attempts(self.name),
                self._timekeeper.uptime,
                self._hardware.ticks,
                self._faults,
            )
        return self._card_reader

    def wiegand_in(self, port, form, console):
        """The job that listens to this door's Wiegand reader; loaded for a door that has one.

        ``port`` is the hal's, ``form`` its Format (WiegandIn); ``console`` shows what is refused.
        """
        from .wiegand_in import WiegandIn

        return WiegandIn(
            port,
            form,
            self.card_reader,
            self.access_point.deny,
            self._hardware.ticks,
            console,
            self._faults,
        )

    def wiegand_out(self, port, form):
        """The job that sends the numbers of cards that this door lets in to a panel (WiegandOut);
        ``port`` is the hal's, ``form`` the panel's Format.
        """
        from .wiegand_out import WiegandOut

        out = WiegandOut(port, form, self._faults)
        self.card_reader.tell_panel(out)
        return out
