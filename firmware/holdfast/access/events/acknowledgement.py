"""The auditor's word that events are safe: a COSE_Mac0 (RFC 9052 section 6.2), whoever brings it.

Its payload is the deterministic CBOR array ``[E, number, code]``: the ephemeral public key that
the chain starts from, and number and code of the last event that the auditor has. Its key,
HMAC-SHA-256, is one of that chain alone (record.board_keys), so that a word for one log is none
for another.
"""

import cbor
import crypto
from cose import ALG_HMAC_256, Key, mac0
from micropython import const
from untrusted import InvalidInput

from .record import CODE_LENGTH, KEY_LENGTH, MAX_NUMBER, EventError

MAX_BYTES = const(128)

_PURPOSE = b"holdfast acknowledgement"  # external_aad
# Tag 17, an array of 4, the protected header {1: 5}, no other header: all that stands before.
_HEAD = b"\xd1\x84\x43\xa1\x01\x05\xa0"


def encode(key: bytes, root: bytes, number: int, code: bytes) -> bytes:
    """Events up to ``number``, which has this ``code``, of the chain from ``root`` are safe.

    ``key`` is the chain's acknowledgement key, 32 bytes, ``root`` 32 bytes, ``code`` 16.
    """
    payload = cbor.encode([root, number, code])
    return mac0.create(payload, Key.symmetric(key, ALG_HMAC_256), external_aad=_PURPOSE)


def claimed(raw: bytes) -> tuple:
    """``(root, number, code)`` as they stand there, whoever wrote it. Raises EventError."""
    if not isinstance(raw, bytes) or not len(_HEAD) < len(raw) <= MAX_BYTES:
        raise EventError("no acknowledgement")
    try:
        payload, end = cbor.decode_prefix(raw, len(_HEAD), max_depth=0, max_items=1)
        _, end = cbor.decode_prefix(raw, end, max_depth=0, max_items=1)
        if raw[: len(_HEAD)] != _HEAD or not (isinstance(payload, bytes) and end == len(raw)):
            raise EventError("another form")
        items = cbor.decode(payload, max_depth=1, max_items=4)
    except InvalidInput as error:
        raise EventError("no acknowledgement: " + str(error))
    if not isinstance(items, list) or [type(item) for item in items] != [bytes, int, bytes]:
        raise EventError("no acknowledgement: another payload")
    root, number, code = items
    if len(root) != KEY_LENGTH or len(code) != CODE_LENGTH or not 0 <= number <= MAX_NUMBER:
        raise EventError("no acknowledgement: a value out of range")
    return root, number, code


def verify(raw: bytes, key: bytes, root: bytes) -> tuple:
    """``(number, code)`` that the auditor's word ``raw`` is about, in the chain from ``root``.

    Raises EventError: it is none, is of another log, or is not made with ``key``.
    """
    of, number, code = claimed(raw)
    if of != root:
        raise EventError("an acknowledgement of another log")
    # Made anew and compared whole: so there is one form of it, and no byte that does not count.
    if not crypto.equal(raw, encode(key, root, number, code)):
        raise EventError("an acknowledgement that the auditor has not made")
    return number, code
