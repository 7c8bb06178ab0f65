"""``holdfast reader check-phone``: whether a stranger's phone does what docs/protocol.md says."""

import dataclasses
import json
import os
import time
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import revoked_devices
from holdfast.access.place import DOOR as DOOR_KIND

from .. import files
from ..conformance import dumped
from ..conformance.server import Server
from ..conformance.stand import DOOR, SITE, Stand
from ..conformance.trials import REVOKED_CTI, TRIALS
from ..conformance.wrong import Finding
from ..credentials import issuing, keys, tokens
from ..errors import UsageProblem
from . import writing
from .output import AsJson, say, say_json

VALUES = "values.json"
WRONG = 3

_CREDENTIAL, _AUTHORITY = "phone.cwt", "authority.pub"
_DAY = 86400


def check_phone(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="A new folder, for what the phone is given."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="FILE|HEX", help="The phone's public key: phone.pub, or hex."),
    ] = None,
    enrol: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help="How the phone takes {credential} and {authority}; else you are asked to.",
        ),
    ] = None,
    command: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="COMMAND",
            help="How the phone asks {reader}, or {port}, for {door}; it ends with 0 if it is told"
            " that the door opens. Else you have it ask.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="TRIAL", help="Only this trial, after the first; repeatable."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1 (else a free one).")
    ] = 0,
    seconds: Annotated[
        float, typer.Option(min=1, max=3600, help="How long to wait for each try.")
    ] = 60.0,
    values: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="No reader: compare the values that the phone wrote."),
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="With which: a file of docs/vectors, or values.json of DIR."
        ),
    ] = None,
    vector: Annotated[
        str, typer.Option(metavar="NAME", help="With which vector of that file.")
    ] = "suite-0",
    as_json: AsJson = False,
) -> None:
    """Try a phone that somebody else wrote, and say at which value it goes wrong.

    A reader of a site of its own, at a port of this machine, answers it as a reader would and, in
    some trials, as none may: a certificate of another door, an answer that was changed. What the
    phone needs (its credential, authority.pub, the list of revoked devices) is written into DIR.
    Where something does not open, each usual mistake is tried; what fits is named. The reader's
    own values of the last handshake are then in DIR/values.json.

    With --values nothing is asked: the phone's values, a JSON object with the names of a vector of
    docs/vectors/handshakes.json, or with the context and the steps of one of unlocks.json,
    refusals.json, errors.json or framing.json, are compared in their order, and the first that
    differs is named.

    Exits with 3 if the phone did something wrong.

    Example: holdfast reader check-phone try --key phone.pub --run "./phone {port} {door}"

    Example: holdfast reader check-phone --values mine.json --vectors docs/vectors/handshakes.json
    """
    if values is not None:
        _compare(values, vectors, vector, as_json)
        return
    if folder is None or key is None:
        raise UsageProblem(
            "neither a phone nor its values are given",
            "give DIR and --key phone.pub, or --values FILE --vectors FILE",
        )
    known = [one.name for one in TRIALS]
    for name in only or ():
        if name not in known:
            raise UsageProblem(f"there is no trial {name!r}", f"name one of: {', '.join(known)}")
    stand = Stand()
    server = Server(stand, port, command, seconds)
    try:
        _give(stand, folder, key)
        _enrol(folder, enrol, as_json)
        found = _tried(stand, server, folder, only, command, as_json)
    finally:
        server.close()
    wrong = [one for one in found if not one.passed]
    if as_json:
        say_json({"passed": not wrong, "trials": [dataclasses.asdict(one) for one in found]})
    elif wrong:
        say(f"{len(wrong)} of {len(found)} trials went wrong", "red")
    else:
        say(f"{len(found)} of {len(found)} trials as they should be", "green")
    if wrong:
        raise typer.Exit(WRONG)


def _give(stand: Stand, folder: Path, key: str) -> None:
    """Write into ``folder`` what the phone is to have."""
    phone = keys.read_phone_key(key)
    now = int(time.time())
    grant = issuing.Grant(
        site=SITE,
        holder="phone",
        holder_key=phone,
        places=[(DOOR_KIND, DOOR)],
        issued_at=now,
        expires=now + _DAY,
        cti=os.urandom(8),
    )
    signer = stand.authority.signing_key
    stand.issued = issuing.holder_credential(signer, grant)
    revoked = revoked_devices.make(signer, SITE, now, [REVOKED_CTI])
    authority = keys.encode_authority_keys([stand.authority.public_key])
    made = {
        _CREDENTIAL: stand.issued,
        _CREDENTIAL + tokens.LIST_SUFFIX: revoked,
        _AUTHORITY: authority,
    }
    for name in made:
        writing.require(folder / name, lambda data: False)
    files.make_folder(folder)
    for name, data in made.items():
        files.write(folder / name, data, files.PRIVATE)


def _enrol(folder: Path, command: str | None, as_json: bool) -> None:
    paths = {"credential": folder / _CREDENTIAL, "authority": folder / _AUTHORITY}
    if command is None:
        if not as_json:
            say(f"have the phone take {paths['credential']} and {paths['authority']}")
        return
    from ..conformance import server

    server.run_once(command.format(**paths))


def _tried(stand, server, folder, only, command, as_json) -> list[Finding]:
    if not as_json:
        say(f"the reader of the door {DOOR} is at 127.0.0.1:{server.port}")
    found = []
    for trial in TRIALS:
        if only and trial.name not in only and trial.name != "first":
            continue
        if command is None and not as_json:
            say(f"now have the phone ask for {DOOR}: {trial.told}")
        done = server.hold(trial, DOOR)
        found.append(done)
        if not done.passed and stand.last is not None:
            data = json.dumps(stand.last.shown(), indent=1).encode() + b"\n"
            files.write(folder / VALUES, data, files.PRIVATE)
        if not as_json:
            _say(trial.told, done)
        if trial.name == "first" and not done.passed:
            break  # the others rest on it
    return found


def _say(told: str, done: Finding) -> None:
    if done.passed:
        say(f"✓ {done.name}: {told}: {done.said}", "green")
        return
    say(f"✗ {done.name}: {told}", "red")
    say(f"  at {done.step}, value {done.value}: {done.said}")
    if done.should:
        say(f"  should be {done.should}")
    if done.came:
        say(f"  is        {done.came}")


def _compare(values: Path, vectors: Path | None, vector: str, as_json: bool) -> None:
    if vectors is None:
        raise UsageProblem("nothing is given to compare with", "give --vectors FILE")
    theirs = dumped.read(values, vector)
    ours = dumped.read(vectors, vector)
    both, wrong = dumped.differing(theirs, ours)
    if not both:
        raise UsageProblem(
            f"{values} has no value that {vectors} has",
            "name them as docs/vectors does",
        )
    if as_json:
        facts = {"compared": len(both), "wrong": wrong}
        said = {} if wrong is None else {"should": ours[wrong], "came": theirs[wrong]}
        say_json({"passed": wrong is None, **facts, **said})
    elif wrong is None:
        say(f"{len(both)} values are as they should be", "green")
    else:
        right = both.index(wrong)
        say(f"{right} values are right, then {wrong} is another", "red")
        say(f"  should be {ours[wrong]}")
        say(f"  is        {theirs[wrong]}")
    if wrong is not None:
        raise typer.Exit(WRONG)
