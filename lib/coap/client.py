"""Whole requests and responses over an Endpoint: bodies in blocks, Echo, protection, observing."""

from micropython import const

from . import code as _code
from . import option as _option
from .asked import CONTINUED, ENDED, IGNORED
from .blockwise import MAX_BODY, SZX, Transfer
from .error import CoAPError
from .message import Message
from .observe import Freshness

# Why there is no response, besides asked.NO_ANSWER and asked.REJECTED.
UNPROTECTED = const(3)  # an error in the clear to a protected request: perhaps nobody knows us
BROKEN = const(4)  # blocks that do not fit together, or too many


class Client:
    """Asks by ``endpoint``. ``ticks`` and ``random`` as there.

    A ``security`` has ``protect(request)``, which gives a message and an exchange, and
    ``unprotect(response, exchange)``, which raises CoAPError for what is none.
    """

    def __init__(self, endpoint, ticks, random):
        self._endpoint = endpoint
        self.ticks = ticks
        self._tag = int.from_bytes(random(2), "big")

    def ask(self, address, request: Message, answered, security=None, szx=SZX, max_body=MAX_BODY):
        """Ask ``request``, whole and in plain, confirmably.

        ``answered(response, failure)`` is called once, with a whole response and 0, or with None
        (with UNPROTECTED: with the response in the clear, which anybody on the way can make) and
        the failure. For a request with Observe 0 it is called for each notification, and last with
        a response without Observe, or with a failure. Returns the Conversation, which can be
        given up. Raises CoAPError if too much is asked already.
        """
        transfer = Transfer(request, self.next_tag(), szx, max_body)
        conversation = Conversation(self, self._endpoint, address, answered, security)
        conversation.begin(request, transfer, szx, max_body, Freshness(self.ticks))
        return conversation

    def next_tag(self) -> bytes:
        """A Request-Tag that was not used lately."""
        self._tag = (self._tag + 1) & 0xFFFF
        return self._tag.to_bytes(2, "big")


class Conversation:
    """What becomes of one request."""

    def __init__(self, client, endpoint, address, answered, security):
        self.is_over = False
        self._client = client
        self._endpoint = endpoint
        self._address = address
        self._answer = answered
        self._security = security
        self._asked = None
        self._observing = None  # the request that notifications answer

    def begin(self, request, transfer, szx, max_body, freshness):
        """Send the first message. For Client."""
        self._request = request
        self._is_observation = request.uint_option(_option.OBSERVE) == 0
        self._transfer = transfer
        self._limits = szx, max_body
        self._freshness = freshness
        self._heard_at = self._client.ticks.add(0)
        self._send(transfer.message, self._is_observation)

    @property
    def silent_ms(self) -> int:
        """Milliseconds since it was heard last. Whoever observes asks anew after Max-Age: the
        other side may have forgotten, and a state is fresh no longer (RFC 7641 section 3.3.1).
        """
        return -self._client.ticks.until(self._heard_at)

    def give_up(self):
        """Nothing of it is wanted any more; what still comes is rejected, which ends it there."""
        self.is_over = True
        for asked in (self._asked, self._observing):
            if asked is not None:
                self._endpoint.cancel(asked)
        self._asked = self._observing = None

    def _send(self, plain, registers=False, has_echo=False):
        message, exchange = plain, None
        if self._security is not None:
            message, exchange = self._security.protect(plain)

        def answered(response, failure):
            return self._answered(plain, exchange, registers, has_echo, response, failure)

        asked = self._endpoint.request(self._address, message, answered)
        if registers:
            self._observing = asked
        else:
            self._asked = asked

    def _answered(self, plain, exchange, registers, has_echo, response, failure):
        if self.is_over:
            return ENDED
        if failure:
            self._finish(None, failure)
            return ENDED
        if self._security is not None:
            if response.option(_option.OSCORE) is None:
                if response.code >> 5 == 2:
                    return IGNORED
                self._finish(response, UNPROTECTED)
                return ENDED
            try:
                response = self._security.unprotect(response, exchange)
            except CoAPError:
                return IGNORED  # RFC 8613 section 8.4: the right one may still come
        try:
            return self._heard(plain, registers, has_echo, response)
        except CoAPError:
            self._finish(None, BROKEN)
            return ENDED

    def _heard(self, plain, registers, has_echo, response):
        self._heard_at = self._client.ticks.add(0)
        echo = response.option(_option.ECHO)
        if response.code == _code.UNAUTHORIZED and echo is not None and not has_echo:
            # It was not looked at (RFC 9175 section 2.3), so nothing is done twice.
            self._send(_with(plain, _option.ECHO, echo), registers, True)
            return ENDED
        observe = response.uint_option(_option.OBSERVE)
        is_notification = registers and observe is not None and response.code >> 5 == 2
        if registers:
            if is_notification and self._security is None:
                if not self._freshness.is_newer(observe):
                    return CONTINUED
            if self._asked is not None:
                self._endpoint.cancel(self._asked)  # the rest of an older one
                self._asked = None
            if not is_notification:
                self._observing = None
            self._transfer = Transfer(self._request, self._client.next_tag(), *self._limits)
        following = self._transfer.feed(response)
        if following is not None:
            self._send(following)
        else:
            whole = self._transfer.response
            if registers and is_notification or self._observing is not None:
                self._asked = None
                self._answer(whole, 0)
            else:
                self._finish(whole, 0)
        return CONTINUED if is_notification else ENDED

    def _finish(self, response, failure):
        if not self.is_over:
            self.give_up()
            self._answer(response, failure)


def _with(message, number, value):
    options = [(n, v) for n, v in message.options if n != number]
    options.append((number, value))
    return Message(message.code, options, message.payload)
