"""How a PolicyStore takes what is new: a changeset, or a snapshot's head and parts.

Steps, as in :mod:`crypto`. Between two of them the store is what it was, in RAM and on flash, or
what it will be; a power cut there finds the same. Loaded when there is something to take.
"""

import errno

from micropython import const

from ...access.policy import changeset as changesets
from ...access.policy import draft
from ...access.policy.operations import ChangesetRefused
from . import acceptance, into_cache
from .state import MAX_RECENT, NEXT, RECENT, Held

_CHECKPOINT = const(16)  # changesets from one state to the next


def apply_steps(store, raw):
    """See PolicyStore.apply_steps."""
    changeset = yield from changesets.parse_steps(raw)
    store.ready()
    held = store.held
    rules = held.rules
    if changeset.site == rules.site and changeset.number <= rules.number:
        yield from acceptance.check_known_steps(changeset, held)
        return False
    yield from changeset.verify_steps(rules.anchors)
    following = yield from draft.applied_steps(rules, changeset)
    acceptance.check_enrolled(store.settings, changeset.number, changeset.hash)
    after = yield from store.after_steps(held, changeset, following)
    prepared = yield from into_cache.prepared_steps(store.cache, rules.number, changeset)
    if rules.number - store.checkpointed >= _CHECKPOINT:
        store.checkpoint()
        yield
    while not _take(store, held, changeset, after, prepared):
        store.checkpoint()
        yield
        store.is_stale = True
        store.log.make_room()
        store.is_stale = False
        yield
    if prepared is None:
        try:
            yield from into_cache.catch_up_steps(store.cache, store.log, changeset.number)
        except (OSError, MemoryError):
            store.is_stale = True
            raise
    return True


def _take(store, held, changeset, after, prepared):
    """Go from ``held`` to ``after`` in one piece; False if the log has no room."""
    is_same = not store.is_stale and store.held is held
    if not is_same or (prepared and store.cache.applied != held.rules.number):
        raise OSError(errno.EAGAIN)  # flash was read anew, and has decided
    store.is_stale = True
    if not store.log.append(changeset.number, changeset.raw):
        store.is_stale = False
        return False
    store.put_in_force(after)
    store.abandon_snapshot()
    if prepared:
        store.cache.commit(changeset.number, prepared)
    store.is_stale = False
    return True


def _swap_steps(store, intake):
    # The cache's swap decides: with it ``next`` is the policy, without it nothing happened.
    before = store.held
    store.is_stale = True
    # Hashes without a gap: what came between is not known here.
    ahead = intake.rules.number - before.rules.number
    recent = before.recent if 0 <= ahead <= 1 else b""
    if ahead or not recent:
        recent += intake.head[:RECENT]
    held = Held(intake.rules, intake.ring, recent[-RECENT * MAX_RECENT :])
    store.files.save(NEXT, held, 0, store.log.position)
    store.is_stale = False
    yield
    if store.is_stale or store.held is not before:
        raise OSError(errno.EAGAIN)
    store.is_stale = True
    intake.swap()
    store.intake = None
    store.ready()


def begin_snapshot_steps(store, raw):
    """See PolicyStore.begin_snapshot_steps."""
    from ...access.policy import snapshot
    from .intake import Intake

    head = snapshot.parse(raw)
    yield
    store.ready()
    yield from acceptance.check_snapshot_steps(head, store.held, store.settings, store.least)
    if head.number == store.held.rules.number and not store.needs_snapshot:
        return False
    if store.intake is not None and store.intake.raw == head.raw:
        return True
    store.abandon_snapshot()
    ring, rules = store.held.ring, store.blank.rules
    store.intake = Intake(head, rules, store.cache, ring, store.keys_after_steps)
    if store.parts is not None:
        store.parts.begin(head)
    return True


def add_part_steps(store, raw):
    """See PolicyStore.add_part_steps."""
    store.ready()
    intake = store.intake
    if intake is None:
        raise ChangesetRefused("no snapshot is under way")
    if not intake.is_wanted(raw):
        raise ChangesetRefused("not part %d of the snapshot" % (intake.progress[1] + 1))
    try:
        yield from intake.add_steps(raw)
        if store.parts is not None:
            store.parts.add(raw)
        if intake.rules is None:
            return False
        yield from _swap_steps(store, intake)
    except (OSError, ChangesetRefused, MemoryError, GeneratorExit):
        store.abandon_snapshot()
        store.is_stale = True  # what was written of it goes
        raise
    return True
