"""Taking a snapshot, part by part: the rules grow in RAM, grants go to the cache's new pages."""

from ...access.policy import operations, snapshot
from ...access.policy.operations import ChangesetRefused


class Intake:
    """A snapshot with the verified ``head`` on its way into ``cache``; nothing of it counts yet.

    ``blank`` are SiteRules of this site that know nothing; ``follow(ring, operations, rules)``
    gives, in steps, the KeyRing after them, ``ring`` being the one to begin with. Raises
    ChangesetRefused and OSError.
    """

    def __init__(self, head: snapshot.Snapshot, blank, cache, ring, follow):
        self._assembly = snapshot.Assembly(head, blank)
        self._follow = follow
        self.ring = ring
        try:
            self._writer = cache.begin_snapshot(head.number)
        except ValueError as error:
            raise ChangesetRefused(str(error))

    @property
    def raw(self) -> bytes:
        """The bytes of its head."""
        return self._assembly.snapshot.raw

    @property
    def progress(self) -> tuple:
        """(number, parts taken, parts in all)."""
        head = self._assembly.snapshot
        return head.number, self._assembly.taken, head.count

    @property
    def rules(self):
        """The SiteRules that the snapshot comes to; None while parts are missing."""
        return self._assembly.rules if self._assembly.is_complete else None

    @property
    def head(self) -> bytes:
        """The hash of the changeset that it stands at."""
        return self._assembly.snapshot.head

    def is_wanted(self, raw: bytes) -> bool:
        """Whether ``raw`` is the next part."""
        return self._assembly.is_wanted(raw)

    def add_steps(self, raw: bytes):
        """Take the next part, in steps, as in :mod:`crypto`. After any error, ChangesetRefused or
        OSError, or ``close()``, there is no going on.

        Memory that runs out comes through as what it is.
        """
        said = yield from self._assembly.add_steps(raw)
        self.ring = yield from self._follow(self.ring, said, self._assembly.rules)
        try:
            for change in operations.changes(said):
                self._writer.add(change)
                yield
        except ValueError as error:
            raise ChangesetRefused(str(error))

    def swap(self):
        """Let the cache be as the snapshot says. Raises OSError: it is, or is as it was."""
        try:
            self._writer.finish()
        except ValueError as error:
            raise ChangesetRefused(str(error))

    def abandon(self):
        """Leave the cache as it is."""
        self._writer.abandon()
