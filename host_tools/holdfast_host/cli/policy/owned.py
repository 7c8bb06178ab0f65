"""Cards and PINs that people have are changed with the people, or the register would be wrong."""

from collections.abc import Iterable

from ...errors import UsageProblem
from ...register import place
from ...site.site import Site


def require_nobodys(site: Site, keys: Iterable[bytes]) -> None:
    """Refuse the cards and PINs with these ``keys`` that a person in the register has."""
    if not place.exists(site.folder):
        return
    from ...register import opening, owners

    with opening.reading(site) as register:
        known = owners.of_cards(register.connection)
    for key in keys:
        owner = owners.now(known.get(key, []))
        if owner is not None:
            raise UsageProblem(
                f"this card or PIN is {owner.name}'s, and what people have is in the register",
                f"holdfast people import {site.folder} LIST, or suspend or remove {owner.name!r}"
                " there",
            )
