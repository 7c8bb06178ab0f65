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

import crypto
from cose import CRV_ED25519, Key
from micropython import const

from ...access import reason
from ...access.policy.key_ring import KeyRing
from ...access.policy.rules import SiteRules
from ..sealed import DamagedError
from .log import ChangesetLog
from .state import MAX_RECENT, NEXT, RECENT, Held, StateFiles

_STATE = "state"
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
    that ended included, flash is read anew (``ready``) before anything else is done or said: what
    it has decides. What else has no underscore is there for taking.py.
    """

    parts = None  # Parts, of a node that has snapshots for others

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
        self.cache = cache
        self.settings = settings
        self._unseal = unseal
        first = Key.okp(CRV_ED25519, settings.first_key)
        self.blank = Held(SiteRules(settings.site, (first,)), KeyRing())
        self.files = StateFiles(directory, sealer, self.blank, settings.place)
        self.is_stale = True
        self._is_busy = False
        self.intake = None
        self.held = self.blank
        self.ready()

    def moment(self) -> tuple:
        """``(SiteRules, CredentialCache or None)`` of one changeset. Raises OSError.

        None while the cache is behind the rules, because it may hold a card that was taken back
        since. If it is damaged it says so itself when it is asked.
        """
        if self.is_stale:
            self._load()
        rules = self.held.rules
        try:
            if self.cache.is_behind(rules.number):
                return rules, None
        except OSError:
            return rules, None
        return rules, self.cache

    @property
    def rules(self) -> SiteRules:
        """The rules in force. Raises OSError."""
        self.ready()
        return self.held.rules

    @property
    def ring(self) -> KeyRing:
        """The keys that the policy has for this node. Raises OSError."""
        self.ready()
        return self.held.ring

    @property
    def needs_snapshot(self) -> bool:
        """Whether something is damaged that a snapshot repairs, or changesets from the first on.

        Raises OSError.
        """
        self.ready()
        rules = self.held.rules
        return (
            rules.fault == reason.POLICY_DAMAGED
            or self.cache.needs_repair
            or self.cache.damage is not None
            or self.cache.applied < rules.number
        )

    @property
    def snapshot_progress(self):
        """(number, parts taken, parts in all) of a snapshot under way, or None."""
        return None if self.intake is None else self.intake.progress

    def apply(self, raw: bytes) -> bool:
        """``apply_steps``, all of them."""
        return crypto.finish(self.apply_steps(raw))

    def apply_steps(self, raw: bytes):
        """Follow the changeset ``raw``: whole and durably, or not at all.

        False if it was followed before, which is said only of one of the last 64. In steps, as in
        :mod:`crypto`: until the last of them the old policy holds, and ``close()`` leaves it. One
        such work at a time: the steps of another raise Busy. Raises ChangesetRefused, whose text
        says why, and which number is wanted if that is it. Raises OSError: it was followed or
        not, and may be given again.
        """
        return self._alone_steps("apply_steps", raw)

    def after(self, number: int, limit: int = 16) -> list:
        """Raw changesets that follow ``number``, in order, at most ``limit``.

        Fewer or none if they are not kept any more. Raises OSError.
        """
        self.ready()
        limit = min(limit, self.held.rules.number - number)
        return [raw for _, raw in self.log.after(number, limit)]

    def checkpoint(self):
        """Write the rules down, so that less is to be followed at the next opening: OSError."""
        self.ready()
        if self.checkpointed != self.held.rules.number:
            self.is_stale = True
            self._save_state()
            self.is_stale = False

    def begin_snapshot(self, raw: bytes) -> bool:
        """``begin_snapshot_steps``, all of them."""
        return crypto.finish(self.begin_snapshot_steps(raw))

    def begin_snapshot_steps(self, raw: bytes):
        """Begin to take the snapshot with the head ``raw``, instead of another that was begun.

        What is under way goes on: carriers lose their links. False if it would change nothing.
        Meanwhile the old policy holds, and following a changeset ends it. In steps, as those of
        ``apply_steps``. Raises ChangesetRefused, Busy and OSError.
        """
        return self._alone_steps("begin_snapshot_steps", raw)

    def add_part(self, raw: bytes) -> bool:
        """``add_part_steps``, all of them."""
        return crypto.finish(self.add_part_steps(raw))

    def add_part_steps(self, raw: bytes):
        """Take the next part of the snapshot; True if it was the last, and the policy is that now.

        In steps, as those of ``apply_steps``; ``close()`` gives up the snapshot. Raises Busy, and
        ChangesetRefused: while ``snapshot_progress`` is not None, the same part may still come
        from somebody else. Raises OSError: begin anew.
        """
        return self._alone_steps("add_part_steps", raw)

    def abandon_snapshot(self):
        """Give up a snapshot that is under way; if there is none, nothing."""
        if self.intake is not None:
            self.intake.abandon()
            self.intake = None
            if self.parts is not None:
                self.parts.abandon()

    def keep_parts(self, parts):
        """Have the snapshots that come kept by ``parts`` (parts.py). Raises OSError."""
        self.ready()
        self.parts = parts
        parts.settle(self.held.rules.number)

    def _alone_steps(self, what, raw):
        from . import taking

        if self._is_busy:
            raise taking.acceptance.Busy("another changeset or part is being taken")
        self._is_busy = True
        try:
            return (yield from getattr(taking, what)(self, raw))
        finally:
            self._is_busy = False

    def ready(self):
        """Read flash anew if it may differ from what is in RAM. Raises OSError."""
        if self.is_stale:
            self._load()

    def _load(self):
        try:
            os.mkdir(self._directory)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise
        self._finish_swap()
        held, least, position, is_damaged = self.blank, 0, 0, False
        try:
            held, least, position = self.files.load(_STATE) or (held, least, position)
        except DamagedError:
            is_damaged = True
        self.checkpointed = held.rules.number
        self.log = ChangesetLog(self._directory + "/log", self._sealer, *self._log_size)
        is_log_lost = self.log.position < position
        for number, raw in self.log.since(0 if is_log_lost else position):
            if raw is None:
                number = held.rules.number + 1
            else:
                held = self._replayed(held, raw)
            least = max(least, number)
        self.least = max(least, self.cache.applied)
        if is_damaged:
            self.least = max(self.least, 1)
        if is_log_lost and self.cache.damage is not None:
            self.least = max(self.least, held.rules.number + 1)  # nobody knows what there was
        self.put_in_force(held)
        if is_log_lost:
            self._save_state()
        number = held.rules.number
        if self.cache.damage is not None or self.cache.applied < number:
            from . import into_cache

            crypto.finish(into_cache.catch_up_steps(self.cache, self.log, number))
        self.is_stale = False
        if self.parts is not None:
            self.parts.settle(number)

    def _finish_swap(self):
        """A snapshot that was interrupted holds if the cache has it, and else never was."""
        made = self._number_in(NEXT)
        if made and made == self.cache.applied and made >= self._number_in(_STATE):
            self.files.rename(NEXT, _STATE)
        else:
            self.files.remove(NEXT)

    def _number_in(self, name):
        try:
            held = self.files.load(name)
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
        return crypto.finish(self.after_steps(held, changeset, following))

    def after_steps(self, before, changeset, following):
        recent = (before.recent + changeset.hash[:RECENT])[-RECENT * MAX_RECENT :]
        ring = yield from self.keys_after_steps(before.ring, changeset.operations, following)
        return Held(following, ring, recent)

    def keys_after_steps(self, ring, operations, rules):
        from ...access.policy.operations import OF_KEYS

        if not any([operation[0] in OF_KEYS for operation in operations]):
            return ring
        from ...access.policy import key_changes

        root, node, unseal = self.settings.root, self.settings.node, self._unseal
        return (
            yield from key_changes.following_steps(ring, operations, rules, root, node, unseal)
        )

    def put_in_force(self, held):
        fault = reason.POLICY_DAMAGED if held.rules.number < self.least else None
        self.held = Held(held.rules.changed(fault=fault), held.ring, held.recent)

    def _save_state(self):
        self.files.save(_STATE, self.held, self.least, self.log.position)
        self.checkpointed = self.held.rules.number
