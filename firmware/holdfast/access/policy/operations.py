"""What a changeset can say, one array an operation, and whether one is said right.

An operation is decoded CBOR and stays so: ``[code, ...]``. docs/protocol.md has all of them.
"""

from cose import CRV_ED25519, Key
from micropython import const
from untrusted import InvalidInput

from ..credential import CTI_LENGTH
from ..tag import KEY, name_tag
from . import limits
from .schedule import Schedule
from .timezone import TimeZone

TIMEZONE = 1
ZONE = 2
SCHEDULE = 3
HOLIDAYS = 4
GROUP = 5
GRANT = 6
REVOKE = 7
WATERMARK = 8
LOCKDOWN = 9
ANCHORS = 10
LIMITS = 11

# What a zone is to this door
ELSEWHERE = 0  # other doors are listed
HERE = 1  # this door is listed
PROVISIONED = 2  # every door that its settings put there

GRACE_S = limits.GRACE_S  # keys of LIMITS
RETENTION_S = limits.RETENTION_S
MAX_UNCERTAINTY_S = limits.MAX_UNCERTAINTY_S

MAX_OPERATIONS = 128  # in a changeset or a part of a snapshot
MAX_HOLIDAYS = 128
MAX_PLACES = 64  # named in one operation
MAX_RIGHTS = 32  # of a group
MAX_GROUP = 0xFFFF
MAX_NAME = 64  # bytes of UTF-8
MAX_TIME = (1 << 63) - 1  # seconds since 1970

_MAX_BITS = const(0xFFFF)
_MAX_DAY = const(0xFFFF)  # 2149-06-06
_MAX_ANCHORS = const(2)
_ANCHOR_LENGTH = const(32)


class ChangesetRefused(InvalidInput):
    """A changeset or snapshot is not to be followed; the text says why."""


def check(operations):
    """Refuse anything but a list of at most 128 well-formed operations.

    Raises InvalidInput, in most cases ChangesetRefused.
    """
    if not isinstance(operations, list) or len(operations) > MAX_OPERATIONS:
        raise ChangesetRefused("no list of at most %d operations" % MAX_OPERATIONS)
    for operation in operations:
        if not isinstance(operation, list) or not operation or type(operation[0]) is not int:
            raise ChangesetRefused("an operation is no array that begins with its code")
        code = operation[0]
        if code not in _CHECKS:
            raise ChangesetRefused("unknown operation %d" % code)
        if code in _NAMES and len(operation) == 3 and operation[2] is False:
            _NAMES[code](operation[1])
            continue
        length, checker = _CHECKS[code]
        if len(operation) != length:
            raise ChangesetRefused("operation %d has not %d entries" % (code, length))
        checker(*operation[1:])


def is_for_cache(operation: list) -> bool:
    """Whether a policy does not hold what ``operation`` says, but the credential cache."""
    return operation[0] in (GROUP, GRANT)


def change(operation: list) -> tuple:
    """What a GROUP or GRANT changes in the credential cache.

    ("grant", key, group, expires or None), ("revoke", key), ("group", group, [(tag of the place,
    permission bits, tag of the schedule or None), ...]) or ("ungroup", group).
    """
    code, name, value = operation[:3]
    if code == GRANT:
        return ("revoke", name) if value is False else ("grant", name, value, operation[3])
    if value is False:
        return ("ungroup", name)
    return ("group", name, [_right(*right) for right in value])


def changes(operations) -> list:
    """All that ``operations`` change in the credential cache, in order."""
    return [change(operation) for operation in operations if is_for_cache(operation)]


def is_removal(operation: list) -> bool:
    """Whether a GROUP or GRANT is taken away."""
    return is_for_cache(operation) and operation[2] is False


def anchor(x: bytes) -> Key:
    """The authority's public key in an operation ANCHORS."""
    return Key.okp(CRV_ED25519, x)


def _right(place, bits, schedule):
    return name_tag(place), bits, None if schedule is None else name_tag(schedule)


def _check_zone(zone, doors):
    _check_name(zone)
    if doors is not None:
        _check_names(doors, "the doors of a zone")


def _check_schedule(name, week, on_holidays):
    _check_name(name)
    Schedule.parse(week, on_holidays)


def _check_holidays(days):
    _check_list(days, MAX_HOLIDAYS, "holidays")
    for index, day in enumerate(days):
        _check_number(day, 0, _MAX_DAY, "a holiday")
        if index and day <= days[index - 1]:
            raise ChangesetRefused("holidays are not in order, each once")


def _check_group(group, rights):
    _check_group_number(group)
    _check_list(rights, MAX_RIGHTS, "the rights of a group")
    for right in rights:
        if not isinstance(right, list) or len(right) != 3:
            raise ChangesetRefused("a right is no [place, permission bits, schedule]")
        place, bits, schedule = right
        _check_name(place)
        _check_number(bits, 1, _MAX_BITS, "permission bits")
        if schedule is not None:
            _check_name(schedule)


def _check_grant(key, group, expires):
    _check_grant_key(key)
    _check_group_number(group)
    if expires is not None:
        _check_time(expires)


def _check_revoke(cti, expires):
    _check_bytes(cti, CTI_LENGTH, "the id of a token")
    _check_time(expires)


def _check_lockdown(on, places):
    if on is not True and on is not False:
        raise ChangesetRefused("a lockdown is neither on nor off")
    if places is not None:
        _check_names(places, "the places of a lockdown")


def _check_anchors(keys):
    _check_list(keys, _MAX_ANCHORS, "anchors")
    if not keys:
        raise ChangesetRefused("without an anchor nobody could ever change the policy again")
    for x in keys:
        _check_bytes(x, _ANCHOR_LENGTH, "an anchor")
    if len(set(keys)) != len(keys):
        raise ChangesetRefused("an anchor is there twice")


def _check_number(value, least, most, what):
    if type(value) is not int or not least <= value <= most:
        raise ChangesetRefused("%s is no whole number of %d to %d" % (what, least, most))


def _check_time(value):
    _check_number(value, 0, MAX_TIME, "a time")


def _check_group_number(value):
    _check_number(value, 0, MAX_GROUP, "a group")


def _check_bytes(value, length, what):
    if not isinstance(value, bytes) or len(value) != length:
        raise ChangesetRefused("%s is not %d bytes" % (what, length))


def _check_grant_key(value):
    _check_bytes(value, KEY, "the key of a grant")


def _check_list(value, most, what):
    if not isinstance(value, list) or len(value) > most:
        raise ChangesetRefused("%s are no list of at most %d" % (what, most))


def _check_name(value):
    if not isinstance(value, str) or not 0 < len(value.encode()) <= MAX_NAME:
        raise ChangesetRefused("no name of 1 to %d bytes" % MAX_NAME)


def _check_names(value, what):
    _check_list(value, MAX_PLACES, what)
    for name in value:
        _check_name(name)


# How many entries each operation has, and who looks at those after the code.
_CHECKS = {
    TIMEZONE: (3, TimeZone.parse),
    ZONE: (3, _check_zone),
    SCHEDULE: (4, _check_schedule),
    HOLIDAYS: (2, _check_holidays),
    GROUP: (3, _check_group),
    GRANT: (4, _check_grant),
    REVOKE: (3, _check_revoke),
    WATERMARK: (2, _check_time),
    LOCKDOWN: (3, _check_lockdown),
    ANCHORS: (2, _check_anchors),
    LIMITS: (2, limits.rules),
}

# What can be taken away again, by [code, name, false].
_NAMES = {
    ZONE: _check_name,
    SCHEDULE: _check_name,
    GROUP: _check_group_number,
    GRANT: _check_grant_key,
}
