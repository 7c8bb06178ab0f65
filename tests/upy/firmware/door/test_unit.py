"""One door of a node, put together: nothing happens before it is started."""

INTERPRETERS = ("micropython", "cpython")

from holdfast.door.unit import DoorUnit


class _Untouched:
    """Whatever is asked of it while it is made is one thing too many."""

    def __init__(self, *named):
        for name in named:
            setattr(self, name, self)
        self.calls = []

    def uptime(self):
        self.calls.append("uptime")
        return 0

    def lookup_key(self):
        self.calls.append("lookup_key")
        return bytes(32)

    def attempts(self, door):
        self.calls.append("attempts " + door)

    def end(self):
        self.calls.append("end")

    def show(self, colour, effect):
        self.calls.append("show " + colour)


def test_it_is_made_without_any_io_and_started_with_the_strike_secured_first():
    """A node makes all of its doors before it begins, and a supervisor begins them."""
    hardware = _Untouched("strike", "led", "buzzer", "ticks")
    node = _Untouched()
    unit = DoorUnit("lobby", 3000, hardware, node, node, node)
    assert not hardware.calls and not node.calls
    assert unit.name == unit.access_point.name == "lobby" and unit.strike is hardware
    unit.doorway.start()
    assert hardware.calls == ["end", "show white"]
    # Of cards and PINs it knows nothing before there is an antenna or a keypad to ask for it.
    assert unit.card_reader is unit.card_reader
    assert node.calls == ["attempts lobby"]


def test_two_doors_lamps_are_two_pieces():
    """One that works again says nothing of the other."""

    class Dark(_Untouched):
        def show(self, colour, effect):
            raise OSError(5)

    told = []
    for name in ("lobby", "cellar"):
        hardware = Dark("strike", "led", "buzzer", "ticks")
        node = _Untouched()

        def tell(piece, error):
            told.append(piece)

        DoorUnit(name, 3000, hardware, node, node, node, tell).doorway.start()
    assert told == ["lobby led", "cellar led"]
