"""COSE_Mac0: content with one MAC tag under a shared key (RFC 9052 section 6.2)."""

from . import algorithms, headers
from .errors import UNVERIFIED, COSEError
from .key import Key
from .message import MAC0, Message, as_message, structure

TAG = MAC0


def create(
    payload: bytes,
    key: Key,
    *,
    protected: dict | None = None,
    unprotected: dict | None = None,
    external_aad: bytes = b"",
) -> bytes:
    """The tagged COSE_Mac0 of ``payload`` under the symmetric ``key``.

    The algorithm is added to ``protected`` if it is not there.
    """
    protected, unprotected = headers.complete(protected, unprotected, key)
    raw = headers.encode_protected(protected)
    data = structure("MAC0", raw, external_aad, payload)
    tag = algorithms.create_mac(headers.algorithm(protected), key, data)
    return Message(TAG, raw, protected, unprotected, payload, tag).encode()


def verify(message, key: Key, *, external_aad: bytes = b"", tagged: bool = True) -> Message:
    """The message (bytes, or a Message of parse), once its tag is that of ``key``.

    Raises COSEError as UNVERIFIED, UNSUPPORTED, MALFORMED, and what parse raises.
    """
    message = as_message(message, TAG, tagged)
    alg = headers.algorithm(message.protected)
    data = structure("MAC0", message.protected_raw, external_aad, message.payload)
    if not algorithms.is_mac(alg, key, data, message.signature):
        raise COSEError("wrong MAC tag", UNVERIFIED)
    return message
