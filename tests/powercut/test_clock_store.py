"""Power fails anywhere while the clock is saved: the floor that was acknowledged never falls.

A floor that fell would let in again whoever had expired before the power cut; and grace that came
back with it would never be used up.
"""

INTERPRETERS = ("micropython",)

import os

from cuts import every_cut, every_error

from holdfast.storage.clock import ClockStore
from holdfast.storage.sealed import Sealer

FLOOR = 1800000000
SAVES = 24


def _open(root):
    return ClockStore(root + "/clock", Sealer(bytes(16), os.urandom))


def _state(floor):
    return floor, FLOOR, floor % 7, None, 0, -5, floor, -23


def prepare(root):
    store = _open(root)
    for number in range(7):
        store.save(_state(FLOOR - 7 + number))


def operation(root, acked):
    store = _open(root)
    for number in range(SAVES):
        store.save(_state(FLOOR + number))
        acked.append(FLOOR + number)


def check(root, acked):
    """The last that was acknowledged, or the one that was being saved; and it goes on."""
    store = _open(root)
    state = store.load()
    assert state is not None
    told = acked[-1] if acked else FLOOR - 1
    assert told <= state[0] <= told + acked.cuts, (told, state, acked.cuts)
    assert state == _state(state[0])
    store.save(_state(state[0] + 1))
    acked.append(state[0] + 1)
    assert store.load() == _open(root).load() == _state(state[0] + 1)
    assert len(os.listdir(root + "/clock")) <= 4


def test_cuts_anywhere_in_saving():
    """While a record is added, while the oldest goes, and in the start that follows."""
    every_cut(prepare, operation, check, at_least=300, name="clock")


def test_cuts_in_the_first_save_ever():
    """Nothing was known: nothing, or the first state, and never a damaged clock."""

    def nothing(root):
        pass

    def first(root, acked):
        store = _open(root)
        assert store.load() is None
        store.save(_state(FLOOR))
        acked.append(FLOOR)

    def then(root, acked):
        store = _open(root)
        state = store.load()
        if state is None:
            assert not acked
            store.save(_state(FLOOR))
            acked.append(FLOOR)
            state = store.load()
        assert state == _state(FLOOR)

    every_cut(nothing, first, then, at_least=20, again=1, name="first clock")


def test_a_flash_that_reports_errors():
    """Once or for ever: the state before, or the new one."""
    every_error(prepare, operation, check, stride=2, at_least=60, name="clock, errors")
