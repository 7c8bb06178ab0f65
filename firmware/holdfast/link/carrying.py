"""The carrier's end: what phones, cards and keys say goes to the node that decides, and what that
answers comes back. Nothing is decided here, and nothing that is carried can be read.
"""

import asyncio

from coap import CoAPError, Message, code, option, path_options, signalling, stream
from micropython import const
from untrusted import InvalidInput

from ..access import carry, reason
from .partner import NoAnswer

WITHIN_MS = 6000  # for which somebody at the door waits
_AGAIN_S = 0.2
_ROUNDS = const(64)  # for one piece of a phone's
_TOKENS = const(8)
_AWAY = b"the controller of this door does not answer"


class Handover:
    """Says to the node that decides, ``partner`` (link.partner.Partner), one thing after another.

    ``heard(answer)`` is called with each Answer, and ``heard(None)`` when the partner is found to
    be away. ``ticks`` and ``random_bytes`` are the hal's. ``door`` is what it has last said to be
    the door that is carried for (carry.Answer), None once it says that there is none.
    """

    def __init__(self, partner, ticks, random_bytes, heard):
        self.is_present = False
        self.door = None
        self.begun = 0  # how often another instance began: links of before are over
        self._partner = partner
        self._ticks = ticks
        self._random_bytes = random_bytes
        self._heard = heard
        self._turn = asyncio.Lock()
        self._links = 0
        self._begin()

    def link(self) -> int:
        """The number of a new link."""
        self._links += 1
        return self._links

    async def say(self, kind: int, rest: tuple, within_ms: int = WITHIN_MS):
        """The Answer to it. Raises NoAnswer: after ``within_ms`` without one, or at once if it
        refuses.

        Whatever is lost, it is heeded once at most; one that raised may have been heeded.
        """
        begun = self.begun
        end = self._ticks.add(within_ms)
        await self._turn.acquire()
        try:
            # Who waited for others that had no answer has none; and a card is of its moment.
            if self._ticks.until(end) <= 0 or begun != self.begun:
                raise NoAnswer("too late to be said")
            self._number += 1
            payload = carry.Said(kind, self._instance, self._number, rest).encode()
            response = await self._response(payload, end)
            if response.code == code.CONFLICT:
                self._begin()
            elif response.code == code.FORBIDDEN:
                self.door = None
            if response.code != code.CHANGED:
                raise NoAnswer("it is not taken: %s" % code.text(response.code))
            try:
                answer = carry.parse_answer(response.payload)
            except InvalidInput as error:
                raise NoAnswer(str(error))
            if answer.is_of_link != (kind == carry.LINK):
                raise NoAnswer("answered as if it were something else")
        except NoAnswer:
            self.is_present = False
            self._heard(None)
            raise
        finally:
            self._turn.release()
        self.is_present = True
        if answer.door is not None:
            self.door = answer.door
        self._heard(answer)
        return answer

    async def _response(self, payload, end):
        options = path_options("carry")
        options.append((option.CONTENT_FORMAT, option.encode_uint(option.CF_CBOR)))
        while True:
            try:
                return await self._partner.ask(Message(code.POST, list(options), payload))
            except (InvalidInput, OSError) as error:
                if self._ticks.until(end) <= 0:
                    raise NoAnswer(str(error))
            await asyncio.sleep(_AGAIN_S)

    def _begin(self):
        self._instance = self._random_bytes(carry.INSTANCE)
        self._number = 0
        self._links = 0
        self.begun += 1


class CarryingSession:
    """One phone's connection, in the place of a link.Session: feeds on pieces of its stream.

    ``handover`` is the Handover. ``gone(number)`` is called when the link ends. The frames of RFC
    8323 are looked at only to carry whole ones, and to name in a no what it is an answer to.
    """

    def __init__(self, handover, origin, gone):
        self.origin = origin
        self.closing = False
        self.close_reason = None
        self.round_trips = 0
        self._handover = handover
        self._gone = gone
        self._number = 0  # until the first of its bytes leave: links begin in order
        self._begun = handover.begun
        self._decoder = stream.Decoder()
        self._is_framed = True
        self._held = b""
        self._taken = 0  # of the phone's bytes, by the other side
        self._fetched = 0  # of those for the phone
        self._owed = []  # tokens of what the phone waits for

    def close(self):
        """The phone is gone, or goes. Raises nothing."""
        self.closing = True
        self._held = b""
        if self._begun == self._handover.begun:
            self._gone(self._number)

    def ran_out_of_memory(self):
        """``receive`` raised MemoryError."""
        self.close_reason = reason.FAULT

    def answered(self):
        """What ``receive`` gave is on its way."""

    async def receive(self, chunk) -> bytes:
        """What goes to the phone; look at ``closing`` afterwards."""
        self._held += bytes(chunk)
        if self._is_incomplete(chunk) and len(self._held) < carry.MAX_PIECE:
            return b""
        self.round_trips += 1
        answer = bytearray()
        try:
            for _ in range(_ROUNDS):
                if not await self._round(answer):
                    self._owed = []
                    return bytes(answer)
            raise NoAnswer("it is never done")
        except NoAnswer:
            self.closing = True
            self.close_reason = reason.FAULT
            self._refuse(answer)
            return bytes(answer)

    async def _round(self, answer) -> bool:
        """One message and its answer; whether there is more to be done."""
        if self._begun != self._handover.begun:
            raise NoAnswer("the link is over")
        if not self._number:
            self._number = self._handover.link()
        piece = self._held[: carry.MAX_PIECE]
        said = self._number, self._taken, self._fetched, piece
        told = await self._handover.say(carry.LINK, said)
        come = told.taken - self._taken
        is_closed = told.flags & carry.CLOSED
        if not 0 <= come <= len(piece) or (told.offset != self._fetched and told.data):
            raise NoAnswer("the link is out of step")
        self._held = self._held[come:]
        self._taken += come
        self._fetched += len(told.data)
        answer.extend(told.data)
        self.origin.proofs = told.proofs
        if is_closed:
            self.closing = True
            return False
        return bool(self._held) or told.flags & carry.MORE != 0

    def _is_incomplete(self, chunk) -> bool:
        if self._is_framed:
            try:
                for message in self._decoder.feed(chunk):
                    if code.is_request(message.code) and len(self._owed) < _TOKENS:
                        self._owed.append(message.token)
            except CoAPError:
                self._is_framed = False  # the other side says so to the phone
        return self._is_framed and self._decoder.is_inside

    def _refuse(self, answer):
        # In the clear, so that it is a claim: a phone believes no yes of it, and tries again.
        if not self._fetched:
            answer.extend(stream.encode(signalling.csm()))
        for token in self._owed:
            no = Message(code.SERVICE_UNAVAILABLE, [(option.MAX_AGE, b"")], _AWAY, token)
            answer.extend(stream.encode(no))
