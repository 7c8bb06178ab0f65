"""The tokens a site gives out: holders' credentials, guest tokens, device certificates.

Pure: keys, times (seconds since 1970) and random bytes are passed in. Raises UsageProblem for a
credential that no reader would take because of its size.
"""

import dataclasses
from collections.abc import Sequence

import cbor
from cose import KTY_EC2, Key, cwt
from holdfast.access.credential import (
    CLOCK_RULE,
    MAX_SCOPE_ENTRIES,
    NEEDS_TRUSTED_CLOCK,
    ROLE,
    ROLE_READER,
    SCHEDULE,
    USER_VERIFICATION,
)
from holdfast.access.place import DOOR
from holdfast.access.request import UNLOCK
from untrusted import InvalidInput

from ..errors import UsageProblem
from . import tokens


@dataclasses.dataclass(frozen=True)
class Grant:
    """Who may do what, where and until when.

    ``holder_key`` is the phone's public key, of X25519 or P-256; ``places`` are pairs of DOOR or
    ZONE (holdfast.access.place) and the name of one;
    ``cti`` is 8 bytes that no other token of the site has. ``not_before`` is ``issued_at`` if
    None. With ``user_verification`` the phone must check who its user is, each time; with a
    ``schedule`` it opens only in its hours; with ``needs_clock`` only where the clock is trusted.
    """

    site: str
    holder: str
    holder_key: Key
    places: Sequence[tuple[int, str]]
    issued_at: int
    expires: int
    cti: bytes
    not_before: int | None = None
    user_verification: bool = False
    permissions: int = UNLOCK
    schedule: str | None = None
    needs_clock: bool = False


def holder_credential(signing_key: Key, grant: Grant) -> bytes:
    """A CWT signed by the authority, good at every door of the site that ``grant`` covers."""
    return _issue(_claims(grant, audience=grant.site), signing_key)


def guest_token(zone_key: Key, zone: str, grant: Grant) -> bytes:
    """A CWT authenticated by the key that the readers of ``zone`` share.

    Readers refuse one that lives longer than 24 hours; it is not refused here, so that a test can
    show them one.
    """
    return _issue(_claims(grant, audience=zone), zone_key)


def device_certificate(
    signing_key: Key,
    *,
    site: str,
    node: str,
    doors: Sequence[str],
    device_key: Key,
    issued_at: int,
    expires: int,
    cti: bytes,
    role: int = ROLE_READER,
) -> bytes:
    """A CWT signed by the authority: who has ``device_key`` is ``node`` and speaks for ``doors``.

    ``role`` is 1 for a reader, 2 for a controller, 3 for a reader that only carries.
    """
    claims = {
        cwt.ISS: site,
        cwt.SUB: node,
        cwt.EXP: expires,
        cwt.IAT: issued_at,
        cwt.CTI: cti,
        # Whole: a phone reads it with a library that may know no other form of a point.
        cwt.CNF: _confirmation(device_key, device_key.y),
        ROLE: role,
    }
    if doors:
        claims[cwt.SCOPE] = cbor.encode([[[DOOR, door], UNLOCK] for door in doors])
    try:
        certificate = cwt.issue(claims, signing_key)
    except InvalidInput as error:
        raise _too_many_doors() from error
    if len(certificate) > tokens.LIMIT:
        raise _too_many_doors()
    return certificate


def _issue(claims: dict, key: Key) -> bytes:
    try:
        token = cwt.issue(claims, key)
    except InvalidInput as error:
        raise _too_large() from error
    if len(token) > tokens.LIMIT:
        raise _too_large()
    return token


def _too_many_doors() -> UsageProblem:
    return UsageProblem(
        "the certificate names more, or longer, doors than a phone takes",
        "give the doors shorter names, or let another node speak for some",
    )


def _too_large() -> UsageProblem:
    return UsageProblem(
        "the credential names more, or longer, doors and zones than a reader takes",
        "put the doors in a zone and name that",
    )


def _claims(grant: Grant, audience: str) -> dict:
    if len(grant.places) > MAX_SCOPE_ENTRIES:
        raise _too_large()
    claims = {
        cwt.ISS: grant.site,
        cwt.SUB: grant.holder,
        cwt.AUD: audience,
        cwt.EXP: grant.expires,
        cwt.NBF: grant.issued_at if grant.not_before is None else grant.not_before,
        cwt.IAT: grant.issued_at,
        cwt.CTI: grant.cti,
        cwt.CNF: _confirmation(grant.holder_key, _sign(grant.holder_key)),
        cwt.SCOPE: cbor.encode([[list(place), grant.permissions] for place in grant.places]),
    }
    if grant.user_verification:
        claims[USER_VERIFICATION] = True
    if grant.schedule is not None:
        claims[SCHEDULE] = grant.schedule
    if grant.needs_clock:
        claims[CLOCK_RULE] = NEEDS_TRUSTED_CLOCK
    return claims


def _confirmation(key: Key, y) -> dict:
    # RFC 8747 section 3.2, with no more of the COSE_Key than the key itself.
    labels = {1: key.kty, -1: key.crv, -2: key.x}
    if key.kty == KTY_EC2:
        labels[-3] = y
    return {1: labels}


def _sign(key: Key) -> bool:
    """The sign bit of a point (RFC 9053 section 7.1.1): x is what is agreed with, and a credential
    that is 33 bytes shorter is sent at each cold unlock.
    """
    return bool(key.y[-1] & 1) if isinstance(key.y, bytes) else key.y is True
