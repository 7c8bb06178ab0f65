"""Questions to one node over datagrams, without a socket or a clock (coap.endpoint)."""

import hashlib
import os
from collections.abc import Callable

import coap
from coap import option
from coap.asked import ENDED, IGNORED, NO_ANSWER, REJECTED, Asked
from coap.endpoint import Endpoint

SILENT = NO_ANSWER
NO_COAP = REJECTED  # a Reset: something is there, and does not understand
REFUSED = 100  # the network says that nobody listens there

# An answer is worth waiting for as long as three of its request's copies may have been lost.
PATIENCE_MS = 22_000
_REFUSALS = 2  # of a request: one may be of a node that is just starting

Answered = Callable[[coap.Message | None, int], None]


class Asking:
    """Asks whoever is at ``address``.

    ``send(address, data)`` and ``ticks`` are as of coap.endpoint.Endpoint; its owner calls
    ``receive`` with what comes and ``poll`` after the milliseconds that it gave, and after each
    other call. Each question has an answer or a failure within ``patience_ms`` of ``ticks``.
    """

    def __init__(self, address, send, ticks, patience_ms: int = PATIENCE_MS, random=os.urandom):
        key = random(16)
        self._address = address
        self._ticks = ticks
        self._patience_ms = patience_ms
        self._endpoint = Endpoint(
            send, ticks, random, lambda data: hashlib.sha256(key + data).digest(), None
        )
        self._under_way: list[_Question] = []

    def ask(self, request: coap.Message, answered: Answered) -> None:
        """Send ``request`` as it is; ``answered(response, failure)`` is called once, with None
        and SILENT, NO_COAP or REFUSED if there is no response.
        """
        is_protected = request.option(option.OSCORE) is not None

        def heard(response: coap.Message | None, failure: int) -> int:
            # RFC 8613 section 8.4: the protected one may still come.
            if response is not None and is_protected:
                if response.option(option.OSCORE) is None and response.code >> 5 == 2:
                    return IGNORED
            self._end(question, response, failure)
            return ENDED

        asked = self._endpoint.request(self._address, request, heard)
        question = _Question(asked, answered, self._ticks.add(self._patience_ms))
        self._under_way.append(question)

    def receive(self, source, data: bytes) -> None:
        """A datagram came from ``source``."""
        self._endpoint.receive(source, data)

    def refused(self) -> None:
        """The network says that nobody listens at the address. It is believed the second time."""
        for question in list(self._under_way):
            question.refusals += 1
            if question.refusals >= _REFUSALS:
                self._fail(question, REFUSED)

    def give_up(self) -> None:
        """Nobody waits any more: what is under way has no answer."""
        for question in list(self._under_way):
            self._fail(question, SILENT)

    def poll(self) -> int | None:
        """Do what is due. Milliseconds until something will be, None for never."""
        for question in list(self._under_way):
            if self._ticks.until(question.deadline) <= 0:
                self._fail(question, SILENT)
        left = self._endpoint.poll()
        for question in self._under_way:
            until = max(1, self._ticks.until(question.deadline))
            left = until if left is None else min(left, until)
        return left

    def _fail(self, question: "_Question", failure: int) -> None:
        self._endpoint.cancel(question.asked)
        self._end(question, None, failure)

    def _end(self, question: "_Question", response: coap.Message | None, failure: int) -> None:
        if question in self._under_way:
            self._under_way.remove(question)
            question.answered(response, failure)


class _Question:
    def __init__(self, asked: Asked, answered: Answered, deadline):
        self.asked = asked
        self.answered = answered
        self.deadline = deadline
        self.refusals = 0
