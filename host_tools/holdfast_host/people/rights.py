"""What people's cards and PINs shall have, by the register, and how that differs from what is
signed. Pure.
"""

import dataclasses
from collections.abc import Collection, Iterable

from holdfast.access import tag

from ..credentials.dates import Dates
from ..policy import wanted as policy_wanted
from ..policy.grants import grant_text
from ..policy.state import Grant, State
from ..register.records import Card, Person


@dataclasses.dataclass(frozen=True)
class Difference:
    """One card or PIN of ``person`` has ``before`` of a ``group``, and shall have ``after``."""

    person: Person
    card: Card
    group: int
    before: Grant | None
    after: Grant | None

    def text(self, groups: dict[int, str], dates: Dates) -> str:
        """A line of a diff, without the card's number."""
        sign = "+" if self.before is None else "-" if self.after is None else "~"
        what = "PIN" if self.card.kind == tag.PIN else f"card {short(self.card)}"
        how = grant_text(self.after or self.before or Grant(), dates)
        if self.before is not None and self.after is not None:
            how = f"{grant_text(self.before, dates)} -> {how}"
        group = groups.get(self.group, f"group {self.group}")
        return f"{sign} {self.person.called}: {what}, {group}, {how}"


def short(card: Card) -> str:
    """What a card is called where its number is nobody's business: of its ident."""
    return f"#{card.ident.hex()[:6]}"


def held(people: Iterable[Person]) -> set[bytes]:
    """The idents of all cards and PINs that are in somebody's hand."""
    return {card.ident for person in people for card in person.in_hand}


def wanted(
    person: Person, state: State, now: int, in_hand: Collection[bytes]
) -> dict[bytes, dict[int, Grant]]:
    """What each of the person's cards and PINs, by its key, shall have of each group.

    A card that was returned has nothing, unless it is ``in_hand``, somebody's again; and after
    that was signed it is nobody's business here. What a card counts, or a duress PIN, stays as it
    was signed.
    """
    found = {}
    shared = _shared_tag(person, state)
    for card in person.cards:
        before = state.grants.get(card.key, {})
        if card.returned is not None:
            if not card.settled and card.ident not in in_hand:
                found[card.key] = {}
        elif person.ends is not None and person.ends <= now:
            # What has ended by itself stays as it was signed, until others need its room.
            found[card.key] = {
                group: grant
                for group, grant in before.items()
                if grant.end is not None and grant.end <= now
            }
        else:
            found[card.key] = {
                group: dataclasses.replace(
                    before.get(group, Grant()),
                    person=shared,
                    end=person.ends,
                    first_day=person.first_day,
                    suspended=person.suspended,
                )
                for group in person.groups
            }
    return found


def differences(
    people: Iterable[Person], state: State, now: int, in_hand: Collection[bytes]
) -> list[Difference]:
    """How what ``people`` shall have differs from what is signed, in their order."""
    found = []
    for person in people:
        by_key = {card.key: card for card in person.cards}
        changed = policy_wanted.differences(state, wanted(person, state, now, in_hand))
        for key, groups in changed.items():
            found += [
                Difference(person, by_key[key], group, before, after)
                for group, (before, after) in groups.items()
            ]
    return found


def _shared_tag(person: Person, state: State) -> bytes | None:
    """What the person's cards and PINs share in the policy: the tag that one of them has, or the
    person's own where there are both; it is rare, and rare fields have little room on a board.
    """
    for card in person.in_hand:
        for grant in state.grants.get(card.key, {}).values():
            if grant.person is not None:
                return grant.person
    return person.tag if len({card.kind for card in person.in_hand}) > 1 else None
