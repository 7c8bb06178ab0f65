"""What nodes say of themselves is kept in the register of people, where the site has one."""

from collections.abc import Sequence

from ..lan.look import Seen
from ..register import place
from ..site.site import Site


def note(site: Site, seen: Sequence[Seen]) -> None:
    """Keep at which changeset each of these nodes is, if it told."""
    if not seen or not place.exists(site.folder):
        return
    from ..register import heard, opening

    said = [
        heard.Heard(
            one.name,
            one.doors,
            None if one.status is None else one.status.number,
            None if one.status is None else one.status.head,
            int(one.asked_at),
        )
        for one in seen
    ]
    with opening.changing(site) as register:
        heard.note(register.connection, said)
