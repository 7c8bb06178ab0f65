"""Power fails while a wrong PIN is counted: every one that anybody was told of stays counted.

A count that fell back would give who cuts the power another guess; one that cannot be opened would
keep everybody out for a day.
"""

INTERPRETERS = ("micropython",)

import os

from cuts import every_cut, every_error

from holdfast.access.attempts import KEYPAD, Attempts
from holdfast.storage.attempts import AttemptsStore
from holdfast.storage.sealed import Sealer

WRONG = 5
CARD = b"her card"


def _open(root):
    return AttemptsStore(root + "/place", "lobby", Sealer(bytes(range(16)), os.urandom))


def _count(root):
    counts = Attempts(_open(root).read())
    return [counts.of(key).known(0)[1] for key in (KEYPAD, CARD)]


def nothing(root):
    pass


def prepare(root):
    _try(root, KEYPAD)
    _try(root, CARD)


def _try(root, key):
    store = _open(root)
    counts = Attempts(store.read())
    counts.wrong(key, counts.of(key), 0)
    store.write(counts.pack(0))


def _guess(root, acked):
    for _ in range(WRONG):
        for place, key in enumerate((KEYPAD, CARD)):
            _try(root, key)
            acked.append(place)


def _check(before):
    def check(root, acked):
        """What was told is counted, at most one more for each cut, and the next one works."""
        found = _count(root)
        ahead = 0
        for place in range(2):
            told = before + len([one for one in acked if one == place])
            assert found[place] >= told, (found, acked)
            ahead += found[place] - told
        assert ahead <= acked.cuts, (found, acked)
        _try(root, KEYPAD)
        assert _count(root) == [found[0] + 1, found[1]]
        acked.append(0)

    return check


def test_cuts_anywhere_while_wrong_pins_are_counted():
    """At every write and erase, and in the start after it."""
    every_cut(prepare, _guess, _check(1), again=2, at_least=60, name="attempts")


def test_cuts_at_the_first_wrong_pins_ever():
    """The folder is made on the way."""
    every_cut(nothing, _guess, _check(0), again=2, at_least=60, name="first attempts")


def test_a_flash_that_reports_errors():
    """Who types hears nothing then, and what was counted stays so."""
    every_error(prepare, _guess, _check(1), at_least=20, name="attempts, errors")
