"""Events taken from a node that was met: its own, and copies that it keeps of others'."""

import contextlib
import dataclasses
from collections.abc import Sequence

from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record

from ..errors import UsageProblem
from ..events.files import Known
from ..phone import taking
from ..phone.carrier import Refused
from .visit import Met


@dataclasses.dataclass(frozen=True)
class Taken:
    """The events of ``node`` as they stand in a file, and the number of the last, if any;
    ``through`` is who had copies of them, None if they are from itself; ``left`` says that they
    are of the place where its board was before this one.
    """

    node: str
    data: bytes
    last: int | None
    through: str | None = None
    left: bool = False


@dataclasses.dataclass(frozen=True)
class Failed:
    """The copies of ``node`` that somebody has were not taken, for this ``problem``."""

    node: str
    problem: UsageProblem


def own(met: Met, known: Sequence[Known]) -> list[Taken]:
    """What follows at home, as ``known``, of the node's own events; and of those of the place that
    its board has left, if there are any.
    """
    certificate = met.carrier.certificate()
    found = [_own(met, certificate, met.carrier.root(), known)]
    met.carrier.turn_to_left()
    with contextlib.suppress(Refused):  # the board has left no place
        found.append(_own(met, certificate, met.carrier.root(), known, left=True))
    met.carrier.turn_to_left(False)
    return found


def _own(
    met: Met, certificate: bytes, root: bytes, known: Sequence[Known], *, left: bool = False
) -> Taken:
    data, last = taking.take(met.carrier, certificate, _after(root, known))
    number = None if last is None else event_record.number_of(last)
    return Taken(met.name, data, number, left=left)


def copies(
    met: Met, nodes: Sequence[str], known: Sequence[Known]
) -> tuple[list[Taken], list[Failed]]:
    """What follows at home, as ``known``, of the events of ``nodes`` that the one that was met has
    copies of; nothing of a node of which it has less than that.
    """
    taken, failed = [], []
    for node in nodes:
        met.carrier.turn_to_node(node)
        try:
            one = _copies(met, node, known)
        except UsageProblem as problem:
            failed.append(Failed(node, problem))
            continue
        if one is not None:
            taken.append(one)
    met.carrier.turn_to_left(False)
    return taken, failed


def _copies(met: Met, node: str, known: Sequence[Known]) -> Taken | None:
    log = met.carrier.log()
    after = _after(log.root[1], known)
    if after is not None and log.head[0] < after:
        return None
    if log.certificate is None:
        raise UsageProblem(
            f"{met.name} does not know the certificate of {node} yet, which proves its events",
            f"pull again once {node} has brought it, or from {node} itself",
        )
    data, last = taking.take(met.carrier, None, after)
    records = [raw for batch in event_batch.decode(data) for raw in batch.records]
    wanted = log.root[0] if after is None else after + 1
    if records and event_record.number_of(records[0]) > wanted:
        # Whoever went on from there would never ask the node for those in between.
        raise UsageProblem(
            f"{met.name} has those only from event {event_record.number_of(records[0])} on, and"
            f" {wanted} is the next that is not home",
            f"pull from {node} itself first",
        )
    number = None if last is None else event_record.number_of(last)
    return Taken(node, data, number, met.name)


def _after(root: bytes, known: Sequence[Known]) -> int | None:
    """The number of the last event that is home of the chain with this ``root``, if any is."""
    for one in known:
        if one.checked is not None and one.checked.root == root:
            return one.checked.head_number
    return None
