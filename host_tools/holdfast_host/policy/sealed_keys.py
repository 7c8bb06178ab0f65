"""The keys of zones and of card lookup as the policy carries them: numbers, and what is sealed.

Nothing here can be opened without a node's own key. What is kept are the operations as they were
signed, for the nodes that come later to a snapshot.
"""

import dataclasses
from collections.abc import Collection

from holdfast.access.policy import operations as ops


@dataclasses.dataclass
class SealedKeys:
    """``numbers`` maps a zone to the number of its key in use, 0 for none yet; ``lookup`` is that
    of the lookup key, 0 for that of the settings. ``sealed`` are the operations ZONE_KEY and
    LOOKUP that bring the keys in use, or ones to come, to nodes.
    """

    numbers: dict[str, int] = dataclasses.field(default_factory=dict)
    lookup: int = 0
    sealed: list[list] = dataclasses.field(default_factory=list)

    def take(self, operation: list) -> None:
        """Follow a ZONE_KEY, ZONE_SWITCH or LOOKUP."""
        code = operation[0]
        if code == ops.ZONE_SWITCH:
            self.numbers[operation[1]] = operation[2]
            return
        if code == ops.LOOKUP:
            self.lookup = operation[1]
            if len(operation) == 2:
                return
        name, recipients = _name(operation), _recipients(operation)
        self.sealed = [
            one for one in self.sealed if _name(one) != name or _recipients(one) - recipients
        ]
        self.sealed.append(operation)

    def forget_zone(self, zone: str) -> None:
        """The zone is gone, and with it the number of its key."""
        self.numbers.pop(zone, None)

    def tidy(self, zones: Collection[str]) -> None:
        """Let go what no node keeps: keys older than those in use, and of unknown ``zones``."""
        self.sealed = [one for one in self.sealed if self._is_in_use(one, zones)]

    def operations(self) -> list[list]:
        """Operations that bring it all to nodes that know the zones and nothing else."""
        switches = [[ops.ZONE_SWITCH, *one] for one in sorted(self.numbers.items())]
        bare = [[ops.LOOKUP, self.lookup]] if self.lookup else []
        if any(one[0] == ops.LOOKUP for one in self.sealed):
            bare = []
        return [*self.sealed, *bare, *switches]

    def _is_in_use(self, operation: list, zones: Collection[str]) -> bool:
        if operation[0] == ops.LOOKUP:
            return operation[1] >= self.lookup
        _, zone, number = operation[:3]
        return zone in zones and number >= self.numbers.get(zone, 0)


def _name(operation: list) -> list:
    return operation[:-2]


def _recipients(operation: list) -> set[bytes]:
    return {node for node, _ in operation[-1]}
