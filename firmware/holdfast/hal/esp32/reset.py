"""Why the board started, what starts it again, and that an image is kept which works."""

import machine
from esp32 import Partition

from micropython import const

POWER = "power"

_START_MS = const(300000)  # for a start, which may follow a policy of thousands of grants
_FEED_MS = const(60000)  # afterwards: nothing computes for so long without a pause
_CONSOLE_MS = const(3600000)  # for somebody who stopped the program at the console


def cause() -> str:
    """Why it started: ``power``, ``watchdog``, ``reset`` (also a panic), ``soft reset``,
    ``deep sleep`` or ``unknown``. A supply that broke down is ``power``, too.
    """
    return {
        machine.PWRON_RESET: POWER,
        machine.WDT_RESET: "watchdog",
        machine.HARD_RESET: "reset",
        machine.SOFT_RESET: "soft reset",
        machine.DEEPSLEEP_RESET: "deep sleep",
    }.get(machine.reset_cause(), "unknown")


def restart():
    """Start again, as after a power cut. Does not return."""
    machine.reset()


def keep_image():
    """Say that the image that runs is a good one: with two slots, the one before it is started
    again by the next reset otherwise.
    """
    try:
        Partition.mark_app_valid_cancel_rollback()
    except OSError:
        pass  # a board with one slot


class Watchdog:
    """Resets the board unless it is fed: within 5 minutes at first, then once a minute.

    Once there is one, it cannot be taken away; only the supervisor feeds it.
    """

    def __init__(self):
        self._wdt = machine.WDT(timeout=_START_MS)
        self._is_fed = False

    def feed(self):
        """All is well."""
        if not self._is_fed:
            self._is_fed = True
            self._wdt = machine.WDT(timeout=_FEED_MS)
        self._wdt.feed()

    def leave(self):
        """Somebody is at the console: it has an hour, and then the door decides again."""
        self._is_fed = False
        self._wdt = machine.WDT(timeout=_CONSOLE_MS)
        self._wdt.feed()
