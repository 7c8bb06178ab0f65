"""One door of a node: what moves it, and where it is decided."""

from ..door.access_point import AccessPoint
from ..door.doorway import Doorway
from ..door.indicator import Indicator
from ..door.strike import Strike


class Door:
    def __init__(self, name, strike_ms, node):
        hardware = node.hardware
        self._node = node
        self._card_reader = None
        self.doorway = Doorway(
            Strike(hardware.strike), Indicator(hardware.led, hardware.buzzer), hardware.ticks
        )
        self.access_point = AccessPoint(
            name, strike_ms, node.stores, node.timekeeper, self.doorway, node.recorder
        )

    def rest(self, is_resting):
        self.doorway.close()

    @property
    def card_reader(self):
        if self._card_reader is None:
            from ..access.attempts import PinAttempts
            from ..door.card_reader import CardReader

            self._card_reader = CardReader(
                self._node.stores.lookup_key,
                self.access_point,
                PinAttempts(),
                self._node.timekeeper.uptime,
            )
        return self._card_reader
