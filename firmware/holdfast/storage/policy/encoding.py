"""What ``policy_state`` reads, written. Loaded when a policy is to be kept, not to open a door."""

import cbor
from micropython import const

from ...access.policy import limits
from ...access.policy.policy import Policy

_FORMAT = const(1)

# Entries of the map, as in policy_state
_VERSION = const(1)
_NUMBER = const(2)
_HEAD = const(3)
_ISSUED_AT = const(4)
_LEAST = const(5)
_TIMEZONE = const(6)
_ZONES = const(7)
_SCHEDULES = const(8)
_HOLIDAYS = const(9)
_REVOCATIONS = const(10)
_WATERMARK = const(11)
_LATEST = const(12)
_LOCKED = const(13)
_ANCHORS = const(14)
_LIMITS = const(15)
_POSITION = const(16)


def encode(policy: Policy, blank: Policy, least: int, position: int) -> bytes:
    """What in ``policy`` is not as in ``blank``, an empty one of the same door.

    ``least`` is the number below which it is not whole again, ``position`` the number of the log's
    record from which on it has to be followed.
    """
    anchors = [key.x for key in policy.anchors]
    revocations = policy.revocations
    locked = policy.locked_places
    zone = policy.timezone
    return cbor.encode(
        {
            _VERSION: _FORMAT,
            _NUMBER: policy.number,
            _HEAD: policy.head,
            _ISSUED_AT: policy.issued_at,
            _LEAST: least,
            _TIMEZONE: None if zone is None else _timezone(zone),
            _ZONES: policy.known_zones,
            _SCHEDULES: {
                tag: [schedule.week, schedule.holiday]
                for tag, schedule in policy.schedules.items()
            },
            _HOLIDAYS: sorted(policy.holidays),
            _REVOCATIONS: b"".join([cti + until.to_bytes(8, "big") for cti, until in revocations]),
            _WATERMARK: revocations.watermark,
            _LATEST: revocations.latest,
            _LOCKED: locked if isinstance(locked, bool) else sorted(locked),
            _ANCHORS: [] if anchors == [key.x for key in blank.anchors] else anchors,
            _LIMITS: {
                limits.GRACE_S: policy.grace_s,
                limits.RETENTION_S: policy.retention_s,
                limits.MAX_UNCERTAINTY_S: policy.max_uncertainty_s,
            },
            _POSITION: position,
        }
    )


def _timezone(zone) -> list:
    if zone.start is None:
        return [zone.std_offset_min, None]
    return [zone.std_offset_min, [zone.delta_min, zone.start, zone.end]]
