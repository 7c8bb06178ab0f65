"""``holdfast policy card``: whose card has the rights of a group."""

from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import tag

from ...errors import UsageProblem
from ...people import card_list
from ..output import AsJson
from ..passphrase import PassphraseFile
from . import granting
from . import uids as uids_read
from .change import Folder, Remove
from .granting import Add, FirstDay, Format, Groups, Person, Replace, Suspend, Until, Uses, Wish


def card(
    folder: Folder,
    uids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[UID]...", help="A card's number: 04a1b2c3, or 12,34567."),
    ] = None,
    uid_file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="A file of them, one a line.")
    ] = None,
    form: Format = None,
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

    A number is bytes in hexadecimal, or facility and number of a 26-bit card with a comma between
    them. One of plain digits can be several cards': --format says which, for all that are given.

    --suspend, --resume and --same-person-as without --group change what a card has already.
    --remove with --group takes it out of that group alone. The policy holds no card's number, only
    what the site's lookup key makes of it; the number itself is kept in the site's folder, sealed,
    so that this key can be replaced.
    """
    cards = {uids_read.uid(text, form): f"card {text}" for text in uids or ()}
    if uid_file is not None:
        uids_read.require_form(form)
        cards = {**card_list.read(uid_file, form), **cards}
    if not cards:
        raise UsageProblem("no card is given", "give its number, or --from FILE")
    wish = Wish(
        group or [],
        until,
        first_day,
        uses,
        same_person_as,
        suspend,
        add,
        remove,
        replace,
        form=form,
    )
    granting.known(folder, tag.CARD, lambda: cards, wish, passphrase_file, as_json)

