"""The site's policy on flash: followed one changeset at a time, or swapped in whole.

A changeset counts from the moment it is in the log; the policy that it leads to is in RAM, and in
the file ``state`` every few changesets. Grants and groups are the credential cache's, which says
itself how far it has come and catches up. Decision 010 has the order of writes and why a power
cut between any two of them is made good at the next opening.

What it takes to follow changesets is loaded when there are some: a door that opens needs none of
it, and it is a tenth of all the code.
"""

import errno
import os

from micropython import const

from ...access import reason
from ...access.policy.policy import Policy
from ..sealed import DamagedError
from .log import ChangesetLog
from .state import StateFiles

_STATE = "state"
_NEXT = "next"  # a snapshot's policy, from just before the cache is swapped until just after
_CHECKPOINT = const(16)  # changesets from one state to the next
_SEGMENT = const(8192)
_SEGMENTS = const(4)


class PolicyStore:
    """The policy in ``directory``, sealed with ``sealer``, of the door in ``settings``.

    ``cache`` is the board's CredentialCache. ``settings`` has ``site``, ``door``, ``zones``,
    ``strike_ms`` and ``authority_keys``, by whom the first changeset must be signed. The log takes
    at most ``segments`` times ``segment_size`` bytes; what it still has of the changesets when it
    is full is what peers can get from here.

    ``policy`` has the fault POLICY_MISSING before the first changeset, and POLICY_DAMAGED if flash
    shows that there once was more than can be read now, until changesets or a snapshot have come
    as far again. Opening raises OSError, for damage nothing. After an OSError from any method
    flash is read anew before anything else is done.
    """

    def __init__(
        self,
        directory: str,
        sealer,
        settings,
        cache,
        segment_size: int = _SEGMENT,
        segments: int = _SEGMENTS,
    ):
        self._directory = directory
        self._sealer = sealer
        self._log_size = (segment_size, segments)
        self._cache = cache
        self._blank = Policy(
            settings.site,
            settings.door,
            settings.zones,
            settings.strike_ms,
            settings.authority_keys,
        )
        self._files = StateFiles(directory, sealer, self._blank)
        self._is_stale = True
        self._intake = None
        self.policy = self._blank
        self._ready()

    @property
    def cache(self):
        """The credential cache; None while it is behind the policy, because it may hold a card
        that was taken back since. If it is damaged it says so itself when it is asked.
        """
        try:
            self._ready()
            is_behind = self._cache.applied < self.policy.number and self._cache.damage is None
        except OSError:
            return None
        return None if is_behind else self._cache

    @property
    def needs_snapshot(self) -> bool:
        """Whether something is damaged that a snapshot repairs, or changesets from the first on.

        Raises OSError.
        """
        self._ready()
        return (
            self.policy.fault == reason.POLICY_DAMAGED
            or self._cache.needs_repair
            or self._cache.damage is not None
            or self._cache.applied < self.policy.number
        )

    @property
    def snapshot_progress(self):
        """(number, parts taken, parts in all) of a snapshot under way, or None."""
        return None if self._intake is None else self._intake.progress

    def apply(self, raw: bytes) -> bool:
        """Follow the changeset ``raw``: whole and durably, or not at all.

        False if it was followed before. Raises ChangesetRefused, whose text says why, and which
        number is wanted if that is it. Raises OSError: it was followed or not, and may be given
        again.
        """
        from ...access.policy import changeset as changesets
        from . import into_cache as policy_cache

        changeset = changesets.parse(raw)
        self._ready()
        policy = self.policy
        if changeset.site == policy.site and changeset.number <= policy.number:
            self._check_known(changeset)
            return False
        # A signature costs the most to check, and a gap is nobody's fault: it comes last.
        following = policy.applied(changeset)
        changeset.verify(policy.anchors)
        policy_cache.check(self._cache, policy.number, changeset)
        if policy.number - self._checkpointed >= _CHECKPOINT:
            self.checkpoint()
        self._is_stale = True
        while not self._log.append(changeset.number, changeset.raw):
            if self._checkpointed != policy.number:
                self._save_state()
            self._log.make_room()
        self._follow(following)
        self.abandon_snapshot()
        policy_cache.catch_up(self._cache, self._log, changeset.number)
        self._is_stale = False
        return True

    def after(self, number: int, limit: int = 16) -> list:
        """Raw changesets that follow ``number``, in order, at most ``limit``.

        Fewer or none if they are not kept any more. Raises OSError.
        """
        self._ready()
        limit = min(limit, self.policy.number - number)
        return [raw for _, raw in self._log.after(number, limit)]

    def checkpoint(self):
        """Write the policy down, so that less is to be followed at the next opening: OSError."""
        self._ready()
        if self._checkpointed != self.policy.number:
            self._is_stale = True
            self._save_state()
            self._is_stale = False

    def begin_snapshot(self, raw: bytes) -> bool:
        """Begin to take the snapshot with the head ``raw``, instead of any that was begun.

        False if it would change nothing. Meanwhile the old policy holds, and following a changeset
        ends it. Raises ChangesetRefused and OSError.
        """
        from ...access.policy import snapshot
        from ...access.policy.operations import ChangesetRefused
        from .intake import Intake

        head = snapshot.parse(raw)
        self._ready()
        policy = self.policy
        if head.site != policy.site:
            raise ChangesetRefused("snapshot of another site")
        newest = max(policy.number, self._least)
        if head.number < newest:
            raise ChangesetRefused(
                "snapshot %d is older than changeset %d, which was here" % (head.number, newest)
            )
        head.verify(policy.anchors)
        if head.number == policy.number:
            if head.head != policy.head:
                raise ChangesetRefused("snapshot %d is of another chain" % head.number)
            if not self.needs_snapshot:
                return False
        self.abandon_snapshot()
        self._intake = Intake(head, self._blank, self._cache)
        return True

    def add_part(self, raw: bytes) -> bool:
        """Take the next part of the snapshot; True if it was the last, and the policy is that now.

        Raises ChangesetRefused: while ``snapshot_progress`` is not None, the same part may still
        come from somebody else. Raises OSError: begin anew.
        """
        from ...access.policy.operations import ChangesetRefused

        self._ready()
        intake = self._intake
        if intake is None:
            raise ChangesetRefused("no snapshot is under way")
        if not intake.is_wanted(raw):
            raise ChangesetRefused("not part %d of the snapshot" % (intake.progress[1] + 1))
        try:
            intake.add(raw)
            if intake.policy is None:
                return False
            self._swap(intake)
        except (OSError, ChangesetRefused):
            self.abandon_snapshot()
            raise
        return True

    def abandon_snapshot(self):
        """Give up a snapshot that is under way; if there is none, nothing."""
        if self._intake is not None:
            self._intake.abandon()
            self._intake = None

    def _swap(self, intake):
        # The cache's swap decides: with it ``next`` is the policy, without it nothing happened.
        self._is_stale = True
        self._files.save(_NEXT, intake.policy, 0, self._log.position)
        intake.swap()
        self._intake = None
        self._ready()

    def _ready(self):
        """Read flash anew if it may differ from what is in RAM. Raises OSError."""
        if self._is_stale:
            self._load()

    def _load(self):
        try:
            os.mkdir(self._directory)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise
        self._settle()
        policy, least, position, is_damaged = self._blank, 0, 0, False
        try:
            policy, least, position = self._files.load(_STATE) or (policy, least, position)
        except DamagedError:
            is_damaged = True
        self._checkpointed = policy.number
        self._log = ChangesetLog(self._directory + "/log", self._sealer, *self._log_size)
        is_log_lost = self._log.position < position
        for number, raw in self._log.since(0 if is_log_lost else position):
            if raw is None:
                number = policy.number + 1
            else:
                policy = _after(policy, raw)
            least = max(least, number)
        self._least = max(least, self._cache.applied)
        if is_damaged:
            self._least = max(self._least, 1)
        if is_log_lost and self._cache.damage is not None:
            self._least = max(self._least, policy.number + 1)  # nobody knows what there was
        self._follow(policy)
        if is_log_lost:
            self._save_state()
        if self._cache.damage is not None or self._cache.applied < policy.number:
            from . import into_cache as policy_cache

            policy_cache.catch_up(self._cache, self._log, policy.number)
        self._is_stale = False

    def _settle(self):
        """A snapshot that was interrupted holds if the cache has it, and else never was."""
        made = self._number_in(_NEXT)
        if made and made == self._cache.applied and made >= self._number_in(_STATE):
            self._files.rename(_NEXT, _STATE)
        else:
            self._files.remove(_NEXT)

    def _number_in(self, name):
        try:
            held = self._files.load(name)
        except DamagedError:
            return 0
        return held[0].number if held else 0

    def _follow(self, policy):
        fault = reason.POLICY_DAMAGED if policy.number < self._least else None
        self.policy = policy.changed(fault=fault)

    def _save_state(self):
        self._files.save(_STATE, self.policy, self._least, self._log.position)
        self._checkpointed = self.policy.number

    def _check_known(self, changeset):
        from ...access.policy.operations import ChangesetRefused

        number = changeset.number
        if number == self.policy.number:
            is_same = changeset.hash == self.policy.head
        else:
            kept = [raw for _, raw in self._log.after(number - 1, 1)]
            is_same = not kept or kept[0] == changeset.raw
        if not is_same:
            changeset.verify(self.policy.anchors)
            raise ChangesetRefused(
                "changeset %d is not the one that was followed: the chain has forked" % number
            )


def _after(policy, raw):
    """The policy after the changeset ``raw``, or as it is if that is not the next one."""
    from ...access.policy import changeset as changesets
    from ...access.policy.operations import ChangesetRefused

    try:
        return policy.applied(changesets.parse(raw))
    except ChangesetRefused:
        return policy  # written twice; or a gap, and then its number tells
