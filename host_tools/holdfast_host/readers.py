"""Making a reader one of a site: its certificate, its settings, the policy to begin with."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import cbor
import crypto

from . import files, issuing
from .authority import Authority
from .errors import UsageProblem
from .reader_process import ReaderProcess
from .site import Site

SETTINGS = "settings.cbor"
POLICY = "policy.cbor"
STRIKE_MS = 3000
CERTIFICATE_DAYS = 3650

_REFUSED = "policy_file_refused"  # what a reader says that does not take POLICY
_VERSION = 1
_CERTIFICATE = 6  # its key in the settings
_MOST_ZONES = 16  # firmware/holdfast/storage/settings.py refuses more, and a larger file
_LARGEST_SETTINGS = 4096


@dataclasses.dataclass(frozen=True)
class Placement:
    """A reader's door, the zones the door lies in, and how long it releases the strike."""

    door: str
    zones: Sequence[str] = ()
    strike_ms: int = STRIKE_MS


def enroll(
    state_folder: Path,
    site: Site,
    authority: Authority,
    placement: Placement,
    *,
    now: int,
    days: int = CERTIFICATE_DAYS,
    replace: bool = False,
) -> bytes:
    """Make the reader in ``state_folder`` one of ``site``; its public key, 32 bytes.

    The reader makes its own key, at its first start, and never shows it. It is given the policy as
    it is now. At the end it is started once more: it is enrolled only if it says so itself.
    ``now`` is in seconds since 1970.
    """
    require_placement(site, placement)
    require_none(state_folder, replace)
    policy = site.policy().for_reader(authority)
    files.make_folder(state_folder)
    # From here until the new settings are there, the reader says that it is not enrolled.
    files.remove(state_folder / SETTINGS)
    device_key = _ask_for_key(state_folder)
    certificate = issuing.device_certificate(
        authority.signing_key,
        site=site.id,
        door=placement.door,
        device_key=device_key,
        issued_at=now,
        expires=now + days * 86400,
        cti=os.urandom(8),
    )
    settings = encode_settings(site, authority, placement, certificate)
    files.write(state_folder / POLICY, policy, files.PRIVATE)
    files.write(state_folder / SETTINGS, settings, files.PRIVATE)
    with ReaderProcess(state_folder) as reader:
        refused = [event for event in reader.events if event.get("event") == _REFUSED]
    if refused:
        # A reader without a policy opens for nobody, but looks enrolled.
        files.remove(state_folder / SETTINGS)
        raise UsageProblem(
            f"the reader in {state_folder} refuses the site's policy: {refused[0].get('reason')}",
            f"look at it: holdfast policy show {site.folder}; if the reader was another site's,"
            " enrol it in a new folder",
        )
    return device_key


def encode_settings(
    site: Site, authority: Authority, placement: Placement, certificate: bytes
) -> bytes:
    """The reader's settings.cbor (docs/flash_format.md); secrets are in it: zone, lookup keys."""
    zone_keys = {zone: site.zone_key(authority, zone) for zone in placement.zones}
    settings = cbor.encode(
        {
            1: _VERSION,
            2: site.id,
            3: placement.door,
            4: list(placement.zones),
            5: [authority.public_key.to_map()],
            _CERTIFICATE: certificate,
            7: {zone: key.to_secret_map() for zone, key in zone_keys.items()},
            8: placement.strike_ms,
            9: crypto.x25519_public_key(authority.audit_key()),
            10: authority.lookup_key(),
        }
    )
    if len(settings) > _LARGEST_SETTINGS:
        raise UsageProblem(
            f"the settings are {len(settings)} bytes, a reader takes {_LARGEST_SETTINGS}",
            "put the door in fewer zones",
        )
    return settings


def require_placement(site: Site, placement: Placement) -> None:
    """Refuse a door or zone that the site cannot have, before anything is asked or made."""
    site.require_doors([placement.door])
    site.require_zones(placement.zones)
    if len(placement.zones) > _MOST_ZONES:
        raise UsageProblem(
            f"{len(placement.zones)} zones are too many for one reader",
            f"put the door in at most {_MOST_ZONES} zones",
        )


def require_none(state_folder: Path, replace: bool) -> None:
    """Refuse a reader that is enrolled already, unless told to ``replace`` that."""
    if (state_folder / SETTINGS).exists() and not replace:
        raise UsageProblem(
            f"the reader in {state_folder} is enrolled already",
            "add --replace to enrol it anew; its key stays the same",
        )


def _ask_for_key(state_folder: Path) -> bytes:
    reader = ReaderProcess(state_folder)
    begin = reader.launch()
    try:
        event = reader.wait(lambda event: event.get("event") == "unprovisioned", since=begin)
    finally:
        reader.stop()
    try:
        key = bytes.fromhex(event["public_key"]) if event else b""
    except (KeyError, TypeError, ValueError):
        key = b""
    if len(key) != 32:
        raise reader.failure(begin)
    return key


def certificate(state_folder: Path) -> bytes:
    """The certificate of the enrolled reader in ``state_folder``."""
    data = files.read(
        state_folder / SETTINGS,
        _LARGEST_SETTINGS,
        "reader's settings",
        "enrol it: holdfast reader enroll",
    )
    return cbor.decode(data)[_CERTIFICATE]
