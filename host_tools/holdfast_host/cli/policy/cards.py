"""``holdfast policy card`` and ``pin``: who has the rights of a group without a phone."""

import dataclasses
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import tag
from holdfast.access.policy import operations

from ... import files
from ...credentials import lifetime
from ...errors import UsageProblem
from ...policy import changes as policy_changes
from ...policy import grants
from ...policy.history import History
from ...policy.schedules import format_day, parse_day
from ...policy.state import Grant, State
from ...site import register
from ...site import site as sites
from ..output import AsJson, ask_secret, say, say_json
from ..passphrase import PassphraseFile
from .access import rights_text
from .change import Folder, Remove, report, unlocked

_LONGEST_UID = 32
_SHORTEST_PIN, _LONGEST_PIN = 4, 10
_UID_FILE_LIMIT = 1 << 20

Groups = Annotated[
    list[int] | None,
    typer.Option(metavar="NUMBER", min=0, max=operations.MAX_GROUP, help="Repeatable."),
]
Until = Annotated[
    str | None, typer.Option(metavar="ISO", help="When it ends, as 2027-01-01 (else never).")
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
Suspend = Annotated[
    bool | None, typer.Option("--suspend/--resume", help="Let it open nothing, and again.")
]
Add = Annotated[bool, typer.Option("--add", help="Besides the groups that it has already.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Instead of the groups, ends and all that it has.")
]


@dataclasses.dataclass(frozen=True)
class _Wish:
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


def card(
    folder: Folder,
    uids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[UID]...", help="A card's number in hexadecimal: 04a1b2c3."),
    ] = None,
    uid_file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="A file of them, one a line.")
    ] = None,
    group: Groups = None,
    until: Until = None,
    first_day: FirstDay = None,
    uses: Uses = None,
    same_person_as: Person = None,
    suspend: Suspend = None,
    add: Add = False,
    remove: Remove = False,
    replace: Replace = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Give cards the rights of groups, or take them back; with neither, say what a card has.

    --suspend, --resume and --same-person-as without --group change what a card has already.
    --remove with --group takes it out of that group alone. The policy holds no card's number, only
    what the site's lookup key makes of it; the number itself is kept in the site's folder, sealed,
    so that this key can be replaced.
    """
    texts = [*(uids or []), *(_lines(uid_file) if uid_file else [])]
    cards = {_uid(text): f"card {text}" for text in texts}
    if not cards:
        raise UsageProblem("no card is given", "give its number in hexadecimal, or --from FILE")
    wish = _Wish(
        group or [], until, first_day, uses, same_person_as, suspend, add, remove, replace
    )
    _known(folder, tag.CARD, lambda: cards, wish, passphrase_file, as_json)


def pin(
    folder: Folder,
    group: Groups = None,
    until: Until = None,
    first_day: FirstDay = None,
    uses: Uses = None,
    same_person_as: Person = None,
    suspend: Suspend = None,
    add: Add = False,
    remove: Remove = False,
    replace: Replace = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a PIN the rights of groups, or take it back; with neither, say what it has.

    The PIN is asked for, or is the first line of standard input; it is never shown, and kept in
    the site's folder only, sealed.
    """
    wish = _Wish(
        group or [], until, first_day, uses, same_person_as, suspend, add, remove, replace
    )
    asked = bool(group) and not remove

    def read() -> dict[bytes, str]:
        return {_read_pin(twice=asked): "this PIN"}

    _known(folder, tag.PIN, read, wish, passphrase_file, as_json)


def _known(
    folder: Path,
    kind: int,
    read: Callable[[], dict[bytes, str]],
    wish: _Wish,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    wish.check()
    wanted = Grant(
        None if wish.until is None else lifetime.parse(wish.until, "--until"),
        None if wish.first_day is None else parse_day(wish.first_day),
        bool(wish.suspend),
        uses=wish.uses,
    )
    friend = None if wish.same_person_as is None else _uid(wish.same_person_as)
    site = sites.load(folder)
    history = site.policy()
    for number in wish.groups:
        policy_changes.require_group(history.state, number)
    values = read()
    opened = unlocked(site, passphrase_file)
    lookup_key = site.lookup_key(opened.secret)
    keys = {tag.card_key(lookup_key, kind, value): name for value, name in values.items()}
    entries = [(kind, value) for value in values]
    if wish.is_question:
        _say_known(history, keys, as_json)
        return
    drawn = _person_tag()

    def changes(state: State) -> list[list]:
        if wish.remove:
            return grants.take_back(state, keys, wish.groups)
        made: list[list] = []
        person = None
        if friend is not None:
            friend_key = tag.card_key(lookup_key, tag.CARD, friend)
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

    added = 0
    made = changes(history.state)  # what cannot be must not be in the register
    if wish.groups and not wish.remove:
        register.add(site.folder, opened.secret, entries)
    if made:
        history, added = site.change_policy(opened.authority, changes, int(time.time()))
    if wish.remove and not wish.groups:
        register.remove(site.folder, opened.secret, entries)
    what = next(iter(keys.values())) if len(keys) == 1 else f"{len(keys)} cards"
    is_are = "is" if len(keys) == 1 else "are"
    facts = {"count": len(keys), "groups": list(wish.groups), "until": wanted.end}
    report(history, added, f"{what} {is_are} {_done_text(wish, wanted)}", as_json, facts)


def _done_text(wish: _Wish, wanted: Grant) -> str:
    named = ", ".join(map(str, wish.groups))
    named = f"group {named}" if len(wish.groups) == 1 else f"groups {named}"
    if wish.remove:
        return f"not in {named} any more" if wish.groups else "unknown"
    if wish.groups:
        return f"in {named}, {grants.grant_text(wanted)}"
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
            text = grants.grant_text(grant)
            say(f"{name} is in group {number}, {text}, which opens {rights}")


def _grant_facts(held: dict[int, Grant]) -> dict[str, dict]:
    return {
        str(number): {
            "until": grant.end,
            "first_day": None if grant.first_day is None else format_day(grant.first_day),
            "suspended": grant.suspended,
            "person": grant.person and grant.person.hex(),
            "uses": grant.uses,
        }
        for number, grant in sorted(held.items())
    }


def _lines(file: Path) -> list[str]:
    data = files.read(file, _UID_FILE_LIMIT, "list of cards", "give a text file, one card a line")
    try:
        return [line.strip() for line in data.decode().splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise UsageProblem(f"{file} is no text file", "give one card a line") from error


def _uid(text: str) -> bytes:
    try:
        uid = bytes.fromhex(text.replace(":", "").replace("-", ""))
    except ValueError:
        uid = b""
    if not 0 < len(uid) <= _LONGEST_UID:
        raise UsageProblem(
            f"{text!r} is no card's number",
            f"write 1 to {_LONGEST_UID} bytes in hexadecimal, such as 04a1b2c3 or 04:A1:B2:C3",
        )
    return uid


def _read_pin(*, twice: bool) -> bytes:
    if sys.stdin.isatty():
        try:
            text = ask_secret("PIN: ")
            if twice and ask_secret("The same again: ") != text:
                raise UsageProblem("the two PINs differ", "run the command again")
        except EOFError as error:
            raise UsageProblem("no PIN was typed", "run the command again") from error
    else:
        text = sys.stdin.readline(64).rstrip("\r\n")
    if not (text.isascii() and text.isdigit() and _SHORTEST_PIN <= len(text) <= _LONGEST_PIN):
        raise UsageProblem(
            "that is no PIN",
            f"a PIN is {_SHORTEST_PIN} to {_LONGEST_PIN} digits; type it, or give it on standard"
            " input",
        )
    return text.encode()
