"""The OSCORE option's value: a compressed COSE header (RFC 8613 section 6.1)."""

from micropython import const

from .error import MALFORMED, OSCOREError

_PIV_LENGTH = const(0x07)
_KID = const(0x08)
_KID_CONTEXT = const(0x10)
_RESERVED = const(0xE0)
_MAX_PIV = const(5)


def encode(
    piv: bytes | None = None, kid_context: bytes | None = None, kid: bytes | None = None
) -> bytes:
    """The option value; ``piv`` has 1 to 5 bytes, ``kid_context`` at most 255."""
    flags = 0
    tail = b""
    if piv is not None:
        flags |= len(piv)
        tail += piv
    if kid_context is not None:
        flags |= _KID_CONTEXT
        tail += bytes((len(kid_context),)) + kid_context
    if kid is not None:
        flags |= _KID
        tail += kid
    return bytes((flags,)) + tail if flags else b""


def decode(value: bytes) -> tuple:
    """``(piv, kid_context, kid)``, each bytes, or None if it is not there.

    Raises OSCOREError on reserved bits, missing or left-over bytes, a Partial IV with leading
    zeros (section 5), and a zero byte where nothing is meant (section 2).
    """
    if not value:
        return None, None, None
    flags = value[0]
    piv_length = flags & _PIV_LENGTH
    if flags == 0 or flags & _RESERVED or piv_length > _MAX_PIV:
        raise OSCOREError("reserved OSCORE flag bits", MALFORMED)
    piv = kid_context = kid = None
    rest = value[1:]
    if piv_length:
        piv, rest = _take(rest, piv_length)
        if piv_length > 1 and piv[0] == 0:
            raise OSCOREError("a Partial IV with leading zeros", MALFORMED)
    if flags & _KID_CONTEXT:
        length, rest = _take(rest, 1)
        kid_context, rest = _take(rest, length[0])
    if flags & _KID:
        kid, rest = rest, b""
    if rest:
        raise OSCOREError("bytes after the OSCORE option's last field", MALFORMED)
    return piv, kid_context, kid


def _take(rest: bytes, length: int) -> tuple:
    if len(rest) < length:
        raise OSCOREError("the OSCORE option is cut short", MALFORMED)
    return rest[:length], rest[length:]
