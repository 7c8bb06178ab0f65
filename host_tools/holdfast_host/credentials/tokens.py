"""A holder's credential as a file: what its token says, before anybody has verified it."""

import dataclasses

from cose import Key, cwt
from holdfast.access import Credential, revoked_devices
from holdfast.access.credential import ROLE, is_complete, parse_scope, suite_of
from untrusted import InvalidInput

from ..errors import UsageProblem

LIMIT = cwt.MAX_BYTES  # what a reader takes as a credential, too
LIST_SUFFIX = ".devices"  # of the list of revoked devices that lies beside a credential


@dataclasses.dataclass(frozen=True)
class Unverified:
    """A token that is whole and well made; ``site`` and ``credential`` are only its own words.

    ``key`` is the phone's, for the cipher suite ``suite``.
    """

    token: cwt.Token
    site: str
    credential: Credential
    key: Key
    suite: int

    def is_made_by(self, key: Key) -> bool:
        """Whether who holds ``key`` made this token."""
        try:
            self.token.verify(key)
        except InvalidInput:
            return False
        return True


def read(raw: bytes, what: str) -> Unverified:
    """The credential in ``raw``; ``what`` names it for a person if it is none."""
    try:
        # By what a reader will read it with, so that nothing is found out at the door.
        token = cwt.parse(raw)
        claims = token.claims
        if ROLE in claims.other:
            raise InvalidInput("it is a device's certificate")
        key, suite = claims.cnf, suite_of(claims.cnf)
        if claims.iss is None or claims.scope is None or not is_complete(claims):
            raise InvalidInput("it lacks what a credential needs")
        if key is None or suite is None:
            raise InvalidInput("it is for no phone's key")
        credential = Credential(claims, parse_scope(claims.scope), token.kind == cwt.MACED)
    except InvalidInput as error:
        raise UsageProblem(
            f"{what} is no credential that can be used: {error}",
            "give the file that `holdfast credential issue` wrote",
        ) from error
    return Unverified(token, claims.iss, credential, key, suite)


def is_token(raw: bytes) -> bool:
    """Whether ``raw`` is a credential."""
    try:
        read(raw, "")
    except UsageProblem:
        return False
    return True


def is_list(raw: bytes) -> bool:
    """Whether ``raw`` is a list of revoked devices."""
    try:
        revoked_devices.parse(raw)
    except InvalidInput:
        return False
    return True
