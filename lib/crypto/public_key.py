"""X25519, Ed25519 and P-256: what the facade checks and counts before a backend computes.

Each function has a twin whose name ends in ``_steps``: a generator (:mod:`crypto.steps`) that
yields None between pieces of work and returns what the function returns. It checks and counts when
it is driven, and raises then. Private keys have 32 bytes, those of P-256 big-endian, 1 to n - 1.
"""

from micropython import const

from . import backend, strict
from .compare import equal
from .errors import InvalidKey
from .steps import finish

_KEY_BYTES = const(32)
_POINT_BYTES = const(64)
_BASE_U = b"\x09" + bytes(31)

_operations = 0


def public_key_operations() -> int:
    """How many public-key operations this process has begun, in steps or not.

    Keys of a wrong length or range are refused before they count.
    """
    return _operations


def x25519_public_key(private: bytes) -> bytes:
    """The 32-byte public key of a 32-byte ``private`` key, RFC 7748 6.1. Raises InvalidKey."""
    return finish(x25519_public_key_steps(private))


def x25519_public_key_steps(private: bytes):
    """The steps of :func:`x25519_public_key`."""
    _check_key(private)
    yield from _begin()
    return (yield from backend.chosen.x25519_steps(private, _BASE_U))


def x25519(private: bytes, public: bytes) -> bytes:
    """The 32-byte secret shared with the owner of ``public``, RFC 7748 section 6.1.

    Raises InvalidKey for a wrong length, and for a ``public`` of small order: the secret would be
    all zero, known to everybody.
    """
    return finish(x25519_steps(private, public))


def x25519_steps(private: bytes, public: bytes):
    """The steps of :func:`x25519`."""
    _check_key(private)
    _check_key(public)
    yield from _begin()
    shared = yield from backend.chosen.x25519_steps(private, public)
    if equal(shared, bytes(_KEY_BYTES)):
        raise InvalidKey("X25519 public key of small order")
    return shared


def x25519_pair_steps(private: bytes, other: bytes, public: bytes):
    """Steps: what :func:`x25519` gives for ``private`` and for ``other``, two operations.

    Machine code takes less for both than for one after the other. Raises as that does.
    """
    global _operations
    _check_key(private)
    _check_key(other)
    _check_key(public)
    yield from _begin()
    _operations += 1
    chosen = backend.chosen
    if backend.is_machine_code():
        both = yield from chosen.x25519_pair_steps(private, other, public)
    else:
        first = yield from chosen.x25519_steps(private, public)
        both = first, (yield from chosen.x25519_steps(other, public))
    for shared in both:
        if equal(shared, bytes(_KEY_BYTES)):
            raise InvalidKey("X25519 public key of small order")
    return both


def ed25519_public_key(private: bytes) -> bytes:
    """The 32-byte public key of a 32-byte ``private`` key, RFC 8032 5.1.5. Raises InvalidKey."""
    return finish(ed25519_public_key_steps(private))


def ed25519_public_key_steps(private: bytes):
    """The steps of :func:`ed25519_public_key`."""
    _check_key(private)
    yield from _begin()
    return (yield from backend.chosen.ed25519_public_key_steps(private))


def ed25519_sign(private: bytes, message: bytes) -> bytes:
    """The 64-byte signature of ``message``, RFC 8032 section 5.1.6. Raises InvalidKey."""
    return finish(ed25519_sign_steps(private, message))


