"""CBOR Web Tokens (RFC 8392) in the one shape that is believed here.

Stricter than the RFC: signed or MACed and tagged as such, in deterministic encoding, ``exp``
always there, and nothing in the unprotected header but a kid, so that nobody on the way can add to
a token. ``parse`` alone says what a token is: whoever shows, keeps or checks one asks it.
"""

import cbor
import crypto

from . import algorithms, headers, mac0, sign1
from .claims import AUD, CNF, CTI, EXP, IAT, ISS, NBF, SCOPE, SUB, Claims
from .errors import OTHER_KEY, UNSUPPORTED, COSEError
from .key import KTY_SYMMETRIC, Key
from .message import MAC0, SIGN1, Message
from .message import parse as parse_message

__all__ = (
    "AUD",
    "CNF",
    "CTI",
    "EXP",
    "IAT",
    "ISS",
    "MACED",
    "MAX_BYTES",
    "NBF",
    "SCOPE",
    "SIGNED",
    "SUB",
    "Claims",
    "Token",
    "bare",
    "is_tagged",
    "issue",
    "parse",
)

SIGNED = SIGN1
MACED = MAC0

MAX_BYTES = 512  # without the CWT tag; as much as EDHOC takes for a credential
_CWT_TAG = b"\xd8\x3d"  # tag 61, RFC 8392 section 6


class Token:
    """A token that is well made; nothing in it may be believed before ``verify``.

    ``kind`` is SIGNED or MACED, ``alg`` the algorithm, ``kid`` the key's name (bytes or None),
    ``issuer`` and ``claims`` what it says, ``message`` the COSE object, ``raw`` its bytes, without
    the CWT tag.
    """

    def __init__(self, raw: bytes, message: Message, claims: Claims):
        self.raw = raw
        self.message = message
        self.claims = claims
        self.kind = message.tag
        self.alg = headers.algorithm(message.protected)
        self.kid = message.kid
        self.issuer = claims.iss

    def verify(self, key: Key) -> Claims:
        """The claims, once they are shown to come from who holds ``key``.

        Raises COSEError as UNVERIFIED, or UNSUPPORTED for a key in a form that cannot be used.
        """
        return crypto.finish(self.verify_steps(key))

    def verify_steps(self, key: Key):
        """``verify`` as a generator of steps, as in :mod:`crypto`."""
        if self.kid is not None and key.kid is not None and self.kid != key.kid:
            raise COSEError("the token names another key", OTHER_KEY)
        if self.kind == SIGNED:
            yield from sign1.verify_steps(self.message, key)
        else:
            mac0.verify(self.message, key)
        return self.claims


def parse(raw: bytes) -> Token:
    """Check shape, headers and claims of a token, at most 512 bytes; no cryptography.

    One CWT tag (61) may stand before the COSE tag. Raises COSEError as NO_EXPIRY, CRITICAL,
    UNSUPPORTED, MALFORMED or cbor.DecodeError.
    """
    raw = bare(raw)
    if len(raw) > MAX_BYTES:
        raise COSEError("token longer than %d bytes" % MAX_BYTES)
    message = parse_message(raw, deterministic=True)
    alg = headers.algorithm(message.protected)
    if message.tag == SIGNED:
        algorithms.check_signature_algorithm(alg)
    elif message.tag == MACED:
        algorithms.check_mac_algorithm(alg)
    else:
        raise COSEError("encrypted token", UNSUPPORTED)
    for label in message.unprotected:
        if label != headers.KID:
            raise COSEError("token with more than a kid in the unprotected header")
    return Token(raw, message, Claims(cbor.decode(message.payload), message.payload))


def bare(raw) -> bytes:
    """A token without the CWT tag that may stand in front, as it is signed, named and kept."""
    raw = bytes(raw)
    return raw[2:] if raw.startswith(_CWT_TAG) else raw


def is_tagged(raw) -> bool:
    """Whether the item ``raw`` says by its tag that it is a signed or a MACed token."""
    return bare(raw)[:1] in (b"\xd1", b"\xd2")


def issue(claims: dict, key: Key, *, kid: bytes | None = None) -> bytes:
    """A token of ``claims`` (label to value) under an Ed25519 or P-256 ``key``, or an HMAC one.

    It has no CWT tag, and no header but the algorithm and ``kid``. Raises what parse would raise.
    """
    payload = cbor.encode(claims)
    Claims(claims, payload)
    create = mac0.create if key.kty == KTY_SYMMETRIC else sign1.sign
    token = create(payload, key, unprotected={} if kid is None else {headers.KID: kid})
    if len(token) > MAX_BYTES:
        raise COSEError("token longer than %d bytes" % MAX_BYTES)
    return token
