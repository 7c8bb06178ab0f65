"""Whether it is the time for something, and why not: what tokens and cards share."""

from . import reason


def window(begins, expires, rules, clock, needs_trusted_clock) -> int:
    """0 if it is a time from ``begins`` on until before ``expires`` (or None), else why not."""
    if clock.fault:
        return clock.fault
    if clock.now is None:
        return reason.CLOCK_UNKNOWN
    if expires is not None and clock.now + clock.uncertainty >= expires:
        return reason.EXPIRED
    trusted = clock.is_trusted(rules.max_uncertainty_s)
    latest = clock.now + clock.uncertainty if trusted else clock.now
    if latest < begins:
        return reason.NOT_YET_VALID
    if trusted:
        return 0
    if needs_trusted_clock:
        return reason.CLOCK_UNCERTAIN
    return reason.GRACE_OVER if clock.grace_used > rules.grace_s else 0


def hours(tag: bytes, rules, clock) -> int:
    """0 if the schedule with this tag holds now, else why not."""
    if not clock.is_trusted(rules.max_uncertainty_s):
        return reason.CLOCK_UNCERTAIN
    schedule = rules.schedules.get(tag)
    # Hours on the wall mean nothing while nobody knows which wall.
    if schedule is None or rules.timezone is None:
        return reason.SCHEDULE_UNKNOWN
    day, minute = rules.timezone.local(clock.now)
    return schedule.refusal(day, minute, rules.holidays)
