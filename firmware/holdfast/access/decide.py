"""The decision: fail closed, with a reason.

The checks run in a fixed order, and the first that fails gives the reason. Whatever is missing
(a policy, a zone, a group, a schedule, a clock) is a no.
"""

from . import reason
from .clock.reading import SKEW_S, ClockReading
from .credential import ROLE_CARRIER
from .decision import Decision
from .policy.view import DoorView
from .request import (
    ADMINISTER,
    CARRY,
    CARRY_EVENTS,
    LOCKDOWN_OVERRIDE,
    UNLOCK,
    CardRequest,
)
from .tag import name_tag
from .when import hours, window

GUEST_LIFETIME_S = 24 * 3600


def decide(request, view: DoorView, cache, clock: ClockReading) -> Decision:
    """Whether ``request`` opens the door of ``view`` at the time ``clock`` reads.

    The credential in a Request is authentic and shown by its holder already. ``cache`` knows what
    a CardRequest shows, see cards.refusal; tokens need none.

    Order: the policy itself, lockdown, authenticity, revocation, time window, scope, schedule,
    intent and user verification.
    """
    refusal = view.fault
    if not refusal:
        if isinstance(request, CardRequest):
            from .cards import refusal as card_refusal  # boards without an antenna never need it

            refusal = card_refusal(request, view, cache, clock)
        else:
            refusal = _token_refusal(request, view, clock)
    if refusal:
        return Decision(False, refusal)
    by_grace = not clock.is_trusted(view.rules.max_uncertainty_s)
    return Decision(True, reason.GRANTED, view.strike_ms, by_grace)


def may(credential, action: int, view: DoorView, clock: ClockReading) -> int:
    """0 if ``credential`` may do ``action`` (one permission bit) here and now, else why not.

    For what opens nothing, such as carrying events: lockdown and hours do not stop that, and a
    clock that is not trusted does not stop who may administer, for they bring the time. The
    credential is authentic and shown by its holder already.
    """
    return (
        view.fault
        or _authority(credential, view)
        or _audience(credential, view)
        or _lifetime(credential)
        or _revocation(credential, view.rules)
        or _working_time(credential, action, view, clock)
        or (0 if rights(credential, view) & action else reason.ACTION_NOT_ALLOWED)
    )


def rights(credential, view: DoorView) -> int:
    """The permission bits that ``credential`` is worth at the door of ``view``.

    By its kind: the key of a guest's token lies in every node of its zone, and whoever takes one
    off its wall can make such tokens. They unlock and do nothing else, whatever they say. A device
    never opens the door of another, so that there is no message to forge: readers and controllers
    carry each other's events, and who only carries phones' bytes may do that, for the one door
    that the policy gives it.
    """
    if credential.role == ROLE_CARRIER:
        return CARRY if view.way_of(credential.device) else 0
    if credential.role:
        return CARRY_EVENTS if credential.decides else 0
    bits = view.permissions(credential)
    return bits & UNLOCK if credential.guest else bits


def is_void(credential, view, clock=None) -> bool:
    """Whether ``credential`` will never open anything again under the ``rules`` of ``view``, a
    DoorView or whatever else has them; with a ``clock``, also whether it has ended.
    """
    if _authority(credential, view) or _revocation(credential, view.rules):
        return True
    return clock is not None and clock.now is not None and clock.now >= credential.expires


def _token_refusal(request, view, clock):
    credential = request.credential
    return (
        _lockdown(credential, view)
        or _authority(credential, view)
        or _audience(credential, view)
        or _lifetime(credential)
        or _revocation(credential, view.rules)
        or _token_window(credential, view.rules, clock)
        or (0 if request.door == view.door else reason.NO_SUCH_DOOR)
        or _scope(request, view)
        or _token_schedule(credential, view.rules, clock)
        or _intent(request)
    )


def _lockdown(credential, view):
    if not view.is_locked_down or rights(credential, view) & LOCKDOWN_OVERRIDE:
        return 0
    return reason.LOCKED_DOWN


def _authority(credential, view):
    # Contexts outlive keys: the token was authentic when the phone showed it.
    if credential.guest or credential.is_from(view.rules.anchors):
        return 0
    return reason.RETIRED_KEY


def _audience(credential, view):
    audience = credential.audience
    if audience is None:
        # A certificate says of which site it is by who issued it, and no more.
        return 0 if credential.role else reason.WRONG_AUDIENCE
    if audience == view.rules.site and not credential.guest:
        return 0
    if view.is_in(name_tag(audience)):
        return 0
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


def _revocation(credential, rules):
    revocations = rules.revocations
    if revocations.is_revoked(credential.cti):
        return reason.REVOKED
    if revocations.is_below_watermark(credential.issued_at):
        return reason.BELOW_WATERMARK
    # It may be one that was revoked and let go since it had ended: a clock that was set back
    # must not bring it to life again.
    return reason.EXPIRED if revocations.is_dropped(credential.expires) else 0


def _token_window(credential, rules, clock):
    begins = credential.not_before or 0
    issued = credential.issued_at or 0
    # Whoever made it did not know the time: neither do its other dates.
    if clock.now is not None and issued > clock.now + clock.uncertainty + SKEW_S:
        if clock.is_trusted(rules.max_uncertainty_s):
            return reason.DATED_AHEAD
    if credential.guest:  # dated ahead, it would live longer than its limit
        begins = max(begins, issued)
    return window(begins, credential.expires, rules, clock, bool(credential.clock_rule))


def _working_time(credential, action, view, clock):
    # Who comes to tell a door the time meets one that does not know it. Its grace, its damaged
    # memory, a token that wants a trusted clock: each would keep them out for ever. What ended
    # before the time that it cannot be before has ended for them too. Who carries for them is as
    # welcome: what it brings is decided by itself.
    if action not in (ADMINISTER, CARRY) or clock.is_trusted(view.rules.max_uncertainty_s):
        return _token_window(credential, view.rules, clock)
    known = clock.now is not None and not clock.fault
    return reason.EXPIRED if known and clock.now >= credential.expires else 0


def _scope(request, view):
    credential = request.credential
    permissions = rights(credential, view)
    if permissions & UNLOCK:
        return 0 if request.action == UNLOCK else reason.ACTION_NOT_ALLOWED
    if permissions:
        return reason.ACTION_NOT_ALLOWED
    if view.names_unknown_zone(credential):
        return reason.ZONE_UNKNOWN
    return reason.ACTION_NOT_ALLOWED if view.permissions(credential) else reason.WRONG_DOOR


def _token_schedule(credential, rules, clock):
    if not credential.bound_to_schedule:
        return 0
    if credential.schedule is None:
        return reason.SCHEDULE_UNKNOWN
    return hours(name_tag(credential.schedule), rules, clock)


def _intent(request):
    if request.intent is not True:
        return reason.NO_INTENT
    if request.credential.needs_user_verification and request.user_verified is not True:
        return reason.USER_VERIFICATION_NEEDED
    return 0
