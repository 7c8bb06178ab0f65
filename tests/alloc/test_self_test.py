"""The self-test of machine code, with each of its allocations failing once.

No memory is no answer: sound code must not be given up for it, and spoilt code must not compute
because nobody could find out.
"""

INTERPRETERS = ("alloc",)

import alloc
import crypto
from crypto import backend, known_answers

_ROOT = __file__[: __file__.rfind("/tests/")]
_NAMES = (
    "x25519_steps",
    "x25519_pair_steps",
    "ed25519_verify_steps",
    "ed25519_prepare_steps",
    "p256_public_key_steps",
    "p256_ecdh_steps",
)


class _Machine:
    """Machine code that knows the answers, or all but those of ``spoilt``."""

    NAME = "rv32"

    def __init__(self, spoilt=None):
        self.asked = 0
        for name in _NAMES:
            setattr(self, name, self._steps(name, name == spoilt))
        self.answers = list(known_answers._questions(self, True))

    def load(self, p256):
        pass

    def _steps(self, name, is_spoilt):
        def steps(*arguments):
            self.asked += 1
            yield
            for asked, known, answer in self.answers:
                if asked == name and known == arguments:
                    return bytes(32) if is_spoilt else answer

        return steps


def _fails(machine, n):
    backend.chosen, backend.reason, backend.owed = machine, "", None
    alloc.begin(n)
    done = crypto.self_test(p256=True)
    alloc.end()
    return done


def test_sound_machine_code_is_never_given_up():
    """And it computes only once it was tested."""
    alloc.watch(_ROOT + "/lib/", _ROOT + "/tests/")
    machine = _Machine()
    n = 0
    while True:
        n += 1
        done = _fails(machine, n)
        where = alloc.failed()
        if where is None:
            break
        assert backend.chosen is machine, where
        if not done:
            assert backend.owed and backend.reason
            machine.asked = 0
            public = crypto.x25519_public_key(known_answers._X25519[0])
            # All of the self-test, and what was asked for.
            assert machine.asked == len(machine.answers) + 1, (machine.asked, where)
            assert public == known_answers._X25519[1]
        assert backend.owed is None and backend.reason == ""
    assert n > 10, n


def test_spoilt_machine_code_never_computes():
    """Not even where no memory was left to find out, to say so, or to load what takes over."""
    alloc.watch(_ROOT + "/lib/", _ROOT + "/tests/")
    for spoilt in _NAMES:
        machine = _Machine(spoilt)
        for n in range(1, 40):
            _fails(machine, n)
            assert backend.owed or backend.chosen is not machine, alloc.failed()
            public = crypto.x25519_public_key(known_answers._X25519[0])
            assert public == known_answers._X25519[1]
            assert backend.chosen.NAME == "portable" and spoilt in backend.reason
            assert backend.owed is None
