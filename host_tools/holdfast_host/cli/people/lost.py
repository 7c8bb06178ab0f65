"""``holdfast people phone-lost``: what it opens is revoked, a new one gets the same."""

import dataclasses
import os
from pathlib import Path
from typing import Annotated

import typer

from ...credentials import issuing, keys
from ...errors import UsageProblem
from ...people import signing
from ...people.signing import Desk
from ...register import issued, opening
from ...register.issued import Issued
from ...register.records import Person, Phone
from .. import handing
from ..output import AsJson, say
from ..passphrase import PassphraseFile
from . import desks
from .desks import Database, Folder, Name


def phone_lost(
    folder: Folder,
    name: Name,
    key: Annotated[
        str | None,
        typer.Option(metavar="FILE|HEX", help="The public key of the new phone: phone.pub."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where the new credential goes."),
    ] = None,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Revoke all that a person's phones open; with --key and --out a new phone gets the same.

    The new credential opens the same doors until the same day as the last one did. Cards and PINs
    are not touched.

    Example: holdfast people phone-lost acme Zoe --key new/phone.pub -o zoe.cwt
    """
    if (key is None) != (out is None):
        raise UsageProblem("a new phone takes --key and --out", "give both, or neither")
    new = None if key is None else keys.read_phone_key(key)
    if out is not None:
        handing.require(out, handing.Forms())
    with desks.changing(folder, db, passphrase_file) as desk:
        person = desks.find(desk.everybody, name)
        revoked = signing.living(desk, person)
        if revoked and new is not None:
            issued.require_ours(desk.seals, revoked[-1])
        if not revoked:
            raise UsageProblem(
                f"the register knows of no credential of {person.called}, holder {person.holder}",
                "if one was issued before there was a register: holdfast policy revoke FILE|ID; if"
                " this was cut short before: holdfast credential issue --person, for the new one",
            )
        described = None if new is None else keys.describe(new)
        # One that is known already, and opens nothing, is of this command, cut short before.
        phones = [
            one
            if one.lost is not None or one.key == described
            else dataclasses.replace(one, lost=desk.now)
            for one in person.phones
        ]
        if described is not None:
            is_lost = any(described == one.key and one.lost is not None for one in person.phones)
            if is_lost or any(described == one.phone for one in revoked):
                raise UsageProblem(
                    "that is the lost phone's key, or this was cut short before",
                    "have the new phone make its own; or holdfast credential issue --person",
                )
            if all(described != one.key for one in phones):
                phones.append(Phone(described, desk.now))
        after = dataclasses.replace(person, phones=tuple(phones))
        signed = signing.sign(desk, [after], revoked=revoked)
        if new is not None and out is not None:
            _issue(desk, person, new, revoked[-1], out)
    if not as_json:
        say(f"- {len(revoked)} credentials of {person.called} are revoked", "red")
    more = {"person": person.name, "revoked": [one.cti.hex() for one in revoked]}
    more["file"] = None if out is None else str(out)
    desks.report(desk, signed, f"{person.called}'s phone is lost", as_json, more)
    if out is not None and not as_json:
        say(f"wrote {out}, for the new phone")


def _issue(desk: Desk, person: Person, key, before: Issued, out: Path) -> None:
    """What ``before`` opened, by its terms, for another phone's ``key``."""
    site = desk.register.site
    terms = issued.require_ours(desk.seals, before)
    grant = issuing.Grant(
        site=site.id,
        holder=person.holder,
        holder_key=key,
        places=[(kind, place) for kind, place, _ in before.opens],
        issued_at=desk.now,
        not_before=desk.now,
        expires=before.expires,
        cti=os.urandom(8),
        permissions=before.opens[0][2],
        schedule=terms.schedule,
        user_verification=terms.user_verification,
        needs_clock=terms.needs_clock,
    )
    token = issuing.holder_credential(desk.keys.authority.signing_key, grant)
    phone = keys.describe(key)
    made = Issued(grant.cti, person.holder, phone, desk.now, before.expires, before.opens, terms)
    issued.note(desk.register.connection, desk.seals, made)
    opening.keep(desk.register)  # before anybody has it: what nobody noted cannot be revoked
    handing.write(site, desk.keys, token, out, handing.Forms(), desk.now)
