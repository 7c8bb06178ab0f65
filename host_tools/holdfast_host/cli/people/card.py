"""``holdfast people card``: one person is given a card, or has lost it."""

from typing import Annotated

import typer

from holdfast.access import tag

from ...errors import UsageProblem
from ...people import rights, signing
from ...people.hands import Hands, returned
from ..output import AsJson
from ..passphrase import PassphraseFile
from ..policy import uids
from ..policy.granting import Format
from . import desks, text
from .desks import Database, Folder, Name

_KEY = 8  # bytes


def card(
    folder: Folder,
    name: Name,
    number: Annotated[
        list[str] | None, typer.Argument(metavar="[NUMBER]...", help="The card's: 04a1b2c3.")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="As an event shows a card, 16 digits; repeatable."),
    ] = None,
    take_back: Annotated[
        bool, typer.Option("--take-back", help="The person has it no more: lost, or given back.")
    ] = False,
    form: Format = None,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a person a card, with the rights that the person has; or take one back.

    A card that was just shown to a door, and that nobody knows, is given by the key that its event
    shows: --key. Its number stays unknown; should the site's lookup key be replaced, it is asked
    for once.

    Example: holdfast people card acme "Zoe Doe" --key ffcac3e54076b613
    """
    numbers = [uids.uid(one, form) for one in number or ()]
    keys = [_key(one) for one in key or ()]
    if not numbers and not keys:
        raise UsageProblem("no card is given", "give its number, or --key of an event")
    with desks.changing(folder, db, passphrase_file) as desk:
        person = desks.find(desk.everybody, name)
        hands = Hands(desk)
        idents = {desk.seals.ident(tag.CARD, one): one for one in numbers}
        wanted = {*keys, *(desk.card_key(tag.CARD, one) for one in numbers)}
        if take_back:
            there = [one for one in person.of_kind(tag.CARD) if one.key in wanted]
            if len({one.key for one in there}) != len(wanted):
                raise UsageProblem(
                    f"{person.called} does not have this card", "see: holdfast people show"
                )
            after = returned(person, {one.ident for one in there}, desk.now)
        else:
            hands.require_free(person, [*idents, *map(hands.by_key, wanted)])
            there = {one.ident for one in person.in_hand}
            # What was known by its key alone is known by its number from now on.
            known = {hands.by_key(desk.card_key(tag.CARD, one)) for one in numbers} & there
            after = returned(person, known, desk.now)
            new = [one for ident, one in idents.items() if ident not in there]
            after = hands.given(after, tag.CARD, new)
            for one in keys:
                after = hands.given_by_key(after, one)
        in_hand = rights.held(signing.after(desk, [after]))
        found = rights.differences([after], desk.state, desk.now, in_hand)
        signed = signing.sign(desk, [after], new_entries=hands.entries)
    if not as_json:
        desks.say_differences(desk, found, text.say_signed)
    done = f"{person.called} has {'lost' if take_back else 'got'} {text.cards(len(wanted))}"
    more = {"person": person.name, "differences": desks.facts(found)}
    desks.report(desk, signed, done, as_json, more)
    if not as_json:
        desks.say_others(desk, [after])


def _key(said: str) -> bytes:
    try:
        key = bytes.fromhex(said)
    except ValueError:
        key = b""
    if len(key) != _KEY:
        raise UsageProblem(
            f"{said!r} is no key of a card", "give the 16 digits that the event shows"
        )
    return key
