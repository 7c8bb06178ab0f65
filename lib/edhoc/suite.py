"""Cipher suites as data (RFC 9528 section 3.6)."""

import crypto
from cose import CRV_X25519

from .error import VerificationError


def _x25519(private_key, public_key):
    return crypto.x25519(private_key, public_key)


# label, EDHOC MAC length, AEAD tag length, curve, length of G_X and G_Y, ECDH.
# All of them use SHA-256 and AES-128-CCM with nonces of 13 bytes.
_SUITES = ((0, 8, 8, CRV_X25519, 32, _x25519),)


def find(label):
    """The Suite of that ``label``. Raises ValueError for one that is not supported here."""
    for row in _SUITES:
        if row[0] == label:
            return Suite(row)
    raise ValueError("no such cipher suite")


def offer(preferred, suites_r) -> tuple:
    """SUITES_I for a new message_1 after an error that said ``suites_r`` (RFC 9528 6.3.1).

    ``preferred`` are the initiator's suites, the best first; all that are better than the one
    selected stay, so that a forged error cannot hide them. Empty if there is none in common.
    """
    for index, label in enumerate(preferred):
        if label in suites_r:
            return tuple(preferred[: index + 1])
    return ()


class Suite:
    """The algorithms of one cipher suite. All lengths are in bytes."""

    hash_length = 32
    key_length = 16
    iv_length = 13
    private_key_length = 32
    oscore_key_length = 16
    oscore_salt_length = 8

    def __init__(self, row):
        (
            self.label,
            self.mac_length,
            self.tag_length,
            self.crv,
            self.public_key_length,
            self._ecdh,
        ) = row

    def hash(self, data) -> bytes:
        """H(): 32 bytes."""
        return crypto.sha256(data)

    def extract(self, salt, ikm) -> bytes:
        """EDHOC_Extract: 32 bytes."""
        return crypto.hkdf_extract(salt, ikm)

    def expand(self, prk, info, length) -> bytes:
        """EDHOC_Expand: ``length`` bytes, at most 8160."""
        return crypto.hkdf_expand(prk, info, length)

    def check_pair(self, private_key, public_key):
        """Raise ValueError if our own ephemeral key pair has not the right lengths."""
        if (
            len(private_key) != self.private_key_length
            or len(public_key) != self.public_key_length
        ):
            raise ValueError("ephemeral key of a wrong length")

    def shared_secret(self, private_key, public_key) -> bytes:
        """ECDH. Raises VerificationError for a public key that gives no secret."""
        try:
            return self._ecdh(private_key, public_key)
        except crypto.InvalidKey:
            raise VerificationError("public key refused")

    def encrypt(self, key, iv, plaintext, aad) -> bytes:
        """The EDHOC AEAD: ciphertext and tag."""
        return crypto.aes_ccm_encrypt(key, iv, plaintext, aad, self.tag_length)

    def decrypt(self, key, iv, ciphertext, aad) -> bytes:
        """Reverse of encrypt; raises crypto.AuthenticationError."""
        return crypto.aes_ccm_decrypt(key, iv, ciphertext, aad, self.tag_length)
