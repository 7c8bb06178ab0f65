"""Days and times as the people of a site mean them: by the clocks on its walls.

A manager in Lisbon who says that a card of a site in Berlin ends on the 31st means the 31st in
Berlin, and means that it still opens on that day.
"""

import datetime

from holdfast.access.policy.timezone import TimeZone

from ..errors import UsageProblem

_DAY_S = 86400
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_BEGAN = datetime.datetime(1970, 1, 1)


class Dates:
    """The calendar of a site whose policy has this ``time_zone``, an operation TIMEZONE; UTC if it
    has none.

    Times are in seconds since 1970. What is no date and no time raises UsageProblem with the name
    of the ``option`` that it was given for.
    """

    def __init__(self, time_zone: list | None = None):
        _, offset, rule = time_zone or (None, 0, None)
        self._zone = TimeZone.parse(offset, rule)

    def begin(self, text: str, option: str) -> int:
        """When what begins at ``text`` begins: a date with the first moment of that day."""
        day = _day(text)
        if day is not None:
            return self._utc(day * _DAY_S, last=False)
        return self._time(text, option, last=False)

    def end(self, text: str, option: str) -> int:
        """When what ends at ``text`` is over, its first moment: a date holds through that day."""
        day = _day(text)
        if day is not None:
            return self._utc((day + 1) * _DAY_S, last=False)
        return self._time(text, option, last=True)

    def text(self, seconds: int) -> str:
        """A time as the clocks of the site show it, with their offset."""
        offset = datetime.timezone(datetime.timedelta(seconds=self._zone.offset_s(seconds)))
        try:
            return datetime.datetime.fromtimestamp(seconds, offset).isoformat(" ", "seconds")
        except (ValueError, OverflowError, OSError):
            return f"{seconds} s after 1970"

    def local(self, seconds: int) -> int:
        """Seconds since 1970 as the clocks of the site count them."""
        return seconds + self._zone.offset_s(seconds)

    def end_text(self, end: int) -> str:
        """When something is over, as people say it: "through" the day, or "until" a time."""
        day, minute = self._zone.local(end - 1)
        if minute == 24 * 60 - 1 and self._utc((day + 1) * _DAY_S, last=False) == end:
            try:
                return f"through {datetime.date.fromordinal(day + _EPOCH)}"
            except (ValueError, OverflowError):
                pass
        return f"until {self.text(end)}"

    def _time(self, text: str, option: str, *, last: bool) -> int:
        try:
            when = datetime.datetime.fromisoformat(text)
            if when.tzinfo is not None:
                return int(when.timestamp())
            return self._utc(int((when - _BEGAN).total_seconds()), last=last)
        except (ValueError, OverflowError, OSError) as error:
            raise UsageProblem(
                f"{option} {text!r} is no time",
                "write a date, as 2027-01-31, or a time, as 2027-01-31T08:00 (by the site's"
                " clocks) or 2027-01-31T08:00Z",
            ) from error

    def _utc(self, local: int, *, last: bool) -> int:
        """The moment at which the site's clocks show ``local``; the first or the ``last`` where
        they are put back over it, and that of the change where they are put over it.
        """
        zone = self._zone
        found = sorted(
            {local - 60 * zone.std_offset_min, local - 60 * (zone.std_offset_min + zone.delta_min)}
        )
        shown = [moment for moment in found if moment + zone.offset_s(moment) == local]
        if not shown:
            return found[-1]
        return shown[-1] if last else shown[0]


def _day(text: str) -> int | None:
    """The day number of a date such as ``2027-01-31``; None if ``text`` is none."""
    try:
        return datetime.date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        return None
