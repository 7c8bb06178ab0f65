"""A site goes on after an old copy of it was put back, or two copies of it signed apart.

What every door follows is heard first. If one of them has all that the copy lacks, the copy takes
it, and nothing is signed. Else one state is made of all branches (../policy/merge.py), and signed
under a number above all of theirs; doors on other branches take it as a snapshot.
"""

import dataclasses
from collections.abc import Callable, Sequence

from .. import locks
from ..errors import UsageProblem
from ..policy import branches, difference, merge, witness
from ..policy import history as policies
from ..policy.branches import Branch
from ..policy.chain import History
from ..policy.merge import Merged
from ..policy.witness import Head
from . import devices
from .keys import Keys
from .site import Site


@dataclasses.dataclass(frozen=True)
class Heard:
    """``node``, which decides at ``doors``, follows ``head``, as it said itself (None: it was not
    asked, and gave what it has); ``take()`` gives what it keeps of its policy, in order.
    """

    node: str
    doors: tuple[str, ...]
    head: Head | None
    take: Callable[[], Sequence[bytes]]


@dataclasses.dataclass(frozen=True)
class Plan:
    """What will be done. ``newer`` is taken over from ``source``, ``merged`` is what the
    ``others`` and this copy come to, None where they did not part; ``past`` is the highest number
    that was seen. ``missing`` are doors that were not heard, ``hidden`` what nodes say to follow
    and do not show, ``lost`` the changesets that were signed here and that nobody has.
    """

    history: History
    heard: tuple[str, ...]
    source: str | None
    newer: tuple[tuple[bytes, list[bytes] | None], ...]
    others: tuple[Branch, ...]
    merged: Merged | None
    past: int
    missing: tuple[str, ...]
    hidden: dict[str, tuple[int, int]]
    lost: tuple[int, int] | None

    @property
    def is_needed(self) -> bool:
        """Whether anything is to be taken or signed."""
        return bool(self.newer or self.merged is not None or self.past > self.history.number)

    @property
    def cut_off(self) -> tuple[str, ...]:
        """Who follows keys of the authority of which none is in force in this copy any more."""
        here = {key.x for key in self.history.anchors}
        return tuple(who for one in self.others if here.isdisjoint(_keys(one)) for who in one.who)


def plan(site: Site, heard: Sequence[Heard], without: Sequence[str], now: int) -> Plan:
    """What ``heard`` come to, ``without`` some doors or nodes. ``now``: seconds since 1970."""
    base = site.policy()
    settled = witness.load_settled(site.folder)
    mark = witness.load(base)
    unknown = [
        one
        for one in heard
        if one.head is None
        or one.head[0]
        and one.head not in settled
        and base.head_at(one.head[0]) != one.head[1]
    ]
    given = [(one, one.take()) for one in unknown]
    found = [branches.read(one.node, pieces, base) for one, pieces in given]
    following = max((one for one in found if one.newer), key=lambda one: one.number, default=None)
    if following is not None and following.chain is not None:
        base = following.chain
        found = [branches.read(one.node, pieces, base) for one, pieces in given]
    others = _apart(found, base, settled)
    merged = None
    if others:
        ours = branches.of_history(["this copy"], base)
        merged = merge.merged([ours, *others], now)
    lost = None
    if mark.signed is not None and not any(
        mark.signed in one.heads for one in [branches.of_history([], base), *others]
    ):
        lost = (min(base.number + 1, mark.signed[0]), mark.signed[0])
    numbers = [one.number for one in others] + ([] if lost is None else [lost[1]])
    return Plan(
        base,
        tuple(one.node for one in heard),
        None if following is None else following.who[0],
        () if following is None else following.newer,
        tuple(others),
        merged,
        max(numbers, default=0),
        _missing(site, [base.state, *(one.state for one in others)], heard, without),
        _hidden(given, found, without),
        lost,
    )


