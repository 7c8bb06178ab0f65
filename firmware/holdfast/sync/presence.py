"""Whether the controller is there: known within ten seconds, and believed on proof only.

A CoAP ping (an empty confirmable message, answered by a Reset: RFC 7252 section 4.3) costs four
bytes and no cryptography, and anybody may answer it. So an answer only says that there is no
reason to doubt yet: it keeps a controller present that has shown itself in a protected message
lately, and brings none back. Nobody waits for a controller, and nothing is decided by it.
"""

from micropython import const

PING = const(1)
ASK = const(2)

GONE_MS = const(10000)  # after the last sign
PROOF_MS = const(75000)  # after the last protected one
GIVE_UP_MS = const(3000)  # after which a question need not be sent again: another one follows

_QUIET_MS = const(5000)  # so long nothing is asked after a sign
_PING_MS = const(500)  # ten pings, before it is gone: at 40 % loss one in a hundred is no sign
_PROVE_MS = const(45000)
_PROVE_AGAIN_MS = const(5000)
_LOOK_MS = const(3000)  # while it is gone


class Presence:
    """Of one controller. ``is_present`` is False until it has shown itself."""

    def __init__(self, now: int):
        self.is_present = False
        self._heard_at = self._proven_at = now
        self._ping_at = now
        self._ask_at = now

    def proven(self, now: int):
        """A protected message of the controller came, whatever it says."""
        self.is_present = True
        self._heard_at = self._proven_at = now
        self._ping_at = now + _QUIET_MS
        self._ask_at = now + _PROVE_MS

    def ponged(self, now: int):
        """Somebody answered a ping."""
        if self.is_present:
            self._heard_at = now
            self._ping_at = now + _QUIET_MS

    @property
    def due(self) -> int:
        """When ``run`` is to be called next."""
        if not self.is_present:
            return self._ask_at
        ends = min(self._heard_at + GONE_MS, self._proven_at + PROOF_MS)
        return min(ends, self._ping_at, self._ask_at)

    def run(self, now: int) -> int:
        """What is to be sent now: PING, ASK (any protected request, whose answer is ``proven``) or
        0, nothing. To be called again until it is 0.
        """
        if self.is_present:
            if now >= min(self._heard_at + GONE_MS, self._proven_at + PROOF_MS):
                self.is_present = False
                self._ask_at = now
            elif now >= self._ping_at:
                self._ping_at = now + _PING_MS
                return PING
        if now >= self._ask_at:
            self._ask_at = now + (_PROVE_AGAIN_MS if self.is_present else _LOOK_MS)
            return ASK
        return 0
