"""``holdfast phone``: a phone as a folder, and its unlock."""

import dataclasses
import enum
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import revoked_devices

from .. import files
from ..credentials import enrolment as enrolments
from ..credentials import keys, lifetime, tokens
from ..errors import UsageProblem
from ..phone.client import Wish
from ..phone.link import CHUNK, TcpLink
from ..phone.radio.radio import Radio
from ..phone.radio.unlock import Choice, Phases, unlock_by_radio
from ..phone.unlock import Report, unlock
from ..phone.wallet import Wallet, read_list, request_path
from . import names
from .output import AsJson, progress, say, say_json, say_table

REFUSED = 3
# What is going on after each phase of an unlock by radio.
_GOING_ON = {
    "found": "Connecting",
    "connected": "Asking what it can do",
    "ready": "Proving who it is",
    "handshake": "Asking it to open",
    "decision": "Asked",
}


class Suite(enum.StrEnum):
    """EDHOC's cipher suites, as they are given on the command line."""

    X25519 = "0"
    P256 = "2"


app = typer.Typer(help="Enrol a phone, and unlock doors with it.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="PHONE_DIR", help="The phone's folder.")]
Reader = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Ask the reader that listens there, not by radio."),
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="ADDRESS", help="Ask the reader at this Bluetooth address."),
]


