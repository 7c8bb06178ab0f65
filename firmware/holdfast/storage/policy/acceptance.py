"""Which changesets and snapshots a node may take. Loaded when there are some, not before."""

from untrusted import InvalidInput

from ...access.policy.operations import ChangesetRefused
from .state import RECENT


class Busy(InvalidInput):
    """Something else is being taken: nothing was looked at, and it may be given again."""


def check_known_steps(changeset, held):
    """Return if ``changeset``, not beyond what is held, was followed; else ChangesetRefused.

    In steps, as in :mod:`crypto`, and so is ``check_snapshot_steps``.
    Known is only what can be shown: its hash is among those of the last 64. The hash is of the
    signature too, which was verified then, by whichever key was an anchor at that time.
    """
    number = changeset.number
    behind = held.rules.number - number
    at = len(held.recent) - RECENT * (behind + 1)
    known = held.recent[at : at + RECENT] if at >= 0 else b""
    if known == changeset.hash[:RECENT]:
        return
    if not known:
        raise ChangesetRefused(
            "changeset %d is older than what is kept here; changeset %d is wanted"
            % (number, held.rules.number + 1)
        )
    yield from changeset.verify_steps(held.rules.anchors)
    raise ChangesetRefused(
        "changeset %d is not the one that was followed: the chain has forked" % number
    )


def check_enrolled(settings, number: int, head: bytes):
    """Refuse a chain that comes by the number at which the node was enrolled with another hash:
    another copy of the authority went on with it.
    """
    enrolled, known = settings.enrolled_at
    if number == enrolled and head != known:
        raise ChangesetRefused(
            "changeset %d is not the one that this node was enrolled at: the chain has forked"
            % number
        )


def check_snapshot_steps(head, held, settings, least: int):
    """Refuse the Snapshot ``head`` unless it may take the place of what is held.

    ``least`` is the number that was here once. Signature first: by whom the chain that is here
    names, or, where the node was enrolled later than that chain has come, by whom it was told
    then.
    """
    rules = held.rules
    if head.site != rules.site:
        raise ChangesetRefused("snapshot of another site")
    is_behind = settings.enrolled_at[0] > rules.number
    yield from head.verify_steps(settings.authority_keys if is_behind else rules.anchors)
    newest = max(rules.number, least)
    if head.number < newest:
        raise ChangesetRefused(
            "snapshot %d is older than changeset %d, which was here" % (head.number, newest)
        )
    check_enrolled(settings, head.number, head.head)
    if head.number == rules.number and head.head != rules.head:
        raise ChangesetRefused("snapshot %d is of another chain" % head.number)
