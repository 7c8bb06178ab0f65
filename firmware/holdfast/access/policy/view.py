"""The site's rules as one door sees them."""

from .. import reason
from ..place import DOOR
from ..tag import NAME_TAG, name_tag
from .rules import CARRIER_ENTRY, MODE_ENTRY, ZONE_ENTRY, ZONE_LOCKED, has_bit


class DoorView:
    """What ``decide`` asks of the SiteRules ``rules`` for the door of this name; copies nothing.

    ``strike_ms`` is how long a granted unlock releases its strike, in milliseconds, ``way`` the
    side its reader is on: 1 in, 2 out, 0 unknown. ``number`` is the door's in the policy, or None.
    ``fault`` is the reason code with which everything is refused here, or 0; ``is_locked_down``
    says that this door is: by itself, with a zone of its, or with all doors.

    A view is of these rules and no others: whoever follows a policy makes another.
    """

    strike_ms = 3000
    way = 0

    def __init__(self, rules, door: str, strike_ms: int = 3000, way: int = 0):
        self.rules = rules
        self.door = door
        # What is usual lies in the class: a node may have eight views.
        if strike_ms != self.strike_ms:
            self.strike_ms = strike_ms
        if way:
            self.way = way
        number = self.number = rules.door_number(door)
        self.fault = rules.fault or (reason.DOOR_UNKNOWN if number is None else 0)
        self.is_locked_down = rules.is_locked or _is_locked(rules, number)

    def is_in(self, zone_tag: bytes) -> bool:
        """Whether this door lies in the zone with this tag."""
        at = self.rules.zone_at(zone_tag)
        return at >= 0 and self.number is not None and self.rules.is_in_zone(at, self.number)

    def zone_tags(self) -> list:
        """The tags, 6 bytes each, of the zones that this door lies in."""
        rules, number = self.rules, self.number
        if number is None:
            return []
        return [
            rules.zones[at : at + NAME_TAG]
            for at in range(0, len(rules.zones), ZONE_ENTRY)
            if rules.is_in_zone(at, number)
        ]

    def mode(self):
        """How this door stands unlocked by schedule: 1 byte, 1 if from the first grant on, and the
        schedule's tag, 6 bytes; None if it does not.
        """
        modes = self.rules.modes
        for at in range(0, len(modes), MODE_ENTRY):
            if modes[at] == self.number:
                return modes[at + 1 : at + MODE_ENTRY]
        return None

    def way_of(self, carrier: str) -> int:
        """The side of this door that the node ``carrier`` carries for, as ``way``; 0 for none."""
        carriers, tag = self.rules.carriers, name_tag(carrier)
        for at in range(0, len(carriers), CARRIER_ENTRY):
            if carriers[at : at + NAME_TAG] == tag and carriers[at + NAME_TAG] == self.number:
                return carriers[at + NAME_TAG + 1]
        return 0

    def permissions(self, credential) -> int:
        """All permission bits that the credential's scope has here, by the door or a zone."""
        bits = 0
        for kind, name, some in credential.scope:
            if name == self.door if kind == DOOR else self.is_in(name_tag(name)):
                bits |= some
        return bits

    def names_unknown_zone(self, credential) -> bool:
        """Whether the scope grants something at a zone that the policy does not know."""
        for kind, name, _ in credential.scope:
            if kind != DOOR and self.rules.zone_at(name_tag(name)) < 0:
                return True
        return False


def _is_locked(rules, number):
    if number is None:
        return False
    if has_bit(rules.locked_doors, number):
        return True
    for at in range(0, len(rules.zones), ZONE_ENTRY):
        if rules.zones[at + ZONE_LOCKED] and rules.is_in_zone(at, number):
            return True
    return False
