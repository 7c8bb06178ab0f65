"""The reader: everything built once, wired together, and run."""

import asyncio
import gc

import crypto
from coap.server import Server
from untrusted import InvalidInput

from ..access import Trust, reason
from ..access.decide import is_void, may
from ..access.events.event import (
    CERTIFICATE_ENDING,
    CERTIFICATE_RENEWED,
    CLOCK_SET,
    LOCKDOWN,
    POLICY_APPLIED,
    POLICY_REFUSED,
    STARTED,
    STORAGE_FAULT,
)
from ..access.trust import is_ending
from ..door.access_point import AccessPoint
from ..door.doorway import Doorway
from ..door.indicator import Indicator
from ..door.strike import Strike
from ..link.computing import Bill, Computing
from ..link.connection import let_go, serve
from ..link.contexts import Contexts
from ..link.ephemeral import EphemeralKeys
from ..link.handshake import Responders
from ..link.limits import Limits
from ..link.recent import RecentMessages
from ..link.session import Session
from ..node import device_keys
from ..node.recorder import Recorder
from ..node.stores import Stores
from ..node.timekeeper import Timekeeper
from ..resources.doors import UnlockResource

_TIDY_EVERY_S = 5


class Reader:
    """One door, decided here.

    ``hardware`` bundles what hal built: ``strike``, ``led``, ``buzzer``, ``clock``, ``ticks``,
    ``random_bytes`` and ``console``. ``private_key`` is the device's X25519 key (32 bytes),
    ``p256_private_key`` the one that goes with a P-256 certificate in ``settings``, if there is
    one. What is to be remembered lies in ``directory``; ``context_store`` is for the phones it
    knows, in the place of the one there. ``pause()`` is awaited in the middle of long work. Raises
    SettingsError if a certificate in ``settings`` is not this device's; nothing for storage that
    fails: who asks is told.
    """

    def __init__(
        self,
        settings,
        private_key: bytes,
        hardware,
        directory: str,
        limits=None,
        context_store=None,
        p256_private_key=None,
        pause=None,
    ):
        self.limits = limits or Limits()
        self.settings = settings
        self._hardware = hardware
        self._card_reader = None
        self._connections = 0
        self._accepted = 0
        first_identifier = hardware.random_bytes(1)[0] % 48
        strike = Strike(hardware.strike)
        self.door = Doorway(strike, Indicator(hardware.led, hardware.buzzer), hardware.ticks)
        crypto.self_test(settings.p256_certificate is not None)
        self.keys = device_keys.check(settings, private_key, p256_private_key)
        self._is_end_told = False  # of the certificates in force
        self._is_locked_down = False
        self._rules = None  # what all goes by that was told of it
        self._early = []  # pieces of storage that failed before anything could be recorded
        self.stores = Stores(
            directory, settings, private_key, hardware.random_bytes, self._storage_failed
        )
        self.timekeeper = Timekeeper(
            hardware.clock,
            hardware.ticks,
            self.stores.clock_store,
            lambda: self.stores.rules,
            self.keys.issued_at,
            lambda error: self.stores.fault("clock", error),
        )
        self._tokens = self.stores.verified_tokens()
        self._trust = Trust(
            settings.site, settings.authority_keys, self.stores.zone_key, self._tokens
        )
        self._recorder = Recorder(self.stores.events, hardware.console, self.timekeeper)
        for piece in self._early:
            self._recorder.owe(STORAGE_FAULT, {"detail": piece})
        self._early = None
        door, strike_ms = settings.doors[0]
        self._access_point = AccessPoint(
            door, strike_ms, self.stores, self.timekeeper, self.door, self._recorder
        )
        self._computing = Computing(pause or _pause)
        self._ephemerals = EphemeralKeys(hardware.random_bytes, self.keys.suites)
        self._contexts = Contexts(
            self.limits.contexts,
            first_identifier,
            # For the device's key: another certificate for it leaves the phones it knows.
            context_store or self.stores.context_store(crypto.x25519_public_key(private_key)),
        )
        self._responders = Responders(
            self.keys.entries,
            self._trust,
            self._ephemerals,
            self._contexts,
            RecentMessages(),
            self._computing,
            self.may_be_remembered,
        )
        self._server = Server(self._resource)
        self._server.add(("doors", None), UnlockResource(self._access_point))
        lost = self.stores.tidy_places()
        self.keep_up()
        self._recorder.note(STARTED, {"changeset": self._rules and self._rules.number})
        if lost:
            told = {"count": lost, "detail": "events of a place that was left are gone"}
            self._recorder.note(STORAGE_FAULT, told)
        self._tell_ending()
        self._recorder.pay()

    @property
    def card_reader(self):
        """The CardReader for antenna and keypad; made, and loaded, for a board that has them."""
        if self._card_reader is None:
            from ..access.attempts import PinAttempts
            from ..door.card_reader import CardReader

            self._card_reader = CardReader(
                self.stores.lookup_key,
                self._access_point,
                PinAttempts(),
                self.timekeeper.uptime,
            )
        return self._card_reader

    @property
    def recorder(self):
        """What keeps events."""
        return self._recorder

    def _resource(self, path):
        from ..resources.find import find

        return find(self, path)

    def follow(self, raw: bytes) -> bool:
        """Follow the signed changeset ``raw``, or take the head of a snapshot or its next part,
        whoever brought it; False if it was known.

        Raises InvalidInput, whose text says why not, and OSError; both are recorded.
        """
        from ..storage.policy import incoming

        try:
            is_news = incoming.take(self.stores.policies(), raw)
        except InvalidInput as error:
            self._recorder.note(POLICY_REFUSED, {"detail": str(error)}, anybody=True)
            raise
        except OSError as error:
            self.stores.fault("policy", error)
            raise
        self.stores.fault("policy", None)
        self.keep_up()
        return is_news

    def keep_up(self):
        """Let everything go by the policy in force, however it came to be that.

        It may have come as a snapshot, or with a changeset that flash took and said it did not.
        """
        view, _ = self._access_point.moment()
        rules = view.rules
        before = self._rules
        if rules is before or rules.fault == reason.STORAGE_FAILED:
            return
        self._rules = rules
        self._trust.authority_keys = rules.anchors
        self.timekeeper.heard_signed(rules.issued_at)
        self._contexts.forget_credentials(lambda credential: is_void(credential, view))
        was_locked_down = self._is_locked_down
        self._is_locked_down = view.is_locked_down
        if before is None:
            self._load_renewals(rules)
            return
        if rules.number > before.number:
            self._recorder.note(POLICY_APPLIED, {"changeset": rules.number})
        if view.is_locked_down != was_locked_down:
            self._recorder.note(LOCKDOWN, {"on": view.is_locked_down})

    def renew(self, raw: bytes) -> bool:
        """Go on with the later certificate ``raw``, whoever brought it; False if it is in force.

        The phones it knows stay known. Raises InvalidInput, whose text says why not, and OSError.
        """
        device = self.keys.renewed(raw, self.settings, self.stores.rules)
        if device is None:
            return False
        # On flash first: what is in force is so after a restart, too.
        try:
            self.stores.certificates().write(device.suite, raw)
        except OSError as error:
            self.stores.fault("certificates", error)
            raise
        self.stores.fault("certificates", None)
        self.keys.put_renewed(device, raw)
        self._responders.show(self.keys.entries)
        self._is_end_told = False
        self.timekeeper.heard_signed(device.issued_at)
        fields = {"issued": device.issued_at, "expires": device.expires}
        self._recorder.note(CERTIFICATE_RENEWED, fields)
        self._tell_ending()
        return True

    def _load_renewals(self, rules):
        before = tuple(self.keys.entries)
        try:
            device_keys.renew(self.keys, self.settings, rules, self.stores.certificates())
        except OSError as error:
            self.stores.fault("certificates", error)
        if tuple(self.keys.entries) != before:
            self._responders.show(self.keys.entries)
            self.timekeeper.heard_signed(self.keys.issued_at or 0)

    def _tell_ending(self):
        # Once a start, and once when it comes to that.
        expires = self.keys.expires
        if not self._is_end_told and is_ending(expires, self.timekeeper.read()):
            self._is_end_told = True
            self._recorder.note(CERTIFICATE_ENDING, {"expires": expires})

    def told_time(self, time: int, error_s: int) -> bool:
        """Whether it is believed that it is ``time``, off by at most ``error_s``; OSError."""
        is_believed = self.timekeeper.told(time, error_s)
        if is_believed:
            self._recorder.note(CLOCK_SET, {})
        return is_believed

    def may(self, credential, action) -> int:
        """The exact reason code why ``credential`` may not do ``action`` here, 0 for yes."""
        view, _ = self._access_point.moment()
        return may(credential, action, view, self.timekeeper.read())

    def may_be_remembered(self, credential) -> bool:
        """Whether a phone with this credential is worth a remembered context: it is neither void
        nor over.
        """
        view, _ = self._access_point.moment()
        return not is_void(credential, view, self.timekeeper.read())

    def _storage_failed(self, piece, error):
        self._hardware.console.line(
            {"event": "fault", "piece": piece, "error": "%s: %s" % (type(error).__name__, error)}
        )
        # Kept a little later: it may be in the middle of keeping something that flash failed.
        if self._early is not None:
            self._early.append(piece)
        else:
            self._recorder.owe(STORAGE_FAULT, {"detail": piece})

    async def run(self):
        """Keep keys ready and bring the door to rest after each answer. Runs for ever."""
        running = (self.timekeeper.run(), self._tidy(), self._prepare_keys())
        tasks = [asyncio.create_task(task) for task in running]
        try:
            await self.door.run()
        finally:
            for task in tasks:
                task.cancel()
            self.door.close()

    async def _prepare_keys(self):
        # One at a time, and none more once a phone is there: it waits for the one that is being
        # made, which may be what it needs.
        bill = Bill()  # nobody's
        while not self._connections and self._ephemerals.missing is not None:
            steps = self._ephemerals.prepare_steps(self._ephemerals.missing)
            try:
                await self._computing.run(steps, bill)
            except (MemoryError, InvalidInput):
                break  # memory, or random bytes that make a key: the next time

    async def _tidy(self):
        while True:
            await asyncio.sleep(_TIDY_EVERY_S)
            try:
                self._recorder.pay()
                self._tell_ending()
                if not self._connections:
                    for _ in self.stores.tidy_steps():
                        await asyncio.sleep(0)
                        if self._connections:
                            break
            except MemoryError:
                pass  # there will be some the next time

    async def connected(self, link):
        """Serve one central from its first byte to its last; never raises for what it sends."""
        self._accepted += 1
        number = self._accepted
        self.keep_up()
        if self._connections >= self.limits.connections:
            await self._turn_away(link, number, reason.TOO_MANY_CONNECTIONS)
            return
        try:
            session = Session(
                self._responders, self._contexts, self._server, self, self.limits, number
            )
        except MemoryError:
            self._contexts.make_room()
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
                self._tokens.settle()
        if not self._connections:
            # While nobody waits: the next phone finds a key ready and the memory whole.
            await self._prepare_keys()
            gc.collect()
            if not self._connections:
                self._contexts.move()

    def deciding(self):
        """A phone with something to say is being heard (called by the session)."""
        self.door.deciding()

    def challenged(self, connection: int):
        """A known phone must show that its request is new (called by the session)."""
        self._hardware.console.line({"event": "challenged", "connection": connection})

    def answered(self):
        """An answer is on its way (called by the session)."""
        self._access_point.settle()

    def refused(self, code: int, connection: int, credential, claimed):
        """The link refused something (called by the session): show it and record it."""
        self._access_point.refuse(code, credential, {"connection": connection}, None, claimed)

    async def _turn_away(self, link, number, why):
        await let_go(link)
        self._told(number, why, 0, 0, None)

    def _told(self, number, why, received, sent, session):
        self._recorder.pay()
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


async def _pause():
    await asyncio.sleep(0)


def describe(settings) -> dict:
    """What a reader says of itself once it serves."""
    return {
        "event": "ready",
        "site": settings.site,
        "node": settings.node,
        "doors": [door for door, _ in settings.doors],
        "suites": [0] if settings.p256_certificate is None else [0, 2],
        "crypto": crypto.backend_name(),
        "crypto_reason": crypto.backend_reason(),
    }