def ed25519_sign_steps(private: bytes, message: bytes):
    """The steps of :func:`ed25519_sign`."""
    _check_key(private)
    yield from _begin()
    return (yield from backend.chosen.ed25519_sign_steps(private, message))


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is one of ``message`` under ``public``, RFC 8032 section 5.1.7.

    False for a key or signature of any wrong length or form: see :mod:`crypto.strict`.
    """
    return finish(ed25519_verify_steps(public, message, signature))


def ed25519_verify_steps(public: bytes, message: bytes, signature: bytes):
    """The steps of :func:`ed25519_verify`."""
    yield from _begin()
    if not strict.ed25519_acceptable(public, signature):
        return False
    return (yield from backend.chosen.ed25519_verify_steps(public, message, signature))


def ed25519_prepare_steps(public: bytes):
    """Steps after which signatures under ``public`` are verified in less, until another key is
    prepared. For when nobody waits; no answer depends on it. Nothing is done for a key of any
    wrong length or form, and where no machine code computes.
    """
    if not backend.is_machine_code() or not strict.ed25519_acceptable(public, bytes(64)):
        return
    if backend.owed is not None:
        yield from backend.self_test_steps(backend.owed)
    if backend.is_machine_code():
        yield from backend.chosen.ed25519_prepare_steps(public)


def p256_public_key(private: bytes) -> bytes:
    """The 64-byte public key x || y of a P-256 ``private`` key: SP 800-56A section 5.6.1.

    Raises InvalidKey for a wrong length, 0, and n and above.
    """
    return finish(p256_public_key_steps(private))


def p256_public_key_steps(private: bytes):
    """The steps of :func:`p256_public_key`."""
    _check_p256_private(private)
    yield from _begin()
    return (yield from backend.chosen.p256_public_key_steps(private))


def p256_ecdh(private: bytes, public: bytes) -> bytes:
    """The 32-byte secret shared with the owner of ``public``, SP 800-56A section 5.7.1.2.

    It is the x coordinate of the shared point. ``public`` is x || y, 64 bytes, or x alone, 32, as
    EDHOC sends it (RFC 9528 section 3.7): which of the two y is meant makes no difference to the
    secret. Raises InvalidKey for a wrong length, a private key out of range, and a ``public`` that
    is no point of the curve.
    """
    return finish(p256_ecdh_steps(private, public))


def p256_ecdh_steps(private: bytes, public: bytes):
    """The steps of :func:`p256_ecdh`."""
    _check_p256_private(private)
    if len(public) != _POINT_BYTES and len(public) != _KEY_BYTES:
        raise InvalidKey("a P-256 public key has 64 or 32 bytes, not %d" % len(public))
    yield from _begin()
    shared = None
    if strict.p256_public_acceptable(public):
        yield
        shared = yield from backend.chosen.p256_ecdh_steps(private, public)
    if shared is None:
        raise InvalidKey("P-256 public key that is no point of the curve")
    return shared


def es256_sign(private: bytes, message: bytes) -> bytes:
    """The 64-byte signature r || s of ``message`` with P-256 and SHA-256, FIPS 186-5 section 6.4.

    The nonce is that of RFC 6979, so the signature is always the same. Raises InvalidKey for a
    wrong length, 0, and n and above.
    """
    return finish(es256_sign_steps(private, message))


def es256_sign_steps(private: bytes, message: bytes):
    """The steps of :func:`es256_sign`."""
    _check_p256_private(private)
    yield from _begin()
    return (yield from backend.chosen.es256_sign_steps(private, message))


def es256_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (r || s) is one of ``message`` under ``public`` (x || y), FIPS 186-5.

    Both have 64 bytes, big-endian. False for any wrong length or form: see :mod:`crypto.strict`.
    """
    return finish(es256_verify_steps(public, message, signature))


def es256_verify_steps(public: bytes, message: bytes, signature: bytes):
    """The steps of :func:`es256_verify`."""
    yield from _begin()
    if not strict.es256_acceptable(public, signature):
        return False
    yield
    return (yield from backend.chosen.es256_verify_steps(public, message, signature))


def _check_key(key):
    if len(key) != _KEY_BYTES:
        raise InvalidKey("a key of this curve has %d bytes, not %d" % (_KEY_BYTES, len(key)))


def _check_p256_private(private):
    _check_key(private)
    if not strict.p256_private_acceptable(private):
        raise InvalidKey("P-256 private key out of range")


def _begin():
    """Count an operation; machine code that could not be tested yet is, before it computes."""
    global _operations
    if backend.owed is not None:
        yield from backend.self_test_steps(backend.owed)
    _operations += 1
