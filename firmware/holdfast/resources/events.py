"""The resource ``/events``: what happened here, out to a collector, and its acknowledgement."""

import cbor
from coap import Message, code, option
from micropython import const
from untrusted import InvalidInput

from ..access.request import CARRY_EVENTS
from . import exchange

_NONE = -1  # events begin with number 0
_CF_CBOR_SEQUENCE = const(63)  # application/cbor-seq, RFC 8742 section 7.2

# The acknowledgement's CBOR map
NUMBER = 1  # of the last event that is safe elsewhere
HEAD = 2  # its MAC, byte string


class EventsResource:
    """Only a credential with the permission to carry events sees any.

    ``log()`` gives the EventLog or raises OSError; ``may(credential, action)`` gives the exact
    reason code of a refusal, 0 for yes; ``recorder`` is told of each
    collection and acknowledgement; ``uptime()`` is in seconds since the start, so that a collector
    can tell late events.
    """

    content_formats = (_CF_CBOR_SEQUENCE,)

    def __init__(self, log, may, recorder, uptime):
        self._log = log
        self._may = may
        self._recorder = recorder
        self._uptime = uptime

    async def get(self, request, peer):
        """The events after number n as a batch (access/events/batch.py), as many as fit."""
        after = exchange.after(request, _NONE)
        refusal = self._may(peer.credential, CARRY_EVENTS)
        if refusal:
            return exchange.forbidden(refusal)
        try:
            batch, last = self._log().served(after, exchange.PAYLOAD_LIMIT, self._uptime())
        except OSError:
            return exchange.unavailable()
        # Told after the fact: it follows with the next answer.
        self._recorder.fetched(peer.connection, _holder(peer), after, last)
        content_format = [(option.CONTENT_FORMAT, option.encode_uint(_CF_CBOR_SEQUENCE))]
        return Message(code.CONTENT, content_format, batch)

    async def post(self, request, peer):
        """Acknowledge all events up to a number by the head of the chain there: 2.04, or 4.00."""
        refusal = self._may(peer.credential, CARRY_EVENTS)
        if refusal:
            return exchange.forbidden(refusal)
        number, head = _parse(request.payload)
        try:
            log = self._log()
            kept = log.kept
            log.acknowledge(number, head)
        except OSError:
            return exchange.unavailable()
        if log.kept > kept:
            self._recorder.acknowledged(number, _holder(peer))
        return Message(code.CHANGED)


def _holder(peer):
    return peer.credential and peer.credential.holder


def _parse(payload):
    fields = cbor.decode(payload, max_depth=2, max_items=8)
    if not isinstance(fields, dict) or set(fields) != {NUMBER, HEAD}:
        raise InvalidInput("not an acknowledgement")
    number, head = fields[NUMBER], fields[HEAD]
    if type(number) is not int or number < 0 or not isinstance(head, bytes):
        raise InvalidInput("not an acknowledgement")
    return number, head
