"""What nodes say of themselves is kept in the register of people, where the site has one; and who
follows what this copy of the site does not have is kept for whoever is about to sign.
"""

from collections.abc import Mapping, Sequence

from ..lan.look import Seen
from ..policy import witness
from ..policy.chain import History
from ..register import place
from ..site.site import Site


def note(site: Site, seen: Sequence[Seen]) -> None:
    """Keep at which changeset each of these nodes is, if it told."""
    said = {one.name: (one.status.number, one.status.head) for one in seen if one.status}
    follow(site, site.policy(), said)
    if not seen or not place.exists(site.folder):
        return
    from ..register import heard, opening

    told = [
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
        heard.note(register.connection, told)


def follow(site: Site, history: History, said: Mapping[str, witness.Head]) -> None:
    """Keep who ``said`` to follow what this copy of the site, with this ``history``, lacks."""
    if said:
        witness.heard(site.folder, history, dict(said))
