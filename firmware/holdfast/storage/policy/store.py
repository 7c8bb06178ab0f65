"""The site's policy on flash: followed one changeset at a time, or swapped in whole.

A changeset counts from the moment it is in the log; the rules that it leads to are in RAM, and in
the file ``state`` every few changesets. Grants and groups are the credential cache's, which says
itself how far it has come and catches up. Decision 010 has the order of writes and why a power
cut between any two of them is made good at the next opening.

What it takes to follow changesets is loaded when there are some: a door that opens needs none of
it, and it is a tenth of all the code.
"""

import errno
import os

from cose import CRV_ED25519, Key
from micropython import const

from ...access import reason
from ...access.policy.key_ring import KeyRing
from ...access.policy.rules import SiteRules
from ..sealed import DamagedError
from .log import ChangesetLog
from .state import MAX_RECENT, RECENT, Held, StateFiles

_STATE = "state"
_NEXT = "next"  # a snapshot's policy, from just before the cache is swapped until just after
_CHECKPOINT = const(16)  # changesets from one state to the next
_SEGMENT = const(8192)
_SEGMENTS = const(4)


class PolicyStore:
    """The policy in ``directory``, sealed with ``sealer``, of the site in ``settings``.

    ``cache`` is the node's CredentialCache. ``settings`` has ``site``, ``node``, ``first_key``, by
    which the first changeset must be signed, ``authority_keys``, those in force when the node was
    enrolled, and ``enrolled_at``, number and hash of the changeset that was the last then.
    ``unseal(ephemeral, purpose, sealed)`` opens keys that the policy has for this node.
    The log takes at most ``segments`` times ``segment_size`` bytes; what it still has of the
    changesets when it is full is what peers can get from here.

    The rules have the fault POLICY_MISSING before the first changeset, and POLICY_DAMAGED if flash
    shows that there once was more than can be read now, until changesets or a snapshot have come
    as far again. Opening raises OSError, for damage nothing. After an error of any method, memory
    that ended included, flash is read anew before anything else is done or said: what it has
    decides.
    """

    def __init__(
        self,
        directory: str,
        sealer,
        settings,
        cache,
        unseal=None,
        segment_size: int = _SEGMENT,
        segments: int = _SEGMENTS,
    ):
        self._directory = directory
        self._sealer = sealer
        self._log_size = (segment_size, segments)
        self._cache = cache
        self._settings = settings
        self._unseal = unseal
        first = Key.okp(CRV_ED25519, settings.first_key)
        self._blank = Held(SiteRules(settings.site, (first,)), KeyRing())
        self._files = StateFiles(directory, sealer, self._blank, settings.place)
        self._is_stale = True
        self._intake = None
        self._held = self._blank
        self._ready()

    def moment(self) -> tuple:
        """``(SiteRules, CredentialCache or None)`` of one changeset. Raises OSError.

        None while the cache is behind the rules, because it may hold a card that was taken back
        since. If it is damaged it says so itself when it is asked.
        """
        if self._is_stale:
            self._load()
        rules = self._held.rules
        try:
            if self._cache.is_behind(rules.number):
                return rules, None
        except OSError:
            return rules, None
        return rules, self._cache

    @property
    def rules(self) -> SiteRules:
        """The rules in force. Raises OSError."""
        self._ready()
        return self._held.rules

    @property
    def ring(self) -> KeyRing:
        """The keys that the policy has for this node. Raises OSError."""
        self._ready()
        return self._held.ring

    @property
    def needs_snapshot(self) -> bool:
        """Whether something is damaged that a snapshot repairs, or changesets from the first on.

        Raises OSError.
        """
        self._ready()
        rules = self._held.rules
        return (
            rules.fault == reason.POLICY_DAMAGED
            or self._cache.needs_repair
            or self._cache.damage is not None
            or self._cache.applied < rules.number
        )

    @property
    def snapshot_progress(self):
        """(number, parts taken, parts in all) of a snapshot under way, or None."""
        return None if self._intake is None else self._intake.progress

    def apply(self, raw: bytes) -> bool:
        """Follow the changeset ``raw``: whole and durably, or not at all.

        False if it was followed before, which is said only of one of the last 64. Raises
        ChangesetRefused, whose text says why, and which number is wanted if that is it. Raises
        OSError: it was followed or not, and may be given again.
        """
        from ...access.policy import changeset as changesets
        from ...access.policy import draft
        from . import acceptance, into_cache

        changeset = changesets.parse(raw)
        self._ready()
        rules = self._held.rules
        if changeset.site == rules.site and changeset.number <= rules.number:
            acceptance.check_known(changeset, self._held)
            return False
        changeset.verify(rules.anchors)
        following = draft.applied(rules, changeset)
        acceptance.check_enrolled(self._settings, changeset.number, changeset.hash)
        into_cache.check(self._cache, rules.number, changeset)
        if rules.number - self._checkpointed >= _CHECKPOINT:
            self.checkpoint()
        self._is_stale = True
        while not self._log.append(changeset.number, changeset.raw):
            if self._checkpointed != rules.number:
                self._save_state()
            self._log.make_room()
        self._follow(self._after(changeset, following))
        self.abandon_snapshot()
        into_cache.catch_up(self._cache, self._log, changeset.number)
        self._is_stale = False
        return True

    def after(self, number: int, limit: int = 16) -> list:
        """Raw changesets that follow ``number``, in order, at most ``limit``.

        Fewer or none if they are not kept any more. Raises OSError.
        """
        self._ready()
        limit = min(limit, self._held.rules.number - number)
        return [raw for _, raw in self._log.after(number, limit)]

    def checkpoint(self):
        """Write the rules down, so that less is to be followed at the next opening: OSError."""
        self._ready()
        if self._checkpointed != self._held.rules.number:
            self._is_stale = True
            self._save_state()
            self._is_stale = False

    def begin_snapshot(self, raw: bytes) -> bool:
        """Begin to take the snapshot with the head ``raw``, instead of another that was begun.

        What is under way goes on: carriers lose their links. False if it would change nothing.
        Meanwhile the old policy holds, and following a changeset ends it. Raises ChangesetRefused
        and OSError.
        """
        from ...access.policy import snapshot
        from .acceptance import check_snapshot
        from .intake import Intake

        head = snapshot.parse(raw)
        self._ready()
        check_snapshot(head, self._held, self._settings, self._least)
        if head.number == self._held.rules.number and not self.needs_snapshot:
            return False
        if self._intake is not None and self._intake.raw == head.raw:
            return True
        self.abandon_snapshot()
        held = self._held
        self._intake = Intake(head, self._blank.rules, self._cache, held.ring, self._keys_after)
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
            if intake.rules is None:
                return False
            self._swap(intake)
        except (OSError, ChangesetRefused, MemoryError):
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
        # Hashes without a gap: what came between is not known here.
        ahead = intake.rules.number - self._held.rules.number
        recent = self._held.recent if 0 <= ahead <= 1 else b""
        if ahead or not recent:
            recent += intake.head[:RECENT]
        held = Held(intake.rules, intake.ring, recent[-RECENT * MAX_RECENT :])
        self._files.save(_NEXT, held, 0, self._log.position)
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
        self._finish_swap()
        held, least, position, is_damaged = self._blank, 0, 0, False
        try:
            held, least, position = self._files.load(_STATE) or (held, least, position)
        except DamagedError:
            is_damaged = True
        self._checkpointed = held.rules.number
        self._log = ChangesetLog(self._directory + "/log", self._sealer, *self._log_size)
        is_log_lost = self._log.position < position
        for number, raw in self._log.since(0 if is_log_lost else position):
            if raw is None:
                number = held.rules.number + 1
            else:
                held = self._replayed(held, raw)
            least = max(least, number)
        self._least = max(least, self._cache.applied)
        if is_damaged:
            self._least = max(self._least, 1)
        if is_log_lost and self._cache.damage is not None:
            self._least = max(self._least, held.rules.number + 1)  # nobody knows what there was
        self._follow(held)
        if is_log_lost:
            self._save_state()
        number = held.rules.number
        if self._cache.damage is not None or self._cache.applied < number:
            from . import into_cache

            into_cache.catch_up(self._cache, self._log, number)
        self._is_stale = False

    def _finish_swap(self):
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
        return held[0].rules.number if held else 0

    def _replayed(self, held, raw):
        """What is held after the changeset ``raw``, or as it is if that is not the next one."""
        from ...access.policy import changeset as changesets
        from ...access.policy import draft
        from ...access.policy.operations import ChangesetRefused

        try:
            changeset = changesets.parse(raw)
            following = draft.applied(held.rules, changeset)
        except ChangesetRefused:
            return held  # written twice; or a gap, and then its number tells
        return self._after(changeset, following, held)

    def _after(self, changeset, following, before=None):
        before = before or self._held
        recent = (before.recent + changeset.hash[:RECENT])[-RECENT * MAX_RECENT :]
        ring = self._keys_after(before.ring, changeset.operations, following)
        return Held(following, ring, recent)

    def _keys_after(self, ring, operations, rules):
        from ...access.policy.operations import OF_KEYS

        if not any([operation[0] in OF_KEYS for operation in operations]):
            return ring
        from ...access.policy import key_changes

        root, node = self._settings.root, self._settings.node
        return key_changes.following(ring, operations, rules, root, node, self._unseal)

    def _follow(self, held):
        fault = reason.POLICY_DAMAGED if held.rules.number < self._least else None
        self._held = Held(held.rules.changed(fault=fault), held.ring, held.recent)

    def _save_state(self):
        self._files.save(_STATE, self._held, self._least, self._log.position)
        self._checkpointed = self._held.rules.number
