"""The demonstration on a terminal: one line a scene, as it happens."""

import time
from collections.abc import Sequence

from holdfast.access import reason
from holdfast.access.events import event
from holdfast.access.events.record import Event

from ..demo.result import Result, decision_word
from .output import say, say_parts

_TITLE_WIDTH = 40
_REASON_WIDTH = 16
_LAST_EVENTS = 8
_COMMAND_WIDTH = 50
_NEXT = (
    ("make firmware BOARD=ESP32_GENERIC_C3", "the board's image, and how it gets there"),
    ("holdfast phone page SITE --out page --serve 8000", "the phone, as a page"),
    ("adb reverse tcp:8000 tcp:8000", "open http://localhost:8000/ in its Chrome"),
)
_STYLES = {True: "green", False: "red", None: "yellow"}


def heading() -> None:
    """The names of the columns."""
    say(
        f"  {'scene':{_TITLE_WIDTH}} {'decision':9} {'reason':{_REASON_WIDTH}}"
        f" {'trips':>5} {'bytes':>5} {'pk ops':>6}  the phone is told",
        "bold",
    )


def line(result: Result) -> None:
    """One scene: kept or not, what the reader decided and logged, what it cost."""
    say_parts(
        ("\N{CHECK MARK} ", "green") if result.kept else ("\N{BALLOT X} ", "bold red"),
        (f"{result.promise.title:{_TITLE_WIDTH}} ", ""),
        (f"{decision_word(result.granted):9} ", _STYLES[result.granted]),
        (f"{result.reason or '-':{_REASON_WIDTH}} ", ""),
        (f"{result.round_trips:5} {result.bytes:5} {result.public_key_operations:6}", ""),
        (f"  {result.told or '-'}", "dim"),
    )
    for problem in result.problems:
        say(f"    {problem}", "red")


def events(happened: Sequence[Event]) -> None:
    """The last of the reader's events, as they were fetched and proven."""
    say("")
    say(
        f"The last {_LAST_EVENTS} of {len(happened)} events, fetched from the reader, each"
        " proven to be as it was recorded:"
    )
    for one in happened[-_LAST_EVENTS:]:
        when = "" if one.time is None else time.strftime("%H:%M:%S", time.gmtime(one.time))
        said = one.fields
        what = event.kind_name(one.kind)
        if one.kind == event.ACCESS:
            what = reason.name(said.get("reason_code") or 0)
        who = said.get("holder") or (said["card"].hex() if "card" in said else "")
        grace = "by grace" if said.get("by_grace") else ""
        text = f"  {one.number:5} {when:8} {one.source:6} {what:{_REASON_WIDTH}} {who} {grace}"
        say(text.rstrip())


def summary(
    kept: int, scenes: int, strikes: int, grants: int, exits: int, problems: list[str]
) -> None:
    """What all scenes together came to, and whether the strike ever moved for neither a grant nor
    somebody who wanted out.
    """
    never = "; ".join(problems) if problems else "never without one"
    say("")
    say(
        f"{kept} of {scenes} scenes as promised. The strike was released {strikes} times for"
        f" {grants} grants and {exits} {'exit' if exits == 1 else 'exits'}: {never}."
    )


def next_steps() -> None:
    """How the same is tried with a phone in the hand."""
    say("")
    say("With an Android phone and a board (docs/phone.md, docs/boards.md):")
    for command, what in _NEXT:
        say(f"  {command:{_COMMAND_WIDTH}} {what}")
