"""Another node that this one asks: under the context that both have, or after a handshake."""

import asyncio

import oscore
from coap import CoAPError, Message, code, option
from untrusted import InvalidInput

_TRIES = 4  # a handshake, an Echo, and once more each for what was lost meanwhile


class NoAnswer(InvalidInput):
    """The partner said nothing that can be believed."""


class Partner:
    """The device ``name``; whoever is there, and is welcome, if that is None, until it has
    introduced itself: then it is that one.

    ``await send(request)`` brings a Message to its address and gives the response, or raises
    NoAnswer. ``introductions`` (Introductions), ``exchanger`` and ``contexts`` are the node's.
    """

    def __init__(self, name, send, introductions, exchanger, contexts):
        self.name = name
        self._send = send
        self._introductions = introductions
        self._exchanger = exchanger
        self._contexts = contexts
        self._turn = asyncio.Lock()

    async def ask(self, request: Message) -> Message:
        """What the partner answers to ``request``, which nobody else can read or have written.

        One request at a time. Raises NoAnswer, NotIntroduced, and OSError if flash fails to
        reserve what protecting a request takes. A request that raised may have been heeded.
        """
        await self._turn.acquire()
        try:
            return await self._asked(request)
        finally:
            self._turn.release()

    async def _asked(self, request):
        was_introduced = False
        kid = None if self.name is None else self._contexts.with_device(self.name)
        for _ in range(_TRIES):
            message_3 = None
            if kid is None:
                if was_introduced:
                    break
                kid, message_3 = await self._introductions.introduce(self.name, self._send)
                was_introduced = True
                if self.name is None:
                    self.name = self._contexts.find(kid).credential.device
            is_heard = False
            try:
                response, exchange = await self._protected(kid, request, message_3)
                if response is None:
                    kid = None
                    continue
                answer = self._exchanger.answer(kid, response, exchange)
                is_heard = True
            except KeyError:  # given up for others while the answer was on its way
                kid = None
                continue
            except CoAPError as error:
                raise NoAnswer("%s: %s" % (self.name, error))
            finally:
                # Without an answer nobody knows whether message_3 arrived: both begin anew.
                if message_3 is not None and not is_heard and kid is not None:
                    self._contexts.forget(kid)
            repeated = oscore.repeat_with_echo(request, answer)
            if repeated is None:
                self._heard(kid)
                return answer
            request = repeated
        raise NoAnswer("%s goes on asking for more" % self.name)

    async def _protected(self, kid, request, message_3):
        """``(response, exchange)``; a response of None if there has to be a handshake."""
        try:
            protected, exchange = self._exchanger.ask(kid, request)
        except oscore.OSCOREError:  # all its numbers are used
            self._contexts.forget(kid)
            return None, None
        if message_3 is not None:
            protected = oscore.combine(message_3, protected)
        response = await self._send(protected)
        if response.option(option.OSCORE) is not None:
            return response, exchange
        # In the clear, so perhaps from somebody else: it costs a handshake and no more, and what
        # is known stays known until another is in its place.
        if response.code == code.UNAUTHORIZED and message_3 is None:
            return None, None
        raise NoAnswer("%s says %s in the clear" % (self.name, code.text(response.code)))

    def _heard(self, kid):
        association = self._contexts.find(kid)
        if association is not None:
            self._contexts.used(kid)
            self._contexts.opened(kid, association)
            self._contexts.flush()
