"""The reader: everything built once, wired together, and run."""

import gc

import crypto
from coap.server import Server

from ..access import ClockReading, Decision, Policy, Refused, Trust, reason
from ..access.clock import SOURCE_RTC
from ..access.credential import ROLE_READER
from ..access.event import AccessEvent
from ..door.door import Door
from ..door.indicator import Indicator
from ..door.strike import Strike
from ..door.unlock import UnlockResource
from ..link.connection import let_go, serve
from ..link.contexts import Contexts
from ..link.ephemeral import EphemeralKeys
from ..link.handshake import Responders
from ..link.limits import Limits
from ..link.recent import RecentMessages
from ..link.session import Session
from ..storage.settings import SettingsError

# How much the clocks of the host that enrols and of the board may differ, in seconds.
_CLOCK_SKEW_S = 300


class Reader:
    """One door, decided here.

    ``hardware`` bundles what hal built: ``strike``, ``led``, ``buzzer``, ``clock``, ``ticks``,
    ``random_bytes`` and ``console``. ``private_key`` is the device's X25519 key (32 bytes). Raises
    SettingsError if the certificate in ``settings`` is not this device's.
    """

    def __init__(self, settings, private_key: bytes, hardware, limits=None):
        self.limits = limits or Limits()
        self._hardware = hardware
        self._connections = 0
        self._accepted = 0
        strike = Strike(hardware.strike)
        self.door = Door(strike, Indicator(hardware.led, hardware.buzzer), hardware.ticks)
        trust = Trust(settings.site, settings.authority_keys, settings.zone_keys)
        device = _check_certificate(settings, trust, private_key)
        # The authority signed the certificate then, so it is later now.
        self._no_earlier_than = (device.issued_at or 0) - _CLOCK_SKEW_S
        self._policy = Policy(settings.site, settings.door, settings.zones, settings.strike_ms)
        self._ephemerals = EphemeralKeys(hardware.random_bytes)
        self._contexts = Contexts(self.limits.contexts, hardware.random_bytes(1)[0] % 48)
        self._responders = Responders(
            private_key,
            settings.certificate,
            trust,
            self._ephemerals,
            self._contexts,
            RecentMessages(),
        )
        self._server = Server()
        self._server.add(
            ("doors", None),
            UnlockResource(self._policy, self.read_clock, self.door, self._record),
        )

    def read_clock(self) -> ClockReading:
        """The time to decide with; a clock from before the device was enrolled knows nothing."""
        now = self._hardware.clock.seconds()
        if now is None or now < self._no_earlier_than:
            return ClockReading.unknown()
        return ClockReading(now, SOURCE_RTC)

    async def run(self):
        """Keep a key ready and bring the door to rest after each answer. Runs for ever."""
        self._ephemerals.prepare()
        try:
            await self.door.run()
        finally:
            self.door.close()

    async def connected(self, link):
        """Serve one central from its first byte to its last; never raises for what it sends."""
        self._accepted += 1
        number = self._accepted
        if self._connections >= self.limits.connections:
            await self._turn_away(link, number, reason.TOO_MANY_CONNECTIONS)
            return
        try:
            session = Session(
                self._responders, self._contexts, self._server, self, self.limits, number
            )
        except MemoryError:
            await self._turn_away(link, number, reason.FAULT)
            return
        self._connections += 1
        try:
            why, received, sent = await serve(link, session, self._hardware.ticks, self.limits)
            self._told(number, why, received, sent, session)
        except Exception as error:
            # A bug of ours met by one central must not end the service of the others.
            self._hardware.console.line(
                {"event": "fault", "connection": number, "error": type(error).__name__}
            )
        finally:
            self._connections -= 1
            if not self._connections:
                self.door.rest()
                # While nobody waits: the next phone finds a key ready and the memory whole.
                self._ephemerals.prepare()
                gc.collect()

    def deciding(self):
        """A phone with something to say is being heard (called by the session)."""
        self.door.deciding()

    def refused(self, code: int, connection: int, credential):
        """The link refused something (called by the session): show it and record it."""
        self.door.refuse()
        decision = Decision.refuse(code)
        self._log(
            AccessEvent(decision, self._policy.door, credential, None, self.read_clock()),
            {"connection": connection},
        )

    async def _turn_away(self, link, number, why):
        await let_go(link)
        self._told(number, why, 0, 0, None)

    def _record(self, event, peer):
        self._log(
            event,
            {
                "connection": peer.connection,
                "handshake": peer.handshake,
                "public_key_operations": peer.public_key_operations,
            },
        )

    def _log(self, event, about_link):
        line = {"event": "access"}
        line.update(event.fields())
        line.update(about_link)
        self._hardware.console.line(line)

    def _told(self, number, why, received, sent, session):
        self._hardware.console.line(
            {
                "event": "disconnected",
                "connection": number,
                "reason": None if why is None else reason.name(why),
                "bytes_in": received,
                "bytes_out": sent,
                "round_trips": session.round_trips if session else 0,
                "public_key_operations": session.public_key_operations if session else 0,
            }
        )


def _check_certificate(settings, trust, private_key):
    # A board with a certificate that no phone will believe must not look ready.
    try:
        device = trust.authenticate_device(settings.certificate)
    except Refused as refused:
        raise SettingsError("settings: certificate refused: " + reason.name(refused.reason))
    if device.name != settings.door or device.role != ROLE_READER:
        raise SettingsError("settings: certificate is not for a reader at door " + settings.door)
    if device.public_key != crypto.x25519_public_key(private_key):
        raise SettingsError("settings: certificate is for another board's key")
    return device


def describe(settings) -> dict:
    """What a reader says of itself once it serves."""
    return {
        "event": "ready",
        "site": settings.site,
        "door": settings.door,
        "zones": list(settings.zones),
        "crypto": crypto.backend_name(),
    }
