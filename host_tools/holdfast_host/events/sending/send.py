"""All events of some logs to a target, each once, from where the last time ended."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from ...errors import UsageProblem
from ..check import Shown
from ..logs import Log
from ..stream import Walk
from .marks import Marks
from .target import Target

AT_ONCE = 200

Tell = Callable[[Walk, Shown], Mapping[str, object]]


def of_log(log: Log) -> str:
    """What a log is called where its events go: its node's key, and the root of its chain."""
    root = min((one.head.root for one in log.sources), default=(0, b""))[1]
    return f"{log.key.hex()[:16]}-{root.hex()[:16]}"


def send(
    walks: Iterable[Walk],
    tell: Tell,
    target: Target,
    marks: Marks,
    sent: Callable[[int], object],
) -> int:
    """Send what the ``target`` has not got, as ``tell`` says it; how many that were.

    ``sent`` is told the count now and then. What is not as it was recorded goes no further: a log
    that breaks ends the sending with UsageProblem, once all before it have arrived.
    """
    count = 0
    for walk in walks:
        name = of_log(walk.log)
        there = target.last(name)
        after = marks.after(name) if there is None else there
        for some in _together(_new(walk, after)):
            told = [
                {"id": f"{name}-{one.event.number}", "log": name, **tell(walk, one)}
                for one in some
            ]
            target.put(told)
            marks.arrived(name, some[-1].event.number)
            count += len(some)
            sent(count)
        if walk.intact is False:
            raise UsageProblem(
                f"the events of {walk.log.node} are not as the reader recorded them",
                "look at them: holdfast events verify; what came before was sent",
            )
    return count


def _new(walk: Walk, after: int) -> Iterator[Shown]:
    for one in walk.events():
        if walk.intact is False:
            return
        if one.event.number > after:
            yield one


def _together(events: Iterator[Shown]) -> Iterator[list[Shown]]:
    some: list[Shown] = []
    for one in events:
        some.append(one)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some
