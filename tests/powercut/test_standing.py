"""A door that begins and ends to stand unlocked while power fails or flash errs in any write.

``("released",)`` stands for people who saw it open, ``("ended",)`` for its end.
"""

INTERPRETERS = ("micropython",)

import asyncio

from cuts import every_cut, every_error

import small_log
import standing_door
from memory_phone import make_reader
from standing_door import FROM_FIRST, MODE, Door, office

small_log.remember_agreements()


class _Door(Door):
    """On the flash that fails."""

    def __init__(self, root, mode):
        self._mode = mode
        self._number, self._head = 0, bytes(32)
        self.directory = root
        self.starts = 0

    def start(self):
        asyncio.new_event_loop()
        self.hardware = standing_door.Hardware()
        self.starts += 1
        self.hardware.random_counter = 1000 * self.starts
        self.reader = make_reader(self.hardware, policy=False, directory=self.directory)


def _acts(mode):
    door = _Door("/flash", mode)

    def prepare(root):
        door.starts = 0
        door.start()
        door.follow(*standing_door.knows_card(), office(), mode)

    def day(root, acked):
        door.starts = 1
        door.start()
        for _ in range(2):
            _open(door, acked)
            stood = door.unit.doorway.unlocked_ms > 0
            door.lose_clock()
            door.look()
            assert not door.hardware.released
            if stood:
                acked.append(("ended",))
            door.find_clock()
            door.hardware.wait(10000)

    def check(root, acked):
        door.start()
        _open(door, acked)
        if door.hardware.released:
            _held(door, acked)

    return prepare, day, check


def _open(door, acked):
    if door._mode is FROM_FIRST:
        door.enter()
        door.hardware.wait(3000)
    door.look()
    if door.hardware.released:
        acked.append(("released",))


def _held(door, acked):
    """Each time that it stood open has its event, and no end is without a beginning."""
    kinds = [kind for kind, _ in door.kept()]
    begun, ended = kinds.count("unlocked_by_schedule"), kinds.count("locked_by_schedule")
    opened, closed = acked.count(("released",)), acked.count(("ended",))
    assert opened <= begun <= opened + acked.cuts, (kinds, acked)
    assert closed - acked.cuts <= ended <= begun, (kinds, acked)


def test_power_is_cut_in_every_write_of_its_events():
    """Nobody sees it open whose event does not stay."""
    for mode in (MODE, FROM_FIRST):
        every_cut(*_acts(mode), stride=4, again=5, at_least=20, name="standing")


def test_flash_errs_in_every_write_of_its_events():
    """It stays secured, and opens when flash works again."""
    for mode in (MODE, FROM_FIRST):
        every_error(*_acts(mode), stride=4, at_least=10, name="standing, errors")
