"""Cipher suites as data (RFC 9528 section 3.6)."""

import crypto
from cose import (
    ALG_EDDSA,
    ALG_ES256,
    CRV_ED25519,
    CRV_P256,
    CRV_X25519,
    COSEError,
    algorithms,
)

from .error import UNVERIFIED, EDHOCError

# label, EDHOC MAC length, AEAD tag length, curve of ECDH, length of G_X and G_Y, signature
# algorithm, its curve, length of a signature. All of them use SHA-256 and AES-128-CCM with nonces
# of 13 bytes. Of a P-256 point, G_X and G_Y are x alone (RFC 9528 section 3.7).
_SUITES = (
    (0, 8, 8, CRV_X25519, 32, ALG_EDDSA, CRV_ED25519, 64),
    (2, 8, 8, CRV_P256, 32, ALG_ES256, CRV_P256, 64),
)


def find(label):
    """The Suite of that ``label``. Raises ValueError for one that is not supported here."""
    for row in _SUITES:
        if row[0] == label:
            return Suite(row)
    raise ValueError("no such cipher suite")


def offer(preferred, suites_r, sent=()) -> tuple:
    """SUITES_I for a new message_1 after an error that said ``suites_r`` (RFC 9528 6.3.1).

    ``preferred`` are the initiator's suites, the best first; all that are better than the one
    selected stay, so that a forged error cannot hide them. Empty if there is none in common, or
    if it would be ``sent``, the SUITES_I that were refused, over again.
    """
    for index, label in enumerate(preferred):
        if label in suites_r:
            suites_i = tuple(preferred[: index + 1])
            return () if suites_i == tuple(sent) else suites_i
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
            self.signature_alg,
            self.signature_crv,
            self.signature_length,
        ) = row

    def hash(self, *pieces) -> bytes:
        """H(): 32 bytes."""
        return crypto.sha256(*pieces)

    def extract(self, salt, ikm) -> bytes:
        """EDHOC_Extract: 32 bytes."""
        return crypto.hkdf_extract(salt, ikm)

    def prepared(self, prk) -> tuple:
        """``prk`` for several times of ``expand``: crypto.hkdf_prepared."""
        return crypto.hkdf_prepared(prk)

    def expand(self, prk, info, length) -> bytes:
        """EDHOC_Expand: ``length`` bytes, at most 8160, as of crypto.hkdf_expand."""
        return crypto.hkdf_expand(prk, info, length)

    def expand_steps(self, prk, info, length):
        """``expand`` in steps."""
        return crypto.hkdf_expand_steps(prk, info, length)

    def check_pair(self, private_key, public_key):
        """Raise ValueError if our own ephemeral key pair has not the right lengths."""
        if (
            len(private_key) != self.private_key_length
            or len(public_key) != self.public_key_length
        ):
            raise ValueError("ephemeral key of a wrong length")

    def agreement_key(self, key) -> bytes:
        """What is agreed with: u of X25519; x || y of P-256, or x alone if that is known alone.

        Raises EDHOCError if the cose.Key is on another curve or for something else.
        """
        try:
            algorithms.check_agreement_key(key, self.crv)
        except COSEError:
            raise EDHOCError("credential key does not fit the cipher suite")
        return key.x + key.y if isinstance(key.y, bytes) else key.x

    def shared_secret_steps(self, private_key, public_key):
        """ECDH: 32 bytes. Raises EDHOCError for a public key that gives no secret."""
        agree = crypto.p256_ecdh_steps if self.crv == CRV_P256 else crypto.x25519_steps
        try:
            return (yield from agree(private_key, public_key))
        except crypto.InvalidKey:
            raise EDHOCError("public key refused", UNVERIFIED)

    def shared_secrets_steps(self, private_key, other, public_key):
        """ECDH of both private keys: two secrets. Raises as ``shared_secret_steps``."""
        if self.crv == CRV_P256:
            first = yield from self.shared_secret_steps(private_key, public_key)
            yield
            return first, (yield from self.shared_secret_steps(other, public_key))
        try:
            return (yield from crypto.x25519_pair_steps(private_key, other, public_key))
        except crypto.InvalidKey:
            raise EDHOCError("public key refused", UNVERIFIED)

    def signature_key(self, key):
        """``key``, a cose.Key. Raises EDHOCError if it verifies no signature of this suite."""
        try:
            algorithms.check_verification_key(self.signature_alg, key)
        except COSEError:
            raise EDHOCError("credential key does not fit the cipher suite")
        return key

    def sign_steps(self, private_key, data):
        """The signature of ``data``."""
        if self.signature_alg == ALG_ES256:
            return crypto.es256_sign_steps(private_key, data)
        return crypto.ed25519_sign_steps(private_key, data)

    def is_signature_steps(self, key, data, signature):
        """Whether ``signature`` over ``data`` was made with ``key``."""
        return algorithms.is_signature_steps(self.signature_alg, key, data, signature)

    def encrypt(self, key, iv, plaintext, aad) -> bytes:
        """The EDHOC AEAD: ciphertext and tag."""
        return crypto.aes_ccm_encrypt(key, iv, plaintext, aad, self.tag_length)

    def decrypt(self, key, iv, ciphertext, aad) -> bytes:
        """Reverse of encrypt; raises crypto.AuthenticationError."""
        return crypto.aes_ccm_decrypt(key, iv, ciphertext, aad, self.tag_length)
