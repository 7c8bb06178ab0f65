"""COSE_Sign1: content with one signature (RFC 9052 section 4.2).

``sign_steps`` and ``verify_steps`` are generators of steps, as in :mod:`crypto`, for a caller that
has more to do meanwhile.
"""

import crypto

from . import algorithms, headers
from .errors import UNVERIFIED, COSEError
from .key import Key
from .message import SIGN1, Message, as_message, structure

TAG = SIGN1


def sign(
    payload: bytes,
    key: Key,
    *,
    protected: dict | None = None,
    unprotected: dict | None = None,
    external_aad: bytes = b"",
) -> bytes:
    """The tagged COSE_Sign1 of ``payload``, signed with the Ed25519 or P-256 ``key``.

    The algorithm is added to ``protected`` if it is not there.
    """
    return crypto.finish(
        sign_steps(
            payload, key, protected=protected, unprotected=unprotected, external_aad=external_aad
        )
    )


def sign_steps(
    payload: bytes,
    key: Key,
    *,
    protected: dict | None = None,
    unprotected: dict | None = None,
    external_aad: bytes = b"",
):
    """``sign`` in steps."""
    protected, unprotected = headers.complete(protected, unprotected, key)
    raw = headers.encode_protected(protected)
    data = structure("Signature1", raw, external_aad, payload)
    signature = yield from algorithms.sign_steps(headers.algorithm(protected), key, data)
    return Message(TAG, raw, protected, unprotected, payload, signature).encode()


def verify(message, key: Key, *, external_aad: bytes = b"", tagged: bool = True) -> Message:
    """The message (bytes, or a Message of parse), once its signature is that of ``key``.

    Raises COSEError as UNVERIFIED, UNSUPPORTED, MALFORMED, and what parse raises.
    """
    return crypto.finish(verify_steps(message, key, external_aad=external_aad, tagged=tagged))


def verify_steps(message, key: Key, *, external_aad: bytes = b"", tagged: bool = True):
    """``verify`` in steps."""
    message = as_message(message, TAG, tagged)
    alg = headers.algorithm(message.protected)
    data = structure("Signature1", message.protected_raw, external_aad, message.payload)
    if not (yield from algorithms.is_signature_steps(alg, key, data, message.signature)):
        raise COSEError("wrong signature", UNVERIFIED)
    return message
