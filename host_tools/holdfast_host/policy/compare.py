"""A reader's policy held against the site's: by number and head, and what to do if they differ."""

from collections.abc import Mapping

import crypto

from ..errors import UsageProblem
from .history import History

_RECOVER = (
    "holdfast site recover SITE (it hears what the doors follow, and goes on from that), then"
    " holdfast policy export SITE --snapshot -o FILE, and carry that FILE"
)


def forked(number: int) -> UsageProblem:
    """The reader follows another changeset of this ``number``."""
    return UsageProblem(
        f"the reader's changeset {number} is another one: it was made by another copy of this"
        " site",
        _RECOVER,
    )


def ahead(number: int, last: int, what: str) -> UsageProblem:
    """The reader is at changeset ``number``; ``what`` has none after ``last``."""
    return UsageProblem(
        f"the reader knows changeset {number}, {what} has {last}: was it restored from a backup?",
        "if the site has newer changesets, export those; else restore its newest backup; where"
        f" there is none: {_RECOVER}",
    )


def missing(wanted: int, first: int) -> UsageProblem:
    """The reader wants changeset ``wanted``, and what there is begins with ``first``."""
    return UsageProblem(
        f"the reader wants changeset {wanted} first, and the file begins with {first}",
        f"holdfast policy export SITE --after {wanted - 1} -o FILE, and carry that FILE",
    )


def same_policy(ready_event: Mapping[str, object], history: History) -> UsageProblem | None:
    """Why a reader that says ``ready_event`` at its start does not follow just this policy.

    None if it does.
    """
    said = ready_event.get("policy")
    if not isinstance(said, list) or len(said) != 2:
        return _silent()
    number, text = said
    if type(number) is not int or not isinstance(text, str):
        return _silent()
    known = history.changesets
    if number > len(known):
        return ahead(number, len(known), "this site")
    if number > 0 and crypto.sha256(known[number - 1]).hex() != text:
        return forked(number)
    if number < len(known):
        return UsageProblem(
            f"the reader follows changeset {number}, and the site has {len(known)}: it did not"
            " take them all",
            "see what it says: holdfast reader run",
        )
    return None


def _silent() -> UsageProblem:
    return UsageProblem(
        "the reader does not say which policy it follows", "give it the present firmware"
    )
