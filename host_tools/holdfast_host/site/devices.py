"""The register of devices: who has a certificate of the site, for which doors, until when.

``devices.json`` in the site's folder: {"version": 1, "devices": [{"id", "key", "doors", "role",
"ctis", "issued", "expires", "revoked", "p256_key", "settings"}, ...]}. It holds no secret.
"""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from holdfast.access.credential import ROLE_CARRIER, ROLE_CONTROLLER, ROLE_READER
from holdfast.access.revoked_devices import MAX_REVOKED
from holdfast.access.trust import ENDING_S

from .. import files, locks
from ..errors import UsageProblem
from . import names

FILE = "devices.json"
CARRIER = ROLE_CARRIER  # a reader that decides nothing and holds no key but its own

_VERSION = 1
_LIMIT = 4 << 20
_X25519_BYTES = 32
_P256_BYTES = 64
_CTI_BYTES = 8
_HIGHEST_SETTINGS = (1 << 32) - 1
_ROLES = (ROLE_READER, ROLE_CONTROLLER, CARRIER)


@dataclasses.dataclass(frozen=True)
class Device:
    """``id`` is the device's name, ``key`` its public X25519 key (32 bytes), ``doors`` those that
    it speaks for, ``ctis`` the ids of its certificates (8 bytes each), of which the last was
    ``issued`` and ``expires`` at these times, in seconds since 1970. ``p256_key`` is its public
    P-256 key (x and y, 32 bytes each), empty if it has none; ``settings`` the number of the last
    settings that were signed for it, 0 if none were.
    """

    id: str
    key: bytes
    doors: tuple[str, ...]
    role: int
    ctis: tuple[bytes, ...]
    issued: int
    expires: int
    revoked: bool = False
    p256_key: bytes = b""
    settings: int = 0


def load(folder: Path) -> list[Device]:
    """The devices of the site in ``folder``, none if it never had one."""
    path = folder / FILE
    if not path.exists():
        return []
    advice = "restore it from its backup"
    data = files.read(path, _LIMIT, "register of devices", advice)
    try:
        content = json.loads(data)
        if not isinstance(content, dict) or content.get("version") != _VERSION:
            raise ValueError(f"no register of version {_VERSION}")
        devices = [_parse(entry) for entry in content["devices"]]
        if len({device.id for device in devices}) != len(devices):
            raise ValueError("a device is there twice")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageProblem(f"{path} is damaged: {error}", advice) from error
    return devices


def save(folder: Path, devices: Iterable[Device]) -> None:
    """Write the register of the site in ``folder``, whole or not at all."""
    entries = [
        {
            **dataclasses.asdict(device),
            "key": device.key.hex(),
            "p256_key": device.p256_key.hex(),
            "ctis": [cti.hex() for cti in device.ctis],
        }
        for device in sorted(devices, key=lambda device: device.id)
    ]
    content = {"version": _VERSION, "devices": entries}
    data = json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
    files.write(folder / FILE, data, files.PUBLIC)


def deciding(devices: Iterable[Device], doors: Sequence[str] | None) -> list[tuple[str, bytes]]:
    """(id, X25519 key) of every device that decides at one of ``doors``, None for any door.

    Whoever is revoked, or only carries, is not among them: it is never given a key.
    """
    wanted = None if doors is None else set(doors)
    return [
        (device.id, device.key)
        for device in devices
        if not device.revoked
        and device.role != CARRIER
        and device.doors
        and (wanted is None or not wanted.isdisjoint(device.doors))
    ]


def find(devices: Iterable[Device], name: str) -> Device | None:
    """The device of this name."""
    return next((device for device in devices if device.id == name), None)


def require(devices: Iterable[Device], name: str) -> Device:
    """The device of this name, which the site must have."""
    known = {device.id: device for device in devices}
    names.require_known(
        name, known, "device", "the site", "see which there are: holdfast reader list SITE_DIR"
    )
    return known[name]


def next_settings(devices: Iterable[Device], key: bytes, now: int) -> int:
    """The number for new settings of the board with this X25519 ``key``, under whatever ids it
    was enrolled; ``now`` is in seconds since 1970.

    A board takes no lower number than one it has had. So it is not below the time: a register
    that was restored from its backup does not know the last ones.
    """
    last = max((device.settings for device in devices if device.key == key), default=0)
    return min(max(now, last + 1), _HIGHEST_SETTINGS)


def put(folder: Path, device: Device) -> None:
    """Write ``device`` into the register, in the place of the one of its id."""
    with locks.changing(folder):
        others = [one for one in load(folder) if one.id != device.id]
        save(folder, [*others, device])


def is_ending(device: Device, now: int) -> bool:
    """Whether its certificate should be renewed by now."""
    return not device.revoked and now >= device.expires - ENDING_S


def revoked_ctis(devices: Iterable[Device], now: int) -> list[bytes]:
    """The ids of the certificates that phones are told not to believe any more.

    Those that ended first are left out where there are too many: nobody opens a door with them.
    """
    revoked = sorted(
        (device for device in devices if device.revoked),
        key=lambda device: device.expires,
        reverse=True,
    )
    living = sum(len(device.ctis) for device in revoked if device.expires > now)
    if living > MAX_REVOKED:
        raise UsageProblem(
            f"{living} certificates of revoked devices have not ended, and a phone takes"
            f" {MAX_REVOKED}",
            "replace the authority's key: holdfast site rotate-authority",
        )
    return [cti for device in revoked for cti in device.ctis][:MAX_REVOKED]


def _parse(entry) -> Device:
    key, ctis = bytes.fromhex(entry["key"]), tuple(map(bytes.fromhex, entry["ctis"]))
    p256_key = bytes.fromhex(entry.get("p256_key", ""))
    doors = entry["doors"]
    if not isinstance(doors, list) or not all(map(names.is_normal, [entry["id"], *doors])):
        raise ValueError("no name of a device or door")
    if len(key) != _X25519_BYTES or len(p256_key) not in (0, _P256_BYTES):
        raise ValueError(f"no key of {entry['id']}")
    if any(len(cti) != _CTI_BYTES for cti in ctis):
        raise ValueError(f"no certificate's id of {entry['id']}")
    issued, expires = entry["issued"], entry["expires"]
    if type(issued) is not int or type(expires) is not int:
        raise ValueError(f"no time of {entry['id']}")
    settings = entry.get("settings", 0)
    if type(settings) is not int or not 0 <= settings <= _HIGHEST_SETTINGS:
        raise ValueError(f"no number of the settings of {entry['id']}")
    if entry["role"] not in _ROLES or not isinstance(entry["revoked"], bool):
        raise ValueError(f"no role of {entry['id']}, or nothing that says whether it is revoked")
    return Device(
        entry["id"],
        key,
        tuple(doors),
        entry["role"],
        ctis,
        issued,
        expires,
        entry["revoked"],
        p256_key,
        settings,
    )
