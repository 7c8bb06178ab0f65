"""What is refused before any backend sees it, so that all of them give the same answer.

Libraries differ about the odd corners of Ed25519 and ECDSA: a signature that one board takes and
the next refuses is an argument about who opened a door. These checks leave no corner:

* Ed25519 (RFC 8032 section 5.1.7): S < L; A and R in canonical encoding (y < p, no -0); A not of
  small order, because such a key accepts signatures that nobody made. The equation is the
  cofactorless one. R of small order, and A with a small-order component, are left to the equation.
* ES256 (FIPS 186-5 section 6.4.2): 0 < r, s < n; both coordinates below p, and on the curve.
  A signature with the larger of the two possible s is accepted, as the standard has it.
* P-256 private keys (FIPS 186-5 appendix A.2): 1 to n - 1, looked at in the same time whatever
  they are. Public keys (SP 800-56A section 5.6.2.3): coordinates below p, and on the curve; of x
  alone the backend finds out whether it is on the curve, by the square root it needs anyway.

All else that is looked at here is public.
"""

from .curves import B_256, L_25519, N_256, P_256, P_25519

_SIGN_BIT = 1 << 255

_N_256_BYTES = N_256.to_bytes(32, "big")

# The y of a point of order 8; -y is the y of the others. Orders 1, 2 and 4 have y = 1, -1 and 0.
_Y_OF_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7


def ed25519_acceptable(public: bytes, signature: bytes) -> bool:
    """Whether ``public`` (A) and ``signature`` (R || S) are well formed, lengths included."""
    if len(public) != 32 or len(signature) != 64:
        return False
    if int.from_bytes(signature[32:], "little") >= L_25519:
        return False
    if not _is_canonical(signature[:32]) or not _is_canonical(public):
        return False
    y = int.from_bytes(public, "little") & ~_SIGN_BIT
    return y not in (0, 1, P_25519 - 1, _Y_OF_ORDER_8, P_25519 - _Y_OF_ORDER_8)


def _is_canonical(encoded):
    value = int.from_bytes(encoded, "little")
    y = value & ~_SIGN_BIT
    if value != y and (y == 1 or y == P_25519 - 1):
        return False  # x is 0 there, and 0 has no sign
    return y < P_25519


def es256_acceptable(public: bytes, signature: bytes) -> bool:
    """Whether ``public`` (x || y) and ``signature`` (r || s) are well formed, lengths included."""
    if len(public) != 64 or len(signature) != 64:
        return False
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    if not (0 < r < N_256 and 0 < s < N_256):
        return False
    return _is_on_p256(public)


def p256_public_acceptable(public: bytes) -> bool:
    """Whether ``public``, 64 bytes, is a point x || y of P-256; of 32 bytes, whether x < p."""
    if len(public) == 64:
        return _is_on_p256(public)
    return len(public) == 32 and int.from_bytes(public, "big") < P_256


def _is_on_p256(point):
    x = int.from_bytes(point[:32], "big")
    y = int.from_bytes(point[32:], "big")
    return x < P_256 and y < P_256 and (y * y - x * x * x + 3 * x - B_256) % P_256 == 0


def p256_private_acceptable(private: bytes) -> bool:
    """Whether ``private``, 32 bytes, is 1 to n - 1 in big-endian.

    Byte by byte, in the same time for every key: two integers are compared from the top, and it
    shows how far they are the same.
    """
    order = _N_256_BYTES
    borrow = some = 0
    for i in range(31, -1, -1):
        byte = private[i]
        borrow = (byte - order[i] - borrow) >> 8 & 1
        some |= byte
    return borrow != 0 and some != 0
