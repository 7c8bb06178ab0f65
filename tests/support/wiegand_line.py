"""Two lines of a Wiegand reader at an ESP32, in simulated time: the hal's own code on pins as that
port has them.

A falling edge asks for a call of the pin's handler, which comes when the interpreter has finished
its present piece of work. As many as eight wait for that; one more is lost, and nobody is told.
"""

import sys

_QUEUE = 8  # MICROPY_SCHEDULER_DEPTH of the port
_CALL_US = 30  # one call, at 160 MHz
_PULSE_US = 50
_WRAP = 1 << 30


class Pin:
    """One GPIO of a Line."""

    IN, OPEN_DRAIN, IRQ_FALLING = 1, 3, 2

    def __init__(self, line):
        self.line = line
        self.handler = None
        self.low_until = 0
        self.is_stuck = False

    def init(self, mode, pull=None, value=None):
        assert mode == Pin.IN and pull is None and value is None

    def irq(self, handler, trigger=IRQ_FALLING):
        assert trigger == Pin.IRQ_FALLING
        self.handler = handler

    def value(self):
        return 0 if self.is_stuck or self.line.now < self.low_until else 1


class Line:
    """``port`` is the hal's WiegandPort; ``now`` the time in microseconds, from ``begin`` on. A
    line is low for ``pulse_us`` each time.

    It is the ticks of a node as well: ``add`` and ``until``, in milliseconds.
    """

    def __init__(self, begin=0, pulse_us=_PULSE_US):
        self.now = begin
        self._pulse_us = pulse_us
        self.pins = (Pin(self), Pin(self))
        self.dropped = 0
        self._pulses = []  # the next one is the last, once they are sorted
        self._is_sorted = True
        self._queue = []
        self.port = _hal(self).WiegandPort(*self.pins)

    def send(self, bits, every=1000, begin=0):
        """Have the reader send ``bits`` from ``begin`` microseconds from now on."""
        for place, bit in enumerate(bits):
            self.pulse(bit, begin + every * place)

    def pulse(self, line, after):
        """One pulse, after so many microseconds."""
        entry = (self.now + after, line)
        if not self._pulses or entry > self._pulses[0]:
            self._pulses.insert(0, entry)  # in order: MicroPython's sort takes its time for that
        else:
            self._pulses.append(entry)
            self._is_sorted = False

    def idle(self, us):
        """The interpreter waits: each call comes at once."""
        end = self.now + us
        while self._next() <= end:
            self.now = max(self.now, self._next())
            self._arrive()
            self._call()
        self.now = max(self.now, end)

    def work(self, us):
        """One piece of work that takes so long, and only then the calls that wait."""
        self.now += us
        self._arrive()
        self._call()

    def _next(self):
        if not self._is_sorted:
            self._pulses.sort(reverse=True)
            self._is_sorted = True
        return self._pulses[-1][0] if self._pulses else 1 << 60

    def _arrive(self):
        while self._next() <= self.now:
            at, line = self._pulses.pop()
            pin = self.pins[line]
            pin.low_until = at + self._pulse_us
            if pin.handler is None:
                continue
            if len(self._queue) < _QUEUE:
                self._queue.append((pin, pin.handler))
            else:
                self.dropped += 1

    def _call(self):
        while self._queue:
            pin, handler = self._queue.pop(0)
            handler(pin)
            self.now += _CALL_US
            self._arrive()

    # What the hal takes from the module time

    def ticks_us(self):
        return self.now % _WRAP

    @staticmethod
    def ticks_diff(later, earlier):
        return (later - earlier + _WRAP // 2) % _WRAP - _WRAP // 2

    # The hal's monotonic clock

    def add(self, ms):
        return self.now + 1000 * ms

    def until(self, tick):
        return (tick - self.now) // 1000


class _Module:
    pass


def _hal(line):
    """The hal's module on this line's pins and time."""
    machine = _Module()
    machine.Pin = Pin
    genuine = {name: sys.modules.get(name) for name in ("machine", "time")}
    sys.modules["machine"], sys.modules["time"] = machine, line
    sys.modules.pop("holdfast.hal.esp32.wiegand_in", None)
    try:
        import holdfast.hal.esp32.wiegand_in as module
    finally:
        for name, before in genuine.items():
            if before is None:
                del sys.modules[name]
            else:
                sys.modules[name] = before
    return sys.modules.get("holdfast.hal.esp32.wiegand_in", module)
