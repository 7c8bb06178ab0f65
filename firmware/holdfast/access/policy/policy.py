"""What one reader knows of itself, of its place in the site, and of the site's rules."""

from .. import reason
from ..tag import name_tag
from .operations import HERE, PROVISIONED
from .revocation import Revocations

_SITE_RULES = (
    "anchors",
    "number",
    "head",
    "issued_at",
    "timezone",
    "schedules",
    "holidays",
    "revocations",
    "grace_s",
    "retention_s",
    "max_uncertainty_s",
    "known_zones",
    "locked_places",
)


class Policy:
    """The rules of one door, after changeset ``number``; 0 is a policy that knows none.

    ``site`` and ``door`` are ids, ``zones`` the ids of the zones that the settings put the door
    in, ``strike_ms`` how long a granted unlock releases the strike, in milliseconds. ``anchors``
    are the authority's public Ed25519 keys (cose.Key, 1 or 2).

    What changesets say: ``head`` is the SHA-256 of the last one, ``issued_at`` its time in seconds
    since 1970; ``timezone`` is a TimeZone or None, ``schedules`` a dict of name tag to Schedule,
    ``holidays`` a frozenset of local days since 1970, ``revocations`` a Revocations,
    ``locked_down`` whether this door is; ``grace_s``, ``retention_s`` and ``max_uncertainty_s``
    are the site's limits in seconds. ``known_zones`` maps a zone's id to ELSEWHERE, HERE or
    PROVISIONED, ``locked_places`` is True or a frozenset of name tags. ``fault`` is the reason
    code with which everything is refused, 0 if the policy is whole.

    A policy is not edited but followed by another.
    """

    def __init__(self, site: str, door: str, zones=(), strike_ms: int = 3000, anchors=()):
        self.site = site
        self.door = door
        self.zones = tuple(zones)
        self.strike_ms = strike_ms
        self.anchors = tuple(anchors)
        self.fault = reason.POLICY_MISSING
        self.number = 0
        self.head = bytes(32)
        self.issued_at = 0
        self.timezone = None
        self.schedules = {}
        self.holidays = frozenset()
        self.revocations = Revocations()
        self.locked_down = False
        self.grace_s = 36 * 3600
        self.retention_s = 36 * 3600
        self.max_uncertainty_s = 900
        self.known_zones = {}
        self.locked_places = frozenset()

    def places(self) -> tuple:
        """Every id under which a scope may name this door: its own, and of zones that hold it.

        A zone that the policy lists doors of holds exactly those, whatever their settings say.
        """
        known = self.known_zones
        provisioned = [zone for zone in self.zones if known.get(zone) == PROVISIONED]
        listed = [zone for zone in sorted(known) if known[zone] == HERE]
        return (self.door,) + tuple(provisioned + listed)

    def unknown_zones(self) -> tuple:
        """Zones that the settings put this door in and the policy does not know."""
        return tuple(zone for zone in self.zones if zone not in self.known_zones)

    def audiences(self) -> tuple:
        """Every ``aud`` a credential for this door may carry."""
        return (self.site,) + self.places()[1:]

    def schedule(self, name: str):
        """The Schedule called ``name``, or None."""
        return self.schedules.get(name_tag(name))

    def applied(self, changeset):
        """The Policy after ``changeset``, which is verified and the next of this site.

        Raises ChangesetRefused; then nothing of it counts.
        """
        from .draft import applied  # what a policy is made by is not needed to go by it

        return applied(self, changeset)

    def following(self, operations, number: int, head: bytes, issued_at: int):
        """The Policy after well-formed ``operations``, which has this number, head and time.

        Grants and groups are not the policy's: see operations.changes. Raises ChangesetRefused.
        """
        from .draft import following

        return following(self, operations, number, head, issued_at)

    def changed(self, rules: dict | None = None, fault: int | None = None, **more):
        """A Policy of the same door with other rules, by the names of this one's attributes.

        ``fault`` is what it has then; without, POLICY_MISSING for number 0, else none.
        """
        made = Policy(self.site, self.door, self.zones, self.strike_ms, self.anchors)
        for name in _SITE_RULES:
            setattr(made, name, getattr(self, name))
        for some in (rules or {}, more):
            for name, value in some.items():
                if name not in _SITE_RULES:
                    raise ValueError("a policy has no rule %s" % name)
                setattr(made, name, value)
        if fault is None:
            fault = 0 if made.number else reason.POLICY_MISSING
        made.fault = fault
        made.locked_down = made._is_locked()
        return made

    def _is_locked(self):
        if isinstance(self.locked_places, bool):
            return self.locked_places
        # The settings' zones too, known or not: what might be locked down is.
        return any(name_tag(name) in self.locked_places for name in self.places() + self.zones)
