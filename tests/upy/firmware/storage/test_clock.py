"""The floor that a reader keeps comes back, newest first, and never as something else."""

INTERPRETERS = ("micropython", "cpython")

import os

import cbor
from flashlog import FlashLog
from harness import bit_flips, raises, truncations
from holdfast.access import reason
from holdfast.access.clock.state import ClockState
from holdfast.storage.clock import ClockDamagedError, ClockStore
from holdfast.storage.sealed import Sealer
from restarts import Flash

KEY = bytes(range(16))
LONGEST = (0xFFFFFFFF,) * 5 + (1000, -0xFFFFFFFF) + (0xFFFFFFFF, -0xFFFFFFFF, 0xFFFFFFFF) * 2
STATE = (1800000000, 1799999000, 1800, None, 301, None, 1800000000, -23)


def _open(flash):
    return ClockStore(flash.path + "/clock", Sealer(KEY, os.urandom))


def _paths(flash):
    folder = flash.path + "/clock/"
    return [folder + name for name in sorted(os.listdir(folder))]


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def _seal(plain, key=KEY, aad=b"holdfast clock"):
    return Sealer(key, os.urandom).seal(plain, aad)


def test_the_last_state_comes_back_after_every_restart():
    """Over a thousand saves, more than the few records that are kept."""
    with Flash() as flash:
        assert _open(flash).load() is None
        store = _open(flash)
        for number in range(1000):
            state = (1800000000 + number,) + STATE[1:]
            store.save(state)
            if number % 50 in (0, 1, 2, 3, 4, 5):
                assert store.load() == state
                store = _open(flash)
                assert store.load() == state
        assert len(_paths(flash)) <= 4
        # Small enough for littlefs to keep it in the directory: docs/decisions/012.
        assert max([len(_read(path)) for path in _paths(flash)]) <= 128


def test_what_the_domain_saves_fits():
    """The state of access/clock/state.py, at its largest, and back into the domain."""
    with Flash() as flash:
        store = _open(flash)
        store.save(LONGEST)
        assert store.load() == LONGEST
        state = ClockState(enrolled_at=1800000000)
        store.save(state.to_save())
        back = ClockState.restored(_open(flash).load(), 1800000000)
        assert back.floor == state.floor and back.to_save()[0] == state.to_save()[0]


def test_what_is_no_state_is_not_kept():
    """A mistake of ours must not push a good record out."""
    with Flash() as flash:
        store = _open(flash)
        store.save(STATE)
        for wrong in (("1",), (1.5,), (True,), (b"",), ((1,),), (1 << 62,) * 8, (None,) * 17):
            raises(ValueError, store.save, wrong)
        assert _open(flash).load() == STATE


def test_a_damaged_newest_record_gives_the_one_before():
    """Every bit and every length of it: the floor of one save ago, not of none."""
    with Flash() as flash:
        store = _open(flash)
        older = (1700000000,) + STATE[1:]
        for state in (older, STATE):
            store.save(state)
        newest = _paths(flash)[-1]
        whole = _read(newest)
        for damaged in list(truncations(whole)) + list(bit_flips(whole))[::7]:
            _write(newest, damaged)
            assert _open(flash).load() == older
        store = _open(flash)
        store.save(STATE)
        assert _open(flash).load() == STATE


def test_records_that_are_all_damaged_are_no_new_clock():
    """The board once knew the time. As if it never had, it would accept what has expired."""
    assert reason.name(reason.CLOCK_DAMAGED) == "clock_damaged"
    for spoil in (
        lambda data: bytes(len(data)),
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1] + bytes((data[-1] ^ 1,)),
        lambda data: b"\xff" * len(data),
    ):
        with Flash() as flash:
            store = _open(flash)
            for number in range(6):
                store.save((1800000000 + number,) + STATE[1:])
            for path in _paths(flash):
                _write(path, spoil(_read(path)))
            store = _open(flash)
            for _ in range(2):
                raises(ClockDamagedError, store.load)
            # Once somebody told the time, it is a clock again.
            store.save(STATE)
            assert store.load() == STATE and _open(flash).load() == STATE


def test_nobody_without_the_key_can_make_a_record():
    """Frames and check sums anybody can make: they move the clock neither back nor on."""
    with Flash() as flash:
        store = _open(flash)
        store.save(STATE)
        later = cbor.encode([2, 1900000000] + list(STATE[1:]))
        forged = (
            later,
            _seal(later, bytes(16)),
            _seal(later, KEY, b"holdfast context"),
            _seal(cbor.encode([1] + list(STATE))),
            _seal(cbor.encode([2, "x"])),
            _seal(cbor.encode([2, True])),
            _seal(cbor.encode([])),
            _seal(cbor.encode({1: 1})),
            _seal(later + b"\0"),
            _seal(b""),
        )
        log = FlashLog(flash.path + "/clock", 103, 4)
        for number, record in enumerate(forged):
            if number % 3 == 0:
                log = FlashLog(flash.path + "/clock", 103, 4)
                while log.next - log.first > 1:
                    log.drop_oldest()
                log.append(_seal(cbor.encode([2] + list(STATE))))
            log.append(record)
            assert _open(flash).load() == STATE, number


def test_behind_a_record_that_cannot_be_opened_the_newest_that_can_counts():
    """Not the oldest that is left: that floor would be days lower."""
    with Flash() as flash:
        store = _open(flash)
        for number in range(3):
            store.save((1700000000 + number,) + STATE[1:])
        FlashLog(flash.path + "/clock", 103, 4).append(_seal(b"made up", bytes(16)))
        assert _open(flash).load()[0] == 1700000002


def test_a_fault_of_the_flash_costs_no_record():
    """Saving fails: the state before is there, and the next save works again."""
    with Flash() as flash:
        store = _open(flash)
        store.save(STATE)
        folder = flash.path + "/clock"
        os.rename(folder, folder + ".away")
        raises(OSError, store.save, LONGEST)
        raises(OSError, store.save, LONGEST)
        os.rename(folder + ".away", folder)
        assert _open(flash).load() == STATE
        store.save(LONGEST)
        assert store.load() == LONGEST and _open(flash).load() == LONGEST
