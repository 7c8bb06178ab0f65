"""What a changeset can say, one array an operation, and whether one is said right.

An operation is decoded CBOR and stays so: ``[code, ...]``. docs/protocol.md has all of them.
"""

from cose import CRV_ED25519, Key
from micropython import const
from untrusted import InvalidInput

from .. import place
from ..credential import CTI_LENGTH
from ..names import is_name
from ..tag import KEY, NAME_TAG, name_tag
from . import limits
from .rules import MAX_DOORS
from .schedule import Holidays, Schedule
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
DOOR = 12
ZONE_KEY = 13
ZONE_SWITCH = 14
LOOKUP = 15
DOOR_MODE = 16
CARRIER = 17
DROPPED = 18

OF_KEYS = (ZONE, ZONE_KEY, ZONE_SWITCH, LOOKUP)  # can change which keys a node has

GRACE_S = limits.GRACE_S  # keys of LIMITS
MAX_UNCERTAINTY_S = limits.MAX_UNCERTAINTY_S
KNOWLEDGE_S = limits.KNOWLEDGE_S
CERTIFICATE_DAYS = limits.CERTIFICATE_DAYS
WRONG_PINS_A_DAY = limits.WRONG_PINS_A_DAY

# Keys of the rare fields of a GRANT
FIRST_DAY = 1  # local day since 1970
SUSPENDED = 2  # true
PERSON = 3  # 4 random bytes, the same for a person's card and PIN
USES = 4  # how many there are
DURESS = 5  # true: a PIN typed under threat

MAX_OPERATIONS = 128  # in a changeset or a part of a snapshot
MAX_PLACES = 64  # named in one operation
MAX_RIGHTS = 32  # of a group
MAX_GROUPS = 8  # of a card or PIN
MAX_GROUP = 0xFFFF
MAX_KEY_NUMBER = 0xFFFF
MAX_TIME = (1 << 63) - 1  # seconds since 1970
MAX_NAME = 64  # bytes of UTF-8
MAX_RECIPIENTS = 32  # of a key, in one operation
MAX_USES = 63

_MAX_BITS = const(0x7FFF)
_MAX_DAY = const(0xFFFF)  # 2149-06-06
_MAX_ANCHORS = const(2)
_KEY_BYTES = const(32)
_SEALED = const(40)
_PERSON = const(4)
_ZONE_BYTES = const(32)


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
        lengths, checker = _CHECKS[code]
        if len(operation) not in lengths:
            raise ChangesetRefused("operation %d has another number of entries" % code)
        checker(*operation[1:])


def is_for_cache(operation: list) -> bool:
    """Whether a policy does not hold what ``operation`` says, but the credential cache."""
    return operation[0] in (GROUP, GRANT)


def change(operation: list) -> tuple:
    """What a GROUP or GRANT changes in the credential cache.

    ("grant", key, group, expires or None, rare fields or None), ("revoke", key, group or None for
    all), ("group", group, [(kind of place, its tag, permission bits, tag of the schedule or
    None), ...]) or ("ungroup", group).
    """
    code, name, value = operation[:3]
    if code == GRANT:
        if value is False:
            return ("revoke", name, None)
        if operation[3] is False:
            return ("revoke", name, value)
        return ("grant", name, value, operation[3], operation[4] if len(operation) > 4 else None)
    if value is False:
        return ("ungroup", name)
    return ("group", name, [_right(*right) for right in value])


def changes(operations) -> list:
    """All that ``operations`` change in the credential cache, in order."""
    return [change(operation) for operation in operations if is_for_cache(operation)]


def is_removal(operation: list) -> bool:
    """Whether a GROUP or GRANT is taken away."""
    return is_for_cache(operation) and change(operation)[0] in ("revoke", "ungroup")


def anchor(x: bytes) -> Key:
    """The authority's public key in an operation ANCHORS."""
    return Key.okp(CRV_ED25519, x)


def _right(where, bits, schedule):
    kind, name = where
    return kind, name_tag(name), bits, None if schedule is None else name_tag(schedule)


def _check_zone(zone, doors):
    _check_name(zone)
    if not isinstance(doors, bytes) or len(doors) > _ZONE_BYTES or doors[-1:] == b"\x00":
        raise ChangesetRefused("the doors of a zone are no bit field")


def _check_door(number, name):
    _check_door_number(number)
    _check_name(name)


def _check_schedule(name, week, holidays):
    _check_name(name)
    Schedule.parse(week, holidays)


def _check_group(group, rights):
    _check_group_number(group)
    _check_list(rights, MAX_RIGHTS, "the rights of a group")
    for right in rights:
        if not isinstance(right, list) or len(right) != 3:
            raise ChangesetRefused("a right is no [place, permission bits, schedule]")
        where, bits, schedule = right
        place.parse(where)
        _check_number(bits, 1, _MAX_BITS, "permission bits")
        if schedule is not None:
            _check_name(schedule)


def _check_grant(key, group, expires, *rare):
    _check_grant_key(key)
    _check_group_number(group)
    if expires is False and not rare:
        return
    if expires is not None:
        _check_time(expires)
    if rare:
        _check_rare(*rare)


