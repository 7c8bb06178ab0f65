"""What is issued is kept in the register of people, where the site has one."""

from ..credentials import issuing, keys
from ..credentials.secret import Secret
from ..register import place
from ..site.site import Site


def note(site: Site, secret: Secret, grant: issuing.Grant, *, guest: bool) -> None:
    """Keep what was issued, and for which phone: so that it can be revoked without its file."""
    if not place.exists(site.folder):
        return
    from ..register import issued, opening
    from ..register.sealing import Seals

    opens = [[kind, name, grant.permissions] for kind, name in grant.places]
    made = issued.Issued(
        grant.cti,
        grant.holder,
        keys.describe(grant.holder_key),
        grant.issued_at,
        grant.expires,
        opens,
        issued.Terms(grant.schedule, grant.user_verification, grant.needs_clock, guest),
    )
    with opening.changing(site) as register:
        issued.note(register.connection, Seals(secret), made)
