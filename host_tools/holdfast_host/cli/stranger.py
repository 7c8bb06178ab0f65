"""``holdfast phone coap-credentials``: an OSCORE context for somebody else's CoAP client."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from .. import files
from ..errors import UsageProblem
from ..lan import places
from ..lan.udp import Udp
from ..phone.carrier import Carrier
from ..phone.client import Checked, Node, introduce
from ..phone.wallet import Wallet
from . import errands
from .output import AsJson, progress, say, say_json
from .phone import Folder

_CONTEXT = ".context"  # the folder beside the file
_FIRST = 32  # sequence number: those that made the context known are below it


def coap_credentials(
    folder: Folder,
    node: Annotated[
        str, typer.Option(metavar="HOST[:PORT]", help="The node that the context is made with.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE", help="A new file; FILE.context becomes a folder."
        ),
    ],
    wait: errands.Wait = errands.WAIT,
    as_json: AsJson = False,
) -> None:
    """Make a credentials file by which aiocoap-client asks a node as this phone.

    A handshake is made with the node, and the OSCORE context that comes of it goes into
    FILE.context and nowhere else; FILE names it. Both are secret: who has them is the phone at
    this node, until the credential ends or is revoked, the node restarts, or the same phone has
    made two more contexts with it. They belong to one program at a time: a copy that is used, too,
    gives both away.
    """
    context = out.with_name(out.name + _CONTEXT)
    for path in (out, context):
        if path.exists() or path.is_symlink():
            raise UsageProblem(f"{path} is there already", "give the name of a new file")
    place = places.parse(node)
    wallet = Wallet.open(folder)
    with progress(f"Asking {place}"), Udp(int(wait * 1000)) as udp, udp.link(place) as link:
        now = int(time.time())
        checked = introduce(link.request, wallet.identities(), Node(), now, carrying=True)
        # Until its first request the node does not know the context.
        Carrier(link, checked.session, checked.message_3).time()
    _write(context, checked)
    uri = f"coap://{place}"
    named = {f"{uri}/*": {"oscore": {"basedir": f"{context.resolve()}/"}}}
    _write_new(out, named)
    example = f"aiocoap-client --credentials {out} {uri}/status"
    if as_json:
        node_name = checked.device.name
        facts = {"node": node_name, "file": str(out), "context": str(context), "uri": uri}
        say_json({**facts, "example": example})
        return
    say(f"{checked.device.name} knows this context; keep {out} and {context} secret", "green")
    say(f"next: {example}")


def _write(context: Path, checked: Checked) -> None:
    files.make_folder(context)
    session = checked.session
    _write_new(
        context / "settings.json",
        {
            "sender-id_hex": session.sender_id.hex(),
            "recipient-id_hex": session.recipient_id.hex(),
            "secret_hex": session.master_secret.hex(),
            "salt_hex": session.master_salt.hex(),
        },
    )
    received = {"index": 0, "bitfield": 0}
    _write_new(context / "sequence.json", {"next-to-send": _FIRST, "received": received})


def _write_new(path: Path, content: object) -> None:
    files.write(path, json.dumps(content, indent=2).encode() + b"\n", files.PRIVATE)
