"""Whether a door stands unlocked by its schedule, and for how long that is sure."""

from micropython import const

from . import reason
from .when import hours

_MINUTE_S = const(60)
_MODE_TAG = const(1)  # where in a door's mode the schedule's tag begins


def refusal(view, clock) -> int:
    """0 if nothing keeps the door of ``view`` from standing unlocked at the time ``clock`` reads,
    else the reason code; a door without a mode is outside of its hours.

    Whether it was unlocked by a grant, where it waits for one, is not asked here.
    """
    if view.fault:
        return view.fault
    if view.is_locked_down:
        return reason.LOCKED_DOWN
    mode = view.mode()
    if mode is None:
        return reason.OUTSIDE_SCHEDULE
    return hours(mode[_MODE_TAG:], view.rules, clock)


def window(view, clock) -> int:
    """The window that a grant at this time unlocks the door for, by the minute of the site's clock
    since 1970 at which it ends; the one that ends later, if it is a time of two; 0 for none.

    Another window that begins where this one ends has another number.
    """
    if refusal(view, clock):
        return 0
    return max(_ends(view, clock.now))


def until(view, clock, only=None) -> int:
    """For how many seconds from ``clock.now`` on, two minutes at most, the door surely stands
    unlocked: to the end of its hours, or of the window ``only`` (see above, 0 for none); 0 if it
    does not.

    Hours end on the full minute, in each time zone, so nobody has to look further ahead.
    """
    if refusal(view, clock) or not _holds(view, clock.now, only):
        return 0
    seconds = _MINUTE_S - clock.now % _MINUTE_S
    if _holds(view, clock.now + seconds, only):
        seconds += _MINUTE_S
    return seconds


def _holds(view, now, only):
    ends = _ends(view, now)
    return max(ends) > 0 if only is None else only > 0 and only in ends


def _ends(view, now):
    rules = view.rules
    day, minute = rules.timezone.local(now)
    schedule = rules.schedules.get(view.mode()[_MODE_TAG:])
    return schedule.ends(day, minute, rules.holidays)
