"""Places that a scope, a right or a lockdown names: each says whether it is a door or a zone."""

from untrusted import InvalidInput

from .names import is_name

DOOR = 1
ZONE = 2


def parse(value) -> tuple:
    """``(kind, name)`` of the decoded CBOR ``[kind, name]``. Raises InvalidInput."""
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidInput("a place is no [kind, name]")
    kind, name = value
    if type(kind) is not int or kind not in (DOOR, ZONE):
        raise InvalidInput("a place is neither a door nor a zone")
    if not is_name(name):
        raise InvalidInput("a place has no name of 1 to 64 bytes without control characters")
    return kind, name
