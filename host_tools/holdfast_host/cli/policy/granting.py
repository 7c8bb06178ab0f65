"""How ``holdfast policy card`` and ``pin`` give groups' rights, take them back, and tell."""

import dataclasses
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import tag
from holdfast.access.policy import operations

from ... import locks
from ...credentials.dates import Dates
from ...errors import UsageProblem
from ...policy import changes as policy_changes
from ...policy import grants
from ...policy.history import History
from ...policy.schedules import format_day, parse_day
from ...policy.state import Grant, State
from ...site import register
from ...site import site as sites
from ...site.keys import Keys
from ...site.register import Entry
from ...site.site import Site
from ..output import say, say_json
from ..signing import opened_by, unlocked
from .access import rights_text
from .change import report
from .owned import require_nobodys
from .uids import FORMATS_TEXT, uid

Groups = Annotated[
    list[int] | None,
    typer.Option(metavar="NUMBER", min=0, max=operations.MAX_GROUP, help="Repeatable."),
]
Until = Annotated[
    str | None,
    typer.Option(metavar="DATE|TIME", help="Its last day, as 2027-01-01, or when it ends."),
]
FirstDay = Annotated[
    str | None, typer.Option(metavar="DAY", help="The first day it opens, as 2027-01-01.")
]
Uses = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=operations.MAX_USES,
        help="How often it opens, of a group that has exactly one door.",
    ),
]
Person = Annotated[
    str | None,
    typer.Option(metavar="UID", help="It is of the person who has this card, for card and PIN."),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        "--numbers",
        metavar="FORMAT",
        help=f"How cards' numbers are written, where they do not say it: {FORMATS_TEXT}.",
    ),
]
Suspend = Annotated[
    bool | None, typer.Option("--suspend/--resume", help="Let it open nothing, and again.")
]
Add = Annotated[bool, typer.Option("--add", help="Besides the groups that it has already.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Instead of the groups, ends and all that it has.")
]


@dataclasses.dataclass(frozen=True)
class Wish:
    """What is asked of cards or PINs, as it was typed."""

    groups: Sequence[int]
    until: str | None
    first_day: str | None
    uses: int | None
    same_person_as: str | None
    suspend: bool | None
    add: bool
    remove: bool
    replace: bool
    duress: bool = False
    form: str | None = None  # how cards' numbers are written

    @property
    def is_question(self) -> bool:
        """Whether it only asks what they have."""
        return not (self.groups or self.remove or self.amends)

    @property
    def amends(self) -> bool:
        """Whether it changes what they have, where nothing new is given."""
        return self.suspend is not None or self.same_person_as is not None

    def amends_only(self, state: State, keys: Iterable[bytes]) -> bool:
        """Whether nothing new is given: they are in these groups, and nothing else is asked."""
        is_more = self.add or self.replace or self.until or self.first_day or self.uses
        return (
            self.amends
            and not is_more
            and all(set(self.groups) <= state.grants.get(key, {}).keys() for key in keys)
        )

    def check(self) -> None:
        """Refuse what contradicts itself."""
        of_new = (self.until, self.first_day, self.uses)
        if self.remove and (
            any(one is not None for one in of_new) or self.replace or self.add or self.amends
        ):
            raise UsageProblem("--remove takes nothing but --group", "leave the others out")
        if not self.groups and (
            any(one is not None for one in of_new) or self.replace or self.add
        ):
            raise UsageProblem("no group is given", "give --group NUMBER")
        if self.add and self.replace:
            raise UsageProblem("--add and --replace cannot both be", "give one of them")


def known(
    folder: Path,
    kind: int,
    read: Callable[[], dict[bytes, str]],
    wish: Wish,
    passphrase_file: Path | None,
    as_json: bool,
    draw: Callable[[set[Entry]], bytes] | None = None,
) -> None:
    """Do what is ``wish``-ed for the cards or PINs that ``read`` names, or say what they have.

    With ``draw`` for a new one, which is none of those in the register, and is told.
    """
    wish.check()
    site = sites.load(folder)
    history = site.policy()
    dates = Dates(history.state.time_zone)
    wanted = Grant(
        None if wish.until is None else dates.end(wish.until, "--until"),
        None if wish.first_day is None else parse_day(wish.first_day),
        bool(wish.suspend),
        uses=wish.uses,
        duress=wish.duress,
    )
    friend = None if wish.same_person_as is None else uid(wish.same_person_as, wish.form)
    for number in wish.groups:
        policy_changes.require_group(history.state, number)
    values = read()
    opened = (opened_by if wish.is_question else unlocked)(site, passphrase_file)
    if wish.is_question:
        _say_known(history, _by_key(site, opened, kind, values), as_json)
        return
    with locks.signing(folder):
        site = sites.load(folder)
        if draw is not None:
            values = {draw(register.load(folder, opened.secret)): "the PIN"}
        history, added = _signed(site, opened, kind, values, wish, wanted, friend)
    what = next(iter(values.values())) if len(values) == 1 else f"{len(values)} cards"
    is_are = "is" if len(values) == 1 else "are"
    facts = {"count": len(values), "groups": list(wish.groups), "until": wanted.end}
    if wish.duress:
        facts["duress"] = True
    if draw is not None:
        (drawn,) = values
        facts["pin"] = drawn.decode()
    report(history, added, f"{what} {is_are} {_done_text(wish, wanted, dates)}", as_json, facts)
    if draw is not None and not as_json:
        what = "duress PIN" if wish.duress else "PIN"
        say(f"the {what} is {facts['pin']}: tell its holder, it is not shown again")


