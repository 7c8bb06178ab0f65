"""What happens to a board without hands and pins: lines of JSON on standard input.

``{"card": "04a1b2c3"}`` holds a card to it, ``{"pin": "1234"}`` types on its keypad, and
``{"power_cut_after": 3}`` lets the power fail after three more writes to flash. Of the inputs that
it has, ``{"contact": true}`` opens the door, ``{"rex": true}`` presses the button, and so on.
``{"wiegand": "0110..."}`` has the Wiegand reader send that, at a door that has one. Of several
doors ``{"card": "04a1b2c3", "door": "north"}`` says which one. ``{"stop": true}`` is Ctrl-C, but
for one thing: on the unix port a signal ends whatever runs, a collection of the heap too, after
which no memory is to be had, so that what should be done in the end may fail, and what fails for
lack of memory is begun again instead. This comes between two steps.
"""

import asyncio
import sys

from micropython import const

from .. import json_object

_LONGEST_LINE = const(256)


class Bench:
    """Reads ``stream`` (default: standard input) until it ends; ``inputs`` by their names."""

    def __init__(self, console, flash, stream=None, inputs=None):
        self._inputs = inputs or {}
        self._console = console
        self._flash = flash
        self._stream = stream

    async def run(self, card_read, pin_entered, play=None, doors=None):
        """Call ``card_read(number)`` with bytes and ``pin_entered(digits)`` with text, for each;
        ``play(text)`` is the Wiegand reader's, if there is one. ``doors(name)`` gives these three
        of another door, or None.

        What is none of these lines is said so and left. Raises KeyboardInterrupt if it is to stop.
        """
        self._doors = doors
        stream = asyncio.StreamReader(self._stream or sys.stdin.buffer)
        line = bytearray()
        while True:
            # One by one: more than are there would be waited for, by the whole reader.
            byte = await stream.read(1)
            if not byte:
                return
            if byte == b"\n":
                try:
                    if not self._heed(bytes(line), card_read, pin_entered, play):
                        self._console.line({"event": "input_refused"})
                except (MemoryError, OSError):
                    pass  # nothing to read it with or to tell it to: the next line is heard
                line = bytearray()
            elif len(line) <= _LONGEST_LINE:
                line.extend(byte)

    def _heed(self, line, card_read, pin_entered, play) -> bool:
        fields = json_object.parse(bytes(line), _LONGEST_LINE)
        if fields is None:
            return False
        if "door" in fields:
            found = None if self._doors is None else self._doors(fields.pop("door"))
            if found is None:
                return False
            card_read, pin_entered, play = found
        if len(fields) != 1:
            return False
        name, value = list(fields.items())[0]
        if name == "card" and isinstance(value, str):
            try:
                number = bytes.fromhex(value)
            except ValueError:
                return False
            card_read(number)
        elif name == "pin" and isinstance(value, str):
            pin_entered(value)
        elif name == "wiegand" and isinstance(value, str) and play is not None:
            return play(value)
        elif name == "power_cut_after" and type(value) is int and value >= 0:
            self._flash.cut_power(value)
        elif name == "stop" and value is True:
            raise KeyboardInterrupt
        elif name in self._inputs and isinstance(value, bool):
            self._inputs[name].set(value)
        else:
            return False
        return True
