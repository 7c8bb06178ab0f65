"""One side of a door, for which a carrier brings phones, cards and PINs."""

from .indicator import REFUSED_MS


class Side:
    """The side ``way`` (1 in, 2 out) of the door of a DoorUnit; whoever comes by ``carrier`` is
    heard at this door, and at no other.

    It is the ``observer`` of the Origins of one link that the carrier brings, or of what it says
    itself; ``origin`` is the one of the link. ``console`` shows what is no decision.
    """

    origin = None

    def __init__(self, unit, way: int, carrier: str, console):
        self.unit = unit
        self.way = way
        self.carrier = carrier
        self.access_point = unit.access_point
        self._console = console
        self._is_refused = False

    # What is asked

    def ask(self, request, about: dict):
        """As of the AccessPoint."""
        return self._at_side(self.access_point.ask, request, self._about(about))

    def refuse(self, code: int, credential, about: dict, door=None, claimed=None):
        """As of the AccessPoint."""
        refuse = self.access_point.refuse
        return self._at_side(refuse, code, credential, self._about(about), door, claimed)

    def show(self, heed, value):
        """The Decision on ``value``, which ``heed``, of the door's CardReader, hears of; None if
        there was none, since it is still the same visit.
        """
        self.access_point.last = None
        self.access_point.way = self.way
        try:
            heed(value)
        finally:
            self.access_point.way = 0
        return self.access_point.last

    # What the exchanger tells

    def deciding(self):
        """A phone with something to say is being heard."""
        self.unit.doorway.deciding()

    def challenged(self, connection: int):
        """A known phone must show that its request is new."""
        self._console.line({"event": "challenged", "connection": connection})

    def refused(self, code: int, connection: int, credential, claimed):
        """The link refused something."""
        self.refuse(code, credential, {"connection": connection}, None, claimed)

    # What is seen

    def shown(self, is_heard: bool = False) -> tuple:
        """What the carrier is to show, ``(state, milliseconds)``: of what was refused it is told
        once, of a door that is released always; ``is_heard`` says that somebody is yet to be
        answered.
        """
        doorway = self.unit.doorway
        granted_ms = doorway.granted_ms
        if granted_ms > 0:
            self._is_refused = False
            return "granted", granted_ms
        if self._is_refused:
            self._is_refused = False
            return "refused", REFUSED_MS
        return ("deciding", 0) if is_heard else (doorway.at_rest, 0)

    def _about(self, about):
        about["carrier"] = self.carrier
        return about

    def _at_side(self, act, *arguments):
        # Nothing else has a turn before it returns.
        self.access_point.way = self.way
        try:
            decision = act(*arguments)
        finally:
            self.access_point.way = 0
        self._is_refused = not decision.granted
        return decision
