"""What a node says of itself to who may ask: for the list of nodes, and for the doctor."""

import dataclasses
import ipaddress
from collections.abc import Callable, Sequence
from typing import TypeVar

import crypto
from holdfast.access import tag
from holdfast.access.events.batch import Batch

from ..errors import LinkClosed, UsageProblem
from ..events.files import Known as Checked
from ..phone.carrier import Carrier, Refused
from ..phone.client import Impostor, Rejected
from ..phone.clock import Shown
from ..phone.status import Status
from ..policy.history import History
from ..site.devices import Device
from .hearing import Heard
from .link import NobodyListens, NoCoap, Silent
from .places import Place
from .visit import Met

_Said = TypeVar("_Said")

TRUSTED = ("rtc", "peer", "authority")  # sources of a time

# What is known of a node's policy, beside the site's.
SAME, BEHIND, AHEAD, FORKED, UNKNOWN = "same", "behind", "ahead", "forked", "unknown"


@dataclasses.dataclass(frozen=True)
class Waiting:
    """``count`` events of a node wait to come home, None if nobody can tell; ``last`` is its last
    event's number. ``is_other_log``: it is of no chain that was checked at home.
    """

    count: int | None
    last: int
    is_other_log: bool = False


@dataclasses.dataclass(frozen=True)
class Seen:
    """A node that has proven to be ``name``, at ``place``, with a certificate until ``expires``.

    ``asked_at`` is the time of this computer in the middle of the question for its ``clock``,
    ``half_way_s`` by how much that may be off. ``status`` and ``waiting`` are None where it does
    not tell this credential. ``left`` is how many events of the place where its board was before
    wait to come home.
    """

    name: str
    place: Place
    doors: tuple[str, ...]
    expires: int
    clock: Shown
    asked_at: float
    half_way_s: float
    status: Status | None = None
    waiting: Waiting | None = None
    left: int = 0


@dataclasses.dataclass(frozen=True)
class Missed:
    """Whoever is at ``place``, where ``name`` was expected, was not met: ``kind`` says how."""

    name: str
    place: Place
    kind: str
    problem: UsageProblem


SILENT, NOBODY, NO_NODE, IMPOSTOR, REFUSED, FAILED = (
    "silent",
    "nobody listens",
    "no node",
    "not believed",
    "refused",
    "failed",
)
_KINDS = (
    (NobodyListens, NOBODY),
    (NoCoap, NO_NODE),
    (Silent, SILENT),
    (Impostor, IMPOSTOR),
    (Rejected, REFUSED),
    (LinkClosed, SILENT),
)


def missed(name: str, place: Place, problem: UsageProblem) -> Missed:
    """It by the kind of its problem."""
    kind = next((kind for one, kind in _KINDS if isinstance(problem, one)), FAILED)
    return Missed(name, place, kind, problem)


def standing(seen: Seen, history: History) -> tuple[str, int]:
    """How the policy of a node stands to the site's ``history``, and by how many changesets."""
    return (UNKNOWN, 0) if seen.status is None else stands(seen.status, history)


def stands(said: Status, history: History) -> tuple[str, int]:
    """The same of what a node ``said``."""
    number, head = said.number, said.head
    known = history.changesets
    if number > len(known):
        return AHEAD, number - len(known)
    if number and crypto.sha256(known[number - 1]) != head:
        return FORKED, 0
    behind = len(known) - number
    return (BEHIND, behind) if behind else (SAME, 0)


def at(met: Met, place: Place, checked: Sequence[Checked]) -> Seen:
    """What the node ``met`` tells; ``checked`` says how far those of the site are at home."""
    return Seen(
        met.name,
        place,
        met.partner.doors,
        met.partner.expires,
        met.clock,
        met.asked_at,
        met.half_way_s,
        _asked(met.carrier.status),
        _asked(lambda: waiting(met.carrier.log(), met.name, checked)),
        _asked(lambda: _left(met.carrier, checked)) or 0,
    )


def _left(carrier: Carrier, checked: Sequence[Checked]) -> int:
    carrier.turn_to_left()
    try:
        log = carrier.log()
    finally:
        carrier.turn_to_left(False)
    at_home = [
        one.checked.head_number
        for one in checked
        if one.checked is not None and one.checked.root == log.root[1]
    ]
    return max(0, log.head[0] - max(at_home, default=-1))


def _asked(ask: Callable[[], _Said]) -> _Said | None:
    """What ``ask`` gives, None where the node does not tell this credential."""
    try:
        return ask()
    except Refused:
        return None


def waiting(log: Batch, name: str, checked: Sequence[Checked]) -> Waiting:
    """How many events wait at the node with this ``log``, which has none in it itself."""
    last = log.head[0]
    own = [one.checked for one in checked if one.node == name and one.checked is not None]
    for one in own:
        if one.root == log.root[1]:
            return Waiting(max(0, last - one.head_number), last)
    return Waiting(last + 1 if not own else None, last, bool(own))


def named(heard: Sequence[Heard], devices: Sequence[Device]) -> dict[Place, str]:
    """Whom of the register each hint names."""
    names = {tag.name_tag(one.id): one.id for one in devices}
    return {one.place: names[one.tag] for one in heard if one.tag in names}


def own_network(seen: Seen) -> ipaddress.IPv4Interface | None:
    """Address and mask as the node has them itself; None where it does not tell both, or they are
    none.
    """
    said = own_text(seen)
    try:
        return ipaddress.IPv4Interface(said) if "/" in said else None
    except ValueError:
        return None


def own_address(seen: Seen) -> ipaddress.IPv4Address | None:
    """The address that the node has itself, None where it does not tell."""
    try:
        return ipaddress.IPv4Address(own_text(seen).partition("/")[0])
    except ValueError:
        return None


def own_text(seen: Seen) -> str:
    """What the node tells of it, in its words; nothing where it does not tell."""
    return "" if seen.status is None else str(seen.status.said.get("network", ""))


def address(place: Place) -> ipaddress.IPv4Address | None:
    """The IPv4 address of a place, if it is one."""
    try:
        return ipaddress.IPv4Address(place.host)
    except ValueError:
        return None
