"""``holdfast credential``: issue one or many, look at one."""

import enum
import functools
import operator
import os
import time
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import Credential
from holdfast.access.place import DOOR, ZONE
from holdfast.access.request import ADMINISTER, CARRY_EVENTS, HOLD_OPEN, LOCKDOWN_OVERRIDE, UNLOCK

from .. import files
from ..credentials import issuing, keys, lifetime, tokens
from ..credentials.dates import Dates
from ..credentials.tokens import Unverified
from ..errors import UsageProblem
from ..phone import webpage
from ..policy import changes as policy_changes
from ..policy.state import Place
from ..site import site as sites
from ..site.site import Site
from . import credential_many, handing, issued_notes, names, passphrase, receivers, signing
from .output import AsJson, say, say_json, say_table
from .passphrase import PassphraseFile
from .policy.access import place_facts, place_text, places

_VALID = "valid now"
_PERMISSIONS = {
    UNLOCK: "unlock",
    HOLD_OPEN: "hold open",
    LOCKDOWN_OVERRIDE: "override lockdown",
    CARRY_EVENTS: "carry events",
    ADMINISTER: "administer",
}


class May(enum.StrEnum):
    """Permissions besides unlocking, as they are given on the command line."""

    CARRY_EVENTS = "carry-events"
    ADMINISTER = "administer"
    OVERRIDE_LOCKDOWN = "override-lockdown"


_MAY = {
    May.CARRY_EVENTS: CARRY_EVENTS,
    May.ADMINISTER: ADMINISTER,
    May.OVERRIDE_LOCKDOWN: LOCKDOWN_OVERRIDE,
}

_KINDS = {DOOR: "door", ZONE: "zone"}
_KEY_KINDS = {0: "X25519, suite 0", 2: "x of P-256, suite 2"}

app = typer.Typer(help="Issue credentials, renew them and take them back.", no_args_is_help=True)


