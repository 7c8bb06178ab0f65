"""``holdfast phone carry``: what a phone brings to a reader for the site, and takes from it."""

import time
from pathlib import Path
from typing import Annotated

import typer

import cbor
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from untrusted import InvalidInput

from .. import files
from ..errors import UsageProblem
from ..events import files as event_files
from ..phone import bringing
from ..phone.carrier import Carrier
from ..phone.link import CHUNK, TcpLink
from ..phone.wallet import Wallet
from . import names
from .output import AsJson, progress, say, say_json
from .phone import Folder, address

_POLICY_LIMIT = 16 << 20
_CLOCK_ERROR_S = 2  # of the machine this runs on, which a time service keeps


def carry(
    folder: Folder,
    reader: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the reader listens.")],
    door: Annotated[
        str, typer.Option(metavar="DOOR", parser=names.DOOR, help="The reader's door.")
    ],
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Bring what `holdfast policy export` wrote."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Bring later certificates (holdfast reader renew)."),
    ] = None,
    events: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take all events, into a new file.")
    ] = None,
    left: Annotated[
        bool,
        typer.Option("--left", help="Events of the place where the board was before this one."),
    ] = False,
    acknowledge: Annotated[
        bool,
        typer.Option("--acknowledge", help="Tell the reader that it need not keep them."),
    ] = False,
    tell_time: Annotated[
        bool, typer.Option("--tell-time", help="Tell the reader the time of this machine.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Carry policy to a reader, events away from it, and the time; the door stays shut.

    Whoever has a credential for the door may bring policy and certificates: the site signed them.
    Also to a reader whose certificate has ended, but not to one that was revoked. Events and the
    time are for credentials that were issued for that.
    """
    if policy is None and certificate is None and events is None and not tell_time:
        raise UsageProblem(
            "there is nothing to carry",
            "give --policy FILE, --certificate FILE, --events FILE or --tell-time",
        )
    if (acknowledge or left) and events is None:
        raise UsageProblem("nothing is taken, so nothing can be safe", "give --events FILE too")
    news = [] if policy is None else bringing.read(_pieces(policy))
    certificates = [] if certificate is None else _certificates(certificate)
    if events is not None and events.exists():
        raise UsageProblem(f"{events} is there already", "give the name of a new file")
    host, port = address(reader)
    wallet = Wallet.open(folder)
    done: dict[str, object] = {"door": door}
    now = int(time.time())
    with progress(f"Carrying to {door}"), TcpLink.connect(host, port, chunk=CHUNK) as link:
        carrier, checked = Carrier.introduced(link, wallet.identities(), door, now)
        done["suite"] = checked.identity.suite
        if tell_time:
            carrier.put_time(int(time.time()), _CLOCK_ERROR_S)
            done["time_told"] = True
        if news:
            standing = bringing.bring(news, carrier.post_policy)
            done["policy"], done["policy_head"] = standing.number, standing.head.hex()
        for raw in certificates:
            carrier.put_certificate(raw)
        if certificates:
            done["certificates"] = len(certificates)
        if events is not None:
            if left:
                carrier.turn_to_left()
            data, last = _take(carrier, carrier.events_certificate(checked))
            files.write(events, data, files.PRIVATE)
            done["events"] = str(events)
            if last is not None:
                done["last_event"] = event_record.number_of(last)
                if acknowledge:
                    carrier.acknowledge(event_record.number_of(last), event_record.split(last)[1])
                    done["acknowledged"] = True
    if as_json:
        say_json(done)
        return
    if tell_time:
        say(f"{door} believes the time", "green")
    if "policy" in done:
        say(f"{door} is at changeset {done['policy']}", "green")
    if certificates:
        say(f"{door} shows its later certificate from now on", "green")
    if events is not None:
        say(f"events up to {done.get('last_event', 'none')} are in {events}", "green")
        say(f"next: holdfast events verify {events} --site SITE_DIR")


def _certificates(path: Path) -> list[bytes]:
    return _sequence(path, "certificate", "give a file that `holdfast reader renew` wrote")


def _pieces(path: Path) -> list[bytes]:
    return _sequence(path, "policy", "give a file that `holdfast policy export` wrote")


def _sequence(path: Path, what: str, advice: str) -> list[bytes]:
    data = files.read(path, _POLICY_LIMIT, what, advice)
    found = []
    offset = 0
    try:
        while offset < len(data):
            raw, offset = cbor.decode_prefix(data, offset)
            if not isinstance(raw, bytes):
                raise InvalidInput("something that is no byte string")
            found.append(raw)
    except InvalidInput as error:
        raise UsageProblem(f"{path} is no {what}: {error}", advice) from error
    return found


def _take(carrier: Carrier, certificate: bytes) -> tuple[bytes, bytes | None]:
    """All events as they stand in a file, and the last raw record, if there is one."""
    data = b""
    last = None
    while True:
        after = None if last is None else event_record.number_of(last)
        batch = carrier.events(after)
        try:
            (taken,) = event_batch.decode(batch)
            data += event_files.encode(certificate, batch)
            if not taken.records:
                return data, last
            following = taken.records[-1]
            if last is not None and event_record.number_of(following) <= (after or 0):
                raise InvalidInput("the same events again")
        except (InvalidInput, ValueError) as error:
            raise UsageProblem(
                f"the reader's events cannot be read: {error}", "try again"
            ) from error
        last = following
