"""``holdfast site``: the authority's key and the zones."""

import time
from pathlib import Path
from typing import Annotated

import typer

from ..credentials.authority import Authority
from ..credentials.keys import public_bytes
from ..policy import history as policy
from ..site import site as sites
from . import passphrase
from .output import AsJson, progress, say, say_json, say_table
from .passphrase import PassphraseFile

app = typer.Typer(
    help="Make and show a site: its authority's key and its zones.", no_args_is_help=True
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The site's folder.")]
TimeZone = Annotated[
    str,
    typer.Option(
        metavar="NAME|RULE",
        help="Where its doors are: Europe/Berlin, or a POSIX rule as CET-1CEST,M3.5.0,M10.5.0/3.",
    ),
]


@app.command()
def init(
    folder: Folder,
    name: Annotated[str, typer.Option(metavar="SITE_ID", help="The site's id, in every token.")],
    zone: Annotated[
        list[str] | None, typer.Option(metavar="ZONE", help="A zone of the site; repeatable.")
    ] = None,
    time_zone: TimeZone = policy.UTC,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a new site: an authority key under a passphrase, its public half, its first policy.

    Writes authority.key (an encrypted OpenSSH key: back it up), authority.pub (give it to phones),
    site.json and policy/ (what readers are told: back it up after each change) to DIR. Never
    overwrites a site.
    """
    sites.require_none(folder)
    sites.check_id(name, "site")
    now = int(time.time())
    policy.beginning(zone or [], time_zone, now)
    secret = passphrase.new(passphrase_file)
    with progress("Encrypting the authority's key"):
        made = sites.create(
            folder, name, zone or [], Authority.generate(), secret, time_zone=time_zone, now=now
        )
    _show(made, as_json, "made")
    if not as_json:
        say(f"Back up {folder / sites.AUTHORITY_KEY} and its passphrase: nothing replaces them.")


@app.command()
def show(folder: Folder, as_json: AsJson = False) -> None:
    """Show a site's id, its authority's public key and its zones. Needs no passphrase."""
    _show(sites.load(folder), as_json, "site")


@app.command("add-zone")
def add_zone(
    folder: Folder,
    zone: Annotated[str, typer.Argument(metavar="ZONE", help="The new zone's id.")],
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Add a zone: a group of doors that a credential can name, with a key for guest tokens.

    Signs a changeset, so that the site's readers know the zone.
    """
    site = sites.load(folder)
    sites.check_id(zone, "zone")
    site.require_no_zone(zone)
    site.policy()
    secret = passphrase.existing(passphrase_file)
    with progress("Opening the authority's key"):
        authority = site.unlock(secret)
    _show(sites.add_zone(folder, zone, authority, int(time.time())), as_json, "changed")


def _show(site: sites.Site, as_json: bool, what: str) -> None:
    public_key = public_bytes(site.authority_key).hex()
    if as_json:
        say_json(
            {
                "site": site.id,
                "folder": str(site.folder),
                "authority_public_key": public_key,
                "authority_public_key_file": str(site.folder / sites.AUTHORITY_PUBLIC_KEY),
                "zones": site.zones,
            }
        )
        return
    say_table(
        {
            what: site.id,
            "folder": site.folder,
            "authority's public key": public_key,
            "zones": ", ".join(sorted(site.zones)) or "none",
        }
    )
