"""A policy as sealed bytes, from which the log of changesets goes on."""

import errno
import os

import cbor
from cose import CRV_ED25519, Key
from micropython import const
from untrusted import InvalidInput

from ...access.policy import limits
from ...access.policy.operations import ELSEWHERE, PROVISIONED
from ...access.policy.policy import Policy
from ...access.policy.revocation import Revocations
from ...access.policy.schedule import Schedule
from ...access.policy.timezone import TimeZone
from .. import files
from ..sealed import OVERHEAD, DamagedError

MAX_BYTES = 16384

_FORMAT = const(1)
_CTI = const(8)
_REVOCATION = const(16)
_MAX_COUNT = (1 << 63) - 1  # what a changeset can say of a time

# Entries of the map
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


class StateFiles:
    """Sealed policies in ``directory``, of the door that ``blank`` is an empty Policy of."""

    def __init__(self, directory: str, sealer, blank: Policy):
        self._directory = directory
        self._sealer = sealer
        self._blank = blank
        self._aad = cbor.encode(["holdfast policy", blank.site, blank.door])

    def load(self, name: str):
        """What ``decode`` gives of the file, or None if there is none.

        Raises DamagedError for anything but what this board wrote for this door; OSError.
        """
        sealed = files.read(self._path(name), MAX_BYTES + OVERHEAD)
        if sealed is None:
            return None
        if len(sealed) > MAX_BYTES + OVERHEAD:
            raise DamagedError("policy: larger than %d bytes" % MAX_BYTES)
        return decode(self._sealer.open(sealed, self._aad), self._blank)

    def save(self, name: str, policy: Policy, least: int, position: int):
        """Write the file whole or not at all. Raises OSError."""
        from .encoding import encode  # a start reads, and writes nothing

        data = encode(policy, self._blank, least, position)
        files.write(self._path(name), self._sealer.seal(data, self._aad))

    def rename(self, name: str, other: str):
        """Let the file ``name`` take the place of ``other`` at once. Raises OSError."""
        os.rename(self._path(name), self._path(other))

    def remove(self, name: str):
        """Remove the file if it is there. Raises OSError."""
        try:
            os.remove(self._path(name))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise

    def _path(self, name):
        return self._directory + "/" + name


def decode(data: bytes, blank: Policy) -> tuple:
    """(Policy of the door of ``blank``, least, position) as given to encode. DamagedError."""
    try:
        entries = cbor.decode(data, deterministic=True, max_items=len(data))
        if not isinstance(entries, dict) or entries.get(_VERSION) != _FORMAT:
            raise DamagedError("policy: of a version that is not known here")
        if sorted(entries) != list(range(_VERSION, _POSITION + 1)):
            raise DamagedError("policy: entries are missing or unknown")
        policy = blank.changed(
            limits.rules(entries[_LIMITS]),
            number=_count(entries[_NUMBER]),
            head=_bytes(entries[_HEAD], 32),
            issued_at=_count(entries[_ISSUED_AT]),
            timezone=_timezone(entries[_TIMEZONE]),
            holidays=_holidays(entries[_HOLIDAYS]),
            anchors=_anchors(entries[_ANCHORS]) or blank.anchors,
            known_zones=_zones(entries[_ZONES]),
            schedules=_schedules(entries[_SCHEDULES]),
            revocations=_revocations(entries),
            locked_places=_locked(entries[_LOCKED]),
        )
        return policy, _count(entries[_LEAST]), _count(entries[_POSITION])
    except DamagedError:
        raise
    except InvalidInput as error:
        raise DamagedError("policy: " + str(error))


def _timezone(value):
    return None if value is None else TimeZone.parse(*_list(value, 2))


def _holidays(value):
    return frozenset([_count(day) for day in _list(value)])


def _anchors(value):
    return tuple([Key.okp(CRV_ED25519, _bytes(x, 32)) for x in _list(value)])


def _zones(value):
    for zone, kind in _dict(value).items():
        if not isinstance(zone, str):
            raise DamagedError("policy: a zone is no name")
        if not ELSEWHERE <= _count(kind) <= PROVISIONED:
            raise DamagedError("policy: a zone of no known kind")
    return value


def _schedules(value):
    schedules = {}
    for tag, hours in _dict(value).items():
        week, on_holidays = _list(hours, 2)
        schedules[_tag(tag)] = Schedule.parse(week, on_holidays)
    return schedules


def _revocations(entries):
    packed = entries[_REVOCATIONS]
    if not isinstance(packed, bytes) or len(packed) % _REVOCATION:
        raise DamagedError("policy: revocations are cut")
    ids = [packed[at : at + _CTI] for at in range(0, len(packed), _REVOCATION)]
    if sorted(set(ids)) != ids:
        raise DamagedError("policy: revocations are not in order")
    return Revocations(packed, _count(entries[_WATERMARK]), _count(entries[_LATEST]))


def _locked(value):
    if isinstance(value, bool):
        return value
    return frozenset([_tag(tag) for tag in _list(value)])


def _tag(value):
    return _bytes(value, 6)


def _bytes(value, length):
    if not isinstance(value, bytes) or len(value) != length:
        raise DamagedError("policy: no %d bytes" % length)
    return value


def _count(value):
    if type(value) is not int or not 0 <= value <= _MAX_COUNT:
        raise DamagedError("policy: no count")
    return value


def _list(value, length=None):
    if not isinstance(value, list) or (length is not None and len(value) != length):
        raise DamagedError("policy: no list")
    return value


def _dict(value):
    if not isinstance(value, dict):
        raise DamagedError("policy: no map")
    return value
