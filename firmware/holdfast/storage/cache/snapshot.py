"""A whole new policy for the credential cache, written beside the old one and swapped in."""

from micropython import const

from .changes import CacheFull, grant_records, group_records
from .records import KEY, MAX_GROUPS, MAX_USES, RIGHT_WIDTH, unpack_grant, used_at, with_used

_FIRST = const(-1)


class SnapshotAbandoned(ValueError):
    """The writer was given up, or a changeset or another snapshot came before it was done."""


class SnapshotWriter:
    """Takes the grants of a policy in ascending order of key and group, then its groups by number.

    Until ``finish`` returns the old policy holds; a power cut or an error before leaves it. How
    often a grant was used stays with it; where damage took that, it is used up.
    """

    def __init__(self, store, writer, number: int, capacity: int, max_rights: int):
        self._store = store
        self._writer = writer
        self._number = number
        self._capacity = capacity
        self._max_rights = max_rights
        self._key = b""
        self._key_groups = 0  # grants of the key that are in its unit
        self._last_group = _FIRST  # of these
        self._unit = b""
        self._group = _FIRST

    def add(self, change: tuple):
        """Add ("grant", key, group, expires, rare) or ("group", group, rights).

        Raises ValueError if it is neither or not after the one before; CacheFull; OSError;
        SnapshotAbandoned. After any of them the caller abandons the snapshot.
        """
        self._check()
        if change[0] == "grant":
            self._grant(change[2], grant_records(change))
        elif change[0] == "group":
            self._add_group(change)
        else:
            raise ValueError("a snapshot has grants and groups only")

    def finish(self):
        """Swap the new policy in. Raises OSError: then the old one or the new one holds."""
        self._check()
        self._end_of_key()
        self._store.finish_snapshot(self._writer, self._number)

    def abandon(self):
        """Leave everything as it is. Once the snapshot is done or was given up, nothing."""
        if self._store.is_writing(self._writer):
            self._store.drop_writer()

    def _check(self):
        if not self._store.is_writing(self._writer):
            raise SnapshotAbandoned("this snapshot was abandoned")

    def _grant(self, group, records):
        key = records[:KEY]
        is_next = key > self._key or key == self._key and group > self._last_group
        if not is_next or self._group != _FIRST:
            raise ValueError("grants of a snapshot must ascend and come before groups")
        if key != self._key:
            self._end_of_key()
        if self._writer.grants_held + self._key_groups == self._capacity:
            raise CacheFull("more grants than this cache holds")
        if self._key_groups == MAX_GROUPS:
            raise ValueError("a key in more than %d groups" % MAX_GROUPS)
        self._key = key
        self._last_group = group
        self._key_groups += 1
        if unpack_grant(records)[6]:
            store = self._store
            held = store.held_grants(key)
            if held is None or store.damage is not None or store.partial:
                used = MAX_USES
            else:
                used = used_at(held, group)
            if used:
                records = with_used(records, group, used)
        self._store.snapshot_key = key
        self._unit += records

    def _end_of_key(self):
        if self._unit:
            self._writer.grant(self._unit)
        self._unit = b""
        self._key_groups = 0

    def _add_group(self, change):
        records = group_records(change)
        if change[1] <= self._group:
            raise ValueError("groups of a snapshot must ascend")
        if self._writer.rights_held + len(records) // RIGHT_WIDTH > self._max_rights:
            raise CacheFull("more rights than this cache holds")
        self._end_of_key()
        self._group = change[1]
        self._writer.group(records)
