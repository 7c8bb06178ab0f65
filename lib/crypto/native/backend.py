"""The backend in machine code: public keys and SHA-512, in constant time where there are secrets.

It is whole or it is not there: importing it raises ImportError where a module of machine code is
missing, and ValueError where one is for another processor. AES and SHA-256 are the interpreter's
own, in C, and shared with the portable backend.
"""

import sys

from ..portable.aes_ccm import aes_ccm_decrypt, aes_ccm_encrypt
from .ed25519 import ed25519_public_key_steps, ed25519_sign_steps, ed25519_verify_steps
from .es256 import es256_sign_steps, es256_verify_steps
from .p256 import p256_ecdh_steps, p256_public_key_steps
from .sha512 import sha512
from .x25519 import x25519_steps

__all__ = (
    "NAME",
    "aes_ccm_decrypt",
    "aes_ccm_encrypt",
    "ed25519_public_key_steps",
    "ed25519_sign_steps",
    "ed25519_verify_steps",
    "es256_sign_steps",
    "es256_verify_steps",
    "p256_ecdh_steps",
    "p256_public_key_steps",
    "sha512",
    "x25519_steps",
)

# What loads here is for this processor; its number is MicroPython's, py/persistentcode.h. A test
# that brings modules of its own has none.
_PROCESSORS = {10: "xtensa", 11: "rv32"}

NAME = _PROCESSORS.get(getattr(sys.implementation, "_mpy", 0) >> 10 & 15, "native")
