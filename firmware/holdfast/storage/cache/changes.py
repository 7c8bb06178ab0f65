"""Changes as the policy says them, checked and made into records."""

from micropython import const
from untrusted import InvalidInput

from .journal import MAX_BATCH
from .records import (
    DOOR,
    KEY,
    MAX_BITS,
    MAX_GROUPS,
    MAX_USES,
    PERSON,
    PLACE,
    ZONE,
    grants_at,
    pack_grant,
    pack_no_rights,
    pack_removed,
    pack_removed_group,
    pack_right,
    unpack_grant,
    used_places,
    with_grant,
    with_used,
)

# What few grants have: labels of the policy's operation
_FIRST_DAY = const(1)
_SUSPENDED = const(2)
_PERSON = const(3)
_USES = const(4)
_DURESS = const(5)


class CacheFull(InvalidInput):
    """The policy has more grants or rights than the cache holds; nothing was changed."""


def encode_steps(changes: list, look, is_rebuilt: bool = False):
    """(grants, groups, more, counted): units by key and by group number, how many more grants they
    are, and how many more of them have their uses kept.

    ``look(key)`` gives the unit of a key as it is, None if damage took it. Of several changes of
    one thing the last counts; ``changes`` are those of CredentialCache.apply. ``is_rebuilt``: what
    was used before damage took it nobody knows, so that all is. In steps, as in :mod:`crypto`: a
    change, which reads a page at most, a step. Raises ValueError and OSError.
    """
    grants = {}
    before = {}
    groups = {}
    for change in changes:
        what = change[0]
        if what == "grant" or what == "revoke":
            key, group, records = _grant_change(change)
            if key not in grants:
                grants[key] = before[key] = look(key)
            if group is None:
                grants[key] = b""
            elif grants[key] is not None:
                grants[key] = with_grant(grants[key], group, records)
                if is_rebuilt and records and unpack_grant(records)[6]:
                    grants[key] = with_used(grants[key], group, MAX_USES)
        elif what == "group":
            groups[change[1]] = group_records(change)
        elif what == "ungroup":
            _, group = change
            _uint16(group, "group")
            groups[group] = pack_removed_group(group)
        else:
            raise ValueError("no such change")
        yield
    more = counted = 0
    for key in before:
        unit = grants[key]
        if unit is None:
            # Its other groups were lost, so that this one alone would be taken for all it has. It
            # stays untold, and no lookup gets past that, until all of policy comes again.
            del grants[key]
            continue
        count = len(grants_at(unit))
        if count > MAX_GROUPS:
            raise ValueError("a key in more than %d groups" % MAX_GROUPS)
        more += count - len(grants_at(before[key] or b""))
        counted += len(used_places(unit)) - len(used_places(before[key] or b""))
        grants[key] = unit or pack_removed(key)
    size = sum([len(unit) for unit in grants.values()])
    size += sum([len(records) for records in groups.values()])
    if size > MAX_BATCH:
        raise ValueError("more than %d bytes of records in one batch" % MAX_BATCH)
    return grants, groups, more, counted


def _grant_change(change):
    """(key, group or None for all, records) of a change of grants."""
    if change[0] == "grant":
        records = grant_records(change)
        return records[:KEY], change[2], records
    _, key, group = change
    _checked(key, KEY, "key")
    if group is not None:
        _uint16(group, "group")
    return key, group, b""


def grant_records(change: tuple) -> bytes:
    """The record or two of ("grant", key, group, expires, rare). Raises ValueError."""
    _, key, group, expires, rare = change
    _checked(key, KEY, "key")
    _uint16(group, "group")
    if expires is not None:
        _integer(expires, "expiry")
    if not rare:
        return pack_grant(key, group, expires)
    for label in rare:
        if label not in (_FIRST_DAY, _SUSPENDED, _PERSON, _USES, _DURESS):
            raise ValueError("a grant has no such field")
    first_day = person = None
    uses = 0
    if _FIRST_DAY in rare:
        first_day = _integer(rare[_FIRST_DAY], "first day")
    if _PERSON in rare:
        person = rare[_PERSON]
        _checked(person, PERSON, "person tag")
        if person == bytes(PERSON):
            raise ValueError("a person tag of zeros stands for none")
    if _USES in rare:
        uses = _integer(rare[_USES], "count of uses")
        if not 1 <= uses <= MAX_USES:
            raise ValueError("count of uses is not 1 to %d" % MAX_USES)
    for label in (_SUSPENDED, _DURESS):
        if rare.get(label, True) is not True:
            raise ValueError("suspended and duress are true or absent")
    return pack_grant(
        key, group, expires, first_day, _SUSPENDED in rare, person, uses, _DURESS in rare
    )


def group_records(change: tuple) -> bytes:
    """The sorted records of ("group", group, [(kind, place, bits, schedule or None), ...]).

    One that says so if the group has no rights. Raises ValueError.
    """
    _, group, rights = change
    _uint16(group, "group")
    records = []
    for kind, place, bits, schedule in rights:
        if kind not in (DOOR, ZONE):
            raise ValueError("place is no door and no zone")
        _checked(place, PLACE, "place")
        if schedule is not None:
            _checked(schedule, PLACE, "schedule")
        if _uint16(bits, "permissions") > MAX_BITS:
            raise ValueError("permissions have more than 15 bits")
        if bits:  # a right to nothing is none
            if schedule == bytes(PLACE):
                raise ValueError("a schedule tag of zeros stands for none")
            records.append(pack_right(group, kind, place, bits, schedule))
    return b"".join(sorted(records)) or pack_no_rights(group)


def _checked(value, length, name):
    if not isinstance(value, bytes) or len(value) != length:
        raise ValueError("%s is not %d bytes" % (name, length))


def _integer(value, name):
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("%s is no integer" % name)
    return value


def _uint16(value, name):
    if not 0 <= _integer(value, name) <= 0xFFFF:
        raise ValueError("%s is not 0 to 65535" % name)
    return value
