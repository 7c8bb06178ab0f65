"""Power fails while the ring of verified tokens is written: it is the old one or the new one."""

INTERPRETERS = ("micropython",)
HEAP = "8M"

import os

from cuts import every_cut, every_error

from holdfast.storage.cache.verified_tokens import VerifiedTokens
from holdfast.storage.sealed import Sealer

AUTHORITY = b"a" * 32
END = 1800000000


def _open(root):
    return VerifiedTokens(root + "/tokens", Sealer(b"a key of a board", os.urandom), b"k" * 32)


def _meet(ring, numbers):
    for number in numbers:
        if not ring.knows(b"token %d" % number, AUTHORITY):
            ring.verified(b"token %d" % number, AUTHORITY, END)
        ring.flush()


def _prepare(root):
    _meet(_open(root), range(60))


def _operation(root, acked):
    ring = _open(root)
    _meet(ring, range(60, 68))
    acked.append("done")


def _check(root, acked):
    """As after one of the writings, each of which takes in a few tokens; and life goes on."""
    ring = _open(root)
    known = [number for number in range(100) if ring.knows(b"token %d" % number, AUTHORITY)]
    assert known[-1] >= 57 and len(known) <= 64, known
    assert acked.cuts or known[-1] >= 65, known  # whoever writes is not told that power went
    missing = [number for number in range(known[0], known[-1]) if number not in known]
    assert missing in ([], [58, 59]), missing  # never on flash, when the power went
    _meet(ring, [2, 3])
    assert ring.knows(b"token 3", AUTHORITY)


def test_cuts():
    """Whole and torn, at every write and erase."""
    every_cut(_prepare, _operation, _check, at_least=20, name="tokens")


def test_errors_cost_a_verification_at_most():
    """Reading or writing fails once, or for ever: nothing is raised, nothing else is believed."""

    def check(root, acked):
        ring = _open(root)
        known = [number for number in range(100) if ring.knows(b"token %d" % number, AUTHORITY)]
        assert len(known) <= 64 and (not known or known[-1] < 68)
        _meet(ring, [2, 3])
        assert ring.knows(b"token 3", AUTHORITY)

    every_error(_prepare, _operation, check, at_least=10, name="token errors")
