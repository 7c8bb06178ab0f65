"""All that a node remembers: opened when first needed, and again after its storage failed."""

import errno

import cbor
import cose
import crypto
from micropython import const
from untrusted import InvalidInput

from ..access import reason
from ..access.policy.rules import SiteRules
from ..access.tag import name_tag
from ..storage import files
from ..storage.cache.cache import CredentialCache
from ..storage.cache.verified_tokens import VerifiedTokens
from ..storage.certificates import Certificates
from ..storage.clock import ClockStore
from ..storage.contexts import ContextStore
from ..storage.events.log import EventLog
from ..storage.faults import FaultLog
from ..storage.policy.store import PolicyStore
from ..storage.sealed import Sealer, derive

_GRANTS = const(10000)


class Stores:
    """What lies in ``directory``, sealed under keys of the board's ``private_key`` (32 bytes).

    ``settings`` are the checked Settings. ``tell_fault(piece, error)`` hears of every piece that
    could not be read or written, once until it works again. Nothing here raises for flash that
    fails but what says so: a node without memory still answers everybody, with a no and its
    reason.
    """

    def __init__(self, directory: str, settings, private_key: bytes, random_bytes, tell_fault):
        # Named by whose keys it rests on, and by the node: a site made anew under its old name
        # begins anew, and so does a board that is moved to another site or made another node.
        place = crypto.sha256(cbor.encode([settings.root, settings.node]))
        self._base, self._name = directory, place[:8].hex()
        self._directory = directory + "/" + self._name
        self._settings = settings
        self._private_key = private_key
        self._random_bytes = random_bytes
        self._tell_fault = tell_fault
        self._cache = None
        self._policies = None
        self._events = None
        self._faults = None
        self._failed = set()
        # Of a node that has snapshots for others: how many bytes, and where one was brought.
        self.snapshot_room = 0
        self.snapshot_brought = None

    # What decides

    def moment(self) -> tuple:
        """``(SiteRules, what knows cards and groups or None)``, of one changeset.

        Rules that refuse all with STORAGE_FAILED while flash fails.
        """
        try:
            return (self._policies or self.policies()).moment()
        except OSError as error:
            self.fault("policy", error)
            blank = SiteRules(self._settings.site, self._settings.authority_keys)
            return blank.changed(fault=reason.STORAGE_FAILED), None

    @property
    def rules(self) -> SiteRules:
        """The rules in force."""
        return self.moment()[0]

    def policies(self) -> PolicyStore:
        """Where changesets go. Raises OSError."""
        if self._policies is None:
            if self._cache is None:
                self._cache = CredentialCache(
                    self._folder("cache"),
                    self._sealer("cache"),
                    self._random_bytes,
                    _GRANTS,
                )
            self._policies = PolicyStore(
                self._folder("policy"),
                self._sealer("policy"),
                self._settings,
                self._cache,
                self._unseal,
            )
            if self.snapshot_room:
                from ..storage.policy.parts import Parts

                folder = self._folder("policy")
                parts = Parts(folder, self.snapshot_room, self.snapshot_brought)
                self._policies.keep_parts(parts)
            self.fault("policy", None)
            self.fault("cache", None)
        return self._policies

    def zone_key(self, zone: str):
        """The key (cose.Key) that guests' tokens of this zone are made with now, None if this
        node has none.
        """
        tag = name_tag(zone)
        try:
            policies = self.policies()
            key = policies.ring.zone_key(tag, policies.rules.zone_key_number(tag))
        except OSError as error:
            self.fault("policy", error)
            return None
        return None if key is None else cose.Key.symmetric(key, cose.ALG_HMAC_256)

    def lookup_key(self) -> bytes:
        """The key, 32 bytes, under which cards and PINs are known now.

        Raises OSError, also if this node has not got the one that they are kept under.
        """
        policies = self.policies()
        number, key = self._settings.lookup
        wanted = policies.rules.lookup
        if wanted and wanted != number:
            key = policies.ring.lookup_key(wanted)
            if key is None:
                raise OSError("no lookup key %d" % wanted)
        return key

    def _unseal(self, ephemeral, purpose, sealed):
        from ..access.policy import sealing  # when keys come, and not to open a door

        return sealing.open(self._private_key, ephemeral, purpose, sealed)

    # What records

    def events(self) -> EventLog:
        """The event log. Raises OSError while it cannot be opened."""
        if self._events is None:
            self._events = EventLog(
                self._folder("events"),
                self._settings.audit_key,
                self._private_key,
                self._random_bytes,
            )
            self._events.calls_for_help = self._calls_for_help
        return self._events

    def _calls_for_help(self, fields):
        cache = self.moment()[1]
        try:
            for key in (fields.get("card"), fields.get("second")):
                if key is not None and cache is not None:
                    for grant in cache.grants(key):
                        if grant.is_duress:
                            return True
        except (OSError, InvalidInput):
            pass  # it goes up with the others
        return False

    def tidy_places(self) -> int:
        """Let what is left of other places the board was at go, or come within its share.

        Gives how many events had to go that nobody had acknowledged. Flash that fails is told.
        """
        try:
            # Most boards were never anywhere else, and need none of it.
            ours = len(self._name)
            if len([name for name in files.names(self._base) if len(name) == ours]) < 2:
                return 0
            from ..storage import places

            lost = places.tidy(self._base, self._name, self._private_key, self._random_bytes)
            self.fault("places", None)
            return lost
        except OSError as error:
            self.fault("places", error)
            return 0

    def left_events(self):
        """The EventLog of the place that the board has left, if it is of the same auditor.

        Raises OSError, also if there is none.
        """
        from ..storage import places

        log = places.left_events(
            self._base,
            self._name,
            self._settings.audit_key,
            self._private_key,
            self._random_bytes,
        )
        if log is None:
            raise OSError(errno.ENOENT)
        return log

    # What counts

    def use_of(self, request, door: str) -> int:
        """Put into a CardRequest how often what it shows was used, if that counts at this door.

        Gives the reason code with which a grant becomes a refusal, else 0 (storage/uses.py).
        """
        from ..storage import uses  # few cards count

        rules, cache = self.moment()
        try:
            return uses.of_request(request, name_tag(door), self.events(), cache)
        except OSError:
            return reason.EVENT_LOG_FAILED

    def settle_uses(self) -> bool:
        """Count what an event says was used and is not counted yet; False while that fails."""
        try:
            log = self.events()
            if log.uncounted() is not None:
                from ..storage import uses

                uses.settle(log, self.moment()[1])
        except (OSError, InvalidInput) as error:
            self.fault("uses", error)
            return False
        self.fault("uses", None)
        return True

    # What else is kept

    def verified_tokens(self) -> VerifiedTokens:
        """Which tokens need no verification."""
        key = derive(self._private_key, "tokens", self._settings.place, 32)
        return VerifiedTokens(self._directory + "/tokens", self._sealer("token ring"), key)

    def apply_steps(self, raw: bytes):
        """Take the changeset ``raw``, or a snapshot's head or part; False if it was known.

        In steps, as in :mod:`crypto`, one such work at a time: until the last of them the old
        moment holds, and ``close()`` leaves it. ``tidy_steps`` come next. Raises InvalidInput, of
        which Busy (storage/policy/acceptance.py) says nothing of ``raw``, and OSError.
        """
        from ..storage.policy import incoming

        try:
            is_news = yield from incoming.take_steps(self.policies(), raw)
        except OSError as error:
            self.fault("policy", error)
            raise
        self.fault("policy", None)
        return is_news

    def tidy_steps(self):
        """Steps that make room for the next changeset; none if there is enough.

        Bounded in number. A changeset that comes meanwhile ends them, and makes room itself.
        """
        cache = self.moment()[1]
        try:
            if cache is not None and cache.wants_compaction:
                yield from cache.compact_steps()
        except (OSError, InvalidInput) as error:
            self.fault("cache", error)
        if self._events is not None and cache is not None:
            self.settle_uses()

    @property
    def collected(self) -> str:
        """Where a collector keeps copies of others' events; made with the first."""
        return self._directory + "/collected"

    def snapshot_number(self):
        """The number that a snapshot stands at which others can have here, None if there is none.

        Raises OSError.
        """
        policies = self.policies()
        if policies.parts is None:
            return None
        return policies.parts.number(policies.rules.number)

    def clock_store(self) -> ClockStore:
        """Where the clock's floor is kept. Raises OSError."""
        return ClockStore(self._folder("clock"), self._sealer("clock"))

    def faults(self) -> FaultLog:
        """What failed lately, and where."""
        if self._faults is None:
            self._faults = FaultLog(self._directory + "/faults")
        return self._faults

    def certificates(self) -> Certificates:
        """Where certificates are kept that came after the settings."""
        return Certificates(self._directory)

    def attempts(self, door: str):
        """Where it is kept how many wrong PINs there were at this door."""
        from ..storage.attempts import AttemptsStore  # only for doors with a keypad

        return AttemptsStore(self._directory, door, self._sealer("attempts"))

    def tampered(self):
        """Where it is kept which carriers were tampered with."""
        from ..storage.tampered import TamperedStore  # only for doors that somebody carries for

        return TamperedStore(self._directory, self._sealer("tampered"))

    def context_store(self, binding: bytes) -> ContextStore:
        """Where the phones it knows are kept, for as long as ``binding`` is the same."""
        try:
            files.make_directory(self._directory)
        except OSError:
            pass  # the store finds no place, and says so
        return ContextStore(
            self._directory + "/contexts",
            self._sealer("contexts"),
            self._random_bytes,
            binding,
            self.fault,
        )

    def fault(self, piece: str, error):
        """A piece fails with ``error``, or works again if that is None."""
        if error is None:
            self._failed.discard(piece)
        elif piece not in self._failed:
            self._failed.add(piece)
            self._tell_fault(piece, error)

    def _folder(self, name):
        files.make_directory(self._directory)
        return self._directory + "/" + name

    def _sealer(self, label):
        return Sealer(derive(self._private_key, label, self._settings.place), self._random_bytes)