def _by_key(site: Site, opened: Keys, kind: int, values: Mapping[bytes, str]) -> dict[bytes, str]:
    lookup_key = site.lookup_key(opened.secret)
    return {tag.card_key(lookup_key, kind, value): name for value, name in values.items()}


def _signed(
    site: Site,
    opened: Keys,
    kind: int,
    values: Mapping[bytes, str],
    wish: Wish,
    wanted: Grant,
    friend: bytes | None,
) -> tuple[History, int]:
    """Sign what is ``wish``-ed; the policy then, and how many changesets that took."""
    history = site.policy()
    keys = _by_key(site, opened, kind, values)
    is_new = wish.groups and not (wish.add or wish.replace or wish.remove or wish.amends)
    if kind == tag.PIN and is_new and any(history.state.grants.get(key) for key in keys):
        raise UsageProblem(
            "this PIN is taken: somebody has it, and nothing was changed",
            "have one drawn that is nobody's: --draw; or change what it has: --add, --replace",
        )
    require_nobodys(site, keys)
    drawn = _person_tag()

    def changes(state: State) -> list[list]:
        if wish.remove:
            return grants.take_back(state, keys, wish.groups)
        made: list[list] = []
        person = None
        if friend is not None:
            friend_key = tag.card_key(site.lookup_key(opened.secret), tag.CARD, friend)
            name = f"card {wish.same_person_as}"
            person, made = grants.person_of(state, friend_key, name, drawn)
        if wish.groups and not wish.amends_only(state, keys):
            given = dataclasses.replace(wanted, person=person)
            now = int(time.time())
            asked = {"add": wish.add, "replace": wish.replace}
            return [*made, *grants.grant(state, keys, wish.groups, given, now=now, **asked)]
        fields: dict = {} if wish.suspend is None else {"suspended": wish.suspend}
        if person is not None:
            fields["person"] = person
        return [*made, *grants.amend(state, keys, wish.groups, **fields)]

    entries = {(kind, value) for value in values}
    new = entries - register.load(site.folder, opened.secret)
    made = changes(history.state)  # what cannot be must not be in the register
    added = 0
    if wish.groups and not wish.remove:
        register.add(site.folder, opened.secret, entries)
    try:
        if made:
            history, added = site.change_policy(opened.authority, changes, int(time.time()))
    except BaseException:
        register.remove(site.folder, opened.secret, new)
        raise
    if wish.remove and not wish.groups:
        register.remove(site.folder, opened.secret, entries)
    return history, added


def _done_text(wish: Wish, wanted: Grant, dates: Dates) -> str:
    named = ", ".join(map(str, wish.groups))
    named = f"group {named}" if len(wish.groups) == 1 else f"groups {named}"
    if wish.remove:
        return f"not in {named} any more" if wish.groups else "unknown"
    if wish.groups:
        return f"in {named}, {grants.grant_text(wanted, dates)}"
    texts = [] if wish.suspend is None else ["suspended" if wish.suspend else "not suspended"]
    if wish.same_person_as is not None:
        texts.append(f"of the person who has card {wish.same_person_as}")
    return " and ".join(texts)


def _person_tag() -> bytes:
    return (secrets.randbits(32) or 1).to_bytes(4, "big")


def _say_known(history: History, keys: dict[bytes, str], as_json: bool) -> None:
    known = [(name, history.state.grants.get(key, {})) for key, name in keys.items()]
    if as_json:
        facts = [
            {"name": name, "known": bool(held), "groups": _grant_facts(held)}
            for name, held in known
        ]
        say_json({"site": history.site, "number": history.number, "known": facts})
        return
    for name, held in known:
        if not held:
            say(f"{name} is unknown")
        for number, grant in sorted(held.items()):
            rights = rights_text(history.state.groups.get(number, [])) or "nothing"
            text = grants.grant_text(grant, Dates(history.state.time_zone))
            say(f"{name} is in group {number}, {text}, which opens {rights}")


def _grant_facts(held: dict[int, Grant]) -> dict[str, dict]:
    return {
        str(number): {
            "until": grant.end,
            "first_day": None if grant.first_day is None else format_day(grant.first_day),
            "suspended": grant.suspended,
            "person": grant.person and grant.person.hex(),
            "uses": grant.uses,
            "duress": grant.duress,
        }
        for number, grant in sorted(held.items())
    }
