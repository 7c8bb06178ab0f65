"""The decision: fail closed, with a reason.

The checks run in a fixed order, and the first that fails gives the reason. Whatever is missing
(a policy, a zone, a group, a schedule, a clock) is a no.
"""

from untrusted import InvalidInput

from . import reason
from .clock.reading import ClockReading
from .decision import Decision
from .grant import ANSWER, POLICY
from .policy.policy import Policy
from .request import ADMINISTER, LOCKDOWN_OVERRIDE, PIN, UNLOCK, CardRequest
from .tag import name_tag

GUEST_LIFETIME_S = 24 * 3600

# Of the rights of one card, each closed for a reason of its own, the reason that is told: what the
# reader lacks before what the site wants.
_MOST_TELLING = (
    reason.CLOCK_UNCERTAIN,
    reason.SCHEDULE_UNKNOWN,
    reason.HOLIDAY,
    reason.OUTSIDE_SCHEDULE,
)


def decide(request, policy: Policy, cache, clock: ClockReading) -> Decision:
    """Whether ``request`` opens the door of ``policy`` at the time ``clock`` reads.

    The credential in a Request is authentic and shown by its holder already. ``cache`` knows what
    a CardRequest shows: ``grant(key8)`` is a Grant or None, ``rights(group, place_tags)`` a list
    of (place tag, permission bits, schedule tag or None) at these places, or None if there is no
    such group; both may raise InvalidInput or OSError. Without a cache (None) no card is known;
    tokens need none.

    Order: the policy itself, lockdown, authenticity, revocation, time window, scope, schedule,
    intent and user verification.
    """
    if policy.fault:
        return Decision.refuse(policy.fault)
    if isinstance(request, CardRequest):
        refusal = _card_refusal(request, policy, cache, clock)
    else:
        refusal = _token_refusal(request, policy, clock)
    if refusal:
        return Decision.refuse(refusal)
    return Decision.grant(policy.strike_ms, not clock.is_trusted(policy.max_uncertainty_s))


def may(credential, action: int, policy: Policy, clock: ClockReading) -> int:
    """0 if ``credential`` may do ``action`` (one permission bit) here and now, else why not.

    For what opens nothing, such as carrying events: lockdown and hours do not stop that, and a
    clock that is not trusted does not stop who may administer, for they bring the time. The
    credential is authentic and shown by its holder already.
    """
    return (
        policy.fault
        or _authority(credential, policy)
        or _audience(credential, policy)
        or _lifetime(credential)
        or _revocation(credential, policy)
        or _working_time(credential, action, policy, clock)
        or (0 if credential.permissions(policy.places()) & action else reason.ACTION_NOT_ALLOWED)
    )


def is_void(credential, policy: Policy) -> bool:
    """Whether ``credential`` will never open anything again under this policy."""
    return bool(_authority(credential, policy) or _revocation(credential, policy))


def _token_refusal(request, policy, clock):
    credential = request.credential
    return (
        _lockdown(credential, policy)
        or _authority(credential, policy)
        or _audience(credential, policy)
        or _lifetime(credential)
        or _revocation(credential, policy)
        or _token_window(credential, policy, clock)
        or _door(request, policy)
        or _scope(request, policy)
        or _token_schedule(credential, policy, clock)
        or _intent(request)
    )


def _lockdown(credential, policy):
    # The key of a guest token lies in every reader of its zone: one taken off the wall must not
    # lift a lockdown.
    if not policy.locked_down:
        return 0
    overrides = credential.permissions(policy.places()) & LOCKDOWN_OVERRIDE
    return 0 if overrides and not credential.guest else reason.LOCKED_DOWN


def _authority(credential, policy):
    # Contexts outlive keys: the token was authentic when the phone showed it.
    if credential.guest or credential.is_from(policy.anchors):
        return 0
    return reason.RETIRED_KEY


def _audience(credential, policy):
    if credential.audience in policy.audiences():
        return 0
    if credential.audience in policy.unknown_zones():
        return reason.ZONE_UNKNOWN
    return reason.WRONG_AUDIENCE


def _lifetime(credential):
    # What a stolen reader can forge for its zone is bounded by a short life only. Without a start
    # there is no bound.
    if not credential.guest:
        return 0
    if credential.issued_at is None:
        return reason.GUEST_TOO_LONG
    lifetime = credential.expires - credential.issued_at
    return reason.GUEST_TOO_LONG if lifetime > GUEST_LIFETIME_S else 0


def _revocation(credential, policy):
    if policy.revocations.is_revoked(credential.cti):
        return reason.REVOKED
    if policy.revocations.is_below_watermark(credential.issued_at):
        return reason.BELOW_WATERMARK
    return 0


def _token_window(credential, policy, clock):
    begins = credential.not_before or 0
    if credential.guest:  # dated ahead, it would live longer than its limit
        begins = max(begins, credential.issued_at)
    return _window(begins, credential.expires, policy, clock, bool(credential.clock_rule))


def _working_time(credential, action, policy, clock):
    # Who comes to tell a door the time meets one that does not know it. Its grace, its damaged
    # memory, a token that wants a trusted clock: each would keep them out for ever. What ended
    # before the time that it cannot be before has ended for them too.
    if action != ADMINISTER or clock.is_trusted(policy.max_uncertainty_s):
        return _token_window(credential, policy, clock)
    known = clock.now is not None and not clock.fault
    return reason.EXPIRED if known and clock.now >= credential.expires else 0


