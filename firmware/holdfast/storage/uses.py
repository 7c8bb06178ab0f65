"""Uses of grants that count: the granted event is the count, and the counter follows it.

At most one use of a node is ahead of its counter: the next one waits until it has moved. Loaded
when a grant that counts is shown, or its use is to be counted.
"""

from untrusted import InvalidInput

from ..access import reason


def of_request(request, door: bytes, log, cache) -> int:
    """Put into a CardRequest how often was used what it shows, and of how many uses.

    ``door`` is the tag of the door's name. Nothing is put in if none of it is for that door and no
    other place: then nobody counts. Gives the reason code with which it is to be refused if it
    would be granted, else 0.
    """
    try:
        settle(log, cache)
        found = _counted(request.key8, request.second, door, cache)
        if found is None:
            return 0
        key, group, request.of = found
        request.used = cache.used(key, group)
        return 0 if cache.can_count(key, group) else reason.COUNTS_FULL
    except InvalidInput:
        return reason.CACHE_DAMAGED
    except OSError:
        return reason.STORAGE_FAILED


def settle(log, cache):
    """Count the use that an event in ``log`` tells of, if it is not counted yet.

    Raises OSError, and InvalidInput for a damaged cache: then it is still to be counted.
    """
    fields = log.uncounted()
    if fields is None:
        return
    if cache is None:
        raise InvalidInput("no cache")
    card, second = fields.get("card"), fields.get("second")
    found = None
    if card is not None:
        found = _counted(card, second, fields.get("door"), cache)
    # What is gone from the policy has no count any more.
    if found is not None:
        key, group, _ = found
        if cache.used(key, group) < fields["use"]:
            cache.count(key, group, fields["use"])
    log.counted()


def _counted(key8, second, door, cache):
    """(key, group, uses) of the grant of one of these keys that counts at this door alone.

    Of both halves the first: shown together they are one use.
    """
    for key in (key8, second):
        if key is None:
            continue
        for grant in cache.grants(key):
            if grant.uses and cache.is_only_at(grant.group, door):
                return key, grant.group, grant.uses
    return None
