"""How long this device runs, by ticks that wrap."""


class Uptime:
    """Since it was made; ``ticks`` is the hal's. To be asked more often than ticks wrap."""

    def __init__(self, ticks):
        self._ticks = ticks
        self._tick = ticks.add(0)
        self._ms = 0

    def ms(self) -> int:
        """Milliseconds, which never wrap."""
        elapsed = -self._ticks.until(self._tick)
        if elapsed > 0:
            self._tick = self._ticks.add(0)
            self._ms += elapsed
        return self._ms

    def seconds(self) -> int:
        """Whole seconds."""
        return self.ms() // 1000
