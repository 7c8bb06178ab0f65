"""The portable backend against OpenSSL, through the ``cryptography`` package.

Portable code is slow to go wrong: a carry in one product of a billion, a corner of an encoding.
So operands are drawn from the corners, mixed with random ones.
"""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import example, given, settings
from hypothesis import strategies as st

import crypto
from crypto import backend as choice
from crypto import hosted as hosted_steps
from crypto import portable as portable_steps
from crypto.curves import L_25519, N_256, P_256, P_25519
from crypto.portable import edwards as edwards_steps
from crypto.portable import field as field_steps
from crypto.portable import p256 as p256_steps
from crypto.portable.wnaf import wnaf
from finished import Finished
from harness import flipped

edwards, field, p256 = Finished(edwards_steps), Finished(field_steps), Finished(p256_steps)
hosted, portable = Finished(hosted_steps), Finished(portable_steps)

many = settings(max_examples=2000)
some = settings(max_examples=300)

_ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


def _near(*centres):
    return [centre + offset for centre in centres for offset in range(-2, 3)]


def numbers(*centres, bits=256):
    """Numbers below 2^bits: near ``centres`` and powers of two, sparse, dense, or anything."""
    top = 1 << bits
    corners = [n for n in _near(0, top, top >> 1, *centres) if 0 <= n < top]
    power = st.integers(0, bits - 1).map(lambda exponent: 1 << exponent)
    return st.one_of(
        st.sampled_from(corners),
        power,
        power.map(lambda n: top - n),
        st.integers(0, top - 1),
    )


def little(strategy):
    return strategy.map(lambda n: n.to_bytes(32, "little"))


curve25519_bytes = little(numbers(P_25519, L_25519, 8 * L_25519, 1 << 255))


def torsion_points():
    point = edwards.decode(_ORDER_8)
    found = [edwards.decode(b"\1" + bytes(31))]
    for _ in range(7):
        found.append(edwards.add(found[-1], edwards.as_term(point)))
    return found


def edwards_encodings():
    """Corners of the encoding, points of small order, and sums of those with multiples of B."""
    mixed = st.tuples(st.sampled_from(torsion_points()), st.integers(0, 9)).map(
        lambda drawn: edwards.encode(
            edwards.add(edwards.multiply_base(drawn[1]), edwards.as_term(drawn[0]))
        )
    )
    return st.one_of(curve25519_bytes, mixed)


@pytest.fixture(params=[portable_steps, hosted_steps], ids=["portable", "hosted"])
def backend(request, monkeypatch):
    monkeypatch.setattr(choice, "chosen", request.param)
    return request.param


def both_verify(verify, *arguments):
    """The answer of the facade over each backend, which must be the same."""
    answers = []
    for candidate in (portable_steps, hosted_steps):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(choice, "chosen", candidate)
            answers.append(verify(*arguments))
    assert answers[0] == answers[1], [argument.hex() for argument in arguments]
    return answers[0]


