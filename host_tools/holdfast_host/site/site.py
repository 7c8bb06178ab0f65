"""A site on the host: a folder with the authority's key, its public half, zones and policy.

authority.key   the authority's private key, encrypted (mode 0600)
authority.pub   its public COSE_Key: what phones and readers trust
site.json       {"version": 1, "id": ..., "zones": {zone id: number of its key}}
policy/         every changeset the authority signed (policy.py)
"""

import dataclasses
import json
import time
from pathlib import Path
from typing import TypeGuard

import cbor
from cose import Key

from .. import files
from ..credentials.authority import Authority, check_passphrase
from ..credentials.keys import read_authority_key
from ..errors import UsageProblem
from ..policy import history as policies
from ..policy.changes import set_zone

AUTHORITY_KEY = "authority.key"
AUTHORITY_PUBLIC_KEY = "authority.pub"
SITE_FILE = "site.json"

_VERSION = 1
_LONGEST_ID = 64  # bytes of UTF-8; firmware/holdfast/access/credential.py refuses longer ones
_SITE_FILE_LIMIT = 1 << 20
_MOST_ZONES = 10_000
_HIGHEST_KEY_NUMBER = 1 << 16


@dataclasses.dataclass(frozen=True)
class Site:
    """``zones`` maps each zone id to the number of its key for guest tokens."""

    folder: Path
    id: str
    authority_key: Key
    zones: dict[str, int]

    def unlock(self, passphrase: str) -> Authority:
        """The authority, ready to sign."""
        authority = Authority.load(self.folder / AUTHORITY_KEY, passphrase)
        if authority.public_key.x != self.authority_key.x:
            raise UsageProblem(
                f"{AUTHORITY_KEY} and {AUTHORITY_PUBLIC_KEY} in {self.folder} are no pair",
                "restore both from the same backup",
            )
        return authority

    def zone_key(self, authority: Authority, zone: str) -> Key:
        """The key that authenticates guest tokens for ``zone``."""
        self.require_zones([zone])
        return authority.zone_key(zone, self.zones[zone])

    def require_zones(self, zones) -> None:
        """Refuse any zone that this site does not have."""
        for zone in zones:
            if zone not in self.zones:
                known = ", ".join(sorted(self.zones)) or "none yet"
                raise UsageProblem(
                    f"site {self.id} has no zone {zone!r} (it has: {known})",
                    f"check the name, or add it: holdfast site add-zone {self.folder} {zone}",
                )

    def require_no_zone(self, zone: str) -> None:
        """Refuse a zone that this site has."""
        if zone in self.zones:
            raise UsageProblem(f"site {self.id} has the zone {zone!r} already", "use it as it is")

    def policy(self) -> policies.History:
        """What the authority has signed so far. Needs no passphrase."""
        return policies.load(self.folder, self.id, self.authority_key)

    def change_policy(
        self, authority: Authority, changes: policies.Changes, now: int
    ) -> tuple[policies.History, int]:
        """Sign what ``changes`` makes of the policy; see ``policy.change``."""
        return policies.change(self.folder, self.id, self.authority_key, authority, changes, now)

    def refresh_policy(
        self, authority: Authority, now: int, past: int = 0
    ) -> tuple[policies.History, int]:
        """Sign that nothing was taken back until ``now``; see ``policy.refresh``."""
        return policies.refresh(self.folder, self.id, self.authority_key, authority, now, past)

    def _write(self) -> None:
        content = {"version": _VERSION, "id": self.id, "zones": self.zones}
        data = json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
        files.write(self.folder / SITE_FILE, data, files.PUBLIC)


def create(
    folder: Path,
    site_id: str,
    zones,
    authority: Authority,
    passphrase: str,
    *,
    time_zone: str = policies.UTC,
    now: int | None = None,
    **save_options,
) -> Site:
    """Make the site ``site_id`` in ``folder``, which must not hold one yet.

    Its policy begins ``now`` (in seconds since 1970), in the ``time_zone`` of that name.
    """
    check_id(site_id, "site")
    for zone in zones:
        check_id(zone, "zone")
    check_passphrase(passphrase)
    require_none(folder)
    began = int(time.time()) if now is None else now
    policies.beginning(zones, time_zone, began)
    files.make_folder(folder)
    # site.json comes last: a folder that has one is a whole site.
    authority.save(folder / AUTHORITY_KEY, passphrase, **save_options)
    public = cbor.encode(authority.public_key.to_map())
    files.write(folder / AUTHORITY_PUBLIC_KEY, public, files.PUBLIC)
    policies.create(folder, site_id, authority, zones, time_zone, began)
    site = Site(folder, site_id, authority.public_key, dict.fromkeys(zones, 1))
    site._write()
    return site


def add_zone(folder: Path, zone: str, authority: Authority, now: int) -> Site:
    """The site in ``folder`` with one more zone, in its policy and in its description."""
    check_id(zone, "zone")
    load(folder).require_no_zone(zone)
    # First the policy: cut short after it, the same command brings this to its end.
    load(folder).change_policy(authority, lambda state: set_zone(state, zone), now)
    with files.locked(folder):
        before = load(folder)
        before.require_no_zone(zone)
        site = dataclasses.replace(before, zones={**before.zones, zone: 1})
        site._write()
    return site


def require_none(folder: Path) -> None:
    """Refuse a folder that holds a site or its key: an overwritten key is gone for good."""
    there = [
        name for name in (SITE_FILE, AUTHORITY_KEY, policies.FOLDER) if (folder / name).exists()
    ]
    if there:
        raise UsageProblem(
            f"{folder} holds a site already ({', '.join(there)}), and a site's key and policy are"
            " never overwritten",
            "choose another folder; if an earlier init was cut short, remove what it left first",
        )


def load(folder: Path) -> Site:
    """The site in ``folder``. Needs no passphrase."""
    data = files.read(
        folder / SITE_FILE,
        _SITE_FILE_LIMIT,
        "site",
        f"give the folder of a site, or make one: holdfast site init {folder} --name SITE_ID",
    )
    try:
        site_id, zones = _parse(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise UsageProblem(
            f"{folder / SITE_FILE} is damaged: {error}", "restore it from its backup"
        ) from error
    return Site(folder, site_id, read_authority_key(folder / AUTHORITY_PUBLIC_KEY), zones)


def _parse(content) -> tuple[str, dict[str, int]]:
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise ValueError(f"no site description of version {_VERSION}")
    site_id, zones = content.get("id"), content.get("zones")
    if not _is_id(site_id):
        raise ValueError("no site id")
    if not isinstance(zones, dict) or len(zones) > _MOST_ZONES or not all(map(_is_id, zones)):
        raise ValueError("no list of zones")
    for number in zones.values():
        if type(number) is not int or not 0 < number < _HIGHEST_KEY_NUMBER:
            raise ValueError("no number of a zone's key")
    return site_id, zones


def check_id(name: str, what: str) -> None:
    """Refuse an id that a reader would refuse or that a person could misread."""
    if not _is_id(name):
        raise UsageProblem(
            f"{name!r} cannot be a {what} id",
            f"use 1 to {_LONGEST_ID} letters, digits and signs, without spaces or slashes",
        )


def _is_id(name: object) -> TypeGuard[str]:
    # An id is a URI path segment and a word on a label: printable, no space, no slash.
    return (
        isinstance(name, str)
        and 0 < len(name.encode(errors="replace")) <= _LONGEST_ID
        and name.isprintable()
        and not any(character.isspace() or character == "/" for character in name)
    )
