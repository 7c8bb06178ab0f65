"""The backend in machine code: public keys and SHA-512, in constant time where there are secrets.

It is whole or it is not there: importing it raises ImportError where a module of machine code is
missing, and ValueError where one is for another processor. AES and SHA-256 are the interpreter's
own, in C, and shared with the portable backend.

P-256 is loaded by ``load``, or with its first operation: its machine code takes 9 KB of a board's
RAM, and a site whose phones use the other suite has none. Where a module of it is missing, that
operation raises ImportError.
"""

import sys

from ..aes_ccm import aes_ccm_decrypt, aes_ccm_encrypt
from .ed25519 import ed25519_public_key_steps, ed25519_sign_steps, ed25519_verify_steps
from .sha512 import sha512
from .x25519 import x25519_steps

__all__ = (
    "NAME",
    "aes_ccm_decrypt",
    "aes_ccm_encrypt",
    "ed25519_prepare_steps",
    "ed25519_public_key_steps",
    "ed25519_sign_steps",
    "ed25519_verify_steps",
    "es256_sign_steps",
    "es256_verify_steps",
    "load",
    "p256_ecdh_steps",
    "p256_public_key_steps",
    "sha512",
    "x25519_pair_steps",
    "x25519_steps",
)

# What loads here is for this processor; its number is MicroPython's, py/persistentcode.h. A test
# that brings modules of its own has none.
_PROCESSORS = {10: "xtensa", 11: "rv32"}

NAME = _PROCESSORS.get(getattr(sys.implementation, "_mpy", 0) >> 10 & 15, "native")


def load(with_p256):
    """Load now what would be loaded late: multiples of the base point, and P-256 if wanted.

    What was not built is no fault here: the operation that needs it says so. Raises MemoryError.
    """
    try:
        from . import ed25519_known, x25519_base, x25519_pair  # noqa: F401 - loading is all

        if with_p256:
            from . import p256, p256_base  # noqa: F401 - and here
    except (ImportError, ValueError):
        pass


def x25519_pair_steps(private, other, public):
    from . import x25519_pair

    return x25519_pair.x25519_pair_steps(private, other, public)


def ed25519_prepare_steps(public):
    from . import ed25519_known

    return ed25519_known.prepare_steps(public)


def p256_public_key_steps(private):
    from . import p256

    return p256.p256_public_key_steps(private)


def p256_ecdh_steps(private, public):
    from . import p256

    return p256.p256_ecdh_steps(private, public)


def es256_sign_steps(private, message):
    from . import es256

    return es256.es256_sign_steps(private, message)


def es256_verify_steps(public, message, signature):
    from . import es256

    return es256.es256_verify_steps(public, message, signature)
