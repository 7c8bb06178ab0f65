"""``holdfast policy pin``: whose PIN has the rights of a group."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import tag
from holdfast.access.policy import limits

from ...errors import UsageProblem
from ...site import site as sites
from ...site.pins import DIGITS as _DRAWN_DIGITS
from ...site.pins import draw_pin
from ...site.register import Entry
from ..output import AsJson, ask_secret, say
from ..passphrase import PassphraseFile
from . import granting
from .change import Folder, Remove
from .granting import Add, FirstDay, Format, Groups, Person, Replace, Suspend, Until, Uses, Wish

_SHORTEST_PIN, _LONGEST_PIN = 4, 10


def pin(
    folder: Folder,
    group: Groups = None,
    until: Until = None,
    first_day: FirstDay = None,
    uses: Uses = None,
    same_person_as: Person = None,
    form: Format = None,
    suspend: Suspend = None,
    add: Add = False,
    remove: Remove = False,
    replace: Replace = False,
    draw: Annotated[
        bool, typer.Option("--draw", help="Draw a new PIN, and show it once: it is nobody's yet.")
    ] = False,
    duress: Annotated[
        bool,
        typer.Option(
            "--duress",
            help="Draw a PIN that opens as the person's own does and calls for help, unseen.",
        ),
    ] = False,
    digits: Annotated[
        int | None,
        typer.Option(
            min=_SHORTEST_PIN, max=_LONGEST_PIN, help=f"Of the PIN drawn (else {_DRAWN_DIGITS})."
        ),
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a PIN the rights of groups, or take it back; with neither, say what it has.

    The PIN is asked for, or is the first line of standard input; it is never shown, and kept in
    the site's folder only, sealed. With --draw it is drawn, of six digits: of people's own choice,
    or of four digits, somebody who tries for weeks finds one.

    --duress draws one for a person who has a PIN already: give it the same groups, and
    --same-person-as where card and PIN are asked for. At the door it is as any other; events
    verify tells of it, and its event comes home before the others.
    """
    if duress and remove:
        raise UsageProblem("a duress PIN is taken back as any other", "leave out --duress")
    draw = draw or duress
    if digits is not None and not draw:
        raise UsageProblem("no PIN is drawn", "add --draw, or leave out --digits")
    if draw and (remove or not group):
        raise UsageProblem("a PIN that is drawn is given to groups", "give --group NUMBER")
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
        duress,
        form,
    )
    if draw:
        length = digits or _DRAWN_DIGITS
        if length < _DRAWN_DIGITS and not as_json:
            say(_warning(folder, length), "yellow")

        def drawn(taken: set[Entry]) -> bytes:
            return draw_pin(length, taken)

        granting.known(folder, tag.PIN, dict, wish, passphrase_file, as_json, drawn)
        return
    asked = bool(group) and not remove

    def read() -> dict[bytes, str]:
        return {_read_pin(twice=asked): "this PIN"}

    granting.known(folder, tag.PIN, read, wish, passphrase_file, as_json)


def _warning(folder: Path, digits: int) -> str:
    a_day = sites.load(folder).policy().state.limits[limits.WRONG_PINS_A_DAY]
    days = 10**digits // a_day
    return (
        f"{digits} digits are {10**digits} PINs: who tries {a_day} a day at a door, as many as it"
        f" takes, finds this one within {days} days, and one of ten such PINs within {days // 10}"
    )


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
