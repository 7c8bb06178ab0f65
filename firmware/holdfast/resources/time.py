"""The resource ``/time``: what time it is here, being told by who may administer, and having it
put right by the authority.
"""

import cbor
from coap import CoAPError, Message, code, option
from untrusted import InvalidInput

from ..access.request import ADMINISTER
from . import exchange

# The CBOR map, both ways
TIME = 1  # seconds since 1970
ERROR = 2  # by how many seconds it may be off
SOURCE = 3  # only in an answer: where the node has it from
NONCE = 4  # the question for the authority's word, 16 bytes
NUMBER = 5  # of the changeset in force
HEAD = 6  # its hash, 32 bytes
NODE = 7  # whose clock it is


class TimeResource:
    """The clock of the Node ``node``."""

    content_formats = (option.CF_CBOR,)

    def __init__(self, node):
        self._node = node

    async def get(self, request, peer):
        """The time here, null if nobody knows."""
        clock = self._node.timekeeper.read()
        answer = {TIME: clock.now, ERROR: clock.uncertainty, SOURCE: clock.source}
        return exchange.answer(code.CONTENT, answer)

    async def post(self, request, peer):
        """A question for the authority: 2.04 with what its word must be about.

        Whoever asks: by a clock that is wrong nobody may do anything, and only the authority's
        word counts. It holds for ten minutes, for one word, which the same holder brings.
        """
        if request.payload:
            raise InvalidInput("a question has no payload")
        node = self._node
        rules = node.stores.rules
        answer = {
            NONCE: node.telling.question(peer.credential),
            NUMBER: rules.number,
            HEAD: rules.head,
            NODE: node.settings.node,
        }
        return exchange.answer(code.CHANGED, answer)

    async def put(self, request, peer):
        """Believe the time in the request: 2.04; 4.09 if what is known here speaks against it.

        In the Content-Format of a COSE_Sign1 it is the authority's word, which anybody may bring
        who asked: 4.00 with the reason if it is none. 5.03 while flash fails.

        The request is fresh, for OSCORE lets none come twice, but may have been held back on its
        way: a replay window of one and the link's time limits bound by how much.
        """
        node = self._node
        try:
            if request.uint_option(option.CONTENT_FORMAT) == option.CF_COSE_SIGN1:
                node.telling.corrected(request.payload, peer.credential)
                return Message(code.CHANGED)
            refusal = node.may(peer.credential, ADMINISTER)
            if refusal:
                return exchange.forbidden(refusal)
            time, error_s = _parse(request.payload)
            is_believed = node.told_time(time, error_s, peer.credential.name)
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
