"""Whose tokens this reader believes, and the check that one is authentic."""

import cose
import crypto
from cose import cwt
from untrusted import InvalidInput

from . import place, reason
from .credential import (
    ROLE,
    ROLE_CARRIER,
    ROLE_READER,
    Credential,
    is_complete,
    parse_scope,
    suite_of,
)

ENDING_S = 60 * 86400  # before its end a certificate should be renewed


class Refused(InvalidInput):
    """A token is not to be believed; ``reason`` is the exact code."""

    def __init__(self, code: int):
        super().__init__(reason.name(code))
        self.reason = code


class Device:
    """A device the authority vouches for, from ``issued_at`` (or None) until ``expires``.

    Times are in seconds since 1970.
    ``name`` is the device's id, ``role`` one of the ROLE_ numbers, ``doors`` the names of those it
    speaks for, ``cti`` what it is revoked by; ``key`` its public key (a cose.Key) for EDHOC cipher
    suite ``suite``.
    """

    def __init__(self, name: str, role: int, doors, key, issued_at, expires: int, cti):
        self.name = name
        self.role = role
        self.doors = doors
        self.cti = cti
        self.key = key
        self.suite = suite_of(key) or 0
        self.issued_at = issued_at
        self.expires = expires


class Trust:
    """The keys that make a token authentic at one reader.

    ``authority_keys`` are the site authority's public Ed25519 keys (cose.Key, at most a few, so
    that one can follow another; a token's ``kid`` is only a hint, so each is tried);
    ``zone_key(zone)`` gives the HMAC-SHA-256 key (cose.Key) that the nodes of a zone share now,
    None for a zone of which this one has none. ``memory``, if there is one, has ``knows(raw, x)``
    and ``verified(raw, x, expires)`` and spares the verification of a signature that was verified
    before by the key ``x``; it saves work and decides nothing else.

    ``signer`` is the public key that signed what was verified last: the next token's, most likely.
    """

    def __init__(self, site: str, authority_keys, zone_key=None, memory=None):
        self.site = site
        self.authority_keys = tuple(authority_keys)
        self.signer = self.authority_keys[0].x if self.authority_keys else b""
        self._zone_key = zone_key
        self._memory = memory

    def authenticate(self, raw: bytes) -> Credential:
        """The credential in the token ``raw`` (a CWT), or Refused with the exact reason.

        Says that site or zone made the token, for a holder of the named key. Whether the one who
        shows it has that key, and whether it opens anything now, is not asked here.
        """
        return crypto.finish(self.authenticate_steps(self.read(raw)))

    def read(self, raw: bytes):
        """The cwt.Token ``raw``, of which nothing is believed yet. Raises Refused."""
        token = _parse(raw)
        if token.issuer != self.site:
            raise Refused(reason.OTHER_SITE)
        return token

    def authenticate_steps(self, token, devices: bool = False):
        """``authenticate`` for what ``read`` gave, in steps as in :mod:`crypto`; with ``devices``
        also for a device's certificate, which is a holder's credential for nobody else.
        """
        guest = token.kind == cwt.MACED
        if guest:
            claims, key = yield from _verify_steps(token, self._zone_keys(token))
        else:
            claims, key = yield from self._verify_signed_steps(token)
        is_device = ROLE in claims.other
        if is_device and not devices:
            raise Refused(reason.NOT_A_HOLDER_TOKEN)
        if is_device and guest:  # whoever has a zone's key made it
            raise Refused(reason.UNSUPPORTED_ALGORITHM)
        if not is_complete(claims):
            raise Refused(reason.INCOMPLETE_TOKEN)
        scope = _device_scope(claims) if is_device else _scope(claims.scope)
        return Credential(claims, scope, guest, None if guest else key.x)

    def authenticate_device(self, raw: bytes):
        """The Device that the certificate ``raw`` speaks of, or Refused with the exact reason.

        A certificate is a CWT signed by the authority that names a role; a holder's credential
        never does, so neither passes for the other.
        """
        token = self.read(raw)
        if token.kind != cwt.SIGNED:
            raise Refused(reason.UNSUPPORTED_ALGORITHM)
        claims, _ = crypto.finish(_verify_steps(token, self.authority_keys))
        if not is_complete(claims):
            raise Refused(reason.INCOMPLETE_TOKEN)
        doors = tuple([name for _, name, _ in _device_scope(claims)])
        role, key = claims.other[ROLE], claims.cnf
        return Device(claims.sub, role, doors, key, claims.iat, claims.exp, claims.cti)

    def _verify_signed_steps(self, token):
        raw = token.raw
        keys = self.authority_keys
        if self._memory is None:
            return (yield from _verify_steps(token, keys))
        for key in keys:
            if self._memory.knows(raw, key.x):
                return token.claims, key
        claims, key = yield from _verify_steps(token, keys)
        self.signer = key.x
        self._memory.verified(raw, key.x, claims.exp)
        return claims, key

    def _zone_keys(self, token) -> list:
        # The zone named as audience says which key: a token for one zone is nothing in another.
        zone = token.claims.aud
        key = None if zone is None or self._zone_key is None else self._zone_key(zone)
        return [] if key is None else [key]


def is_ending(expires: int, clock) -> bool:
    """Whether a certificate that ``expires`` then should be renewed by now, for all that
    ``clock`` (ClockReading) knows.
    """
    return clock.now is not None and clock.now >= expires - ENDING_S


def _device_scope(claims) -> list:
    """The doors that a certificate speaks for, none without a scope; it names its role."""
    role = claims.other.get(ROLE)
    if type(role) is not int or not ROLE_READER <= role <= ROLE_CARRIER:
        raise Refused(reason.INCOMPLETE_TOKEN)
    scope = [] if claims.scope is None else _scope(claims.scope)
    if any([kind != place.DOOR for kind, _, _ in scope]):
        raise Refused(reason.INCOMPLETE_TOKEN)
    return scope


def _scope(raw) -> list:
    try:
        return parse_scope(raw)
    except InvalidInput:
        raise Refused(reason.INCOMPLETE_TOKEN)


def _parse(raw: bytes):
    try:
        return cwt.parse(raw)
    except cose.COSEError as error:
        if error.why == cose.UNSUPPORTED:
            raise Refused(reason.UNSUPPORTED_ALGORITHM)
        if error.why == cose.NO_EXPIRY:
            raise Refused(reason.INCOMPLETE_TOKEN)
        raise Refused(reason.MALFORMED_TOKEN)
    except InvalidInput:
        raise Refused(reason.MALFORMED_TOKEN)


def _verify_steps(token, keys):
    """The token's claims and the one of ``keys`` that shows them to be authentic."""
    refusal = reason.UNKNOWN_KEY
    for key in keys:
        try:
            return (yield from token.verify_steps(key)), key
        except cose.COSEError as error:
            if error.why == cose.UNVERIFIED:
                refusal = reason.BAD_SIGNATURE
            elif error.why != cose.OTHER_KEY:
                raise
    raise Refused(refusal)
