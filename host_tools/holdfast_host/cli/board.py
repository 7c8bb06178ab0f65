"""``holdfast board``: boards at this computer's cables."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..site import site as sites
from . import names, signing
from .output import AsJson, progress, say, say_json, say_rows, say_table
from .passphrase import PassphraseFile

if TYPE_CHECKING:
    from ..boards.provision import Provisioned

app = typer.Typer(help="Boards at this computer's cables.", no_args_is_help=True)


@app.command("list")
def list_ports(as_json: AsJson = False) -> None:
    """Show the USB ports at which a board may be, and whether you may open them.

    None is opened: what runs at them goes on.
    """
    from ..boards import cable

    found = cable.ports()
    if as_json:
        rows = [{"port": one.device, "what": one.what, "yours": one.is_ours} for one in found]
        say_json({"ports": rows})
        return
    if not found:
        say("no board at any USB port", "yellow")
        say("next: plug one in by a cable that carries data; many only charge")
        return
    say_rows(
        ("port", "what", ""),
        [(one.device, one.what, "" if one.is_ours else "you may not open it") for one in found],
    )
    closed = next((one for one in found if not one.is_ours), None)
    if closed is not None:
        say(f"next: {cable.permission_problem(closed.device).next_step}")


@app.command()
def provision(
    port: Annotated[str, typer.Argument(metavar="PORT", help="Where it is: board list shows it.")],
    site: Annotated[Path, typer.Option(metavar="DIR", help="The site it becomes a part of.")],
    door: Annotated[
        str, typer.Option(metavar="DOOR", parser=names.DOOR, help="The door it opens.")
    ],
    zone: Annotated[
        list[str] | None,
        typer.Option(metavar="ZONE", parser=names.ZONE, help="A zone the door is in; repeatable."),
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(metavar="ID", parser=names.NODE, help="Its own id (else that of the door)."),
    ] = None,
    firmware: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Copy this to it: what make firmware made (else its image has it)."
        ),
    ] = None,
    network: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Its network, as lan.json has it: docs/technician.md."),
    ] = None,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over", help="Erase another site's board: keys, rules and events are gone."
        ),
    ] = False,
    new: Annotated[
        bool, typer.Option("--new", help="A new door, although one has nearly that name.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make the board at PORT the reader of a door: checked, filled, enrolled and proven.

    Cut short anywhere, the same command again goes on where it stopped. The board makes its keys
    itself, with its radio on; in the end it proves that it has them, and follows the site's
    policy.
    """
    from ..boards import cable, enrol, fit, networks
    from ..boards import provision as boards

    home = sites.load(site)
    placement = enrol.Placement(door, tuple(dict.fromkeys(zone or [])), node=node or "")
    enrol.require_placement(home, placement)
    if not new:
        enrol.require_meant(home, placement)
    wanted = fit.firmware(firmware)
    lan = None if network is None else networks.from_file(network)
    with cable.Cable(port) as wire:
        opened = signing.unlocked(home, passphrase_file)
        with progress("Looking at the board") as step:
            done = boards.provision(
                wire,
                home,
                opened,
                placement,
                wanted,
                lan,
                now=int(time.time()),
                take_over=take_over,
                step=step,
            )
    _show(home, done, as_json)
    if not as_json:
        say("next: write door and fingerprint on it")


@app.command()
def verify(
    port: Annotated[str, typer.Argument(metavar="PORT", help="Where it is: board list shows it.")],
    site: Annotated[Path, typer.Option(metavar="DIR", help="The site that it should be of.")],
    firmware: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Its files should be these: what make firmware made."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have the board at PORT prove which of the site it is, and that it follows its policy.

    It is restarted for that; nothing is signed, and nothing is sent to it.
    """
    from ..boards import cable, fit
    from ..boards import provision as boards

    home = sites.load(site)
    wanted = fit.firmware(firmware)
    with cable.Cable(port) as wire, progress("Asking the board for its proofs"):
        done = boards.verify(wire, home, wanted)
    _show(home, done, as_json)


def _show(home: sites.Site, done: "Provisioned", as_json: bool) -> None:
    from ..boards.provision import fingerprint

    shown = fingerprint(done.device.key)
    if as_json:
        say_json(
            {
                "site": home.id,
                "node": done.device.id,
                "doors": done.device.doors,
                "fingerprint": shown,
                "board": done.chip.name,
                "micropython": ".".join(map(str, done.chip.version)),
                "sent": len(done.sent),
                "policy": [done.policy, done.head],
                "enrolled_before": done.again,
            }
        )
        return
    say_table(
        {
            "site": home.id,
            "reader": done.device.id,
            "door": ", ".join(done.device.doors),
            "board": done.chip.name,
            "MicroPython": ".".join(map(str, done.chip.version)),
            "files sent": len(done.sent),
            "policy": f"changeset {done.policy}",
            "fingerprint": shown,
        }
    )
    say("it proved its key, and follows the site's policy", "green")
