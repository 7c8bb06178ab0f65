"""``holdfast policy card`` and ``pin``: who has the rights of a group without a phone."""

import getpass
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import tag
from holdfast.access.policy import operations

from ... import files
from ...credentials import lifetime
from ...errors import UsageProblem
from ...policy import changes as policy_changes
from ...policy.state import State
from ...site import register
from ...site import site as sites
from ..output import AsJson, say, say_json
from ..passphrase import PassphraseFile
from .access import rights_text
from .change import Folder, Remove, report, signed, unlocked

_LONGEST_UID = 32
_SHORTEST_PIN, _LONGEST_PIN = 4, 10
_UID_FILE_LIMIT = 1 << 20

Group = Annotated[int | None, typer.Option(metavar="NUMBER", min=0, max=operations.MAX_GROUP)]
Until = Annotated[
    str | None, typer.Option(metavar="ISO", help="When it ends, as 2027-01-01 (else never).")
]
Replace = Annotated[
    bool, typer.Option("--replace", help="Also if it is in another group, or has another end.")
]


def card(
    folder: Folder,
    uids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[UID]...", help="A card's number in hexadecimal: 04a1b2c3."),
    ] = None,
    uid_file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="A file of them, one a line.")
    ] = None,
    group: Group = None,
    until: Until = None,
    remove: Remove = False,
    replace: Replace = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Give cards the rights of a group, or take them back; with neither, say what a card has.

    The policy holds no card's number, only what the site's lookup key makes of it; the number
    itself is kept in the site's folder, sealed, so that this key can be replaced.
    """
    texts = [*(uids or []), *(_lines(uid_file) if uid_file else [])]
    cards = {_uid(text): f"card {text}" for text in texts}
    if not cards:
        raise UsageProblem("no card is given", "give its number in hexadecimal, or --from FILE")
    _known(
        folder, tag.CARD, lambda: cards, group, until, remove, replace, passphrase_file, as_json
    )


def pin(
    folder: Folder,
    group: Group = None,
    until: Until = None,
    remove: Remove = False,
    replace: Replace = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a PIN the rights of a group, or take it back; with neither, say what it has.

    The PIN is asked for, or is the first line of standard input; it is never shown, and kept in
    the site's folder only, sealed.
    """
    asked = group is not None and not remove

    def read() -> dict[bytes, str]:
        return {_read_pin(twice=asked): "this PIN"}

    _known(folder, tag.PIN, read, group, until, remove, replace, passphrase_file, as_json)


def _known(
    folder: Path,
    kind: int,
    read: Callable[[], dict[bytes, str]],
    group: int | None,
    until: str | None,
    remove: bool,
    replace: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    if remove and (group is not None or until is not None or replace):
        raise UsageProblem("--remove takes no --group, --until or --replace", "leave them out")
    if group is None and (until is not None or replace):
        raise UsageProblem("no group is given", "give --group NUMBER")
    end = None if until is None else lifetime.parse(until, "--until")
    site = sites.load(folder)
    if group is not None:
        policy_changes.require_group(site.policy().state, group)
    values = read()
    opened = unlocked(site, passphrase_file)
    lookup_key = site.lookup_key(opened.secret)
    keys = {tag.card_key(lookup_key, kind, value): name for value, name in values.items()}
    entries = [(kind, value) for value in values]
    if group is None and not remove:
        _say_known(site, keys, as_json)
        return

    def changes(state: State) -> list[list]:
        if group is None:
            return policy_changes.take_back(state, keys)
        now = int(time.time())
        return policy_changes.grant(state, keys, group, end, now=now, replace=replace)

    changes(site.policy().state)  # what cannot be must not be in the register
    if not remove:
        register.add(site.folder, opened.secret, entries)
    history, added = signed(site, passphrase_file, changes, opened)
    if remove:
        register.remove(site.folder, opened.secret, entries)
    what = next(iter(keys.values())) if len(keys) == 1 else f"{len(keys)} cards"
    is_are = "is" if len(keys) == 1 else "are"
    text = "unknown" if remove else f"in group {group}, {policy_changes.until_text(end)}"
    facts = {"count": len(keys), "group": None if remove else group, "until": end}
    report(history, added, f"{what} {is_are} {text}", as_json, facts)


def _say_known(site: sites.Site, keys: dict[bytes, str], as_json: bool) -> None:
    history = site.policy()
    grants = [(name, history.state.grants.get(key)) for key, name in keys.items()]
    if as_json:
        known = [
            {"name": name, "known": grant is not None, "group": grant and grant[0]}
            | {"until": grant and grant[1]}
            for name, grant in grants
        ]
        say_json({"site": history.site, "number": history.number, "known": known})
        return
    for name, grant in grants:
        if grant is None:
            say(f"{name} is unknown")
        else:
            rights = rights_text(history.state.groups.get(grant[0], [])) or "nothing"
            end = policy_changes.until_text(grant[1])
            say(f"{name} is in group {grant[0]}, {end}, which opens {rights}")


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
            text = getpass.getpass("PIN: ")
            if twice and getpass.getpass("The same again: ") != text:
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
