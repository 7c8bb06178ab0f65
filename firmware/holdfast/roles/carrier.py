"""The carrier: a reader without a strike. It hands on what phones, cards and keys say to the node
that decides, under a context of its own, and shows what that answers.

It has no policy, no key of a zone, no lookup key and nothing that decides: whoever takes it off
its wall has its own key and what people have shown to it since.
"""

import asyncio

from coap.server import Server
from micropython import const

from ..access import Trust, carry, reason
from ..access.credential import ROLE_CARRIER
from ..door.faults import Faults
from ..door.indicator import Indicator
from ..door.lights import Lights
from ..link.carrying import CarryingSession, Handover
from ..link.contexts import Contexts
from ..link.engine import CryptoEngine
from ..link.ephemeral import EphemeralKeys
from ..link.exchanger import Exchanger
from ..link.introduction import Introductions
from ..link.limits import Limits
from ..link.listener import Listener
from ..link.partner import NoAnswer, Partner
from ..link.refusal import LinkRefusal
from ..node.device_keys import check
from ..node.supervisor import Supervisor
from ..storage import files, let_go_late
from ..storage.contexts import ContextStore
from ..storage.sealed import Sealer, derive

_PARTNERS = const(4)  # contexts: of one key two, and of the controller before this one
_BEAT_S = 1
_LOOK_MS = const(30000)  # how often it asks how the door stands

# Red within ten seconds of the controller's last sign: a ping costs four bytes and anybody may
# answer it, so it only puts off the question that proves something.
_PING_MS = const(3000)
_DOUBT_MS = const(5000)
_AGAIN_MS = const(3000)  # the same while nobody answers
_LOOK_WITHIN_MS = const(2500)
_SAME_VISIT_MS = const(2000)  # as of a CardReader
_WAITING = const(4)  # cards, PINs and links that have ended
_FRESH_MS = const(5000)  # a card is of its moment: nobody stands there any more


