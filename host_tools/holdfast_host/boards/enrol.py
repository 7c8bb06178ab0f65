"""Making a reader one of a site: its certificate, its settings, the policy to begin with."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import cbor
import crypto
from cose import CRV_X25519, Key
from untrusted import InvalidInput

from .. import files
from ..credentials import issuing, keys
from ..errors import UsageProblem
from ..site.keys import Keys
from ..site.site import Site
from .process import ReaderProcess

SETTINGS = "settings.cbor"
POLICY = "policy.cbor"
STRIKE_MS = 3000
CERTIFICATE_DAYS = 3650
P256_CERTIFICATE = 11  # its key in the settings

_REFUSED = "policy_file_refused"  # what a reader says that does not take POLICY
_VERSION = 1
_CERTIFICATE = 6  # of the X25519 key
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
    opened: Keys,
    placement: Placement,
    *,
    now: int,
    days: int = CERTIFICATE_DAYS,
    replace: bool = False,
) -> dict[int, Key]:
    """Make the reader in ``state_folder`` one of ``site``; its public keys by cipher suite.

    The reader makes its own keys, at its first start, and never shows them. It is given the policy
    as it is now. At the end it is started once more: it is enrolled only if it says so itself.
    ``now`` is in seconds since 1970.
    """
    require_placement(site, placement)
    require_none(state_folder, replace)
    policy = site.policy().for_reader(opened.authority)
    files.make_folder(state_folder)
    # From here until the new settings are there, the reader says that it is not enrolled.
    files.remove(state_folder / SETTINGS)
    device_keys = _ask_for_keys(state_folder)
    certificates = {
        suite: issuing.device_certificate(
            opened.authority.signing_key,
            site=site.id,
            door=placement.door,
            device_key=key,
            issued_at=now,
            expires=now + days * 86400,
            cti=os.urandom(8),
        )
        for suite, key in device_keys.items()
    }
    settings = encode_settings(site, opened, placement, certificates[0], certificates.get(2))
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
    return device_keys


def encode_settings(
    site: Site,
    opened: Keys,
    placement: Placement,
    certificate: bytes,
    p256_certificate: bytes | None = None,
) -> bytes:
    """The reader's settings.cbor (docs/flash_format.md); secrets are in it: zone, lookup keys."""
    zone_keys = {zone: site.zone_key(opened.secret, zone) for zone in placement.zones}
    entries = {
        1: _VERSION,
        2: site.id,
        3: placement.door,
        4: list(placement.zones),
        5: [key.to_map() for key in site.policy().anchors],
        _CERTIFICATE: certificate,
        7: {zone: key.to_secret_map() for zone, key in zone_keys.items()},
        8: placement.strike_ms,
        9: crypto.x25519_public_key(opened.secret.audit_key()),
        10: site.lookup_key(opened.secret),
    }
    if p256_certificate is not None:
        entries[P256_CERTIFICATE] = p256_certificate
    settings = cbor.encode(entries)
    if len(settings) > _LARGEST_SETTINGS:
        raise UsageProblem(
            f"the settings are {len(settings)} bytes, a reader takes {_LARGEST_SETTINGS}",
            "put the door in fewer zones",
        )
    return settings


def require_placement(site: Site, placement: Placement) -> None:
    """Refuse a door or zone that the site cannot have, before anything is asked or made."""
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


def _ask_for_keys(state_folder: Path) -> dict[int, Key]:
    reader = ReaderProcess(state_folder)
    begin = reader.launch()
    try:
        event = reader.wait(lambda event: event.get("event") == "unprovisioned", since=begin)
    finally:
        reader.stop()
    try:
        said = event or {}
        found = {0: Key.okp(CRV_X25519, bytes.fromhex(said["public_key"]))}
        # Firmware from before there were two keys names one.
        if "p256_public_key" in said:
            found[2] = keys.p256_key(bytes.fromhex(said["p256_public_key"]))
    except (KeyError, TypeError, ValueError, InvalidInput) as error:
        raise reader.failure(begin) from error
    return found


def certificate(state_folder: Path) -> bytes:
    """The certificate of the X25519 key of the enrolled reader in ``state_folder``."""
    data = files.read(
        state_folder / SETTINGS,
        _LARGEST_SETTINGS,
        "reader's settings",
        "enrol it: holdfast reader enroll",
    )
    return cbor.decode(data)[_CERTIFICATE]
