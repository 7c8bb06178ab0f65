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
from cose import CRV_X25519, KTY_OKP, Key, cwt
from edhoc import from_kcwt
from holdfast.access import Refused, Trust, reason
from holdfast.access.credential import ROLE, is_complete, parse_scope
from untrusted import InvalidInput

from . import files
from .contexts import ContextStore
from .errors import UsageProblem

PHONE_KEY = "phone.key"
PHONE_PUBLIC_KEY = "phone.pub"
ENROLMENT = "enrolment.cbor"

TOKEN_LIMIT = 512  # bytes; what EDHOC takes as a credential
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
    """The phone in ``folder``."""

    def __init__(self, folder: Path, key: Key):
        self.folder = folder
        self.key = key
        self.contexts = ContextStore(folder / "contexts")

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
        public = cbor.encode(wallet.key.to_map())
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
            key = Key.decode(data)
            sound = (
                (key.kty, key.crv) == (KTY_OKP, CRV_X25519)
                and key.d is not None
                and crypto.x25519_public_key(key.d) == key.x
            )
        except InvalidInput:
            sound = False
        if not sound:
            raise UsageProblem(
                f"{path} is damaged: it is no private X25519 key",
                "enrol this phone anew, in another folder",
            )
        return cls(folder, key)

    def enrol(self, token: bytes, authority_key: Key, now: int) -> bool:
        """Take the credential ``token`` into use, and ``authority_key`` as the one to trust.

        Returns whether the phone could check who made the token: a guest token is authenticated
        by a key that only the zone's readers have. ``now`` is in seconds since 1970.
        """
        verified = self._check(token, authority_key, now)
        content = {_VERSION_KEY: _VERSION, _TOKEN: token, _AUTHORITY: authority_key.to_map()}
        files.write(self.folder / ENROLMENT, cbor.encode(content), files.PRIVATE)
        self.contexts.clear()
        return verified

    def _check(self, token: bytes, authority_key: Key, now: int) -> bool:
        parsed = parse_token(token, "the credential")
        claims = parsed.claims
        signed = parsed.kind == cwt.SIGNED
        if signed:
            try:
                Trust(parsed.issuer, [authority_key]).authenticate(token)
            except Refused as refused:
                raise _not_ours(refused.reason) from refused
        if claims.cnf.x != self.key.x:
            raise UsageProblem(
                f"the credential is for another phone's key, not for the one in {self.folder}",
                f"ask for one that is issued for {self.folder / PHONE_PUBLIC_KEY}",
            )
        if now >= claims.exp:
            raise UsageProblem(
                "the credential has expired", "ask the site's manager for a new one"
            )
        return signed

    def identity(self) -> Identity:
        """The phone's key with its credential, ready to show."""
        path = self.folder / ENROLMENT
        data = files.read(
            path,
            _FILE_LIMIT,
            "credential",
            f"import one: holdfast phone enroll {self.folder} --credential FILE --authority FILE",
        )
        try:
            content = cbor.decode(data, deterministic=True)
            if not isinstance(content, dict) or content.get(_VERSION_KEY) != _VERSION:
                raise InvalidInput("no enrolment of version 1")
            token, authority_key = content.get(_TOKEN), Key.from_map(content.get(_AUTHORITY))
            if not isinstance(token, bytes):
                raise InvalidInput("no credential")
            return Identity(self.key.d, token, cwt.parse(token).issuer, authority_key)
        except InvalidInput as error:
            raise UsageProblem(
                f"{path} is damaged: {error}",
                "import the credential again with holdfast phone enroll",
            ) from error


def parse_token(token: bytes, what: str) -> cwt.Token:
    """The holder's credential in ``token``, complete and readable; who made it is not checked."""
    try:
        parsed = cwt.parse(token)
        if ROLE in parsed.claims.other:
            raise InvalidInput("it is a device's certificate")
        if not is_complete(parsed.claims) or not parsed.issuer:
            raise InvalidInput("it lacks what a credential needs")
        parse_scope(parsed.claims.scope)
        from_kcwt(token, True)
    except InvalidInput as error:
        raise UsageProblem(
            f"{what} cannot be used: {error}",
            "give the file that `holdfast credential issue` wrote",
        ) from error
    return parsed


def _not_ours(code: int) -> UsageProblem:
    if code == reason.BAD_SIGNATURE:
        return UsageProblem(
            "the credential is not signed by this authority: it is another site's, or forged",
            "give the credential and the authority.pub of one and the same site",
        )
    return UsageProblem(
        f"the credential cannot be used: {reason.name(code)}",
        "ask the site's manager for a new one",
    )
