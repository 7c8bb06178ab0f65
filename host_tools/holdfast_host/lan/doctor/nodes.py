"""Checks of the nodes: clocks, policy, certificates, events, limits, faults. Pure."""

from holdfast.access.policy import operations
from holdfast.access.trust import ENDING_S

from ...credentials import lifetime
from ...site.devices import CARRIER
from .. import look
from ..look import Seen
from .finding import FAULT, NOTE, WARNING, Finding, Gathered

MANY_EVENTS = 1000
_OF_A_VISIT = 4  # events that bringing them home is itself
_LONG_ROUND_S = 5.0  # of a question: its answer tells no time to the second
_SLACK_S = 2.0  # of both clocks, in whole seconds
_DAY = 86400


def clocks(gathered: Gathered) -> list[Finding]:
    """Clocks that are not trusted, or show another time than this computer's."""
    found = []
    off = {}
    for one in gathered.seen:
        shown = one.clock
        if shown.time is None or shown.source not in look.TRUSTED:
            found.append(
                Finding(
                    "clock",
                    WARNING,
                    one.name,
                    f"its clock is not trusted: {shown.text}",
                    _set_time(one),
                )
            )
        elif one.half_way_s <= _LONG_ROUND_S:
            skew = shown.time - one.asked_at
            if abs(skew) > shown.uncertainty_s + one.half_way_s + _SLACK_S:
                off[one.name] = (one, skew)
    trusted = [one for one in gathered.seen if one.clock.source in look.TRUSTED]
    agree = len(off) > 1 and len(off) == len(trusted)
    skews = [skew for _, skew in off.values()]
    if agree and max(skews) - min(skews) <= 2 * _SLACK_S:
        found.append(
            Finding(
                "clock",
                FAULT,
                "this computer",
                f"all {len(off)} nodes agree that its clock is {_ahead(-skews[0])}",
                "put the clock of this computer right before anything is signed here",
            )
        )
        return found
    for one, skew in off.values():
        found.append(
            Finding(
                "clock",
                FAULT,
                one.name,
                f"its clock is {_ahead(skew)} of this computer's, and says to be within"
                f" {one.clock.uncertainty_s:,} s",
                _set_time(one),
            )
        )
    return found


def _ahead(skew: float) -> str:
    return f"{abs(round(skew)):,} s {'ahead' if skew > 0 else 'behind'}"


def _set_time(one: Seen) -> str:
    door = one.doors[0] if one.doors else "DOOR"
    return f"holdfast phone carry PHONE --door {door} --set-time --site SITE"


def policies(gathered: Gathered) -> list[Finding]:
    """Number and head of each node's policy, against the site's."""
    found = []
    publish = "holdfast policy publish SITE --as PHONE"
    for one in gathered.seen:
        how, by = look.standing(one, gathered.history)
        number = one.status.number if one.status is not None else 0
        if how == look.BEHIND:
            found.append(
                Finding(
                    "policy",
                    FAULT,
                    one.name,
                    f"it is at changeset {number}, {by} behind the site",
                    publish,
                )
            )
        elif how == look.AHEAD:
            found.append(
                Finding(
                    "policy",
                    FAULT,
                    one.name,
                    f"it knows changeset {number}, the site has {gathered.history.number}: was"
                    " that restored from a backup?",
                    "restore the site's newest backup; where there is none: holdfast site recover"
                    f" SITE --as PHONE, then {publish} --snapshot",
                )
            )
        elif how == look.FORKED:
            found.append(
                Finding(
                    "policy",
                    FAULT,
                    one.name,
                    f"its changeset {number} is another one than the site's: two copies of the"
                    " site went on",
                    f"holdfast site recover SITE --as PHONE, then {publish} --snapshot",
                )
            )
        elif how == look.UNKNOWN:
            found.append(
                Finding(
                    "policy",
                    NOTE,
                    one.name,
                    "it does not tell this credential how it is",
                    "issue one for its doors: holdfast credential issue --may administer",
                )
            )
    return found


