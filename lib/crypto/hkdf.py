"""HKDF with SHA-256, RFC 5869."""

from micropython import const

from .hmac import code, hmac_sha256, pads
from .steps import finish

_HASH_BYTES = const(32)
_MAX_BYTES = const(255 * 32)
_BLOCKS_A_STEP = const(3)
_FIRST = (b"\x01",)


def hkdf_extract(salt: bytes, ikm: bytes) -> bytes:
    """The 32-byte pseudorandom key of ``ikm``; an empty ``salt`` is one of 32 zero bytes (2.2)."""
    return hmac_sha256(salt, ikm)


def hkdf_prepared(prk: bytes) -> tuple:
    """What is made of ``prk`` each time it is expanded, made once: as secret as that is."""
    return pads(prk)


def hkdf_expand(prk, info, length: int) -> bytes:
    """``length`` bytes, 0..8160, of key material bound to ``info`` (2.3).

    ``prk`` is bytes, or what ``hkdf_prepared`` made of them; ``info`` is bytes, or a tuple of the
    pieces that they are in, so that they need not be in one. Raises ValueError for any other
    length.
    """
    if 0 < length <= _HASH_BYTES:  # nearly always
        inner, outer = prk if isinstance(prk, tuple) else pads(prk)
        return code(inner, outer, _pieces(info) + _FIRST)[:length]
    return finish(hkdf_expand_steps(prk, info, length))


def hkdf_expand_steps(prk, info, length: int):
    """The steps (:mod:`crypto.steps`) of :func:`hkdf_expand`, three blocks of 32 bytes each."""
    if not 0 <= length <= _MAX_BYTES:
        raise ValueError("HKDF gives 0 to %d bytes, not %d" % (_MAX_BYTES, length))
    inner, outer = prk if isinstance(prk, tuple) else pads(prk)
    pieces = _pieces(info)
    block = okm = b""
    for counter in range(1, (length + _HASH_BYTES - 1) // _HASH_BYTES + 1):
        if counter > _BLOCKS_A_STEP and counter % _BLOCKS_A_STEP == 1:
            yield
        block = code(inner, outer, (block,) + pieces + (bytes((counter,)),))
        okm += block
    return okm[:length]


def _pieces(info):
    return info if isinstance(info, tuple) else (info,)
