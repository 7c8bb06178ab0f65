"""Who is in a group that is to be removed: told, and asked about, before they all stay outside."""

import sys

import typer

from ...errors import UsageProblem
from ...policy import changes as policy_changes
from ...register import place
from ...site.site import Site

_NAMED = 5


def ask(site: Site, number: int) -> None:
    """Go on if nobody is in group ``number``, or a person at the terminal says so."""
    state = site.policy().state
    policy_changes.require_group(state, number)
    keys = [key for key, groups in state.grants.items() if number in groups]
    if not keys:
        return
    what = "1 card or PIN is" if len(keys) == 1 else f"{len(keys)} cards and PINs are"
    told = f"{what} in group {number}, and would open nothing by it{_whose(site, keys)}"
    try:
        if sys.stdin.isatty() and typer.confirm(f"{told}. Remove it?", err=True):
            return
    except typer.Abort:
        pass
    raise UsageProblem(f"{told}; nothing was removed", "add --yes if that is meant")


def _whose(site: Site, keys: list[bytes]) -> str:
    if not place.exists(site.folder):
        return ""
    from ...register import opening, owners

    with opening.reading(site) as register:
        known = owners.of_cards(register.connection)
    found = (owners.now(known.get(key, [])) for key in keys)
    names = sorted({owner.name for owner in found if owner is not None})
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f": {', '.join(names[:_NAMED])}{more}"
