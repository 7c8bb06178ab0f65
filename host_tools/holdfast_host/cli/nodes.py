"""``holdfast nodes``: what each node of a site is, has, and how old its knowledge is."""

from ..errors import UsageProblem
from ..lan import look
from ..lan.look import Missed, Seen, Waiting
from ..phone import status
from ..policy.history import History
from ..site.devices import CARRIER, Device
from . import errands, heard_notes
from .output import AsJson, say_json, say_rows

_ROLES = {1: "reader", 2: "controller", 3: "carrier"}


def nodes(
    folder: errands.SiteFolder,
    phone: errands.As,
    at: errands.Nodes = None,
    wait: errands.Wait = errands.WAIT,
    listen: errands.Listen = errands.LISTEN,
    as_json: AsJson = False,
) -> None:
    """Show the nodes of a site: what each is and has, how old its knowledge is, what waits there.

    Asks those at each --node, or all that were met before or are heard by multicast; those of the
    site's register that were not met are named, too. How a node is it tells a credential that may
    administer there, and how many events wait one that may carry them. Fails if a node that was
    asked did not answer.
    """
    errand = errands.Errand(folder, phone, at, wait, listen)
    history = errand.home.policy()
    seen, missed = errand.look()
    heard_notes.note(errand.home, seen)
    registered = {one.id: one for one in errand.devices}
    named = {one.name for one in (*seen, *missed)}
    others = [one for one in errand.devices if not one.revoked and one.id not in named]
    if as_json:
        say_json(
            {
                "site": history.site,
                "number": history.number,
                "head": history.head.hex(),
                "nodes": [_facts(one, registered.get(one.name), history) for one in seen],
                "missed": [_missed_facts(one) for one in missed],
                "not_asked": [one.id for one in others],
            }
        )
    else:
        _show(seen, missed, others, registered, history)
    if missed:
        one = missed[0]
        names = "; ".join(f"{one.name or one.place}: {one.problem.cause}" for one in missed)
        raise UsageProblem(
            f"{len(seen)} of {len(seen) + len(missed)} answered: {names}", one.problem.next_step
        )


def _facts(one: Seen, device: Device | None, history: History) -> dict[str, object]:
    how, by = look.standing(one, history)
    waits = one.waiting
    return {
        "node": one.name,
        "role": None if device is None else _ROLES[device.role],
        "doors": list(one.doors),
        "place": str(one.place),
        "policy": how,
        "behind": by if how == look.BEHIND else None,
        "certificate_expires": one.expires,
        "clock": one.clock.facts,
        "clock_skew_s": _skew(one),
        "events_waiting": None if waits is None else waits.count,
        "last_event": None if waits is None else waits.last,
        "status": None if one.status is None else one.status.facts,
    }


def _missed_facts(one: Missed) -> dict[str, object]:
    problem = {"cause": one.problem.cause, "next_step": one.problem.next_step}
    return {"node": one.name or None, "place": str(one.place), "kind": one.kind, **problem}


def _skew(one: Seen) -> float | None:
    if one.clock.time is None or one.clock.source not in look.TRUSTED:
        return None
    return round(one.clock.time - one.asked_at, 1)


def _show(
    seen: list[Seen],
    missed: list[Missed],
    others: list[Device],
    registered: dict[str, Device],
    history: History,
) -> None:
    columns = ["node", "is", "doors", "where", "firmware", "policy", "signed", "clock"]
    rows = []
    for one in sorted(seen, key=lambda one: one.name):
        device = registered.get(one.name)
        said = {} if one.status is None else one.status.said
        age = said.get("revocations_age_s")
        rows.append(
            [
                one.name,
                "?" if device is None else _ROLES[device.role],
                ", ".join(one.doors),
                str(one.place),
                str(said.get("firmware", "?")),
                _policy(one, history),
                "?" if not isinstance(age, int) else f"{status.span(age)} ago",
                one.clock.source,
                "?" if one.waiting is None else _waits(one.waiting),
            ]
        )
    for one in missed:
        rows.append([one.name or "?", "", "", str(one.place), "", "", "", "", one.kind])
    for one in others:
        role = _ROLES[one.role]
        where = "answers nobody" if one.role == CARRIER else "nobody knows"
        rows.append([one.id, role, ", ".join(one.doors), where, "", "", "", "", ""])
    say_rows([*columns, "events that wait"], rows)


def _policy(one: Seen, history: History) -> str:
    how, by = look.standing(one, history)
    if one.status is None:
        return "?"
    number = one.status.number
    words = {look.SAME: "", look.BEHIND: f", {by} behind"}
    return f"{number}{words.get(how, f', {how}')}"


def _waits(waits: Waiting) -> str:
    return "all: a new log" if waits.count is None else f"{waits.count:,}"
