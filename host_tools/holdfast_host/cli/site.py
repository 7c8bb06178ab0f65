"""``holdfast site``: its keys and its zones."""

import time
from pathlib import Path
from typing import Annotated

import typer

from ..credentials.authority import Authority
from ..credentials.keys import public_bytes
from ..errors import UsageProblem
from ..policy import history as policy
from ..site import devices, replace, zones
from ..site import site as sites
from . import names, passphrase, signing
from .output import AsJson, progress, say, say_json, say_table
from .passphrase import PassphraseFile
from .recover import recover

app = typer.Typer(help="Make and show a site: its keys and its zones.", no_args_is_help=True)

app.command()(recover)

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
    name: Annotated[
        str,
        typer.Option(metavar="SITE_ID", parser=names.SITE, help="The site's id, in every token."),
    ],
    zone: Annotated[
        list[str] | None,
        typer.Option(metavar="ZONE", parser=names.ZONE, help="A zone of the site; repeatable."),
    ] = None,
    time_zone: TimeZone = policy.UTC,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a new site: its keys under a passphrase, their public half, its first policy.

    Writes authority.key (an encrypted OpenSSH key), authority.pub (give it to phones), site.secret
    (encrypted: what the keys of cards, zones and events come of), site.json and policy/ (what
    readers are told) to DIR: back it up after each change. Never overwrites a site.
    """
    sites.require_none(folder)
    now = signing.now()
    policy.beginning(zone or [], time_zone, now)
    secret = passphrase.new(passphrase_file)
    with progress("Encrypting the site's keys"):
        made = sites.create(
            folder, name, zone or [], Authority.generate(), secret, time_zone=time_zone, now=now
        )
    _show(made, as_json, "made")
    if not as_json:
        say(
            f"Back up {folder / sites.AUTHORITY_KEY}, {folder / sites.SECRET} and their"
            " passphrase: nothing replaces them."
        )


@app.command()
def show(folder: Folder, as_json: AsJson = False) -> None:
    """Show a site's id, its authority's public key and its zones. Needs no passphrase."""
    _show(sites.load(folder), as_json, "site")


@app.command("add-zone")
def add_zone(
    folder: Folder,
    zone: Annotated[
        str, typer.Argument(metavar="ZONE", parser=names.ZONE, help="The new zone's id.")
    ],
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Add a zone: a group of doors that a credential can name, with a key for guest tokens.

    Signs a changeset, so that the site's readers know the zone.
    """
    site = sites.load(folder)
    site.require_no_zone(zone)
    site.policy()
    authority = signing.unlocked(site, passphrase_file).authority
    _show(sites.add_zone(folder, zone, authority, int(time.time())), as_json, "changed")


@app.command("rotate-zone")
def rotate_zone(
    folder: Folder,
    zone: Annotated[
        str, typer.Argument(metavar="ZONE", parser=names.ZONE, help="A zone of the site.")
    ],
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a zone a new key for guest tokens, at all its devices but those that are revoked.

    Signs changesets with the key sealed to each device. A guest token from before opens nothing
    at a door that has them: issue it anew.
    """
    site = sites.load(folder)
    site.require_zones([zone])
    opened = signing.unlocked(site, passphrase_file)
    site, history, nodes = zones.rotate(folder, zone, opened, int(time.time()))
    if as_json:
        facts = {"zone": zone, "key": site.zones[zone], "devices": nodes}
        say_json({"site": site.id, "number": history.number, **facts})
        return
    count = "1 device" if len(nodes) == 1 else f"{len(nodes)} devices"
    say(
        f"the zone {zone} has key {site.zones[zone]}, sealed to {count}; changeset"
        f" {history.number} switches to it",
        "green",
    )
    say("carry the policy to its doors; guest tokens from before open nothing there any more")


@app.command("rotate-authority")
def rotate_authority(
    folder: Folder,
    finish: Annotated[
        bool, typer.Option("--finish", help="The second step: the old key counts no more.")
    ] = False,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Finish although devices have certificates of the old key."),
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Replace the authority's key, in two steps. Cards, zones and recorded events stay.

    1. Without --finish: makes a new key, under the same passphrase, and signs that both are in
    force. From then on the new one signs. Carry the policy to every door; issue credentials anew
    and have phones take them together with the new authority.pub; renew the devices' certificates.

    2. With --finish, when that is done: signs that the new key alone is in force. Credentials of
    the old one open nothing at a door that has heard. If a step is cut short, run it again.
    """
    if anyway and not finish:
        raise UsageProblem("--anyway is for the second step", "add --finish, or leave it out")
    now = signing.now(sites.load(folder))
    secret = passphrase.existing(passphrase_file)
    with progress("Replacing the authority's key"):
        if finish:
            site = replace.finish(folder, secret, now, anyway=anyway)
        else:
            site = replace.begin(folder, secret, now)
    _show(site, as_json, "changed")
    if as_json:
        return
    if finish:
        say("the old key counts no more; carry the policy to every door", "green")
    else:
        say("both keys are in force, and the new one signs", "green")
        say(
            "next: carry the policy to every door, replace credentials and certificates, then:"
            f" holdfast site rotate-authority {folder} --finish"
        )
    say(f"Back up {folder / sites.AUTHORITY_KEY} and {folder / policy.FOLDER}/ now.")


def _show(site: sites.Site, as_json: bool, what: str) -> None:
    public_keys = [public_bytes(key).hex() for key in site.authority_keys]
    now = int(time.time())
    if as_json:
        say_json(
            {
                "site": site.id,
                "folder": str(site.folder),
                "authority_public_key": public_keys[0],
                "other_authority_public_keys": public_keys[1:],
                "root": site.root.hex(),
                "authority_public_key_file": str(site.folder / sites.AUTHORITY_PUBLIC_KEY),
                "zones": site.zones,
                "certificates_ending": [
                    device.id
                    for device in devices.load(site.folder)
                    if devices.is_ending(device, now)
                ],
            }
        )
        return
    rows = {what: site.id, "folder": site.folder, "authority's public key": public_keys[0]}
    if len(public_keys) > 1:
        rows["the one before it"] = f"{public_keys[1]}, still in force"
    ending = [device.id for device in devices.load(site.folder) if devices.is_ending(device, now)]
    if ending:
        rows["certificates end"] = f"{', '.join(ending)}: holdfast reader renew"
    rows["zones"] = ", ".join(sorted(site.zones)) or "none"
    say_table(rows)
