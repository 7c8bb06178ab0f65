"""What one reader knows of itself and of its place in the site."""


class Policy:
    """The rules of one door.

    ``site`` and ``door`` are ids, ``zones`` the ids of the zones the door lies in, ``strike_ms``
    how long a granted unlock releases the strike, in milliseconds.
    """

    def __init__(self, site: str, door: str, zones=(), strike_ms: int = 3000):
        self.site = site
        self.door = door
        self.zones = tuple(zones)
        self.strike_ms = strike_ms

    def places(self) -> tuple:
        """Every id under which a scope may name this door."""
        return (self.door,) + self.zones

    def audiences(self) -> tuple:
        """Every ``aud`` a credential for this door may carry."""
        return (self.site,) + self.zones
