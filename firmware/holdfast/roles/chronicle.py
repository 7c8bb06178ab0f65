"""What happened at this door: kept in the event log, shown on the console."""

from ..access.event import ACCESS, kind_name

# How many events strangers may put on flash at once, and how long each stays counted. Whoever
# passes by can be refused a thousand times an hour: that must not wear out the flash, nor push
# out what a collector has not fetched yet.
_STRANGERS_AT_ONCE = 32
_STRANGER_EVERY_S = 300


class Chronicle:
    """Keeps events in the EventLog that ``log()`` gives, and shows them on ``console``.

    ``log()`` raises OSError while there is none; ``timekeeper`` has ``uptime()`` and ``read()``.
    """

    def __init__(self, log, console, timekeeper):
        self._log = log
        self._console = console
        self._timekeeper = timekeeper
        self._strangers = 0
        self._strangers_since = 0
        self._unkept = 0

    def keep(self, event):
        """Have an AccessEvent on flash, unless it is one more of a crowd of strangers'.

        Raises OSError.
        """
        if event.credential is None and not event.decision.granted and self._is_crowded():
            self._unkept += 1
            return
        fields = event.fields()
        fields["uptime"] = self._timekeeper.uptime()
        if self._unkept:
            fields["count"], self._unkept = self._unkept, 0
        self._log().append(ACCESS, fields)

    def tell(self, event, about: dict):
        """Show an AccessEvent with what is known ``about`` the link or card it came from."""
        line = {"event": "access"}
        line.update(event.fields())
        line.update(about)
        self._console.line(line)

    def note(self, kind: int, fields: dict, anybody: bool = False):
        """Keep and show what is no decision; a log that fails is shown instead of raised.

        What ``anybody`` can bring about is not kept more often than strangers are.
        """
        line = {"event": kind_name(kind)}
        line.update(fields)
        if anybody and self._is_crowded():
            self._unkept += 1
            self._console.line(line)
            return
        clock = self._timekeeper.read()
        kept = {
            "time": clock.now,
            "clock": clock.source,
            "uncertainty": clock.uncertainty,
            "uptime": self._timekeeper.uptime(),
        }
        kept.update(fields)
        try:
            self._log().append(kind, kept)
        except OSError as error:
            line["not_kept"] = str(error)
        self._console.line(line)

    def _is_crowded(self):
        now = self._timekeeper.uptime()
        gone = (now - self._strangers_since) // _STRANGER_EVERY_S
        self._strangers = max(0, self._strangers - gone)
        self._strangers_since += gone * _STRANGER_EVERY_S
        if self._strangers >= _STRANGERS_AT_ONCE:
            return True
        self._strangers += 1
        return False
