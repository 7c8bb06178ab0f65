"""What a collector serves besides its own events: other nodes' events in, and out to carriers.

Loaded by a controller alone.
"""

import cbor
from coap import CoAPError, Message, code, option
from micropython import const
from untrusted import InvalidInput

from ..access.request import CARRY_EVENTS
from . import exchange
from .events import EventsResource

_CF_CBOR_SEQUENCE = const(63)  # application/cbor-seq, RFC 8742 section 7.2
_NODE_NAME = const(64)  # bytes


class CollectingEvents(EventsResource):
    """``/events`` of a node that is a collector: what other nodes post is theirs.

    ``collecting`` is the node's (node/collecting.py).
    """

    def __init__(self, log, may, recorder, uptime, collecting):
        EventsResource.__init__(self, log, may, recorder, uptime)
        self._collecting = collecting

    async def post(self, request, peer):
        """A batch of the poster's own events: 2.04 with what is here of them, 4.00 if it is none,
        or another one than before of the same events. Else as every node's ``/events``.

        5.03: flash fails or is full, or it has written too much: the same may come again.
        """
        if request.uint_option(option.CONTENT_FORMAT) != _CF_CBOR_SEQUENCE:
            return await EventsResource.post(self, request, peer)
        if not self._collecting.is_welcome(peer.credential):
            return Message(code.FORBIDDEN)
        try:
            answer = self._collecting.take(peer.credential, request.payload)
        except InvalidInput as error:
            return Message(code.BAD_REQUEST, (), str(error).encode())
        except OSError:
            return exchange.unavailable()
        content_format = [(option.CONTENT_FORMAT, option.encode_uint(option.CF_CBOR))]
        return Message(code.CHANGED, content_format, answer)


class CollectedResource:
    """``/events/of``: copies of a node's events, and the auditor's word for it; with
    ``is_earlier`` ``/events/of/left``, of the chain that it had before its present one.
    """

    content_formats = (_CF_CBOR_SEQUENCE, option.CF_CBOR)

    def __init__(self, may, recorder, collecting, is_earlier: bool = False):
        self._may = may
        self._recorder = recorder
        self._collecting = collecting
        self._is_earlier = is_earlier

    async def get(self, request, peer):
        """The events after number n of the node that is named, as a batch with its certificate;
        without a name the names of all nodes that some are here of, after the first n.
        """
        name, after = _query(request)
        credential, shelves = peer.credential, self._collecting.shelves
        try:
            shelf = None if name is None else shelves.named(name)
            refusal = self._refusal(credential, shelf)
            if refusal:
                return exchange.forbidden(refusal)
            if name is None:
                names = shelves.names()[max(0, after) :]
                return exchange.answer(code.CONTENT, _fitting(names))
            if shelf is None:
                return Message(code.NOT_FOUND)
            batch, last = shelf.served(after, exchange.PAYLOAD_LIMIT, self._is_earlier)
            # Recorded before they leave.
            said = "of " + name
            self._recorder.fetched(peer.connection, credential.name, after, last, said)
        except OSError:
            return exchange.unavailable()
        content_format = [(option.CONTENT_FORMAT, option.encode_uint(_CF_CBOR_SEQUENCE))]
        return Message(code.CONTENT, content_format, batch)

    async def post(self, request, peer):
        """The auditor's word for the node that is named: 2.04, it is given to it with the next
        answer; 4.00: it is none, or of another log.
        """
        name, _ = _query(request)
        collecting = self._collecting
        try:
            shelf = None if name is None else collecting.shelves.named(name)
            refusal = self._refusal(peer.credential, shelf)
            if refusal:
                return exchange.forbidden(refusal)
            if shelf is None:
                return Message(code.NOT_FOUND)
            collecting.leave_word(shelf, request.payload, peer.credential)
        except InvalidInput as error:
            # Not raised: that would be an event of each, and it is one already.
            return Message(code.BAD_REQUEST, (), str(error).encode())
        except OSError:
            return exchange.unavailable()
        return Message(code.CHANGED)

    def _refusal(self, credential, shelf) -> int:
        if shelf is None:  # whoever may nothing learns of nobody
            return self._may(credential, CARRY_EVENTS)
        return self._collecting.may(credential, shelf)


def find(node, collecting, path: tuple):
    """The resource at ``path`` of a ``node`` that is a collector, if only such a node has it."""
    if path == (b"events",):
        log, uptime = node.stores.events, node.timekeeper.uptime
        return CollectingEvents(log, node.may, node.recorder, uptime, collecting)
    if path == (b"events", b"of"):
        return CollectedResource(node.may, node.recorder, collecting)
    if path == (b"events", b"of", b"left"):
        return CollectedResource(node.may, node.recorder, collecting, True)
    return None


def _query(request) -> tuple:
    """``(name of a node or None, number)`` of ``node=NAME`` and ``after=n``, each once at most.
    Raises CoAPError, 4.00.
    """
    name, rest = None, []
    for number, value in request.options:
        if number == option.URI_QUERY and value[:5] == b"node=":
            try:
                text = value[5:].decode()
            except ValueError:
                text = ""
            if name is not None or not 0 < len(value) - 5 <= _NODE_NAME or not text:
                raise CoAPError("not a node", code.BAD_REQUEST)
            name = text
        else:
            rest.append((number, value))
    return name, exchange.after(Message(request.code, rest), -1)


def _fitting(names):
    found = []
    for name in names:
        if len(cbor.encode(found + [name])) > exchange.PAYLOAD_LIMIT:
            break
        found.append(name)
    return found
