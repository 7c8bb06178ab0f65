"""The site's rules: what its changesets come to, whole and door-free, packed for a board."""

from .. import reason
from ..tag import NAME_TAG, name_tag
from .revocation import Revocations
from .schedule import Holidays, Schedules

MAX_DOORS = 256
MAX_ZONES = 32
MAX_MODES = 32  # doors that stand unlocked by schedule
MAX_CARRIERS = 32

DOOR_TAG = 4  # bytes of a door's name tag that tell it from the others
ZONE_ENTRY = 41  # bytes: tag of the zone (6), number of its key (2), 1 if locked, its doors (32)
ZONE_LOCKED = 8  # where it says that the zone is locked down
ZONE_DOORS = 9  # where a zone's doors begin
MODE_ENTRY = 8  # bytes: number of the door, 1 from the first grant on, tag of the schedule (6)
CARRIER_ENTRY = 8  # bytes: tag of the node (6), number of the door, way
NO_DOOR = bytes(DOOR_TAG)

# What changesets change, in the order in which it is kept on flash.
RULES = (
    "anchors",
    "number",
    "head",
    "issued_at",
    "timezone",
    "doors",
    "zones",
    "schedules",
    "holidays",
    "revocations",
    "is_locked",
    "locked_doors",
    "modes",
    "carriers",
    "lookup",
    "grace_s",
    "max_uncertainty_s",
    "knowledge_s",
    "certificate_days",
    "wrong_pins_a_day",
)


class SiteRules:
    """The rules of ``site`` after changeset ``number``; 0 is a policy that knows none.

    ``anchors`` are the authority's public Ed25519 keys (cose.Key, 1 or 2). What changesets say:
    ``head`` is the SHA-256 of the last one, ``issued_at`` its time in seconds since 1970;
    ``timezone`` is a TimeZone or None, ``schedules`` a Schedules, ``holidays`` a Holidays,
    ``revocations`` a Revocations. ``doors`` has 4 bytes for each number, zeros for none,
    ``zones`` 41 for each zone, in order of their tags. ``is_locked`` says that all doors are
    locked down, ``locked_doors`` is a bit field of those that are, each by itself. ``modes``,
    ``carriers``: see above. ``lookup`` is the number of the lookup key
    that grants are kept under, 0 for that of the settings. The site's limits are ``grace_s``,
    ``max_uncertainty_s``, ``knowledge_s`` (0: none), in seconds, ``certificate_days`` and
    ``wrong_pins_a_day``. ``fault`` is the reason code with which everything is refused, 0 if the
    policy is whole.

    Rules are not edited but followed by others. 8 KB at their bounds.
    """

    def __init__(self, site: str, anchors=()):
        self.site = site
        self.anchors = tuple(anchors)
        self.fault = reason.POLICY_MISSING
        self.number = 0
        self.head = bytes(32)
        self.issued_at = 0
        self.timezone = None
        self.doors = b""
        self.zones = b""
        self.schedules = Schedules()
        self.holidays = Holidays()
        self.revocations = Revocations()
        self.is_locked = False
        self.locked_doors = b""
        self.modes = b""
        self.carriers = b""
        self.lookup = 0
        self.grace_s = 36 * 3600
        self.max_uncertainty_s = 900
        self.knowledge_s = 0
        self.certificate_days = 730
        self.wrong_pins_a_day = 10

    def door_number(self, name: str):
        """The number of the door of this name, or None."""
        at = door_at(self.doors, name_tag(name)[:DOOR_TAG])
        return None if at < 0 else at // DOOR_TAG

    def zone_at(self, tag: bytes) -> int:
        """Where the zone with this tag (6 bytes) stands in ``zones``; -1 if there is none."""
        for at in range(0, len(self.zones), ZONE_ENTRY):
            if self.zones[at : at + NAME_TAG] == tag:
                return at
        return -1

    def zone_key_number(self, tag: bytes) -> int:
        """The number of the key that guest tokens of this zone are made with; 0 for none yet."""
        at = self.zone_at(tag)
        return 0 if at < 0 else self.zones[at + 6] << 8 | self.zones[at + 7]

    def is_in_zone(self, at: int, number: int) -> bool:
        """Whether the zone at ``at`` in ``zones`` holds the door of this number."""
        return self.zones[at + ZONE_DOORS + (number >> 3)] >> (number & 7) & 1 == 1

    def changed(self, rules: dict | None = None, fault: int | None = None, **more):
        """Others with other rules, by the names of these's attributes.

        ``fault`` is what they have then; without, POLICY_MISSING for number 0, else none.
        """
        made = SiteRules(self.site)
        for name in RULES:
            setattr(made, name, getattr(self, name))
        for some in (rules or {}, more):
            for name, value in some.items():
                if name not in RULES:
                    raise ValueError("a policy has no rule %s" % name)
                setattr(made, name, value)
        if fault is None:
            fault = 0 if made.number else reason.POLICY_MISSING
        made.fault = fault
        return made


def door_at(doors: bytes, tag: bytes) -> int:
    """Where in ``doors`` the door with this tag (4 bytes) stands; -1 if there is none."""
    at = doors.find(tag)
    while at % DOOR_TAG and at >= 0:
        at = doors.find(tag, at + 1)
    return at


def has_bit(field: bytes, number: int) -> bool:
    """Whether bit ``number`` of a bit field is set: bit 0 is its first byte's lowest."""
    at = number >> 3
    return at < len(field) and field[at] >> (number & 7) & 1 == 1


def with_bit(field: bytes, number: int, is_set: bool) -> bytes:
    """The bit field with that bit so, and no zeros at its end."""
    made = bytearray(field)
    at = number >> 3
    while len(made) <= at:
        made.append(0)
    if is_set:
        made[at] |= 1 << (number & 7)
    else:
        made[at] &= ~(1 << (number & 7)) & 0xFF
    return bytes(made).rstrip(b"\x00")
