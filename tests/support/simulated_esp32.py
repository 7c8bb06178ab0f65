"""An ESP32 in simulated time: what its port's machine, esp32, neopixel and time do, in the pins.

``install()`` puts the stand-ins where ``import`` finds them. Pads, RMT channels, timers and the
queue of callbacks behave as ports/esp32 of MicroPython and the drivers under it are written: a
callback of a pin or a timer waits in a queue of eight until the interpreter comes to it, and is
lost where that is full; an RMT channel is at level 0 until it has played something; to give one
back ends its pin's being an output; to stop one of the first ESP32 in the middle of a long pulse
is a panic.
"""

import sys

QUEUE = 8
_PANIC_US = 300000  # how long interrupts may be off
_SEE_THE_TIME = ("board", "clock", "ds3231", "inputs", "outputs", "pins")
_MAX_WORDS = 47  # of a channel's memory, one is for the end


class Reset(BaseException):
    """The chip resets: nothing of the program goes on."""


class Panic(Reset):
    """The chip resets because of a fault."""


class Pad:
    """One GPIO: ``level`` is 0, 1, or None while nothing of the chip drives it."""

    def __init__(self, number):
        self.number = number
        self.register = 0
        self.is_output = False
        self.source = None  # an RMT channel, in the place of the register
        self.held = None  # (level,) while it holds
        self.outside = 1  # what the world drives it with, or its pull-up
        self.handler = None
        self.trigger = 0
        self.trace = [(0, None)]  # (µs, level) of each change

    @property
    def level(self):
        if self.held is not None:
            return self.held[0]
        if not self.is_output:
            return None
        return self.register if self.source is None else self.source.level

    def changed(self):
        if self.level != self.trace[-1][1]:
            self.trace.append((chip.now, self.level))


class Chip:
    """The one chip there is: ``name``, its pads, its time in µs, what is due and what waits."""

    def __init__(self, name="ESP32C3", channels=2, names=None):
        self.name = name
        self.free_channels = channels
        self.now = 1000
        self.since_2000 = 0
        self.pads = {}
        self.due = []  # [µs, what to call]
        self.queue = []
        self.lost = 0
        self.cause = 1
        self.fed_until = None
        self.is_radio_on = False
        self.is_image_kept = False
        self.i2c = {}  # address: registers
        self.shown = []  # what each NeoPixel was last told
        self.names = names or {}

    def pad(self, number):
        if number not in self.pads:
            self.pads[number] = Pad(number)
        return self.pads[number]

    def at(self, us, call):
        entry = [us, call]
        self.due.append(entry)
        return entry

    def schedule(self, callback, argument):
        """As mp_sched_schedule: a callback that finds the queue full is lost."""
        if len(self.queue) >= QUEUE:
            self.lost += 1
        else:
            self.queue.append((callback, argument))

    def run_callbacks(self):
        while self.queue:
            callback, argument = self.queue.pop(0)
            callback(argument)

    def pass_us(self, us, blocked):
        end = self.now + us
        if not self.queue and not any([entry[0] <= end for entry in self.due]):
            self.now = end
            return
        while True:
            ready = [entry for entry in self.due if entry[0] <= end]
            if not ready:
                break
            first = min(ready, key=lambda entry: entry[0])
            self.due.remove(first)
            self.now = max(self.now, first[0])
            first[1]()
            if not blocked:
                self.run_callbacks()
                end = max(end, self.now)
        self.now = end
        if not blocked:
            self.run_callbacks()

    def run(self, ms):
        """Let time pass while the interpreter has nothing else to do than callbacks."""
        self.run_callbacks()
        self.pass_us(ms * 1000, False)

    def block(self, ms):
        """Let time pass while the interpreter is in the middle of something."""
        self.pass_us(ms * 1000, True)

    def drive(self, number, level):
        """Something outside drives an input."""
        pad = self.pad(number)
        if pad.outside != level:
            pad.outside = level
            if pad.handler is not None and pad.trigger & (1 if level else 2):
                self.schedule(pad.handler, Pin(number))

    def reset(self, cause):
        """Whatever the reason: pads are inputs, but for held ones; nothing is due any more."""
        self.cause = cause
        self.due, self.queue, self.fed_until = [], [], None
        for pad in self.pads.values():
            if pad.source is not None:
                self.free_channels += 1
            pad.is_output, pad.source, pad.handler = False, None, None
            pad.changed()

    def active(self, number, level):
        """[(from µs, to µs)] of each time that a pad was at ``level``."""
        found, since = [], None
        for us, now in self.pad(number).trace + [(self.now, None)]:
            if now == level:
                since = us
            elif since is not None:
                found.append((since, us))
                since = None
        return found


chip = Chip()


def power_on(*arguments, **named):
    """A chip whose power came back; the one there is from now on."""
    global chip
    chip = Chip(*arguments, **named)
    sys_.implementation._machine = "Board with " + chip.name
    Pin.board = _Names(chip.names)
    return chip


class _Names:
    def __init__(self, names):
        for name in names:
            setattr(self, name, Pin(names[name]))


