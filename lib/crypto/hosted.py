"""The backend on a computer: OpenSSL through the ``cryptography`` package, constant time.

The one module of ``lib`` that needs CPython; it is not installed on boards.
"""

import hashlib

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.hashes import SHA256

from .errors import AuthenticationError

NAME = "cryptography"


def sha512(data) -> bytes:
    return hashlib.sha512(data).digest()


def aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length) -> bytes:
    return AESCCM(key, tag_length).encrypt(nonce, plaintext, aad)


def aes_ccm_decrypt(key, nonce, ciphertext, aad, tag_length) -> bytes:
    try:
        return AESCCM(key, tag_length).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        raise AuthenticationError("authentication failed") from None


def ed25519_public_key(private) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(bytes(private)).public_key().public_bytes_raw()


def ed25519_sign(private, message) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(bytes(private)).sign(message)


def ed25519_verify(public, message, signature) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes(public)).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def x25519(private, public) -> bytes:
    key = X25519PrivateKey.from_private_bytes(bytes(private))
    peer = X25519PublicKey.from_public_bytes(bytes(public))
    try:
        return key.exchange(peer)
    except ValueError:  # what the package has for an all-zero secret
        return bytes(32)


def es256_verify(public, message, signature) -> bool:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + bytes(public))
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    try:
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


class aes:
    """MicroPython's ``cryptolib.aes``, as much of it as the portable backend uses.

    With it that backend runs here too, and can be held against this one.
    """

    def __init__(self, key, mode, iv=b""):
        self._cipher = Cipher(algorithms.AES(key), modes.ECB() if mode == 1 else modes.CBC(iv))

    def encrypt(self, blocks) -> bytes:
        return self._cipher.encryptor().update(blocks)
