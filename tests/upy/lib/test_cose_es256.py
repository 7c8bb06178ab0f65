"""ES256 in COSE: signatures made and verified, and P-256 keys in each form a COSE_Key may have."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import cose
import crypto
from cose import Key, cwt, sign1
from cose.point import is_coordinate, is_point, y_steps
from crypto.curves import P_256
from harness import MICROPYTHON, raises, unhex

SEED = bytes(range(32))
OTHER = bytes(range(32, 64))
CONTENT = b"content"
CLAIMS = {cwt.EXP: 1800000000, cwt.CNF: {1: {1: 1, -1: 4, -2: SEED}}}


def _key(seed=SEED, **fields):
    public = crypto.p256_public_key(seed)
    return Key(2, crv=1, x=public[:32], y=public[32:], d=seed, **fields)


def _public(key, y):
    return Key.ec2(key.x, y)


def _is_odd(key):
    return bool(key.y[-1] & 1)


def test_what_is_signed_is_verified():
    """With the algorithm in the protected header, whoever chose the key."""
    key = _key()
    raw = sign1.sign(CONTENT, key, external_aad=b"context")
    message = cose.parse(raw)
    assert message.protected == {1: cose.ALG_ES256}
    assert len(message.signature) == 64
    assert sign1.verify(raw, _public(key, key.y), external_aad=b"context").payload == CONTENT
    raises(cose.UNVERIFIED, sign1.verify, raw, key)
    raises(cose.UNVERIFIED, sign1.verify, raw, _key(OTHER), external_aad=b"context")
    for index in range(0, len(raw) - 64, 5):
        changed = raw[:index] + bytes([raw[index] ^ 1]) + raw[index + 1 :]
        raises(ValueError, sign1.verify, changed, key, external_aad=b"context")


def test_the_sign_of_y_is_enough_to_verify_with():
    """A compressed key is half as long in a credential; the other sign is another key."""
    for seed in (SEED, OTHER, crypto.sha256(b"1"), crypto.sha256(b"2")):
        key = _key(seed)
        raw = sign1.sign(CONTENT, key)
        assert sign1.verify(raw, _public(key, _is_odd(key))).payload == CONTENT
        raises(cose.UNVERIFIED, sign1.verify, raw, _public(key, not _is_odd(key)))
        raises(cose.UNSUPPORTED, sign1.verify, raw, _public(key, None))


def test_an_x_without_a_point_verifies_nothing():
    """Of half of all x there is none. A key may come with such a one, and is good for nothing."""
    raw = sign1.sign(CONTENT, _key())
    without = bytes(31) + b"\x01"
    for is_odd in (True, False):
        assert _finish(y_steps(without, is_odd)) is None
        raises(cose.UNVERIFIED, sign1.verify, raw, Key.ec2(without, is_odd))


def _finish(steps):
    return crypto.finish(steps)


def test_y_is_found_from_x_and_its_sign():
    """For points of known keys; in steps, so that a reader goes on meanwhile."""
    x = b""
    for number in range(8):
        public = crypto.p256_public_key(crypto.sha256(bytes([number])))
        x, y = public[:32], public[32:]
        minus_y = (P_256 - int.from_bytes(y, "big")).to_bytes(32, "big")
        assert is_point(x, y) and is_point(x, minus_y) and not is_point(y, x)
        odd, even = (y, minus_y) if y[-1] & 1 else (minus_y, y)
        assert _finish(y_steps(x, True)) == odd
        assert _finish(y_steps(x, False)) == even
    pauses = list(y_steps(x, True))
    assert 8 < len(pauses) < 64 and not any(pauses)


def test_coordinates_are_numbers_of_the_field():
    """p and above would be second names of small numbers, of which x = 0 and 5 do have points."""
    p = P_256.to_bytes(32, "big")
    assert is_coordinate(bytes(32)) and is_coordinate((P_256 - 1).to_bytes(32, "big"))
    for x in (0, 5):
        y = _finish(y_steps(x.to_bytes(32, "big"), False))
        assert is_point(x.to_bytes(32, "big"), y)
        again = (P_256 + x).to_bytes(32, "big")
        assert not is_coordinate(again) and not is_point(again, y)
        assert _finish(y_steps(again, False)) is None
        for wrong in (y, True, False, None):
            raises(cose.MALFORMED, Key.ec2, again, wrong)
    assert not is_point(p, p) and not is_point(bytes(32), bytes(32))


def test_a_key_fits_its_own_algorithm_only():
    """Bound to another algorithm or operation, or on the other kind of curve."""
    key = _key()
    raw = sign1.sign(CONTENT, key)
    ed25519 = Key.okp(cose.CRV_ED25519, crypto.ed25519_public_key(SEED), d=SEED)
    for wrong in (
        ed25519,
        Key.okp(cose.CRV_X25519, crypto.x25519_public_key(SEED)),
        _key(alg=cose.ALG_EDDSA),
        _key(key_ops=(1,)),
        Key.symmetric(SEED, cose.ALG_HMAC_256),
    ):
        raises(cose.OTHER_KEY, sign1.verify, raw, wrong)
    sign1.verify(raw, _key(alg=cose.ALG_ES256, key_ops=(2,)))
    for wrong in (_key(key_ops=(2,)), _public(key, key.y)):
        raises(cose.OTHER_KEY, sign1.sign, CONTENT, wrong)
    protected = {1: cose.ALG_EDDSA}
    raises(cose.OTHER_KEY, sign1.sign, CONTENT, key, protected=protected)
    raises(cose.OTHER_KEY, sign1.sign, CONTENT, ed25519, protected={1: cose.ALG_ES256})


def test_tokens_under_a_p256_key():
    """An authority whose key is in hardware has none but these."""
    key = _key(kid=b"site")
    raw = cwt.issue(CLAIMS, key, kid=b"site")
    token = cwt.parse(raw)
    assert (token.kind, token.alg, token.kid) == (cwt.SIGNED, cose.ALG_ES256, b"site")
    assert token.verify(_public(key, key.y)).exp == CLAIMS[cwt.EXP]
    raises(cose.UNVERIFIED, token.verify, _key(OTHER))
    raises(cose.OTHER_KEY, token.verify, _key(kid=b"other"))


def test_tokens_are_verified_in_steps():
    """Of each kind; the steps say the same as ``verify``, when they are driven."""
    ed25519 = Key.okp(cose.CRV_ED25519, crypto.ed25519_public_key(SEED), d=SEED)
    shared = Key.symmetric(OTHER, cose.ALG_HMAC_256)
    for key, wrong, is_long in (
        (_key(), _key(OTHER), True),
        (ed25519, Key.okp(cose.CRV_ED25519, crypto.ed25519_public_key(OTHER)), True),
        (shared, Key.symmetric(SEED, cose.ALG_HMAC_256), False),
    ):
        token = cwt.parse(cwt.issue(CLAIMS, key))
        pauses = list(token.verify_steps(key))
        assert not any(pauses)
        if MICROPYTHON:
            assert (len(pauses) > 2) == is_long
        assert _finish(token.verify_steps(key)) is token.claims
        steps = token.verify_steps(wrong)
        raises(cose.UNVERIFIED, _finish, steps)
    message = sign1.sign(CONTENT, ed25519)
    assert _finish(sign1.sign_steps(CONTENT, ed25519)) == message
    assert _finish(sign1.verify_steps(message, ed25519)).payload == CONTENT


def test_the_example_of_rfc_8392_is_signed_again():
    """Appendix A.3's key: what we sign under it is valid by the same rules as the published token.
    (The tokens themselves are in tests/vectors.)"""
    x = unhex("143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f")
    y = unhex("60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9")
    d = unhex("6c1382765aec5358f117733d281c1c7bdc39884d04a45a1e6c67c858bc206c19")
    key = Key.ec2(x, y, d=d)
    assert crypto.p256_public_key(d) == x + y
    raw = cwt.issue(CLAIMS, key)
    assert cwt.parse(raw).verify(Key.ec2(x, y)).exp == CLAIMS[cwt.EXP]
    assert cbor.decode(raw).number == 18
