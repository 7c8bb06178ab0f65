"""COSE_Key (RFC 9052 section 7, RFC 9053 section 7): X25519, Ed25519, P-256 and symmetric keys."""

import cbor
from micropython import const

from .errors import UNSUPPORTED, COSEError
from .point import is_coordinate, is_point

KTY_OKP = 1
KTY_EC2 = 2
KTY_SYMMETRIC = 4

CRV_P256 = 1
CRV_X25519 = 4
CRV_ED25519 = 6

_KTY = const(1)
_KID = const(2)
_ALG = const(3)
_KEY_OPS = const(4)
_BASE_IV = const(5)
_K = const(-1)
_CRV = const(-1)
_X = const(-2)
_Y = const(-3)
_D = const(-4)

_COORDINATE_BYTES = const(32)  # the same for all three curves


class Key:
    """A key and what it is bound to. What does not apply is None.

    ``kty`` and ``crv`` are one of the constants above; ``alg`` is the only algorithm the key may
    be used with, ``key_ops`` the only operations; ``kid`` is its name (bytes); ``base_iv``
    completes a Partial IV. ``x``, ``y`` and ``d`` have 32 bytes; ``y`` may be the sign bit (bool)
    of a compressed point: True if it is odd. An EC2 key for agreement may do without. ``k`` is the
    secret of a symmetric key. Raises COSEError as MALFORMED for wrong types or lengths and for
    coordinates that are no point of the curve, as UNSUPPORTED for another kty or crv. Whether
    there is a point to an ``x`` alone is found out when it is used.
    """

    def __init__(
        self,
        kty: int,
        *,
        crv: int | None = None,
        alg: int | str | None = None,
        kid: bytes | None = None,
        x: bytes | None = None,
        y: bytes | bool | None = None,
        d: bytes | None = None,
        k: bytes | None = None,
        key_ops: tuple | None = None,
        base_iv: bytes | None = None,
    ):
        if kty not in (KTY_OKP, KTY_EC2, KTY_SYMMETRIC):
            raise COSEError("key type unknown", UNSUPPORTED)
        if kty == KTY_SYMMETRIC:
            _check_secret(k)
        else:
            _check_point(kty, crv, x, y)
            _check_coordinate(d, "d", optional=True)
        _check_type(alg, (int, str), "alg")
        _check_type(kid, (bytes,), "kid")
        _check_type(base_iv, (bytes,), "Base IV")
        self.kty = kty
        self.crv = crv
        self.alg = alg
        self.kid = kid
        self.x = x
        self.y = y
        self.d = d
        self.k = k
        self.key_ops = key_ops
        self.base_iv = base_iv

    @classmethod
    def okp(cls, crv: int, x: bytes, d: bytes | None = None, kid: bytes | None = None):
        """An X25519 or Ed25519 key: public ``x``, private ``d`` if known."""
        return cls(KTY_OKP, crv=crv, x=x, d=d, kid=kid)

    @classmethod
    def ec2(cls, x: bytes, y, d: bytes | None = None, kid: bytes | None = None):
        """A P-256 key with its affine coordinates; ``y`` may be the sign bit alone, or None."""
        return cls(KTY_EC2, crv=CRV_P256, x=x, y=y, d=d, kid=kid)

    @classmethod
    def symmetric(cls, k: bytes, alg: int, kid: bytes | None = None, base_iv: bytes | None = None):
        """A shared secret ``k`` for the one algorithm ``alg``."""
        return cls(KTY_SYMMETRIC, k=k, alg=alg, kid=kid, base_iv=base_iv)

    @classmethod
    def from_map(cls, labels: dict):
        """The key in a decoded COSE_Key map. Unknown labels are ignored."""
        if not isinstance(labels, dict):
            raise COSEError("COSE_Key is no map")
        if not all(type(label) in (int, str) for label in labels):
            raise COSEError("COSE_Key label is no integer or text")
        if any(value is None for value in labels.values()):
            raise COSEError("COSE_Key with a null")  # there, and wrong: not left out
        kty = labels.get(_KTY)
        if isinstance(kty, str):
            raise COSEError("key type unknown", UNSUPPORTED)
        if type(kty) is not int:
            raise COSEError("COSE_Key without kty")
        common = {
            "kid": labels.get(_KID),
            "alg": labels.get(_ALG),
            "key_ops": _key_ops(labels.get(_KEY_OPS)),
            "base_iv": labels.get(_BASE_IV),
        }
        if kty == KTY_SYMMETRIC:
            return cls(kty, k=labels.get(_K), **common)
        crv, x, d = labels.get(_CRV), labels.get(_X), labels.get(_D)
        y = labels.get(_Y) if kty == KTY_EC2 else None
        return cls(kty, crv=crv, x=x, y=y, d=d, **common)

    @classmethod
    def decode(cls, data: bytes):
        """The key in an encoded COSE_Key. Raises cbor.DecodeError too."""
        return cls.from_map(cbor.decode(data, max_depth=2))

    def to_map(self) -> dict:
        """The COSE_Key map of the public part. A symmetric key has none (ValueError)."""
        if self.kty == KTY_SYMMETRIC:
            raise ValueError("a symmetric key has no public part")
        labels = {_CRV: self.crv, _X: self.x, _Y: self.y}
        return self._with_common(labels)

    def to_secret_map(self) -> dict:
        """The COSE_Key map with the secret part."""
        if self.kty == KTY_SYMMETRIC:
            return self._with_common({_K: self.k})
        labels = self.to_map()
        if self.d is not None:
            labels[_D] = self.d
        return labels

    def _with_common(self, labels):
        labels[_KTY] = self.kty
        labels[_KID] = self.kid
        labels[_ALG] = self.alg
        labels[_KEY_OPS] = None if self.key_ops is None else list(self.key_ops)
        labels[_BASE_IV] = self.base_iv
        return {label: value for label, value in labels.items() if value is not None}

    def __repr__(self):
        # Neither d nor k: a key ends up in logs and tracebacks.
        return "Key(kty=%s, crv=%s, alg=%s, kid=%s)" % (self.kty, self.crv, self.alg, self.kid)


def _check_type(value, types, name):
    if value is not None and type(value) not in types:
        raise COSEError("COSE_Key %s of a wrong type" % name)


def _check_secret(k):
    if not isinstance(k, bytes) or not k:
        raise COSEError("symmetric COSE_Key without k")


def _check_point(kty, crv, x, y):
    if type(crv) not in (int, str):
        raise COSEError("COSE_Key without crv")
    if crv not in ((CRV_X25519, CRV_ED25519) if kty == KTY_OKP else (CRV_P256,)):
        raise COSEError("curve unknown", UNSUPPORTED)
    _check_coordinate(x, "x")
    if y is not True and y is not False:
        _check_coordinate(y, "y", optional=True)
    if kty == KTY_EC2 and not (is_point(x, y) if isinstance(y, bytes) else is_coordinate(x)):
        raise COSEError("COSE_Key is no point of its curve")


def _check_coordinate(value, name, optional=False):
    if value is None and optional:
        return
    if not isinstance(value, bytes) or len(value) != _COORDINATE_BYTES:
        raise COSEError("COSE_Key %s is not %d bytes" % (name, _COORDINATE_BYTES))


def _key_ops(operations):
    if operations is None:
        return None
    if not isinstance(operations, list) or not operations:
        raise COSEError("COSE_Key key_ops is no array of operations")
    if not all(type(operation) in (int, str) for operation in operations):
        raise COSEError("COSE_Key key_ops holds no operation")
    return tuple(operations)
