"""``holdfast events pull``: events home from the nodes on the LAN."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from .. import files
from ..errors import UsageProblem
from ..events import files as event_files
from ..events import home as coming_home
from ..lan import rounds, taking
from ..lan.places import Place
from ..lan.rounds import Target
from ..lan.taking import Failed, Taken
from ..lan.visit import Met
from ..phone import taking as words_back
from ..site.site import Site
from . import errands
from .events import Auditor, check_home
from .output import AsJson, say, say_json
from .passphrase import PassphraseFile


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
    that are broken are not acknowledged, so they stay where they are. What a controller has copies
    of comes from there if it did not come from its own node; it is checked just the same, and the
    controller hands the word on. Needs the passphrase of the authority's key for the first check
    of a node. Fails if any node's events did not come home. Those of the place where a board was
    before come with it, until the node has heard that they are at home.
    """
    errand = errands.Errand(folder, phone, nodes, wait, listen)
    if out is not None:
        files.make_folder(out)
    home = errand.home
    known = event_files.known(home)
    if not as_json:
        say(f"taking the events of {len(errand.targets)} nodes of {home.id}")

    def take(met: Met, place: Place) -> tuple[list[Taken], list[str]]:
        return taking.own(met, known), met.carrier.nodes()

    taken = errand.go("Taking events", take)
    keys = Auditor(home, passphrase_file)
    told: list[rounds.Outcome] = []
    shown: list[dict] = []
    collectors: dict[Target, list[str]] = {}
    for one, target in zip(taken, errand.targets, strict=True):
        if one.value is None:
            told.append(one)
            continue
        outcomes = [_home(target, each, home, keys, out, shown) for each in one.value[0]]
        told.append(next((each for each in outcomes if each.problem is not None), outcomes[0]))
        collectors[target] = one.value[1]
    own = {one["node"] for one in shown}
    for target, names in list(collectors.items()):
        collectors[target] = [name for name in names if name not in own]
        if not collectors[target]:
            del collectors[target]
    told += _copies(errand, collectors, keys, out, shown)
    if shown:
        told = _acknowledge(errand, coming_home.words(coming_home.write_words(home)), told, shown)
    if as_json:
        say_json({"site": home.id, "nodes": shown, "failed": errands.failed(told)})
    else:
        for one in shown:
            say(_line(one), "green")
    errands.require_all(told, "events came home and were acknowledged at")


def _copies(
    errand: errands.Errand,
    collectors: dict[Target, list[str]],
    keys: Auditor,
    out: Path | None,
    shown: list[dict],
) -> list[rounds.Outcome]:
    """What ``collectors`` have of nodes that gave nothing themselves is taken, checked and
    kept; those that failed.
    """
    if not collectors:
        return []
    # As far as all are home by now: so what is here already does not come again.
    known = event_files.known(errand.home)
    names = {target.name: nodes for target, nodes in collectors.items()}

    def take(met: Met, place: Place) -> tuple[list[Taken], list[Failed]]:
        return taking.copies(met, names.get(met.name, []), known)

    told: list[rounds.Outcome] = []
    found: dict[str, list[tuple[Target, Taken]]] = {}
    for one in errand.go("Taking copies", take, list(collectors)):
        if one.value is None:
            told.append(one)
            continue
        taken, failed = one.value
        for copies in taken:
            target = Target(one.target.place, f"{copies.node} through {copies.through}")
            found.setdefault(copies.node, []).append((target, copies))
        for missed in failed:
            target = Target(one.target.place, f"{missed.node} through {one.target.text}")
            told.append(rounds.Outcome(target, problem=missed.problem))
    for several in found.values():
        # Of several collectors who has most; the next if that is not as it was recorded.
        for target, copies in sorted(several, key=lambda one: -(one[1].last or 0)):
            done = _home(target, copies, errand.home, keys, out, shown)
            if done.problem is None:
                break
            told.append(done)
    return told


def _acknowledge(
    errand: errands.Errand,
    words: Mapping[bytes, bytes],
    told: list[rounds.Outcome],
    shown: list[dict],
) -> list[rounds.Outcome]:
    """Bring the auditor's ``words``: what came of all."""
    own = {one["node"] for one in shown if one["through"] is None}

    def bring(met: Met, place: Place) -> None:
        mine = [one for one in shown if one["node"] == met.name and one["through"] is None]
        heard = words_back.acknowledge_each(met.carrier, words) if mine else []
        for one in mine:
            number = heard[1 if one["left"] else 0]
            one["acknowledged"] = [] if number is None else [number]
        for one in shown:
            if one["through"] == met.name and one["node"] not in own:
                one["acknowledged"] = words_back.hand_on(met.carrier, one["node"], words)

    by = {name for one in shown for name in (one["node"], one["through"])}
    targets = [target for target in errand.targets if target.name in by]
    failed = {
        one.target.place: one.problem
        for one in errand.go("Acknowledging", bring, targets)
        if one.problem is not None
    }
    return [
        rounds.Outcome(one.target, problem=failed.get(one.target.place))
        if one.problem is None
        else one
        for one in told
    ]


def _home(
    target: Target, taken: Taken, home: Site, keys: Auditor, out: Path | None, shown: list[dict]
) -> rounds.Outcome:
    """What came of what was ``taken``; what is home by it goes to ``shown``."""
    try:
        kept = None if out is None or not taken.data else _keep(out, taken)
        one = _checked(taken, home, keys, kept)
    except UsageProblem as problem:
        return rounds.Outcome(target, problem=problem)
    if one["events"] or taken.through is None and not taken.left:
        shown.append(one)
    return rounds.Outcome(target)


def _checked(taken: Taken, home: Site, keys: Auditor, kept: Path | None) -> dict:
    batches = event_files.decode(taken.data, f"what {taken.node} gave")
    (reader,) = event_files.by_reader(batches, home)
    if reader.node != taken.node:
        who = taken.through or taken.node
        raise UsageProblem(
            f"{who} gave events of {reader.node} for those of {taken.node}",
            f"report {who}, and look at its case",
        )
    report = check_home(home, keys, reader, left=taken.left)
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
        "through": taken.through,
        "left": taken.left,
        "acknowledged": [],
    }


def _keep(out: Path, taken: Taken) -> Path:
    """The file that is new for what came."""
    name = taken.node.replace("/", "_").lstrip(".") or "node"
    for number in range(1, 10_000):
        path = out / (f"{name}.events" if number == 1 else f"{name}-{number}.events")
        if not path.exists():
            files.write(path, taken.data, files.PRIVATE)
            return path
    raise UsageProblem(f"{out} is full of events", "give another folder: --out DIR")


def _line(one: dict) -> str:
    through = f", through {one['through']}" if one["through"] else ""
    before = " of the place that it has left" if one["left"] else ""
    text = f"{one['node']}{through}: {one['events']} events{before} are home"
    if one["acknowledged"] and through:
        text += f"; it will hear that it need not keep those up to {one['acknowledged'][0]}"
    elif one["acknowledged"]:
        text += f", and it need not keep those up to {one['acknowledged'][0]}"
    return text
