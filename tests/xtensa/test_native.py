"""Whole public-key operations by the real drivers, with the ESP32's machine code in the simulator.

Promised: the results of ``cryptography`` for random and for edge keys; for what is secret, the
same instructions and the same addresses, one after the other, whatever the key; no step too long.
It could break where programs, drivers and machine code meet: offsets, loops cut in steps, views,
byte orders, a table entry that is looked up.
"""

import importlib.util
import random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils, x25519

from xtensa.native_modules import METER, driver, finish
from xtensa.operands import TORTURE

CASES = 10_000 if TORTURE else 3
P_25519 = 2**255 - 19
P_256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# What 400,000 instructions, the bound for a step on a core of 160 MHz, are on one of 240 MHz.
STEP = 600_000

needs_sha512 = pytest.mark.skipif(
    importlib.util.find_spec("crypto.assembly.xtensa.sha512") is None,
    reason="no SHA-512 for Xtensa yet",
)


def report(record, name: str) -> None:
    """Figures for whoever wants them: pytest's report in XML, or -s."""
    record(f"{name}.instructions", METER.instructions)
    print(
        f"{name}: {METER.instructions} instructions, about {METER.cycles} cycles, "
        f"longest step {METER.longest}"
    )


def scalars(rng: random.Random, *edges: int) -> list[bytes]:
    values = [*edges, *(rng.getrandbits(256) for _ in range(CASES))]
    return [value.to_bytes(32, "little") for value in values]


def test_x25519_of_two_keys(record_property):
    """One point of the curve for all: which of two ways is taken depends on it, and on no key."""
    rng, counts = random.Random(7), set()
    steps = driver("x25519_pair").x25519_pair_steps
    theirs = x25519.X25519PrivateKey.from_private_bytes(rng.randbytes(32)).public_key()
    for private in scalars(rng, 0, 2**256 - 1, 8, int("55" * 32, 16)):
        keys = private, rng.randbytes(32)
        ours = [x25519.X25519PrivateKey.from_private_bytes(key).exchange(theirs) for key in keys]
        assert finish(steps(*keys, theirs.public_bytes_raw())) == tuple(ours)
        counts.add((METER.instructions, METER.longest, METER.trace))
    assert len(counts) == 1
    assert METER.longest <= STEP
    report(record_property, "x25519_pair")


def test_x25519(record_property):
    rng, counts = random.Random(1), set()
    steps = driver("x25519").x25519_steps
    for private in scalars(rng, 0, 2**256 - 1, 8, int("55" * 32, 16)):
        public = x25519.X25519PrivateKey.from_private_bytes(rng.randbytes(32)).public_key()
        expected = x25519.X25519PrivateKey.from_private_bytes(private).exchange(public)
        assert finish(steps(private, public.public_bytes_raw())) == expected
        counts.add((METER.instructions, METER.longest, METER.trace))
    report(record_property, "x25519")
    assert len(counts) == 1
    assert METER.longest < STEP


def test_x25519_public_keys(record_property):
    """The base point goes by other tables than a point that somebody sent."""
    rng, counts = random.Random(8), set()
    steps, base = driver("x25519").x25519_steps, (9).to_bytes(32, "little")
    for private in scalars(rng, 0, 2**256 - 1, 8, int("55" * 32, 16)):
        public = x25519.X25519PrivateKey.from_private_bytes(private).public_key()
        assert finish(steps(private, base)) == public.public_bytes_raw()
        counts.add((METER.instructions, METER.longest, METER.trace))
    report(record_property, "x25519 public key")
    assert len(counts) == 1
    assert METER.longest < STEP


def test_x25519_with_publics_that_are_no_canonical_points():
    """RFC 7748 section 5: the top bit is not looked at, p and above stand for their residue. A
    point of small order gives zero, which the facade refuses."""
    steps, private = driver("x25519").x25519_steps, bytes(range(32))
    for public, same in ((P_25519 + 9, 9), (2**255 + 9, 9), (2**256 - 1, 18)):
        one, other = (value.to_bytes(32, "little") for value in (public, same))
        assert finish(steps(private, one)) == finish(steps(private, other))
    for small in (0, 1, P_25519 - 1, P_25519, P_25519 + 1):
        assert finish(steps(private, small.to_bytes(32, "little"))) == bytes(32)


def private_256(rng) -> list[int]:
    random_ones = [rng.randrange(1, N) for _ in range(CASES)]
    return [1, 2, 3, N - 1, N - 2, N >> 1, 1 << 255, 0x55 << 240, *random_ones]


