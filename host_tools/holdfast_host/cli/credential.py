"""``holdfast credential``: issue one, look at one."""

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from cose import VerificationError, cwt
from holdfast.access.credential import MAX_SCOPE_ENTRIES, USER_VERIFICATION, parse_scope
from holdfast.access.request import (
    ADMINISTER,
    CARRY_EVENTS,
    HOLD_OPEN,
    LOCKDOWN_OVERRIDE,
    UNLOCK,
)
from untrusted import InvalidInput

from .. import files, issuing, keys, lifetime
from .. import site as sites
from ..errors import UsageProblem
from ..site import Site
from ..wallet import TOKEN_LIMIT, parse_token
from . import passphrase
from .output import AsJson, progress, say, say_json, say_table
from .passphrase import PassphraseFile

_VALID = "valid now"
_PERMISSIONS = {
    UNLOCK: "unlock",
    HOLD_OPEN: "hold open",
    LOCKDOWN_OVERRIDE: "override lockdown",
    CARRY_EVENTS: "carry events",
    ADMINISTER: "administer",
}

app = typer.Typer(help="Issue credentials, and look at them.", no_args_is_help=True)


@app.command()
def issue(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The site's folder.")],
    holder: Annotated[str, typer.Option(metavar="ID", help="Who gets it, as events will say.")],
    key: Annotated[
        str, typer.Option(metavar="FILE|HEX", help="The phone's public key: phone.pub, or hex.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the credential.")],
    door: Annotated[
        list[str] | None, typer.Option(metavar="DOOR", help="A door it opens; repeatable.")
    ] = None,
    zone: Annotated[
        list[str] | None,
        typer.Option(metavar="ZONE", help="A zone whose doors it opens; repeatable."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help=f"How long it holds (else {lifetime.HOLDER_DAYS}).")
    ] = None,
    hours: Annotated[int | None, typer.Option(min=1, help="How long it holds, in hours.")] = None,
    not_before: Annotated[
        str | None, typer.Option(metavar="ISO", help="When it begins (else now).")
    ] = None,
    expires: Annotated[str | None, typer.Option(metavar="ISO", help="When it ends.")] = None,
    guest: Annotated[
        bool,
        typer.Option("--guest", help="A guest token of one --zone, for at most 24 hours."),
    ] = False,
    user_verification: Annotated[
        bool, typer.Option("--user-verification", help="The phone must check who its user is.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Issue a credential: signs a token that says which doors a phone's key opens, and until when.

    Writes the token to FILE. With --guest it is authenticated by the zone's key instead of the
    authority's; with --door besides, it opens only these doors of the zone.
    """
    site = sites.load(folder)
    doors, zones = door or [], zone or []
    now = int(time.time())
    valid = lifetime.decide(
        now, guest=guest, days=days, hours=hours, not_before=not_before, expires=expires
    )
    sites.check_id(holder, "holder")
    grant = issuing.Grant(
        site=site.id,
        holder=holder,
        holder_key=keys.read_phone_key(key),
        places=_places(site, doors, zones, guest),
        issued_at=now,
        not_before=valid.not_before,
        expires=valid.expires,
        cti=os.urandom(8),
        user_verification=user_verification,
    )
    secret = passphrase.existing(passphrase_file)
    with progress("Opening the authority's key"):
        authority = site.unlock(secret)
    try:
        if guest:
            token = issuing.guest_token(site.zone_key(authority, zones[0]), zones[0], grant)
        else:
            token = issuing.holder_credential(authority.signing_key, grant)
    except InvalidInput as error:
        raise _too_large() from error
    if len(token) > TOKEN_LIMIT:
        raise _too_large()
    files.write(out, token, files.PRIVATE)
    if as_json:
        say_json({"file": str(out), "bytes": len(token), **_describe(cwt.parse(token), now)})
    else:
        say(f"wrote {out}, {len(token)} bytes")
        _show_claims(cwt.parse(token), now)


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
    data = files.read(file, cwt.MAX_BYTES, "credential", "give the file of a credential")
    token = parse_token(data, str(file))
    now = int(time.time())
    verified, how = _verify(token, site, passphrase_file)
    if as_json:
        say_json({**_describe(token, now), "verified": verified, "verification": how})
    else:
        _show_claims(token, now)
        say(f"{'verified' if verified else 'NOT verified'}: {how}", "green" if verified else "red")
    if verified is False:
        raise UsageProblem(f"{file} is not a credential of this site", "do not use it")


def _places(site: Site, doors: list[str], zones: list[str], guest: bool) -> list[str]:
    site.require_doors(doors)
    site.require_zones(zones)
    if guest and len(zones) != 1:
        raise UsageProblem(
            f"a guest token is for one zone, and {len(zones)} are given", "give one --zone"
        )
    places = list(dict.fromkeys(doors if guest and doors else [*doors, *zones]))
    if not places:
        raise UsageProblem("the credential would open nothing", "give --door or --zone")
    if len(places) > MAX_SCOPE_ENTRIES:
        raise _too_large()
    return places


def _too_large() -> UsageProblem:
    return UsageProblem(
        "the credential names more, or longer, doors and zones than a reader takes",
        "put the doors in a zone and name that",
    )


def _verify(token: cwt.Token, folder: Path | None, file: Path | None) -> tuple[bool | None, str]:
    """(yes, no or None for unknown, and why) on who made ``token``."""
    if folder is None:
        return None, "nobody has checked who made it; give --site DIR"
    site = sites.load(folder)
    if token.issuer != site.id:
        return False, f"it is of site {token.issuer!r}, not {site.id}"
    key = site.authority_key
    if token.kind == cwt.MACED:
        zone = token.claims.aud
        secret = passphrase.given(file)
        if zone not in site.zones:
            return False, "it is for a zone that the site does not have"
        if secret is None:
            return None, "a guest token is checked with the passphrase: give --passphrase-file"
        key = site.zone_key(site.unlock(secret), zone)
    try:
        token.verify(key)
    except VerificationError:
        return False, "it was altered, or somebody else made it"
    except InvalidInput as error:
        return False, str(error)
    return True, f"made by site {site.id}"


def _describe(token: cwt.Token, now: int) -> dict[str, object]:
    claims = token.claims
    return {
        "kind": "guest" if token.kind == cwt.MACED else "signed",
        "site": claims.iss,
        "holder": claims.sub,
        "audience": claims.aud,
        "opens": parse_scope(claims.scope),
        "not_before": claims.nbf,
        "expires": claims.exp,
        "issued_at": claims.iat,
        "id": claims.cti.hex(),
        "phone_key": claims.cnf.x.hex(),
        "user_verification": claims.other.get(USER_VERIFICATION, False) is not False,
        "valid_now": _validity(claims, now) == _VALID,
    }


def _show_claims(token: cwt.Token, now: int) -> None:
    claims = token.claims
    scope = parse_scope(claims.scope)
    opens = [f"{place} ({_permissions(bits)})" for place, bits in scope.items()]
    validity = _validity(claims, now)
    rows = {
        "kind": "guest token" if token.kind == cwt.MACED else "signed credential",
        "site": claims.iss,
        "holder": claims.sub,
        "for": claims.aud,
        "opens": ", ".join(opens),
        "from": "its issue" if claims.nbf is None else lifetime.iso(claims.nbf),
        "until": lifetime.iso(claims.exp),
        "issued": "not said" if claims.iat is None else lifetime.iso(claims.iat),
        "id": claims.cti.hex(),
        "phone's key": claims.cnf.x.hex(),
        "user verification": "needed" if claims.other.get(USER_VERIFICATION) else "not needed",
    }
    say_table(rows)
    say(validity, "green" if validity == _VALID else "red")


def _validity(claims: cwt.Claims, now: int) -> str:
    if now >= claims.exp:
        return f"expired {lifetime.iso(claims.exp)}"
    if claims.nbf is not None and now < claims.nbf:
        return f"not valid before {lifetime.iso(claims.nbf)}"
    return _VALID


def _permissions(bits: int) -> str:
    names = [name for bit, name in _PERMISSIONS.items() if bits & bit]
    unknown = bits & ~sum(_PERMISSIONS)
    return ", ".join([*names, *([f"unknown {unknown:#x}"] if unknown else [])])
