"""Public-key work in steps: the same answers, whoever else works in between, or gives up."""

import crypto
from harness import raises

INTERPRETERS = ("micropython", "cpython")

ONE = bytes(range(32))
TWO = bytes(range(1, 33))
MESSAGE = b"open the door"


def calls(private, other):
    """Every function with a twin, and arguments it takes."""
    edwards = crypto.ed25519_public_key(private)
    p256 = crypto.p256_public_key(other)
    return (
        ("x25519_public_key", (private,)),
        ("x25519", (private, crypto.x25519_public_key(other))),
        ("ed25519_public_key", (private,)),
        ("ed25519_sign", (private, MESSAGE)),
        ("ed25519_verify", (edwards, MESSAGE, crypto.ed25519_sign(private, MESSAGE))),
        ("p256_public_key", (private,)),
        ("p256_ecdh", (private, p256)),
        ("p256_ecdh", (private, p256[:32])),
        ("es256_sign", (private, MESSAGE)),
        ("es256_verify", (p256, MESSAGE, crypto.es256_sign(other, MESSAGE))),
    )


def begun(name, arguments):
    return getattr(crypto, name + "_steps")(*arguments)


def test_steps_yield_nothing_and_return_what_the_function_returns():
    """A caller drives them without looking; a value on the way would go unseen."""
    for name, arguments in calls(ONE, TWO):
        steps = begun(name, arguments)
        while True:
            try:
                assert next(steps) is None, name
            except StopIteration as end:
                answer = end.value
                break
        assert answer == getattr(crypto, name)(*arguments), name
        assert answer, name


def test_steps_of_several_phones_do_not_mix():
    """An event loop lets one handshake work between two steps of another. What they compute in
    must not be shared, or both get nonsense, or one the other's secret."""
    first, second = calls(ONE, TWO), calls(TWO, ONE)
    expected = [getattr(crypto, name)(*arguments) for name, arguments in first + second]
    for distance in (1, 3):
        for i in range(len(first)):
            pair = (first[i], second[(i + distance) % len(second)], first[(i + 1) % len(first)])
            answers = _in_turns([begun(*call) for call in pair])
            for call, answer in zip(pair, answers):
                assert answer == expected[(first + second).index(call)], call[0]


def _in_turns(running):
    answers = [None] * len(running)
    left = list(range(len(running)))
    while left:
        for i in list(left):
            try:
                next(running[i])
            except StopIteration as end:
                answers[i] = end.value
                left.remove(i)
    return answers


def test_who_gives_up_leaves_nothing_behind():
    """A phone goes away in the middle: the next one's work is as if it had not been there."""
    for name, arguments in calls(ONE, TWO):
        expected = getattr(crypto, name)(*arguments)
        for count in (0, 1, 2, 5):
            steps = begun(name, arguments)
            try:
                for _ in range(count):
                    next(steps)
            except StopIteration:
                pass
            steps.close()
            assert getattr(crypto, name)(*arguments) == expected, name


def test_steps_refuse_when_they_are_driven():
    """A generator runs nothing before its first step; the refusal must not get lost there."""
    for name, arguments in (
        ("x25519", (ONE, bytes(32))),
        ("x25519", (ONE, b"")),
        ("ed25519_sign", (b"", MESSAGE)),
        ("p256_public_key", (bytes(32),)),
        ("p256_ecdh", (ONE, bytes(64))),
        ("es256_sign", (b"\xff" * 32, MESSAGE)),
    ):
        raises(crypto.InvalidKey, crypto.finish, begun(name, arguments))


def test_steps_count_once():
    """A reader tells phones what a meeting cost: by the operation, not by the step."""
    prepared = calls(ONE, TWO)
    for name, arguments in prepared:
        before = crypto.public_key_operations()
        steps = begun(name, arguments)
        assert crypto.public_key_operations() == before, name
        crypto.finish(steps)
        assert crypto.public_key_operations() == before + 1, name
