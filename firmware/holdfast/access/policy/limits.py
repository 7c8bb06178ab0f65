"""The limits that a site's policy can set, in seconds."""

from untrusted import InvalidInput

GRACE_S = 1  # as the operation LIMITS calls them
RETENTION_S = 2
MAX_UNCERTAINTY_S = 3

_BOUNDS = {
    GRACE_S: ("grace_s", 0, 30 * 86400),
    RETENTION_S: ("retention_s", 0, 30 * 86400),
    MAX_UNCERTAINTY_S: ("max_uncertainty_s", 1, 86400),
}


def rules(limits) -> dict:
    """A Policy's rules from decoded CBOR, a map of the labels above. Raises InvalidInput."""
    if not isinstance(limits, dict) or not limits:
        raise InvalidInput("limits are no map")
    made = {}
    for label, value in limits.items():
        if type(label) is not int or label not in _BOUNDS:
            raise InvalidInput("unknown limit")
        name, least, most = _BOUNDS[label]
        if type(value) is not int or not least <= value <= most:
            raise InvalidInput("a limit is no whole number of %d to %d" % (least, most))
        made[name] = value
    return made