def _window(begins, expires, policy, clock, needs_trusted_clock):
    if clock.fault:
        return clock.fault
    if clock.now is None:
        return reason.CLOCK_UNKNOWN
    if expires is not None and clock.now + clock.uncertainty >= expires:
        return reason.EXPIRED
    trusted = clock.is_trusted(policy.max_uncertainty_s)
    latest = clock.now + clock.uncertainty if trusted else clock.now
    if latest < begins:
        return reason.NOT_YET_VALID
    if trusted:
        return 0
    if needs_trusted_clock:
        return reason.CLOCK_UNCERTAIN
    return reason.GRACE_OVER if clock.grace_used > policy.grace_s else 0


def _door(request, policy):
    return 0 if request.door == policy.door else reason.NO_SUCH_DOOR


def _scope(request, policy):
    credential = request.credential
    permissions = credential.permissions(policy.places())
    if permissions & UNLOCK:
        return 0 if request.action == UNLOCK else reason.ACTION_NOT_ALLOWED
    if credential.permissions(policy.unknown_zones()) & UNLOCK:
        return reason.ZONE_UNKNOWN
    return reason.ACTION_NOT_ALLOWED if permissions else reason.WRONG_DOOR


def _token_schedule(credential, policy, clock):
    if not credential.bound_to_schedule:
        return 0
    if credential.schedule is None:
        return reason.SCHEDULE_UNKNOWN
    return _hours(policy.schedule(credential.schedule), policy, clock)


def _hours(schedule, policy, clock):
    """0 if ``schedule`` holds now, else why not; None is one that the policy does not have."""
    if not clock.is_trusted(policy.max_uncertainty_s):
        return reason.CLOCK_UNCERTAIN
    # Hours on the wall mean nothing while nobody knows which wall.
    if schedule is None or policy.timezone is None:
        return reason.SCHEDULE_UNKNOWN
    day, minute = policy.timezone.local(clock.now)
    return schedule.refusal(day, minute, policy.holidays)


def _intent(request):
    if request.intent is not True:
        return reason.NO_INTENT
    if request.credential.needs_user_verification and request.user_verified is not True:
        return reason.USER_VERIFICATION_NEEDED
    return 0


def _card_refusal(request, policy, cache, clock):
    try:
        if policy.locked_down and not _card_overrides(request, policy, cache):
            return reason.LOCKED_DOWN
        if request.kind == PIN and request.locked:
            return reason.PIN_LOCKED
        grant = _grant(request, cache)
        if grant is None:
            return reason.WRONG_PIN if request.kind == PIN else reason.UNKNOWN_CARD
        return (
            _window(0, grant.expires, policy, clock, False)
            or _door(request, policy)
            or _rights(request, grant, policy, cache, clock)
        )
    except InvalidInput:
        return reason.CACHE_DAMAGED
    except OSError:
        return reason.STORAGE_FAILED


def _card_overrides(request, policy, cache):
    # Whatever keeps us from knowing keeps the door shut, and lockdown comes before it.
    if request.kind == PIN and request.locked:
        return False
    try:
        grant = _grant(request, cache)
        rights = grant and cache.rights(grant.group, _tags(policy.places()))
    except (InvalidInput, OSError):
        return False
    return any(bits & LOCKDOWN_OVERRIDE for _, bits, _ in rights or ())


def _grant(request, cache):
    """The Grant for a card or PIN, or None. Raises InvalidInput for one that cannot be."""
    if cache is None:
        raise InvalidInput("no cache")
    grant = cache.grant(request.key8)
    if grant is None:
        return None
    if grant.key != request.key8 or grant.kind not in (POLICY, ANSWER):
        raise InvalidInput("cache: another grant than was asked for")
    # An answer is only kept for the site's retention: one without an end is none of ours.
    if grant.kind == ANSWER and grant.expires is None:
        raise InvalidInput("cache: an answer without an end")
    return grant


def _rights(request, grant, policy, cache, clock):
    rights = cache.rights(grant.group, _tags(policy.places()))
    if rights is None:
        return reason.GROUP_UNKNOWN
    permissions = 0
    for _, bits, _ in rights:
        permissions |= bits
    if not permissions & UNLOCK:
        return _no_right(permissions, grant, policy, cache)
    if request.action != UNLOCK:
        return reason.ACTION_NOT_ALLOWED
    needed = UNLOCK | LOCKDOWN_OVERRIDE if policy.locked_down else UNLOCK
    closed = []
    for _, bits, tag in rights:
        why = 0 if tag is None else _hours(policy.schedules.get(tag), policy, clock)
        if why:
            closed.append((bits, why))
        else:
            needed &= ~bits
    if not needed:
        return 0
    missed = [why for bits, why in closed if bits & needed]
    for why in _MOST_TELLING:
        if why in missed:
            return why
    return reason.LOCKED_DOWN  # an override that was there a moment ago


def _no_right(permissions, grant, policy, cache):
    for _, bits, _ in cache.rights(grant.group, _tags(policy.unknown_zones())) or ():
        if bits & UNLOCK:
            return reason.ZONE_UNKNOWN
    return reason.ACTION_NOT_ALLOWED if permissions else reason.WRONG_DOOR


def _tags(places):
    return [name_tag(place) for place in places]
