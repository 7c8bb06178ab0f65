"""Who may open what, when, and why not: the pure domain.

No I/O, no asyncio, no hardware, no clock of its own. The same code decides on the board and
replays history on the host.
"""

from .clock.reading import ClockReading
from .credential import Credential
from .decide import decide
from .decision import Decision
from .policy.rules import SiteRules
from .policy.view import DoorView
from .request import Request
from .trust import Device, Refused, Trust

__all__ = (
    "ClockReading",
    "Credential",
    "Decision",
    "Device",
    "DoorView",
    "Refused",
    "Request",
    "SiteRules",
    "Trust",
    "decide",
)
