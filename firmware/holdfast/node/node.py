"""What every device is, with a door or without: who it is, whom it believes, what it keeps."""

import asyncio
import errno
import gc

import crypto
from coap.server import Server
from untrusted import InvalidInput

from ..access import Trust, reason
from ..access.credential import ROLE_READER
from ..access.decide import is_void, may
from ..access.events.event import (
    CERTIFICATE_ENDING,
    DATED_AHEAD,
    LOCKDOWN,
    POLICY_APPLIED,
    POLICY_REFUSED,
    STARTED,
    STORAGE_FAULT,
)
from ..access.trust import is_ending
from ..link.contexts import Contexts
from ..link.engine import CryptoEngine
from ..link.ephemeral import EphemeralKeys
from ..link.exchanger import Exchanger
from ..link.handshake import Handshakes
from ..link.limits import Limits
from ..link.pending import PendingHandshakes
from ..link.recent import RecentMessages
from .device_keys import DeviceKeys
from .recorder import Recorder
from .stores import Stores
from .supervisor import Supervisor
from .timekeeper import Timekeeper

_HANDSHAKE_MS = 5000  # from message_2 to message_3
_TIDY_EVERY_S = 5


class Node:
    """Identity, trust, stores, clock, recorder, exchanger and supervisor of one device.

    ``doors`` are its door units by name, none on some; a role puts them there. ``hardware``
    bundles what hal built: ``clock``, ``ticks``, ``random_bytes``, ``console``, and perhaps a
    ``watchdog``. ``private_key`` is the device's X25519 key (32 bytes), ``p256_private_key`` the
    one that goes with a P-256 certificate in ``settings``, if there is one. What is to be
    remembered lies in ``directory``; ``context_store`` is for the phones it knows, in the place of
    the one there. ``pause()`` is awaited in the middle of long work.

    Nothing is read, written or told before ``start``. Raises SettingsError if a certificate in
    ``settings`` is not this device's.
    """

    ROLE = ROLE_READER  # what its certificate must say that it is
    DEVICES = 8  # how many associations with other nodes it keeps, beside its phones'
    neighbours = None  # the Neighbours of a node that has a LAN
    is_offline = False  # whether its controller is not there

    _carriers = None  # until one speaks
    keys: DeviceKeys
    contexts: Contexts
    handshakes: Handshakes
    exchanger: Exchanger

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
        self.hardware = hardware
        self.doors = {}
        crypto.self_test(settings.p256_certificate is not None)
        from .device_keys import check

        self.keys = check(settings, self.ROLE, private_key, p256_private_key)
        self._telling, self._is_end_told = None, False  # of the certificates in force
        self._rules = None  # what all goes by that was told of it
        self._told = 0  # number of the changeset that an event was about
        self._locked = {}  # door: whether it was said to be locked down
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
            settings.clock_offset,
        )
        self.recorder = Recorder(self.stores.events, hardware.console, self.timekeeper)
        self.supervisor = Supervisor(
            self.timekeeper.uptime,
            hardware.console,
            self.fault,
            getattr(hardware, "watchdog", None),
        )
        self.tokens = self.stores.verified_tokens()
        self.trust = Trust(
            settings.site, settings.authority_keys, self.stores.zone_key, self.tokens
        )
        self._pause = pause or _pause
        self._storing = asyncio.Lock()
        self.engine = CryptoEngine(self._pause)
        self.ephemerals = EphemeralKeys(hardware.random_bytes, self.keys.suites)
        self.server = Server(self._resource)
        # For the device's key: another certificate for it leaves the phones it knows.
        self._binding = self.keys.device(0).key.x  # pyright: ignore[reportOptionalMemberAccess]
        self._context_store = context_store

    def start(self):
        """Read what is kept, say that the device has started, and go by the policy in force.

        Raises nothing for storage that fails: who asks is told.
        """
        self.contexts = Contexts(
            self.limits.contexts,
            self.hardware.random_bytes(1)[0] % 48,
            self._context_store or self.stores.context_store(self._binding),
            self.DEVICES,
        )
        self.handshakes = Handshakes(
            self.keys.entries,
            self.trust,
            self.ephemerals,
            self.contexts,
            PendingHandshakes(self.hardware.ticks, _HANDSHAKE_MS, self.contexts.release),
            RecentMessages(),
            self.engine,
            self.may_be_remembered,
        )
        self.exchanger = Exchanger(self.handshakes, self.contexts, self.server, self)
        # Machine code that comes late finds no memory of its kind any more.
        crypto.load(self.settings.p256_certificate is not None)
        lost = self.stores.tidy_places()
        self.keep_up()
        self.recorder.note(STARTED, {"changeset": self._rules and self._rules.number})
        if lost:
            told = "events of a place that was left are gone"
            self.recorder.note(STORAGE_FAULT, {"count": lost, "detail": told})
        self.tell_ending()
        self.tell_clock()
        self.recorder.pay()

    # What it goes by

    def apply(self, raw: bytes) -> bool:
        """What ``apply_in_steps`` does, in one piece: for a start, while nobody is served."""
        try:
            is_news = crypto.finish(self.stores.apply_steps(raw))
        except InvalidInput as error:
            self.recorder.note(POLICY_REFUSED, {"detail": str(error)}, anybody=True)
            raise
        self.keep_up()
        return is_news

    async def apply_in_steps(self, raw: bytes) -> bool:
        """Follow the signed changeset ``raw``, or take the head of a snapshot or its next part,
        whoever brought it; False if it was known.

        In steps, between which the door decides and phones are served. Raises InvalidInput, whose
        text says why not, and OSError; both are recorded.
        """
        gc.collect()  # of all that is loaded for this, nothing is to lie amid what goes with it
        from ..storage.policy.acceptance import Busy

        try:
            is_news = await self._store_work(self.stores.apply_steps(raw))
        except Busy:
            raise OSError(errno.EAGAIN)  # nothing is wrong with what came
        except InvalidInput as error:
            self.recorder.note(POLICY_REFUSED, {"detail": str(error)}, anybody=True)
            raise
        self.keep_up()
        return is_news

    async def _store_work(self, steps):
        """The value of ``steps`` of the stores, of which one piece goes on at a time."""
        try:
            await self._storing.acquire()
            try:
                while True:
                    next(steps)
                    await self._pause()
            except StopIteration as end:
                return end.value
            finally:
                self._storing.release()
        finally:
            steps.close()

    def keep_up(self):
        """Let everything go by the policy in force, however it came to be that.

        It may have come as a snapshot, or with a changeset that flash took and said it did not.
        What ends in the middle is done the next time: each mark is made after its effect.
        """
        rules = self.stores.rules
        before = self._rules
        if rules is before or rules.fault == reason.STORAGE_FAILED:
            return
        self.trust.authority_keys = rules.anchors
        self.timekeeper.heard_signed(rules.issued_at, "changeset")
        views = self._views()
        if views:
            self.contexts.forget_credentials(lambda credential: is_void(credential, views[0]))
        if before is None:
            from .renewal import load

            load(self, rules)
        elif rules.number > self._told:
            self.recorder.note(POLICY_APPLIED, {"changeset": rules.number})
        self._told = rules.number
        for view in views:
            is_locked = view.is_locked_down
            if self._locked.get(view.door, is_locked) != is_locked:
                self.recorder.note(LOCKDOWN, {"door": view.door, "on": is_locked})
            self._locked[view.door] = is_locked
        self._rules = rules
        if self.neighbours is not None:
            self.neighbours.kept_up()

    def renew(self, raw: bytes) -> bool:
        """Go on with the later certificate ``raw``, whoever brought it; False if it is in force.

        The phones it knows stay known. Raises InvalidInput, whose text says why not, and OSError.
        """
        from .renewal import renew

        if not renew(self, raw):
            return False
        self._is_end_told = False
        self.tell_ending()
        return True

    def tell_ending(self):
        """Say that the certificate ends: once a start, and once when it comes to that."""
        expires = self.keys.expires
        if not self._is_end_told and is_ending(expires, self.timekeeper.read()):
            self.recorder.note(CERTIFICATE_ENDING, {"expires": expires})
            self._is_end_told = True

    @property
    def telling(self):
        """The Telling of this start: who says what time it is."""
        if self._telling is None:
            from .telling import Telling

            self._telling = Telling(self)
        return self._telling

    @property
    def carriers(self):
        """The Carriers of its doors; made, and loaded, where one speaks."""
        from .carriers import Carriers

        self._carriers = self._carriers or Carriers(self, Limits())
        return self._carriers

    def told_time(self, time: int, error_s: int, by=None) -> bool:
        """Whether it can be ``time``, off by at most ``error_s``, as ``by`` says; OSError."""
        return self.telling.told(time, error_s, by)

    def tell_clock(self):
        """Record what has happened to the clock."""
        for kind, fields in self.timekeeper.news():
            # What is dated ahead anybody may show, again and again.
            self.recorder.note(kind, fields, anybody=kind == DATED_AHEAD)

    def may(self, credential, action) -> int:
        """The exact reason code why ``credential`` may not do ``action`` at each of the doors
        here, 0 for yes.
        """
        refusal = reason.NO_SUCH_DOOR
        for view in self._views():
            refusal = may(credential, action, view, self.timekeeper.read())
            if refusal:
                break
        return refusal

    def may_be_remembered(self, credential) -> bool:
        """Whether a phone with this credential is worth a remembered context: it is neither void
        nor over.
        """
        views = self._views()
        return bool(views) and not is_void(credential, views[0], self.timekeeper.read())

    # What it does all the time

    def add_jobs(self, is_idle):
        """Have the supervisor run what every node does; ``is_idle()`` says whether nobody is
        connected.
        """
        self.supervisor.add("clock", self.timekeeper.run)
        self.supervisor.add("tidy", self._tidy)
        self.supervisor.add("keys", lambda: self.make_ahead(is_idle))

    async def make_ahead(self, is_idle):
        """What the next phone need not wait for, while ``is_idle()``."""
        await self.ephemerals.prepare(self.engine, is_idle, self.trust.signer)

    async def _tidy(self):
        while True:
            await asyncio.sleep(_TIDY_EVERY_S)
            try:
                self.keep_up()
                self.recorder.pay()
                self.tell_ending()
                self.tell_clock()
                now = self.timekeeper.read().now
                if now is not None:
                    self.contexts.forget_ended(now)
                # Whoever is connected: a crowd must not be able to fill the journal.
                await self._store_work(self.stores.tidy_steps())
            except MemoryError:
                pass  # there will be some the next time

    # What the exchanger tells

    def deciding(self):
        """A phone with something to say is being heard."""
        for unit in self.doors.values():
            unit.doorway.deciding()

    def challenged(self, connection: int):
        """A known phone must show that its request is new."""
        self.hardware.console.line({"event": "challenged", "connection": connection})

    def answered(self):
        """An answer is on its way, or never will be."""
        self.recorder.flush()

    def refused(self, code: int, connection: int, credential, claimed):
        """The link refused something: show it and record it."""
        about = {"connection": connection}
        for unit in self.doors.values():
            unit.access_point.refuse(code, credential, about, None, claimed)
            return

    # What fails

    def fault(self, piece: str, error):
        """Something of this device failed with ``error``: shown, and kept with where it was."""
        fields = {"event": "fault", "piece": piece, "error": type(error).__name__}
        try:
            from .traceback import place

            fields["place"] = place(error)
            self.stores.faults().note(piece, fields["error"], fields["place"])
        except MemoryError:
            pass  # what it is comes before where
        self._show(fields)

    def _storage_failed(self, piece, error):
        self._show(
            {"event": "fault", "piece": piece, "error": "%s: %s" % (type(error).__name__, error)}
        )
        # Kept a little later: it may be in the middle of keeping something that flash failed.
        self.recorder.owe(STORAGE_FAULT, {"detail": piece})

    def _show(self, fields):
        try:
            self.hardware.console.line(fields)
        except (MemoryError, OSError):
            pass  # nobody looks, or nobody can

    def _resource(self, path):
        from ..resources.find import find

        return find(self, path)

    def _views(self):
        return [unit.access_point.moment()[0] for unit in self.doors.values()]


def _pause():
    return asyncio.sleep(0)  # awaited by who asked: a coroutine in between is one more each time
