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
    MAX_COUNTED,
    RIGHT_WIDTH,
    RIGHTS,
    SortedRecords,
    is_removed,
    used_at,
    used_places,
    with_used,
)

_JOURNAL_BYTES = const(8000)  # on flash: two blocks
_CHANGED_GRANTS = const(128)  # in RAM, 1792 bytes: as many as a changeset has operations
_CHANGED_RIGHTS = const(64)  # in RAM, 1024 bytes: two groups of the largest

_PREFIX = "journal-"
_NO_SPACE = const(28)  # ENOSPC, which MicroPython's errno does not name


class CacheStore:
    """Files ``pages`` and ``journal-N`` in ``directory``, which is made if it is missing.

    ``damage`` is None, or says why nothing here can be believed. After an OSError what is in RAM
    ``is_stale``, and read anew before it is believed again.
    """

    def __init__(self, directory: str, sealer, random_bytes):
        self._directory = directory
        self._path = directory + "/pages"
        self._sealer = sealer
        self._random_bytes = random_bytes
        self._grants = SortedRecords(GRANT_WIDTH, _CHANGED_GRANTS)
        self._groups = SortedRecords(RIGHT_WIDTH, _CHANGED_RIGHTS)
        self._writer = None
        self._highest = 0  # number of a journal that is there
        self.is_stale = True
        self.is_snapshot = False
        self.snapshot_key = b""  # the last one that a snapshot has brought
        self.moves = 0  # how often a count has moved since opening
        self.damage = None
        self.found_damage = False
        self.pages = PageFile(self._path, sealer)
        self.ready()

    def ready(self):
        """Read everything anew if it may differ from what is on flash. Raises OSError."""
        if self.is_stale:
            self.drop_writer()
            self._load()

    def grants(self, key: bytes) -> bytes:
        """All records of ``key``; b"" if there is none. Raises DamagedError and OSError."""
        unit = self._grants.unit(key)
        if not unit:
            return self._from_page(self.pages.grants, key)
        return b"" if is_removed(GRANTS, unit) else unit

    def rights(self, group: int) -> bytes:
        """The records of ``group``; b"" if there is none. Raises DamagedError and OSError."""
        records = self._groups.unit(group.to_bytes(2, "big"))
        if not records:
            return self._from_page(self.pages.rights, group)
        return b"" if is_removed(RIGHTS, records) else records

    def held_grants(self, key: bytes):
        """As ``grants``, None for what was lost to damage. Raises OSError."""
        try:
            return self.grants(key)
        except DamagedError:
            return None

    def rights_after(self, groups: dict) -> int:
        """How many rights are held after ``groups`` are put; raises OSError.

        What lies in a damaged page counts as not held: the next compaction counts anew.
        """
        held = self.rights_held
        for group, records in groups.items():
            try:
                held = max(0, held - len(self.rights(group)) // RIGHT_WIDTH)
            except DamagedError:
                pass
            if not is_removed(RIGHTS, records):
                held += len(records) // RIGHT_WIDTH
        return held

    def can_count(self, key: bytes, group: int) -> bool:
        """Whether there is room for the uses of this grant. Raises DamagedError and OSError."""
        if self.counted < MAX_COUNTED:
            return True
        unit = self.grants(key)
        return any([unit[at + 8] << 8 | unit[at + 9] == group for at in used_places(unit)])

    def count(self, key: bytes, group: int, used: int):
        """See CredentialCache.count."""
        before = self.grants(key)
        unit = with_used(before, group, used)
        if not self._fits(len(unit) // GRANT_WIDTH, 0):
            raise OSError(_NO_SPACE)
        # A snapshot takes each count along when its grant comes: one that has come has another.
        if not self.is_snapshot or key <= self.snapshot_key:
            self.drop_writer()
        counted = self.counted + len(used_places(unit)) - len(used_places(before))
        held = self.grants_held, self.rights_held
        batch = Batch(self.applied, held[0], held[1], unit, b"", counted)
        self.is_stale = True
        self._journal.append(batch)
        self._put(batch)
        self.is_stale = False
        self.moves += 1

    def commit(
        self,
        applied: int,
        grants: dict,
        groups: dict,
        more: int,
        rights: int,
        counted: int = 0,
        moves=None,
    ):
        """Make a batch durable: units by key and by group, ``more`` grants and ``rights`` than
        there were, ``counted`` more with a count, made when ``moves`` was what it was.
        ``room_steps`` come first. Raises OSError.
        """
        if moves is not None and moves != self.moves:
            counted = self._count_again(grants)
        self.drop_writer()
        words = b"".join([grants[key] for key in sorted(grants)])
        rows = b"".join([groups[group] for group in sorted(groups)])
        held = max(0, self.grants_held + more), max(0, self.rights_held + rights)
        known = self.counted + counted if counted else None
        batch = Batch(applied, held[0], held[1], words, rows, known)
        self.is_stale = True
        self._journal.append(batch)
        self._put(batch)
        self.is_stale = False

    def room_steps(self, grants: dict, groups: dict):
        """Compact, in steps, if there is no room for such a batch. Raises OSError."""
        words = sum([len(unit) for unit in grants.values()]) // GRANT_WIDTH
        rows = sum([len(records) for records in groups.values()]) // RIGHT_WIDTH
        while not self._fits(words, rows):
            yield from self.compact_steps()

    def compact_steps(self, partial=None):
        """Make new pages of pages and journal, in steps. Raises DamagedError and OSError.

        A change or a snapshot in between ends it, ``close()`` too, and everything is as it was.
        """
        self.drop_writer()
        from .compaction import copy

        writer = self.open_writer()
        try:
            for _ in copy(self.pages, (self._grants, self._groups), writer):
                yield
                if not self.is_writing(writer):
                    return
            writer.finish(self.applied, self.partial if partial is None else partial)
            yield
            if not self.is_writing(writer):
                return
        except OSError:
            self.is_stale = True
            raise
        except GeneratorExit:
            if self.is_writing(writer):
                self.drop_writer()
            raise
        self.swap()

    def open_writer(self, is_snapshot: bool = False):
        """A PageWriter of new pages, instead of any others that were begun. Raises OSError."""
        from .page_writer import PageWriter

        self.drop_writer()
        generation = max(self.pages.generation, self._highest) + 1
        path = self._path + ".new"
        self._writer = PageWriter(path, self._sealer, self._random_bytes, generation)
        self.snapshot_key = b""
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
        self.is_stale = True
        self._writer = None
        self.is_snapshot = False
        os.rename(self._path + ".new", self._path)
        self._load()

    def finish_snapshot(self, writer, number: int):
        """Let the new pages of ``writer`` be the cache as of changeset ``number``; OSError."""
        try:
            writer.finish(number)
        except OSError:
            self.is_stale = True
            raise
        self.swap()

    def is_half_full(self) -> bool:
        """Whether there may be no room for the changeset after the next."""
        return (
            self._journal.size > _JOURNAL_BYTES // 2
            or self._grants.count > _CHANGED_GRANTS // 2
            or self._groups.count > _CHANGED_RIGHTS // 2
        )

    def _from_page(self, look, key):
        try:
            return look(key)
        except DamagedError:
            self.found_damage = True
            raise

    def _count_again(self, grants):
        """Put counts that have moved into units that were made before; how many more there are."""
        more = 0
        for key, unit in grants.items():
            held = self.held_grants(key) or b""
            kept = [(held[at + 8] << 8 | held[at + 9], held[at + 13]) for at in used_places(held)]
            if not is_removed(GRANTS, unit):
                for group, used in kept:
                    if used_at(unit, group) < used:
                        unit = with_used(unit, group, used)
                grants[key] = unit
                more += len(used_places(unit))
            more -= len(kept)
        return more

    def _fits(self, grants, rights):
        if self._journal.size == 0:
            return True  # a batch larger than all this has to fit somewhere: RAM grows for it
        return (
            self._journal.size + batch_bytes(grants, rights) <= _JOURNAL_BYTES
            and self._grants.count + grants <= _CHANGED_GRANTS
            and self._groups.count + rights <= _CHANGED_RIGHTS
        )

    def _put(self, batch):
        self.applied = batch.applied
        self.grants_held = batch.grants_held
        self.rights_held = batch.rights_held
        if batch.counted is not None:
            self.counted = batch.counted
        self._grants.put_all(KEY, batch.grants)
        self._groups.put_all(2, batch.groups)

    def _load(self):
        names = self._names()
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
        self.is_stale = False

    def _replay(self):
        pages = self.pages
        self._void()
        self.applied = pages.applied
        self.partial = pages.partial
        if self._highest > pages.generation:
            raise DamagedError("the journal belongs to later pages than there are")
        path = "%s/%s%d" % (self._directory, _PREFIX, pages.generation)
        self._journal = Journal(path, self._sealer, pages.salt)
        self.counted = pages.counted
        self.grants_held = pages.grants_held
        self.rights_held = pages.rights_held
        for batch in self._journal.batches():
            self._put(batch)

    def _void(self):
        self.applied = 0
        self.partial = False
        self.counted = 0
        self.grants_held = 0
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
