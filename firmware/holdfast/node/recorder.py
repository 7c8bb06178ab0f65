"""What happens at a node: kept in the event log, shown on the console."""

from micropython import const

from ..access import reason
from ..access.events.event import ACCESS, FETCHED, kind_name

# How many events strangers of a kind may put on flash at once, and how long each stays counted.
# Whoever passes by can be refused a thousand times an hour: that must not wear out the flash, nor
# push out what a collector has not fetched yet, nor hide strangers of another kind.
_AT_ONCE = const(32)
_EVERY_S = const(300)

# The kinds
_NOISE = const(0)  # not even the beginning of a handshake
_HANDSHAKE = const(1)  # and whatever token was shown in it
_CARD = const(2)
_PIN = const(3)
_NEWS = const(4)  # what anybody may bring, such as a changeset
_KINDS = const(5)

_OWED = const(8)
_COLLECTIONS = const(8)  # at a time that are told apart
_NO_MORE = const(0xFFFFFFFF)


class Recorder:
    """Keeps events in the EventLog that ``log()`` gives, and shows them on ``console``.

    ``log()`` raises OSError while there is none; ``timekeeper`` has ``uptime()`` and ``read()``.
    """

    recorded = None  # recorded(calls_for_help): somebody is to hear of each event that is kept

    def __init__(self, log, console, timekeeper):
        self._log = log
        self._console = console
        self._timekeeper = timekeeper
        # Of each kind how many are counted, and since when (uptime).
        self._strangers = [0] * _KINDS
        self._since = [0] * _KINDS
        self._unkept = 0
        self._owed = []  # (kind, fields) that flash would not take
        self._collections = []  # (who, connection, last event given, its own event), oldest first

    def keep(self, event):
        """Have an AccessEvent on flash, unless it is one more of a crowd of strangers'.

        ``flush`` is owed once the door has moved and the answer left. Raises OSError, whatever
        the reason is.
        """
        if event.credential is None and not event.decision.granted:
            if event.is_bounded and self._is_crowded(_kind(event.decision.reason)):
                self._unkept += 1
                return
        fields = dict(event.fields())
        fields["uptime"] = self._timekeeper.uptime()
        if self._unkept:
            fields["count"] = self._unkept
        if event.calls_for_help is not None:
            fields["mark"] = event.calls_for_help
        self._append(ACCESS, fields)
        self._unkept = 0

    def tell(self, event, about: dict):
        """Show an AccessEvent with what is known ``about`` the link or card it came from."""
        line = dict(event.fields())
        line["event"] = "access"
        line.update(about)
        self._show(line)
        self.pay()

    def note(self, kind: int, fields: dict, anybody: bool = False):
        """Keep and show what is no decision; a log that fails is shown instead of raised.

        Gives its number, None if it is not kept. What ``anybody`` can bring about is not kept more
        often than strangers are.
        """
        number = None
        line = {"event": kind_name(kind)}
        line.update(fields)
        if anybody and self._is_crowded(_NEWS):
            self._unkept += 1
        else:
            kept = self._dated(fields)
            try:
                number = self._append(kind, kept)
                self.flush()
            except OSError as error:
                line["not_kept"] = str(error)
                self.owe(kind, kept)
        self._show_kept(line)
        return number

    def require(self, kind: int, fields: dict) -> int:
        """Keep, and then show, what must be on flash before it takes effect; its number.

        Raises OSError.
        """
        number = self._append(kind, self._dated(fields))
        self.flush()
        line = {"event": kind_name(kind)}
        line.update(fields)
        self._show_kept(line)
        return number

    def fetched(self, connection, by, after: int, last, detail=None):
        """``by`` is to be given the events after that number up to ``last`` (None: there are none)
        on this connection: an event before they leave, once a collection. ``detail`` says that
        they are of another log than this one. Raises OSError if the event cannot be kept: then
        they must not leave.

        One connection is one collection, and so is going on, on any, after what was given last, up
        to the event itself. So it ends: the event is fetched as the last one, and there is none of
        that. What happens later is another collection.
        """
        if last is None:
            return
        known = None
        for entry in self._collections:
            if entry[0] == (by, detail):
                known = entry
        if known and (connection == known[1] or (after == known[2] and last <= known[3])):
            own = known[3]
        else:
            own = self.require(FETCHED, {"by": by, "detail": detail})
            if detail:
                own = _NO_MORE  # it is in this log, and the other one stands still
        if known:
            self._collections.remove(known)
        elif len(self._collections) >= _COLLECTIONS:
            self._collections.pop(0)
        self._collections.append(((by, detail), connection, last, own))

    def owe(self, kind: int, fields: dict):
        """Keep this as soon as flash takes it; not over a restart, and the first few only."""
        if len(self._owed) < _OWED:
            self._owed.append((kind, fields))

    def flush(self):
        """What need not be done before an answer: the key of the event kept last is forgotten."""
        try:
            self._log().flush()
        except OSError:
            pass  # no log: the next event says so

    def pay(self):
        """Keep what is owed, or go on owing it."""
        for _ in range(len(self._owed)):
            kind, fields = self._owed[0]
            try:
                self._append(kind, fields if "uptime" in fields else self._dated(fields))
            except OSError:
                return
            self.flush()
            self._owed.pop(0)

    def _show(self, line):
        for name, value in line.items():
            if isinstance(value, bytes):
                line[name] = value.hex()
        self._console.line(line)

    def _show_kept(self, line):
        try:
            self._show(line)
        except (MemoryError, OSError):
            pass  # it is kept: that nobody could be shown it stops nothing

    def _dated(self, fields):
        clock = self._timekeeper.read()
        dated = {
            "time": clock.now,
            "clock": clock.source,
            "uncertainty": clock.uncertainty,
            "uptime": self._timekeeper.uptime(),
        }
        dated.update(fields)
        return dated

    def _append(self, kind, fields):
        try:
            number = self._log().append(kind, fields)
        except OSError:
            raise
        except Exception as error:
            # Not on flash is not on flash: values that no event can have, no memory, a bug.
            raise OSError(type(error).__name__)
        if self.recorded is not None:
            self.recorded(fields.get("mark") is True)
        return number

    def _is_crowded(self, kind):
        now = self._timekeeper.uptime()
        gone = (now - self._since[kind]) // _EVERY_S
        self._strangers[kind] = max(0, self._strangers[kind] - gone)
        self._since[kind] += gone * _EVERY_S
        if self._strangers[kind] >= _AT_ONCE:
            return True
        self._strangers[kind] += 1
        return False


def _kind(code):
    if code in (reason.WRONG_PIN, reason.PIN_LOCKED):
        return _PIN
    if code < reason.NOT_YET_VALID or code in (
        reason.HANDSHAKE_FAILED,
        reason.UNKNOWN_CREDENTIAL,
    ):
        return _HANDSHAKE
    return _NOISE if reason.MALFORMED_MESSAGE <= code < reason.FAULT else _CARD
