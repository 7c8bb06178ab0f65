"""``holdfast people suspend``, ``resume``, ``remove``, ``sign`` and ``name-group``."""

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from ...errors import UsageProblem
from ...people import rights, signing
from ...people.plan import removed
from ...people.signing import Desk
from ...policy import changes as policy_changes
from ...register import groups
from ...register.issued import Issued
from ...register.records import Person
from ..output import AsJson, say, say_json
from ..passphrase import PassphraseFile
from . import desks, text
from .desks import Database, Folder

Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Their names, or ids.")]


def suspend(
    folder: Folder,
    names: Names,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Let people's cards and PINs open nothing, until they are resumed.

    A phone's credential cannot be suspended: revoke it, or say phone-lost.

    Example: holdfast people suspend acme "Zoe Doe"
    """
    _change(folder, db, passphrase_file, as_json, names, _suspended, "suspended")


def resume(
    folder: Folder,
    names: Names,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Let the cards and PINs of people who were suspended open again.

    Example: holdfast people resume acme "Zoe Doe"
    """
    _change(folder, db, passphrase_file, as_json, names, _resumed, "resumed")


def remove(
    folder: Folder,
    names: Names,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Take back all that people have: cards, PINs, and the credentials of their phones.

    Their names stay with what they did: older events still name them.

    Example: holdfast people remove acme "Zoe Doe"
    """
    _change(folder, db, passphrase_file, as_json, names, _removed, "removed")


def _change(
    folder: Path,
    db: str | None,
    passphrase_file: Path | None,
    as_json: bool,
    names: list[str],
    change,
    done: str,
) -> None:
    with desks.changing(folder, db, passphrase_file) as desk:
        # Who was removed, and whose rights were not taken back before the command was cut.
        rest = [one for one in signing.unfinished(desk) if one.removed is not None]
        some = [one for one in desk.everybody if one.removed is None]
        some += rest if done == "removed" else []
        before = [desks.find(some, name, gone=True) for name in dict.fromkeys(names)]
        after = [change(desk, person) for person in before]
        in_hand = rights.held(signing.after(desk, after))
        found = rights.differences(after, desk.state, desk.now, in_hand)
        gone = [one for one in after if one.removed is not None]
        revoked = [credential for one in gone for credential in signing.living(desk, one)]
        living = [credential for one in before for credential in signing.living(desk, one)]
        signed = signing.sign(desk, after, revoked=revoked)
    if not as_json:
        desks.say_differences(desk, found, text.say_signed)
        if revoked:
            say(f"- {len(revoked)} credentials of phones are revoked", "red")
        elif living and done == "suspended":
            say(f"{len(living)} credentials of phones go on: holdfast people phone-lost", "yellow")
    what = ", ".join(one.called for one in before)
    is_are = "is" if len(before) == 1 else "are"
    more = {"people": [one.name for one in before], "differences": desks.facts(found)}
    more["revoked"] = [credential.cti.hex() for credential in revoked]
    desks.report(desk, signed, f"{what} {is_are} {done}", as_json, more)
    if not as_json:
        desks.say_others(desk, after)


def sign(
    folder: Folder,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be signed, and sign nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Sign what is shown, unasked.")] = False,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what the register says otherwise than what is signed, and sign it.

    That is so after a command that was cut short, and where somebody wrote into the database: look
    at each line before you sign it.

    Example: holdfast people sign acme --dry-run
    """
    if dry_run:
        with desks.looking(folder, db, passphrase_file) as desk:
            found, revoked = signing.unsigned(desk), desk.owed
            if as_json:
                owed = [one.cti.hex() for one in revoked]
                say_json({"dry_run": True, "differences": desks.facts(found), "revoked": owed})
                return
            desks.say_differences(desk, found, text.say_signed)
            _say_owed(revoked)
            rest = _counted(len(found), len(revoked))
            say(f"{rest} are not signed" if rest else "all is signed")
        return
    with desks.changing(folder, db, passphrase_file) as desk:
        found, revoked = signing.unsigned(desk), desk.owed
        if not as_json:
            desks.say_differences(desk, found, text.say_signed)
            _say_owed(revoked)
        if (found or revoked) and not yes:
            _ask(len(found) + len(revoked))
        signed = signing.sign(desk, signing.unfinished(desk), revoked=revoked)
    done = _counted(len(found), len(revoked)) or "all was signed already"
    more = {"differences": desks.facts(found), "revoked": [one.cti.hex() for one in revoked]}
    desks.report(desk, signed, done, as_json, more)


def name_group(
    folder: Folder,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The group's number.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What lists call it.")],
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a group of the policy a name, by which lists can say it.

    Example: holdfast people name-group acme 7 staff
    """
    with desks.changing(folder, db, passphrase_file) as desk:
        policy_changes.require_group(desk.state, number)
        groups.set_name(desk.register.connection, desk.seals, number, name)
    name = groups.normal(name)
    if as_json:
        say_json({"group": number, "name": name})
    else:
        say(f"group {number} is called {name}", "green")


def _suspended(desk: Desk, person: Person) -> Person:
    return dataclasses.replace(person, suspended=True)


def _resumed(desk: Desk, person: Person) -> Person:
    return dataclasses.replace(person, suspended=False)


def _removed(desk: Desk, person: Person) -> Person:
    return person if person.removed is not None else removed(person, desk.now)


def _say_owed(revoked: list[Issued]) -> None:
    for one in revoked:
        say(f"- {one.holder}: the credential {one.cti.hex()} of a phone", "red")


def _counted(rights_count: int, credentials: int) -> str:
    parts = [f"{rights_count} rights"] if rights_count else []
    parts += [f"{credentials} revocations"] if credentials else []
    return " and ".join(parts)


def _ask(count: int) -> None:
    try:
        if sys.stdin.isatty() and typer.confirm(f"Sign these {count}?"):
            return
    except typer.Abort:
        pass
    raise UsageProblem("nothing was signed", "sign what is shown: --yes")
