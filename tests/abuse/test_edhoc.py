"""Hostile EDHOC messages: every bit flipped, every length cut, bytes put in between.

All mutants of a message go to one and the same state, which must then still accept the genuine
message; and the heap must be where it was.
"""

INTERPRETERS = ("micropython", "cpython")
HEAP = "384K"

from edhoc import UNVERIFIED, EDHOCError
from edhoc_mutants import assert_all_refused, cuts, insertions, resized
from edhoc_sides import C_R, Handshake, believed, ephemeral, phone, reader, verified_2, verified_3
from harness import bit_flips, raises

_LABELS = {"ead_labels": (7,)}
_ITEM = ((7, False, b"item"),)


def _handshake():
    """Tokens by value on both sides and an item in each message."""
    return Handshake(phone("kcwt", **_LABELS), reader("kcwt", **_LABELS), _ITEM, _ITEM, _ITEM)


def test_no_mutant_of_message_1_leads_to_a_handshake():
    """Nothing protects message_1 itself. A mutant is refused at once, or the Initiator notices:
    TH_2 covers every bit, also those that do not change the shared secret."""
    done = _handshake()
    ephemeral_y = ephemeral("y")
    answered = 0

    def attempt(mutant):
        nonlocal answered
        received = done.responder.process_message_1(mutant)
        c_r = b"\x26" if received.c_i == C_R else C_R
        _, message_2 = received.prepare_message_2(*ephemeral_y, c_r)
        answered += 1
        verified_2(done.wait_2, message_2)

    assert_all_refused(attempt, done.message_1, bit_flips, cuts, insertions)
    # A new G_X, C_I or item is as good as the old one, until the Initiator looks at message_2.
    assert answered > 256
    assert done.responder.process_message_1(done.message_1).ead_1 == list(_ITEM)


def test_no_mutant_of_message_2_is_verified():
    """CIPHERTEXT_2 is encrypted without a tag: what a mutant decrypts to is read, and then MAC_2
    must not fit. This includes every bit of the Responder's token."""
    done = _handshake()

    def attempt(mutant):
        verified_2(done.wait_2, mutant)

    assert_all_refused(attempt, done.message_2, bit_flips, cuts, insertions, resized)
    _, message_3 = verified_2(done.wait_2, done.message_2).prepare_message_3(_ITEM)
    assert message_3 == done.message_3


def test_no_mutant_of_message_3_is_even_decrypted():
    """A stranger to the handshake meets the AEAD, which costs no public-key operation."""
    done = _handshake()
    assert_all_refused(
        done.wait_3.parse_message_3, done.message_3, bit_flips, cuts, insertions, resized
    )
    completed = verified_3(done.wait_3, done.message_3)
    assert completed.oscore() == done.completed_r.oscore()


def test_no_mutant_of_plaintext_3_is_verified():
    """An Initiator that did take part can encrypt anything, such as someone else's token with
    one bit changed; MAC_3 covers all of it."""
    done = _handshake()
    plaintext_3 = done.received_3._plaintext_3

    def attempt(mutant):
        verified_3(done.wait_3, done.forged_message_3(mutant))

    assert_all_refused(attempt, plaintext_3, bit_flips, cuts, insertions)
    assert done.forged_message_3(plaintext_3) == done.message_3


def test_no_mutant_of_message_4_confirms_anything():
    """Else an Initiator would believe that the Responder is there."""
    done = _handshake()
    message_4 = done.completed_r.prepare_message_4(_ITEM)
    assert_all_refused(
        done.completed_i.process_message_4, message_4, bit_flips, cuts, insertions, resized
    )
    assert done.completed_i.process_message_4(message_4) == list(_ITEM)


def test_messages_of_another_handshake_are_refused():
    """Recorded ones, of the same two sides with the same keys, but other ephemeral ones."""
    done = _handshake()
    waiting, message_1 = done.initiator.prepare_message_1(*ephemeral("x2"), b"\x36", _ITEM)
    received = done.responder.process_message_1(message_1)
    wait_3, message_2 = received.prepare_message_2(*ephemeral("y2"), b"\x26", _ITEM)
    for step, recorded in (
        (waiting.parse_message_2, done.message_2),
        (wait_3.parse_message_3, done.message_3),
        (wait_3.parse_message_3, message_2),
        (waiting.parse_message_2, message_1),
    ):
        raises(EDHOCError, step, recorded)
    completed, message_3 = verified_2(waiting, message_2).prepare_message_3()
    raises(UNVERIFIED, completed.process_message_4, done.completed_r.prepare_message_4())
    raises(UNVERIFIED, done.wait_3.parse_message_3, message_3)


def test_a_responder_without_a_key_gets_nowhere():
    """Anyone can answer a message_1 and encrypt what it likes: no proof it guesses is right."""
    done = _handshake()
    plaintext_2 = done.received_2._plaintext_2
    assert done.forged_message_2(plaintext_2) == done.message_2
    start = plaintext_2.index(done.received_2._proof)
    for index in range(64):
        guess = bytes([index]) + 6 * b"\x5a" + bytes([index])
        forged = plaintext_2[:start] + guess + plaintext_2[start + 8 :]
        received = done.wait_2.parse_message_2(done.forged_message_2(forged))
        raises(UNVERIFIED, received.verify, believed(received.id_cred_r))
