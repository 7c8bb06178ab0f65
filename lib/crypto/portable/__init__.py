"""The backend that runs everywhere: Python's integers, and AES from ``cryptolib``.

NOT CONSTANT TIME. The time that big-integer arithmetic takes depends on its operands, so whoever
can time a private-key operation here well and often enough may learn about the key. No branch
depends on a secret where that is free, which makes the leak smaller and not absent. Machine code
(:mod:`crypto.native`) is the cure; without it the protocols' fresh ephemeral keys and a door's few
operations a minute are what limit an attacker. AES and SHA-256 are the interpreter's own, in C.
"""

from ..aes_ccm import aes_ccm_decrypt, aes_ccm_encrypt
from .ed25519 import ed25519_public_key_steps, ed25519_sign_steps, ed25519_verify_steps
from .es256 import es256_sign_steps, es256_verify_steps
from .p256 import p256_ecdh_steps, p256_public_key_steps
from .sha512 import sha512
from .x25519 import x25519_steps

NAME = "portable"

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
