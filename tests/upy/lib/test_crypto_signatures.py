"""Corners of Ed25519 and ES256 in which libraries differ: here the answer is one."""

import crypto
from crypto.curves import B_256, L_25519, N_256, P_256, P_25519
from crypto.portable import edwards as edwards_steps
from finished import Finished
from harness import raises, unhex
from published_signatures import es256_example

INTERPRETERS = ("micropython", "cpython")

edwards = Finished(edwards_steps)

PRIVATE = bytes(range(32))
MESSAGE = b"open the door"
SIGN_BIT = 1 << 255
NEUTRAL = (1).to_bytes(32, "little")


def test_s_is_below_the_order():
    """S + L satisfies the same equation: taken, it would give each signature a second spelling."""
    public = crypto.ed25519_public_key(PRIVATE)
    signature = crypto.ed25519_sign(PRIVATE, MESSAGE)
    s = int.from_bytes(signature[32:], "little")
    assert crypto.ed25519_verify(public, MESSAGE, signature)
    for larger in (s + L_25519, L_25519, (1 << 256) - 1):
        forged = signature[:32] + larger.to_bytes(32, "little")
        assert not crypto.ed25519_verify(public, MESSAGE, forged)


def test_wrong_lengths_and_points_off_the_curve_do_not_verify():
    """They are a plain False, never an exception."""
    public = crypto.ed25519_public_key(PRIVATE)
    signature = crypto.ed25519_sign(PRIVATE, MESSAGE)
    for length in (0, 31, 33):
        assert not crypto.ed25519_verify((public + b"\0")[:length], MESSAGE, signature)
    for length in (0, 32, 63, 65):
        assert not crypto.ed25519_verify(public, MESSAGE, (signature + b"\0")[:length])
    off_curve = (2).to_bytes(32, "little")
    assert edwards.decode(off_curve) is None
    assert not crypto.ed25519_verify(off_curve, MESSAGE, signature)


def test_keys_of_small_order_are_refused():
    """With such a key anybody can make signatures that satisfy the equation, as is done here."""
    encodings = _small_order_encodings()
    assert len(encodings) == 8 and len(set(encodings)) == 8
    for encoded in encodings:
        message, signature = _forge(encoded)
        assert _equation_holds(encoded, message, signature)
        assert not crypto.ed25519_verify(encoded, message, signature), encoded


def test_keys_have_one_encoding():
    """y + p for y, or a sign on x = 0, would be a second name for a key."""
    for y in (0, 1):
        for sign in (0, SIGN_BIT):
            encoded = (y + P_25519 | sign).to_bytes(32, "little")
            message, signature = _forge(encoded)
            assert not crypto.ed25519_verify(encoded, message, signature)
    for y in (1, P_25519 - 1):
        encoded = (y | SIGN_BIT).to_bytes(32, "little")
        assert edwards.decode(encoded) is None
        assert not crypto.ed25519_verify(encoded, *_forge(encoded))


def test_r_has_one_encoding_and_may_be_of_small_order():
    """R = 0 in its canonical form satisfies the cofactorless equation with S = k a, and counts;
    its other three spellings do not, although the point is the same."""
    for r, expected in (
        (1, True),
        (1 | SIGN_BIT, False),
        (P_25519 + 1, False),
        (P_25519 + 1 | SIGN_BIT, False),
    ):
        encoded_r = r.to_bytes(32, "little")
        public, signature = _sign_with_r(encoded_r)
        assert crypto.ed25519_verify(public, MESSAGE, signature) == expected, hex(r)


def test_the_equation_has_no_cofactor():
    """A point of order 8 added to R is lost when everything is multiplied by 8: verifiers that do
    so accept what others refuse, so here it is refused."""
    public = crypto.ed25519_public_key(PRIVATE)
    torsion = edwards.decode(_small_order_encodings()[-1])
    assert torsion is not None
    r = edwards.add(edwards.multiply_base(12345), edwards.as_term(torsion))
    encoded_r = edwards.encode(r)
    k = _challenge(encoded_r, public)
    s = (12345 + k * _secret_scalar()) % L_25519
    signature = encoded_r + s.to_bytes(32, "little")
    eight_times = edwards.encode(
        edwards.double(edwards.combine(k, edwards.negate(edwards.decode(public)), s), 3)
    )
    assert eight_times == edwards.encode(edwards.double(r, 3))
    assert not crypto.ed25519_verify(public, MESSAGE, signature)


def test_es256_numbers_are_in_range():
    """r and s are 1 to n - 1. s = n - s is the other signature that the standard allows."""
    public, signature = es256_example()
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    assert _verify_es256(public, r, s)
    assert _verify_es256(public, r, N_256 - s)
    for wrong_r, wrong_s in ((0, s), (r, 0), (N_256, s), (r, N_256), (s, r), (r, s - 1)):
        assert not _verify_es256(public, wrong_r, wrong_s)
    for length in (0, 63, 65):
        assert not crypto.es256_verify(public, b"sample", (signature + b"\0")[:length])
        assert not crypto.es256_verify((public + b"\0")[:length], b"sample", signature)


