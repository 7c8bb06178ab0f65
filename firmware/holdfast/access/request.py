"""A wish, as it came out of a protected message: who, which door, what, and that they meant it."""

UNLOCK = 1
HOLD_OPEN = 2
LOCKDOWN_OVERRIDE = 4
CARRY_EVENTS = 8
ADMINISTER = 16


class Request:
    """What ``credential`` asks of ``door``.

    ``action`` is one permission bit; ``intent`` says that a person made a gesture for this very
    request; ``user_verified`` that the phone checked who that person is.
    """

    def __init__(
        self, credential, door: str, action: int, intent: bool, user_verified: bool = False
    ):
        self.credential = credential
        self.door = door
        self.action = action
        self.intent = intent
        self.user_verified = user_verified
