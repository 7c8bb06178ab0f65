"""What somebody brings of the policy: a changeset, a snapshot's head, or a part of it."""

from micropython import const

from ...access.policy import snapshot
from ...access.policy.operations import ChangesetRefused

_PAIR = const(0x82)  # a part is [hash, operations]; changesets and heads are tagged


def take(policies, raw: bytes) -> bool:
    """Let the PolicyStore ``policies`` take ``raw``; False if it changes nothing.

    A head begins a snapshot, or goes on with it where it was left. Raises what ``apply``,
    ``begin_snapshot`` and ``add_part`` raise.
    """
    if raw[:1] == bytes((_PAIR,)):
        policies.add_part(raw)
        return True
    try:
        return policies.apply(raw)
    except ChangesetRefused:
        if not _is_head(raw):
            raise
    return policies.begin_snapshot(raw)


def _is_head(raw) -> bool:
    try:
        snapshot.parse(raw)
    except ChangesetRefused:
        return False
    return True
