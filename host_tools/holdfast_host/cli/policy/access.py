"""``holdfast policy``: what groups open, and what takes rights back."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy import operations
from holdfast.access.request import UNLOCK

from ... import files
from ...credentials import tokens
from ...credentials.dates import Dates
from ...errors import UsageProblem
from ...policy import changes as policy_changes
from ...policy.state import Place, State
from ...site import site as sites
from .. import names
from ..output import AsJson
from ..passphrase import PassphraseFile
from . import members
from .change import Folder, Remove, report, signed

Doors = Annotated[
    list[str] | None, typer.Option(metavar="DOOR", parser=names.DOOR, help="A door; repeatable.")
]
Zones = Annotated[
    list[str] | None, typer.Option(metavar="ZONE", parser=names.ZONE, help="A zone; repeatable.")
]


def group(
    folder: Folder,
    number: Annotated[
        int,
        typer.Argument(metavar="NUMBER", min=0, max=operations.MAX_GROUP),
    ],
    door: Doors = None,
    zone: Zones = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", parser=names.SCHEDULE, help="Only in these hours (else always)."
        ),
    ] = None,
    add: Annotated[
        bool, typer.Option("--add", help="Add these rights, and keep those it has elsewhere.")
    ] = False,
    remove: Remove = False,
    new: Annotated[
        bool, typer.Option("--new", help="A --door that the policy does not have is a new one.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove it unasked, although cards and PINs are in it.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what the cards and PINs of a group open, and when. Replaces what it was.

    For other hours elsewhere, run it again with --add. Without a group its cards open nothing: so
    --remove asks if there are any, or takes --yes.
    """
    site = sites.load(folder)
    doors, zones = door or [], zone or []
    if remove:
        if doors or zones or schedule or add or new:
            raise UsageProblem("--remove takes nothing else", "give only the number and --remove")
        if not yes:
            members.ask(site, number)
        done = signed(
            site, passphrase_file, lambda state: policy_changes.remove_group(state, number)
        )
        report(*done, f"group {number} is removed", as_json, {"group": number})
        return
    where = places(doors, zones)
    if not where:
        raise UsageProblem(f"group {number} would open nothing", "give --door or --zone")

    def changes(state: State) -> list[list]:
        kept = [right for right in state.groups.get(number, []) if tuple(right[0]) not in where]
        rights = [*(kept if add else []), *([list(place), UNLOCK, schedule] for place in where)]
        return policy_changes.set_group(state, number, rights)

    if new:
        signed(site, passphrase_file, lambda state: policy_changes.add_new_doors(state, doors))
    history, added = signed(site, passphrase_file, changes)
    rights = history.state.groups[number]
    report(
        history,
        added,
        f"group {number} opens {rights_text(rights)}",
        as_json,
        {"group": number, "rights": rights_facts(rights)},
    )


def rights_text(rights: Sequence[Sequence]) -> str:
    """A group's rights for a person."""
    return ", ".join(
        f"{place_text(kind, name)} ({'always' if schedule is None else schedule})"
        for (kind, name), _, schedule in rights
    )


def rights_facts(rights: Sequence[Sequence]) -> list[dict]:
    """A group's rights for a machine."""
    return [
        {**place_facts(kind, name), "permissions": bits, "schedule": schedule}
        for (kind, name), bits, schedule in rights
    ]


def places(doors: Iterable[str] | None, zones: Iterable[str] | None) -> list[Place]:
    """The places of --door and --zone, each once."""
    named = [(DOOR, name) for name in doors or ()] + [(ZONE, name) for name in zones or ()]
    return list(dict.fromkeys(named))


def place_text(kind: int, name: str) -> str:
    """A place for a person: a door by its name, a zone as one."""
    return name if kind == DOOR else f"zone {name}"


def place_facts(kind: int, name: str) -> dict[str, object]:
    """A place for a machine."""
    return {"door" if kind == DOOR else "zone": name}


def revoke(
    folder: Folder,
    token: Annotated[
        str,
        typer.Argument(metavar="FILE|ID", help="The credential's file, or its id: 16 hex digits."),
    ],
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="DATE|TIME", help="With an id: when it would expire (else in 10 years)."
        ),
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Take a credential back, for good. Readers refuse it from when they hear of it.

    They remember it until it would have expired anyway.
    """
    site = sites.load(folder)
    cti, end, issued_at = _token(site, token, expires)
    now = int(time.time())
    history, added = signed(
        site,
        passphrase_file,
        lambda state: policy_changes.revoke(state, cti, end, now, issued_at),
    )
    text = f"the credential {cti.hex()} is revoked"
    facts = {"id": cti.hex(), "expires": history.state.revoked.entries[cti].end}
    report(history, added, text, as_json, facts)


def watermark(
    folder: Folder,
    date: Annotated[
        str,
        typer.Argument(metavar="DATE|TIME|now", help="Such as 2026-11-01 or 2026-11-01T08:00Z."),
    ],
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Take back every credential issued before a time, known or not. A watermark never falls."""
    site = sites.load(folder)
    now = int(time.time())
    dates = Dates(site.policy().state.time_zone)
    at = now if date == "now" else dates.begin(date, "the date")
    done = signed(
        site, passphrase_file, lambda state: policy_changes.raise_watermark(state, at, now)
    )
    text = f"credentials issued before {dates.text(at)} are refused"
    report(*done, text, as_json, {"watermark": at})


def lockdown(
    folder: Folder,
    state: Annotated[str, typer.Argument(metavar="on|off")],
    door: Doors = None,
    zone: Zones = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Lock down all doors, or those given, until the lockdown is off.

    Only credentials with the permission to override a lockdown open them.
    """
    site = sites.load(folder)
    if state not in ("on", "off"):
        raise UsageProblem(f"{state!r} is neither on nor off", "write on or off")
    where = places(door, zone)
    on = state == "on"
    done = signed(site, passphrase_file, lambda state: policy_changes.lock_down(state, on, where))
    named = ", ".join(place_text(*place) for place in where) or "all doors"
    facts = [place_facts(*place) for place in where] or None
    text = f"lockdown is {state} for {named}"
    report(*done, text, as_json, {"lockdown": on, "places": facts})


def _token(
    site: sites.Site, text: str, expires: str | None
) -> tuple[bytes, int | None, int | None]:
    """A token's id, and when it would expire and was issued, if that is known."""
    if not Path(text).exists():
        try:
            cti = bytes.fromhex(text)
        except ValueError:
            cti = b""
        if len(cti) != 8:
            raise UsageProblem(
                f"{text!r} is neither a file nor an id of 16 hexadecimal digits",
                "give the credential's file, or the id that `credential show` and events say",
            )
        if expires is None:
            return cti, None, None
        return cti, Dates(site.policy().state.time_zone).end(expires, "--expires"), None
    if expires is not None:
        raise UsageProblem("the file says itself when it expires", "leave out --expires")
    shown = tokens.read(files.read(Path(text), tokens.LIMIT, "credential", "check the path"), text)
    if shown.site != site.id:
        raise UsageProblem(
            f"{text} is a credential of site {shown.site!r}, not {site.id}", "give the other site"
        )
    # Of a token that somebody altered, the id may be another's.
    if not shown.credential.guest and not any(map(shown.is_made_by, site.policy().every_key)):
        raise UsageProblem(
            f"{text} was altered, or somebody else made it", "give the right credential's id"
        )
    return shown.credential.cti, shown.credential.expires, shown.credential.issued_at