def carry_out(site: Site, plan: Plan, keys: Keys, now: int) -> History:
    """Do what is planned; the site's history then. Cut short anywhere, the same again ends it.

    Raises UsageProblem if the authority's key was replaced in another branch: who has followed
    that would not believe this copy, and must not have to.
    """
    known = {key.x for key in plan.history.every_key}
    for one in plan.others:
        if not known.issuperset(_keys(one)):
            raise UsageProblem(
                f"{', '.join(one.who)} follows a key of the authority that this copy has not",
                "restore the copy in which that key was replaced, and recover there",
            )
    authority = keys.believed_by_all() if plan.others else keys.authority
    if authority.public_key.x not in [key.x for key in plan.history.anchors]:
        authority = keys.authority  # what is taken over let go of the older one
    with locks.changing(site.folder):
        history = site.policy()
        first = plan.history.number - len(plan.newer)
        if (history.number, history.head) != (first, plan.history.head_at(first) or bytes(32)):
            raise UsageProblem("somebody else has changed the policy meanwhile", "run it again")
        if plan.newer:
            history = policies.follow(
                site.folder, site.id, site.first_key, plan.newer, plan.source or ""
            )
        if plan.merged is not None or plan.past > history.number:
            after = history.state if plan.merged is None else plan.merged.state
            said = difference.operations(history.state, after)
            history = policies.go_on(
                site.folder, site.id, site.first_key, authority, said, plan.past, now
            )
        _put_right(site, history)
        heads = [head for one in plan.others for head in one.heads]
        witness.recovered(site.folder, history, heads)
    return history


def _keys(branch: Branch) -> set[bytes | None]:
    """The authority's keys that who follows the ``branch`` believes: without a word of any, the
    site's first, which this copy has, too.
    """
    anchors = branch.chain.anchors if branch.chain is not None else ()
    return {key.x for key in anchors} or set(branch.state.anchors)


def _apart(found: Sequence[Branch], base: History, settled: set[Head]) -> list[Branch]:
    """Those that ``base`` does not have, none that is the beginning of another."""
    apart: list[Branch] = []
    for one in sorted(found, key=lambda one: -one.number):
        last = one.heads[-1]
        if last in settled or base.head_at(last[0]) == last[1]:
            continue
        same = next((other for other in apart if last in other.heads), None)
        if same is None:
            apart.append(one)
        else:
            longer = dataclasses.replace(same, who=(*same.who, *one.who))
            apart[apart.index(same)] = longer
    return apart


def _hidden(
    given: Sequence[tuple[Heard, Sequence[bytes]]], found: Sequence[Branch], without: Sequence[str]
) -> dict[str, tuple[int, int]]:
    """Who says to follow a changeset that it did not give: that one, and the last that it gave."""
    hidden = {}
    for (one, _), branch in zip(given, found, strict=True):
        is_let_go = one.node in without or (one.doors and set(one.doors) <= set(without))
        if one.head is not None and one.head != branch.heads[-1] and not is_let_go:
            hidden[one.node] = (one.head[0], branch.number)
    return hidden


def _missing(site: Site, states: Sequence, heard: Sequence[Heard], without: Sequence[str]):
    """The doors that nobody spoke for."""
    known = {*without, *(door for one in heard for door in one.doors)}
    nodes = {*without, *(one.node for one in heard)}
    wanted: dict[str, None] = {}
    deciding = [
        one
        for one in devices.load(site.folder)
        if not one.revoked and one.role != devices.CARRIER and one.id not in nodes
    ]
    for one in deciding:
        wanted.update(dict.fromkeys(one.doors))
    spoken = {
        door
        for one in devices.load(site.folder)
        if one.id in nodes or one.role == devices.CARRIER
        for door in one.doors
    }
    for state in states:
        wanted.update(dict.fromkeys(one for one in state.doors.values() if one not in spoken))
    return tuple(sorted(one for one in wanted if one not in known))


def _put_right(site: Site, history: History) -> None:
    """What follows from the policy, and an old copy does not have."""
    revoked = history.state.revoked.entries
    for one in devices.load(site.folder):
        if not one.revoked and one.ctis and one.ctis[-1] in revoked:
            devices.put(site.folder, dataclasses.replace(one, revoked=True))
    numbers = history.state.keys.numbers
    zones = {
        zone: max(number, numbers.get(zone, 0))
        for zone, number in {**dict.fromkeys(history.state.zones, 1), **site.zones}.items()
    }
    lookup = max(site.lookup_number, history.state.lookup)
    if (zones, lookup) != (site.zones, site.lookup_number):
        site.change(zones=zones, lookup_number=lookup)
