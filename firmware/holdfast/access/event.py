"""What is remembered of a decision: who, where, what, when, why."""


class AccessEvent:
    """One decision at one door.

    ``credential`` is None when nothing authentic was shown; ``action`` is the permission bit asked
    for, None when no request was readable; ``clock`` is the ClockReading the decision was made
    with.
    """

    def __init__(self, decision, door: str, credential, action, clock):
        self.decision = decision
        self.door = door
        self.credential = credential
        self.action = action
        self.clock = clock

    def fields(self) -> dict:
        """The event as text, integers, booleans and None; the token's id in hexadecimal."""
        credential = self.credential
        return {
            "granted": self.decision.granted,
            "reason": self.decision.reason_name,
            "reason_code": self.decision.reason,
            "door": self.door,
            "holder": credential.holder if credential else None,
            "cti": credential.cti.hex() if credential else None,
            "guest": credential.guest if credential else None,
            "action": self.action,
            "time": self.clock.now,
            "clock": self.clock.source,
        }
