"""``holdfast credential list``, ``revoke`` and ``renew``: of many at once, by person or group."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from .. import files
from ..credentials import issuing, keys, lifetime
from ..errors import UsageProblem
from ..people import paid, signing
from ..people.signing import Desk
from ..policy import changes as policy_changes
from ..register import groups, issued, opening
from ..register.issued import Issued
from ..register.records import Person
from ..site import names as site_names
from . import handing
from .handing import Forms
from .output import AsJson, say, say_json, say_rows
from .passphrase import PassphraseFile
from .people import desks
from .people.desks import Database, Folder
from .policy.access import place_text
from .receivers import file_name

SYNC_HOURS = 2

People = Annotated[
    list[str] | None,
    typer.Option("--person", metavar="NAME", help="Of this person, by name or id; repeatable."),
]
InGroup = Annotated[
    str | None, typer.Option("--group", metavar="NAME|NUMBER", help="Of everybody in this group.")
]


def listed(
    folder: Folder,
    person: People = None,
    group: InGroup = None,
    ending: Annotated[
        int | None, typer.Option(metavar="DAYS", min=0, help="Only those that end within DAYS.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that ended or were revoked.")
    ] = False,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what was issued to whom, since the site has a register of people.

    Example: holdfast credential list acme --ending 7
    """
    with desks.looking(folder, db, passphrase_file) as desk:
        owners = _owners(desk)
        chosen = _chosen(desk, owners, person, group)
        dates, revoked = desks.dates_of(desk), desk.state.revoked.entries
        found = []
        for one in chosen:
            standing = "revoked" if one.cti in revoked else "valid"
            if one.cti not in revoked and one.expires <= desk.now:
                standing = "ended"
            if standing != "valid" and not everything:
                continue
            if ending is not None and one.expires > desk.now + ending * 86400:
                continue
            owner = owners.get(one.cti)
            found.append((one, standing, owner.called if owner else one.holder))
    if as_json:
        facts = [
            {
                "id": one.cti.hex(),
                "holder": one.holder,
                "person": who,
                "issued": one.issued,
                "expires": one.expires,
                "opens": [place_text(kind, name) for kind, name, _ in one.opens],
                "standing": standing,
            }
            for one, standing, who in found
        ]
        say_json({"credentials": facts})
        return
    rows = [
        (
            one.cti.hex(),
            who,
            ", ".join(place_text(kind, name) for kind, name, _ in one.opens),
            dates.end_text(one.expires),
            standing,
        )
        for one, standing, who in found
    ]
    say_rows(("id", "who", "opens", "holds", ""), rows, whole=("id", "holds", ""))
    say(f"{len(found)} credentials")


