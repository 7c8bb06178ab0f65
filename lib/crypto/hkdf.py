"""HKDF with SHA-256, RFC 5869."""

from micropython import const

from .hmac import hmac_sha256

_HASH_BYTES = const(32)
_MAX_BYTES = const(255 * 32)


def hkdf_extract(salt: bytes, ikm: bytes) -> bytes:
    """The 32-byte pseudorandom key of ``ikm``; an empty ``salt`` is one of 32 zero bytes (2.2)."""
    return hmac_sha256(salt, ikm)


def hkdf_expand(prk: bytes, info: bytes, length: int) -> bytes:
    """``length`` bytes, 0..8160, of key material bound to ``info`` (2.3).

    Raises ValueError for any other length.
    """
    if not 0 <= length <= _MAX_BYTES:
        raise ValueError("HKDF gives 0 to %d bytes, not %d" % (_MAX_BYTES, length))
    info = bytes(info)
    block = okm = b""
    for counter in range(1, (length + _HASH_BYTES - 1) // _HASH_BYTES + 1):
        block = hmac_sha256(prk, block + info + bytes([counter]))
        okm += block
    return okm[:length]
