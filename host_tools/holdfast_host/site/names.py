"""Names that people type: one spelling each, none that misleads, and the nearest to a slip."""

import difflib
import unicodedata
from collections.abc import Iterable

from ..errors import UsageProblem

LONGEST = 64  # bytes of UTF-8; firmware/holdfast/access/names.py refuses longer ones


def normal(name: str, what: str) -> str:
    """The ``name`` of a ``what`` as it is kept and signed: in NFC, since boards compare bytes.

    Refuses what a board would refuse or a person could misread. Of two keyboards one types ``u``
    and two dots, the other one letter: to a board these are two doors.
    """
    normalized = composed(name)
    require_normal(normalized, what)
    return normalized


def composed(name: str) -> str:
    """``name`` in NFC: each letter one character, whichever keyboard wrote it."""
    return unicodedata.normalize("NFC", name)


def require_normal(name: str, what: str) -> None:
    """Refuse a name that is not just as it is kept: see ``normal``."""
    if not is_normal(name):
        raise UsageProblem(
            f"{name!r} cannot be a {what} id",
            f"use 1 to {LONGEST} letters, digits and signs, without spaces or slashes",
        )


def is_normal(name: object) -> bool:
    """Whether ``name`` is a name just as it is kept."""
    # It is a URI path segment and a word on a label: printable, no space, no slash. Not printable
    # is also what turns the direction of writing (U+200E, U+202A to U+202E, U+2066 to U+2069).
    return (
        isinstance(name, str)
        and 0 < len(name.encode(errors="replace")) <= LONGEST
        and name.isprintable()
        and not any(character.isspace() or character == "/" for character in name)
        and unicodedata.is_normalized("NFC", name)
    )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Which of the ``known`` names was perhaps meant."""
    names: dict[str, str] = {}
    for one in sorted(known):
        names.setdefault(_plain(one), one)
    found = difflib.get_close_matches(_plain(name), names, 1)
    return names[found[0]] if found else None


def require_known(name: str, known: Iterable[str], what: str, where: str, add: str) -> None:
    """Refuse a ``name`` that ``where`` does not have, with the nearest that it has.

    ``what`` is what the name is of, ``add`` how one is made, as "add it: COMMAND".
    """
    known = sorted(known)
    if name in known:
        return
    meant = nearest(name, known)
    if meant is not None:
        raise UsageProblem(
            f"{where} has no {what} {name!r}; the nearest is {meant!r}",
            f"check the name, or {add}",
        )
    listed = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    raise UsageProblem(
        f"{where} has no {what} {name!r} (it has: {listed or 'none yet'})",
        f"check the name, or {add}",
    )


def _plain(name: str) -> str:
    """Without case and accents: what is often wrong in a name that was typed."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