def certificates(gathered: Gathered) -> list[Finding]:
    """Certificates near their end, or past it, as nodes show them; of others as registered."""
    found = []
    shown = {one.name: one.expires for one in gathered.seen}
    registered = {one.id: one.expires for one in gathered.devices if not one.revoked}
    for name, expires in sorted({**registered, **shown}.items()):
        if gathered.now < expires - ENDING_S:
            continue
        renewed = registered.get(name, 0) > expires
        over = gathered.now >= expires
        at = "has ended" if over else f"ends in {(expires - gathered.now) // _DAY} days"
        found.append(
            Finding(
                "certificate",
                FAULT if over else WARNING,
                name,
                f"its certificate {at} ({lifetime.iso(expires)})"
                + (", and the later one has not come to it" if renewed else ""),
                f"carry the renewed one: holdfast phone carry PHONE --door {_door(gathered, name)}"
                " --certificate FILE"
                if renewed
                else _renewal(gathered, name),
            )
        )
    return found


def _renewal(gathered: Gathered, name: str) -> str:
    if any(one.id == name and one.role == CARRIER for one in gathered.devices):
        return "it carries, and takes one with its settings: holdfast reader enroll --replace"
    return "holdfast reader renew, and carry what it writes there"


def _door(gathered: Gathered, name: str) -> str:
    doors = [one.doors for one in gathered.devices if one.id == name]
    return doors[0][0] if doors and doors[0] else "DOOR"


def events(gathered: Gathered) -> list[Finding]:
    """Events that nobody has brought home."""
    found = []
    pull = "holdfast events pull SITE --as PHONE"
    for one in gathered.seen:
        if one.left:
            text = f"{one.left:,} events of the place where its board was before are not at home"
            found.append(Finding("events", WARNING, one.name, text, pull))
        waits = one.waiting
        if waits is None:
            text = "it does not tell this credential whether events wait"
            todo = "issue one for its doors: holdfast credential issue --may carry-events"
            found.append(Finding("events", NOTE, one.name, text, todo))
        elif waits.is_other_log:
            text = "its log was begun anew, and nothing of the new one is at home"
            found.append(Finding("events", WARNING, one.name, text, pull))
        elif waits.count and waits.count > _OF_A_VISIT:
            many = waits.count >= MANY_EVENTS
            text = f"{waits.count:,} events are not at home"
            found.append(Finding("events", WARNING if many else NOTE, one.name, text, pull))
    return found


def knowledge(gathered: Gathered) -> list[Finding]:
    """The limit `knowledge`, without which no revocation is certain ever to arrive."""
    limit = gathered.history.state.limits[operations.KNOWLEDGE_S]
    if not limit:
        return [
            Finding(
                "knowledge",
                WARNING,
                "site",
                "the limit `knowledge` is not set: a card that was taken back goes on opening a"
                " door that is cut off, without bound",
                "holdfast policy limits SITE --knowledge 7d",
            )
        ]
    found = []
    for one in gathered.seen:
        age = None if one.status is None else one.status.said.get("revocations_age_s")
        if isinstance(age, int) and age > limit:
            found.append(
                Finding(
                    "knowledge",
                    FAULT,
                    one.name,
                    f"what it knows is {age // 3600:,} h old: cards and PINs open nothing there",
                    "holdfast policy refresh SITE, then holdfast policy publish SITE --as PHONE",
                )
            )
    return found


def neighbours(gathered: Gathered) -> list[Finding]:
    """Nodes that miss their controller, or know no other node."""
    found = []
    several = len({one.name for one in gathered.seen}) > 1
    for one in gathered.seen:
        if one.status is None:
            continue
        controller = one.status.controller
        if controller is not None and not controller[1]:
            text = f"it does not hear of its controller {controller[0]!r}"
            todo = (
                f"check that {controller[0]} runs and that both are in one network; else name it"
            )
            todo += " as a peer: holdfast reader enroll --replace --peer ADDRESS"
            found.append(Finding("neighbours", FAULT, one.name, text, todo))
        if several and one.status.said.get("peers") == 0:
            text = "it knows none of the other nodes: changes come to it by carriers alone"
            todo = "let multicast pass, or name peers to it: holdfast reader enroll --replace"
            todo += " --peer ADDRESS"
            found.append(Finding("neighbours", WARNING, one.name, text, todo))
    return found


def faults(gathered: Gathered) -> list[Finding]:
    """What nodes say failed."""
    found = []
    for one in gathered.seen:
        if one.status is not None and one.status.faults:
            last = one.status.faults[-1]
            text = f"{last.piece} failed with {last.error} at {last.place}, the last of"
            text += f" {len(one.status.faults)} different faults"
            todo = "see all: holdfast phone status; report them"
            found.append(Finding("faults", WARNING, one.name, text, todo))
    return found
