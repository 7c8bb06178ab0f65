"""CoAP over datagrams, client and server in one (RFC 7252), without a socket or a clock.

Nothing that anybody sends raises out of here.
"""

from micropython import const

from . import code as _code
from . import datagram as _datagram
from . import option as _option
from .asked import Asked, Requests
from .error import CoAPError
from .message import Message
from .peers import ANSWER, EMPTY_ACK, PEERS, RST, SILENCE, Peers
from .served import Served
from .strangers import Strangers
from .transmission import ACKNOWLEDGED, RESET, Transmissions

MAX_DATAGRAM = const(1232)  # of UDP payload, so that nothing needs IP fragments
MAX_MESSAGE = const(1152)
SERVING = const(8)  # requests that are being answered, in all
SERVING_A_PEER = const(2)

_NO_ANSWER = b"\x1a"  # of class 2, 4 or 5 (RFC 7967 section 2.1)


class Endpoint:
    """One socket's worth of CoAP.

    ``send(address, data)`` hands a datagram to the network; an OSError there is one that was lost.
    ``ticks`` has ``add(ms)`` and ``until(tick)`` in milliseconds, ``random(n)`` gives n
    unpredictable bytes, and ``mac(data)`` a code of at least 8 bytes under a key that nobody else
    has. ``serve(request, served)`` is called for each new request; somebody calls
    ``served.respond(response)``, then or later; with None for ``serve`` nothing is here, 4.04.
    ``needs_proof(request)`` says whether it is not
    even looked at before its sender has shown, by an Echo (RFC 9175 section 2.4), that it is where
    its datagrams say: by default all but a protected one, which proves more.

    Whoever owns it calls ``receive`` for each datagram, and ``poll`` after the milliseconds that
    ``poll`` gave, and after each other call: something may be due sooner then.
    """

    def __init__(self, send, ticks, random, mac, serve, needs_proof=None, capacity: int = PEERS):
        self.malformed = 0  # datagrams that were no CoAP
        self.duplicates = 0
        self.dropped = 0  # requests for which there was no room, or too many of strangers
        self.withheld = 0  # datagrams of more bytes than an unproven peer had sent
        self._send = send
        self._ticks = ticks
        self._serve = serve or _nothing_here
        self._needs_proof = needs_proof or _is_unprotected
        self._peers = Peers(ticks, capacity)
        self._transmissions = Transmissions(ticks, random, self._emit)
        self._mid = int.from_bytes(random(2), "big")
        self._requests = Requests(self, ticks, random, self._transmissions)
        self._served = []
        self._strangers = Strangers(ticks, mac)

    # Asking

    def request(self, address, message: Message, answered, is_confirmable: bool = True) -> Asked:
        """Ask whoever is at ``address``; ``message`` gets a token, and its place behind what was
        asked there before (NSTART is 1).

        ``answered(response, failure)`` is called with a Message and 0 and returns ENDED, CONTINUED
        for one that more will follow, or IGNORED for one that is none; or it is called with None
        and NO_ANSWER or REJECTED, which ends it (coap.asked has all these names).
        Raises CoAPError if too much is asked already, ValueError for a message that is too long.
        """
        peer = self._peers.at(address, True)
        if peer is None:
            raise CoAPError("too many peers at once")
        return self._requests.ask(peer, message, answered, is_confirmable)

    def cancel(self, asked: Asked):
        """Its answer is not wanted any more; a later notification is rejected (RFC 7641 3.6)."""
        self._requests.end(asked)

    def tell(self, address, message: Message):
        """Send a non-confirmable message of which nothing more is heard; also to a group."""
        self.out(address, self.encode(message, _datagram.NON, self.next_mid()))

    def ping(self, address, answered):
        """Whether CoAP is spoken there: ``answered(True or False)`` (RFC 7252 section 4.3)."""
        peer = self._peers.at(address, True)
        if peer is None:
            raise CoAPError("too many peers at once")
        mid = self.next_mid()
        data = _datagram.encode(Message(_code.EMPTY), _datagram.CON, mid)
        self._transmissions.start(
            peer, mid, data, lambda outcome: answered(outcome == RESET), True
        )

    # The network

    def receive(self, source, data):
        """A datagram came from ``source``."""
        if len(data) > MAX_DATAGRAM:
            self.malformed += 1
            return
        try:
            message, mtype, mid = _datagram.decode(data)
        except CoAPError:
            self.malformed += 1
            reset = _datagram.reset(data)
            if reset is not None:
                self.out(source, reset)
            return
        if _code.is_request(message.code):
            self._request(source, message, mtype, mid, len(data))
        elif mtype == _datagram.ACK or mtype == _datagram.RST:
            self._reply(source, message, mtype, mid)
        elif message.code == _code.EMPTY:
            self._reset(source, mid)  # a ping
        else:
            self._response(source, message, mtype, mid)

    def poll(self):
        """Do what is due. Milliseconds until something will be, None for never."""
        self._transmissions.poll(None)
        left = self._requests.poll(None)
        for served in list(self._served) if self._served else ():
            left = served.poll(self._ticks, left)
        left = self._transmissions.poll(left)  # those too that began just now
        return self._peers.expire(left)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way and nobody is remembered."""
        return not (
            self._served or len(self._requests) or len(self._transmissions) or len(self._peers)
        )

    # For those that this endpoint is made of

    def next_mid(self) -> int:
        """A Message ID, not used with anybody for the last 65,535."""
        self._mid = (self._mid + 1) & 0xFFFF
        return self._mid

    def encode(self, message: Message, mtype: int, mid: int) -> bytes:
        """The datagram; ValueError for a message of more than 1,152 bytes."""
        data = _datagram.encode(message, mtype, mid)
        if len(data) > MAX_MESSAGE:
            raise ValueError("a CoAP message of %d bytes" % len(data))
        return data

    def answer(self, served: Served, message: Message):
        """What Served.respond says: in the acknowledgement, or for itself if that has left."""
        peer, mid = served.peer, served.mid
        if not served.is_confirmable:
            self._emit(peer, self.encode(message, _datagram.NON, self.next_mid()))
        elif served.is_acknowledged:
            mid = self.next_mid()
            data = self.encode(message, _datagram.CON, mid)
            self._transmissions.start(peer, mid, data, served.arrived)
        else:
            data = self.encode(message, _datagram.ACK, mid)
            peer.said(mid, ANSWER)
            self._peers.keep(peer, mid, data)
            self._emit(peer, data)

    def notify(self, peer, message: Message, is_confirmable: bool, ended) -> int:
        """Send a notification, whose Message ID it returns; ``ended`` as of a Transmission."""
        mid = self.next_mid()
        mtype = _datagram.CON if is_confirmable else _datagram.NON
        data = self.encode(message, mtype, mid)
        if is_confirmable:
            self._transmissions.start(peer, mid, data, ended)
        else:
            self._emit(peer, data)
        return mid

    def acknowledge(self, peer, mid: int):
        """An empty acknowledgement: there is more to be said later, or nothing."""
        peer.said(mid, EMPTY_ACK)
        self._emit(peer, _empty(_datagram.ACK, mid))

    def finish(self, served: Served):
        """Nothing more will be said to this request."""
        if served in self._served:
            self._served.remove(served)
            served.peer.holds -= 1

    def prove(self, peer):
        """Datagrams reach ``peer`` where it says it is."""
        self._peers.prove(peer)

    hear = None  # hear(source, request): one that wants no answer of any kind (RFC 7967), such as
    # a hint to a group; without it they are dropped. Nothing is remembered of who sent it.
    rejected = None  # rejected(address, mid): what was sent under this Message ID is not wanted

    # What comes

    def _request(self, source, message, mtype, mid, size):
        if mtype == _datagram.NON and message.option(_option.NO_RESPONSE) == _NO_ANSWER:
            if self.hear is not None:
                self.hear(source, message)
            return
        peer = self._peers.at(source)
        if peer is None:
            self.dropped += 1
            return
        peer.credit += size
        said = peer.seen(self._ticks, mid)
        if said >= 0:
            self.duplicates += 1
            if mtype == _datagram.CON:
                self._say_again(peer, mid, said)
            return
        if not peer.is_proven and not self._is_welcome(peer, message, mtype, mid):
            return
        own = [served for served in self._served if served.peer is peer]
        if len(own) >= SERVING_A_PEER or len(self._served) >= SERVING:
            self.dropped += 1  # a confirmable one will come again
            return
        peer.note(self._ticks, mid)
        peer.holds += 1
        served = Served(self, peer, mid, message.token, mtype == _datagram.CON, self._ticks)
        self._served.append(served)
        self._serve(message, served)

    def _is_welcome(self, peer, message, mtype, mid) -> bool:
        # Nothing is noted of what is turned away: it costs no memory, and may come again.
        strangers = self._strangers
        if strangers.has_proof(peer.address, message):
            self._peers.prove(peer)
            return True
        if strangers.are_too_many():
            self.dropped += 1
            return False
        if not self._needs_proof(message):
            return True
        challenge = strangers.challenge(peer.address, message)
        if mtype == _datagram.CON:
            self._emit(peer, _datagram.encode(challenge, _datagram.ACK, mid))
        else:
            self._emit(peer, _datagram.encode(challenge, _datagram.NON, self.next_mid()))
        return False

    def _say_again(self, peer, mid, said):
        if said == ANSWER:
            data = self._peers.answer(peer, mid)
            if data is not None:  # else it has asked something else since, so it has the answer
                self._emit(peer, data)
        elif said == EMPTY_ACK:
            self._emit(peer, _empty(_datagram.ACK, mid))
        elif said == RST:
            self._emit(peer, _empty(_datagram.RST, mid))

    def _response(self, source, message, mtype, mid):
        peer = self._peers.find(source)
        said = SILENCE if peer is None else peer.seen(self._ticks, mid)
        asked = self._requests.find(source, message.token)
        if peer is None or (said < 0 and asked is None):
            self._reset(source, mid)
            return
        if said >= 0:
            self.duplicates += 1
            if mtype == _datagram.CON:
                self._say_again(peer, mid, said)
            return
        self._peers.prove(peer)  # it has seen the token, where we sent it
        peer.note(self._ticks, mid)
        if mtype == _datagram.CON:
            self.acknowledge(peer, mid)
        self._answered(asked, message)

    def _reply(self, source, message, mtype, mid):
        entry = self._transmissions.find(source, mid)
        if entry is None:
            if mtype == _datagram.RST and self.rejected is not None:
                self.rejected(source, mid)
        elif mtype == _datagram.RST:
            self._transmissions.end(entry, RESET)
        elif message.code == _code.EMPTY:
            entry.peer.used = self._ticks.add(0)
            self._transmissions.end(entry, ACKNOWLEDGED)
        else:
            asked = self._requests.find(source, message.token)
            # Whoever only saw the Message ID does not know the token.
            if asked is not None and asked.transmission is entry:
                self._peers.prove(entry.peer)
                self._answered(asked, message)

    def _answered(self, asked, message):
        asked.peer.used = self._ticks.add(0)
        self._requests.answered(asked, message)

    # What leaves

    def _reset(self, source, mid):
        self.out(source, _empty(_datagram.RST, mid))

    def _emit(self, peer, data, is_ours=False):
        if not (peer.is_proven or is_ours):
            if peer.credit < len(data):
                self.withheld += 1
                return
            peer.credit -= len(data)
        self.out(peer.address, data)

    def out(self, address, data):
        """A datagram leaves, counted against nobody's credit."""
        try:
            self._send(address, data)
        except OSError:
            pass  # as lost as one on the way


def _nothing_here(request, served):
    served.respond(Message(_code.NOT_FOUND))


def _is_unprotected(request) -> bool:
    return request.option(_option.OSCORE) is None


def _empty(mtype, mid):
    return _datagram.encode(Message(_code.EMPTY), mtype, mid)
