"""Events of readers whose controller was away: at the controller each once, proven by the auditor,
and at home once, whichever way they came.
"""

import time
from collections.abc import Callable, Iterator

from holdfast.access.events import event
from holdfast.access.events import record as event_record

from . import command
from .result import Promise, Result
from .site_stage import READERS, SiteStage, records_of

_SECONDS = 300.0  # after which nothing will come any more
_PAUSE_S = 0.3  # between two looks
# Not of what says that events are copied or fetched: that is worth no message by itself.
_AWAITED = (event.ACCESS, event.POLICY_APPLIED)


def events(stage: SiteStage) -> Iterator[Callable[[], Result]]:
    """Every scene in order, each as a call."""
    copies: dict[str, list[bytes]] = {}
    yield lambda: _once(stage, copies)
    yield lambda: _proven(stage, copies)
    yield lambda: _home(stage)


def _once(stage: SiteStage, copies: dict[str, list[bytes]]) -> Result:
    """The controller has what each reader has, event by event, and all that it said at its door;
    ``copies`` are the batches that it gives.
    """
    problems = []
    ends = time.monotonic() + _SECONDS
    for name in READERS:
        own = records_of(stage.events_of(name))
        last = max(event_record.number_of(raw) for raw in own if _kind(raw) in _AWAITED)
        copies[name] = stage.copies(name)
        while len(records_of(copies[name])) <= last and time.monotonic() < ends:
            time.sleep(_PAUSE_S)
            copies[name] = stage.copies(name)
        records = records_of(copies[name])
        numbers = [event_record.number_of(raw) for raw in records]
        if numbers != list(range(max(last + 1, len(numbers)))):
            problems.append(f"of {name} it has {numbers}, and {last + 1} at least are awaited")
        both = min(len(own), len(records))
        if records[:both] != own[:both]:
            problems.append(f"what it has of {name} is not what that has itself")
        kept = [_reason(raw) for raw in records if _kind(raw) == event.ACCESS]
        told = [said["reason_code"] for said in stage.decisions(name)]
        if kept != told:
            problems.append(f"{name} told {told} at its door, and {kept} came")
    return _line("its readers' events, each once", copies, problems)


def _proven(stage: SiteStage, copies: dict[str, list[bytes]]) -> Result:
    """``holdfast events verify`` of what the controller gave."""
    ended = stage.verify(copies)
    problems = list(command.problems(ended))
    found = {one["node"]: one for one in ended.said.get("readers", [])}
    for name, batches in copies.items():
        one = found.get(name, {})
        count = len(records_of(batches))
        if one.get("intact") is not True or one.get("proven") != count:
            problems.append(f"{one.get('proven')} of {count} events of {name} are proven")
    return _line("and the auditor proves each of them", copies, problems)


def _home(stage: SiteStage) -> Result:
    """``holdfast events pull``: what is new since then, from each node itself."""
    ended = stage.command("events", "pull", at=tuple(stage.entrances), unlocks=True)
    problems = list(command.problems(ended))
    pulled = {one["node"]: one for one in ended.said.get("nodes", [])}
    home = stage.home()
    for name in stage.entrances:
        acknowledged = pulled.get(name, {}).get("acknowledged", [])
        if len(acknowledged) != 1:
            problems.append(f"{name} was not told that its events are at home")
        elif home.get(name) != list(range(acknowledged[0] + 1)):
            problems.append(f"at home are the events {home.get(name)} of {name}")
    count = sum(map(len, home.values()))
    title = "holdfast events pull: the rest, once"
    what = f"{count} events"
    told = f"{len(pulled)} nodes need not keep them"
    return Result(Promise(title, True, what), None, what, told, 0, 0, 0, tuple(problems))


def _line(title: str, copies: dict[str, list[bytes]], problems: list[str]) -> Result:
    what = f"{sum(len(records_of(batches)) for batches in copies.values())} events"
    return Result(Promise(title, True, what), None, what, None, 0, 0, 0, tuple(problems))


def _kind(raw: bytes) -> int:
    return event_record.decode(event_record.split(raw)[0]).kind


def _reason(raw: bytes) -> int:
    return event_record.decode(event_record.split(raw)[0]).fields["reason_code"]
