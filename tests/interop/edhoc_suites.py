"""The public-key cryptography of edhoc_peer.py: cipher suites 0 and 2, by OpenSSL."""

import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

SIGN_SIGN, STAT_STAT = 0, 3


class Suite0:
    """X25519 and Ed25519."""

    @staticmethod
    def public_key(private) -> bytes:
        """G_X or G_Y."""
        return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()

    @staticmethod
    def agree(private, public) -> bytes:
        """ECDH."""
        private = X25519PrivateKey.from_private_bytes(private)
        return private.exchange(X25519PublicKey.from_public_bytes(public))

    @staticmethod
    def cose_key(private, method) -> dict:
        """The public COSE_Key for that method."""
        if method == SIGN_SIGN:
            own = Ed25519PrivateKey.from_private_bytes(private).public_key()
            return {1: 1, -1: 6, -2: own.public_bytes_raw()}
        return {1: 1, -1: 4, -2: Suite0.public_key(private)}

    @staticmethod
    def sign(private, data) -> bytes:
        """EdDSA."""
        return Ed25519PrivateKey.from_private_bytes(private).sign(data)

    @staticmethod
    def verify(cose_key, signature, data):
        """Raises InvalidSignature."""
        Ed25519PublicKey.from_public_bytes(cose_key[-2]).verify(signature, data)


class Suite2:
    """P-256 and ES256."""

    @staticmethod
    def _private(private):
        return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())

    @staticmethod
    def _public(encoded):
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), encoded)

    @staticmethod
    def public_key(private) -> bytes:
        """G_X or G_Y: x alone."""
        return Suite2.cose_key(private, STAT_STAT)[-2]

    @staticmethod
    def agree(private, public) -> bytes:
        """ECDH; which of the two points with that x is meant makes no difference."""
        return Suite2._private(private).exchange(ec.ECDH(), Suite2._public(b"\x02" + public))

    @staticmethod
    def cose_key(private, method) -> dict:
        """The public COSE_Key, which is the same for each method."""
        point = Suite2._private(private).public_key().public_numbers()
        return {1: 2, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}

    @staticmethod
    def sign(private, data) -> bytes:
        """ES256, with a random nonce."""
        signature = Suite2._private(private).sign(data, ec.ECDSA(hashes.SHA256()))
        return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(signature))

    @staticmethod
    def verify(cose_key, signature, data):
        """Raises InvalidSignature."""
        x, y = cose_key[-2], cose_key[-3]
        point = bytes([2 + y]) + x if isinstance(y, bool) else b"\x04" + x + y
        r_and_s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
        encoded = encode_dss_signature(*r_and_s)
        Suite2._public(point).verify(encoded, data, ec.ECDSA(hashes.SHA256()))


SUITES = {0: Suite0, 2: Suite2}


def new_private_key() -> bytes:
    """32 bytes that are a private key for every curve here."""
    return b"\x7f" + os.urandom(31)
