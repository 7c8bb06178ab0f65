"""Copies of a site's policy that went different ways: what each came to, by what doors keep.

Nothing is believed that the authority did not sign. A branch is known from where it left the
copy in hand, or from a snapshot on, or, where neither is kept, only from some changeset on: then
what was taken back before that nobody can tell, and it counts as all of it.
"""

import copy
import dataclasses
from collections.abc import Iterable, Sequence

from cose import CRV_ED25519, Key
from holdfast.access.place import DOOR
from holdfast.access.policy import changeset, draft, snapshot
from holdfast.access.policy import operations as ops
from holdfast.access.policy.rules import SiteRules
from untrusted import InvalidInput

from ..errors import UsageProblem
from .chain import History
from .state import Grant, State, numbers
from .witness import Head

Pairs = dict[tuple[bytes, int], Grant]  # what each card or PIN has of each group


@dataclasses.dataclass(frozen=True)
class Branch:
    """What ``who`` follows: it ends at ``heads[-1]`` in this ``state``. ``chain`` has all of it
    where that is known, ``newer`` what follows the copy in hand, if all of that does. ``unknown``
    are the first and last changeset of what nobody keeps, if there is such a gap.
    """

    who: tuple[str, ...]
    state: State
    heads: tuple[Head, ...]
    chain: History | None = None
    newer: tuple[tuple[bytes, list[bytes] | None], ...] = ()
    unknown: tuple[int, int] | None = None

    @property
    def number(self) -> int:
        """The number of its last changeset."""
        return self.heads[-1][0]


def pairs(state: State) -> Pairs:
    """All that is granted in the ``state``."""
    return {
        (key, group): one for key, groups in state.grants.items() for group, one in groups.items()
    }


def of_history(who: Sequence[str], history: History) -> Branch:
    """The copy in hand as a branch."""
    heads = tuple(
        (number, history.head_at(number) or b"") for number in range(1, history.number + 1)
    )
    return Branch(tuple(who), history.state, heads, history)


def read(who: str, pieces: Sequence[bytes], history: History) -> Branch:
    """What ``who`` gave, held against the copy in hand, ``history``.

    Raises UsageProblem if the site's authority did not sign it, or it cannot be followed.
    """
    try:
        return _read(who, pieces, history)
    except InvalidInput as error:
        raise UsageProblem(
            f"what {who} gave is no policy of {history.site}: {error}",
            f"ask it again; if it stays so, look at that board, and: --without {who}",
        ) from error


def until(history: History, number: int) -> History:
    """The same up to its changeset of that ``number``."""
    made = History(history.site, history.every_key[0])
    for at, raw in enumerate(history.changesets[:number], 1):
        made.apply(raw, history.turns.get(at))
    return made


def parting(one: Branch, other: Branch) -> int | None:
    """The number of the last changeset that both have followed; None if nobody can tell."""
    if one.chain is None and other.chain is None:
        return None
    both = {number for number, _ in set(one.heads) & set(other.heads)}
    if not both:
        # Two whole chains may have nothing in common but the site's first key.
        return 0 if one.chain is not None and other.chain is not None else None
    return max(both)


def _read(who: str, pieces: Sequence[bytes], history: History) -> Branch:
    head, parts, raws = _sorted(pieces)
    made = [changeset.parse(raw) for raw in raws]
    link = _link(made, history)
    if link is not None:
        chain = until(history, link)
        newer = [one for one in made if one.number > link]
        for one in newer:
            pieces_of = [head.raw, *parts] if head and _stands_at(head, one) else None
            chain.apply(one.raw, pieces_of)
        follows = link == history.number
        taken = [(one.raw, chain.turns.get(one.number)) for one in newer] if follows else []
        branch = of_history([who], chain)
        return dataclasses.replace(branch, newer=tuple(taken))
    if head is not None:
        return _from_snapshot(who, head, parts, made, history)
    return _from_remains(who, made, history)


def _sorted(pieces: Sequence[bytes]):
    """The snapshot's head and parts, if there is one, and the changesets."""
    if not pieces:
        raise InvalidInput("it is empty")
    try:
        head = snapshot.parse(pieces[0])
    except InvalidInput:
        return None, [], list(pieces)
    parts = list(pieces[1 : 1 + head.count])
    if len(parts) < head.count:
        raise InvalidInput("it lacks parts of its snapshot")
    return head, parts, list(pieces[1 + head.count :])