class Pin:
    """machine.Pin."""

    IN, OUT, OPEN_DRAIN = 1, 3, 7  # what an open drain does not pull down, the other side pulls up
    PULL_DOWN, PULL_UP = 1, 2
    IRQ_RISING, IRQ_FALLING = 1, 2
    board = None

    def __init__(self, number, *mode, **named):
        self.number = number.number if isinstance(number, Pin) else number
        if mode or named:
            self.init(*mode, **named)

    def __str__(self):
        return "Pin(%d)" % self.number

    def init(self, mode=None, pull=-1, *, value=None, drive=None, hold=None):
        pad = chip.pad(self.number)
        if value is not None:
            pad.register = 1 if value else 0
            pad.changed()
        if mode is not None:
            pad.is_output = mode in (self.OUT, self.OPEN_DRAIN)
            pad.source = None
            pad.changed()
        if hold is not None:
            pad.held = None
            pad.changed()
            if hold:
                pad.held = (pad.level,)

    def value(self, *level):
        pad = chip.pad(self.number)
        if level:
            pad.register = 1 if level[0] else 0
            pad.changed()
            return None
        return pad.outside if pad.level is None else pad.level

    __call__ = value

    def irq(self, handler=None, trigger=3):
        pad = chip.pad(self.number)
        pad.handler, pad.trigger = handler, trigger


class Timer:
    """machine.Timer, a virtual one."""

    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, number=-1):
        assert number == -1
        self._due = None

    def init(self, *, mode=1, period=None, callback=None, hard=False):
        if hard:
            raise ValueError("hard Timers are not implemented")
        if not isinstance(period, int) or period <= 0:
            raise ValueError("Timer period is too short for this timer")
        self.deinit()
        self._mode, self._period, self._callback = mode, period, callback
        self._due = chip.at(chip.now + period * 1000, self._fire)

    def _fire(self):
        self._due = None
        if self._mode == self.PERIODIC:
            self._due = chip.at(chip.now + self._period * 1000, self._fire)
        chip.schedule(self._callback, self)

    def deinit(self):
        if self._due in chip.due:
            chip.due.remove(self._due)
        self._due = None


class RMT:
    """esp32.RMT, which sends."""

    def __init__(self, number=-1, *, pin, clock_div, idle_level=False):
        assert 1 <= clock_div <= 255
        if not chip.free_channels:
            raise OSError(261)
        chip.free_channels -= 1
        self._hz = 80000000 // clock_div
        self._idle = 1 if idle_level else 0
        self.level = 0
        self._ends_at = None
        self._pad = chip.pad(pin.number)
        self._pad.source = self
        self._pad.is_output = True
        self._pad.changed()

    @staticmethod
    def bitstream_channel(value=None):
        return value

    def wait_done(self, *, timeout=0):
        chip.pass_us(20, True)  # so that who asks again and again comes to an end
        return self._ends_at is None

    def write_pulses(self, duration, data):
        while self._ends_at is not None:
            chip.pass_us(self._ends_at - chip.now, True)
        words = (len(data) + 1) // 2
        assert words <= _MAX_WORDS, "more than the channel's memory"
        assert 1 <= duration <= 32767
        # Changes of level within it are not played: nobody here asks for any.
        assert len(set(data)) == 1
        self.level = data[0]
        us = (duration * len(data) * 1000000 + self._hz // 2) // self._hz
        self._ends_at = chip.now + us
        chip.at(self._ends_at, self._done)
        if self._pad.source is self:
            self._pad.changed()

    def _done(self):
        self._ends_at = None
        self.level = self._idle
        if self._pad.source is self:
            self._pad.changed()

    def deinit(self):
        if self._ends_at is not None and chip.name == "ESP32":
            if self._ends_at - chip.now > _PANIC_US:
                raise Panic("stopped in the middle of a long pulse")
        chip.free_channels += 1
        if self._pad.source is self:
            self._pad.source = None
        self._pad.is_output = False
        self._pad.changed()


class _Time:
    def ticks_ms(self):
        return chip.now // 1000 & 0x3FFFFFFF

    def ticks_add(self, ticks, delta):
        return (ticks + delta) & 0x3FFFFFFF

    def ticks_diff(self, later, earlier):
        return ((later - earlier + 0x20000000) & 0x3FFFFFFF) - 0x20000000

    def sleep_ms(self, ms):
        chip.run(ms)

    def time(self):
        return chip.since_2000 + chip.now // 1000000

    def gmtime(self, seconds):
        # Seconds since 2000, as a calendar that knows every fourth year as a leap year.
        days, rest = divmod(seconds, 86400)
        four, days_in = divmod(days, 1461)
        year = min(3, max(0, days_in - 1) // 365)
        day = days_in - (year * 365 + 1 if year else 0)
        lengths = [31, 28 if year else 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        month = 0
        while day >= lengths[month]:
            day -= lengths[month]
            month += 1
        date = (2000 + 4 * four + year, month + 1, day + 1)
        return date + (rest // 3600, rest // 60 % 60, rest % 60, (days + 5) % 7, 0)


class _Module:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


def install():
    """Let ``import`` find the stand-ins, and the firmware's hal see this time and this chip."""
    global sys_
    sys_ = _Module(implementation=_Module(_machine=""), modules=sys.modules, stdout=sys.stdout)
    import simulated_port as port

    sys.modules["machine"] = _Module(Pin=Pin, Timer=Timer, **port.MACHINE)
    sys.modules["esp32"] = _Module(RMT=RMT, Partition=port.Partition)
    sys.modules["neopixel"] = _Module(NeoPixel=port.NeoPixel)
    sys.modules["bluetooth"] = _Module(BLE=port.BLE, UUID=str)
    real = {name: sys.modules.get(name) for name in ("time", "sys")}
    sys.modules["time"], sys.modules["sys"] = _Time(), sys_
    try:
        for name in _SEE_THE_TIME:
            __import__("holdfast.hal.esp32." + name)
    finally:
        for name in real:
            sys.modules.pop(name)
            if real[name] is not None:
                sys.modules[name] = real[name]
    power_on()