def revoke(
    folder: Folder,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Ids, 16 digits, as list shows them."),
    ] = None,
    person: People = None,
    group: InGroup = None,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Take credentials back, for good: some by id, or all that people have.

    Cards and PINs are not touched. One that was issued before there was a register is taken back
    by its file: holdfast policy revoke.

    Example: holdfast credential revoke acme --person "Zoe Doe"
    """
    if not (ids or person or group):
        raise UsageProblem("no credential is given", "give an ID, --person NAME or --group NAME")
    with desks.changing(folder, db, passphrase_file) as desk:
        owners = _owners(desk)
        chosen = _by_id(desk, ids) if ids else []
        if person or group:
            chosen += _chosen(desk, owners, person, group)
        gone = {
            one.cti: one
            for one in chosen
            if one.expires > desk.now and one.cti not in desk.state.revoked.entries
        }
        if not gone:
            raise UsageProblem("none of these opens anything", "see: holdfast credential list")

        def changes(state) -> list[list]:
            made: list[list] = []
            for one in gone.values():
                made += policy_changes.revoke(state, one.cti, one.expires, desk.now, one.issued)
            return made

        site = desk.register.site
        signed = site.change_policy(desk.keys.authority, changes, desk.now)
        signing.settle(desk, signed[0])
    told = "1 credential is" if len(gone) == 1 else f"{len(gone)} credentials are"
    more: dict[str, object] = {"revoked": [cti.hex() for cti in gone]}
    desks.report(desk, signed, f"{told} revoked", as_json, more)


def renew(
    folder: Folder,
    into: Annotated[
        Path, typer.Option("--into", metavar="DIR", help="Where the new ones go: HOLDER-ID.cwt.")
    ],
    person: People = None,
    group: InGroup = None,
    ending: Annotated[
        int | None, typer.Option(metavar="DAYS", min=0, help="Only those that end within DAYS.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="How long the new ones hold.")] = None,
    hours: Annotated[int | None, typer.Option(min=1, help="The same, in hours.")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE|TIME", help="When the new ones end.")
    ] = None,
    paid_until: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE",
            help="Only of those who have paid: a table of name or id, and paid until. The new ones"
            f" hold for {SYNC_HOURS} hours, unless said otherwise.",
        ),
    ] = None,
    as_file: handing.AsFile = False,
    as_qr: handing.AsQr = False,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Issue credentials anew for the same phones, with the same rights, and a later end.

    Of each phone the last one that was not revoked, also if it has ended; not of people who were
    removed or are suspended, and not past the day that a person's rights end. The old ones hold as
    long as they would.

    With --paid-until, run it at each sync: whoever is not paid for gets nothing new, and opens
    nothing 2 hours after the last sync at which it was. No door needs to hear of it.

    Example: holdfast credential renew acme --ending 7 --days 30 --into new

    Example: holdfast credential renew acme --paid-until tenants.csv --into keys
    """
    forms = Forms(as_file, as_qr)
    with desks.changing(folder, db, passphrase_file) as desk:
        owners = _owners(desk)
        chosen = _last_of_each_phone(desk, _chosen(desk, owners, person, group))
        if ending is not None:
            chosen = [one for one in chosen if one.expires <= desk.now + ending * 86400]
        left: list[tuple[Issued, str]] = []
        if paid_until is not None:
            standing = paid.read(paid_until, desk.everybody, desks.dates_of(desk))
            if days is None and hours is None and until is None:
                hours = SYNC_HOURS
            chosen, left = _paid(chosen, owners, standing, desk.now)
        chosen, gone = _still_here(chosen, owners, desk)
        left += gone
        valid = lifetime.decide(
            desk.now,
            guest=False,
            days=days,
            hours=hours,
            expires=until,
            dates=desks.dates_of(desk),
        )
        names = {one.cti: f"{file_name(one.holder)}-{one.phone[:8]}.cwt" for one in chosen}
        places = {cti: into / name for cti, name in names.items()}
        for path in places.values():
            handing.require(path, forms)
        made = [(one, _renewed(desk, one, owners.get(one.cti), valid.expires)) for one in chosen]
        for _, grant in made:
            issued.note(desk.register.connection, desk.seals, _noted(grant))
        opening.keep(desk.register)  # before anybody has them
        if made:
            files.make_folder(into)
        written = [
            handing.write(
                desk.register.site,
                desk.keys,
                issuing.holder_credential(desk.keys.authority.signing_key, grant),
                places[one.cti],
                forms,
                desk.now,
            )
            for one, grant in made
        ]
    _report(made, written, left, as_json)


def _report(made, written, left, as_json: bool) -> None:
    if as_json:
        facts = [
            {"holder": grant.holder, "id": grant.cti.hex(), "expires": grant.expires}
            | {"files": [str(path) for path in paths]}
            for (_, grant), paths in zip(made, written, strict=True)
        ]
        skipped = [{"holder": one.holder, "why": why} for one, why in left]
        say_json({"renewed": facts, "left": skipped})
        return
    for (_, grant), paths in zip(made, written, strict=True):
        say(f"{grant.holder}: wrote {paths[0]}")
    for one, why in left:
        say(f"{one.holder}: nothing new: {why}", "yellow")
    say(f"{len(made)} credentials are issued anew", "green")


def _owners(desk: Desk) -> dict[bytes, Person]:
    """Whose each credential is, by its id: by the holder's name, or the phone."""
    holders = {one.holder: one for one in desk.everybody}
    phones = {phone.key: one for one in desk.everybody for phone in one.phones}
    found = {}
    for one in issued.every(desk.register.connection):
        owner = holders.get(one.holder) or phones.get(one.phone)
        if owner is not None:
            found[one.cti] = owner
    return found


