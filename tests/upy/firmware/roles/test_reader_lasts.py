"""Thousands of unlocks, and a week in which nobody comes, leave a reader's heap as it was.

A board is started once and runs for years. What each visit or each look at the clock left behind,
were it 16 bytes, would end a board's memory within months. Visits have no more of the heap free
than a board has, and are helped by no memory that it has not. (On a 32-bit board:
tests/board/test_unlock.py.)
"""

INTERPRETERS = ("micropython",)
# The code lies in it, and the phones, too: how much of it is free is _FREE.
HEAP = "1536K"

import asyncio
import gc
import os

import ballast
from memory_phone import Hardware, Phone, cold, make_reader, warm
from simulated_time import SimulatedTime

_TORTURE = os.getenv("HOLDFAST_TORTURE") == "1"
_UNLOCKS = 100000 if _TORTURE else 5000
_A_COLD_ONE_EVERY = 250
_PHONES = 17  # one more than are remembered
_DAYS = 7
# What the 98,304 bytes that a reader must do with have left, with twenty phones and by Bluetooth
# (docs/memory.md), in words that are twice as long. The phones work in it, too.
_FREE = 2 * (98304 - 74016)
_NOISE = 2048  # bytes: what the collector takes for a pointer


class _Timed(Hardware):
    def __init__(self, passing):
        Hardware.__init__(self)
        self._passing = passing
        self._began = passing.now

    def elapsed(self):
        return self._passing.now

    def seconds(self):
        return self.now + (self._passing.now - self._began) // 1000


def _forget(hardware):
    # What the hardware was told is a test's to remember, and no board's.
    del hardware.lines[:]
    del hardware.strikes[:]


def _held(hardware):
    _forget(hardware)
    gc.collect()
    return gc.mem_alloc()


async def test_thousands_of_unlocks_take_no_memory():
    gc.threshold(1 << 17)
    hardware = Hardware()
    reader = make_reader(hardware)
    phones = [Phone(number=1000 * number) for number in range(1, _PHONES + 1)]
    opened = base = 0
    for number in range(_UNLOCKS + 2 * _A_COLD_ONE_EVERY):
        phone = phones[number % (_PHONES - 1)]
        # In between one that is not remembered any more, and takes the place of another.
        if number % _A_COLD_ONE_EVERY == 0:
            phone = phones[_PHONES - 1]
            phone.context = None
        visit = cold if phone.context is None else warm
        call, _, answer = await visit(reader, phone)
        if answer is None:  # its place was taken
            call, _, answer = await cold(reader, phone, call=call)
        assert answer and answer[1] is True, (number, answer, hardware.lines[-3:])
        await call.hang_up()
        _forget(hardware)
        opened += 1
        if number % _A_COLD_ONE_EVERY == _A_COLD_ONE_EVERY - 1:
            held = _held(hardware)
            if number < _A_COLD_ONE_EVERY:
                assert ballast.leave(_FREE) <= _FREE
                held = _held(hardware)
            if number < 2 * _A_COLD_ONE_EVERY:
                base = held
            assert held - base < _NOISE, (number, base, held)
    assert opened == _UNLOCKS + 2 * _A_COLD_ONE_EVERY


async def test_a_week_in_which_nobody_comes_takes_no_memory():
    gc.threshold(1 << 18)
    passing = SimulatedTime.install()
    hardware = _Timed(passing)
    reader = make_reader(hardware)
    phone = Phone(number=1000)
    call, _, answer = await cold(reader, phone)
    assert answer[1] is True
    await call.hang_up()
    running = asyncio.create_task(reader.run())
    await asyncio.sleep(86400)
    base = _held(hardware)
    for day in range(_DAYS):
        await asyncio.sleep(86400)
        held = _held(hardware)
        assert abs(held - base) < _NOISE, (day, base, held)
    assert reader.timekeeper.uptime() > _DAYS * 86400 and not running.done()
    call, _, answer = await warm(reader, phone)
    assert answer[1] is True
    await call.hang_up()
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        pass
