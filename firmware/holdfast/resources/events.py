"""The resource ``/events``: what happened here, out to a collector, and what comes back for it.

Who collects says that it has copied them. That they are safe is the auditor's word alone, which
anybody who may carry events brings.
"""

import cbor
from coap import Message, code, option
from micropython import const
from untrusted import InvalidInput

from ..access.events import event as kinds
from ..access.request import CARRY_EVENTS
from . import exchange

_NONE = -1  # events begin with number 0
_CF_CBOR_SEQUENCE = const(63)  # application/cbor-seq, RFC 8742 section 7.2
_MAP_OF_TWO = b"\xa2"
_LEFT = "of the place that was left"

# The CBOR map of who has copied events
NUMBER = 1  # of the last one
HEAD = 2  # its code, byte string


class EventsResource:
    """Only a credential with the permission to carry events sees any.

    ``log()`` gives the EventLog or raises OSError; ``may(credential, action)`` gives the exact
    reason code of a refusal, 0 for yes; ``recorder`` is told of each
    collection, copy and acknowledgement; ``uptime()`` is in seconds since the start, so that a
    collector can tell late events.
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
            log = self._log()
            batch, last = log.served(after, exchange.PAYLOAD_LIMIT, self._uptime())
            # Recorded before they leave, and not among them: it follows with the next answer.
            self._recorder.fetched(peer.connection, _holder(peer), after, last, _which(log))
        except OSError:
            return exchange.unavailable()
        content_format = [(option.CONTENT_FORMAT, option.encode_uint(_CF_CBOR_SEQUENCE))]
        return Message(code.CONTENT, content_format, batch)

    async def post(self, request, peer):
        """Events are copied, or acknowledged by the auditor: 2.04, or 4.00 and an event of it."""
        refusal = self._may(peer.credential, CARRY_EVENTS)
        if refusal:
            return exchange.forbidden(refusal)
        payload = request.payload
        by = _holder(peer)
        try:
            log = self._log()
            if payload[:1] == _MAP_OF_TWO:
                self._copied(log, by, payload)
            else:
                self._acknowledge(log, by, payload)
        except OSError:
            return exchange.unavailable()
        except InvalidInput as error:
            said = {"by": by, "detail": str(error)}
            # Not raised: that would be an event of each, and whoever carries can bring thousands.
            self._recorder.note(kinds.ACKNOWLEDGEMENT_REFUSED, said, anybody=True)
            return Message(code.BAD_REQUEST, (), str(error).encode())
        return Message(code.CHANGED)

    def _copied(self, log, by, payload):
        number, head = _parse(payload)
        said = {"by": by, "last": number, "detail": _which(log)}
        log.copied(number, head, lambda: self._recorder.require(kinds.COPIED, said))

    def _acknowledge(self, log, by, payload):
        acked = log.acked
        try:
            log.acknowledge(payload)
        finally:
            # Also if its room could not be given back: the mark is on flash.
            if log.acked > acked:
                said = {"by": by, "last": log.acked - 1, "detail": _which(log)}
                self._recorder.note(kinds.ACKNOWLEDGED, said)


def _which(log):
    return _LEFT if log.is_left else None


def _holder(peer):
    return peer.credential and peer.credential.name


def _parse(payload):
    fields = cbor.decode(payload, max_depth=2, max_items=8)
    if not isinstance(fields, dict) or set(fields) != {NUMBER, HEAD}:
        raise InvalidInput("no copy of events")
    number, head = fields[NUMBER], fields[HEAD]
    if type(number) is not int or number < 0 or not isinstance(head, bytes):
        raise InvalidInput("no copy of events")
    return number, head
