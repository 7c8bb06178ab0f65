"""A site on the host: a folder with its keys, its zones and its policy.

authority.key   the authority's private key, encrypted (mode 0600)
authority.pub   its public COSE_Key, what phones trust; two while it is being replaced (replace.py)
site.secret     what the keys of cards, zones and events come of, encrypted (mode 0600)
site.json       {"version": 2, "id": ..., "root": the first authority key's x in hexadecimal,
                "lookup": number of the lookup key, "zones": {zone id: number of its key}}
cards.sealed    the numbers of cards and digits of PINs, encrypted (register.py)
devices.json    who has a device certificate (devices.py)
clock.json      when something was signed last that is no changeset (clock.py)
policy/         every changeset the authority signed (../policy/history.py)
"""

import dataclasses
import json
import time
from pathlib import Path

import crypto
from cose import CRV_ED25519, Key

from .. import files, folders, locks
from ..credentials.authority import Authority, check_passphrase
from ..credentials.keys import encode_authority_keys, public_bytes, read_authority_keys
from ..credentials.secret import Secret
from ..errors import UsageProblem
from ..policy import history as policies
from ..policy.changes import set_zone
from . import names, staging
from .keys import Keys

AUTHORITY_KEY = "authority.key"
AUTHORITY_PUBLIC_KEY = "authority.pub"
SECRET = "site.secret"
SITE_FILE = "site.json"

# What there is of a site from its first day.
_MADE = (SITE_FILE, AUTHORITY_KEY, SECRET, AUTHORITY_PUBLIC_KEY, policies.FOLDER)
_VERSION = 2
_SITE_FILE_LIMIT = 1 << 20
_MOST_ZONES = 10_000
_HIGHEST_KEY_NUMBER = 1 << 16


@dataclasses.dataclass(frozen=True)
class Site:
    """``authority_keys`` are in force, the one that signs first; ``first_key`` was the first that
    the site ever had, and what nodes keep is named by it. ``lookup_number`` is the number of the
    key for cards and PINs; ``zones`` maps each zone id to the number of its key for guest tokens.
    """

    folder: Path
    id: str
    authority_keys: tuple[Key, ...]
    first_key: Key
    lookup_number: int
    zones: dict[str, int]

    @property
    def authority_key(self) -> Key:
        """The authority's key that signs now."""
        return self.authority_keys[0]

    @property
    def root(self) -> bytes:
        """The SHA-256 of the first authority key: what all that is durable is named by."""
        return crypto.sha256(public_bytes(self.first_key))

    def unlock(self, passphrase: str) -> Keys:
        """The site's keys, ready to sign and to open."""
        authority = Authority.load(self.folder / AUTHORITY_KEY, passphrase)
        self._require_pair(authority)
        return Keys(authority, Secret.load(self.folder / SECRET, passphrase, self.root))

    def _require_pair(self, authority: Authority) -> None:
        if authority.public_key.x == self.authority_key.x:
            return
        anchors = [key.x for key in self.policy().anchors]
        if authority.public_key.x in anchors and self.authority_key.x in anchors:
            raise UsageProblem(
                f"the authority's key in {self.folder} is being replaced, and that was cut short",
                f"bring it to its end: holdfast site rotate-authority {self.folder}",
            )
        raise UsageProblem(
            f"{AUTHORITY_KEY} and {AUTHORITY_PUBLIC_KEY} in {self.folder} are no pair",
            "restore both from the same backup",
        )

    def zone_key(self, secret: Secret, zone: str) -> Key:
        """The key that authenticates guest tokens for ``zone``."""
        self.require_zones([zone])
        return secret.zone_key(zone, self.zones[zone])

    def lookup_key(self, secret: Secret) -> bytes:
        """The key under which cards and PINs are known now."""
        return secret.lookup_key(self.lookup_number)

    def require_zones(self, zones) -> None:
        """Refuse any zone that this site does not have."""
        for zone in zones:
            names.require_known(
                zone,
                self.zones,
                "zone",
                f"site {self.id}",
                f"add it: holdfast site add-zone {self.folder} {zone}",
            )

    def require_no_zone(self, zone: str) -> None:
        """Refuse a zone that this site has."""
        if zone in self.zones:
            raise UsageProblem(f"site {self.id} has the zone {zone!r} already", "use it as it is")

    def policy(self) -> policies.History:
        """What the authority has signed so far. Needs no passphrase."""
        return policies.load(self.folder, self.id, self.first_key)

    def change_policy(
        self, authority: Authority, changes: policies.Changes, now: int
    ) -> tuple[policies.History, int]:
        """Sign what ``changes`` makes of the policy; see ``policy.change``."""
        return policies.change(self.folder, self.id, self.first_key, authority, changes, now)

    def change(self, **fields) -> "Site":
        """The site with other ``fields`` in its description, which is written.

        Whoever calls this holds the folder's lock, and loaded the site under it.
        """
        changed = dataclasses.replace(self, **fields)
        changed._write()
        return changed

    def refresh_policy(
        self, authority: Authority, now: int, past: int = 0
    ) -> tuple[policies.History, int]:
        """Sign that nothing was taken back until ``now``; see ``policy.refresh``."""
        return policies.refresh(self.folder, self.id, self.first_key, authority, now, past)

    def _write(self) -> None:
        content = {
            "version": _VERSION,
            "id": self.id,
            "root": public_bytes(self.first_key).hex(),
            "lookup": self.lookup_number,
            "zones": self.zones,
        }
        data = json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
        files.write(self.folder / SITE_FILE, data, files.PUBLIC)


