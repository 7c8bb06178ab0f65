"""Machine code that computes wrongly must not decide: it might believe every signature."""

import crypto
from crypto import backend, known_answers, portable

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


class _Chosen:
    """``machine`` is chosen for the time of a test."""

    def __init__(self, machine):
        self.machine = machine

    def __enter__(self):
        self.before = backend.chosen, backend.reason
        backend.chosen, backend.reason = self.machine, ""

    def __exit__(self, *_):
        backend.chosen, backend.reason = self.before


def test_every_backend_there_is_here_knows_the_answers():
    """Else a sound machine would be given up for a misprint."""
    assert known_answers.wrong(portable, True) == ""
    assert known_answers.wrong(backend.chosen, True) == ""
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
        ("x25519_steps", _raises(MemoryError()), ": MemoryError"),
    ):
        with _Chosen(_Machine(name, steps)):
            crypto.self_test(p256=True)
            assert crypto.backend_name() == "portable"
            said = crypto.backend_reason()
            assert said == "machine code fails its self-test: " + name + what, said


def test_a_machine_without_the_second_curve_is_not_asked_for_it():
    """A reader with one key never loads that code."""
    machine = _Machine("p256_ecdh_steps", _raises(ImportError("no module")))
    with _Chosen(machine):
        crypto.self_test(p256=False)
        assert backend.chosen is machine
