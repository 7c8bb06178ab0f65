"""The backend on a computer: OpenSSL through the ``cryptography`` package, constant time.

The one module of ``lib`` that needs CPython; it is not installed on boards.
"""

import hashlib

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .errors import AuthenticationError

NAME = "cryptography"


def sha512(data) -> bytes:
    return hashlib.sha512(data).digest()


def aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length, into=None):
    sealed = AESCCM(key, tag_length).encrypt(nonce, plaintext, aad)
    if into is None:
        return sealed
    into[: len(sealed)] = sealed
    return None


def aes_ccm_decrypt(key, nonce, ciphertext, aad, tag_length, into=None):
    length = len(ciphertext) - tag_length
    try:
        plaintext = AESCCM(key, tag_length).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        if into is not None:
            into[:length] = bytes(length)
        raise AuthenticationError("authentication failed") from None
    if into is None:
        return plaintext
    into[:length] = plaintext
    return None


def _at_once(compute):
    """``compute`` as a generator that has nothing to yield: OpenSSL does not pause."""

    def steps(*arguments):
        return compute(*arguments)
        yield

    return steps


@_at_once
def ed25519_public_key_steps(private) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(bytes(private)).public_key().public_bytes_raw()


@_at_once
def ed25519_sign_steps(private, message) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(bytes(private)).sign(message)


@_at_once
def ed25519_verify_steps(public, message, signature) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes(public)).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@_at_once
def x25519_steps(private, public) -> bytes:
    key = X25519PrivateKey.from_private_bytes(bytes(private))
    peer = X25519PublicKey.from_public_bytes(bytes(public))
    try:
        return key.exchange(peer)
    except ValueError:  # what the package has for an all-zero secret
        return bytes(32)


@_at_once
def es256_verify_steps(public, message, signature) -> bool:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + bytes(public))
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    try:
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


@_at_once
def es256_sign_steps(private, message) -> bytes:
    key = _p256_private(private)
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@_at_once
def p256_public_key_steps(private) -> bytes:
    public = _p256_private(private).public_key()
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


@_at_once
def p256_ecdh_steps(private, public) -> bytes | None:
    form = b"\x04" if len(public) == 64 else b"\x02"  # either y leads to the same secret
    try:
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), form + bytes(public))
    except ValueError:
        return None
    return _p256_private(private).exchange(ec.ECDH(), peer)


def _p256_private(private) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())


class aes:
    """MicroPython's ``cryptolib.aes``, as much of it as the portable backend uses.

    With it that backend runs here too, and can be held against this one.
    """

    def __init__(self, key, mode, iv=b""):
        cipher = Cipher(algorithms.AES(key), modes.ECB() if mode == 1 else modes.CBC(iv))
        self._encryptor = cipher.encryptor()  # CBC goes on from one call to the next

    def encrypt(self, blocks, out) -> None:
        out[:] = self._encryptor.update(blocks)
