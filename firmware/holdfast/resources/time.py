"""The resource ``/time``: what time it is here, and being told by who may administer."""

import cbor
from coap import CoAPError, Message, code, option
from untrusted import InvalidInput

from ..access.request import ADMINISTER
from . import exchange

# The CBOR map, both ways
TIME = 1  # seconds since 1970
ERROR = 2  # by how many seconds it may be off
SOURCE = 3  # only in an answer: where the reader has it from


class TimeResource:
    """``read()`` gives the ClockReading; ``tell(time, error_s)`` says whether that is believed.

    ``tell`` may raise OSError. ``may(credential, action)`` gives the exact reason code of a
    refusal, 0 for yes.
    """

    content_formats = (option.CF_CBOR,)

    def __init__(self, read, tell, may):
        self._read = read
        self._tell = tell
        self._may = may

    async def get(self, request, peer):
        """The time here, null if nobody knows."""
        clock = self._read()
        answer = {TIME: clock.now, ERROR: clock.uncertainty, SOURCE: clock.source}
        return exchange.answer(code.CONTENT, answer)

    async def put(self, request, peer):
        """Believe the time in the request: 2.04; 4.09 if what is known here speaks against it.

        5.03 while it cannot be read what is known here.

        The request is fresh, for OSCORE lets none come twice, but may have been held back on its
        way: a replay window of one and the link's time limits bound by how much.
        """
        refusal = self._may(peer.credential, ADMINISTER)
        if refusal:
            return exchange.forbidden(refusal)
        time, error_s = _parse(request.payload)
        try:
            is_believed = self._tell(time, error_s)
        except OSError:
            return exchange.unavailable()
        if not is_believed:
            raise CoAPError("that time is not believed here", code.CONFLICT)
        return Message(code.CHANGED)


def _parse(payload):
    fields = cbor.decode(payload, max_depth=2, max_items=8)
    if not isinstance(fields, dict) or set(fields) != {TIME, ERROR}:
        raise InvalidInput("not a time")
    time, error_s = fields[TIME], fields[ERROR]
    if type(time) is not int or type(error_s) is not int or not 0 <= error_s < 86400:
        raise InvalidInput("not a time")
    return time, error_s
