"""P-256 keys, agreement and signatures: what is a key, what is refused, what never changes."""

import crypto
from crypto.curves import B_256, N_256, P_256
from crypto.rfc6979 import nonce_steps
from crypto.strict import p256_private_acceptable
from harness import flipped, raises, unhex

INTERPRETERS = ("micropython", "cpython")

PRIVATE = bytes(range(32))
MESSAGE = b"sample"

# RFC 6979 appendix A.2.5: the key, and the nonce and signature for "sample" with SHA-256.
RFC_PRIVATE = unhex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
RFC_NONCE = unhex("A6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60")
RFC_SIGNATURE = unhex(
    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
)


def big(number):
    return number.to_bytes(32, "big")


def test_private_keys_are_1_to_n_minus_1():
    """0 and n have no public key; what lies above n would be a second name for another key."""
    for number in (1, 2, 255, 256, 1 << 128, 1 << 255, N_256 - 256, N_256 - 1):
        assert p256_private_acceptable(big(number)), number
        crypto.p256_public_key(big(number))
    public = crypto.p256_public_key(PRIVATE)
    for number in (0, N_256, N_256 + 1, N_256 + (1 << 64), N_256 | 1 << 32, (1 << 256) - 1):
        for refused in (
            raises(crypto.InvalidKey, crypto.p256_public_key, big(number)),
            raises(crypto.InvalidKey, crypto.p256_ecdh, big(number), public),
            raises(crypto.InvalidKey, crypto.es256_sign, big(number), MESSAGE),
        ):
            assert big(number).hex() not in str(refused) and str(number) not in str(refused)
    for length in (0, 31, 33, 64):
        raises(crypto.InvalidKey, crypto.p256_public_key, bytes(length))
        raises(crypto.InvalidKey, crypto.p256_ecdh, bytes(length), public)
        raises(crypto.InvalidKey, crypto.es256_sign, bytes(length), MESSAGE)


def test_both_sides_have_the_same_secret():
    """With the whole point, and with x alone, as EDHOC sends it."""
    other = bytes(range(100, 132))
    public, other_public = crypto.p256_public_key(PRIVATE), crypto.p256_public_key(other)
    secret = crypto.p256_ecdh(PRIVATE, other_public)
    assert len(public) == 64 and len(secret) == 32
    for point in (public, public[:32]):
        assert crypto.p256_ecdh(other, point) == secret
    assert crypto.p256_ecdh(big(1), public) == public[:32]


def test_public_keys_are_points_of_the_curve():
    """Off the curve lie groups of few elements: an agreement there gives a private key away piece
    by piece. Of x alone the other half of all numbers is on the twist, and no point of ours."""
    public = crypto.p256_public_key(PRIVATE)
    for position in (0, 255, 256, 511):
        raises(crypto.InvalidKey, crypto.p256_ecdh, PRIVATE, flipped(public, position))
    for wrong in (bytes(64), b"\xff" * 64, public[32:] + public[:32], b"", public[:31]):
        raises(crypto.InvalidKey, crypto.p256_ecdh, PRIVATE, wrong)
    for length in (0, 1, 31, 33, 63, 65, 96):
        raises(crypto.InvalidKey, crypto.p256_ecdh, PRIVATE, (public + public)[:length])
    on_curve = 0
    for x in range(40):
        y_2 = (x * x * x - 3 * x + B_256) % P_256
        if pow(y_2, (P_256 - 1) // 2, P_256) == 1:
            on_curve += 1
            crypto.p256_ecdh(PRIVATE, big(x))
        else:
            raises(crypto.InvalidKey, crypto.p256_ecdh, PRIVATE, big(x))
    assert 10 < on_curve < 30


def test_coordinates_are_below_p():
    """x = 5 is on the curve: 5 + p would be its second name, in both forms."""
    y = pow(125 - 15 + B_256, (P_256 + 1) // 4, P_256)
    assert crypto.p256_ecdh(big(1), big(5) + big(y)) == big(5)
    assert crypto.p256_ecdh(big(1), big(5) + big(P_256 - y)) == big(5)
    assert crypto.p256_ecdh(big(1), big(5)) == big(5)
    raises(crypto.InvalidKey, crypto.p256_ecdh, big(1), big(5 + P_256) + big(y))
    raises(crypto.InvalidKey, crypto.p256_ecdh, big(1), big(5 + P_256))


def test_signatures_need_no_randomness():
    """RFC 6979: a nonce that repeats or can be guessed gives the key away, so it is made of the
    key and the message. The same question has the same answer."""
    digest = crypto.sha256(MESSAGE)
    assert crypto.finish(nonce_steps(RFC_PRIVATE, digest)) == RFC_NONCE
    assert crypto.es256_sign(RFC_PRIVATE, MESSAGE) == RFC_SIGNATURE
    assert crypto.es256_sign(RFC_PRIVATE, MESSAGE) == RFC_SIGNATURE
    assert crypto.es256_sign(RFC_PRIVATE, b"sampl") != RFC_SIGNATURE


def test_a_second_nonce_is_another_one():
    """When the first gives no signature: the one that comes then must not be the same for ever."""
    digest = crypto.sha256(MESSAGE)
    found = [crypto.finish(nonce_steps(RFC_PRIVATE, digest, n)) for n in range(4)]
    assert len(set(found)) == 4
    assert all([p256_private_acceptable(k) for k in found])


def test_what_is_signed_verifies_and_nothing_else():
    public = crypto.p256_public_key(PRIVATE)
    for message in (b"", b"x", bytes(300)):
        signature = crypto.es256_sign(PRIVATE, message)
        assert len(signature) == 64
        assert crypto.es256_verify(public, message, signature)
        assert not crypto.es256_verify(public, message + b"x", signature)
        assert not crypto.es256_verify(public, message, flipped(signature, 300))
        assert not crypto.es256_verify(crypto.p256_public_key(big(7)), message, signature)
