"""The claims set of a CWT (RFC 8392 section 3, RFC 8747, RFC 9200), typed and bounded."""

from micropython import const

from .errors import NO_EXPIRY, COSEError
from .key import KTY_SYMMETRIC, Key

ISS = 1
SUB = 2
AUD = 3
EXP = 4
NBF = 5
IAT = 6
CTI = 7
CNF = 8
SCOPE = 9

_REGISTERED = (ISS, SUB, AUD, EXP, NBF, IAT, CTI, CNF, SCOPE)
_CNF_COSE_KEY = const(1)
_LATEST = const(0x20000000000000)  # 2^53: as far as a double counts seconds


class Claims:
    """What a token says. What it does not say is None, except ``exp``, which it must.

    ``iss``, ``sub``, ``aud`` are text; ``exp``, ``nbf``, ``iat`` whole seconds since 1970, 0 to
    2^53; ``cti`` and ``scope`` bytes; ``cnf`` the holder's public Key; ``other`` a dict of all
    other claims, label to decoded value; ``raw_payload`` the bytes all this was read from.
    Raises COSEError as NO_EXPIRY, MALFORMED or UNSUPPORTED (a key in ``cnf``).
    """

    def __init__(self, labels, raw_payload: bytes):
        if not isinstance(labels, dict):
            raise COSEError("claims set is no map")
        if not all(type(label) in (int, str) for label in labels):
            raise COSEError("claim label is no integer or text")
        if EXP not in labels:
            raise COSEError("token without exp", NO_EXPIRY)
        self.iss = _optional(labels, ISS, _text)
        self.sub = _optional(labels, SUB, _text)
        self.aud = _optional(labels, AUD, _text)
        self.exp = _time(labels[EXP])
        self.nbf = _optional(labels, NBF, _time)
        self.iat = _optional(labels, IAT, _time)
        self.cti = _optional(labels, CTI, _bytes)
        self.cnf = _optional(labels, CNF, _confirmation)
        self.scope = _optional(labels, SCOPE, _bytes)
        self.other = {label: labels[label] for label in labels if label not in _REGISTERED}
        self.raw_payload = raw_payload


def _optional(labels, label, check):
    # By `in` and not by None: a claim that is null is there, and wrong.
    return check(labels[label]) if label in labels else None


def _text(value) -> str:
    if not isinstance(value, str):
        raise COSEError("iss, sub or aud is no text")
    return value


def _bytes(value) -> bytes:
    if not isinstance(value, bytes):
        raise COSEError("cti or scope is no byte string")
    return value


def _time(value) -> int:
    # type() and not isinstance(): True is no time, and neither is a float.
    if type(value) is not int or not 0 <= value <= _LATEST:
        raise COSEError("exp, nbf or iat is no time in whole seconds")
    return value


def _confirmation(value) -> Key:
    if not isinstance(value, dict) or len(value) != 1 or _CNF_COSE_KEY not in value:
        raise COSEError("cnf is not one COSE_Key")
    key = Key.from_map(value[_CNF_COSE_KEY])
    if key.kty == KTY_SYMMETRIC or key.d is not None:
        raise COSEError("cnf shows a secret key")
    return key