@app.command()
def enroll(
    folder: Folder,
    credential: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The credential to import.")
    ] = None,
    authority: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The site's authority.pub.")
    ] = None,
    devices: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The site's list of revoked devices (else FILE.devices beside the credential).",
        ),
    ] = None,
    enrolment: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="All of that in one: NAME.enrolment, or the text of the QR code in a file.",
        ),
    ] = None,
    suite: Annotated[
        Suite | None,
        typer.Option(help="Which key to make: 0 is X25519 (the default), 2 is P-256."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a phone, in two steps.

    1. Without --credential: makes the phone's key in PHONE_DIR, unless it has one, and writes
    phone.pub, the request for a credential: give it to `holdfast credential issue --key`. A key of
    --suite 2, which every reader understands that was enrolled since readers have two keys, is in
    phone-p256.pub; a phone may have both, and prefers that one.

    2. With --credential and --authority: checks that the credential is the site's, for a key of
    this phone and not expired, and takes it into use. The list of revoked devices that lies beside
    it is taken along: the phone talks to no reader on it. --enrolment is all three in one.
    """
    if enrolment is not None:
        if credential or authority or devices or suite:
            raise UsageProblem("--enrolment is all that it takes", "leave the others out")
        _import_whole(folder, enrolment, as_json)
    elif credential is None and authority is None and devices is None:
        _make_key(folder, 0 if suite is None else int(suite), as_json)
    elif suite is not None:
        raise UsageProblem("the credential itself says which key it is for", "leave out --suite")
    elif credential is None or authority is None:
        raise UsageProblem(
            "a phone takes a credential together with the site's public key",
            "give both --credential FILE and --authority FILE",
        )
    else:
        _import(folder, credential, authority, devices, as_json)


@app.command("unlock")
def unlock_door(
    folder: Folder,
    door: Annotated[
        str, typer.Option(metavar="DOOR", parser=names.DOOR, help="The door to open.")
    ],
    reader: Reader = None,
    at: At = None,
    seconds: Annotated[
        float, typer.Option(min=0.5, max=300, help="Look for the reader for so many seconds.")
    ] = 10.0,
    cold: Annotated[
        bool, typer.Option("--cold", help="Do a full handshake even if the door is known.")
    ] = False,
    chunk: Annotated[
        int, typer.Option(min=20, max=1024, help="Write at most so many bytes at a time.")
    ] = CHUNK,
    user_verified: Annotated[
        bool, typer.Option("--user-verified", help="Say that the phone checked who its user is.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask a door to open, and say what it answers.

    Its reader is looked for by Bluetooth: the strongest that says it is of this door, then others;
    or it listens at --reader. A door met before is asked in one round trip, under the keys kept in
    PHONE_DIR; else both prove themselves first, in two. Exit code 0 if granted, 3 if refused, 1 if
    there is no answer.
    """
    wish = Wish(user_verified=user_verified)
    place = place_of(reader, at)
    if place is None:
        choice = Choice(seconds, at, chunk)
        report, extra = _by_radio(folder, door, wish, choice, cold=cold, as_json=as_json)
    else:
        report, extra = _by_socket(folder, door, wish, place, chunk, cold=cold), {}
    if as_json:
        say_json({"door": door, **dataclasses.asdict(report), **extra})
    else:
        _show(report, door)
    if not report.granted:
        raise typer.Exit(REFUSED)


def _by_socket(
    folder: Path, door: str, wish: Wish, to: tuple[str, int], chunk: int, *, cold: bool
) -> Report:
    wallet = Wallet.open(folder)
    with progress(f"Asking {door}"):
        return unlock(
            wallet,
            lambda: TcpLink.connect(*to, chunk=chunk),
            door,
            wish,
            now=int(time.time()),
            cold=cold,
        )


def _by_radio(
    folder: Path, door: str, wish: Wish, choice: Choice, *, cold: bool, as_json: bool
) -> tuple[Report, dict[str, object]]:
    """The report, and what the radio's part of it was; for people that is said here."""
    wallet = Wallet.open(folder)
    phases = Phases()
    try:
        with progress(f"Looking for {door}") as tell, Radio() as radio:
            phases.tell = lambda phase: tell(_GOING_ON.get(phase, "Trying again"))
            reader, report = unlock_by_radio(
                radio, wallet, door, wish, choice, phases, now=int(time.time()), cold=cold
            )
    finally:
        if phases.passed and not as_json:
            say(", ".join(f"{name} {seconds:.2f} s" for name, seconds in phases.passed))
    heard = reader.last
    passed = [{"phase": name, "ms": round(1000 * seconds)} for name, seconds in phases.passed]
    return report, {"address": heard.address, "rssi": heard.rssi, "phases": passed}


def _make_key(folder: Path, suite: int, as_json: bool) -> None:
    key = Wallet.create(folder, suite).public_keys[suite]
    request, public_key = request_path(folder, suite), keys.describe(key)
    if as_json:
        say_json(
            {
                "enrolled": False,
                "suite": suite,
                "public_key": public_key,
                "request": str(request),
            }
        )
        return
    say_table({"phone": folder, "public key": public_key, "request": request})
    say(f"next: have the site issue a credential: holdfast credential issue ... --key {request}")


def _import(
    folder: Path, credential: Path, authority: Path, devices: Path | None, as_json: bool
) -> None:
    wallet = Wallet.open(folder)
    authority_keys = keys.read_authority_keys(authority)
    advice = "give the file that `holdfast credential issue` wrote"
    token = files.read(credential, tokens.LIMIT, "credential", advice)
    shown = tokens.read(token, str(credential))
    revoked = _list(credential, devices)
    if revoked is not None:
        read_list(revoked, shown.site, authority_keys)
    verified = wallet.enrol(token, authority_keys[0], int(time.time()), authority_keys[1:])
    if revoked is not None:
        wallet.take_list(revoked, shown.site, authority_keys)
    holder, expires = shown.credential.holder, shown.credential.expires
    if as_json:
        say_json(
            {
                "enrolled": True,
                "verified": verified,
                "site": shown.site,
                "suite": shown.suite,
                "holder": holder,
                "expires": expires,
                "revoked_devices": revoked is not None,
            }
        )
        return
    say_table({"site": shown.site, "holder": holder, "until": lifetime.iso(expires)})
    if verified:
        say("enrolled; the credential is signed by this authority", "green")
    else:
        say("enrolled; NOT verified: only the zone's readers can check a guest token", "yellow")
    if revoked is None:
        say("no list of revoked devices came with it: give it with --devices FILE", "yellow")


def _import_whole(folder: Path, enrolment: Path, as_json: bool) -> None:
    advice = "give the file that `holdfast credential issue --enrolment` wrote"
    data = files.read(enrolment, enrolments.LIMIT, "enrolment", advice)
    made = enrolments.decode(data, str(enrolment))
    with tempfile.TemporaryDirectory() as unpacked:
        credential, authority, devices = (
            Path(unpacked) / name for name in ("credential", "authority.pub", "devices")
        )
        files.write(credential, made.credential, files.PRIVATE)
        files.write(authority, made.authority, files.PRIVATE)
        files.write(devices, made.devices, files.PRIVATE)
        _import(folder, credential, authority, devices, as_json)


def _list(credential: Path, devices: Path | None) -> bytes | None:
    path = devices or credential.with_name(credential.name + tokens.LIST_SUFFIX)
    if devices is None and not path.exists():
        return None
    advice = "give the list that `holdfast credential issue` wrote beside the credential"
    return files.read(path, revoked_devices.MAX_BYTES, "list of revoked devices", advice)


def _show(report: Report, door: str) -> None:
    if report.granted:
        say(f"granted: {door} is released for {report.strike_ms / 1000:g} s", "bold green")
    else:
        say(f"refused: {report.reason}", "bold red")
        if not report.protected:
            say("(said in the clear, so it may not be the door's own word)")
    trips = "1 round trip" if report.round_trips == 1 else f"{report.round_trips} round trips"
    way = "known door" if report.warm else "full handshake"
    if report.suite is not None:
        trips += f", suite {report.suite}"
    say(f"{way}, {trips}, {report.bytes_out} bytes out, {report.bytes_in} bytes in")


def place_of(reader: str | None, at: str | None) -> tuple[str, int] | None:
    """Host and port of ``reader``, None if it is to be found by radio. Raises UsageProblem."""
    if reader is not None and at is not None:
        raise UsageProblem("the reader's place is given twice", "leave out --at, or --reader")
    return None if reader is None else address(reader)


def address(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``. Raises UsageProblem."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageProblem(
            f"{text!r} is no address of a reader", "give HOST:PORT, such as 127.0.0.1:62435"
        )
    return host.removeprefix("[").removesuffix("]"), int(port)
