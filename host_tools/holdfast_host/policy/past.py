"""The policy as it was at every number: what a node decided by then, and would decide by a draft.

Rules and grants are the firmware's own, made by its own code from the site's changesets. A grant
is kept once, with the number from which on it holds, so that all of the past costs about as much
as the changesets themselves.
"""

import bisect
from collections.abc import Iterable, Sequence

from holdfast.access.grant import Grant
from holdfast.access.place import DOOR
from holdfast.access.policy import changeset, draft, operations, snapshot
from holdfast.access.policy.rules import SiteRules
from untrusted import InvalidInput

from ..errors import UsageProblem
from .chain import History
from .packing import packed
from .state import Grant as Wanted

DRAFT = 0xFFFFFFFF  # the number of the draft: after all that are signed


class _Versions:
    """One value over time: what it is from each number on, None for nothing."""

    def __init__(self):
        self._from: list[int] = []
        self._values: list = []

    def at(self, number: int):
        place = bisect.bisect_right(self._from, number)
        return self._values[place - 1] if place else None

    def put(self, number: int, value) -> None:
        if self._from and self._from[-1] == number:
            self._values[-1] = value
        else:
            self._from.append(number)
            self._values.append(value)


class Grants:
    """What ``decide`` asks about cards, as it was at one ``number``: what a node's cache is."""

    def __init__(self, past: "Past", number: int):
        self._past = past
        self._number = number

    def grants(self, key: bytes) -> Sequence[Grant]:
        """What this card or PIN has."""
        return self._past.granted(key, self._number)

    def rights(self, group: int, door_tag: bytes, zone_tags: Sequence[bytes]) -> list | None:
        """What the group may at these places; None if there is no such group."""
        found = self._past.group(group, self._number)
        if found is None:
            return None
        return [
            one
            for one in found
            if one[2] and (one[1] == door_tag if one[0] == DOOR else one[1] in zone_tags)
        ]


class Past:
    """The policy of ``history`` at every number from 0 on, and the draft that follows it, if
    there are ``drafted`` operations; ``number`` is the last that is signed.
    """

    def __init__(self, history: History, drafted: Iterable[list] = ()):
        self._cards: dict[bytes, _Versions] = {}
        self._groups: dict[int, _Versions] = {}
        self._rules = [SiteRules(history.site, (history.every_key[0],))]
        self._draft: SiteRules | None = None
        for number, raw in enumerate(history.changesets, 1):
            made = changeset.parse(raw)
            turned = history.turns.get(number)
            if turned is None:
                self._rules.append(draft.applied(self._rules[-1], made))
                self._take(number, made.operations)
            else:
                self._rules.append(self._turn(number, history, turned))
        self.number = len(self._rules) - 1
        wanted = list(drafted)
        if wanted:
            self._draft = self._drafted(wanted, history.issued_at)

    @property
    def has_draft(self) -> bool:
        """Whether there is a draft."""
        return self._draft is not None

    def knows(self, number: int) -> bool:
        """Whether there is a policy of that number."""
        return number <= self.number or (number == DRAFT and self.has_draft)

    def rules(self, number: int) -> SiteRules:
        """The site's rules at that number, or at DRAFT."""
        if number == DRAFT and self._draft is not None:
            return self._draft
        return self._rules[number]

    def cache(self, number: int) -> Grants:
        """What nodes know of cards and PINs at that number."""
        return Grants(self, number)

    def granted(self, key: bytes, number: int) -> Sequence[Grant]:
        """What a card or PIN has at that number."""
        versions = self._cards.get(key)
        return () if versions is None else versions.at(number) or ()

    def group(self, group: int, number: int) -> list | None:
        """The rights of a group at that number; None if there is none."""
        versions = self._groups.get(group)
        return None if versions is None else versions.at(number)

    def has_new_keys(self, before: int, after: int) -> bool:
        """Whether at ``after`` anybody has a card or PIN that nobody had at ``before``."""
        if before == after:
            return False
        return any(
            versions.at(after) and not versions.at(before) for versions in self._cards.values()
        )

    def _take(self, number: int, said: Iterable[list]) -> None:
        for kind, *values in operations.changes(said):
            if kind == "group":
                self._groups.setdefault(values[0], _Versions()).put(number, values[1])
            elif kind == "ungroup":
                self._groups.setdefault(values[0], _Versions()).put(number, None)
            else:
                self._grant(number, kind, *values)

    def _grant(self, number: int, kind: str, key: bytes, group, expires=None, rare=None) -> None:
        versions = self._cards.setdefault(key, _Versions())
        kept = [one for one in versions.at(number) or () if one.group != group]
        if kind == "grant":
            kept.append(_grant(key, group, expires, rare))
        elif group is None:
            kept = []
        # In order of groups, as a cache has them: of two reasons in one rank the first is told.
        versions.put(number, tuple(sorted(kept, key=lambda one: one.group)))

    def _turn(self, number: int, history: History, pieces: Sequence[bytes]) -> SiteRules:
        """All cards have other keys from ``number`` on, those of the snapshot at it."""
        for versions in (*self._cards.values(), *self._groups.values()):
            if versions.at(number) is not None:
                versions.put(number, None)
        blank = SiteRules(history.site, (history.every_key[0],))
        assembly = snapshot.Assembly(snapshot.parse(pieces[0]), blank)
        for part in pieces[1:]:
            self._take(number, assembly.add(part))
        return assembly.rules

    def _drafted(self, wanted: Sequence[list], issued_at: int) -> SiteRules:
        rules = self._rules[-1]
        try:
            for some in packed(wanted):
                operations.check(some)
                rules = draft.following(rules, some, self.number + 1, bytes(32), issued_at)
                self._take(DRAFT, some)
        except InvalidInput as error:
            raise UsageProblem(
                f"no reader would take the draft: {error}",
                "begin another: holdfast policy draft SITE --remove",
            ) from error
        return rules


def _grant(key: bytes, group: int, expires: int | None, rare: dict | None) -> Grant:
    said = Wanted.of(expires, rare)
    return Grant(
        key,
        group,
        said.end,
        said.first_day,
        said.suspended,
        said.person,
        said.uses or 0,
        said.duress,
    )
