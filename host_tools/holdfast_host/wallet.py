"""What a phone keeps, as a folder: its key, its credential, whom it trusts.

    phone.key       the private X25519 key, a secret COSE_Key (mode 0600)
    phone.pub       the public COSE_Key: the enrolment request that the site's manager gets
    enrolment.cbor  the credential and the authority's public key, replaced together
    contexts/       what doors met before need for a fast unlock, see contexts.py

A folder belongs to one phone: a copy that is used too, or a backup brought back, would protect
different messages under the same nonces.
"""

import dataclasses
import os
from pathlib import Path

import cbor
import crypto
from cose import CRV_X25519, KTY_OKP, Key
from untrusted import InvalidInput

from . import files, tokens
from .contexts import ContextStore
from .errors import UsageProblem

PHONE_KEY = "phone.key"
PHONE_PUBLIC_KEY = "phone.pub"
ENROLMENT = "enrolment.cbor"

_FILE_LIMIT = 2048

_VERSION_KEY, _TOKEN, _AUTHORITY = 1, 2, 3
_VERSION = 1


@dataclasses.dataclass(frozen=True)
class Identity:
    """What the phone shows at a door, and how it knows that the door is the right one."""

    private_key: bytes = dataclasses.field(repr=False)
    token: bytes
    site: str
    authority_key: Key


class Wallet:
    """The phone in ``folder`` with its X25519 keys, 32 bytes each."""

    def __init__(self, folder: Path, private_key: bytes):
        self.folder = folder
        self.public_key = crypto.x25519_public_key(private_key)
        self.contexts = ContextStore(folder / "contexts")
        self._private_key = private_key

    @classmethod
    def create(cls, folder: Path) -> "Wallet":
        """The phone in ``folder``, with a new key unless it has one: a key is never replaced."""
        files.make_folder(folder)
        with files.locked(folder):
            if not (folder / PHONE_KEY).exists():
                private = os.urandom(32)
                key = Key.okp(CRV_X25519, crypto.x25519_public_key(private), d=private)
                files.write(folder / PHONE_KEY, cbor.encode(key.to_secret_map()), files.PRIVATE)
        wallet = cls.open(folder)
        public = cbor.encode(Key.okp(CRV_X25519, wallet.public_key).to_map())
        files.write(folder / PHONE_PUBLIC_KEY, public, files.PUBLIC)
        return wallet

    @classmethod
    def open(cls, folder: Path) -> "Wallet":
        """The phone in ``folder``, which must have its key."""
        path = folder / PHONE_KEY
        data = files.read(
            path, _FILE_LIMIT, "phone", f"make its key first: holdfast phone enroll {folder}"
        )
        try:
            return cls(folder, _private_key(data))
        except InvalidInput as error:
            raise UsageProblem(
                f"{path} is damaged: {error}", "enrol this phone anew, in another folder"
            ) from error

    def enrol(self, token: bytes, authority_key: Key, now: int) -> bool:
        """Take the credential ``token`` into use, and ``authority_key`` as the one to trust.

        Returns whether the phone could check who made the token: a guest token is authenticated
        by a key that only the zone's readers have. ``now`` is in seconds since 1970.
        """
        shown = tokens.read(token, "the file")
        signed = not shown.credential.guest
        if signed and not shown.is_made_by(authority_key):
            raise UsageProblem(
                "the credential is not signed by this authority: it is another site's, or forged",
                "give the credential and the authority.pub of one and the same site",
            )
        if shown.credential.public_key != self.public_key:
            raise UsageProblem(
                f"the credential is for another phone's key, not for the one in {self.folder}",
                f"ask for one that is issued for {self.folder / PHONE_PUBLIC_KEY}",
            )
        if now >= shown.credential.expires:
            raise UsageProblem(
                "the credential has expired", "ask the site's manager for a new one"
            )
        content = {_VERSION_KEY: _VERSION, _TOKEN: token, _AUTHORITY: authority_key.to_map()}
        files.write(self.folder / ENROLMENT, cbor.encode(content), files.PRIVATE)
        self.contexts.clear()
        return signed

    def identity(self) -> Identity:
        """The phone's key with its credential, ready to show."""
        path = self.folder / ENROLMENT
        advice = f"holdfast phone enroll {self.folder} --credential FILE --authority FILE"
        data = files.read(path, _FILE_LIMIT, "credential", f"import one: {advice}")
        try:
            token, authority_key = _enrolment(data)
        except InvalidInput as error:
            raise UsageProblem(
                f"{path} is damaged: {error}", f"import the credential again: {advice}"
            ) from error
        site = tokens.read(token, str(path)).site
        return Identity(self._private_key, token, site, authority_key)


def _private_key(data: bytes) -> bytes:
    key = Key.decode(data)
    if (key.kty, key.crv) != (KTY_OKP, CRV_X25519) or key.d is None:
        raise InvalidInput("it is no private X25519 key")
    if crypto.x25519_public_key(key.d) != key.x:
        raise InvalidInput("its two halves are no pair")
    return key.d


def _enrolment(data: bytes) -> tuple[bytes, Key]:
    content = cbor.decode(data, deterministic=True)
    if not isinstance(content, dict) or content.get(_VERSION_KEY) != _VERSION:
        raise InvalidInput(f"it is no enrolment of version {_VERSION}")
    token, authority_key = content.get(_TOKEN), content.get(_AUTHORITY)
    if not isinstance(token, bytes) or not isinstance(authority_key, dict):
        raise InvalidInput("it lacks the credential or the authority's key")
    return token, Key.from_map(authority_key)
