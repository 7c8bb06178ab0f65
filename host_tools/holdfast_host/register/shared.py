"""Where offices share a register, one of them at a time signs for the site: it begins with what
the others signed, and ends with their having what it signed.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from . import place


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Have the database of the site in ``folder`` alone, if it has one that is shared; whoever has
    its register open has it already. Costs no library where it is not.
    """
    if not place.is_shared(folder):
        yield
        return
    from ..site import site as sites
    from . import mirror, opening, versions

    if opening.is_open(folder):
        yield
        return
    with opening.changing(sites.load(folder)) as register:
        versions.agree(register)
        opening.keep(register)
        try:
            yield
        finally:  # what is signed is signed
            history = sites.load(folder).policy()
            versions.note(register, history)
            mirror.renew(register, history)
            opening.keep(register)


def catch_up(folder: Path) -> None:
    """Have what others signed in ``folder``, before anything is asked of it."""
    from .. import locks

    if place.is_shared(folder):
        with locks.signing(folder):
            pass
