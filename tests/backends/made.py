"""Cases made here, whose answers are OpenSSL's: corners of the operands, and random ones."""

import hashlib
import itertools
import random
from collections.abc import Iterator

import crypto
from backends.cases import asked, case
from crypto.curves import B_256, L_25519, N_256, P_256, P_25519
from crypto.portable import edwards as edwards_steps
from finished import Finished

edwards = Finished(edwards_steps)

_ONE = (1).to_bytes(32, "big")
_TOP_BIT = 1 << 255
_ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
_U_OF_ORDER_8 = (
    0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
    0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
)
# Where SHA-512 of what Ed25519 hashes (32, 64 bytes more) changes its number of blocks, and more.
_LENGTHS = (0, 1, 46, 47, 48, 49, 63, 64, 78, 79, 80, 111, 112, 127, 128, 150, 175, 176, 239, 240)


def _little(number):
    return number.to_bytes(32, "little")


def _big(number):
    return number.to_bytes(32, "big")


def random_number(source: random.Random) -> int:
    """256 bits: any, or long runs of ones and zeros, where carries go far."""
    if source.random() < 0.5:
        return source.getrandbits(256)
    number = 0
    while number >> 256 == 0:
        run = source.randrange(1, 70)
        number = number + 1 << run
        if source.random() < 0.5:
            number -= 1
    return number & (1 << 256) - 1


def x25519_edges() -> Iterator[str]:
    """Low order, above p, the top bit set, on the curve and on its twist, with corner scalars."""
    near = [P_25519 + offset for offset in range(-3, 19)]
    scalars = [0, 1, 8, 1 << 254, L_25519, 8 * L_25519, (1 << 256) - 1, 0x5555 << 240, _TOP_BIT]
    for u in [*range(10), *near, *_U_OF_ORDER_8, P_25519 + 9, 1 << 254]:
        for coordinate in (u, u | _TOP_BIT):
            for scalar in scalars:
                yield asked("x25519", _little(scalar), _little(coordinate % (1 << 256)))


def ed25519_edges() -> Iterator[str]:
    """Every malformed S, R and A, small orders, and torsion that cancels or does not."""
    for private in (bytes(32), b"\xff" * 32, bytes(range(32))):
        for length in _LENGTHS:
            yield asked("ed25519_sign", private, bytes(length))
        yield asked("ed25519_public_key", private)
    public = crypto.ed25519_public_key(bytes(32))
    signature = crypto.ed25519_sign(bytes(32), b"")
    s = int.from_bytes(signature[32:], "little")
    for wrong in (0, 1, L_25519 - 1, L_25519, s + L_25519, (1 << 255) - 1, (1 << 256) - 1, s):
        yield asked("ed25519_verify", public, b"", signature[:32] + _little(wrong))
    corners = [0, 1, 2, 3, 4, *(P_25519 + offset for offset in range(-4, 19)), 1 << 254]
    for y in corners:
        for encoded in (_little(y), _little(y | _TOP_BIT)):
            yield asked("ed25519_verify", encoded, b"", signature)
            yield asked("ed25519_verify", public, b"", encoded + signature[32:])
            yield asked("ed25519_verify", encoded, b"", encoded + bytes(32))
    yield from _torsion()


def _torsion():
    """A = a B + T and R = r B + T', with the S that fits once the cofactor is multiplied in."""
    points = [edwards.decode(_little(1))]
    for _ in range(7):
        points.append(edwards.add(points[-1], edwards.as_term(edwards.decode(_ORDER_8))))
    for in_key, in_r in itertools.product(range(8), range(8)):
        a, n = 0x1234567 << 200 | in_key, 0x7654321 << 180 | in_r
        key = edwards.add(edwards.multiply_base(a), edwards.as_term(points[in_key]))
        r = edwards.add(edwards.multiply_base(n), edwards.as_term(points[in_r]))
        public, r = edwards.encode(key), edwards.encode(r)
        k = int.from_bytes(hashlib.sha512(r + public).digest(), "little") % L_25519
        signature = r + _little((n + k * a) % L_25519)
        fits = (in_r + k * in_key) % 8 == 0
        yield case("ed25519_verify", public, b"", signature, expected=fits)


def corner_keys(function: str) -> list[bytes]:
    """Private keys at the corners of what ``function`` takes."""
    if "256" in function:
        return [_big(number) for number in _p256_scalars() if 0 < number < N_256]
    runs = [0x55, 0xAA, 0xFF, 0, 0x0F, 0xF0]
    corners = [bytes([byte]) * 32 for byte in runs]
    corners += [bytes(16) + b"\xff" * 16, b"\xff" * 16 + bytes(16)]
    numbers = (1, 8, L_25519, 8 * L_25519, P_25519, _TOP_BIT)
    return corners + [_little(number) for number in numbers]


def _p256_scalars():
    for number in (0, 1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33):
        yield number
        yield N_256 - number
    yield from (N_256 + 1, (1 << 256) - 1, 1 << 255, N_256 >> 1, (N_256 >> 1) + 1, P_256 - N_256)
    yield from (int("01" * 128, 2), int("f" * 32 + "0" * 32, 16), (1 << 128) - 1, 1 << 224)


