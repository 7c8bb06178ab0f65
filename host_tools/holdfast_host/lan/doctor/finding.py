"""What a check looks at, and what it says. No secret is in either."""

import dataclasses
from collections.abc import Sequence

from ...policy.history import History
from ...site.devices import Device
from ..hearing import Hearing
from ..look import Missed, Seen
from ..networks import Interface

FAULT, WARNING, NOTE = "fault", "warning", "note"


@dataclasses.dataclass(frozen=True)
class Finding:
    """``text`` is found at ``about`` (a node, a network, the site), ``todo`` is what to do."""

    check: str
    severity: str
    about: str
    text: str
    todo: str


@dataclasses.dataclass(frozen=True)
class Gathered:
    """All that the checks look at. ``now`` is in seconds since 1970; ``hearing`` is None where
    nothing was listened to.
    """

    now: int
    history: History
    devices: Sequence[Device]
    seen: Sequence[Seen]
    missed: Sequence[Missed]
    interfaces: Sequence[Interface]
    hearing: Hearing | None = None
