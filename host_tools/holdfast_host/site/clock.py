"""The host's clock, before it signs: held against when the site signed something before.

A laptop that is an hour ahead puts a wrong date into all that it signs, and nobody can take that
back. So whoever is about to sign asks here first. Two figures say what is unlikely: time does not
go back, and a site that changes every week is not left alone for months.

``clock.json`` in the site's folder: {"version": 1, "number": N, "signed": T}. At T something was
signed that is no changeset, such as a credential, while the policy was at number N. It holds
nothing once there is a later changeset.
"""

import dataclasses
import datetime
import json
from pathlib import Path

from .. import files
from ..credentials import lifetime
from ..errors import UsageProblem
from ..policy.history import History

FILE = "clock.json"
# Nobody runs this program before it was written. Raised with each release.
BUILT = int(datetime.datetime(2026, 11, 27, tzinfo=datetime.UTC).timestamp())
SKEW_S = 300  # what readers grant the authority's computers
USUAL_S = 14 * 86400  # a pause that a young site may make
MOST_S = 365 * 86400  # a pause that no site may make unasked
PAUSES = 3  # times the longest pause that there was
NOTED_S = 86400  # what is signed so soon after something else need not be noted

_VERSION = 1
_LIMIT = 1024
_IF_RIGHT = "set this computer's clock; if it is right, add --clock-is-right"


@dataclasses.dataclass(frozen=True)
class Before:
    """When the site signed something before, in seconds since 1970, and how long after that it may
    sign again unasked.
    """

    signed: int
    reach: int


def of(folder: Path, history: History) -> Before:
    """What is known of the site in ``folder`` with this policy, which is not empty."""
    kept = _kept(folder)
    signed = history.issued_at
    if kept is not None and kept[0] == history.number:
        signed = kept[1]
    return Before(signed, reach(history.issued))


def reach(issued: list[int]) -> int:
    """How many seconds after the last of these dates of changesets the next may be.

    That is three times the longest pause so far, 14 days at least and a year at most. A date that
    a later one takes back was of a wrong clock, and counts for nothing.
    """
    longest = 0
    follows = None
    for at in reversed(issued):
        if follows is not None and at > follows:
            continue
        longest = max(longest, (follows or at) - at)
        follows = at
    return min(max(USUAL_S, PAUSES * longest), MOST_S)


def require_built(now: int) -> None:
    """Refuse a clock that is before this program was written."""
    if now < BUILT:
        raise UsageProblem(
            f"this computer's clock says {lifetime.iso(now)}, and this program was made"
            f" {lifetime.iso(BUILT)}",
            _IF_RIGHT,
        )


def require_right(before: Before, now: int) -> None:
    """Refuse to sign at ``now``, in seconds since 1970, if that cannot well be the time."""
    require_built(now)
    off = now - before.signed
    said = f"this computer's clock says {lifetime.iso(now)}, and the site signed something"
    at = lifetime.iso(before.signed)
    if off < -SKEW_S:
        raise UsageProblem(
            f"{said} {_span(-off)} later than that, {at}: one of the two is wrong", _IF_RIGHT
        )
    if off > before.reach:
        raise UsageProblem(
            f"{said} {_span(off)} before that, {at}, and nothing since; it is used to pauses of"
            f" up to {_span(before.reach)}",
            _IF_RIGHT,
        )


def signed(folder: Path, number: int, now: int) -> None:
    """Note that at ``now`` something was signed while the policy was at this ``number``."""
    content = {"version": _VERSION, "number": number, "signed": now}
    files.write(folder / FILE, json.dumps(content).encode() + b"\n", files.PUBLIC)


def _kept(folder: Path) -> tuple[int, int] | None:
    path = folder / FILE
    if not path.exists():
        return None
    advice = f"remove {path}: the dates of the changesets do as well"
    data = files.read(path, _LIMIT, "date of the last signature", advice)
    try:
        content = json.loads(data)
        if not isinstance(content, dict) or content.get("version") != _VERSION:
            raise ValueError(f"it is of no version {_VERSION}")
        number, at = content.get("number"), content.get("signed")
        if type(number) is not int or type(at) is not int or not 0 <= at < 1 << 40:
            raise ValueError("it says no time")
    except (ValueError, RecursionError) as error:
        raise UsageProblem(f"{path} is damaged: {error}", advice) from error
    return number, at


def _span(seconds: int) -> str:
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{(seconds + unit // 2) // unit} {name}"
    return f"{seconds} seconds"
