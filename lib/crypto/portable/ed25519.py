"""Ed25519, RFC 8032 section 5.1."""

from ..curves import L_25519 as _L
from . import edwards
from .sha512 import sha512


def ed25519_public_key(private) -> bytes:
    return edwards.encode(edwards.multiply_base(_expand(private)[0]))


def ed25519_sign(private, message) -> bytes:
    a, prefix = _expand(private)
    public = edwards.encode(edwards.multiply_base(a))
    r = _hash_to_scalar(prefix + message)
    encoded_r = edwards.encode(edwards.multiply_base(r))
    k = _hash_to_scalar(encoded_r + public + message)
    return encoded_r + ((r + k * a) % _L).to_bytes(32, "little")


def ed25519_verify(public, message, signature) -> bool:
    a = edwards.decode(public)
    if a is None:
        return False
    encoded_r = bytes(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    k = _hash_to_scalar(encoded_r + public + message)
    # S B = R + k A, checked as R = S B - k A: one encoding instead of a square root for R.
    return edwards.encode(edwards.combine(k, edwards.negate(a), s)) == encoded_r


def _expand(private):
    """The secret scalar and the prefix (section 5.1.5)."""
    h = bytearray(sha512(private))
    h[0] &= 248
    h[31] = h[31] & 127 | 64
    return int.from_bytes(h[:32], "little"), bytes(h[32:])


def _hash_to_scalar(data):
    return int.from_bytes(sha512(data), "little") % _L
