"""Public keys from outside: the authority's as a file, a phone's as a file or as text."""

from pathlib import Path

import crypto
from cose import CRV_ED25519, CRV_X25519, KTY_OKP, Key
from untrusted import InvalidInput

from . import files
from .errors import UsageProblem

_LIMIT = 1024


def read_authority_key(path: Path) -> Key:
    """The site authority's public Ed25519 key in the COSE_Key file at ``path``."""
    return _read(path, CRV_ED25519, "authority's public key", "give the site's authority.pub")


def read_phone_key(text: str) -> bytes:
    """A phone's public X25519 key, 32 bytes: in a COSE_Key file, or 64 hexadecimal digits."""
    if Path(text).exists():
        advice = "give the phone.pub that `holdfast phone enroll` wrote"
        key = public_bytes(_read(Path(text), CRV_X25519, "phone's public key", advice))
    else:
        key = _from_hex(text)
    try:
        crypto.x25519(bytes(32), key)
    except crypto.CryptoError as error:
        raise UsageProblem(
            f"{text} is a key that nobody can prove to hold", "have the phone make its key anew"
        ) from error
    return key


def public_bytes(key: Key) -> bytes:
    """The 32 bytes of a public key on curve 25519."""
    if key.kty != KTY_OKP or key.x is None:
        raise ValueError("not a key on curve 25519")
    return key.x


def _from_hex(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise UsageProblem(
            f"{text!r} is neither a file nor a key of 64 hexadecimal digits",
            "give the phone.pub that `holdfast phone enroll` wrote",
        )
    return key


def _read(path: Path, crv: int, what: str, advice: str) -> Key:
    data = files.read(path, _LIMIT, what, advice)
    try:
        key = Key.decode(data)
    except InvalidInput as error:
        raise UsageProblem(f"{path} is no COSE_Key: {error}", advice) from error
    if key.d is not None:
        raise UsageProblem(f"{path} holds a private key, which belongs to its owner only", advice)
    if (key.kty, key.crv) != (KTY_OKP, crv):
        raise UsageProblem(f"{path} is a key of another kind, no {what}", advice)
    return key
