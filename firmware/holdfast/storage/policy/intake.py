"""Taking a snapshot, part by part: the policy grows in RAM, grants go to the cache's new pages."""

from ...access.policy import snapshot
from ...access.policy.operations import ChangesetRefused


class Intake:
    """A snapshot with the verified ``head`` on its way into ``cache``; nothing of it counts yet.

    ``blank`` is an empty Policy of this door. Raises ChangesetRefused and OSError.
    """

    def __init__(self, head: snapshot.Snapshot, blank, cache):
        self._assembly = snapshot.Assembly(head, blank)
        try:
            self._writer = cache.begin_snapshot(head.number)
        except ValueError as error:
            raise ChangesetRefused(str(error))

    @property
    def progress(self) -> tuple:
        """(number, parts taken, parts in all)."""
        head = self._assembly.snapshot
        return head.number, self._assembly.taken, head.count

    @property
    def policy(self):
        """The Policy that the snapshot comes to; None while parts are missing."""
        return self._assembly.policy if self._assembly.is_complete else None

    def is_wanted(self, raw: bytes) -> bool:
        """Whether ``raw`` is the next part."""
        return self._assembly.is_wanted(raw)

    def add(self, raw: bytes):
        """Take the next part. After any error, ChangesetRefused or OSError, there is no going on.

        Memory that runs out comes through as what it is.
        """
        changes = self._assembly.add(raw)
        try:
            for change in changes:
                self._writer.add(change)
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
