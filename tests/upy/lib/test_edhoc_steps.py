"""Handshakes in steps: a reader serves others between them, and what it does is the same."""

INTERPRETERS = ("micropython", "cpython")

from edhoc import UNVERIFIED, EDHOCError
from edhoc_sides import C_R, PROFILES, Handshake, credential, ephemeral, phone, reader
from harness import MICROPYTHON, raises


def _drive(steps, counts=None):
    """The value of ``steps``, each of which must be None."""
    count = 0
    while True:
        try:
            assert next(steps) is None
        except StopIteration as end:
            if counts is not None:
                counts.append(count)
            return end.value
        count += 1


def _in_steps(done, counts=None):
    """Messages 2 and 3 and both sides' keys, of ``done`` once more but in steps."""
    received = done.responder.process_message_1(done.message_1)
    pair = ephemeral("y", done.suite)
    wait_3, message_2 = _drive(received.prepare_message_2_steps(*pair, C_R), counts)
    received = _drive(done.wait_2.parse_message_2_steps(message_2), counts)
    found = done.believed(received.id_cred_r)
    verified = _drive(received.verify_steps(found), counts)
    completed_i, message_3 = _drive(verified.prepare_message_3_steps(), counts)
    received = wait_3.parse_message_3(message_3)
    completed_r = _drive(received.verify_steps(done.believed(received.id_cred_i)), counts)
    return message_2, message_3, completed_i.oscore(), completed_r.oscore()


def _at_once(done):
    return done.message_2, done.message_3, done.completed_i.oscore(), done.completed_r.oscore()


def test_steps_give_what_the_plain_functions_give():
    """Signatures too, which are deterministic here. On MicroPython each has pauses."""
    for suite, method in PROFILES:
        done = Handshake(phone("kcwt", (suite,), method), reader("kcwt", suite, method))
        counts = []
        assert _in_steps(done, counts) == _at_once(done)
        assert len(counts) == 5
        assert not MICROPYTHON or min(counts) >= 2


def test_two_handshakes_may_take_turns():
    """A reader has several phones, and asyncio decides which goes on."""
    first = Handshake(phone("kcwt", (2,), 3), reader("kcwt", 2, 3))
    second = Handshake(phone("kid", (0,), 0), reader("kid", 0, 0))
    waiting = []
    for done in (first, second):
        received = done.responder.process_message_1(done.message_1)
        waiting.append(received.prepare_message_2_steps(*ephemeral("y", done.suite), C_R))
    answers = {}
    while waiting:
        steps = waiting.pop(0)
        try:
            next(steps)
        except StopIteration as end:
            answers[end.value[0]._suite.label] = end.value[1]
        else:
            waiting.append(steps)
    assert answers == {2: first.message_2, 0: second.message_2}


def test_steps_that_are_dropped_leave_the_state_as_it_was():
    """A phone that walks away in the middle costs what was computed and nothing else."""
    for suite, method in PROFILES:
        done = Handshake(phone("kid", (suite,), method), reader("kid", suite, method))
        found = done.believed(done.received_3.id_cred_i)
        for pauses in (0, 1, 3):
            for steps in (
                done.received_1.prepare_message_2_steps(*ephemeral("y", suite), C_R),
                done.wait_2.parse_message_2_steps(done.message_2),
                done.received_3.verify_steps(found),
            ):
                try:
                    for _ in range(pauses):
                        next(steps)
                except StopIteration:
                    pass
                steps.close()
        assert done.received_3.verify(found).oscore() == done.completed_r.oscore()


def test_nothing_is_done_or_refused_before_the_first_step():
    """What is wrong is said where the steps are driven, which is where it is caught."""
    for suite, method in PROFILES:
        done = Handshake(phone("kid", (suite,), method), reader("kid", suite, method))
        thief = credential("thief", "kcwt", suite, method)
        for received in (done.received_2, done.received_3):
            steps = received.verify_steps(thief)
            error = raises(UNVERIFIED, _drive, steps)
            assert str(error).endswith("is not from the holder of its credential")
        steps = done.wait_2.parse_message_2_steps(b"\x40")
        raises(EDHOCError, _drive, steps)
        prepare_steps, c_i = done.received_1.prepare_message_2_steps, done.received_1.c_i
        steps = prepare_steps(*ephemeral("y", suite), c_i)
        raises(ValueError, _drive, steps)
