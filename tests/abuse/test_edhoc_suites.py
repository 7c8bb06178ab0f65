"""Hostile EDHOC messages in cipher suite 2 and in method 0; test_edhoc.py has the rest."""

INTERPRETERS = ("micropython", "cpython")
HEAP = "512K"

import cbor
from crypto.curves import N_256
from edhoc import UNVERIFIED
from edhoc_mutants import assert_all_refused, cuts, insertions, resized
from edhoc_sides import (
    C_R,
    Handshake,
    credential,
    ephemeral,
    phone,
    reader,
    verified_2,
    verified_3,
)
from harness import flipped, raises, some_flips, truncations

_LABELS = {"ead_labels": (7,)}
_ITEM = ((7, False, b"item"),)


def _handshake(suite, method, form="kid"):
    """An item in each message; credentials by name keep the messages short."""
    return Handshake(
        phone(form, (suite,), method, **_LABELS),
        reader(form, suite, method, **_LABELS),
        _ITEM,
        _ITEM,
        _ITEM,
    )


def _no_mutant_leads_anywhere(suite, method):
    """Messages 1 to 3 and PLAINTEXT_3: each state refuses all mutants and still takes the genuine
    one.
    """
    done = _handshake(suite, method)
    profile = suite, method
    pair = ephemeral("y", suite)

    def message_1(mutant):
        received = done.responder.process_message_1(mutant)
        c_r = b"\x26" if received.c_i == C_R else C_R
        _, message_2 = received.prepare_message_2(*pair, c_r)
        verified_2(done.wait_2, message_2, *profile)

    def message_2(mutant):
        verified_2(done.wait_2, mutant, *profile)

    def plaintext_3(mutant):
        verified_3(done.wait_3, done.forged_message_3(mutant), *profile)

    assert_all_refused(message_1, done.message_1, some_flips, cuts, insertions)
    assert_all_refused(message_2, done.message_2, some_flips, cuts, insertions, resized)
    refuse_3 = done.wait_3.parse_message_3
    assert_all_refused(refuse_3, done.message_3, some_flips, cuts, insertions, resized)
    genuine = done.received_3._plaintext_3
    assert done.forged_message_3(genuine) == done.message_3
    assert_all_refused(plaintext_3, genuine, some_flips, cuts, insertions)

    _, message_3 = verified_2(done.wait_2, done.message_2, *profile).prepare_message_3(_ITEM)
    assert message_3 == done.message_3
    completed = verified_3(done.wait_3, message_3, *profile)
    assert completed.oscore() == done.completed_r.oscore()


def test_static_diffie_hellman_on_p256():
    """Half of all G_X are no point, and are refused before anything is answered."""
    _no_mutant_leads_anywhere(2, 3)


def test_signatures_of_ed25519():
    """64 bytes of which every bit counts."""
    _no_mutant_leads_anywhere(0, 0)


def test_signatures_of_p256():
    """The same, with the numbers r and s."""
    _no_mutant_leads_anywhere(2, 0)


def test_no_bit_of_a_credential_by_value_can_be_changed():
    """By whoever holds keys and sends his own token as somebody else's: the MAC under a signature,
    and the static secret's, cover all of it. One bit of each byte.
    """
    for suite, method in ((2, 3), (0, 0), (2, 0)):
        done = _handshake(suite, method, "kcwt")
        genuine = done.received_3._plaintext_3
        shown = credential("phone", "kcwt", suite, method).raw
        start = genuine.index(shown)
        refused = 0
        for index in range(start, start + len(shown)):
            mutant = flipped(genuine, 8 * index + index % 8)
            try:
                verified_3(done.wait_3, done.forged_message_3(mutant), suite, method)
            except ValueError as error:
                refused += getattr(error, "why", None) == UNVERIFIED
            else:
                raise AssertionError("accepted: " + mutant.hex())
        # Most of them are well formed, and get as far as the proof.
        assert refused > len(shown) // 3


def test_public_keys_of_the_wrong_kind_on_the_way():
    """G_X and G_Y that are 0, p and above, not on the curve, too short or too long."""
    done = _handshake(2, 3)
    g_x, g_y = done.message_1[4:36], ephemeral("y", 2)[1]
    ciphertext_2 = cbor.decode(done.message_2)[32:]
    p = (1 << 256) - (1 << 224) + (1 << 192) + (1 << 96) - 1
    for x in (1, p, p + 1, p + 5, (1 << 256) - 1):
        wrong = x.to_bytes(32, "big")
        received = done.responder.process_message_1(done.message_1.replace(g_x, wrong))
        error = raises(UNVERIFIED, received.prepare_message_2, *ephemeral("y", 2), C_R)
        assert str(error) == "public key refused"
        message_2 = cbor.encode(wrong + ciphertext_2)
        error = raises(UNVERIFIED, done.wait_2.parse_message_2, message_2)
        assert str(error) == "public key refused"
    for prefix in truncations(g_y):
        raises(ValueError, done.wait_2.parse_message_2, cbor.encode(prefix))
    for wrong in (g_x[:31], g_x + b"\0", b"", b"\x04" + g_x + g_x, g_x + g_x):
        head, tail = done.message_1[:2], done.message_1[36:]
        error = raises(
            ValueError, done.responder.process_message_1, head + cbor.encode(wrong) + tail
        )
        assert str(error) == "G_X has the wrong length"


def test_signatures_at_the_edge_of_what_is_one():
    """r and s of 0, of n and above. And the other s, n - s: ES256 accepts it, but it is no way to
    change a message, because the transcript has the one that was sent.
    """
    done = _handshake(2, 0)
    genuine = done.received_2._plaintext_2
    proof = done.received_2._proof
    r, s = int.from_bytes(proof[:32], "big"), int.from_bytes(proof[32:], "big")
    numbers = (0, 1, N_256 - 1, N_256, N_256 + r % 7, (1 << 256) - 1)
    pairs = [(number, s) for number in numbers] + [(r, number) for number in numbers]
    pairs += [(number, number) for number in numbers]
    for pair in pairs:
        forged = genuine.replace(proof, b"".join(number.to_bytes(32, "big") for number in pair))
        message_2 = done.forged_message_2(forged)
        raises(UNVERIFIED, verified_2, done.wait_2, message_2, 2, 0)
    other = genuine.replace(proof[32:], (N_256 - s).to_bytes(32, "big"))
    verified = verified_2(done.wait_2, done.forged_message_2(other), 2, 0)
    _, message_3 = verified.prepare_message_3()
    raises(UNVERIFIED, done.wait_3.parse_message_3, message_3)


def test_a_proof_of_the_other_method_is_refused():
    """Eight bytes where a signature must be, and the reverse."""
    for suite, method in ((0, 3), (2, 3), (0, 0), (2, 0)):
        done = _handshake(suite, method)
        length = 8 if method == 3 else 64
        genuine = done.received_3._plaintext_3
        proof = cbor.encode(done.received_3._proof)
        assert len(done.received_3._proof) == length
        for wrong in range(70):
            if wrong != length:
                message_3 = done.forged_message_3(
                    genuine.replace(proof, cbor.encode(bytes(wrong)))
                )
                error = raises(ValueError, done.wait_3.parse_message_3, message_3)
                assert str(error) == "PLAINTEXT_3: Signature_or_MAC has the wrong length"
