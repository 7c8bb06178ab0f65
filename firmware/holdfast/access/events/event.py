"""What is remembered: a decision (who, where, what, when, why), and what else a reader records."""

from ..request import PIN

# Kinds of events; a number never changes its meaning.
ACCESS = 1
STARTED = 2
POLICY_APPLIED = 3
POLICY_REFUSED = 4
CLOCK_SET = 5
LOG_NEARLY_FULL = 6
OVERWRITTEN = 7
STORAGE_FAULT = 8
LOCKDOWN = 9
LOG_STARTED = 10

# What was shown; cards and PINs are numbered as in a CardRequest.
SHOWN_TOKEN = 0

_NAMES = {
    ACCESS: "access",
    STARTED: "started",
    POLICY_APPLIED: "policy_applied",
    POLICY_REFUSED: "policy_refused",
    CLOCK_SET: "clock_set",
    LOG_NEARLY_FULL: "log_nearly_full",
    OVERWRITTEN: "overwritten",
    STORAGE_FAULT: "storage_fault",
    LOCKDOWN: "lockdown",
    LOG_STARTED: "log_started",
}


def kind_name(kind: int) -> str:
    """The name of a kind of event."""
    return _NAMES.get(kind, "unknown_event")


def kinds() -> list:
    """Every kind of event, in order."""
    return sorted(_NAMES)


class AccessEvent:
    """One decision at one door.

    ``request`` is the Request or CardRequest decided, None when nothing authentic was shown;
    ``view`` the DoorView and ``clock`` the ClockReading that it was decided with; ``claimed`` who
    a stranger said to be.
    """

    kind = ACCESS

    def __init__(self, decision, request, view, clock, claimed=None):
        self.decision = decision
        self.request = request
        self.view = view
        self.clock = clock
        self.claimed = claimed

    @property
    def credential(self):
        """The access.Credential that was proven, or None."""
        return getattr(self.request, "credential", None)

    def fields(self) -> dict:
        """The event as text, integers, booleans and None; ids in hexadecimal."""
        credential = self.credential
        request = self.request
        is_card = request is not None and credential is None
        return {
            "granted": self.decision.granted,
            "reason": self.decision.reason_name,
            "reason_code": self.decision.reason,
            "door": self.view.door if request is None else request.door,
            "holder": credential.holder if credential else None,
            "cti": credential.cti.hex() if credential else None,
            "guest": credential.guest if credential else None,
            "card": self._card_key() if is_card else None,
            "shown": request.kind if is_card else None if credential is None else SHOWN_TOKEN,
            "action": None if request is None else request.action,
            "time": self.clock.now,
            "clock": self.clock.source,
            "uncertainty": self.clock.uncertainty,
            "by_grace": self.decision.by_grace,
        }

    def _card_key(self):
        # A wrong PIN is mostly a right one with a slip in it: whoever can read the log and knows a
        # reader's lookup key could find it out from its key.
        if self.request.kind == PIN and not self.decision.granted:
            return None
        return self.request.key8.hex()