def test_es256_keys_are_points_of_the_curve():
    """Off the curve another group is computed in; a coordinate above p is a second name."""
    public, signature = es256_example()
    x, y = int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big")
    assert crypto.es256_verify(public, b"sample", signature)
    assert not crypto.es256_verify(_point(x, P_256 - y), b"sample", signature)
    assert not crypto.es256_verify(_point(x, y ^ 1), b"sample", signature)
    assert not crypto.es256_verify(bytes(64), b"sample", signature)
    # A point whose x is below 2^256 - p has a second name: x = 5 is the first on the curve.
    y = pow(125 - 15 + B_256, (P_256 + 1) // 4, P_256)
    assert (y * y - 110 - B_256) % P_256 == 0
    r = s = 1
    assert not crypto.es256_verify(_point(5 + P_256, y), b"sample", _pair(r, s))


def test_what_is_malformed_never_reaches_the_backend():
    """So that no backend, of now or later, can have an opinion of its own. The one here would
    take everything."""
    public = crypto.ed25519_public_key(PRIVATE)
    r, s = crypto.ed25519_sign(PRIVATE, MESSAGE)[:32], bytes(32)
    point, signature = es256_example()
    x, y = point[:32], point[32:]
    n = N_256.to_bytes(32, "big")
    one = (1).to_bytes(32, "big")
    below_n = (N_256 - 1).to_bytes(32, "big")

    def ed25519(public, signature):
        return crypto.ed25519_verify(public, MESSAGE, signature)

    def es256(public, signature):
        return crypto.es256_verify(public, MESSAGE, signature)

    genuine = crypto.backend.chosen
    crypto.backend.chosen = _Credulous()
    try:
        for largest in (0, 1, L_25519 - 1):
            assert ed25519(public, r + largest.to_bytes(32, "little"))
        assert not ed25519(public, r + L_25519.to_bytes(32, "little"))
        assert not ed25519(public[:31], r + s) and not ed25519(public, r + s[:31])
        small_order = _small_order_encodings()
        for encoded in small_order:
            assert ed25519(public, encoded + s)
            assert not ed25519(encoded, r + s)
        for encoded, expected in _spellings():
            assert ed25519(public, encoded + s) == expected, encoded
            assert ed25519(encoded, r + s) == (expected and encoded not in small_order), encoded
        for good in (one + below_n, below_n + one, signature):
            assert es256(point, good)
        for wrong in (bytes(32) + one, one + bytes(32), n + one, one + n, one, one + one + one):
            assert not es256(point, wrong), wrong
        for wrong in (y + x, point[:63], x + bytes(32), bytes(64)):
            assert not es256(wrong, signature), wrong
    finally:
        crypto.backend.chosen = genuine


class _Credulous:
    def ed25519_verify_steps(self, public, message, signature):
        yield
        return True

    es256_verify_steps = ed25519_verify_steps


def _spellings():
    """Encodings at the edges of the canonical, and whether they are."""
    p = P_25519
    for number, expected in (
        (1, True),
        (1 | SIGN_BIT, False),
        (p - 1, True),
        (p - 1 | SIGN_BIT, False),
        (p, False),
        (p | SIGN_BIT, False),
        (p - 2 | SIGN_BIT, True),
        (p + 1, False),
        (SIGN_BIT - 1, False),
        (2 * SIGN_BIT - 1, False),
    ):
        yield number.to_bytes(32, "little"), expected


def test_x25519_points_of_small_order_are_refused():
    """On the curve and on its twist, in every spelling: the secret would be zero for all keys."""
    order_8 = (
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    )
    values = [int.from_bytes(unhex(text), "little") for text in order_8]
    values += [0, 1, P_25519 - 1, P_25519, P_25519 + 1]
    for value in values:
        for sign in (0, SIGN_BIT):
            public = (value | sign).to_bytes(32, "little")
            raises(crypto.InvalidKey, crypto.x25519, PRIVATE, public)


def _small_order_encodings():
    """The multiples of a point of order 8, the neutral one first."""
    point = edwards.decode(
        unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    )
    multiples = [edwards.decode(NEUTRAL)]
    for _ in range(7):
        multiples.append(edwards.add(multiples[-1], edwards.as_term(point)))
    return [edwards.encode(multiple) for multiple in multiples]


def _forge(encoded):
    """A message and a signature under a key of small order, made without a private key."""
    s = (7).to_bytes(32, "little")
    encoded_r = edwards.encode(edwards.multiply_base(7))
    for n in range(1000):
        message = MESSAGE + bytes([n & 255, n >> 8])
        if _challenge(encoded_r, encoded, message) % 8 == 0:
            return message, encoded_r + s
    raise AssertionError("no challenge is a multiple of 8")


def _equation_holds(encoded, message, signature):
    point = edwards.decode(encoded)
    k = _challenge(signature[:32], encoded, message)
    s = int.from_bytes(signature[32:], "little")
    return edwards.encode(edwards.combine(k, edwards.negate(point), s)) == signature[:32]


def _sign_with_r(encoded_r):
    """A public key, and a signature of MESSAGE whose R is the neutral point spelt like this."""
    public = crypto.ed25519_public_key(PRIVATE)
    s = _challenge(encoded_r, public) * _secret_scalar() % L_25519
    return public, encoded_r + s.to_bytes(32, "little")


def _challenge(encoded_r, public, message=MESSAGE):
    return int.from_bytes(crypto.sha512(encoded_r + public + message), "little") % L_25519


def _secret_scalar():
    h = bytearray(crypto.sha512(PRIVATE)[:32])
    h[0] &= 248
    h[31] = h[31] & 127 | 64
    return int.from_bytes(h, "little")


def _verify_es256(public, r, s):
    return crypto.es256_verify(public, b"sample", _pair(r, s))


def _pair(r, s):
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


_point = _pair
