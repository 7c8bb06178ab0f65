"""P-256 as the machine code computes it, programs and drivers, over the model of that code.

The arithmetic is Python's here, so what is proven is the rest: the formulas and that they have no
exception, the order of the steps, and what is left behind. The arithmetic is tests/board's.
"""

import hashlib
import itertools
import os
import random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from assembly.model_backend import native
from assembly.p256_scalars import edges
from crypto.assembly.model256 import N, P
from crypto.assembly.programs.p256 import B_256
from crypto.steps import finish

CURVE = ec.SECP256R1()
MANY = os.environ.get("HOLDFAST_TORTURE") == "1"


def big(number: int) -> bytes:
    return number.to_bytes(32, "big")


def point(scalar: int) -> bytes:
    """scalar times G, by OpenSSL."""
    numbers = ec.derive_private_key(scalar, CURVE).public_key().public_numbers()
    return big(numbers.x) + big(numbers.y)


def shared(scalar: int, public: bytes) -> bytes:
    peer = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, b"\x04" + public)
    return ec.derive_private_key(scalar, CURVE).exchange(ec.ECDH(), peer)


def some_edges(generator: random.Random) -> list[int]:
    """All edges if there is time, else the ends and a few others."""
    found = edges()
    return found if MANY else found[:6] + found[-6:] + generator.sample(found, 12)


@pytest.fixture
def generator() -> random.Random:
    return random.Random(256)


def test_public_keys(generator):
    """By the comb, and with the sign of y that it lost where n - k was taken for k."""
    with native("p256") as (p256, _):
        for scalar in some_edges(generator) + [generator.randrange(1, N) for _ in range(8)]:
            assert finish(p256.p256_public_key_steps(big(scalar))) == point(scalar), scalar


def test_shared_secrets(generator):
    """x alone gives the same as the point and as its opposite: y has no part in the secret."""
    with native("p256") as (p256, _):
        for scalar in some_edges(generator) + [generator.randrange(1, N) for _ in range(8)]:
            public = point(generator.choice((1, 2, N - 1, generator.randrange(1, N))))
            opposite = public[:32] + big(P - int.from_bytes(public[32:], "big"))
            secret = shared(scalar, public)
            for form in (public, opposite, public[:32], memoryview(public)[:32]):
                assert finish(p256.p256_ecdh_steps(big(scalar), form)) == secret, scalar


def test_the_points_at_x_0(generator):
    """What ends the ladder divides by x, so these two points take another way: a peer may send
    one, and must get the right answer."""
    y = pow(B_256, (P + 1) // 4, P)
    with native("p256") as (p256, _):
        for scalar in some_edges(generator):
            for public in (big(0) + big(y), big(0) + big(P - y)):
                secret = shared(scalar, public)
                assert finish(p256.p256_ecdh_steps(big(scalar), public)) == secret, scalar
            assert finish(p256.p256_ecdh_steps(big(scalar), big(0))) == secret, scalar


def test_no_point_is_none(generator):
    """x of the twist, which has points of small order, and x || y beside the curve: no secret is
    computed, or it would tell about the key."""
    found = {True: 0, False: 0}
    with native("p256") as (p256, _):
        for x in itertools.chain(range(1, 12), range(P - 8, P), [generator.randrange(P)]):
            right = (x * x * x - 3 * x + B_256) % P
            y = pow(right, (P + 1) // 4, P)
            on_curve = y * y % P == right
            found[on_curve] += 1
            result = finish(p256.p256_ecdh_steps(big(5), big(x)))
            assert result == (shared(5, big(x) + big(y)) if on_curve else None), x
            for wrong in (y ^ 1, (y + 1) % P, 0):
                assert finish(p256.p256_ecdh_steps(big(5), big(x) + big(wrong))) is None
    assert found[True] > 3 and found[False] > 3


def test_signatures_are_those_of_rfc_6979():
    """Appendix A.2.5: one private key and message have one signature, of any implementation."""
    private = big(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721)
    expected = {
        b"sample": "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        b"test": "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
        "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
    }
    with native("p256", "es256") as (p256, es256, _):
        public = finish(p256.p256_public_key_steps(private))
        for message, signature in expected.items():
            signature = bytes.fromhex(signature)
            assert finish(es256.es256_sign_steps(private, message)) == signature
            assert finish(es256.es256_verify_steps(public, message, signature))


def test_signatures_convince_others(generator):
    with native("es256") as (es256, _):
        for scalar in (1, 2, N - 1, N - 2, *(generator.randrange(1, N) for _ in range(4))):
            message = generator.randbytes(generator.randrange(200))
            signature = finish(es256.es256_sign_steps(big(scalar), message))
            key = ec.derive_private_key(scalar, CURVE).public_key()
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))


def test_a_nonce_without_a_signature_is_passed_over():
    """r or s is 0 for one nonce in 2^255: nobody has seen it, and it would give away the key."""
    tried = []

    def nonces(private, digest, refused):
        tried.append(refused)
        return big(refused + 7)
        yield

    def multiples(scalar):
        # x = n, so r = 0; then x = -digest / private, so s = 0; then a true one.
        number = int.from_bytes(scalar, "big")
        if number == 7:
            return big(N) + bytes(32)
        if number == 8:
            return big(-int.from_bytes(digest, "big") * pow(5, -1, N) % N) + bytes(32)
        return point(number)
        yield

    digest = hashlib.sha256(b"message").digest()
    with native("p256_base", "es256") as (p256_base, es256, _):
        es256.nonce_steps, p256_base.multiple_of_base_steps = nonces, multiples
        signature = finish(es256.es256_sign_steps(big(5), b"message"))
    r = int.from_bytes(point(9)[:32], "big") % N
    s = (int.from_bytes(digest, "big") + 5 * r) * pow(9, -1, N) % N
    assert tried == [0, 1, 2]
    assert signature == big(r) + big(s)


