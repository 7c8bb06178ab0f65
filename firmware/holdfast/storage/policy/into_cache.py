"""How far the credential cache has followed the policy, and what is done if it has not."""

from ...access.policy import changeset as changesets
from ...access.policy.operations import LOOKUP, ChangesetRefused


def is_lost(cache, number: int) -> bool:
    """Whether ``cache`` does not hold the grants of changeset ``number``. Raises OSError."""
    return cache.damage is not None or cache.applied < number


def prepared_steps(cache, number: int, changeset):
    """What CredentialCache.commit takes for ``changeset``, whose room is made.

    In steps, as in :mod:`crypto`. None for a cache that is damaged or behind ``number``: it needs
    a snapshot, and tokens do not need it. Raises ChangesetRefused for what the cache could not
    follow, and OSError.
    """
    if is_lost(cache, number) or cache.applied != number:
        return None
    try:
        prepared = yield from cache.prepared_steps(changeset.changes())
        yield from cache.room_steps(prepared)
    except ValueError as error:
        raise ChangesetRefused(str(error))
    return prepared


def catch_up_steps(cache, log, number: int):
    """Bring ``cache`` to changeset ``number`` if ``log`` still has all that is missing there.

    If not, and if the cache cannot take it, it stays as it is. In steps, as in :mod:`crypto`:
    lookups are refused meanwhile. Raises OSError.
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
            yield
            prepared = yield from cache.prepared_steps(changeset.changes())
            yield from cache.room_steps(prepared)
            cache.commit(found, prepared)
        if is_damaged:
            yield from cache.rebuilt_steps()
    except ValueError:
        return
