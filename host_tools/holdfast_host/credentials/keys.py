"""Public keys from outside: the authority's as a file, a phone's as a file or as text."""

from collections.abc import Sequence
from pathlib import Path

import cbor
import crypto
from cose import CRV_ED25519, CRV_X25519, KTY_EC2, KTY_OKP, Key
from holdfast.access.credential import suite_of
from untrusted import InvalidInput

from .. import files
from ..errors import UsageProblem

MOST_AUTHORITY_KEYS = 2  # at a time: the one before and the one after

_LIMIT = 1024
_X25519_BYTES = 32
_POINT_BYTES = 65  # SEC 1 section 2.3.3: 04, x, y
_ANY_PRIVATE = bytes(31) + b"\x02"
_PHONE_PUB = "give the phone.pub that `holdfast phone enroll` wrote"


def read_authority_keys(path: Path) -> tuple[Key, ...]:
    """The site authority's public Ed25519 keys in the file at ``path``, the one that signs first.

    One COSE_Key; or, while the authority's key is being replaced, a COSE_KeySet of two (RFC 9052
    section 7).
    """
    what, advice = "authority's public key", "give the site's authority.pub"
    data = files.read(path, _LIMIT, what, advice)
    try:
        said = cbor.decode(data, max_depth=3)
        whole = said if isinstance(said, list) else [said]
        if not 0 < len(whole) <= MOST_AUTHORITY_KEYS:
            raise InvalidInput(f"{len(whole)} keys")
        found = tuple(Key.from_map(entry) for entry in whole)
    except InvalidInput as error:
        raise UsageProblem(f"{path} is no COSE_Key: {error}", advice) from error
    for key in found:
        _require_public(key, path, advice)
        if (key.kty, key.crv) != (KTY_OKP, CRV_ED25519):
            raise _another_kind(path, what, advice)
    return found


def encode_authority_keys(found: Sequence[Key]) -> bytes:
    """The file that ``read_authority_keys`` reads."""
    maps = [key.to_map() for key in found]
    return cbor.encode(maps[0] if len(maps) == 1 else maps)


def read_phone_key(text: str) -> Key:
    """A phone's public key: in a COSE_Key file, or as hexadecimal digits.

    64 of them are an X25519 key, 130 a point of P-256 as phones export it (04, x, y).
    """
    if Path(text).exists():
        key = _read(Path(text), "phone's public key", _PHONE_PUB)
        if suite_of(key) is None or key.kty == KTY_EC2 and key.y is None:
            raise _another_kind(text, "phone's public key", _PHONE_PUB)
    else:
        key = _from_hex(text)
    try:
        if key.kty == KTY_EC2:
            crypto.p256_ecdh(_ANY_PRIVATE, public_bytes(key))
        else:
            crypto.x25519(bytes(32), public_bytes(key))
    except crypto.InvalidKey as error:
        raise UsageProblem(
            f"{text} is a key that nobody can prove to hold", "have the phone make its key anew"
        ) from error
    return key


def public_bytes(key: Key) -> bytes:
    """The 32 bytes of a public key on curve 25519, or x of a point of P-256."""
    if key.kty not in (KTY_OKP, KTY_EC2) or key.x is None:
        raise ValueError("not a public key")
    return key.x


def p256_key(point: bytes, private: bytes | None = None) -> Key:
    """The key with the public half ``point``, x and y of 32 bytes each."""
    return Key.ec2(point[:32], point[32:], d=private)


def describe(key: Key) -> str:
    """A public key in hexadecimal digits, as ``read_phone_key`` takes it."""
    if key.kty == KTY_EC2 and isinstance(key.y, bytes):
        return f"04{public_bytes(key).hex()}{key.y.hex()}"
    return public_bytes(key).hex()


def _from_hex(text: str) -> Key:
    try:
        data = bytes.fromhex(text)
        if len(data) == _X25519_BYTES:
            return Key.okp(CRV_X25519, data)
        if len(data) == _POINT_BYTES and data[0] == 4:
            return p256_key(data[1:])
    except InvalidInput as error:
        raise UsageProblem(f"{text} is no point of P-256", _PHONE_PUB) from error
    except ValueError:
        pass
    raise UsageProblem(
        f"{text!r} is neither a file nor a key of 64 hexadecimal digits (X25519) or 130 (P-256)",
        _PHONE_PUB,
    )


def _read(path: Path, what: str, advice: str) -> Key:
    data = files.read(path, _LIMIT, what, advice)
    try:
        key = Key.decode(data)
    except InvalidInput as error:
        raise UsageProblem(f"{path} is no COSE_Key: {error}", advice) from error
    _require_public(key, path, advice)
    return key


def _require_public(key: Key, path: Path, advice: str) -> None:
    if key.d is not None:
        raise UsageProblem(f"{path} holds a private key, which belongs to its owner only", advice)


def _another_kind(path: object, what: str, advice: str) -> UsageProblem:
    return UsageProblem(f"{path} is a key of another kind, no {what}", advice)