def _chosen(
    desk: Desk,
    owners: dict[bytes, Person],
    names: Sequence[str] | None,
    group: str | None,
) -> list[Issued]:
    """The credentials of these people and of this group; all, if neither is given."""
    everything = issued.every(desk.register.connection)
    if not names and group is None:
        return everything
    wanted = {desks.find(desk.everybody, name, gone=True).id for name in names or ()}
    if group is not None:
        number = _group(desk, group)
        wanted |= {one.id for one in desk.everybody if number in one.groups}
    return [one for one in everything if one.cti in owners and owners[one.cti].id in wanted]


def _group(desk: Desk, text: str) -> int:
    if text.isdecimal():
        policy_changes.require_group(desk.state, int(text))
        return int(text)
    name = groups.normal(text)
    numbers = {called: number for number, called in desk.called.items()}
    site_names.require_known(
        name, numbers, "group", "the register", "name one: holdfast people name-group"
    )
    return numbers[name]


def _by_id(desk: Desk, ids: Iterable[str]) -> list[Issued]:
    known = {one.cti.hex(): one for one in issued.every(desk.register.connection)}
    found = []
    for text in ids:
        if text.lower() not in known:
            raise UsageProblem(
                f"the register knows of no credential {text!r}",
                "see which there are: holdfast credential list; one from before the register is"
                " taken back by its file: holdfast policy revoke",
            )
        found.append(known[text.lower()])
    return found


def _last_of_each_phone(desk: Desk, chosen: Sequence[Issued]) -> list[Issued]:
    last: dict[tuple, Issued] = {}
    for one in chosen:  # in the order in which they were issued
        if one.cti in desk.state.revoked.entries or (one.terms and one.terms.guest):
            continue
        last[one.holder, one.phone, str(one.opens)] = one
    return list(last.values())


def _paid(chosen, owners, standing: dict[int, int], now: int):
    kept, left = [], []
    for one in chosen:
        owner = owners.get(one.cti)
        if owner is None or owner.id not in standing:
            left.append((one, "the table has nobody of that name"))
        elif standing[owner.id] <= now:
            left.append((one, "not paid for"))
        else:
            kept.append(one)
    return kept, left


def _still_here(chosen, owners, desk: Desk):
    kept, left = [], []
    for one in chosen:
        owner = owners.get(one.cti)
        lost = owner and {phone.key for phone in owner.phones if phone.lost is not None}
        if owner is not None and owner.removed is not None:
            left.append((one, f"{owner.called} was removed"))
        elif owner is not None and owner.suspended:
            left.append((one, f"{owner.called} is suspended"))
        elif lost and one.phone in lost:
            left.append((one, "the phone is lost"))
        elif owner is not None and owner.ends is not None and owner.ends <= desk.now:
            left.append((one, f"{owner.called}'s rights have ended"))
        else:
            kept.append(one)
    return kept, left


def _renewed(desk: Desk, one: Issued, owner: Person | None, expires: int) -> issuing.Grant:
    """What ``one`` said, for the same phone, until ``expires``."""
    terms = issued.require_ours(desk.seals, one)
    ends = expires if owner is None or owner.ends is None else min(expires, owner.ends)
    policy_changes.require_places(desk.state, [(kind, name) for kind, name, _ in one.opens])
    if terms.schedule is not None:
        policy_changes.require_schedules(desk.state, [terms.schedule])
    return issuing.Grant(
        site=desk.register.site.id,
        holder=one.holder,
        holder_key=keys.read_phone_key(one.phone),
        places=[(kind, name) for kind, name, _ in one.opens],
        issued_at=desk.now,
        not_before=desk.now,
        expires=ends,
        cti=os.urandom(8),
        permissions=one.opens[0][2],
        schedule=terms.schedule,
        user_verification=terms.user_verification,
        needs_clock=terms.needs_clock,
    )


def _noted(grant: issuing.Grant) -> Issued:
    opens = [[kind, name, grant.permissions] for kind, name in grant.places]
    terms = issued.Terms(grant.schedule, grant.user_verification, grant.needs_clock)
    phone = keys.describe(grant.holder_key)
    return Issued(
        grant.cti, grant.holder, phone, grant.issued_at, grant.expires, opens, terms
    )
