"""``holdfast events report``: one page of what happened, to look at and to print."""

import time
from pathlib import Path
from typing import Annotated

import typer

from .. import files
from ..errors import UsageProblem
from ..events import words
from . import writing
from .events import broken_events
from .events_chosen import Chosen, Door, Late, Paths, Reason, Since, Until, Who, chosen
from .events_walk import Pace, each, said, walks
from .output import AsJson, progress, say, say_json
from .passphrase import PassphraseFile

_MARK = b"by holdfast events report."


def report(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The page: out.html.")],
    paths: Paths = None,
    site: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The site: for names and its time zone.")
    ] = None,
    who: Who = None,
    door: Door = None,
    since: Since = None,
    until: Until = None,
    reason: Reason = None,
    late: Late = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Write one page about events: when, at which doors, why not, and what is missing.

    A file of HTML that needs nothing else: it loads nothing and runs nothing. With the passphrase
    of the site it says whether the events are as they were recorded; without, that nobody looked.
    A page that this command wrote is replaced with --force; nothing else ever is.

    Example: holdfast events report --site acme --since 2027-01-01 -o january.html
    """
    from ..events.report import figures as counting
    from ..events.report import page

    if site is None:
        raise UsageProblem("the site is missing", "give --site DIR")
    writing.require(out, lambda data: _MARK in data[-400:])
    asked = {"who": who, "door": door, "since": since, "until": until, "reason": reason}
    those = chosen(site, paths, **asked, late=late)
    assert those.home is not None
    history = those.home.policy()
    figures = counting.Figures(those.dates.local, history.issued)
    found = walks(those.home, those.paths, passphrase_file)
    nodes = [counting.Node(walk.log.node) for walk in found]
    at = {id(walk): node for walk, node in zip(found, nodes, strict=True)}
    with progress("Counting events") as show:
        pace = Pace(show, "Counting events")
        for walk, shown in each(found, pace):
            node, number = at[id(walk)], shown.event.number
            node.first = number if node.first is None else min(node.first, number)
            node.last = number if node.last is None else max(node.last, number)
            one = said(shown)
            if those.wanted.takes(one, those.names):
                figures.take(those.names.named(one))
    for walk, node in zip(found, nodes, strict=True):
        node.count, node.proven, node.findings = walk.count, walk.proven, walk.findings
        node.is_checked = walk.intact is not None
    figures.nodes = [node for node in nodes if node.count]
    options = [f"{name}: {value}" for name, value in asked.items() if value is not None]
    text = page.made(figures, _frame(those, page, history.number, options, late))
    files.write(out, text.encode(), files.PRIVATE)
    broken = [walk.log.node for walk in found if walk.intact is False]
    if as_json:
        verified = None if any(walk.intact is None for walk in found) else not broken
        facts = {"file": str(out), "bytes": len(text.encode()), "events": figures.count}
        say_json({**facts, "verified": verified, "events_a_second": pace.rate})
    else:
        say(f"wrote {out}: {figures.count:,} of {pace.text}")
    if broken:
        raise broken_events(broken)


def _frame(those: Chosen, page, newest: int, options: list[str], late: bool):
    assert those.home is not None
    dates = those.dates
    return page.Frame(
        site=those.home.id,
        made=dates.text(int(time.time())),
        asked=[*options, *(["late only"] if late else [])],
        when=lambda one: words.when(dict(one), dates),
        what=lambda one: words.what(dict(one)),
        who=lambda one: words.who(dict(one)),
        time=dates.text,
        newest=newest,
        enrol=f"holdfast people card {those.home.folder} NAME --key",
    )
