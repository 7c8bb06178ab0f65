"""Ed25519, RFC 8032 section 5.1."""

from ..curves import L_25519 as _L
from . import edwards
from .sha512 import sha512_steps


def ed25519_public_key_steps(private):
    a, _ = yield from _expand_steps(private)
    return (yield from _encoded_multiple_steps(a))


def ed25519_sign_steps(private, message):
    a, prefix = yield from _expand_steps(private)
    public = yield from _encoded_multiple_steps(a)
    r = yield from _hash_to_scalar_steps(prefix + message)
    encoded_r = yield from _encoded_multiple_steps(r)
    k = yield from _hash_to_scalar_steps(encoded_r + public + message)
    return encoded_r + ((r + k * a) % _L).to_bytes(32, "little")


def ed25519_verify_steps(public, message, signature):
    a = yield from edwards.decode_steps(public)
    if a is None:
        return False
    encoded_r = bytes(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    k = yield from _hash_to_scalar_steps(encoded_r + public + message)
    # S B = R + k A, checked as R = S B - k A: one encoding instead of a square root for R.
    point = yield from edwards.combine_steps(k, edwards.negate(a), s)
    return (yield from edwards.encode_steps(point)) == encoded_r


def _encoded_multiple_steps(k):
    """The 32 bytes of k B."""
    return (yield from edwards.encode_steps((yield from edwards.multiply_base_steps(k))))


def _expand_steps(private):
    """The secret scalar and the prefix (section 5.1.5)."""
    h = bytearray((yield from sha512_steps(private)))
    h[0] &= 248
    h[31] = h[31] & 127 | 64
    return int.from_bytes(h[:32], "little"), bytes(h[32:])


def _hash_to_scalar_steps(data):
    yield
    digest = yield from sha512_steps(data)
    yield
    return int.from_bytes(digest, "little") % _L
