"""The resource ``/doors/{id}``: a PUT carries a wish, the answer says what came of it."""

import cbor
from coap import Message, code
from untrusted import InvalidInput

from ..access import Decision, Request, decide, reason
from ..access.event import AccessEvent

# The request's CBOR map
ACTION = 1  # one permission bit
INTENT = 2  # true: a person made a gesture for this request
USER_VERIFIED = 3  # true: the phone verified its user

# The answer's CBOR map
GRANTED = 1  # bool
COARSE_REASON = 2  # unsigned integer
STRIKE_MS = 3  # milliseconds, only when granted


class UnlockResource:
    """Decides, acts, records, and only then answers.

    ``read_clock()`` gives the ClockReading to decide with, ``door`` the Door to move, and
    ``record(event, peer)`` must have kept the AccessEvent when it returns.
    """

    def __init__(self, policy, read_clock, door, record):
        self._policy = policy
        self._read_clock = read_clock
        self._door = door
        self._record = record

    async def put(self, request, peer):
        """Answer 2.04 when granted, 4.03 when refused, 4.00 when the wish cannot be read."""
        clock = self._read_clock()
        door = request.uri_path()[-1]
        wish = _parse(request.payload)
        if wish is None:
            action, decision = None, Decision.refuse(reason.MALFORMED_REQUEST)
        else:
            action = wish[ACTION]
            asked = Request(
                peer.credential, door, action, wish[INTENT], wish.get(USER_VERIFIED, False)
            )
            decision = decide(asked, self._policy, clock)
        if decision.granted:
            self._door.grant(decision.strike_ms)
        else:
            self._door.refuse()
        self._record(AccessEvent(decision, door, peer.credential, action, clock), peer)
        return _answer(decision, code.BAD_REQUEST if wish is None else code.FORBIDDEN)


def _parse(payload):
    """The request map with its two required entries, or None."""
    try:
        wish = cbor.decode(payload, max_depth=2, max_items=8)
    except InvalidInput:
        return None
    if not isinstance(wish, dict):
        return None
    action = wish.get(ACTION)
    if isinstance(action, bool) or not isinstance(action, int) or not 0 < action < 1 << 16:
        return None
    if not isinstance(wish.get(INTENT), bool):
        return None
    if not isinstance(wish.get(USER_VERIFIED, False), bool):
        return None
    return wish


def _answer(decision, refused_code):
    body = {GRANTED: decision.granted, COARSE_REASON: decision.coarse}
    if decision.granted:
        body[STRIKE_MS] = decision.strike_ms
    return Message(code.CHANGED if decision.granted else refused_code, (), cbor.encode(body))
