"""The same done at many nodes at once, each for itself: one that fails keeps nobody up."""

import concurrent.futures
import dataclasses
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ..errors import UsageProblem
from .places import Place

_AT_ONCE = 16
_Value = TypeVar("_Value")


@dataclasses.dataclass(frozen=True)
class Target:
    """``place`` is asked, where ``name`` is expected, empty if nobody knows."""

    place: Place
    name: str = ""

    @property
    def text(self) -> str:
        """It for a person."""
        return self.name or str(self.place)


@dataclasses.dataclass(frozen=True)
class Outcome(Generic[_Value]):
    """What came of ``target``: a ``value``, or the ``problem``."""

    target: Target
    value: _Value | None = None
    problem: UsageProblem | None = None


def go(
    targets: Sequence[Target],
    visit: Callable[[Target], _Value],
    done: Callable[[int], None] = lambda count: None,
) -> list[Outcome[_Value]]:
    """``visit`` each of the ``targets``, and what came of it, in their order; ``done`` is told how
    many are over. A UsageProblem is of its node; anything else that is raised ends all.
    """
    if not targets:
        return []

    def one(target: Target) -> Outcome[_Value]:
        try:
            return Outcome(target, visit(target))
        except UsageProblem as problem:
            return Outcome(target, problem=problem)

    pool = concurrent.futures.ThreadPoolExecutor(min(_AT_ONCE, len(targets)))
    try:
        waiting = [pool.submit(one, target) for target in targets]
        for count, _ in enumerate(concurrent.futures.as_completed(waiting), 1):
            done(count)
        return [future.result() for future in waiting]
    finally:
        # Who is under way is not waited for: at the end of the links all of it has no answer.
        pool.shutdown(wait=False, cancel_futures=True)
