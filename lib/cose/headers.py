"""Header parameters (RFC 9052 section 3): their types, and which may stand where."""

import cbor

from . import algorithms
from .errors import CRITICAL, COSEError

ALG = 1
CRIT = 2
CONTENT_TYPE = 3
KID = 4
IV = 5
PARTIAL_IV = 6

_UNDERSTOOD = (ALG, CRIT, CONTENT_TYPE, KID, IV, PARTIAL_IV)


def decode_protected(raw, max_depth: int) -> dict:
    """The protected header in its byte string; both empty spellings, h'' and h'a0', are empty."""
    if not isinstance(raw, bytes):
        raise COSEError("protected header is no byte string")
    if not raw:
        return {}
    protected = cbor.decode(raw, max_depth=max_depth)
    if not isinstance(protected, dict):
        raise COSEError("protected header is no map")
    return protected


def encode_protected(protected: dict) -> bytes:
    """The byte string of a protected header as it is signed: an empty map is no bytes."""
    return cbor.encode(protected) if protected else b""


def check(protected: dict, unprotected: dict):
    """Refuse headers that break a rule of RFC 9052 section 3.

    Raises COSEError as MALFORMED or CRITICAL.
    """
    for label in unprotected:
        if label in protected:
            raise COSEError("header parameter in both headers")
    for header in (protected, unprotected):
        _check_types(header)
    if CRIT in unprotected:
        raise COSEError("crit outside of the protected header")
    if find(protected, unprotected, IV) and find(protected, unprotected, PARTIAL_IV):
        raise COSEError("IV and Partial IV at once")
    _check_critical(protected)


def find(protected: dict, unprotected: dict, label: int):
    """The value of ``label`` in either header, or None."""
    return protected.get(label, unprotected.get(label))


def algorithm(protected: dict):
    """The algorithm, from the protected header only: elsewhere anybody could have changed it."""
    if ALG not in protected:
        raise COSEError("no algorithm in the protected header")
    return protected[ALG]


def complete(protected: dict | None, unprotected: dict | None, key) -> tuple[dict, dict]:
    """``(protected, unprotected)`` of a message to be made: checked, and naming an algorithm.

    The algorithm is that of ``key`` unless the protected header names one.
    """
    protected = dict(protected or {})
    unprotected = unprotected or {}
    if ALG not in protected:
        protected[ALG] = algorithms.default(key)
    check(protected, unprotected)
    return protected, unprotected


def _check_types(header):
    for label, value in header.items():
        if type(label) not in (int, str):
            raise COSEError("header label is no integer or text")
        if label == ALG:
            fits = type(value) in (int, str)
        elif label == CONTENT_TYPE:
            fits = isinstance(value, str) or (type(value) is int and value >= 0)
        elif label in (KID, IV, PARTIAL_IV):
            fits = isinstance(value, bytes) and (value or label == KID)
        else:
            fits = True
        if not fits:
            raise COSEError("header parameter %s of a wrong type" % label)


def _check_critical(protected):
    if CRIT not in protected:
        return
    labels = protected[CRIT]
    if not isinstance(labels, list) or not labels:
        raise COSEError("crit is no array of labels")
    for label in labels:
        if type(label) not in (int, str):
            raise COSEError("crit names no label")
        if label not in protected:
            raise COSEError("crit names what is not in the protected header")
        if label not in _UNDERSTOOD:
            raise COSEError("critical header parameter not understood", CRITICAL)
