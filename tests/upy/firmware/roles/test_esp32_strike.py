"""A strike's pin over whole runs of an ESP32, in simulated time: whatever ends a run and whatever
the next one becomes, it moves for who was let in and for nothing else.
"""

INTERPRETERS = ("micropython",)
HEAP = "2M"  # which an ESP32's role collects often: each time, all of it

import esp32_starts
import simulated_esp32
from esp32_starts import NAMES, STRIKE, Start, interrupt, stopped_at
from folders import Folder
from holdfast.roles import esp32_start

_PULSE_MS = 4000
_BEFORE_MS = 700  # from its begin to what happens


class _Strikes:
    """The strike of each start, while this lasts."""

    def __enter__(self):
        self._board = esp32_start.Board
        esp32_start.Board = self._made
        return self

    def _made(self, path):
        board = self._board(path)
        self.last = board.strike
        return board

    def __exit__(self, *exception):
        esp32_start.Board = self._board


def _panic(chip):
    chip.reset(2)
    raise simulated_esp32.Panic("a fault of the chip")


def _hang(chip):
    chip.run(1000000)


def _power_cut(chip):
    chip.reset(1)
    raise simulated_esp32.Reset("no power")


def _stop(chip):
    interrupt()


# What happens to a run, and for how long the strike was released by then. A watchdog takes a
# minute, and the end of a pulse does not wait for it.
_ENDS = ((_panic, _BEFORE_MS), (_power_cut, _BEFORE_MS), (_stop, _BEFORE_MS), (_hang, _PULSE_MS))


def test_whatever_ends_a_run_ends_a_release_and_the_next_start_begins_none():
    """Once with a strike that is released by 1, and once by 0, which is what an RMT channel is at
    before it has played anything.
    """
    for active in (1, 0):
        with Folder() as folder, _Strikes() as strikes:
            pins = '{"STRIKE": {"pin": %d, "active": %d}}' % (STRIKE, active)
            esp32_starts.enrolled(folder, pins=pins)
            chip = simulated_esp32.power_on(names=NAMES)
            expected = []
            for end, released_ms in _ENDS:

                def acts(chip=chip, end=end):
                    chip.run(500)
                    strikes.last.pulse(_PULSE_MS)
                    chip.run(_BEFORE_MS)
                    end(chip)

                assert "ready" in Start(folder, 1, chip, acts).events
                chip.run(1000)
                expected.append(released_ms)
                # Then somebody holds the button, and stops what runs after a minute.
                stopped_at(chip, 60000)
                start = Start(folder, chip=chip, held=True)
                assert start.line("safe_mode")["why"] == "button"
                chip.drive(esp32_starts.SAFE, 1)
                found = [(to - since) // 1000 for since, to in chip.active(STRIKE, active)]
                assert found == expected, (active, end)


def test_a_reader_that_crashes_at_each_start_moves_nothing():
    """Nor does safe mode, which it is in after the fourth time."""
    for active in (1, 0):
        with Folder() as folder:
            pins = '{"STRIKE": {"pin": %d, "active": %d}}' % (STRIKE, active)
            esp32_starts.enrolled(folder, pins=pins)
            chip = simulated_esp32.power_on(names=NAMES)
            for _ in range(4):
                assert Start(folder, 2, chip, fails=MemoryError()).reset == "machine.reset"
            assert Start(folder, 2, chip).line("safe_mode")["why"] == "crashes"
            assert chip.active(STRIKE, active) == []
            driven = [level for _, level in chip.pad(STRIKE).trace if level is not None]
            assert driven == [1 - active] * 5
