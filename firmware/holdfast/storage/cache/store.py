"""Pages and journal as one: what is stored under a key, and the ways in which it changes.

A generation of the cache is a file of pages and the journal that goes with it by number. Renaming
new pages over the old ones makes the old journal void at the same instant.
"""

import errno
import os

from micropython import const

from .. import files
from ..sealed import DamagedError
from .journal import Batch, Journal, batch_bytes
from .pages import PageFile
from .records import (
    GRANT_WIDTH,
    GRANTS,
    KEY,
    POLICY,
    RIGHT_WIDTH,
    RIGHTS,
    SortedRecords,
    is_removed,
    kind_of,
)

_JOURNAL_BYTES = const(8000)  # on flash: two blocks
_CHANGED_GRANTS = const(160)  # in RAM, 2240 bytes
_CHANGED_RIGHTS = const(96)  # in RAM, 1536 bytes
_TOUCHED = const(16)  # in RAM only, 224 bytes

_PREFIX = "journal-"


class CacheStore:
    """Files ``pages`` and ``journal-N`` in ``directory``, which is made if it is missing.

    ``damage`` is None, or says why nothing here can be believed. After an OSError what is in RAM
    is read anew before it is believed again.
    """

    def __init__(self, directory: str, sealer, random_bytes, capacity: int):
        self._directory = directory
        self._path = directory + "/pages"
        self._sealer = sealer
        self._random_bytes = random_bytes
        self._capacity = capacity
        self._grants = SortedRecords(GRANT_WIDTH, _CHANGED_GRANTS)
        self._groups = SortedRecords(RIGHT_WIDTH, _CHANGED_RIGHTS)
        self._touched = SortedRecords(GRANT_WIDTH, _TOUCHED)
        self._writer = None
        self._highest = 0  # number of a journal that is there
        self._is_stale = True
        self.is_snapshot = False
        self.damage = None
        self.found_damage = False
        self.now = 0  # Unix seconds: the latest time anybody has told
        self.pages = PageFile(self._path, sealer)
        self.ready()

    def ready(self):
        """Read everything anew if it may differ from what is on flash. Raises OSError."""
        if self._is_stale:
            self.drop_writer()
            self._load()

    def grant(self, key: bytes):
        """The record of ``key`` or None. Raises DamagedError and OSError."""
        record = self._grants.get(key)
        if record is None:
            return self._from_page(self.pages.grant, key)
        return None if is_removed(GRANTS, record) else record

    def rights(self, group: int) -> bytes:
        """The records of ``group``; b"" if there is none. Raises DamagedError and OSError."""
        key = group.to_bytes(2, "big")
        number = self._groups.find(key)
        records = b""
        while number < self._groups.count:
            record = self._groups.record(number)
            if record[:2] != key:
                break
            records += record
            number += 1
        if not records:
            return self._from_page(self.pages.rights, group)
        return b"" if is_removed(RIGHTS, records) else records

    def touch(self, record: bytes):
        """Keep a usage entry's later use in RAM, for whatever is written next to carry along."""
        self._touched.put(KEY, record)
        if self._touched.count == _TOUCHED:
            self.commit(self.applied, {}, {})

    def commit(self, applied: int, grants: dict, groups: dict, room: int = 0):
        """Make a batch durable: the record by key, the records by group. Raises OSError.

        ``room`` more entries than there are must fit in the capacity, or usage entries give way.
        """
        self.drop_writer()
        extra = sum([len(records) for records in groups.values()]) // RIGHT_WIDTH
        if not self._fits(len(grants) + self._touched.count, extra) or self._excess(room):
            self.compact(room)
        for number in range(self._touched.count):
            record = self._touched.record(number)
            if record[:KEY] not in grants:
                grants[record[:KEY]] = record
        if applied == self.applied and not grants:
            return  # all that was to be written went into new pages
        batch = self._batch(applied, grants, groups)
        self._is_stale = True
        self._journal.append(batch)
        self._is_stale = False
        self._touched.clear()
        self._put(batch)

    def compact(self, room: int = 0):
        """Make new pages of pages and journal. Raises DamagedError and OSError."""
        for _ in self.compact_steps(room):
            pass

    def compact_steps(self, room: int = 0, partial=None):
        """The same in steps, for a task that lets others have their turn in between.

        A change or a snapshot in between ends it, and everything is as it was.
        """
        self.drop_writer()
        for number in range(self._touched.count):
            record = self._touched.record(number)
            self._grants.put(KEY, record)
        self._touched.clear()
        from .compaction import copy

        writer = self.open_writer()
        try:
            changes = (self._grants, self._groups)
            for _ in copy(self.pages, changes, writer, self._excess(room), self.now):
                yield
                if not self.is_writing(writer):
                    return
            writer.finish(self.applied, self.partial if partial is None else partial)
        except OSError:
            self._is_stale = True
            raise
        self.swap()

    def open_writer(self, is_snapshot: bool = False):
        """A PageWriter of new pages, instead of any others that were begun. Raises OSError."""
        from .page_writer import PageWriter

        self.drop_writer()
        generation = max(self.pages.generation, self._highest) + 1
        path = self._path + ".new"
        self._writer = PageWriter(path, self._sealer, self._random_bytes, generation)
        self.is_snapshot = is_snapshot
        return self._writer

    def is_writing(self, writer) -> bool:
        """Whether the new pages of ``writer`` are still wanted."""
        return writer is self._writer

    def drop_writer(self):
        """Leave new pages that were begun."""
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None
        self.is_snapshot = False

    def swap(self):
        """Let the new pages, which are finished, be the cache. Raises OSError."""
        self._is_stale = True
        self._writer = None
        self.is_snapshot = False
        self._touched.clear()
        os.rename(self._path + ".new", self._path)
        self._load()

    def finish_snapshot(self, writer, number: int):
        """Let the new pages of ``writer`` be the cache as of changeset ``number``; OSError."""
        try:
            writer.finish(number)
        except OSError:
            self._is_stale = True
            raise
        self.swap()

    def changed(self, table: int) -> SortedRecords:
        """What the journal has of a table."""
        return self._groups if table == RIGHTS else self._grants

    def is_nearly_full(self) -> bool:
        """Whether an idle moment had better be used to compact."""
        return (
            self._journal.size > _JOURNAL_BYTES * 3 // 4
            or self._grants.count > _CHANGED_GRANTS * 3 // 4
            or self._groups.count > _CHANGED_RIGHTS * 3 // 4
        )

    def _from_page(self, look, key):
        try:
            return look(key)
        except DamagedError:
            self.found_damage = True
            raise

    def _fits(self, grants, rights):
        if self._journal.size == 0:
            return True  # a batch larger than all this has to fit somewhere: RAM grows for it
        return (
            self._journal.size + batch_bytes(grants, rights) <= _JOURNAL_BYTES
            and self._grants.count + grants <= _CHANGED_GRANTS
            and self._groups.count + rights <= _CHANGED_RIGHTS
        )

    def _excess(self, room):
        """How many usage entries must go so that ``room`` more entries fit."""
        if self.policy + self.usage + room <= self._capacity:
            return 0
        slack = max(room, self._capacity // 64)  # not a compaction for each new entry
        return min(self.usage, self.policy + self.usage + slack - self._capacity)

    def _batch(self, applied, grants, groups):
        policy, usage, rights = self.counts_after(grants, groups)
        words = b"".join([grants[key] for key in sorted(grants)])
        rows = b"".join([groups[group] for group in sorted(groups)])
        return Batch(applied, policy, usage, rights, words, rows)

    def counts_after(self, grants: dict, groups: dict) -> tuple:
        """(policy grants, usage entries, rights) held after a batch; raises OSError.

        What lies in a damaged page counts as not held: the next compaction counts anew.
        """
        counts = [self.policy, self.usage]
        for key, record in grants.items():
            for one, step in ((self._held(self.grant, key), -1), (record, 1)):
                if one and not is_removed(GRANTS, one):
                    which = int(kind_of(one) != POLICY)
                    counts[which] = max(0, counts[which] + step)
        rights = self.rights_held
        for group, records in groups.items():
            rights = max(0, rights - len(self._held(self.rights, group) or b"") // RIGHT_WIDTH)
            if not is_removed(RIGHTS, records):
                rights += len(records) // RIGHT_WIDTH
        return counts[0], counts[1], rights

    def _held(self, look, key):
        try:
            return look(key)
        except DamagedError:
            return None

    def _put(self, batch):
        self.applied = batch.applied
        self.policy = batch.policy
        self.usage = batch.usage
        self.rights_held = batch.rights
        for at in range(0, len(batch.grants), GRANT_WIDTH):
            self._grants.put(KEY, batch.grants[at : at + GRANT_WIDTH])
        at = 0
        while at < len(batch.groups):
            end = at + RIGHT_WIDTH
            while batch.groups[end : end + 2] == batch.groups[at : at + 2]:
                end += RIGHT_WIDTH
            self._groups.put(2, batch.groups[at:end])
            at = end

    def _load(self):
        names = self._names()
        self._touched.clear()
        self.damage = None
        self.found_damage = False
        try:
            self.pages.load()
            self._replay()
        except DamagedError as error:
            self.damage = str(error)
            self._void()
        else:
            self._tidy(names)
        self._is_stale = False

    def _replay(self):
        pages = self.pages
        self._void()
        self.applied = pages.applied
        self.partial = pages.partial
        if self._highest > pages.generation:
            raise DamagedError("the journal belongs to later pages than there are")
        path = "%s/%s%d" % (self._directory, _PREFIX, pages.generation)
        self._journal = Journal(path, self._sealer, pages.salt)
        self.policy = pages.policy
        self.usage = pages.usage
        self.rights_held = pages.rights_held
        for batch in self._journal.batches():
            self._put(batch)

    def _void(self):
        self.applied = 0
        self.partial = False
        self.policy = 0
        self.usage = 0
        self.rights_held = 0
        self._grants.clear()
        self._groups.clear()

    def _names(self):
        try:
            names = files.names(self._directory)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            os.mkdir(self._directory)
            names = []
        numbers = [number for number in [_number(name) for name in names] if number is not None]
        self._highest = max(numbers) if numbers else 0
        return names

    def _tidy(self, names):
        """Remove what a power cut left: nothing of it is ever read, so an error is no matter."""
        for name in names:
            number = _number(name)
            if name.endswith(".new") or (number is not None and number < self.pages.generation):
                try:
                    os.remove("%s/%s" % (self._directory, name))
                except OSError:
                    return


def _number(name):
    """The generation of a journal by its name, None for another file."""
    number = name[len(_PREFIX) :]
    return int(number) if name.startswith(_PREFIX) and number.isdigit() else None
