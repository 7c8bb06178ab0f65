"""The claims set of a CWT (RFC 8392 section 3, RFC 8747, RFC 9200), typed and bounded."""

from .errors import MalformedError, MissingExpiryError
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
_CNF_COSE_KEY = 1


class Claims:
    """What a token says. What it does not say is None, except ``exp``, which it must.

    ``iss``, ``sub``, ``aud`` are text; ``exp``, ``nbf``, ``iat`` whole seconds since 1970, 0 to
    2^53; ``cti`` and ``scope`` bytes; ``cnf`` the holder's public Key; ``other`` a dict of all
    other claims, label to decoded value; ``raw_payload`` the bytes all this was read from.
    Raises MissingExpiryError, MalformedError or UnsupportedError (a key in ``cnf``).
    """

    def __init__(self, labels, raw_payload: bytes):
        if not isinstance(labels, dict):
            raise MalformedError("claims set is no map")
        if not all(type(label) in (int, str) for label in labels):
            raise MalformedError("claim label is no integer or text")
        if EXP not in labels:
            raise MissingExpiryError("token without exp")
        self.iss = _typed(labels, ISS, str, "iss")
        self.sub = _typed(labels, SUB, str, "sub")
        self.aud = _typed(labels, AUD, str, "aud")
        self.exp = _time(labels, EXP, "exp")
        self.nbf = _time(labels, NBF, "nbf")
        self.iat = _time(labels, IAT, "iat")
        self.cti = _typed(labels, CTI, bytes, "cti")
        self.cnf = _confirmation(labels)
        self.scope = _typed(labels, SCOPE, bytes, "scope")
        self.other = {label: labels[label] for label in labels if label not in _REGISTERED}
        self.raw_payload = raw_payload


def _typed(labels, label, expected, name):
    # By `in` and not by None: a claim that is null is there, and wrong.
    if label not in labels:
        return None
    if not isinstance(labels[label], expected):
        raise MalformedError("claim %s of a wrong type" % name)
    return labels[label]


def _time(labels, label, name):
    if label not in labels:
        return None
    # type() and not isinstance(): True is no time, and neither is a float.
    if type(labels[label]) is not int or not 0 <= labels[label] <= 1 << 53:
        raise MalformedError("claim %s is no time in whole seconds" % name)
    return labels[label]


def _confirmation(labels):
    if CNF not in labels:
        return None
    cnf = labels[CNF]
    if not isinstance(cnf, dict) or len(cnf) != 1 or _CNF_COSE_KEY not in cnf:
        raise MalformedError("claim cnf is not one COSE_Key")
    key = Key.from_map(cnf[_CNF_COSE_KEY])
    if key.kty == KTY_SYMMETRIC or key.d is not None:
        raise MalformedError("claim cnf shows a secret key")
    return key