def _check_rare(rare):
    if not isinstance(rare, dict) or not rare:
        raise ChangesetRefused("the rare fields of a grant are no map")
    for label, value in rare.items():
        if type(label) is not int:
            raise ChangesetRefused("a grant has an unknown field")
        if label == FIRST_DAY:
            _check_number(value, 0, _MAX_DAY, "a first day")
        elif label in (SUSPENDED, DURESS):
            if value is not True:
                raise ChangesetRefused("a grant is suspended, or a duress PIN, or says nothing")
        elif label == PERSON:
            _check_bytes(value, _PERSON, "a person's tag")
            if not any(value):
                raise ChangesetRefused("a person's tag of zeros stands for none")
        elif label == USES:
            _check_number(value, 1, MAX_USES, "the number of uses")
        else:
            raise ChangesetRefused("a grant has an unknown field")


def _check_revoke(cti, expires, issued_at):
    _check_bytes(cti, CTI_LENGTH, "the id of a token")
    _check_time(expires)
    if issued_at is not None:
        _check_time(issued_at)


def _check_lockdown(on, places):
    if on is not True and on is not False:
        raise ChangesetRefused("a lockdown is neither on nor off")
    if places is not None:
        _check_list(places, MAX_PLACES, "the places of a lockdown")
        for one in places:
            place.parse(one)


def _check_anchors(keys):
    _check_list(keys, _MAX_ANCHORS, "anchors")
    if not keys:
        raise ChangesetRefused("without an anchor nobody could ever change the policy again")
    for x in keys:
        _check_bytes(x, _KEY_BYTES, "an anchor")
    if len(set(keys)) != len(keys):
        raise ChangesetRefused("an anchor is there twice")


def _check_zone_key(zone, number, ephemeral, sealed):
    _check_name(zone)
    _check_sealed(number, ephemeral, sealed)


def _check_zone_switch(zone, number):
    _check_name(zone)
    _check_key_number(number)


def _check_lookup(number, *sealed):
    _check_key_number(number)
    if sealed:
        _check_sealed(number, *sealed)


def _check_sealed(number, ephemeral, sealed):
    _check_key_number(number)
    _check_bytes(ephemeral, _KEY_BYTES, "an ephemeral key")
    _check_list(sealed, MAX_RECIPIENTS, "the recipients of a key")
    for one in sealed:
        if not isinstance(one, list) or len(one) != 2:
            raise ChangesetRefused("a sealed key is no [node, bytes]")
        _check_bytes(one[0], NAME_TAG, "the tag of a node")
        _check_bytes(one[1], _SEALED, "a sealed key")


def _check_door_mode(number, schedule, from_first_grant):
    _check_door_number(number)
    _check_name(schedule)
    _check_number(from_first_grant, 0, 1, "how a door is unlocked by schedule")


def _check_carrier(node, number, way):
    _check_name(node)
    _check_door_number(number)
    _check_number(way, 1, 2, "the side of a door")


def _check_number(value, least, most, what):
    if type(value) is not int or not least <= value <= most:
        raise ChangesetRefused("%s is no whole number of %d to %d" % (what, least, most))


def _check_time(value):
    _check_number(value, 0, MAX_TIME, "a time")


def _check_group_number(value):
    _check_number(value, 0, MAX_GROUP, "a group")


def _check_door_number(value):
    _check_number(value, 0, MAX_DOORS - 1, "the number of a door")


def _check_key_number(value):
    _check_number(value, 1, MAX_KEY_NUMBER, "the number of a key")


def _check_bytes(value, length, what):
    if not isinstance(value, bytes) or len(value) != length:
        raise ChangesetRefused("%s is not %d bytes" % (what, length))


def _check_grant_key(value):
    _check_bytes(value, KEY, "the key of a grant")


def _check_list(value, most, what):
    if not isinstance(value, list) or len(value) > most:
        raise ChangesetRefused("%s are no list of at most %d" % (what, most))


def _check_name(value):
    if not is_name(value):
        raise ChangesetRefused("no name of 1 to %d bytes without control characters" % MAX_NAME)


# How many entries each operation has, and who looks at those after the code.
_CHECKS = {
    TIMEZONE: ((3,), TimeZone.parse),
    ZONE: ((3,), _check_zone),
    SCHEDULE: ((4,), _check_schedule),
    HOLIDAYS: ((2,), Holidays.parse),
    GROUP: ((3,), _check_group),
    GRANT: ((4, 5), _check_grant),
    REVOKE: ((4,), _check_revoke),
    WATERMARK: ((2,), _check_time),
    LOCKDOWN: ((3,), _check_lockdown),
    ANCHORS: ((2,), _check_anchors),
    LIMITS: ((2,), limits.rules),
    DOOR: ((3,), _check_door),
    ZONE_KEY: ((5,), _check_zone_key),
    ZONE_SWITCH: ((3,), _check_zone_switch),
    LOOKUP: ((2, 4), _check_lookup),
    DOOR_MODE: ((4,), _check_door_mode),
    CARRIER: ((4,), _check_carrier),
    DROPPED: ((2,), _check_time),
}

# What can be taken away again, by [code, name, false].
_NAMES = {
    ZONE: _check_name,
    SCHEDULE: _check_name,
    GROUP: _check_group_number,
    GRANT: _check_grant_key,
    DOOR: _check_door_number,
    DOOR_MODE: _check_door_number,
    CARRIER: _check_name,
}