class Carrier:
    """Carries to the node ``settings.controller``.

    ``hardware`` has ``ticks``, ``random_bytes``, ``console``, ``led`` and ``buzzer``, and perhaps
    a ``watchdog``; ``uptime()`` gives seconds since the start. ``private_key`` is the device's
    X25519 key (32 bytes). What it remembers of its controller lies in ``directory``.
    ``make_way(exchanger)`` gives the way to the controller: ``send``, ``ping``, ``heard`` and
    ``not_heard``, as of node.whereabouts.Whereabouts. ``pause()`` is awaited in long work.
    Raises SettingsError if the certificate in ``settings`` is not this device's.
    """

    def __init__(
        self,
        settings,
        private_key,
        hardware,
        directory,
        uptime,
        make_way,
        limits=None,
        pause=None,
    ):
        self.settings = settings
        self.hardware = hardware
        self.limits = limits or Limits()
        ticks = hardware.ticks
        self._ticks = ticks
        self.keys = check(settings, ROLE_CARRIER, private_key)
        self.trust = Trust(settings.site, settings.authority_keys)
        self.engine = CryptoEngine(pause or _pause)
        self.ephemerals = EphemeralKeys(hardware.random_bytes)
        files.make_directory(directory)
        sealer = Sealer(derive(private_key, "contexts", settings.place), hardware.random_bytes)
        binding = self.keys.device(0).key.x  # pyright: ignore[reportOptionalMemberAccess]
        self.contexts = Contexts(
            0,
            hardware.random_bytes(1)[0] % 48,
            ContextStore(directory + "/contexts", sealer, hardware.random_bytes, binding),
            _PARTNERS,
        )
        self.exchanger = Exchanger(_NoHandshakes(), self.contexts, Server(), self)
        introductions = Introductions(
            self.trust,
            self.ephemerals,
            self.contexts,
            self.engine,
            lambda: self.keys.entries[0][1:],
            _is_welcome,
        )
        self._way = make_way(self.exchanger)
        partner = Partner(
            settings.controller,
            self._way.send,
            introductions,
            self.exchanger,
            self.contexts,
        )
        self._faults = Faults(self.fault)
        self.lights = Lights(Indicator(hardware.led, hardware.buzzer, self._faults), ticks)
        self.handover = Handover(partner, ticks, hardware.random_bytes, self._heard)
        self.listener = Listener(
            self.exchanger,
            self.limits,
            ticks,
            self,
            make_session=lambda origin: CarryingSession(self.handover, origin, self._gone),
        )
        self.supervisor = Supervisor(
            uptime, hardware.console, self.fault, getattr(hardware, "watchdog", None)
        )
        self._waiting = []  # (kind, what it has besides, tick from which on it is of no use)
        self._ended = []  # numbers of links
        self._is_tampered = False
        self._told_tamper = False
        self._awaited = asyncio.Event()
        self._look_at = ticks.add(0)
        self._sign_at = ticks.add(0)  # the controller's last, while it is present
        self._is_present = None  # as was told last
        self._seen = None
        self._seen_until = ticks.add(0)

    def start(self):
        """Show that nobody has answered yet, and be ready to run."""
        self.lights.start()
        self.supervisor.add("lights", self.lights.run)
        self.supervisor.add("carry", self._keep_carrying)
        self.supervisor.add("beat", self._beat)

    async def run(self):
        """Carry, for ever."""
        let_go_late()  # of what only the start needed
        await self.supervisor.run()

    @property
    def is_present(self) -> bool:
        """Whether its controller answers."""
        return self.handover.is_present

    def wiegand_in(self, port, form, console):
        """The job that listens to a Wiegand reader, as of a DoorUnit: what it reads is carried."""
        from ..door.wiegand_in import WiegandIn

        ticks = self._ticks
        return WiegandIn(port, form, self, self.deny, ticks, console, self._faults)

    # What comes

    async def connected(self, link) -> bool:
        """Serve one phone; gives whether it has shown who it is, as the other side says."""
        return await self.listener.connected(link)

    def card(self, number: bytes):
        """A card with this number, 1 to 32 bytes, was held to the reader, or still is."""
        if not 0 < len(number) <= 32:
            return
        is_same = number == self._seen and self._ticks.until(self._seen_until) > 0
        self._seen = number
        self._seen_until = self._ticks.add(_SAME_VISIT_MS)
        if not is_same:
            self._hand_on(carry.CARD, (bytes(number),))

    def pin(self, digits: str):
        """These digits were entered and confirmed."""
        if 0 < len(digits) <= 16:
            self._hand_on(carry.PIN, (digits,))

    def tamper(self, is_on: bool):
        """The reader is being opened, or is whole again. It is told until somebody has heard, each
        time anew: what it was before may have been cleared meanwhile.
        """
        if is_on:
            self._is_tampered = True
            self._told_tamper = False
            self._awaited.set()

    def deny(self):
        """Show a no to whom nothing else can be said."""
        self.lights.told("refused", 900)

    # As of a Listener's observer, and of an Exchanger's

    def arriving(self):
        """A phone is there."""

    def left(self):
        """No phone is there any more."""

    def ended(self, fields):
        """A phone has gone."""
        self.hardware.console.line(fields)

    def answered(self):
        """An answer is on its way."""

    def deciding(self):
        """The other side asks something: there is nothing here."""

    def challenged(self, connection: int):
        """As little."""

    def refused(self, code: int, connection: int, credential, claimed):
        """The link refused something that came by the LAN."""

    def fault(self, piece: str, error):
        """Something of this device failed, or works again, which is None as the error."""
        name = None if error is None else type(error).__name__
        line = {"event": "fault", "piece": piece, "error": name}
        self.hardware.console.line(line)

    # What it does all the time

    def _heard(self, answer):
        is_present = answer is not None
        if is_present:
            self._way.heard()
            self._sign_at = self._ticks.add(0)
            self._look_at = self._ticks.add(_LOOK_MS)
            self.lights.told(answer.shown, answer.ms)
        else:
            self._way.not_heard()
            self._look_at = self._ticks.add(_AGAIN_MS)
            self.lights.away(False)
        if is_present != self._is_present:
            self._is_present = is_present
            self.hardware.console.line({"event": "controller", "present": is_present})

    def _ponged(self, is_there):
        if is_there:
            self._sign_at = self._ticks.add(0)

    def _hand_on(self, kind, rest):
        if len(self._waiting) >= _WAITING:
            self.deny()
            return
        self.lights.told("deciding", 0)
        self._waiting.append((kind, rest, self._ticks.add(_FRESH_MS)))
        self._awaited.set()

    def _gone(self, number):
        # One that is forgotten ends there by itself.
        if number and len(self._ended) < 2 * _WAITING:
            self._ended.append(number)
            self._awaited.set()

    async def _keep_carrying(self):
        while True:
            while self._waiting:
                kind, rest, until = self._waiting.pop(0)
                left = self._ticks.until(until)
                try:
                    if left <= 0:
                        raise NoAnswer("too late")
                    await self.handover.say(kind, rest, left)
                except NoAnswer:
                    self._seen = None
                    self.lights.away(True)
                kind = rest = None  # a number is not kept for longer than it takes
            if self._is_tampered and not self._told_tamper:
                try:
                    await self.handover.say(carry.TAMPER, (True,))
                    self._told_tamper = True
                except NoAnswer:
                    pass  # with the next beat
            elif self._ended:
                try:
                    await self.handover.say(carry.GONE, (self._ended.pop(0),))
                except NoAnswer:
                    pass
                continue
            self._awaited.clear()
            if not self._waiting:
                await self._awaited.wait()

    async def _beat(self):
        while True:
            if self._is_tampered and not self._told_tamper:
                self._awaited.set()
            quiet = -self._ticks.until(self._sign_at) if self.handover.is_present else 0
            if quiet >= _PING_MS:
                self._way.ping(self._ponged)
            if quiet >= _DOUBT_MS or self._ticks.until(self._look_at) <= 0:
                try:
                    await self.handover.say(carry.LOOK, (), _LOOK_WITHIN_MS)
                except NoAnswer:
                    pass  # it is shown, and asked for again
            await asyncio.sleep(_BEAT_S)


class _NoHandshakes:
    """Nobody is introduced to a carrier: it introduces itself."""

    def abandon(self, origin):
        """There is nothing to forget."""

    async def respond(self, payload, origin):
        """What any handshake is answered."""
        from coap import Message, code

        raise LinkRefusal(reason.HANDSHAKE_FAILED, Message(code.NOT_FOUND), drop=False)

    async def finish(self, c_r, message_3, origin):
        """The same."""
        await self.respond(message_3, origin)


def _is_welcome(credential) -> bool:
    # One carrier does not hand on to another: phones would be nobody's.
    return credential.role not in (0, ROLE_CARRIER)


def _pause():
    return asyncio.sleep(0)
