"""The ESP32's pins of a Wiegand reader and a panel: handlers that take no memory, pulses that are
level before direction.
"""

INTERPRETERS = ("micropython",)

import sys

import micropython
from wiegand_line import Line


def _taken(port):
    found = []
    port.take(lambda line, at: found.append((line, at)))
    return found


def test_a_pulse_takes_no_memory():
    """An interrupt in the middle of a collection finds none; also where the ring is full, and at
    both ends of the ticks.
    """
    for begin in (0, (1 << 29) - 10, (1 << 30) - 10):
        line = Line(begin)
        zero, one = [pin.handler for pin in line.pins]
        micropython.heap_lock()
        try:
            zero(None)  # pyright: ignore[reportOptionalCall]
            one(None)  # pyright: ignore[reportOptionalCall]
        finally:
            micropython.heap_unlock()
        at = line.ticks_us()
        assert _taken(line.port) == [(0, at), (1, at)]


def test_what_came_is_taken_in_order_and_once():
    """Through the end of the ring, again and again."""
    line = Line()
    for number in range(50):
        bits = [number >> place & 1 for place in range(37)]
        line.send(bits)
        line.idle(100000)
        assert [bit for bit, _ in _taken(line.port)] == bits
    assert _taken(line.port) == [] and line.port.lost == 0


def test_a_flood_is_counted_and_not_heard_for_a_while():
    """The ring keeps what came first; after the flood the pins are heard again."""
    line = Line()
    line.send([1] * 200)
    line.idle(200000)
    assert line.port.lost and line.pins[0].handler is None and not line.port.is_active
    assert len(_taken(line.port)) == 63
    line.idle(300000)
    _taken(line.port)
    line.send([0, 1])
    line.idle(10000)
    assert line.port.is_active and [bit for bit, _ in _taken(line.port)] == [0, 1]
    line.idle(30000)
    assert not line.port.is_active


def test_a_short_between_the_lines_and_a_cut_one_are_seen():
    """Both low at once is no reader's doing; a line without current is low for good."""
    line = Line()
    line.pulse(0, 100)
    line.pulse(1, 101)
    line.idle(1000)
    assert line.port.clashes
    assert line.port.is_resting
    line.pins[1].is_stuck = True
    assert not line.port.is_resting


def test_the_panels_lines_are_high_before_they_are_outputs():
    """And each pulse is one fall and one rise of one line, with interrupts off."""
    trace = []

    class Pin:
        OPEN_DRAIN = 3

        def __init__(self, name):
            self.name = name

        def init(self, mode, value):
            trace.append((self.name, "init", mode, value))

        def value(self, level):
            trace.append((self.name, level))

    class Machine:
        pass

    machine = Machine()
    machine.Pin = Pin
    machine.disable_irq = lambda: trace.append("off") or 7
    machine.enable_irq = lambda state: trace.append(("on", state))
    sys.modules["machine"] = machine
    from holdfast.hal.esp32.wiegand_out import WiegandLines

    del sys.modules["machine"]
    lines = WiegandLines(Pin("d0"), Pin("d1"))
    assert trace == [("d0", "init", 3, 1), ("d1", "init", 3, 1)]
    trace.clear()
    lines.pulse(1)
    assert trace == ["off", ("d1", 0), ("d1", 1), ("on", 7)]