def test_verifying_takes_openssl_s_signatures_and_no_others(generator):
    with native("es256") as (es256, _):
        for _ in range(6):
            private = ec.derive_private_key(generator.randrange(1, N), CURVE)
            public = point(private.private_numbers().private_value)
            message = generator.randbytes(generator.randrange(200))
            r, s = decode_dss_signature(private.sign(message, ec.ECDSA(SHA256())))
            signature = big(r) + big(s)
            assert finish(es256.es256_verify_steps(public, message, signature))
            assert finish(es256.es256_verify_steps(public, message, big(r) + big(N - s)))
            for wrong in (big(r ^ 1) + big(s), big(r) + big(s ^ 1), big(s) + big(r)):
                assert not finish(es256.es256_verify_steps(public, message, wrong))
            assert not finish(es256.es256_verify_steps(public, message + b"!", signature))
            assert not finish(es256.es256_verify_steps(point(5), message, signature))


class _Digest:
    """In place of hashlib: every message has this digest."""

    def __init__(self, digest):
        self._digest = digest

    def sha256(self, message):
        return self

    def digest(self):
        return self._digest


def test_verifying_has_no_exceptional_points():
    """Who signs chooses the key and both multipliers, and so can make the sum meet what is added
    to it, its opposite, or nothing at all. The answer must be right, as with any other numbers."""
    keys = (1, 2, 3, 5, 7, 15, 16, 31, N - 1, N - 2, N - 3, N - 31, pow(2, -1, N), pow(3, -1, N))
    with native("es256") as (es256, _):
        for key in keys if MANY else keys[::3]:
            pairs = [(0, 1), (1, 1), (1, N - 1), (2, 1), (3, 1), (1, 2), (5, 5), (31, 1), (16, 1)]
            pairs += [(N - 1, 1), (N - 1, N - 1), (7, 9), (33, 65), (N - 3, 5), (0, N - 1)]
            # Sums that are nothing, and those that were nothing on the way.
            pairs += [(-key * v % N, v) for v in (1, 2, 9)]
            pairs += [((-key * v + w) % N, v) for v, w in ((4, 1), (8, 1), (16, 3), (32, N - 1))]
            for u, v in pairs:
                multiple = (u + v * key) % N
                r = int.from_bytes(point(multiple)[:32], "big") % N if multiple else 77
                s = r * pow(v, -1, N) % N
                es256.hashlib = _Digest(big(u * s % N))
                found = finish(es256.es256_verify_steps(point(key), b"", big(r) + big(s)))
                assert found == (multiple != 0), (key, u, v)


def test_an_x_of_n_or_above_is_r_plus_n():
    """One point in 2^128 has such an x; the standard reduces it modulo n, and so do we."""
    right_sides = ((x, (x * x * x - 3 * x + B_256) % P) for x in range(N, N + 50))
    roots = ((x, pow(right, (P + 1) // 4, P), right) for x, right in right_sides)
    x, y = next((x, y) for x, y, right in roots if y * y % P == right)
    signature = big(x - N) + big(x - N)  # with a digest of 0, that is 0 G + 1 Q
    with native("es256") as (es256, _):
        es256.hashlib = _Digest(bytes(32))
        assert finish(es256.es256_verify_steps(big(x) + big(y), b"", signature))
        for wrong in (signature[:31] + b"\x11" + signature[32:], big(x - N + 1) + big(x - N + 1)):
            assert not finish(es256.es256_verify_steps(big(x) + big(y), b"", wrong))


def test_the_same_operations_for_every_secret(generator):
    """What the machine code is told to do does not depend on a private key."""
    public = point(12345)
    with native("p256", "es256") as (p256, es256, modelled):
        for name in ("public key", "ecdh", "x alone", "sign"):
            found = set()
            for scalar in [*some_edges(generator), generator.randrange(1, N)]:
                for code in modelled.values():
                    code.counts.clear()
                private = big(scalar)
                if name == "public key":
                    finish(p256.p256_public_key_steps(private))
                elif name == "sign":
                    finish(es256.es256_sign_steps(private, b"message"))
                else:
                    form = public[:32] if name == "x alone" else public
                    finish(p256.p256_ecdh_steps(private, form))
                found.add(str([code.counts for code in modelled.values()]))
            assert len(found) == 1


def test_nothing_of_a_secret_is_left():
    """The banks are wiped at the end, and where somebody drops the steps before it."""
    private, public = big(0x1234567 << 160), point(99)
    with native("p256", "es256") as (p256, es256, modelled):
        for steps in (
            lambda: p256.p256_public_key_steps(private),
            lambda: p256.p256_ecdh_steps(private, public),
            lambda: p256.p256_ecdh_steps(private, public[:32]),
            lambda: es256.es256_sign_steps(private, b"message"),
        ):
            length = sum(1 for _ in steps())
            for stop in (length, length // 2, length - 1):
                for code in modelled.values():
                    code.banks.clear()
                running = steps()
                for _ in itertools.islice(running, stop):
                    pass
                running.close()
                banks = [bank for code in modelled.values() for bank in code.banks]
                assert banks
                assert not any(any(bank) for bank in banks)


def test_two_at_once_do_not_meet():
    """An event loop takes steps of one handshake between those of another."""
    with native("p256") as (p256, _):
        first = p256.p256_ecdh_steps(big(1001), point(77))
        second = p256.p256_public_key_steps(big(2002))
        results = []
        running = [first, second]
        while running:
            for steps in list(running):
                try:
                    next(steps)
                except StopIteration as end:
                    running.remove(steps)
                    results.append(end.value)
        assert sorted(results) == sorted([shared(1001, point(77)), point(2002)])
