"""Which algorithms there are, and which keys fit them (RFC 9053)."""

import crypto
from micropython import const

from .errors import OTHER_KEY, UNSUPPORTED, COSEError
from .key import CRV_ED25519, CRV_P256, KTY_EC2, KTY_OKP, KTY_SYMMETRIC, Key
from .point import y_steps

ALG_ES256 = -7
ALG_EDDSA = -8
ALG_HMAC_256_64 = 4
ALG_HMAC_256 = 5
ALG_AES_CCM_16_64_128 = 10

# alg, then the lengths of key, nonce and tag in bytes (RFC 9053 section 4.2)
_AES_CCM = (
    (10, 16, 13, 8),  # AES-CCM-16-64-128
    (11, 32, 13, 8),  # AES-CCM-16-64-256
    (12, 16, 7, 8),  # AES-CCM-64-64-128
    (13, 32, 7, 8),  # AES-CCM-64-64-256
    (30, 16, 13, 16),  # AES-CCM-16-128-128
    (31, 32, 13, 16),  # AES-CCM-16-128-256
    (32, 16, 7, 16),  # AES-CCM-64-128-128
    (33, 32, 7, 16),  # AES-CCM-64-128-256
)

_SIGN = const(1)  # values of key_ops (RFC 9052 table 5)
_VERIFY = const(2)
_ENCRYPT = const(3)
_DECRYPT = const(4)
_DERIVE_KEY = const(7)
_DERIVE_BITS = const(8)
_MAC_CREATE = const(9)
_MAC_VERIFY = const(10)

_LEAST_HMAC_KEY = const(32)  # no shorter than the hash: RFC 2104 section 3


def default(key: Key):
    """The algorithm of ``key``: the one it is bound to, or the only one its curve has."""
    if key.alg is not None:
        return key.alg
    if key.crv == CRV_ED25519:
        return ALG_EDDSA
    if key.crv == CRV_P256:
        return ALG_ES256
    raise COSEError("the key names no algorithm", OTHER_KEY)


def check_signature_algorithm(alg):
    """Raise COSEError as UNSUPPORTED unless ``alg`` is a signature algorithm known here."""
    if alg not in (ALG_EDDSA, ALG_ES256):
        raise COSEError("signature algorithm %r" % alg, UNSUPPORTED)


def check_mac_algorithm(alg):
    """Raise COSEError as UNSUPPORTED unless ``alg`` is a MAC algorithm known here."""
    if alg not in (ALG_HMAC_256, ALG_HMAC_256_64):
        raise COSEError("MAC algorithm %r" % alg, UNSUPPORTED)


def check_verification_key(alg, key: Key):
    """Raise COSEError unless ``key`` verifies signatures of ``alg``, and how is known here."""
    _fit_signature(alg, key, _VERIFY)
    if key.kty == KTY_EC2 and key.y is None:
        raise COSEError("verifying with half a point", UNSUPPORTED)


def check_agreement_key(key: Key, crv: int):
    """Raise COSEError as OTHER_KEY unless ``key`` is one for Diffie-Hellman on ``crv``."""
    if key.crv != crv or key.alg in (ALG_EDDSA, ALG_ES256):
        raise COSEError("the key is not for agreement on this curve", OTHER_KEY)
    operations = key.key_ops
    if operations is not None and not (_DERIVE_KEY in operations or _DERIVE_BITS in operations):
        raise COSEError("the key is not for this operation", OTHER_KEY)


def sign_steps(alg, key: Key, data: bytes):
    """The signature of ``data``: 64 bytes. A generator of steps, as in :mod:`crypto`."""
    _fit_signature(alg, key, _SIGN)
    if key.d is None:
        raise COSEError("a public key does not sign", OTHER_KEY)
    sign = crypto.ed25519_sign_steps if alg == ALG_EDDSA else crypto.es256_sign_steps
    return (yield from sign(key.d, data))


