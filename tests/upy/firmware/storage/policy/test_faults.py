"""A storage that fails now and then: what the store answers stays right, and it goes on by itself.

On CPython only, where every call into the file system can be made to fail. What littlefs makes of
failing writes is in tests/powercut.
"""

INTERPRETERS = ("cpython",)

import builtins
import errno
import os

import policy_site as board
from folders import Folder
from harness import raises

CALLS = (
    (builtins, "open"),
    (os, "rename"),
    (os, "remove"),
    (os, "mkdir"),
    (os, "listdir"),
    (os, "stat"),
    (os, "fsync"),
)


class _Faults:
    """Lets call number ``at``, counted from 1, raise EIO; if ``lasting`` those after it too."""

    def __init__(self, at=0, lasting=False):
        self.at, self.lasting, self.calls = at, lasting, 0

    def __enter__(self):
        self._whole = [(module, name, getattr(module, name)) for module, name in CALLS]
        for module, name, call in self._whole:
            setattr(module, name, self._counted(call))
        return self

    def __exit__(self, *_):
        for module, name, call in self._whole:
            setattr(module, name, call)

    def _counted(self, call):
        def counted(*args, **kwargs):
            self.calls += 1
            if self.calls == self.at or (self.lasting and 0 < self.at < self.calls):
                raise OSError(errno.EIO, "made to fail")
            return call(*args, **kwargs)

        return counted


def _every_fault(prepare, act, check):
    """``act(store)`` with a fault at each of its calls, once and lasting, then ``check(store)``
    without any, on the same store and after a restart. How many faults there were.
    """
    faults = at = 0
    while True:
        at += 1
        struck = 0
        for lasting in (False, True):
            with Folder() as folder:
                reader = board.Board(folder)
                store = reader.start()
                prepare(store)
                with _Faults(at, lasting) as watched:
                    try:
                        act(store)
                    except OSError:
                        pass
                if watched.calls < at:
                    continue
                struck += 1
                check(store)
                check(reader.start())
        if not struck:
            return faults
        faults += struck


def _is_one_moment(store):
    """What decides is of one changeset, or says that it cannot be had."""
    try:
        rules, cache = store.moment()
    except OSError:
        return
    assert cache is None or cache.applied == rules.number


def _is_whole(store, number):
    assert board.whole(store, number)


def test_a_changeset_that_met_a_fault_can_be_given_again():
    """It may have been followed or not; the second time it is, and the policy is never apart from
    the cards that are asked.
    """
    raws = board.chain(*board.steps(3))

    def prepare(store):
        store.apply(raws[0])

    def act(store):
        try:
            store.apply(raws[1])
        finally:
            _is_one_moment(store)

    def check(store):
        store.apply(raws[1])
        _is_whole(store, 2)
        assert store.after(0) == raws[:2]

    assert _every_fault(prepare, act, check) > 5


def test_a_state_that_met_a_fault_is_written_the_next_time():
    """The seventeenth changeset has to write the first state."""
    raws = board.chain(*board.steps(18))

    def prepare(store):
        for raw in raws[:16]:
            store.apply(raw)

    def act(store):
        store.apply(raws[16])

    def check(store):
        store.apply(raws[16])
        _is_whole(store, 17)

    assert _every_fault(prepare, act, check) > 5


def test_a_snapshot_that_met_a_fault_is_there_or_can_be_begun_again():
    """Whichever of the two swaps it was."""
    raws = board.chain(*board.steps(46))
    parts = board.taken(45)

    def prepare(store):
        for raw in raws[:2]:
            store.apply(raw)

    def act(store):
        try:
            store.begin_snapshot(parts[0])
            for part in parts[1:]:
                store.add_part(part)
        finally:
            _is_one_moment(store)

    def check(store):
        if store.rules.number == 46:
            return
        assert store.rules.number in (2, 45)
        if store.begin_snapshot(parts[0]):
            for part in parts[1:]:
                store.add_part(part)
        _is_whole(store, 45)
        store.apply(raws[45])
        _is_whole(store, 46)

    assert _every_fault(prepare, act, check) > 20


def test_a_start_that_meets_a_fault_fails_and_the_next_finds_all():
    """A policy that could not be read is not the same as none."""
    raws = board.chain(*board.steps(17))
    with Folder() as folder:
        reader = board.Board(folder)
        store = reader.start()
        for raw in raws:
            store.apply(raw)
        with _Faults() as watched:
            reader.start()
        for at in range(1, watched.calls + 1):
            with _Faults(at, True):
                raises(OSError, reader.start)
            _is_whole(reader.start(), 17)
