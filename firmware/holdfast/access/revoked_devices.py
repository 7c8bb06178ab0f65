"""The list of revoked devices that a site gives to its phones, signed by its authority.

A phone knows no policy. Without this list it would go on believing a reader that was stolen, and
what that says of itself counts for nothing. docs/protocol.md has the format.
"""

import cbor
import cose
from cose import sign1
from untrusted import InvalidInput

from .credential import CTI_LENGTH
from .names import is_name

MAX_BYTES = 4096
MAX_REVOKED = 400  # certificates; so many fit whatever the site is called

_VERSION_KEY = 1
_SITE = 2
_ISSUED_AT = 3
_CTIS = 4

_VERSION = 2
_AAD = b"holdfast revoked devices"
_PROTECTED = b"\xa1\x01\x27"  # {1: -8}: EdDSA


class ListRefused(InvalidInput):
    """No list of revoked devices, or none that the authority signed."""


class RevokedDevices:
    """Of ``site`` at ``issued_at``, in seconds since 1970; ``ctis`` are those of certificates that
    no phone believes any more, 8 bytes each. ``raw`` are its bytes.
    """

    def __init__(self, raw: bytes, message, site: str, issued_at: int, ctis):
        self.raw = raw
        self.site = site
        self.issued_at = issued_at
        self.ctis = frozenset(ctis)
        self._message = message

    def verify(self, anchors):
        """Refuse it unless one of the ``anchors`` (cose.Key) signed it: ListRefused."""
        for key in anchors:
            try:
                sign1.verify(self._message, key, external_aad=_AAD)
                return
            except InvalidInput:
                continue
        raise ListRefused("not signed by the authority of this site")


def make(signing_key, site: str, issued_at: int, ctis) -> bytes:
    """The list as bytes, signed with the authority's Ed25519 key (cose.Key with ``d``).

    Raises ListRefused for what no phone would take.
    """
    payload = {
        _VERSION_KEY: _VERSION,
        _SITE: site,
        _ISSUED_AT: issued_at,
        _CTIS: sorted(set(ctis)),
    }
    raw = sign1.sign(cbor.encode(payload), signing_key, external_aad=_AAD)
    parse(raw)
    return raw


def parse(raw: bytes) -> RevokedDevices:
    """The list in ``raw``, its shape checked and not who signed it. Raises ListRefused."""
    if len(raw) > MAX_BYTES:
        raise ListRefused("longer than %d bytes" % MAX_BYTES)
    try:
        message = cose.parse(raw, tag=sign1.TAG)
        if message.protected_raw != _PROTECTED or message.unprotected or message.encode() != raw:
            raise ListRefused("not signed and encoded as it must be")
        payload = cbor.decode(
            message.payload, deterministic=True, max_depth=2, max_items=MAX_REVOKED + 16
        )
    except ListRefused:
        raise
    except InvalidInput as error:
        raise ListRefused(str(error))
    version = payload.get(_VERSION_KEY) if isinstance(payload, dict) else None
    if type(version) is not int or version != _VERSION:
        raise ListRefused("of a version that is not known here")
    if set(payload) != {_VERSION_KEY, _SITE, _ISSUED_AT, _CTIS}:
        raise ListRefused("entries are missing or unknown")
    site, issued_at, ctis = payload[_SITE], payload[_ISSUED_AT], payload[_CTIS]
    if not is_name(site):
        raise ListRefused("the site is no name")
    if type(issued_at) is not int or issued_at < 0:
        raise ListRefused("the time is none")
    if not isinstance(ctis, list) or len(ctis) > MAX_REVOKED:
        raise ListRefused("no list of at most %d certificates" % MAX_REVOKED)
    for cti in ctis:
        if not isinstance(cti, bytes) or len(cti) != CTI_LENGTH:
            raise ListRefused("a certificate has no id of %d bytes" % CTI_LENGTH)
    return RevokedDevices(bytes(raw), message, site, issued_at, ctis)