def _stands_at(head: snapshot.Snapshot, one: changeset.Changeset) -> bool:
    return (head.number, head.head) == (one.number, one.hash)


def _link(made: Sequence[changeset.Changeset], history: History) -> int | None:
    """After which changeset of ``history`` those ``made`` follow; None if they do not."""
    for one in reversed(made):
        if history.head_at(one.number) == one.hash:
            return one.number
    first = made[0] if made else None
    if first is None:
        return None
    before = first.number - 1
    is_first = before == 0 and not any(first.previous)
    return before if is_first or history.head_at(before) == first.previous else None


def _from_snapshot(
    who: str,
    head: snapshot.Snapshot,
    parts: Sequence[bytes],
    made: Sequence[changeset.Changeset],
    history: History,
) -> Branch:
    _require_site(head.site, history)
    head.verify(_keys(history))
    assembly = snapshot.Assembly(head, SiteRules(history.site, (history.every_key[0],)))
    state = State()
    state.apply([one for part in parts for one in assembly.add(part)], head.issued_at)
    if not assembly.is_complete:
        raise InvalidInput("it lacks parts of its snapshot")
    rules = assembly.rules
    heads = [(head.number, head.head)]
    if history.head_at(head.number) == head.head and not made:
        return of_history([who], until(history, head.number))
    for one in made:
        one.verify(rules.anchors)
        rules = draft.applied(rules, one)
        state.apply(one.operations, one.issued_at)
        heads.append((one.number, one.hash))
    return Branch((who,), state, tuple(heads))


def _from_remains(who: str, made: Sequence[changeset.Changeset], history: History) -> Branch:
    """From changesets alone whose beginning nobody keeps: of what was there before, no phone's
    credential counts and no card opens, until somebody looks at it.
    """
    keys = _keys(history)
    state = copy.deepcopy(history.state)
    for key, groups in state.grants.items():
        state.grants[key] = {
            group: dataclasses.replace(one, suspended=True) for group, one in groups.items()
        }
    state.revoked.raise_watermark(made[0].issued_at)
    heads: list[Head] = []
    previous = made[0].previous
    for one in made:
        _require_site(one.site, history)
        if one.previous != previous or heads and one.number != heads[-1][0] + 1:
            raise InvalidInput("changesets that do not follow each other")
        one.verify(keys)
        if any(said[0] == ops.ANCHORS for said in one.operations):
            keys = [*keys, *_named(one)]
        state.apply([said for said in one.operations if _is_known(said, state)], one.issued_at)
        heads.append((one.number, one.hash))
        previous = one.hash
    unknown = (min(history.number, made[0].number - 1) + 1, made[0].number - 1)
    # It was made of all that the copy in hand has: as if it had parted from that one's end.
    heads.insert(0, (history.number, history.head))
    return Branch((who,), state, tuple(heads), unknown=unknown)


def _is_known(said: list, state: State) -> bool:
    """Whether what an operation names is known, where changesets before it are not."""
    code = said[0]
    if code == ops.LOOKUP:
        raise InvalidInput("its cards have keys that nobody keeps")
    if code == ops.ZONE and isinstance(said[2], bytes):
        return numbers(said[2]) <= state.doors.keys()
    if code == ops.LOCKDOWN and said[2] is not None:
        return all(
            state.door_number(name) is not None if kind == DOOR else name in state.zones
            for kind, name in said[2]
        )
    if code == ops.DOOR_MODE:
        return said[1] in state.doors
    if code == ops.GRANT and said[2] is not False and said[3] is not False:
        return said[2] in state.groups
    return True


def _named(one: changeset.Changeset) -> Iterable[Key]:
    for said in one.operations:
        if said[0] == ops.ANCHORS:
            yield from (Key.okp(CRV_ED25519, x) for x in said[1])


def _require_site(site: str, history: History) -> None:
    if site != history.site:
        raise InvalidInput(f"it is of the site {site}")


def _keys(history: History) -> list[Key]:
    return list(history.every_key)
