"""The unix hardware: a line of JSON for each change, and a strike that ends by itself."""

INTERPRETERS = ("micropython",)

import gc
import json
import time

import micropython
from harness import raises
from holdfast.hal.unix.console import Console
from holdfast.hal.unix.outputs import Buzzer, Led, Output


class _Stream:
    """Keeps the last text and counts, which takes no memory."""

    def __init__(self):
        self.last = None
        self.writes = 0

    def write(self, text):
        self.last = text
        self.writes += 1


class _Lines:
    """Keeps each line, ``late_ms`` after it was told: as a console that others are using takes it.
    """

    def __init__(self, late_ms=0):
        self.told = []
        self._late_ms = late_ms

    def write(self, text):
        time.sleep_ms(self._late_ms)
        self.told.append(json.loads(bytes(text)))

    def pulses(self):
        """How long each pulse was, in milliseconds, by the output's own clock."""
        found, begun = [], None
        for line in self.told:
            if line["active"]:
                assert begun is None
                begun = line["ms"]
            elif begun is not None:
                found.append(line["ms"] - begun)
                begun = None
        return found


def _over(output):
    """Wait for the end of what was begun, long enough for any machine, and until it is told."""
    for _ in range(3000):
        with output._lock:  # the end's thread is another, and tells of it under the lock
            if not output._is_timed:
                return
        time.sleep_ms(10)
    raise AssertionError("a pulse without an end")


def test_only_changes_are_told():
    """A log of what did not happen hides what did."""
    stream = _Stream()
    output = Output(Console(stream), "strike")
    for act in (output.end, output.end, lambda: output.pulse(60000), lambda: output.pulse(60000)):
        act()
    assert stream.writes == 2
    output.end()
    output.end()
    assert stream.writes == 3
    last = json.loads(bytes(stream.last))
    assert last.pop("ms") >= 0 and last == {"hal": "strike", "active": False}
    led = Led(Console(stream))
    led.show("red", "blink")
    led.show("red", "blink")
    assert stream.writes == 4
    assert json.loads(stream.last) == {"hal": "led", "colour": "red", "effect": "blink"}
    Buzzer(Console(stream)).beep(2)
    assert json.loads(stream.last) == {"hal": "buzzer", "beeps": 2}


def test_a_light_that_could_not_be_told_is_told_again():
    """What it shows is not what nobody heard of."""

    class Deaf(_Stream):
        is_deaf = True

        def write(self, text):
            if self.is_deaf:
                raise OSError(5)
            super().write(text)

    stream = Deaf()
    led = Led(Console(stream))
    raises(OSError, led.show, "red", "blink")
    stream.is_deaf = False
    led.show("red", "blink")
    assert stream.writes == 1


def test_the_strike_is_secured_without_any_memory():
    """The program may be ended in the middle of a collection: the door must still be shut."""
    stream = _Stream()
    output = Output(Console(stream), "strike")
    output.pulse(60000)
    micropython.heap_lock()
    try:
        output.end()
    finally:
        micropython.heap_unlock()
    assert json.loads(bytes(stream.last))["active"] is False


def test_a_pulse_is_as_long_as_the_longest_that_was_asked_and_none_is_shortened():
    """The second person through has the whole time; a shorter one takes nothing from the first."""
    lines = _Lines()
    output = Output(Console(lines), "strike")
    output.pulse(300)
    output.pulse(20)
    time.sleep_ms(100)
    output.pulse(20)
    asked_at = time.ticks_ms()
    output.pulse(400)
    _over(output)
    assert len(lines.pulses()) == 1
    assert time.ticks_diff(lines.told[1]["ms"], asked_at) >= 400, lines.told
    # By one that is ended early the next is not ended, too.
    output.pulse(100)
    output.end()
    output.pulse(300)
    _over(output)
    assert lines.pulses()[2] >= 300


def test_who_cannot_be_told_that_it_is_released_leaves_it_secured():
    """A strike that moved unseen would be one that nobody has to end."""

    class Broken(_Stream):
        is_broken = True

        def write(self, text):
            super().write(text)
            if self.is_broken:
                raise OSError(32)

    stream = Broken()
    output = Output(Console(stream), "strike")
    raises(OSError, output.pulse, 60000)
    _over(output)
    assert not output._active
    stream.is_broken = False
    output.pulse(60000)
    assert json.loads(bytes(stream.last))["active"] is True
    output.end()


def test_an_end_that_is_told_late_has_been_told_when_it_is_over():
    """Who reads the lines before the last of them takes one pulse's time for another's: and finds
    a door that closes too early where none does.
    """
    lines = _Lines(late_ms=40)
    output = Output(Console(lines), "strike")
    for number, asked in enumerate((20, 60, 100)):
        output.pulse(asked)
        _over(output)
        assert len(lines.pulses()) == number + 1
        assert lines.pulses()[-1] >= asked


def _sleeps():
    time.sleep(1)


def _computes():
    end = time.ticks_add(time.ticks_ms(), 1000)
    total = 0
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        for number in range(1000):
            total += number


def _calls_c():
    end = time.ticks_add(time.ticks_ms(), 1000)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        pow(3, (1 << 3000) - 1, (1 << 3001) - 7)


def _collects():
    end = time.ticks_add(time.ticks_ms(), 1000)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        gc.collect()
        bytearray(5000)


def test_the_end_comes_in_time_while_the_interpreter_is_blocked_for_a_second():
    """Whatever it is that takes the second: sleep, a loop, a call that does not come back,
    garbage. An end that waits for the interpreter comes 300 ms late at the least, each time; a
    machine that has other things to do makes some of them late, so two of five are held to it, and
    not one is ever early.
    """
    for block in (_sleeps, _computes, _calls_c, _collects):
        lines = _Lines()
        output = Output(Console(lines), "strike")
        late = []
        for asked in (100, 300, 500, 700, 150):
            output.pulse(asked)
            block()
            _over(output)
            late.append(lines.pulses()[-1] - asked)
        assert min(late) >= 0, (block, late)
        assert sorted(late)[1] <= 20, (block, late)
