"""COSE_Key: what it holds, what it shows and what it refuses to be."""

import cbor
import cose
from cose import Key, sign1
from harness import raises, unhex
from untrusted import InvalidInput

INTERPRETERS = ("micropython", "cpython")

X = bytes(range(32))
# The base point of P-256; its y is odd.
P256_X = unhex("6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296")
P256_Y = unhex("4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5")
SECRET = b"secret" * 5 + b"!!"


def test_public_maps_hold_no_secret():
    """to_map() goes into certificates and over the air, so d is not in it."""
    okp = Key.okp(cose.CRV_X25519, X, d=SECRET, kid=b"k")
    assert okp.to_map() == {1: 1, 2: b"k", -1: 4, -2: X}
    assert okp.to_secret_map() == {1: 1, 2: b"k", -1: 4, -2: X, -4: SECRET}
    ec2 = Key.ec2(P256_X, P256_Y, d=SECRET)
    assert ec2.to_map() == {1: 2, -1: 1, -2: P256_X, -3: P256_Y}
    assert ec2.to_secret_map() == {1: 2, -1: 1, -2: P256_X, -3: P256_Y, -4: SECRET}
    symmetric = Key.symmetric(SECRET, cose.ALG_HMAC_256, kid=b"zone")
    raises(ValueError, symmetric.to_map)
    assert symmetric.to_secret_map() == {1: 4, 2: b"zone", 3: 5, -1: SECRET}


def test_no_text_of_a_key_shows_its_secret():
    """repr() and str() end in logs and tracebacks."""
    for key in (
        Key.okp(cose.CRV_ED25519, X, d=SECRET),
        Key.ec2(P256_X, P256_Y, d=SECRET),
        Key.symmetric(SECRET, cose.ALG_HMAC_256),
    ):
        for text in (repr(key), str(key), "%s" % key, "%r" % key, "{}".format(key)):
            assert "secret" not in text
            assert text.startswith("Key(kty=")


def test_a_key_comes_back_from_its_map():
    """Every field survives, whatever the kind of key."""
    keys = (
        Key.okp(cose.CRV_ED25519, X, d=SECRET, kid=b"a"),
        Key.okp(cose.CRV_X25519, X),
        Key.ec2(P256_X, P256_Y, kid=b"b"),
        Key.ec2(P256_X, True),
        Key.ec2(P256_X, False, d=SECRET),
        Key.ec2(P256_X, None),
        Key.symmetric(SECRET, cose.ALG_HMAC_256, kid=b"c", base_iv=b"iv"),
        Key(1, crv=6, x=X, alg=-8, key_ops=(1, "own")),
    )
    for key in keys:
        again = Key.decode(cbor.encode(key.to_secret_map()))
        for name in ("kty", "crv", "alg", "kid", "x", "y", "d", "k", "key_ops", "base_iv"):
            assert getattr(again, name) == getattr(key, name), name


def test_unknown_labels_are_ignored():
    """RFC 9052 section 7: a stranger's key may say more than we ask."""
    key = Key.from_map({1: 1, -1: 4, -2: X, -70001: "own", "text": 1, -3: b"no y in OKP"})
    assert key.x == X
    assert key.y is None


def test_wrong_keys_are_refused():
    """Types and lengths are checked where the key comes in, so that no later use meets them."""
    malformed = (
        None,
        [],
        b"",
        {},
        {1: None},
        {1: True},
        {1: 1.0},
        {1: 1, -2: X},
        {1: 1, -1: 4},
        {1: 1, -1: True, -2: X},
        {1: 1, -1: 4, -2: X[:31]},
        {1: 1, -1: 4, -2: X + b"\x00"},
        {1: 1, -1: 4, -2: "text"},
        {1: 1, -1: 6, -2: X, -4: b"short"},
        {1: 1, -1: 6, -2: X, -4: 5},
        {1: 1, -1: 6, -4: X},
        {1: 2, -1: 1, -2: P256_X, -3: P256_Y[:31]},
        {1: 2, -1: 1, -2: P256_X, -3: 1},
        {1: 2, -1: 1, -2: b"", -3: P256_Y},
        {1: 2, -1: 1, -3: P256_Y},
        {1: 2, -1: 1, -2: P256_X, -3: P256_X},
        {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)},
        {1: 2, -1: 1, -2: 32 * b"\xff", -3: P256_Y},
        {1: 2, -1: 1, -2: 32 * b"\xff", -3: True},
        {1: 2, -1: 1, -2: 32 * b"\xff"},
        {1: 4},
        {1: 4, -1: b""},
        {1: 4, -1: "text"},
        {1: 4, -1: 5},
        {1: 1, -1: 4, -2: X, 2: "kid"},
        {1: 1, -1: 4, -2: X, 2: 5},
        {1: 1, -1: 4, -2: X, 3: b"alg"},
        {1: 1, -1: 4, -2: X, 3: True},
        {1: 1, -1: 4, -2: X, 4: 1},
        {1: 1, -1: 4, -2: X, 4: []},
        {1: 1, -1: 4, -2: X, 4: [None]},
        {1: 1, -1: 4, -2: X, 4: [True]},
        {1: 1, -1: 4, -2: X, 5: "iv"},
        {1: 1, -1: 4, -2: X, -4: None},
        {1: 4, -1: SECRET, 3: None},
        {1: 4, -1: SECRET, 4: None},
        {1: 1, -1: 4, -2: X, b"bytes": 1},
    )
    for labels in malformed:
        raises(cose.MALFORMED, Key.from_map, labels)
    unsupported = (
        {1: 3},
        {1: 0},
        {1: -1},
        {1: "OKP"},
        {1: 1, -1: 1, -2: X},
        {1: 1, -1: 5, -2: X},
        {1: 1, -1: 7, -2: bytes(57)},
        {1: 1, -1: "Ed25519", -2: X},
        {1: 2, -1: 2, -2: bytes(48), -3: bytes(48)},
        {1: 2, -1: 3, -2: bytes(66), -3: bytes(66)},
        {1: 2, -1: 4, -2: P256_X, -3: P256_Y},
        {1: 2, -1: 8, -2: P256_X, -3: P256_Y},
    )
    for labels in unsupported:
        raises(cose.UNSUPPORTED, Key.from_map, labels)


def test_encoded_keys_are_refused_as_strictly():
    """Duplicate labels, trailing bytes, nesting: an encoded key is input like any other."""
    good = cbor.encode(Key.okp(cose.CRV_X25519, X).to_map())
    assert Key.decode(good).x == X
    for raw in (
        b"",
        good[:-1],
        good + b"\x00",
        b"\xa2\x01\x01\x01\x01",
        b"\xa1\x01" + b"\x81" * 9,
    ):
        raises(InvalidInput, Key.decode, raw)


def test_half_a_point_is_a_key_but_verifies_nothing():
    """EDHOC needs the x of a P-256 key only; a signature needs y, and says that it is missing."""
    message = cbor.encode(cbor.Tag(18, [cbor.encode({1: -7}), {}, b"content", bytes(64)]))
    raises(cose.UNSUPPORTED, sign1.verify, message, Key.ec2(P256_X, None))
