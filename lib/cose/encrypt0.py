"""COSE_Encrypt0: content encrypted under a shared key (RFC 9052 section 5.2)."""

import crypto

from . import algorithms, headers
from .errors import OTHER_KEY, UNVERIFIED, COSEError
from .key import Key
from .message import ENCRYPT0, Message, as_message, structure

TAG = ENCRYPT0


def encrypt(
    plaintext: bytes,
    key: Key,
    iv: bytes | None,
    *,
    protected: dict | None = None,
    unprotected: dict | None = None,
    external_aad: bytes = b"",
    aeads: dict | None = None,
) -> bytes:
    """The tagged COSE_Encrypt0 of ``plaintext`` under the symmetric ``key``.

    ``iv`` is the nonce, never used twice with the key; it goes to the unprotected header. With
    None, the headers given hold the IV, or a Partial IV that ``key.base_iv`` completes.
    ``aeads``: see algorithms.aead.
    """
    if iv is not None:
        unprotected = dict(unprotected or {})
        unprotected[headers.IV] = iv
    protected, unprotected = headers.complete(protected, unprotected, key)
    alg = headers.algorithm(protected)
    aead = algorithms.aead(alg, aeads)
    nonce = _nonce(protected, unprotected, key, aead.nonce_length)
    raw = headers.encode_protected(protected)
    aad = structure("Encrypt0", raw, external_aad)
    ciphertext = aead.encrypt(alg, key, nonce, plaintext, aad)
    return Message(TAG, raw, protected, unprotected, ciphertext, None).encode()


def decrypt(
    message, key: Key, *, external_aad: bytes = b"", tagged: bool = True, aeads: dict | None = None
) -> bytes:
    """The plaintext of a message (bytes, or a Message of parse) made with ``key``.

    Raises COSEError as UNVERIFIED, UNSUPPORTED, MALFORMED, and what parse raises.
    """
    message = as_message(message, TAG, tagged)
    alg = headers.algorithm(message.protected)
    aead = algorithms.aead(alg, aeads)
    nonce = _nonce(message.protected, message.unprotected, key, aead.nonce_length)
    if len(message.payload) < aead.tag_length:
        raise COSEError("ciphertext shorter than its tag", UNVERIFIED)
    aad = structure("Encrypt0", message.protected_raw, external_aad)
    try:
        return aead.decrypt(alg, key, nonce, message.payload, aad)
    except crypto.AuthenticationError:
        raise COSEError("wrong ciphertext, tag or associated data", UNVERIFIED)


def _nonce(protected, unprotected, key, length):
    iv = headers.find(protected, unprotected, headers.IV)
    if iv is None:
        iv = _completed(headers.find(protected, unprotected, headers.PARTIAL_IV), key, length)
    if len(iv) != length:
        raise COSEError("IV of %d bytes, not %d" % (len(iv), length))
    return iv


def _completed(partial_iv, key, length):
    # RFC 9052 section 3.1: padded on the left, then XORed with the key's own IV.
    if partial_iv is None:
        raise COSEError("no IV")
    if key.base_iv is None or len(key.base_iv) != length:
        raise COSEError("a Partial IV needs a key with a Base IV of %d bytes" % length, OTHER_KEY)
    if len(partial_iv) > length:
        raise COSEError("Partial IV longer than an IV")
    padded = bytes(length - len(partial_iv)) + partial_iv
    return bytes(padded[index] ^ key.base_iv[index] for index in range(length))