def create(
    folder: Path,
    site_id: str,
    zones,
    authority: Authority,
    passphrase: str,
    *,
    secret: Secret | None = None,
    time_zone: str = policies.UTC,
    now: int | None = None,
    **save_options,
) -> Site:
    """Make the site ``site_id`` in ``folder``, which must not hold one yet.

    ``secret`` is what its other keys come of; a new one without it.
    Its policy begins ``now`` (in seconds since 1970), in the ``time_zone`` of that name.
    """
    site_id = names.normal(site_id, "site")
    zones = [names.normal(zone, "zone") for zone in zones]
    check_passphrase(passphrase)
    require_none(folder)
    began = int(time.time()) if now is None else now
    policies.beginning(zones, time_zone, began)
    made = Secret.generate() if secret is None else secret

    def fill(where: Path) -> Site:
        # site.json comes last: a folder that has one is a whole site.
        authority.save(where / AUTHORITY_KEY, passphrase, **save_options)
        key = authority.public_key
        files.write(where / AUTHORITY_PUBLIC_KEY, encode_authority_keys([key]), files.PUBLIC)
        site = Site(where, site_id, (key,), key, 1, dict.fromkeys(zones, 1))
        made.save(where / SECRET, passphrase, site.root, **save_options)
        policies.create(where, site_id, authority, zones, time_zone, began)
        site._write()
        return site

    if folder.exists():
        files.make_folder(folder)  # or it is something else
        with locks.changing(folder):
            require_none(folder)
            with staging.all_or_none(folder, _MADE):
                return fill(folder)
    with staging.folder_for(folder) as new:
        site = fill(new)
    return dataclasses.replace(site, folder=folder)


def add_zone(folder: Path, zone: str, authority: Authority, now: int) -> Site:
    """The site in ``folder`` with one more zone, in its policy and in its description."""
    zone = names.normal(zone, "zone")
    load(folder)
    with locks.signing(folder):
        before = load(folder)
        before.require_no_zone(zone)
        # First the policy: cut short after it, the same command brings this to its end.
        before.change_policy(authority, lambda state: set_zone(state, zone), now)
        return before.change(zones={**before.zones, zone: 1})


def require_none(folder: Path) -> None:
    """Refuse a folder that holds a site or its key: an overwritten key is gone for good."""
    other = folders.instead(folder, folders.SITE)
    if other:
        raise UsageProblem(f"no site can be in {folder}{other}", "give a folder of its own")
    there = [name for name in _MADE if (folder / name).exists()]
    if there != [AUTHORITY_PUBLIC_KEY]:  # says nothing where there is more
        there = [name for name in there if name != AUTHORITY_PUBLIC_KEY]
    if there:
        raise UsageProblem(
            f"{folder} holds a site already ({', '.join(there)}), and a site's keys and policy are"
            " never overwritten",
            "choose another folder; if an earlier init was cut short, remove what it left first",
        )


def load(folder: Path) -> Site:
    """The site in ``folder``. Needs no passphrase."""
    locks.look(folder)
    data = files.read(
        folder / SITE_FILE,
        _SITE_FILE_LIMIT,
        "site",
        f"give the folder of a site, or make one: holdfast site init {folder} --name SITE_ID",
    )
    try:
        return _parse(folder, json.loads(data))
    except (ValueError, RecursionError) as error:
        raise UsageProblem(
            f"{folder / SITE_FILE} is damaged: {error}", "restore it from its backup"
        ) from error


def _parse(folder: Path, content) -> Site:
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise ValueError(f"no site description of version {_VERSION}")
    site_id, root, zones = content.get("id"), content.get("root"), content.get("zones")
    if not names.is_normal(site_id):
        raise ValueError("no site id")
    if not isinstance(root, str) or len(root) != 64:
        raise ValueError("no first key")
    if not isinstance(zones, dict) or len(zones) > _MOST_ZONES:
        raise ValueError("no list of zones")
    if not all(map(names.is_normal, zones)):
        raise ValueError("no list of zones")
    for number in (content.get("lookup"), *zones.values()):
        if type(number) is not int or not 0 < number < _HIGHEST_KEY_NUMBER:
            raise ValueError("no number of a key")
    first_key = Key.okp(CRV_ED25519, bytes.fromhex(root))
    authority_keys = read_authority_keys(folder / AUTHORITY_PUBLIC_KEY)
    return Site(folder, str(site_id), authority_keys, first_key, content["lookup"], zones)
