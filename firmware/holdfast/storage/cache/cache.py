"""What a reader knows of cards, groups and tokens it has seen, also after a power cut.

Grants and rights lie sorted in sealed pages; what changed since is in a journal, on flash and as
sorted records in RAM. When the journal is full both become new pages, beside the old ones and
swapped in by a rename. docs/flash_format.md has the format, decision 008 the reasons.
"""

from micropython import const

from ...access.grant import Grant
from ..sealed import DamagedError
from .records import (
    ANSWER,
    GRANTS,
    KEY,
    POLICY,
    RIGHT_WIDTH,
    VERIFIED,
    expiry_of,
    group_of,
    kind_of,
    pack_usage,
    period,
    period_of,
    unpack_right,
    usage_end,
)
from .store import CacheStore

_MAX_CAPACITY = const(60000)
_MAX_RIGHTS = const(8192)
_RENEWAL = const(8)  # an entry is written anew once it would lose this part of its time


class CredentialCache:
    """Grants, rights and usage entries in ``directory``, sealed with ``sealer``.

    Holds ``capacity`` grants and usage entries together and 8,192 rights; usage entries give way,
    those longest without use first, policy never does. Opening raises OSError, never for damage:
    then ``damage`` says what is wrong and every lookup raises DamagedError, since a card that
    seems unknown, or known, may be one that was revoked. A snapshot or ``rebuild`` repairs that.
    """

    def __init__(self, directory: str, sealer, random_bytes, capacity: int = 10000):
        if not 0 < capacity <= _MAX_CAPACITY:
            raise ValueError("capacity is not 1 to %d" % _MAX_CAPACITY)
        self._capacity = capacity
        self._store = CacheStore(directory, sealer, random_bytes, capacity)

    # What decide() asks

    def grant(self, key: bytes):
        """The Grant of ``key`` (8 bytes) by policy or by a controller's answer, or None.

        It may have ended. One page is read at most. Raises DamagedError if what was there cannot
        be told; OSError.
        """
        record = self._sound().grant(key)
        if record is None or kind_of(record) == VERIFIED:
            return None
        return Grant(key, kind_of(record), group_of(record), expiry_of(record))

    def rights(self, group: int, tags):
        """A list of (place, bits, schedule or None) that ``group`` has at the places in ``tags``.

        None if there is no such group. Raises DamagedError and OSError, as ``grant`` does.
        """
        records = self._sound().rights(group)
        if not records:
            return None
        rights = [unpack_right(records, at) for at in range(0, len(records), RIGHT_WIDTH)]
        return [right for right in rights if right[1] and right[0] in tags]

    # What policy tells

    @property
    def applied(self) -> int:
        """Number of the last changeset or snapshot applied; 0 for none, and if damaged."""
        self._store.ready()
        return self._store.applied

    @property
    def damage(self):
        """None, or why every lookup is refused. Raises OSError."""
        self._store.ready()
        if self._store.damage is None and self._store.partial:
            return "being rebuilt"
        return self._store.damage

    @property
    def needs_repair(self) -> bool:
        """Whether ``damage`` is set or a lookup has met a page that was damaged."""
        return self.damage is not None or self._store.found_damage

    def check(self, changes: list):
        """Raise what ``apply`` would: ValueError, CacheFull, DamagedError, OSError."""
        from .changes import CacheFull, encode

        grants, groups = encode(changes)
        store = self._unbroken()
        policy, _, rights = store.counts_after(grants, groups)
        if policy > max(self._capacity, store.policy):
            raise CacheFull("more than %d grants" % self._capacity)
        if rights > max(_MAX_RIGHTS, store.rights_held):
            raise CacheFull("more than %d rights" % _MAX_RIGHTS)

    def apply(self, number: int, changes: list) -> bool:
        """Apply all ``changes`` of changeset ``number``, durably, or none.

        They are ("grant", key, group, expires or None), ("revoke", key), ("group", group,
        [(place, bits, schedule or None), ...]), which replaces the group, and ("ungroup", group);
        keys have 8 bytes, places and schedules 6. False if ``number`` was applied before. Raises
        ValueError and CacheFull; DamagedError if ``damage`` is set to anything but a rebuilding;
        OSError: then all or none of it will be found, and it may be applied again.
        """
        store = self._unbroken()
        if number <= store.applied:
            return False
        if number > 0xFFFFFFFF:
            raise ValueError("changeset number has more than 32 bits")
        from .changes import encode

        self.check(changes)
        grants, groups = encode(changes)
        store.commit(number, grants, groups, len(grants))
        return True

    def begin_snapshot(self, number: int):
        """A SnapshotWriter, to replace all policy by that of changeset ``number``.

        Usage entries stay. Meanwhile the old policy holds and no new usage is remembered. Raises
        ValueError if later policy was applied already; OSError.
        """
        from .snapshot import SnapshotWriter, usage_entries

        store = self._store
        store.ready()
        if not store.applied <= number <= 0xFFFFFFFF:
            raise ValueError("changeset %d was applied already" % store.applied)
        usage = usage_entries(store.pages, store.changed(GRANTS))
        writer = store.open_writer(is_snapshot=True)
        return SnapshotWriter(store, writer, number, usage, self._capacity, _MAX_RIGHTS)

    def rebuild(self):
        """Forget everything, to have changesets applied again from number 1; raises OSError.

        Until ``rebuilt`` every lookup is refused, also after a power cut.
        """
        store = self._store
        store.ready()
        store.open_writer().finish(0, partial=True)
        store.swap()

    def rebuilt(self):
        """All policy has been applied again: lookups are answered. Raises OSError."""
        for _ in self._unbroken().compact_steps(partial=False):
            pass

    # What use teaches

    def remember(self, key: bytes, kind: int, group: int, until: int, now=None) -> bool:
        """Keep a usage entry, durably: a token's tag (VERIFIED) or a controller's ANSWER.

        ``until`` and ``now`` are Unix seconds; ``now`` is the latest time told here if not given.
        It is kept 45 days after its last use at most. False if it is not kept: policy has a grant
        for ``key`` or needs all the room, the time is not known, a snapshot is under way, or
        something is damaged. Raises ValueError and OSError.
        """
        if kind not in (VERIFIED, ANSWER) or len(key) != KEY or not 0 <= group <= 0xFFFF:
            raise ValueError("no usage entry")
        store = self._store
        store.ready()
        now = store.now if now is None else self._told(now)
        if not now or self.damage is not None or store.is_snapshot:
            return False
        try:
            held = store.grant(key)
        except DamagedError:
            return False
        record = pack_usage(key, kind, group, until, now)
        if held is not None:
            if kind_of(held) == POLICY:
                return False
            if _says_enough(held, record, until, now):
                return True
        elif store.policy >= self._capacity:
            return False
        store.commit(store.applied, {key: record}, {}, int(held is None))
        return True

    def touch(self, key: bytes, now: int):
        """An entry was used at ``now``: usage entries used of late are the last to give way.

        Told by half days, and written with the next change or the next few touches: a power cut
        may forget it. Raises OSError.
        """
        store = self._store
        store.ready()
        if self.damage is not None or store.is_snapshot:
            return
        now = self._told(now)
        try:
            held = store.grant(key)
        except DamagedError:
            return
        if held is None or kind_of(held) == POLICY or period_of(held) >= period(now):
            return
        store.touch(pack_usage(key, kind_of(held), group_of(held), usage_end(held), now))

    def knows(self, tag: bytes, now) -> bool:
        """Whether the token with this tag (8 bytes) was verified before and is kept at ``now``.

        False as well if the time or the entry cannot be told: it is then verified anew. OSError.
        """
        store = self._store
        store.ready()
        if now is None or self.damage is not None:
            return False
        now = self._told(now)
        try:
            held = store.grant(tag)
        except DamagedError:
            return False
        return held is not None and kind_of(held) == VERIFIED and now < usage_end(held)

    # Upkeep

    def compact(self):
        """Make new pages of pages and journal; by itself when the journal is full.

        Raises DamagedError if ``damage`` is set; OSError: then nothing has changed.
        """
        for _ in self.compact_steps():
            pass

    def compact_steps(self):
        """The same as a generator, for an idle task: a step takes a page or two.

        A change meanwhile ends it early, without effect; so does a snapshot.
        """
        store = self._unbroken()
        return iter(()) if store.is_snapshot else store.compact_steps()

    @property
    def wants_compaction(self) -> bool:
        """Whether an idle moment had better be used to compact."""
        store = self._store
        store.ready()
        return store.damage is None and not store.is_snapshot and store.is_nearly_full()

    @property
    def page_reads(self) -> int:
        """Pages read since opening."""
        return self._store.pages.page_reads

    @property
    def index_bytes(self) -> int:
        """Bytes of RAM that the index of the pages takes."""
        return len(self._store.pages.index)

    @property
    def counts(self) -> tuple:
        """(policy grants, usage entries, rights) held."""
        store = self._store
        store.ready()
        return store.policy, store.usage, store.rights_held

    def _sound(self):
        if self.damage is not None:
            raise DamagedError("credential cache: " + str(self.damage))
        return self._store

    def _unbroken(self):
        """The store if it can take changes: also while it is being rebuilt."""
        self._store.ready()
        if self._store.damage is not None:
            raise DamagedError("credential cache: " + self._store.damage)
        return self._store

    def _told(self, now):
        self._store.now = max(self._store.now, now)
        return now


def _says_enough(held, record, until, now) -> bool:
    """Whether an entry need not be written again, since it ends nearly as late, and no later."""
    if kind_of(held) != kind_of(record) or group_of(held) != group_of(record):
        return False
    late = until - usage_end(held)
    return 0 <= late <= max(60, (until - now) // _RENEWAL)
