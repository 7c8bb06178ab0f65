"""The one place where a backend is chosen.

A backend is a module or package with these names. The facade has checked lengths and ranges, and
what :mod:`crypto.strict` refuses, before it calls; all values are bytes-like.

    NAME                                                       a word for logs
    sha512(data) -> 64 bytes
    aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length) -> ciphertext and tag
    aes_ccm_decrypt(key, nonce, ciphertext, aad, tag_length) -> plaintext, or AuthenticationError
    ed25519_public_key(private) -> 32 bytes
    ed25519_sign(private, message) -> 64 bytes
    ed25519_verify(public, message, signature) -> bool
    x25519(private, public) -> 32 bytes                        all zero if there is no secret
    es256_verify(public, message, signature) -> bool
"""

import sys

if sys.implementation.name == "micropython":
    from . import portable as backend
else:
    from . import hosted as backend

__all__ = ("backend",)
