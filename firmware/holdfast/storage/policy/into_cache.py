"""How far the credential cache has followed the policy, and what is done if it has not."""

from ...access.policy import changeset as changesets
from ...access.policy.operations import LOOKUP, ChangesetRefused


def is_lost(cache, number: int) -> bool:
    """Whether ``cache`` does not hold the grants of changeset ``number``. Raises OSError."""
    return cache.damage is not None or cache.applied < number


def check(cache, number: int, changeset):
    """Refuse a changeset that the cache, at ``number``, could not follow: ChangesetRefused.

    One that is damaged or behind says nothing: it needs a snapshot, and tokens do not need it.
    """
    if is_lost(cache, number) or cache.applied != number:
        return
    try:
        cache.check(changeset.changes())
    except ValueError as error:
        raise ChangesetRefused(str(error))


def catch_up(cache, log, number: int):
    """Bring ``cache`` to changeset ``number`` if ``log`` still has all that is missing there.

    If not, and if the cache cannot take it, it stays as it is. Raises OSError.
    """
    if not number or not is_lost(cache, number):
        return
    is_damaged = cache.damage is not None
    begin = 0 if is_damaged else cache.applied
    if sum([1 for _ in log.after(begin, number - begin)]) != number - begin:
        return
    try:
        if is_damaged:
            cache.rebuild()
        for found, raw in log.after(begin, number - begin):
            changeset = changesets.parse(raw)
            if any([operation[0] == LOOKUP for operation in changeset.operations]):
                return  # all grants have other keys from here on: only a snapshot has them
            cache.apply(found, changeset.changes())
        if is_damaged:
            cache.rebuilt()
    except ValueError:
        return