def key_256(private: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(private, ec.SECP256R1())


def public_256(key) -> bytes:
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def test_p256_public_keys(record_property):
    counts = set()
    steps = driver("p256").p256_public_key_steps
    for private in private_256(random.Random(2)):
        expected = public_256(key_256(private))
        assert finish(steps(private.to_bytes(32, "big"))) == expected, hex(private)
        counts.add((METER.instructions, METER.longest, METER.trace))
    report(record_property, "p256_public_key")
    assert len(counts) == 1
    assert METER.longest < STEP


def test_p256_ecdh_from_a_point_and_from_x_alone(record_property):
    rng, counts = random.Random(3), {64: set(), 32: set()}
    steps = driver("p256").p256_ecdh_steps
    for private in private_256(rng):
        key, peer = key_256(private), key_256(rng.randrange(1, N))
        expected = key.exchange(ec.ECDH(), peer.public_key())
        for length in (64, 32):
            public = public_256(peer)[:length]
            assert finish(steps(private.to_bytes(32, "big"), public)) == expected
            counts[length].add((METER.instructions, METER.longest, METER.trace))
    report(record_property, "p256_ecdh from x alone")
    assert [len(seen) for seen in counts.values()] == [1, 1]
    assert METER.longest < STEP


def test_p256_ecdh_with_what_is_no_point():
    """Neither a wrong y nor an x of the twist gives anything, so no bit of the key leaks."""
    steps = driver("p256").p256_ecdh_steps
    private, point = (7).to_bytes(32, "big"), public_256(key_256(5))
    for bit in (0, 100, 511):
        changed = (int.from_bytes(point, "big") ^ 1 << bit).to_bytes(64, "big")
        assert finish(steps(private, changed)) is None
    refused = [x for x in range(2, 40) if not _is_x(x)]
    for x in refused[:6]:
        assert finish(steps(private, x.to_bytes(32, "big"))) is None


def _is_x(x: int) -> bool:
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    return pow(x**3 - 3 * x + b, (P_256 - 1) // 2, P_256) == 1


def test_es256_signs_as_anybody_else_and_at_one_cost(record_property):
    counts = set()
    steps = driver("es256").es256_sign_steps
    for private in private_256(random.Random(4)):
        message = b"message of %d" % (private % 10)
        signature = finish(steps(private.to_bytes(32, "big"), message))
        counts.add((METER.instructions, METER.longest, METER.trace))
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        key_256(private).public_key().verify(
            utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256())
        )
    report(record_property, "es256_sign")
    assert len(counts) == 1
    assert METER.longest < STEP


def test_es256_verifies_what_is_right_and_nothing_else(record_property):
    rng, steps = random.Random(5), driver("es256").es256_verify_steps
    for private in private_256(rng):
        key, message = key_256(private), rng.randbytes(100)
        der = key.sign(message, ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        assert finish(steps(public_256(key), message, signature)) is True
        assert METER.longest < STEP
        changed = bytearray(signature)
        changed[rng.choice((31, 63))] ^= 1
        assert finish(steps(public_256(key), message, bytes(changed))) is False
        assert finish(steps(public_256(key), message + b"\0", signature)) is False
    report(record_property, "es256_verify")


@needs_sha512
def test_ed25519_signs_as_rfc_8032_says_and_at_one_cost(record_property):
    rng, counts = random.Random(6), set()
    module = driver("ed25519")
    for private in scalars(rng, 0, 2**256 - 1, 1):
        key = ed25519.Ed25519PrivateKey.from_private_bytes(private)
        message = rng.randbytes(150)
        public = finish(module.ed25519_public_key_steps(private))
        assert public == key.public_key().public_bytes_raw()
        assert finish(module.ed25519_sign_steps(private, message)) == key.sign(message)
        counts.add((METER.instructions, METER.longest, METER.trace))
    report(record_property, "ed25519_sign")
    assert len(counts) == 1
    assert METER.longest < STEP


@needs_sha512
def test_ed25519_verifies_what_is_right_and_nothing_else(record_property):
    rng, steps = random.Random(7), driver("ed25519").ed25519_verify_steps
    for private in scalars(rng, 0, 2**256 - 1):
        key = ed25519.Ed25519PrivateKey.from_private_bytes(private)
        public, message = key.public_key(), rng.randbytes(rng.choice((0, 1, 111, 112, 150, 500)))
        signature = bytearray(key.sign(message))
        raw = public.public_bytes_raw()
        assert finish(steps(raw, message, bytes(signature))) is True
        assert METER.longest < STEP
        signature[rng.randrange(63)] ^= 1 << rng.randrange(8)
        with pytest.raises(InvalidSignature):
            public.verify(bytes(signature), message)
        assert finish(steps(raw, message, bytes(signature))) is False
    report(record_property, "ed25519_verify")
