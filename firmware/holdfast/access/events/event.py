"""What is remembered: a decision (who, where, what, when, why), and what else a reader records."""

from .. import reason

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

    ``credential`` is None when nothing authentic was shown; ``action`` is the permission bit asked
    for, None when no request was readable; ``clock`` is the ClockReading the decision was made
    with; ``card`` the CardRequest, if it was a card or a PIN.
    """

    kind = ACCESS

    def __init__(self, decision, door: str, credential, action, clock, card=None):
        self.decision = decision
        self.door = door
        self.credential = credential
        self.action = action
        self.clock = clock
        self.card = card

    def fields(self) -> dict:
        """The event as text, integers, booleans and None; ids in hexadecimal."""
        credential = self.credential
        return {
            "granted": self.decision.granted,
            "reason": self.decision.reason_name,
            "reason_code": self.decision.reason,
            "door": self.door,
            "holder": credential.holder if credential else None,
            "cti": credential.cti.hex() if credential else None,
            "guest": credential.guest if credential else None,
            "card": self._card_key(),
            "shown": self._shown(),
            "action": self.action,
            "time": self.clock.now,
            "clock": self.clock.source,
            "uncertainty": self.clock.uncertainty,
            "by_grace": self.decision.by_grace,
        }

    def _shown(self):
        if self.card is not None:
            return self.card.kind
        return None if self.credential is None else SHOWN_TOKEN

    def _card_key(self):
        # A wrong PIN is mostly a right one with a slip in it: whoever can read the log and knows a
        # reader's lookup key could find it out from its key.
        if self.card is None or self.decision.reason in (reason.WRONG_PIN, reason.PIN_LOCKED):
            return None
        return self.card.key8.hex()
