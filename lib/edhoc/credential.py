"""Credentials and how a message names or carries them (RFC 9528 sections 3.5.2 and 3.5.3).

A credential is a CWT or a CWT claims set (CCS) that holds a COSE_Key in its ``cnf`` claim. Here
the key is taken out and nothing is believed: whether a token is genuine, in date and not revoked
is for the application to find out, before it hands the credential to ``verify``.
"""

import cbor
from cose import Key, cwt
from micropython import const
from untrusted import InvalidInput

from .error import MALFORMED, EDHOCError
from .sequence import encode_identifier

# COSE header parameters, and the kinds of a credential.
KID = 4
KCWT = 13
KCCS = 14

_MAX_CREDENTIAL = const(512)
_MAX_KID = const(32)
_COSE_KEY = const(1)  # confirmation method of RFC 8747
_ONE_ENTRY_MAP = const(0xA1)


class Credential:
    """CRED_x with its authentication key: our own, or what a peer is held to.

    ``raw`` is CRED_x, ``key`` the cose.Key in it, ``kind`` KCWT or KCCS. As our own it is sent
    whole if ``by_value``, else named by the key's kid.
    """

    def __init__(self, raw, kind, key, by_value):
        self.raw = raw
        self.kind = kind
        self.key = key
        if by_value:
            self.id_cred = self.id_cred_on_wire = bytes([_ONE_ENTRY_MAP, kind]) + raw
            return
        if key.kid is None or len(key.kid) > _MAX_KID:
            raise EDHOCError("credential has no kid of at most %d bytes" % _MAX_KID, MALFORMED)
        self.id_cred = cbor.encode({KID: key.kid})
        # RFC 9528 section 3.5.3.2: only on the wire, never where keys are derived from it.
        self.id_cred_on_wire = encode_identifier(key.kid)


class IdCred:
    """ID_CRED_x as a peer sent it: ``kind`` KID with a ``kid``, or KCWT or KCCS with ``raw``.

    ``encoded`` is the COSE header map that the peer's MAC covers.
    """

    def __init__(self, kind, encoded, kid=None, raw=None):
        self.kind = kind
        self.encoded = encoded
        self.kid = kid
        self.raw = raw


def from_kccs(raw, by_value: bool) -> Credential:
    """A Credential from an encoded CCS of at most 512 bytes. Raises EDHOCError."""
    claims = _decode(raw, by_value)
    cnf = claims.get(cwt.CNF) if isinstance(claims, dict) else None
    if not isinstance(cnf, dict) or _COSE_KEY not in cnf:
        raise EDHOCError("CCS holds no COSE_Key", MALFORMED)
    try:
        key = Key.from_map(cnf[_COSE_KEY])
    except InvalidInput:
        raise EDHOCError("CCS holds no usable COSE_Key", MALFORMED)
    return Credential(bytes(raw), KCCS, _public(key), by_value)


def from_kcwt(raw, by_value: bool) -> Credential:
    """A Credential from a CWT, whatever ``cwt.parse`` takes for one.

    CRED_x is the CWT without the tag 61 (RFC 9528 section 3.5.2). Raises EDHOCError; neither
    signature nor times are looked at.
    """
    try:
        token = cwt.parse(raw)
    except InvalidInput:
        raise EDHOCError("CWT is malformed or lacks a claim", MALFORMED)
    return Credential(token.raw, KCWT, _public(token.claims.cnf), by_value)


def read_id_cred(reader) -> IdCred:
    """The next item of ``reader`` as ID_CRED_x. Raises EDHOCError for types not supported."""
    if not reader.at_map():
        kid = reader.identifier("ID_CRED", _MAX_KID)
        return IdCred(KID, cbor.encode({KID: kid}), kid=kid)
    start = reader.offset
    parameters = reader.item()
    encoded = reader.data[start : reader.offset]
    if len(parameters) == 1:
        ((label, value),) = parameters.items()
        if label == KID:
            raise reader.error("ID_CRED is a map where a kid alone must be")
        # The map's head and its label are one byte each.
        if label == KCCS and isinstance(value, dict):
            return IdCred(label, encoded, raw=encoded[2:])
        if label == KCWT and cwt.is_tagged(encoded[2:]):
            return IdCred(label, encoded, raw=cwt.bare(encoded[2:]))
    raise EDHOCError("ID_CRED type not supported")


def _decode(raw, by_value):
    if len(raw) > _MAX_CREDENTIAL:
        raise EDHOCError("credential is too long", MALFORMED)
    try:
        # What is inside a message must be in the message's encoding.
        return cbor.decode(raw, deterministic=by_value)
    except cbor.DecodeError:
        raise EDHOCError("credential is not CBOR in the encoding needed", MALFORMED)


def _public(key):
    if key is None or key.x is None or key.d is not None:
        raise EDHOCError("credential holds no public key, or a private one", MALFORMED)
    return key
