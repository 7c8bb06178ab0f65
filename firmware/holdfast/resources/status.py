"""The resource ``/status``: what somebody who looks after a door asks it first."""

import crypto
from coap import code, option

from ..access.request import ADMINISTER
from ..access.trust import is_ending
from . import exchange

# The CBOR map of an answer
DOOR = 1  # id, text
FIRMWARE = 2  # its version, text, null if not known
CRYPTO = 3  # the name of what computes: only the machine code, such as rv32, is constant time
CRYPTO_REASON = 4  # why no machine code does, text; empty if it does
CLOCK_SOURCE = 5  # as in /time
CLOCK_ERROR = 6  # by how many seconds the time may be off
POLICY = 7  # [number, hash] of the last changeset followed
REVOCATIONS_AGE = 8  # seconds since that one was signed, null if nobody knows what time it is
UPTIME = 9  # seconds since the start
CERTIFICATE_ENDS = 10  # seconds until its first certificate ends, from 60 days before; 0 after it
FAULTS = 11  # [piece, error, "file:line", count] of the last eight different ones, if any


class StatusResource:
    """Only a credential with the permission to administer sees it.

    None of it is secret, but it tells what a burglar would like to know: how old the firmware is,
    and for how long a revocation may not have come here.

    ``door`` is its id, ``firmware`` a version or None; ``read()`` gives the ClockReading,
    ``rules()`` the SiteRules in force, ``uptime()`` seconds since the start; ``may(credential,
    action)`` the exact reason code of a refusal, 0 for yes; ``certificate_expires()`` gives when
    the first of its certificates ends, in seconds since 1970; ``faults()`` the last few faults
    (storage/faults.py).
    """

    content_formats = (option.CF_CBOR,)

    def __init__(self, door, firmware, read, rules, uptime, may, certificate_expires, faults):
        self._door = door
        self._firmware = firmware
        self._read = read
        self._rules = rules
        self._uptime = uptime
        self._may = may
        self._certificate_expires = certificate_expires
        self._faults = faults

    async def get(self, request, peer):
        """All of it in one map; 4.03 to who may not administer."""
        refusal = self._may(peer.credential, ADMINISTER)
        if refusal:
            return exchange.forbidden(refusal)
        clock = self._read()
        rules = self._rules()
        age = None if clock.now is None else max(0, clock.now - rules.issued_at)
        told = {
            DOOR: self._door,
            FIRMWARE: self._firmware,
            CRYPTO: crypto.backend_name(),
            CRYPTO_REASON: crypto.backend_reason(),
            CLOCK_SOURCE: clock.source,
            CLOCK_ERROR: clock.uncertainty,
            POLICY: [rules.number, rules.head],
            REVOCATIONS_AGE: age,
            UPTIME: self._uptime(),
        }
        expires = self._certificate_expires()
        if is_ending(expires, clock):
            told[CERTIFICATE_ENDS] = max(0, expires - clock.now)
        faults = self._faults()
        if faults:
            told[FAULTS] = faults
        return exchange.answer(code.CONTENT, told)