@app.command()
def issue(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The site's folder.")],
    holder: Annotated[
        str | None,
        typer.Option(metavar="ID", parser=names.HOLDER, help="Who gets it, as events will say."),
    ] = None,
    person: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="The same by a name of the register, for the phones known there; repeatable.",
        ),
    ] = None,
    group: credential_many.InGroup = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|HEX",
            help="The phone's public key: phone.pub, or hex (X25519; or P-256: 04, x, y).",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write the credential.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="DIR", help="For several: write HOLDER-KEY.cwt there.")
    ] = None,
    door: Annotated[
        list[str] | None,
        typer.Option(metavar="DOOR", parser=names.DOOR, help="A door it opens; repeatable."),
    ] = None,
    zone: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ZONE", parser=names.ZONE, help="A zone whose doors it opens; repeatable."
        ),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help=f"How long it holds (else {lifetime.HOLDER_DAYS}).")
    ] = None,
    hours: Annotated[int | None, typer.Option(min=1, help="How long it holds, in hours.")] = None,
    not_before: Annotated[
        str | None,
        typer.Option(metavar="DATE|TIME", help="When it begins (else now), by the site's clocks."),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            "--until",
            "--expires",
            metavar="DATE|TIME",
            help="When it ends, by the site's clocks; a date is through that day.",
        ),
    ] = None,
    guest: Annotated[
        bool,
        typer.Option("--guest", help="A guest token of one --zone, for at most 24 hours."),
    ] = False,
    user_verification: Annotated[
        bool, typer.Option("--user-verification", help="The phone must check who its user is.")
    ] = False,
    schedule: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", parser=names.SCHEDULE, help="Only in the hours of this schedule."
        ),
    ] = None,
    may: Annotated[
        list[May] | None,
        typer.Option(help="What the holder may do there besides opening; repeatable."),
    ] = None,
    needs_clock: Annotated[
        bool, typer.Option("--needs-clock", help="Only at readers that are sure of the time.")
    ] = False,
    as_file: handing.AsFile = False,
    as_qr: handing.AsQr = False,
    link: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the site's page is (phone page): a link to it."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Issue a credential: signs a token that says which doors a phone's key opens, and until when.

    Writes the token to FILE, and the site's signed list of revoked devices to FILE.devices. With
    --person it is for each phone that the register knows of them (or --key), and not past the day
    that their rights end; with --group for everybody in it. With --guest it is authenticated by
    the zone's key instead of the authority's; with --door besides, it opens only these doors of
    the zone. With --link there is a link besides, which brings both to the page that made the key;
    for any other phone it is worth nothing.
    """
    if link is not None:
        webpage.require_address(link)
    if guest and may:
        raise UsageProblem(
            "a guest may open doors and nothing else", "leave out --may, or --guest"
        )
    many = bool(person) or group is not None
    if (holder is not None) == many or (holder is not None and key is None):
        raise UsageProblem(
            "it is not said who gets it", "give --holder ID and --key FILE, or --person NAME"
        )
    if group is not None and (key is not None or into is None):
        raise UsageProblem("a group may be many phones", "give --into DIR, and no --key")
    if (out is None) == (into is None):
        raise UsageProblem("one place is needed to write to", "give --out FILE, or --into DIR")
    forms = handing.Forms(as_file, as_qr)
    if out is not None:
        handing.require(out, forms)
    site = sites.load(folder)
    doors, zones = door or [], zone or []
    now = signing.now(site)
    state = site.policy().state
    dates = Dates(state.time_zone)
    valid = lifetime.decide(
        now,
        guest=guest,
        days=days,
        hours=hours,
        not_before=not_before,
        expires=expires,
        dates=dates,
    )
    if schedule is not None:
        policy_changes.require_schedules(state, [schedule])
    where = _places(site, doors, zones, guest)
    permissions = functools.reduce(operator.or_, (_MAY[one] for one in may or []), UNLOCK)
    given = None if key is None else keys.read_phone_key(key)
    opened = signing.unlocked(site, passphrase_file)
    left_out: dict[str, str] = {}
    if holder is not None and given is not None:
        whom = [receivers.Receiver(holder, given)]
    else:
        whom, left_out = receivers.of(site, opened, person or [], group, given, now)
    if out is not None and len(whom) > 1:
        raise UsageProblem(f"these are {len(whom)} credentials", "give --into DIR, not --out")
    paths = [out or receivers.path_in(into or Path(), one) for one in whom]
    for path in paths:
        handing.require(path, forms)
    if into is not None:
        files.make_folder(into)
    facts = []
    for one, path in zip(whom, paths, strict=True):
        grant = issuing.Grant(
            site=site.id,
            holder=one.holder,
            holder_key=one.key,
            places=where,
            issued_at=now,
            not_before=valid.not_before,
            expires=valid.expires if one.ends is None else min(valid.expires, one.ends),
            cti=os.urandom(8),
            user_verification=user_verification,
            schedule=schedule,
            needs_clock=needs_clock,
            permissions=permissions,
        )
        if guest:
            token = issuing.guest_token(site.zone_key(opened.secret, zones[0]), zones[0], grant)
        else:
            token = issuing.holder_credential(opened.authority.signing_key, grant)
        with files.locked(folder):
            # Before anybody has it: what nobody noted nobody can revoke.
            issued_notes.note(site, opened.secret, grant, guest=guest)
            written = handing.write(site, opened, token, path, forms, now)
        shown = tokens.read(token, str(path))
        to_page = None if link is None else webpage.link(link, token, written[1].read_bytes())
        if as_json:
            beside = {"file": str(path), "devices_file": str(written[1])}
            more: dict[str, object] = {"files": [str(one) for one in written]}
            if to_page is not None:
                more["link"] = to_page
            facts.append({**beside, **more, "bytes": len(token), **_describe(shown, now)})
        elif len(whom) > 1:
            say(f"{one.holder}: wrote {path}, {dates.end_text(grant.expires)}")
        else:
            _show(shown, now, dates)
            say(f"wrote {path}, {len(token)} bytes")
            listed = ", ".join(str(one) for one in written[2:])
            say(
                f"wrote {written[1]}, the list of revoked devices: give the phone both files"
                + (f"; or all in one: {listed}" if listed else "")
            )
        if to_page is not None and not as_json:
            say(to_page)
    if as_json:
        say_json(facts[0] if into is None else {"credentials": facts, "left_out": left_out})
    else:
        for called, why in left_out.items():
            say(f"{called}: nothing issued: {why}", "yellow")


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A credential.")],
    site: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The site to check the signature with.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what a credential says, whether it holds now, and whether the site made it.

    Without --site nothing is verified. A guest token can only be verified with the passphrase of
    the authority's key, in --passphrase-file or the environment. Fails if the site did not make
    it.
    """
    data = files.read(file, tokens.LIMIT, "credential", "give the file of a credential")
    shown = tokens.read(data, str(file))
    now = int(time.time())
    verified, how = _verify(shown, site, passphrase_file)
    if as_json:
        say_json({**_describe(shown, now), "verified": verified, "verification": how})
    else:
        dates = None if site is None else Dates(sites.load(site).policy().state.time_zone)
        _show(shown, now, dates)
        say(f"{'verified' if verified else 'NOT verified'}: {how}", "green" if verified else "red")
    if verified is False:
        raise UsageProblem(f"{file} is not a credential of this site", "do not use it")


