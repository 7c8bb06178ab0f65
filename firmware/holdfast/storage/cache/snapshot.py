"""A whole new policy for the credential cache, written beside the old one and swapped in."""

from micropython import const

from .changes import CacheFull, grant_record, group_records
from .merge import UNIT, merged
from .records import GRANTS, KEY, POLICY, RIGHT_WIDTH, kind_of

_FIRST_GROUP = const(-1)


class SnapshotAbandoned(ValueError):
    """The writer was given up, or a changeset or another snapshot came before it was done."""


class SnapshotWriter:
    """Takes the grants of a policy in ascending order of key, then its groups by number.

    What the cache remembers from usage goes along, except where the policy has a grant. Until
    ``finish`` returns the old policy holds; a power cut or an error before leaves it.
    """

    def __init__(self, store, writer, number: int, usage, capacity: int, max_rights: int):
        self._store = store
        self._writer = writer
        self._number = number
        self._capacity = capacity
        self._max_rights = max_rights
        self._usage = usage
        self._upcoming = next(usage)
        self._key = b""
        self._group = _FIRST_GROUP

    def add(self, change: tuple):
        """Add ("grant", key, group, expires) or ("group", group, rights).

        Raises ValueError if it is neither or not after the one before; CacheFull; OSError;
        SnapshotAbandoned. After any of them the caller abandons the snapshot.
        """
        self._check()
        if change[0] == "grant":
            self._grant(grant_record(change))
        elif change[0] == "group":
            self._add_group(change)
        else:
            raise ValueError("a snapshot has grants and groups only")

    def finish(self):
        """Swap the new policy in. Raises OSError: then the old one or the new one holds."""
        self._check()
        self._drain(None)
        self._store.finish_snapshot(self._writer, self._number)

    def abandon(self):
        """Leave everything as it is. Once the snapshot is done or was given up, nothing."""
        if self._store.is_writing(self._writer):
            self._store.drop_writer()

    def _check(self):
        if not self._store.is_writing(self._writer):
            raise SnapshotAbandoned("this snapshot was abandoned")

    def _grant(self, record):
        key = record[:KEY]
        if key <= self._key or self._group != _FIRST_GROUP:
            raise ValueError("grants of a snapshot must ascend and come before groups")
        if self._writer.policy == self._capacity:
            raise CacheFull("more grants than this cache holds")
        self._key = key
        self._drain(key)
        self._writer.grant(record)

    def _add_group(self, change):
        records = group_records(change)
        if change[1] <= self._group:
            raise ValueError("groups of a snapshot must ascend")
        if self._writer.rights + len(records) // RIGHT_WIDTH > self._max_rights:
            raise CacheFull("more rights than this cache holds")
        self._group = change[1]
        self._drain(None)
        self._writer.group(records)

    def _drain(self, key):
        """Write the usage entries before ``key``, or all, and drop the one of ``key``."""
        while self._upcoming is not None and (key is None or self._upcoming[:KEY] <= key):
            if self._upcoming[:KEY] != key:
                self._writer.grant(self._upcoming)
            self._upcoming = next(self._usage)


def usage_entries(pages, changes):
    """Every usage entry in order of key, then None; none of a page that cannot be read."""
    for what, item in merged(pages, changes, GRANTS):
        if what == UNIT and kind_of(item) != POLICY:
            yield item
    yield None
