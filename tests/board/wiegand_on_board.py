"""Runs on the board, joined with reader_on_board.py: a Wiegand reader at the reader's door.

Its lines are the board's own (boards/qemu_rv32), whose edges ask for calls of a handler as an
ESP32's do, and the hal's code for that listens to them. Lines of text say what becomes of a card:
``# NUMBER LOST BLOCKED`` that it was sent, how many edges of it found no place in the queue, and
for how many microseconds the interpreter was blocked on purpose; ``@ NUMBER BUSY`` that it was
read, and whether a phone was being served.
"""

import asyncio
import gc
import sys
import time
from array import array

import qemu_rv32

from holdfast.door.wiegand import Format
from holdfast.roles.wiegand import Wiegand
from micropython import const

_BLOCKED_AT = const(6)  # edges of a frame, after which it is


class _Machine:
    Pin = qemu_rv32.Line


def _port():
    sys.modules["machine"] = _Machine  # pyright: ignore[reportArgumentType]
    from holdfast.hal.esp32.wiegand_in import WiegandPort

    del sys.modules["machine"]
    return WiegandPort(qemu_rv32.Line(0), qemu_rv32.Line(1))


class Sender:
    """Cards numbered from 1 on, each held to the reader for a moment.

    Edges lie ``every`` microseconds apart, each up to a fifth of that later, the first one within
    20 ms; ``gap_ms`` of silence follow. In the middle of each card the interpreter is blocked
    for as many microseconds as ``blocks`` has for it; without, cards are sent for ever.
    """

    def __init__(self, form, every, gap_ms, blocks=None):
        self._form = Format(form)
        self._every = every
        self._gap_ms = gap_ms
        self._blocks = blocks
        self._seed = every

    async def run(self):
        """Send them."""
        number = 0
        while self._blocks is None or number < len(self._blocks):
            number += 1
            edges = self._edges(number.to_bytes(3, "big"))
            blocked = 0 if self._blocks is None else self._blocks[number - 1]
            if blocked:
                self._block(edges, blocked)
            else:
                qemu_rv32.play(edges)
            while qemu_rv32.played() < len(edges):
                await asyncio.sleep_ms(2)
            await asyncio.sleep_ms(self._gap_ms)
            print("# %06x %d %d" % (number, qemu_rv32.lost(), blocked))
        await asyncio.Event().wait()

    def _edges(self, number):
        bits = self._form.frame(number)
        found = array("I", [0] * len(bits))
        late = 0
        for place in range(len(bits)):
            before = late
            late = self._up_to(self._every // 5)
            apart = self._every + late - before if place else self._up_to(20000)
            found[place] = apart << 1 | bits[place]
        return found

    def _block(self, edges, us):
        gc.collect()  # there must be none in the middle
        qemu_rv32.play(edges)
        while qemu_rv32.played() < _BLOCKED_AT:
            pass
        time.sleep_us(us)

    def _up_to(self, most):
        self._seed = (self._seed * 1103515245 + 12345) & 0x3FFFFFFF
        return (self._seed >> 8) % (most + 1)


class Heard:
    """The door's own CardReader, and what comes to it is told."""

    def __init__(self, card_reader, listener):
        self._card_reader = card_reader
        self._listener = listener
        self.pin = card_reader.pin

    def card(self, number):
        print("@ %06x %d" % (int.from_bytes(number, "big"), not self._listener.is_idle))
        self._card_reader.card(number)


class Lines:
    """The Wiegand reader of a door, to which a Sender of these arguments holds cards; ``pause`` is
    to be the Node's.
    """

    def __init__(self, hardware, form, *sender):
        self._wiegand = Wiegand(hardware, form, _port())
        self._sender = Sender(form, *sender)
        self.pause = self._wiegand.pause

    def add(self, reader):
        """Have the ``reader`` listen, and the cards come."""
        unit = reader.doors[reader.settings.doors[0][0]]
        unit._card_reader = Heard(unit.card_reader, reader.listener)
        self._wiegand.add(reader, unit)
        reader.supervisor.add("sender", self._sender.run)
