"""Machine code that computes wrongly must not decide: it might believe every signature."""

import crypto
from crypto import backend, known_answers, portable
from harness import raises

INTERPRETERS = ("micropython", "cpython")

_FUNCTIONS = (
    "x25519_steps",
    "ed25519_verify_steps",
    "p256_public_key_steps",
    "p256_ecdh_steps",
)


class _Machine:
    """Machine code as far as anybody can tell: ``wrong`` names a function and what it does."""

    NAME = "rv32"

    def __init__(self, wrong="", does=None):
        for name in _FUNCTIONS:
            setattr(self, name, getattr(portable, name))
        if wrong:
            setattr(self, wrong, does)
        self.loaded = []

    def load(self, p256):
        self.loaded.append(p256)


def _says(answer):
    def steps(*arguments):
        yield
        return answer

    return steps


def _raises(error):
    def steps(*arguments):
        yield
        raise error

    return steps


def _raises_at_first(genuine, times):
    left = [times]

    def steps(*arguments):
        if left[0]:
            left[0] -= 1
            raise MemoryError
        return (yield from genuine(*arguments))

    return steps


class _Chosen:
    """``machine`` is chosen for the time of a test."""

    def __init__(self, machine):
        self.machine = machine

    def __enter__(self):
        self.before = backend.chosen, backend.reason, backend.owed
        backend.chosen, backend.reason = self.machine, ""

    def __exit__(self, *_):
        backend.chosen, backend.reason, backend.owed = self.before


def test_every_backend_there_is_here_knows_the_answers():
    """Else a sound machine would be given up for a misprint."""
    assert crypto.finish(known_answers.wrong_steps(portable, True)) == ""
    assert crypto.finish(known_answers.wrong_steps(backend.chosen, True)) == ""
    before = crypto.backend_name(), crypto.backend_reason()
    crypto.self_test(p256=True)
    assert (crypto.backend_name(), crypto.backend_reason()) == before


def test_sound_machine_code_stays():
    machine = _Machine()
    with _Chosen(machine):
        crypto.self_test(p256=True)
        assert backend.chosen is machine and crypto.backend_reason() == ""


def test_machine_code_with_a_wrong_answer_is_given_up_and_named():
    """Whichever function it is, and whichever way a check of signatures goes wrong."""
    for name, steps, what in (
        ("x25519_steps", _says(bytes(32)), ""),
        ("ed25519_verify_steps", _says(True), ""),
        ("ed25519_verify_steps", _says(False), ""),
        ("p256_public_key_steps", _says(bytes(64)), ""),
        ("p256_ecdh_steps", _says(None), ""),
        ("p256_ecdh_steps", _raises(ImportError("no module")), ": ImportError"),
        ("x25519_steps", _raises(ValueError()), ": ValueError"),
    ):
        with _Chosen(_Machine(name, steps)):
            crypto.self_test(p256=True)
            assert crypto.backend_name() == "portable"
            said = crypto.backend_reason()
            assert said == "machine code fails its self-test: " + name + what, said


def test_a_key_known_before_is_answered_for_by_a_test_too():
    """Its signatures take a way of their own, which may be spoilt where the other is sound."""
    for wrong in (True, False):
        machine = _Machine()
        known = []

        def prepare(public, known=known):
            known.append(public)
            yield

        def verify(public, message, signature, known=known, wrong=wrong):
            genuine = yield from portable.ed25519_verify_steps(public, message, signature)
            return wrong if known else genuine

        machine.ed25519_prepare_steps, machine.ed25519_verify_steps = prepare, verify
        with _Chosen(machine):
            crypto.self_test()
            assert crypto.backend_reason() == (
                "machine code fails its self-test: ed25519_verify_steps"
            )


def test_a_machine_without_the_second_curve_is_not_asked_for_it():
    """A reader with one key never loads that code."""
    machine = _Machine("p256_ecdh_steps", _raises(ImportError("no module")))
    with _Chosen(machine):
        crypto.self_test(p256=False)
        assert backend.chosen is machine


_POINT = bytes(31) + b"\x01"


def test_machine_code_that_had_no_memory_is_tested_before_it_computes():
    """No memory is no answer: the code may be as sound as ever, and a door that fell back for that
    would be ten times as slow until its power is cut."""
    for name in _FUNCTIONS:
        genuine = getattr(portable, name)
        machine = _Machine(name, _raises_at_first(genuine, 3))
        with _Chosen(machine):
            assert not crypto.self_test(p256=True)
            assert backend.chosen is machine
            assert crypto.backend_reason() == "machine code not tested yet: no memory"
            # Untested it computes nothing, whatever it is asked.
            for ask in (crypto.x25519_public_key, crypto.p256_public_key):
                raises(MemoryError, ask, _POINT)
            assert backend.chosen is machine and backend.owed
            assert crypto.x25519_public_key(_POINT)
            assert backend.owed is None
            assert backend.chosen is machine and crypto.backend_reason() == ""


def test_machine_code_that_had_no_memory_and_is_wrong_computes_nothing():
    """A signature that it would believe is looked at by the portable code, the first one too."""
    machine = _Machine("x25519_steps", _raises_at_first(portable.x25519_steps, 1))
    machine.ed25519_verify_steps = _says(True)
    with _Chosen(machine):
        assert not crypto.self_test()
        assert not crypto.ed25519_verify(bytes(31) + b"\x20", b"", bytes(64))
        assert not crypto.ed25519_verify(b"\x20" + bytes(31), b"", bytes(64))
        assert backend.chosen is portable and backend.owed is None
        assert "ed25519_verify_steps" in crypto.backend_reason()
        assert crypto.self_test()


def test_what_is_loaded_late_is_loaded_when_asked_for():
    """A board's memory for machine code is gone once Python's heap has grown."""
    machine = _Machine()
    with _Chosen(machine):
        crypto.load()
        crypto.load(p256=True)
        assert machine.loaded == [False, True]
    crypto.load(p256=True)  # nothing to load here
