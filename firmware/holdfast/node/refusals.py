"""Who was refused on the LAN, as events: a few of them, whoever comes and however often.

Loaded with the first refusal.
"""

from micropython import const

from ..access import reason
from ..access.carriers import Bucket
from ..access.events.event import LAN_REFUSED

# Strangers have proven nothing and can be anybody's thousands; of each of two kinds so many events
# at once, and then one an hour: who knocks does not hide whose certificate was taken back.
_AT_ONCE = const(4)
_EVERY_S = const(3600)
# Of who has proven a name one an hour, and of all of them together so many.
_NAMES = const(32)
_PROVEN_AT_ONCE = const(16)
_PROVEN_EVERY_S = const(600)


class Refusals:
    """Those of ``node``. What is not kept is counted, and told with the next that is."""

    def __init__(self, node):
        self._node = node
        self._knocked = Bucket(_AT_ONCE, _EVERY_S)
        self._shown = Bucket(_AT_ONCE, _EVERY_S)  # who began a handshake, or had a context
        self._proven = Bucket(_PROVEN_AT_ONCE, _PROVEN_EVERY_S)
        self._named = {}  # name that was proven: uptime of its last event
        self._unkept = 0

    def refused(self, code: int, credential, claimed=None):
        """The exact reason ``code``, to the bearer of ``credential``, which is proven, or None;
        ``claimed`` is whose name was shown and not proven.
        """
        if code == reason.UNKNOWN_CONTEXT:
            return  # whoever was restarted hears it
        uptime = self._node.timekeeper.uptime()
        fields = {"reason_code": code}
        if credential is not None:
            bucket = self._proven
            name = fields["by"] = credential.name
            since = self._named.get(name)
            is_kept = since is None or uptime - since >= _EVERY_S
        else:
            is_noise = code in (reason.MALFORMED_MESSAGE, reason.UNPROTECTED)
            bucket = self._knocked if is_noise else self._shown
            name, is_kept = None, True
            if claimed is not None:
                fields["claimed"] = claimed
        if not is_kept or bucket.is_empty(uptime):
            self._unkept += 1
            return
        bucket.take(uptime)
        if name is not None:
            if len(self._named) >= _NAMES and name not in self._named:
                self._named.clear()  # the bucket holds all the same
            self._named[name] = uptime
        if self._unkept:
            fields["count"] = self._unkept
            self._unkept = 0
        self._node.recorder.note(LAN_REFUSED, fields)
