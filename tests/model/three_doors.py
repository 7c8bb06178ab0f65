"""A node with three doors as random histories have it: its settings, its hardware in memory, and
another one whenever it starts.
"""

import os

import cbor
import crypto
import small_site as site
from holdfast.roles.doors import Doors
from holdfast.storage import settings
from memory_phone import Hardware
from model.authority import DAY, DOORS, HOUR

ENROLLED_BEFORE = 3 * HOUR  # the history begins
# A winter's Friday, the evenings before clocks in Berlin go forward and back, and the one before
# a 29th of February.
BEGINNINGS = (site.NOW, 1806170400, 1824919200, 1835380800)
STRIKE_MS = 3100  # no whole seconds: by schedule a strike is released for those
READER = crypto.x25519_public_key(site.READER_PRIVATE)


def configured(now):
    """Settings of a reader enrolled a little before ``now``."""
    scope = site.scope(*[(1, name, 1) for name in DOORS])
    certificate = site.device_certificate(
        changes={6: now - ENROLLED_BEFORE, 4: now + 3650 * DAY, 9: scope}
    )
    doors = [[name, STRIKE_MS] for name in DOORS]
    return settings.decode(cbor.encode(site.settings_map({6: certificate, 4: doors})))


SETTINGS = {now: configured(now) for now in BEGINNINGS}


class BoardHardware(Hardware):
    """Ticks that go on only when told, and a clock that may be gone."""

    def __init__(self, now):
        super().__init__(now)
        self.ticks_ms = 0

    def elapsed(self):
        return self.ticks_ms


def quickly(monkeypatch):
    """The power of this machine stays on: what one reader wrote the next one finds in RAM."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(os, "sync", lambda: None)


class DoorBoard(Hardware):
    """The strike and the lamps of one door of the node with this ``hardware``."""

    def __init__(self, hardware):
        super().__init__(hardware.now)
        self.ticks = hardware
        self.elapsed = hardware.elapsed
        self.lines = hardware.lines


class ThreeDoors(Doors):
    """A node that moves the strikes of all doors of its settings; ``boards`` has what hal would
    give for each by name.
    """

    def __init__(self, settings, private_key, hardware, folder, boards):
        super().__init__(settings, private_key, hardware, folder)
        self._boards = boards

    def hardware_of(self, door):
        return self._boards[door]
