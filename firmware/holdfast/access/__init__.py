"""Who may open what, when, and why not: the pure domain.

No I/O, no asyncio, no hardware, no clock of its own. The same code decides on the board and
replays history on the host. What decides is not loaded from here: a node that only carries has
none of it (decide.py, policy/).
"""

from .clock.reading import ClockReading
from .credential import Credential
from .decision import Decision
from .request import Request
from .trust import Device, Refused, Trust

__all__ = (
    "ClockReading",
    "Credential",
    "Decision",
    "Device",
    "Refused",
    "Request",
    "Trust",
)