def is_signature_steps(alg, key: Key, data: bytes, signature: bytes):
    """Whether ``signature`` over ``data`` was made with ``key``. A generator of steps too."""
    check_verification_key(alg, key)
    x, y = key.x, key.y
    if x is None:
        return False
    if alg == ALG_EDDSA:
        return (yield from crypto.ed25519_verify_steps(x, data, signature))
    if y is True or y is False:
        y = yield from y_steps(x, y)
    if y is None:
        return False
    return (yield from crypto.es256_verify_steps(x + y, data, signature))


def create_mac(alg, key: Key, data: bytes) -> bytes:
    """The MAC tag of ``data``: 32 bytes, or 8 for HS256/64."""
    return _mac(alg, key, data, _MAC_CREATE)


def is_mac(alg, key: Key, data: bytes, tag: bytes) -> bool:
    """Whether ``tag`` over ``data`` was made with ``key``; in constant time."""
    return crypto.equal(_mac(alg, key, data, _MAC_VERIFY), tag)


def _mac(alg, key, data, operation):
    check_mac_algorithm(alg)
    _fit(key, KTY_SYMMETRIC, None, alg, operation)
    if len(key.k) < _LEAST_HMAC_KEY:
        raise COSEError("HMAC key shorter than %d bytes" % _LEAST_HMAC_KEY, OTHER_KEY)
    return crypto.hmac_sha256(key.k, data)[: 8 if alg == ALG_HMAC_256_64 else 32]


class AEAD:
    """A content encryption algorithm: lengths in bytes, and how to seal and to open."""

    def __init__(self, key_length, nonce_length, tag_length, encrypt, decrypt):
        self.key_length = key_length
        self.nonce_length = nonce_length
        self.tag_length = tag_length
        self._encrypt = encrypt
        self._decrypt = decrypt

    def encrypt(self, alg, key: Key, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Ciphertext and tag."""
        self._fit(alg, key, _ENCRYPT)
        return self._encrypt(key.k, nonce, plaintext, aad, self.tag_length)

    def decrypt(self, alg, key: Key, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext. Raises crypto.AuthenticationError."""
        self._fit(alg, key, _DECRYPT)
        return self._decrypt(key.k, nonce, ciphertext, aad, self.tag_length)

    def _fit(self, alg, key, operation):
        _fit(key, KTY_SYMMETRIC, None, alg, operation)
        if len(key.k) != self.key_length:
            raise COSEError("key of %d bytes, not %d" % (len(key.k), self.key_length), OTHER_KEY)


def aead(alg, extra: dict | None = None) -> AEAD:
    """The AEAD of ``alg``: an AES-CCM, or one of ``extra``, which a caller may bring.

    ``extra`` maps alg to (key length, nonce length, tag length, encrypt, decrypt), where encrypt
    and decrypt have the parameters of crypto.aes_ccm_encrypt and crypto.aes_ccm_decrypt.
    """
    for known, key_length, nonce_length, tag_length in _AES_CCM:
        if known == alg:
            encrypt, decrypt = crypto.aes_ccm_encrypt, crypto.aes_ccm_decrypt
            return AEAD(key_length, nonce_length, tag_length, encrypt, decrypt)
    if extra and alg in extra:
        return AEAD(*extra[alg])
    raise COSEError("content encryption algorithm %r" % alg, UNSUPPORTED)


def _fit_signature(alg, key, operation):
    check_signature_algorithm(alg)
    if alg == ALG_EDDSA:
        _fit(key, KTY_OKP, CRV_ED25519, alg, operation)
    else:
        _fit(key, KTY_EC2, CRV_P256, alg, operation)


def _fit(key, kty, crv, alg, operation):
    if key.kty != kty or key.crv != crv:
        raise COSEError("the key is of another type than the algorithm's", OTHER_KEY)
    if key.alg is not None and key.alg != alg:
        raise COSEError("the key is for another algorithm", OTHER_KEY)
    if key.key_ops is not None and operation not in key.key_ops:
        raise COSEError("the key is not for this operation", OTHER_KEY)