def _places(site: Site, doors: list[str], zones: list[str], guest: bool) -> list[Place]:
    policy_changes.require_places(site.policy().state, places(doors, zones))
    if guest and len(zones) != 1:
        raise UsageProblem(
            f"a guest token is for one zone, and {len(zones)} are given", "give one --zone"
        )
    where = places(doors, [] if guest and doors else zones)
    if not where:
        raise UsageProblem("the credential would open nothing", "give --door or --zone")
    return where


def _verify(
    shown: Unverified, folder: Path | None, passphrase_file: Path | None
) -> tuple[bool | None, str]:
    """(yes, no or None for unknown, and why) on who made a credential."""
    if folder is None:
        return None, "nobody has checked who made it; give --site DIR"
    site = sites.load(folder)
    if shown.site != site.id:
        return False, f"it is of site {shown.site!r}, not {site.id}"
    if shown.credential.guest:
        zone = shown.credential.audience
        if zone not in site.zones:
            return False, f"it is for the zone {zone!r}, which site {site.id} does not have"
        secret = passphrase.given(passphrase_file)
        if secret is None:
            return None, "a guest token is checked with the passphrase: give --passphrase-file"
        key = site.zone_key(site.unlock(secret).secret, zone)
        if not shown.is_made_by(key):
            return False, "it was altered, or somebody else made it"
        return True, f"site {site.id} made it"
    if not any(map(shown.is_made_by, site.authority_keys)):
        if any(map(shown.is_made_by, site.policy().every_key)):
            return False, "the authority's key that made it was replaced: issue it anew"
        return False, "it was altered, or somebody else made it"
    return True, f"site {site.id} made it"


def _describe(shown: Unverified, now: int) -> dict[str, object]:
    credential = shown.credential
    return {
        "kind": "guest" if credential.guest else "signed",
        "site": shown.site,
        "holder": credential.holder,
        "audience": credential.audience,
        "opens": [
            {**place_facts(kind, name), "permissions": bits}
            for kind, name, bits in credential.scope
        ],
        "not_before": credential.not_before,
        "expires": credential.expires,
        "issued_at": credential.issued_at,
        "id": credential.cti.hex(),
        "phone_key": keys.describe(shown.key),
        "suite": shown.suite,
        "user_verification": credential.needs_user_verification,
        "valid_now": _validity(credential, now) == _VALID,
    }


def _show(shown: Unverified, now: int, dates: Dates | None) -> None:
    credential = shown.credential
    opens = [
        f"{place_text(kind, name)} ({_permissions(bits)})" for kind, name, bits in credential.scope
    ]
    rows = {
        "kind": "guest token" if credential.guest else "signed credential",
        "site": shown.site,
        "holder": credential.holder,
        "for": credential.audience,
        "opens": ", ".join(opens),
        "from": _time(credential.not_before, dates),
        "holds": dates.end_text(credential.expires) if dates else _until(credential),
        "issued": _time(credential.issued_at, dates),
        "id": credential.cti.hex(),
        "phone's key": f"{keys.describe(shown.key)} ({_KEY_KINDS[shown.suite]})",
        "user verification": "needed" if credential.needs_user_verification else "not needed",
    }
    say_table(rows)
    validity = _validity(credential, now)
    say(validity, "green" if validity == _VALID else "red")


def _time(seconds: int | None, dates: Dates | None) -> str:
    if seconds is None:
        return "not said"
    return lifetime.iso(seconds) if dates is None else dates.text(seconds)


def _until(credential: Credential) -> str:
    return f"until {lifetime.iso(credential.expires)}"


def _validity(credential: Credential, now: int) -> str:
    if now >= credential.expires:
        return f"expired {lifetime.iso(credential.expires)}"
    if credential.not_before is not None and now < credential.not_before:
        return f"not valid before {lifetime.iso(credential.not_before)}"
    return _VALID


def _permissions(bits: int) -> str:
    names = [name for bit, name in _PERMISSIONS.items() if bits & bit]
    unknown = bits & ~sum(_PERMISSIONS)
    return ", ".join([*names, *([f"unknown {unknown:#x}"] if unknown else [])])


app.command("list")(credential_many.listed)
app.command()(credential_many.renew)
app.command()(credential_many.revoke)
