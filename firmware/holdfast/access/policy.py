"""What one reader knows of itself, of its place in the site, and of the site's rules."""

from . import reason

GRACE_S = 36 * 3600
RETENTION_S = 36 * 3600
MAX_UNCERTAINTY_S = 900


class Policy:
    """The rules of one door, after changeset ``number``; 0 is a policy that knows none.

    ``site`` and ``door`` are ids, ``zones`` the ids of the zones that the settings put the door
    in, ``strike_ms`` how long a granted unlock releases the strike, in milliseconds. ``anchors``
    are the authority's public Ed25519 keys (cose.Key, 1 or 2).

    What changesets say: ``head`` is the SHA-256 of the last one, ``issued_at`` its time in seconds
    since 1970; ``timezone`` is a TimeZone or None, ``schedules`` a dict of name tag to Schedule,
    ``holidays`` the numbers of local days since 1970, ``revocations`` a Revocations,
    ``locked_down`` whether this door is; ``grace_s``, ``retention_s`` and ``max_uncertainty_s``
    are the site's limits in seconds. ``fault`` is the reason code with which everything is
    refused, 0 if the policy is whole.
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
        self.holidays = ()
        self.revocations = None
        self.locked_down = False
        self.grace_s = GRACE_S
        self.retention_s = RETENTION_S
        self.max_uncertainty_s = MAX_UNCERTAINTY_S

    def places(self) -> tuple:
        """Every id under which a scope may name this door."""
        return (self.door,) + self.zones

    def unknown_zones(self) -> tuple:
        """Zones that the settings put this door in and the policy does not know."""
        return ()

    def audiences(self) -> tuple:
        """Every ``aud`` a credential for this door may carry."""
        return (self.site,) + self.zones

    def schedule(self, name: str):
        """The Schedule called ``name``, or None."""
        return None
