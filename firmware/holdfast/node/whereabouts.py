"""Where on the LAN the one node is that this one has to do with, and what goes to it.

For who has no other business there. Nothing here decides, or knows of any policy.
"""

import crypto
from coap import CoAPError, code, option
from micropython import const
from untrusted import InvalidInput

from ..access.tag import name_tag
from ..lan.discovery import Discovery
from ..lan.endpoint import LanEndpoint
from ..link.origin import Origin
from ..link.partner import NoAnswer
from ..sync import hint
from ..sync.seeking import Seeking

_SECRET = const(16)

# Who has lost an answer asks again: what is said twice is heeded once. A handshake said anew is
# reckoned anew, so it has the time that it takes.
_PROTECTED_MS = const(1500)
_HANDSHAKE_MS = const(6000)

# Somebody stands at a door without its controller: it is sought more eagerly than a neighbour.
_FIRST_MS = const(5000)
_LONGEST_MS = const(60000)


class Whereabouts:
    """Of the node ``settings.controller``, by ``socket`` (hal.*.udp.Udp).

    ``hardware`` has ``ticks`` and ``random_bytes``, ``exchanger`` answers what comes, and
    ``now()`` gives milliseconds since the start, which never wrap.

    It is sought at the addresses in ``settings.peers``, and where a hint says that it is; while it
    is missed, all are asked for that. Who is there is for others to prove: whoever asks says by
    ``heard`` and ``not_heard`` what came of it.
    """

    def __init__(self, socket, hardware, settings, exchanger, now):
        self._ticks = hardware.ticks
        self._now = now
        secret = hardware.random_bytes(_SECRET)
        self.lan = LanEndpoint(
            socket,
            hardware.ticks,
            hardware.random_bytes,
            lambda data: crypto.hmac_sha256(secret, data),
            exchanger,
            _origin,
        )
        self.lan.endpoint.hear = self._hear  # pyright: ignore[reportAttributeAccessIssue]
        self._tag = name_tag(settings.controller)
        self._own_tag = name_tag(settings.node)
        self._to_all = socket.to_all
        self._seeking = Seeking(hardware.random_bytes, now())
        self._discovery = Discovery(
            hardware.random_bytes,
            now(),
            self._is_met,
            [socket.address_of(*peer) for peer in settings.peers],
            self._tag,
            _FIRST_MS,
            _LONGEST_MS,
        )
        self._proven = None  # where it was last
        self._is_doubted = True
        self._trying = None  # where it is asked now, perhaps for the first time
        self._try()

    async def send(self, request):
        """The response to the Message ``request``, of whoever is there. Raises NoAnswer and
        CoAPError.
        """
        address = self._address()
        if address is None:
            raise NoAnswer("nobody knows where it is")
        is_met = request.option(option.OSCORE) is not None
        is_known = is_met and request.option(option.EDHOC) is None
        due = self._ticks.add(_PROTECTED_MS if is_known else _HANDSHAKE_MS)
        return await self.lan.exchange(address, request, due)

    def ping(self, answered):
        """Whether somebody is there: ``answered(is_there)``, or nothing."""
        address = self._address()
        if address is not None:
            try:
                self.lan.endpoint.ping(address, answered)
            except CoAPError:
                pass  # too much is under way: no sign

    def heard(self):
        """What was sent last the node itself has answered."""
        if self._trying is not None:
            self._proven = self._trying
            self._end(True)
        self._is_doubted = False
        self._seeking.ended()

    def not_heard(self):
        """It has not: next it is asked at another address, if there is one to be tried now."""
        if self._trying is not None:
            self._end(False)
        self._is_doubted = True
        if self._to_all is not None and self._seeking.is_due(self._now()):
            # Of before any policy, as it has none.
            message = hint.message(0, bytes(hint.HEAD), self._own_tag, True, self._tag)
            self.lan.endpoint.tell(self._to_all, message)
        self._try()

    def _address(self):
        return self._proven if self._trying is None else self._trying

    def _try(self):
        attempt = self._discovery.run(self._now())
        self._trying = None if attempt is None else attempt[0]

    def _end(self, is_known):
        self._trying = None
        self._discovery.ended(is_known, self._now())

    def _is_met(self, address):
        return address == self._proven and not self._is_doubted

    def _hear(self, source, request):
        # Anybody may say so: it costs an attempt, of which there are a few a minute.
        if request.code != code.POST or request.uri_path() != (hint.PATH,):
            return
        try:
            said = hint.parse(request.payload)
        except InvalidInput:
            return
        if said[2] == self._tag and not self._is_met(source):
            self._discovery.heard(source, self._tag, self._now())


def _origin():
    return Origin(0, False, True)
