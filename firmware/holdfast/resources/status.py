"""The resource ``/status``: what somebody who looks after a door asks it first."""

import sys

import crypto
from coap import code, option

from ..access import status
from ..access.request import ADMINISTER
from ..access.trust import is_ending
from . import exchange


class StatusResource:
    """Only a credential with the permission to administer sees it.

    None of it is secret, but it tells what a burglar would like to know: how old the firmware is,
    and for how long a revocation may not have come here.

    ``door`` is its id, ``firmware`` a version or None; ``read()`` gives the ClockReading,
    ``rules()`` the SiteRules in force, ``uptime()`` seconds since the start; ``may(credential,
    action)`` the exact reason code of a refusal, 0 for yes; ``certificate_expires()`` gives when
    the first of its certificates ends, in seconds since 1970; ``faults()`` the last few faults
    (storage/faults.py). ``life`` is what hal and the role know of board and start, by the keys of
    the answer: whatever of RESET_CAUSE, CRASHES and ENDED_BY is known, and BOARD if MicroPython
    does not say it. ``watched`` is the Watched of a door with inputs, ``neighbours()`` gives what
    there is to be said of the LAN, by the keys of the answer, of a node that is on one.
    """

    content_formats = (option.CF_CBOR,)

    def __init__(
        self,
        door,
        firmware,
        read,
        rules,
        uptime,
        may,
        certificate_expires,
        faults,
        life=None,
        watched=None,
        neighbours=None,
    ):
        self._door = door
        self._firmware = firmware
        self._read = read
        self._rules = rules
        self._uptime = uptime
        self._may = may
        self._certificate_expires = certificate_expires
        self._faults = faults
        self._life = life
        self._watched = watched
        self._neighbours = neighbours

    async def get(self, request, peer):
        """All of it in one map; 4.03 to who may not administer."""
        refusal = self._may(peer.credential, ADMINISTER)
        if refusal:
            return exchange.forbidden(refusal)
        clock = self._read()
        rules = self._rules()
        age = None if clock.now is None else max(0, clock.now - rules.issued_at)
        told = {
            status.DOOR: self._door,
            status.FIRMWARE: self._firmware,
            status.CRYPTO: crypto.backend_name(),
            status.CRYPTO_REASON: crypto.backend_reason(),
            status.CLOCK_SOURCE: clock.source,
            status.CLOCK_ERROR: clock.uncertainty,
            status.POLICY: [rules.number, rules.head],
            status.REVOCATIONS_AGE: age,
            status.UPTIME: self._uptime(),
            status.MICROPYTHON: _interpreter(),
        }
        board = getattr(sys.implementation, "_machine", None)
        if board:
            told[status.BOARD] = board
        told.update(self._life or {})
        if self._watched is not None:
            told[status.DOORWAY] = self._watched.status
        if self._neighbours is not None:
            told.update(self._neighbours())
        expires = self._certificate_expires()
        if is_ending(expires, clock):
            told[status.CERTIFICATE_ENDS] = max(0, expires - clock.now)
        faults = self._faults()
        if faults:
            told[status.FAULTS] = faults
        return exchange.answer(code.CONTENT, told)


def _interpreter():
    version = [str(part) for part in sys.implementation.version if part != ""]
    return "%s %s" % (sys.implementation.name, "-".join([".".join(version[:3])] + version[3:4]))