def p256_edges() -> Iterator[str]:
    """Corner scalars with corner points; no point, no residue, coordinates of p and above."""
    points = [crypto.p256_public_key(_big(n)) for n in (1, 2, 3, 16, N_256 - 1, N_256 - 2, 9999)]
    # The points with the smallest and largest x: their first words are all zeros, or all ones.
    for start, step in ((0, 1), (P_256 - 1, -1)):
        for x in range(start, start + 40 * step, step):
            y_2 = (x * x * x - 3 * x + B_256) % P_256
            y = pow(y_2, (P_256 + 1) // 4, P_256)
            yield asked("p256_ecdh", _big(7), _big(x))
            if y * y % P_256 == y_2:
                points.append(_big(x) + _big(y))
    for scalar in _p256_scalars():
        private = _big(scalar)
        yield asked("p256_public_key", private)
        yield asked("es256_sign", private, b"sample")
        for point in points[:11]:
            yield asked("p256_ecdh", private, point)
    for point in points:
        x, y = int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big")
        for wrong_x, wrong_y in ((x, y ^ 1), (x, P_256 - y), (x, 0), (0, y), (x ^ 1, y), (y, x)):
            yield asked("p256_ecdh", _big(9), _big(wrong_x) + _big(wrong_y))
    for x in (P_256, P_256 + 1, P_256 + 5, (1 << 256) - 1):
        yield asked("p256_ecdh", _ONE, _big(x))
        yield asked("p256_ecdh", _ONE, _big(x) + points[0][32:])
        yield asked("p256_ecdh", _ONE, points[0][:32] + _big(x))
    for length in (0, 31, 33, 63, 65):
        yield asked("p256_ecdh", _ONE, bytes(length))
        yield asked("p256_ecdh", bytes(length), points[0])


def es256_edges() -> Iterator[str]:
    """r and s at every corner, under keys that meet the base point in the sum."""
    corners = (0, 1, 2, N_256 - 1, N_256, N_256 + 1, P_256 - N_256, P_256 - 1, (1 << 256) - 1)
    for number in (1, 2, N_256 - 1, N_256 - 2, 12345):
        private = _big(number)
        public = crypto.p256_public_key(private)
        for r, s in itertools.product(corners, corners):
            yield asked("es256_verify", public, b"", _big(r) + _big(s))
        for message in (b"", b"sample", bytes(150)):
            signature = crypto.es256_sign(private, message)
            r, s = signature[:32], int.from_bytes(signature[32:], "big")
            yield asked("es256_verify", public, message, signature)
            yield asked("es256_verify", public, message, r + _big(N_256 - s))
            yield asked("es256_verify", public, message + b"x", signature)


def sha512_edges() -> Iterator[str]:
    """Each length up to three blocks."""
    for length in range(0, 390, 1):
        message = hashlib.shake_128(b"%d" % length).digest(length)
        yield case("sha512", message, expected=hashlib.sha512(message).digest())


def all_edges() -> list[str]:
    return [
        *x25519_edges(),
        *ed25519_edges(),
        *p256_edges(),
        *es256_edges(),
        *sha512_edges(),
    ]


def _spoilt(source, data):
    bit = source.randrange(8 * len(data))
    changed = bytearray(data)
    changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)


def _random_case(name, source):
    number = _little(random_number(source))
    p256_private = _big(random_number(source) % (N_256 - 1) + 1)
    message = source.randbytes(source.choice((0, 32, 80, 150, source.randrange(300))))
    if name == "sha512":
        return asked(name, message)
    if name == "x25519":
        return asked(name, number, _little(random_number(source)))
    if name in ("x25519_public_key", "ed25519_public_key"):
        return asked(name, number)
    if name == "ed25519_sign":
        return asked(name, number, message)
    if name == "p256_public_key":
        return asked(name, p256_private)
    if name == "es256_sign":
        return asked(name, p256_private, message)
    if name == "p256_ecdh":
        peer = crypto.p256_public_key(_big(random_number(source) % (N_256 - 1) + 1))
        any_x = _big(random_number(source))  # half of these are on the curve
        return asked(name, p256_private, source.choice((peer, peer[:32], any_x)))
    kind = name.partition("_")[0]
    private = number if kind == "ed25519" else p256_private
    public = getattr(crypto, "ed25519_public_key" if kind == "ed25519" else "p256_public_key")(
        private
    )
    signed = [public, message, getattr(crypto, kind + "_sign")(private, message)]
    if source.random() < 0.5:
        which = source.choice((0, 1, 2, 2, 2)) if message else 2
        signed[which] = _spoilt(source, signed[which])
    return asked(name, *signed)


FUNCTIONS = (
    "sha512",
    "x25519",
    "x25519_public_key",
    "ed25519_public_key",
    "ed25519_sign",
    "ed25519_verify",
    "p256_public_key",
    "p256_ecdh",
    "es256_sign",
    "es256_verify",
)


def random_cases(each: int, source: random.Random, functions=FUNCTIONS) -> list[str]:
    """``each`` cases of every function, mixed so that one's leftovers meet the next."""
    found = [_random_case(name, source) for name in functions for _ in range(each)]
    source.shuffle(found)
    return found
