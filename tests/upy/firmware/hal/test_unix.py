"""The unix hardware: a line of JSON for each change, and a strike that needs no memory to shut."""

INTERPRETERS = ("micropython",)

import json

import micropython
from holdfast.door.strike import Strike
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


def test_only_changes_are_told():
    """A log of what did not happen hides what did."""
    stream = _Stream()
    output = Output(Console(stream), "strike")
    for active in (False, False, True, True, False):
        output.set(active)
    assert stream.writes == 3 and json.loads(stream.last) == {"hal": "strike", "active": False}
    led = Led(Console(stream))
    led.show("red", "blink")
    led.show("red", "blink")
    assert stream.writes == 4
    assert json.loads(stream.last) == {"hal": "led", "colour": "red", "effect": "blink"}
    Buzzer(Console(stream)).beep(2)
    assert json.loads(stream.last) == {"hal": "buzzer", "beeps": 2}


def test_the_strike_is_secured_without_any_memory():
    """The program may be ended in the middle of a collection: the door must still be shut."""
    stream = _Stream()
    strike = Strike(Output(Console(stream), "strike"))
    strike.release()
    micropython.heap_lock()
    try:
        strike.secure()
    finally:
        micropython.heap_unlock()
    assert json.loads(stream.last) == {"hal": "strike", "active": False}
