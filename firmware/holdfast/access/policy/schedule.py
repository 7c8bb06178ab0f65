"""When in the week something holds, on the wall clock of the site; packed, as a board keeps it."""

from micropython import const
from untrusted import InvalidInput

from .. import reason
from ..tag import NAME_TAG
from .timezone import day_number, weekday

MAX_INTERVALS = 8  # a day
HOLIDAY_KINDS = 4
MAX_SCHEDULES = 32
MAX_DISTINCT = 192  # intervals in all schedules, equal days of one schedule counted once
MAX_HOLIDAYS = 96

_DAYS = const(7)
_LISTS = const(11)  # Monday to Sunday, and holidays of four kinds
_DAY_MINUTES = const(1440)
_INTERVAL = const(3)  # bytes: 12 bits of the first minute, 12 bits of the first after it
_SAME = const(0x80)  # with the number of an earlier list: this one is the same
_HEAD = const(8)  # bytes before a schedule in Schedules: its tag and its length
_HOLIDAY = const(3)  # bytes: day, kind
_YEARLY = const(0x80)  # with the kind: the day is month and day of every year
_LAST_DAY = const(0xFFFF)  # 2149-06-06


class Schedule:
    """Seven days' hours, Monday first, and the hours of up to four kinds of holidays.

    ``packed`` has a byte for each of these 11 lists: how many intervals it has, or which earlier
    list it is the same as; the intervals of each that is not follow. An interval is from a minute
    of the local day on until before another, which may be one of the next day: it belongs to the
    day it began on. What comes from outside goes through ``parse``.
    """

    def __init__(self, packed: bytes):
        self.packed = packed

    @classmethod
    def parse(cls, week, holidays):
        """A Schedule from decoded CBOR: seven lists of ``[start, end]``, and up to four more.

        A day has at most 8 intervals, in order and without overlap; 0 <= start < 1440, and an end
        is at most a day after its start. Raises InvalidInput.
        """
        if not isinstance(week, list) or len(week) != _DAYS:
            raise InvalidInput("schedule: a week has seven days")
        if not isinstance(holidays, list) or len(holidays) > HOLIDAY_KINDS:
            raise InvalidInput("schedule: no list of hours for up to %d kinds" % HOLIDAY_KINDS)
        lists = [_hours(day) for day in week + holidays]
        lists += [b""] * (_LISTS - len(lists))
        heads = bytearray()
        for index, hours in enumerate(lists):
            first = lists.index(hours)
            heads.append(_SAME | first if first < index else len(hours) // _INTERVAL)
        body = [hours for index, hours in enumerate(lists) if not heads[index] & _SAME]
        return cls(bytes(heads) + b"".join(body))

    @property
    def distinct(self) -> int:
        """How many intervals it takes."""
        return (len(self.packed) - _LISTS) // _INTERVAL

    def refusal(self, day: int, minute: int, holidays) -> int:
        """0 if it holds at ``minute`` of local ``day`` (days since 1970), else why not.

        ``holidays`` is a Holidays. HOLIDAY says that the same weekday would have done if it were
        none.
        """
        kind = holidays.kind(day)
        if self._end(day, kind, minute):
            return 0
        if self._end(day - 1, holidays.kind(day - 1), minute + _DAY_MINUTES):
            return 0
        if kind and self._end(day, 0, minute):
            return reason.HOLIDAY
        return reason.OUTSIDE_SCHEDULE

    def ends(self, day: int, minute: int, holidays) -> tuple:
        """When the windows end that hold at ``minute`` of local ``day``: that which began that
        day, and that which began the day before, each as a minute of the site's clock since 1970,
        or 0.
        """
        today = self._end(day, holidays.kind(day), minute)
        day -= 1
        before = self._end(day, holidays.kind(day), minute + _DAY_MINUTES)
        start = day * _DAY_MINUTES
        return today and start + _DAY_MINUTES + today, before and start + before

    def _end(self, day, kind, minute):
        # The end of the interval of that day's which holds, or 0.
        packed = self.packed
        which = _DAYS - 1 + kind if kind else weekday(day)
        if packed[which] & _SAME:
            which = packed[which] & ~_SAME
        at = _LISTS
        for index in range(which):
            if not packed[index] & _SAME:
                at += _INTERVAL * packed[index]
        end_of_list = at + _INTERVAL * packed[which]
        while at < end_of_list:
            start = packed[at] << 4 | packed[at + 1] >> 4
            end = (packed[at + 1] & 15) << 8 | packed[at + 2]
            if start <= minute < end:
                return end
            at += _INTERVAL
        return 0


class Schedules:
    """Up to 32 schedules by the tags of their names; ``packed`` has tag, length and each of them,
    in order of tags.

    Never changes: ``put`` gives another.
    """

    def __init__(self, packed: bytes = b""):
        self.packed = packed

    def __len__(self) -> int:
        return sum([1 for _ in self._places()])

    def get(self, tag: bytes):
        """The Schedule with this tag (6 bytes), or None."""
        for at, end in self._places():
            if self.packed[at : at + NAME_TAG] == tag:
                return Schedule(self.packed[at + _HEAD : end])
        return None

    def put(self, tag: bytes, schedule):
        """These with ``schedule`` (None: none) under this tag.

        Raises InvalidInput if they are too many, or have too many intervals.
        """
        kept = [
            self.packed[at:end]
            for at, end in self._places()
            if self.packed[at : at + NAME_TAG] != tag
        ]
        if schedule is not None:
            kept.append(tag + len(schedule.packed).to_bytes(2, "big") + schedule.packed)
            if len(kept) > MAX_SCHEDULES:
                raise InvalidInput("more than %d schedules" % MAX_SCHEDULES)
        made = Schedules(b"".join(sorted(kept)))
        if len(made.packed) > len(kept) * (_HEAD + _LISTS) + MAX_DISTINCT * _INTERVAL:
            raise InvalidInput("more than %d hours in all schedules" % MAX_DISTINCT)
        return made

    def _places(self):
        at = 0
        while at < len(self.packed):
            end = at + _HEAD + (self.packed[at + 6] << 8 | self.packed[at + 7])
            yield at, end
            at = end


class Holidays:
    """Up to 96 days, each of a kind from 1 to 4; ``packed`` has 3 bytes for each."""

    def __init__(self, packed: bytes = b""):
        self.packed = packed

    @classmethod
    def parse(cls, days):
        """From decoded CBOR: ``[[day since 1970, or [month, day] of every year, kind], ...]``.

        Raises InvalidInput.
        """
        if not isinstance(days, list) or len(days) > MAX_HOLIDAYS:
            raise InvalidInput("holidays: no list of at most %d" % MAX_HOLIDAYS)
        packed = []
        for entry in days:
            if not isinstance(entry, list) or len(entry) != 2:
                raise InvalidInput("holidays: no [day, kind]")
            day, kind = entry
            kind = _whole(kind, 1, HOLIDAY_KINDS)
            if isinstance(day, list):
                if len(day) != 2:
                    raise InvalidInput("holidays: no [month, day]")
                day = _whole(day[0], 1, 12) << 8 | _whole(day[1], 1, 31)
                kind |= _YEARLY
            packed.append(_whole(day, 0, _LAST_DAY).to_bytes(2, "big") + bytes((kind,)))
        days = [one[:2] + bytes((one[2] & _YEARLY,)) for one in packed]
        if len(set(days)) != len(days):
            raise InvalidInput("holidays: a day is there twice")
        return cls(b"".join(packed))

    def kind(self, day: int) -> int:
        """The kind of holiday that local ``day`` is, 0 if it is none; a year's own day first."""
        packed = self.packed
        found = 0
        for at in range(0, len(packed), _HOLIDAY):
            that, kind = packed[at] << 8 | packed[at + 1], packed[at + 2]
            if kind & _YEARLY:
                if _is_yearly(that >> 8, that & 0xFF, day):
                    found = kind & ~_YEARLY
            elif that == day:
                return kind
        return found


def _is_yearly(month, day_of_month, day):
    year = 1970 + day * 400 // 146097
    for some in (year - 1, year, year + 1):
        if day_number(some, month, day_of_month) == day:
            # The 29th of February is the 1st of March of other years, which it is not.
            return day_of_month <= _length(some, month)
    return False


def _length(year, month):
    following = day_number(year + month // 12, month % 12 + 1, 1)
    return following - day_number(year, month, 1)


def _hours(value) -> bytes:
    if not isinstance(value, list) or len(value) > MAX_INTERVALS:
        raise InvalidInput("schedule: a day is no list of at most %d intervals" % MAX_INTERVALS)
    hours = []
    earliest = 0
    for interval in value:
        if not isinstance(interval, list) or len(interval) != 2:
            raise InvalidInput("schedule: an interval is no [start, end]")
        start, end = interval
        if type(start) is not int or type(end) is not int:
            raise InvalidInput("schedule: an interval is not in whole minutes")
        if not (earliest <= start < _DAY_MINUTES and start < end <= start + _DAY_MINUTES):
            raise InvalidInput("schedule: intervals are empty, out of order or out of the day")
        hours.append((start << 12 | end).to_bytes(_INTERVAL, "big"))
        earliest = end
    return b"".join(hours)


def _whole(value, least, most):
    if type(value) is not int or not least <= value <= most:
        raise InvalidInput("holidays: no whole number of %d to %d" % (least, most))
    return value
