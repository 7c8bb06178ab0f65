"""Changes as the policy says them, checked and made into records."""

from untrusted import InvalidInput

from .journal import MAX_BATCH
from .records import (
    KEY,
    PLACE,
    pack_grant,
    pack_no_rights,
    pack_removed,
    pack_removed_group,
    pack_right,
)


class CacheFull(InvalidInput):
    """The policy has more grants or rights than the cache holds; nothing was changed."""


def encode(changes: list) -> tuple:
    """Two dicts, the grant by key and the rights by group number, of a batch.

    Of several changes of one the last counts. ``changes`` are ("grant", key, group, expires),
    ("revoke", key), ("group", group, rights) and ("ungroup", group). Raises ValueError.
    """
    grants = {}
    groups = {}
    for change in changes:
        what = change[0]
        if what == "grant":
            record = grant_record(change)
            grants[record[:KEY]] = record
        elif what == "revoke":
            _, key = change
            _checked(key, KEY, "key")
            grants[key] = pack_removed(key)
        elif what == "group":
            groups[change[1]] = group_records(change)
        elif what == "ungroup":
            _, group = change
            _uint16(group, "group")
            groups[group] = pack_removed_group(group)
        else:
            raise ValueError("no such change")
    size = sum([len(record) for record in grants.values()])
    size += sum([len(records) for records in groups.values()])
    if size > MAX_BATCH:
        raise ValueError("more than %d bytes of records in one batch" % MAX_BATCH)
    return grants, groups


def grant_record(change: tuple) -> bytes:
    """The record of ("grant", key, group, expires or None). Raises ValueError."""
    _, key, group, expires = change
    _checked(key, KEY, "key")
    _uint16(group, "group")
    if expires is not None and (not isinstance(expires, int) or isinstance(expires, bool)):
        raise ValueError("expiry is no integer")
    return pack_grant(key, group, expires)


def group_records(change: tuple) -> bytes:
    """The sorted records of ("group", group, [(place, bits, schedule or None), ...]).

    One that says so if the group has no rights. Raises ValueError.
    """
    _, group, rights = change
    _uint16(group, "group")
    records = []
    for place, bits, schedule in rights:
        _checked(place, PLACE, "place")
        if schedule is not None:
            _checked(schedule, PLACE, "schedule")
        if _uint16(bits, "permissions"):  # a right to nothing is none
            if schedule == bytes(PLACE):
                raise ValueError("a schedule tag of zeros stands for none")
            records.append(pack_right(group, place, bits, schedule))
    return b"".join(sorted(records)) or pack_no_rights(group)


def _checked(value, length, name):
    if not isinstance(value, bytes) or len(value) != length:
        raise ValueError("%s is not %d bytes" % (name, length))


def _uint16(value, name):
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 0xFFFF:
        raise ValueError("%s is not 0 to 65535" % name)
    return value
