"""All that a reader remembers: opened when first needed, and again after its storage failed."""

import cbor
import crypto
from micropython import const
from untrusted import InvalidInput

from ..access import Policy, reason
from ..storage import files
from ..storage.cache.cache import CredentialCache
from ..storage.cache.verified_tokens import VerifiedTokens
from ..storage.clock import ClockStore
from ..storage.contexts import ContextStore
from ..storage.events.log import EventLog
from ..storage.policy.store import PolicyStore
from ..storage.sealed import Sealer, derive

_GRANTS = const(10000)


class Stores:
    """What lies in ``directory``, sealed under keys of the board's ``private_key`` (32 bytes).

    ``settings`` are the checked Settings. ``tell_fault(piece, error)`` hears of every piece that
    could not be read or written, once until it works again. Nothing here raises for flash that
    fails but what says so: a reader without memory still answers everybody, with a no and its
    reason.
    """

    def __init__(self, directory: str, settings, private_key: bytes, random_bytes, tell_fault):
        # A board that is moved to another door or site begins anew, and comes back to what it was.
        place = cbor.encode([settings.site, settings.door])
        self._directory = directory + "/" + crypto.sha256(place)[:8].hex()
        self._settings = settings
        self._private_key = private_key
        self._random_bytes = random_bytes
        self._tell_fault = tell_fault
        self._cache = None
        self._policies = None
        self._events = None
        self._failed = set()
        self._blank = Policy(
            settings.site,
            settings.door,
            settings.zones,
            settings.strike_ms,
            settings.authority_keys,
        )

    # What decides

    @property
    def policy(self) -> Policy:
        """The policy in force; one that refuses all with STORAGE_FAILED while flash fails."""
        try:
            return self.policies().policy
        except OSError as error:
            self.fault("policy", error)
            return self._blank.changed(fault=reason.STORAGE_FAILED)

    @property
    def cache(self):
        """What knows cards and groups; None while it cannot, or is behind the policy."""
        try:
            return self.policies().cache
        except OSError as error:
            self.fault("cache", error)
            return None

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
                self._folder("policy"), self._sealer("policy"), self._settings, self._cache
            )
            self.fault("policy", None)
            self.fault("cache", None)
        return self._policies

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
        return self._events

    # What else is kept

    def verified_tokens(self) -> VerifiedTokens:
        """Which tokens need no verification."""
        key = derive(self._private_key, "tokens", 32)
        return VerifiedTokens(self._directory + "/tokens", self._sealer("token ring"), key)

    def tidy_steps(self):
        """Steps that keep the cache quick, for an idle moment; none if there is nothing to do."""
        cache = self.cache
        try:
            if cache is not None and cache.wants_compaction:
                for _ in cache.compact_steps():
                    yield
        except (OSError, InvalidInput) as error:
            self.fault("cache", error)

    def clock_store(self) -> ClockStore:
        """Where the clock's floor is kept. Raises OSError."""
        return ClockStore(self._folder("clock"), self._sealer("clock"))

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
        return Sealer(derive(self._private_key, label), self._random_bytes)
