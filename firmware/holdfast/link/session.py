"""One connection's conversation: CoAP over a byte stream (RFC 8323), without I/O of its own."""

import asyncio

from coap import CoAPError, code, signalling, stream

from ..access import reason


class Session:
    """Feeds on pieces of the stream and gives the bytes to answer with.

    ``exchanger`` answers the requests of this ``origin``, and ``limits`` says how many. Nothing
    that a central sends raises out of here.
    """

    def __init__(self, exchanger, limits, origin):
        self.origin = origin
        self.closing = False
        self.close_reason = None  # a reason code once something was refused and ends it
        self.round_trips = 0
        self._exchanger = exchanger
        self._limits = limits
        self._decoder = stream.Decoder(limits.message_size)
        self._peer = signalling.Peer()

    def close(self):
        """Give back what the connection holds. Takes no memory, and raises nothing."""
        self.closing = True
        self._exchanger.leave(self.origin)

    def ran_out_of_memory(self):
        """``receive`` raised MemoryError: let there be some at the central's next try."""
        self.close_reason = reason.FAULT
        self._exchanger.make_room()

    def answered(self):
        """What ``receive`` gave is on its way, or never will be."""
        self._exchanger.answered()

    async def receive(self, chunk) -> bytes:
        """The answer to the messages that ``chunk`` completes; look at ``closing`` afterwards."""
        answer = bytearray()
        try:
            for message in self._decoder.feed(chunk):
                answer.extend(await self._message(message))
                if self.closing:
                    break
                # One chunk can ask for a lot: door and other phones get their turn between two
                # messages.
                await asyncio.sleep(0)
        except CoAPError as error:
            self._drop(reason.MALFORMED_MESSAGE)
            answer.extend(stream.encode(signalling.abort(error)))
        return bytes(answer)

    async def _message(self, message):
        greets = not self._peer.is_ready
        reply = self._peer.receive(message)
        if self._peer.has_released or self._peer.has_aborted:
            self.closing = True
        if reply is not None:
            return stream.encode(reply)
        if greets and self._peer.is_ready:
            return stream.encode(signalling.csm())
        if message.code == code.EMPTY or code.is_signalling(message.code):
            return b""
        if not code.is_request(message.code):
            raise CoAPError("a response to no request")
        origin, limits = self.origin, self._limits
        bound = limits.requests if origin.proofs else limits.unproven
        if self.round_trips >= bound:
            raise CoAPError("too many requests on one connection")
        response = await self._exchanger.respond(message, origin)
        self.round_trips += 1
        if origin.refusal is not None:
            self._drop(origin.refusal)
        return stream.encode(response)

    def _drop(self, why):
        self.closing = True
        self.close_reason = why
