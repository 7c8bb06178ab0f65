"""``holdfast events pull``: events home from the nodes on the LAN."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access.events import record as event_record

from .. import files
from ..errors import UsageProblem
from ..events import files as event_files
from ..events import home as coming_home
from ..lan import rounds
from ..lan.places import Place
from ..lan.visit import Met
from ..phone import taking
from . import errands
from .events import Auditor, check_home
from .output import AsJson, say, say_json
from .passphrase import PassphraseFile


@dataclasses.dataclass(frozen=True)
class _Taken:
    """The events of ``node`` as they stand in a file, and the number of the last, if any."""

    node: str
    data: bytes
    last: int | None


def pull(
    folder: errands.SiteFolder,
    phone: errands.As,
    nodes: errands.Nodes = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep what came as files there, too, before it is checked."
        ),
    ] = None,
    wait: errands.Wait = errands.WAIT,
    listen: errands.Listen = errands.LISTEN,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Bring the events of the nodes on the LAN home: take, check, keep, and acknowledge them.

    From the nodes at each --node, or from all that were met before or are heard by multicast, with
    a credential that may carry events. What is new is checked as `holdfast events verify` does, is
    kept in the site's folder, and only then do the nodes hear that they need not keep it. Events
    that are broken are not acknowledged, so they stay where they are. Needs the passphrase of the
    authority's key for the first check of a node. Fails if any node's events did not come home.
    """
    errand = errands.Errand(folder, phone, nodes, wait, listen)
    if out is not None:
        files.make_folder(out)
    home = errand.home
    known = event_files.known(home)
    if not as_json:
        say(f"taking the events of {len(errand.targets)} nodes of {home.id}")

    def take(met: Met, place: Place) -> _Taken:
        log = met.carrier.log()
        after = None
        for one in known:
            if one.checked is not None and one.checked.root == log.root[1]:
                after = one.checked.head_number
        certificate = met.carrier.certificate()
        data, last = taking.take(met.carrier, certificate, after)
        return _Taken(met.name, data, None if last is None else event_record.number_of(last))

    taken = errand.go("Taking events", take)
    keys = Auditor(home, passphrase_file)
    checked = [_home(one, home, keys, out) for one in taken]
    intact = {one.value["node"] for one in checked if one.value is not None}
    acknowledged: dict[str, list[int]] = {}
    told = checked
    if intact:
        words = coming_home.words(coming_home.write_words(home))

        def acknowledge(met: Met, place: Place) -> None:
            if met.name in intact:
                acknowledged[met.name] = taking.acknowledge(met.carrier, words)

        said = errand.go("Acknowledging", acknowledge)
        told = [
            one if one.problem is not None or two.problem is None else two
            for one, two in zip(checked, said, strict=True)
        ]
    shown = [one.value for one in checked if one.value is not None]
    for one in shown:
        one["acknowledged"] = acknowledged.get(one["node"], [])
    if as_json:
        say_json({"site": home.id, "nodes": shown, "failed": errands.failed(told)})
    else:
        for one in shown:
            say(_line(one), "green")
    errands.require_all(told, "events came home and were acknowledged at")


def _home(
    one: rounds.Outcome[_Taken], home, keys: Auditor, out: Path | None
) -> rounds.Outcome[dict]:
    """What one node gave, checked and kept."""
    if one.value is None:
        return rounds.Outcome(one.target, problem=one.problem)
    taken = one.value
    try:
        kept = None if out is None else _keep(out, taken)
        return rounds.Outcome(one.target, _checked(taken, home, keys, kept))
    except UsageProblem as problem:
        return rounds.Outcome(one.target, problem=problem)


def _checked(taken: _Taken, home, keys: Auditor, kept: Path | None) -> dict:
    batches = event_files.decode(taken.data, f"what {taken.node} gave")
    (reader,) = event_files.by_reader(batches, home)
    if reader.node != taken.node:
        raise UsageProblem(
            f"{taken.node} gave events of {reader.node}", "report this node, and look at its case"
        )
    report = check_home(home, keys, reader)
    if not report.intact:
        which = ", ".join(one.text for one in report.findings if one.breaks)
        raise UsageProblem(
            f"its events are not as it recorded them: {which}",
            f"holdfast events verify {kept} --site {home.folder}"
            if kept is not None
            else "take them once more with --out DIR, and look at them: holdfast events verify",
        )
    return {
        "node": taken.node,
        "events": len(report.events),
        "last_event": taken.last,
        "file": None if kept is None else str(kept),
    }


def _keep(out: Path, taken: _Taken) -> Path:
    """The file that is new for what came."""
    name = taken.node.replace("/", "_").lstrip(".") or "node"
    for number in range(1, 10_000):
        path = out / (f"{name}.events" if number == 1 else f"{name}-{number}.events")
        if not path.exists():
            files.write(path, taken.data, files.PRIVATE)
            return path
    raise UsageProblem(f"{out} is full of events", "give another folder: --out DIR")


def _line(one: dict) -> str:
    text = f"{one['node']}: {one['events']} events are home"
    if one["acknowledged"]:
        text += f", and it need not keep those up to {one['acknowledged'][0]}"
    return text
