"""What a card or a PIN opens: it has no key of its own to prove, so the policy says all of it."""

from untrusted import InvalidInput

from . import reason
from .request import CARD_AND_PIN, LOCKDOWN_OVERRIDE, PIN, UNLOCK
from .tag import name_tag
from .when import hours, window

# Of the rights of one card, each closed for a reason of its own, the reason that is told: what the
# reader lacks before what the site wants.
_MOST_TELLING = (
    reason.CLOCK_UNKNOWN,
    reason.CLOCK_UNCERTAIN,
    reason.GRACE_OVER,
    reason.SCHEDULE_UNKNOWN,
    reason.GROUP_UNKNOWN,
    reason.OTHER_PERSON,
    reason.SECOND_NEEDED,
    reason.HOLIDAY,
    reason.OUTSIDE_SCHEDULE,
    reason.NOT_YET_VALID,
    reason.SUSPENDED,
    reason.USES_OVER,
    reason.EXPIRED,
)


def refusal(request, view, cache, clock) -> int:
    """0 if the CardRequest opens the door of the DoorView ``view`` now, else why not.

    ``cache`` has ``grants(key8)``, a list of Grant, and ``rights(group, door_tag, zone_tags)``, a
    list of (kind of place, its tag, permission bits, schedule tag or None) at these places, or
    None if there is no such group; both may raise InvalidInput or OSError. Without a cache (None)
    no card is known.
    """
    try:
        return _refusal(request, view, cache, clock)
    except InvalidInput:
        return reason.LOCKED_DOWN if view.is_locked_down else reason.CACHE_DAMAGED
    except OSError:
        # Whatever keeps us from knowing keeps the door shut, and lockdown comes before it.
        return reason.LOCKED_DOWN if view.is_locked_down else reason.STORAGE_FAILED


def _refusal(request, view, cache, clock):
    is_locked_down = view.is_locked_down
    # Too many wrong ones: neither the PIN nor a card that it came with is looked up.
    if request.locked and (request.kind == PIN or request.second is not None):
        return reason.LOCKED_DOWN if is_locked_down else reason.PIN_LOCKED
    grants = _grants(request.key8, cache)
    places = name_tag(view.door), view.zone_tags()
    rights = [cache.rights(grant.group, *places) for grant in grants]
    if is_locked_down and not _overrides(rights):
        return reason.LOCKED_DOWN
    if not grants:
        return reason.WRONG_PIN if request.kind == PIN else reason.UNKNOWN_CARD
    rules = view.rules
    if rules.knowledge_s and not clock.fault and clock.now is not None:
        # How long a card that was taken back goes on opening a door that is cut off.
        if clock.now - rules.issued_at > rules.knowledge_s:
            return reason.KNOWLEDGE_TOO_OLD
    refused = [_grant_refusal(grant, request, rules, clock) for grant in grants]
    if all(refused):
        return _most_telling(refused)
    if request.door != view.door:
        return reason.NO_SUCH_DOOR
    needed = UNLOCK | LOCKDOWN_OVERRIDE if is_locked_down else UNLOCK
    return _rights_refusal(request, cache, rules, clock, (grants, rights, refused), needed)


def _grants(key8, cache):
    """The grants of a card or PIN. Raises InvalidInput for any that cannot be."""
    if cache is None:
        raise InvalidInput("no cache")
    grants = cache.grants(key8)
    for grant in grants:
        if grant.key != key8:
            raise InvalidInput("cache: another grant than was asked for")
    return grants


def _overrides(rights):
    for some in rights:
        for _, _, bits, _ in some or ():
            if bits & LOCKDOWN_OVERRIDE:
                return True
    return False


def _grant_refusal(grant, request, rules, clock):
    """Why this grant is worth nothing now, 0 if it is."""
    if grant.is_duress:
        request.is_duress = True  # and nothing else: all is as with any other PIN
    why = window(0, grant.expires, rules, clock, False)
    if why:
        return why
    if grant.is_suspended:
        return reason.SUSPENDED
    if grant.first_day is not None:
        # A clock that is not trusted tells what it is later than: what has begun has begun.
        if rules.timezone is None:
            return reason.SCHEDULE_UNKNOWN
        if rules.timezone.local(clock.now)[0] < grant.first_day:
            is_trusted = clock.is_trusted(rules.max_uncertainty_s)
            return reason.NOT_YET_VALID if is_trusted else reason.CLOCK_UNCERTAIN
    if grant.uses and request.used is None:
        request.is_uncounted = True
        return reason.USES_OVER  # where nobody counts one more would be one too many
    if grant.uses and request.used >= grant.uses:
        return reason.USES_OVER
    return 0


def _rights_refusal(request, cache, rules, clock, found, needed):
    """Whether the rights that are open now make up all the bits ``needed``."""
    permissions = 0
    closed = []
    held = []
    for grant, rights, why in zip(*found):
        if why or rights is None:
            closed.append((needed, why or reason.GROUP_UNKNOWN))
            continue
        for _, _, bits, tag in rights or ():
            permissions |= bits
            held.append((grant, bits, tag))
    if permissions & UNLOCK and request.action != UNLOCK:
        return reason.ACTION_NOT_ALLOWED
    for grant, bits, tag in held:
        why = _second_refusal(grant, request, cache, rules, clock) if bits & CARD_AND_PIN else 0
        if not why and tag is not None:
            why = hours(tag, rules, clock)
        if why:
            closed.append((bits, why))
        else:
            needed &= ~bits
    if not needed:
        return 0
    missed = [why for bits, why in closed if bits & needed]
    if missed:
        return _most_telling(missed)
    return reason.ACTION_NOT_ALLOWED if permissions else reason.WRONG_DOOR


def _second_refusal(grant, request, cache, rules, clock):
    """0 if the other half came with it and is the same person's, else why not."""
    if request.second is None or request.second == request.key8:
        return reason.SECOND_NEEDED
    refused = [
        _grant_refusal(other, request, rules, clock)
        for other in _grants(request.second, cache)
        if grant.person is not None and other.person == grant.person
    ]
    if not refused:
        return reason.OTHER_PERSON
    return _most_telling(refused) if all(refused) else 0


def _most_telling(reasons):
    for why in _MOST_TELLING:
        if why in reasons:
            return why
    return reasons[0]
