"""The authority's fresh word for what time it is: a COSE_Sign1 (RFC 9052 section 4.2).

Its payload is the deterministic CBOR array ``[site, node, nonce, head, time]``. The nonce is the
node's own, made for who asked and gone with use: so the word was made after the node gave it, and
for no other node. The head is that of the policy the node goes by: of this site, and of its root
of trust.

For who corrects a clock: no board loads this to open a door.
"""

import cbor
import cose
import crypto
from cose import sign1
from micropython import const
from untrusted import InvalidInput

NONCE_LENGTH = const(16)
MAX_BYTES = const(512)
LATEST = const(0xFFFFFFFF)  # 2106: whoever says more has no clock

_PURPOSE = b"holdfast time"  # external_aad
_PROTECTED = b"\xa1\x01\x27"  # {1: -8}: EdDSA


class WordRefused(InvalidInput):
    """The authority's word is none, or not for this node; the text says why."""


def make(signing_key, site: str, node: str, nonce: bytes, head: bytes, time: int) -> bytes:
    """It is ``time`` (seconds since 1970) or later: a word for ``node``, which gave this nonce
    (16 bytes) and goes by the policy with this ``head`` (32 bytes).

    ``signing_key`` is the authority's Ed25519 key (cose.Key with ``d``).
    """
    payload = cbor.encode([site, node, nonce, head, time])
    return sign1.sign(payload, signing_key, external_aad=_PURPOSE)


def verify(raw: bytes, anchors, site: str, node: str, nonce: bytes, head: bytes) -> int:
    """The time that the authority says in ``raw``; ``anchors`` are its keys (cose.Key).

    Raises WordRefused: it is no such word, for another node or nonce, by another policy, or none
    of the anchors signed it.
    """
    message, items = _parse(raw)
    if items[:2] != [site, node]:
        raise WordRefused("a word for another node")
    if not crypto.equal(items[2], nonce):
        raise WordRefused("a word for another question")
    if items[3] != head:
        raise WordRefused("a word for another policy than the one in force here")
    for key in anchors:
        try:
            sign1.verify(message, key, external_aad=_PURPOSE)
        except InvalidInput:
            continue
        return items[4]
    raise WordRefused("not signed by the authority of this site")


def nonce_of(raw: bytes) -> bytes:
    """The nonce that the word ``raw`` claims to answer to. Raises WordRefused."""
    return _parse(raw)[1][2]


def _parse(raw):
    if not isinstance(raw, bytes) or len(raw) > MAX_BYTES:
        raise WordRefused("no word of at most %d bytes" % MAX_BYTES)
    try:
        message = cose.parse(raw, tag=sign1.TAG)
        if message.protected_raw != _PROTECTED or message.unprotected or message.encode() != raw:
            raise WordRefused("not signed and encoded as it must be")
        items = cbor.decode(message.payload, deterministic=True, max_depth=1, max_items=8)
    except WordRefused:
        raise
    except InvalidInput as error:
        raise WordRefused(str(error))
    if not isinstance(items, list) or [type(i) for i in items] != [str, str, bytes, bytes, int]:
        raise WordRefused("the payload is no [site, node, nonce, head, time]")
    if len(items[2]) != NONCE_LENGTH or not 0 < items[4] <= LATEST:
        raise WordRefused("a value out of range")
    return message, items
