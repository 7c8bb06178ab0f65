"""A device that is not to be believed any more, and what phones are told of such."""

import dataclasses
from pathlib import Path

from holdfast.access import revoked_devices

from .. import locks
from ..policy import changes
from ..policy.history import History
from ..policy.state import State
from . import devices, zones
from . import site as sites
from .devices import Device
from .keys import Keys
from .site import Site


def revoke(folder: Path, name: str, keys: Keys, now: int) -> tuple[Device, History, list[str]]:
    """Take back the device ``name`` of the site in ``folder``: it, the policy, and the zones that
    got new keys.

    It is never given a key again, phones are told with their next credential, and the other nodes
    by the policy. Cut short at any point, the same again brings it to its end.
    """
    site = sites.load(folder)
    with locks.signing(folder):
        device = devices.require(devices.load(folder), name)
        # First the register: whatever is sealed from here on is not sealed to this device.
        device = dataclasses.replace(device, revoked=True)
        devices.put(folder, device)
        history, _ = site.change_policy(
            keys.authority, lambda state: _operations(state, device, now), now
        )
        turned = _rotate(folder, device, keys, now)
        return device, sites.load(folder).policy() if turned else history, turned


def list_for_phones(site: Site, keys: Keys, now: int) -> bytes:
    """The signed list of revoked devices (holdfast.access.revoked_devices)."""
    ctis = devices.revoked_ctis(devices.load(site.folder), now)
    return revoked_devices.make(keys.authority.signing_key, site.id, now, ctis)


def _operations(state: State, device: Device, now: int) -> list[list]:
    made = []
    for cti in device.ctis:
        # Of a certificate that has ended nobody has to be told.
        if device.expires > now:
            made += changes.revoke(state, cti, device.expires, now, device.issued)
    return made


def _rotate(folder: Path, device: Device, keys: Keys, now: int) -> list[str]:
    """Give the zones whose keys the device has others; their names."""
    turned = zones.of_doors(sites.load(folder).policy(), device.doors)
    for zone in turned:
        zones.rotate(folder, zone, keys, now)
    return turned
