"""``holdfast reader``: a reader as a process on this machine."""

import time
from pathlib import Path
from typing import Annotated

import typer

import cbor
from cose import cwt
from untrusted import InvalidInput

from .. import files
from ..boards import clock
from ..boards import enrol as readers
from ..boards import reset as resetting
from ..boards.enrol import Placement
from ..credentials import keys, lifetime
from ..errors import UsageProblem
from ..policy import carriers
from ..site import devices, revocation
from ..site import site as sites
from . import lan, names, signing, writing
from .check_phone import check_phone
from .output import AsJson, progress, say, say_json, say_rows, say_table
from .passphrase import PassphraseFile
from .policy.carrier import Way
from .running import Folder, run

app = typer.Typer(help="Enrol a reader, and run it on this machine.", no_args_is_help=True)

SiteFolder = Annotated[Path, typer.Argument(metavar="SITE_DIR", help="The site's folder.")]
NodeName = Annotated[
    str, typer.Argument(metavar="ID", parser=names.NODE, help="A reader of the site.")
]


@app.command()
def enroll(
    folder: Folder,
    site: Annotated[Path, typer.Option(metavar="DIR", help="The site it becomes a part of.")],
    door: Annotated[
        str,
        typer.Option(metavar="DOOR", parser=names.DOOR, help="The door it opens, or carries for."),
    ],
    zone: Annotated[
        list[str] | None,
        typer.Option(metavar="ZONE", parser=names.ZONE, help="A zone the door is in; repeatable."),
    ] = None,
    strike_ms: Annotated[
        int, typer.Option(min=100, max=60000, help="How long to release the strike, in ms.")
    ] = readers.STRIKE_MS,
    days: Annotated[
        int | None,
        typer.Option(
            min=1, max=3650, help="How long its certificate holds (else as the site says)."
        ),
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(
            metavar="ID", parser=names.NODE, help="The reader's own id (else that of the door)."
        ),
    ] = None,
    wiring: lan.WiringOption = lan.DECIDES,
    controller: lan.Controller = None,
    peer: lan.Peers = None,
    role: lan.RoleOption = None,
    side: Annotated[
        Way, typer.Option(help="Whether who stands at a carrier wants in or out.")
    ] = Way.IN,
    other_door: lan.OtherDoors = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Enrol a reader anew that is enrolled already.")
    ] = False,
    new: Annotated[
        bool, typer.Option("--new", help="A new door, although one has nearly that name.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a reader: it makes its own keys, the authority certifies them, it gets its settings.

    Puts the door into the policy, if it is not there, and into its zones. The reader gets the
    policy as it is then: carry it to the other readers, too.
    One without a strike is enrolled with --wiring carries --controller ID: the policy says then
    that it carries for the door, which has to be there, on the side --side, and it gets neither
    policy nor any key but its own.
    Starts the reader in STATE_DIR to hear its public keys and its time, and once more to hear it
    accept. A clock that is off by up to a day is set: from then on the reader knows by how much.
    """
    home = sites.load(site)
    placement = Placement(
        door,
        tuple(dict.fromkeys(zone or [])),
        strike_ms,
        node or "",
        wiring.value,
        controller or "",
        tuple(map(lan.peer, peer or [])),
        lan.role(role, wiring),
        tuple(other_door or []),
        carriers.WAYS[side.value],
    )
    readers.require_placement(home, placement)
    if not new:
        readers.require_meant(home, placement)
    readers.require_none(folder, replace)
    opened = signing.unlocked(home, passphrase_file)
    with progress("Starting the reader"):
        enrolled = readers.enroll(
            folder, home, opened, placement, now=int(time.time()), days=days, replace=replace
        )
    found = enrolled.keys
    lies_in = home.policy().state.zones_of(door)
    if as_json:
        say_json(
            {
                "site": home.id,
                "node": placement.name,
                "door": door,
                "doors": placement.doors,
                "role": placement.role,
                "zones": lies_in,
                "strike_ms": strike_ms,
                "suites": sorted(found),
                "public_key": keys.describe(found[0]),
                "p256_public_key": keys.describe(found[2]) if 2 in found else None,
                "clock": enrolled.clock.facts,
            }
        )
        return
    zones = ", ".join(lies_in) or "none"
    rows = {"site": home.id, "reader": placement.name, "door": door, "zones": zones}
    rows.update({f"public key, suite {suite}": keys.describe(found[suite]) for suite in found})
    say_table(rows)
    say(enrolled.clock.text, "" if enrolled.clock.standing == clock.RIGHT else "yellow")
    say(f"enrolled; start it with: holdfast reader run {folder}", "green")


@app.command("list")
def list_devices(site: SiteFolder, as_json: AsJson = False) -> None:
    """Show the devices of a site: their doors, until when they are believed, what to do."""
    now = int(time.time())
    found = devices.load(sites.load(site).folder)
    if as_json:
        say_json(
            {
                "devices": [
                    {
                        "id": device.id,
                        "doors": device.doors,
                        "role": device.role,
                        "expires": device.expires,
                        "ending": devices.is_ending(device, now),
                        "revoked": device.revoked,
                    }
                    for device in found
                ]
            }
        )
        return
    rows = [
        (device.id, ", ".join(device.doors), lifetime.iso(device.expires), _standing(device, now))
        for device in found
    ]
    say_rows(("reader", "doors", "until", ""), rows)


@app.command()
def renew(
    site: SiteFolder,
    node: NodeName,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write the certificates.")
    ],
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign later certificates for a reader's keys. The reader keeps its keys, phones and policy.

    Writes them to FILE, for whoever carries them there. They hold as long as the site's limits
    say.
    """
    writing.require(out, _is_certificates)
    home = sites.load(site)
    device = devices.require(devices.load(home.folder), node)
    if device.revoked:
        raise UsageProblem(f"the device {node!r} is revoked", "enrol a reader under another id")
    if device.role == devices.CARRIER:
        raise UsageProblem(
            f"{node!r} carries, and takes another certificate with its settings alone",
            "holdfast reader enroll STATE_DIR --replace ...",
        )
    opened = signing.unlocked(home, passphrase_file)
    with files.locked(home.folder):
        made = readers.renewed(home, opened, device, int(time.time()))
        files.write(out, cbor.encode_sequence(*made.values()), files.PUBLIC)
    device = devices.require(devices.load(home.folder), node)
    if as_json:
        facts = {"expires": device.expires, "certificates": len(made)}
        say_json({"node": node, "file": str(out), **facts})
        return
    say(f"wrote {out}: {node} is believed until {lifetime.iso(device.expires)}", "green")
    say(
        "next: holdfast phone carry PHONE_DIR --reader HOST:PORT"
        f" --door {device.doors[0] if device.doors else 'DOOR'} --certificate {out}"
    )


@app.command()
def revoke(
    site: SiteFolder,
    node: NodeName,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Take back a reader for good: it was stolen, or is no more.

    Signs it into the policy, gives the zones of its doors other keys at all other devices, and
    puts it on the list that phones get with their credentials.
    """
    home = sites.load(site)
    devices.require(devices.load(home.folder), node)
    opened = signing.unlocked(home, passphrase_file)
    device, history, turned = revocation.revoke(site, node, opened, int(time.time()))
    if as_json:
        facts = {"number": history.number, "zones": turned}
        say_json({"node": node, "revoked": True, "doors": device.doors, **facts})
        return
    say(f"{node} is revoked; the policy is at changeset {history.number}", "green")
    if turned:
        say(f"new keys for: {', '.join(turned)}; guest tokens from before open nothing there")
    say("next: carry the policy to every door: holdfast policy export, holdfast phone carry")
    say(
        "next: issue credentials anew, so that phones get the list: until then a phone that knows"
        " this reader goes on believing it"
    )


@app.command()
def reset(
    folder: Folder,
    discard_events: Annotated[
        bool,
        typer.Option("--discard-events", help="Give up events that nobody has acknowledged."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take a reader back to what it was in the factory: it erases its keys and all rules.

    So it can become another site's. It is refused while the reader has events that are not home,
    unless they are to be given up. Cut short, the reader goes on with it when it starts.
    """
    with progress("Resetting the reader"):
        done = resetting.reset(folder, discard_events=discard_events)
    if as_json:
        say_json({"public_key": done.public_key, "events_given_up": done.given_up})
        return
    if done.given_up:
        say(f"{done.given_up} events that nobody had acknowledged are gone", "yellow")
    say(f"{folder} has new keys and knows no site", "green")
    say("next: holdfast reader revoke SITE_DIR ID at its site, which believes its keys until then")
    say(f"next: holdfast reader enroll {folder} --site DIR --door DOOR --node ID, under a new id")


def _is_certificates(data: bytes) -> bool:
    try:
        for raw in cbor.decode_sequence(data):
            if not isinstance(raw, bytes):
                return False
            cwt.parse(raw)
    except InvalidInput:
        return False
    return True


def _standing(device: devices.Device, now: int) -> str:
    if device.revoked:
        return "revoked"
    if now >= device.expires:
        return "ENDED: holdfast reader renew"
    return "ends soon: holdfast reader renew" if devices.is_ending(device, now) else ""


app.command()(run)
app.command()(check_phone)
