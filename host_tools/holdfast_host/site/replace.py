"""Replacing the authority's key: in two steps, because readers and phones must hear of it.

1. ``begin``: a new key is made, and the old one signs that both are in force. From then on the new
   one signs; what the old one signed goes on holding.
2. ``finish``, when every reader has heard and everybody who should has a credential of the new
   key: the new key signs that it alone is in force.

Files, in the order in which the first step writes them; cut anywhere, the same command goes on:

authority.new.key  the new key, before any changeset names it
policy/            the changeset that names both keys
authority.old.key  the old key, kept until the second step
authority.key      the new key
authority.pub      both, the new one first

The second step signs its changeset, then leaves one key in authority.pub and removes
authority.old.key.
"""

from pathlib import Path

from holdfast.access.policy import operations

from .. import files, locks
from ..credentials import lifetime
from ..credentials.authority import KDF_ROUNDS, Authority
from ..credentials.keys import encode_authority_keys
from ..errors import UsageProblem
from . import devices
from . import site as sites
from .site import Site

NEW_KEY = "authority.new.key"
OLD_KEY = "authority.old.key"

_KEY_FILE_LIMIT = 4096


def begin(folder: Path, passphrase: str, now: int, *, kdf_rounds: int = KDF_ROUNDS) -> Site:
    """The first step; the site, with both keys in force. ``now`` is in seconds since 1970."""
    sites.load(folder)
    with locks.signing(folder):
        site = sites.load(folder)
        anchors = _anchors(site)
        present = Authority.load(folder / sites.AUTHORITY_KEY, passphrase)
        if present.public_key.x not in anchors:
            raise UsageProblem(
                f"{sites.AUTHORITY_KEY} in {folder} is not the key that the policy names",
                "restore the folder from one and the same backup, the newest",
            )
        new = _waiting(folder, passphrase, anchors)
        if len(anchors) == 1 or present.public_key.x == anchors[0]:
            if new is None or new.public_key.x not in anchors:
                new = _named(site, present, new, passphrase, now, kdf_rounds)
        elif new is None and len(site.authority_keys) == 2:
            raise UsageProblem(
                f"the authority's key is being replaced since"
                f" {lifetime.iso(site.policy().anchored_at)}: both keys are in force",
                "when every reader has the policy and every credential and certificate of the old"
                f" key is replaced: holdfast site rotate-authority {folder} --finish",
            )
        return _settled(folder, passphrase, present)


def finish(folder: Path, passphrase: str, now: int, *, anyway: bool = False) -> Site:
    """The second step; the site, with the new key alone in force.

    Refuses while a device's certificate is older than the new key, unless ``anyway``.
    """
    sites.load(folder)
    with locks.signing(folder):
        site = sites.load(folder)
        anchors = _anchors(site)
        present = Authority.load(folder / sites.AUTHORITY_KEY, passphrase)
        if present.public_key.x != anchors[-1] or (folder / NEW_KEY).exists():
            raise UsageProblem(
                "the first step of replacing the authority's key was cut short",
                f"bring it to its end: holdfast site rotate-authority {folder}",
            )
        if len(anchors) == 1 and not (folder / OLD_KEY).exists():
            raise UsageProblem(
                "the authority's key is not being replaced",
                f"begin with: holdfast site rotate-authority {folder}",
            )
        if len(anchors) == 2:
            if not anyway:
                _require_renewed(site, now)
            only = [operations.ANCHORS, [anchors[-1]]]
            site.change_policy(present, lambda state: [only], now)
        public = encode_authority_keys([present.public_key])
        files.write(folder / sites.AUTHORITY_PUBLIC_KEY, public, files.PUBLIC)
        files.remove(folder / OLD_KEY)
        return sites.load(folder)


def _anchors(site: Site) -> list[bytes]:
    return [key.x or b"" for key in site.policy().anchors]


def _waiting(folder: Path, passphrase: str, anchors: list[bytes]) -> Authority | None:
    """The new key, if one was made before."""
    if not (folder / NEW_KEY).exists():
        return None
    try:
        return Authority.load(folder / NEW_KEY, passphrase)
    except UsageProblem:
        if len(anchors) == 1:
            return None  # nothing names it: another one does as well
        raise


def _named(
    site: Site,
    present: Authority,
    new: Authority | None,
    passphrase: str,
    now: int,
    kdf_rounds: int,
) -> Authority:
    """A new key that the policy names beside the ``present`` one."""
    if new is None:
        new = Authority.generate()
        new.save(site.folder / NEW_KEY, passphrase, kdf_rounds=kdf_rounds)
    both = [operations.ANCHORS, [present.public_key.x, new.public_key.x]]
    site.change_policy(present, lambda state: [both], now)
    return new


def _settled(folder: Path, passphrase: str, present: Authority) -> Site:
    """The site's files as the policy has it: the newer key signs, both are trusted."""
    site = sites.load(folder)
    old, new = site.policy().anchors
    key_file = folder / sites.AUTHORITY_KEY
    if present.public_key.x == old.x:
        # Read before it is trusted to be there: the old key must not go before the new one works.
        if Authority.load(folder / NEW_KEY, passphrase).public_key.x != new.x:
            raise UsageProblem(
                f"{folder / NEW_KEY} is not the key that the policy names",
                "restore the folder from one and the same backup, the newest",
            )
        files.write(folder / OLD_KEY, _raw(key_file), files.PRIVATE)
        files.write(key_file, _raw(folder / NEW_KEY), files.PRIVATE)
    public = encode_authority_keys([new, old])
    files.write(folder / sites.AUTHORITY_PUBLIC_KEY, public, files.PUBLIC)
    files.remove(folder / NEW_KEY)
    return sites.load(folder)


def _raw(path: Path) -> bytes:
    return files.read(path, _KEY_FILE_LIMIT, "authority key", "restore it from its backup")


def _require_renewed(site: Site, now: int) -> None:
    since = site.policy().anchored_at
    behind = [
        device.id
        for device in devices.load(site.folder)
        if not device.revoked and device.issued < since and now < device.expires
    ]
    if behind:
        listed = ", ".join(behind[:5]) + (", ..." if len(behind) > 5 else "")
        raise UsageProblem(
            f"{len(behind)} certificates of devices are of the old key, and phones would refuse"
            f" these: {listed}",
            "renew them first and carry that to the doors; or go on with --anyway, if the old key"
            " is in the wrong hands",
        )
