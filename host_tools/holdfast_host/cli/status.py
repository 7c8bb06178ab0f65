"""``holdfast phone status``: how a reader is, for who looks after it."""

import time
from typing import Annotated

import typer

from ..phone.carrier import Carrier
from ..phone.link import CHUNK, TcpLink
from ..phone.wallet import Wallet
from . import names
from .output import AsJson, progress, say_json, say_table
from .phone import Folder, address


def status(
    folder: Folder,
    reader: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the reader listens.")],
    door: Annotated[
        str, typer.Option(metavar="DOOR", parser=names.DOOR, help="The reader's door.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show how a reader is: its versions and faults, its clock, why it started; the door stays
    shut.

    For a phone whose credential says that it may administer there (credential issue --may
    administer). To anybody else the reader tells nothing of this.
    """
    host, port = address(reader)
    wallet = Wallet.open(folder)
    now = int(time.time())
    with progress(f"Asking {door}"), TcpLink.connect(host, port, chunk=CHUNK) as link:
        carrier, _ = Carrier.introduced(link, wallet.identities(), door, now)
        told = carrier.status()
    if as_json:
        say_json(told.facts)
    else:
        say_table(told.rows)
