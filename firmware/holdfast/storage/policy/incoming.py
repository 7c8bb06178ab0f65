"""What somebody brings of the policy: a changeset, a snapshot's head, or a part of it."""

import crypto
from micropython import const

from ...access.policy.operations import ChangesetRefused

_PAIR = const(0x82)  # a part is [hash, operations]; changesets and heads are tagged


def take(policies, raw: bytes) -> bool:
    """``take_steps``, all of them."""
    return crypto.finish(take_steps(policies, raw))


def take_steps(policies, raw: bytes):
    """Let the PolicyStore ``policies`` take ``raw``; False if it changes nothing.

    In steps, as in :mod:`crypto`. A head begins a snapshot, or goes on with it where it was left.
    Raises what ``apply_steps``, ``begin_snapshot_steps`` and ``add_part_steps`` raise.
    """
    if raw[:1] == bytes((_PAIR,)):
        yield from policies.add_part_steps(raw)
        return True
    try:
        return (yield from policies.apply_steps(raw))
    except ChangesetRefused:
        if not _is_head(raw):
            raise
    return (yield from policies.begin_snapshot_steps(raw))


def _is_head(raw) -> bool:
    from ...access.policy import snapshot  # changesets are many, and snapshots few

    try:
        snapshot.parse(raw)
    except ChangesetRefused:
        return False
    return True
