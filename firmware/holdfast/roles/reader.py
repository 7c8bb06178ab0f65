"""The reader: a node with one door of its own, whose strike hangs on it."""

from .doors import Doors


class Reader(Doors):
    """``hardware`` has ``strike``, ``led`` and ``buzzer`` besides what a Node needs, and perhaps
    ``inputs`` (DoorUnit): those of its one door.
    """

    def hardware_of(self, door):
        """Its own."""
        return self.hardware

    @property
    def door(self):
        """Its Doorway."""
        return self.doors[self.settings.doors[0][0]].doorway

    @property
    def card_reader(self):
        """The CardReader for antenna and keypad; made, and loaded, for a board that has them."""
        return self.doors[self.settings.doors[0][0]].card_reader