@many
@given(st.integers(-(1 << 270), 1 << 270), st.integers(1, 12))
def test_field_powers_are_powers(x, times):
    """Folding instead of dividing: congruent, and small enough to go on with."""
    p = P_25519
    assert field.square_times(x, times) % p == pow(x, 1 << times, p)
    assert -(1 << 40) < field.square_times(x, times) < (1 << 255) + (1 << 40)
    assert field.root_power(x) % p == pow(x, (p - 5) // 8, p)
    assert field.invert(x) % p == pow(x, p - 2, p)


@many
@given(numbers())
def test_wnaf_digits_add_up_and_stay_apart(k):
    digits = wnaf(k)
    assert sum(digit << i for i, digit in enumerate(digits)) == k
    assert all(digit == 0 or (digit & 1 and -16 < digit < 16) for digit in digits)
    places = [i for i, digit in enumerate(digits) if digit]
    assert all(after - before >= 5 for before, after in zip(places, places[1:]))


@some
@given(numbers(L_25519), st.integers(0, L_25519 - 1), numbers(L_25519))
@example(0, 1, 0)
@example(1, L_25519 - 1, 1)
def test_a_double_multiplication_is_the_sum_of_two(k, a, s):
    """k A + s B with A = a B: also where the sum is the neutral point, and for short scalars."""
    point = edwards.combine(k, edwards.multiply_base(a), s)
    total = (k * a + s) % L_25519
    assert edwards.encode(point) == edwards.encode(edwards.multiply_base(total))


@some
@given(st.binary(max_size=600))
@example(bytes(111))
@example(bytes(112))
@example(bytes(127))
@example(bytes(128))
@example(bytes(239))
@example(bytes(240))
def test_sha512_is_the_same(data):
    assert portable.sha512(data) == hashlib.sha512(data).digest()


@many
@given(curve25519_bytes, curve25519_bytes)
def test_x25519_is_the_same(private, public):
    """Also for coordinates above p, on the twist and of small order, where both give zero."""
    assert portable.x25519(private, public) == hosted.x25519(private, public)


def test_x25519_of_small_order_is_refused_over_each_backend(backend):
    for u in (0, 1, P_25519 - 1, P_25519, P_25519 + 1):
        with pytest.raises(crypto.InvalidKey):
            crypto.x25519(bytes(range(32)), u.to_bytes(32, "little"))


@some
@given(curve25519_bytes, st.binary(max_size=200))
def test_ed25519_keys_and_signatures_are_the_same(private, message):
    public = hosted.ed25519_public_key(private)
    signature = hosted.ed25519_sign(private, message)
    assert portable.ed25519_public_key(private) == public
    assert portable.ed25519_sign(private, message) == signature
    assert both_verify(crypto.ed25519_verify, public, message, signature)


@some
@given(curve25519_bytes, st.binary(max_size=40), st.integers(0, 8 * 64 - 1))
def test_ed25519_flipped_signatures_are_refused_by_both(private, message, position):
    public = hosted.ed25519_public_key(private)
    forged = flipped(hosted.ed25519_sign(private, message), position)
    assert not both_verify(crypto.ed25519_verify, public, message, forged)


@many
@given(edwards_encodings(), edwards_encodings(), little(numbers(L_25519)), st.binary(max_size=2))
def test_ed25519_verification_agrees_on_every_corner(public, r, s, message):
    both_verify(crypto.ed25519_verify, public, message, r + s)


@some
@given(
    st.integers(1, L_25519 - 1),
    st.sampled_from(range(8)),
    st.sampled_from(range(8)),
    st.integers(0, 255),
)
def test_ed25519_verification_agrees_on_points_with_torsion(a, in_key, in_r, n):
    """A = a B + T and R = r B + T', with the S that fits when the cofactor is multiplied in. The
    strict equation holds if and only if the torsion cancels."""
    torsion = torsion_points()
    key = edwards.add(edwards.multiply_base(a), edwards.as_term(torsion[in_key]))
    r_point = edwards.add(edwards.multiply_base(n), edwards.as_term(torsion[in_r]))
    public, r = edwards.encode(key), edwards.encode(r_point)
    k = int.from_bytes(hashlib.sha512(r + public).digest(), "little") % L_25519
    s = (n + k * a) % L_25519
    verified = both_verify(crypto.ed25519_verify, public, b"", r + s.to_bytes(32, "little"))
    assert verified == ((in_r + k * in_key) % 8 == 0)


def p256_signature(private, message):
    r, s = utils.decode_dss_signature(private.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def p256_private(number):
    private = ec.derive_private_key(number, ec.SECP256R1())
    point = private.public_key().public_numbers()
    return private, point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")


p256_keys = numbers(N_256, P_256).map(lambda n: n % (N_256 - 1) + 1)


@some
@given(p256_keys, st.binary(max_size=100), st.integers(0, 8 * 64 - 1))
def test_es256_takes_good_signatures_and_no_flipped_ones(number, message, position):
    private, public = p256_private(number)
    signature = p256_signature(private, message)
    assert both_verify(crypto.es256_verify, public, message, signature)
    assert not both_verify(crypto.es256_verify, public, message, flipped(signature, position))


@some
@given(p256_keys, numbers(N_256), numbers(N_256))
def test_es256_verification_agrees_on_every_corner(number, r, s):
    public = p256_private(number)[1]
    both_verify(crypto.es256_verify, public, b"", r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def test_es256_where_the_addition_formula_has_no_answer():
    """u_1 G + u_2 Q of which a partial sum is a doubling or the neutral point. No message has the
    hash that would give such a u_1, so the sum itself is compared."""
    small = [1, 2, 3, 15, 17, N_256 - 1, N_256 - 2]
    for multiple in small:
        x, y = _coordinates(multiple)
        for u_1 in small:
            for u_2 in small:
                x_sum, _, z = p256.combine(u_1, p256.BASE, u_2, (x, y, 1))
                total = (u_1 + u_2 * multiple) % N_256
                if total == 0:
                    assert z == 0
                else:
                    expected = _coordinates(total)[0]
                    assert z and x_sum * pow(z, -2, P_256) % P_256 == expected


def _coordinates(number):
    public = p256_private(number)[1]
    return int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big")


@pytest.mark.parametrize(
    "public",
    [
        bytes(64),
        b"\xff" * 64,
        (5 + P_256).to_bytes(32, "big") + bytes(32),
        bytes(32) + (1).to_bytes(32, "big"),
    ],
)
def test_es256_keys_off_the_curve_are_refused_by_both(public):
    assert not both_verify(crypto.es256_verify, public, b"", (1).to_bytes(32, "big") * 2)


@many
@given(
    st.sampled_from((16, 32)).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
    st.binary(min_size=7, max_size=13),
    st.binary(max_size=100),
    st.binary(max_size=100),
    st.sampled_from(range(4, 17, 2)),
    st.integers(0),
)
def test_aes_ccm_is_the_same(key, nonce, plaintext, aad, tag_length, position):
    sealed = hosted.aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length)
    assert portable.aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length) == sealed
    assert portable.aes_ccm_decrypt(key, nonce, sealed, aad, tag_length) == plaintext
    spoilt = bytearray(sealed)
    spoilt[position % len(spoilt)] ^= 1
    for candidate in (portable, hosted):
        with pytest.raises(crypto.AuthenticationError):
            candidate.aes_ccm_decrypt(key, nonce, bytes(spoilt), aad, tag_length)


def test_aes_ccm_of_a_whole_coap_payload_is_the_same():
    for length in (1, 4096, 65535):
        arguments = (bytes(16), bytes(13), bytes(length), bytes(70000), 8)
        assert portable.aes_ccm_encrypt(*arguments) == hosted.aes_ccm_encrypt(*arguments)
