"""``holdfast reader``: a reader as a process on this machine."""

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ..boards import enrol as readers
from ..boards.enrol import Placement
from ..boards.process import ReaderProcess
from ..credentials import keys
from ..errors import UsageProblem
from ..site import site as sites
from . import names, passphrase
from .output import AsJson, printable, progress, say, say_json, say_table
from .passphrase import PassphraseFile

app = typer.Typer(help="Enrol a reader, and run it on this machine.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="STATE_DIR", help="The reader's folder.")]


@app.command()
def enroll(
    folder: Folder,
    site: Annotated[Path, typer.Option(metavar="DIR", help="The site it becomes a part of.")],
    door: Annotated[
        str, typer.Option(metavar="DOOR", parser=names.DOOR, help="The door it opens.")
    ],
    zone: Annotated[
        list[str] | None,
        typer.Option(metavar="ZONE", parser=names.ZONE, help="A zone the door is in; repeatable."),
    ] = None,
    strike_ms: Annotated[
        int, typer.Option(min=100, max=60000, help="How long to release the strike, in ms.")
    ] = readers.STRIKE_MS,
    days: Annotated[
        int, typer.Option(min=1, max=36500, help="How long its certificate holds.")
    ] = readers.CERTIFICATE_DAYS,
    replace: Annotated[
        bool, typer.Option("--replace", help="Enrol a reader anew that is enrolled already.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a reader: it makes its own keys, the authority certifies them, it gets its settings.

    It also gets the site's present policy, which it takes in at its next start.
    Starts the reader in STATE_DIR to hear its public keys, and once more to hear it accept.
    """
    home = sites.load(site)
    placement = Placement(door, tuple(dict.fromkeys(zone or [])), strike_ms)
    readers.require_placement(home, placement)
    readers.require_none(folder, replace)
    secret = passphrase.existing(passphrase_file)
    with progress("Opening the site's keys"):
        opened = home.unlock(secret)
    with progress("Starting the reader"):
        found = readers.enroll(
            folder, home, opened, placement, now=int(time.time()), days=days, replace=replace
        )
    if as_json:
        say_json(
            {
                "site": home.id,
                "door": door,
                "zones": placement.zones,
                "strike_ms": strike_ms,
                "suites": sorted(found),
                "public_key": keys.describe(found[0]),
                "p256_public_key": keys.describe(found[2]) if 2 in found else None,
            }
        )
        return
    zones = ", ".join(placement.zones) or "none"
    rows = {"site": home.id, "door": door, "zones": zones}
    rows.update({f"public key, suite {suite}": keys.describe(found[suite]) for suite in found})
    say_table(rows)
    say(f"enrolled; start it with: holdfast reader run {folder}", "green")


@app.command()
def run(
    folder: Folder,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="TCP port on 127.0.0.1 (else a free one).")
    ] = None,
    chunk: Annotated[
        int | None, typer.Option(min=20, max=1024, help="Write at most so many bytes at a time.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run an enrolled reader until Ctrl-C, and show what happens at its door.

    With --json its events are printed as they come, one JSON object a line.
    """
    if not folder.is_dir():
        raise UsageProblem(
            f"there is no reader in {folder}",
            f"holdfast reader enroll {folder} --site DIR --door DOOR",
        )
    show = say_json if as_json else _show
    shown = 0
    with _ended_in_order(), ReaderProcess(folder, port, chunk=chunk) as reader:
        while True:
            event = reader.wait(lambda event: True, since=shown, timeout=1.0)
            if event is not None:
                show(event)
                shown += 1
            elif not reader.running:
                raise reader.failure(0)


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let a service manager, or a terminal that closes, stop the command as Ctrl-C does."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        for number, handler in before.items():
            if handler is signal.SIG_DFL:  # nohup ignores one of them
                signal.signal(number, signal.default_int_handler)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(event: dict) -> None:
    kind = event.get("event")
    at = time.strftime("%H:%M:%S")
    if kind == "ready":
        say(f"{at} ready: door {event.get('door')} of site {event.get('site')}")
        say(
            f"         holdfast phone unlock PHONE_DIR --reader 127.0.0.1:{event.get('port')}"
            f" --door {event.get('door')}"
        )
        if event.get("suites") == [0]:
            say(
                "         it was enrolled with one key, and P-256 phones need two: holdfast reader"
                " enroll --replace",
                "yellow",
            )
    elif kind == "access":
        who = event.get("holder") or (
            f"card {event.get('card')}" if event.get("card") else "somebody"
        )
        if event.get("granted"):
            say(f"{at} granted: {who} at {event.get('door')}", "green")
        else:
            why = printable(event.get("reason")).replace("_", " ")
            say(f"{at} refused: {who} at {event.get('door')}: {why}", "red")
    elif kind == "disconnected":
        say(
            f"{at} connection {event.get('connection')} ended: {event.get('round_trips')} round"
            f" trips, {event.get('bytes_in')} bytes in, {event.get('bytes_out')} bytes out"
        )
    elif "hal" in event:
        rest = " ".join(f"{key}={value}" for key, value in event.items() if key != "hal")
        say(f"{at} {event['hal']}: {rest}", "dim")
    else:
        say(f"{at} " + " ".join(f"{key}={value}" for key, value in event.items()))
