"""The limits that a site's policy can set."""

from untrusted import InvalidInput

# As the operation LIMITS calls them. 2 was for how long a controller's answer was kept.
GRACE_S = 1
MAX_UNCERTAINTY_S = 3
KNOWLEDGE_S = 4
CERTIFICATE_DAYS = 5
WRONG_PINS_A_DAY = 6

# Label, name of the rule, least, most, and what it is if never set.
_LIMITS = (
    (GRACE_S, "grace_s", 0, 30 * 86400, 36 * 3600),
    (MAX_UNCERTAINTY_S, "max_uncertainty_s", 1, 86400, 900),
    (KNOWLEDGE_S, "knowledge_s", 0, 3650 * 86400, 0),
    (CERTIFICATE_DAYS, "certificate_days", 1, 3650, 730),
    (WRONG_PINS_A_DAY, "wrong_pins_a_day", 1, 1000, 10),
)


def usual() -> dict:
    """Label to value of a site that never set any."""
    return {label: value for label, _, _, _, value in _LIMITS}


def names() -> dict:
    """Label to the name of the rule in SiteRules."""
    return {label: name for label, name, _, _, _ in _LIMITS}


def rules(limits) -> dict:
    """SiteRules' rules from decoded CBOR, a map of the labels above. Raises InvalidInput."""
    if not isinstance(limits, dict) or not limits:
        raise InvalidInput("limits are no map")
    made = {}
    for label, value in limits.items():
        for known, name, least, most, _ in _LIMITS:
            if type(label) is int and label == known:
                if type(value) is not int or not least <= value <= most:
                    raise InvalidInput("a limit is no whole number of %d to %d" % (least, most))
                made[name] = value
                break
        else:
            raise InvalidInput("unknown limit")
    return made
