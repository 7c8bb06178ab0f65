"""The decision: fail closed, with a reason.

The checks run in a fixed order, and the first that fails gives the reason. Whatever is missing
(a clock, a schedule, a claim) is a no.
"""

from . import reason
from .clock import ClockReading
from .decision import Decision
from .policy import Policy
from .request import UNLOCK, Request

GUEST_LIFETIME_S = 24 * 3600


def decide(request: Request, policy: Policy, clock: ClockReading) -> Decision:
    """Whether ``request`` opens the door of ``policy`` at the time ``clock`` reads.

    The credential in the request is authentic and shown by its holder already; this asks for
    audience, lifetime, time window, scope, schedule and intent, in that order.
    """
    credential = request.credential
    refusal = (
        _audience(credential, policy)
        or _lifetime(credential)
        or _time_window(credential, clock)
        or _scope(request, policy)
        or _schedule(credential)
        or _intent(request)
    )
    return Decision.refuse(refusal) if refusal else Decision.grant(policy.strike_ms)


def _audience(credential, policy):
    return 0 if credential.audience in policy.audiences() else reason.WRONG_AUDIENCE


def _lifetime(credential):
    # The key of a guest token lies in every reader of the zone, so only a short life bounds what a
    # stolen reader can forge. Without a start there is no bound.
    if not credential.guest:
        return 0
    if credential.issued_at is None:
        return reason.GUEST_TOO_LONG
    lifetime = credential.expires - credential.issued_at
    return reason.GUEST_TOO_LONG if lifetime > GUEST_LIFETIME_S else 0


def _time_window(credential, clock):
    if clock.now is None:
        return reason.CLOCK_UNKNOWN
    if clock.now >= credential.expires:
        return reason.EXPIRED
    if credential.not_before is not None and clock.now < credential.not_before:
        return reason.NOT_YET_VALID
    # A guest token dated ahead would live longer than its limit.
    if credential.guest and clock.now < credential.issued_at:
        return reason.NOT_YET_VALID
    return 0


def _scope(request, policy):
    if request.door != policy.door:
        return reason.NO_SUCH_DOOR
    permissions = request.credential.permissions(policy.places())
    if not permissions:
        return reason.WRONG_DOOR
    if request.action != UNLOCK or not permissions & UNLOCK:
        return reason.ACTION_NOT_ALLOWED
    return 0


def _schedule(credential):
    # No schedules are known here yet, so a credential bound to one cannot be in its hours.
    return reason.SCHEDULE_UNKNOWN if credential.bound_to_schedule else 0


def _intent(request):
    if request.intent is not True:
        return reason.NO_INTENT
    if request.credential.needs_user_verification and request.user_verified is not True:
        return reason.USER_VERIFICATION_NEEDED
    return 0
