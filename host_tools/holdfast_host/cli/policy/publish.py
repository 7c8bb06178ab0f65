"""``holdfast policy publish``: what the authority signed, to the nodes on the LAN."""

from typing import Annotated

import typer

from ...lan import look
from ...lan.places import Place
from ...lan.visit import Met
from ...phone import bringing
from ...phone.bringing import Standing
from ...phone.carrier import Refused
from ...policy.history import History
from ...policy.witness import Head
from .. import errands, heard_notes
from ..output import AsJson, say, say_json
from ..passphrase import PassphraseFile
from ..signing import unlocked


def publish(
    folder: errands.SiteFolder,
    phone: errands.As,
    nodes: errands.Nodes = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--snapshot",
            help="The present policy without its history, signed: needs a passphrase.",
        ),
    ] = False,
    wait: errands.Wait = errands.WAIT,
    listen: errands.Listen = errands.LISTEN,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Bring the site's policy to its nodes on the LAN, and say at whom it is in force.

    To the nodes at each --node, or to all that were met before or are heard by multicast. Nodes
    hand it on to each other; who is asked here answers with number and head of what it follows
    then, and only that counts. Whoever has a credential of the site may bring policy. Needs no
    passphrase, but for --snapshot, for a node that is too far behind or has followed another copy
    of the site. Fails if any of the nodes is not at the last changeset afterwards.
    """
    errand = errands.Errand(folder, phone, nodes, wait, listen)
    history = errand.home.policy()
    pieces = None
    if whole:
        authority = unlocked(errand.home, passphrase_file).believed_by_all()
        pieces = history.snapshot(authority)
    if not as_json:
        many = len(errand.targets)
        say(f"bringing changeset {history.number} of {history.site} to {many} nodes")

    followed: dict[str, Head] = {}

    def visit(met: Met, place: Place) -> tuple[str, Standing]:
        return met.name, _bring(met, history, pieces, followed)

    done = errand.go("Publishing", visit)
    heard_notes.follow(errand.home, history, followed)
    published = [
        {"node": one.value[0], "place": str(one.target.place), "number": one.value[1].number}
        for one in done
        if one.value is not None
    ]
    if as_json:
        facts = {"site": history.site, "number": history.number, "head": history.head.hex()}
        say_json({**facts, "published": published, "failed": errands.failed(done)})
    elif published:
        names = ", ".join(str(one["node"]) for one in published)
        say(f"changeset {history.number} is in force at {names}", "green")
    errands.require_all(done, "published to")


def _bring(
    met: Met, history: History, pieces: list[bytes] | None, followed: dict[str, Head]
) -> Standing:
    """The policy to one node: what it lacks, as far as it tells what it has. What it ``followed``
    before is kept.
    """
    if pieces is not None:
        return bringing.bring(bringing.read(pieces), met.carrier.post_policy)
    after = 0
    try:
        said = met.carrier.status()
        followed[met.name] = (said.number, said.head)
        after = said.number if look.stands(said, history)[0] in (look.SAME, look.BEHIND) else 0
    except Refused:
        pass  # who may not administer brings it all the same
    # The one that it is at goes along: it shows that both mean the same.
    wanted = history.pieces(max(0, min(after, history.number) - 1))
    return bringing.bring(bringing.read(wanted), met.carrier.post_policy)
