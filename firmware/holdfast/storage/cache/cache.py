"""What a node knows of cards, PINs and groups, also after a power cut.

Grants and rights lie sorted in sealed pages; what changed since is in a journal, on flash and as
sorted records in RAM. When the journal is full both become new pages, beside the old ones and
swapped in by a rename. docs/flash_format.md has the format, decisions 008 and 026 the reasons.
"""

import crypto
from micropython import const

from ...access.grant import Grant
from ..sealed import DamagedError
from .records import DOOR, RIGHT_WIDTH, grants_at, unpack_grant, unpack_right, used_at
from .store import CacheStore

_MAX_CAPACITY = const(60000)
_MAX_RIGHTS = const(8192)


class CredentialCache:
    """Grants and rights in ``directory``, sealed with ``sealer``.

    Holds ``capacity`` grants, which are pairs of a key and a group, and 8,192 rights. Opening
    raises OSError, never for damage: then ``damage`` says what is wrong and every lookup raises
    DamagedError, since a card that seems unknown, or known, may be one that was revoked. A
    snapshot or ``rebuild`` repairs that.
    """

    def __init__(self, directory: str, sealer, random_bytes, capacity: int = 10000):
        if not 0 < capacity <= _MAX_CAPACITY:
            raise ValueError("capacity is not 1 to %d" % _MAX_CAPACITY)
        self._capacity = capacity
        self._store = CacheStore(directory, sealer, random_bytes)

    # What decide() asks

    def grants(self, key: bytes) -> list:
        """Every Grant of ``key`` (8 bytes), by group; [] if there is none.

        Whether they count now is not asked. One page is read at most. Raises DamagedError if what
        was there cannot be told; OSError.
        """
        unit = self._sound().grants(key)
        return [Grant(*unpack_grant(unit, at)) for at in grants_at(unit)]

    def rights(self, group: int, door: bytes, zones):
        """A list of (kind, place, bits, schedule or None): what ``group`` may at ``door`` or in
        one of ``zones``, which are tags of 6 bytes.

        None if there is no such group. Raises DamagedError and OSError, as ``grants`` does.
        """
        records = self._sound().rights(group)
        if not records:
            return None
        rights = [unpack_right(records, at) for at in range(0, len(records), RIGHT_WIDTH)]
        return [
            right
            for right in rights
            if right[2] and (right[1] == door if right[0] == DOOR else right[1] in zones)
        ]

    # What is counted

    def used(self, key: bytes, group: int) -> int:
        """How often the grant of ``key`` in ``group`` was used. Raises as ``grants`` does."""
        return used_at(self._sound().grants(key), group)

    def is_only_at(self, group: int, door: bytes) -> bool:
        """Whether all rights of ``group`` are at the door with this tag. Raises as ``grants``."""
        records = self._sound().rights(group)
        rights = [unpack_right(records, at) for at in range(0, len(records), RIGHT_WIDTH)]
        return bool(rights) and all([right[:2] == (DOOR, door) for right in rights])

    def can_count(self, key: bytes, group: int) -> bool:
        """Whether there is room for the uses of this grant. Raises as ``grants`` does."""
        return self._sound().can_count(key, group)

    def count(self, key: bytes, group: int, used: int):
        """The grant was ``used`` so often, durably on return; it is for as long as it is counted.

        Raises DamagedError; OSError: then it is kept or not, or there is no room in the journal
        before the next compaction.
        """
        self._sound().count(key, group, used)

    # What policy tells

    @property
    def applied(self) -> int:
        """Number of the last changeset or snapshot applied; 0 for none, and if damaged."""
        self._store.ready()
        return self._store.applied

    def is_behind(self, number: int) -> bool:
        """Whether it is whole and has not come to changeset ``number``. Raises OSError."""
        store = self._store
        if store.is_stale:
            store.ready()
        return store.applied < number and store.damage is None and not store.partial

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
        crypto.finish(self.prepared_steps(changes))

    def apply(self, number: int, changes: list) -> bool:
        """Apply all ``changes`` of changeset ``number``, durably, or none.

        They are ("grant", key, group, expires or None, rare or None), ("revoke", key, group or
        None for all of them), ("group", group, [(kind, place, bits, schedule or None), ...]),
        which replaces the group, and ("ungroup", group). Keys have 8 bytes, tags of places and
        schedules 6; ``rare`` is the map of operation 6 (docs/protocol.md). False if ``number`` was
        applied before. Raises ValueError, also for a key in more than 8 groups, and CacheFull;
        DamagedError if ``damage`` is set to anything but a rebuilding; OSError: then all or none
        of it will be found, and it may be applied again.
        """
        store = self._unbroken()
        if number <= store.applied:
            return False
        if number > 0xFFFFFFFF:
            raise ValueError("changeset number has more than 32 bits")
        prepared = crypto.finish(self.prepared_steps(changes))
        crypto.finish(store.room_steps(*prepared[:2]))
        store.commit(number, *prepared)
        return True

    def prepared_steps(self, changes: list):
        """What ``commit`` takes for ``changes``, good until the next of policy is applied.

        In steps, as in :mod:`crypto`; nothing is written. Raises as ``apply`` does.
        """
        from .changes import CacheFull, encode_steps

        store = self._unbroken()
        moves = store.moves
        grants, groups, more, counted = yield from encode_steps(
            changes, store.held_grants, store.partial
        )
        if store.grants_held + more > max(self._capacity, store.grants_held):
            raise CacheFull("more than %d grants" % self._capacity)
        yield
        rights = store.rights_after(groups)
        if rights > max(_MAX_RIGHTS, store.rights_held):
            raise CacheFull("more than %d rights" % _MAX_RIGHTS)
        return grants, groups, more, rights - store.rights_held, counted, moves

    def room_steps(self, prepared: tuple):
        """Make room in the journal for what is ``prepared``, by new pages if need be.

        In steps, as in :mod:`crypto`; all that is held stays the same. Raises DamagedError and
        OSError.
        """
        return self._unbroken().room_steps(*prepared[:2])

    def commit(self, number: int, prepared: tuple):
        """Apply what is ``prepared`` and has room as changeset ``number``, at once.

        Raises DamagedError and OSError, as ``apply`` does.
        """
        self._unbroken().commit(number, *prepared)

    def begin_snapshot(self, number: int):
        """A SnapshotWriter, to replace all policy by that of changeset ``number``.

        Meanwhile the old policy holds. Raises ValueError if later policy was applied already;
        OSError.
        """
        from .snapshot import SnapshotWriter

        store = self._store
        store.ready()
        if not store.applied <= number <= 0xFFFFFFFF:
            raise ValueError("changeset %d was applied already" % store.applied)
        writer = store.open_writer(is_snapshot=True)
        return SnapshotWriter(store, writer, number, self._capacity, _MAX_RIGHTS)

    def rebuild(self):
        """Forget everything, to have changesets applied again from number 1; raises OSError.

        Until ``rebuilt`` every lookup is refused, also after a power cut.
        """
        store = self._store
        store.ready()
        store.open_writer().finish(0, partial=True)
        store.swap()

    def rebuilt(self):
        """``rebuilt_steps``, all of them."""
        crypto.finish(self.rebuilt_steps())

    def rebuilt_steps(self):
        """All policy has been applied again: lookups are answered. Raises OSError.

        In steps, as in :mod:`crypto`.
        """
        return self._unbroken().compact_steps(partial=False)

    # Upkeep

    def compact(self):
        """Make new pages of pages and journal; by itself when the journal is full.

        Raises DamagedError if ``damage`` is set; OSError: then nothing has changed.
        """
        for _ in self.compact_steps():
            pass

    def compact_steps(self):
        """The same in steps, as in :mod:`crypto`: a step takes a page or two.

        A change meanwhile ends it early, without effect; so do a snapshot and ``close()``.
        """
        store = self._unbroken()
        return iter(()) if store.is_snapshot else store.compact_steps()

    @property
    def wants_compaction(self) -> bool:
        """Whether the journal is half full: it is to be compacted before the next changeset."""
        store = self._store
        store.ready()
        return store.damage is None and not store.is_snapshot and store.is_half_full()

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
        """(grants, rights) held."""
        store = self._store
        store.ready()
        return store.grants_held, store.rights_held

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
