"""The resource ``/doors/{id}``: a PUT carries a wish, the answer says what came of it."""

import cbor
from coap import CoAPError, Message, code
from untrusted import InvalidInput

from ..access import Request, reason

# The request's CBOR map
ACTION = 1  # one permission bit
INTENT = 2  # true: a person made a gesture for this request
USER_VERIFIED = 3  # true: the phone verified its user

# The answer's CBOR map
GRANTED = 1  # bool
COARSE_REASON = 2  # unsigned integer
STRIKE_MS = 3  # milliseconds, only when granted


class UnlockResource:
    """Takes wishes to the access points of the door units ``doors``, a dict by name, and answers
    only when all is done there.
    """

    def __init__(self, doors):
        self._doors = doors

    async def put(self, request, peer):
        """Answer 2.04 when granted, 4.03 when refused, 4.00 when the wish cannot be read."""
        door = request.uri_path()[-1]
        wish = _parse(request.payload)
        # What a carrier brings is heard at its door, on its side, whatever door it asks for.
        side = peer.side
        access_point = self._access_point(door) if side is None else side.access_point
        if wish is None:
            why = reason.MALFORMED_REQUEST
            if side is not None:
                decision = side.refuse(why, peer.credential, _about(peer), door)
            else:
                decision = access_point.refuse(why, peer.credential, _about(peer), door)
            return _answer(decision, code.BAD_REQUEST)
        asked = Request(
            peer.credential, door, wish[ACTION], wish[INTENT], wish.get(USER_VERIFIED, False)
        )
        if side is not None:
            decision = side.ask(asked, _about(peer))
        else:
            decision = access_point.ask(asked, _about(peer))
        if decision.granted:
            peer.is_served = True
        return _answer(decision, code.FORBIDDEN)

    def _access_point(self, door):
        if door in self._doors:
            return self._doors[door].access_point
        for unit in self._doors.values():
            return unit.access_point  # which says that it is another door's
        raise CoAPError("no door here", code.NOT_FOUND)


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


def _about(peer):
    return {
        "connection": peer.connection,
        "handshake": peer.handshake,
        "public_key_operations": peer.public_key_operations,
    }


def _answer(decision, refused_code):
    body = {GRANTED: decision.granted, COARSE_REASON: decision.coarse}
    if decision.granted:
        body[STRIKE_MS] = decision.strike_ms
    return Message(code.CHANGED if decision.granted else refused_code, (), cbor.encode(body))
