"""The demonstration on a terminal: one line a scene, as it happens."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from holdfast.access import reason
from holdfast.access.events import event
from holdfast.access.events.record import Event

from .result import Result, decision_word

_TITLE_WIDTH = 40
_REASON_WIDTH = 16
_LAST_EVENTS = 8
_STYLES = {True: "green", False: "red", None: "yellow"}


def heading(console: Console) -> None:
    """The names of the columns."""
    console.print(
        f"  {'scene':{_TITLE_WIDTH}} {'decision':9} {'reason':{_REASON_WIDTH}}"
        f" {'trips':>5} {'bytes':>5} {'pk ops':>6}  the phone is told",
        style="bold",
        soft_wrap=True,
    )


def line(console: Console, result: Result) -> None:
    """One scene: kept or not, what the reader decided and logged, what it cost."""
    text = Text()
    text.append(
        "\N{CHECK MARK} " if result.kept else "\N{BALLOT X} ",
        "green" if result.kept else "bold red",
    )
    text.append(f"{result.promise.title:{_TITLE_WIDTH}} ")
    text.append(f"{decision_word(result.granted):9} ", _STYLES[result.granted])
    text.append(f"{result.reason or '-':{_REASON_WIDTH}} ")
    text.append(f"{result.round_trips:5} {result.bytes:5} {result.public_key_operations:6}")
    text.append(f"  {result.told or '-'}", "dim")
    console.print(text, soft_wrap=True)
    for problem in result.problems:
        console.print(f"    {problem}", style="red", soft_wrap=True)


def events(console: Console, happened: Sequence[Event]) -> None:
    """The last of the reader's events, as they were fetched and proven."""
    console.print(
        f"\nThe last {_LAST_EVENTS} of {len(happened)} events, fetched from the reader, each"
        " proven to be as it was recorded:",
        soft_wrap=True,
    )
    for one in happened[-_LAST_EVENTS:]:
        when = "" if one.time is None else time.strftime("%H:%M:%S", time.gmtime(one.time))
        said = one.fields
        what = event.kind_name(one.kind)
        if one.kind == event.ACCESS:
            what = reason.name(said.get("reason_code") or 0)
        who = said.get("holder") or (said["card"].hex() if "card" in said else "")
        grace = "by grace" if said.get("by_grace") else ""
        line = f"  {one.number:5} {when:8} {one.source:6} {what:{_REASON_WIDTH}} {who} {grace}"
        console.print(line.rstrip(), soft_wrap=True)


def summary(
    console: Console, kept: int, scenes: int, strikes: int, grants: int, problems: list[str]
) -> None:
    """What all scenes together came to, and whether the strike ever moved without a grant."""
    never = "; ".join(problems) if problems else "never without one"
    console.print(
        f"\n{kept} of {scenes} scenes as promised. The strike was released {strikes} times for"
        f" {grants} grants: {never}.",
        soft_wrap=True,
    )
